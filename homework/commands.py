"""What the commands of ``python -m homework`` do."""

import contextlib
from pathlib import Path

from course_utils.assignments.variant import same_id
from course_utils.errors import CourseError
from course_utils.files import written_whole
from homework.collecting.submissions import find_submissions, misplaced, unknown_folders
from homework.handing_out.release import read_roster
from homework.handing_out.release import release as write_release
from homework.handing_out.variants import ASSIGNMENTS, SECRET_FILE, VARIANTS, course_secret, variant_of
from homework.marks import export as export_files
from homework.marks import gradebook
from homework.marks import report as report_pages
from homework.scoring import grading
from homework.scoring.copies import similarity_hints
from homework.scoring.hidden_photos import hidden_set, use_hidden
from homework.scoring.journal import only_one
from homework.scoring.scorer import SCORER_VERSION
from homework.scoring.thresholds import honest_likeness, reference_changes, threshold

ROSTER = "roster.csv"


def release(chosen):
    """Write the students' notebooks, and enter class, assignments and rubric into the gradebook."""
    course = chosen.course
    when = gradebook.due_time(chosen.due) if chosen.due else None
    roster = chosen.roster or course / ROSTER
    students, assignments = read_roster(roster), _named(chosen.assignment) or list(ASSIGNMENTS)
    written = write_release(course, roster, assignments, for_all=chosen.for_all, packed=chosen.packed)
    if chosen.roster:
        _keep_roster(course, roster, students, chosen.for_all)
    with gradebook.opened(course, chosen.db) as book:
        gradebook.prepare(book, students, assignments)
    if when:
        gradebook.set_due(course, chosen.due, assignments, chosen.db)
        print(f"Due {_both_times(when)}.")
    print(f"{len(written)} notebooks for {len(students)} students are in {course / 'release'}.")
    print(f"Keep a copy of {course / SECRET_FILE}: without it every student has another variant.")


def _keep_roster(course, roster, students, for_all):
    """Copy the class list to where the later commands read it, and say who is new on it and who has gone."""
    kept, before = course / ROSTER, None
    # A copy that somebody has broken is replaced too.
    with contextlib.suppress(CourseError):
        before = [student.id for student in read_roster(kept)]
    content = Path(roster).read_bytes()
    with written_whole(kept) as part:
        part.write_bytes(content)
    if before is None:
        return
    now = [student.id for student in students]
    added, removed = [one for one in now if one not in before], [one for one in before if one not in now]
    if added:
        again = (
            "; give them the notebook for all anew, earlier copies of it stay valid for the others" if for_all else ""
        )
        print(f"New on the class list: {', '.join(added)}{again}.")
    if removed:
        print(f"No longer on the class list, so scored no more: {', '.join(removed)}.")


def due(chosen):
    """Set until when assignments may be handed in."""
    _students(chosen.course)
    when = gradebook.due_time(chosen.time)
    gradebook.set_due(chosen.course, chosen.time, _named(chosen.assignments), chosen.db)
    print(f"Due {_both_times(when)}: {', '.join(chosen.assignments)}.")


def extend(chosen):
    """Give one student more time."""
    student = _on_the_list(chosen)
    (assignment,) = _named([chosen.assignment])
    when = gradebook.extend(chosen.course, student, assignment, chosen.days, chosen.db)
    print(f"{assignment} of {student.id} is due {_both_times(when)}; report and export go by it.")


def check(chosen):
    """Say what lies in the course folder, and what would keep grading from working."""
    course, problems = chosen.course, []
    students = _students(course)
    print(f"{len(students)} students are on the class list {course / ROSTER}.")
    if not (course / SECRET_FILE).is_file():
        problems.append(f"{course / SECRET_FILE} is missing: release first, or restore it from your copy.")
    assignments = _assignments(chosen)
    for assignment in assignments:
        found = find_submissions(course, students, [assignment])
        missing = [one.student for one in found if one.missing]
        print(f"{assignment}: {sum(one.path is not None for one in found)} bundles, {len(missing)} missing.")
        for one in found:
            if (one.problem and not one.missing) or one.note:
                print(f"  {one.student}: {one.problem or one.note}")
        unmeasured = [variant["number"] for variant in VARIANTS[assignment] if _level(variant) is None]
        if unmeasured:
            problems.append(f"{assignment} has no level for the variants {', '.join(map(str, unmeasured))}.")
    for name in unknown_folders(course, students):
        problems.append(f"submitted/{name} belongs to nobody on the class list, and will not be scored.")
    for path, meant in misplaced(course, students, _released(course)):
        folder = f"{path.rpartition('/')[0]}/{meant or 'ASSIGNMENT'}/"
        problems.append(f"{path} is no released assignment, and will not be scored; bundles belong into {folder}.")
    with gradebook.opened(course, chosen.db) as book:
        print(f"The gradebook answers; it has {len(book.students)} students.")
    for problem in problems:
        print(f"PROBLEM {problem}")
    return 1 if problems else 0


def grade(chosen):
    """Score what is new, and write gradebook, feedback and overview."""
    if chosen.new_hidden and chosen.assignment:
        raise CourseError("--new-hidden scores all assignments anew; leave out --assignment.")
    students = _students(chosen.course)
    records = _score(chosen, students, again=False)
    _publish(chosen, records, read_again=False)


def regrade(chosen):
    """Score one student's submissions again, and write all pages."""
    own = [_on_the_list(chosen)]
    submissions = find_submissions(chosen.course, own, _assignments(chosen))
    for one in submissions:
        if one.path is None:
            print(f"{one.assignment}: {one.problem}")
    if all(one.path is None for one in submissions):
        raise CourseError(f"There is nothing of {own[0].id} to score; no mark was changed.")
    records = _score(chosen, own, again=True)
    for (_, assignment), record in sorted(records.items()):
        print(f"{assignment}: {record.get('failed') or record['result']['refusal'] or _points(record['result'])}")
    _publish(chosen, records, read_again=True)


def report(chosen):
    """Write feedback and overview from journal and gradebook."""
    gradebook.update_penalties(chosen.course, chosen.db)
    _pages(chosen, _students(chosen.course), None)


def export(chosen):
    """Write the CSV files."""
    course, students, assignments = chosen.course, _students(chosen.course), _assignments(chosen)
    submissions = find_submissions(course, students, assignments)
    gradebook.update_penalties(course, chosen.db)
    marks = gradebook.read_marks(course, chosen.db)
    records = grading.current_records(course, submissions)
    for path in export_files.write_exports(
        course, students, assignments, submissions, records, marks, chosen.missing_as_zero
    ):
        print(path)
    own = [marks.get((one.student, one.assignment)) for one in submissions]
    empty = sum(1 for one in own if one is None or one.score is None)
    unread = sum(1 for one in own if one is not None and one.score is not None and one.open)
    if empty:
        how = "0 where missing or refused, else empty" if chosen.missing_as_zero else "empty"
        print(f"{empty} submissions have no mark, and their cells are {how}: see {course / 'report' / 'index.html'}.")
    if unread:
        print(f"{unread} marks still have something to mark by hand, in formgrader; export again afterwards.")


def _score(chosen, students, again):
    course = chosen.course
    if not (course / SECRET_FILE).is_file():
        raise CourseError(f"{course / SECRET_FILE} is missing; release first, or restore it from your copy.")
    secret = course_secret(course)
    submissions = find_submissions(course, students, _assignments(chosen))
    with only_one(course, "grade"):
        hidden = hidden_set(course, secret, chosen.hidden)
        use_hidden(course, hidden, new=chosen.new_hidden)
        return grading.score_class(
            course,
            submissions,
            lambda student, assignment: variant_of(secret, student, assignment),
            lambda variant: threshold(variant, len(hidden.labels)),
            hidden,
            SCORER_VERSION,
            workers=chosen.workers,
            scheduler=chosen.scheduler,
            again=again,
            seconds=chosen.seconds,
            memory=chosen.memory * 1_000_000,
            reference_of=reference_changes,
        )


def _publish(chosen, records, read_again):
    course, students = chosen.course, _students(chosen.course)
    submissions = find_submissions(course, students, _assignments(chosen))
    if read_again:
        records = grading.current_records(course, submissions) | records
    gradebook.write_scores(course, students, submissions, records, chosen.db)
    _pages(chosen, students, records)


def _pages(chosen, students, records):
    course = chosen.course
    submissions = find_submissions(course, students, _assignments(chosen))
    if records is None:
        records = grading.current_records(course, submissions)
    marks = gradebook.read_marks(course, chosen.db)
    for submission in submissions:
        key = submission.student, submission.assignment
        report_pages.write_feedback(course, submission, records.get(key), marks.get(key))
    results = [record["result"] for record in records.values() if "result" in record]
    overview = report_pages.write_overview(
        course,
        students,
        submissions,
        records,
        marks,
        similarity_hints(results, honest_likeness),
        unknown_folders(course, students),
    )
    counts = report_pages.count_states(submissions, records)
    said = ", ".join(f"{count} {name}" for name, count in counts.items())
    print(f"{len(submissions)} submissions of {len(students)} students: {said}.")
    print(f"Overview: {overview}. Feedback: {course / 'feedback'}")


def _students(course):
    if not (course / ROSTER).is_file():
        raise CourseError(
            f"There is no class list {course / ROSTER}; give the course folder with --course, or release first with "
            "--roster FILE."
        )
    return read_roster(course / ROSTER)


def _on_the_list(chosen):
    for student in _students(chosen.course):
        if same_id(student.id) == same_id(chosen.student):
            return student
    raise CourseError(f"{chosen.student!r} is not on the class list {chosen.course / ROSTER}; check the spelling.")


def _both_times(when):
    return f"{when.astimezone():%Y-%m-%d %H:%M %Z} here, {when:%Y-%m-%d %H:%M} UTC"


def _assignments(chosen):
    """The assignments asked for, else those that were released."""
    asked, released = _named(chosen.assignment), _released(chosen.course)
    if not asked and not released:
        raise CourseError(f"Nothing was released in {chosen.course}; release first, or name one with --assignment.")
    return asked or released


def _released(course):
    return [name for name in ASSIGNMENTS if (course / "release" / name).is_dir()]


def _named(assignments):
    for name in assignments or []:
        if name not in ASSIGNMENTS:
            raise CourseError(f"There is no assignment {name!r}; choose from {', '.join(ASSIGNMENTS)}.")
    return assignments


def _level(variant):
    try:
        return threshold(variant)
    except CourseError:
        return None


def _points(result):
    return f"{result['points']:g} of {result['out_of']:g} points"
