"""Calibration: one temperature that makes a model's confidence honest."""

import numpy as np

from course_utils.errors import CourseError


def fit_temperature(probabilities, labels):
    """Find the temperature that makes a model's confidence most honest on some photos that it has not seen.

    Parameters
    ----------
    probabilities : numpy.ndarray
        What the model gives for each class, (n, classes).
    labels : numpy.ndarray
        The true class of each photo, (n,).

    Returns
    -------
    float
        The temperature with the smallest cross-entropy, for `calibrated`: above 1 where the model is too sure.

    Raises
    ------
    CourseError
        Where the two do not belong together.

    Notes
    -----
    Guo et al., On Calibration of Modern Neural Networks (2017).
    """
    from scipy.optimize import minimize_scalar

    probabilities, labels = np.asarray(probabilities), np.asarray(labels)
    if probabilities.ndim != 2 or labels.shape != (len(probabilities),) or len(labels) == 0:
        raise CourseError(
            f"Probabilities {probabilities.shape} and labels {labels.shape} do not belong together; give one row of "
            "probabilities and one label for each photo."
        )

    def cross_entropy(logarithm):
        right = calibrated(probabilities, np.exp(logarithm))[np.arange(len(labels)), labels]
        return -np.log(np.maximum(right, 1e-12)).mean()

    return float(np.exp(minimize_scalar(cross_entropy, bounds=(-3, 3), method="bounded").x))


def calibrated(probabilities, temperature):
    """Divide a model's scores by a temperature before the softmax: above 1 it is less sure, and no answer changes.

    Parameters
    ----------
    probabilities : numpy.ndarray
        What the model gives for each class, (n, classes).
    temperature : float
        Above 0, such as from `fit_temperature`.

    Returns
    -------
    numpy.ndarray
        float64, (n, classes); each row adds up to 1.

    Raises
    ------
    CourseError
        Where the temperature is not above 0.
    """
    if not temperature > 0:
        raise CourseError(f"The temperature is {temperature}; give a number above 0.")
    # The logarithm of a probability is its score, up to a constant that the softmax cancels.
    scores = np.log(np.maximum(np.asarray(probabilities, np.float64), 1e-12)) / temperature
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
