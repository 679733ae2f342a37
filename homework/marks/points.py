"""How many points each item has: the course's own, or what ``points.toml`` in the course folder says instead.

The scorer says how much of an item was reached; this says what that is worth, and puts it into words.
"""

import math
import re
import tomllib
from pathlib import Path

from course_utils.errors import CourseError, file_errors_told
from homework.handing_out.variants import ASSIGNMENTS
from homework.scoring.rubric import ITEMS

FILE = "points.toml"
OWN = Path(__file__).resolve().parents[1] / FILE
TEXT = "text answer"
NAMES = (*ITEMS, TEXT)
MOST = 100


def read_points(course):
    """Read what the items are worth in a course.

    Parameters
    ----------
    course : pathlib.Path
        The course folder; ``points.toml`` in it has a table for each assignment that is to differ, such as
        ``[another_base]`` with ``"level reached" = 4``. What it does not name is worth what ``homework/points.toml``
        says.

    Returns
    -------
    dict of str to dict of str to float
        Assignment -> item -> points; the text answer, which a person marks, is one of the items.

    Raises
    ------
    CourseError
        Where the file cannot be read, or names another assignment or item, or no number of points from 0 to 100.
    """
    points = {assignment: dict.fromkeys(NAMES, 0.0) for assignment in ASSIGNMENTS}
    for path in (OWN, course / FILE):
        for assignment, items in _tables(path).items():
            if assignment not in points or not isinstance(items, dict):
                raise CourseError(
                    f"{path}: there is no assignment {assignment!r}; choose from {', '.join(ASSIGNMENTS)}."
                )
            for item, worth in items.items():
                if item not in NAMES:
                    raise CourseError(f"{path}: {assignment} has no item {item!r}; choose from {', '.join(NAMES)}.")
                number = isinstance(worth, int | float) and not isinstance(worth, bool) and math.isfinite(worth)
                if not number or not 0 <= worth <= MOST:
                    raise CourseError(f"{path}: {item!r} of {assignment} is {worth!r}; give a number from 0 to {MOST}.")
                points[assignment][item] = float(worth)
    for assignment, items in points.items():
        if not sum(items.values()):
            raise CourseError(f"{course / FILE}: nothing of {assignment} has any points; give one item some.")
    return points


def _tables(path):
    with file_errors_told(path):
        text = path.read_text(encoding="utf-8-sig") if path.exists() else ""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CourseError(f"{path} cannot be read ({error}); mend that line.") from None


def worth(record, points):
    """Give a record of the journal with the points that the course gives for what was reached.

    Parameters
    ----------
    record : dict or None
        As the scorer wrote it.
    points : dict of str to float
        Item -> points, of one assignment.

    Returns
    -------
    dict or None
        A copy in which of each item the same share is reached; an item that has no points says of no share.
    """
    result = (record or {}).get("result")
    if not result or not result.get("items"):
        return record
    items = [one | _scaled(one, points.get(one["name"], one["out_of"])) for one in result["items"]]
    about = {
        "items": items,
        "points": sum(one["points"] for one in items),
        "out_of": sum(one["out_of"] for one in items),
    }
    return record | {"result": result | about}


def _scaled(item, out_of):
    share = item["points"] / item["out_of"] if item["out_of"] else 0.0
    return {"points": round(share * out_of, 2), "out_of": out_of}


def cell_name(item):
    """Give the name of an item's cell in the gradebook, which may hold no spaces."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", item)


def points_by_item(record):
    """Give the points of each item by its cell's name; nothing where the submission could not be scored.

    Parameters
    ----------
    record : dict or None
        Of the journal.

    Returns
    -------
    dict of str to float
        A refused bundle has 0 for each item.
    """
    items = ((record or {}).get("result") or {}).get("items", [])
    return {cell_name(item["name"]): float(item["points"]) for item in items}


def remarks(submission, record):
    """Say in words what became of a submission, for the instructor and as the comment in the gradebook.

    Parameters
    ----------
    submission : homework.collecting.submissions.Submission
    record : dict or None
        Of the journal.

    Returns
    -------
    str
        One line for each item, or the sentence why there are none.
    """
    lines = [submission.note] if submission.note else []
    if submission.problem:
        lines.append(f"Not scored: {submission.problem}")
    elif record is None:
        lines.append("Not scored yet: grade again.")
    elif "failed" in record:
        lines.append(f"Not scored: {record['failed']}")
    elif record["result"]["status"] == "refused":
        lines.append(f"Refused: {record['result']['refusal']}")
    else:
        lines += [
            f"{item['name']}: {item['points']:g} of {item['out_of']:g} ({item['verdict']}). {item['reason']}"
            for item in record["result"]["items"]
        ]
    return "\n".join(lines)
