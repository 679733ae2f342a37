"""The commands around grading: collect what was handed in, settle what is not clear, give the feedback back."""

import sys
from datetime import UTC, datetime, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from course_utils.errors import CourseError
from course_utils.files import locked
from homework.collecting.collect import SAME, WRITTEN, Choices, plan
from homework.collecting.filing import file_away
from homework.collecting.ownership import accept, asked_to_accept
from homework.course_folder import assignments_asked, both_times, released, students_of

SHOWN_ROWS = 400


def collect(chosen):
    """Take in what a learning platform gives, after a table and a question.

    Parameters
    ----------
    chosen : argparse.Namespace
        course, files, from_, list, assignment, zone, time, accept, yes.

    Returns
    -------
    int
        0 where everything was taken in or is there already, 1 where nothing was written because nobody said yes.
    """
    course, students = chosen.course, students_of(chosen.course)
    assignments = released(course) or assignments_asked(course, None)
    choices = Choices(
        zone=zone_of(chosen.zone) if chosen.zone else None,
        assignment=chosen.assignment,
        platform=chosen.platform,
        lists=tuple(chosen.list or ()),
        time=_given_time(chosen.time),
        accept=frozenset(asked_to_accept(chosen.accept, students, assignments)),
    )
    if chosen.assignment and chosen.assignment not in assignments:
        raise CourseError(f"{chosen.assignment!r} was not released; choose from {', '.join(assignments)}.")
    with locked(course / ".collect.lock", seconds=0):
        rows = plan(course, chosen.files, students, assignments, choices)
        _show(rows, {student.id: student.name for student in students}, chosen.zone)
        writing = [row for row in rows if row.state in WRITTEN]
        if not writing:
            print("Nothing new, so nothing was written.")
            return 0
        if not agreed(f"Write these {len(writing)}?", chosen.yes):
            print("Nothing was written.")
            return 1
        for row in sorted(writing, key=lambda row: row.state != "older"):
            if (row.student, row.assignment) in choices.accept:
                accept(course, row.student, row.assignment, row.sha256)
            file_away(course, row)
    waiting = sum(row.state not in (*WRITTEN, SAME) for row in rows)
    print(f"{len(writing)} bundles are in {course / 'submitted'}; {waiting} files wait. Next: check, then grade.")
    return 0


def agreed(question, yes):
    """Ask a question that is answered by yes or no.

    Parameters
    ----------
    question : str
    yes : bool
        Whether it was answered beforehand, by ``--yes``.

    Returns
    -------
    bool
        False where nobody is there to be asked.
    """
    if yes:
        return True
    if not sys.stdin or not sys.stdin.isatty():
        print(f"{question} Nobody is here to answer; give --yes.")
        return False
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def zone_of(text):
    """Read a time zone.

    Parameters
    ----------
    text : str
        A name such as Europe/Berlin, or a difference from UTC such as +01:00.

    Returns
    -------
    datetime.tzinfo

    Raises
    ------
    CourseError
        Where it is neither.
    """
    try:
        offset = datetime.strptime(text, "%z").utcoffset()
        return timezone(offset)
    except ValueError:
        pass
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CourseError(
            f"{text!r} is no time zone that is known here; give one such as Europe/Berlin or +01:00."
        ) from None


def _given_time(text):
    if text is None:
        return None
    from homework.marks.gradebook import due_time

    return due_time(text)


def _show(rows, names, zone):
    """Print the table: what would be written, and what waits and why."""
    table = [("state", "student", "name", "assignment", "handed in", "file and why")]
    order = {state: number for number, state in enumerate((*WRITTEN, SAME))}
    for row in sorted(rows, key=lambda row: order.get(row.state, -1)):
        time = both_times(row.time).split(" (")[0] if row.time else "not known"
        why = f"{row.upload.file.shown}{f': {row.why}' if row.why else ''}"
        who = row.student or "?"
        table.append((row.state, who, names.get(who, row.upload.name or "")[:24], row.assignment or "?", time, why))
    widths = [max(len(line[column]) for line in table[: SHOWN_ROWS + 1]) for column in range(5)]
    for line in table[: SHOWN_ROWS + 1]:
        print("  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[5]]))
    if len(table) > SHOWN_ROWS + 1:
        print(f"... and {len(table) - SHOWN_ROWS - 1} more.")
    counts = {}
    for row in rows:
        counts[row.state] = counts.get(row.state, 0) + 1
    print(", ".join(f"{count} {state}" for state, count in counts.items()) or "No files.")
    _say_where_times_are_from(rows, zone)


def _say_where_times_are_from(rows, zone):
    sources = sorted({row.time_source for row in rows if row.time})
    without_zone = {"the platform's list", "the name that the platform gave it"}
    if sources:
        here = datetime.now(UTC).astimezone().tzname()
        taken = f"; they have no zone and were taken in {zone or f'that of this machine ({here}); else give --zone'}"
        print(f"Times are from {', '.join(sources)}{taken if without_zone & set(sources) else ''}.")
    unknown = [row for row in rows if row.time is None and row.state in WRITTEN]
    if unknown:
        late = sum(row.upload.marked_late for row in unknown)
        said = f" ({late} marked late by the platform)" if late else ""
        print(
            f"Of {len(unknown)} bundles nothing says when they came{said}: lateness is not known, and nothing is taken "
            "off. Give the platform's list (--list), a time for those not marked late (--time), or `received STUDENT "
            "ASSIGNMENT TIME` for one. What the zip file says of times is only shown."
        )
        shown = [row for row in unknown if row.upload.file.entry_time][:3]
        for row in shown:
            print(f"  {row.upload.file.shown}: {row.upload.file.entry_time} in the zip file, without a zone")
