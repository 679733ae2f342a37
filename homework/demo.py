"""A class of 60 from release to export: right, wrong, hostile, missing and late work, and a worker that is killed.

Nothing is pretended: the bundles come from the reference solution of each variant, trained on the public drawings, and
are then changed part by part; each student's weights are their own. What is expected of each student is written into
``expected.json`` before grading, so that a test can read back what came out.
"""

import io
import json
import os
import random
import subprocess
import sys
import time
import zipfile
from argparse import Namespace
from contextlib import chdir
from datetime import UTC, datetime, timedelta

import numpy as np
import psutil

from course_utils.assignments.packing import safe_name
from course_utils.errors import CourseError
from homework import commands, giving_back, taking_in
from homework.course_folder import ROSTER, students_of
from homework.demo_downloads import make_downloads
from homework.demo_marking import mark_text
from homework.handing_out.variants import course_secret, variant_of
from homework.scoring.journal import Journal
from homework.scoring.score_process import ROOT
from homework.scoring.thresholds import reference_bundles

ASSIGNMENT = "conv_head"
DUE = datetime(2026, 12, 1, 23, 59, tzinfo=UTC)
# Of 60 students; a smaller class keeps the order, so that each kind comes early. What is not listed is right.
KINDS = (
    "right", "zip bomb", "wrong variant", "missing", "late", "copied", "float16", "pickle", "untrained", "not a zip",
    "right", "false claim", "outside path", "late", "NaN", "right", "Lambda", "missing", "huge array", "wrong type",
)  # fmt: skip
STATES = {
    "zip bomb": "refused", "pickle": "refused", "not a zip": "refused", "outside path": "refused",
    "Lambda": "refused", "huge array": "refused", "missing": "missing", "wrong type": "missing",
}  # fmt: skip
NAMES = ("Ada", "Ben", "Chloe", "Dan", "Eva", "Finn", "Grace", "Hugo", "Ida", "Jan", "Kim", "Leo", "Mia", "Noa")
KILL_AFTER = 5


class Builder:
    """Makes bundles for the variants of one assignment, from the reference solution that runs once for each variant.

    Parameters
    ----------
    folder : pathlib.Path
        Where the solutions run, and the images are drawn.
    """

    def __init__(self, folder):
        self.folder = folder
        self.templates = {}

    def parts(self, student, variant, seed):
        """Make a right bundle of a student's own: the weights differ from everyone else's, what they do hardly.

        So the overview names those with the same variant as alike, as it should.

        Parameters
        ----------
        student : str
        variant : dict
        seed : int

        Returns
        -------
        dict of str to bytes
        """
        if variant["number"] not in self.templates:
            self.folder.mkdir(parents=True, exist_ok=True)
            with chdir(self.folder):
                (path,) = reference_bundles(variant, seeds=1)
            with zipfile.ZipFile(path) as archive:
                self.templates[variant["number"]] = {name: archive.read(name) for name in archive.namelist()}
            path.unlink()
        rng, parts = np.random.default_rng(seed), dict(self.templates[variant["number"]])
        weights = read_npz(parts["head.npz"])
        noisy = {name: array * (1 + 0.003 * rng.standard_normal(array.shape)) for name, array in weights.items()}
        parts["head.npz"] = npz({name: array.astype(np.float32) for name, array in noisy.items()})
        about = json.loads(parts["submission.json"])
        about["student"] = student
        about["answers"] = {"answer": f"My head with a convolution learned faster than the flat one ({seed})."}
        for run in about["history"].values():
            for name in run:
                run[name] = [round(max(0.0, value + float(rng.normal(0, 0.002))), 5) for value in run[name]]
                if "accuracy" in name:
                    run[name] = [min(1.0, value) for value in run[name]]
        parts["submission.json"] = json.dumps(about).encode()
        return parts


def read_npz(content):
    """Read arrays from the bytes of an npz file."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return dict(arrays)


def npz(arrays):
    """Write arrays as the bytes of an npz file."""
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    return content.getvalue()


def write_zip(path, parts):
    """Write a zip file with these parts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def spoiled(kind, parts, other, rng):
    """Turn a right bundle into one of another kind.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    parts : dict of str to bytes
        The right bundle.
    other : dict of str to bytes
        A classmate's.
    rng : numpy.random.Generator

    Returns
    -------
    dict of str to bytes
    """
    about, weights = json.loads(parts["submission.json"]), read_npz(parts["head.npz"])
    if kind == "zip bomb":
        return parts | {"head.json": b" " * 400_000_000}
    if kind == "pickle":
        content = io.BytesIO()
        np.savez(content, weights=np.array([{"run": "this"}], object))
        return parts | {"head.npz": content.getvalue()}
    if kind == "outside path":
        return {"../" * 9 + "tmp/owned.txt": b"owned", **parts}
    if kind == "NaN":
        return parts | {"head.npz": npz({name: np.full_like(array, np.nan) for name, array in weights.items()})}
    if kind == "Lambda":
        head = parts["head.json"].replace(b'"kind": "Flatten"', b'"kind": "Lambda"')
        return parts | {"head.json": head}
    if kind == "huge array":
        head = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000,), }"
        head += b" " * (53 + 64 - len(head)) + b"\n"
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr("huge.npy", b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head)
        return parts | {"head.npz": content.getvalue()}
    if kind == "wrong variant":
        about["variant"] = about["variant"] | {"seed": about["variant"]["seed"] + 1, "number": 99}
    if kind in ("untrained", "false claim"):
        noise = {name: 0.05 * rng.standard_normal(array.shape) for name, array in weights.items()}
        parts = parts | {"head.npz": npz({name: array.astype(np.float32) for name, array in noise.items()})}
    if kind == "false claim":
        about["claimed_accuracy"] = 0.999
        parts = parts | {"predictions.npz": npz({"probabilities": (np.arange(1000) < 500).astype(np.float32)[:, None]})}
    if kind == "float16":
        parts = parts | {"head.npz": npz({name: array.astype(np.float16) for name, array in weights.items()})}
    if kind == "copied":
        about["history"] = json.loads(other["submission.json"])["history"]
        parts = parts | {name: other[name] for name in ("head.json", "head.npz", "predictions.npz")}
    return parts | {"submission.json": json.dumps(about).encode()}


def demo(chosen):
    """Make the class in the course folder, and take it from release to export.

    Parameters
    ----------
    chosen : argparse.Namespace
        course and students.

    Raises
    ------
    CourseError
        Where the folder is in use, or a step fails.
    """
    course = chosen.course
    if course.exists() and any(course.iterdir()):
        raise CourseError(f"{course} is not empty; give the demo a new folder with --course, or remove that one.")
    course.mkdir(parents=True, exist_ok=True)
    kinds = make_class(course, chosen.students)
    options = Namespace(
        course=course, roster=None, assignment=[ASSIGNMENT], for_all=False, packed=False, due=DUE.isoformat(),
        zone=None, db=None, missing_as_zero=False, list=None, yes=True, accept=None, all=False, again=False,
        into=None, column=None,
    )  # fmt: skip
    commands.release(options)
    began = time.monotonic()
    work = hand_in(course, kinds, Builder(ROOT / "build"))
    print(f"{sum(kind != 'missing' for kind in kinds.values())} bundles made in {time.monotonic() - began:.0f} s.")
    downloads = make_downloads(course / "downloads", students_of(course), work, ASSIGNMENT, DUE)
    for download in downloads:
        take_in(course, download)
    killed = grade_and_kill(course, chosen.workers if hasattr(chosen, "workers") else 2)
    print(f"A worker (process {killed}) was killed on the way." if killed else "No worker was killed: too few bundles.")
    right = next(student for student, kind in kinds.items() if kind == "right")
    mark_text(course, ASSIGNMENT, right, 1.5, "Say also why it learned faster.")
    print(f"The text of {right} was marked by hand, through formgrader.")
    options.into = [download.list for download in downloads if download.list]
    # Both are of one assignment: Moodle's has one column for it, Canvas's is called like it.
    for command in (giving_back.give_back, commands.export, giving_back.status, commands.check):
        command(options)


def take_in(course, download):
    """Collect one platform's download, and settle what Canvas does not say: when its late ones came.

    Parameters
    ----------
    course : pathlib.Path
    download : homework.demo_downloads.Download
    """
    taking_in.collect(
        Namespace(
            course=course, files=[download.path], list=[download.list] if download.list else None,
            assignment=ASSIGNMENT, platform=None, zone="+00:00", time=DUE.isoformat(), yes=True,
        )
    )  # fmt: skip
    for student in download.late:
        when = (DUE + timedelta(hours=30)).isoformat()
        taking_in.received(Namespace(course=course, student=student, assignment=ASSIGNMENT, time=when))


def make_class(course, number):
    """Write the class list, and decide what kind of work each student does.

    Returns
    -------
    dict of str to str
        Student's id -> kind.
    """
    kinds = {f"s{1000 + i}": KINDS[i % len(KINDS)] if i < 20 else _later_kind(i) for i in range(number)}
    lines = ["student,name,email"]
    for i, student in enumerate(kinds):
        # One name looks like a formula, and one like a tag: both must do no harm further on.
        name = {0: "=1+1 Danger", 1: "<b>Bold</b> Smith"}.get(i, f"{NAMES[i % len(NAMES)]} {'ABCDEFG'[i // 20 % 7]}.")
        lines.append(f"{student},{name},{student}@example.org")
    (course / ROSTER).write_text("\n".join(lines) + "\n", encoding="utf-8")
    expected = {student: {"kind": kind, "state": STATES.get(kind, "scored")} for student, kind in kinds.items()}
    (course / "expected.json").write_text(json.dumps(expected, indent=1), encoding="utf-8")
    return kinds


def hand_in(course, kinds, builder):
    """Make each student's work.

    Returns
    -------
    dict of str to (pathlib.Path, datetime.datetime)
        Student's id -> the file, and when it is handed in.
    """
    secret, done, work = course_secret(course), {}, {}
    # Who copies comes last, and copies from someone with the same variant, where there is one.
    order = sorted(enumerate(kinds.items(), 1), key=lambda entry: entry[1][1] == "copied")
    for seed, (student, kind) in order:
        variant = variant_of(secret, student, ASSIGNMENT)
        folder = course / "work" / student
        if kind == "missing":
            continue
        folder.mkdir(parents=True, exist_ok=True)
        when = DUE + (timedelta(hours=30) if kind == "late" else -timedelta(hours=seed))
        path = folder / f"submission_{ASSIGNMENT}_{safe_name(student)}.zip"
        if kind == "not a zip":
            path.write_bytes(random.Random(seed).randbytes(20_000))
        elif kind == "wrong type":
            path = folder / "homework.docx"
            path.write_bytes(b"PK")
        else:
            rng = np.random.default_rng(seed)
            parts = builder.parts(student, variant, seed)
            right = kind in ("right", "late")
            write_zip(path, parts if right else spoiled(kind, parts, done.get(variant["number"], parts), rng))
            if kind == "right":
                done[variant["number"]] = parts
        work[student] = path, when
    return work


def grade_and_kill(course, workers):
    """Start ``grade``, kill one of its workers while it is at work, and wait for its end.

    Parameters
    ----------
    course : pathlib.Path
    workers : int

    Returns
    -------
    int or None
        The process that was killed; None where grading ended before.

    Raises
    ------
    CourseError
        Where grade failed.
    """
    command = [sys.executable, "-m", "homework", "--course", str(course.resolve()), "grade", "--workers", str(workers)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    process, killed = subprocess.Popen(command, cwd=ROOT, env=environment), None
    while process.poll() is None:
        if killed is None and len(Journal(course).read()) >= KILL_AFTER:
            killed = _kill_a_worker(process.pid)
        time.sleep(0.05)
    if process.returncode != 0:
        raise CourseError(f"grade ended with exit code {process.returncode}; what it said stands above.")
    return killed


def _later_kind(i):
    """Beyond the first 20 most are right; each kind comes about once more."""
    return KINDS[(i // 3) % len(KINDS)] if i % 3 == 0 else "right"


def _kill_a_worker(pid):
    for process in psutil.Process(pid).children(recursive=True):
        try:
            if "homework.scoring.score_process" in process.cmdline():
                # As by a lack of memory, without a word.
                process.kill()
                return process.pid
        except (psutil.NoSuchProcess, AttributeError):
            continue
    return None
