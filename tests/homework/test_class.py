"""A small class from bundles to exports, with the real scorer, Dask and gradebook; and the demonstration class."""

import csv
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from types import SimpleNamespace

import psutil
import pytest

pytest.importorskip("nbgrader", reason="the packages of the extra 'grading' are not installed")

import homework_corpus

from course_utils.errors import CourseError
from homework import commands
from homework.__main__ import _parser, main
from homework.collecting.submissions import find_submissions
from homework.handing_out.release import Student, release
from homework.handing_out.variants import course_secret
from homework.marks import gradebook, report
from homework.marks.export import write_exports
from homework.scoring import grading
from homework.scoring.copies import similarity_hints
from homework.scoring.hidden_photos import from_bytes, hidden_set, to_bytes
from homework.scoring.journal import Journal
from homework.scoring.score_process import ONE_THREAD, LimitedScorer
from homework.scoring.scorer import SCORER_VERSION

# On a machine with other work: Dask starts several processes, and each scorer loads TensorFlow.
pytestmark = pytest.mark.timeout(1200)
ASSIGNMENT = "another_base"
VARIANT = homework_corpus.VARIANTS[ASSIGNMENT]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    train, hidden = homework_corpus.small_photos()
    return homework_corpus.Corpus(tmp_path_factory.mktemp("corpus"), train, hidden)


@pytest.fixture(scope="module")
def right(corpus):
    return corpus.bundle("right", corpus.pooled(), inputs="features")


@pytest.fixture(scope="module")
def graded(corpus, right, tmp_path_factory):
    """Eight students: their work was scored by two workers, one of which was killed on the way."""
    course = tmp_path_factory.mktemp("class")
    parts = homework_corpus.parts_of(right)
    work = {
        "ada": right.read_bytes(),
        "ben": b"no zip at all",
        "cem": homework_corpus.changed(
            right, "lambda", head_json=b'[{"kind": "Lambda", "name": "x"}]', about=homework_corpus.about(student="cem")
        ).read_bytes(),
        "dora": homework_corpus.changed(right, "copy", about=homework_corpus.about(student="dora")).read_bytes(),
        "eli": homework_corpus.zip_bytes(*parts.items(), ("../../owned.txt", b"owned")),
        "fay": homework_corpus.zip_bytes(*(parts | {"head.json": b" " * 300_000_000}).items()),
        "gil": b"",
    }
    students = [Student(name, f"{name.title()} Z.", "") for name in [*work, "hal"]]
    for name, content in work.items():
        folder = course / "submitted" / name / ASSIGNMENT
        folder.mkdir(parents=True)
        (folder / "work.zip").write_bytes(content)
    (course / "submitted" / "dora" / ASSIGNMENT / "timestamp.txt").write_text("2026-12-02T12:00:00+00:00")
    gradebook.set_due(course, datetime(2026, 12, 1, 12, tzinfo=UTC), [ASSIGNMENT])
    submissions = find_submissions(course, students, [ASSIGNMENT])
    killed = []
    watcher = threading.Thread(target=kill_a_worker, args=(course, killed))
    watcher.start()
    records = score(course, submissions, corpus.hidden)
    watcher.join()
    gradebook.write_scores(course, students, submissions, records)
    marks = gradebook.read_marks(course)
    for one in submissions:
        report.write_feedback(course, one, records.get((one.student, ASSIGNMENT)), marks[one.student, ASSIGNMENT])
    hints = similarity_hints([record["result"] for record in records.values() if "result" in record])
    overview = report.write_overview(course, students, submissions, records, marks, hints, [])
    write_exports(course, students, [ASSIGNMENT], submissions, records, marks)
    return SimpleNamespace(
        course=course,
        students=students,
        submissions=submissions,
        records=records,
        marks=marks,
        killed=killed,
        overview=overview.read_text(encoding="utf-8"),
    )


def score(course, submissions, hidden, **options):
    return grading.score_class(
        course,
        submissions,
        lambda student, assignment: VARIANT,
        lambda variant: homework_corpus.LEVEL,
        hidden,
        SCORER_VERSION,
        **{"workers": 2} | options,
    )


def scorers(pid):
    return [
        one for one in psutil.Process(pid).children(recursive=True) if "homework.scoring.score_process" in one.cmdline()
    ]


def kill_a_worker(course, killed):
    """Kill a scorer as soon as the first result is there."""
    end = time.monotonic() + 200
    while time.monotonic() < end and not killed:
        if Journal(course).read():
            for child in scorers(os.getpid()):
                child.send_signal(signal.SIGKILL)
                killed.append(child.pid)
                return
        time.sleep(0.01)


def test_each_submission_has_its_own_outcome_although_a_worker_was_killed(graded):
    assert graded.killed
    states = {
        one.student: report.state(one, graded.records.get((one.student, ASSIGNMENT))) for one in graded.submissions
    }
    wrong = dict.fromkeys(("ben", "cem", "eli", "fay", "gil"), "refused")
    assert states == {"ada": "scored", "dora": "scored", "hal": "missing", **wrong}
    assert graded.records["ada", ASSIGNMENT]["result"]["points"] == 10


def test_gradebook_and_exports_have_the_same_marks_and_no_silent_0(graded):
    assert {student: marks.score for (student, _), marks in graded.marks.items()} == {
        student.id: {"ada": 10.0, "dora": graded.marks["dora", ASSIGNMENT].score}.get(student.id)
        for student in graded.students
    }
    assert graded.marks["dora", ASSIGNMENT].seconds_late == 86400
    with (graded.course / "exports" / "moodle.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row[0]: row[-1] for row in csv.reader(file)}
    assert rows["ada"] == "10" and all(rows[name] == "" for name in ("ben", "cem", "eli", "fay", "gil", "hal"))


def test_the_overview_names_the_copy_and_every_refusal(graded):
    assert "ada, dora (weights)" in graded.overview and "zip bomb" in graded.overview
    for name in ("ben", "cem", "eli", "fay", "gil", "hal"):
        assert f"<td>{name} <span" in graded.overview


def test_feedback_of_one_names_no_other(graded):
    page = (graded.course / "feedback" / "ada" / ASSIGNMENT / "feedback.html").read_text(encoding="utf-8")
    assert "dora" not in page and "10 of 12 points" in page and "<polyline" in page


def test_a_second_grade_scores_nothing_again_and_a_new_bundle_alone(graded, corpus, tmp_path, monkeypatch):
    def no_workers(*_):
        raise AssertionError("there was nothing to score")

    before = len(Journal(graded.course).read())
    with monkeypatch.context() as patched:
        patched.setattr(grading, "LimitedScorer", no_workers)
        assert score(graded.course, graded.submissions, corpus.hidden) == graded.records
    (graded.course / "submitted" / "gil" / ASSIGNMENT / "work.zip").write_bytes(b"another try")
    again = find_submissions(graded.course, graded.students, [ASSIGNMENT])
    score(graded.course, again, corpus.hidden, workers=1)
    assert len(Journal(graded.course).read()) == before + 1


def test_a_variant_without_a_level_is_told_and_stops_nobody(graded, corpus):
    def no_level(variant):
        raise CourseError("The table has no level for this variant.")

    records = grading.score_class(
        graded.course, graded.submissions, lambda *_: VARIANT, no_level, corpus.hidden, SCORER_VERSION
    )
    assert {record["failed"] for record in records.values()} == {"The table has no level for this variant."}


def test_another_photo_level_or_version_gives_another_key(graded):
    one = graded.submissions[0]
    keys = {
        grading.content_key(one, variant, level, photos, version)
        for variant, level, photos, version in [
            (VARIANT, 0.8, "a", "1"), (VARIANT | {"seed": 8}, 0.8, "a", "1"), (VARIANT, 0.9, "a", "1"),
            (VARIANT, 0.8, "b", "1"), (VARIANT, 0.8, "a", "2"),
        ]
    }  # fmt: skip
    assert len(keys) == 5


@pytest.fixture
def hidden_file(corpus, tmp_path):
    path = tmp_path / "hidden.npz"
    path.write_bytes(to_bytes(corpus.hidden))
    return path


def request(path):
    return {"bundle_path": str(path), "student": "ada", "variant": VARIANT, "threshold": homework_corpus.LEVEL}


@pytest.mark.parametrize(
    ("seconds", "memory", "words"), [(0.1, 4e9, "took more than 0.1 seconds"), (60, 3e8, "0.3 GB of memory")]
)
def test_what_takes_too_much_is_stopped_and_the_next_gets_a_new_scorer(hidden_file, right, seconds, memory, words):
    scorer = LimitedScorer(hidden_file, seconds, memory)
    try:
        assert words in scorer.score(request(right))["refused"]
        assert scorer.child is None
        bad = right.parent / "bad.zip"
        bad.write_bytes(b"no zip")
        assert scorer.score(request(bad))["result"]["status"] == "refused"
    finally:
        scorer.stop()


def test_a_scorer_that_is_killed_over_a_submission_is_replaced_and_tries_again(hidden_file, right):
    scorer = LimitedScorer(hidden_file, 60, 4e9)

    def kill_once():
        time.sleep(1)
        for one in scorers(os.getpid()):
            one.kill()

    try:
        scorer.start()
        threading.Thread(target=kill_once).start()
        said = scorer.score(request(right))
        assert said["result"]["status"] == "scored"
    finally:
        scorer.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="the environment of another process is read from /proc")
def test_a_scorer_keeps_to_one_core_so_that_two_are_faster_than_one(hidden_file):
    scorer = LimitedScorer(hidden_file, 60, 4e9)
    scorer.start()
    try:
        child = psutil.Process(scorer.child.pid)
        while not (environment := child.environ()):  # for a moment a new process has none yet
            time.sleep(0.01)
        assert {environment[name] for name in ONE_THREAD} == {"1"}
    finally:
        scorer.stop()


def test_no_scheduler_is_told_in_one_sentence(graded, corpus, monkeypatch):
    import distributed

    client = distributed.Client
    monkeypatch.setattr(distributed, "Client", lambda address, timeout: client(address, timeout=1))
    with pytest.raises(CourseError, match="No Dask scheduler answers at tcp://127.0.0.1:9") as told:
        score(graded.course, graded.submissions, corpus.hidden, scheduler="tcp://127.0.0.1:9", again=True)
    assert "\n" not in str(told.value)


def test_hidden_photos_are_kept_with_the_course_and_belong_to_its_secret(corpus, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        "homework.scoring.hidden_photos.HiddenSet.from_seed", lambda secret: drawn.append(secret) or corpus.hidden
    )
    first = hidden_set(tmp_path, b"secret")
    assert hidden_set(tmp_path, b"secret").id == first.id == from_bytes(to_bytes(first)).id
    hidden_set(tmp_path, b"another secret")
    (tmp_path / "hidden.npz").write_bytes(b"torn")
    hidden_set(tmp_path, b"secret")
    assert drawn == [b"secret", b"another secret", b"secret"]


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_in_grade_is_one_line_and_leaves_no_scorer_behind(corpus, right, tmp_path, monkeypatch):
    (tmp_path / "roster.csv").write_text("student,name\nada,Ada\n")
    release(tmp_path, tmp_path / "roster.csv", [ASSIGNMENT])
    monkeypatch.setattr("homework.scoring.hidden_photos.HiddenSet.from_seed", lambda secret: corpus.hidden)
    hidden_set(tmp_path, course_secret(tmp_path))
    (tmp_path / "submitted" / "ada" / ASSIGNMENT).mkdir(parents=True)
    (tmp_path / "submitted" / "ada" / ASSIGNMENT / "work.zip").write_bytes(right.read_bytes())
    words = ["--course", str(tmp_path), "grade", "--workers", "1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "homework", *words], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while process.poll() is None and not scorers(process.pid):
        time.sleep(0.05)
    (scorer,) = scorers(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    # Beside the bar of the progress nothing but one sentence.
    told = [line for line in re.split(r"[\r\n]", errors) if line.strip() and "submission/s]" not in line]
    assert process.returncode == 130 and len(told) == 1 and told[0].startswith("Stopped;"), errors
    assert not scorer.is_running() or scorer.status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["grade"], "There is no class list"),
        (["regrade", "ada"], "There is no class list"),
        (["grade", "--assignment", "nonsense"], "There is no class list"),
    ],
)
def test_a_folder_that_is_no_course_is_told(tmp_path, capsys, words, sentence):
    assert main(["--course", str(tmp_path), *words]) == 1
    said = capsys.readouterr().err
    assert sentence in said and said.count("\n") == 1


def test_grading_without_the_secret_makes_no_new_one(tmp_path):
    (tmp_path / "roster.csv").write_text("student,name\nada,Ada\n")
    (tmp_path / "release" / ASSIGNMENT).mkdir(parents=True)
    with pytest.raises(CourseError, match="secret.txt is missing"):
        commands.grade(_parser().parse_args(["--course", str(tmp_path), "grade"]))
    assert not (tmp_path / "secret.txt").exists()


def test_check_names_what_would_not_work(tmp_path, capsys):
    (tmp_path / "roster.csv").write_text("student,name\nada,Ada\n")
    (tmp_path / "release" / ASSIGNMENT).mkdir(parents=True)
    (tmp_path / "submitted" / "adda").mkdir(parents=True)
    assert commands.check(_parser().parse_args(["--course", str(tmp_path), "check"])) == 1
    said = capsys.readouterr().out
    assert (
        "secret.txt is missing" in said
        and "submitted/adda belongs to nobody" in said
        and "0 bundles, 1 missing" in said
    )


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_demonstration_class_ends_with_gradebook_pages_and_exports(tmp_path):
    course = tmp_path / "class"
    done = subprocess.run(
        [sys.executable, "-m", "homework", "--course", str(course), "demo"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "was killed on the way" in done.stdout
    expected = json.loads((course / "expected.json").read_text())
    with (course / "exports" / "all.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["Student"]: row for row in csv.DictReader(file)}
    assert {name: row["State"] for name, row in rows.items()} == {name: one["state"] for name, one in expected.items()}
    for name, one in expected.items():
        assert (rows[name]["Mark"] == "") == (one["state"] != "scored"), name
        assert ("Late by hours" in rows[name] and rows[name]["Late by hours"] != "") == (one["kind"] == "late")
        if one["kind"] in ("right", "late", "float16"):
            assert float(rows[name]["Mark"]) >= 9, (name, one, rows[name])
        if one["kind"] in ("untrained", "false claim", "wrong variant", "NaN"):
            assert float(rows[name]["Mark"]) < 10, (name, one, rows[name])
        assert (course / "feedback" / name / "conv_head" / "feedback.html").is_file()
    with sqlite3.connect(course / "gradebook.db") as database:
        assert database.execute("select count(*) from submitted_assignment").fetchone() == (len(expected),)
        assert database.execute("select count(*) from grade where manual_score = 1.5").fetchone() == (1,)
    keys = [record["key"] for record in Journal(course).read()]
    assert len(keys) == len(set(keys)) and course_secret(course)
    page = (course / "report" / "index.html").read_text(encoding="utf-8")
    assert "(weights)" in page and "<b>Bold" not in page
