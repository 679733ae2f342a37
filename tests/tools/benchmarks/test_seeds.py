"""The table of accuracies over several seeds."""

from tools.benchmarks import seeds

ROW = {"images": "sandbox", "seed": 1, "base": "mini_vgg16", "precision": "float32", "date": "2026-01-01"}


def test_the_mean_is_of_the_seeds_that_were_measured():
    rows = [ROW | {"scratch": 0.6}, ROW | {"seed": 2, "scratch": 0.7, "better_cnn": 0.9}]
    last = seeds.table(rows).splitlines()[-1]
    assert "**0.650** (2 seeds)" in last and "**0.900** (1 seeds)" in last


def test_a_model_that_was_not_measured_has_an_empty_cell():
    row = seeds.table([ROW | {"scratch": 0.7}]).splitlines()[-2]
    assert row == "| sandbox | 1 | 0.700 |  |  |  | mini_vgg16 | float32 | 2026-01-01 |"
