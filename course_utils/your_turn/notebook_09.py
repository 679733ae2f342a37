"""The tasks of notebook 09, look inside."""

import math

import numpy as np

from course_utils.explain import calibrated, mean_with_interval
from course_utils.your_turn.answers import array, number, result_of, slip


def margin_of_95_percent(answer):
    """ln(0.95 / 0.05)."""
    answer = number(answer)
    slip(math.isclose(answer, 0.9, abs_tol=1e-6), "that is the difference of the probabilities; divide them first.")
    slip(math.isclose(answer, 19, abs_tol=1e-6), "those are the odds, 19 to 1; the margin is their logarithm.")
    slip(math.isclose(answer, math.log10(19), abs_tol=0.005), "the natural logarithm is meant: math.log.")
    slip(answer < 0, "the margin of the answer is positive: the larger probability stands above the line.")
    slip(
        not math.isclose(answer, math.log(19), abs_tol=0.01),
        f"{answer:.3f} is not it: the logarithm of 0.95 divided by 0.05.",
    )
    return "2.94. At 0.999 it would be 6.9: a margin still moves where a probability has stopped."


def weighting_of_grad_cam(answer, maps, slopes):
    """The positive part of the sum of the maps, each times the mean of its slopes."""
    maps, slopes = np.asarray(maps), np.asarray(slopes)
    heat = array(answer)
    weights = slopes.mean(axis=(1, 2), keepdims=True)
    slip(heat.shape == maps.shape, "these are still all the maps; add them up over the last axis, the channels.")
    slip(heat.ndim == 2, "each photo is to have a map of its own; the first axis, the photos, stays.")
    heat = array(heat, maps.shape[:3])
    signed = (weights * maps).sum(axis=-1)
    slip(
        np.allclose(heat, np.maximum((slopes * maps).sum(axis=-1), 0), atol=1e-5),
        "you multiplied each number by its own slope; Grad-CAM gives each map one weight, the mean of its slopes.",
    )
    slip(
        np.allclose(heat, signed, atol=1e-5) and signed.min() < 0,
        "what speaks against the answer is negative, and still in there; keep what is above 0.",
    )
    slip(
        np.allclose(heat, np.maximum((slopes.mean(axis=-1, keepdims=True) * maps).sum(axis=-1), 0), atol=1e-5),
        "the mean is over the places, the axes 1 and 2, so that one number remains for each map.",
    )
    slip(
        not np.allclose(heat, np.maximum(signed, 0), atol=1e-4),
        "the numbers differ: mean of the slopes over axes 1 and 2, times the maps, summed over the channels, above 0.",
    )
    return "one number for each map, whatever place its slopes came from. Keep that in mind."


def brightest_tenth(answer, heat):
    """True where the map lies above its 0.9 quantile."""
    heat = np.asarray(heat)
    marked = array(answer)
    slip(
        marked.dtype != bool,
        f"the numbers are {marked.dtype}, and True or False is needed for each pixel; compare the map with a number.",
    )
    marked = array(marked, heat.shape)
    share = marked.mean()
    slip(abs(share - 0.9) < 0.02, "that marks nine tenths; take the pixels above the value that 90 % lie below.")
    slip(
        abs(share - 0.1) < 0.02 and heat[marked].max(initial=0) < heat[~marked].max(),
        "that marks the darkest tenth.",
    )
    slip(
        np.array_equal(marked, heat > 0.9) or np.array_equal(marked, heat >= 0.9),
        f"those are the pixels above 0.9, {share:.1%} of them; a tenth of all pixels is meant: np.quantile finds the "
        "value above which they lie.",
    )
    slip(abs(share - 0.1) > 0.02, f"that marks {share:.0%} of the pixels, and a tenth is meant.")
    slip(heat[marked].min() < heat[~marked].max() - 1e-6, "a tenth, but not the brightest one.")
    return "2,250 of 22,500 pixels, the same number in every map: only so can maps be compared."


def interval_of_the_difference(answer, own, random):
    """Mean and 95 % interval of own - random, photo by photo."""
    own, random = np.asarray(own, np.float64), np.asarray(random, np.float64)
    slip(
        not isinstance(answer, tuple | list | np.ndarray) or len(answer) != 2,
        "two numbers are needed, the lower and the upper end.",
    )
    low, high = (number(end) for end in answer)
    differences = own - random
    _, right_low, right_high = mean_with_interval(differences)
    close = 0.02 * (right_high - right_low)
    spread = differences.std()
    slip(low > high, "the lower end comes first.")
    slip(abs(low + right_high) < close and abs(high + right_low) < close, "own minus random, not the other way round.")
    slip(
        abs(high - low - 2 * 1.96 * spread) < 0.02 * spread,
        "that is how far single photos scatter; the mean of n photos scatters less: divide by the root of n.",
    )
    unpaired = 1.96 * np.sqrt((own.var() + random.var()) / len(own))
    slip(
        abs((high - low) / 2 - unpaired) < close and unpaired > 1.1 * (right_high - right_low) / 2,
        "that is the interval for different photos; here both numbers belong to one photo: subtract first.",
    )
    slip(
        abs(low - right_low) > close or abs(high - right_high) > close,
        f"{low:.2f} to {high:.2f} is not it: mean of own - random, and 1.96 standard deviations / root of n each way.",
    )
    return f"{low:.2f} to {high:.2f}" + (": 0 is not inside." if low > 0 else ": 0 is inside, so nothing is shown.")


def scores_with_a_temperature(answer):
    """A softmax of the scores divided by the temperature."""
    scores = np.array([[2.0, -1.0], [0.5, 3.0]])
    plain = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    given = array(result_of(answer, scores, 2.0), scores.shape)
    slip(
        np.allclose(given, calibrated(plain, 0.5)), "you multiplied by T; divide, so that a large T makes it less sure."
    )
    slip(np.allclose(given, scores / 2), "these are scores still; the softmax that follows makes them probabilities.")
    slip(np.allclose(given, plain / 2), "divide the scores before the softmax, not the probabilities after it.")
    slip(np.allclose(given, plain), "T changes nothing yet: divide the scores by it.")
    slip(
        not np.allclose(given.sum(axis=1), 1),
        "each row should add up to 1; sum over axis=1 with keepdims=True.",
    )
    slip(not np.allclose(given, calibrated(plain, 2)), "the numbers differ: exp(scores / T), divided by the row's sum.")
    return "0.95 became 0.82, and the order of the classes is what it was."


TASKS = {
    "margin of 95 %": margin_of_95_percent,
    "weighting of Grad-CAM": weighting_of_grad_cam,
    "brightest tenth": brightest_tenth,
    "interval of the difference": interval_of_the_difference,
    "scores with a temperature": scores_with_a_temperature,
}
