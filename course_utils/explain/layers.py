"""The layers of a model, also of one nested in it: their feature maps, and what excites a channel most."""

from contextlib import contextmanager

import numpy as np

from course_utils.errors import CourseError


def map_layers(model):
    """List the layers of a model that give feature maps, those of nested models among them.

    Parameters
    ----------
    model : keras.Model

    Returns
    -------
    list of str
        The names of all layers whose output is (n, height, width, channels), pooling and inputs left out, from the
        first to the last.
    """
    return [layer.name for layer in _all_layers(model) if _gives_maps(layer)]


def dense_layers(model):
    """List the Dense layers of a model, those of nested models among them.

    Parameters
    ----------
    model : keras.Model

    Returns
    -------
    list of str
        Their names, from the first to the last.
    """
    return [layer.name for layer in _all_layers(model) if type(layer).__name__ == "Dense"]


def layer_outputs(model, images, layer, batch_size=64):
    """Run images through a model and keep what one of its layers gives, however deep it is nested.

    Parameters
    ----------
    model : keras.Model
    images : numpy.ndarray
        What the model takes, (n, height, width, 3).
    layer : str
        The layer's name.
    batch_size : int
        Images at a time.

    Returns
    -------
    numpy.ndarray
        float32, (n, ...).

    Raises
    ------
    CourseError
        Where the model has no such layer.
    """
    layer, outputs = _find(model, layer), []
    for start in range(0, len(images), batch_size):
        with kept_outputs(layer) as kept:
            model(np.asarray(images[start : start + batch_size]), training=False)
        outputs.append(np.asarray(kept[0]).astype(np.float32))
    return np.concatenate(outputs)


def most_exciting(model, layer, channels, steps=30, size=150):
    """Search, from grey noise, for the images that excite some channels of a layer most (gradient ascent).

    Parameters
    ----------
    model : keras.Model
        Takes RGB 0-255.
    layer : str
        The name of a layer that gives feature maps.
    channels : sequence of int
        Which of its channels; one image is made for each.
    steps : int
        How many steps uphill.
    size : int
        Height and width of the images in pixels.

    Returns
    -------
    numpy.ndarray
        uint8, (len(channels), size, size, 3), each stretched to the full range of values.

    Raises
    ------
    CourseError
        Where the model has no such layer or the layer no such channel.
    """
    import tensorflow as tf

    found = map_layer(model, layer)
    number = found.output.shape[-1]
    if any(not 0 <= channel < number for channel in channels):
        raise CourseError(f"{layer} has the channels 0 to {number - 1}; these were asked for: {list(channels)}.")
    noise = np.random.default_rng(0).normal(128, 8, (len(channels), size, size, 3))
    images, chosen = tf.Variable(noise, dtype=tf.float32), tf.one_hot(channels, number)
    for _ in range(steps):
        # Without its ReLU, for a filter that answers nothing anywhere would have no slope to climb.
        with tf.GradientTape() as tape, without_activation(found), kept_outputs(found) as kept:
            model(images, training=False)
            answers = tf.reduce_sum(tf.reduce_mean(tf.cast(kept[0], tf.float32), (1, 2)) * chosen)
        slope = tape.gradient(answers, images)
        slope /= tf.math.reduce_std(slope, (1, 2, 3), keepdims=True) + 1e-12
        images.assign(tf.clip_by_value(images + 6 * slope, 0, 255))
    images = images.numpy()
    low, high = (np.percentile(images, share, (1, 2, 3), keepdims=True) for share in (1, 99))
    return ((images - low) / np.maximum(high - low, 1e-6) * 255).clip(0, 255).astype(np.uint8)


def _all_layers(model):
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _all_layers(layer)
        else:
            yield layer


def _gives_maps(layer):
    if "Pooling" in type(layer).__name__ or type(layer).__name__ == "InputLayer":
        return False
    return len(getattr(layer.output, "shape", ())) == 4


def _find(model, name):
    for layer in _all_layers(model):
        if layer.name == name:
            return layer
    names = [layer.name for layer in _all_layers(model)]
    raise CourseError(f"The model has no layer {name!r}; choose one of {', '.join(names)}.")


def map_layer(model, name):
    """Find a layer that gives feature maps by its name.

    Parameters
    ----------
    model : keras.Model
    name : str

    Returns
    -------
    keras.layers.Layer

    Raises
    ------
    CourseError
        Where the model has no such layer, or the layer gives no feature maps.
    """
    layer = _find(model, name)
    if len(layer.output.shape) != 4:
        raise CourseError(f"{name} gives no feature maps; choose one of {', '.join(map_layers(model))}.")
    return layer


def last_layer(model):
    """Find the layer whose softmax or sigmoid gives a classifier's answer.

    Parameters
    ----------
    model : keras.Model

    Returns
    -------
    keras.layers.Layer

    Raises
    ------
    CourseError
        Where the model ends in something else.
    """
    *_, last = _all_layers(model)
    activation = getattr(getattr(last, "activation", None), "__name__", None)
    if activation not in ("softmax", "sigmoid") and type(last).__name__ != "Softmax":
        raise CourseError(f"The model ends in {last.name}, not in a softmax or sigmoid; give a classifier.")
    return last


@contextmanager
def kept_outputs(layer, tape=None):
    """Keep what a layer gives while the block runs.

    Parameters
    ----------
    layer : keras.layers.Layer
        The layer, of any model that is called in the block.
    tape : tensorflow.GradientTape, optional
        A tape that is to watch what the layer gives.

    Yields
    ------
    list
        One output for each call of the layer.
    """
    outputs, original = [], layer.call

    def call(*arguments, **named):
        output = original(*arguments, **named)
        if tape is not None:
            tape.watch(output)
        outputs.append(output)
        return output

    layer.call = call
    try:
        yield outputs
    finally:
        del layer.call


@contextmanager
def without_activation(layer):
    """Let a layer give its scores without its activation while the block runs; a Softmax layer passes them on.

    Parameters
    ----------
    layer : keras.layers.Layer
        Such as `last_layer` gives.
    """
    import keras

    if type(layer).__name__ == "Softmax":
        layer.call = lambda inputs, **_: inputs
        try:
            yield
        finally:
            del layer.call
        return
    original = getattr(layer, "activation", None)
    if original is not None:
        layer.activation = keras.activations.linear
    try:
        yield
    finally:
        if original is not None:
            layer.activation = original
