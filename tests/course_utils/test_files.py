"""Files are written whole or not at all."""

import errno
import os
import subprocess
import sys

import pytest

from course_utils.errors import CourseError
from course_utils.files import Busy, locked, write_text, written_whole


def test_the_file_is_there_when_the_block_ends_and_not_before(tmp_path):
    path = tmp_path / "new" / "table.bin"
    with written_whole(path) as part:
        part.write_bytes(b"all of it")
        assert not path.exists()
    assert path.read_bytes() == b"all of it" and list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_a_block_that_stops_leaves_the_earlier_file_and_nothing_beside_it(tmp_path, error):
    path = tmp_path / "table.bin"
    path.write_bytes(b"before")
    with pytest.raises(error), written_whole(path) as part:
        part.write_bytes(b"half")
        raise error
    assert path.read_bytes() == b"before" and list(tmp_path.iterdir()) == [path]


def test_a_disk_that_fills_up_is_told_and_leaves_the_earlier_file(tmp_path):
    path = tmp_path / "table.bin"
    path.write_bytes(b"before")
    with pytest.raises(CourseError, match="disk is full"), written_whole(path) as part:
        part.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert path.read_bytes() == b"before" and list(tmp_path.iterdir()) == [path]


def test_a_folder_in_the_place_of_the_file_is_told(tmp_path):
    path = tmp_path / "table.bin"
    path.mkdir()
    with pytest.raises(CourseError, match="is in the way"), written_whole(path) as part:
        part.write_bytes(b"all of it")
    assert os.listdir(tmp_path) == ["table.bin"]


def test_what_a_killed_program_left_is_written_over(tmp_path):
    (tmp_path / ".table.txt.part").write_text("a long half")
    write_text(tmp_path / "table.txt", "new")
    assert os.listdir(tmp_path) == ["table.txt"] and (tmp_path / "table.txt").read_text() == "new"


@pytest.mark.fault("downloader")
def test_a_lock_left_by_a_killed_program_holds_nobody_up(tmp_path):
    (tmp_path / "lock").write_text("")
    with locked(tmp_path / "lock"):
        pass
    assert not (tmp_path / "lock").exists()


def test_a_second_program_waits_for_the_lock(tmp_path):
    lock = tmp_path / "lock"
    script = (
        "import sys, pathlib; from course_utils.files import locked\n"
        "with locked(pathlib.Path(sys.argv[1])): print('in')"
    )
    with locked(lock):
        program = subprocess.Popen([sys.executable, "-c", script, str(lock)], stdout=subprocess.PIPE, text=True)
        with pytest.raises(subprocess.TimeoutExpired):
            program.wait(3)
    assert "in" in program.communicate(timeout=30)[0].split()


def test_who_does_not_wait_is_told_that_another_is_at_work(tmp_path):
    lock, told = tmp_path / "lock", pytest.raises(Busy, match="Another program is at work in")
    with locked(lock), told, locked(lock, seconds=0):
        pass


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP])
def test_a_disk_without_locks_is_told_in_one_sentence_and_the_work_goes_on(tmp_path, monkeypatch, capsys, number):
    fcntl = pytest.importorskip("fcntl", reason="Windows locks in another way")

    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with locked(tmp_path / "lock"):
        done = True
    told = capsys.readouterr().out
    assert done and told.count("\n") == 1 and "has no locks; run one command of the course at a time" in told


def test_a_lock_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CourseError, match="in the way"), locked(tmp_path / "file" / "lock"):
        pass
