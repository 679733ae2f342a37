"""Calibration: the temperature that makes confidence honest, found again where it is known."""

import numpy as np
import pytest

from course_utils.pocket.calibration import calibrated, fit_temperature


def test_a_known_temperature_is_found():
    rng = np.random.default_rng(0)
    honest = rng.uniform(0.05, 0.95, 20_000)
    labels = (rng.uniform(size=honest.size) < honest).astype(int)
    too_sure = calibrated(np.stack([1 - honest, honest], axis=1), 1 / 3)
    assert fit_temperature(too_sure, labels) == pytest.approx(3, rel=0.1)


def test_no_answer_changes_and_each_row_sums_to_one():
    given = np.random.default_rng(1).dirichlet([1, 1], 100)
    calm = calibrated(given, 2.5)
    assert (calm.argmax(axis=1) == given.argmax(axis=1)).all() and np.allclose(calm.sum(axis=1), 1)
    assert (calm.max(axis=1) <= given.max(axis=1) + 1e-9).all()
