"""The cells that students fill in: folded solutions, and answers that are tried where the student would."""

import nbformat
import pytest

from tools import notebooks, your_turn
from tools.running import execute, kernel_settings

TASK = """\
# %% tags=["your-turn"]
learned = ...  # one line

# %% tags=["check"]
from course_utils import check_answer

check_answer("parameters of the first layer", learned)

# %% tags=["solution"] because="27 weights and one bias for each filter."
learned = (3 * 3 * 3 + 1) * 32

# %% tags=["wrong-answer"] says="also has a bias"
learned = 3 * 3 * 3 * 32

# %% tags=["wrong-answer"] says="a number is needed"
learned = "896"

# %%
print("after", learned)
"""


def script(tmp_path, text=TASK):
    path = tmp_path / "03_task.py"
    path.write_text(text, encoding="utf-8")
    return path


def run(tmp_path, text=TASK):
    path = script(tmp_path, text)
    tried = your_turn.with_answers_tried(notebooks.from_script(path), notebooks.script_cells(path))
    return execute(tried, "03_task", tmp_path, kernel_settings()), tried


def test_a_solution_is_folded_as_text_and_no_wrong_answer_is_shown(tmp_path):
    cells = notebooks.from_script(script(tmp_path)).cells
    assert [cell.cell_type for cell in cells] == ["code", "code", "markdown", "code"]
    assert cells[2].source.startswith("<details>") and "(3 * 3 * 3 + 1) * 32" in cells[2].source
    assert "27 weights and one bias" in cells[2].source
    assert not any("3 * 3 * 3 * 32" in cell.source for cell in cells)


def test_all_answers_are_tried_after_their_check(tmp_path):
    done, tried = run(tmp_path)
    assert done.error is None
    assert sum("tried" in cell.metadata.get("tags", []) for cell in tried.cells) == 3
    assert tried.cells[1].outputs[0].text == "to do: parameters of the first layer\n"


@pytest.mark.parametrize(
    ("right", "spoilt"),
    [
        ("learned = (3 * 3 * 3 + 1) * 32", "learned = 895"),
        ('says="also has a bias"', 'says="too many"'),
        ("learned = 3 * 3 * 3 * 32", "learned = 896"),
    ],
)
def test_an_answer_that_is_not_told_as_promised_fails(tmp_path, right, spoilt):
    done, _ = run(tmp_path, TASK.replace(right, spoilt))
    assert "AssertionError" in done.error


def test_nothing_is_missing_around_a_whole_task(tmp_path):
    assert your_turn.problems(notebooks.script_cells(script(tmp_path)), "03") == []


@pytest.mark.parametrize(
    ("right", "spoilt", "told"),
    [
        ("learned = ...", "learned = 1", "no ... to fill in"),
        ('# %% tags=["check"]', "# %%", "no check that calls check_answer"),
        ('tags=["solution"]', 'tags=["other"]', "no solution"),
        ('tags=["wrong-answer"] says="a number is needed"', 'tags=["wrong-answer"]', "1 wrong answers"),
    ],
)
def test_what_is_missing_around_a_task_is_told(tmp_path, right, spoilt, told):
    (first, *_) = your_turn.problems(notebooks.script_cells(script(tmp_path, TASK.replace(right, spoilt))), "03")
    assert told in first


def test_a_copy_with_answers_tried_leaves_the_notebook_as_it_is(tmp_path):
    path = script(tmp_path)
    notebook = notebooks.from_script(path)
    before = nbformat.writes(notebook)
    your_turn.with_answers_tried(notebook, notebooks.script_cells(path))
    assert nbformat.writes(notebook) == before
