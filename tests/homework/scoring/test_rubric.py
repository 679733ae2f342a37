"""The rubric: what was found out by computing becomes points; what is only claimed is told as claimed."""

import numpy as np
import pytest

from course_utils.assignments.accepted_layers import Step, Value
from course_utils.assignments.released_base import OWN, change_of, released_base, trace_of
from homework.scoring.rubric import rubric
from homework.scoring.scorer import Look

TUNED = {"assignment": "fine_tuning", "number": 0, "base": "mini_vgg16", "unfreeze": 2, "learning_rates": [3e-3, 5e-5],
         "subset": 400, "seed": 1}  # fmt: skip
CONVOLUTION = TUNED | {"assignment": "conv_head", "unfreeze": 0, "learning_rates": [1e-3]}
LAST_TWO = ["block5_conv2", "block5_conv3"]
# What the reference runs of a variant with the rate 5e-5 show.
TRACE = {"share": 1.0, "size": [4e-4, 5e-4], "evenness": [0.75, 0.9]}
REFERENCE = {"layers": {name: {"kernel": TRACE, "bias": TRACE} for name in LAST_TWO}}
STARTED = {"convolution": {"bias": 0.01, "beyond": 0.02}}
NOISE = np.random.default_rng(0)


@pytest.fixture(scope="module")
def base():
    return released_base("mini_vgg16", 150)


def look(base, **found):
    right = {
        "stated_digest": base.digest, "between": OWN, "changes": {}, "head": ["dense"], "public_accuracy": 0.9,
        "hidden_accuracy": 0.9, "public_photos": 400, "hidden_photos": 400, "prediction_accuracy": 0.91,
        "sample_accuracy": 0.9, "agreement": 1.0,
    }  # fmt: skip
    return Look(base, **(right | found))


def history(*names):
    rising = [0.6, 0.8, 0.88, 0.9]
    return {name: {"loss": [0.7, 0.5, 0.4, 0.3 + i / 100], "accuracy": rising, "val_accuracy": rising}
            for i, name in enumerate(names)}  # fmt: skip


def items(looked, variant=TUNED, reference=None, claimed=0.91, level=0.85):
    about = {"student": "ada", "assignment": variant["assignment"], "variant": variant, "claimed_accuracy": claimed}
    given = rubric(about, "ada", variant, level, reference, looked, history("head", "fine-tuned"), [], [])
    return {item["name"]: item for item in given}


def tuned(base, change):
    kernels = {name: base.weights[f"{name}/kernel"] for name in LAST_TWO}
    return {name: {"kernel": change_of(change(kernel.copy()), kernel)} for name, kernel in kernels.items()}


def added(size):
    return lambda kernel: kernel + NOISE.normal(0, size, kernel.shape).astype(np.float32)


def test_layers_changed_as_in_the_reference_runs_count_as_trained(base):
    item = items(look(base, changes=tuned(base, added(4.5e-4))), reference=REFERENCE)["right layers changed"]
    assert (item["points"], item["verdict"]) == (2, "yes")


def test_layers_changed_by_a_training_of_other_length_count_as_trained(base):
    for size in (1.5e-4, 1.5e-3):
        item = items(look(base, changes=tuned(base, added(size))), reference=REFERENCE)["right layers changed"]
        assert (item["points"], item["verdict"]) == (2, "yes"), item["reason"]


def test_without_reference_runs_that_layers_were_trained_is_as_claimed(base):
    item = items(look(base, changes=tuned(base, added(4.5e-4))))["right layers changed"]
    assert (item["points"], item["verdict"]) == (2, "as claimed")


def test_an_untrained_model_that_is_unlucky_on_the_hidden_photos_has_not_swapped_the_labels(base):
    unlucky = look(base, hidden_accuracy=0.445, public_accuracy=0.57, prediction_accuracy=0.57, sample_accuracy=0.57)
    item = items(unlucky, claimed=0.57)["level reached"]
    assert item["points"] == 0 and "no better than guessing" in item["reason"] and "way round" not in item["reason"]
    swapped = look(base, hidden_accuracy=0.12, public_accuracy=0.1, prediction_accuracy=0.1, sample_accuracy=0.1)
    assert "other way round" in items(swapped, claimed=0.9)["level reached"]["reason"]


def few_far(kernel):
    kernel[NOISE.random(kernel.shape) < 0.02] += 3e-3
    return kernel


def most_a_little_and_few_far(kernel):
    return few_far(kernel + np.float32(1e-5))


@pytest.mark.parametrize("reference", [REFERENCE, None])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (added(1e-7), "differs by"),
        (added(0.05), "differs by"),
        (lambda kernel: kernel * np.float32(1.00001), "multiplied by one number"),
        (lambda kernel: kernel * np.float32(1.01), "multiplied by one number"),
        (few_far, "in 2"),
        (most_a_little_and_few_far, "a few of its weights far"),
    ],
)
def test_layers_that_no_training_changed_do_not_count(base, change, words, reference):
    item = items(look(base, changes=tuned(base, change)), reference=reference)["right layers changed"]
    assert item["points"] == 0 and words in item["reason"], item["reason"]


def convolution(kernel, bias):
    return trace_of(Step("Conv2D", "conv", {}, [Value(-1)], {"kernel": kernel, "bias": bias}))


LIMIT = (6 / (9 * (64 + 32))) ** 0.5
FRESH = NOISE.uniform(-LIMIT, LIMIT, (3, 3, 64, 32)).astype(np.float32)
TRAINED = FRESH + NOISE.normal(0, 0.01, FRESH.shape).astype(np.float32)
MOVED, ZEROS = NOISE.normal(0, 0.02, 32).astype(np.float32), np.zeros(32, np.float32)


@pytest.mark.parametrize(
    ("kernel", "bias", "effect", "points", "words"),
    [
        (TRAINED, MOVED, 0.4, 2, "the head alone"),
        (FRESH, ZEROS, 0.4, 0, "was not trained"),
        (FRESH, MOVED, 0.4, 0, "was not trained"),
        (TRAINED, ZEROS, 0.4, 0, "was not trained"),
        (TRAINED, MOVED, 0.0, 0, "the answers are the same"),
    ],
)
def test_a_convolution_counts_where_it_was_trained_and_matters(base, kernel, bias, effect, points, words):
    found = {"conv": {"effect": effect} | convolution(kernel, bias)}
    item = items(look(base, convolutions=found), CONVOLUTION, STARTED)["right layers changed"]
    assert item["points"] == points and words in item["reason"], item["reason"]


def test_a_head_without_a_convolution_does_not_count(base):
    item = items(look(base), CONVOLUTION, STARTED)["right layers changed"]
    assert item["points"] == 0 and "no convolution" in item["reason"]


def test_a_claim_raised_by_five_points_with_forged_predictions_is_seen(base):
    # On the sample that the secret chose the forged predictions are right where the model is not.
    forged = look(base, prediction_accuracy=0.96, sample_accuracy=0.955, agreement=0.94)
    item = items(forged, claimed=0.96)["accuracy recomputed"]
    assert item["points"] < 2 and "further apart" in item["reason"]
    honest = items(look(base), claimed=0.91)["accuracy recomputed"]
    assert honest["points"] == 2


def test_labels_the_other_way_round_are_told_and_give_half(base):
    turned = items(look(base, hidden_accuracy=0.1, public_accuracy=0.1), claimed=0.9)
    level, claim = turned["level reached"], turned["accuracy recomputed"]
    assert (level["points"], claim["points"]) == (1.5, 1)
    assert all("other way round" in item["reason"] for item in (level, claim))


def test_answers_of_a_coin_are_not_told_as_labels_the_other_way_round(base):
    item = items(look(base, hidden_accuracy=0.47, public_accuracy=0.5), claimed=0.5)["level reached"]
    assert item["points"] == 0 and "no better than guessing" in item["reason"]


def test_the_level_is_not_reached_on_another_base_than_the_assigned_one(base):
    item = items(look(base), TUNED | {"base": "mini_xception"})["level reached"]
    assert item["points"] == 0 and "mini_xception" in item["reason"]


def test_no_own_preprocessing_and_a_better_wrong_one_cost_the_base(base):
    for found, words in (({"between": "x / 255"}, "did not get its own"), ({"slip": "blue for red"}, "blue for red")):
        item = items(look(base, **found))["base left as released"]
        assert item["points"] == 0 and words in item["reason"]
