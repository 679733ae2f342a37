"""The command line for instructors: ``python -m homework COMMAND``; docs/grading.md goes through it step by step."""

import argparse
import importlib
import os
import sys
from pathlib import Path

from course_utils.errors import exit_code
from tools import environment

COURSE = "homework-course"
PLATFORMS = ("moodle", "canvas", "blackboard", "brightspace", "nbgrader", "flat")
# Command -> (module, function, what the help says). Loaded only when asked for, as in course_utils.
COMMANDS = {
    "release": ("commands", "release", "write each student's notebook, from the class list roster.csv"),
    "due": ("commands", "due", "set until when assignments may be handed in"),
    "extend": ("commands", "extend", "give one student more time for an assignment"),
    "collect": ("taking_in", "collect", "take in what Moodle, Canvas, Blackboard, Brightspace or mail gave you"),
    "check": ("commands", "check", "look at the course folder: who has handed in what, and what would not work"),
    "grade": ("commands", "grade", "score what is new, and write gradebook, feedback and overview"),
    "mark": ("marks.formgrader", "mark", "open nbgrader's formgrader, to mark texts by hand"),
    "status": ("giving_back", "status", "where the class stands: handed in, graded, to mark, late, waiting"),
    "received": ("taking_in", "received", "note when one student's work came, where the platform does not say"),
    "report": ("commands", "report", "write feedback and overview again, after marking by hand"),
    "return": ("giving_back", "give_back", "pack the feedback pages for Moodle, Canvas or mail"),
    "export": ("commands", "export", "write the marks as CSV files for Canvas and Moodle"),
    "regrade": ("commands", "regrade", "score one student's submissions again"),
    "demo": ("demo", "demo", "make a class of 60, release, grade, report and export: some minutes"),
}


def main(arguments=None):
    """Run one command.

    Parameters
    ----------
    arguments : list of str, optional
        The words after ``python -m homework``; by default those of this process.

    Returns
    -------
    int
        The exit code: 0 where all went well, 1 after a problem that was told, 130 after Ctrl-C.
    """
    words = sys.argv[1:] if arguments is None else arguments
    chosen = _parser().parse_args(words)
    return exit_code(lambda: _run(chosen, words))


def _run(chosen, words):
    root = environment.checkout_root()
    if root is not None:
        python = environment.prepared_python(root)
        if not environment.is_this_python(python):
            return environment.run_with(python, ["-m", "homework", *words])
    module, function, _ = COMMANDS[chosen.command]
    return getattr(importlib.import_module(f"homework.{module}"), function)(chosen)


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m homework", description="Homework for a class: see docs/grading.md."
    )
    parser.add_argument(
        "--course",
        type=Path,
        default=Path(COURSE),
        metavar="FOLDER",
        help=f"the course folder; it holds a secret and names, so keep it out of any repository (./{COURSE})",
    )
    again = argparse.ArgumentParser(add_help=False)
    again.add_argument("--course", type=Path, default=argparse.SUPPRESS, metavar="FOLDER", help=argparse.SUPPRESS)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    made = {
        name: commands.add_parser(name, help=text, description=text, parents=[again])
        for name, (_, _, text) in COMMANDS.items()
    }
    release = made["release"]
    release.add_argument("--roster", type=Path, metavar="FILE", help="the class list (roster.csv in the course folder)")
    release.add_argument("--for-all", action="store_true", help="one notebook for all, which asks for the student id")
    release.add_argument("--packed", action="store_true", help="notebooks that run in Colab as they are (1 MB each)")
    release.add_argument("--due", metavar="TIME", help="until when, such as 2026-12-01T23:59:00+01:00")
    release.add_argument("--zone", metavar="ZONE", help="the class's time zone, such as Europe/Berlin (this machine's)")
    release.add_argument("--list", type=Path, metavar="CSV", help="Moodle's grading worksheet, to hand out by it")
    release.add_argument("--yes", action="store_true", help="go on where the class list shrinks or ids look spoilt")
    made["due"].add_argument("assignments", nargs="+", metavar="ASSIGNMENT")
    made["due"].add_argument("time", metavar="TIME", help="such as 2026-12-01T23:59:00+01:00")
    made["extend"].add_argument("student", metavar="STUDENT", help="the student's id")
    made["extend"].add_argument("assignment", metavar="ASSIGNMENT")
    made["extend"].add_argument("--days", type=_days, required=True, metavar="N", help="after the due time; 0 for none")
    received = made["received"].add_argument
    received("student", metavar="STUDENT", help="the student's id")
    received("assignment", metavar="ASSIGNMENT")
    received("time", metavar="TIME", help="such as 2026-12-01T21:07:00+01:00")
    made["return"].add_argument("--list", type=Path, metavar="CSV", help="Moodle's grading worksheet")
    made["return"].add_argument("--all", action="store_true", help="also what is not marked to its end")
    made["return"].add_argument("--again", action="store_true", help="also what was packed before and says the same")
    for name in ("release", "check", "grade", "regrade", "status", "report", "return", "export"):
        made[name].add_argument("--assignment", action="append", metavar="NAME", help="only this one; may be repeated")
    collect = made["collect"]
    collect.add_argument("files", nargs="+", type=Path, metavar="FILE_OR_FOLDER", help="as the platform gave it")
    collect.add_argument("--list", action="append", type=Path, metavar="CSV", help="its grading worksheet or gradebook")
    collect.add_argument("--assignment", metavar="NAME", help="for which assignment the files are (as the bundles say)")
    collect.add_argument("--from", dest="platform", choices=PLATFORMS, help="the platform (seen by the files' names)")
    collect.add_argument("--zone", metavar="ZONE", help="of the platform's times, such as +01:00 (the class's)")
    collect.add_argument("--time", metavar="TIME", help="when those came that have no time and are not marked late")
    collect.add_argument("--yes", action="store_true", help="write without asking")
    made["mark"].add_argument("--port", type=_positive, metavar="N", help="where it answers on this machine (8899)")
    made["mark"].add_argument("--no-browser", dest="browser", action="store_false", help="only print the address")
    made["regrade"].add_argument("student", metavar="STUDENT", help="the student's id")
    for name in ("grade", "regrade"):
        add = made[name].add_argument
        add("--workers", type=_positive, default=os.cpu_count() or 1, metavar="N", help="local processes (one a core)")
        add("--scheduler", metavar="ADDRESS", help="use the workers of this Dask scheduler, such as tcp://host:8786")
        add("--hidden", type=Path, metavar="FOLDER", help="hidden photos of your own, in cats/ and dogs/ (drawings)")
        add("--seconds", type=_positive, default=60, metavar="N", help="the most that scoring one may take (60)")
        add("--memory", type=_positive, default=2000, metavar="MB", help="the most memory that it may take (2000)")
    for name in ("check", "grade", "regrade", "status", "report", "return", "export", "release", "due", "extend"):
        made[name].add_argument("--db", metavar="URL", help="the gradebook's database (SQLite in the course folder)")
    made["grade"].add_argument(
        "--new-hidden", action="store_true", help="score everything anew by other hidden photos than so far"
    )
    made["grade"].add_argument(
        "--accept", action="append", metavar="STUDENT/ASSIGNMENT", help="score a bundle that waits for this student"
    )
    made["regrade"].set_defaults(new_hidden=False)
    made["export"].add_argument(
        "--missing-as-zero", action="store_true", help="write 0, not an empty cell, for what is missing or refused"
    )
    made["export"].add_argument(
        "--into", action="append", type=Path, metavar="CSV", help="fill a copy of this gradebook of the platform's"
    )
    made["export"].add_argument("--column", action="append", metavar='NAME="TITLE"', help="its column, as it is titled")
    made["demo"].add_argument("--students", type=_positive, default=60, metavar="N", help="how many (60)")
    return parser


def _positive(text):
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _days(text):
    number = float(text)
    if not 0 <= number <= 1000:
        raise ValueError(text)
    return number


if __name__ == "__main__":
    sys.exit(main())
