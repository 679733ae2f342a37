"""The ladder of notebook 07: each rung makes its own change and no other, and the table says which."""

import numpy as np
import pytest

from tools.benchmarks import seeds_ablation


@pytest.mark.parametrize(
    ("rung", "parameters"),
    [
        ("raw pixels", 54_066),
        ("scaled", 54_066),
        ("deeper", 91_362),
        ("averaged", 79_170),
        ("normalised", 80_002),
        ("augmented", 80_002),
    ],
)
def test_a_rung_has_its_own_network(rung, parameters):
    assert seeds_ablation.network(rung).count_params() == parameters


def test_pixels_are_scaled_from_the_second_rung_on():
    for rung, scaled in (("raw pixels", False), ("scaled", True)):
        kinds = [type(layer).__name__ for layer in seeds_ablation.network(rung).layers]
        assert ("Rescaling" in kinds) is scaled


def test_only_augmentation_changes_a_photo_in_training():
    photo = np.random.default_rng(0).integers(0, 256, (8, 44, 44, 3)).astype("float32")
    for rung, changed in (("normalised", False), ("augmented", True)):
        first = seeds_ablation.network(rung).layers[0]
        once, again = (np.asarray(first(photo, training=True)) for _ in range(2))
        assert (not np.array_equal(once, again)) is changed


def test_the_schedule_rises_then_ends_at_zero():
    assert seeds_ablation.rate("augmented", 1000) == 1e-3
    schedule = seeds_ablation.rate("scheduled", 1000)
    assert float(schedule(100)) == pytest.approx(3e-3)
    assert float(schedule(1000)) == pytest.approx(0, abs=1e-6)


def test_a_rung_has_a_column_for_each_seed_and_the_mean():
    rows = [{"images": "sandbox", "seed": seed, "scaled, 10 epochs": score} for seed, score in ((0, 0.6), (1, 0.7))]
    assert "| scaled, 10 epochs | 0.600 | 0.700 | **0.650** |" in seeds_ablation.table(rows)
