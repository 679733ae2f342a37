"""The tasks of notebook 06, three ways to reuse a base."""

import numpy as np

from course_utils.your_turn.answers import array, number, result_of, slip


def choose_some_photos(answer):
    """count // 2 places of dogs and as many of cats."""
    labels = np.array([1] * 50 + [0] * 50)
    places = array(np.asarray(result_of(answer, labels, 20)))
    slip(places.ndim != 1, f"give one list of places; yours has shape {places.shape}.")
    slip(places.dtype == bool or not np.issubdtype(places.dtype, np.integer), "give places, whole numbers.")
    slip(len(places) == 40, "that is 20 of each class; 20 together were asked for.")
    slip(len(places) != 20, f"20 photos were asked for, and you chose {len(places)}.")
    slip(places.min() < 0 or places.max() > 99, "a place must be one of the 100 labels' places.")
    slip(len(set(places.tolist())) < 20, "a photo is chosen twice.")
    dogs = int(labels[places].sum())
    slip(dogs in (0, 20), "all your photos are of one class: the dogs come first, so the first 20 are dogs.")
    slip(dogs != 10, f"{dogs} dogs and {20 - dogs} cats: take as many of each.")
    return "10 dogs and 10 cats: whoever always answers 'dog' is still right half the time."


def parameters_of_a_convolution_in_the_head(answer):
    """(3 * 3 * 512 + 1) * 32: 32 filters over the 512 maps of VGG16's last block."""
    answer = number(answer)
    slip(answer == 3 * 3 * 512 * 32, "each of the 32 filters also has a bias.")
    slip(answer == (3 * 3 + 1) * 32, "a filter looks at all 512 maps at once, not at one.")
    slip(answer == (3 * 3 * 3 + 1) * 32, "this convolution looks at 512 maps, not at three colours.")
    slip(answer == 3 * 3 * 512 + 1, "that is one filter; there are 32.")
    slip(answer != 147_488, f"{answer:,} is not it: count one filter of 3 x 3 over 512 maps, add its bias, take 32.")
    return "147,488; and yet the head becomes smaller, since only 2 x 2 x 32 numbers are left to flatten."


def moving_average(answer):
    """average = 0.8 * average + 0.2 * value, starting with the first value."""
    averages = array(np.asarray(result_of(answer, [0.0, 1.0, 1.0]), float))
    slip(averages.shape != (3,), f"three values need three averages; yours have shape {averages.shape}.")
    slip(np.allclose(averages, [0, 1, 1]), "these are the values themselves: mix each with the average before it.")
    slip(np.allclose(averages, [0, 0.8, 0.96]), "the old average counts 0.8, the new value 0.2: yours are swapped.")
    slip(np.allclose(averages, [0, 0.2, 0.2]), "mix with the last *average*, not with the last value.")
    slip(
        not np.allclose(averages, [0, 0.2, 0.36]),
        f"for 0, 1, 1 you give {', '.join(f'{one:.2f}' for one in averages)}; 0, then 0.8 * 0 + 0.2 * 1, and so on.",
    )
    return "0, 0.2, 0.36: the average follows late, so never read a best epoch from it."


TASKS = {
    "choose some photos": choose_some_photos,
    "parameters of a convolution in the head": parameters_of_a_convolution_in_the_head,
    "a moving average": moving_average,
}
