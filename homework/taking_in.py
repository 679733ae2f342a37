"""The commands that take in what was handed in, and settle what is not clear about it."""

from datetime import UTC, datetime
from pathlib import Path

from course_utils.errors import CourseError
from course_utils.files import locked
from homework.asking import agreed
from homework.collecting.collect import OF_ANOTHER, SAME, WRITTEN, Choices, plan
from homework.collecting.filing import BESIDE, RECEIVED, WAITS, file_away, folder_of, set_time
from homework.collecting.submissions import find_submissions
from homework.course_folder import assignments_asked, checked_names, released, student_on_list, students_of
from homework.handing_out.variants import SECRET_FILE
from homework.times import both_times, class_zone, due_time, zone_of

SHOWN_ROWS = 400


def collect(chosen):
    """Take in what a learning platform gives, after a table and a question.

    Parameters
    ----------
    chosen : argparse.Namespace
        course, files, list, assignment, platform, zone, time, yes.

    Returns
    -------
    int
        0 where everything was taken in or is there already, 1 where nothing was written because nobody said yes.
    """
    course, students = chosen.course, students_of(chosen.course)
    assignments = released(course) or assignments_asked(course, None)
    zone = zone_of(chosen.zone) if chosen.zone else class_zone(course)
    choices = Choices(
        zone=zone,
        assignment=chosen.assignment,
        platform=chosen.platform,
        lists=tuple(chosen.list or ()),
        time=due_time(chosen.time, zone) if chosen.time else None,
    )
    if chosen.assignment and chosen.assignment not in assignments:
        raise CourseError(f"{chosen.assignment!r} was not released; choose from {', '.join(assignments)}.")
    for path in map(Path, chosen.files):
        if (path / SECRET_FILE).exists():
            raise CourseError(f"{path} is a course folder; give what the learning platform gave you to download.")
    with locked(course / ".collect.lock", seconds=0):
        rows = plan(course, chosen.files, students, assignments, choices)
        _show(rows, {student.id: student.name for student in students}, zone)
        writing = [row for row in rows if row.state in (*WRITTEN, BESIDE)]
        if not writing:
            print("Nothing new, so nothing was written.")
            return 0
        if not agreed(f"Write these {len(writing)}?", chosen.yes):
            print("Nothing was written.")
            return 1
        for row in sorted(writing, key=lambda row: row.state != "older"):
            file_away(course, row)
    print(f"{len(writing)} files are in {course / 'submitted'}. Next: check, then grade.")
    return 0


def received(chosen):
    """Note when one student's work was handed in, where the learning platform does not say so.

    Parameters
    ----------
    chosen : argparse.Namespace
        course, student, assignment, time.
    """
    student = student_on_list(chosen.course, chosen.student)
    (assignment,) = checked_names([chosen.assignment])
    zone = class_zone(chosen.course)
    when = due_time(chosen.time, zone)
    (one,) = find_submissions(chosen.course, [student], [assignment])
    if one.missing:
        raise CourseError(f"{student.id} has handed in nothing for {assignment}; there is nothing to give a time.")
    set_time(folder_of(chosen.course, student.id, assignment), when, RECEIVED)
    print(f"{assignment} of {student.id} was handed in at {both_times(when, zone)}; report, grade and export go by it.")


def _show(rows, names, zone):
    """Print the table: what would be written, and what waits and why."""
    table = [("state", "student", "name", "assignment", "handed in", "file and why")]
    order = {state: number for number, state in enumerate((*WRITTEN, BESIDE, SAME))}
    for row in sorted(rows, key=lambda row: order.get(row.state, -1)):
        time = both_times(row.time, zone).split(" (")[0] if row.time else "not known"
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
    print(
        ", ".join(f"{count} {state}" for state, count in counts.items())
        or "No files: is this what the platform gave you?"
    )
    waiting = [row for row in rows if row.state not in (*WRITTEN, BESIDE, SAME)]
    if waiting:
        print(f"{len(waiting)} stay in the download, for they cannot be filed: the first lines above say why.")
    for row in rows:
        if row.state in (WAITS, OF_ANOTHER):
            kept = "" if row.state == WAITS else "; what they handed in otherwise counts"
            print(
                f"  Ask {row.student} for their own work (more time: extend {row.student} {row.assignment} --days N)"
                f"{kept}."
            )
    if any(row.state == WAITS for row in rows):
        print(
            "What waits for you is filed and not scored: status and check name it until other work comes, or until "
            "grade --accept STUDENT/ASSIGNMENT."
        )
    _say_where_times_are_from(rows, zone)


def _say_where_times_are_from(rows, zone):
    sources = sorted({row.time_source for row in rows if row.time})
    without_zone = {"the platform's list", "the name that the platform gave it"}
    if sources:
        here = datetime.now(UTC).astimezone().tzname()
        taken = f"; they have no zone and were taken in {zone or f'that of this machine ({here}); else give --zone'}"
        print(f"Times are from {', '.join(sources)}{taken if without_zone & set(sources) else ''}.")
    unknown = [row for row in rows if row.time is None and row.state in WRITTEN]
    late = [row for row in unknown if row.upload.marked_late]
    if late:
        print(
            f"Marked late by the platform, without a time: {', '.join(sorted({row.student for row in late}))}. Look it "
            "up there, then `received STUDENT ASSIGNMENT TIME`; until then nothing is taken off."
        )
    if len(unknown) > len(late):
        print(
            f"Of {len(unknown) - len(late)} bundles nothing says when they came: lateness is not known, and nothing is "
            "taken off. Give Moodle's worksheet (--list); a time for those not marked late (--time, for Canvas the due "
            "time); or `received STUDENT ASSIGNMENT TIME` for one. What the zip file says of times is only shown."
        )
    if unknown:
        shown = [row for row in unknown if row.upload.file.entry_time][:3]
        for row in shown:
            print(f"  {row.upload.file.shown}: {row.upload.file.entry_time} in the zip file, without a zone")
