"""The tasks of notebook 10, a network in your pocket."""

import numpy as np

from course_utils.your_turn.answers import array, number, result_of, slip


def megabytes_of_the_first_network(answer):
    """3,453,634 parameters of four bytes each, in millions of bytes."""
    answer = number(answer)
    slip(abs(answer - 13_814_536) < 1, "these are bytes; a megabyte (MB) is a million of them.")
    slip(abs(answer - 3.453634) < 0.01, "that is one byte for each parameter; 32 bits are four bytes.")
    slip(abs(answer - 110.516288) < 0.1, "that counts bits; eight of them make a byte.")
    slip(abs(answer - 13.814536) > 0.01, f"{answer:g} is not it: parameters times bytes, divided by a million.")
    return "13.8 MB. The file is hardly larger: it is nearly all weights."


def weights_rounded_to_8_bits(answer, weights):
    """Each weight at the nearest of 255 steps, the largest weight at step 127."""
    answer = array(answer, shape=np.shape(weights))
    step = np.abs(weights).max() / 127
    slip(np.allclose(answer, np.round(weights / step)), "these are the steps, whole numbers; multiply by step again.")
    slip(np.allclose(answer, weights, atol=step / 1000), "nothing was rounded; np.round(...) rounds to whole numbers.")
    slip(np.allclose(answer, np.round(weights)), "rounded to whole numbers, all are 0: count in steps first.")
    slip(not np.allclose(answer, np.round(weights / step) * step, atol=step / 100), "divide by step, round, multiply.")
    return "no weight has moved by more than half a step, and each needs one byte instead of four."


def largest_difference(answer, ours, theirs):
    """The largest distance between two probabilities of the same photo and class."""
    answer = number(answer)
    apart = np.asarray(ours, np.float64) - np.asarray(theirs)
    slip(answer < 0, "a distance is never below 0; np.abs(...) takes the sign away.")
    slip(np.isclose(answer, np.abs(apart).mean(), rtol=1e-3), "that is the mean; one photo that is far off would hide.")
    slip(not np.isclose(answer, np.abs(apart).max(), rtol=1e-3), f"{answer:.2g} is not it: subtract, np.abs, max.")
    return f"the two differ by {answer:.1g} at most: it is the same network in another file."


def answer_or_not_sure(answer):
    """'cat' or 'dog' from the confidence on, else 'not sure'."""
    cases = {(0.95, 0.05): "cat", (0.1, 0.9): "dog", (0.3, 0.7): "not sure", (0.2, 0.8): "dog", (0.6, 0.4): "not sure"}
    given = {case: result_of(answer, np.array(case), 0.8) for case in cases}
    slip(given[0.3, 0.7] in ("cat", "dog"), "70 % is below 80 %, and your function answers; compare with sure_from.")
    slip(given[0.95, 0.05] == "dog" or given[0.1, 0.9] == "cat", "cat is place 0 and dog is place 1; argmax finds it.")
    slip(given[0.2, 0.8] == "not sure", "80 % is not below 80 %: refuse only what is less.")
    slip(given[0.95, 0.05] == "not sure", "95 % for a cat is sure; compare the larger probability.")
    wrong = next((case for case, right in cases.items() if given[case] != right), None)
    slip(wrong is not None, f"for {wrong} it gives {given.get(wrong)!r}, and {cases.get(wrong)!r} is right.")
    return "it says cat, dog, or that it is not sure. The page does the same."


def share_refused(answer, probabilities, sure_from):
    """The share of photos whose larger probability is below sure_from."""
    answer = number(answer)
    refused = (np.asarray(probabilities).max(axis=1) < sure_from).mean()
    both = (np.asarray(probabilities) < sure_from).mean()
    slip(answer > 1, "that is a number of drawings; take the mean of True and False for the share.")
    slip(np.isclose(answer, both), "each fox has two numbers, and only the larger one counts: max(axis=1).")
    slip(refused != 0.5 and np.isclose(answer, 1 - refused), "that is the share that gets an answer; turn it round.")
    slip(
        not np.isclose(answer, refused), f"{answer:.3g} is not it: the larger probability of each row, below sure_from."
    )
    return f"{answer:.0%} of them are refused. The others are called cat or dog."


TASKS = {
    "megabytes of the first network": megabytes_of_the_first_network,
    "weights rounded to 8 bits": weights_rounded_to_8_bits,
    "largest difference": largest_difference,
    "answer, or not sure": answer_or_not_sure,
    "share refused": share_refused,
}
