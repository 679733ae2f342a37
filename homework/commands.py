"""What the commands of ``python -m homework`` do."""

import contextlib
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path

from course_utils.assignments.variant import same_id
from course_utils.errors import CourseError
from course_utils.files import write_text, written_whole
from homework.asking import agreed
from homework.collecting.platform_lists import moodle_numbers
from homework.collecting.submissions import accept, asked_to_accept, find_submissions, misplaced, unknown_folders
from homework.course_folder import (
    ROSTER,
    assignments_asked,
    checked_names,
    released,
    student_on_list,
    students_of,
)
from homework.handing_out.hand_out import write_hand_out
from homework.handing_out.release import release as write_release
from homework.handing_out.roster import read_roster, spoilt_ids
from homework.handing_out.secret_fingerprint import check_secret, keep_fingerprint
from homework.handing_out.variants import ASSIGNMENTS, SECRET_FILE, VARIANTS, course_secret, variant_of
from homework.marks import export as export_files
from homework.marks import gradebook
from homework.marks import report as report_pages
from homework.marks.platform_gradebook import fill_gradebook
from homework.marks.points import read_points, worth
from homework.scoring import grading
from homework.scoring.copies import similarity_hints
from homework.scoring.hidden_photos import hidden_set, use_hidden
from homework.scoring.journal import only_one
from homework.scoring.scorer import SCORER_VERSION
from homework.scoring.thresholds import honest_likeness, reference_changes, threshold
from homework.times import ZONE, both_times, class_zone, due_time, is_day, zone_of

# So many may go from a class list without a question.
FEW = 2
# As many names are said of who has handed in and who has not.
MOST_NAMED = 60


def release(chosen):
    """Write the students' notebooks and what can be handed out in one go, and enter all into the gradebook."""
    course = chosen.course
    zone = zone_of(chosen.zone) if chosen.zone else class_zone(course)
    when = due_time(chosen.due, zone) if chosen.due else None
    roster = chosen.roster or course / ROSTER
    students, assignments = read_roster(roster), checked_names(chosen.assignment) or list(ASSIGNMENTS)
    numbers = moodle_numbers(chosen.list, students) if chosen.list else None
    before, points = _ids_before(course), read_points(course)
    _ask_about(students, before, roster, chosen.yes)
    check_secret(course)
    written = write_release(course, roster, assignments, for_all=chosen.for_all, packed=chosen.packed)
    keep_fingerprint(course)
    if chosen.zone:
        write_text(course / ZONE, chosen.zone + "\n")
    if chosen.roster:
        _keep_roster(course, roster, students, before, chosen.for_all)
    with gradebook.opened(course, chosen.db) as book:
        gradebook.prepare(book, students, assignments, points)
    if when:
        gradebook.set_due(course, when, assignments, chosen.db)
        _say_due(when, chosen.due, zone, "")
    page = write_hand_out(course, students, assignments, chosen.for_all, numbers)
    notebooks = f"{len(written)} notebook{'s' if len(written) > 1 else ''}"
    print(f"{notebooks} for {len(students)} students, with ids such as {students[0].id}: in {course / 'release'}.")
    print(f"How to hand them out in one go: {page}")
    print(f"Keep a copy of {course / SECRET_FILE}: without it every student has another variant.")


def _ids_before(course):
    # A copy that somebody has broken is replaced too.
    with contextlib.suppress(CourseError):
        return [student.id for student in read_roster(course / ROSTER)]
    return None


def _ask_about(students, before, roster, yes):
    """Ask about ids that look spoilt and about a class list that shrinks, before anything is written."""
    now = {student.id for student in students}
    spoilt = [one for one in spoilt_ids(students) if one not in (before or [])]
    gone = [one for one in before or [] if one not in now]
    questions = []
    if spoilt:
        questions.append(
            f"{roster}: these ids look as if a spreadsheet had changed them: {', '.join(spoilt[:10])}. An id decides "
            "the variant and must never change."
        )
    if len(gone) > FEW:
        questions.append(
            f"{roster} lacks {len(gone)} of the {len(before)} students of this class: {', '.join(gone[:10])}"
            f"{' ...' if len(gone) > 10 else ''}. They would be scored no more; their marks stay in the gradebook."
        )
    for question in questions:
        if not agreed(f"{question} Go on?", yes):
            raise CourseError("Nothing was written; mend the class list, or give --yes.")


def _keep_roster(course, roster, students, before, for_all):
    """Copy the class list to where the later commands read it, and say who is new on it and who has gone."""
    content = Path(roster).read_bytes()
    with written_whole(course / ROSTER) as part:
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
    students_of(chosen.course)
    zone = class_zone(chosen.course)
    when = due_time(chosen.time, zone)
    gradebook.set_due(chosen.course, when, checked_names(chosen.assignments), chosen.db)
    _say_due(when, chosen.time, zone, f": {', '.join(chosen.assignments)}")


def _say_due(when, text, zone, what):
    """Say until when something may be handed in, and how its zone could be that of all pages."""
    end = ", the end of that day" if is_day(text) else ""
    print(f"Due {both_times(when, zone)}{end}{what}.")
    given = datetime.fromisoformat(text).utcoffset()
    if zone is None and given is not None and given != when.astimezone().utcoffset():
        print(
            f"Pages show times by this machine's clock ({when.astimezone():%Z}); to show your class's, release with "
            "--zone, such as --zone Europe/Berlin."
        )


def extend(chosen):
    """Give one student more time."""
    student = student_on_list(chosen.course, chosen.student)
    (assignment,) = checked_names([chosen.assignment])
    when = gradebook.extend(chosen.course, student, assignment, chosen.days, chosen.db)
    own = both_times(when, class_zone(chosen.course))
    print(f"{assignment} of {student.id} is due {own}; report and export go by it.")


def check(chosen):
    """Say what lies in the course folder, and what would keep grading from working."""
    course, problems = chosen.course, []
    students = students_of(course)
    print(f"{len(students)} students are on the class list {course / ROSTER}.")
    if not (course / SECRET_FILE).is_file():
        problems.append(f"{course / SECRET_FILE} is missing: release first, or restore it from your copy.")
    try:
        check_secret(course)
    except CourseError as error:
        problems.append(str(error))
    assignments = assignments_asked(chosen.course, chosen.assignment)
    for assignment in assignments:
        found = find_submissions(course, students, [assignment])
        missing = [one.student for one in found if one.missing]
        waiting = sum(one.waits is not None for one in found)
        waits = f", {waiting} waiting for you" if waiting else ""
        print(f"{assignment}: {sum(one.path is not None for one in found)} bundles{waits}, {len(missing)} missing.")
        _name(found, missing)
        for one in found:
            if one.waits:
                problems.append(one.waits)
            elif (one.problem and not one.missing) or one.note:
                which = f" ({one.path.name})" if one.path and not one.problem else ""
                print(f"  {one.student}: {one.problem or one.note}{which}")
        unmeasured = [variant["number"] for variant in VARIANTS[assignment] if _level(variant) is None]
        if unmeasured:
            problems.append(f"{assignment} has no level for the variants {', '.join(map(str, unmeasured))}.")
    for name in unknown_folders(course, students):
        problems.append(
            f"submitted/{name} belongs to nobody on the class list, and will not be scored{_meant(name, students)}."
        )
    for path, meant in misplaced(course, students, released(course)):
        folder = f"{path.rpartition('/')[0]}/{meant or 'ASSIGNMENT'}/"
        problems.append(f"{path} is no released assignment, and will not be scored; bundles belong into {folder}.")
    with gradebook.opened(course, chosen.db) as book:
        print(f"The gradebook answers; it has {len(book.students)} students.")
    for problem in problems:
        print(f"PROBLEM {problem}")
    return 1 if problems else 0


def _name(found, missing):
    """Say who has handed in, and who has not."""
    for word, ids in (("have", [one.student for one in found if not one.missing]), ("have not", missing)):
        if ids:
            more = f" and {len(ids) - MOST_NAMED} more" if len(ids) > MOST_NAMED else ""
            print(f"  {word}: {', '.join(ids[:MOST_NAMED])}{more}")


def _meant(name, students):
    """Ask whether a folder's name was meant to be an id of the class list."""
    ids = {same_id(student.id): student.id for student in students}
    like = [same_id(name)] if same_id(name) in ids else get_close_matches(same_id(name), ids, n=1, cutoff=0.8)
    return f" (did you mean {ids[like[0]]}?)" if like else ""


def grade(chosen):
    """Score what is new, and write gradebook, feedback and overview."""
    if chosen.new_hidden and chosen.assignment:
        raise CourseError("--new-hidden scores all assignments anew; leave out --assignment.")
    students = students_of(chosen.course)
    _accept(chosen, students)
    records = _score(chosen, students, again=False)
    _publish(chosen, records, read_again=False)


def _accept(chosen, students):
    """Take the bundles that the instructor accepts although they name somebody or something else."""
    assignments = assignments_asked(chosen.course, chosen.assignment)
    asked = asked_to_accept(chosen.accept, students, assignments)
    found = find_submissions(chosen.course, students, assignments) if asked else []
    for one in found:
        if (one.student, one.assignment) in asked:
            if not one.waits:
                raise CourseError(f"Nothing of {one.student} for {one.assignment} waits; there is nothing to accept.")
            if one.copied_from:
                raise CourseError(
                    f"What waits of {one.student} for {one.assignment} is the very work that {one.copied_from} handed "
                    f"in, so it is not accepted: ask {one.student} for their own, or give points by hand (mark)."
                )
            accept(chosen.course, one.student, one.assignment, one.sha256)
            print(f"Accepted for {one.student}: {one.assignment}.")


def regrade(chosen):
    """Score one student's submissions again, and write all pages."""
    own = [student_on_list(chosen.course, chosen.student)]
    submissions = find_submissions(chosen.course, own, assignments_asked(chosen.course, chosen.assignment))
    for one in submissions:
        if one.path is None:
            print(f"{one.assignment}: {one.problem}")
    if all(one.path is None for one in submissions):
        raise CourseError(f"There is nothing of {own[0].id} to score; no mark was changed.")
    records = _score(chosen, own, again=True)
    points = read_points(chosen.course)
    for (_, assignment), scored in sorted(records.items()):
        record = worth(scored, points[assignment])
        print(f"{assignment}: {record.get('failed') or record['result']['refusal'] or _points(record['result'])}")
    _publish(chosen, records, read_again=True)


def report(chosen):
    """Write feedback and overview from journal and gradebook."""
    course, students = chosen.course, students_of(chosen.course)
    submissions = find_submissions(course, students, assignments_asked(course, chosen.assignment))
    gradebook.update_penalties(course, submissions, chosen.db)
    _pages(chosen, students, submissions, grading.current_records(course, submissions))


def export(chosen):
    """Write the CSV files."""
    course, students, assignments = (
        chosen.course,
        students_of(chosen.course),
        assignments_asked(chosen.course, chosen.assignment),
    )
    submissions = find_submissions(course, students, assignments)
    gradebook.update_penalties(course, submissions, chosen.db)
    records = grading.current_records(course, submissions)
    # What waits replaced the work that the mark was for.
    waiting = {(one.student, one.assignment) for one in submissions if one.waits}
    marks = {key: own for key, own in gradebook.read_marks(course, chosen.db).items() if key not in waiting}
    new = report_pages.count_states(submissions, records).get("new", 0)
    if new:
        print(
            f"{new} submissions came after the last grade, and any mark is that of the work before: grade, then export."
        )
    about = course, students, assignments, submissions, records, marks, chosen.missing_as_zero
    for path in export_files.write_exports(*about, titles=_titles(chosen)):
        print(path)
    for path in chosen.into or []:
        _fill(chosen, path, students, assignments, export_files.scores_to_export(*about[2:]))
    own = [marks.get((one.student, one.assignment)) for one in submissions]
    empty = [one for one, mark in zip(submissions, own, strict=True) if mark is None or mark.score is None]
    unread = sum(1 for one in own if one is not None and one.score is not None and one.open)
    if empty:
        how = "0 where missing or refused, else empty" if chosen.missing_as_zero else "empty"
        cells = "" if chosen.into else f", and their cells are {how}"
        print(
            f"{len(empty)} submissions have no mark ({_counts(empty, records)}){cells}: see "
            f"{course / 'report' / 'index.html'}."
        )
        if not chosen.into and not chosen.missing_as_zero:
            print(
                "An empty cell over a grade counts as a change in Canvas, and as no grade in Moodle: export the "
                "platform's gradebook and give it with --into, then its own values stay."
            )
    if unread:
        print(f"{unread} marks still have something to mark by hand, in formgrader; export again afterwards.")


def _titles(chosen):
    """Read what stands behind ``--column``: assignment -> the title of its column on the platform."""
    titles = dict(one.partition("=")[::2] for one in chosen.column or [])
    checked_names(list(titles))
    return titles


def _fill(chosen, path, students, assignments, exported):
    """Fill the marks into a platform's own gradebook, and say what was and what was not."""
    scores, out_of = exported
    folder = chosen.course / "exports"
    done = fill_gradebook(path, folder, students, assignments, scores, out_of, _titles(chosen))
    titles = ", ".join(f"{assignment} in {title!r}" for assignment, title in done.columns.items())
    print(f"{done.path}: {done.marks} marks for {done.platform} ({titles}).")
    if done.kept:
        print(f"  {done.kept} cells without a mark keep what {done.platform} had, so that importing changes nothing.")
    if done.strangers:
        print(f"  {done.strangers} rows are of nobody on the class list, or have no id; nothing was written there.")
    if done.absent:
        print(f"  Not in that file: {', '.join(done.absent[:MOST_NAMED])}.")
    for sentence in done.other_totals:
        print(f"  {sentence}")


def _score(chosen, students, again):
    course = chosen.course
    if not (course / SECRET_FILE).is_file():
        raise CourseError(f"{course / SECRET_FILE} is missing; release first, or restore it from your copy.")
    check_secret(course)
    secret = course_secret(course)
    submissions = find_submissions(course, students, assignments_asked(chosen.course, chosen.assignment))
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
    course, students = chosen.course, students_of(chosen.course)
    submissions = find_submissions(course, students, assignments_asked(chosen.course, chosen.assignment))
    if read_again:
        records = grading.current_records(course, submissions) | records
    gradebook.write_scores(course, students, submissions, records, chosen.db)
    _pages(chosen, students, submissions, records)


def _pages(chosen, students, submissions, records):
    course = chosen.course
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
    for one in submissions:
        if one.waits:
            print(one.waits)
    print(f"{len(submissions)} pages of {len(students)} students: {_counts(submissions, records)}.")
    print(f"Overview: {overview}. Feedback: {course / 'feedback'}")


def _counts(submissions, records):
    """Say in words how many submissions are in which state."""
    words = {"new": "not graded yet", "waiting": "waiting for you"}
    counts = report_pages.count_states(submissions, records)
    return ", ".join(f"{count} {words.get(name, name)}" for name, count in counts.items() if count) or "none"


def _level(variant):
    try:
        return threshold(variant)
    except CourseError:
        return None


def _points(result):
    return f"{result['points']:g} of {result['out_of']:g} points"
