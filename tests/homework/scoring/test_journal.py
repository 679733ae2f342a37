"""The journal of results: whole lines survive anything, a torn one spoils no other, one writer at a time."""

import subprocess
import sys

import pytest

from course_utils.errors import CourseError
from homework.scoring.journal import Journal, only_one


def failed(key, **more):
    return {"key": key, "student": "ada", "assignment": "conv_head", "failed": "It took too long.", **more}


def test_what_was_added_is_read_in_order(tmp_path):
    journal = Journal(tmp_path)
    for key in "ab":
        journal.add(failed(key, points=1.5))
    assert [(record["key"], record["points"]) for record in journal.read()] == [("a", 1.5), ("b", 1.5)]


def test_the_last_record_of_a_key_counts(tmp_path):
    journal = Journal(tmp_path)
    for points in (1, 2):
        journal.add(failed("a", points=points))
    assert journal.latest()["a"]["points"] == 2


def test_a_line_that_a_stop_has_torn_is_left_out_and_spoils_no_other(tmp_path):
    journal = Journal(tmp_path)
    journal.add(failed("a"))
    journal.add(failed("b"))
    journal.path.write_bytes(journal.path.read_bytes()[:-20])
    assert [record["key"] for record in journal.read()] == ["a"]
    journal.add(failed("c"))
    assert [record["key"] for record in journal.read()] == ["a", "c"]


def test_a_journal_that_is_not_there_is_empty(tmp_path):
    assert Journal(tmp_path).read() == []


def test_a_number_that_json_lacks_is_never_written(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        Journal(tmp_path).add({"key": "a", "points": float("nan")})
    assert not Journal(tmp_path).path.exists()


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(CourseError, match="does not exist"):
        Journal(tmp_path / "gone").add({"key": "a"})


def test_a_second_run_is_kept_out_while_the_first_is_at_work(tmp_path):
    code = (
        "import sys; from pathlib import Path; from homework.scoring.journal import only_one\n"
        f"with only_one(Path({str(tmp_path)!r}), 'grade'):\n print('in', flush=True); sys.stdin.read()"
    )
    first = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert first.stdout.readline().strip() == b"in"
    with pytest.raises(CourseError, match="Another `grade` is at work"), only_one(tmp_path, "grade"):
        pass
    first.kill()
    first.wait()
    with only_one(tmp_path, "grade"):
        pass  # the lock of a process that was killed holds nobody back


@pytest.mark.parametrize(
    "line",
    [
        "[1, 2]", '"text"', "7", '{"key": "a"}',
        '{"key": 1, "student": "ada", "assignment": "conv_head", "failed": "x"}',
        '{"key": "a", "student": ["ada"], "assignment": "conv_head", "failed": "x"}',
        '{"key": "a", "student": "ada", "assignment": "conv_head", "result": [1]}',
        '{"key": "a", "student": "ada", "assignment": "conv_head", "result": {"status": "scored"}}',
        '{"key": "a", "student": "ada", "assignment": "conv_head", "failed": {"why": 1}}',
        '{"key": "a", "student": "ada", "assignment": "conv_head", "execution": {"state": "ran"}}',
        "[" * 100_000,
    ],
)  # fmt: skip
def test_a_line_of_another_form_is_left_out_and_ends_nothing(tmp_path, line):
    journal = Journal(tmp_path)
    journal.path.write_text(line + "\n")
    journal.add(failed("b"))
    assert [record["key"] for record in journal.read()] == ["b"]
