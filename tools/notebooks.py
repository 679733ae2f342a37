"""From scripts to notebooks: derive them, compare the pairs, and cut the students' homework out."""

import base64
import hashlib
import io
import re
import shutil
import sys
import tomllib
from copy import deepcopy

from course_utils.assignments import STUDENTS_LINE
from course_utils.errors import CourseError
from course_utils.files import write_text
from tools.doors import doors_line
from tools.environment import checkout_root
from tools.glossary import glossary_link, link_terms, read_terms
from tools.running import execute, kernel_settings
from tools.your_turn import as_students_see_it, with_answers_tried

# The lesson ends with notebook 05; those from here on go past it.
FIRST_FURTHER = "06"
# The notebooks that get images, and the folders that these come into.
FETCHING = {"01": "data", "08": "data/flowers"}
SETUP_TAG = "setup"
INSTALLING = """\
import importlib.util

if importlib.util.find_spec("course_utils") is None:
    # --no-deps, so that Colab's own TensorFlow and cv2 stay as they are.
    %pip install --quiet --no-deps "git+{repository}"
"""

SOLUTION_START = "# SOLUTION"
SOLUTION_END = "# END SOLUTION"
SOLUTION_ONLY = "solution-only"

# nbval's own words for a cell whose output it does not compare, as tags and as comments in the cell.
NOT_COMPARED = ("nbval-ignore-output", "nbval-skip", "NBVAL_IGNORE_OUTPUT", "NBVAL_SKIP")

MACHINE_PATH = re.compile(r"(?<![\w.])(/home/|/root/|/Users/|/tmp/|/var/folders/|[A-Za-z]:\\Users\\)[^\s'\"<]*")


def scripts(root):
    """List the scripts of the numbered notebooks.

    Parameters
    ----------
    root : pathlib.Path
        The checkout.

    Returns
    -------
    list of pathlib.Path
        ``notebooks/scripts/NN_*.py`` in numeric order.

    Raises
    ------
    CourseError
        Where there is none.
    """
    found = sorted((root / "notebooks" / "scripts").glob("[0-9][0-9]_*.py"))
    if not found:
        raise CourseError(f"There is no script in {root / 'notebooks' / 'scripts'}; get a complete checkout.")
    return found


def repository_address(root):
    """Read the address of the published repository.

    Parameters
    ----------
    root : pathlib.Path
        The checkout.

    Returns
    -------
    str
        ``repository`` in the table ``[tool.course]`` of pyproject.toml; empty while there is none.
    """
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["tool"]["course"]["repository"].rstrip("/")


def script_cells(path):
    """Read all cells of a script, the solutions and the wrong answers among them.

    Parameters
    ----------
    path : pathlib.Path
        A script in jupytext's py:percent format.

    Returns
    -------
    list of nbformat.NotebookNode
    """
    import jupytext

    return jupytext.read(path, fmt="py:percent").cells


def from_script(path, repository=""):
    """Derive a notebook from a script, without running it.

    Parameters
    ----------
    path : pathlib.Path
        A script in jupytext's py:percent format.
    repository : str
        The address of the published repository. Where it is given, the first cell offers its doors (Colab and
        others), the first use of each term leads to the published book's glossary, and the cell tagged ``setup``
        installs the course from there.

    Returns
    -------
    nbformat.NotebookNode
        The notebook. The id of a cell follows from what the cell says, so that a change elsewhere leaves it.
    """
    import nbformat

    notebook = nbformat.v4.new_notebook(cells=as_students_see_it(script_cells(path)))
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python", "file_extension": ".py", "pygments_lexer": "ipython3"},
        }
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    if repository:
        link_terms(notebook, read_terms(checkout_root() / "docs" / "glossary.md"), glossary_link(repository))
        notebook.cells[0].source += f"\n\n{doors_line(repository, committed_place(path))}"
        for cell in notebook.cells:
            if SETUP_TAG in cell.metadata.get("tags", []):
                cell.source = INSTALLING.format(repository=repository)
    seen = {}
    for cell in notebook.cells:
        content = f"{cell.cell_type}\n{cell.source}"
        seen[content] = seen.get(content, -1) + 1
        cell.id = hashlib.sha256(f"{content}\n{seen[content]}".encode()).hexdigest()[:12]
    return notebook


def committed_place(path):
    """Say where the notebook of a script lies in the repository.

    Parameters
    ----------
    path : pathlib.Path
        ``notebooks/scripts/NN_*.py``, or a homework's reference solution.

    Returns
    -------
    str
        Its path with forward slashes.
    """
    if path.parent.name == path.stem:
        return f"homework/practice/{path.stem}/{path.stem}.ipynb"
    return f"notebooks/{path.stem}.ipynb"


def derive_all(root=None, names=()):
    """Write the notebooks: the numbered ones with outputs of a full sandbox run, the homework empty.

    Parameters
    ----------
    root : pathlib.Path, optional
        The checkout; by default the one that this package belongs to.
    names : sequence of str
        The beginnings of the notebooks to run, such as ``["03", "04"]``, in the folder that the last run of all has
        left, so that they find its images and models; none runs all, in an empty folder. Those that get images, 01
        and 08, get them anew, since their outputs show it. ``homework`` runs none: the practice copies are written.

    Returns
    -------
    int
        0, or 1 where a notebook failed; the committed notebooks are replaced only when all have run.
    """
    root = root or checkout_root()
    derived = {}
    repository = repository_address(root)
    settings = kernel_settings(COURSE_DATA="sandbox", COURSE_PRECISION="float32", COURSE_FAST="0")
    work = root / "build" / "notebooks"
    if not names:
        shutil.rmtree(work, ignore_errors=True)
    folder = work / "notebooks"
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        if name in FETCHING:
            shutil.rmtree(folder / FETCHING[name], ignore_errors=True)
    for script in scripts(root):
        if names and not script.stem.startswith(tuple(names)):
            continue
        notebook = from_script(script, repository)
        # Running adds this machine's Python to it.
        about = deepcopy(notebook.metadata)
        run = execute(notebook, script.stem, folder, settings)
        notebook.metadata = about
        if run.error:
            print(run.error, file=sys.stderr)
            return 1
        describe_pictures(notebook)
        shrink_pictures(notebook)
        derived[root / "notebooks" / f"{script.stem}.ipynb"] = notebook
    for solution in homework_solutions(root):
        homework = from_script(solution, repository)
        derived[practice_copy(solution)] = student_version(homework)
    for path, notebook in derived.items():
        save(notebook, path)
        print(f"wrote {path.relative_to(root)}")
    problems = [problem for script in scripts(root) for problem in pair_problems(script)]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def describe_pictures(notebook):
    """Carry the alternative text that stands beside a cell's code to the pictures that the cell shows.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        An executed notebook, which is changed: ``alt`` of a cell's metadata goes to ``image/png`` of its outputs'.
    """
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "alt" in cell.metadata and "image/png" in output.get("data", {}):
                output.metadata["image/png"] = {**output.metadata.get("image/png", {}), "alt": cell.metadata["alt"]}


def shrink_pictures(notebook):
    """Store the pictures among a notebook's outputs with 256 colours each, where that makes them smaller.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        An executed notebook, which is changed. Its plots of photos then take about a quarter of the bytes.
    """
    from PIL import Image

    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            stored = output.get("data", {}).get("image/png")
            if stored:
                smaller = io.BytesIO()
                with Image.open(io.BytesIO(base64.b64decode(stored))) as picture:
                    picture.convert("RGB").quantize(256, kmeans=2).save(smaller, "PNG", optimize=True)
                shrunk = base64.b64encode(smaller.getvalue()).decode("ascii")
                if len(shrunk) < len(stored):
                    output["data"]["image/png"] = shrunk


def save(notebook, path):
    """Write a notebook, whole or not at all.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        What to write.
    path : pathlib.Path
        Where to.

    Raises
    ------
    CourseError
        Where the file cannot be written.
    """
    import nbformat

    write_text(path, nbformat.writes(notebook) + "\n")


def homework_solutions(root):
    """List the reference solutions of the homework.

    Parameters
    ----------
    root : pathlib.Path
        The checkout.

    Returns
    -------
    list of pathlib.Path
        ``homework/source/ASSIGNMENT/ASSIGNMENT.py`` in order of name.
    """
    return sorted(path for path in (root / "homework" / "source").glob("*/*.py") if path.stem == path.parent.name)


def practice_copy(solution):
    """Name the notebook without solutions that is derived from a reference solution.

    Parameters
    ----------
    solution : pathlib.Path
        One of `homework_solutions`.

    Returns
    -------
    pathlib.Path
        ``homework/practice/ASSIGNMENT/ASSIGNMENT.ipynb``; for practice, of no student.
    """
    return solution.parents[2] / "practice" / solution.stem / f"{solution.stem}.ipynb"


def student_version(notebook):
    """Cut the solutions out of a notebook.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        A notebook whose solutions stand between the lines ``# SOLUTION`` and ``# END SOLUTION``, or in cells
        with the tag ``solution-only``.

    Returns
    -------
    nbformat.NotebookNode
        A copy where each marked stretch is one line to fill in, and tagged cells are gone.

    Raises
    ------
    CourseError
        Where a marker has no partner.
    """
    from copy import deepcopy

    copy = deepcopy(notebook)
    copy.cells = [cell for cell in copy.cells if SOLUTION_ONLY not in cell.metadata.get("tags", [])]
    for cell in copy.cells:
        cell.source = _without_solution(cell.source)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return copy


def pair_problems(script):
    """Compare a script with the notebook derived from it.

    Parameters
    ----------
    script : pathlib.Path
        ``notebooks/scripts/NN_*.py``; its notebook is ``notebooks/NN_*.ipynb``.

    Returns
    -------
    list of str
        One sentence for each problem: out of step, a cell that was not run or failed, a path of one machine.
    """
    import nbformat

    path = script.parent.parent / f"{script.stem}.ipynb"
    if not path.is_file():
        return [f"{path.name} is missing; run make notebooks."]
    notebook = nbformat.read(path, as_version=4)
    derived = from_script(script, repository_address(script.parents[2]))
    problems = stale_cells(notebook, derived, path.name)
    counts = []
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type != "code":
            continue
        where = f"{path.name}, cell {number}"
        counts.append(cell.execution_count)
        pictures = [output for output in cell.outputs if "image/png" in output.get("data", {})]
        if not all(output.metadata.get("image/png", {}).get("alt") for output in pictures):
            problems.append(f'{where}: a picture has no alternative text; write alt="..." beside its %%.')
        if "raises-exception" not in cell.metadata.get("tags", []) and any(
            output.output_type == "error" for output in cell.outputs
        ):
            problems.append(f"{where}: the output is an error; mend the script and run make notebooks.")
        for text in output_texts(cell):
            named = MACHINE_PATH.search(text.replace(str(script.parents[2]), "/home/checkout"))
            if named:
                problems.append(f"{where}: the output names a path of one machine, {named.group()}.")
    if counts != list(range(1, len(counts) + 1)):
        problems.append(f"{path.name}: its cells were not run once each, in order; run make notebooks.")
    return problems


def stale_cells(notebook, derived, name):
    """Compare the cells of a notebook with those that its script gives now.

    Parameters
    ----------
    notebook, derived : nbformat.NotebookNode
        The notebook as it is, and as the script gives it.
    name : str
        What the sentences call it.

    Returns
    -------
    list of str
        One sentence where the number of cells differs, or for each cell that differs.
    """
    if len(notebook.cells) != len(derived.cells):
        return [f"{name} has {len(notebook.cells)} cells and its script {len(derived.cells)}; run make notebooks."]
    return [
        f"{name}, cell {number}: it differs from the script; run make notebooks."
        for number, (cell, expected) in enumerate(zip(notebook.cells, derived.cells, strict=True), 1)
        if (cell.cell_type, cell.source, cell.metadata, cell.id)
        != (expected.cell_type, expected.source, expected.metadata, expected.id)
    ]


def output_texts(cell):
    """List the texts that a cell printed or showed.

    Parameters
    ----------
    cell : nbformat.NotebookNode
        A code cell.

    Returns
    -------
    list of str
        The streams and the text forms of its results; a picture's own one-line text is left out.
    """
    texts = []
    for output in cell.outputs:
        data = output.get("data", {})
        if output.output_type == "stream":
            texts.append(output.text)
        elif not any(kind.startswith("image/") for kind in data):
            texts += [text for kind, text in data.items() if kind.startswith("text/")]
    return texts


def is_compared(cell):
    """Say whether nbval compares a cell's output.

    Parameters
    ----------
    cell : nbformat.NotebookNode
        A code cell.

    Returns
    -------
    bool
        False where a tag or a comment of nbval turns the comparison off.
    """
    comments = [line.strip().lstrip("#").strip() for line in cell.source.splitlines()]
    return not any(word in NOT_COMPARED for word in [*cell.metadata.get("tags", []), *comments])


def copy_to_run(root, folder, with_homework=True):
    """Copy the committed notebooks to a folder to run them in, and the solutions of the homework with them.

    In the copies every solution and every wrong answer of the cells that students fill in is tried.

    Parameters
    ----------
    root : pathlib.Path
        The checkout.
    folder : pathlib.Path
        The folder to make, which must be called ``notebooks``.
    with_homework : bool, default True
        Whether the reference solutions are put beside them.

    Returns
    -------
    list of pathlib.Path
        The notebooks, in the order in which they build on each other.
    """
    import nbformat

    folder.mkdir(parents=True)
    for script in scripts(root):
        notebook = nbformat.read(root / "notebooks" / f"{script.stem}.ipynb", as_version=4)
        save(with_answers_tried(notebook, script_cells(script)), folder / f"{script.stem}.ipynb")
    if with_homework:
        for solution in homework_solutions(root):
            # The solutions have no outputs to compare: nbval runs every cell and asks only for no error.
            notebook = from_script(solution)
            for cell in notebook.cells:
                # The same drawings as in the lesson's data folder: once is enough.
                cell.source = cell.source.replace('fetch_photos("drawings")', "fetch_photos()")
            save(notebook, folder / f"homework_{solution.stem}.ipynb")
    return sorted(folder.glob("*.ipynb"))


def _without_solution(source):
    lines, inside = [], False
    for line in source.splitlines():
        marker = line.strip()
        if marker == (SOLUTION_END if inside else SOLUTION_START):
            if not inside:
                lines.append(line[: len(line) - len(line.lstrip())] + STUDENTS_LINE)
            inside = not inside
        elif marker in (SOLUTION_START, SOLUTION_END):
            raise CourseError(f"A line {marker!r} has no partner in the cell that starts {lines[:1]}; add it.")
        elif not inside:
            lines.append(line)
    if inside:
        raise CourseError(f"A line {SOLUTION_START!r} has no {SOLUTION_END!r} after it in its cell; add it.")
    return "\n".join(lines)
