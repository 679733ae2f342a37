"""The hidden photos by which a class was graded first stay in use, and what a report shows is by them."""

import numpy as np
import pytest

pytest.importorskip("nbgrader", reason="the packages of the extra 'grading' are not installed")

from homework_records import handed_in, scored

from course_utils.errors import CourseError
from homework import commands
from homework.__main__ import _parser
from homework.handing_out.variants import course_secret
from homework.scoring import grading
from homework.scoring.hidden_photos import HiddenSet, Photos, PublicSample, hidden_set, id_in_use, use_hidden
from homework.scoring.journal import Journal


def photos(shade, origin):
    few = Photos.of(np.full((2, 150, 150, 3), shade), [1, 0])
    return HiddenSet(few, origin, PublicSample(few, np.array([0, 500])))


DRAWN, OWN = photos(1, "drawings made from the secret"), photos(2, "photos of the instructor's")


def grade(course, monkeypatch, hidden, *words):
    """Run the command but for the scoring itself."""
    (course / "roster.csv").write_text("student,name\nada,Ada\n")
    (course / "release" / "conv_head").mkdir(parents=True, exist_ok=True)
    course_secret(course)
    monkeypatch.setattr(commands, "hidden_set", lambda *_: hidden)
    monkeypatch.setattr(grading, "score_class", lambda *_, **__: {})
    monkeypatch.setattr(commands, "_publish", lambda *_, **__: None)
    return commands.grade(_parser().parse_args(["--course", str(course), "grade", *words]))


def test_other_hidden_photos_than_the_first_are_refused_by_name_and_taken_on_purpose(tmp_path, monkeypatch):
    grade(tmp_path, monkeypatch, OWN)
    with pytest.raises(CourseError, match="grade --new-hidden") as told:
        grade(tmp_path, monkeypatch, DRAWN)
    for hidden in (OWN, DRAWN):
        assert f"{hidden.id} ({hidden.origin})" in str(told.value)
    assert id_in_use(tmp_path) == OWN.id
    grade(tmp_path, monkeypatch, DRAWN, "--new-hidden")
    grade(tmp_path, monkeypatch, DRAWN)
    assert id_in_use(tmp_path) == DRAWN.id


def test_other_hidden_photos_are_not_taken_for_one_assignment_alone(tmp_path, monkeypatch):
    with pytest.raises(CourseError, match="leave out --assignment"):
        grade(tmp_path, monkeypatch, DRAWN, "--new-hidden", "--assignment", "conv_head")
    assert id_in_use(tmp_path) is None


def test_a_report_shows_the_score_by_the_hidden_photos_in_use_and_not_the_last_line(tmp_path):
    journal = Journal(tmp_path)
    for hidden, share in ((DRAWN, 1.0), (OWN, 0.5)):
        journal.add({**scored(share=share), "hidden": hidden.id})
    use_hidden(tmp_path, DRAWN)
    (record,) = grading.current_records(tmp_path, [handed_in()]).values()
    assert record["result"]["points"] == 10


def test_too_few_hidden_photos_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(HiddenSet, "from_folder", lambda folder, public: DRAWN)
    monkeypatch.setattr(HiddenSet, "from_seed", lambda secret: DRAWN)
    with pytest.raises(CourseError, match="has 2 photos of cats and dogs; take 200 or more"):
        hidden_set(tmp_path, b"secret", tmp_path)
