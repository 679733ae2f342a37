"""Which precision trains fastest: asked of the machine once, then kept."""

import json

import pytest

from course_utils import training
from course_utils.errors import CourseError
from course_utils.settings import cache_folder


def test_the_setting_decides_without_a_probe(monkeypatch):
    monkeypatch.setenv("COURSE_PRECISION", "mixed_bfloat16")
    assert training.fastest_precision() == "mixed_bfloat16"
    assert not cache_folder().joinpath("precision.json").exists()


def test_a_bad_setting_is_named(monkeypatch):
    monkeypatch.setenv("COURSE_PRECISION", "float8")
    with pytest.raises(CourseError, match="COURSE_PRECISION.*float8"):
        training.fastest_precision()


def test_the_answer_is_a_precision_and_is_kept():
    answer = training.fastest_precision()
    kept_in = cache_folder() / "precision.json"
    (key,) = json.loads(kept_in.read_text())
    other = "mixed_bfloat16" if answer == "float32" else "float32"
    kept_in.write_text(json.dumps({key: other}))
    assert answer in ("float32", "mixed_bfloat16", "mixed_float16")
    assert training.fastest_precision() == other


def test_each_processor_keeps_its_own_answer(monkeypatch):
    training.fastest_precision()
    monkeypatch.setattr(training, "_processor", lambda: "another, in the same home folder")
    answer = training.fastest_precision()
    kept = json.loads(cache_folder().joinpath("precision.json").read_text())
    assert len(kept) == 2
    assert [kept[key] for key in kept if key.startswith("another")] == [answer]


@pytest.mark.parametrize("content", ["", "no json", "[]", '{"another machine": "mixed_float16"}'])
def test_a_damaged_or_foreign_note_is_asked_anew(monkeypatch, content):
    kept_in = cache_folder() / "precision.json"
    kept_in.parent.mkdir(parents=True, exist_ok=True)
    kept_in.write_text(content)
    monkeypatch.setattr(training, "_seconds_a_step", lambda names: dict.fromkeys(names, 1.0))
    assert training.fastest_precision() == "float32"


@pytest.mark.parametrize(("other", "fastest"), [(0.7, "mixed"), (0.9, "float32"), (3.0, "float32")])
def test_only_a_clear_win_is_worth_fewer_digits(monkeypatch, other, fastest):
    monkeypatch.setattr(training, "_seconds_a_step", lambda names: dict(zip(names, (1.0, other), strict=True)))
    assert training.fastest_precision().startswith(fastest)


def test_both_precisions_are_timed():
    seconds = training._seconds_a_step(["float32", "mixed_bfloat16"])
    assert list(seconds) == ["float32", "mixed_bfloat16"] and all(0 < spent < 60 for spent in seconds.values())
