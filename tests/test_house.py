"""The house: who imports whom, also where import-linter cannot look; how many rooms there are, and how large."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
LINTER = Path(sys.executable).with_name("lint-imports")
# The two beside the drawings wait for the new scoring, which does without one and halves the other.
LONG = {"drawing.py", "scenes.py", "gradebook.py"}


def imported(path):
    """The packages and modules that a Python file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module)
    return names


def foreign(path):
    return {name for name in imported(path) if name.split(".")[0] in ("tools", "homework", "tests")}


@pytest.mark.parametrize("folder", ["notebooks/scripts", "homework/source"])
def test_what_a_student_opens_imports_of_the_project_only_course_utils(folder):
    scripts = sorted((CHECKOUT / folder).rglob("*.py"))
    assert scripts and {path.name: foreign(path) for path in scripts if foreign(path)} == {}


@pytest.mark.parametrize("line", ["import tools.doctor", "from homework import commands", "from tools import colab"])
def test_a_notebook_that_imports_the_workshop_is_found(tmp_path, line):
    (tmp_path / "11_wrong.py").write_text(f"def late():\n    {line}\n", encoding="utf-8")
    assert foreign(tmp_path / "11_wrong.py")


def linted(root):
    return subprocess.run([str(LINTER), "--no-cache"], cwd=root, capture_output=True, text=True)


@pytest.mark.skipif(not LINTER.is_file(), reason="import-linter is not installed beside this Python")
@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("course_utils/checks.py", "from tools import doctor", "course_utils imports neither"),
        ("tools/doctor.py", "from homework import commands", "the workshop does not import"),
        ("course_utils/sources/archives.py", "from course_utils import images", "above downloads and drawings"),
        ("course_utils/sources/archives.py", "from course_utils.sandbox import scenes", "above downloads and drawings"),
        ("course_utils/plots.py", "from course_utils.assignments import variant", "above the loaders"),
        ("course_utils/checks.py", "from course_utils import plots", "no circle between the files of course_utils"),
        ("tools/environment.py", "from tools import doctor", "no circle between the files of the workshop"),
        ("homework/handing_out/variants.py", "from homework import commands", "no circle"),
    ],
)
def test_a_forbidden_import_is_refused_by_its_contract(tmp_path, monkeypatch, module, line, contract):
    for package in ("course_utils", "tools", "homework"):
        shutil.copytree(CHECKOUT / package, tmp_path / package, ignore=shutil.ignore_patterns("*.h5", "__pycache__"))
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    path = tmp_path / module
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    done = linted(tmp_path)
    broken = " ".join(done.stdout.split("Broken contracts")[-1].split())
    assert done.returncode == 1 and contract in broken


def test_the_small_package_stays_small():
    modules = [path.stem for path in (CHECKOUT / "course_utils").glob("*.py") if not path.stem.startswith("__")]
    assert len(modules) <= 14


def test_no_further_module_is_over_500_lines():
    modules = [path for folder in ("course_utils", "tools", "homework") for path in (CHECKOUT / folder).rglob("*.py")]
    long = {path.name: lines for path in modules if (lines := len(path.read_text("utf-8").splitlines())) > 500}
    assert set(long) <= LONG, long
