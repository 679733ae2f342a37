"""The record of a training: what can be one, and what cannot."""

import pytest

from homework.scoring.training_record import lacking, other_rate, read_history

RISING = {"loss": [0.7, 0.5], "accuracy": [0.5, 0.8], "val_loss": [0.7, 0.6], "val_accuracy": [0.5, 0.7]}
RATES = {"assignment": "learning_rate", "learning_rates": [1e-5, 1e-3]}
TUNED = {"assignment": "fine_tuning", "learning_rates": [3e-3, 5e-5]}


def test_a_run_as_fit_returns_it_has_no_fault():
    assert read_history(RISING) == ({"training": RISING}, [])
    assert read_history({"head": RISING})[1] == []


def test_a_metric_of_ones_own_may_be_negative_and_have_any_name():
    own = RISING | {"cohen_kappa": [-0.1, 0.4], "métrique à moi": [-3.0, 12.5]}
    assert read_history(own)[1] == []


@pytest.mark.parametrize(
    ("history", "words"),
    [
        ({"x": {"y": [1]}}, "no loss"),
        ({"x": {"y": [1, 2]}}, "no loss"),
        (7, "missing"),
        ({}, "missing"),
        ({"a": {"loss": [0.5]}}, "no accuracy"),
        ({"a": {"loss": [0.5], "accuracy": [0.9]}}, "one epoch"),
        ({"a": RISING, "b": RISING}, "same numbers"),
        ({"a": RISING | {"loss": [0.5, -0.5]}}, "negative"),
        ({"a": RISING | {"accuracy": [0.5, 1.5]}}, "leaves the range"),
        ({"a": RISING | {"accuracy": [0.5]}}, "different lengths"),
        ({"a": {"loss": "low"}}, "no list of numbers"),
        ({f"{i}": RISING for i in range(80)}, "80 runs"),
    ],
)
def test_what_is_no_record_is_told(history, words):
    assert any(words in fault for fault in read_history(history)[1])


def test_every_learning_rate_of_the_variant_needs_its_run():
    assert lacking({"1e-05": RISING, "lr=0.001": RISING}, RATES) is None
    assert lacking({"0.001": RISING}, RATES) == "1 of 2 learning rates"


def test_fine_tuning_needs_two_runs():
    assert lacking({"head": RISING, "fine-tuned": RISING}, TUNED) is None
    assert lacking({"training": RISING}, TUNED) == "1 of 2 trainings"


def test_a_rate_that_was_not_assigned_is_told():
    assert other_rate({"a": RISING}, 5e-5, TUNED) is None
    assert "0.01, and 0.003, 5e-05 was assigned" in other_rate({"a": RISING}, 0.01, TUNED)
    lowered = RISING | {"learning_rate": [3e-3, 1e-3]}
    assert other_rate({"a": lowered}, 1e-3, TUNED) is None
