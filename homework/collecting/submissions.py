"""What each student has handed in, in the folder ``submitted`` of a course folder, and whose a bundle says it is."""

import hashlib
import json
import re
import stat
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

from course_utils.assignments.variant import same_id
from course_utils.errors import CourseError, file_errors_told
from course_utils.files import write_text
from course_utils.sources.photo_folders import LITTER
from homework.collecting.bundle import LARGEST_BUNDLE, BundleError, clean_text, read_about, read_plain_file, work_of
from homework.collecting.filing import (
    BESIDE_FOLDER,
    BY_HAND,
    COLLECTED,
    EARLIER,
    folder_of,
    read_collected,
    student_folder,
)

ACCEPTED = "accepted.json"
# What a disk takes.
LONGEST_NAME = 255
# A time has 40 letters at most, and a folder holds a bundle or two: what is beyond is not read.
LARGEST_TIMESTAMP = 1000
MOST_FILES = 1000
NOTHING = "Nothing was handed in."
UNKNOWN = "so it is not known whether this came late."
# A student reads this: nobody else's id stands in it.
OF_ANOTHER = "The file was packed under another student id or for another assignment; a person looks at it."
# The forms that can be read in one way only: those of ISO, and what nbgrader and stat write.
TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(Z|UTC|GMT|[+-]\d\d:?\d\d)?")


@dataclass(frozen=True)
class Submission:
    """What one student has handed in for one assignment.

    Attributes
    ----------
    student, assignment : str
    path : pathlib.Path or None
        The bundle; None where there is none that can be read.
    sha256 : str or None
        Of its bytes.
    timestamp : str or None
        When it was handed in, as timestamp.txt says.
    problem : str or None
        One sentence where there is no bundle to score.
    note : str or None
        One sentence for the instructor, where something is odd and the bundle can be scored all the same.
    missing : bool
        True where nothing was handed in at all.
    waits : str or None
        One sentence for the instructor alone, where the bundle names another student or assignment: it may hold
        somebody else's id. Such a bundle is not scored until it is accepted.
    time_by_hand : bool
        Whether the instructor gave the time, and not the platform.
    marked_late : bool
        Whether the platform calls it late, and says no time.
    work : tuple or None
        What of the bundle a copy would share, see `homework.collecting.bundle.work_of`.
    copied_from : str or None
        Of what waits: who handed in the very same work.
    """

    student: str
    assignment: str
    path: Path | None = None
    sha256: str | None = None
    timestamp: str | None = None
    problem: str | None = None
    note: str | None = None
    missing: bool = False
    waits: str | None = None
    time_by_hand: bool = False
    marked_late: bool = False
    work: tuple | None = None
    copied_from: str | None = None


def find_submissions(course, students, assignments):
    """Look for the bundle of every student and assignment.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.
    students : list of homework.handing_out.release.Student
    assignments : sequence of str

    Returns
    -------
    list of Submission
        One for each student and assignment. Of several bundles in a folder the one counts that was collected last,
        by the learning platform's time; of those that were put there by hand the newest file, and a note says so.
    """
    taken, found = accepted(course), []
    for assignment in assignments:
        own = [_find(folder_of(course, student.id, assignment), student.id, assignment, taken) for student in students]
        owners = {one.work: one.student for one in own if one.path is not None and one.work is not None}
        found += [_advised(one, owners.get(one.work)) if one.waits else one for one in own]
    return found


def _advised(one, owner):
    """Say of what waits whether it is a copy, and what to do about it."""
    if owner:
        what = f"it is the very work that {owner} handed in. Ask {one.student} for their own."
        return replace(one, copied_from=owner, waits=f"{one.waits}, and {what}")
    accepting = f"to score this one all the same: grade --accept {one.student}/{one.assignment}"
    return replace(one, waits=f"{one.waits}. Ask {one.student} for their own work; {accepting}")


def unknown_folders(course, students):
    """List the folders of submissions whose names are nobody's on the class list.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.
    students : list of homework.handing_out.release.Student

    Returns
    -------
    list of str
        The folders' names, sorted; what a system leaves in any folder is passed over.
    """
    folder = course / "submitted"
    known = {student_folder(course, student.id).name for student in students}
    names = [one.name for one in folder.iterdir()] if folder.is_dir() else []
    return sorted(clean_text(name, LONGEST_NAME) for name in names if name not in known and not _is_litter(name))


def misplaced(course, students, assignments):
    """List what lies in a student's folder beside the assignments' folders, where nothing is looked for.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.
    students : list of homework.handing_out.release.Student
    assignments : sequence of str
        All that were released.

    Returns
    -------
    list of (str, str or None)
        The path in the course folder, and the assignment that was probably meant; hidden files are passed over.
    """
    found = []
    for student in students:
        folder = student_folder(course, student.id)
        names = sorted(one.name for one in folder.iterdir()) if folder.is_dir() else []
        for name in names:
            if name not in assignments and not name.startswith("."):
                like = [one for one in assignments if one in name.lower()]
                like += get_close_matches(name.lower(), assignments, n=1)
                found.append((f"submitted/{student.id}/{clean_text(name, LONGEST_NAME)}", like[0] if like else None))
    return found


def _is_litter(name):
    """Say whether programs make files of this name by themselves: macOS ._bundle.zip, Jupyter .ipynb_checkpoints."""
    return name.startswith(".") or name in LITTER


def _find(folder, student, assignment, taken):
    try:
        # A link could point at anything of this machine: links come from shared disks and careless unzipping.
        if any(stat.S_ISLNK(one.lstat().st_mode) for one in (folder.parent, folder)):
            return Submission(student, assignment, problem="The folder is a link, which is not followed.")
        found = list(islice(folder.iterdir(), MOST_FILES + 1))
        names = sorted(found, key=lambda one: (one.lstat().st_mtime, one.name))
    except (FileNotFoundError, NotADirectoryError):
        return Submission(student, assignment, missing=True, problem=NOTHING)
    except OSError as error:
        return Submission(student, assignment, problem=f"The folder could not be read ({error.strerror}).")
    if len(found) > MOST_FILES:
        return Submission(student, assignment, problem=f"The folder holds more than {MOST_FILES:,} files.")
    timestamp, note = _timestamp(folder / "timestamp.txt")
    collected = read_collected(folder)
    marked_late = collected is not None and timestamp is None and bool(collected.get("marked late"))
    if collected is not None and timestamp is None and note is None:
        late = ", and the learning platform marks it late" if marked_late else ""
        note = f"It is not known when this came{late}."
    by_hand = (collected or {}).get("time source") in BY_HAND
    about = {"timestamp": timestamp, "note": note, "time_by_hand": by_hand, "marked_late": marked_late}
    submission = Submission(student, assignment, **about)
    beside = ("timestamp.txt", COLLECTED, EARLIER, BESIDE_FOLDER)
    names = [one for one in names if not _is_litter(one.name) and one.name not in beside]
    bundles = [one for one in names if one.suffix.lower() == ".zip"]
    if not bundles:
        if not names:
            return replace(submission, missing=True, problem=NOTHING)
        kinds = sorted({clean_text(one.suffix.lower(), 10) or "without an ending" for one in names})
        return replace(submission, problem=f"No bundle (.zip) was handed in, but other files ({', '.join(kinds[:5])}).")
    path = next((one for one in bundles if collected and one.name == collected.get("bundle")), bundles[-1])
    if len(bundles) > 1:
        # No file's name: it may hold somebody's id, and this stands on the student's page.
        last = collected and path.name == collected.get("bundle")
        which = "the one that was collected last" if last else "the newest file"
        several = f"Of {len(bundles)} bundles in this folder {which} counts."
        submission = replace(submission, note=f"{note} {several}" if note else several)
    try:
        content = read_plain_file(path, LARGEST_BUNDLE)
    except BundleError as error:
        return replace(submission, problem=f"The zip file that counts cannot be taken. {error}")
    except OSError as error:
        return replace(submission, problem=f"The zip file that counts could not be read ({error.strerror}).")
    digest = hashlib.sha256(content).hexdigest()
    another = names_another(named_in(content), student, assignment)
    if another and (student, assignment, digest) not in taken:
        waits = f"The bundle in the folder of {student} for {assignment} waits: {another}"
        return replace(submission, sha256=digest, work=work_of(content), problem=OF_ANOTHER, waits=waits)
    return replace(submission, path=path, sha256=digest, work=work_of(content))


def _timestamp(path):
    """Read when a submission came: (ISO time in UTC or None, note or None)."""
    try:
        # Windows's editor puts a mark before UTF-8.
        text = read_plain_file(path, LARGEST_TIMESTAMP).decode("utf-8-sig").strip()
    except FileNotFoundError:
        return None, None
    except (OSError, BundleError, UnicodeDecodeError):
        return None, f"timestamp.txt is no small text file that can be read, {UNKNOWN}"
    return read_time(text)


def read_time(text):
    """Read a time in a form that can be read in one way only.

    Parameters
    ----------
    text : str

    Returns
    -------
    (str or None, str or None)
        The time in UTC in ISO form without a zone; or else the sentence that says why there is none.
    """
    text = text.strip()
    if written := TIME.fullmatch(text):
        day, time, zone = written.groups()
        # Without a time zone in UTC, as nbgrader takes it.
        zone = "+00:00" if zone in (None, "UTC", "GMT") else zone
        try:
            when = datetime.fromisoformat(f"{day}T{time}{zone}").astimezone(UTC)
            return when.replace(tzinfo=None).isoformat(), None
        except (ValueError, OverflowError):
            pass
    # What it holds is not repeated: this sentence stands on the student's page, and the file may be another's.
    return None, f"timestamp.txt holds no time such as 2026-12-01T21:07:00+01:00, {UNKNOWN}"


def named_in(content):
    """Say which student and which assignment a bundle names.

    Parameters
    ----------
    content : bytes
        The file.

    Returns
    -------
    (str or None, str or None) or None
        None where it is no bundle that can be read.
    """
    try:
        about = read_about(content)
    except BundleError:
        return None
    said = (about.get("student"), about.get("assignment"))
    return tuple(clean_text(one, 80).strip() or None if isinstance(one, str) else None for one in said)


def names_another(named, student, assignment):
    """Say in words whom or what else a bundle names than the folder that it lies in.

    Parameters
    ----------
    named : (str or None, str or None) or None
        See `named_in`.
    student, assignment : str
        Whose folder it is.

    Returns
    -------
    str or None
        For the instructor alone; None where it names this student and this assignment, or nobody.
    """
    if named is None:
        return None
    own, task = named
    said = []
    if own is not None and same_id(own) != same_id(student):
        said.append(f"the student {own!r}")
    if task is not None and task != assignment:
        said.append(f"the assignment {task!r}")
    return f"it names {' and '.join(said)}" if said else None


def accepted(course):
    """List which bundles the instructor has accepted although they name somebody or something else.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.

    Returns
    -------
    set of (str, str, str)
        Student, assignment and SHA-256 of the bundle.

    Raises
    ------
    CourseError
        Where the file cannot be read.
    """
    path = course / ACCEPTED
    with file_errors_told(path):
        text = path.read_text(encoding="utf-8") if path.exists() else "[]"
    try:
        return {(one["student"], one["assignment"], one["sha256"]) for one in json.loads(text)}
    except (ValueError, TypeError, KeyError):
        raise CourseError(f"{path} is not what the course wrote; move it away, and accept again.") from None


def accept(course, student, assignment, sha256):
    """Note that a bundle counts for a student although it names somebody or something else.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.
    student, assignment, sha256 : str

    Raises
    ------
    CourseError
        Where it cannot be noted.
    """
    entries = sorted(accepted(course) | {(student, assignment, sha256)})
    content = [dict(zip(("student", "assignment", "sha256"), entry, strict=True)) for entry in entries]
    write_text(course / ACCEPTED, json.dumps(content, indent=1) + "\n")


def asked_to_accept(words, students, assignments):
    """Read what stands behind ``--accept``.

    Parameters
    ----------
    words : list of str or None
        Each ``STUDENT/ASSIGNMENT``.
    students : list of homework.handing_out.roster.Student
    assignments : sequence of str

    Returns
    -------
    set of (str, str)

    Raises
    ------
    CourseError
        Where one is of another form, or nobody's on the class list.
    """
    ids, found = {same_id(student.id): student.id for student in students}, set()
    for word in words or []:
        parted = re.fullmatch(r"(.+)/([^/]+)", word)
        if not parted or same_id(parted[1]) not in ids or parted[2] not in assignments:
            raise CourseError(
                f"--accept {word} is not STUDENT/ASSIGNMENT, such as {students[0].id}/{assignments[0]}, with a student "
                "of the class list and an assignment that was released."
            )
        found.add((ids[same_id(parted[1])], parted[2]))
    return found
