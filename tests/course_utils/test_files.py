"""Files are written whole or not at all."""

import errno
import os

import pytest

from course_utils.errors import CourseError
from course_utils.files import write_text, written_whole


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
