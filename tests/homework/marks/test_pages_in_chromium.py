"""The pages as a reader sees them: on a phone nobody scrolls sideways, and at night nobody is dazzled."""

import pytest

pytest.importorskip("nbgrader", reason="the packages of the extra 'grading' are not installed")

from browser import chromium
from homework_records import by_student, refused, scored

from homework.collecting.submissions import Submission
from homework.handing_out.hand_out import write_hand_out
from homework.handing_out.roster import Student
from homework.marks import report
from homework.marks.gradebook import Marks
from homework.marks.status import class_status, write_status_page

STUDENTS = [Student("ada.von.archer-lindqvist", "Ada von Archer-Lindqvist", ""), Student("ben", "Ben B.", "")]


@pytest.mark.browser
@pytest.mark.parametrize("dark", [False, True])
def test_no_page_is_wider_than_a_phone_and_each_is_dark_where_that_is_wanted(tmp_path, dark):
    submissions, records, marks = [], {}, {}
    for assignment in ("another_base", "conv_head", "fine_tuning", "learning_rate"):
        for student, make in zip(STUDENTS, (scored, refused), strict=True):
            key = (student.id, assignment)
            submissions.append(Submission(student.id, assignment, path=tmp_path, sha256="x"))
            records[key] = by_student(make(student.id))[student.id, "conv_head"]
            marks[key] = Marks(9.0, 12.0, 1.0, 7200.0, ("text-answer",), {}, {"text-answer": "Say why."})
    paths = [
        report.write_overview(tmp_path, STUDENTS, submissions, records, marks, [], []),
        report.write_feedback(tmp_path, submissions[0], records[STUDENTS[0].id, "another_base"], marks[key]),
        write_hand_out(tmp_path, STUDENTS, []),
        write_status_page(tmp_path, STUDENTS, class_status(tmp_path, STUDENTS, submissions, records, marks)),
    ]
    with chromium(tmp_path / "profile", 390, 844, dark) as browser:
        for path in paths:
            browser.get(path.as_uri())
            assert browser.execute_script("return document.documentElement.scrollWidth") <= 390, path.name
            page = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
            assert (page == "rgb(255, 255, 255)") != dark
