"""Ctrl-C ends grading with one line, although it reaches every worker and every scorer of the terminal too."""

import os
import signal
import subprocess
import sys

import pytest

pytest.importorskip("distributed", reason="the packages of the extra 'grading' are not installed")

# Each task has a process of its own, as each worker has its scorer.
GRADING = """
import subprocess, sys, time
import dask
from course_utils.errors import exit_code
from homework.running.ignore_interrupts import WORKER_SETTINGS
from homework.scoring import grading

def task(number):
    subprocess.run([sys.executable, "-c", "import time; print('at work', flush=True); time.sleep(60)"])

def run():
    with dask.config.set(WORKER_SETTINGS if sys.argv[1] == "with" else {}), grading._workers(1, None) as client:
        client.submit(task, 1).result()

if __name__ == "__main__":
    sys.exit(exit_code(run))
"""


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C goes another way there")
@pytest.mark.parametrize(("how", "quiet"), [("with", True), ("without", False)])
def test_ctrl_c_prints_one_line(tmp_path, how, quiet):
    (tmp_path / "grading_of_one.py").write_text(GRADING)
    process = subprocess.Popen(
        [sys.executable, str(tmp_path / "grading_of_one.py"), how],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout.readline() == "at work\n"
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=120)[0]
    assert process.returncode == 130
    assert (said.split() == ["Stopped;", "run", "the", "same", "command", "again", "to", "go", "on."]) == quiet
