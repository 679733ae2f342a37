"""The cells that students fill in: their solutions are folded away in the notebook, and tried with the wrong answers.

In a script, a cell tagged ``your-turn`` holds the stub, the next one, tagged ``check``, calls ``check_answer``, and
after it stand cells tagged ``solution`` (with ``because="..."``, what it shows) and ``wrong-answer`` (with
``says="..."``, a part of what the student is told).
"""

import copy

YOUR_TURN, CHECK, SOLUTION, WRONG_ANSWER = "your-turn", "check", "solution", "wrong-answer"
FOLDED = """\
<details><summary>Solution</summary>

```python
{code}
```

{because}

</details>"""
TRIED = """\
import contextlib
import io

{answer}
said = io.StringIO()
with contextlib.redirect_stdout(said):
{check}
assert said.getvalue().startswith({start!r}) and {says!r} in said.getvalue(), said.getvalue()"""


def tagged(cell, tag):
    """Say whether a cell has a tag.

    Parameters
    ----------
    cell : nbformat.NotebookNode
        A cell.
    tag : str
        The tag.

    Returns
    -------
    bool
    """
    return tag in cell.metadata.get("tags", [])


def as_students_see_it(cells):
    """Fold the solutions and leave the wrong answers out.

    Parameters
    ----------
    cells : list of nbformat.NotebookNode
        All cells of a script.

    Returns
    -------
    list of nbformat.NotebookNode
        A code cell tagged ``solution`` has become a folded text; one tagged ``wrong-answer`` is gone.
    """
    import nbformat

    seen = []
    for cell in cells:
        if tagged(cell, WRONG_ANSWER):
            continue
        if tagged(cell, SOLUTION) and cell.cell_type == "code":
            text = FOLDED.format(code=cell.source, because=cell.metadata["because"])
            cell = nbformat.v4.new_markdown_cell(text, metadata={"tags": [SOLUTION]})
        seen.append(cell)
    return seen


def with_answers_tried(notebook, cells):
    """Put cells into a notebook that try each solution and each wrong answer where the student would.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        The notebook as students see it, in step with its script; it stays as it is.
    cells : list of nbformat.NotebookNode
        All cells of its script.

    Returns
    -------
    nbformat.NotebookNode
        A copy in which, after each check, every answer is tried; such a cell prints nothing, and fails where what is
        said to the answer is not what the script promises.
    """
    import nbformat

    tried = copy.deepcopy(notebook)
    students = iter(tried.cells)
    tried.cells, check = [], None
    for cell in cells:
        if not tagged(cell, WRONG_ANSWER):
            tried.cells.append(next(students))
        if tagged(cell, CHECK):
            check = cell.source
        if cell.cell_type == "code" and (tagged(cell, SOLUTION) or tagged(cell, WRONG_ANSWER)):
            right = tagged(cell, SOLUTION)
            source = TRIED.format(
                answer=cell.source,
                check="\n".join(f"    {line}".rstrip() for line in check.splitlines()),
                start="right: " if right else "not yet: ",
                says="" if right else cell.metadata["says"],
            )
            tried.cells.append(nbformat.v4.new_code_cell(source, metadata={"tags": ["tried"]}))
    return tried


def problems(cells, name):
    """Find what is missing around the cells that students fill in.

    Parameters
    ----------
    cells : list of nbformat.NotebookNode
        All cells of a script.
    name : str
        What the sentences call it.

    Returns
    -------
    list of str
        One sentence for each task without a stub, a check, a solution or two wrong answers.
    """
    found = []
    for number, cell in enumerate(cells):
        if not tagged(cell, YOUR_TURN):
            continue
        after = cells[number + 1 : number + 2]
        answers = []
        for follower in cells[number + 2 :]:
            if not (tagged(follower, SOLUTION) or tagged(follower, WRONG_ANSWER)):
                break
            answers.append(follower)
        solutions = [one for one in answers if tagged(one, SOLUTION) and one.metadata.get("because")]
        wrong = [one for one in answers if tagged(one, WRONG_ANSWER) and one.metadata.get("says")]
        where = f"{name}, the task {cell.source.splitlines()[0]!r}:"
        if "..." not in cell.source:
            found.append(f"{where} its stub has no ... to fill in.")
        if not (after and tagged(after[0], CHECK) and "check_answer(" in after[0].source):
            found.append(f"{where} the next cell is no check that calls check_answer.")
        if not solutions:
            found.append(f"{where} it has no solution that says because of what.")
        if len(wrong) < 2:
            found.append(f"{where} it has {len(wrong)} wrong answers with what is said to them; two are needed.")
    return found
