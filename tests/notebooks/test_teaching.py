"""How a notebook teaches: short, cells that students fill in, pictures that are described, names, not numbers."""

import base64
import io
import re
from pathlib import Path

import nbformat
import pytest
from PIL import Image

from tools import notebooks, your_turn

CHECKOUT = Path(__file__).resolve().parents[2]
SCRIPTS = notebooks.scripts(CHECKOUT)
MOST_CELLS = {"08_flowers": 70, "09_look_inside": 70}
MOST_WORDS = {"03_scratch_cnn": 1800}
FEWEST_TASKS = {"01_download_unzip": 2}
ON_PHOTOS = "On the real photos"

every_notebook = pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)


def counted(script):
    """The cells that count: without solutions and the box on the real photos."""
    return [
        cell
        for cell in notebooks.from_script(script).cells
        if not your_turn.tagged(cell, your_turn.SOLUTION) and ON_PHOTOS not in cell.source
    ]


def texts(script):
    return [cell.source for cell in counted(script) if cell.cell_type == "markdown"]


def code(script):
    return [cell.source for cell in notebooks.from_script(script).cells if cell.cell_type == "code"]


@every_notebook
def test_a_notebook_is_short(script):
    cells, most = len(counted(script)), MOST_CELLS.get(script.stem, 60)
    assert cells <= most, f"{script.name} has {cells} cells that count, at most {most}: merge two"
    without_solutions = re.sub(r"<details>.*?</details>", "", "\n".join(texts(script)), flags=re.DOTALL)
    words, most = len(without_solutions.split()), MOST_WORDS.get(script.stem, 1300)
    assert words <= most, f"{script.name} has {words} words that count, at most {most}: say it shorter"


@every_notebook
def test_a_code_cell_holds_one_idea(script):
    lengths = [len([line for line in source.splitlines() if line.strip()]) for source in code(script)]
    assert max(lengths) <= 25
    assert sorted(lengths)[len(lengths) // 2] <= 8


def tasks(script):
    return [cell for cell in notebooks.script_cells(script) if your_turn.tagged(cell, your_turn.YOUR_TURN)]


@every_notebook
def test_the_page_for_teachers_counts_the_cells_that_students_fill_in(script):
    page = (CHECKOUT / "docs" / "teaching.md").read_text(encoding="utf-8")
    (row,) = re.findall(rf"(?m)^\| \[\d\d\]\(\.\./notebooks/{script.stem}\.ipynb\) .*", page)
    assert int(row.strip("| ").split("|")[-1]) == len(tasks(script)), "correct the last column in docs/teaching.md"


@every_notebook
def test_the_student_writes_code_and_every_answer_has_its_words(script):
    assert len(tasks(script)) >= FEWEST_TASKS.get(script.stem, 3)
    assert your_turn.problems(notebooks.script_cells(script), script.stem) == []


def test_there_are_at_least_30_tasks():
    assert sum(len(tasks(script)) for script in SCRIPTS) >= 30


@every_notebook
def test_few_other_cells_check(script):
    checks = [
        cell.source
        for cell in notebooks.script_cells(script)
        if your_turn.tagged(cell, your_turn.CHECK) and "check_answer(" not in cell.source
    ]
    assert len(checks) <= 6


@every_notebook
def test_a_mistake_is_called_by_what_it_is(script):
    for text in [*texts(script), *code(script)]:
        assert not re.search(r"\bM(\d|1\d|20)\b|\bL[1-5]\b", text), text
        assert not re.search(r"it depends", text, re.IGNORECASE), text


@every_notebook
def test_published_figures_stay_few(script):
    assert len(re.findall("published", "\n".join(texts(script)), re.IGNORECASE)) <= 4


@every_notebook
def test_a_students_cell_has_no_trick_that_nobody_explained(script):
    for source in code(script):
        assert not re.search(r"replace\(base|get_weights\(\)\[-|set_model\(None|history_of\(", source), source


def pictures(script):
    notebook = nbformat.read(CHECKOUT / "notebooks" / f"{script.stem}.ipynb", as_version=4)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                yield output, Image.open(io.BytesIO(base64.b64decode(output.data["image/png"])))


@every_notebook
def test_a_picture_is_at_most_1000_pixels_wide_and_has_an_alternative_text(script):
    for output, picture in pictures(script):
        assert picture.width <= 1000
        assert len(output.metadata["image/png"]["alt"].split()) >= 5


@every_notebook
def test_no_line_of_an_output_is_a_warning(script):
    notebook = nbformat.read(CHECKOUT / "notebooks" / f"{script.stem}.ipynb", as_version=4)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                assert not re.search(r"warn|deprecat|skipping variable", output.text, re.IGNORECASE), output.text
