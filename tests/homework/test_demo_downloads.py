"""The three downloads of the demonstration come back student by student, and the feedback goes out the same way."""

import csv
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("nbgrader", reason="the packages of the extra 'grading' are not installed")

from homework_records import scored
from platform_downloads import bundle

from homework.collecting.submissions import find_submissions
from homework.course_folder import students_of
from homework.demo import take_in
from homework.demo_downloads import make_downloads
from homework.marks import report
from homework.marks.gradebook import Marks
from homework.marks.platform_gradebook import fill_gradebook
from homework.marks.returning import pack_feedback

DUE = datetime(2026, 12, 1, 23, 59, tzinfo=UTC)
DONE = Marks(11.5, 12.0, 0.0, 0.0, (), {}, {})


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """60 students, every tenth of whom has handed in nothing, and every seventh late."""
    course = tmp_path_factory.mktemp("class")
    (course / "release" / "conv_head").mkdir(parents=True)
    lines = [f"s{1000 + i},{'=1+1 Danger' if i == 0 else f'Ada{i} <b>Archer'},s{i}@example.org" for i in range(60)]
    (course / "roster.csv").write_text("student,name,email\n" + "\n".join(lines) + "\n")
    students, work = students_of(course), {}
    for i, student in enumerate(students):
        if i % 10 != 9:
            path = course / "work" / student.id / f"submission_conv_head_{student.id}.zip"
            path.parent.mkdir(parents=True)
            path.write_bytes(bundle(student.id, "conv_head"))
            work[student.id] = path, DUE + timedelta(hours=30 if i % 7 == 0 else -i - 1)
    downloads = make_downloads(course / "downloads", students, work, "conv_head", DUE)
    for download in downloads:
        take_in(course, download)
    return course, students, work, downloads


def test_every_bundle_is_its_students_and_every_time_the_platforms(collected):
    course, students, work, downloads = collected
    found = {one.student: one for one in find_submissions(course, students, ["conv_head"])}
    assert {name for name, one in found.items() if one.missing} == {one.id for one in students} - set(work)
    canvas = next(one.students for one in downloads if one.platform == "canvas")
    for name, (path, when) in work.items():
        assert found[name].path.read_bytes() == path.read_bytes() and found[name].waits is None
        # Canvas says of nobody when it came; those not marked late were given the due time.
        expected = DUE if name in canvas and when <= DUE else when
        assert found[name].timestamp == expected.replace(tzinfo=None).isoformat()


def test_feedback_goes_back_the_way_it_came_and_to_its_own_student(collected):
    course, students, work, downloads = collected
    submissions = [one for one in find_submissions(course, students, ["conv_head"]) if not one.missing]
    for one in submissions:
        report.write_feedback(course, one, scored(one.student), DONE)
    pack_feedback(course, students, submissions, {(one.student, "conv_head"): DONE for one in submissions})
    with zipfile.ZipFile(course / "returned" / "1" / "conv_head-moodle.zip") as archive:
        pages = {name: archive.read(name).decode() for name in archive.namelist()}
    with downloads[0].list.open(encoding="utf-8-sig", newline="") as file:
        numbers = {row["Identifier"].split()[1]: row["ID number"] for row in csv.DictReader(file)}
    assert len(pages) == len([name for name in downloads[0].students if name in work])
    for name, page in pages.items():
        assert f'data-student="{numbers[name.split("_")[1]]}"' in page
    with zipfile.ZipFile(course / "returned" / "1" / "conv_head-canvas.zip") as archive:
        assert set(archive.namelist()) == set(zipfile.ZipFile(downloads[1].path).namelist())


def test_marks_go_into_the_gradebooks_of_moodle_and_canvas(collected):
    course, students, work, downloads = collected
    scores = {(name, "conv_head"): "11.5" for name in work}
    for download in downloads[:2]:
        done = fill_gradebook(download.list, course / "exports", students, ["conv_head"], scores, {"conv_head": 12.0})
        assert done.marks == len([name for name in download.students if name in work])
        assert done.other_totals == [] and done.strangers == 0
