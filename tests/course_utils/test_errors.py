"""How a command answers what ends it early, and what its output cannot hold."""

import errno
import os
import subprocess
import sys

import pytest

from course_utils.errors import DiskError, file_errors_told


def ended(code, **settings):
    command = [sys.executable, "-c", f"import sys\nfrom course_utils.errors import *\nsys.exit(exit_code({code}))"]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | settings)


@pytest.mark.parametrize("number", [errno.ENOTCONN, errno.ESTALE])
def test_a_drive_that_has_lost_its_connection_is_told(number):
    told = pytest.raises(DiskError, match="drive that holds models/scratch.keras has lost its connection")
    with told, file_errors_told("models/scratch.keras"):
        raise OSError(number, os.strerror(number))


def test_letters_that_the_output_does_not_take_are_told_in_their_numbers():
    done = ended("lambda: print('data/Кошка')", PYTHONIOENCODING="cp1252")
    assert (done.returncode, done.stdout) == (0, "data/\\u041a\\u043e\\u0448\\u043a\\u0430\n")


def test_letters_that_the_output_takes_stay_as_they_are():
    assert ended("lambda: print('data/Кошка')", PYTHONIOENCODING="utf-8").stdout == "data/Кошка\n"
