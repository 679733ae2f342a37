"""Notebooks and their scripts: derived right, kept in step, compared in earnest."""

import base64
import io
import re
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

from course_utils.assignments import STUDENTS_LINE
from course_utils.errors import CourseError
from tools import notebooks, running
from tools.running import execute, kernel_settings
from tools.testing import nbval_options

CHECKOUT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((CHECKOUT / "notebooks" / "scripts").glob("[0-9][0-9]_*.py"))
SOLUTIONS = notebooks.homework_solutions(CHECKOUT)

FIRST = """\
# %% [markdown]
# # 01 First

# %% tags=["setup"]
import time

# %%
numbers = [3, 14, 159]
print("count", len(numbers), "sum", sum(numbers))
print(f"took {time.perf_counter():.2f} s")

# %%
assert sum(numbers) == 176, "the sum is wrong"
print("Check passed: 176")

# %%
numbers
"""
SECOND = '# %% [markdown]\n# # 02 Second\n\n# %%\nprint("alone", 6 * 7)\n'


@pytest.fixture
def standin(tmp_path):
    """A checkout with two small notebooks as scripts, not yet derived."""
    root = tmp_path / "checkout"
    scripts = root / "notebooks" / "scripts"
    scripts.mkdir(parents=True)
    (scripts / "01_first.py").write_text(FIRST, encoding="utf-8")
    (scripts / "02_second.py").write_text(SECOND, encoding="utf-8")
    (root / "pyproject.toml").write_text('[tool.course]\nrepository = ""\n', encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def derived(tmp_path_factory):
    """The same two, derived and run once."""
    root = tmp_path_factory.mktemp("derived")
    scripts = root / "notebooks" / "scripts"
    scripts.mkdir(parents=True)
    (scripts / "01_first.py").write_text(FIRST, encoding="utf-8")
    (scripts / "02_second.py").write_text(SECOND, encoding="utf-8")
    (root / "pyproject.toml").write_text('[tool.course]\nrepository = ""\n', encoding="utf-8")
    assert notebooks.derive_all(root) == 0
    return root


@pytest.fixture
def first(derived):
    """The first notebook as derived: a copy to spoil, and a function that asks for the problems."""
    path = derived / "notebooks" / "01_first.ipynb"
    kept = path.read_bytes()
    notebook = nbformat.read(path, as_version=4)

    def problems():
        notebooks.save(notebook, path)
        return notebooks.pair_problems(derived / "notebooks" / "scripts" / "01_first.py")

    yield notebook, problems
    path.write_bytes(kept)


def test_a_derived_notebook_is_in_step_with_its_script(first):
    _, problems = first
    assert problems() == []


def test_a_derived_notebook_holds_the_outputs_and_no_times_of_its_making(first):
    notebook, _ = first
    assert "count 3 sum 176" in notebook.cells[2].outputs[0].text
    assert all("execution" not in cell.metadata for cell in notebook.cells)
    assert "jupytext" not in notebook.metadata


def picture(colours, noise_seed=0):
    """A picture as a notebook holds it: random dots of so many colours."""
    dots = np.random.default_rng(noise_seed).integers(0, colours, (80, 120), np.uint32)
    rgb = np.stack([dots % 256, dots * 7 % 256, dots // 256 % 256], axis=-1).astype(np.uint8)
    content = io.BytesIO()
    Image.fromarray(rgb).save(content, "PNG", optimize=True)
    return base64.b64encode(content.getvalue()).decode("ascii")


def shrunk(stored):
    output = nbformat.v4.new_output("display_data", data={"image/png": stored, "text/plain": "<Figure>"})
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", outputs=[output])])
    notebooks.shrink_pictures(notebook)
    assert output["data"]["text/plain"] == "<Figure>"
    return output["data"]["image/png"]


def test_a_picture_of_many_colours_is_stored_smaller_and_as_large_as_it_was():
    stored = picture(60_000)
    smaller = shrunk(stored)
    assert len(smaller) < len(stored) / 2
    with Image.open(io.BytesIO(base64.b64decode(smaller))) as opened:
        assert opened.size == (120, 80) and len(opened.getcolors(256)) <= 256


def test_a_picture_that_would_not_become_smaller_stays_as_it_is():
    once = shrunk(picture(60_000))
    assert shrunk(once) == once


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_committed_notebook_is_under_3_mb(script):
    assert (CHECKOUT / "notebooks" / f"{script.stem}.ipynb").stat().st_size < 3_000_000


def test_a_changed_source_is_a_stale_pair(first):
    notebook, problems = first
    notebook.cells[3].source += "\n# one more line"
    assert problems() == ["01_first.ipynb, cell 4: it differs from the script; run make notebooks."]


def test_a_changed_tag_is_a_stale_pair(first):
    notebook, problems = first
    notebook.cells[2].metadata["tags"] = ["nbval-skip"]
    assert "cell 3: it differs" in problems()[0]


def test_a_missing_cell_is_a_stale_pair(first):
    notebook, problems = first
    del notebook.cells[4]
    assert "has 4 cells and its script 5" in problems()[0]


def test_a_cell_that_was_not_run_is_found(first):
    notebook, problems = first
    notebook.cells[3].execution_count = None
    assert "not run once each, in order" in problems()[0]


def test_cells_run_out_of_order_are_found(first):
    notebook, problems = first
    notebook.cells[3].execution_count = 9
    assert "not run once each, in order" in problems()[0]


def test_a_stored_error_is_found(first):
    notebook, problems = first
    notebook.cells[3].outputs = [nbformat.v4.new_output("error", ename="E", evalue="e", traceback=[])]
    assert "cell 4: the output is an error" in problems()[0]


@pytest.mark.parametrize("path", ["/home/ann/course/data", "/tmp/x1/y.py", r"C:\Users\Ann\data"])
def test_a_path_of_one_machine_is_found(first, path):
    notebook, problems = first
    notebook.cells[3].outputs[0].text += f"saved to {path}\n"
    assert "names a path of one machine" in problems()[0]


def test_the_path_of_the_checkout_is_found(first, derived):
    notebook, problems = first
    notebook.cells[3].outputs[0].text += f"saved to {derived}/models\n"
    assert "names a path of one machine" in problems()[0]


def test_a_missing_notebook_is_found(standin):
    script = standin / "notebooks" / "scripts" / "01_first.py"
    assert notebooks.pair_problems(script) == ["01_first.ipynb is missing; run make notebooks."]


def test_a_new_cell_leaves_the_ids_of_the_others(standin):
    script = standin / "notebooks" / "scripts" / "01_first.py"
    before = [cell.id for cell in notebooks.from_script(script).cells]
    script.write_text(FIRST.replace("# %%\nnumbers\n", "# %%\n1 + 1\n\n# %%\nnumbers\n"), encoding="utf-8")
    after = [cell.id for cell in notebooks.from_script(script).cells]
    assert [one for one in after if one in before] == before
    assert len(set(after)) == len(after) == len(before) + 1


def test_cells_that_say_the_same_have_ids_of_their_own(standin):
    script = standin / "notebooks" / "scripts" / "02_second.py"
    script.write_text("# %%\n1\n\n# %%\n1\n", encoding="utf-8")
    ids = [cell.id for cell in notebooks.from_script(script).cells]
    assert len(set(ids)) == 2


def test_a_failing_cell_is_named_and_nothing_is_replaced(standin, capsys):
    script = standin / "notebooks" / "scripts" / "02_second.py"
    script.write_text("# %%\nfine = 1\n\n# %%\nbroken = fine / 0\nprint(broken)\n", encoding="utf-8")
    assert notebooks.derive_all(standin) == 1
    told = capsys.readouterr().err
    assert "02_second, code cell 2 of 2 failed." in told
    assert "broken = fine / 0" in told
    assert "ZeroDivisionError: division by zero" in told
    assert list(standin.rglob("*.ipynb")) == []


def test_a_kernel_that_does_not_answer_in_time_is_told(standin, tmp_path, monkeypatch):
    monkeypatch.setattr(running, "START_SECONDS", 1)
    (tmp_path / "sitecustomize.py").write_text("import time\ntime.sleep(60)\n")
    settings = kernel_settings() | {"PYTHONPATH": str(tmp_path)}
    script = standin / "notebooks" / "scripts" / "01_first.py"
    run = execute(notebooks.from_script(script), "01_first", tmp_path, settings)
    assert re.match("01_first did not begin: .*close other programs and try again", run.error)


def test_a_kernel_that_dies_is_told(standin, tmp_path):
    script = standin / "notebooks" / "scripts" / "02_second.py"
    script.write_text("# %%\nimport os\n\n# %%\nos._exit(1)\n", encoding="utf-8")
    run = execute(notebooks.from_script(script), "02_second", tmp_path, kernel_settings())
    assert "code cell 2 of 2" in run.error and "its kernel died" in run.error


def test_the_peak_memory_of_a_notebook_includes_its_children(standin, tmp_path):
    script = standin / "notebooks" / "scripts" / "02_second.py"
    hold = "held = bytearray(300_000_000)\nimport time\ntime.sleep(1.5)"
    settings = kernel_settings()

    def peak(code):
        script.write_text(f"# %%\n{code}\n", encoding="utf-8")
        return execute(notebooks.from_script(script), "02_second", tmp_path, settings).peak_mb

    empty = peak("import time\ntime.sleep(1)")
    assert 250 < peak(hold) - empty < 400
    in_child = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', '''{hold}'''])"
    assert 250 < peak(in_child) - empty < 400


def test_settings_of_the_terminal_do_not_reach_a_run_with_fixed_settings(monkeypatch):
    monkeypatch.setenv("COURSE_BASE", "vgg16")
    fixed = kernel_settings(COURSE_DATA="sandbox")
    assert "COURSE_BASE" not in fixed and fixed["COURSE_DATA"] == "sandbox"
    assert kernel_settings()["COURSE_BASE"] == "vgg16"


def test_without_an_address_there_is_no_door(standin):
    notebook = notebooks.from_script(standin / "notebooks" / "scripts" / "01_first.py")
    assert notebook.cells[0].source == "# 01 First"
    assert notebook.cells[1].source == "import time"


def test_with_an_address_there_are_doors_and_the_course_is_installed_without_dependencies(standin):
    (standin / "pyproject.toml").write_text('[tool.course]\nrepository = "https://github.com/ann/course/"\n')
    address = notebooks.repository_address(standin)
    notebook = notebooks.from_script(standin / "notebooks" / "scripts" / "01_first.py", address)
    place = "https://colab.research.google.com/github/ann/course/blob/main/notebooks/01_first.ipynb"
    assert f"]({place})" in notebook.cells[0].source
    assert '%pip install --quiet --no-deps "git+https://github.com/ann/course"' in notebook.cells[1].source


SOLVED = """\
# %%
def double(x):
    # SOLUTION
    return 2 * x
    # END SOLUTION

# %% tags=["solution-only"]
print("remark for graders")

# %%
print(double(4))
"""


def test_the_students_copy_has_no_line_of_the_solution(tmp_path):
    script = tmp_path / "01_double.py"
    script.write_text(SOLVED, encoding="utf-8")
    copy = notebooks.student_version(notebooks.from_script(script))
    assert [cell.source for cell in copy.cells] == [
        f"def double(x):\n    {STUDENTS_LINE}",
        "print(double(4))",
    ]


@pytest.mark.parametrize("marker", [notebooks.SOLUTION_START, notebooks.SOLUTION_END])
def test_a_marker_without_its_partner_is_refused(tmp_path, marker):
    script = tmp_path / "01_double.py"
    script.write_text(SOLVED.replace(f"    {marker}\n", ""), encoding="utf-8")
    with pytest.raises(CourseError, match="partner|after it"):
        notebooks.student_version(notebooks.from_script(script))


# The committed notebooks


def committed(script):
    return nbformat.read(script.parent.parent / f"{script.stem}.ipynb", as_version=4)


def test_there_are_four_assignments():
    assert [path.stem for path in SOLUTIONS] == ["another_base", "conv_head", "fine_tuning", "learning_rate"]


def test_there_are_ten_notebooks():
    assert [path.stem for path in SCRIPTS] == [
        "01_download_unzip",
        "02_image_to_tensor",
        "03_scratch_cnn",
        "04_vgg16_transfer",
        "05_fine_tuning_homework",
        "06_three_ways_to_reuse_a_base",
        "07_regularise_normalise_transfer",
        "08_flowers",
        "09_look_inside",
        "10_in_your_pocket",
    ]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_committed_notebook_is_in_step_with_its_script(script):
    assert notebooks.pair_problems(script) == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_committed_notebook_has_one_setup_cell(script):
    tags = [tag for cell in notebooks.from_script(script).cells for tag in cell.metadata.get("tags", [])]
    assert tags.count(notebooks.SETUP_TAG) == 1


def test_opened_with_another_python_every_notebook_says_which_kernel_to_choose():
    scripts = [*SCRIPTS, *notebooks.homework_solutions(CHECKOUT)]
    (source,) = {
        cell.source
        for script in scripts
        for cell in notebooks.from_script(script).cells
        if notebooks.SETUP_TAG in cell.metadata.get("tags", [])
    }
    # Without anything that is installed, as another program's Python.
    command = [sys.executable, "-I", "-S", "-c", source]
    done = subprocess.run(command, cwd=CHECKOUT / "notebooks", capture_output=True, text=True)
    last = done.stderr.splitlines()[-1]
    assert (
        done.returncode == 1 and "choose the kernel of its .venv" in last and "elsewhere open the one-file copy" in last
    )


def test_at_least_60_percent_of_the_cells_with_text_output_are_compared():
    cells = [cell for script in SCRIPTS for cell in committed(script).cells if cell.cell_type == "code"]
    with_text = [cell for cell in cells if notebooks.output_texts(cell)]
    compared = [cell for cell in with_text if notebooks.is_compared(cell)]
    assert len(compared) >= 0.6 * len(with_text), f"{len(compared)} of {len(with_text)}"


@pytest.mark.parametrize(
    ("source", "tags", "compared"),
    [
        ("print(1)", [], True),
        ("print(1)", ["nbval-ignore-output"], False),
        ("# NBVAL_IGNORE_OUTPUT\nprint(1)", [], False),
        ("print('# NBVAL_SKIP')", ["setup"], True),
    ],
)
def test_a_cell_counts_as_compared_only_where_nbval_compares_it(source, tags, compared):
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": tags})
    assert notebooks.is_compared(cell) is compared


@pytest.mark.parametrize("solution", SOLUTIONS, ids=lambda path: path.stem)
def test_the_homework_is_in_step_with_its_solution(solution):
    path = notebooks.practice_copy(solution)
    address = notebooks.repository_address(CHECKOUT)
    expected = notebooks.student_version(notebooks.from_script(solution, address))
    assert path.read_text(encoding="utf-8") == nbformat.writes(expected) + "\n"


@pytest.mark.parametrize("solution", SOLUTIONS, ids=lambda path: path.stem)
def test_the_homework_shows_no_line_of_the_solution(solution):
    source = solution.read_text(encoding="utf-8")
    marked = re.findall(
        rf"{re.escape(notebooks.SOLUTION_START)}\n(.*?){re.escape(notebooks.SOLUTION_END)}", source, re.DOTALL
    )
    assert marked, "a homework without anything to do"
    given = source
    for stretch in marked:
        given = given.replace(stretch, "")
    copy = nbformat.read(notebooks.practice_copy(solution), as_version=4)
    shown = "\n".join(cell.source for cell in copy.cells) + str([cell.get("outputs") for cell in copy.cells])
    lines = {line.strip() for stretch in marked for line in stretch.splitlines()}
    # What is so short that it means nothing, or is given to the students elsewhere, tells nothing.
    telling = [line for line in lines if len(line) > 8 and line not in given]
    assert telling
    assert [line for line in telling if line in shown] == []


# That the comparison compares


class Comparison:
    """A pytest plugin that asks nbval itself about stored outputs, without running a cell.

    When nbval runs a cell it calls `compare_outputs` with what came out and what is stored. A right run gives
    what is stored, so here the stored outputs take its part, and spoilt ones that of the stored: the same code
    of nbval, with the same patterns, decides.
    """

    def __init__(self, spoil):
        self.spoil, self.accepted, self.tried = spoil, [], 0

    def pytest_collection_finish(self, session):
        for item in session.items:
            if not item.parent.sanitize_patterns:
                item.parent.setup_sanitize_files()
            if not item.options["check"] or item.options["skip"]:
                continue
            for spoilt, what in self.spoil(item.cell.outputs):
                self.tried += 1
                if item.compare_outputs(deepcopy(item.cell.outputs), spoilt):
                    self.accepted.append(f"{item.parent.path.name} {item.name}: {what}")


def asked_nbval(paths, spoil):
    comparison = Comparison(spoil)
    options = ["--collect-only", "-q", "-p", "no:cacheprovider", "--rootdir", str(paths[0].parent)]
    pytest.main([*options, *nbval_options(CHECKOUT, "1"), *map(str, paths)], plugins=[comparison])
    return comparison


def digits_changed(outputs, at_most=60):
    """Give copies of the outputs with one digit changed: of each text, at most so many, spread evenly."""
    for number, output in enumerate(outputs):
        places = [("text", output.text)] if output.output_type == "stream" else []
        data = output.get("data", {})
        places += [(kind, text) for kind, text in data.items() if kind.startswith("text/")]
        for key, text in places:
            positions = [match.start() for match in re.finditer(r"\d", text)]
            for position in positions[:: -(-len(positions) // at_most) or 1]:
                digit = str((int(text[position]) + 1) % 10)
                spoilt = deepcopy(outputs)
                target = spoilt[number] if key == "text" else spoilt[number].data
                target[key] = text[:position] + digit + text[position + 1 :]
                yield spoilt, text[max(0, position - 20) : position + 20].replace("\n", "|")


def unspoilt(outputs):
    yield deepcopy(outputs), "as it is"


def all_but_one(outputs):
    for number in range(len(outputs)):
        yield [output for index, output in enumerate(outputs) if index != number], f"without {number}"


def test_nbval_accepts_every_committed_output_as_it_is():
    comparison = asked_nbval([path.parent.parent / f"{path.stem}.ipynb" for path in SCRIPTS], unspoilt)
    assert comparison.tried == len(comparison.accepted) > 0


def test_nbval_rejects_9_in_10_changed_digits_in_the_committed_outputs():
    paths = [path.parent.parent / f"{path.stem}.ipynb" for path in SCRIPTS]
    comparison = asked_nbval(paths, digits_changed)
    assert comparison.tried > 0
    missed = "\n".join(comparison.accepted)
    assert len(comparison.accepted) <= 0.1 * comparison.tried, (
        f"{len(comparison.accepted)} of {comparison.tried} changed digits were accepted:\n{missed}"
    )


def test_nbval_rejects_every_missing_output_of_the_committed_notebooks():
    paths = [path.parent.parent / f"{path.stem}.ipynb" for path in SCRIPTS]
    comparison = asked_nbval(paths, all_but_one)
    assert comparison.tried > 0
    # A picture has one line of text, "<Figure size ...>", beside it, so that its absence is noticed too.
    assert comparison.accepted == []


def test_a_time_may_differ_and_a_count_may_not(derived):
    path = derived / "notebooks" / "01_first.ipynb"
    comparison = asked_nbval([path], digits_changed)
    assert comparison.accepted
    assert all("took" in what for what in comparison.accepted)
    assert comparison.tried >= 2 * len(comparison.accepted)


def test_no_pattern_forgives_a_bare_number():
    from nbval.plugin import get_sanitize_patterns

    text = "12 1234.5 0.987 (150, 150, 3) 3,453,634 7/8 1e-3 45% 2026"
    for pattern, replacement in get_sanitize_patterns((CHECKOUT / "tests" / "sanitize.cfg").read_text()):
        assert re.sub(pattern, replacement, text) == text, pattern


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("100%|████| 3000/3000 [00:21<00:00, 140.2it/s]", "100%|████| 3000/3000 [00:09<00:00, 311.0it/s]"),
        ("63/63 ━━━━━━━━━━━━ 17s 270ms/step - loss: 0.69", "63/63 ━━━━━━━━━━ 9s 140ms/step - loss: 0.65"),
        # With the colours that Keras puts around count, bar and time.
        (
            "\x1b[1m63/63\x1b[0m \x1b[32m━\x1b[0m \x1b[1m17s\x1b[0m 2ms/step",
            "\x1b[1m63/63\x1b[0m \x1b[1m9s\x1b[0m 14us/step",
        ),
        ("trained in 93.1 s", "trained in 101 s"),
        ("test accuracy 0.712, 95 % interval 0.683-0.739", "test accuracy 0.701, 95 % interval 0.672-0.729"),
        ("served from 127.0.0.1:34121", "served from 127.0.0.1:50001"),
    ],
)
def test_what_may_differ_between_two_right_runs_is_forgiven(one, other):
    from nbval.plugin import get_sanitize_patterns

    patterns = list(get_sanitize_patterns((CHECKOUT / "tests" / "sanitize.cfg").read_text()))

    def sanitized(text):
        for pattern, replacement in patterns:
            text = re.sub(pattern, replacement, text)
        return text

    assert sanitized(one) == sanitized(other)


def run_nbval(path):
    import subprocess
    import sys

    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", str(path.parent), "-q"]
    return subprocess.run(
        [*command, *nbval_options(CHECKOUT, "1"), str(path)], capture_output=True, text=True, cwd=path.parent
    )


def test_a_right_notebook_passes_when_it_is_run(derived, tmp_path):
    path = tmp_path / "01_first.ipynb"
    path.write_bytes((derived / "notebooks" / "01_first.ipynb").read_bytes())
    done = run_nbval(path)
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout


def test_wrong_notebooks_fail_when_they_are_run(derived, tmp_path):
    right = nbformat.read(derived / "notebooks" / "01_first.ipynb", as_version=4)

    def digit(notebook):
        notebook.cells[2].outputs[0].text = notebook.cells[2].outputs[0].text.replace("176", "177")

    def error(notebook):
        notebook.cells[2].source += "\nraise ValueError('spoilt')"

    def output(notebook):
        notebook.cells[3].outputs = []

    def answer(notebook):
        notebook.cells[2].source = notebook.cells[2].source.replace("159", "160")

    for spoil, cell in ((digit, "Cell 1"), (error, "Cell 1"), (output, "Cell 2"), (answer, "Cell 2")):
        notebook = deepcopy(right)
        spoil(notebook)
        path = tmp_path / f"{spoil.__name__}.ipynb"
        nbformat.write(notebook, path)
        done = run_nbval(path)
        assert done.returncode == 1, spoil.__name__
        assert re.search(rf"FAILED .*::{cell}\b", done.stdout), done.stdout
