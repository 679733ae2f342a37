"""Rows over seeds: kept once each, beside all others, and written as a page."""

import json

import pytest

from tools.benchmarks import seed_rows

ROW = {"images": "sandbox", "seed": 1}


@pytest.fixture
def keep(tmp_path, monkeypatch):
    monkeypatch.setattr(seed_rows, "HERE", tmp_path)
    monkeypatch.setattr(seed_rows, "PAGES", tmp_path)

    def keep(row):
        seed_rows.keep(row, "seeds", ("images", "seed"), lambda rows: f"{len(rows)} rows\n")
        return json.loads((tmp_path / "seeds.json").read_text(encoding="utf-8"))

    return keep


def test_a_row_measured_again_takes_the_place_of_the_old_one(keep):
    keep(ROW | {"scratch": 0.7})
    assert keep(ROW | {"scratch": 0.6}) == [ROW | {"scratch": 0.6}]


def test_a_figure_of_another_model_joins_the_row_of_its_seed(keep):
    keep(ROW | {"scratch": 0.7})
    assert keep(ROW | {"better_cnn": 0.8}) == [ROW | {"scratch": 0.7, "better_cnn": 0.8}]


def test_rows_of_other_images_and_seeds_stay_in_order(keep):
    keep(ROW)
    keep(ROW | {"seed": 0})
    rows = keep(ROW | {"images": "photos"})
    assert [(row["images"], row["seed"]) for row in rows] == [("photos", 1), ("sandbox", 0), ("sandbox", 1)]


def test_the_page_holds_all_rows(keep, tmp_path):
    keep(ROW)
    keep(ROW | {"seed": 0})
    assert (tmp_path / "seeds.md").read_text(encoding="utf-8") == "2 rows\n"
