"""From the numbers that a model gives to its answers, and to the accuracy that they make."""

import numpy as np

from course_utils.assignments.public_photos import PUBLIC_TEST


def are_for_public_test(predictions):
    """Say whether predictions are finite numbers for the 1,000 public test photos: one column, or two.

    Parameters
    ----------
    predictions : numpy.ndarray

    Returns
    -------
    bool
    """
    fits = predictions.shape in ((PUBLIC_TEST,), (PUBLIC_TEST, 1), (PUBLIC_TEST, 2))
    return fits and bool(np.isfinite(predictions).all())


def dogs(outputs, cut):
    """Say dog or cat for each photo, from one or two numbers.

    Parameters
    ----------
    outputs : numpy.ndarray
        (n,), (n, 1) or (n, 2).
    cut : float
        From `cut_between`; it counts for one number a photo.

    Returns
    -------
    numpy.ndarray
        1 dog, 0 cat.
    """
    outputs = np.asarray(outputs)
    if outputs.ndim == 2 and outputs.shape[1] == 2:
        return outputs.argmax(axis=1)
    return (outputs.reshape(len(outputs)) > cut).astype(int)


def cut_between(outputs, predictions):
    """Say where one number a photo separates cats from dogs: 0.5 for probabilities, 0 for logits.

    Parameters
    ----------
    outputs : numpy.ndarray
        What a model gives.
    predictions : numpy.ndarray
        The student's own for the public test photos.

    Returns
    -------
    float
    """
    if outputs.size == 0 or (outputs.min() >= 0 and outputs.max() <= 1):
        return 0.5
    # A head without sigmoid may have learned the labels 0 and 1 themselves: then the student's predictions tell.
    one_each = are_for_public_test(predictions) and predictions.size == PUBLIC_TEST
    if one_each and (predictions.min() < 0 or predictions.max() > 1):
        return max((0.0, 0.5), key=lambda cut: public_accuracy(predictions, cut) or 0)
    return 0.0


def public_accuracy(predictions, cut=None):
    """Compute the accuracy that follows from predictions for the public test photos, 500 dogs and 500 cats.

    Parameters
    ----------
    predictions : numpy.ndarray
    cut : float, optional
        By default what `cut_between` says.

    Returns
    -------
    float or None
        None where they are not finite numbers for the 1,000 photos.
    """
    if not are_for_public_test(predictions):
        return None
    cut = cut_between(predictions, predictions) if cut is None else cut
    return float((dogs(predictions, cut) == (np.arange(PUBLIC_TEST) < 500)).mean())
