"""Time the grading of many submissions beside nbgrader's autograde of a notebook that only loads the same bundle.

Both run in turn on the same machine in one run, so that only their ratio counts: python homework/benchmark.py
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from homework.collecting.submissions import find_submissions
from homework.demo import Builder, public_photos, write_zip
from homework.handing_out.release import Student
from homework.handing_out.variants import VARIANTS
from homework.marks import gradebook, report
from homework.scoring import grading
from homework.scoring.hidden import hidden_set
from homework.scoring.scorer import SCORER_VERSION
from homework.scoring.thresholds import threshold

ASSIGNMENT = "conv_head"
LOADS = """
import io, json, zipfile
import numpy as np

with zipfile.ZipFile("bundle.zip") as archive:
    about = json.loads(archive.read("submission.json"))
    model = json.loads(archive.read("model.json"))
    weights = dict(np.load(io.BytesIO(archive.read("weights.npz"))))
    predictions = np.load(io.BytesIO(archive.read("predictions.npz")))["probabilities"]
"""


def autograde(folder, bundle, students):
    """Give the seconds a submission that nbgrader takes: one command for each, and one for all."""
    source = folder / "source" / "load"
    source.mkdir(parents=True)
    meta = {"grade": True, "grade_id": "test", "points": 1, "locked": True, "solution": False, "schema_version": 3}
    meta |= {"task": False, "cell_type": "code"}
    cells = [
        nbformat.v4.new_code_cell(LOADS, id="load"),
        nbformat.v4.new_code_cell("assert len(predictions) == 1000", id="test", metadata={"nbgrader": meta}),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, source / "load.ipynb")
    (folder / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'timing'\n")
    run(folder, "generate_assignment", "load")
    names = [f"s{number}" for number in range(students)]
    for name in names:
        submitted = folder / "submitted" / name / "load"
        submitted.mkdir(parents=True)
        shutil.copyfile(folder / "release" / "load" / "load.ipynb", submitted / "load.ipynb")
        (submitted / "bundle.zip").write_bytes(bundle)
    began = time.perf_counter()
    for name in names:
        run(folder, "autograde", "load", f"--student={name}")
    each = (time.perf_counter() - began) / students
    began = time.perf_counter()
    run(folder, "autograde", "load", "--force")
    return each, (time.perf_counter() - began) / students


def run(folder, *words):
    """Run nbgrader, and stop where it fails."""
    with gradebook.commands_found():
        done = subprocess.run([sys.executable, "-m", "nbgrader", *words], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(done.stderr[-2000:])


def ours(course, builder, number, workers, hidden):
    """Give the seconds for scoring, and for gradebook and pages, of so many submissions with differing bytes."""
    variants = [variant for variant in VARIANTS[ASSIGNMENT] if variant["base"] == "mini_vgg16"]
    students = [Student(f"s{one}", f"Student {one}", "") for one in range(number)]
    own = {student.id: variants[i % len(variants)] for i, student in enumerate(students)}
    for seed, student in enumerate(students):
        path = course / "submitted" / student.id / ASSIGNMENT / "work.zip"
        write_zip(path, builder.parts(student.id, own[student.id], seed))
    submissions = find_submissions(course, students, [ASSIGNMENT])
    began = time.perf_counter()
    records = grading.score_class(
        course, submissions, lambda student, _: own[student], threshold, hidden, SCORER_VERSION, workers=workers
    )
    scored = time.perf_counter()
    gradebook.write_scores(course, students, submissions, records)
    marks = gradebook.read_marks(course)
    for one in submissions:
        report.write_feedback(course, one, records[one.student, ASSIGNMENT], marks[one.student, ASSIGNMENT])
    report.write_overview(course, students, submissions, records, marks, [], [], {})
    states = report.count_states(submissions, records)
    return scored - began, time.perf_counter() - scored, states


def main():
    """Measure, and print one line of JSON for each measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=1000)
    parser.add_argument("--compared", type=int, default=200, help="for one worker against two")
    parser.add_argument("--autograded", type=int, default=5)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="course-grading-") as folder:
        folder = Path(folder)
        builder = Builder(folder / "templates", public_photos)
        hidden = hidden_set(folder, b"a secret of the benchmark")
        variant = next(one for one in VARIANTS[ASSIGNMENT] if one["base"] == "mini_vgg16")
        path = write_zip(folder / "bundle.zip", builder.parts("s0", variant, 0))
        bundle = path.read_bytes()
        print(json.dumps({"bundle": len(bundle), "bytes": "of each submission"}), flush=True)
        each, together = autograde(folder / "before", bundle, chosen.autograded)
        sizes = [(chosen.compared, 1), (chosen.compared, 2), (chosen.submissions, 2)]
        for turn, (number, workers) in enumerate(sizes):
            scoring, writing, states = ours(folder / f"class-{turn}", builder, number, workers, hidden)
            own = (scoring + writing) / number
            said = {"submissions": number, "workers": workers, "scoring": scoring, "gradebook and pages": writing}
            said |= {"each": own, "states": states}
            print(json.dumps(said), flush=True)
        after, after_together = autograde(folder / "after", bundle, chosen.autograded)
        # Before and after: a machine that got busier or quieter meanwhile shows.
        for name, values in {"one command each": (each, after), "one for all": (together, after_together)}.items():
            middle = sum(values) / 2
            print(json.dumps({"autograde, " + name: values, "times as long as ours": middle / own}), flush=True)


if __name__ == "__main__":
    main()
