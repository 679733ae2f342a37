"""What an item is worth may stand in the course's own points.toml: checked, and the same wherever points are shown."""

import pytest

pytest.importorskip("nbgrader", reason="the packages of the extra 'grading' are not installed")

from homework_records import STUDENTS, by_student, handed_in, refused, scored

from course_utils.errors import CourseError
from homework.marks import gradebook, report
from homework.marks.points import DEFAULT, FILE, SHIFTED, read_points, worth

OTHER = '[conv_head]\n"level reached" = 6\n"right variant" = 0\n"text answer" = 4\n'


def test_without_a_file_the_courses_own_points_hold(tmp_path):
    assert read_points(tmp_path)["conv_head"] == DEFAULT and sum(DEFAULT.values()) == 12


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path):
    (tmp_path / FILE).write_text(OTHER)
    points = read_points(tmp_path)
    assert points["conv_head"] == DEFAULT | {"level reached": 6.0, "right variant": 0.0, "text answer": 4.0}
    assert points["fine_tuning"] == DEFAULT


def test_in_another_base_the_preprocessing_weighs_twice_and_the_sum_is_the_same(tmp_path):
    points = read_points(tmp_path)["another_base"]
    assert points == DEFAULT | SHIFTED["another_base"] and sum(points.values()) == sum(DEFAULT.values())
    record = scored()
    slip = next(item for item in record["result"]["items"] if item["name"] == "base left as released")
    slip["points"] = 0.0
    assert worth(record, points)["result"]["points"] == 8.0


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
        ("[conv_head]\n" + "".join(f'"{item}" = 0\n' for item in DEFAULT), "nothing of conv_head has any points"),
    ],
)
def test_a_file_that_is_wrong_is_told_with_the_line_or_the_item(tmp_path, text, words):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(CourseError, match=words):
        read_points(tmp_path)


def test_of_each_item_the_same_share_is_reached(tmp_path):
    points = DEFAULT | {"level reached": 6.0, "right variant": 0.0}
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
    assert (marks.score, marks.out_of) == (6.0, 16.0)
    page = report.write_feedback(tmp_path, submissions[0], record, marks).read_text(encoding="utf-8")
    assert "6 of 16 points" in page and "3 of 6" in page and "– of 4" in page
    whole = report.write_overview(tmp_path, STUDENTS, submissions, by_student(record), {}, [], [])
    assert "of the 12 points that the machine gives" in whole.read_text(encoding="utf-8")
    shown = (tmp_path / "autograded" / "ada" / "conv_head" / "conv_head.ipynb").read_text(encoding="utf-8")
    assert "| 4 | it answers every part" in shown and "level reached: yes, 3 of 6" in shown
