"""The tasks of notebook 08, five flowers."""

import numpy as np

from course_utils.your_turn.answers import array, number, slip


def always_the_most_frequent_flower(answer, counts):
    """The largest class's share of all images."""
    answer = number(answer)
    expected = counts.max() / counts.sum()
    slip(answer > 1, "that is a number of images; divide it by all of them.")
    slip(abs(answer - 1 / len(counts)) < 1e-6, "that would be so if all classes were equally large.")
    slip(
        abs(answer - counts.min() / counts.sum()) < 1e-6,
        "that is the rarest class; the model answers with the largest.",
    )
    slip(abs(answer - expected) > 0.001, f"{answer:.3g} is not it: the largest of counts, divided by their sum.")
    return f"{expected:.3f} is the line that every model has to beat."


def a_difference_hash(answer, small):
    """small[:, 1:] > small[:, :-1]."""
    answer = np.asarray(answer)
    slip(answer.shape == (15, 17), "you compared rows, up and down; compare columns, left and right.")
    slip(answer.shape == (256,), "leave it as 16 rows of 16; it is made flat later.")
    answer = array(answer, (16, 16))
    slip(answer.dtype != bool, f"the entries are {answer.dtype}; a comparison with > gives True or False.")
    slip(
        np.array_equal(answer, small[:, 1:] < small[:, :-1]),
        "that asks whether the left neighbour is brighter; turn the comparison around.",
    )
    slip(
        not np.array_equal(answer, small[:, 1:] > small[:, :-1]),
        "some bits differ; compare small[:, 1:] with small[:, :-1].",
    )
    return f"{int(answer.sum())} of the 256 pixels are brighter than the one to their left."


def parameters_of_the_flower_head(answer):
    """(3 * 3 * 2048 + 1) * 64 + (64 + 1) * 5."""
    answer = number(answer)
    slip(answer in (1_179_968, 1_179_973, 1_180_032), "each unit of both layers also has a bias.")
    slip(answer in (131_461, 131_392), "Flatten keeps all 3 x 3 places: 18,432 numbers go into each unit.")
    slip(answer == 1_179_712, "that is the first layer alone; the five answers have weights as well.")
    slip(answer != 1_180_037, f"{answer:,} is not it: inputs plus a bias, times the units, for both layers.")
    return "1,180,037, a twentieth of the whole model."


def momentum_over_54_steps(answer):
    """1 - 0.999 ** 54 = 0.0526."""
    answer = number(answer)
    slip(abs(answer - 0.999**54) < 1e-4, "that is what is left of the old average; the rest is new.")
    slip(abs(answer - 0.054) < 1e-4, "nearly: but each step takes 0.999 of what was left, so the shares multiply.")
    slip(answer > 1, "a share lies between 0 and 1, so 5 percent is 0.05.")
    slip(abs(answer - (1 - 0.999**54)) > 1e-3, f"{answer:.3g} is not it: 0.999 is multiplied 54 times.")
    return "5 %, so after two epochs the averages are still those of the old images."


def recall_of_five_flowers(answer, matrix):
    """The diagonal, divided by the sums of the rows."""
    slip(
        np.ndim(answer) == 0 and np.isclose(float(answer), matrix.diagonal().sum() / matrix.sum()),
        "that is the accuracy, one number; recall is asked for each class.",
    )
    answer = array(answer, (len(matrix),))
    recall = matrix.diagonal() / matrix.sum(axis=1)
    precision = matrix.diagonal() / np.maximum(matrix.sum(axis=0), 1)
    slip(
        np.allclose(np.nan_to_num(answer), precision) and not np.allclose(precision, recall),
        "that is the precision: a column holds what was answered, a row what is true.",
    )
    slip(
        not np.allclose(answer, recall, atol=1e-3),
        "those are other numbers; divide the diagonal by the sum of each row.",
    )
    return f"the worst of the five is found in {recall.min():.0%}, the best in {recall.max():.0%} of its images."


TASKS = {
    "always the most frequent flower": always_the_most_frequent_flower,
    "a difference hash": a_difference_hash,
    "parameters of the flower head": parameters_of_the_flower_head,
    "momentum 0.999 over 54 steps": momentum_over_54_steps,
    "recall of five flowers": recall_of_five_flowers,
}
