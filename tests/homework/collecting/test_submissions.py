"""What students have handed in is found, and what is odd about it is said."""

import hashlib
import os
import sys

import pytest

pytest.importorskip("nbgrader", reason="the packages of the extra 'grading' are not installed")

from course_utils.errors import CourseError
from homework import commands
from homework.__main__ import _parser
from homework.collecting import submissions
from homework.collecting.submissions import find_submissions, unknown_folders
from homework.handing_out.release import Student

ADA = Student("ada", "Ada A.", "")


def hand_in(course, **files):
    folder = course / "submitted" / "ada" / "conv_head"
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_bytes(content)
    return folder


def found(course):
    return find_submissions(course, [ADA], ["conv_head"])[0]


def test_a_bundle_is_found_with_its_hash_and_time(tmp_path):
    hand_in(tmp_path, work__zip=b"bundle", timestamp__txt=b"2026-12-01T23:59:00+01:00")
    one = found(tmp_path)
    assert (one.sha256, one.timestamp) == (hashlib.sha256(b"bundle").hexdigest(), "2026-12-01T22:59:00")
    assert one.problem is None and not one.missing


@pytest.mark.parametrize("files", [None, {}, {"timestamp__txt": b"2026-12-01"}])
def test_nothing_handed_in_is_missing(tmp_path, files):
    if files is not None:
        hand_in(tmp_path, **files)
    one = found(tmp_path)
    assert one.missing and one.path is None and one.problem == "Nothing was handed in."


def test_another_file_than_a_bundle_is_not_missing_but_told(tmp_path):
    hand_in(tmp_path, homework__docx=b"PK")
    one = found(tmp_path)
    assert not one.missing and "other files (.docx)" in one.problem


def test_of_two_bundles_the_newest_counts(tmp_path):
    folder = hand_in(tmp_path, a__zip=b"new", b__zip=b"old")
    os.utime(folder / "b.zip", (1, 1))
    assert found(tmp_path).path.name == "a.zip"


def test_what_a_system_leaves_beside_a_bundle_is_no_bundle(tmp_path):
    folder = hand_in(tmp_path, work__zip=b"bundle")
    (folder / "._work.zip").write_bytes(b"\0\5\x16\7")
    (folder / ".DS_Store").write_bytes(b"")
    os.utime(folder / "work.zip", (1, 1))
    assert found(tmp_path).path.name == "work.zip"
    (folder / "work.zip").unlink()
    assert found(tmp_path).missing


def test_what_jupyter_leaves_is_no_submission_and_nobodys_folder(tmp_path):
    folder = hand_in(tmp_path)
    for place in (folder, folder.parent, folder.parent.parent):
        (place / ".ipynb_checkpoints").mkdir()
    assert found(tmp_path).missing
    assert unknown_folders(tmp_path, [ADA]) == [] and submissions.misplaced(tmp_path, [ADA], ["conv_head"]) == []


@pytest.mark.skipif(sys.platform == "darwin", reason="one name there, however it is written")
def test_a_folder_whose_name_has_accents_as_characters_of_their_own_is_the_students(tmp_path):
    zoe = Student("zoë", "", "")
    folder = tmp_path / "submitted" / "zoe\u0308" / "conv_head"
    folder.mkdir(parents=True)
    (folder / "work.zip").write_bytes(b"bundle")
    (one,) = find_submissions(tmp_path, [zoe], ["conv_head"])
    assert one.sha256 == hashlib.sha256(b"bundle").hexdigest()
    assert unknown_folders(tmp_path, [zoe]) == []
    (folder.parent / "convhead").mkdir()
    assert [like for _, like in submissions.misplaced(tmp_path, [zoe], ["conv_head"])] == ["conv_head"]


def test_a_link_is_never_followed(tmp_path):
    (tmp_path / "secret.zip").write_bytes(b"of someone else")
    folder = hand_in(tmp_path)
    (folder / "work.zip").symlink_to(tmp_path / "secret.zip")
    one = found(tmp_path)
    assert one.path is None and "a link" in one.problem


def test_a_file_that_is_too_large_is_not_even_read(tmp_path, monkeypatch):
    monkeypatch.setattr(submissions, "LARGEST_BUNDLE", 10)
    hand_in(tmp_path, work__zip=b"x" * 11)
    one = found(tmp_path)
    assert one.path is None and "at most 10 are read" in one.problem


def test_a_time_that_is_none_is_told_and_costs_nothing(tmp_path):
    hand_in(tmp_path, work__zip=b"bundle", timestamp__txt=b"yesterday, I swear")
    one = found(tmp_path)
    assert one.path is not None and one.timestamp is None and "holds no time such as" in one.note


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-12-01T21:07:00+01:00", "2026-12-01T20:07:00"),
        ("2026-12-01 21:07:00.123456789 +0100\n", "2026-12-01T20:07:00.123456"),
        ("2026-12-01 21:07:00 -0500", "2026-12-02T02:07:00"),
        ("2026-12-01 21:07:00.5 UTC", "2026-12-01T21:07:00.500000"),
        ("2026-12-01 21:07:00", "2026-12-01T21:07:00"),
        ("\ufeff2026-12-01T21:07Z\r\n", "2026-12-01T21:07:00"),
    ],
)
def test_a_time_is_read_as_it_was_meant(tmp_path, text, time):
    hand_in(tmp_path, work__zip=b"bundle", timestamp__txt=text.encode())
    assert (found(tmp_path).timestamp, found(tmp_path).note) == (time, None)


@pytest.mark.parametrize(
    "text", ["01.12.2026 21:07", "12/1/2026 9:07 PM", "2026-12-01 21:07:00 MEZ", "10", "2026-13-01T21:07", "2026-12-01"]
)
def test_a_time_that_could_be_read_in_two_ways_is_told_and_not_guessed(tmp_path, text):
    hand_in(tmp_path, work__zip=b"bundle", timestamp__txt=text.encode())
    one = found(tmp_path)
    assert one.timestamp is None and repr(text) not in one.note and "not known whether this came late" in one.note


@pytest.mark.skipif(os.name == "nt", reason="names that Windows does not take")
def test_a_name_that_is_no_text_is_shown_and_stops_nobody(tmp_path):
    folder = hand_in(tmp_path)
    name = os.fsdecode(b"L\xf6sung")
    (folder / f"{name}.ipynb").write_bytes(b"")
    (tmp_path / "submitted" / name).mkdir()
    (tmp_path / "submitted" / "ada" / name).mkdir()
    assert "other files (.ipynb)" in found(tmp_path).problem
    told = unknown_folders(tmp_path, [ADA])
    told += [path for path, _ in submissions.misplaced(tmp_path, [ADA], ["conv_head"])]
    assert [text.encode().decode() for text in told if "L?sung" in text] == told and len(told) == 2


def test_folders_of_nobody_on_the_class_list_are_named(tmp_path):
    hand_in(tmp_path)
    (tmp_path / "submitted" / "adda").mkdir()
    for name in (".DS_Store", "._ada"):
        (tmp_path / "submitted" / name).write_bytes(b"")
    assert unknown_folders(tmp_path, [ADA]) == ["adda"]


def test_check_names_what_lies_in_no_assignments_folder_and_which_was_meant(tmp_path, capsys):
    (tmp_path / "roster.csv").write_text("student,name\nada,Ada\n")
    for assignment in ("another_base", "conv_head"):
        (tmp_path / "release" / assignment).mkdir(parents=True)
    hand_in(tmp_path)
    (tmp_path / "submitted" / "ada" / "anotherbase").mkdir()
    for name in ("submission_conv_head_ada.zip", "x.zip", ".DS_Store"):
        (tmp_path / "submitted" / "ada" / name).write_bytes(b"")
    assert commands.check(_parser().parse_args(["--course", str(tmp_path), "check"])) == 1
    said = [line.split() for line in capsys.readouterr().out.splitlines() if "no released assignment" in line]
    assert [(words[1], words[-1]) for words in said] == [
        ("submitted/ada/anotherbase", "submitted/ada/another_base/."),
        ("submitted/ada/submission_conv_head_ada.zip", "submitted/ada/conv_head/."),
        ("submitted/ada/x.zip", "submitted/ada/ASSIGNMENT/."),
    ]


def test_to_regrade_a_student_who_handed_in_nothing_is_told_and_ends_in_an_error(tmp_path, capsys):
    (tmp_path / "roster.csv").write_text("student,name\nada,Ada\n")
    (tmp_path / "release" / "conv_head").mkdir(parents=True)
    with pytest.raises(CourseError, match="nothing of ada to score"):
        commands.regrade(_parser().parse_args(["--course", str(tmp_path), "regrade", "ADA"]))
    assert "conv_head: Nothing was handed in." in capsys.readouterr().out


SECRET = "f" * 64


def test_a_timestamp_that_is_a_link_gives_nothing_of_the_secret_away(tmp_path):
    folder = hand_in(tmp_path, work__zip=b"x")
    (tmp_path / "secret.txt").write_text(SECRET)
    (folder / "timestamp.txt").symlink_to(tmp_path / "secret.txt")
    one = found(tmp_path)
    assert one.timestamp is None and "cannot be read" not in (one.problem or "")
    assert "no small text file" in one.note and "ffff" not in one.note


def test_what_a_timestamp_holds_is_never_repeated(tmp_path):
    hand_in(tmp_path, work__zip=b"x", timestamp__txt=SECRET.encode())
    one = found(tmp_path)
    assert "holds no time such as" in one.note and "ffff" not in one.note


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", ["timestamp.txt", "work.zip"])
def test_a_pipe_in_a_folder_holds_nobody_up(tmp_path, name):
    folder = hand_in(tmp_path, other__zip=b"x")
    os.utime(folder / "other.zip", (1, 1))
    os.mkfifo(folder / name)
    one = found(tmp_path)
    assert (one.note if name == "timestamp.txt" else one.problem) is not None


def test_a_timestamp_without_end_is_not_read(tmp_path):
    folder = hand_in(tmp_path, work__zip=b"x")
    with open(folder / "timestamp.txt", "wb") as file:
        file.truncate(10**12)
    one = found(tmp_path)
    assert one.timestamp is None and "no small text file" in one.note


@pytest.mark.parametrize("linked", ["student", "assignment"])
def test_a_folder_that_is_a_link_is_not_followed(tmp_path, linked):
    folder = hand_in(tmp_path, work__zip=b"x")
    target = folder if linked == "assignment" else folder.parent
    target.rename(tmp_path / "elsewhere")
    target.symlink_to(tmp_path / "elsewhere")
    one = found(tmp_path)
    assert one.path is None and "link" in one.problem and not one.missing
