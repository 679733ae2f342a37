"""The page that formgrader shows: the question and what gives how many points, the student's text, then the items."""

import html
import json
from functools import lru_cache

from course_utils.errors import file_errors_told
from course_utils.files import write_text
from homework.handing_out.release import ANSWER_ID, SOURCE
from homework.marks.points import TEXT, cell_name
from homework.scoring.rubric import ITEMS
from tools.notebooks import SOLUTION_ONLY, from_script

# Where formgrader answers while `mark` serves it: another port than JupyterLab's, which may be at work beside it.
PORT = 8899
START = "/formgrader/gradebook"
LONGEST_TEXT = 20_000
LONGEST_EVIDENCE = 300
RUBRIC = """\
- **{full:g} points:** it answers every part of the question, with the student's own numbers
- **{half:g}:** it answers a part, or all of it without numbers of the student's own
- **0:** nothing, or nothing of what was asked
"""
# formgrader's style hides the sign by which a browser shows that something can be unfolded.
FOLDED = "<details><summary>&#9656; {title} (click)</summary>\n\n{text}\n\n</details>"


def write_marking_page(course, submission, record, remarks, points):
    """Write the notebook that formgrader shows for one submission.

    What comes from a student stands in code cells as comments or is quoted: formgrader shows it, never runs it.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.
    submission : homework.collecting.submissions.Submission
    record : dict or None
        Of the journal.
    remarks : str
        What became of the submission, see `homework.marks.points.remarks`.
    points : dict of str to float
        Item -> points, of this assignment; see `homework.marks.points.read_points`.

    Raises
    ------
    CourseError
        Where the page cannot be written.
    """
    result = (record or {}).get("result") or {}
    items = {item["name"]: item for item in result["items"]} if result.get("status") == "scored" else {}
    question, reference = _question(submission.assignment)
    rubric = RUBRIC.format(full=points[TEXT], half=points[TEXT] / 2)
    meta = _meta(ANSWER_ID, grade=True, solution=True, locked=False, points=points[TEXT], cell_type="markdown")
    cells = [
        _cell(f"## {submission.assignment}: the question\n\n{question}\n\n{rubric}"),
        _cell(_quoted(answer_text(record)), meta),
        _cell(FOLDED.format(title="A good answer", text=_quoted(reference))),
    ]
    if not items:
        cells.append(_cell(f"**What became of it**\n\n{_quoted(remarks)}"))
    for item in ITEMS:
        about = items.get(item)
        said = item
        if about:
            said += f": {about['verdict']}, {about['points']:g} of {about['out_of']:g}\n{about['reason']}"
        meta = _meta(cell_name(item), grade=True, solution=False, locked=True, points=points[item], cell_type="code")
        cells.append(_cell(_as_comment(said), meta))
    if items:
        cells.append(_cell(FOLDED.format(title="By which evidence", text=_evidence(items))))
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path = course / "autograded" / submission.student / submission.assignment / f"{submission.assignment}.ipynb"
    # Not by nbformat, which checks each cell against its schema twice: that takes as long as all the rest here.
    content = json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    with file_errors_told(path):
        same = path.exists() and path.read_bytes() == content.encode()
    if not same:
        write_text(path, content)


def marking_address(assignment):
    """Give the address of an assignment's list of submissions while ``mark`` serves formgrader."""
    return f"http://localhost:{PORT}{START}/{assignment}/{assignment}"


def answer_text(record):
    """Give the student's text, which a person marks.

    Parameters
    ----------
    record : dict or None
        Of the journal.

    Returns
    -------
    str
    """
    answers = ((record or {}).get("result") or {}).get("answers") or {}
    if len(answers) == 1:
        return next(iter(answers.values()))
    return "\n\n".join(f"{name}:\n{answer}" for name, answer in answers.items()) or "(no answer)"


@lru_cache(maxsize=8)
def _question(assignment):
    """Give the question of an assignment, and an answer to it, from its source."""
    cells = from_script(SOURCE / assignment / f"{assignment}.py").cells
    at = next(place for place, cell in enumerate(cells) if "answer" in cell.metadata.get("tags", []))
    reference = next(cell.source for cell in cells[at:] if SOLUTION_ONLY in cell.metadata.get("tags", []))
    question = "\n".join(line for line in cells[at - 1].source.splitlines() if not line.startswith("#"))
    return question.strip(), reference.partition('"""')[2].rpartition('"""')[0].strip()


def _evidence(items):
    lines = []
    for name, item in items.items():
        lines.append(name)
        for what, value in (item.get("evidence") or {}).items():
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            lines.append(f"  {what}: {text[:LONGEST_EVIDENCE]}{'…' if len(text) > LONGEST_EVIDENCE else ''}")
    return _quoted("\n".join(lines))


def _cell(source, meta=None):
    kind = meta["cell_type"] if meta else "markdown"
    cell = {"cell_type": kind, "metadata": {"nbgrader": meta} if meta else {}, "source": source}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def _as_comment(text):
    return "\n".join(f"# {line}" for line in text[:LONGEST_TEXT].splitlines())


def _meta(name, **about):
    return {"grade_id": name, "schema_version": 3, "task": False, **about}


def _quoted(text):
    # Escaped twice over: as HTML, and inside <pre>, where Markdown has no signs of its own. Its lines wrap.
    shown = html.escape(text[:LONGEST_TEXT]).replace("$", "&#36;")
    return f'<pre style="white-space: pre-wrap">{shown}</pre>'
