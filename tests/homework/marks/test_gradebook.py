"""nbgrader's gradebook: scores come in, what people marked stays, nothing that went wrong is a silent 0."""

import hashlib
import time

import nbformat
import pytest

pytest.importorskip("nbgrader", reason="the packages of the extra 'grading' are not installed")

from homework_records import STUDENTS, by_student, failed, handed_in, refused, scored

from course_utils.errors import CourseError
from homework import commands
from homework.__main__ import _parser
from homework.marks import gradebook
from homework.scoring.journal import Journal
from homework.times import due_time

ADA = ("ada", "conv_head")


@pytest.fixture(scope="module")
def new_gradebook(tmp_path_factory):
    """A gradebook just made, which takes nbgrader a second."""
    course = tmp_path_factory.mktemp("course")
    with gradebook.opened(course):
        pass
    return (course / "gradebook.db").read_bytes()


@pytest.fixture(autouse=True)
def gradebook_ready(tmp_path, new_gradebook):
    (tmp_path / "gradebook.db").write_bytes(new_gradebook)


@pytest.fixture
def command(tmp_path):
    """Run a command in a course folder with a class list."""
    (tmp_path / "roster.csv").write_text("student,name\nada,Ada A.\nben,Ben B.\n")
    (tmp_path / "release" / "conv_head").mkdir(parents=True)

    def run(*words):
        chosen = _parser().parse_args(["--course", str(tmp_path), *words])
        return getattr(commands, words[0])(chosen)

    return run


def write(course, *records, submission=None):
    submissions = [submission or handed_in(), handed_in("ben", sha256=None, missing=True, problem="Nothing came.")]
    gradebook.write_scores(course, STUDENTS, submissions, by_student(*records))
    return gradebook.read_marks(course)


def change(course, cell, **values):
    with gradebook.opened(course) as book:
        grade = book.find_grade(cell, "conv_head", "conv_head", "ada")
        for name, value in values.items():
            setattr(grade, name, value)
        book.db.commit()


def flags(course):
    with gradebook.opened(course) as book:
        grades = book.find_submission("conv_head", "ada").notebooks[0].grades
        return {grade.name: grade.needs_manual_grade for grade in grades}


def comment(course, student):
    with gradebook.opened(course) as book:
        return book.find_comment(gradebook.REMARKS, "conv_head", "conv_head", student).auto_comment


def set_penalty(course, method):
    (course / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.LateSubmissionPlugin.penalty_method = {method!r}\n"
    )


def late_and_scored(course, method):
    set_penalty(course, method)
    gradebook.set_due(course, due_time("2026-12-01T12:00:00Z"), ["conv_head"])
    late = handed_in(timestamp="2026-12-01T13:00:00")
    write(course, scored(), submission=late)
    return late


def test_a_score_arrives_item_by_item(tmp_path):
    marks = write(tmp_path, scored(share=0.5))[ADA]
    assert (marks.score, marks.out_of, marks.open) == (5.0, 12.0, ("text-answer",))
    with gradebook.opened(tmp_path) as book:
        assert book.find_grade("level-reached", "conv_head", "conv_head", "ada").auto_score == 1.0


@pytest.mark.parametrize("record", [failed(), refused()])
def test_what_could_not_be_scored_is_flagged_and_has_no_mark(tmp_path, record):
    marks = write(tmp_path, record)[ADA]
    assert marks.score is None and len(marks.open) == 7
    assert (record.get("failed") or record["result"]["refusal"]) in comment(tmp_path, "ada")


def test_what_is_missing_has_no_mark_and_one_click_gives_no_credit(tmp_path):
    marks = write(tmp_path, scored())["ben", "conv_head"]
    assert marks.score is None and marks.open == ("right-variant",)
    with gradebook.opened(tmp_path) as book:
        grade = book.find_grade("right-variant", "conv_head", "conv_head", "ben")
        grade.manual_score, grade.needs_manual_grade = 0.0, False
        book.db.commit()
    marks = write(tmp_path, scored())["ben", "conv_head"]
    assert (marks.score, marks.open) == (0.0, ())
    assert "Nothing came." in comment(tmp_path, "ben")


def test_a_manual_mark_stays_and_is_flagged_where_the_score_below_it_changes(tmp_path):
    write(tmp_path, scored(share=0.5))
    change(tmp_path, "level-reached", manual_score=3.0, needs_manual_grade=False)
    write(tmp_path, scored(share=0.5))
    assert not flags(tmp_path)["level-reached"]
    marks = write(tmp_path, scored(share=0.0))[ADA]
    assert marks.score == 3.0 and flags(tmp_path)["level-reached"]


def test_a_mark_for_the_text_stays_through_another_grading(tmp_path):
    write(tmp_path, scored())
    change(tmp_path, "text-answer", manual_score=1.5, needs_manual_grade=False)
    marks = write(tmp_path, scored(share=0.5))[ADA]
    assert (marks.score, marks.manual, marks.open) == (6.5, {"text-answer": 1.5}, ())


def test_another_text_under_a_mark_by_hand_is_flagged_until_it_is_marked(tmp_path):
    write(tmp_path, scored())
    change(tmp_path, "text-answer", manual_score=2.0, needs_manual_grade=False)
    another = scored(answers={"answer": "I changed my mind."})
    for _ in range(2):
        marks = write(tmp_path, another)[ADA]
        assert (marks.open, marks.manual) == (("text-answer",), {"text-answer": 2.0})
    change(tmp_path, "text-answer", manual_score=1.0, needs_manual_grade=False)
    assert write(tmp_path, another)[ADA].open == ()


def test_a_text_that_comes_after_no_credit_is_flagged(tmp_path):
    write(tmp_path, submission=handed_in(sha256=None, missing=True, problem="Nothing came."))
    for cell in list(flags(tmp_path)):
        change(tmp_path, cell, manual_score=0.0, needs_manual_grade=False)
    write(tmp_path, failed())
    assert "text-answer" in write(tmp_path, scored())[ADA].open


def test_a_mark_for_the_text_stays_through_a_failed_grading(tmp_path):
    write(tmp_path, scored())
    change(tmp_path, "text-answer", manual_score=1.5, needs_manual_grade=False)
    write(tmp_path, failed())
    assert write(tmp_path, scored())[ADA].open == ()


def test_a_refused_bundle_that_a_person_has_resolved_stays_resolved(tmp_path):
    write(tmp_path, refused())
    for cell in list(flags(tmp_path)):
        change(tmp_path, cell, needs_manual_grade=False)
    assert write(tmp_path, refused())[ADA].score == 0.0


def test_a_bundle_that_is_refused_later_is_flagged_even_where_it_had_no_points(tmp_path):
    write(tmp_path, scored(share=0.0))
    assert write(tmp_path, refused())[ADA].score is None


def test_handing_in_again_takes_the_flags_away(tmp_path):
    write(tmp_path, failed())
    assert write(tmp_path, scored())[ADA].open == ("text-answer",)


def test_the_late_penalty_of_the_course_is_taken_off(tmp_path):
    (tmp_path / "nbgrader_config.py").write_text(
        "from nbgrader.plugins import LateSubmissionPlugin\n\n\nclass TwoPoints(LateSubmissionPlugin):\n"
        "    def late_submission_penalty(self, student_id, score, total_seconds_late):\n        return 2\n\n\n"
        "c = get_config()\nc.AssignLatePenalties.plugin_class = TwoPoints\n"
    )
    gradebook.set_due(tmp_path, due_time("2026-12-01T12:00:00Z"), ["conv_head"])
    late = handed_in(timestamp="2026-12-01T13:00:00")
    marks = write(tmp_path, scored(), submission=late)[ADA]
    assert (marks.score, marks.penalty, marks.seconds_late) == (8.0, 2.0, 3600)
    # What cannot be taken off is not: nobody ends below 0.
    assert write(tmp_path, scored(share=0.1), submission=late)[ADA].score == 0.0


@pytest.mark.parametrize("which", ["report", "export"])
def test_report_and_export_take_off_marks_by_hand_too_where_late_work_gets_none(tmp_path, command, which):
    late_and_scored(tmp_path, "zero")
    change(tmp_path, "text-answer", manual_score=2.0, needs_manual_grade=False)
    command(which)
    marks = gradebook.read_marks(tmp_path)[ADA]
    assert (marks.score, marks.penalty) == (0.0, 12.0)


@pytest.mark.parametrize("which", ["report", "export"])
def test_a_notebook_that_was_run_again_takes_no_score_away(tmp_path, command, which, capsys):
    folder = tmp_path / "submitted" / "ada" / "conv_head"
    folder.mkdir(parents=True)
    (folder / "work.zip").write_bytes(b"bundle")
    digest = hashlib.sha256(b"bundle").hexdigest()
    about = {"student": "ada", "assignment": "conv_head", "bundle_sha256": digest}
    write(tmp_path, scored())
    Journal(tmp_path).add(scored() | about)
    execution = {"state": "ran", "sentence": "It ran to its end.", "seconds": 3.0}
    Journal(tmp_path).add({"key": "run of ada", **about, "execution": execution})
    command(which)
    if which == "report":
        assert "2 pages of 2 students: 1 scored, 1 missing." in capsys.readouterr().out
    else:
        assert "ada,Ada A.,conv_head,scored,10" in (tmp_path / "exports" / "all.csv").read_text(encoding="utf-8-sig")


def test_export_says_how_many_marks_still_have_something_to_mark(tmp_path, command, capsys):
    write(tmp_path, scored())
    change(tmp_path, "text-answer", manual_score=2.0, needs_manual_grade=False)
    change(tmp_path, "level-reached", manual_score=3.0, needs_manual_grade=False)
    command("export")
    assert "by hand" not in capsys.readouterr().out
    write(tmp_path, scored(share=0.5))
    command("export")
    assert "1 marks still have something to mark by hand" in capsys.readouterr().out


def test_a_penalty_goes_where_the_time_is_not_known_any_more(tmp_path):
    late_and_scored(tmp_path, "zero")
    marks = write(tmp_path, scored(), submission=handed_in(timestamp=None))[ADA]
    assert (marks.score, marks.penalty, marks.seconds_late) == (10.0, 0.0, 0)


def test_a_plugin_beside_the_configuration_is_found_by_its_name(tmp_path):
    (tmp_path / "our_penalty_rule.py").write_text(
        "from nbgrader.plugins import LateSubmissionPlugin\n\n\nclass TwoPoints(LateSubmissionPlugin):\n"
        "    def late_submission_penalty(self, student_id, score, total_seconds_late):\n        return 2\n"
    )
    (tmp_path / "nbgrader_config.py").write_text(
        "c = get_config()\nc.AssignLatePenalties.plugin_class = 'our_penalty_rule.TwoPoints'\n"
    )
    gradebook.set_due(tmp_path, due_time("2026-12-01T12:00:00Z"), ["conv_head"])
    assert write(tmp_path, scored(), submission=handed_in(timestamp="2026-12-01T13:00:00"))[ADA].penalty == 2.0


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("c.LateSubmissionPlugin.penalty_method = 'Zero'", "nbgrader_config.py names cannot be used.*mend it"),
        ("c.AssignLatePenalties.plugin_class = 'nowhere.Rule'", "nbgrader_config.py names cannot be used.*mend it"),
        ("c.AssignLatePenalties.plugin_class = Broken", "of ada for conv_head could not be computed.*NameError"),
    ],
)
def test_a_late_penalty_that_cannot_be_used_is_told(tmp_path, line, words):
    (tmp_path / "nbgrader_config.py").write_text(
        "from nbgrader.plugins import LateSubmissionPlugin\n\n\nclass Broken(LateSubmissionPlugin):\n"
        "    def late_submission_penalty(self, student_id, score, total_seconds_late):\n        return nothing\n\n\n"
        f"c = get_config()\n{line}\n"
    )
    gradebook.set_due(tmp_path, due_time("2026-12-01T12:00:00Z"), ["conv_head"])
    with pytest.raises(CourseError, match=words):
        write(tmp_path, scored(), submission=handed_in(timestamp="2026-12-01T13:00:00"))


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="no time zone can be chosen here")
def test_days_of_an_extension_end_at_the_same_time_of_day_over_a_change_of_clocks(tmp_path, monkeypatch):
    # Central Europe's rule, written out: not every system has a list of time zones.
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    try:
        gradebook.set_due(tmp_path, due_time("2026-10-23T23:59:00+02:00"), ["conv_head"])
        until = gradebook.extend(tmp_path, STUDENTS[0], "conv_head", 7)
        assert until.astimezone().isoformat() == "2026-10-30T23:59:00+01:00"
        assert gradebook.extend(tmp_path, STUDENTS[0], "conv_head", 0).isoformat() == "2026-10-23T21:59:00+00:00"
        # That night has no half past two.
        gradebook.set_due(tmp_path, due_time("2027-03-27T02:30:00+01:00"), ["conv_head"])
        assert gradebook.extend(tmp_path, STUDENTS[0], "conv_head", 1).isoformat() == "2027-03-28T01:30:00+00:00"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_torn_page_is_written_anew(tmp_path):
    write(tmp_path, scored())
    page = tmp_path / "autograded" / "ada" / "conv_head" / "conv_head.ipynb"
    whole = page.read_bytes()
    page.write_bytes("ü".encode()[:1])
    write(tmp_path, scored())
    assert page.read_bytes() == whole


def test_an_extension_takes_the_penalty_back(tmp_path):
    late = late_and_scored(tmp_path, "zero")
    with gradebook.opened(tmp_path) as book:
        book.grant_extension("conv_head", "ada", days=3)
    marks = write(tmp_path, scored(), submission=late)[ADA]
    assert (marks.score, marks.penalty, marks.seconds_late) == (10.0, 0.0, 0)


def test_a_penalty_goes_where_the_course_takes_none_off_any_more(tmp_path):
    late_and_scored(tmp_path, "zero")
    assert gradebook.read_marks(tmp_path)[ADA].score == 0.0
    set_penalty(tmp_path, "none")
    gradebook.update_penalties(tmp_path, [handed_in(timestamp="2026-12-01T13:00:00")])
    assert gradebook.read_marks(tmp_path)[ADA].score == 10.0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("soon", "'soon' is no time in ISO form"),
        ("12/08/2026", "'12/08/2026' is no time in ISO form"),
        ("2026-12-08T23:59", r"has no time zone; if it is this machine's, give 2026-12-08T23:59:00[+-]\d\d:\d\d\."),
        ("2026-12", "'2026-12' is no time in ISO form"),
    ],
)
def test_a_due_time_that_could_be_read_in_two_ways_is_refused(text, words):
    with pytest.raises(CourseError, match=words):
        due_time(text)


def test_a_due_time_is_set_by_a_command_of_its_own_and_said_in_both_zones(tmp_path, command, capsys):
    command("due", "conv_head", "fine_tuning", "2026-12-01T23:30:00+05:00")
    said = capsys.readouterr().out
    assert "2026-12-01 18:30 UTC" in said and ": conv_head, fine_tuning." in said
    with gradebook.opened(tmp_path) as book:
        assert book.find_assignment("fine_tuning").duedate.isoformat() == "2026-12-01T18:30:00"


def test_one_student_gets_more_time_even_before_grading(tmp_path, command, capsys):
    with pytest.raises(CourseError, match="conv_head has no due time"):
        command("extend", "ada", "conv_head", "--days", "3")
    command("due", "conv_head", "2026-12-01T12:00:00Z")
    command("extend", "ADA", "conv_head", "--days", "1.5")
    assert "2026-12-03 00:00 UTC" in capsys.readouterr().out
    late = handed_in(timestamp="2026-12-03T01:00:00")
    assert write(tmp_path, scored(), submission=late)[ADA].seconds_late == 3600
    command("extend", "ada", "conv_head", "--days", "0")
    assert gradebook.read_marks(tmp_path)[ADA].seconds_late == 37 * 3600


def test_formgrader_gets_a_valid_page_on_which_nothing_of_a_student_is_code_or_html(tmp_path):
    from nbgrader.nbgraderformat import MetadataValidator

    write(tmp_path, scored(answers={"answer": "<script>alert(1)</script>\n\n# $x$ [link](javascript:1)"}))
    notebook = nbformat.read(tmp_path / "autograded" / "ada" / "conv_head" / "conv_head.ipynb", 4)
    nbformat.validate(notebook)
    MetadataValidator().validate_nb(notebook)
    marked = {cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells if "nbgrader" in cell.metadata}
    assert set(marked) == set(flags(tmp_path))
    answer = marked["text-answer"]
    assert "<script" not in answer.source and "&lt;script&gt;" in answer.source
    code = [line for cell in notebook.cells if cell.cell_type == "code" for line in cell.source.splitlines()]
    assert code and all(line.startswith("#") for line in code)


def test_the_page_shows_question_rubric_and_text_first_and_the_evidence_folded_at_its_end(tmp_path):
    write(tmp_path, scored(answers={"answer": "It learned faster."}))
    cells = nbformat.read(tmp_path / "autograded" / "ada" / "conv_head" / "conv_head.ipynb", 4).cells
    assert (
        "how many parameters does each head have" in cells[0].source and "- **2 points:** it answers" in cells[0].source
    )
    assert cells[1].source == '<pre style="white-space: pre-wrap">It learned faster.</pre>'
    assert cells[-1].source.startswith("<details>") and "accuracy: 0.91" in cells[-1].source
    assert not [cell for cell in cells[:-1] if "0.91" in cell.source]


def test_only_the_students_text_is_headed_students_answer(tmp_path):
    # formgrader heads every cell so that nbgrader calls a solution.
    for record in (scored(), refused()):
        write(tmp_path, record)
        cells = nbformat.read(tmp_path / "autograded" / "ada" / "conv_head" / "conv_head.ipynb", 4).cells
        marks = [cell.metadata.nbgrader for cell in cells if "nbgrader" in cell.metadata]
        assert [mark.grade_id for mark in marks if mark.solution] == ["text-answer"]
    assert any("The bundle is no zip file." in cell.source for cell in cells)


def test_no_checksum_stands_where_a_person_writes(tmp_path):
    write(tmp_path, scored())
    with gradebook.opened(tmp_path) as book:
        assert book.find_comment("text-answer", "conv_head", "conv_head", "ada").auto_comment is None


def test_the_database_is_the_one_asked_for_then_the_configured_then_the_courses_own(tmp_path):
    assert gradebook.database_url(tmp_path).endswith(f"{tmp_path}/gradebook.db")
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.db_url = 'sqlite:///other.db'\n")
    assert gradebook.database_url(tmp_path) == "sqlite:///other.db"
    assert gradebook.database_url(tmp_path, "postgresql://host/db") == "postgresql://host/db"


def test_a_database_that_cannot_be_reached_is_told_without_its_password(tmp_path):
    with (
        pytest.raises(CourseError, match="could not be used") as told,
        gradebook.opened(tmp_path, f"sqlite://user:word@/{tmp_path}/no/such/folder/a.db"),
    ):
        pass
    assert "word" not in str(told.value) and "\n" not in str(told.value)


def test_a_configuration_that_cannot_be_run_is_told(tmp_path):
    (tmp_path / "nbgrader_config.py").write_text("c = get_confg()\n")
    with pytest.raises(CourseError, match=r"nbgrader_config.py cannot be run \(NameError"):
        gradebook.course_config(tmp_path)
