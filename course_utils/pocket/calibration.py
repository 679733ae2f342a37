"""One temperature that makes a network's confidence worth what it says, as in notebook 09."""

import numpy as np


def fit_temperature(probabilities, labels):
    """Find the temperature that makes the probabilities fit the labels best.

    Parameters
    ----------
    probabilities : numpy.ndarray
        What a model gave for photos that it has not seen, (n, classes).
    labels : numpy.ndarray
        Their classes as whole numbers, (n,).

    Returns
    -------
    float
        Above 1 where the model is too sure, below 1 where it is not sure enough; between 0.05 and 20.

    Notes
    -----
    C. Guo and others, On Calibration of Modern Neural Networks (2017): the smallest mean cross-entropy.
    """
    from scipy.optimize import minimize_scalar

    places = np.arange(len(labels))

    def loss(log_temperature):
        return -np.log(calibrated(probabilities, np.exp(log_temperature))[places, labels] + 1e-12).mean()

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


def calibrated(probabilities, temperature):
    """Divide the scores behind some probabilities by a temperature.

    Parameters
    ----------
    probabilities : numpy.ndarray
        (n, classes).
    temperature : float
        From `fit_temperature`; 1 changes nothing.

    Returns
    -------
    numpy.ndarray
        Probabilities, (n, classes): less sure for a temperature above 1. The likeliest class stays the likeliest.
    """
    # Up to a constant, which softmax cancels, the logarithm of a probability is its score.
    scores = np.log(np.clip(probabilities, 1e-7, 1)) / temperature
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
