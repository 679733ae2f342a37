"""Whose a downloaded file is, by the name that the learning platform gave it.

Only what the platform itself writes counts: everything behind it is a name that a student chose.

Where each form is from:

- Moodle, ``mod/assign/feedback/file/importziplib.php`` of moodle/moodle: ``Full Name_NUMBER_assignsubmission_file_``
  before the file's name, or as the name of a folder (since 4.1 without the last underscore). The number is the
  participant's in this assignment; Moodle takes underscores out of names.
- Canvas, ``lib/content_zipper.rb`` of instructure/canvas-lms: ``familygiven_LATE_USER_ATTACHMENT_file``; only word
  characters of the name are kept, in small letters, ``LATE`` stands where Canvas calls it late, and of an anonymous
  assignment ``anon_CODE`` stands for name and user.
- Blackboard, ``utils/organiser.py`` of vangef/BBGradebookOrganiser: ``Assignment_USERNAME_attempt_`` with a time such
  as ``2026-11-28-21-07-00``, then the file's name; beside it a .txt whose first line is ``Name: Full Name (USERNAME)``.
- Brightspace: folders ``NUMBER-NUMBER - Full Name - Nov 28, 2026 907 PM``, as graders on public repositories take
  them apart; some versions write the same before each file's name.
- nbgrader's own layout, ``submitted/STUDENT/ASSIGNMENT/``, of its documentation on collecting.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from course_utils.assignments.variant import ASSIGNMENTS

PLATFORMS = ("moodle", "canvas", "blackboard", "brightspace", "nbgrader", "flat")
_MOODLE = re.compile(r"(?P<name>[^_]+)_(?P<number>\d+)_assignsubmission_(?P<kind>[a-z]+)(?:_(?P<file>.*))?")
_CANVAS = re.compile(r"(?P<name>\w+?)_(?P<late>LATE_)?(?P<user>\d+)_(?P<attachment>\d+)_(?P<file>.+)")
_CANVAS_ANONYMOUS = re.compile(r"anon_(?P<late>LATE_)?(?P<user>[A-Za-z0-9]+)_(?P<attachment>\d+)_(?P<file>.+)")
_CANVAS_TEXT = re.compile(r"(?P<name>\w+?)_(?P<late>LATE_)?(?P<user>\d+)_(?:text|link)\.html")
_BLACKBOARD = re.compile(r"(?P<before>.+?)_attempt_(?P<time>\d{4}(?:-\d\d){5})(?:_(?P<file>.+)|\.txt)")
_BRIGHTSPACE = re.compile(
    r"(?P<number>\d+-\d+) - (?P<name>.+?) - (?P<time>[A-Z][a-z]{2} \d{1,2}, \d{4} \d{3,4} [AP]M)(?: - (?P<file>.+))?"
)


@dataclass(frozen=True)
class Upload:
    """One file, and what the platform says of it.

    Attributes
    ----------
    file : homework.collecting.downloads.DownloadedFile
    platform : str
        One of `PLATFORMS`.
    account : str or None
        The platform's own word for the student: a participant's number, a user's number or name, a folder's name.
    name : str or None
        The student's name as the platform writes it.
    file_name : str
        The name that the student gave the file.
    prefix : str
        What the platform wrote before it: by it the feedback goes back.
    time : datetime.datetime or None
        When it was handed in, without a zone, where the file's name says so.
    marked_late : bool
        Whether the platform calls it late.
    order : int
        Of two files of one student without a time, the one with the larger number came later.
    assignment : str or None
        What the platform says of which assignment it is for.
    """

    file: object
    platform: str
    account: str | None
    name: str | None
    file_name: str
    prefix: str = ""
    time: datetime | None = None
    marked_late: bool = False
    order: int = 0
    assignment: str | None = None


def platform_of_files(files):
    """Say which platform a download is from.

    Parameters
    ----------
    files : list of homework.collecting.downloads.DownloadedFile

    Returns
    -------
    str
        One of `PLATFORMS`: the one by whose form most files are named, and ``"flat"`` where that is not even half of
        the zip files: a single file in a folder of bundles may be called anything.
    """
    counts = {name: sum(_read(name, file) is not None for file in files) for name in PLATFORMS if name != "flat"}
    best = max(counts, key=counts.get)
    zips = sum(file.parts[-1].lower().endswith(".zip") for file in files)
    return best if counts[best] and 2 * counts[best] >= zips else "flat"


def uploads_of(files, platform):
    """Take the names of a download's files apart.

    Parameters
    ----------
    files : list of homework.collecting.downloads.DownloadedFile
    platform : str
        One of `PLATFORMS`.

    Returns
    -------
    list of Upload
        In the order of the files. Where a name has not the platform's form, account and name are None.
    """
    return [_read(platform, file) or Upload(file, platform, None, None, file.parts[-1]) for file in files]


def _read(platform, file):
    return _READERS[platform](file)


def _moodle(file):
    for depth, part in enumerate(file.parts):
        found = _MOODLE.fullmatch(part)
        if found and (depth + 1 < len(file.parts) or found["file"]):
            inside = "/".join(filter(None, [found["file"], *file.parts[depth + 1 :]]))
            prefix = part[: found.start("file")] if found["file"] else part
            if found["kind"] != "file":
                return Upload(file, "moodle", found["number"], found["name"], "online text", prefix)
            return Upload(file, "moodle", found["number"], found["name"], inside, prefix)
    return None


def _canvas(file):
    part = file.parts[-1]
    if found := _CANVAS_TEXT.fullmatch(part):
        return Upload(file, "canvas", found["user"], found["name"], "online text", marked_late=bool(found["late"]))
    found = _CANVAS_ANONYMOUS.fullmatch(part)
    name = None if found else ""
    found = found or _CANVAS.fullmatch(part)
    if found is None:
        return None
    return Upload(
        file,
        "canvas",
        found["user"],
        name if name is None else found["name"],
        found["file"],
        part[: found.start("file")],
        marked_late=bool(found["late"]),
        order=int(found["attachment"]),
    )


def _blackboard(file):
    part = file.parts[-1]
    found = _BLACKBOARD.fullmatch(part)
    if found is None or "_" not in found["before"]:
        return None
    title, _, account = found["before"].rpartition("_")
    time = _time(found["time"], "%Y-%m-%d-%H-%M-%S")
    name = found["file"] or "the platform's note.txt"
    prefix = part[: found.start("file")] if found["file"] else ""
    return Upload(file, "blackboard", account, None, name, prefix, time, assignment=_assignment(title))


def _brightspace(file):
    for depth, part in enumerate(file.parts):
        found = _BRIGHTSPACE.fullmatch(part)
        if found and (depth + 1 < len(file.parts) or found["file"]):
            inside = "/".join(filter(None, [found["file"], *file.parts[depth + 1 :]]))
            time = _time(found["time"], "%b %d, %Y %I%M %p")
            return Upload(file, "brightspace", found["number"], found["name"], inside, part, time)
    return None


def _nbgrader(file):
    if len(file.parts) < 3 or file.parts[-2] not in ASSIGNMENTS:
        return None
    student, assignment, name = file.parts[-3:]
    if name == "timestamp.txt":
        name = "the platform's note.txt"
    return Upload(file, "nbgrader", student, None, name, assignment=assignment)


def _flat(file):
    if len(file.parts) > 1:
        return None
    return Upload(file, "flat", None, None, file.parts[0])


_READERS = {
    "moodle": _moodle,
    "canvas": _canvas,
    "blackboard": _blackboard,
    "brightspace": _brightspace,
    "nbgrader": _nbgrader,
    "flat": _flat,
}


def _time(text, form):
    # Brightspace leaves the zero of an hour out, which the form needs.
    text = re.sub(r" (\d{3} [AP]M)$", r" 0\1", text)
    try:
        return datetime.strptime(text, form)
    except ValueError:
        return None


def _assignment(title):
    plain = re.sub(r"[^a-z]+", "_", title.lower()).strip("_")
    return next((name for name in ASSIGNMENTS if plain == name or plain.endswith(f"_{name}")), None)
