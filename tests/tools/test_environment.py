"""The environment that the commands make: its versions agree, it is made once, and its failures are told."""

import ast
import os
import re
import subprocess
import sys
import tomllib

import pytest

from course_utils.errors import CourseError
from tools import environment

# A build backend that needs nothing from a package registry, so that pip can install the stand-in offline.
BACKEND = """
import os, zipfile

def _wheel(folder):
    name = "standin-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        wheel.writestr("standin.py", "INSTALLED = True\\n")
        wheel.writestr("standin-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: standin\\nVersion: 1.0\\n")
        wheel.writestr(
            "standin-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
        )
        wheel.writestr("standin-1.0.dist-info/RECORD", "")
    return name

def build_editable(folder, settings=None, metadata=None):
    return _wheel(folder)

build_wheel = build_editable
"""


@pytest.fixture
def standin(tmp_path, monkeypatch):
    """A checkout with nothing to install but itself, and uv and pip cut off from every registry."""
    root = tmp_path / "a course with spaces and ü"
    root.mkdir()
    (root / "backend.py").write_text(BACKEND)
    (root / "constraints.txt").write_text("tqdm==4.0\n")
    (root / environment.LOCK).write_text("# nothing\n")
    (root / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "standin"\nversion = "1.0"\ndependencies = []\n'
        "[project.optional-dependencies]\ncpu = []\ngpu = []\nnotebooks = []\nbook = []\ngrading = []\ntests = []\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    return root


def install(root):
    return environment.install(root, root / ".venv")


def test_a_dependency_that_is_not_locked_yet_is_named(standin):
    project = standin / "pyproject.toml"
    project.write_text(project.read_text().replace("dependencies = []", 'dependencies = ["newcomer>=1"]', 1))
    with pytest.raises(CourseError, match="newcomer.*make lock"):
        environment.requirements(standin)


def test_every_direct_dependency_has_a_pin(checkout):
    pins = environment.pinned_versions(checkout / "constraints.txt")
    assert set(environment.requirements(checkout)) <= set(pins)
    assert pins["tensorflow"] == pins["tensorflow-cpu"]


def test_every_pin_lies_within_what_pyproject_allows(checkout):
    from packaging.requirements import Requirement

    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = project["dependencies"] + sum(project["optional-dependencies"].values(), [])
    pins = environment.pinned_versions(checkout / "constraints.txt")
    outside = [line for line in lines if pins[environment._name(line)] not in Requirement(line).specifier]
    assert outside == []


def imported_packages(scripts):
    """The installed packages that Python files import from, course_utils and the standard library aside."""
    from importlib.metadata import packages_distributions

    modules = set()
    for script in scripts:
        for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {name.name.split(".")[0] for name in node.names}
            # Colab's own package is on no registry.
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module != "google.colab":
                modules.add(node.module.split(".")[0])
    distributions = packages_distributions()
    return {
        environment._name(distributions[one][0]) for one in modules - sys.stdlib_module_names if one in distributions
    }


def test_a_package_that_the_course_imports_is_no_chance_guest_of_another(checkout):
    folders = ("course_utils", "notebooks/scripts", "homework", "tests", "tools")
    scripts = [script for folder in folders for script in (checkout / folder).rglob("*.py")]
    given = {"image-course", "tensorflow", "tensorflow-cpu"} | set(environment.requirements(checkout))
    assert imported_packages(scripts) - given == set()


def test_a_package_that_is_imported_and_not_declared_is_found(tmp_path):
    (tmp_path / "one.py").write_text("import os\nfrom contourpy import contour_generator\n")
    assert imported_packages([tmp_path / "one.py"]) == {"contourpy"}


def test_the_conda_environment_installs_everything_at_the_same_versions(checkout):
    lines = (checkout / "environment.yml").read_text(encoding="utf-8").splitlines()
    assert "      - -c constraints.txt" in lines
    assert f"      - -e .[{','.join(('cpu', *environment.EXTRAS))}]" in lines


def test_the_conda_environment_has_a_python_that_the_package_allows(checkout):
    from packaging.specifiers import SpecifierSet

    text = (checkout / "environment.yml").read_text(encoding="utf-8")
    python = re.search(r"- python=([\d.]+)", text).group(1)
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"{python}.0" in SpecifierSet(project["requires-python"])


def test_the_pins_are_what_is_installed_here(checkout):
    if environment.missing_packages(checkout):
        pytest.skip("this run uses other versions on purpose")
    pins = environment.pinned_versions(checkout / "constraints.txt")
    installed = {name: environment.installed_version(name) for name in pins}
    different = {name: found for name, found in installed.items() if found not in (None, pins[name])}
    assert different == {}


def test_versions_for_colab_are_those_that_colab_lists(checkout):
    listed = checkout.parent / "shared" / "colab-pins.txt"
    if not listed.is_file():
        pytest.skip("no list of Colab's versions beside the checkout")
    theirs = environment.pinned_versions(listed)
    ours = environment.pinned_versions(checkout / "tests" / "colab-constraints.txt")
    assert ours.pop("tensorflow-cpu") == theirs["tensorflow"]
    assert {name: theirs.get(name) for name in ours} == ours


def test_a_fresh_environment_can_import_the_course(standin, capsys):
    python = install(standin)
    done = subprocess.run([str(python), "-c", "import standin; print(standin.INSTALLED)"], capture_output=True)
    assert done.stdout.strip() == b"True"
    assert "once, a minute or a few" in capsys.readouterr().out


@pytest.mark.slow
def test_a_pip_that_installs_for_the_user_installs_into_the_environment_all_the_same(standin, monkeypatch):
    monkeypatch.setenv("PIP_USER", "1")
    monkeypatch.setattr(environment, "_uv", lambda venv: None)
    python = install(standin)
    assert subprocess.run([str(python), "-c", "import standin"]).returncode == 0


def test_a_second_time_installs_nothing(standin, capsys):
    first = install(standin)
    capsys.readouterr()
    assert install(standin) == first
    assert capsys.readouterr().out == ""


@pytest.mark.slow
def test_a_changed_pin_installs_again(standin, capsys):
    install(standin)
    (standin / environment.LOCK).write_text("# nothing else\n")
    capsys.readouterr()
    install(standin)
    assert "Installed." in capsys.readouterr().out


@pytest.mark.slow
def test_an_interrupted_installation_is_repeated(standin, capsys):
    python = install(standin)
    stamp = standin / ".venv" / environment.STAMP
    stamp.unlink()
    subprocess.run([str(python), "-m", "pip", "uninstall", "-q", "-y", "standin", "pip"], check=True)
    capsys.readouterr()
    install(standin)
    assert "Installed." in capsys.readouterr().out
    assert stamp.is_file()


@pytest.mark.slow
def test_an_environment_whose_python_is_gone_is_made_again(standin):
    python = install(standin)
    python.unlink()
    python.symlink_to(standin / "no-such-python")
    assert subprocess.run([str(install(standin)), "-c", "import standin"]).returncode == 0


def test_a_folder_of_the_students_own_is_left_alone(standin):
    own = standin / ".venv" / "bin" / "python"
    own.parent.mkdir(parents=True)
    own.write_text("my notes")
    with pytest.raises(CourseError, match="not a virtual environment; move that folder away"):
        install(standin)
    assert own.read_text() == "my notes"


def test_no_network_is_told_in_one_sentence(standin):
    project = standin / "pyproject.toml"
    project.write_text(project.read_text().replace("requires = []", 'requires = ["setuptools"]'))
    with pytest.raises(CourseError, match="could not be fetched from the package registry; check the network"):
        install(standin)
    assert not (standin / ".venv" / environment.STAMP).exists()


@pytest.mark.parametrize(
    ("versions", "words"),
    [("2.16.1, 2.16.2", "There is no tensorflow==2.21.0 for Python 3.*use Python 3.11"), ("none", "check the network")],
)
def test_a_package_that_is_not_made_for_this_machine_is_told(tmp_path, versions, words):
    said = "ERROR: Could not find a version that satisfies the requirement tensorflow==2.21.0 "
    said += f"(from versions: {versions})\nERROR: No matching distribution found for tensorflow==2.21.0\n"
    assert re.search(words, environment._diagnosis(said, tmp_path / "log"))


@pytest.mark.parametrize(
    "said",
    [
        "ERROR: Cannot install image-course because these package versions have conflicting dependencies.\n"
        "    The user requested (constraint) tensorflow-cpu==2.99.0\nERROR: ResolutionImpossible: for help visit ...\n",
        "  Because there is no version of tensorflow-cpu==2.99.0 and image-course depends on tensorflow-cpu, we can "
        "conclude that your requirements are unsatisfiable.\n",
        # uv's, of the lock and Python 3.14.
        "  cause: Because tensorflow-cpu{(platform_machine == 'x86_64' and sys_platform == 'linux') or sys_platform == "
        "'win32'}==2.99.0 has no wheels with a matching Python ABI tag (e.g., `cp314`) and you require tensorflow-cpu{"
        "sys_platform == 'win32'}==2.99.0, we can conclude that your requirements are unsatisfiable.\n",
    ],
)
def test_a_pin_that_nothing_fulfils_is_told_as_what_it_is(tmp_path, said):
    told = environment._diagnosis(said, tmp_path / "log")
    assert told.startswith("There is no tensorflow-cpu==2.99.0 for Python 3.") and "use Python 3.11" in told


def test_tensorflow_that_is_made_for_other_machines_alone_is_told_by_pip_and_uv_themselves(standin, monkeypatch):
    wheel = standin / "wheels" / "tensorflow_cpu-2.99.0-cp39-cp39-win_arm64.whl"
    wheel.parent.mkdir()
    wheel.write_bytes(b"for another machine")
    (standin / environment.LOCK).write_text(f"tensorflow-cpu==2.99.0 --hash=sha256:{'0' * 64}\n")
    monkeypatch.delenv("PIP_INDEX_URL")
    for name in ("PIP_NO_INDEX", "UV_NO_INDEX"):
        monkeypatch.setenv(name, "1")
    for name in ("PIP_FIND_LINKS", "UV_FIND_LINKS"):
        monkeypatch.setenv(name, wheel.parent.as_uri())
    with pytest.raises(CourseError, match=r"There is no tensorflow-cpu==2\.99\.0 for Python 3\..*use Python 3\.11"):
        install(standin)


@pytest.mark.parametrize(
    "said",
    [
        "ERROR: Could not install packages due to an OSError: [Errno 2] No such file or directory: "
        + repr("C:\\Users\\Ada\\Semester 3\\" + "long\\" * 50 + "cudnn_frontend_EngineConfigGenerator.h"),
        "HINT: This error might have occurred since this system does not have Windows Long Path support enabled.",
        "  Caused by: The filename or extension is too long. (os error 206)",
    ],
    ids=["pip", "newer pip", "uv"],
)
def test_a_path_that_is_too_long_for_windows_is_told(tmp_path, said):
    assert "a short path, such as C:\\course" in environment._diagnosis(said, tmp_path / "log")
    short = "ERROR: [Errno 2] No such file or directory: 'C:\\\\course\\\\pyproject.toml'"
    assert "short path" not in environment._diagnosis(short, tmp_path / "log")


@pytest.mark.parametrize(
    ("system", "machine", "words"),
    [("Darwin", "x86_64", "Mac with an Intel"), ("Windows", "ARM64", "Windows on ARM"), ("Darwin", "arm64", None)],
)
def test_a_machine_without_tensorflow_is_told_before_anything_is_made(system, machine, words):
    told = environment.machine_without_tensorflow(system, machine)
    assert told is None if words is None else words in told and "Colab" in told


@pytest.mark.parametrize("name", ["requirements.lock", "constraints.txt"])
def test_no_address_of_a_registry_stands_among_the_versions(checkout, name):
    assert not re.search(r"https?:|--index|--find-links", (checkout / name).read_text(encoding="utf-8"))


def test_every_line_of_the_lock_has_a_hash_and_the_version_of_the_constraints(checkout):
    text = (checkout / environment.LOCK).read_text(encoding="utf-8")
    entries = re.findall(r"(?m)^([\w.-]+)==(\S+)(?: ;[^\\]*)? \\\n((?:    --hash=sha256:\w{64}(?: \\)?\n)+)", text)
    assert len(entries) == len(re.findall(r"(?m)^[\w.-]+==", text)) > 100
    pins = environment.pinned_versions(checkout / "constraints.txt")
    assert {name: version for name, version, _ in entries if pins[environment._name(name)] != version} == {}


@pytest.mark.parametrize("installer", [["uv", "pip", "install", "--dry-run"], ["pip", "install", "--dry-run"]])
def test_uv_and_pip_take_the_lock(checkout, tmp_path, installer):
    (tmp_path / "small.lock").write_text(
        next(re.finditer(r"(?m)^tqdm==(?:.*\\\n)+.*\n", (checkout / environment.LOCK).read_text())).group()
    )
    command = [*installer, "--require-hashes", "-r", str(tmp_path / "small.lock")]
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True)
    if re.search(environment.NO_NETWORK, done.stdout + done.stderr):
        pytest.skip("no package registry is reached from here")
    assert done.returncode == 0, done.stderr


def test_a_quota_is_told_as_a_full_disk(tmp_path):
    said = "ERROR: Could not install packages due to an OSError: [Errno 122] Disk quota exceeded\n"
    assert "free some space" in environment._diagnosis(said, tmp_path / "log")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
def test_a_log_that_the_disk_does_not_take_is_told(standin, monkeypatch):
    install(standin)
    (standin / ".venv" / environment.STAMP).unlink()
    log = standin / ".venv" / environment.LOG
    log.unlink()
    log.symlink_to("/dev/full")
    with pytest.raises(CourseError, match="The disk is full.*free some space and run this again"):
        install(standin)


def test_too_little_disk_space_is_told_before_anything_is_made(standin, monkeypatch):
    monkeypatch.setattr(environment, "FREE_BYTES_NEEDED", 10**18)
    with pytest.raises(CourseError, match="free some space and run this again"):
        install(standin)
    assert not (standin / ".venv").exists()


def test_a_disk_that_fills_while_installing_is_told(standin):
    backend = standin / "backend.py"
    backend.write_text(
        BACKEND.replace("    name = ", "    raise OSError(28, 'No space left on device')\n    name = ", 1)
    )
    with pytest.raises(CourseError, match="The disk became full while installing"):
        install(standin)


@pytest.mark.slow
def test_another_failure_names_the_log(standin):
    (standin / "backend.py").write_text("raise SystemError('odd')")
    with pytest.raises(CourseError, match=environment.LOG) as told:
        install(standin)
    assert "\n" not in str(told.value)


def test_an_active_environment_with_the_pinned_versions_is_used(checkout, tmp_path):
    if environment.missing_packages(checkout):
        pytest.skip("this run uses other versions on purpose")
    # The same question asked for a checkout elsewhere, whose own .venv does not exist.
    for name in ("pyproject.toml", "constraints.txt", environment.LOCK):
        (tmp_path / name).write_bytes((checkout / name).read_bytes())
    assert environment.is_this_python(environment.ready_python(tmp_path))


def test_an_active_environment_with_other_versions_is_not_used(checkout, tmp_path):
    (tmp_path / "pyproject.toml").write_bytes((checkout / "pyproject.toml").read_bytes())
    text = (checkout / "constraints.txt").read_text(encoding="utf-8")
    (tmp_path / "constraints.txt").write_text(re.sub(r"(?m)^keras==.*", "keras==3.0.0", text), encoding="utf-8")
    assert environment.ready_python(tmp_path) is None
    assert any(line.startswith("keras 3.0.0") for line in environment.missing_packages(tmp_path))


def test_the_exit_code_of_the_other_interpreter_is_kept():
    assert environment.run_with(sys.executable, ["-c", "raise SystemExit(7)"]) == 7
