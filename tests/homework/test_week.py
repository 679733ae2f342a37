"""From the class list to what waits for a person: what the commands ask, say and refuse before anything is written."""

import csv
import io
import os
import shutil
import time
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("nbgrader", reason="the packages of the extra 'grading' are not installed")

from platform_downloads import bundle, canvas_gradebook, unpacked, worksheet

from homework.__main__ import _parser, main
from homework.collecting.submissions import find_submissions
from homework.course_folder import students_of
from homework.handing_out import variants
from homework.handing_out.hand_out import write_hand_out
from homework.handing_out.release import release
from homework.handing_out.roster import read_roster
from homework.marks import gradebook

ROSTER = "student,name,email\n" + "".join(f"s100{n},Name {n},{'a@x.org' if n == 1 else ''}\n" for n in range(1, 7))


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A class of six with one assignment."""
    folder = tmp_path_factory.mktemp("class")
    (folder / "list.csv").write_text(ROSTER)
    run(folder, "release", "--assignment", "conv_head", "--roster", folder / "list.csv")
    return folder / "course"


@pytest.fixture
def course(released, tmp_path):
    """A copy of it, to be changed."""
    shutil.copytree(released, tmp_path / "course")
    return tmp_path / "course"


def run(folder, *words):
    return main([str(word) for word in (words[0], "--course", folder / "course", *words[1:])])


def contents(course):
    return {str(path): path.read_bytes() for path in course.rglob("*") if path.is_file() and path.suffix != ".db"}


# Handing out


def test_release_writes_one_zip_a_table_for_mail_and_a_page(released):
    with zipfile.ZipFile(released / "hand-out" / "conv_head.zip") as archive:
        names = archive.namelist()
        own = archive.read("conv_head_s1003.ipynb")
    assert names == [f"conv_head_s100{n}.ipynb" for n in range(1, 7)]
    assert own == (released / "release" / "conv_head" / "s1003" / "conv_head.ipynb").read_bytes()
    with (released / "hand-out" / "mail-merge.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["student"] for row in rows] == [f"s100{n}" for n in range(1, 7)]
    assert all(row["student"] in Path(row["file"]).read_text(encoding="utf-8") for row in rows)
    page = (released / "hand-out" / "README.html").read_text(encoding="utf-8")
    assert "Canvas" in page and "5 of\n6 students have no address" in page


def test_with_moodles_worksheet_the_zip_is_named_as_moodle_wants_it(course):
    rows = [(30 + n, f"Name_{n}", f"s100{n}", "", "-") for n in range(1, 7)]
    (course.parent / "worksheet.csv").write_text(worksheet(rows))
    run(course.parent, "release", "--assignment", "conv_head", "--list", course.parent / "worksheet.csv")
    with zipfile.ZipFile(course / "hand-out" / "conv_head.zip") as archive:
        assert archive.namelist()[0] == "Name 1_31_assignsubmission_file_/conv_head.ipynb"


def test_for_all_one_file_is_handed_out(tmp_path):
    (tmp_path / "list.csv").write_text(ROSTER)
    release(tmp_path, tmp_path / "list.csv", ["conv_head"], for_all=True)
    write_hand_out(tmp_path, read_roster(tmp_path / "list.csv"), ["conv_head"], for_all=True)
    assert sorted(os.listdir(tmp_path / "hand-out")) == ["README.html", "conv_head.ipynb"]
    text = (tmp_path / "hand-out" / "conv_head.ipynb").read_text(encoding="utf-8")
    assert "Write your student id between the quotes;" in text and "Leave this cell as it is" not in text


# What is asked before anything is written


def test_a_class_list_of_one_line_does_not_replace_the_class(course, capsys):
    (course.parent / "short.csv").write_text("student,name\ns1001,Name 1\n")
    before = contents(course)
    assert run(course.parent, "release", "--assignment", "conv_head", "--roster", course.parent / "short.csv") == 1
    said = capsys.readouterr()
    assert "lacks 5 of the 6 students of this class: s1002, s1003" in said.out and "Nothing was written" in said.err
    assert contents(course) == before
    words = ["release", "--assignment", "conv_head", "--roster", course.parent / "short.csv", "--yes"]
    assert run(course.parent, *words) == 0 and len(students_of(course)) == 1
    with gradebook.opened(course) as book:
        assert len(book.students) == 6


def test_spoilt_ids_are_asked_about_before_anything_is_released(tmp_path, capsys):
    (tmp_path / "list.csv").write_text("student,name\n1.23457E+12,Ada\n1001.0,Ben\ns3,Cem\n")
    assert run(tmp_path, "release", "--assignment", "conv_head", "--roster", tmp_path / "list.csv") == 1
    assert "1.23457E+12, 1001.0. An id decides the variant" in capsys.readouterr().out
    assert not (tmp_path / "course").exists()


@pytest.mark.parametrize("fingerprint", [True, False], ids=["by its fingerprint", "by the notebooks"])
@pytest.mark.parametrize("words", [["grade"], ["regrade", "s1001"], ["release", "--assignment", "conv_head"]])
def test_another_secret_is_told_and_nothing_is_done(course, capsys, words, fingerprint):
    hand_in(course, "s1001", bundle("s1001", "conv_head"))
    (course / "secret.txt").write_text("ab" * 32 + "\n")
    if not fingerprint:
        (course / "secret-fingerprint.txt").unlink()
    before = contents(course)
    assert run(course.parent, *words) == 1
    assert "is not the secret by which this class got its notebooks" in capsys.readouterr().err
    assert contents(course) == before


def test_check_tells_another_secret_too(course, capsys):
    (course / "secret.txt").write_text("ab" * 32 + "\n")
    assert run(course.parent, "check") == 1
    assert "PROBLEM" in (said := capsys.readouterr().out) and "is not the secret" in said


def test_the_right_secret_raises_no_question_without_a_fingerprint(course):
    from homework.handing_out.secret_fingerprint import check_secret, fingerprint

    (course / "secret-fingerprint.txt").unlink()
    check_secret(course)
    secret = variants.course_secret(course)
    assert secret.hex() not in fingerprint(secret) and len(fingerprint(secret)) == 16


@pytest.mark.parametrize("for_all", [True, False])
def test_an_assignment_is_not_released_in_the_other_way_by_mistake(tmp_path, capsys, for_all):
    (tmp_path / "list.csv").write_text(ROSTER)
    release(tmp_path / "course", tmp_path / "list.csv", ["conv_head"], for_all=for_all)
    before = contents(tmp_path / "course")
    words = ["--assignment", "conv_head", "--roster", tmp_path / "list.csv", *([] if for_all else ["--for-all"])]
    assert run(tmp_path, "release", *words) == 1
    kind = "one notebook for all (--for-all)" if for_all else "one notebook a student"
    assert f"conv_head was released as {kind}: release it in the same way again" in capsys.readouterr().err
    assert contents(tmp_path / "course") == before


# Somebody else's bundle


def hand_in(course, student, content):
    return unpacked(course / "submitted" / student / "conv_head", {"work.zip": content})


def test_a_friends_bundle_waits_and_check_names_both(course, capsys):
    hand_in(course, "s1005", bundle("s1002", "conv_head"))
    (one,) = [one for one in find_submissions(course, students_of(course), ["conv_head"]) if not one.missing]
    assert one.path is None and "s1002" not in one.problem
    assert run(course.parent, "check") == 1
    said = capsys.readouterr().out
    assert "folder of s1005 for conv_head waits: it names the student 's1002'" in said
    assert "grade --accept s1005/conv_head" in said


def test_status_and_overview_begin_with_a_friends_bundle_that_waits(course, capsys):
    hand_in(course, "s1005", bundle("s1002", "conv_head"))
    for command in ("status", "report"):
        assert run(course.parent, command) == 0
    said = capsys.readouterr().out
    assert said.startswith("The bundle in the folder of s1005 for conv_head waits: it names the student 's1002'. Ask")
    page = (course / "report" / "index.html").read_text(encoding="utf-8")
    assert page.index("1 bundle names another student or assignment") < page.index("<table")
    feedback = (course / "feedback" / "s1005" / "conv_head" / "feedback.html").read_text(encoding="utf-8")
    assert "s1002" not in feedback and "a person looks at it" in feedback


def test_another_assignments_bundle_waits_too(course, capsys):
    hand_in(course, "s1005", bundle("s1005", "fine_tuning"))
    run(course.parent, "check")
    assert "waits: it names the assignment 'fine_tuning'" in capsys.readouterr().out


def test_what_is_accepted_waits_no_more_until_another_bundle_comes(course):
    from homework.collecting.submissions import accept

    hand_in(course, "s1005", bundle("s1002", "conv_head"))
    students = [one for one in students_of(course) if one.id == "s1005"]
    (one,) = find_submissions(course, students, ["conv_head"])
    accept(course, "s1005", "conv_head", one.sha256)
    assert find_submissions(course, students, ["conv_head"])[0].path is not None
    hand_in(course, "s1005", bundle("s1002", "conv_head", mark="another"))
    assert find_submissions(course, students, ["conv_head"])[0].waits


@pytest.mark.parametrize("again", [False, True], ids=["as it was", "packed again"])
def test_the_very_work_of_a_classmate_is_told_and_not_accepted(course, capsys, again):
    own = packed_with(bundle("s1002", "conv_head"), {"head.npz": b"weights"})
    hand_in(course, "s1002", own)
    hand_in(course, "s1005", packed_with(own, {"notes.txt": b"mine"}) if again else own)
    run(course.parent, "check")
    said = capsys.readouterr().out
    assert "it names the student 's1002', and it is the very work that s1002 handed in. Ask s1005" in said
    assert "--accept" not in said and "1 bundles, 1 waiting for you, 4 missing" in said
    assert run(course.parent, "grade", "--accept", "s1005/conv_head") == 1
    assert "is the very work that s1002 handed in, so it is not accepted" in capsys.readouterr().err
    assert not (course / "accepted.json").exists()


def packed_with(content, more):
    """The same parts and some more in another zip file."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name, part in ({name: old.read(name) for name in old.namelist()} | more).items():
            new.writestr(name, part)
    return made.getvalue()


@pytest.mark.parametrize("word", ["s1005", "s1005/nonsense", "s9/conv_head", "s1001/conv_head"])
def test_accepting_what_does_not_wait_is_told(course, capsys, word):
    assert run(course.parent, "grade", "--accept", word) == 1
    assert "accept" in capsys.readouterr().err


def test_of_two_bundles_in_a_folder_it_says_which_counts_and_why(course, capsys):
    folder = hand_in(course, "s1001", bundle("s1001", "conv_head"))
    unpacked(folder, {"again.zip": bundle("s1001", "conv_head", mark="again")})
    os.utime(folder / "work.zip", (1, 1))
    one = find_submissions(course, students_of(course)[:1], ["conv_head"])[0]
    assert one.note == "Of 2 bundles in this folder the newest file counts."
    run(course.parent, "check")
    assert "s1001: Of 2 bundles in this folder the newest file counts. (again.zip)" in capsys.readouterr().out


def test_the_collected_bundle_counts_and_not_the_newest_file(course, capsys):
    (course.parent / "archername_1_2_x.zip").write_bytes(b"")
    download = unpacked(course.parent / "mail", {"x.zip": bundle("s1001", "conv_head")})
    assert run(course.parent, "collect", download, "--yes") == 0
    folder = course / "submitted" / "s1001" / "conv_head"
    (folder / "newer.zip").write_bytes(bundle("s1001", "conv_head", mark="newer"))
    one = find_submissions(course, students_of(course)[:1], ["conv_head"])[0]
    assert one.path.name == "submission_conv_head_s1001.zip"
    assert (
        one.note
        == "It is not known when this came. Of 2 bundles in this folder the one that was collected last counts."
    )


# Words


def test_check_names_who_has_and_who_has_not(course, capsys):
    hand_in(course, "s1002", bundle("s1002", "conv_head"))
    run(course.parent, "check")
    said = capsys.readouterr().out
    assert "  have: s1002\n" in said and "  have not: s1001, s1003, s1004, s1005, s1006\n" in said


def test_a_folder_of_another_case_asks_whom_it_meant(course, capsys):
    (course / "submitted" / "S1006").mkdir(parents=True)
    run(course.parent, "check")
    assert "submitted/S1006 belongs to nobody on the class list, and will not be scored (did you mean s1006?)" in (
        capsys.readouterr().out
    )


def test_report_before_grade_does_not_call_new_work_failed(course, capsys):
    hand_in(course, "s1002", bundle("s1002", "conv_head"))
    run(course.parent, "report")
    assert "6 pages of 6 students: 5 missing, 1 not graded yet." in capsys.readouterr().out


def test_a_due_day_without_a_time_is_its_end_and_it_is_said(course, capsys):
    assert run(course.parent, "due", "conv_head", "2026-12-03") == 0
    said = capsys.readouterr().out
    assert said.startswith("Due 2026-12-03 23:59 ") and "the end of that day" in said


@pytest.fixture
def in_utc(monkeypatch):
    """This machine's clock, in UTC."""
    if not hasattr(time, "tzset"):
        pytest.skip("no time zone can be chosen here")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_a_time_is_not_said_twice_where_this_machine_is_in_utc(course, capsys, in_utc):
    run(course.parent, "due", "conv_head", "2026-12-03T22:59:00+00:00")
    assert capsys.readouterr().out == "Due 2026-12-03 22:59 UTC: conv_head.\n"


def test_the_course_may_stand_before_and_behind_the_command():
    assert str(_parser().parse_args(["grade", "--course", "X"]).course) == "X"
    assert str(_parser().parse_args(["--course", "X", "grade"]).course) == "X"
    assert str(_parser().parse_args(["grade"]).course) == "homework-course"


def test_a_time_that_the_platform_does_not_say_can_be_noted(course, capsys):
    hand_in(course, "s1002", bundle("s1002", "conv_head"))
    assert run(course.parent, "received", "S1002", "conv_head", "2026-12-01T21:07:00+01:00") == 0
    one = find_submissions(course, students_of(course)[1:2], ["conv_head"])[0]
    assert one.timestamp == "2026-12-01T20:07:00"
    assert run(course.parent, "received", "s1001", "conv_head", "2026-12-01T21:07:00+01:00") == 1


def test_a_time_that_is_mended_counts_in_report_and_export_too(course, capsys):
    hand_in(course, "s1001", bundle("s1001", "conv_head"))
    run(course.parent, "due", "conv_head", "2026-12-01T12:00:00+00:00")
    with gradebook.opened(course) as book:
        book.update_or_create_submission("conv_head", "s1001")
    for when, word in (("2026-12-02T12:00:00+00:00", "late by 1 day"), ("2026-12-01T11:00:00+00:00", "in time")):
        run(course.parent, "received", "s1001", "conv_head", when)
        run(course.parent, "report")
        assert word in (course / "feedback/s1001/conv_head/feedback.html").read_text(encoding="utf-8")


def test_what_waits_has_no_mark_of_the_work_before_in_an_export(course, capsys):
    hand_in(course, "s1005", bundle("s1002", "conv_head"))
    students, submissions = students_of(course), find_submissions(course, students_of(course), ["conv_head"])
    gradebook.write_scores(course, students, submissions, {})
    with gradebook.opened(course) as book:
        for grade in book.find_submission("conv_head", "s1005").notebooks[0].grades:
            grade.manual_score, grade.needs_manual_grade = 1, False
        book.db.commit()
    run(course.parent, "export")
    rows = list(csv.DictReader((course / "exports" / "all.csv").open(encoding="utf-8-sig", newline="")))
    (own,) = [row for row in rows if row["Student"] == "s1005"]
    assert own["Mark"] == "" and own["State"] == "waiting"


def test_an_export_before_grade_says_that_newer_work_is_there(course, capsys):
    hand_in(course, "s1002", bundle("s1002", "conv_head"))
    run(course.parent, "export")
    assert "1 submissions came after the last grade" in capsys.readouterr().out


def test_export_says_what_an_empty_cell_does_over_a_grade_unless_the_platforms_own_values_are_given(course, capsys):
    run(course.parent, "export")
    assert (
        "An empty cell over a grade counts as a change in Canvas, and as no grade in Moodle" in capsys.readouterr().out
    )
    rows = [(f"Name {n}", 12000 + n, f"s100{n}", f"s100{n}", "7") for n in range(1, 7)]
    (course.parent / "canvas.csv").write_text(canvas_gradebook(rows, "conv_head (778)"))
    run(course.parent, "export", "--into", course.parent / "canvas.csv")
    said = capsys.readouterr().out
    assert "6 cells without a mark keep what Canvas had" in said and "An empty cell" not in said
    assert (course / "exports" / "canvas-filled.csv").read_text(encoding="utf-8-sig").count(",7\n") == 6


def test_status_and_return_work_on_a_class_that_has_just_begun(course, capsys):
    hand_in(course, "s1002", bundle("s1002", "conv_head"))
    assert run(course.parent, "status") == 0 and "conv_head, new" in capsys.readouterr().out
    assert run(course.parent, "return") == 0
    said = capsys.readouterr().out
    assert "6 pages stay here, since they are not marked to their end" in said
    assert "  1, no mark yet: s1002/conv_head\n" in said and "  5, nothing was handed in: s1001/conv_head" in said
    assert "Nothing new to give back" in said and not (course / "returned").exists()


# Time zones


def test_times_are_in_the_zone_of_the_class(course, capsys):
    words = ["release", "--assignment", "conv_head", "--zone", "+05:30", "--due", "2026-12-03T20:00"]
    assert run(course.parent, *words) == 0
    assert "Due 2026-12-03 20:00 UTC+05:30 (2026-12-03 14:30 UTC)." in capsys.readouterr().out
    run(course.parent, "extend", "s1001", "conv_head", "--days", "1")
    assert "is due 2026-12-04 20:00 UTC+05:30" in capsys.readouterr().out
    hand_in(course, "s1001", bundle("s1001", "conv_head"))
    run(course.parent, "received", "s1001", "conv_head", "2026-12-03T21:00")
    assert "2026-12-03 21:00 UTC+05:30" in capsys.readouterr().out
    run(course.parent, "report")
    page = (course / "feedback/s1001/conv_head/feedback.html").read_text(encoding="utf-8")
    assert "Handed in Thu 03 Dec 2026, 21:00 UTC+05:30" in page and "due Fri 04 Dec 2026, 20:00 UTC+05:30" in page


def test_a_spoilt_zone_is_told(course, capsys):
    (course / "zone.txt").write_text("Berlin\n")
    assert run(course.parent, "due", "conv_head", "2026-12-03") == 1
    assert "'Berlin' is no time zone" in capsys.readouterr().err


def test_a_due_time_of_another_zone_than_this_machines_says_how_to_have_it_shown(course, capsys, in_utc):
    run(course.parent, "due", "conv_head", "2026-12-03T23:59:00+01:00")
    assert "by this machine's clock (UTC); to show your class's, release with --zone" in capsys.readouterr().out


def test_a_time_that_the_instructor_gave_is_not_told_as_the_students(course):
    download = unpacked(course.parent / "mail", {"x.zip": bundle("s1001", "conv_head")})
    run(course.parent, "collect", download, "--yes", "--time", "2026-12-01T21:07:00+00:00")
    run(course.parent, "report")
    page = (course / "feedback/s1001/conv_head/feedback.html").read_text(encoding="utf-8")
    assert "Your instructor counts this as handed in Tue 01 Dec 2026" in page
