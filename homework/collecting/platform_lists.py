"""Whose account is whose: a learning platform's list of participants, or its gradebook, beside the class list.

An account belongs to a student of the class list by an id that both lists hold, or by the e-mail address; by the name
only where one student and one account have it. The columns are those named in `homework.handing_out.roster`; 'Last
modified (submission)' is that of Moodle's grading worksheet (``mod/assign/feedback/offline`` of moodle/moodle).
"""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from course_utils.assignments.variant import same_id
from course_utils.errors import CourseError
from homework.handing_out.csv_table import read_table
from homework.handing_out.roster import (
    ID_COLUMNS,
    cells_by_name,
    given_and_family,
    is_person,
    name_in,
    plain_id,
    plain_name,
    platform_of,
)

# Moodle writes a time as its user's language does; these are the forms of English.
_TIMES = ("%A, %d %B %Y, %I:%M %p", "%A, %B %d, %Y, %I:%M %p", "%A, %d %B %Y, %H:%M", "%Y-%m-%d %H:%M:%S")
_NUMBER = re.compile(r"\D*(\d+)")


@dataclass(frozen=True)
class Account:
    """One row of a platform's list.

    Attributes
    ----------
    line : int
        Of the file.
    student : str or None
        Whose it is, by the id of the class list; None where nobody's on it.
    number : str or None
        By which the platform names the downloaded files: Moodle's participant, Canvas's user.
    name : str
        As the platform writes it.
    time : datetime.datetime or None
        When this account handed in, without a zone, where the list says so.
    """

    line: int
    student: str | None
    number: str | None
    name: str
    time: datetime | None


def read_accounts(path, students):
    """Read a platform's list.

    Parameters
    ----------
    path : str or pathlib.Path
        A CSV file that Moodle, Canvas, Blackboard or Brightspace exported.
    students : list of homework.handing_out.roster.Student

    Returns
    -------
    (str, list of Account)
        The platform, and its accounts.

    Raises
    ------
    CourseError
        Where the file is no such export, or two of its rows belong to one student.
    """
    table = read_table(path)
    header = [cell.strip().lower() for cell in table.header]
    platform = platform_of(header)
    if platform is None:
        raise CourseError(
            f"{path} is no export of Moodle, Canvas, Blackboard or Brightspace that is known here (its first line "
            f"names {', '.join(header)[:150] or 'nothing'}); give the grading worksheet or the gradebook as it is."
        )
    rows = [(line, cells) for line, row in table.rows if is_person(cells := cells_by_name(header, row))]
    owners = account_owners(platform, [cells for _, cells in rows], students)
    twice = [one for one, count in Counter(filter(None, owners)).items() if count > 1]
    if twice:
        lines = [str(line) for (line, _), owner in zip(rows, owners, strict=True) if owner == twice[0]]
        raise CourseError(f"{path}: lines {' and '.join(lines)} both belong to {twice[0]}; take one out.")
    accounts = [
        Account(line, owner, _number(platform, cells), plain_name(name_in(cells, platform)), _time_in(cells))
        for (line, cells), owner in zip(rows, owners, strict=True)
    ]
    return platform, accounts


def moodle_numbers(path, students):
    """Read names and participants' numbers from Moodle's grading worksheet.

    Parameters
    ----------
    path : str or pathlib.Path
    students : list of homework.handing_out.roster.Student

    Returns
    -------
    dict of str to (str, str)
        Student's id -> name as Moodle writes it, and number.

    Raises
    ------
    CourseError
        Where it is no grading worksheet, or nobody on it is in the class.
    """
    platform, accounts = read_accounts(path, students)
    found = {one.student: (one.name, one.number) for one in accounts if one.student and one.number}
    if platform != "Moodle" or not found:
        raise CourseError(f"{path} is no grading worksheet of Moodle with students of this class on it.")
    return found


def account_owners(platform, rows, students):
    """Say for each row of a platform's table which student of the class list it stands for.

    Parameters
    ----------
    platform : str
        See `homework.handing_out.roster.platform_of`.
    rows : list of dict of str to str
        Cells by the names of the columns.
    students : list of homework.handing_out.roster.Student

    Returns
    -------
    list of (str or None)
        The id on the class list. An id decides before an e-mail address, and that before a name. A row without any
        of them is nobody's.
    """
    by_id = {same_id(student.id): student.id for student in students}
    by_email = _unique((student.email.casefold(), student.id) for student in students if student.email)
    by_name = _unique((plain, student.id) for student in students for plain in ordered_names(student.name))
    names = Counter(plain for cells in rows for plain in ordered_names(name_in(cells, platform)))
    owners = []
    for cells in rows:
        ids = [same_id(plain_id(cells[name])) for name in ID_COLUMNS[platform] if cells.get(name)]
        owner = next((by_id[one] for one in ids if one in by_id), None)
        email = (cells.get("email address") or cells.get("email") or "").casefold()
        owner = owner or by_email.get(email)
        if owner is None and not [one for one in ids if one != email]:
            # The list has no id that could contradict the name.
            found = {
                by_name[one] for one in ordered_names(name_in(cells, platform)) if names[one] == 1 and one in by_name
            }
            owner = found.pop() if len(found) == 1 else None
        owners.append(owner)
    return owners


def ordered_names(name):
    """Give the forms under which names are compared: 'Given Family' without case, and accents as one letter.

    Parameters
    ----------
    name : str

    Returns
    -------
    set of str
        Empty where there is no name.
    """
    given, family = given_and_family(plain_name(name))
    whole = f"{given} {family}".strip().casefold()
    return {unicodedata.normalize("NFC", whole)} if whole else set()


def word_characters(name):
    """Give the forms in which Canvas may write a name into a file's name.

    Parameters
    ----------
    name : str
        'Given Family' or 'Family, Given'.

    Returns
    -------
    set of str
        Only letters, digits and underscores, in small letters; one for each place where the family name may begin.
    """
    words = plain_name(name).replace(",", " ").split()
    turns = [words] if "," in name else [words[at:] + words[:at] for at in range(len(words))]
    return {re.sub(r"\W", "", "".join(turn)).casefold() for turn in turns} - {""}


def _unique(pairs):
    """Give a dict of those keys that stand for one value only."""
    found = {}
    for key, value in pairs:
        found.setdefault(key, set()).add(value)
    return {key: values.pop() for key, values in found.items() if len(values) == 1}


def _number(platform, cells):
    text = cells.get("identifier", "") if platform == "Moodle" else cells.get("id", "") if platform == "Canvas" else ""
    found = _NUMBER.fullmatch(text)
    return found[1] if found else None


def _time_in(cells):
    text = " ".join(cells.get("last modified (submission)", "").split())
    for form in _TIMES:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return None
