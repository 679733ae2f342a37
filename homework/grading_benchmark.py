"""Time the grading of a class with one worker, two, and a cluster: ``python -m homework.grading_benchmark [NUMBER]``.

The bundles are right ones of one variant, each with weights of its own. Run it on an idle machine. Printed are the
seconds of the start, of a bundle, and of an entry in the gradebook, and what a bundle and a record take of the disk.

With ``--small`` as many bundles that have no head, and so take the scorer next to no time, go through a cluster of two
workers: what is left is the way there and back, and shows how many workers one scheduler can keep busy.
"""

import argparse
import hashlib
import json
import tempfile
import time
from datetime import datetime
from pathlib import Path

from course_utils.assignments.packing import FORMAT
from homework.collecting.submissions import Submission
from homework.demo import Builder, write_zip
from homework.handing_out.roster import Student
from homework.handing_out.variants import VARIANTS
from homework.marks import gradebook
from homework.marks.points import read_points
from homework.scoring.grading import score_class
from homework.scoring.hidden_photos import hidden_set
from homework.scoring.journal import NAME, Journal
from homework.scoring.score_process import ROOT
from homework.scoring.scorer import SCORER_VERSION
from homework.scoring.thresholds import reference_changes, threshold

ASSIGNMENT = "conv_head"
NUMBER = 100
WORKERS = (1, 2)


def main():
    parser = argparse.ArgumentParser(prog="python -m homework.grading_benchmark", description=__doc__)
    parser.add_argument("number", nargs="?", type=int, default=NUMBER)
    parser.add_argument("--small", action="store_true", help="small bundles through a cluster")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        submissions = bundles(Path(folder) / "bundles", chosen.number, without_head if chosen.small else whole)
        hidden = hidden_set(Path(folder), b"benchmark", None)
        course = Path(folder) / "course"
        if chosen.small:
            records, _ = through_a_cluster(course, submissions, hidden)
            say_by_tenths(course, len(submissions))
        else:
            records = here(course, submissions, hidden)
            _, seconds = through_a_cluster(course, submissions, hidden)
            print(f"through a cluster of two workers on this machine, its start included: {seconds:.1f} s")
        students = [Student(one.student, f"Student {one.student}", "") for one in submissions]
        with gradebook.opened(course) as book:
            gradebook.prepare(book, students, [ASSIGNMENT], read_points(course))
        begun = time.perf_counter()
        gradebook.write_scores(course, students, submissions, records)
        print(
            f"gradebook and pages for marking: {1000 * (time.perf_counter() - begun) / chosen.number:.1f} ms an entry"
        )


def here(course, submissions, hidden):
    """Time one worker and two on this machine, and return the records of the second."""
    number, seconds = len(submissions), {}
    for workers in WORKERS:
        few, _ = graded(course / f"few-{workers}", submissions[:workers], hidden, workers=workers)
        graded_in = course / f"all-{workers}"
        seconds[workers], records = graded(graded_in, submissions, hidden, workers=workers)
        a_bundle = (seconds[workers] - few) / (number - workers)
        start = few - a_bundle
        print(f"{workers} worker(s): {seconds[workers]:.1f} s, of it {start:.1f} the start, {a_bundle:.3f} a bundle")
    print(f"{number} submissions: two workers take {seconds[1] / seconds[2]:.2f} times less than one")
    size = sum(one.path.stat().st_size for one in submissions) / number
    journal = (graded_in / NAME).stat().st_size / number
    print(f"a bundle has {size / 1e6:.2f} MB, its record in the journal {journal / 1e3:.1f} KB")
    return records


def through_a_cluster(course, submissions, hidden):
    """Score with two workers of Dask's on this machine, and return the records and the seconds of all of it."""
    from distributed import LocalCluster

    begun = time.perf_counter()
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        _, records = graded(course / "cluster", submissions, hidden, scheduler=cluster.scheduler_address)
    return records, time.perf_counter() - begun


def say_by_tenths(course, number):
    """Say how long a submission took in each tenth of those that went through a cluster."""
    tenth = number // 10
    times = [datetime.fromisoformat(one["time"]) for one in Journal(course / "cluster").read()]
    ends = [*times[: number - 1 : tenth], times[-1]]
    for place, (begun, ended) in enumerate(zip(ends, ends[1:], strict=False)):
        seconds = (ended - begun).total_seconds()
        print(f"submissions {place * tenth} to {(place + 1) * tenth}: {1000 * seconds / tenth:.1f} ms each")


def whole(builder, student, seed):
    """Make the parts of a right bundle."""
    return builder.parts(student, VARIANTS[ASSIGNMENT][0], seed)


def without_head(builder, student, seed):
    """Make the parts of a bundle that is refused before anything is computed."""
    return {"submission.json": json.dumps({"format": FORMAT, "student": student}).encode()}


def bundles(folder, number, parts):
    """Make bundles of as many students, all of one variant.

    Parameters
    ----------
    folder : pathlib.Path
    number : int
    parts : callable
        Builder, student, seed -> what is in the bundle.

    Returns
    -------
    list of homework.collecting.submissions.Submission
    """
    builder, made = Builder(ROOT / "build"), []
    for seed in range(number):
        student = f"s{10000 + seed}"
        path = write_zip(folder / f"{student}.zip", parts(builder, student, seed))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        made.append(Submission(student, ASSIGNMENT, path=path, sha256=digest))
    return made


def graded(course, submissions, hidden, **way):
    """Score submissions in a new course folder.

    Parameters
    ----------
    course : pathlib.Path
    submissions : list of homework.collecting.submissions.Submission
    hidden : homework.scoring.hidden_photos.HiddenSet
    **way
        ``workers`` or ``scheduler`` of `homework.scoring.grading.score_class`.

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
        reference_of=reference_changes,
        **way,
    )
    return time.perf_counter() - begun, records


if __name__ == "__main__":
    main()
