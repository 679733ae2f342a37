"""Compute what a homework's layers give: by Keras's own layers, for one photo at a time, and within bounds."""

import math

import numpy as np

from course_utils.assignments.accepted_layers import CONVOLUTIONS, OPERATIONS, WEIGHTS, NotScored, put_in, short_text

# For one photo: the numbers that one step gives, those that all steps give, and multiplications, roughly.
MOST_NUMBERS = 3_000_000
MOST_NUMBERS_TOGETHER = 30_000_000
MOST_WORK = 400_000_000
# Measured: a number that a step gives takes the time of so many multiplications, beside those of a convolution.
WORK_PER_NUMBER = 300
WORK_PER_SLOW_NUMBER = 1500
# Given to TensorFlow in one call: a copy of so many is held beside the photos.
PHOTOS_AT_ONCE = 50
_SLOW = {"LayerNormalization", "GroupNormalization", "UnitNormalization", "Softmax", "Resizing", "UpSampling2D",
         "ops.Softmax", "ops.LogSoftmax", "ops.Normalize", "ops.Std", "ops.Var"}  # fmt: skip


class PhotoByPhoto:
    """What steps give for photos of one shape, each photo alone; it is made only where they keep to the bounds.

    Parameters
    ----------
    steps : list of Step
        The last one gives the result.
    inputs : list of tuple
        The shapes of the Values -1, -2, ... for one photo.
    without : int, optional
        A step that gives zeros instead of its values.

    Attributes
    ----------
    shapes : list of tuple
        Of what each step gives; the first number counts the photos: 1.

    Raises
    ------
    NotScored
        Where a step cannot be computed, or all of them need too much; nothing has been computed then.
    """

    def __init__(self, steps, inputs, without=None):
        import tensorflow as tf

        self.steps, self.without = steps, without
        # TensorFlow goes through them twice where layers have variables: the second time the layers are there.
        self.shapes, self.layers = [None] * len(steps), {}
        signature = [tf.TensorSpec((1, *shape), tf.float32) for shape in inputs]
        one = tf.function(self._traced, signature, autograph=False).get_concrete_function()
        kind = one.outputs[0].dtype

        # A loop inside TensorFlow, since each call from Python takes longer than most heads.
        def one_by_one(*photos):
            return tf.map_fn(lambda photo: one(*photo), photos, fn_output_signature=kind, parallel_iterations=1)

        many = [tf.TensorSpec((None, 1, *shape), tf.float32) for shape in inputs]
        self.program = tf.function(one_by_one, many, autograph=False)

    def __call__(self, inputs):
        """Compute the result.

        Parameters
        ----------
        inputs : list of numpy.ndarray
            float32, each (n, ...): what the Values -1, -2, ... are for n photos.

        Returns
        -------
        numpy.ndarray
            float32, (n, ...).

        Raises
        ------
        NotScored
            Where it cannot be computed.
        """
        import tensorflow as tf

        if not self.steps:
            return np.asarray(inputs[0], np.float32)
        photos = [np.asarray(one, np.float32)[:, None] for one in inputs]
        found = []
        try:
            for start in range(0, len(photos[0]), PHOTOS_AT_ONCE):
                found.append(self.program(*(one[start : start + PHOTOS_AT_ONCE] for one in photos)).numpy())
        except (tf.errors.OpError, ValueError, TypeError) as error:
            raise NotScored(f"The head cannot be computed ({_told(error)}).") from None
        found = np.concatenate(found)
        if found.shape[1:2] != (1,):
            raise NotScored(f"The head gives numbers of shape {found.shape[1:]} for one photo.")
        return found[:, 0]

    def _traced(self, *photo):
        values = {-1 - number: value for number, value in enumerate(photo)}
        together = work = 0
        for position, step in enumerate(self.steps):
            try:
                value, effort = self._step(position, step, values)
                shape = tuple(value.shape)
                numbers = math.prod(shape)
            except Exception as error:
                # Keras and TensorFlow have many kinds; whatever they raise here is about this step.
                raise NotScored(f"The layer {step.name!r} ({step.kind}) cannot be computed ({_told(error)}).") from None
            together, work = together + numbers, work + effort + numbers * _effort_of_a_number(step)
            if numbers > MOST_NUMBERS or together > MOST_NUMBERS_TOGETHER:
                raise NotScored(f"The layer {step.name!r} would give {numbers:,} numbers a photo, which is too many.")
            if work > MOST_WORK:
                raise NotScored(
                    f"Up to the layer {step.name!r} the head takes the time of {work:,} multiplications a photo; at "
                    f"most {MOST_WORK:,} are computed."
                )
            self.shapes[position] = shape
            values[position] = value * 0 if position == self.without else value
        return values[len(self.steps) - 1]

    def _step(self, position, step, values):
        """Give a step's value for one photo, and its multiplications."""
        import keras
        import tensorflow as tf

        given, *more = put_in(step.inputs, lambda value: values[value.position])
        if step.kind == "ops.GetItem":
            return given[tuple(more[0])], 0
        if step.kind.startswith("ops."):
            return getattr(keras.ops, OPERATIONS[step.kind[4:]][0])(given, *more, **step.settings), 0
        if position not in self.layers:
            settings = step.settings | _from_weights(step, given)
            self.layers[position] = getattr(keras.layers, step.kind)(**settings, dtype="float32")
            if step.kind in WEIGHTS:
                with tf.init_scope():
                    self.layers[position].build(given.shape)
        value = self.layers[position](given)
        if step.kind == "Dense" or step.kind in CONVOLUTIONS:
            return value, math.prod(value.shape[:-1]) * sum(array.size for array in step.weights.values())
        if step.kind.startswith(("MaxPooling", "AveragePooling")):
            area = np.prod(np.broadcast_to(step.settings.get("pool_size", 2), 2).astype(float))
            return value, int(min(area, 1e12)) * math.prod(value.shape)
        sizes = [math.prod(one.shape) for one in (given if isinstance(given, list) else [given])]
        return value, math.prod(value.shape) * max(sizes) if step.kind == "Dot" else sum(sizes)


def _told(error):
    # TensorFlow begins with where in its graph something happened, and ends with what.
    lines = [line for line in str(error).splitlines() if line.strip() and "{{node" not in line]
    return f"{type(error).__name__}: {short_text(lines[-1] if lines else '')}"


def _effort_of_a_number(step):
    slow = step.kind in _SLOW or step.settings.get("activation") not in (None, "linear", "relu")
    return WORK_PER_SLOW_NUMBER if slow else WORK_PER_NUMBER


def _from_weights(step, given):
    """Give the settings of a layer of Keras that follow from its weights: their sizes, and that it starts with them."""
    kind, weights = step.kind, step.weights
    settings = {_FLAGS[name]: name in weights for name in WEIGHTS.get(kind, ("", ""))[1].split()}
    for name, array in weights.items():
        name = "depthwise" if kind == "DepthwiseConv2D" and name == "kernel" else name.removesuffix("_kernel")
        settings[f"{name}_initializer"] = _starting_with(array)
    if kind == "PReLU":
        settings["shared_axes"] = [axis for axis, size in enumerate(weights["alpha"].shape, 1) if size == 1]
    if kind == "Dense":
        settings["units"] = weights["kernel"].shape[-1]
    if kind not in CONVOLUTIONS:
        return settings
    *area, first, last = weights.get("kernel", weights.get("depthwise_kernel")).shape
    # TensorFlow pads its input by what a dilated kernel reaches.
    dilation = np.max(step.settings.get("dilation_rate", 1))
    if dilation > 1 and (max(area) - 1) * dilation > 2 * max(given.shape[1:-1]):
        raise ValueError("it is dilated far beyond the size of its input")
    settings["kernel_size"] = area
    if kind == "Conv2DTranspose":
        return settings | {"filters": first}
    if kind in ("Conv1D", "Conv2D"):
        return settings | {"filters": last, "groups": given.shape[-1] // first}
    if kind == "SeparableConv2D":
        if math.prod(given.shape[1:-1]) * first * last > MOST_NUMBERS:
            raise ValueError(f"it has {first * last:,} channels inside, which is too many")
        settings["filters"] = weights["pointwise_kernel"].shape[-1]
    return settings | {"depth_multiplier": last}


_FLAGS = {"bias": "use_bias", "gamma": "scale", "beta": "center"}


def _starting_with(array):
    """Give an initializer of Keras that takes these weights, before room for any of another shape is made."""

    def start(shape, dtype=None):
        if tuple(shape) != array.shape:
            raise ValueError(f"its weights have the shape {array.shape}, and {tuple(shape)} is needed")
        return array

    return start
