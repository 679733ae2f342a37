"""Where the class stands, on one screen and as a page: handed out, handed in, graded, waiting, late, extended."""

from homework.handing_out.release import FOR_ALL
from homework.marks.report import state
from homework.pages import write_page

# What is counted, in this order, and what it means.
COLUMNS = {
    "handed out": "has a notebook",
    "handed in": "a bundle lies in the folder",
    "graded": "has a mark",
    "new": "handed in and not graded yet: grade",
    "to mark": "something is to be marked by hand",
    "waiting": "the bundle names another student or assignment",
    "refused": "cannot be scored: refused or failed",
    "missing": "nothing was handed in",
    "late": "after the own due time, or called late by the platform",
    "no time": "nothing says when it came",
    "extended": "has more time than the class",
}
# As many names are shown on the screen.
MOST_NAMED = 12


def class_status(course, students, submissions, records, marks):
    """Say for each assignment who is in which state.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.
    students : list of homework.handing_out.roster.Student
    submissions : list of homework.collecting.submissions.Submission
    records : dict of (str, str) to dict
        Of the journal.
    marks : dict of (str, str) to homework.marks.gradebook.Marks

    Returns
    -------
    dict of str to dict of str to list of str
        Assignment -> one of `COLUMNS` -> ids. A student may stand in several.
    """
    found = {}
    for one in submissions:
        own = found.setdefault(one.assignment, {name: [] for name in COLUMNS})
        mark, word = marks.get((one.student, one.assignment)), state(one, records.get((one.student, one.assignment)))
        handed_in = not one.missing
        is_in = {
            "handed out": _handed_out(course, one),
            "handed in": handed_in,
            "graded": mark is not None and mark.score is not None,
            "new": word == "new",
            "to mark": handed_in and word not in ("new", "waiting") and mark is not None and bool(mark.open),
            "waiting": word == "waiting",
            "refused": word in ("refused", "failed"),
            "missing": one.missing,
            "late": one.marked_late or (mark is not None and mark.seconds_late > 0),
            "no time": handed_in and one.timestamp is None,
            "extended": mark is not None and mark.extended,
        }
        for name, holds in is_in.items():
            if holds:
                own[name].append(one.student)
    return found


def status_lines(status, number):
    """Write the status for a screen.

    Parameters
    ----------
    status : dict
        From `class_status`.
    number : int
        How many students there are.

    Returns
    -------
    list of str
    """
    width = max([len(name) for name in status] + [10])
    lines = [f"{number} students", " ".join(["".ljust(width), *COLUMNS])]
    for assignment, own in status.items():
        counts = [str(len(own[name])).rjust(len(name)) for name in COLUMNS]
        lines.append(" ".join([assignment.ljust(width), *counts]))
    for assignment, own in status.items():
        for name in ("new", "to mark", "waiting", "refused", "late", "no time", "extended", "missing"):
            if own[name]:
                rest = len(own[name]) - MOST_NAMED
                more = f" and {rest} more" if rest > 0 else ""
                lines.append(f"{assignment}, {name} ({COLUMNS[name]}): {', '.join(own[name][:MOST_NAMED])}{more}")
    return lines


def write_status_page(course, students, status):
    """Write ``report/status.html``, for the instructor alone.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.
    students : list of homework.handing_out.roster.Student
    status : dict
        From `class_status`.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    CourseError
        Where it cannot be written.
    """
    path = course / "report" / "status.html"
    names = {student.id: student.name for student in students}
    write_page(path, "status.html.j2", status=status, columns=COLUMNS, names=names, number=len(students))
    return path


def _handed_out(course, one):
    folder = course / "release" / one.assignment
    return (folder / one.student).is_dir() or (folder / FOR_ALL).is_dir()
