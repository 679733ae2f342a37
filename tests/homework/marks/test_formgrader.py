"""Marking by hand: formgrader opens where marks are given, and has nothing that would spoil the course folder."""

import pytest

pytest.importorskip("nbgrader", reason="the packages of the extra 'grading' are not installed")

from homework_records import STUDENTS, by_student, handed_in, scored

from homework.demo_marking import mark_text, marking
from homework.handing_out.release import release
from homework.marks import gradebook, report

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = tmp_path_factory.mktemp("class")
    (course / "roster.csv").write_text("student,name\nada,Ada A.\nben,Ben B.\n")
    release(course, course / "roster.csv", ["conv_head"])
    page = course / "feedback" / "ada" / "conv_head" / "feedback.html"
    page.parent.mkdir(parents=True)
    page.write_text("ours")
    gradebook.write_scores(course, STUDENTS, [handed_in(), handed_in("ben")], by_student(scored(), scored("ben")))
    return course


@pytest.fixture(scope="module")
def ask(course):
    with marking(course) as ask:
        yield ask


@pytest.mark.parametrize("path", ["", "manage_assignments", "manage_submissions/conv_head"])
def test_it_opens_on_manual_grading_and_not_on_a_warning_about_an_exchange_folder(ask, path):
    page = ask("GET", path)
    assert page.ok and page.url.endswith("/formgrader/gradebook")
    assert "Manual Grading" in page.text and "exchange" not in page.text


@pytest.mark.parametrize(
    "button",
    [
        "assignment/conv_head/assign",
        "assignment/conv_head/release",
        "assignment/conv_head/collect",
        "assignment/conv_head/generate_feedback",
        "assignment/conv_head/ada/generate_feedback",
        "submission/conv_head/ada/autograde",
    ],
)
def test_what_would_replace_the_courses_files_or_run_a_students_code_is_not_there(course, ask, button):
    assert ask("POST", f"api/{button}").status_code == 404
    assert (course / "feedback" / "ada" / "conv_head" / "feedback.html").read_text() == "ours"


def test_every_submission_has_its_page(ask):
    for entry in ask("GET", "api/submitted_notebooks/conv_head/conv_head").json():
        page = ask("GET", f"submissions/{entry['id']}/")
        assert page.ok and "how many parameters does each head have" in page.text and "Full credit" in page.text


def test_a_mark_by_hand_and_its_comment_reach_gradebook_and_feedback(tmp_path):
    (tmp_path / "roster.csv").write_text("student,name\nada,Ada A.\n")
    gradebook.write_scores(tmp_path, STUDENTS[:1], [handed_in()], by_student(scored()))
    mark_text(tmp_path, "conv_head", "ada", 1.5, "Say why.")
    marks = gradebook.read_marks(tmp_path)["ada", "conv_head"]
    assert (marks.score, marks.open) == (11.5, ())
    page = report.write_feedback(tmp_path, handed_in(), scored(), marks).read_text(encoding="utf-8")
    assert "11.5 of 12 points" in page and "1.5 of 2" in page and "Say why." in page
