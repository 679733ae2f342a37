"""Try a student's model in named parts before it is packed: together they must give what the model gives."""

import json
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from course_utils.assignments.accepted_layers import NotScored, Step, Value, put_in, read_steps, written_steps
from course_utils.assignments.layer_outputs import PhotoByPhoto
from course_utils.assignments.model_answers import cut_between, dogs
from course_utils.assignments.model_parts import split, view_of
from course_utils.assignments.public_photos import SIZE, public_test_photos
from course_utils.assignments.released_base import OWN, PREPARATIONS, released_base

# Of the public test photos: dogs and cats.
TRIED = [*range(0, 500, 42), *range(500, 1000, 42)]
# A model and its own predictions give the same answer for nearly all photos; 16-bit numbers and averages move a few.
AGREEMENT = 0.9


@dataclass
class Tried:
    """A model's parts as they are written, after they were tried.

    Attributes
    ----------
    base : dict
        name, size and sha256 of the released base.
    between : dict
        ``preprocessing`` in words; ``views``, each a list of what moves a photo's pixels; ``starts_after``, the layer
        of the base whose recorded values the model takes.
    head, head_weights, base_weights : list, dict, dict
    doubts : list of str
        What the student should look at again.
    """

    base: dict
    between: dict
    head: list
    head_weights: dict
    base_weights: dict
    doubts: list


@dataclass
class _Reading:
    """One way in which the student may have fed the model.

    ``found`` is what the base got, in words; ``base_inputs`` the same in numbers, for each view; ``form`` the layer by
    which recorded features were brought into the form that the model takes; ``whole_photos`` whether there is one view
    alone, of the photo as it is.
    """

    found: str
    base_inputs: list
    form: str
    outputs: np.ndarray
    agreement: float
    distance: float | None

    def surely(self):
        return self.agreement >= AGREEMENT and (self.distance is None or self.distance < 0.05)

    def beats(self, right):
        """Whether this is what the student did, rather than what is right."""
        if self.agreement < AGREEMENT:
            return False
        nearer = None not in (self.distance, right.distance) and self.distance < 0.25 * right.distance
        return nearer or right.agreement < AGREEMENT


def tried_parts(model, base, predictions):
    """Take a model apart, try its parts on public test photos, and give what is written of them.

    Parameters
    ----------
    model : keras.Model
    base : course_utils.bases.Base
        Its name and size count.
    predictions : numpy.ndarray
        The student's own, for the 1,000 public test photos.

    Returns
    -------
    Tried

    Raises
    ------
    NotScored
        Where the model has parts that the scorer does not take: they are named; or where the parts do not give what
        the model gives.
    """
    model = _as_at_prediction(model)
    released = released_base(base.name, int(base.model.input_shape[1] or SIZE))
    parts = split(model, released.model)
    changed = {key: array for key, array in parts.base_weights.items() if not released.same(key, array)}
    views = [view_of(before) for before in parts.before]
    photos = public_test_photos(TRIED)
    _check_views(views, released, photos)
    reading = _reading(model, parts, views, released, photos, predictions[TRIED])
    head, head_weights = written_steps(_with_form(parts.head, reading.form))
    _check_together(model, head, head_weights, changed, released, reading)
    about = {"name": released.name, "size": released.size, "sha256": released.digest}
    between = {
        "preprocessing": reading.found,
        "views": [written_steps(view)[0] for view in views],
        "starts_after": parts.starts_after,
    }
    return Tried(about, between, head, head_weights, changed, _doubts(reading, released))


def _check_views(views, released, photos):
    for view in views:
        read_steps(json.loads(json.dumps(written_steps(view)[0])), {}, 1)
        given = _seen(view, photos[:1]).shape[1:]
        if given != (released.size, released.size, 3):
            raise NotScored(
                f"{released.name} was loaded for photos of {released.size} x {released.size} and would get an input of "
                f"shape {given} (load it with load_base at {SIZE})"
            )


def _reading(model, parts, views, released, photos, predictions):
    """Find out how the student fed the model: in the right way, if that explains the predictions."""
    seen, readings = [_seen(view, photos) for view in views], []
    expected = {way: [released.prepared(one, way) for one in seen] for way in PREPARATIONS}
    for fed_as in ("raw photos", *(one for one in PREPARATIONS if one != "raw photos")):
        reading = _fed(model, parts, released, photos, fed_as, expected, predictions)
        if reading is not None:
            readings.append(reading)
            if reading.found == OWN and reading.surely():
                return reading
    right = max((one for one in readings if one.found == OWN), key=lambda one: one.agreement, default=None)
    order = lambda one: (one.agreement >= AGREEMENT, -(one.distance or 0.0), one.agreement)  # noqa: E731
    other = max((one for one in readings if one.found != OWN), key=order, default=None)
    return other if right is None or (other is not None and other.beats(right)) else right


def _fed(model, parts, released, photos, fed_as, expected, predictions):
    """Feed the model in one way; None where it does not take that."""
    fed = released.prepared(photos, fed_as)
    if parts.starts_after is None:
        whole = model.inputs[0].dtype
        if "int" in whole:
            if fed_as != "raw photos":
                return None
            fed = fed.astype(whole)
        inputs = [_seen(before, fed) for before in parts.before]
        outputs = _predicted(model, fed)
        return _Reading(_in_words(inputs, expected), inputs, "", outputs, *_fit(outputs, predictions))
    recorded = _recorded(released.name, released.size, parts.starts_after, fed_as)
    readings = []
    for form, given in _forms(recorded, tuple(model.input_shape[1:])):
        outputs = _predicted(model, given)
        readings.append(_Reading(fed_as, [fed], form, outputs, *_fit(outputs, predictions)))
    return max(readings, key=lambda one: (one.agreement, -(one.distance or 0)))


def _seen(view, photos):
    return PhotoByPhoto(view, [photos.shape[1:]])([photos])


def _forms(recorded, shape):
    """What a head may take of recorded features: all, in one row, or the mean or largest of each map."""
    if recorded.shape[1:] == shape:
        return [("", recorded)]
    if shape == (recorded[0].size,):
        return [("Flatten", recorded.reshape(len(recorded), -1))]
    return [
        ("GlobalAveragePooling2D", recorded.mean(axis=(1, 2))), ("GlobalMaxPooling2D", recorded.max(axis=(1, 2)))
    ]  # fmt: skip


def _with_form(head, form):
    """Put the layer before a head that brings features into the form that it takes."""
    if not form:
        return head

    moved = [replace(step, inputs=put_in(step.inputs, lambda value: Value(value.position + 1))) for step in head]
    return [Step(form, "recorded", {}, [Value(-1)]), *moved]


@lru_cache(maxsize=32)
def _recorded(name, size, layer, preparation):
    """What a layer of the released base gives for the photos tried; the base's output where no layer is named."""
    import keras

    released = released_base(name, size)
    model = released.model
    if layer:
        model = keras.Model(model.input, model.get_layer(layer).output)
    inputs = released.prepared(public_test_photos(TRIED), preparation)
    return np.asarray(model(inputs, training=False), np.float32)


def _as_at_prediction(model):
    """Put a centre crop in the place of each random one: what Keras itself does there at prediction varies."""
    import keras

    if not any(type(layer).__name__ == "RandomCrop" for layer in model._flatten_layers()):
        return model

    def clone(layer):
        if type(layer).__name__ == "RandomCrop":
            return keras.layers.CenterCrop(layer.height, layer.width, name=layer.name)
        return layer.__class__.from_config(layer.get_config())

    rewritten = keras.models.clone_model(model, clone_function=clone, recursive=True)
    rewritten.set_weights(model.get_weights())
    return rewritten


def _predicted(model, fed):
    """What the model gives, also where it takes batches of one size only."""
    import keras

    size = model.inputs[0].shape[0]
    padded = fed if size is None else np.resize(fed, (-(-len(fed) // size) * size, *fed.shape[1:]))
    parts = [padded[start : start + (size or 32)] for start in range(0, len(padded), size or 32)]
    # A direct call: `predict` would first compile, which takes longer than these few photos.
    outputs = [keras.ops.convert_to_numpy(keras.ops.cast(model(part, training=False), "float32")) for part in parts]
    return np.concatenate(outputs)[: len(fed)]


def _in_words(inputs, expected):
    """Say what the base got: one of the preparations of what each view shows, or something else."""
    for preparation, views in expected.items():
        if all(
            given.shape == one.shape and np.abs(given - one).mean() <= 0.02 * np.abs(one).mean()
            for given, one in zip(inputs, views, strict=True)
        ):
            return preparation
    return "something else"


def _fit(outputs, predictions):
    """How well outputs agree with predictions: the share of same answers, and the distance in units of their spread."""
    if outputs.ndim > 2 or outputs.shape[-1:] not in ((1,), (2,)) and outputs.ndim == 2:
        raise NotScored(f"the model gives {outputs.shape[1:]} numbers a photo (1 or 2 are needed, for cat and dog)")
    if not np.isfinite(outputs).all():
        return 0.0, None
    answers = dogs(outputs, cut_between(outputs, predictions))
    stated = dogs(predictions, cut_between(predictions, predictions))
    distance = None
    # Zeros and ones, or another number of columns, tell only the answer.
    if outputs.size == predictions.size and not np.isin(predictions, (0, 1)).all():
        distance = float(np.abs(outputs.reshape(predictions.shape) - predictions).mean() / (predictions.std() + 1e-6))
    return float((answers == stated).mean()), distance


def _check_together(model, head, head_weights, changed, released, reading):
    """Put the parts together as the scorer does, from what is written, and compare with the model itself."""
    steps = read_steps(json.loads(json.dumps(head)), head_weights, len(reading.base_inputs))
    with released.with_weights(changed) as whole:
        features = [np.asarray(whole(one, training=False), np.float32) for one in reading.base_inputs]
    outputs = PhotoByPhoto(steps, [one.shape[1:] for one in features])(features)
    if not steps or outputs.size not in (len(TRIED), 2 * len(TRIED)):
        raise NotScored("the model has no head of its own after the base that gives 1 or 2 numbers a photo")
    expected = reading.outputs.reshape(outputs.shape)
    rounded = any(layer.compute_dtype != "float32" for layer in model._flatten_layers())
    spread = float(expected.std()) + 1e-3
    apart = float(np.abs(outputs - expected).mean())
    if np.isfinite(expected).all() and not apart <= (0.2 if rounded else 0.005) * spread:
        raise NotScored(
            f"the parts of the model, each photo alone, do not give what the model gives (they are {apart:.3g} apart): "
            "does it look at other photos of its batch, or does a layer act otherwise than in Keras"
        )


def _doubts(reading, released):
    doubts = []
    if reading.found != OWN:
        doubts.append(
            f"{released.name} got {reading.found}, and will be scored with its own preprocessing (base.preprocess), "
            "for which this head was not trained."
        )
    if reading.agreement < AGREEMENT:
        doubts.append(
            f"the model answers {1 - reading.agreement:.0%} of {len(TRIED)} test photos otherwise than your "
            "predictions: are they of this model, dogs first, then cats?"
        )
    return doubts
