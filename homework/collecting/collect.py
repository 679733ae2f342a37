"""Plan what a download of a learning platform brings: whose each bundle is, when it came, and what is there already.

The student is the platform's account; what a bundle says of itself is only compared with that. Nothing is written
here: `homework.collecting.filing` writes what the plan says.
"""

import hashlib
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo

from course_utils.assignments.variant import same_id
from course_utils.errors import CourseError
from homework.collecting.bundle import clean_text
from homework.collecting.downloads import files_of
from homework.collecting.filing import BESIDE, NEW, NEWER, OLDER, WAITS, WITH_TIME, beside_path, filed
from homework.collecting.platform_lists import ordered_names, read_accounts, word_characters
from homework.collecting.platform_names import platform_of_files, uploads_of
from homework.collecting.submissions import named_in, names_another, read_time

# What becomes of a row that is not written; the others are named where they are.
SAME = "same as before"
UNKNOWN, WRONG, NO_BUNDLE, OF_ANOTHER, TWO = (
    "unknown student", "wrong assignment", "not a bundle", "another's bundle", "two bundles",
)  # fmt: skip
WRITTEN = (NEW, NEWER, OLDER, WAITS)
NOTES = ("online text", "the platform's note.txt")
# In the place of a checksum, where a bundle cannot be read.
UNREAD = "not read"


@dataclass(frozen=True)
class Row:
    """One line of the table that is shown before anything is written.

    Attributes
    ----------
    upload : homework.collecting.platform_names.Upload
    state : str
        ``NEW``, ``NEWER``, ``OLDER``, ``WAITS``, ``SAME``, or why it stays in the download.
    student, assignment : str or None
        Where it goes.
    why : str
        What the instructor is told beside the state.
    time : datetime.datetime or None
        When it came, in UTC.
    time_source : str
        Where that is from.
    sha256 : str or None
        Of the bundle.
    """

    upload: object
    state: str
    student: str | None = None
    assignment: str | None = None
    why: str = ""
    time: datetime | None = None
    time_source: str = "not known"
    sha256: str | None = None


@dataclass(frozen=True)
class Choices:
    """What the instructor has said beside the files.

    Attributes
    ----------
    zone : datetime.tzinfo or None
        That of the platform's times; None for this machine's.
    assignment : str or None
        For which assignment all files are.
    platform : str or None
        From which platform; None to see it by the names.
    lists : sequence of pathlib.Path
        The platform's lists of participants or gradebooks.
    time : datetime.datetime or None
        When those came of which the platform says no time and does not call them late.
    """

    zone: tzinfo | None = None
    assignment: str | None = None
    platform: str | None = None
    lists: tuple = ()
    time: datetime | None = None


def plan(course, paths, students, assignments, choices):
    """Say what is in the downloads, and what would become of it.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.
    paths : list of pathlib.Path
        Downloads: zip files or folders.
    students : list of homework.handing_out.roster.Student
    assignments : sequence of str
        Those released.
    choices : Choices

    Returns
    -------
    list of Row

    Raises
    ------
    CourseError
        Where a download or a list cannot be read.
    """
    accounts = [account for path in choices.lists for account in read_accounts(path, students)[1]]
    rows = []
    for path in paths:
        files = files_of(path)
        uploads = uploads_of(files, choices.platform or platform_of_files(files))
        times = {file.parts[:-1]: file for file in files if file.parts[-1] == "timestamp.txt"}
        known = _Known(students, assignments, accounts, _blackboard_notes(uploads), times, choices)
        rows += _rows(uploads, known)
    rows = [_compared(course, row) if row.state in (NEW, OLDER, BESIDE) else row for row in _one_for_each(rows)]
    rows = _one_waits_for_each(course, rows)
    return [_with_the_same(row, rows) if row.state in (WAITS, OF_ANOTHER) else row for row in rows]


@dataclass(frozen=True)
class _Known:
    """What is known beside the names of the files."""

    students: list
    assignments: list
    accounts: list
    notes: dict
    times: dict
    choices: Choices


def _rows(uploads, known):
    rows, bundles = [], {}
    for upload in uploads:
        upload, student, why, account = _owner(upload, known)
        if upload.file_name in NOTES or not upload.file_name.lower().endswith(".zip"):
            rows.append(Row(upload, NO_BUNDLE, student, why=f"{_short(upload.file_name)} is no .zip file"))
        else:
            rows.append(_bundle_row(upload, student, why, account, known))
            bundles[upload.platform, upload.account] = rows[-1].assignment
    rows = [row for row in rows if row.sha256 or row.upload.file_name != NOTES[1]]
    return [row if row.sha256 else _beside(row, bundles) for row in rows]


def _beside(row, bundles):
    """Take a file that is no bundle, such as a text: it is kept where its student's bundle goes."""
    assignment = bundles.get((row.upload.platform, row.upload.account))
    if row.student is None or assignment is None:
        return row
    try:
        content = row.upload.file.read()
    except CourseError as error:
        return replace(row, why=str(error))
    what = "a text written on the platform" if row.upload.file_name == NOTES[0] else f"{row.why}, and is kept"
    return replace(row, state=BESIDE, assignment=assignment, why=what, sha256=hashlib.sha256(content).hexdigest())


def _bundle_row(upload, student, why, account, known):
    try:
        content = upload.file.read()
    except CourseError as error:
        return Row(upload, NO_BUNDLE, student, why=str(error), sha256=UNREAD)
    named = named_in(content)
    own, task = named or (None, None)
    if upload.platform == "flat":
        student, why = _named_student(own, known.students)
    assignment = known.choices.assignment or upload.assignment or task
    if assignment is None and len(known.assignments) == 1:
        # It cannot be read, or names none; the scorer says more of it.
        (assignment,) = known.assignments
    time, source = _time(upload, account, known)
    row = Row(upload, NEW, student, assignment, why, time, source, hashlib.sha256(content).hexdigest())
    if student is None:
        return replace(row, state=UNKNOWN)
    if upload.assignment not in (None, assignment):
        return replace(row, state=WRONG, why=f"it lies where {upload.assignment} was handed in")
    if assignment is None:
        return replace(row, state=NO_BUNDLE, why="it cannot be read, so nothing says for which assignment it is")
    another = names_another(named, student, assignment)
    if assignment not in known.assignments:
        return replace(row, state=WRONG, assignment=None, why=f"{assignment!r} was not released")
    if another:
        state = WRONG if own is None or same_id(own) == same_id(student) else OF_ANOTHER
        return replace(row, state=state, why=f"{another}, and {student} handed it in")
    return row


def _owner(upload, known):
    """Find the student of an account: (upload, id or None, sentence, the account of a list or None)."""
    if upload.platform == "flat":
        return upload, None, "", None
    if upload.account is None:
        return upload, None, f"its name is not one that {upload.platform} writes", None
    if upload.platform in ("nbgrader", "blackboard"):
        username, name = upload.account, None
        if upload.platform == "blackboard":
            name, username = known.notes.get(upload.prefix or upload.file.parts[-1], (None, username))
        found = next((one.id for one in known.students if same_id(one.id) == same_id(username)), None)
        why = "" if found else f"the account {_short(username)} is not on the class list"
        why += "" if found else _by_a_spreadsheet(username, known.students)
        return replace(upload, account=username, name=name), found, why, None
    if upload.platform in ("moodle", "canvas"):
        listed = [account for account in known.accounts if account.number == upload.account]
        if len(listed) == 1:
            (one,) = listed
            return upload, one.student, "" if one.student else f"{_short(one.name)} is not on the class list", one
    return upload, *_by_name(upload, known.students), None


def _by_name(upload, students):
    name = unicodedata.normalize("NFC", upload.name or "")
    if upload.platform == "canvas":
        found = [one.id for one in students if name and name.casefold() in word_characters(one.name)]
    else:
        own = ordered_names(name)
        found = [one.id for one in students if own & ordered_names(one.name)]
    if len(found) == 1:
        return found[0], ""
    who = f"{_short(name)!r} (account {_short(upload.account)})" if name else f"the account {_short(upload.account)}"
    if found:
        return None, f"{len(found)} students are called {_short(name)!r}; give the platform's list with --list"
    return None, f"{who} is nobody's name on the class list; give the platform's list with --list"


def _named_student(own, students):
    ids = {same_id(student.id): student.id for student in students}
    if own is None:
        return None, "it cannot be read, or names nobody, and in a folder of bundles nothing else says whose it is"
    found = ids.get(same_id(own))
    return found, "" if found else f"it names {own!r}, who is not on the class list{_by_a_spreadsheet(own, students)}"


def _by_a_spreadsheet(own, students):
    """Say which id of the class list is this one without its leading zeros, which spreadsheets drop."""
    bare = [one.id for one in students if one.id != own and own.isdigit() and one.id.lstrip("0") == own.lstrip("0")]
    return f", but {bare[0]} is: a spreadsheet may have dropped the zeros there" if bare else ""


def _blackboard_notes(uploads):
    """Give, for what Blackboard writes before a file's name, the name and the account in the note beside it."""
    notes = {}
    for upload in uploads:
        if upload.platform == "blackboard" and not upload.prefix:
            try:
                first = upload.file.read()[:2000].decode("utf-8-sig", "replace").split("\n", 1)[0]
            except CourseError:
                continue
            stem = upload.file.parts[-1].removesuffix(".txt")
            found = re.fullmatch(r"Name:\s*(.*?)\s*\(([^()]+)\)\s*", first)
            if found and stem.partition("_attempt_")[0].endswith(f"_{found[2]}"):
                notes[f"{stem}_"] = notes[upload.file.parts[-1]] = (found[1], found[2])
    return notes


def _time(upload, account, known):
    """Say when a file came: (time in UTC or None, the source in words)."""
    file = known.times.get(upload.file.parts[:-1]) if upload.platform == "nbgrader" else None
    if file is not None:
        iso, _ = read_time(file.read().decode("utf-8-sig", "replace"))
        if iso:
            return datetime.fromisoformat(iso).replace(tzinfo=UTC), "timestamp.txt"
    if account is not None and account.time is not None:
        return _in_utc(account.time, known.choices.zone), "the platform's list"
    if upload.time is not None:
        return _in_utc(upload.time, known.choices.zone), "the name that the platform gave it"
    if known.choices.time is not None and not upload.marked_late:
        return known.choices.time, WITH_TIME
    return None, "not known, and the platform marks it late" if upload.marked_late else "not known"


def _in_utc(time, zone):
    # Without a zone astimezone takes this machine's.
    return (time.replace(tzinfo=zone) if zone else time).astimezone(UTC)


def _one_for_each(rows):
    """Of several bundles of one student for one assignment the newest by the platform counts; the others are older."""
    groups = defaultdict(list)
    for position, row in enumerate(rows):
        if row.state == NEW:
            groups[row.student, row.assignment].append(position)
    for positions in groups.values():
        if len({rows[at].sha256 for at in positions}) == 1:
            for at in positions[1:]:
                rows[at] = replace(rows[at], state=SAME, why="the same file twice in the download")
            continue
        orders = [_order(rows[at]) for at in positions]
        newest = max(orders)
        if orders.count(newest) > 1:
            for at in positions:
                rows[at] = replace(
                    rows[at], state=TWO, why="nothing says which came last; give collect the one that counts alone"
                )
            continue
        for at, order in zip(positions, orders, strict=True):
            if order != newest:
                rows[at] = replace(rows[at], state=OLDER, why="a newer one is in the download")
    return rows


def _one_waits_for_each(course, rows):
    """Let what names somebody or something else go to its sender's folder, where it waits, if that has nothing else."""
    right = {(row.student, row.assignment) for row in rows if row.state in (NEW, NEWER, OLDER, TWO)}
    groups = defaultdict(list)
    for position, row in enumerate(rows):
        if row.state in (OF_ANOTHER, WRONG) and row.assignment and row.upload.assignment in (None, row.assignment):
            groups[row.student, row.assignment].append(position)
    for key, positions in groups.items():
        newest, there = max(positions, key=lambda at: _order(rows[at])), filed(course, *key)
        if there is not None and rows[newest].sha256 in {there.sha256, *there.earlier}:
            rows[newest] = replace(rows[newest], state=SAME)
        elif key not in right and (there is None or there.waits or not there.sha256):
            rows[newest] = replace(rows[newest], state=WAITS)
    return rows


def _order(row):
    again = re.search(r"-(\d+)\.zip$", row.upload.file_name, re.IGNORECASE)
    number = int(again[1]) if again and row.upload.platform == "canvas" else 0
    return (row.time is not None, row.time or datetime.min.replace(tzinfo=UTC), row.upload.order, number)


def _compared(course, row):
    """Compare a file with what lies in the student's folder."""
    if row.state == BESIDE:
        return replace(row, state=SAME) if beside_path(course, row).exists() else row
    there = filed(course, row.student, row.assignment)
    if there is None:
        return row
    if row.state == NEW and there.waits:
        return replace(row, state=NEWER)
    if row.sha256 in there.earlier:
        return replace(row, state=SAME, why="an earlier attempt, which is kept")
    if row.sha256 == there.sha256:
        if row.state == OLDER:
            return replace(row, state=SAME)
        if row.time is not None and there.time is None:
            return replace(row, state=NEWER, why="the same bundle, and now its time is known")
        return replace(row, state=SAME)
    if row.state == OLDER or _is_older(row, there):
        return replace(row, state=OLDER, why=row.why or "a newer one is there")
    return replace(row, state=NEWER)


def _with_the_same(row, rows):
    """Say of a bundle that is somebody else's who has handed in the same file."""
    others = {one.student for one in rows if one.sha256 == row.sha256 and one.student not in (None, row.student)}
    return replace(row, why=f"{row.why}; the same file as {', '.join(sorted(others))}") if others else row


def _is_older(row, there):
    if row.time is not None and there.time is not None and row.time != there.time:
        return row.time < there.time
    return bool(row.upload.order and there.order and row.upload.order < there.order)


def _short(text):
    # A name may come from a student: nothing of it moves the cursor of a terminal.
    return clean_text(text, 60)
