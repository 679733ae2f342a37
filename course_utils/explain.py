"""Look inside a model, also where a base is nested in it: feature maps, what excites a filter, and Grad-CAM."""

from contextlib import contextmanager

import cv2
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
        with _kept(layer) as kept:
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

    found = _map_layer(model, layer)
    number = found.output.shape[-1]
    if any(not 0 <= channel < number for channel in channels):
        raise CourseError(f"{layer} has the channels 0 to {number - 1}; these were asked for: {list(channels)}.")
    noise = np.random.default_rng(0).normal(128, 8, (len(channels), size, size, 3))
    images, chosen = tf.Variable(noise, dtype=tf.float32), tf.one_hot(channels, number)
    for _ in range(steps):
        # Without its ReLU, for a filter that answers nothing anywhere would have no slope to climb.
        with tf.GradientTape() as tape, _without_activation(found), _kept(found) as kept:
            model(images, training=False)
            answers = tf.reduce_sum(tf.reduce_mean(tf.cast(kept[0], tf.float32), (1, 2)) * chosen)
        slope = tape.gradient(answers, images)
        slope /= tf.math.reduce_std(slope, (1, 2, 3), keepdims=True) + 1e-12
        images.assign(tf.clip_by_value(images + 6 * slope, 0, 255))
    images = images.numpy()
    low, high = (np.percentile(images, share, (1, 2, 3), keepdims=True) for share in (1, 99))
    return ((images - low) / np.maximum(high - low, 1e-6) * 255).clip(0, 255).astype(np.uint8)


def grad_cam(model, images, layer, classes=None):
    """Show where in each image a model found what speaks for a class (Grad-CAM).

    The usual recipe builds a model from the input to the layer's output, which cannot be done where the layer lies
    in a nested model. Here the layer is watched while the whole model runs, so that any nesting will do.

    Parameters
    ----------
    model : keras.Model
        A classifier that ends in a softmax, or in a sigmoid of one unit.
    images : numpy.ndarray
        What the model takes, (n, height, width, 3).
    layer : str
        The name of a layer that gives feature maps, such as the last of `map_layers`.
    classes : sequence of int, optional
        The class to explain for each image; by default the one that the model answers.

    Returns
    -------
    numpy.ndarray
        float32, (n, height, width), 0 to 1: the brighter, the more it speaks for the class.

    Raises
    ------
    CourseError
        Where the model has no such layer, does not end in such an activation, or the classes do not fit.

    Notes
    -----
    Selvaraju et al., Grad-CAM (2017): the maps, each weighted by the mean slope of the class's score, of which
    only what is positive counts. The score is taken before the softmax, which is flat where a model is sure.
    """
    import tensorflow as tf

    found, last = _map_layer(model, layer), _last_layer(model)
    images = np.asarray(images)
    with tf.GradientTape() as tape, _without_activation(last), _kept(found, tape) as kept:
        scores = tf.cast(model(images, training=False), tf.float32)
        if scores.shape[-1] == 1:
            scores = tf.concat([-scores, scores], axis=1)
        answers = np.argmax(scores, axis=1) if classes is None else np.asarray(classes)
        if answers.shape != (len(images),) or answers.min() < 0 or answers.max() >= scores.shape[-1]:
            raise CourseError(f"Give one class from 0 to {scores.shape[-1] - 1} for each of the {len(images)} images.")
        chosen = tf.reduce_sum(scores * tf.one_hot(answers, scores.shape[-1]))
    maps = np.asarray(kept[0]).astype(np.float32)
    slopes = np.asarray(tape.gradient(chosen, kept[0])).astype(np.float32)
    heat = np.maximum((maps * slopes.mean(axis=(1, 2), keepdims=True)).sum(axis=-1), 0)
    heat /= np.maximum(heat.max(axis=(1, 2), keepdims=True), 1e-12)
    height, width = images.shape[1:3]
    return np.stack([cv2.resize(one, (width, height), interpolation=cv2.INTER_LINEAR) for one in heat])


def overlay(images, heat):
    """Lay heat maps over images.

    Parameters
    ----------
    images : numpy.ndarray
        RGB, uint8, (n, height, width, 3).
    heat : numpy.ndarray
        0 to 1, (n, height, width), such as from `grad_cam`.

    Returns
    -------
    numpy.ndarray
        RGB, uint8, (n, height, width, 3): dark violet where there is nothing, yellow where there is most.

    Raises
    ------
    CourseError
        Where the two do not belong together.
    """
    if np.shape(heat) != np.shape(images)[:-1]:
        raise CourseError(f"Heat maps {np.shape(heat)} do not belong to images {np.shape(images)}; give one for each.")
    colours = [cv2.applyColorMap((255 * one).astype(np.uint8), cv2.COLORMAP_VIRIDIS)[..., ::-1] for one in heat]
    return (0.5 * np.asarray(images) + 0.5 * np.stack(colours)).astype(np.uint8)


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


def _map_layer(model, name):
    layer = _find(model, name)
    if len(layer.output.shape) != 4:
        raise CourseError(f"{name} gives no feature maps; choose one of {', '.join(map_layers(model))}.")
    return layer


def _last_layer(model):
    *_, last = _all_layers(model)
    activation = getattr(getattr(last, "activation", None), "__name__", None)
    if activation not in ("softmax", "sigmoid"):
        raise CourseError(f"The model ends in {last.name}, not in a softmax or sigmoid; give a classifier.")
    return last


@contextmanager
def _kept(layer, tape=None):
    """Keep what a layer gives while the block runs, and let the tape watch it."""
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
def _without_activation(layer):
    """Let a layer give its scores without its activation while the block runs."""
    import keras

    original = getattr(layer, "activation", None)
    if original is not None:
        layer.activation = keras.activations.linear
    try:
        yield
    finally:
        if original is not None:
            layer.activation = original
