"""What ``make test``, ``test-full``, ``flakes``, ``lint`` and the programs in ``tools/benchmarks/`` do."""

import re
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from course_utils.errors import CourseError
from tools.environment import checkout_root
from tools.notebooks import copy_to_run
from tools.running import START_SECONDS, kernel_settings

# The fewest epochs of all notebooks take minutes a cell on two cores; all epochs, up to an hour.
CELL_SECONDS = {"1": 600, "0": 3600}
FLAKE_RUNS = 10
# One worker for the notebooks and one for the other tests, each with one thread: faster than one after the other.
WORKERS = 2
# What only a test that takes its time names: TensorFlow, nbgrader and its gradebook, a browser, the book, another
# program, waiting.
SLOW_WORDS = re.compile(
    r"keras|tensorflow|sklearn|load_base|cat_or_dog|homework_corpus|nbgrader|gradebook|release\("
    r"|course_utils\.explain|augmented_versions|scoring\.rubric|seeds_ablation"
    r"|selenium|chromium|sphinx|subprocess|execute\(|run_pytest|derive_all|sleep"
)


def test(names=()):
    """Run the unit tests that are not slow, and compare every notebook, trained for few epochs.

    Parameters
    ----------
    names : sequence of str
        The beginnings of notebooks, such as ``["02"]``: only these are compared then, after 01, which draws the images
        for all, and no other test runs.

    Returns
    -------
    int
        pytest's exit code.
    """
    return run_pytest(sys.executable, [] if names else ["tests", "-m", "not slow"], "1", names and ["01", *names])


def test_full():
    """Run all unit tests, and compare every notebook, trained for all epochs.

    Returns
    -------
    int
        pytest's exit code.
    """
    return run_pytest(sys.executable, ["tests"], fast="0")


def test_quick():
    """Run the unit tests that need neither TensorFlow nor nbgrader nor another program, for the everyday loop.

    Returns
    -------
    int
        pytest's exit code.
    """
    root = checkout_root()
    files = [str(path) for path in quick_tests(root)]
    spread = ["--numprocesses", str(WORKERS), "--dist", "loadfile"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", "not slow", *spread, *files], cwd=root
    ).returncode


def quick_tests(root):
    """List the files of tests that need neither TensorFlow nor nbgrader nor another program.

    Parameters
    ----------
    root : pathlib.Path
        The checkout.

    Returns
    -------
    list of pathlib.Path
    """
    files = sorted((root / "tests").rglob("test_*.py"))
    return [path for path in files if not SLOW_WORDS.search(path.read_text(encoding="utf-8"))]


def flakes(runs=FLAKE_RUNS, once=None):
    """Compare every notebook again and again, trained for few epochs, to find what does not come out the same.

    Parameters
    ----------
    runs : int
        How often.
    once : callable, optional
        Compares them once and gives 0 where all is the same; by default as ``make test`` does.

    Returns
    -------
    int
        0 where every run was without a difference, else 1.
    """
    once = once or (lambda: run_pytest(sys.executable, ["-q"], fast="1"))
    failed = []
    for run in range(1, runs + 1):
        print(f"run {run} of {runs}", flush=True)
        if once():
            failed.append(run)
    if failed:
        print(f"{len(failed)} of {runs} runs were not right: {', '.join(map(str, failed))}.")
        return 1
    print(f"{runs} of {runs} runs were right.")
    return 0


def lint():
    """Check the style and the layout of all Python files, the spelling, and who imports whom.

    Returns
    -------
    int
        0 where nobody has anything to say.
    """
    commands = (["ruff", "check"], ["ruff", "format", "--check"], ["codespell"], ["lint-imports"])
    beside = Path(sys.executable).parent
    found = [subprocess.run([str(beside / program), *more], cwd=checkout_root()) for program, *more in commands]
    return max(done.returncode for done in found)


def run_benchmark(name):
    """Run one of the programs in ``tools/benchmarks/``.

    Parameters
    ----------
    name : str
        Its file name without the ending.

    Returns
    -------
    int
        Its exit code.

    Raises
    ------
    CourseError
        Where the file is missing.
    """
    root = checkout_root()
    script = root / "tools" / "benchmarks" / f"{name}.py"
    if not script.is_file():
        raise CourseError(f"{script} is missing; get a complete checkout.")
    return subprocess.run([sys.executable, "-m", f"tools.benchmarks.{name}"], cwd=root).returncode


# The commands of these names.
bench, bench_peers, faults, seeds, table = (
    partial(run_benchmark, name) for name in ("bench", "peers", "fault_tests", "seeds", "table")
)


def run_pytest(python, arguments, fast, names=()):
    """Run pytest over what is asked for and over the notebooks, in one go, so that one line counts them all.

    Parameters
    ----------
    python : str or pathlib.Path
        The interpreter.
    arguments : list of str
        What pytest is to run besides the notebooks, and how.
    fast : {"0", "1"}
        COURSE_FAST for the notebooks.
    names : sequence of str
        The beginnings of the notebooks to compare; by default all.

    Returns
    -------
    int
        pytest's exit code.
    """
    root = checkout_root()
    with tempfile.TemporaryDirectory(prefix="course-") as temporary:
        notebooks = Path(temporary) / "notebooks"
        copy_to_run(root, notebooks)
        for path in notebooks.glob("*.ipynb"):
            if names and not path.stem.startswith(tuple(names)):
                path.unlink()
        command = [str(python), "-m", "pytest", "-c", str(root / "pyproject.toml"), "--rootdir", str(root)]
        # The notebooks first, since they are what takes longest. As a folder: pytest gives the cells of a file that is
        # named itself and lies elsewhere no file name, and xdist then takes one notebook's cells for another's.
        command += [str(notebooks), *arguments, *nbval_options(root, fast)]
        command += ["-p", "tools.spread_tests", "--numprocesses", str(WORKERS), "--durations=25"]
        settings = kernel_settings(COURSE_DATA="sandbox", COURSE_PRECISION="float32", COURSE_FAST=fast)
        if fast == "1":
            settings["IPYTHONDIR"] = str(with_few_steps(Path(temporary) / "ipython"))
        # Else each worker and each program that a test starts compiles the same files again.
        settings.pop("PYTHONDONTWRITEBYTECODE", None)
        settings |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1"}
        return subprocess.run(command, cwd=root, env=settings).returncode


def with_few_steps(folder):
    """Make a folder of IPython's, from which every kernel reads ``tools/few_steps.py`` when it starts.

    Parameters
    ----------
    folder : pathlib.Path
        Made with its parents.

    Returns
    -------
    pathlib.Path
        The same, for IPYTHONDIR.
    """
    startup = folder / "profile_default" / "startup"
    startup.mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("few_steps.py"), startup)
    return folder


def nbval_options(root, fast):
    """Say how nbval is to compare the notebooks.

    Parameters
    ----------
    root : pathlib.Path
        The checkout.
    fast : {"0", "1"}
        COURSE_FAST for the notebooks.

    Returns
    -------
    list of str
        Options of pytest.
    """
    seconds = CELL_SECONDS[fast]
    options = ["--nbval", "--nbval-current-env", f"--nbval-cell-timeout={seconds}", f"--timeout={seconds}"]
    # An old laptop may take minutes to read a kernel's files for the first time.
    options.append(f"--nbval-kernel-startup-timeout={START_SECONDS}")
    return [*options, "--nbval-sanitize-with", str(root / "tests" / "sanitize.cfg")]
