"""Whose bundle lies in whose folder, and which of those that name somebody else the instructor has accepted."""

import io
import json
import re
import zipfile

from course_utils.assignments.variant import same_id
from course_utils.errors import CourseError, file_errors_told
from course_utils.files import write_text
from homework.collecting import bundle
from homework.collecting.bundle import clean_text

ACCEPTED = "accepted.json"
ABOUT = "submission.json"


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
        # The bundle's own bounds, before anything of it is unpacked.
        entries, _ = bundle._entries(content)
        part = bundle._read(zipfile.ZipFile(io.BytesIO(content)), entries[ABOUT], ABOUT)
        about = bundle.read_json(part, ABOUT)
    except (bundle.BundleError, KeyError):
        return None
    if not isinstance(about, dict):
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
