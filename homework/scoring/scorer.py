"""Score a submission: the parts that it names are put together on the released base, and nothing of it is believed.

The base, its preprocessing and the photos are the scorer's own. Of a submission come the changed weights of the base's
layers, by name, and the head, which sees what the base gives for one photo at a time, and nothing else. Who does what:
`bundle` reads the zip file, `course_utils.assignments.accepted_layers` the head, this module computes, `rubric` gives
points.
"""

import hashlib
import math
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from course_utils.assignments.accepted_layers import (
    CONVOLUTIONS,
    GEOMETRY,
    NotScored,
    read_steps,
)
from course_utils.assignments.layer_outputs import PhotoByPhoto
from course_utils.assignments.model_answers import are_for_public_test, cut_between, dogs, public_accuracy
from course_utils.assignments.packing import LONGEST_ANSWER
from course_utils.assignments.public_photos import SIZE
from course_utils.assignments.released_base import OWN, PREPARATIONS, SLIPS, changes_of, released_base, trace_of
from course_utils.errors import CourseError
from homework.collecting.bundle import LARGEST_BUNDLE, BundleError, clean_text, read_bundle, read_plain_file
from homework.handing_out.variants import VARIANTS
from homework.scoring.copies import fingerprints
from homework.scoring.hidden_photos import Photos
from homework.scoring.rubric import ITEMS, rubric, rubric_of_nothing
from homework.scoring.training_record import read_history

SCORER_VERSION = "2.0"
MOST_VIEWS = 8
SMALLEST = 32
# What the base gives at some layer for a set of photos: kept where it is no larger, and all together.
LARGEST_FEATURES, MOST_FEATURES = 160_000_000, 700_000_000
PHOTOS_AT_ONCE = 50
# Of the public photos: so many are prepared in each wrong way, where the predictions are not the model's.
TRIED_FOR_SLIPS = 200
_BASES = {variant["base"] for variants in VARIANTS.values() for variant in variants}
_FEATURES, _PARTS, _SOME = OrderedDict(), {}, {}


@dataclass
class Look:
    """What was found out about a submission by computing.

    Attributes
    ----------
    base : course_utils.assignments.released_base.ReleasedBase
        The one that the bundle names.
    stated_digest : str
        The checksum of the base with which it was packed.
    between : str
        What stood between photo and base, in the bundle's words.
    changes : dict of str to dict
        See `course_utils.assignments.released_base.changes_of`.
    head : list of str
        The names of the head's layers with weights.
    convolutions : dict of str to dict
        Of the head, those that see more than one place: name -> ``effect`` (the share of answers that are others
        without it), ``bias`` and ``beyond`` (see `trace_of`).
    broken : list of str
        What is no number.
    public_accuracy, hidden_accuracy : float or None
        Computed anew; None where that was not possible.
    public_photos, hidden_photos : int
    prediction_accuracy : float or None
        What follows from the student's predictions for all public photos.
    sample_accuracy : float or None
        The same for those of them on which ``public_accuracy`` was computed.
    agreement : float or None
        For which share of the public photos the parts answer as the predictions do.
    slip : str or None
        The preparation with which the head is right clearly more often than with the base's own.
    """

    base: object
    stated_digest: str
    between: str
    changes: dict
    head: list
    convolutions: dict = field(default_factory=dict)
    broken: list = field(default_factory=list)
    public_accuracy: float | None = None
    hidden_accuracy: float | None = None
    public_photos: int = 0
    hidden_photos: int = 0
    prediction_accuracy: float | None = None
    sample_accuracy: float | None = None
    agreement: float | None = None
    slip: str | None = None

    def guessing(self):
        """Say whether the answers could be those of a coin, or are wrong more often on one set of photos alone."""
        if self.hidden_accuracy is None or abs(self.hidden_accuracy - 0.5) <= math.sqrt(1 / self.hidden_photos):
            return True
        return self.public_accuracy is not None and self.hidden_accuracy < 0.5 <= self.public_accuracy

    def swapped(self):
        """Say whether the labels are the other way round: 0 for dog and 1 for cat."""
        return not self.guessing() and self.hidden_accuracy < 0.5


def score(bundle_path, student, variant, hidden, threshold, reference=None):
    """Score one submission.

    Parameters
    ----------
    bundle_path : str or pathlib.Path
        The zip file that pack_submission wrote, or anything else.
    student : str
        Who handed it in.
    variant : dict
        The variant that this student was given.
    hidden : homework.scoring.hidden_photos.HiddenSet
    threshold : float
        The accuracy on hidden photos that this variant asks for.
    reference : dict, optional
        What the variant's own reference runs changed, see `homework.scoring.thresholds.reference_changes`.

    Returns
    -------
    dict
        Plain JSON: ``status`` is ``"scored"``, ``"refused"`` (unreadable, hostile, or not to be computed; ``refusal``
        says why) or ``"failed"`` (the fault is on the grading side; ``refusal`` says which). Never raises for anything
        in a bundle.
    """
    began = time.perf_counter()
    result = _empty(student, variant, _file_digest(bundle_path))
    try:
        _fill(result, bundle_path, student, variant, hidden, threshold, reference)
    except (BundleError, NotScored) as error:
        result |= _nothing("refused", str(error))
    except (CourseError, MemoryError) as error:
        result |= _nothing("failed", f"The scorer could not work: {clean_text(error, 300)}")
    except Exception as error:
        # One submission must not stop the others; it is named for the instructor, not scored 0 in silence.
        place = error.__traceback__
        while place.tb_next:
            place = place.tb_next
        where = f"{Path(place.tb_frame.f_code.co_filename).name}, line {place.tb_lineno}"
        words = clean_text(str(error).split("\n")[0], 200)
        result |= _nothing("failed", f"The scorer met {type(error).__name__} in {where}: {words}")
    result["seconds"] = round(time.perf_counter() - began, 3)
    return result


def refused_result(student, variant, digest, sentence):
    """Give the result of a submission that is refused without being scored, see `score`."""
    return _empty(student, variant, digest) | _nothing("refused", sentence)


def _empty(student, variant, digest):
    return {
        "student": student,
        "assignment": variant["assignment"],
        "variant_number": variant["number"],
        "status": "scored",
        "points": 0.0,
        "out_of": sum(ITEMS.values()),
        "items": [],
        "refusal": None,
        "fingerprints": {"weights": "", "history": "", "predictions": "", "answers": []},
        "history": {},
        "answers": {},
        "bundle_sha256": digest,
        "scorer_version": SCORER_VERSION,
        "seconds": 0.0,
    }


def _nothing(status, sentence):
    return {"status": status, "points": 0.0, "items": rubric_of_nothing(), "refusal": sentence}


def _fill(result, bundle_path, student, variant, hidden, threshold, reference):
    bundle = read_bundle(bundle_path)
    about = bundle.about
    history, faults = read_history(about.get("history"))
    result["history"] = history
    answers = about.get("answers")
    if isinstance(answers, dict):
        result["answers"] = {
            clean_text(key, 60): clean_text(text, LONGEST_ANSWER)
            for key, text in list(answers.items())[:20]
            if text is not None
        }
    look, outputs = look_at(bundle, hidden)
    result["fingerprints"] = fingerprints(
        [bundle.head_weights, bundle.base_weights], history, bundle.predictions, outputs
    )
    items = rubric(about, student, variant, threshold, reference, look, history, faults, bundle.remarks)
    result["items"] = items
    result["points"] = round(sum(item["points"] for item in items), 2)


def look_at(bundle, hidden):
    """Put a bundle's parts together on the released base, and compute what they give for the scorer's own photos.

    Parameters
    ----------
    bundle : homework.collecting.bundle.Bundle
    hidden : homework.scoring.hidden_photos.HiddenSet

    Returns
    -------
    Look
    numpy.ndarray or None
        The answers for the public photos, (n, 1) or (n, 2).

    Raises
    ------
    BundleError, NotScored
        Where the parts do not fit together, or are more than is computed.
    """
    base, digest = _named_base(bundle.about.get("base"))
    between, views = _between(bundle.about.get("between"), base)
    changed = _changed_weights(bundle.base_weights, base)
    steps = read_steps(bundle.head, bundle.head_weights, len(views))
    if not steps:
        raise NotScored("The bundle has no head: there is nothing after the base.")
    look = Look(base, digest, between, changes_of(changed, base), [clean_text(s.name, 60) for s in steps if s.weights])
    look.prediction_accuracy = public_accuracy(bundle.predictions)
    for where, arrays in (("head", bundle.head_weights), ("base", bundle.base_weights)):
        look.broken += [f"{where}: {clean_text(key, 80)}" for key, array in arrays.items() if not _finite(array)]
    inputs = [base.model.output_shape[1:]] * len(views)
    head = PhotoByPhoto(steps, inputs)
    last = head.shapes[-1]
    if last not in ((1,), (1, 1), (1, 2)):
        raise NotScored(f"The head gives numbers of shape {last[1:]} a photo; 1 or 2 are needed, for cat and dog.")
    if look.broken:
        return look, None

    def features(photos, preparation=OWN):
        return [features_of(base, photos, view, preparation, changed) for view in views]

    def answers(seen):
        return head(seen).reshape(len(seen[0]), -1)

    public, secret, seen = hidden.public, hidden.photos, features(hidden.public.photos)
    outputs, unseen = answers(seen), answers(features(secret))
    cut = cut_between(outputs, bundle.predictions)
    if not _finite(outputs) or not _finite(unseen):
        look.broken.append("the answers")
        return look, None
    found = dogs(outputs, cut)
    look.public_accuracy, look.public_photos = float((found == public.photos.labels).mean()), len(found)
    look.hidden_accuracy = float((dogs(unseen, cut_between(unseen, bundle.predictions)) == secret.labels).mean())
    look.hidden_photos = len(secret.labels)
    if are_for_public_test(bundle.predictions):
        stated = dogs(bundle.predictions, cut_between(bundle.predictions, bundle.predictions))[public.positions]
        look.agreement = float((stated == found).mean())
        look.sample_accuracy = float((stated == public.photos.labels).mean())
    if look.agreement is None or look.agreement < 0.97:
        look.slip = _slip(lambda *way: answers(features(*way)), public.photos, bundle.predictions)
    look.convolutions = _convolutions(head, inputs, [one[:: max(1, len(one) // 80)] for one in seen])
    return look, outputs


def _named_base(stated):
    stated = stated if isinstance(stated, dict) else {}
    name, size = stated.get("name"), stated.get("size")
    if not isinstance(name, str) or name not in _BASES:
        raise NotScored(
            f"The bundle names the base {clean_text(name, 40)!r}, which no variant of this course asks for."
        )
    if type(size) is not int or not SMALLEST <= size <= SIZE:
        raise NotScored(
            f"The bundle's base takes photos of {clean_text(size, 20)} pixels; {SMALLEST} to {SIZE} are had."
        )
    try:
        return released_base(name, size), clean_text(stated.get("sha256"), 64)
    except CourseError as error:
        if size == SIZE:
            raise
        raise NotScored(clean_text(error, 200)) from None


def _between(stated, base):
    """Read what stood between photo and base: words, and what moved the photo's pixels."""
    stated = stated if isinstance(stated, dict) else {}
    words = stated.get("preprocessing")
    words = words if words in PREPARATIONS else "something else"
    views = stated.get("views")
    if not isinstance(views, list) or not 1 <= len(views) <= MOST_VIEWS:
        raise NotScored(f"The bundle shows the base no view of a photo, or more than {MOST_VIEWS}.")
    kinds = {*GEOMETRY, "ops.Flip", "ops.GetItem"}
    read = [read_steps(view, {}, 1, kinds) for view in views]
    for view in read:
        for position, step in enumerate(view):
            if [value.position for value in step.values()] != [position - 1]:
                raise NotScored("A view of the photo is no row of steps, each on what the one before gives.")
        shape = PhotoByPhoto(view, [(SIZE, SIZE, 3)]).shapes[-1] if view else (1, SIZE, SIZE, 3)
        if shape != (1, base.size, base.size, 3):
            raise NotScored(f"A view of the photo has the shape {shape[1:]}, and the base takes {base.size} pixels.")
    return words, read


def _changed_weights(arrays, base):
    for key, array in arrays.items():
        if key not in base.weights:
            raise BundleError(f"base.npz holds {clean_text(key, 80)!r}, which {base.name} does not have.")
        if array.shape != base.weights[key].shape:
            raise BundleError(
                f"The weights {clean_text(key, 80)!r} have the shape {array.shape}, and {base.name} needs "
                f"{base.weights[key].shape}."
            )
    return {key: array for key, array in arrays.items() if not base.same(key, array)}


def _convolutions(head, inputs, features):
    """Take each convolution of the head out, and see how many answers are others then."""
    found, before = {}, None
    for number, step in enumerate(head.steps):
        if step.kind not in CONVOLUTIONS or len(found) >= 8:
            continue
        value = step.values()[0].position
        shape = head.shapes[value] if value >= 0 else (1, *inputs[-1 - value])
        if math.prod(shape[1:-1]) <= 1:
            # After the pooling there is one place left, and nothing to convolve.
            continue
        before = head(features) if before is None else before
        without, cut = PhotoByPhoto(head.steps, inputs, without=number)(features), cut_between(before, before)
        effect = float((dogs(before, cut) != dogs(without, cut)).mean())
        found[clean_text(step.name, 60)] = {"effect": effect, **trace_of(step)}
    return found


def _slip(answers, photos, predictions):
    """Look whether the head is right clearly more often when the base gets something else than its own."""
    few = _some(photos, TRIED_FOR_SLIPS)
    right = {}
    for preparation in (OWN, *SLIPS):
        outputs = answers(few, preparation)
        if not _finite(outputs):
            outputs = np.zeros_like(outputs)
        hits = dogs(outputs, cut_between(outputs, predictions)) == few.labels
        # With the labels the other way round.
        right[preparation] = hits if hits.mean() >= 0.5 else ~hits
    best = max(SLIPS, key=lambda one: right[one].mean())
    gained, lost = (right[best] & ~right[OWN]).sum(), (right[OWN] & ~right[best]).sum()
    return best if gained - lost > 3 * math.sqrt(gained + lost) else None


def _some(photos, count):
    """Every so-many-th of some photos, as many dogs as cats."""
    key = photos.id, count
    if key not in _SOME:
        chosen = np.linspace(0, len(photos.labels) - 1, min(count, len(photos.labels))).astype(int)
        _SOME[key] = Photos.of(photos.images[chosen], photos.labels[chosen])
    return _SOME[key]


def features_of(base, photos, view, preparation, changed):
    """Give what a base makes of photos, with some of its weights changed.

    Parameters
    ----------
    base : course_utils.assignments.released_base.ReleasedBase
    photos : homework.scoring.hidden_photos.Photos
    view : list of course_utils.assignments.accepted_layers.Step
        What moves the photos' pixels first.
    preparation : str
        One of `PREPARATIONS`.
    changed : dict of str to numpy.ndarray
        ``"LAYER/WEIGHT"`` -> array.

    Returns
    -------
    numpy.ndarray
        float32, (n, h, w, channels).
    """
    names = {key.rpartition("/")[0] for key in changed}
    first = next((i for i, layer in enumerate(base.model.layers) if layer.name in names), len(base.model.layers))
    cut = _cut(base, first)
    size = 4 * len(photos.images) * sum(math.prod(tensor.shape[1:]) for tensor in cut)
    if size > LARGEST_FEATURES:
        first, cut = 1, [base.model.input]
    known = [] if view or first == 1 else _recorded(base, photos, first, preparation)
    if known and first == len(base.model.layers):
        return known[0]
    suffix, see = _part(base, first if known else 1), PhotoByPhoto(view, [photos.images.shape[1:]])
    parts = []
    with base.with_weights(changed):
        for start in range(0, len(photos.images), PHOTOS_AT_ONCE):
            here = slice(start, start + PHOTOS_AT_ONCE)
            if known:
                given = [array[here] for array in known]
            else:
                given = [base.prepared(see([photos.images[here]]), preparation)]
            parts.append(np.asarray(suffix(given[0] if len(given) == 1 else given), np.float32))
    return np.concatenate(parts)


def _cut(base, first):
    """The values of a base from which all layers from one on can be computed."""
    layers = base.model.layers
    if first == len(layers):
        return [base.model.output]
    known, cut = {id(layer.output) for layer in layers[:first]}, []
    for layer in layers[first:]:
        for tensor in layer.input if isinstance(layer.input, list) else [layer.input]:
            if id(tensor) in known and all(tensor is not other for other in cut):
                cut.append(tensor)
    return cut


def _part(base, first):
    """The base from a layer on, as a program."""
    key = base.name, base.size, first
    if key not in _PARTS:
        _PARTS[key] = _program(_cut(base, first), base.model.output)
    return _PARTS[key]


def _part_before(base, first):
    """The base up to a layer, as a program."""
    key = base.name, base.size, -first
    if key not in _PARTS:
        _PARTS[key] = _program([base.model.input], _cut(base, first))
    return _PARTS[key]


def _program(inputs, outputs):
    """A part of a base as a graph, which lets go of what a layer gives as soon as no other needs it.

    Called layer by layer, Keras keeps all of it until the last has answered: a gigabyte for fifty photos.
    """
    import keras
    import tensorflow as tf

    model = keras.Model(inputs[0] if len(inputs) == 1 else inputs, outputs)
    return tf.function(lambda given: model(given, training=False), autograph=False)


def _recorded(base, photos, first, preparation):
    """What the released base gives for photos where a layer begins; recorded once a process."""
    key = photos.id, base.name, base.size, first, preparation
    if key not in _FEATURES:
        before, parts = _part_before(base, first), []
        for start in range(0, len(photos.images), PHOTOS_AT_ONCE):
            given = before(base.prepared(photos.images[start : start + PHOTOS_AT_ONCE], preparation))
            parts.append([np.asarray(one, np.float32) for one in (given if isinstance(given, list) else [given])])
        _FEATURES[key] = [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]
        while sum(one.nbytes for kept in _FEATURES.values() for one in kept) > MOST_FEATURES and len(_FEATURES) > 1:
            _FEATURES.popitem(last=False)
    _FEATURES.move_to_end(key)
    return _FEATURES[key]


def _finite(array):
    return bool(np.isfinite(array).all())


def _file_digest(path):
    try:
        return hashlib.sha256(read_plain_file(Path(path), LARGEST_BUNDLE)).hexdigest()
    except (OSError, BundleError):
        return ""
