"""Tests of the book's tables of published and measured accuracies."""

import json

import pytest

from course_utils.errors import CourseError
from tools.benchmarks import table

ROW = {"model": "head", "accuracy": 0.9, "photos": 1000, "published": 0.902, "seconds": 3.0, "trainable": 130}
ENTRY = {"notebook": "06_three_ways", "images": "photos", "base": "MobileNetV2", "date": "2026-01-02", "rows": [ROW]}


def test_new_results_replace_those_of_the_same_notebook_and_images_only():
    kept = table.merged([ENTRY], [{**ENTRY, "date": "2026-02-03"}, {**ENTRY, "images": "sandbox"}])
    assert [(entry["images"], entry["date"]) for entry in kept] == [("photos", "2026-02-03"), ("sandbox", "2026-01-02")]


def test_a_row_has_its_interval_and_the_published_figure_beside_it():
    text = table.tables([ENTRY])
    assert "| 06 | head | 0.900 (0.880-0.917) | 0.902 | MobileNetV2 | 2026-01-02 |" in text
    assert "1,000 validation" in text


def test_a_figure_that_nobody_published_stays_empty():
    entry = {**ENTRY, "rows": [{**ROW, "published": None}]}
    assert "| 0.900 (0.880-0.917) |  | MobileNetV2" in table.tables([entry])


def test_the_text_around_the_marks_stays():
    text = table.with_tables(f"before\n{table.BEGIN}\nstale words\n{table.END}\nafter\n", [ENTRY])
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "stale words" not in text


def test_a_page_without_marks_is_refused():
    with pytest.raises(CourseError, match="lacks the marks"):
        table.with_tables("no marks", [ENTRY])


def test_what_the_lesson_measured_is_read(tmp_path):
    folder = tmp_path / "build" / "lesson"
    folder.mkdir(parents=True)
    accuracy = {"scratch": 0.7, "frozen_base": 0.94}
    summary = {"images": "sandbox", "base": "mini_vgg16", "accuracy": accuracy, "published": accuracy}
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    (entry,) = table.lesson_results(tmp_path)
    assert [row["accuracy"] for row in entry["rows"]] == [0.7, 0.94]


def test_the_page_shows_what_is_kept():
    kept = json.loads(table.MEASURED.read_text(encoding="utf-8"))
    text = table.PAGE.read_text(encoding="utf-8")
    assert table.with_tables(text, kept) == text
