"""Pages to read: feedback for each student, and an overview of the class for the instructor."""

import math
from datetime import datetime

import numpy as np

from homework.handing_out.release import ANSWER_ID
from homework.marks.gradebook import REMARKS
from homework.marks.marking_page import marking_address
from homework.marks.points import TEXT, cell_name, read_points, remarks, worth
from homework.pages import write_page
from homework.scoring.rubric import ITEMS
from homework.times import class_zone, local_time

# Okabe and Ito's colours, which colour-blind people tell apart.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
WIDTH, HEIGHT, MARGIN = 340, 180, 30
MOST_RUNS = 8
MOST_EPOCHS = 1000
# What to do better next time, where an item has not all its points.
ADVICE = {
    "right variant": "Use the variant that belongs to your student id, and load the base that it names.",
    "right layers changed": "Print which weights are trainable before you train, and see that they change.",
    "base left as released": "Use the base's own preprocessing, and freeze every layer that is not to learn.",
    "accuracy recomputed": "Measure on the public test photos, with the very model that you hand in.",
    "level reached": "Look at the validation curve: train longer where it still rises, stop where it falls.",
    "consistent record": "Train with the numbers of your variant; hand in history, predictions and model of one run.",
}


def write_feedback(course, submission, record, marks):
    """Write the feedback page of one student for one assignment.

    It holds this student's items, text, curves and marks, and nothing else: no photo, no name and no id of anyone else.

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
    points = read_points(course)[submission.assignment]
    result = _scored(worth(record, points)) or {}
    by_cell = {cell_name(item): item for item in ITEMS}
    manual = {by_cell.get(name, name): score for name, score in (marks.manual if marks else {}).items()}
    comments = {by_cell.get(name, name): text for name, text in (marks.comments if marks else {}).items()}
    path, zone = feedback_path(course, submission.student, submission.assignment), class_zone(course)
    write_page(
        path,
        "feedback.html.j2",
        student=submission.student,
        assignment=submission.assignment,
        variant=result.get("variant_number"),
        items=[_item(item, manual.get(item["name"])) for item in result.get("items", [])],
        remarks="" if result else remarks(submission, record),
        marks=marks,
        missing=submission.missing,
        text=result.get("answers") or {},
        answer_points=manual.get(ANSWER_ID),
        answer_out_of=points[TEXT],
        comments={name: text for name, text in comments.items() if name not in (REMARKS, ANSWER_ID)},
        answer_comment=comments.get(ANSWER_ID),
        curves=[curves(name, run) for name, run in list(result.get("history", {}).items())[:MOST_RUNS]],
        handed_in=local_time(datetime.fromisoformat(submission.timestamp), zone) if submission.timestamp else None,
        time_by_hand=submission.time_by_hand,
        due=local_time(marks.due, zone) if marks and marks.due else None,
        late=how_late(marks.seconds_late) if marks and marks.seconds_late > 0 else None,
        WIDTH=WIDTH,
        HEIGHT=HEIGHT,
        MARGIN=MARGIN,
    )
    return path


def feedback_path(course, student, assignment):
    """Give the path of a student's feedback page."""
    return course / "feedback" / student / assignment / "feedback.html"


def how_late(seconds):
    """Write a time by which something is late in words.

    Parameters
    ----------
    seconds : float

    Returns
    -------
    str
        Such as ``1 day 6 hours`` or ``12 minutes``.
    """
    minutes = max(1, round(seconds / 60))
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [(days, "day"), (hours, "hour"), (0 if days else minutes, "minute")]
    return " ".join(f"{count} {name}{'s' * (count != 1)}" for count, name in parts if count)


def _item(item, manual):
    points = item["points"] if manual is None else manual
    return {
        "name": item["name"],
        "points": points,
        "out_of": item["out_of"],
        "by_hand": manual is not None,
        "reason": item["reason"],
        # A scorer of its own may say it better.
        "advice": item.get("advice") or ADVICE.get(item["name"]) if points < item["out_of"] else None,
    }


def write_overview(course, students, submissions, records, marks, hints, unknown):
    """Write the overview of the class, for the instructor alone.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.
    students : list of homework.handing_out.roster.Student
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
    points = read_points(course)
    records = {key: worth(record, points[key[1]]) for key, record in records.items()}
    names = {student.id: student.name for student in students}
    assignments = sorted({one.assignment for one in submissions})
    sections = [
        _section(name, [one for one in submissions if one.assignment == name], names, records, marks)
        for name in assignments
    ]
    cells = {(one.student, one.assignment): _cell(one, records, marks) for one in submissions}
    path = course / "report" / "index.html"
    write_page(
        path,
        "overview.html.j2",
        sections=sections,
        assignments=assignments,
        table=[
            {"id": student.id, "name": student.name, "cells": [cells.get((student.id, name)) for name in assignments]}
            for student in students
        ],
        waits=[one.waits for one in submissions if one.waits],
        marked_late=[f"{one.student} ({one.assignment})" for one in submissions if one.marked_late],
        to_mark=sum(section["to_mark"] for section in sections),
        hints=hints,
        unknown=unknown,
        number=len(students),
        WIDTH=WIDTH,
        HEIGHT=HEIGHT,
        MARGIN=MARGIN,
    )
    return path


def _section(assignment, submissions, names, records, marks):
    """Give what the overview says of one assignment."""
    results = [result for one in submissions if (result := _scored(records.get((one.student, assignment)))) is not None]
    out_of = max((result["out_of"] for result in results), default=0)
    about = [(one, {"student": one.student, "name": names.get(one.student, "")}) for one in submissions]
    late = [(who, marks.get((one.student, assignment))) for one, who in about]
    return {
        "name": assignment,
        "counts": count_states(submissions, records),
        "out_of": out_of,
        "histogram": histogram([result["points"] for result in results], out_of),
        "hardest": hardest_items(results),
        "late": [
            who | {"late": how_late(own.seconds_late), "penalty": own.penalty}
            for who, own in late
            if own is not None and own.seconds_late > 0
        ],
        "to_mark": sum(1 for one in submissions if _is_open(marks, one)),
        "address": marking_address(assignment),
        "failures": [
            who | {"sentence": sentence}
            for one, who in about
            if not one.waits and (sentence := failure(one, records.get((one.student, assignment)))) is not None
        ],
        "notes": [who | {"sentence": one.note} for one, who in about if one.note],
    }


def _cell(submission, records, marks):
    """Give one cell of the table students x assignments: the mark, or in a word why there is none."""
    key = submission.student, submission.assignment
    own, word = marks.get(key), state(submission, records.get(key))
    return {
        "mark": None if own is None else own.score,
        "word": {"new": "not graded", "scored": "to mark"}.get(word, word),
        "late": bool(own and own.seconds_late > 0),
        "open": bool(own and own.open),
        "link": f"../feedback/{submission.student}/{submission.assignment}/feedback.html",
    }


def failure(submission, record):
    """Say why a submission has no score, or a refused one; None where it was scored."""
    if _scored(record) is not None or state(submission, record) == "new":
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
        scored, refused, failed and missing; and, where there are any, new (not graded yet) and waiting (they name
        another student or assignment). Together all of them.
    """
    counts = {"scored": 0, "refused": 0, "failed": 0, "missing": 0}
    for submission in submissions:
        word = state(submission, records.get((submission.student, submission.assignment)))
        counts[word] = counts.get(word, 0) + 1
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


def histogram(points, out_of):
    """Draw how many submissions reached how many points, as SVG's numbers: one bar a whole point.

    Parameters
    ----------
    points : list of float
        Of each submission.
    out_of : float
        The most that can be reached: it has a bar of its own.

    Returns
    -------
    list of dict
        Of each bar: count, points (8 stands for 8 and all below 9), and x, y, width, height in the drawing.
    """
    bins = math.floor(out_of) + 1
    whole = np.clip(np.floor(np.add(points, 1e-9)).astype(int), 0, bins - 1)
    counts = np.bincount(whole, minlength=bins).tolist()
    tallest, width = max(counts) or 1, (WIDTH - 2 * MARGIN) / bins
    return [
        {
            "count": count,
            "points": i,
            "x": round(MARGIN + i * width + 1, 1),
            "y": round(HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * count / tallest, 1),
            "width": round(width - 2, 1),
            "height": round((HEIGHT - 2 * MARGIN) * count / tallest, 1),
        }
        for i, count in enumerate(counts)
    ]


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
    kept = [(label, values) for label, values in run.items() if isinstance(values, list) and "acc" in label]
    lines = [(label, values[:MOST_EPOCHS]) for label, values in kept[: len(COLOURS)]]
    epochs, drawn = max([1, *(len(values) for _, values in lines)]), []
    for (label, values), colour in zip(lines, COLOURS, strict=False):
        points = [
            (MARGIN + (WIDTH - 2 * MARGIN) * (i / max(1, epochs - 1)), _height(value))
            for i, value in enumerate(values)
            if isinstance(value, (int, float)) and math.isfinite(value)
        ]
        drawn.append({"label": label, "colour": colour, "points": " ".join(f"{x:.1f},{y:.1f}" for x, y in points)})
    return {"name": name, "epochs": epochs, "lines": drawn}


def _height(share):
    return HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * min(1.0, max(0.0, share))


def _scored(record):
    result = (record or {}).get("result")
    return result if result and result["status"] == "scored" else None


def state(submission, record):
    """Say in one word what became of a submission: scored, refused, failed, missing, waiting, or new (not graded)."""
    if submission.missing:
        return "missing"
    if submission.waits:
        return "waiting"
    if record is None and submission.problem is None:
        return "new"
    return (record or {}).get("result", {}).get("status", "failed")


def _is_open(marks, submission):
    own = marks.get((submission.student, submission.assignment))
    return bool(own and own.open) and not submission.missing and not submission.waits
