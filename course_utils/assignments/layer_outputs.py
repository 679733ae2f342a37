"""Compute what the layers of a homework's model give: for one photo at a time, and within bounds."""

import math

import numpy as np

from course_utils.assignments.layers import CONVOLUTIONS, OPERATIONS, WEIGHTS, NotScored, Value, short_text

# For one photo: the numbers that one step gives, those that all steps give, and multiplications, roughly.
MOST_NUMBERS = 3_000_000
MOST_NUMBERS_TOGETHER = 30_000_000
MOST_WORK = 400_000_000
# Measured: a number that a step gives takes the time of so many multiplications, beside those of a convolution.
WORK_PER_NUMBER = 300
WORK_PER_SLOW_NUMBER = 1500
_SLOW = {"LayerNormalization", "GroupNormalization", "UnitNormalization", "Softmax", "Resizing", "UpSampling2D",
         "ops.Softmax", "ops.LogSoftmax", "ops.Normalize", "ops.Std", "ops.Var"}  # fmt: skip


def photo_by_photo(steps, inputs, without=None):
    """Compute what steps give for photos, each photo alone.

    Parameters
    ----------
    steps : list of Step
        The last one gives the result.
    inputs : list of numpy.ndarray
        float32, each (n, ...): what the Values -1, -2, ... are for n photos.
    without : int, optional
        A step that gives zeros instead of its values.

    Returns
    -------
    numpy.ndarray
        float32, (n, ...).

    Raises
    ------
    NotScored
        Where a step cannot be computed, or all of them need too much; nothing has been computed then.
    """
    import tensorflow as tf

    if not steps:
        return np.asarray(inputs[0], np.float32)
    tensors = [tf.convert_to_tensor(np.asarray(array, np.float32)) for array in inputs]
    # Outside of the traced function: what lies inside becomes part of the program.
    weights = [{name: tf.convert_to_tensor(array) for name, array in step.weights.items()} for step in steps]

    @tf.function(autograph=False, input_signature=[tf.TensorSpec((1, *one.shape[1:]), tf.float32) for one in tensors])
    def program(*photo):
        return _traced(steps, weights, photo, without)

    compute = program.get_concrete_function()
    try:
        found = [compute(*(one[i : i + 1] for one in tensors)).numpy() for i in range(len(tensors[0]))]
    except (tf.errors.OpError, ValueError, TypeError) as error:
        raise NotScored(f"The head cannot be computed ({_told(error)}).") from None
    if found[0].shape[:1] != (1,):
        raise NotScored(f"The head gives numbers of shape {found[0].shape} for one photo.")
    return np.concatenate(found)


def shapes_of(steps, inputs):
    """Give the shape of what each step gives for one photo, computing nothing.

    Parameters
    ----------
    steps : list of Step
    inputs : list of tuple
        The shapes of the Values -1, -2, ... for one photo.

    Returns
    -------
    list of tuple
        The first number counts the photos: 1.

    Raises
    ------
    NotScored
        As `photo_by_photo`.
    """
    import tensorflow as tf

    weights = [{name: tf.convert_to_tensor(array) for name, array in step.weights.items()} for step in steps]
    shapes = []

    @tf.function(autograph=False, input_signature=[tf.TensorSpec((1, *one), tf.float32) for one in inputs])
    def program(*photo):
        return _traced(steps, weights, photo, None, shapes)

    program.get_concrete_function()
    return shapes


def _traced(steps, weights, photo, without, shapes=None):
    """Go through the steps with the shapes of one photo, before anything is computed."""
    values = {-1 - number: value for number, value in enumerate(photo)}
    together = work = 0
    for position, step in enumerate(steps):
        try:
            value, effort = _compute(step, weights[position], values)
            shape = tuple(value.shape)
            numbers = math.prod(shape)
        except NotScored:
            raise
        except Exception as error:
            # Keras and TensorFlow have many kinds; whatever they raise here is about this step.
            raise NotScored(f"The layer {step.name!r} ({step.kind}) cannot be computed ({_told(error)}).") from None
        together, work = together + numbers, work + effort + numbers * _effort_of_a_number(step)
        if numbers > MOST_NUMBERS or together > MOST_NUMBERS_TOGETHER:
            raise NotScored(f"The layer {step.name!r} would give {numbers:,} numbers a photo, which is too many.")
        if work > MOST_WORK:
            raise NotScored(
                f"Up to the layer {step.name!r} the head takes the time of {work:,} multiplications a photo; at most "
                f"{MOST_WORK:,} are computed."
            )
        if shapes is not None:
            shapes.append(shape)
        values[position] = value * 0 if position == without else value
    return values[len(steps) - 1]


def _told(error):
    # TensorFlow begins with where in its graph something happened, and ends with what.
    lines = [line for line in str(error).splitlines() if line.strip() and "{{node" not in line]
    return f"{type(error).__name__}: {short_text(lines[-1] if lines else '')}"


def _effort_of_a_number(step):
    slow = step.kind in _SLOW or step.settings.get("activation") not in (None, "linear", "relu")
    return WORK_PER_SLOW_NUMBER if slow else WORK_PER_NUMBER


def _compute(step, weights, values):
    """Give a step's value for one photo, and its multiplications."""
    import keras

    def fill(argument):
        if isinstance(argument, Value):
            return values[argument.position]
        return [fill(one) for one in argument] if isinstance(argument, list) else argument

    arguments = [fill(argument) for argument in step.inputs]
    if step.kind in WEIGHTS:
        value, effort = _weighted(step.kind, step.settings, weights, arguments[0])
        return keras.activations.get(step.settings.get("activation"))(value), effort
    if step.kind == "ops.GetItem":
        return arguments[0][tuple(arguments[1])], 0
    if step.kind.startswith("ops."):
        return getattr(keras.ops, OPERATIONS[step.kind[4:]][0])(*arguments, **step.settings), 0
    value = getattr(keras.layers, step.kind)(**step.settings, dtype="float32")(arguments[0])
    if step.kind.startswith(("MaxPooling", "AveragePooling")):
        area = np.prod(np.broadcast_to(step.settings.get("pool_size", 2), 2).astype(float))
        return value, int(min(area, 1e12)) * math.prod(tuple(value.shape))
    if step.kind == "Dot":
        return value, math.prod(tuple(value.shape)) * max(math.prod(tuple(one.shape)) for one in arguments[0])
    inputs = arguments[0] if isinstance(arguments[0], list) else [arguments[0]]
    return value, sum(math.prod(tuple(one.shape)) for one in inputs)


def _weighted(kind, settings, weights, x):
    """Compute a layer that has weights, without its activation."""
    from keras import ops

    bias = weights.get("bias", 0.0)
    moving = {key: _plain_pair(settings[key]) for key in ("strides", "dilation_rate") if key in settings}
    moving |= {"padding": settings.get("padding", "valid")}
    if kind == "Dense":
        return ops.matmul(x, weights["kernel"]) + bias, math.prod(tuple(x.shape)) * int(weights["kernel"].shape[-1])
    if kind in CONVOLUTIONS:
        name = "depthwise_kernel" if kind == "SeparableConv2D" else "kernel"
        _check_dilation(settings, weights[name].shape, x.shape)
    if kind in ("Conv1D", "Conv2D"):
        value = ops.conv(x, weights["kernel"], data_format="channels_last", **moving)
        return value + bias, math.prod(tuple(value.shape)) * math.prod(weights["kernel"].shape[:-1])
    if kind == "Conv2DTranspose":
        more = {"output_padding": settings.get("output_padding"), "data_format": "channels_last"}
        value = ops.conv_transpose(x, weights["kernel"], **moving, **more)
        return value + bias, math.prod(tuple(x.shape)) * math.prod(weights["kernel"].shape[:-1])
    if kind in ("DepthwiseConv2D", "SeparableConv2D"):
        kernel = weights.get("kernel", weights.get("depthwise_kernel"))
        value = ops.depthwise_conv(x, kernel, data_format="channels_last", **moving)
        effort = math.prod(tuple(value.shape)) * math.prod(kernel.shape[:2])
        if kind == "SeparableConv2D":
            if math.prod(tuple(value.shape)) > MOST_NUMBERS:
                raise NotScored(f"A separable convolution has {value.shape[-1]:,} channels inside, which is too many.")
            value = ops.conv(value, weights["pointwise_kernel"], padding="valid", data_format="channels_last")
            effort += math.prod(tuple(value.shape)) * int(weights["pointwise_kernel"].shape[-2])
        return value + bias, effort
    if kind == "PReLU":
        return ops.relu(x) - weights["alpha"] * ops.relu(-x), 0
    if kind == "BatchNormalization":
        x, variance = x - weights["moving_mean"], weights["moving_variance"]
    else:
        shape, axes = tuple(x.shape), settings.get("axis")
        if kind == "GroupNormalization":
            groups = settings.get("groups", 32)
            groups = shape[-1] if groups == -1 else groups
            x = ops.reshape(x, (*shape[:-1], groups, shape[-1] // groups))
            axes = [*range(1, len(shape) - 1), len(shape)]
        mean, variance = ops.moments(x, axes, keepdims=True)
        x = x - mean
    x = x * ops.rsqrt(variance + settings.get("epsilon", 1e-3))
    if kind == "GroupNormalization":
        x = ops.reshape(x, shape)
    scale, shift = (_in_one_axis(weights[key]) if key in weights else None for key in ("gamma", "beta"))
    x = x if scale is None else x * scale
    return x if shift is None else x + shift, 0


def _in_one_axis(weight):
    """Bring (1, ..., 1, n) to (n,): TensorFlow's optimizer may put an operation of its own there, which wants that."""
    return weight if math.prod(weight.shape) != weight.shape[-1] else weight[(0,) * (len(weight.shape) - 1)]


def _check_dilation(settings, kernel, shape):
    # TensorFlow pads its input by what a dilated kernel reaches.
    reach = max((int(size) - 1) for size in kernel[:2]) * np.max(settings.get("dilation_rate", 1))
    if np.max(settings.get("dilation_rate", 1)) > 1 and reach > 2 * max(shape[1:-1]):
        raise NotScored("A convolution is dilated far beyond the size of its input.")


def _plain_pair(value):
    return tuple(value) if isinstance(value, list) else value
