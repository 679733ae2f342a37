"""The commands that show where the class stands, and give the feedback back."""

from homework import commands
from homework.collecting.platform_lists import moodle_numbers
from homework.collecting.submissions import find_submissions
from homework.course_folder import assignments_asked, students_of
from homework.marks import gradebook
from homework.marks.returning import pack_feedback
from homework.marks.status import class_status, status_lines, write_status_page
from homework.scoring import grading


def status(chosen):
    """Show where the class stands, on the screen and as a page.

    Parameters
    ----------
    chosen : argparse.Namespace
        course, assignment, db.
    """
    course, students, submissions, marks = _class(chosen)
    records = grading.current_records(course, submissions)
    found = class_status(course, students, submissions, records, marks)
    for one in submissions:
        if one.waits:
            print(one.waits)
    print("\n".join(status_lines(found, len(students))))
    print(f"As a page: {write_status_page(course, students, found)}")


def give_back(chosen):
    """Pack the feedback pages for Moodle, Canvas or mail.

    Parameters
    ----------
    chosen : argparse.Namespace
        course, assignment, list, all, again, db.
    """
    commands.report(chosen)
    course, students, submissions, marks = _class(chosen)
    numbers = moodle_numbers(chosen.list, students) if chosen.list else None
    paths, waiting, same = pack_feedback(course, students, submissions, marks, numbers, chosen.all, chosen.again)
    for path in paths:
        print(path)
    if waiting:
        print(f"{sum(map(len, waiting.values()))} pages stay here, since they are not marked to their end (--all):")
    for why, keys in waiting.items():
        print(f"  {len(keys)}, {why}: {', '.join(keys[:20])}{' ...' if len(keys) > 20 else ''}")
    if same:
        print(f"{same} pages were packed before and say the same, so they are not sent twice (--again takes them).")
    if not paths:
        print("Nothing new to give back, so nothing was packed.")
        return
    names = " ".join(path.name for path in paths)
    if "-moodle.zip" in names:
        print("Moodle: View all submissions, Upload multiple feedback files in a zip.")
    if "-canvas.zip" in names:
        print("Canvas: the assignment, Upload Submissions. It takes nothing for those who have handed in nothing.")
    print("Everybody else: mail-merge.csv, one mail a line with its own page.")
    if not any(student.email for student in students):
        print("The class list has no addresses, so mail-merge.csv has none: add them there before you send.")


def _class(chosen):
    course, students = chosen.course, students_of(chosen.course)
    submissions = find_submissions(course, students, assignments_asked(course, chosen.assignment))
    return course, students, submissions, gradebook.read_marks(course, chosen.db)
