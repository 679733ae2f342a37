"""kill -9 at any moment: the next run ends right, and nothing half-written stays.

Each kind of work is killed at a few moments here, and at fifty in the slow tests.
"""

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import time
import zipfile

import cv2
import numpy as np
import psutil
import pytest
from loopback import loopback, slowly

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="signals of POSIX"),
    pytest.mark.timeout(3600),
]

COUNTS = {"cats-train": 20, "cats-test": 10, "dogs-train": 20, "dogs-test": 10}
FETCH = "import sys, json; from course_utils import photos; photos.FOLDERS = json.loads(sys.argv[2]); "
FETCH += "photos.fetch_photos(sys.argv[1])"
UNZIP = "import sys; from course_utils.sources.archives import unzip; unzip(sys.argv[1], sys.argv[2])"
DRAW = """
import sys, json
from course_utils.sandbox import drawing
from course_utils import photos
photos.FOLDERS = json.loads(sys.argv[2])
drawing.FOLDERS = [(name, kind, split, first, photos.FOLDERS[name]) for name, kind, split, first, _ in drawing.FOLDERS]
photos.fetch_photos(sys.argv[1])
"""
DERIVE = "import sys, pathlib; from tools.notebooks import derive_all; "
DERIVE += "sys.exit(derive_all(pathlib.Path(sys.argv[1])))"
RECORD = """
import sys
import numpy as np
from course_utils import load_base, record_features
images = np.random.default_rng(0).integers(0, 256, (200, 150, 150, 3), np.uint8)
base = load_base("mini_vgg16")
print("recording", flush=True)
np.save(sys.argv[1], record_features(base, images)[::20])
"""


def moments(quick):
    """Run a test with a few kills, and in the slow tests with fifty."""
    return pytest.mark.parametrize("times", [quick, pytest.param(50, marks=pytest.mark.slow)])


def python(code, *arguments):
    return [sys.executable, "-c", code, *map(str, arguments)]


def run(command, **options):
    """Run to the end; give the seconds."""
    begun = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stderr
    return time.monotonic() - begun


def kill_at(moment, command, patience=60, **options):
    """Start a program, end it by SIGKILL after so many seconds, and wait until its children have ended as well."""
    program = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    time.sleep(moment)
    try:
        children = program.children(recursive=True)
    except psutil.NoSuchProcess:
        children = []
    program.kill()
    program.wait()
    _, alive = psutil.wait_procs(children, timeout=patience)
    for child in alive:
        child.kill()
    assert not alive, f"still at work after the program was killed: {alive}"


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def assert_repaired(folder, right, lock=".lock"):
    # Killed after its last file, a program leaves its lock file, empty, until the next that writes there removes it.
    assert contents(folder) in (right, {**right, lock: hashlib.sha256(b"").hexdigest()})


@pytest.fixture
def data(tmp_path):
    return tmp_path / "mein Ordner é" / "data"


@pytest.fixture
def web_mirror(tmp_path, monkeypatch):
    """A mirror on the web, of tiny photos that come slowly enough for a program to be killed on the way."""
    jpeg = cv2.imencode(".jpg", np.zeros((8, 8, 3), np.uint8))[1].tobytes()
    sums = []
    with loopback() as site:
        for name, count in COUNTS.items():
            path = tmp_path / f"{name}.zip"
            with zipfile.ZipFile(path, "w") as archive:
                for number in range(count):
                    archive.writestr(f"{name}/{name[:3]}.{number}.jpg", jpeg + name.encode() + bytes([number]))
            site.put(f"dogs-vs-cats/{name}.zip", slowly(path.read_bytes(), 5, 0.02))
            sums.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  dogs-vs-cats/{name}.zip\n")
        site.put("SHA256SUMS", slowly("".join(sums).encode(), 1, 0))
        monkeypatch.setenv("COURSE_MIRROR", site.address)
        yield site


@pytest.mark.fault("kill -9")
@moments(5)
def test_a_fetch_killed_at_any_moment_is_repaired_by_the_next(data, web_mirror, times):
    command, cache = python(FETCH, data, json.dumps(COUNTS)), os.environ["COURSE_CACHE"]
    seconds = run(command)
    right = contents(data)
    assert len(right) == sum(COUNTS.values()) + 1
    for seed in range(times):
        shutil.rmtree(data)
        shutil.rmtree(cache)
        kill_at(random.Random(seed).uniform(0.2, 1) * seconds, command)
        run(command)
        assert_repaired(data, right)


@pytest.mark.fault("kill -9")
@moments(5)
def test_an_unzip_killed_at_any_moment_is_repaired_by_the_next(tmp_path, times):
    path, place = tmp_path / "cats.zip", tmp_path / "place"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(300):
            archive.writestr(f"cats/cat.{number}.jpg", random.Random(number).randbytes(20_000))
    command = python(UNZIP, path, place)
    seconds = run(command)
    right = contents(place)
    for seed in range(times):
        shutil.rmtree(place)
        kill_at(random.Random(seed).uniform(0.2, 1) * seconds, command)
        if not (place / "cats").exists():
            run(command)
        assert_repaired(place, right, lock=".cats.lock")


@pytest.mark.fault("kill -9")
@moments(3)
def test_a_drawing_killed_at_any_moment_is_repaired_by_the_next(data, monkeypatch, times):
    monkeypatch.setenv("COURSE_DATA", "sandbox")
    command = python(DRAW, data, json.dumps({name: count // 10 for name, count in COUNTS.items()}))
    seconds = run(command)
    right = contents(data)
    for seed in range(times):
        shutil.rmtree(data)
        kill_at(random.Random(seed).uniform(0.2, 1) * seconds, command)
        run(command)
        assert_repaired(data, right)


@pytest.mark.fault("kill -9")
@moments(2)
def test_a_recording_of_features_killed_at_any_moment_leaves_nothing(tmp_path, monkeypatch, times):
    # Features live in memory alone, so nothing may be found on the disk that was not there before.
    for name in ("COURSE_CACHE", "TMPDIR", "KERAS_HOME"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    command = python(RECORD, tmp_path / "features.npy")
    run(command, cwd=tmp_path)
    features = np.load(tmp_path / "features.npy")
    (tmp_path / "features.npy").unlink()
    before = contents(tmp_path)
    for seed in range(times):
        program = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert program.stdout.readline() == "recording\n"
        time.sleep(random.Random(seed).uniform(0, 2))
        program.kill()
        program.wait()
        program.stdout.close()
        (tmp_path / "features.npy").unlink(missing_ok=True)
        assert contents(tmp_path) == before
    run(command, cwd=tmp_path)
    np.testing.assert_allclose(np.load(tmp_path / "features.npy"), features, rtol=1e-3, atol=1e-3)


@pytest.mark.fault("kill -9")
@moments(3)
def test_the_deriving_of_notebooks_killed_at_any_moment_is_repaired_by_the_next(tmp_path, times):
    root = tmp_path / "checkout"
    (root / "notebooks" / "scripts").mkdir(parents=True)
    (root / "homework" / "solutions").mkdir(parents=True)
    (root / "pyproject.toml").write_text('[tool.course]\nrepository = ""\n', encoding="utf-8")
    script = root / "notebooks" / "scripts" / "01_first.py"
    script.write_text("# %%\nprint(1)\n", encoding="utf-8")
    (root / "homework" / "solutions" / "01_task.py").write_text("# %%\n1 + 1\n", encoding="utf-8")
    command = python(DERIVE, root)
    seconds = run(command)
    before = contents(root)
    # Another state to derive, so that an old notebook, a new one, and half a one can be told apart.
    script.write_text("# %%\nprint(2)\n", encoding="utf-8")
    run(command)
    after = contents(root)
    states = {name: {before[name], after[name]} for name in after}
    for seed in range(times):
        kill_at(random.Random(seed).uniform(0.4, 1.05) * seconds, command)
        left = {name: digest for name, digest in contents(root).items() if not name.endswith(".part")}
        assert all(digest in states[name] for name, digest in left.items())
        run(command)
        assert contents(root) == after


@pytest.mark.fault("kill -9")
def test_half_a_notebook_left_by_a_killed_program_is_written_over(tmp_path):
    from course_utils.files import write_text

    (tmp_path / ".01_first.ipynb.part").write_text("half")
    write_text(tmp_path / "01_first.ipynb", "whole")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("01_first.ipynb", "whole")]


def test_a_child_that_outlives_its_program_is_found():
    with pytest.raises(AssertionError, match="still at work"):
        kill_at(1, ["sh", "-c", "sleep 60 & sleep 60"], patience=1)


@pytest.mark.parametrize("name, content", [(".lock", b"1"), (".other.lock", b""), ("cat.0.jpg.part", b"")])
def test_what_a_killed_program_may_not_leave_is_found(tmp_path, name, content):
    (tmp_path / ".lock").touch()
    assert_repaired(tmp_path, {})
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AssertionError):
        assert_repaired(tmp_path, {})
