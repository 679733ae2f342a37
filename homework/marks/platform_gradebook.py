"""Fill the marks into a gradebook that a learning platform exported, so that it can be imported there again.

Only what the platform needs to know a row, and the columns of the homework, are written: a copy of the rest would take
back what somebody else has marked there meanwhile. A cell for which there is no mark keeps the platform's own value: a
blank over a grade counts as a change in Canvas (``no_change_to_value?`` in ``lib/gradebook_importer.rb`` of
instructure/canvas-lms), and as 'no grade' in Moodle (``mod/assign/feedback/offline`` of moodle/moodle).
"""

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass

from course_utils.errors import CourseError
from course_utils.files import written_whole
from homework.collecting.platform_lists import account_owners
from homework.handing_out.csv_table import read_table
from homework.handing_out.roster import ID_COLUMNS, cells_by_name, is_person, platform_of

# What says whose a row is, or what the platform wants beside it.
KEPT_COLUMNS = {
    "Canvas": (
        "student", "lastname", "firstname", "id", "sis user id", "sis login id", "integration id", "root account",
        "section",
    ),
    "Moodle": ("first name", "last name", "surname", "username", "id number", "email address"),
    "Blackboard": ("last name", "first name", "username", "student id"),
    "Brightspace": ("orgdefinedid", "username", "end-of-line indicator"),
}  # fmt: skip
# What a platform writes around a title: '(778)', '[Total Pts: 12 Score] |664617', 'Points Grade <...>', 'Assignment:'.
_AROUND = re.compile(r"^Assignment:\s*|\s*\((?:\d+|Real)\)\s*$|\s*\[[^]]*\].*$|\s+Points Grade.*$")


@dataclass(frozen=True)
class Filled:
    """What came of it.

    Attributes
    ----------
    path : pathlib.Path
        The file to import.
    platform : str
    columns : dict of str to str
        Assignment -> the column's title.
    marks : int
        How many were written.
    kept : int
        In so many cells of students of the class stays what the platform had.
    strangers : int
        Rows of nobody on the class list; nothing of theirs is changed.
    absent : list of str
        Students of the class who have no row.
    other_totals : list of str
        Where the platform counts out of another number of points: one sentence each.
    """

    path: object
    platform: str
    columns: dict
    marks: int
    kept: int
    strangers: int
    absent: list
    other_totals: list


def fill_gradebook(path, folder, students, assignments, scores, out_of, named=None):
    """Write a copy of a platform's gradebook with the marks in it.

    Parameters
    ----------
    path : pathlib.Path
        As Canvas, Moodle, Blackboard or Brightspace exported it; it is not changed.
    folder : pathlib.Path
        Where the copy goes.
    students : list of homework.handing_out.roster.Student
    assignments : list of str
    scores : dict of (str, str) to str
        (student, assignment) -> the mark; blank where there is none.
    out_of : dict of str to float or None
        Assignment -> points.
    named : dict of str to str, optional
        Assignment -> the title of its column.

    Returns
    -------
    Filled

    Raises
    ------
    CourseError
        Where it is no such export, a column cannot be told, or two rows belong to one student.
    """
    table = read_table(path)
    header = [cell.strip().lower() for cell in table.header]
    platform = platform_of(header)
    if platform is None:
        raise CourseError(f"{path} is no gradebook of Canvas, Moodle, Blackboard or Brightspace that is known here.")
    columns = _columns(table, header, assignments, named or {})
    owners = _owners(platform, header, table, students)
    if "identifier" in header:
        kept = list(range(len(header)))
    else:
        kept = [at for at, name in enumerate(header) if name in KEPT_COLUMNS[platform] or at in columns.values()]
    rows, marks, left = [], 0, 0
    for (_, row), owner in zip(table.rows, owners, strict=True):
        row = [*row, *[""] * (len(header) - len(row))]
        for assignment, at in columns.items():
            mark = scores.get((owner, assignment), "") if owner else ""
            if mark:
                row[at], marks = mark, marks + 1
            elif owner:
                left += 1
        rows.append([row[at] for at in kept])
    target = folder / f"{path.stem}-filled.csv"
    _write(target, [[table.header[at] for at in kept], *rows], table.separator)
    people = [
        owner for owner, (_, row) in zip(owners, table.rows, strict=True) if is_person(cells_by_name(header, row))
    ]
    return Filled(
        target,
        platform,
        {assignment: table.header[at] for assignment, at in columns.items()},
        marks,
        left,
        people.count(None),
        [student.id for student in students if student.id not in people],
        _other_totals(table, header, columns, out_of),
    )


def _columns(table, header, assignments, named):
    """Find the column of each assignment: assignment -> its place."""
    if "identifier" in header and "grade" in header:
        if len(assignments) != 1:
            raise CourseError(f"{table.path} is of one assignment; say which with --assignment.")
        return {assignments[0]: header.index("grade")}
    titles = [cell.strip() for cell in table.header]
    found = {}
    for assignment in assignments:
        title = named.get(assignment)
        places = [at for at, one in enumerate(titles) if one == title or (title is None and _plain(one) == assignment)]
        if len(places) > 1 or (title is not None and not places):
            raise CourseError(
                f"{table.path} has {len(places) or 'no'} columns for {assignment}; name the one with --column "
                f'{assignment}="TITLE", one of: {"; ".join(titles[3:])[:300]}.'
            )
        if places:
            found[assignment] = places[0]
    if not found:
        raise CourseError(
            f"{table.path} has no column that is called like an assignment ({', '.join(assignments)}); name it with "
            f'--column {assignments[0]}="TITLE", one of: {"; ".join(titles[3:])[:300]}.'
        )
    return found


def _plain(title):
    before = None
    while before != title:
        before, title = title, _AROUND.sub("", title)
    return re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")


def _owners(platform, header, table, students):
    cells = [cells_by_name(header, row) for _, row in table.rows]
    owners = account_owners(platform, cells, students)
    has_id = [any(one.get(name) for name in (*ID_COLUMNS[platform], "identifier")) for one in cells]
    # A row without any id gets no mark, whatever its name.
    owners = [
        owner if known and is_person(one) else None for owner, known, one in zip(owners, has_id, cells, strict=True)
    ]
    twice = [one for one, count in Counter(filter(None, owners)).items() if count > 1]
    if twice:
        lines = [str(line) for (line, _), owner in zip(table.rows, owners, strict=True) if owner == twice[0]]
        raise CourseError(f"{table.path}: lines {' and '.join(lines)} both belong to {twice[0]}; take one out.")
    return owners


def _other_totals(table, header, columns, out_of):
    said = []
    for assignment, at in columns.items():
        for _, row in table.rows:
            named = cells_by_name(header, row)
            if row and row[0].strip().startswith("Points Possible"):
                total = row[at] if at < len(row) else ""
            else:
                total = named.get("maximum grade", "") if "identifier" in header else ""
            if total and out_of.get(assignment) is not None and _differs(total, out_of[assignment]):
                said.append(
                    f"{assignment} has {out_of[assignment]:g} points here and {total.strip()} on the platform; change "
                    "it there before you import."
                )
                break
    return said


def _differs(total, points):
    try:
        return float(total.replace(",", ".")) != float(points)
    except ValueError:
        return False


def _write(path, rows, separator):
    text = io.StringIO()
    # Cells of the platform's own go back as they are; ours are numbers.
    csv.writer(text, delimiter=separator, lineterminator="\r\n").writerows(rows)
    with written_whole(path) as part:
        part.write_bytes(text.getvalue().encode("utf-8"))
