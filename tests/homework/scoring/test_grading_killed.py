"""A class of 300 whose grading is killed twice: what was scored stays, and nothing is scored a second time."""

import os
import signal
import subprocess
import sys
import time

import pytest
from homework_corpus import STUDENT, about, changed

from homework.collecting.submissions import find_submissions
from homework.handing_out.roster import Student
from homework.scoring.hidden_photos import to_bytes
from homework.scoring.journal import Journal

ASSIGNMENT, NUMBER = "another_base", 300
IDS = [f"{STUDENT}-{i:03}" for i in range(NUMBER)]
GRADE = """
import sys
from pathlib import Path
from homework_corpus import LEVEL, VARIANTS
from homework.collecting.submissions import find_submissions
from homework.handing_out.roster import Student
from homework.scoring.grading import score_class
from homework.scoring.hidden_photos import from_bytes
from homework.scoring.scorer import SCORER_VERSION
course = Path(sys.argv[1])
students = [Student(one.name, one.name, "") for one in sorted((course / "submitted").iterdir())]
submissions = find_submissions(course, students, ["another_base"])
hidden = from_bytes((course / "hidden.npz").read_bytes())
variant = VARIANTS["another_base"]
score_class(course, submissions, lambda *who: variant, lambda variant: LEVEL, hidden, SCORER_VERSION, workers=2)
"""


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_300_bundles_survive_two_kills_with_nothing_lost_and_nothing_scored_twice(corpus, checkout, tmp_path):
    right = corpus.bundle("right", corpus.pooled(), inputs="features")
    (tmp_path / "hidden.npz").write_bytes(to_bytes(corpus.hidden))
    for own in IDS:
        folder = tmp_path / "submitted" / own / ASSIGNMENT
        folder.mkdir(parents=True)
        changed(right, own, about=about(student=own)).rename(folder / "work.zip")
    path = os.pathsep.join(map(str, (checkout, checkout / "tests" / "helpers")))
    command, kept = [sys.executable, "-c", GRADE, str(tmp_path)], {}
    for killed_at in (70, 180, None):
        grade = subprocess.Popen(command, cwd=checkout, env=os.environ | {"PYTHONPATH": path}, start_new_session=True)
        while killed_at and grade.poll() is None and len(Journal(tmp_path).read()) < killed_at:
            time.sleep(0.1)
        if killed_at:
            # All at once, as where the machine loses its power.
            os.killpg(grade.pid, signal.SIGKILL)
        assert grade.wait() == (-signal.SIGKILL if killed_at else 0)
        records = Journal(tmp_path).read()
        # What lay on the disk before is there as it was.
        assert records[: len(kept)] == list(kept.values())
        kept = {record["key"]: record for record in records}
        assert len(kept) == len(records) and (killed_at is None or killed_at <= len(records) < NUMBER)
    students = [Student(own, own, "") for own in IDS]
    digests = {one.sha256 for one in find_submissions(tmp_path, students, [ASSIGNMENT])}
    assert {record["bundle_sha256"] for record in kept.values()} == digests and len(digests) == NUMBER
    assert {record["result"]["points"] for record in kept.values()} == {10.0}
