"""What all commands ask of a course folder: who is in the class, and what was released."""

from course_utils.assignments.variant import same_id
from course_utils.errors import CourseError
from homework.handing_out.roster import read_roster
from homework.handing_out.variants import ASSIGNMENTS

ROSTER = "roster.csv"


def students_of(course):
    """Read the class list of a course folder.

    Parameters
    ----------
    course : pathlib.Path

    Returns
    -------
    list of homework.handing_out.roster.Student

    Raises
    ------
    CourseError
        Where there is none, or it cannot be read.
    """
    if not (course / ROSTER).is_file():
        raise CourseError(
            f"There is no class list {course / ROSTER}; give the course folder with --course, or release first with "
            "--roster FILE."
        )
    return read_roster(course / ROSTER)


def student_on_list(course, student_id):
    """Find one student on the class list.

    Parameters
    ----------
    course : pathlib.Path
    student_id : str
        In any case.

    Returns
    -------
    homework.handing_out.roster.Student

    Raises
    ------
    CourseError
        Where nobody has this id.
    """
    for student in students_of(course):
        if same_id(student.id) == same_id(student_id):
            return student
    raise CourseError(f"{student_id!r} is not on the class list {course / ROSTER}; check the spelling.")


def released(course):
    """List the assignments that were released."""
    return [name for name in ASSIGNMENTS if (course / "release" / name).is_dir()]


def checked_names(assignments):
    """Give back names of assignments, or None; a name that is none raises CourseError."""
    for name in assignments or []:
        if name not in ASSIGNMENTS:
            raise CourseError(f"There is no assignment {name!r}; choose from {', '.join(ASSIGNMENTS)}.")
    return assignments


def assignments_asked(course, names):
    """Give the assignments that were asked for, else those that were released.

    Parameters
    ----------
    course : pathlib.Path
    names : list of str or None

    Returns
    -------
    list of str

    Raises
    ------
    CourseError
        Where a name is none, or none was asked for and none released.
    """
    asked, there = checked_names(names), released(course)
    if not asked and not there:
        raise CourseError(f"Nothing was released in {course}; release first, or name one with --assignment.")
    return asked or there
