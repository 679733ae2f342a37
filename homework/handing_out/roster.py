"""The class list: the course's own form, or the list that a learning platform exports as it is.

Whose export a file is shows in its first line. Those lines were taken from: Canvas, ``lib/gradebook_importer.rb`` of
instructure/canvas-lms (Student or LastName and FirstName, ID, SIS User ID, SIS Login ID, Section; a row 'Points
Possible'); Moodle, ``mod/assign/gradingtable.php`` and ``grade/export`` of moodle/moodle (Identifier, Full name, Email
address; or First name, Last name, ID number, Email address); Blackboard's Grade Center (Last Name, First Name,
Username, Student ID); Brightspace's grades export (OrgDefinedId, Username, Last Name, First Name, Email, End-of-Line
Indicator; ids with a '#' before them).
"""

import re
import unicodedata
from dataclasses import dataclass

from course_utils.assignments.variant import same_id
from course_utils.errors import CourseError
from homework.handing_out.csv_table import read_table

# An id becomes the name of a folder, on every system, and part of the name of a file.
STUDENT_ID = re.compile(r"[^\W_][\w.@+-]{0,63}")
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d|all)(\..*)?")
# What a spreadsheet or a program makes of a column of numbers: 1234567890123 in short, 1001 as a fraction, a gap.
SPOILT = re.compile(r"\d+([.,]\d+)?e\+?\d+|\d+[.,]0+|nan|none|null|n/a|undefined|true|false", re.IGNORECASE)
# Which columns hold an id that never changes, by platform; the first that every student has is taken.
ID_COLUMNS = {
    "Canvas": ("sis user id", "sis login id", "id"),
    "Moodle": ("username", "id number", "email address"),
    "Blackboard": ("username", "student id"),
    "Brightspace": ("username", "orgdefinedid"),
}


@dataclass(frozen=True)
class Student:
    """One line of the class list: the id, and the name and e-mail address, which may be empty."""

    id: str
    name: str
    email: str


def read_roster(path):
    """Read the class list.

    Parameters
    ----------
    path : str or pathlib.Path
        A CSV file in UTF-8, separated by commas or semicolons, with a column ``student``, and ``name`` and ``email``
        if wanted; or what Canvas, Moodle, Blackboard or Brightspace export. Other columns are passed over.

    Returns
    -------
    list of Student
        In the order of the file.

    Raises
    ------
    CourseError
        Where the file is no such table, or an id is empty, occurs twice, or cannot be the name of a folder; the line
        is named.
    """
    table = read_table(path)
    header = [cell.strip().lower() for cell in table.header]
    rows = [(line, cells_by_name(header, row)) for line, row in table.rows]
    platform = platform_of(header)
    if platform is None:
        if header.count("student") != 1:
            raise CourseError(
                f"{path} needs one column called 'student'; its first line names {', '.join(header) or 'nothing'}."
            )
        column = "student"
    else:
        rows = [(line, cells) for line, cells in rows if is_person(cells)]
        column = _id_column(platform, header, rows, path)
    students, seen = [], {}
    for line, cells in rows:
        own_id = cells[column] if platform is None else plain_id(cells[column])
        student = Student(unicodedata.normalize("NFC", own_id), plain_name(name_in(cells, platform)), _email(cells))
        problem = _id_problem(student.id)
        if problem:
            raise CourseError(f"{path}, line {line}: the student id {student.id!r} {problem}.")
        first = seen.setdefault(same_id(student.id), line)
        if first != line:
            raise CourseError(f"{path}, line {line}: the student id {student.id!r} stands in line {first} already.")
        students.append(student)
    if not students:
        raise CourseError(f"{path} lists no student; write one line for each below the first.")
    return students


def spoilt_ids(students):
    """List the ids that look as if a spreadsheet had changed them: 1.23457E+12, 1001.0, nan.

    Parameters
    ----------
    students : list of Student

    Returns
    -------
    list of str
    """
    return [student.id for student in students if SPOILT.fullmatch(student.id)]


def platform_of(header):
    """Say whose export a table is.

    Parameters
    ----------
    header : list of str
        The names of its columns, in small letters.

    Returns
    -------
    str or None
        Canvas, Moodle, Blackboard or Brightspace; None where it is none of theirs.
    """
    names = set(header)
    if "id" in names and "section" in names and ("student" in names or {"lastname", "firstname"} <= names):
        return "Canvas"
    if "orgdefinedid" in names or ("username" in names and "end-of-line indicator" in names):
        return "Brightspace"
    if {"identifier", "full name"} <= names:
        return "Moodle"
    if {"last name", "first name", "username"} <= names and "email address" not in names:
        return "Blackboard"
    if "first name" in names and names & {"last name", "surname"} and names & {"email address", "id number"}:
        return "Moodle"
    return None


def cells_by_name(header, row):
    """Give the cells of a row by the names of their columns, without spaces around them.

    Parameters
    ----------
    header : list of str
    row : list of str
        May be shorter than the header.

    Returns
    -------
    dict of str to str
    """
    return dict.fromkeys(header, "") | {name: cell.strip() for name, cell in zip(header, row, strict=False)}


def is_person(cells):
    """Say whether a row of a platform's table stands for a student: Canvas has others, and a test student.

    Parameters
    ----------
    cells : dict of str to str
        By the names of the columns.

    Returns
    -------
    bool
    """
    first = cells.get("student", cells.get("lastname", ""))
    if first.startswith("Points Possible") or (first == "Student, Test" and not cells.get("sis user id")):
        return False
    named = ("student", "id", "lastname", "username", "orgdefinedid", "identifier", "first name", "email address")
    return any(cells.get(name) for name in named)


def name_in(cells, platform):
    """Give the name in a row as the platform writes it; a family name that stands first keeps its comma.

    Parameters
    ----------
    cells : dict of str to str
    platform : str or None

    Returns
    -------
    str
    """
    if platform is None:
        return cells.get("name", "")
    for name in ("student", "full name"):
        if cells.get(name):
            return cells[name]
    family = next((cells[name] for name in ("last name", "surname", "lastname") if cells.get(name)), "")
    given = next((cells[name] for name in ("first name", "firstname") if cells.get(name)), "")
    return f"{family}, {given}" if family and given else family or given


def plain_id(text):
    """Bring a platform's id to the form in which it is kept: accents as one letter, and without Brightspace's '#'.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
    """
    return unicodedata.normalize("NFC", text.strip().removeprefix("#"))


def plain_name(text):
    """Bring a name to one form: accents as one letter, one space between words.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
    """
    return " ".join(unicodedata.normalize("NFC", text).split())


def given_and_family(name):
    """Part a name into given names and family name, 'Family, Given' included.

    Parameters
    ----------
    name : str

    Returns
    -------
    (str, str)
        Given names and family name; a name of one word is a family name.
    """
    family, comma, given = name.partition(",")
    if comma:
        return given.strip(), family.strip()
    given, _, family = name.strip().rpartition(" ")
    return given.strip(), family


def _email(cells):
    return cells.get("email", "") or cells.get("email address", "")


def _id_column(platform, header, rows, path):
    columns = [name for name in ID_COLUMNS[platform] if name in header]
    for name in columns:
        if all(cells[name] for _, cells in rows):
            return name
    raise CourseError(
        f"{path} is an export of {platform}, and in none of its columns {', '.join(columns) or 'with ids'} every "
        "student has an id; fill one in, or write a class list with the columns student,name,email."
    )


def _id_problem(student):
    if not student:
        return "is empty"
    if not STUDENT_ID.fullmatch(student) or student.endswith("."):
        return "cannot name a folder: use letters, digits and . _ - @ +, first a letter or digit, 64 at most"
    if RESERVED.fullmatch(student.lower()):
        return "is a name that some systems, or the course, keep for something else"
    return None
