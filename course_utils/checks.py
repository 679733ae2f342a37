"""Checks that explain: each prints one OK line, or stops the notebook and says what to look at."""

import math

import numpy as np

from course_utils import settings
from course_utils.errors import CourseError


def check(passed, claim, hint):
    """Print that a claim holds, or stop with the claim and a hint.

    Parameters
    ----------
    passed : bool
        Whether the claim holds.
    claim : str
        What should be true, as a statement.
    hint : str
        What to look at when it is not.

    Raises
    ------
    CourseError
        Where ``passed`` is not true.
    """
    if not isinstance(passed, bool | np.bool_):
        raise CourseError(f"Check needs True or False, not {type(passed).__name__}; compare with ==, < or all().")
    if not passed:
        raise CourseError(f"Check failed: {claim}. {hint}")
    print(f"Check OK: {claim}")


def check_images(images, count, size=150):
    """Check the form of a loaded set of images: an array of the right type, shape and range, not all alike.

    This checks the form, not whether the photos are the right ones.

    Parameters
    ----------
    images : numpy.ndarray
        Expected: uint8, shape (count, size, size, 3), values 0-255.
    count : int
        How many images there should be.
    size : int
        Their height and width in pixels.

    Raises
    ------
    CourseError
        Where one of these is not so; each has its own words.
    """
    if not isinstance(images, np.ndarray):
        raise CourseError(f"The images are a {type(images).__name__}, not a NumPy array; stack them into one array.")
    if images.ndim != 4:
        raise CourseError(
            f"The images have shape {images.shape}; four axes are needed: (photos, height, width, channels)."
        )
    if len(images) != count:
        raise CourseError(f"There are {len(images)} images, not {count}; count the files in the folders.")
    if images.shape[1:] != (size, size, 3):
        raise CourseError(f"One image has shape {images.shape[1:]}, not ({size}, {size}, 3); resize each photo first.")
    if images.dtype != np.uint8:
        raise CourseError(f"The values are {images.dtype}, not uint8; keep bytes and scale inside the model (M3).")
    blank = [i for i, image in enumerate(images) if image.min() == image.max()]
    if blank:
        raise CourseError(f"Image {blank[0]} has one single colour; was it loaded at all?")
    print(f"Check OK: {count} images of {size} x {size} x 3 as uint8 (this checks the form, not the contents)")


def check_labels(labels, cats, dogs):
    """Check the form of the labels: whole numbers, 0 for each cat and 1 for each dog.

    This checks counts, not whether each label stands beside its photo.

    Parameters
    ----------
    labels : numpy.ndarray
        One label a photo.
    cats, dogs : int
        How many of each there should be.

    Raises
    ------
    CourseError
        Where one of these is not so; each has its own words.
    """
    labels = np.asarray(labels)
    if labels.ndim != 1:
        raise CourseError(f"The labels have shape {labels.shape}; one number a photo is needed, so one axis.")
    if len(labels) != cats + dogs:
        raise CourseError(f"There are {len(labels)} labels, not {cats + dogs}; one for each photo is needed.")
    if not np.issubdtype(labels.dtype, np.integer):
        raise CourseError(f"The labels are {labels.dtype}; use whole numbers, 0 for a cat and 1 for a dog.")
    if not np.isin(labels, (0, 1)).all():
        raise CourseError(f"The labels contain {sorted(set(labels.tolist()))[:5]}; only 0 (cat) and 1 (dog) are meant.")
    if int(labels.sum()) != dogs:
        raise CourseError(f"{int(labels.sum())} labels say dog, not {dogs}; are the two classes swapped or mixed up?")
    print(f"Check OK: {len(labels)} labels, {cats} cats (0) and {dogs} dogs (1)")


def check_accuracy(name, accuracy, low, high=1.0):
    """Check that a measured accuracy lies in the range that held over several seeds.

    In fast mode (COURSE_FAST=1) the notebooks train too briefly for the range to hold: there only the form is
    checked, and the line says so.

    Parameters
    ----------
    name : str
        What was measured, such as ``"scratch CNN, test accuracy"``.
    accuracy : float
        A share between 0 and 1.
    low, high : float
        The promised range.

    Raises
    ------
    CourseError
        Where the accuracy is no share, or lies outside the range.
    """
    accuracy = float(accuracy)
    if not 0 <= accuracy <= 1:
        raise CourseError(f"{name} is {accuracy:g}; an accuracy is a share between 0 and 1, so divide by the number.")
    if settings.fast():
        print(f"Check skipped: {name} has a range only after the full number of epochs (COURSE_FAST=1 is set)")
        return
    if accuracy < low:
        raise CourseError(
            f"{name} is {accuracy:.3f}, below {low:.2f}. Restart and run all cells; if it stays low, look at the "
            "first loss, the learning rate and the preprocessing."
        )
    if accuracy > high:
        raise CourseError(f"{name} is {accuracy:.3f}, above {high:.2f}: too good. Do training and test photos overlap?")
    print(f"Check OK: {name} lies between {low:.2f} and {high:.2f}")


def accuracy_interval(accuracy, number):
    """Give the 95 % interval of an accuracy measured on a number of photos (Wilson's score interval).

    Parameters
    ----------
    accuracy : float
        The share of right answers, 0 to 1.
    number : int
        How many photos it was measured on.

    Returns
    -------
    tuple of float
        Lower and upper end, both shares between 0 and 1.

    Raises
    ------
    CourseError
        Where the accuracy is no share or the number is below 1.

    Notes
    -----
    E. B. Wilson, Journal of the American Statistical Association 22 (1927), 209-212. Unlike the usual
    plus-minus rule it stays inside 0..1: 190 right of 192 give 0.963-0.997.
    """
    if not 0 <= accuracy <= 1 or number < 1:
        raise CourseError(f"accuracy {accuracy} on {number} photos: give a share between 0 and 1 and at least 1 photo.")
    from scipy.stats import binomtest

    interval = binomtest(round(accuracy * number), number).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


def gained_and_lost(before, after):
    """Compare two models photo by photo, and say how often luck alone makes so large a difference.

    Parameters
    ----------
    before, after : numpy.ndarray of bool
        For each photo whether the model was right; the same photos in the same order.

    Returns
    -------
    gained : int
        Photos that only the second model got right.
    lost : int
        Photos that only the first one got right.
    chance : float
        How probable at least so uneven a split of these photos is where a coin decides each.

    Raises
    ------
    CourseError
        Where the two differ in length or are not true or false.

    Notes
    -----
    The exact sign test: Q. McNemar, Psychometrika 12 (1947), 153-157.
    """
    from scipy.stats import binomtest

    before, after = np.asarray(before), np.asarray(after)
    if before.shape != after.shape or before.ndim != 1 or before.dtype != bool or after.dtype != bool:
        raise CourseError(
            f"gained_and_lost was given arrays of shape {before.shape} ({before.dtype}) and {after.shape} "
            f"({after.dtype}); give one True or False for each photo, such as answers == y_test."
        )
    gained, lost = int((after & ~before).sum()), int((before & ~after).sum())
    chance = float(binomtest(gained, gained + lost).pvalue) if gained + lost else 1.0
    return gained, lost, chance


def difference_interval(gained, lost, number):
    """Give the 95 % interval of the difference between two accuracies measured on the same photos.

    Parameters
    ----------
    gained, lost : int
        Photos that only the second model got right, and only the first one; from `gained_and_lost`.
    number : int
        How many photos both answered.

    Returns
    -------
    tuple of float
        Lower and upper end of the second accuracy minus the first, such as -0.01 and 0.03.

    Raises
    ------
    CourseError
        Where a count is negative, or more photos changed than were answered.

    Notes
    -----
    A photo on which the two differ counts plus or minus one; the sum of k such steps spreads by the root of k.
    """
    if gained < 0 or lost < 0 or gained + lost > number:
        raise CourseError(f"{gained} gained and {lost} lost of {number} photos cannot be; give counts of these photos.")
    spread = 1.96 * math.sqrt(gained + lost)
    return (gained - lost - spread) / number, (gained - lost + spread) / number
