"""Release: from a class list one notebook for each student, or one for all, into an nbgrader course folder."""

import hashlib
import hmac
import re
from copy import deepcopy
from pathlib import Path

from course_utils.assignments.variant import ASSIGNMENTS, student_key
from course_utils.errors import CourseError, file_errors_told
from course_utils.files import write_text
from homework.handing_out.roster import Student, read_roster
from homework.handing_out.variants import SECRET_FILE, VARIANTS, course_secret, variant_of
from tools.notebooks import SOLUTION_END, SOLUTION_ONLY, SOLUTION_START, from_script, student_version

__all__ = ["ANSWER_ID", "Student", "read_roster", "release"]

SOURCE = Path(__file__).resolve().parents[1] / "source"
CHECKOUT = Path(__file__).resolve().parents[2]
FOR_ALL = "all"
ANSWER_ID = "text-answer"
CONFIG = """\
# Read by nbgrader and by its formgrader, started in this folder.
c = get_config()  # noqa: F821
c.CourseDirectory.course_id = {course_id!r}
# What the buttons of a formgrader in JupyterLab would write lies beside the course's own files, and replaces none.
c.CourseDirectory.release_directory = "nbgrader/release"
c.CourseDirectory.feedback_directory = "nbgrader/feedback"
"""


def release(course, roster, assignments=None, for_all=False, packed=False):
    """Write the students' notebooks into the course folder; what is there already and says the same stays.

    A notebook for all is written anew where only the class list has changed.

    Parameters
    ----------
    course : str or pathlib.Path
        The course folder in nbgrader's layout; it is made, with its secret, on first use.
    roster : str or pathlib.Path
        The class list, see `read_roster`.
    assignments : list of str, optional
        Which to release; by default all four.
    for_all : bool, default False
        Whether to write one notebook for all, ``release/ASSIGNMENT/all/``, which asks for the student id, instead of
        one for each student, ``release/ASSIGNMENT/STUDENT/``.
    packed : bool, default False
        Whether the notebooks carry the course's files, so that they run in Colab as they are (about 1 MB each).

    Returns
    -------
    list of pathlib.Path
        The students' notebooks, whether written now or unchanged.

    Raises
    ------
    CourseError
        For an error in the class list, an unknown assignment, one that was released in the other way before, a lost
        secret, or a notebook of another content in the way; then nothing has been written.
    """
    course, assignments = Path(course), list(assignments or ASSIGNMENTS)
    unknown = [assignment for assignment in assignments if assignment not in VARIANTS]
    if unknown:
        raise CourseError(f"There is no assignment {unknown[0]!r}; choose from {', '.join(VARIANTS)}.")
    for assignment in assignments:
        folder = course / "release" / assignment
        before = {path.parent.name == FOR_ALL for path in folder.glob("*/*.ipynb")}
        if (not for_all) in before:
            kind = "one notebook a student" if for_all else "one notebook for all (--for-all)"
            raise CourseError(
                f"{assignment} was released as {kind}: release it in the same way again, or move {folder} away first. "
                "Nothing was written."
            )
    students = read_roster(roster)
    if not (course / SECRET_FILE).exists() and any((course / "release").glob("*/*/*.ipynb")):
        raise CourseError(
            f"{course / SECRET_FILE} is missing, though notebooks were released: restore it from your copy, since with "
            f"another secret every student has another variant, or move {course / 'release'} away. Nothing was written."
        )
    secret = course_secret(course)
    # Path -> text in which the student's id is still to be put, and the id: a class of hundreds is not held in memory.
    planned, sources = {}, {}
    for assignment in assignments:
        solved = from_script(SOURCE / assignment / f"{assignment}.py")
        sources[course / "source" / assignment / f"{assignment}.ipynb"] = _text(instructor_version(solved))
        blank, folder = nbgrader_student_version(solved), course / "release" / assignment
        if for_all:
            own = _asking_for_the_id(_finished(blank, variant_cell_for_all(secret, students, assignment), packed))
            text = _text(own)
            planned[folder / FOR_ALL / f"{assignment}.ipynb"] = (text, "")
            continue
        made = {}
        for student in students:
            variant = variant_of(secret, student.id, assignment)
            number = variant["number"]
            if number not in made:
                made[number] = _text(_finished(blank, variant_cell(_ID_HERE, variant), packed))
            planned[folder / student.id / f"{assignment}.ipynb"] = (made[number], student.id)
    config = course / "nbgrader_config.py"
    with file_errors_told(course):
        changed = [
            path
            for path, (text, own) in planned.items()
            if path.exists() and not _same_for_those_before(_read(path), _with_id(text, own))
        ]
        if changed:
            raise CourseError(
                f"{changed[0]} is there and says something else ({len(changed)} such notebook(s)); move or remove the "
                f"folder {changed[0].parents[1]} to release anew: what was handed out stays valid as long as "
                f"{SECRET_FILE} is the same. Nothing was written."
            )
        for path, text in sources.items():
            if not path.exists() or _read(path) != text:
                write_text(path, text)
        for path, (text, own) in planned.items():
            if not path.exists() or _read(path) != _with_id(text, own):
                write_text(path, _with_id(text, own))
        if not config.exists():
            write_text(config, CONFIG.format(course_id=re.sub(r"\W+", "-", course.resolve().name) or "homework"))
    return list(planned)


def variant_cell(student, variant):
    """Write the cell that states a student's variant.

    Parameters
    ----------
    student : str
        The student id.
    variant : dict
        The variant.

    Returns
    -------
    str
        Python.
    """
    lines = [f"    {_quoted(key)}: {_quoted(value)}," for key, value in variant.items()]
    return "\n".join([f"student = {student!r}", "variant = {", *lines, "}"])


def table_salt(secret, assignment):
    """Give the salt of the table in the one file for all.

    It follows from the secret, so that releasing again gives the same file, and tells nothing about it.

    Parameters
    ----------
    secret : bytes
        The course's secret.
    assignment : str

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    return hmac.new(secret, f"salt\0{assignment}".encode(), hashlib.sha256).hexdigest()[:32]


def variant_cell_for_all(secret, students, assignment):
    """Write the cell that asks for the student id and looks its variant up.

    Parameters
    ----------
    secret : bytes
        The course's secret; it stays out of the cell.
    students : list of Student
        The class.
    assignment : str
        Which assignment.

    Returns
    -------
    str
        Python. The table holds, for each id, a salted and stretched SHA-256 of it and the variant's number.
    """
    salt = table_salt(secret, assignment)
    numbers = {student_key(one.id, salt): variant_of(secret, one.id, assignment)["number"] for one in students}
    table = "\n".join(f'    "{key}": {numbers[key]},' for key in sorted(numbers))
    variants = "\n".join(f"    {variant!r}," for variant in VARIANTS[assignment])
    return (
        "from course_utils.assignments.variant import look_up_variant\n\n"
        'student = ""  # write your student id between the quotes\n\n'
        f'salt = "{salt}"\nnumbers = {{\n{table}\n}}\nvariants = [\n{variants}\n]\n'
        "variant = look_up_variant(student, salt, numbers, variants)\nprint(variant)"
    )


def nbgrader_student_version(solved):
    """Cut the solutions out, and say in nbgrader's terms which cells are read-only, to fill in, or marked by hand.

    Parameters
    ----------
    solved : nbformat.NotebookNode
        A notebook with solutions.

    Returns
    -------
    nbformat.NotebookNode
        The student's version, with nbgrader's metadata, schema version 3.
    """
    described = deepcopy(solved)
    _describe(described)
    return student_version(described)


def instructor_version(solved):
    """Make the notebook from which nbgrader itself can generate the assignment: its own marks around the solutions.

    Parameters
    ----------
    solved : nbformat.NotebookNode
        A notebook with solutions.

    Returns
    -------
    nbformat.NotebookNode
        With nbgrader's metadata, and ``### BEGIN SOLUTION`` and ``### END SOLUTION``.
    """
    described = deepcopy(solved)
    _describe(described)
    kept = []
    for cell in described.cells:
        if SOLUTION_ONLY in cell.metadata.get("tags", []):
            # The reference answer, which stands after the answer's cell, becomes part of it, for whoever marks.
            kept[-1].source += f"\n{SOLUTION_START}\n{cell.source}\n{SOLUTION_END}"
        else:
            kept.append(cell)
    described.cells = kept
    for cell in described.cells:
        lines = cell.source.splitlines()
        for position, line in enumerate(lines):
            for ours, theirs in ((SOLUTION_START, "### BEGIN SOLUTION"), (SOLUTION_END, "### END SOLUTION")):
                if line.strip() == ours:
                    lines[position] = line.replace(ours, theirs)
        cell.source = "\n".join(lines)
    return described


# A line of `variant_cell_for_all`'s table, as a notebook's text has it.
_TABLE_LINE = re.compile(r'^ *"    \\"([0-9a-f]{32})\\": (\d+),\\n",\n', re.MULTILINE)
# In a notebook's text this stands for the student until the id is known.
_ID_HERE = "student-id-goes-here"


def _describe(notebook):
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type != "code" or SOLUTION_ONLY in tags:
            continue
        marks = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
        if "answer" in tags:
            # What it is worth stands in points.toml; nbgrader wants a number here.
            marks |= {"grade_id": ANSWER_ID, "grade": True, "solution": True, "points": 1}
        elif any(line.strip() == SOLUTION_START for line in cell.source.splitlines()):
            marks |= {"grade_id": f"cell-{cell.id}", "solution": True}
        elif {"check", "submission"} & set(tags):
            # Tests, in nbgrader's words: its Validate counts these alone, and is content with a notebook without any.
            marks |= {"grade_id": f"cell-{cell.id}", "locked": True, "grade": True, "points": 1}
        else:
            continue
        cell.metadata["nbgrader"] = marks


def _finished(blank, source, packed):
    """Put the cell with the variant in, and the course's files where they are wanted; the id of a cell stays."""
    from tools.colab import with_files_packed

    notebook = deepcopy(blank)
    (cell,) = [cell for cell in notebook.cells if "variant" in cell.metadata.get("tags", [])]
    cell.source = source
    return with_files_packed(notebook, CHECKOUT, "The source") if packed else notebook


def _asking_for_the_id(notebook):
    """Say above the cell with the variant that it is to be filled in: in a notebook for all it asks for the id."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace("Leave this cell as it is;", "Write your student id between the quotes;")
    return notebook


def _same_for_those_before(old, new):
    """Say whether two texts of a notebook differ at most in who stands in the table of a notebook for all."""
    if old == new:
        return True
    before, now = dict(_TABLE_LINE.findall(old)), dict(_TABLE_LINE.findall(new))
    return _TABLE_LINE.sub("", old) == _TABLE_LINE.sub("", new) and all(
        now.get(key, number) == number for key, number in before.items()
    )


def _text(notebook):
    import nbformat

    nbformat.validate(notebook)
    return nbformat.writes(notebook) + "\n"


def _quoted(value):
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _read(path):
    return path.read_text(encoding="utf-8")


def _with_id(text, student):
    # An id has no character that Python or JSON would write in another way.
    return text.replace(_ID_HERE, student)
