"""Pack the feedback pages so that they go back in one go: by Moodle, by Canvas, or by mail; each to its own student.

- Moodle's 'Upload multiple feedback files in a zip' takes a file in the folder that its download had for the student
  (``mod/assign/feedback/file/importziplib.php`` of moodle/moodle): the participant's number in its name decides.
- Canvas's 'Upload submissions' takes a file that has the user's and the attachment's number in its name, and shows it
  under the name of what was handed in (``infer_comment_context_from_filename`` in ``app/models/assignment.rb`` of
  instructure/canvas-lms). That was a .zip file, so the page goes back inside one.
- Everybody else gets a line in a table for mail merge.

Each return has a folder of its own, and takes what was never packed or has changed since: platforms tell a student of
every file that comes.
"""

import hashlib
import io
import json
import re
import zipfile

from course_utils.errors import CourseError, file_errors_told
from course_utils.files import write_text, written_whole
from homework.collecting.filing import folder_of, read_collected
from homework.handing_out.hand_out import moodle_folder
from homework.marks.report import feedback_path
from homework.spreadsheet import write_table

# In `returned/`: what was packed last for whom.
PACKED = "packed.json"
MISSING, WAITS, NO_MARK, OPEN = (
    "nothing was handed in", "another's bundle waits", "no mark yet", "something is still to be marked by hand",
)  # fmt: skip
_WHOSE = re.compile(r'<html lang="en" data-student="([^"]*)" data-assignment="([^"]*)">')


def pack_feedback(course, students, submissions, marks, numbers=None, everything=False, again=False):
    """Write ``returned/N/``: for each assignment what Moodle and Canvas take, and a table for mail merge.

    A page that has no mark yet, or on which a person has still something to mark, stays here; so does one that was
    packed before and says the same.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.
    students : list of homework.handing_out.roster.Student
    submissions : list of homework.collecting.submissions.Submission
    marks : dict of (str, str) to homework.marks.gradebook.Marks
    numbers : dict of str to (str, str), optional
        Student's id -> Moodle's name and participant's number, from its grading worksheet: for those too who have
        handed in nothing.
    everything : bool
        Also what is not marked to its end.
    again : bool
        Also what was packed before and says the same.

    Returns
    -------
    (list of pathlib.Path, dict of str to list of str, int)
        The files; why pages stay here -> ``STUDENT/ASSIGNMENT``; and how many were packed before and say the same.

    Raises
    ------
    CourseError
        Where a page is not the student's own, two students have one account, or a file cannot be written.
    """
    by_id, waiting, mail = {student.id: student for student in students}, {}, []
    packs, packed, same = {}, _packed_before(course), 0
    for one in submissions:
        key, why = f"{one.student}/{one.assignment}", _why_not(one, marks.get((one.student, one.assignment)))
        if why and not everything:
            waiting.setdefault(why, []).append(key)
            continue
        page = _own_page(course, one)
        digest = hashlib.sha256(page).hexdigest()
        if packed.get(key) == digest and not again:
            same += 1
            continue
        packed[key] = digest
        name = f"feedback_{one.assignment}.html"
        said = read_collected(folder_of(course, one.student, one.assignment)) or {}
        platform, prefix = said.get("platform"), said.get("prefix")
        moodle = f"{prefix}/{name}" if platform == "moodle" and prefix else None
        if moodle is None and numbers and one.student in numbers:
            moodle = f"{moodle_folder(*numbers[one.student])}/{name}"
        if moodle:
            _add(packs, f"{one.assignment}-moodle.zip", moodle, page, one)
        elif platform == "canvas" and prefix and said.get("file"):
            _add(packs, f"{one.assignment}-canvas.zip", f"{prefix}{said['file']}", _zipped(name, page), one)
        student = by_id[one.student]
        path = feedback_path(course, one.student, one.assignment).resolve()
        mail.append([student.id, student.name, student.email, one.assignment, str(path)])
    if not mail:
        return [], waiting, same
    folder = _next_folder(course / "returned")
    paths = [_write(folder / name, files) for name, files in packs.items()]
    paths.append(write_table(folder / "mail-merge.csv", [["student", "name", "email", "assignment", "file"], *mail]))
    write_text(course / "returned" / PACKED, json.dumps(packed, indent=1) + "\n")
    return paths, waiting, same


def _why_not(one, own):
    """Say why a page stays here; None where it is marked to its end."""
    if own is not None and own.score is not None:
        return OPEN if own.open else None
    return MISSING if one.missing else WAITS if one.waits else NO_MARK


def _packed_before(course):
    path = course / "returned" / PACKED
    with file_errors_told(path):
        text = path.read_text(encoding="utf-8") if path.exists() else "{}"
    try:
        return dict(json.loads(text))
    except (ValueError, TypeError):
        raise CourseError(f"{path} is not what the course wrote; move it away, and all is packed anew.") from None


def _next_folder(folder):
    numbers = [int(one.name) for one in folder.glob("*") if one.name.isdecimal()]
    return folder / str(max(numbers, default=0) + 1)


def _own_page(course, one):
    """Read a student's page, and make sure that it is that student's."""
    path = feedback_path(course, one.student, one.assignment)
    with file_errors_told(path):
        content = path.read_bytes()
    found = _WHOSE.search(content[:500].decode("utf-8", "replace"))
    if not found or found.groups() != (one.student, one.assignment):
        raise CourseError(f"{path} is not the page of {one.student} for {one.assignment}; write it anew with `report`.")
    return content


def _add(packs, pack, name, content, one):
    files = packs.setdefault(pack, {})
    if name in files:
        raise CourseError(
            f"Two students have one account on the platform ({name}), {one.student} among them; look into their "
            "collected.json. Nothing was packed."
        )
    files[name] = content


def _zipped(name, content):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _write(path, files):
    with written_whole(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return path
