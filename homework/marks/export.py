"""Marks as CSV files that Canvas and Moodle read, one row a student.

Where the platform's own gradebook is at hand, `homework.marks.platform_gradebook` fills that one.
"""

from homework.handing_out.roster import given_and_family
from homework.marks.report import state
from homework.spreadsheet import write_table


def write_exports(course, students, assignments, submissions, records, marks, missing_as_zero=False, titles=None):
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
    titles : dict of str to str, optional
        Assignment -> how the platform calls it; Canvas finds a column by the title, or by the '(number)' behind it.

    Returns
    -------
    list of pathlib.Path
        ``exports/canvas.csv``, ``exports/moodle.csv`` and ``exports/all.csv``.

    Raises
    ------
    CourseError
        Where a file cannot be written.
    """
    score, out_of = scores_to_export(assignments, submissions, records, marks, missing_as_zero)
    called = [(titles or {}).get(name, name) for name in assignments]
    canvas = [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *called],
        ["    Points Possible", "", "", "", "", *[_number(out_of[name]) for name in assignments]],
    ]
    moodle = [["Username", "ID number", "Email address", *[f"Assignment: {name}" for name in called]]]
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
    return [write_table(folder / name, rows) for name, rows in tables.items()]


def scores_to_export(assignments, submissions, records, marks, missing_as_zero=False):
    """Give what is exported of each submission.

    Parameters
    ----------
    assignments, submissions, records, marks, missing_as_zero
        See `write_exports`.

    Returns
    -------
    (dict of (str, str) to str, dict of str to float or None)
        (student, assignment) -> the mark, blank where there is none; assignment -> points.
    """
    out_of = {name: next((m.out_of for (_, of), m in marks.items() if of == name), None) for name in assignments}
    score = {key: _number(one.score) for key, one in marks.items()}
    if missing_as_zero:
        for submission in submissions:
            key = submission.student, submission.assignment
            if not score.get(key) and state(submission, records.get(key)) in ("missing", "refused"):
                score[key] = "0"
    return score, out_of


def _family_name_first(name):
    given, family = given_and_family(name)
    return f"{family}, {given}" if given else family


def _number(value):
    return "" if value is None else f"{value:.6g}"
