"""Find out which input a student's model takes, and compute its accuracy on the hidden photos with it."""

import math
from dataclasses import dataclass

import numpy as np

from homework.collecting.bundle import BundleError
from homework.scoring.accuracy import are_for_public_test, cut_between, dogs, luck, public_accuracy
from homework.scoring.matching import Matching, Released
from homework.scoring.photos import CAT, DOG, SIZE
from homework.scoring.rebuild import CONVOLUTIONS, Value
from homework.scoring.student_model import StudentModel

# A model agrees with predictions when it gives the same answer for so many of the photos; 16-bit training moves a few.
AGREEMENT = 0.95
# Multiplications for all hidden photos together; a model that changes a large base from its start gets fewer photos.
MOST_WORK = 600_000_000_000
# And for each slip in the preprocessing that is tried: some 25 photos or more with a small base, 8 with a large one.
WORK_FOR_SLIPS = 25_000_000_000


@dataclass
class Look:
    """What was found out about a student's model.

    Attributes
    ----------
    graph : homework.scoring.rebuild.Graph
    base : homework.scoring.matching.Released
    matching : homework.scoring.matching.Matching
    changes : dict of str to float
        The base's layers that differ from the released ones -> the largest difference.
    broken : list of str
        What is no number: weights, or the model's answers.
    input : str
        What the model takes, in words.
    own_input : bool
        Whether the base gets its own preprocessing.
    agreement : float or None
        For which share of the public photos the model answers as the predictions do.
    accuracy : float or None
        On the hidden photos; None where it could not be computed.
    photos : int
        On how many of them.
    prediction_accuracy : float or None
        What follows from the student's predictions.
    around : bool
        Whether photos reach the head by a way around the base.
    used : bool
        Whether the output depends on the base.
    head : list of homework.scoring.rebuild.Node
        The layers of the student's own.
    head_convolutions : list of str
        Those of them that are convolutions.
    """

    graph: object
    base: Released
    matching: Matching
    changes: dict
    broken: list
    input: str
    own_input: bool
    agreement: float | None
    accuracy: float | None
    photos: int
    prediction_accuracy: float | None
    around: bool
    used: bool
    head: list
    head_convolutions: list

    def guessing(self):
        """Say whether the accuracy could be that of tossing a coin."""
        return self.accuracy is None or self.accuracy <= 0.5 + 2 * math.sqrt(0.25 / self.photos)


def look_at(graph, weights, base, matching, changes, broken, predictions, hidden):
    """Find out what a student's model is made of, which input it takes, and how many hidden photos it gets right.

    Parameters
    ----------
    graph : homework.scoring.rebuild.Graph
        The model.
    weights, changes, broken : dict, dict, list
        From `homework.scoring.matching.merged_weights`.
    base, matching : homework.scoring.matching.Released, homework.scoring.matching.Matching
        From `homework.scoring.matching.find_base`.
    predictions : numpy.ndarray
        The student's own for the public test photos.
    hidden : homework.scoring.photos.HiddenSet

    Returns
    -------
    Look

    Raises
    ------
    BundleError
        Where the model takes no photos and no features, or gives other than one or two numbers a photo.
    """
    columns = graph.shape(graph.output)
    if columns not in ((), (1,), (2,)):
        raise BundleError(f"The model gives {columns} numbers a photo; 1 or 2 are needed, for cat and dog.")
    output = base.graph.output.node
    maps = matching.nodes.get(output)
    behind = graph.before(graph.output, {Value(maps)} if matching.complete else set())
    nodes = [graph.nodes[position] for position in sorted(behind) if position >= 0]
    base_nodes = {there for there in matching.nodes.values() if there >= 0}
    head = [graph.nodes[position] for position in graph.weighted() if position in behind and position not in base_nodes]
    all_before = graph.before(graph.output)
    stops = {Value(there) for here, there in matching.nodes.items() if here >= 0}
    around = bool(matching.nodes) and -1 in graph.before(graph.output, stops)
    look = Look(
        graph=graph,
        base=base,
        matching=matching,
        changes=changes,
        broken=broken,
        input="unknown",
        own_input=False,
        agreement=None,
        accuracy=None,
        photos=0,
        prediction_accuracy=public_accuracy(predictions),
        around=around,
        used=bool(matching.nodes) and any(there in all_before for there in matching.nodes.values()),
        head=head,
        head_convolutions=[node.path for node in nodes if node.kind in CONVOLUTIONS and node in head],
    )
    if not broken:
        model = StudentModel(graph, weights, base, matching, changes)
        _choose_reading(look, model, predictions, hidden)
    return look


def _choose_reading(look, model, predictions, hidden):
    """Find out which input the model takes, and compute the accuracy with it."""
    readings = _readings(look)
    few = hidden.images[:: max(1, len(hidden.images) // 4)][:4]
    own = [reading for reading in readings if model.takes_own(few, reading)]
    usable = hidden.public if are_for_public_test(predictions) else None
    fits = {}
    for reading in own:
        fits[reading] = _fit(model, reading, True, predictions, hidden, usable, MOST_WORK)
        if fits[reading].agrees:
            break
    right = max(fits, key=lambda reading: fits[reading].rank(), default=None)
    if right is None or not fits[right].surely():
        # Slips in the preprocessing are looked for on few photos: everything goes through the whole base.
        for reading in readings:
            if reading not in own:
                fits[reading] = _fit(model, reading, False, predictions, hidden, usable, WORK_FOR_SLIPS)
    reading = max(fits, key=lambda one: fits[one].rank())
    if right is not None and not fits[reading].beats(fits[right]):
        reading = right
    look.own_input = reading in own
    look.input = _in_words(look, reading)
    if usable is not None:
        look.agreement = round(fits[reading].agreement, 4)
    outputs, chosen = _answers(model, reading, reading in own, hidden.photos, MOST_WORK)
    if np.isfinite(outputs).all():
        right_ones = dogs(outputs, cut_between(outputs, predictions)) == hidden.labels[chosen]
        look.accuracy, look.photos = float(right_ones.mean()), len(chosen)
    else:
        look.broken.append("the model's answers")


@dataclass(frozen=True)
class _Fit:
    """How well one reading of the input agrees with the student's predictions.

    ``distance`` is the mean difference in units of the predictions' spread, where both are numbers of the same kind.
    """

    agrees: bool
    agreement: float
    distance: float | None

    def rank(self):
        return self.agrees, -1.0 if self.distance is None else -self.distance, self.agreement

    def surely(self):
        return self.agrees and (self.distance is None or self.distance < 0.05)

    def beats(self, right):
        """Whether this is the student's input rather than the right one."""
        if not self.agrees:
            return False
        nearer = self.distance is not None and right.distance is not None and self.distance < 0.25 * right.distance
        return nearer or not right.agrees


def _readings(look):
    """The ways in which a student may have prepared what goes into the model, the right ones first."""
    shape, maps = look.graph.input_shape, look.base.graph.shape(look.base.graph.output)
    slips = ["x / 255", "BGR", "BGR, x / 255", "x / 255, then its own", "own twice", "x / 127.5 - 1"]
    if look.matching.start[1] < 0:
        if len(shape) != 3 or shape[-1] != 3 or shape[:2] != (SIZE, SIZE):
            raise BundleError(
                f"The model takes an input of shape {shape}: neither photos of {SIZE} x {SIZE} nor features of a base."
            )
        return [(way, "") for way in ("raw", "own", *slips)]
    if shape == maps or len(shape) == 3:
        forms = [""]
    elif shape == (math.prod(maps),):
        forms = ["flattened"]
    else:
        forms = ["mean", "max"]
    return [(way, form) for way in ("own", "raw", *slips) for form in forms]


def _in_words(look, reading):
    preparation, form = reading
    if look.matching.start[1] >= 0:
        words = {"": "recorded features", "flattened": "recorded features in one row"}
        return f"{words.get(form, f'recorded features, {form} of each map')}, {preparation}"
    return {"raw": "photos 0-255", "own": "preprocessed photos"}.get(preparation, f"photos as {preparation}")


def _answers(model, reading, own, photos, budget):
    """The model's outputs for all photos, or for as many as the budget of multiplications allows."""
    most = max(8, budget // max(1, model.work(own)))
    chosen = np.arange(len(photos.images))
    if most < len(chosen):
        # Evenly, so that both classes are there.
        chosen = np.linspace(0, len(chosen) - 1, int(most)).astype(int)
    return model.outputs(photos, reading, own, chosen), chosen


def _fit(model, reading, own, predictions, hidden, public, budget):
    photos = public.photos if public else hidden.photos
    outputs, chosen = _answers(model, reading, own, photos, budget)
    if not np.isfinite(outputs).all():
        return _Fit(False, 0.0, None)
    answers = dogs(outputs, cut_between(outputs, predictions))
    if public:
        theirs = predictions[public.positions[chosen]]
        stated = dogs(theirs, cut_between(predictions, predictions))
        agreement = float((answers == stated).mean())
        # A model that answers always the same fits predictions that do, and proves no slip by it.
        both = all((answers[stated == label] == label).mean() > 0.8 for label in (CAT, DOG) if (stated == label).any())
        distance = None
        # Zeros and ones, or another number of columns, tell only the answer.
        if outputs.size == theirs.size and not np.isin(predictions, (0, 1)).all():
            distance = float(np.abs(outputs.reshape(theirs.shape) - theirs).mean() / (theirs.std() + 1e-6))
        proves = own or (both and 0 < stated.mean() < 1)
        return _Fit(bool(agreement >= AGREEMENT and proves), agreement, distance)
    accuracy, stated = float((answers == photos.labels[chosen]).mean()), public_accuracy(predictions)
    if stated is None:
        return _Fit(own, accuracy, None)
    return _Fit(abs(accuracy - stated) <= luck(stated, len(chosen)), 1 - abs(accuracy - stated), None)
