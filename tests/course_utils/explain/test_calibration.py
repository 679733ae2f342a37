"""Calibration: the temperature that is found, and what it changes."""

import numpy as np
import pytest

from course_utils.errors import CourseError
from course_utils.explain import calibrated, fit_temperature


def too_sure(temperature, number=4000):
    """Answers that are right as often as they say, and the same ones said too surely."""
    rng = np.random.default_rng(0)
    scores = rng.normal(0, 2, number)
    honest = 1 / (1 + np.exp(-scores))
    labels = (rng.random(number) < honest).astype(int)
    said = 1 / (1 + np.exp(-scores * temperature))
    return np.stack([1 - said, said], axis=1), labels


@pytest.mark.parametrize("temperature", [0.5, 1, 3])
def test_the_temperature_that_was_put_in_is_found(temperature):
    assert fit_temperature(*too_sure(temperature)) == pytest.approx(temperature, rel=0.1)


def test_a_temperature_changes_no_answer_and_each_row_still_adds_up_to_one():
    probabilities = np.random.default_rng(0).dirichlet(np.ones(5), 200)
    given = calibrated(probabilities, 2.5)
    assert np.array_equal(given.argmax(axis=1), probabilities.argmax(axis=1))
    assert given.sum(axis=1) == pytest.approx(1) and given.max() < probabilities.max()


def test_temperature_1_changes_nothing_and_2_is_the_root():
    probabilities = np.array([[0.2, 0.8], [0.5, 0.5]])
    assert calibrated(probabilities, 1) == pytest.approx(probabilities)
    assert calibrated(probabilities, 2)[0] == pytest.approx([1 / 3, 2 / 3])


def test_an_answer_of_exactly_one_stays_finite():
    assert np.isfinite(calibrated(np.array([[0, 1]], np.float32), 3)).all()


def test_wrong_inputs_are_told():
    with pytest.raises(CourseError, match="one row of probabilities and one label for each photo"):
        fit_temperature(np.full((3, 2), 0.5), np.array([0, 1]))
    with pytest.raises(CourseError, match="give a number above 0"):
        calibrated(np.full((3, 2), 0.5), 0)
