"""Test a map by hiding what it points at: regions, two ways of filling them, and the interval of a difference."""

import cv2
import numpy as np

from course_utils.errors import CourseError


def brightest(heat, share=0.1):
    """Mark the brightest pixels of each map.

    Parameters
    ----------
    heat : numpy.ndarray
        (n, height, width).
    share : float
        Which share of the pixels.

    Returns
    -------
    numpy.ndarray
        bool, (n, height, width), the same number of pixels in each; among equals, such as the zeros of a map that is
        dark nearly everywhere, chance decides (the same each time).
    """
    heat = np.asarray(heat)
    flat = heat.reshape(len(heat), -1)
    number = round(share * flat.shape[1])
    by_chance = np.random.default_rng(0).random(flat.shape)
    marked = np.zeros(flat.shape, bool)
    for row, values, chance in zip(marked, flat, by_chance, strict=True):
        row[np.lexsort((chance, -values))[:number]] = True
    return marked.reshape(heat.shape)


def moved_at_random(regions, seed=0):
    """Move each region to a random place: the same shape and area, what leaves on one side comes in on the other.

    Parameters
    ----------
    regions : numpy.ndarray
        bool, (n, height, width).
    seed : int
        Of the random places.

    Returns
    -------
    numpy.ndarray
        bool, (n, height, width).
    """
    rng = np.random.default_rng(seed)
    height, width = regions.shape[1:]
    return np.stack([np.roll(one, (rng.integers(height), rng.integers(width)), (0, 1)) for one in regions])


def mean_colour_in(images, regions):
    """Hide a region of each image behind the image's mean colour.

    Parameters
    ----------
    images : numpy.ndarray
        RGB 0-255, uint8, (n, height, width, 3).
    regions : numpy.ndarray
        bool, (n, height, width), true where to hide.

    Returns
    -------
    numpy.ndarray
        uint8, new images.
    """
    means = np.asarray(images).mean(axis=(1, 2), keepdims=True).round().astype(np.uint8)
    return np.where(regions[..., None], means, images)


def blur_in(images, regions, spread=10):
    """Hide a region of each image by blurring it: the colours stay, the shapes go.

    Parameters
    ----------
    images : numpy.ndarray
        RGB 0-255, uint8, (n, height, width, 3).
    regions : numpy.ndarray
        bool, (n, height, width), true where to hide.
    spread : float
        Standard deviation of the blur in pixels.

    Returns
    -------
    numpy.ndarray
        uint8, new images.
    """
    blurred = np.stack([cv2.GaussianBlur(image, (0, 0), spread) for image in images])
    return np.where(regions[..., None], blurred, images)


def mean_with_interval(values):
    """Give the mean of some measurements and the 95 % interval of that mean.

    Parameters
    ----------
    values : sequence of float
        One for each photo, such as the differences between two ways of hiding.

    Returns
    -------
    mean, low, high : float
        The interval is 1.96 standard errors to each side, which is meant for some hundred values or more.

    Raises
    ------
    CourseError
        Where there are fewer than two.
    """
    values = np.asarray(values, np.float64)
    if values.ndim != 1 or len(values) < 2:
        raise CourseError(f"An interval needs at least two numbers in a row; these have the shape {values.shape}.")
    mean, error = values.mean(), values.std(ddof=1) / np.sqrt(len(values))
    return float(mean), float(mean - 1.96 * error), float(mean + 1.96 * error)
