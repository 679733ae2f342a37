"""The demonstration's instructor: marks a text by hand through formgrader, as it is served by ``mark``."""

import os
import secrets
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import requests

from course_utils.errors import CourseError
from homework.handing_out.release import ANSWER_ID
from homework.scoring.score_process import ROOT

PATIENCE = 120


@contextmanager
def marking(course):
    """Serve formgrader for a course folder in a process of its own.

    Parameters
    ----------
    course : pathlib.Path

    Yields
    ------
    callable
        (method, path, **more) -> requests.Response: asks formgrader for what is below ``/formgrader/``.

    Raises
    ------
    CourseError
        Where it does not begin to answer.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["--course", str(course.resolve()), "mark", "--no-browser", "--port", str(port)]
    token = secrets.token_hex(16)
    about = {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]), "JUPYTER_TOKEN": token}
    process = subprocess.Popen(
        [sys.executable, "-m", "homework", *words], cwd=ROOT, env=os.environ | about, stdout=subprocess.DEVNULL
    )

    def ask(method, path, **more):
        address, header = f"http://127.0.0.1:{port}/formgrader/{path}", {"Authorization": f"token {token}"}
        return requests.request(method, address, headers=header, timeout=PATIENCE, **more)

    try:
        _wait(process, ask)
        yield ask
    finally:
        process.terminate()
        process.wait()


def mark_text(course, assignment, student, points, comment):
    """Give one student's text a mark and a comment.

    Parameters
    ----------
    course : pathlib.Path
    assignment, student : str
    points : float
    comment : str
    """
    with marking(course) as ask:
        listed = ask("GET", f"api/submitted_notebooks/{assignment}/{assignment}").json()
        (one,) = [entry["id"] for entry in listed if entry["student"] == student]
        for kind, said in (("grade", {"manual_score": points}), ("comment", {"manual_comment": comment})):
            cells = ask("GET", f"api/{kind}s", params={"submission_id": one}).json()
            (cell,) = [entry["id"] for entry in cells if entry["name"] == ANSWER_ID]
            ask("PUT", f"api/{kind}/{cell}", json=said).raise_for_status()


def _wait(process, ask):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            if ask("GET", "api/status").ok:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.2)
    raise CourseError("formgrader does not answer; what it said stands above.")
