"""How many points each item has: the course's own, or what ``points.toml`` in the course folder says instead.

The scorer says how much of an item was reached; this says what that is worth.
"""

import math
import tomllib

from course_utils.errors import CourseError, file_errors_told
from homework.handing_out.release import ANSWER_POINTS
from homework.handing_out.variants import ASSIGNMENTS
from homework.scoring.rubric import ITEMS

FILE = "points.toml"
TEXT = "text answer"
MOST = 100
DEFAULT = {**ITEMS, TEXT: float(ANSWER_POINTS)}


def read_points(course):
    """Read what the items are worth in a course.

    Parameters
    ----------
    course : pathlib.Path
        The course folder; ``points.toml`` in it has a table for each assignment that is to differ, such as
        ``[another_base]`` with ``"level reached" = 4``. What it does not name stays.

    Returns
    -------
    dict of str to dict of str to float
        Assignment -> item -> points; the text answer, which a person marks, is one of the items.

    Raises
    ------
    CourseError
        Where the file cannot be read, or names another assignment or item, or no number of points from 0 to 100.
    """
    path = course / FILE
    with file_errors_told(path):
        text = path.read_text(encoding="utf-8-sig") if path.exists() else ""
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CourseError(f"{path} cannot be read ({error}); mend that line.") from None
    points = {assignment: dict(DEFAULT) for assignment in ASSIGNMENTS}
    for assignment, items in said.items():
        if assignment not in points or not isinstance(items, dict):
            raise CourseError(f"{path}: there is no assignment {assignment!r}; choose from {', '.join(ASSIGNMENTS)}.")
        for item, worth in items.items():
            if item not in DEFAULT:
                raise CourseError(f"{path}: {assignment} has no item {item!r}; choose from {', '.join(DEFAULT)}.")
            number = isinstance(worth, int | float) and not isinstance(worth, bool) and math.isfinite(worth)
            if not number or not 0 <= worth <= MOST:
                raise CourseError(f"{path}: {item!r} of {assignment} is {worth!r}; give a number from 0 to {MOST}.")
            points[assignment][item] = float(worth)
        if not sum(points[assignment].values()):
            raise CourseError(f"{path}: nothing of {assignment} has any points; give one item some.")
    return points


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
