"""What an item is worth may stand in the course's own points.toml: checked, and the same wherever points are shown."""

import pytest

pytest.importorskip("nbgrader", reason="the packages of the extra 'grading' are not installed")

from homework_records import STUDENTS, by_student, handed_in, refused, scored

from course_utils.assignments.variant import ASSIGNMENTS
from course_utils.errors import CourseError
from homework.marks import gradebook, report
from homework.marks.points import FILE, NAMES, read_points, worth
from homework.scoring.rubric import ITEMS

OTHER = '[conv_head]\n"level reached" = 6\n"right variant" = 0\n"text answer" = 4\n'


# What a student loses who has missed the point of the task, and nothing else.
SLIPS = {
    "another_base": ("base left as released", 0.0, "trained on x / 255, with the level reached all the same"),
    "fine_tuning": ("right layers changed", 0.0, "the head alone was trained"),
    "learning_rate": ("consistent record", 0.5, "one of the rates was tried"),
    "conv_head": ("right layers changed", 0.0, "the head has no convolution"),
}


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_without_a_file_every_item_of_an_assignment_has_points(tmp_path, assignment):
    points = read_points(tmp_path)[assignment]
    assert tuple(points) == NAMES and min(points.values()) > 0


def test_each_of_the_courses_own_assignments_has_12_points_and_2_of_them_for_the_text(tmp_path):
    points = read_points(tmp_path)
    assert all(sum(points[one].values()) == 12 and points[one]["text answer"] == 2 for one in SLIPS)


@pytest.mark.parametrize("assignment", SLIPS)
def test_who_misses_the_point_of_a_task_loses_more_than_a_sixth_of_the_machines_points(tmp_path, assignment):
    item, share, _ = SLIPS[assignment]
    record = scored(assignment=assignment)
    slipped = next(one for one in record["result"]["items"] if one["name"] == item)
    slipped["points"] *= share
    result = worth(record, read_points(tmp_path)[assignment])["result"]
    assert result["out_of"] == 10 and result["points"] <= 8.5


def test_a_head_on_x_255_that_reaches_its_level_gets_at_most_6_of_10(tmp_path):
    record = scored(assignment="another_base")
    next(one for one in record["result"]["items"] if one["name"] == "base left as released")["points"] = 0.0
    assert worth(record, read_points(tmp_path)["another_base"])["result"]["points"] <= 6


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path):
    before = read_points(tmp_path)
    (tmp_path / FILE).write_text(OTHER)
    points = read_points(tmp_path)
    changed = {"level reached": 6.0, "right variant": 0.0, "text answer": 4.0}
    assert points["conv_head"] == before["conv_head"] | changed
    assert points["another_base"] == before["another_base"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[conv_head\n", "points.toml cannot be read"),
        ("[nonsense]\n", "no assignment 'nonsense'; choose from another_base"),
        ("conv_head = 3\n", "no assignment 'conv_head'"),
        ('[conv_head]\n"levels" = 3\n', "has no item 'levels'; choose from right variant"),
        ('[conv_head]\n"level reached" = -1\n', "is -1; give a number from 0 to 100"),
        ('[conv_head]\n"level reached" = "3"\n', "is '3'; give a number"),
        ('[conv_head]\n"level reached" = true\n', "is True; give a number"),
        ('[conv_head]\n"level reached" = nan\n', "is nan; give a number"),
        ("[conv_head]\n" + "".join(f'"{item}" = 0\n' for item in NAMES), "nothing of conv_head has any points"),
    ],
)
def test_a_file_that_is_wrong_is_told_with_the_line_or_the_item(tmp_path, text, words):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(CourseError, match=words):
        read_points(tmp_path)


def test_of_each_item_the_same_share_is_reached(tmp_path):
    points = ITEMS | {"level reached": 6.0, "right variant": 0.0}
    result = worth(scored(share=0.5), points)["result"]
    assert {one["name"]: one["points"] for one in result["items"]}["level reached"] == 3.0
    assert (result["points"], result["out_of"]) == (6.0, 12.0)
    assert worth(worth(scored(share=0.5), points), points)["result"] == result
    assert worth(refused(), points)["result"]["points"] == 0 and worth(None, points) is None


def test_gradebook_and_pages_show_the_same_points(tmp_path):
    (tmp_path / FILE).write_text(OTHER)
    record, submissions = scored(share=0.5), [handed_in()]
    gradebook.write_scores(tmp_path, STUDENTS, submissions, by_student(record))
    marks = gradebook.read_marks(tmp_path)["ada", "conv_head"]
    assert (marks.score, marks.out_of) == (6.5, 17.0)
    page = report.write_feedback(tmp_path, submissions[0], record, marks).read_text(encoding="utf-8")
    assert "6.5 of 17 points" in page and "3 of 6" in page and "– of 4" in page
    whole = report.write_overview(tmp_path, STUDENTS, submissions, by_student(record), {}, [], [])
    assert "of the 13 points that the machine gives" in whole.read_text(encoding="utf-8")
    shown = (tmp_path / "autograded" / "ada" / "conv_head" / "conv_head.ipynb").read_text(encoding="utf-8")
    assert "- **4 points:** it answers every part" in shown and "level reached: yes, 3 of 6" in shown
