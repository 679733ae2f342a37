"""From the journal into nbgrader's gradebook: one writer, which keeps what people marked by hand."""

import hashlib
import os
import re
import sys
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    InvalidEntry,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy.exc import SAWarning, SQLAlchemyError
from sqlalchemy.orm import joinedload, selectinload
from traitlets.config import Config, PyFileConfigLoader

from course_utils.errors import CourseError
from homework.handing_out.release import ANSWER_ID as ANSWER
from homework.handing_out.roster import given_and_family
from homework.marks.marking_page import answer_text, write_marking_page
from homework.marks.points import TEXT, cell_name, points_by_item, read_points, remarks, worth
from homework.scoring.journal import only_one
from homework.scoring.rubric import ITEMS
from homework.times import class_zone

REMARKS = "remarks"
# Of no cell that is shown: its comment keeps the checksum of the text that was there when it was last written.
CHECKSUM = "text-checksum"
# Of what is missing only this item waits for a person: one click gives no credit.
FIRST_CELL = next(iter(ITEMS))


def course_config(course):
    """Read the course's nbgrader_config.py, where there is one.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.

    Returns
    -------
    traitlets.config.Config

    Raises
    ------
    CourseError
        Where Python cannot run it.
    """
    path = course / "nbgrader_config.py"
    if not path.is_file():
        return Config()
    try:
        return PyFileConfigLoader(path.name, path=str(course)).load_config()
    except Exception as error:
        # It is Python of the instructor's: whatever goes wrong in it is told, by name.
        raise CourseError(f"{path} cannot be run ({type(error).__name__}: {error}); mend that line.") from None


def database_url(course, url=None):
    """Say which database holds the gradebook.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.
    url : str, optional
        As given on the command line.

    Returns
    -------
    str
        The URL given, else that of nbgrader_config.py, else ``gradebook.db`` in the course folder.
    """
    return url or _configured(course, "db_url") or f"sqlite:///{(course / 'gradebook.db').resolve()}"


def _configured(course, name):
    value = course_config(course).get("CourseDirectory", {}).get(name)
    return value if isinstance(value, str) else None


@contextmanager
def opened(course, url=None):
    """Open the gradebook for one writer.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.
    url : str, optional
        The database, see `database_url`.

    Yields
    ------
    nbgrader.api.Gradebook

    Raises
    ------
    CourseError
        Where the database cannot be reached or written, or another process writes into it.
    """
    where = database_url(course, url)
    shown = re.sub(r"//[^@/]*@", "//...@", where)
    with only_one(course, "gradebook"), commands_found(), warnings.catch_warnings():
        # nbgrader's own way of making a submission, about which SQLAlchemy 2.1 warns, is no business of the reader's.
        warnings.filterwarnings("ignore", category=SAWarning)
        try:
            with Gradebook(where, course_id=_configured(course, "course_id") or "default_course") as gradebook:
                yield gradebook
        except (SQLAlchemyError, InvalidEntry, ModuleNotFoundError, OSError) as error:
            first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise CourseError(
                f"The gradebook {shown} could not be used ({first}); check the address, the rights and the disk, then "
                "grade again: every score lies in the journal."
            ) from None


def prepare(gradebook, students, assignments, points):
    """Enter the class, the assignments and the items of their rubric; what is there stays.

    Parameters
    ----------
    gradebook : nbgrader.api.Gradebook
    students : list of homework.handing_out.release.Student
    assignments : sequence of str
    points : dict of str to dict of str to float
        From `homework.marks.points.read_points`.
    """
    there = {student.id: student for student in gradebook.students}
    for student in students:
        first, last = given_and_family(student.name)
        about = {"first_name": first, "last_name": last, "email": student.email}
        known = {name: value or None for name, value in about.items()}
        own = there.get(student.id)
        if own is None or any(getattr(own, name) != value for name, value in known.items()):
            gradebook.update_or_create_student(student.id, **known)
    for assignment in assignments:
        gradebook.update_or_create_assignment(assignment)
        gradebook.update_or_create_notebook(assignment, assignment)
        for item in ITEMS:
            gradebook.update_or_create_grade_cell(
                cell_name(item), assignment, assignment, max_score=points[assignment][item], cell_type="code"
            )
        gradebook.update_or_create_grade_cell(
            ANSWER, assignment, assignment, max_score=points[assignment][TEXT], cell_type="markdown"
        )
        for name in (ANSWER, REMARKS, CHECKSUM):
            gradebook.update_or_create_solution_cell(name, assignment, assignment)


def set_due(course, when, assignments, url=None):
    """Set until when the assignments may be handed in.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.
    when : datetime.datetime
        With its zone.
    assignments : sequence of str
    url : str, optional
        The database, see `database_url`.

    Raises
    ------
    CourseError
        Where the gradebook cannot be written.
    """
    with opened(course, url) as gradebook:
        for assignment in assignments:
            gradebook.update_or_create_assignment(assignment, duedate=when.astimezone(UTC))


def extend(course, student, assignment, days, url=None):
    """Give one student more time for an assignment; it replaces an earlier extension, and 0 days take it back.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.
    student : homework.handing_out.release.Student
    assignment : str
    days : float
        After the due time of the class. Whole days end at the same time of day in the class's zone, also where its
        clock was changed between.
    url : str, optional
        The database, see `database_url`.

    Returns
    -------
    datetime.datetime
        The student's own due time, in UTC.

    Raises
    ------
    CourseError
        Where the assignment has no due time, or the gradebook cannot be written.
    """
    with opened(course, url) as gradebook:
        prepare(gradebook, [student], [assignment], read_points(course))
        due = gradebook.find_assignment(assignment).duedate
        if due is None:
            # With an extension of no due time nbgrader could not read the submission any more.
            raise CourseError(f"{assignment} has no due time; set it first, with `due {assignment} TIME`.")
        gradebook.update_or_create_submission(assignment, student.id)
        later = _later(due, days, class_zone(course))
        gradebook.grant_extension(assignment, student.id, minutes=later.total_seconds() / 60)
        return gradebook.find_submission(assignment, student.id).duedate.replace(tzinfo=UTC)


def _later(due, days, zone):
    """Give the time between a due time in UTC and so many days after it on the clock of a zone, or of this machine."""
    if not days:
        return timedelta(0)
    due = due.replace(tzinfo=UTC)
    then = due.astimezone(zone).replace(tzinfo=None) + timedelta(days=days)
    later = (then.replace(tzinfo=zone) if zone else then).astimezone(UTC) - due
    # A time of day that the change of the clock leaves out would come out early: a day is at least 24 hours.
    return max(later, timedelta(days=days)) if days > 0 else later


def write_scores(course, students, submissions, records, url=None):
    """Take the scores into the gradebook, and write for each submission the page that formgrader shows.

    A manual score and a manual comment are never touched. Where an automatic score changes under a manual one, or the
    text is another one than before, the item is flagged for a look. What was not handed in, or could not be scored,
    gets no score: it is flagged for marking by hand, with a comment that says why. Late penalties are computed anew,
    see `update_penalties`.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.
    students : list of homework.handing_out.release.Student
    submissions : list of homework.collecting.submissions.Submission
    records : dict of (str, str) to dict
        From `homework.scoring.grading.score_class`.
    url : str, optional
        The database, see `database_url`.

    Raises
    ------
    CourseError
        Where the gradebook or a page cannot be written.
    """
    late = _late_plugin(course)
    points = read_points(course)
    with opened(course, url) as gradebook:
        prepare(gradebook, students, sorted({one.assignment for one in submissions}), points)
        for submission in submissions:
            own = points[submission.assignment]
            record = worth(records.get((submission.student, submission.assignment)), own)
            _write_one(gradebook, submission, record)
            write_marking_page(course, submission, record, remarks(submission, record), own)
        _write_penalties(gradebook, late)


def update_penalties(course, submissions, url=None):
    """Compute every late penalty anew: marks by hand, times, due times and extensions may have changed since.

    The penalty is what the plugin in nbgrader_config.py says of a late submission, and 0 of one that is not late.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.
    submissions : list of homework.collecting.submissions.Submission
        Their times may have been given or mended since.
    url : str, optional
        The database, see `database_url`.

    Raises
    ------
    CourseError
        Where the gradebook cannot be written.
    """
    late = _late_plugin(course)
    times = {(one.student, one.assignment): _time(one) for one in submissions if not one.missing}
    with opened(course, url) as gradebook:
        for entry in gradebook.db.query(SubmittedAssignment).options(joinedload(SubmittedAssignment.assignment)):
            key = entry.student_id, entry.assignment.name
            entry.timestamp = times.get(key, entry.timestamp)
        _write_penalties(gradebook, late)


def _late_plugin(course):
    config = course_config(course)
    # A plugin of the instructor's own lies beside the configuration.
    sys.path.insert(0, str(course))
    try:
        late = AssignLatePenalties(config=config)
        late.init_plugin()
    except Exception as error:
        # It is Python of the instructor's, as the configuration is.
        raise CourseError(
            f"The late penalty that {course / 'nbgrader_config.py'} names cannot be used ({type(error).__name__}: "
            f"{error}); mend it."
        ) from None
    finally:
        sys.path.remove(str(course))
    return late.plugin_inst


def _write_penalties(gradebook, late):
    # The database sums the scores up: what was written so far must be in it, and is read again afterwards.
    gradebook.db.commit()
    entries = gradebook.db.query(SubmittedAssignment).options(
        joinedload(SubmittedAssignment.assignment), selectinload(SubmittedAssignment.notebooks)
    )
    for entry in entries:
        seconds = entry.total_seconds_late
        for notebook in entry.notebooks:
            penalty = _penalty(late, entry, notebook, seconds) if seconds > 0 else None
            notebook.late_submission_penalty = min(max(0.0, penalty or 0.0), notebook.score)
    gradebook.db.commit()


def _penalty(late, entry, notebook, seconds):
    try:
        return late.late_submission_penalty(entry.student_id, notebook.score, seconds)
    except Exception as error:
        raise CourseError(
            f"The late penalty of {entry.student_id} for {entry.assignment.name} could not be computed "
            f"({type(error).__name__}: {error}); mend the course's plugin {type(late).__name__} and grade again."
        ) from None


def _write_one(gradebook, submission, record):
    entry = gradebook.update_or_create_submission(submission.assignment, submission.student)
    # Where no time is known any more, none stays of an earlier grading.
    entry.timestamp = _time(submission)
    notebook = entry.notebooks[0]
    _complete(gradebook, notebook)
    points = {cell_name(item): 0.0 for item in ITEMS} if submission.missing else points_by_item(record)
    said = next(comment for comment in notebook.comments if comment.name == REMARKS)
    news = remarks(submission, record)
    other = said.auto_comment != news
    said.auto_comment = news
    other_text = _text_changed(notebook, submission, record)
    for grade in notebook.grades:
        if grade.name == ANSWER:
            # Read by a person; formgrader takes the flag away with the mark.
            grade.needs_manual_grade = not submission.missing and (grade.needs_manual_grade or other_text)
            continue
        score = points.get(grade.name)
        changed = other or grade.auto_score != score
        grade.auto_score = score
        if changed:
            waits = score is None or _refused(record) or (submission.missing and grade.name == cell_name(FIRST_CELL))
            grade.needs_manual_grade = waits or grade.manual_score is not None
    # Written to the disk together with the next one: nbgrader commits with each submission that it makes or finds.
    gradebook.db.flush()


def _time(submission):
    return datetime.fromisoformat(submission.timestamp) if submission.timestamp else None


def _text_changed(notebook, submission, record):
    """Say whether the text is another one than when the gradebook was last written, and keep its checksum there."""
    kept = next(comment for comment in notebook.comments if comment.name == CHECKSUM)
    before = kept.auto_comment
    unread = submission.sha256 is not None and "result" not in (record or {})
    # Of a bundle that could not be scored the text is not known: the checksum before it stays.
    if before is None or not unread:
        kept.auto_comment = hashlib.sha256(answer_text(record).encode(errors="replace")).hexdigest()[:16]
    return before is not None and kept.auto_comment != before


@dataclass(frozen=True)
class Marks:
    """What the gradebook says of one submission.

    Attributes
    ----------
    score : float or None
        Points of machine and people together, less the penalty; None as long as an item of the rubric has no score
        that holds: it was not handed in, could not be scored or was refused, and nobody has looked at it yet.
    out_of : float
    penalty : float
        Points taken off for handing in late.
    seconds_late : float
    open : tuple of str
        What waits for a person.
    manual : dict of str to float
        Cell -> points given by hand.
    comments : dict of str to str
        Cell -> comment written by hand.
    due : datetime.datetime or None
        Until when this student may hand in, in UTC without a zone.
    extended : bool
        Whether this student has more time than the class.
    """

    score: float | None
    out_of: float
    penalty: float
    seconds_late: float
    open: tuple
    manual: dict
    comments: dict
    due: datetime | None = None
    extended: bool = False


def read_marks(course, url=None):
    """Read all marks.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.
    url : str, optional
        The database, see `database_url`.

    Returns
    -------
    dict of (str, str) to Marks
        (student, assignment) -> marks, for each submission that the gradebook has.

    Raises
    ------
    CourseError
        Where the database cannot be read.
    """
    with opened(course, url) as gradebook:
        entries = gradebook.db.query(SubmittedAssignment).options(
            joinedload(SubmittedAssignment.assignment),
            selectinload(SubmittedAssignment.notebooks).selectinload(SubmittedNotebook.grades).joinedload(Grade.cell),
            selectinload(SubmittedAssignment.notebooks)
            .selectinload(SubmittedNotebook.comments)
            .joinedload(Comment.cell),
        )
        return {(entry.student_id, entry.assignment.name): _marks(entry) for entry in entries}


def _marks(entry):
    grades = [grade for notebook in entry.notebooks for grade in notebook.grades]
    comments = [comment for notebook in entry.notebooks for comment in notebook.comments]
    rubric = [grade for grade in grades if grade.cell.name != ANSWER]
    settled = all(grade.manual_score is not None or not grade.needs_manual_grade for grade in rubric)
    penalty = sum(notebook.late_submission_penalty or 0.0 for notebook in entry.notebooks)
    return Marks(
        score=max(0.0, sum(grade.score for grade in grades) - penalty) if settled else None,
        out_of=sum(grade.cell.max_score for grade in grades),
        penalty=penalty,
        seconds_late=entry.total_seconds_late,
        open=tuple(grade.cell.name for grade in grades if grade.needs_manual_grade),
        manual={grade.cell.name: grade.manual_score for grade in grades if grade.manual_score is not None},
        comments={one.cell.name: one.manual_comment for one in comments if one.manual_comment},
        due=entry.duedate if entry.assignment.duedate else None,
        extended=bool(entry.extension),
    )


def _refused(record):
    return bool(record) and record.get("result", {}).get("status") == "refused"


def _complete(gradebook, notebook):
    """Add the grades and comments that an older submission lacks, where the rubric has grown."""
    there = {grade.cell_id for grade in notebook.grades}
    for cell in notebook.notebook.grade_cells:
        if cell.id not in there:
            gradebook.db.add(Grade(cell_id=cell.id, notebook=notebook))
    there = {comment.cell_id for comment in notebook.comments}
    for cell in notebook.notebook.solution_cells:
        if cell.id not in there:
            gradebook.db.add(Comment(cell_id=cell.id, notebook=notebook))
    gradebook.db.flush()


@contextmanager
def commands_found():
    """Put the commands of this Python on PATH for a while: nbgrader starts one of them, `alembic`."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.path.dirname(os.path.abspath(sys.executable)) + os.pathsep + before
    try:
        yield
    finally:
        os.environ["PATH"] = before
