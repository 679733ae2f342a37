"""Tiny bundles, and downloads as learning platforms give them; names and numbers are invented."""

import io
import json
import zipfile


def bundle(student, assignment="another_base", mark="a"):
    """A bundle of a few hundred bytes that says whose it is; the scorer would refuse it, nothing else does."""
    about = {"format": 1, "assignment": assignment, "student": student, "mark": mark}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        entry = zipfile.ZipInfo("submission.json", (1980, 1, 1, 0, 0, 0))
        archive.writestr(entry, json.dumps(about))
        archive.writestr(zipfile.ZipInfo("model.json", (1980, 1, 1, 0, 0, 0)), "{}")
    return content.getvalue()


def packed(path, files, time=(2026, 11, 28, 21, 7, 0)):
    """A zip file with these files, by name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, time), content, zipfile.ZIP_DEFLATED)
    return path


def unpacked(folder, files):
    """A folder with these files, by name."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def moodle(students, folders=True, **how):
    """Files of a Moodle download, by (name, participant's number, content)."""
    files = {}
    for name, number, content in students:
        file = "submission_another_base.zip"
        files[f"{name}_{number}_assignsubmission_file_{'/' if folders else ''}{file}"] = content
    return files


WORKSHEET = (
    "Identifier,Full name,ID number,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Online text,Last modified (grade),Feedback comments\n"
)


def worksheet(rows):
    """Moodle's grading worksheet, by (number, name, id, email, time)."""
    lines = [
        f'Participant {number},"{name}",{own},{email},Submitted for grading,,12.00,Yes,"{time}",,-,'
        for number, name, own, email, time in rows
    ]
    return WORKSHEET + "\n".join(lines) + "\n"


def canvas_gradebook(rows, column="Another base (778)"):
    """Canvas's gradebook export, by (name, id, SIS id, login, mark)."""
    lines = [
        f"Student,ID,SIS User ID,SIS Login ID,Section,{column},Final Score",
        "    Points Possible,,,,,12.0,(read only)",
    ]
    lines += [f'"{name}",{number},{sis},{login},Course 1,{mark},' for name, number, sis, login, mark in rows]
    return "\n".join([*lines, '"Student, Test",999,,abcdef,Course 1,,']) + "\n"
