"""Feedback goes back in the form that each platform takes, and never to anybody else."""

import csv
import dataclasses
import io
import json
import zipfile

import pytest

pytest.importorskip("nbgrader", reason="the packages of the extra 'grading' are not installed")

from homework_records import STUDENTS, handed_in, scored

from course_utils.errors import CourseError
from homework.collecting.filing import COLLECTED, folder_of
from homework.marks import report
from homework.marks.gradebook import Marks
from homework.marks.returning import pack_feedback

DONE = Marks(11.5, 12.0, 0.0, 0.0, (), {"text-answer": 1.5}, {})
OPEN = Marks(10.0, 12.0, 0.0, 0.0, ("text-answer",), {}, {})
SUBMISSIONS = [handed_in("ada"), handed_in("ben")]


@pytest.fixture
def course(tmp_path):
    for one in SUBMISSIONS:
        report.write_feedback(tmp_path, one, scored(one.student), DONE)
    return tmp_path


def came_from(course, student, **said):
    path = folder_of(course, student, "conv_head") / COLLECTED
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(said))


def pack(course, marks=None, **how):
    marks = marks or {(one.student, "conv_head"): DONE for one in SUBMISSIONS}
    return pack_feedback(course, STUDENTS, SUBMISSIONS, marks, **how)


def contents(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def page(course, student):
    return report.feedback_path(course, student, "conv_head").read_bytes()


@pytest.mark.parametrize(
    "prefix", ["Ada A._1234567_assignsubmission_file_", "Ada A._1234567_assignsubmission_file"], ids=["3.1", "4.1"]
)
def test_moodle_gets_each_page_in_the_folder_of_its_download(course, prefix):
    came_from(course, "ada", platform="moodle", prefix=prefix, file="work.zip")
    paths, waiting, _ = pack(course)
    assert contents(course / "returned" / "1" / "conv_head-moodle.zip") == {
        f"{prefix}/feedback_conv_head.html": page(course, "ada")
    }
    assert waiting == {} and course / "returned" / "1" / "conv_head-moodle.zip" in paths


def test_with_moodles_worksheet_those_too_get_a_page_who_came_another_way(course):
    pack(course, numbers={"ada": ("Ada_A.", "11"), "ben": ("Ben B.", "12")})
    names = set(contents(course / "returned" / "1" / "conv_head-moodle.zip"))
    assert names == {f"{who}_assignsubmission_file_/feedback_conv_head.html" for who in ("Ada A._11", "Ben B._12")}


def test_canvas_gets_a_zip_under_the_very_name_of_its_download_with_the_page_in_it(course):
    came_from(course, "ada", platform="canvas", prefix="archerada_LATE_12345_67890_", file="work-1.zip")
    pack(course)
    ((name, content),) = contents(course / "returned" / "1" / "conv_head-canvas.zip").items()
    assert name == "archerada_LATE_12345_67890_work-1.zip"
    assert contents(io.BytesIO(content)) == {"feedback_conv_head.html": page(course, "ada")}


def test_everybody_stands_in_the_table_for_mail_merge_with_the_own_page(course):
    pack(course)
    with (course / "returned" / "1" / "mail-merge.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["student"], row["email"]) for row in rows] == [("ada", "ada@example.org"), ("ben", "")]
    for row in rows:
        with open(row["file"], "rb") as file:
            assert file.read() == page(course, row["student"])


def test_anothers_page_is_never_packed(course):
    report.feedback_path(course, "ben", "conv_head").write_bytes(page(course, "ada"))
    with pytest.raises(CourseError, match="is not the page of ben for conv_head"):
        pack(course)
    assert not (course / "returned").exists()


def test_two_students_with_one_account_are_told_and_nothing_is_packed(course):
    for student in ("ada", "ben"):
        came_from(course, student, platform="canvas", prefix="archerada_12345_67890_", file="work.zip")
    with pytest.raises(CourseError, match="Two students have one account"):
        pack(course)
    assert not (course / "returned").exists()


def test_what_is_not_marked_to_its_end_stays_here_until_it_is_asked_for(course):
    marks = {("ada", "conv_head"): OPEN, ("ben", "conv_head"): DONE}
    paths, waiting, _ = pack(course, marks)
    assert waiting == {"something is still to be marked by hand": ["ada/conv_head"]}
    assert "ada" not in (course / "returned" / "1" / "mail-merge.csv").read_text(encoding="utf-8-sig")
    assert pack(course, marks, everything=True)[1] == {}


def test_why_a_page_stays_here_is_said(course):
    submissions = [
        handed_in("ada", missing=True),
        handed_in("ben", problem="A person looks at it.", waits="it names ada"),
        handed_in("cem"),
    ]
    _, waiting, _ = pack_feedback(course, STUDENTS, submissions, {})
    assert waiting == {
        "nothing was handed in": ["ada/conv_head"],
        "another's bundle waits": ["ben/conv_head"],
        "no mark yet": ["cem/conv_head"],
    }


def test_what_was_packed_before_and_says_the_same_is_not_sent_twice(course):
    for student in ("ada", "ben"):
        came_from(course, student, platform="moodle", prefix=f"{student}_1_assignsubmission_file_", file="work.zip")
    pack(course)
    first = (course / "returned" / "1" / "conv_head-moodle.zip").read_bytes()
    assert pack(course) == ([], {}, 2)
    commented = dataclasses.replace(DONE, comments={"text-answer": "Say why."})
    report.write_feedback(course, SUBMISSIONS[0], scored("ada"), commented)
    paths, _, same = pack(course)
    assert same == 1 and {path.parent for path in paths} == {course / "returned" / "2"}
    assert set(contents(course / "returned" / "2" / "conv_head-moodle.zip")) == {
        "ada_1_assignsubmission_file_/feedback_conv_head.html"
    }
    assert (course / "returned" / "1" / "conv_head-moodle.zip").read_bytes() == first


def test_everything_is_packed_again_where_that_is_asked_for_and_gives_the_same_bytes(course):
    came_from(course, "ada", platform="moodle", prefix="Ada A._1_assignsubmission_file_", file="work.zip")
    pack(course)
    pack(course, again=True)
    first, second = ((course / "returned" / n / "conv_head-moodle.zip").read_bytes() for n in "12")
    assert first == second


def test_a_spoilt_list_of_what_was_packed_is_told(course):
    pack(course)
    (course / "returned" / "packed.json").write_text("[1]")
    with pytest.raises(CourseError, match="packed.json is not what the course wrote"):
        pack(course)
