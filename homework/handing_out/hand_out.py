"""What can be handed out in one go: a zip file an assignment, a table for mail merge, and a page that says how.

Moodle's 'Upload multiple feedback files in a zip' takes files in folders ``Full Name_NUMBER_assignsubmission_file_``
(``mod/assign/feedback/file/importziplib.php`` of moodle/moodle), also before anything was handed in. Canvas takes back
only files that it gave out (``infer_comment_context_from_filename`` in ``app/models/assignment.rb`` of
instructure/canvas-lms), so it cannot hand out one file a student.
"""

import re
import shutil
import zipfile

from course_utils.assignments.packing import LARGEST
from course_utils.errors import CourseError, file_errors_told
from course_utils.files import written_whole
from homework.handing_out.release import FOR_ALL
from homework.pages import write_page
from homework.spreadsheet import write_table


def write_hand_out(course, students, assignments, for_all=False, numbers=None):
    """Write ``hand-out/`` from what was released.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.
    students : list of homework.handing_out.roster.Student
    assignments : list of str
    for_all : bool
        Whether one notebook was released for all.
    numbers : dict of str to (str, str), optional
        Student's id -> Moodle's name and participant's number, from its grading worksheet.

    Returns
    -------
    pathlib.Path
        ``hand-out/README.html``.

    Raises
    ------
    CourseError
        Where somebody's notebook is missing, or nobody's number is known, or a file cannot be written.
    """
    folder, files = course / "hand-out", []
    for assignment in assignments:
        if for_all:
            path = folder / f"{assignment}.ipynb"
            with written_whole(path) as part:
                shutil.copyfile(course / "release" / assignment / FOR_ALL / path.name, part)
        else:
            path = folder / f"{assignment}.zip"
            _pack(course, path, students, assignment, numbers)
        files.append((assignment, path.name))
    if not for_all:
        _write_mail_merge(course, folder, students, assignments)
    write_page(
        folder / "README.html",
        "hand_out.html.j2",
        for_all=for_all,
        files=files,
        moodle=bool(numbers),
        number=len(students),
        example=students[0].id,
        without_address=sum(not student.email for student in students),
        largest=LARGEST // 1_000_000,
    )
    return folder / "README.html"


def moodle_folder(name, number):
    """Give the name of a student's folder in a zip file that Moodle takes.

    Parameters
    ----------
    name : str
        As Moodle writes it.
    number : str
        The participant's, in this assignment.

    Returns
    -------
    str
        Only the number decides there; an underscore in a name would spoil it.
    """
    plain = " ".join(re.sub(r"[^\w .,-]|_", " ", name).split()) or "Participant"
    return f"{plain}_{number}_assignsubmission_file_"


def _pack(course, path, students, assignment, numbers):
    with written_whole(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for student in students:
            notebook = course / "release" / assignment / student.id / f"{assignment}.ipynb"
            if numbers is None:
                name = f"{assignment}_{student.id}.ipynb"
            elif student.id in numbers:
                name = f"{moodle_folder(*numbers[student.id])}/{assignment}.ipynb"
            else:
                raise CourseError(f"{student.id} is not on the platform's list; give a newer one with --list.")
            with file_errors_told(notebook):
                content = notebook.read_bytes()
            # Always the same time: the same notebooks give the same file.
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)


def _write_mail_merge(course, folder, students, assignments):
    rows = [["student", "name", "email", "assignment", "file"]]
    for student in students:
        for assignment in assignments:
            notebook = course.resolve() / "release" / assignment / student.id / f"{assignment}.ipynb"
            rows.append([student.id, student.name, student.email, assignment, str(notebook)])
    write_table(folder / "mail-merge.csv", rows)
