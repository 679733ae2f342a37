"""The table of faults: counted from the tests themselves, and as many as the course promises."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
LEAST = {"downloader": 25, "archive": 15, "image": 25, "kill -9": 6, "no network": 3, "full disk": 4, "memory": 3}


def load(name):
    """Import one of the programs in tools/benchmarks/, which is no package that is installed."""
    spec = importlib.util.spec_from_file_location(
        f"benchmarks_{name}", CHECKOUT / "tools" / "benchmarks" / f"{name}.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def collect(tests):
    """In a process of its own, since pytest is at work in this one."""
    code = "import sys; sys.path.insert(0, sys.argv[1]); import pathlib; "
    code += "from tools.benchmarks.fault_tests import collect; "
    code += "print(dict(collect(pathlib.Path(sys.argv[2]))))"
    return subprocess.run(
        [sys.executable, "-c", code, str(CHECKOUT), str(tests)], capture_output=True, text=True, cwd=CHECKOUT
    )


def test_there_are_as_many_faults_as_promised():
    done = collect(CHECKOUT / "tests")
    assert done.returncode == 0, done.stderr
    counts = eval(done.stdout)
    assert {kind for kind, _ in counts} == set(load("fault_tests").KINDS)
    for kind, least in LEAST.items():
        assert counts.get((kind, False), 0) + counts.get((kind, True), 0) >= least, kind


def test_the_counts_are_those_of_the_collected_tests(tmp_path):
    (tmp_path / "test_one.py").write_text(
        "import pytest\n"
        "@pytest.mark.fault('image')\n@pytest.mark.parametrize('n', range(3))\ndef test_a(n): pass\n"
        "@pytest.mark.slow\n@pytest.mark.fault('image')\ndef test_b(): pass\n"
        "def test_c(): pass\n"
    )
    counts = eval(collect(tmp_path).stdout)
    assert counts == {("image", False): 3, ("image", True): 1}


@pytest.mark.parametrize(
    ("test", "words"), [("@pytest.mark.fault('oops')\ndef test_a(): pass", "oops"), ("1 +", "collected")]
)
def test_what_cannot_be_counted_is_told(tmp_path, test, words):
    (tmp_path / "test_one.py").write_text(f"import pytest\n{test}\n")
    assert words in collect(tmp_path).stderr


def test_the_table_adds_up():
    from collections import Counter

    page = load("fault_tests").table(Counter({("image", False): 3, ("image", True): 1, ("archive", False): 2}))
    assert "| 3 | 1 |" in page and "| **all** | | **5** | **1** |" in page


@pytest.mark.parametrize(("answers", "code"), [([0, 0, 0], 0), ([0, 1, 0], 1)])
def test_a_chance_failure_among_the_runs_is_found(capsys, answers, code):
    from tools.testing import flakes

    results = iter(answers)
    assert flakes(3, lambda: next(results)) == code
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == ("3 of 3 runs were right." if code == 0 else "1 of 3 runs were not right: 2.")


def test_the_older_versions_are_older(checkout):
    from packaging.version import Version

    from tools.environment import pinned_versions

    now, older = (pinned_versions(checkout / name) for name in ("constraints.txt", "tests/older-constraints.txt"))
    for name in ("keras", "tensorflow", "tensorflow-cpu"):
        assert Version(older[name]).minor == Version(now[name]).minor - 1
    assert Version(older["opencv-python-headless"]).major == 4
