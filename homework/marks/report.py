"""Pages to read: feedback for each student, and an overview of the class for the instructor."""

import math
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from course_utils.files import write_text
from homework.handing_out.release import ANSWER_ID
from homework.marks.gradebook import REMARKS, cell_name, remarks
from homework.scoring.rubric import ITEMS

TEMPLATES = Path(__file__).resolve().parents[1] / "templates"
# Okabe and Ito's colours, which colour-blind people tell apart.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
WIDTH, HEIGHT, MARGIN = 360, 180, 30
# Evidence that names others, or that tells a student what is on the hidden photos, stays with the instructor.
SHOWN_LENGTH = 300
MOST_RUNS = 8
MOST_EPOCHS = 1000


def write_feedback(course, submission, record, marks):
    """Write the feedback page of one student for one assignment.

    It holds this student's items, evidence, curves and marks, and nothing else: no photo, no name of anyone else.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.
    submission : homework.collecting.submissions.Submission
    record : dict or None
        Of the journal.
    marks : Marks or None
        From the gradebook, see `homework.marks.gradebook.read_marks`.

    Returns
    -------
    pathlib.Path
        ``feedback/STUDENT/ASSIGNMENT/feedback.html``.

    Raises
    ------
    CourseError
        Where the page cannot be written.
    """
    result = _scored(record) or {}
    by_cell = {cell_name(item): item for item in ITEMS}
    manual = {by_cell.get(name, name): score for name, score in (marks.manual if marks else {}).items()}
    page = (
        _environment()
        .get_template("feedback.html.j2")
        .render(
            student=submission.student,
            assignment=submission.assignment,
            variant=(result.get("variant_number") if result else None),
            items=[
                {**item, "evidence": evidence_lines(item.get("evidence")), "manual": manual.get(item["name"])}
                for item in result.get("items", [])
            ],
            remarks="" if result else remarks(submission, record),
            marks=marks,
            answer_points=manual.get(ANSWER_ID),
            comments={name: text for name, text in (marks.comments if marks else {}).items() if name != REMARKS},
            curves=[curves(name, run) for name, run in runs_of(result.get("history"))],
            timestamp=submission.timestamp,
        )
    )
    path = course / "feedback" / submission.student / submission.assignment / "feedback.html"
    write_text(path, page)
    return path


def write_overview(course, students, submissions, records, marks, hints, unknown):
    """Write the overview of the class, for the instructor alone.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.
    students : list of homework.handing_out.release.Student
    submissions : list of homework.collecting.submissions.Submission
    records : dict of (str, str) to dict
    marks : dict of (str, str) to Marks
    hints : list of dict
        From `homework.scoring.copies.similarity_hints`, or empty.
    unknown : list of str
        Folders that belong to nobody on the class list.

    Returns
    -------
    pathlib.Path
        ``report/index.html``.

    Raises
    ------
    CourseError
        Where the page cannot be written.
    """
    names = {student.id: student.name for student in students}
    sections = []
    for assignment in sorted({one.assignment for one in submissions}):
        own_submissions = [one for one in submissions if one.assignment == assignment]
        results = [
            result for one in own_submissions if (result := _scored(records.get((one.student, assignment)))) is not None
        ]
        shares = [result["points"] / result["out_of"] for result in results if result["out_of"]]
        sections.append(
            {
                "name": assignment,
                "counts": count_states(own_submissions, records),
                "histogram": histogram(shares),
                "hardest": hardest_items(results),
                "late": [
                    {
                        "student": one.student,
                        "name": names.get(one.student, ""),
                        "hours": own.seconds_late / 3600,
                        "penalty": own.penalty,
                    }
                    for one in own_submissions
                    if (own := marks.get((one.student, assignment))) is not None and own.seconds_late > 0
                ],
                "to_mark": sum(1 for one in own_submissions if _is_open(marks, one)),
                "failures": [
                    {"student": one.student, "name": names.get(one.student, ""), "sentence": sentence}
                    for one in own_submissions
                    if (sentence := failure(one, records.get((one.student, assignment)))) is not None
                ],
                "notes": [{"student": one.student, "sentence": one.note} for one in own_submissions if one.note],
                "rows": [
                    _row(one, names, records.get((one.student, assignment)), marks.get((one.student, assignment)))
                    for one in own_submissions
                ],
            }
        )
    page = (
        _environment()
        .get_template("overview.html.j2")
        .render(sections=sections, hints=hints, unknown=unknown, number=len(students))
    )
    path = course / "report" / "index.html"
    write_text(path, page)
    return path


def failure(submission, record):
    """Say why a submission has no score, or a refused one; None where it was scored."""
    if _scored(record) is not None:
        return None
    return remarks(submission, record)


def count_states(submissions, records):
    """Count what became of the submissions.

    Parameters
    ----------
    submissions : list of homework.collecting.submissions.Submission
    records : dict of (str, str) to dict

    Returns
    -------
    dict of str to int
        scored, refused, failed, missing; together all of them.
    """
    counts = {"scored": 0, "refused": 0, "failed": 0, "missing": 0}
    for submission in submissions:
        record = records.get((submission.student, submission.assignment))
        counts["missing" if submission.missing else (record or {}).get("result", {}).get("status", "failed")] += 1
    return counts


def hardest_items(results):
    """Give each item's mean share of its points over the class, the hardest first.

    Parameters
    ----------
    results : list of dict
        Of the scorer.

    Returns
    -------
    list of (str, float)
        Item -> mean share between 0 and 1.
    """
    shares = {}
    for result in results:
        for item in result["items"]:
            if item["out_of"]:
                shares.setdefault(item["name"], []).append(item["points"] / item["out_of"])
    return sorted(((name, sum(values) / len(values)) for name, values in shares.items()), key=lambda pair: pair[1])


def histogram(shares, bins=10):
    """Draw how many submissions reached which share of the points, as SVG's numbers.

    Parameters
    ----------
    shares : list of float
        Between 0 and 1.
    bins : int

    Returns
    -------
    list of dict
        Of each bar: count, label, and x, y, width, height in the drawing.
    """
    counts = [0] * bins
    for share in shares:
        counts[min(bins - 1, max(0, int(share * bins)))] += 1
    tallest, width = max(counts) or 1, (WIDTH - 2 * MARGIN) / bins
    return [
        {
            "count": count,
            "label": f"{100 * i // bins}-{100 * (i + 1) // bins} %",
            "x": round(MARGIN + i * width, 1),
            "y": round(HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * count / tallest, 1),
            "width": round(width - 2, 1),
            "height": round((HEIGHT - 2 * MARGIN) * count / tallest, 1),
        }
        for i, count in enumerate(counts)
    ]


def runs_of(history):
    """Bring a history into a list of runs, one curve after the other.

    Parameters
    ----------
    history : dict or None
        Name -> numbers by epoch, or run -> such a dict.

    Returns
    -------
    list of (str, dict of str to list)
        At most eight runs; only curves that hold numbers alone.
    """
    if not isinstance(history, dict):
        return []
    flat = {name: values for name, values in history.items() if isinstance(values, list)}
    runs = [("training", flat)] if flat else []
    runs += [(str(name), run) for name, run in history.items() if isinstance(run, dict)]
    return runs[:MOST_RUNS]


def curves(name, run):
    """Draw the accuracies of one run, as SVG's numbers.

    Parameters
    ----------
    name : str
        The run's name.
    run : dict of str to list of float
        As Keras's History has it; a missing number is None.

    Returns
    -------
    dict
        name, epochs, and lines: for each its label, colour and points.
    """
    lines, epochs = [], 1
    for label, values in run.items():
        if not isinstance(values, list) or "acc" not in str(label) or len(lines) == len(COLOURS):
            continue
        values = values[:MOST_EPOCHS]
        epochs = max(epochs, len(values))
        lines.append((str(label), values))
    drawn = []
    for (label, values), colour in zip(lines, COLOURS, strict=False):
        points = [
            (MARGIN + (WIDTH - 2 * MARGIN) * (i / max(1, epochs - 1)), _height(value))
            for i, value in enumerate(values)
            if isinstance(value, (int, float)) and math.isfinite(value)
        ]
        drawn.append({"label": label, "colour": colour, "points": " ".join(f"{x:.1f},{y:.1f}" for x, y in points)})
    return {"name": name, "epochs": epochs, "lines": drawn}


def evidence_lines(evidence):
    """Bring the evidence of an item into lines to read.

    Parameters
    ----------
    evidence : dict or None
        Name -> JSON value.

    Returns
    -------
    list of (str, str)
        Name and value, each shortened.
    """
    return [(str(name)[:80], _shown(value)) for name, value in (evidence or {}).items()]


def _shown(value):
    if value is None or value == [] or value == {}:
        return "none"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        text = ", ".join(_shown(one) for one in value[:50])
    elif isinstance(value, dict):
        text = "; ".join(f"{name}: {_shown(one)}" for name, one in list(value.items())[:50])
    else:
        text = str(value)
    return text if len(text) <= SHOWN_LENGTH else text[:SHOWN_LENGTH] + " ..."


def _height(share):
    return HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * min(1.0, max(0.0, share))


def _scored(record):
    result = (record or {}).get("result")
    return result if result and result["status"] == "scored" else None


def _row(submission, names, record, marks):
    result = _scored(record)
    return {
        "student": submission.student,
        "name": names.get(submission.student, ""),
        "state": state(submission, record),
        "points": result["points"] if result else None,
        "score": marks.score if marks else None,
        "late": bool(marks and marks.seconds_late > 0),
        "open": bool(marks and marks.open),
        "link": f"../feedback/{submission.student}/{submission.assignment}/feedback.html",
    }


def state(submission, record):
    """Say in one word what became of a submission: scored, refused, failed or missing."""
    return "missing" if submission.missing else (record or {}).get("result", {}).get("status", "failed")


def _is_open(marks, submission):
    own = marks.get((submission.student, submission.assignment))
    return bool(own and own.open)


@lru_cache(maxsize=1)
def _environment():
    # Once: to compile the templates for each page takes ten times as long as to fill them in.
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.globals.update(WIDTH=WIDTH, HEIGHT=HEIGHT, MARGIN=MARGIN)
    return environment
