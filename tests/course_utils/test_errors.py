"""How a command answers what ends it early, and what its output cannot hold."""

import os
import subprocess
import sys


def ended(code, **settings):
    command = [sys.executable, "-c", f"import sys\nfrom course_utils.errors import *\nsys.exit(exit_code({code}))"]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | settings)


def test_letters_that_the_output_does_not_take_are_told_in_their_numbers():
    done = ended("lambda: print('data/Кошка')", PYTHONIOENCODING="cp1252")
    assert (done.returncode, done.stdout) == (0, "data/\\u041a\\u043e\\u0448\\u043a\\u0430\n")


def test_letters_that_the_output_takes_stay_as_they_are():
    assert ended("lambda: print('data/Кошка')", PYTHONIOENCODING="utf-8").stdout == "data/Кошка\n"
