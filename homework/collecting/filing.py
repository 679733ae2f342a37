"""Put a collected bundle into its student's folder; what was there is kept beside, and nothing is ever deleted."""

import hashlib
import json
import os
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime

from course_utils.assignments.packing import safe_name
from course_utils.errors import CourseError, file_errors_told
from course_utils.files import write_text, written_whole

# Beside a bundle: from where it came. By it the feedback goes back.
COLLECTED = "collected.json"
EARLIER = "earlier"
BESIDE_FOLDER = "beside"
# Who says when a bundle came, where the platform does not: `collect --time`, and `received`.
BY_HAND = WITH_TIME, RECEIVED = "you, with --time", "the instructor"
# How what is written compares with what was there.
NEW, NEWER, OLDER, WAITS, BESIDE = "new", "newer", "older", "waits for you", "beside the bundle"


@dataclass(frozen=True)
class Filed:
    """What lies in a student's folder for an assignment.

    Attributes
    ----------
    sha256 : str
        Of the bundle that counts.
    time : datetime.datetime or None
        When it came, in UTC.
    order : int
        See `homework.collecting.platform_names.Upload`.
    earlier : frozenset of str
        The SHA-256 of the attempts that are kept beside it.
    waits : bool
        Whether it names another student or assignment, and was filed to wait.
    """

    sha256: str
    time: datetime | None
    order: int
    earlier: frozenset
    waits: bool = False


def student_folder(course, student):
    """Give the folder of a student's work; a Mac may have given its name accents as characters of their own."""
    folder = course / "submitted" / student
    if student.isascii() or os.path.lexists(folder) or not folder.parent.is_dir():
        return folder
    same = (one for one in folder.parent.iterdir() if unicodedata.normalize("NFC", one.name) == student)
    return next(same, folder)


def folder_of(course, student, assignment):
    """Give the folder in which a student's work for an assignment lies."""
    return student_folder(course, student) / assignment


def read_collected(folder):
    """Read from where the bundle in a student's folder came.

    Parameters
    ----------
    folder : pathlib.Path
        ``submitted/STUDENT/ASSIGNMENT``.

    Returns
    -------
    dict or None
        None where the bundle was put there by hand.
    """
    path = folder / COLLECTED
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return said if isinstance(said, dict) else None


def filed(course, student, assignment):
    """Say what lies in a student's folder.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.
    student, assignment : str

    Returns
    -------
    Filed or None
        None where no bundle lies there.

    Raises
    ------
    CourseError
        Where the folder cannot be read.
    """
    folder = folder_of(course, student, assignment)
    with file_errors_told(folder):
        bundles = _bundles(folder)
        earlier = frozenset(_digest(path) for path in _bundles(folder / EARLIER))
        if not bundles:
            return Filed("", None, 0, earlier) if earlier else None
        said = read_collected(folder) or {}
        newest = next((path for path in bundles if path.name == said.get("bundle")), bundles[-1])
        others = frozenset(_digest(path) for path in bundles if path != newest)
        time, digest = said.get("time"), _digest(newest)
        return Filed(
            digest,
            datetime.fromisoformat(time) if time else None,
            said.get("order", 0),
            earlier | others,
            waits=bool(said.get("waits")) and digest == said.get("sha256"),
        )


def file_away(course, row):
    """Write what one row of the plan brings.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.
    row : homework.collecting.collect.Row
        Its state is new, newer, older or waits, or it is a file beside the bundle.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    CourseError
        Where it cannot be read or written, or has changed since it was planned.
    """
    content = row.upload.file.read()
    if hashlib.sha256(content).hexdigest() != row.sha256:
        raise CourseError(f"{row.upload.file.shown} was changed since it was looked at; collect again.")
    folder = folder_of(course, row.student, row.assignment)
    name = f"submission_{row.assignment}_{safe_name(row.student)}.zip"
    with file_errors_told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if row.state == BESIDE:
            return _written(beside_path(course, row), content)
        if row.state == OLDER:
            path = folder / EARLIER / _kept_name(row.time, row.sha256, name)
            return _written(path, content)
        if row.state in (NEWER, WAITS):
            _keep_what_is_there(folder, row.sha256)
    path = _written(folder / name, content)
    _write_time(folder, row.time)
    upload = row.upload
    said = {
        "bundle": name,
        "sha256": row.sha256,
        "platform": upload.platform,
        "account": upload.account,
        "name": upload.name,
        "file": upload.file_name,
        "prefix": upload.prefix,
        "download": upload.file.source.name,
        "time": row.time.isoformat() if row.time else None,
        "time source": row.time_source,
        "marked late": upload.marked_late,
        "time in the zip file": upload.file.entry_time,
        "order": upload.order,
        "waits": row.state == WAITS,
    }
    write_text(folder / COLLECTED, json.dumps(said, indent=1, ensure_ascii=False) + "\n")
    return path


def beside_path(course, row):
    """Say where a file goes that was handed in beside a bundle.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.
    row : homework.collecting.collect.Row

    Returns
    -------
    pathlib.Path
        In ``beside/``: another content has another name, so that nothing is replaced.
    """
    name = re.sub(r"[^\w.-]+", "-", unicodedata.normalize("NFC", row.upload.file.parts[-1]))[-80:]
    return folder_of(course, row.student, row.assignment) / BESIDE_FOLDER / f"{row.sha256[:8]}_{name}"


def set_time(folder, time, source):
    """Note when a bundle was handed in.

    Parameters
    ----------
    folder : pathlib.Path
        ``submitted/STUDENT/ASSIGNMENT``.
    time : datetime.datetime
        In UTC.
    source : str
        Who says so.

    Raises
    ------
    CourseError
        Where it cannot be written.
    """
    _write_time(folder, time)
    said = read_collected(folder)
    if said is not None:
        said |= {"time": time.isoformat(), "time source": source}
        write_text(folder / COLLECTED, json.dumps(said, indent=1, ensure_ascii=False) + "\n")


def _write_time(folder, time):
    if time is not None:
        write_text(folder / "timestamp.txt", time.astimezone(UTC).isoformat() + "\n")


def _keep_what_is_there(folder, digest):
    said = read_collected(folder) or {}
    time = said.get("time")
    for path in _bundles(folder):
        own = _digest(path)
        if own != digest:
            kept = folder / EARLIER / _kept_name(datetime.fromisoformat(time) if time else None, own, path.name)
            kept.parent.mkdir(exist_ok=True)
            os.replace(path, kept)
            if (folder / "timestamp.txt").exists():
                # The time of an earlier attempt is not that of the new one.
                os.replace(folder / "timestamp.txt", kept.with_suffix(".txt"))
            if said:
                write_text(kept.with_suffix(".json"), json.dumps(said, indent=1, ensure_ascii=False) + "\n")


def _kept_name(time, digest, name):
    when = time.astimezone(UTC).strftime("%Y-%m-%dT%H-%M-%SZ") if time else "time-not-known"
    return f"{when}_{digest[:8]}_{name}"


def _written(path, content):
    with written_whole(path) as part:
        part.write_bytes(content)
    return path


def _bundles(folder):
    if not folder.is_dir():
        return []
    found = [one for one in folder.iterdir() if one.suffix.lower() == ".zip" and not one.name.startswith(".")]
    return sorted((one for one in found if one.is_file() and not one.is_symlink()), key=_age)


def _age(path):
    return path.lstat().st_mtime, path.name


def _digest(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
