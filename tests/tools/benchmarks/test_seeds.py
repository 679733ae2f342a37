"""The table of accuracies over several seeds."""

import json

import pytest

from tools.benchmarks import seeds

ROW = {"images": "sandbox", "seed": 1, "base": "mini_vgg16", "precision": "float32", "date": "2026-01-01"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(seeds, "HERE", tmp_path)
    monkeypatch.setattr(seeds, "RESULTS", tmp_path)
    return tmp_path


def kept(folder):
    return json.loads((folder / "seeds.json").read_text(encoding="utf-8"))


def test_a_row_measured_again_takes_the_place_of_the_old_one(folder):
    seeds.keep(ROW | {"scratch": 0.7})
    seeds.keep(ROW | {"scratch": 0.6})
    assert [row["scratch"] for row in kept(folder)] == [0.6]


def test_a_figure_of_another_model_joins_the_row_of_its_seed(folder):
    seeds.keep(ROW | {"scratch": 0.7})
    seeds.keep(ROW | {"better_cnn": 0.8})
    assert [(row["scratch"], row["better_cnn"]) for row in kept(folder)] == [(0.7, 0.8)]


def test_rows_of_other_images_and_seeds_stay(folder):
    for change in ({}, {"seed": 0}, {"images": "photos"}):
        seeds.keep(ROW | change | {"scratch": 0.7})
    assert [(row["images"], row["seed"]) for row in kept(folder)] == [("photos", 1), ("sandbox", 0), ("sandbox", 1)]


def test_the_mean_is_of_the_seeds_that_were_measured():
    rows = [ROW | {"scratch": 0.6}, ROW | {"seed": 2, "scratch": 0.7, "better_cnn": 0.9}]
    last = seeds.table(rows).splitlines()[-1]
    assert "**0.650** (2 seeds)" in last and "**0.900** (1 seeds)" in last


def test_a_model_that_was_not_measured_has_an_empty_cell():
    row = seeds.table([ROW | {"scratch": 0.7}]).splitlines()[-2]
    assert row == "| sandbox | 1 | 0.700 |  |  |  | mini_vgg16 | float32 | 2026-01-01 |"
