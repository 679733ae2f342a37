"""From scripts to notebooks: derive them, run them, compare the pairs, and cut the students' homework out."""

import atexit
import base64
import hashlib
import io
import os
import re
import shutil
import sys
import tempfile
import threading
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from course_utils.errors import CourseError
from course_utils.files import write_text
from tools.environment import checkout_root

# The lesson ends with notebook 05; those from here on go past it.
FIRST_FURTHER = "06"
SETUP_TAG = "setup"
# An old laptop may take minutes to read a kernel's files for the first time.
START_SECONDS = 600
BADGE = "https://colab.research.google.com/assets/colab-badge.svg"
INSTALLING = """\
import importlib.util

if importlib.util.find_spec("course_utils") is None:
    # --no-deps, so that Colab's own TensorFlow and cv2 stay as they are.
    %pip install --quiet --no-deps "git+{repository}"
"""

SOLUTION_START = "# SOLUTION"
SOLUTION_END = "# END SOLUTION"
SOLUTION_ONLY = "solution-only"
STUDENTS_LINE = "...  # your code here"

# nbval's own words for a cell whose output it does not compare, as tags and as comments in the cell.
NOT_COMPARED = ("nbval-ignore-output", "nbval-skip", "NBVAL_IGNORE_OUTPUT", "NBVAL_SKIP")

MACHINE_PATH = re.compile(r"(?<![\w.])(/home/|/root/|/Users/|/tmp/|/var/folders/|[A-Za-z]:\\Users\\)[^\s'\"<]*")


@dataclass
class Run:
    """How one notebook ran: its name, seconds, peak memory in MB, and the error, None where all went well."""

    name: str
    seconds: float
    peak_mb: float
    error: str | None


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


def from_script(path, repository=""):
    """Derive a notebook from a script, without running it.

    Parameters
    ----------
    path : pathlib.Path
        A script in jupytext's py:percent format.
    repository : str
        The address of the published repository. Where it is given, the first cell gets a badge that opens the
        notebook in Colab, and the cell tagged ``setup`` installs the course from there.

    Returns
    -------
    nbformat.NotebookNode
        The notebook. The id of a cell follows from what the cell says, so that a change elsewhere leaves it.
    """
    import jupytext
    import nbformat

    notebook = jupytext.read(path, fmt="py:percent")
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python", "file_extension": ".py", "pygments_lexer": "ipython3"},
        }
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    if repository:
        colab = repository.replace("https://github.com/", "https://colab.research.google.com/github/")
        place = f"{colab}/blob/main/notebooks/{path.stem}.ipynb"
        notebook.cells[0].source += f"\n\n[![Open in Colab]({BADGE})]({place})"
        for cell in notebook.cells:
            if SETUP_TAG in cell.metadata.get("tags", []):
                cell.source = INSTALLING.format(repository=repository)
    seen = {}
    for cell in notebook.cells:
        content = f"{cell.cell_type}\n{cell.source}"
        seen[content] = seen.get(content, -1) + 1
        cell.id = hashlib.sha256(f"{content}\n{seen[content]}".encode()).hexdigest()[:12]
    return notebook


def execute(notebook, name, folder, settings):
    """Run a notebook in a kernel of its own, showing one line of progress.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        The notebook; it receives the outputs.
    name : str
        What the progress line calls it.
    folder : pathlib.Path
        The kernel's current folder.
    settings : dict of str to str
        The kernel's environment.

    Returns
    -------
    Run
        The time, the memory, and what went wrong if anything did.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    code_cells = [index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    started = time.perf_counter()
    with _Watch(name, len(code_cells)) as watch:

        def note_cell(cell, cell_index):
            if cell.cell_type == "code":
                watch.cell = code_cells.index(cell_index) + 1

        client = NotebookClient(
            notebook,
            timeout=None,
            startup_timeout=START_SECONDS,
            kernel_name="python3",
            resources={"metadata": {"path": str(folder)}},
            record_timing=False,
            # Or it warns that other users of the same computer could listen to its local connection.
            extra_arguments=["--log-level=40"],
            coalesce_streams=True,
            on_notebook_start=lambda notebook: watch.follow(client.km.provisioner.pid),
            on_cell_start=note_cell,
        )
        error = None
        try:
            _execute_interruptibly(client, settings, watch)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as failure:
            error = _told(notebook, name, code_cells, watch.cell, failure)
        except RuntimeError as failure:
            if watch.cell:
                raise
            # What nbclient raises where the kernel does not answer in time. It has cleaned up then, and would
            # complain at the exit of this program that nothing is left to clean up.
            atexit.unregister(client._cleanup_kernel)
            error = f"{name} did not begin: {failure}; close other programs and try again."
    return Run(name, round(time.perf_counter() - started, 1), round(watch.peak_bytes / 1e6), error)


def kernel_settings(**settings):
    """Build the environment of a kernel.

    Parameters
    ----------
    **settings : str
        The course's settings by name, such as ``COURSE_DATA="sandbox"``. Where any is given, those of the
        current process are left out, except the cache folder and the photos for tests.

    Returns
    -------
    dict of str to str
        The environment.
    """
    environment = dict(os.environ)
    if settings:
        environment = {
            name: value
            for name, value in environment.items()
            if not name.startswith("COURSE_") or name in ("COURSE_CACHE", "COURSE_TEST_MIRROR")
        }
    # Python's debugger, which the kernel loads, otherwise warns about frozen modules.
    defaults = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    return defaults | environment | settings


def derive_all(root=None):
    """Write all notebooks: the numbered ones with outputs of a full sandbox run, the homework empty.

    Parameters
    ----------
    root : pathlib.Path, optional
        The checkout; by default the one that this package belongs to.

    Returns
    -------
    int
        0, or 1 where a notebook failed; the committed notebooks are replaced only when all have run.
    """
    root = root or checkout_root()
    derived = {}
    repository = repository_address(root)
    settings = kernel_settings(COURSE_DATA="sandbox", COURSE_PRECISION="float32", COURSE_FAST="0")
    with tempfile.TemporaryDirectory(prefix="course-") as temporary:
        # A folder of its own, so that nothing of an earlier run is found.
        folder = Path(temporary) / "notebooks"
        folder.mkdir()
        for script in scripts(root):
            notebook = from_script(script, repository)
            run = execute(notebook, script.stem, folder, settings)
            if run.error:
                print(run.error, file=sys.stderr)
                return 1
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
                    picture.convert("RGB").quantize(256).save(smaller, "PNG", optimize=True)
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
    folder.mkdir(parents=True)
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        shutil.copy(path, folder)
    if with_homework:
        for solution in homework_solutions(root):
            # The solutions have no outputs to compare: nbval runs every cell and asks only for no error.
            save(from_script(solution), folder / f"homework_{solution.stem}.ipynb")
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


def _told(notebook, name, code_cells, number, failure):
    source = notebook.cells[code_cells[number - 1]].source if number else ""
    first_line = next((line for line in source.splitlines() if line.strip()), "")
    if hasattr(failure, "ename"):
        what = f"{failure.ename}: {failure.evalue}"
    else:
        what = "its kernel died, as it does when the memory is used up; close other programs and try again"
    return f"{name}, code cell {number} of {len(code_cells)} failed.\n  {first_line}\n  {what}"


def _execute_interruptibly(client, settings, watch):
    # In a thread of its own, where nbclient leaves the signals alone: its own answer to Ctrl-C is to stop the
    # kernel and then to fail with whatever comes of that.
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(client.execute, env=settings)
        try:
            while not running.done():
                wait([running], timeout=0.5)
        except KeyboardInterrupt:
            watch.end_kernel()
            raise
        running.result()


class _Watch:
    """Shows a notebook's progress, and notes the most memory that its kernel and its children held."""

    def __init__(self, name, cells):
        self.name, self.cells, self.cell, self.peak_bytes = name, cells, 0, 0
        self._process, self._ended, self._stop = None, False, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def follow(self, process_id):
        import psutil

        self._process = psutil.Process(process_id)
        if self._ended:  # asked for while the kernel was starting
            self.end_kernel()

    def end_kernel(self):
        import psutil

        self._ended = True
        if self._process is None:
            return
        try:
            for process in [*self._process.children(recursive=True), self._process]:
                process.kill()
        except psutil.NoSuchProcess:
            return  # it has just ended by itself

    def __enter__(self):
        self._started = time.perf_counter()
        if not sys.stdout.isatty():
            print(f"{self.name}: {self.cells} code cells ...", flush=True)
        self._thread.start()
        return self

    def __exit__(self, kind, error, traceback):
        self._stop.set()
        self._thread.join()
        if sys.stdout.isatty():
            print("\r\033[K", end="")
        if kind is None:
            seconds = time.perf_counter() - self._started
            print(f"{self.name}: cell {self.cell}/{self.cells}, {seconds:.0f} s", flush=True)

    def _watch(self):
        while not self._stop.wait(0.2):
            self.peak_bytes = max(self.peak_bytes, self._held())
            if sys.stdout.isatty():
                seconds = time.perf_counter() - self._started
                print(f"\r\033[K{self.name}: cell {self.cell}/{self.cells}, {seconds:.0f} s", end="", flush=True)

    def _held(self):
        import psutil

        held = 0
        try:
            processes = [self._process, *self._process.children(recursive=True)] if self._process else []
        except psutil.Error:
            return 0
        for process in processes:
            try:
                held += process.memory_info().rss
            except psutil.Error:
                continue  # a process that ended meanwhile
        return held
