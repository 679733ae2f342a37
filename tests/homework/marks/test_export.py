"""The CSV files for learning platforms: right columns, no formulas, and no 0 for what was never scored."""

import csv

import pytest

pytest.importorskip("nbgrader", reason="the packages of the extra 'grading' are not installed")

from homework_records import by_student, failed, handed_in, refused, scored

from homework.handing_out.release import Student
from homework.marks.export import harmless, write_exports
from homework.marks.gradebook import Marks

STUDENTS = [Student("ada", "=1+1 Ada", "ada@example.org"), Student("ben", "Ben B.", "@ben")]
MARKS = {
    ("ada", "conv_head"): Marks(9.5, 12.0, 0.5, 7200.0, ("text-answer",), {}, {}),
    ("ben", "conv_head"): Marks(None, 12.0, 0.0, 0.0, ("level-reached",), {}, {}),
}


@pytest.fixture
def tables(tmp_path):
    records = by_student(scored(), failed("ben"))
    submissions = [handed_in(), handed_in("ben")]
    paths = write_exports(tmp_path, STUDENTS, ["conv_head"], submissions, records, MARKS)
    return {path.stem: list(csv.reader(path.open(encoding="utf-8-sig", newline=""))) for path in paths}


def test_canvas_gets_its_columns_and_the_points_possible(tables):
    header, possible, ada, _ = tables["canvas"]
    assert header == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "conv_head"]
    assert possible[0].strip() == "Points Possible" and possible[-1] == "12"
    assert (ada[2], ada[-1]) == ("ada", "9.5")


def test_moodle_gets_its_columns(tables):
    header, ada, _ = tables["moodle"]
    assert header == ["Username", "ID number", "Email address", "Assignment: conv_head"]
    assert ada == ["ada", "ada", "ada@example.org", "9.5"]


def test_what_was_never_scored_is_empty_and_not_0(tables):
    assert tables["canvas"][3][-1] == "" and tables["moodle"][2][-1] == ""
    assert tables["all"][2][3:5] == ["failed", ""]


def test_missing_and_refused_work_is_0_where_asked_for_and_failed_work_never(tmp_path):
    class_list = [Student(name, "", "") for name in ("ada", "ben", "cem", "dora")]
    submissions = [handed_in(), handed_in("ben"), handed_in("cem"), handed_in("dora", missing=True, sha256=None)]
    records = by_student(scored(), failed("ben"), refused("cem"))
    marks = MARKS | {("cem", "conv_head"): MARKS["ben", "conv_head"]}
    paths = write_exports(tmp_path, class_list, ["conv_head"], submissions, records, marks, missing_as_zero=True)
    rows = list(csv.reader(paths[1].open(encoding="utf-8-sig", newline="")))
    assert {row[0]: row[-1] for row in rows[1:]} == {"ada": "9.5", "ben": "", "cem": "0", "dora": "0"}
    # Also of what never came into the gradebook.
    paths = write_exports(tmp_path, class_list, ["conv_head"], submissions, records, {}, missing_as_zero=True)
    rows = list(csv.DictReader(paths[2].open(encoding="utf-8-sig", newline="")))
    assert {row["Student"]: row["Mark"] for row in rows} == {"ada": "", "ben": "", "cem": "0", "dora": "0"}


def test_the_table_with_everything_tells_state_penalty_lateness_and_what_is_open(tables):
    assert tables["all"][1][2:] == ["conv_head", "scored", "9.5", "12", "0.5", "2.0", "text-answer"]


def test_no_cell_is_a_formula(tables):
    cells = [cell for table in tables.values() for row in table for cell in row]
    assert "'@ben" in cells and "'=1+1 Ada" in cells
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize(
    "cell",
    [
        "=1", "+1", "-1", "@a", "\t1", " =1", "\r1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20a", "\u22121",
        "\u200b=1",
        "\ufeff=1", "\u2060+1", "\u00a0@a", "\u00ad=1", "\u200e-1",
    ],
)  # fmt: skip
def test_what_starts_like_a_formula_is_made_harmless(cell):
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("Ada;=1+1;x", "Ada;'=1+1;x"),
        ("a; -1", "a;' -1"),
        ("a\t@b\n=c", "a\t'@b\n'=c"),
        ("=1;=2", "'=1;'=2"),
        ("\t=1", "'\t'=1"),
    ],
)
def test_what_would_be_a_formula_behind_a_separator_is_made_harmless(cell, safe):
    assert harmless(cell) == safe


@pytest.mark.parametrize("cell", ["", "Ada;Bo", "9.5", "a=1", "    Points Possible"])
def test_what_does_not_is_left_alone(cell):
    assert harmless(cell) == cell
