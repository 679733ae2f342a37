"""Marks go into the gradebook that the platform exported; every file here has that form, its names are invented."""

import csv

import pytest

pytest.importorskip("nbgrader", reason="the packages of the extra 'grading' are not installed")

from platform_downloads import canvas_gradebook, worksheet

from course_utils.errors import CourseError
from homework.handing_out.roster import Student
from homework.marks.platform_gradebook import fill_gradebook

STUDENTS = [
    Student("1001", "Archer, Ada", "ada@x.org"),
    Student("1002", "Ben Berg", ""),
    Student("1003", "Çelik, Cem", ""),
]
SCORES = {("1001", "another_base"): "11.5", ("1002", "another_base"): "", ("1003", "another_base"): "8"}


@pytest.fixture
def fill(tmp_path):
    def run(text, assignments=("another_base",), named=None, scores=SCORES):
        path = tmp_path / "gradebook.csv"
        path.write_text(text, encoding="utf-8")
        done = fill_gradebook(
            path, tmp_path / "exports", STUDENTS, list(assignments), scores, {"another_base": 12.0}, named
        )
        assert path.read_text(encoding="utf-8") == text
        with done.path.open(encoding="utf-8", newline="") as file:
            return done, list(csv.reader(file, delimiter=";" if ";" in text.split("\n")[0] else ","))

    return run


CANVAS = [
    ("Archer, Ada", 11, "1001", "ada.a", "3"),
    ("Berg, Ben", 12, "1002", "ben.b", "7"),
    ("Doe, Dan", 14, "1009", "d", "5"),
]


def test_canvas_gets_its_own_columns_back_with_the_marks_in_the_assignments(fill):
    done, rows = fill(canvas_gradebook(CANVAS))
    assert rows[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Another base (778)"]
    assert rows[1] == ["    Points Possible", "", "", "", "", "12.0"]
    assert rows[2] == ["Archer, Ada", "11", "1001", "ada.a", "Course 1", "11.5"]
    assert done.columns == {"another_base": "Another base (778)"} and done.marks == 1 and done.absent == ["1003"]


def test_a_cell_without_a_mark_keeps_the_platforms_value_and_a_strangers_row_too(fill):
    done, rows = fill(canvas_gradebook(CANVAS))
    assert [row[-1] for row in rows[3:]] == ["7", "5", ""] and (done.kept, done.strangers) == (1, 1)


def test_a_row_without_an_id_gets_no_mark_and_not_that_of_the_row_before(fill):
    rows = [("Archer, Ada", 11, "1001", "ada.a", ""), ("Archer, Ada", "", "", "", ""), ("Çelik, Cem", "", "", "", "")]
    done, rows = fill(canvas_gradebook(rows))
    assert [row[-1] for row in rows[2:5]] == ["11.5", "", ""] and done.strangers == 2


def test_other_assignments_are_left_out_so_that_nothing_marked_there_is_taken_back(fill):
    _, rows = fill(canvas_gradebook(CANVAS).replace("Final Score", "Essay (779)"))
    assert all("Essay (779)" not in row for row in rows)


def test_a_column_of_another_title_is_named(fill):
    text = canvas_gradebook(CANVAS, column="Homework 3 (778)")
    with pytest.raises(CourseError, match='no column that is called like .* --column another_base="TITLE".*Homework 3'):
        fill(text)
    done, rows = fill(text, named={"another_base": "Homework 3 (778)"})
    assert rows[0][-1] == "Homework 3 (778)" and rows[2][-1] == "11.5"
    with pytest.raises(CourseError, match="has no columns for another_base"):
        fill(text, named={"another_base": "Homework 4 (779)"})


def test_another_total_on_the_platform_is_told(fill):
    done, _ = fill(canvas_gradebook(CANVAS).replace("12.0", "100"))
    assert done.other_totals == [
        "another_base has 12 points here and 100 on the platform; change it there before you import."
    ]


def test_two_rows_of_one_student_are_told(fill):
    with pytest.raises(CourseError, match="lines 3 and 4 both belong to 1001"):
        fill(canvas_gradebook([CANVAS[0], ("Archer, A.", 15, "", "1001", "")]))


def test_moodles_worksheet_keeps_all_its_columns_and_gets_the_grade(fill):
    text = worksheet([(31, "Archer, Ada", "1001", "", "-"), (32, "Ben Berg", "", "", "-")])
    done, rows = fill(text)
    assert rows[0] == text.split("\n")[0].split(",") and rows[1][5] == "11.5" and rows[1][9] == ""
    assert rows[2][5] == "" and rows[1][-2] == "-"
    with pytest.raises(CourseError, match="is of one assignment"):
        fill(text, assignments=("another_base", "conv_head"))


def test_moodles_grades_go_by_id_and_the_assignments_title(fill):
    header = '"First name","Last name","ID number","Email address","Assignment: Another base (Real)"'
    text = f"{header}\nAda,Archer,1001,ada@x.org,-\n"
    _, rows = fill(text)
    assert rows[1] == ["Ada", "Archer", "1001", "ada@x.org", "11.5"]


def test_blackboard_keeps_the_number_behind_its_title(fill):
    header = '"Last Name","First Name","Username","Student ID","Another base [Total Pts: 12 Score] |664617"'
    text = f"{header}\nArcher,Ada,1001,7,\n"
    _, rows = fill(text)
    assert rows[0][-1] == "Another base [Total Pts: 12 Score] |664617" and rows[1][-1] == "11.5"


def test_brightspace_keeps_its_signs(fill):
    text = "OrgDefinedId,Username,Last Name,Another base Points Grade,End-of-Line Indicator\n#77,#1001,Archer,,#\n"
    _, rows = fill(text)
    assert rows == [
        ["OrgDefinedId", "Username", "Another base Points Grade", "End-of-Line Indicator"],
        ["#77", "#1001", "11.5", "#"],
    ]


def test_a_file_of_nobody_known_is_told(fill):
    with pytest.raises(CourseError, match="no gradebook of Canvas, Moodle"):
        fill("name,mark\nAda,\n")
