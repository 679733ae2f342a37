"""Tests of what the notebooks keep of their measurements."""

import json

import pytest

from course_utils import CourseError, keep_results

ROW = {"model": "head", "accuracy": 0.9, "photos": 1000, "published": None, "seconds": 3.0, "trainable": 130}


def test_the_rows_are_kept_under_the_notebooks_name(tmp_path):
    keep_results("06_three_ways", "sandbox", "mini_vgg16", [ROW], tmp_path)
    kept = json.loads((tmp_path / "06_three_ways.json").read_text(encoding="utf-8"))
    assert kept["rows"] == [ROW]
    assert (kept["images"], kept["base"]) == ("sandbox", "mini_vgg16")


def test_a_later_run_replaces_what_an_earlier_one_kept(tmp_path):
    keep_results("06_three_ways", "sandbox", "mini_vgg16", [ROW, ROW], tmp_path)
    keep_results("06_three_ways", "photos", "VGG16", [ROW], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["06_three_ways.json"]
    assert json.loads((tmp_path / "06_three_ways.json").read_text(encoding="utf-8"))["base"] == "VGG16"


def test_fast_mode_keeps_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_FAST", "1")
    keep_results("06_three_ways", "sandbox", "mini_vgg16", [ROW], tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("row", [{**ROW, "accuracy": 90}, {**ROW, "loss": 1}, {"model": "head"}])
def test_a_row_of_another_form_is_refused(tmp_path, row):
    with pytest.raises(CourseError):
        keep_results("06_three_ways", "sandbox", "mini_vgg16", [row], tmp_path)
    assert not list(tmp_path.iterdir())
