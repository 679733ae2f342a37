"""Time the grading of a class with one worker and with two: ``python -m homework.grading_benchmark [NUMBER]``.

The bundles are right ones of one variant, each with weights of its own. Run it on an idle machine. Printed are the
seconds of the start, of a bundle, and of an entry in the gradebook, and what a bundle and a record take of the disk.
"""

import hashlib
import sys
import tempfile
import time
from pathlib import Path

from homework.collecting.submissions import Submission
from homework.demo import Builder, write_zip
from homework.handing_out.roster import Student
from homework.handing_out.variants import VARIANTS
from homework.marks import gradebook
from homework.marks.points import read_points
from homework.scoring.grading import score_class
from homework.scoring.hidden_photos import hidden_set
from homework.scoring.journal import NAME
from homework.scoring.score_process import ROOT
from homework.scoring.scorer import SCORER_VERSION
from homework.scoring.thresholds import reference_changes, threshold

ASSIGNMENT = "conv_head"
NUMBER = 100
WORKERS = (1, 2)


def main():
    number = int(sys.argv[1]) if len(sys.argv) > 1 else NUMBER
    with tempfile.TemporaryDirectory() as folder:
        submissions = bundles(Path(folder), number)
        hidden = hidden_set(Path(folder), b"benchmark", None)
        whole = {}
        for workers in WORKERS:
            course = Path(folder) / f"course-{workers}"
            few, _ = graded(course / "few", submissions[:workers], hidden, workers)
            whole[workers], records = graded(course / "all", submissions, hidden, workers)
            a_bundle = (whole[workers] - few) / (number - workers)
            start = few - a_bundle
            print(f"{workers} worker(s): {whole[workers]:.1f} s, of it {start:.1f} the start, {a_bundle:.3f} a bundle")
        print(f"{number} submissions: two workers take {whole[1] / whole[2]:.2f} times less than one")
        students = [Student(one.student, f"Student {one.student}", "") for one in submissions]
        with gradebook.opened(course / "all") as book:
            gradebook.prepare(book, students, [ASSIGNMENT], read_points(course))
        begun = time.perf_counter()
        gradebook.write_scores(course / "all", students, submissions, records)
        print(f"gradebook and pages for marking: {1000 * (time.perf_counter() - begun) / number:.1f} ms an entry")
        size = sum(one.path.stat().st_size for one in submissions) / number
        journal = (course / "all" / NAME).stat().st_size / number
        print(f"a bundle has {size / 1e6:.2f} MB, its record in the journal {journal / 1e3:.1f} KB")


def bundles(folder, number):
    """Make bundles of as many students, all of one variant.

    Parameters
    ----------
    folder : pathlib.Path
    number : int

    Returns
    -------
    list of homework.collecting.submissions.Submission
    """
    builder, variant = Builder(ROOT / "build"), VARIANTS[ASSIGNMENT][0]
    made = []
    for seed in range(number):
        student = f"s{10000 + seed}"
        path = write_zip(folder / f"{student}.zip", builder.parts(student, variant, seed))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        made.append(Submission(student, ASSIGNMENT, path=path, sha256=digest))
    return made


def graded(course, submissions, hidden, workers):
    """Score submissions in a new course folder.

    Returns
    -------
    (float, dict)
        Seconds, and the records.
    """
    course.mkdir(parents=True)
    variant = VARIANTS[ASSIGNMENT][0]
    begun = time.perf_counter()
    records = score_class(
        course,
        submissions,
        lambda student, assignment: variant,
        lambda variant: threshold(variant, len(hidden.labels)),
        hidden,
        SCORER_VERSION,
        workers=workers,
        reference_of=reference_changes,
    )
    return time.perf_counter() - begun, records


if __name__ == "__main__":
    main()
