"""Marks as CSV files that Canvas and Moodle read, one row a student."""

import csv
import io
import re
import unicodedata

from course_utils.files import written_whole
from homework.marks.report import state

# A spreadsheet takes a cell that starts with one of these for a formula, and runs it; some take the full-width forms
# and the minus sign too.
OPERATORS = "=+-@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b\u2212"
SEPARATORS = re.compile("([;\uff1b\t\r\n])")


def write_exports(course, students, assignments, submissions, records, marks, missing_as_zero=False):
    """Write the files for Canvas and for Moodle, and one with everything, for the instructor.

    A mark is written only where it holds: missing, failed and refused submissions that nobody has looked at have an
    empty cell, which both systems take as "no mark", not as 0.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.
    students : list of homework.handing_out.release.Student
    assignments : sequence of str
    submissions : list of homework.collecting.submissions.Submission
    records : dict of (str, str) to dict
        Of the journal.
    marks : dict of (str, str) to homework.marks.gradebook.Marks
    missing_as_zero : bool
        Whether to write 0 for what is missing or refused and has no mark.

    Returns
    -------
    list of pathlib.Path
        ``exports/canvas.csv``, ``exports/moodle.csv`` and ``exports/all.csv``.

    Raises
    ------
    CourseError
        Where a file cannot be written.
    """
    out_of = {name: next((m.out_of for (_, of), m in marks.items() if of == name), None) for name in assignments}
    score = {key: _number(one.score) for key, one in marks.items()}
    if missing_as_zero:
        for submission in submissions:
            key = submission.student, submission.assignment
            if not score.get(key) and state(submission, records.get(key)) in ("missing", "refused"):
                score[key] = "0"
    canvas = [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *assignments],
        ["    Points Possible", "", "", "", "", *[_number(out_of[name]) for name in assignments]],
    ]
    moodle = [["Username", "ID number", "Email address", *[f"Assignment: {name}" for name in assignments]]]
    for student in students:
        points = [score.get((student.id, name), "") for name in assignments]
        canvas.append([_family_name_first(student.name), "", student.id, student.id, "", *points])
        moodle.append([student.id, student.id, student.email, *points])
    everything = [["Student", "Name", "Assignment", "State", "Mark", "Out of", "Penalty", "Late by hours", "To mark"]]
    names = {student.id: student.name for student in students}
    for submission in submissions:
        key = submission.student, submission.assignment
        own = marks.get(key)
        row = [submission.student, names.get(submission.student, ""), submission.assignment]
        row += [state(submission, records.get(key)), score.get(key, "")]
        if own:
            hours = f"{own.seconds_late / 3600:.1f}" if own.seconds_late else ""
            row += [_number(own.out_of), _number(own.penalty), hours, " ".join(own.open)]
        everything.append(row)
    folder = course / "exports"
    tables = {"canvas.csv": canvas, "moodle.csv": moodle, "all.csv": everything}
    return [_write(folder / name, rows) for name, rows in tables.items()]


def harmless(cell):
    """Give a cell of a table that no spreadsheet takes for a formula.

    Parameters
    ----------
    cell : str

    Returns
    -------
    str
        With an apostrophe before what starts like a formula, in the cell or behind a separator in it.
    """
    # Where commas are for decimals, spreadsheets split a row at semicolons, whatever its cells were.
    safe = "".join(f"'{part}" if _is_formula(part) else part for part in SEPARATORS.split(cell))
    return f"'{safe}" if cell.startswith(("\t", "\r", "\n")) else safe


def _is_formula(text):
    # Blanks and invisible characters before the sign do not help: some spreadsheets cut them off.
    seen = "".join(one for one in text if unicodedata.category(one) not in ("Cc", "Cf", "Zs", "Zl", "Zp", "Mn"))
    return seen.startswith(tuple(OPERATORS))


def _family_name_first(name):
    first, _, last = name.rpartition(" ")
    return f"{last}, {first}" if first else name


def _number(value):
    return "" if value is None else f"{value:.6g}"


def _write(path, rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([harmless(str(cell)) for cell in row] for row in rows)
    with written_whole(path) as part:
        # With a byte order mark: without it Excel takes the file for one in the local encoding.
        part.write_bytes(text.getvalue().encode("utf-8-sig"))
    return path
