"""The tasks of notebook 04, transfer from VGG16."""

import numpy as np

from course_utils.your_turn.answers import number, result_of, slip


def parameters_of_the_head(answer):
    """(4 * 4 * 512 + 1) * 512 + (512 + 1) * 2: the two Dense layers."""
    answer = number(answer)
    slip(answer in (4 * 4 * 512 * 512 + 512 * 2, 4 * 4 * 512 * 512), "each unit also has a bias.")
    slip(answer == (4 * 4 * 512 + 1) * 512, "the last layer is missing: 2 units with 512 inputs each.")
    slip(answer == (512 + 1) * 512 + (512 + 1) * 2, "Flatten hands over 4 x 4 x 512 numbers, not 512.")
    slip(answer == 18_910_530, "that is the whole model; the base is frozen and learns nothing.")
    slip(answer != 4_195_842, f"{answer:,} is not it: (inputs + 1) x units for each of the two Dense layers.")
    return "4,195,842. The 14,714,688 of the base stay as they are."


def count_what_training_changes(answer):
    """sum(np.prod(weight.shape) for weight in model.trainable_weights), tried on a small model."""
    import keras

    frozen = keras.layers.Dense(5)
    model = keras.Sequential([keras.Input((3,)), frozen, keras.layers.Dense(4)])
    frozen.trainable = False
    result = number(result_of(answer, model))
    slip(result == 2, "that counts the arrays; count the numbers in them.")
    slip(result == 44, "that counts the frozen ones too; model.trainable_weights leaves them out.")
    slip(result == 20, "that counts the frozen ones; the others are what training changes.")
    slip(result != 24, f"a small model of ours has 24 numbers that training changes, and yours counts {result:g}.")
    return "of a small model of ours, with 20 frozen numbers, training changes 24."


def paired_count(answer):
    """(first & ~second).sum(), (second & ~first).sum()."""
    first = np.array([True] * 9 + [False] * 6)
    second = np.array([True] * 4 + [False] * 5 + [True] * 2 + [False] * 4)
    result = result_of(answer, first, second)
    slip(not isinstance(result, tuple | list) or len(result) != 2, "two numbers are needed, with a comma between them.")
    pair = number(result[0]), number(result[1])
    slip(pair == (9, 6), "you count photos that both got right, too; they tell nothing about which one is better.")
    slip(pair == (2, 5), "it is the other way round: first the photos that only the first got right.")
    slip(pair != (5, 2), f"on 15 photos of ours it gives {pair[0]:g} and {pair[1]:g}, not 5 and 2.")
    return "5 and 2 on 15 photos of ours. The other 8, both right or both wrong, play no part."


def spread_between_photos(answer):
    """features.std(axis=0).mean(): features that are the same for all photos have no spread."""
    features = np.array([[1.0, 10.0, 5.0], [2.0, 10.0, 7.0], [6.0, 10.0, 3.0], [3.0, 10.0, 9.0]])
    result = result_of(answer, features)
    slip(np.size(result) == 3, "that is one for each feature; one number is needed, so take their mean.")
    slip(np.size(result) == 4, "that is one for each photo: axis=0 runs over the photos.")
    result = number(result)
    slip(
        np.isclose(result, features.std(axis=1).mean()), "that is the spread within one photo; axis=0 runs over photos."
    )
    slip(
        np.isclose(result, features.std()),
        "that takes all numbers at once; each feature is to be compared with itself.",
    )
    slip(np.isclose(result, features.var(axis=0).mean()), "that is the variance; the standard deviation is its root.")
    right = features.std(axis=0).mean()
    slip(not np.isclose(result, right), f"for an array of ours it gives {result:.3f}, not {right:.3f}.")
    return "a feature that is the same for every photo adds nothing to it."


TASKS = {
    "parameters of the head": parameters_of_the_head,
    "count what training changes": count_what_training_changes,
    "the paired count": paired_count,
    "the spread between photos": spread_between_photos,
}
