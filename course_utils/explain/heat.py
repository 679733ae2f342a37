"""Maps of what speaks for an answer: occlusion, Grad-CAM and HiResCAM, and the margin that they explain."""

import cv2
import numpy as np

from course_utils.errors import CourseError
from course_utils.explain.hiding import mean_colour_in
from course_utils.explain.layers import kept_outputs, last_layer, map_layer, without_activation


def margins(model, images, classes=None, batch_size=50):
    """Say how far a model is from changing its mind: the logarithm of p / (1 - p) of a class for each image.

    Parameters
    ----------
    model : keras.Model
        A classifier that ends in a softmax, or in a sigmoid of one unit.
    images : numpy.ndarray
        What the model takes, (n, height, width, 3).
    classes : sequence of int, optional
        The class to look at for each image; by default the one that the model answers.
    batch_size : int
        Images at a time.

    Returns
    -------
    numpy.ndarray
        float32, (n,): for two classes the score of the class minus that of the other; 0 is undecided, below 0 the
        model has answered another class.

    Raises
    ------
    CourseError
        Where the model does not end in such an activation, or the classes do not fit.
    """
    last, found = last_layer(model), []
    for batch, chosen in _batches(images, classes, batch_size):
        with without_activation(last):
            scores = model(batch, training=False)
        found.append(np.asarray(_margin(scores, chosen)))
    return np.concatenate(found)


def maps_and_slopes(model, images, layer, classes=None, batch_size=50):
    """Give the feature maps of a layer, and by how much the margin of a class would change with each of their numbers.

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
    batch_size : int
        Images at a time.

    Returns
    -------
    maps, slopes : numpy.ndarray
        float32, (n, h, w, channels), the slopes being those of `margins`.

    Raises
    ------
    CourseError
        Where the model has no such layer, does not end in such an activation, or the classes do not fit.
    """
    import tensorflow as tf

    found, last, maps, slopes = map_layer(model, layer), last_layer(model), [], []
    for batch, chosen in _batches(images, classes, batch_size):
        # Only what follows the maps is recorded, which spares the memory of all layers before them.
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            with without_activation(last), kept_outputs(found, tape) as kept:
                scores = model(batch, training=False)
            margin = _margin(scores, chosen)
        maps.append(np.asarray(kept[0]).astype(np.float32))
        slopes.append(np.asarray(tape.gradient(margin, kept[0])).astype(np.float32))
    return np.concatenate(maps), np.concatenate(slopes)


def grad_cam(model, images, layer, classes=None):
    """Map what speaks for a class by Grad-CAM: each feature map weighted by the mean of its slopes.

    Whether such a map shows where a model's evidence is has to be tested, by hiding what it points at: in front of a
    Flatten layer the mean throws away which place a slope belongs to.

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
    Selvaraju et al., Grad-CAM (2017). The slopes are those of the class's margin before the softmax, which is flat
    where a model is sure.
    """
    maps, slopes = maps_and_slopes(model, images, layer, classes)
    return _as_heat((maps * slopes.mean(axis=(1, 2), keepdims=True)).sum(axis=-1), images)


def hires_cam(model, images, layer, classes=None):
    """Map what speaks for a class by HiResCAM: each number of the feature maps times its own slope.

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
    Draelos and Carin, arXiv 2011.08891 (2020).
    """
    maps, slopes = maps_and_slopes(model, images, layer, classes)
    return _as_heat((maps * slopes).sum(axis=-1), images)


def occlusion_map(model, images, side=30, step=20):
    """Map what speaks for a model's answer by covering it: how far the margin falls behind a square of mean colour.

    Parameters
    ----------
    model : keras.Model
        A classifier that ends in a softmax, or in a sigmoid of one unit.
    images : numpy.ndarray
        RGB 0-255, (n, height, width, 3).
    side, step : int
        The side of the square, and how far it moves each time, in pixels.

    Returns
    -------
    numpy.ndarray
        float32, (n, height, width), 0 to 1: for each pixel the mean over the squares that covered it, of which only
        what is positive counts.

    Raises
    ------
    CourseError
        Where the model does not end in such an activation.
    """
    images = np.asarray(images)
    height, width = images.shape[1:3]
    places = [(top, left) for top in _starts(height, side, step) for left in _starts(width, side, step)]
    squares = np.zeros((len(places), height, width), bool)
    for square, (top, left) in zip(squares, places, strict=True):
        square[top : top + side, left : left + side] = True
    answers, heat = _answers(model, images), []
    for image, answer, margin in zip(images, answers, margins(model, images, answers), strict=True):
        covered = mean_colour_in(np.repeat(image[None], len(places), axis=0), squares)
        falls = margin - margins(model, covered, [answer] * len(places))
        heat.append(np.tensordot(falls, squares.astype(np.float32), 1) / squares.sum(axis=0))
    return _scaled(np.maximum(heat, 0).astype(np.float32))


def overlay(images, heat):
    """Lay heat maps over images.

    Parameters
    ----------
    images : numpy.ndarray
        RGB, uint8, (n, height, width, 3).
    heat : numpy.ndarray
        0 to 1, (n, height, width), such as from `hires_cam`.

    Returns
    -------
    numpy.ndarray
        RGB, uint8, (n, height, width, 3): the images in grey, red to yellow where there is most.

    Raises
    ------
    CourseError
        Where the two do not belong together.
    """
    if np.shape(heat) != np.shape(images)[:-1]:
        raise CourseError(f"Heat maps {np.shape(heat)} do not belong to images {np.shape(images)}; give one for each.")
    grey = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None] for image in np.asarray(images)]
    colours = [cv2.applyColorMap((255 * one).astype(np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1] for one in heat]
    share = 0.8 * np.asarray(heat)[..., None]
    return ((1 - share) * np.stack(grey) + share * np.stack(colours)).astype(np.uint8)


def _batches(images, classes, batch_size):
    images = np.asarray(images)
    if classes is not None and np.shape(classes) != (len(images),):
        raise CourseError(f"There are {np.size(classes)} classes for {len(images)} images; give one class for each.")
    for start in range(0, len(images), batch_size):
        stop = start + batch_size
        yield images[start:stop], None if classes is None else np.asarray(classes)[start:stop]


def _margin(scores, classes):
    """The score of a class against all others together, as a tensor; for two classes their difference."""
    import tensorflow as tf

    scores = tf.cast(scores, tf.float32)
    if scores.shape[-1] == 1:
        scores = tf.concat([tf.zeros_like(scores), scores], axis=1)
    number = scores.shape[-1]
    classes = np.argmax(scores, axis=1) if classes is None else classes
    if np.min(classes) < 0 or np.max(classes) >= number:
        raise CourseError(f"Give classes from 0 to {number - 1}; these were given: {sorted(set(map(int, classes)))}.")
    chosen = tf.one_hot(classes, number)
    others = tf.reduce_logsumexp(tf.where(chosen > 0, -np.inf, scores), axis=1)
    return tf.reduce_sum(scores * chosen, axis=1) - others


def _answers(model, images):
    probabilities = model.predict(images, batch_size=50, verbose=0)
    return probabilities.argmax(axis=1) if probabilities.shape[1] > 1 else (probabilities[:, 0] > 0.5).astype(int)


def _starts(length, side, step):
    """Where squares begin, the last one at the edge."""
    return sorted({*range(0, length - side, step), length - side})


def _scaled(heat):
    return heat / np.maximum(heat.max(axis=(1, 2), keepdims=True), 1e-12)


def _as_heat(heat, images):
    """Keep what is positive, scale each map to its own maximum, and enlarge it to the size of the images."""
    height, width = np.shape(images)[1:3]
    heat = _scaled(np.maximum(heat, 0))
    return np.stack([cv2.resize(one, (width, height), interpolation=cv2.INTER_LINEAR) for one in heat])
