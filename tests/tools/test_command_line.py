"""python -m tools: its help, its exit codes, and make, which only calls it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

from tools.__main__ import COMMANDS


def course(*arguments, cwd=None, **settings):
    command = [sys.executable, "-m", "tools", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=os.environ | settings)


def test_the_help_names_every_command_and_setting(checkout):
    done = course("--help")
    assert done.returncode == 0
    for name in COMMANDS:
        assert re.search(rf"(?m)^  {name} +\S", done.stdout)
    text = (checkout / "course_utils" / "settings.py").read_text(encoding="utf-8")
    for setting in set(re.findall(r'"(COURSE_[A-Z]+)"', text)):
        assert setting in done.stdout


@pytest.mark.parametrize("arguments", [[], ["lessons"], ["lesson", "now"]])
def test_a_wrong_command_is_answered_with_the_right_ones(arguments):
    done = course(*arguments)
    assert done.returncode == 2
    assert "COMMAND" in done.stderr and "Traceback" not in done.stderr


def test_a_problem_is_one_sentence_and_exit_code_1(tmp_path):
    done = course("fetch", cwd=tmp_path, COURSE_DATA="pictures")
    assert done.returncode == 1
    assert done.stderr.startswith("COURSE_DATA is 'pictures'")
    assert done.stderr.count("\n") == 1


def test_make_has_a_target_for_every_command(checkout):
    listed = re.search(r"^COMMANDS = (.*)$", (checkout / "Makefile").read_text(), re.MULTILINE).group(1)
    assert set(listed.split()) == set(COMMANDS)


@pytest.mark.skipif(not shutil.which("make"), reason="no make here")
def test_make_only_calls_the_command_line(checkout):
    # These tests are themselves started by make, whose flags would make this one print more.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(["make", "-n", "lesson"], cwd=checkout, capture_output=True, text=True, env=environment)
    assert done.stdout.strip() == '"python3" -m tools lesson'


@pytest.mark.skipif(os.name == "nt" or not shutil.which("make"), reason="no make here, or no links")
def test_make_takes_a_python_whose_path_has_a_space(checkout, tmp_path):
    python = tmp_path / "my python"
    python.symlink_to(sys.executable)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "-s", "help", f"PYTHON={python}"]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, env=environment)
    assert done.returncode == 0 and done.stdout.startswith("usage: python -m tools"), done.stderr


@pytest.mark.skipif(os.name == "nt", reason="a shell of POSIX")
def test_a_reader_that_leaves_early_causes_no_traceback():
    command = f"'{sys.executable}' -m tools doctor | head -n 1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert done.stdout.startswith("OK    Python") and done.stderr == ""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_is_one_line_and_exit_code_130(tmp_path):
    # The sandbox draws for seconds: long enough to be interrupted.
    process = subprocess.Popen(
        [sys.executable, "-m", "tools", "sandbox"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    data = tmp_path / "data"
    while process.poll() is None and not any(data.rglob("*.jpg")):
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.rstrip().splitlines()[-1].startswith("Stopped;")
    assert "Traceback" not in errors
    assert not (data / "cats-train").exists()


def test_an_older_python_is_told_to_be_too_old(checkout):
    for older in ("python3.10", "python3.9", "python3.8"):
        found = shutil.which(older)
        if found and subprocess.run([found, "-c", ""], capture_output=True).returncode == 0:
            done = subprocess.run([found, "-m", "tools", "lesson"], cwd=checkout, capture_output=True, text=True)
            assert done.returncode == 1
            assert done.stderr.startswith("TensorFlow is made for Python 3.11, 3.12 and 3.13, and this is Python 3.")
            return
    pytest.skip("no older Python here")


def test_the_file_that_an_older_python_reads_first_has_old_syntax(checkout):
    import ast

    for name in ("tools/__main__.py", "tools/__init__.py", "course_utils/__main__.py", "course_utils/__init__.py"):
        source = (checkout / name).read_text(encoding="utf-8")
        ast.parse(source, feature_version=(3, 6))


@pytest.mark.skipif(not shutil.which("git"), reason="no git here")
def test_a_checkout_with_line_ends_of_windows_keeps_those_of_the_build_script(checkout, tmp_path):
    git = ["git", "-C", str(tmp_path), "-c", "core.autocrlf=true", "-c", "user.name=a", "-c", "user.email=a@x.org"]
    for name in (".gitattributes", ".ci/run", "Makefile", "README.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(checkout / name, tmp_path / name)
    names = [".ci/run", "Makefile", "README.md"]
    for command in (
        ["init", "-q"],
        ["add", "."],
        ["commit", "-qm", "all"],
        ["rm", "-q", *names],
        ["reset", "-q", "--hard"],
    ):
        subprocess.run([*git, *command], check=True, capture_output=True)
    assert [b"\r\n" in (tmp_path / name).read_bytes() for name in names] == [False, False, True]


def test_the_build_server_runs_the_test_command(checkout):
    script = checkout / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "make test" in script.read_text()
