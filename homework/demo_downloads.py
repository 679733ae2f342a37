"""The demonstration's learning platforms: three downloads made from the class's work, and the lists beside them.

The forms are those that `homework.collecting.platform_names` and `homework.handing_out.roster` read.
"""

import csv
import re
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from course_utils.files import written_whole
from homework.handing_out.roster import given_and_family

PLATFORMS = ("moodle", "canvas", "blackboard")
WORKSHEET_COLUMNS = (
    "Identifier", "Full name", "ID number", "Email address", "Status", "Grade", "Maximum Grade", "Grade can be changed",
    "Last modified (submission)", "Online text", "Last modified (grade)", "Feedback comments",
)  # fmt: skip


@dataclass(frozen=True)
class Download:
    """One platform's download.

    Attributes
    ----------
    platform : str
    path : pathlib.Path
        The zip file.
    list : pathlib.Path or None
        What the platform exports beside it.
    students : list of str
        Whose work is in it.
    late : list of str
        Whom only a mark calls late.
    """

    platform: str
    path: Path
    list: Path | None
    students: list
    late: list


def make_downloads(folder, students, work, assignment, due):
    """Make the downloads of a class, a third of it on each platform.

    Parameters
    ----------
    folder : pathlib.Path
        Where they go.
    students : list of homework.handing_out.roster.Student
    work : dict of str to (pathlib.Path, datetime.datetime)
        Student's id -> what was handed in, and when, in UTC; who is not in it has handed in nothing.
    assignment : str
    due : datetime.datetime

    Returns
    -------
    list of Download
        Of Moodle, Canvas and Blackboard. Times are written in UTC, without a zone, as the platforms do; Canvas writes
        none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shares = {name: list(enumerate(students))[place::3] for place, name in enumerate(PLATFORMS)}
    return [
        make(folder, shares[name], work, assignment, due)
        for name, make in zip(PLATFORMS, (_moodle, _canvas, _blackboard), strict=True)
    ]


def canvas_gradebook(path, students, title, out_of):
    """Write a gradebook as Canvas exports it, with nothing marked yet.

    Parameters
    ----------
    path : pathlib.Path
    students : list of (int, homework.handing_out.roster.Student)
        The place in the class, by which Canvas numbers them, and the student.
    title : str
        The assignment's, with Canvas's number behind it.
    out_of : float

    Returns
    -------
    pathlib.Path
    """
    rows = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", title]]
    rows.append(["    Points Possible", "", "", "", "", f"{out_of:g}"])
    rows += [[_sortable(one.name), 12000 + i, one.id, one.id, "Demo", ""] for i, one in students]
    return _exported(path, rows)


def _moodle(folder, share, work, assignment, due):
    files, rows = {}, []
    for i, student in share:
        name = " ".join(re.sub(r"[<>/_]", " ", student.name).split())
        handed_in = "-"
        if student.id in work:
            path, when = work[student.id]
            files[f"{name}_{31000 + i}_assignsubmission_file_/{path.name}"] = path
            handed_in = f"{when:%A}, {when.day} {when:%B %Y, %I:%M %p}"
        status = "Submitted for grading" if student.id in work else "No submission"
        about = [f"Participant {31000 + i}", name, student.id, student.email, status, "", "12.00", "Yes", handed_in]
        rows.append([*about, "", "-", ""])
    listed = _exported(folder / "moodle-worksheet.csv", [WORKSHEET_COLUMNS, *rows])
    path = _packed(folder / f"Demo-{assignment}-moodle.zip", files)
    return Download("moodle", path, listed, [one.id for _, one in share], [])


def _canvas(folder, share, work, assignment, due):
    files, late = {}, []
    for i, student in share:
        if student.id in work:
            path, when = work[student.id]
            mark = "LATE_" if when > due else ""
            late += [student.id] if mark else []
            name = re.sub(r"\W|_", "", _sortable(student.name)).lower()
            files[f"{name}_{mark}{12000 + i}_{67000 + i}_{path.name}"] = path
    listed = canvas_gradebook(folder / "canvas-gradebook.csv", share, f"{assignment} (778)", 12)
    path = _packed(folder / "submissions.zip", files)
    return Download("canvas", path, listed, [one.id for _, one in share], late)


def _blackboard(folder, share, work, assignment, due):
    files = {}
    for _, student in share:
        if student.id in work:
            path, when = work[student.id]
            start = f"{assignment}_{student.id}_attempt_{when:%Y-%m-%d-%H-%M-%S}"
            files[f"{start}.txt"] = f"Name: {student.name} ({student.id})\nAssignment: {assignment}\n"
            files[f"{start}_{path.name}"] = path
    path = _packed(folder / f"gradebook_demo_{assignment}.zip", files)
    return Download("blackboard", path, None, [one.id for _, one in share], [])


def _exported(path, rows):
    # As platforms write it: nothing is made harmless there.
    with written_whole(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def _sortable(name):
    given, family = given_and_family(name)
    return f"{family}, {given}" if given else family


def _packed(path, files):
    # What a zip file says of times has no meaning here: always the same.
    time = datetime(2026, 12, 3).timetuple()[:6]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            content = content if isinstance(content, str) else content.read_bytes()
            archive.writestr(zipfile.ZipInfo(name, time), content, zipfile.ZIP_DEFLATED)
    return path
