"""The tasks of notebook 07, what each idea adds."""

import numpy as np

from course_utils.your_turn.answers import array, number, result_of, slip


def pixels_from_minus_one_to_one(answer, photo):
    """0 becomes -1, 255 becomes 1: photo / 127.5 - 1."""
    answer = array(answer, photo.shape)
    slip(answer.dtype == np.uint8, "these are still bytes, and bytes cannot be negative; divide first.")
    slip(not np.issubdtype(answer.dtype, np.floating), "these are whole numbers; keep the digits after the point.")
    slip(
        np.allclose(answer, photo / 255, atol=1e-3), "these run from 0 to 1; they should run from -1 to 1, around zero."
    )
    slip(
        not np.allclose(answer, photo / 127.5 - 1, atol=0.01),
        f"these run from {answer.min():.3g} to {answer.max():.3g}; divide by half of 255, then subtract 1.",
    )
    return "black is -1, white is 1, and the numbers lie around zero, as the first weights expect."


def batch_normalization(answer, maps):
    """Mean and spread of each filter over the photos and places."""
    answer = array(answer, maps.shape)
    axes = (0, 1, 2)
    expected = (maps - maps.mean(axes)) / maps.std(axes)
    slip(
        np.allclose(answer, (maps - maps.mean()) / maps.std(), atol=1e-3),
        "you took one mean for all filters; each filter has its own.",
    )
    slip(
        np.allclose(answer, maps - maps.mean(axes), atol=1e-3),
        "you only subtracted the mean; divide by the standard deviation as well.",
    )
    slip(
        np.allclose(answer, (maps - maps.mean(axes)) / maps.var(axes), atol=1e-3),
        "you divided by the variance; its square root, the standard deviation, is needed.",
    )
    means = answer.mean(axes)
    slip(
        not np.allclose(answer, expected, atol=1e-2),
        f"the filters' means are {np.round(means, 2).tolist()}; each should be 0, with spread 1, over axes 0, 1 and 2.",
    )
    return "each filter now has mean 0 and spread 1, and Keras computes the same."


def mirror_a_photo(answer, photo):
    """The width, the second axis, read from its end."""
    answer = array(answer, photo.shape, "uint8")
    slip(np.array_equal(answer, photo), "that is the photo as it was.")
    slip(np.array_equal(answer, photo[::-1]), "that is upside down: the first axis is the height.")
    slip(np.array_equal(answer, photo[:, :, ::-1]), "that swaps blue for red: the third axis is the colour.")
    slip(np.array_equal(answer, photo[::-1, ::-1]), "that is turned by half a circle; leave the height as it is.")
    slip(
        not np.array_equal(answer, photo[:, ::-1]),
        "some pixels are not where they should be; read the width backwards.",
    )
    return "left is right, and it is still the same animal, so its label stays."


def a_rate_that_falls_along_a_cosine(answer):
    """3e-3 * (1 + cos(pi * share)) / 2."""
    rates = np.array([number(result_of(answer, share)) for share in (0.0, 0.25, 0.5, 1.0)], float)
    expected = 3e-3 * (1 + np.cos(np.pi * np.array([0, 0.25, 0.5, 1]))) / 2
    slip(rates.min() < -1e-9, "your rate falls below zero; add 1 to the cosine, and halve.")
    slip(
        np.allclose(rates, 3e-3 * np.array([1, 0.75, 0.5, 0])),
        "that is a straight line; a cosine starts flat and ends flat.",
    )
    slip(np.allclose(rates, expected * 2), "that starts at 6e-3; halve it.")
    slip(
        not np.allclose(rates, expected),
        f"at 0, 0.5 and 1 yours gives {rates[0]:.2g}, {rates[2]:.2g} and {rates[3]:.2g}; "
        "3e-3, 1.5e-3 and 0 are needed, along a cosine.",
    )
    return "it starts flat, falls fastest in the middle, and ends flat at zero, as in the picture below."


TASKS = {
    "pixels from -1 to 1": pixels_from_minus_one_to_one,
    "batch normalization": batch_normalization,
    "mirror a photo": mirror_a_photo,
    "a rate that falls along a cosine": a_rate_that_falls_along_a_cosine,
}
