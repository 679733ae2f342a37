"""Running a student's notebook again: it gets its own notebook and the public data, and nothing else."""

import io
import os
import subprocess
import zipfile
from pathlib import Path

import nbformat
import pytest

pytest.importorskip("nbgrader", reason="the packages of the extra 'grading' are not installed")

from homework_records import handed_in

from course_utils.errors import CourseError
from homework.running import executor
from homework.running.executor import Limits


def no_sandbox():
    """Say why bubblewrap makes no sandbox here, whatever we ask of it, else None: some systems forbid it."""
    if reason := executor.why_not():
        return reason
    user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] if os.getuid() == 0 else []
    plain = ["bwrap", "--unshare-all", "--unshare-user", "--disable-userns", "--ro-bind", "/", "/", "true"]
    done = subprocess.run([*user, *plain], capture_output=True, text=True, cwd="/")
    return done.stderr.strip()[-200:] if done.returncode else None


REASON = no_sandbox()
in_sandbox = pytest.mark.skipif(REASON is not None, reason=f"no sandbox: {REASON}")


def notebook(*cells):
    cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells)).encode()


def run(folder, *cells, **limits):
    """Run cells; give what came of it, the text that they printed, and the bundle."""
    data = folder / "data"
    data.mkdir(exist_ok=True)
    (data / "public.txt").write_text("for everyone")
    job = folder / "job"
    job.mkdir()
    execution, output, bundle = executor.execute_notebook(
        notebook(*cells), job, 0, Limits(**{"seconds": 120} | limits), data
    )
    said = ""
    if output:
        outputs = [one for cell in nbformat.reads(output.decode(), 4).cells for one in cell.get("outputs", [])]
        said = "".join(one["text"] for one in outputs if one.get("name") == "stdout")
    return execution, said, bundle


def test_where_bubblewrap_is_missing_it_refuses_in_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(executor.shutil, "which", lambda name, path=None: None if name == "bwrap" else f"/bin/{name}")
    with pytest.raises(CourseError, match="--execute refused: bwrap missing here, without which no student's") as told:
        executor.execute_class(tmp_path, [handed_in()], 1)
    assert "\n" not in str(told.value) and not list(tmp_path.iterdir())


@pytest.mark.skipif(executor.why_not() is not None, reason="no bubblewrap")
@pytest.mark.parametrize(
    ("said", "advice"),
    [("bwrap: setting up uid map: Permission denied", executor.USERS_SETTING), ("bwrap: no room", "no room")],
)
def test_a_system_that_forbids_sandboxes_is_told_with_what_to_do(monkeypatch, said, advice):
    monkeypatch.setattr(executor, "_command", lambda *given: ["sh", "-c", f"echo '{said}' >&2; exit 1"])
    with pytest.raises(CourseError, match=f"cannot be entered on this machine.*{advice}"):
        executor.check_ready()


@in_sandbox
def test_a_sandbox_that_cannot_be_entered_is_told_and_nothing_runs(monkeypatch):
    command = executor._command
    monkeypatch.setattr(executor, "_command", lambda *given: [*command(*given)[:-1], "raise SystemExit('no entry')"])
    with pytest.raises(CourseError, match="the sandbox cannot be entered on this machine"):
        executor.check_ready()


@in_sandbox
def test_a_notebook_sees_itself_the_public_data_and_the_packages_alone(tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    code = f"""
import os, socket
print(os.getuid() != 0, sorted(os.listdir("/job")), open("drawings/public.txt").read())
print(os.path.exists({str(tmp_path / "secret.txt")!r}), os.path.exists("/etc/passwd"), os.path.exists("/sys"))
print([line.split()[1] for line in open("/proc/self/status") if line.startswith("CapEff")])
import course_utils, keras
print(os.path.exists(os.path.join(os.path.dirname(course_utils.__file__), "..", "homework")))
for place in ("/x", "/dev/x", "/job/x", course_utils.__path__[0] + "/x", "drawings/x"):
    try:
        open(place, "w")
        print("wrote", place)
    except OSError as error:
        pass
try:
    socket.create_connection(("127.0.0.1", 22), 2)
    print("connected")
except OSError:
    print("no network")
print(len([one for one in os.listdir("/proc") if one.isdigit()]) < 10)
"""
    execution, said, _ = run(tmp_path, code)
    assert execution["state"] == "ran", (execution, said)
    assert said.splitlines() == [
        "True ['in', 'packages', 'work'] for everyone",
        "False False False",
        "['0000000000000000']",
        "False",
        "no network",
        "True",
    ]


@in_sandbox
def test_what_the_notebook_packs_comes_out_and_what_it_says_of_an_error(tmp_path):
    execution, _, bundle = run(tmp_path, "open('submission_a.zip', 'wb').write(b'bundle')", "1 / 0")
    assert execution["state"] == "error" and "ZeroDivisionError: division by zero" in execution["sentence"]
    assert bundle.read_bytes() == b"bundle"


@in_sandbox
def test_time_ends_a_loop_that_swallows_interrupts(tmp_path):
    code = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
    execution, _, _ = run(tmp_path, code, seconds=10)
    assert "took more than 10 seconds" in execution["sentence"] and execution["seconds"] < 60


@in_sandbox
def test_memory_ends_a_hog_and_all_its_processes(tmp_path):
    code = "import os, time\nfor _ in range(3): os.fork()\nx = bytearray(os.urandom(1)) * 200_000_000\ntime.sleep(120)"
    execution, _, _ = run(tmp_path, code, memory=700_000_000)
    assert "took more than 0.7 GB of memory" in execution["sentence"]


@in_sandbox
def test_disk_and_processes_are_limited(tmp_path):
    code = """
import os, time
try:
    with open("big", "wb") as file:
        for _ in range(30): file.write(bytes(10_000_000))
except OSError as error: print("disk full")
os.remove("big")
children = 0
try:
    for _ in range(300):
        if os.fork() == 0: time.sleep(100); os._exit(0)
        children += 1
except OSError: print("no more processes", children < 200)
"""
    execution, said, _ = run(tmp_path, code, disk=100_000_000, processes=200)
    assert execution["state"] == "ran" and said.splitlines() == ["disk full", "no more processes True"]


@in_sandbox
def test_a_kernel_that_dies_and_a_file_that_is_no_notebook_are_told(tmp_path):
    execution, _, _ = run(tmp_path, "import os; os._exit(3)")
    assert execution["sentence"] == "The notebook's kernel died when it was run again."
    job = tmp_path / "another"
    job.mkdir()
    execution, output, _ = executor.execute_notebook(b"{no notebook", job, 0, Limits(seconds=60), tmp_path / "data")
    assert output is None and "no notebook" in execution["sentence"]


@in_sandbox
def test_a_notebook_of_the_course_trains_in_the_sandbox(tmp_path):
    code = """
import keras, numpy as np
from course_utils import load_base, record_features
features = record_features(load_base("mini_vgg16"), np.zeros((64, 150, 150, 3), np.uint8))
head = keras.Sequential([keras.Input(features.shape[1:]), keras.layers.Flatten(), keras.layers.Dense(1)])
head.compile("adam", "mse")
head.fit(features, np.zeros(64), epochs=2, verbose=0)
print("trained", features.shape)
"""
    execution, said, _ = run(tmp_path, code)
    assert execution["state"] == "ran" and "trained (64, 4, 4, 64)" in said


def test_parts_that_a_students_code_has_cut_or_forged_are_dropped():
    assert executor._parts(b"notebook.ipynb 5\nhello") == {"notebook.ipynb": b"hello"}
    assert executor._parts(b"notebook.ipynb 50\nhello") == {}
    assert executor._parts(b"noise") == {}
    assert executor._parts(b"/etc/passwd 2\nhi") == {}


def test_a_bundle_without_a_notebook_is_told(tmp_path):
    path = tmp_path / "work.zip"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("submission.json", "{}")
    path.write_bytes(content.getvalue())
    outcome = executor.execute_bundle(handed_in(path=path), tmp_path, 0, Limits())
    assert outcome["execution"]["sentence"] == "The bundle holds no notebook, so none was run again."


def test_every_command_of_the_sandbox_drops_rights_and_network(tmp_path):
    job = executor._job(tmp_path, b"")
    command = executor._command(job, ["true"], Limits(), 3, None)
    for word in ("--unshare-all", "--disable-userns", "--clearenv", "--die-with-parent", "--new-session"):
        assert word in command
    if os.getuid() == 0:
        assert command[command.index("--reuid") + 1] == str(executor.FIRST_USER + 3)
    assert str(Path(executor.ROOT)) not in command
