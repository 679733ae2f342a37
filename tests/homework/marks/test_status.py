"""One screen says where the class stands."""

import pytest

pytest.importorskip("nbgrader", reason="the packages of the extra 'grading' are not installed")

from homework_records import STUDENTS, by_student, failed, handed_in, refused, scored

from homework.marks.gradebook import Marks
from homework.marks.status import class_status, status_lines, write_status_page


@pytest.fixture
def status(tmp_path):
    (tmp_path / "release" / "conv_head" / "ada").mkdir(parents=True)
    submissions = [
        handed_in("ada", timestamp="2026-12-01T20:00:00"),
        handed_in("ben", missing=True),
        handed_in("cem"),
        handed_in("dora", problem="A person looks at it.", waits="it names the student 'ada'"),
        handed_in("eli"),
        handed_in("fay", marked_late=True),
    ]
    marks = {
        ("ada", "conv_head"): Marks(9.0, 12.0, 0.0, 3600.0, ("text-answer",), {}, {}, None, True),
        ("ben", "conv_head"): Marks(None, 12.0, 0.0, 0.0, ("text-answer",), {}, {}),
    }
    records = by_student(scored(), refused("eli"), failed("fay"))
    return class_status(tmp_path, STUDENTS, submissions, records, marks)


def test_each_student_stands_where_a_person_would_look(status):
    own = status["conv_head"]
    assert own["handed out"] == own["graded"] == own["to mark"] == own["extended"] == ["ada"]
    assert own["late"] == ["ada", "fay"]
    assert own["handed in"] == ["ada", "cem", "dora", "eli", "fay"] and own["missing"] == ["ben"]
    assert own["new"] == ["cem"] and own["waiting"] == ["dora"] and own["refused"] == ["eli", "fay"]
    assert own["no time"] == ["cem", "dora", "eli", "fay"]


def test_the_screen_has_a_line_an_assignment_and_names_whom_to_look_at(status):
    lines = status_lines(status, 6)
    header, row = lines[1], lines[2]
    assert row.split() == ["conv_head", "1", "5", "1", "1", "1", "1", "2", "1", "2", "4", "1"]
    assert len(header) == len(row) and len(header) <= 120
    assert "conv_head, waiting (the bundle names another student or assignment): dora" in lines


def test_the_page_names_them_too(tmp_path, status):
    page = write_status_page(tmp_path, STUDENTS, status).read_text(encoding="utf-8")
    assert "<li>dora" in page and "1 waiting" in page
