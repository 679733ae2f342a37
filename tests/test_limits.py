"""What the lesson does on a machine that has too little: no network, a full disk, little memory."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from course_utils.errors import CourseError
from tools import doctor

pytestmark = pytest.mark.skipif(os.name == "nt", reason="limits of POSIX")

CHECKOUT = Path(__file__).resolve().parent.parent
# Inside a new network namespace even the loopback device is down, which Jupyter's kernels need.
WITHOUT_NETWORK = """
import fcntl, os, socket, struct, sys
with socket.socket() as any_socket:
    IFF_UP, SIOCSIFFLAGS = 1, 0x8914
    fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
SMALL = """
import sys
from course_utils.sandbox import drawing
from course_utils import photos
photos.FOLDERS = {name: count // 250 for name, count in photos.FOLDERS.items()}
drawing.FOLDERS = [(name, kind, split, first, photos.FOLDERS[name]) for name, kind, split, first, _ in drawing.FOLDERS]
"""
FETCH = SMALL + "print(photos.fetch_photos(sys.argv[1]), photos.source_of(sys.argv[1]))"
LIMITED = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"


def without_network(*arguments, **options):
    """Run Python where there is no network but the machine's own loopback; skip where that cannot be arranged."""
    unshare = ["unshare", "--net", "--map-root-user"]
    if not shutil.which("unshare") or subprocess.run([*unshare, "true"], capture_output=True).returncode:
        pytest.skip("no right to take the network away from a program here")
    command = [*unshare, sys.executable, "-c", WITHOUT_NETWORK, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, **options)


# No network


@pytest.mark.fault("no network")
def test_without_a_network_the_sandbox_is_drawn_and_says_why(tmp_path):
    done = without_network("-c", FETCH, tmp_path / "data")
    assert done.returncode == 0, done.stderr
    said, ended = done.stdout.splitlines()
    assert said.startswith("Images: sandbox (drawn here), because no photos could be had: none of their addresses")
    assert ended.endswith("data sandbox")


@pytest.mark.fault("no network")
def test_without_a_network_photos_are_told_to_be_out_of_reach(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "photos")
    done = without_network("-c", FETCH, tmp_path / "data")
    assert done.returncode == 1
    assert "set COURSE_DATA=sandbox for drawn images" in done.stderr.splitlines()[-1]


@pytest.mark.fault("no network")
def test_without_a_network_weights_are_told_to_be_out_of_reach(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    script = "from course_utils.bases import load_base; load_base('Xception')"
    done = without_network("-c", script)
    assert done.returncode == 1
    assert "by hand" in done.stderr.splitlines()[-1] and "xception" in done.stderr.splitlines()[-1]


def test_a_program_without_network_reaches_its_own_loopback_and_nothing_else():
    script = "import socket\nwith socket.create_server(('127.0.0.1', 0)) as server:\n"
    script += "    socket.create_connection(server.getsockname()).close()\nprint('loopback')\n"
    script += "socket.create_connection(('192.0.2.1', 80), 2)"
    done = without_network("-c", script)
    assert done.stdout == "loopback\n" and "unreachable" in done.stderr


# A full disk: no file may become larger than 10 kB, which the system answers as it does a full disk


def limited(code, *arguments):
    command = [sys.executable, "-c", LIMITED + code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def told(done):
    assert done.returncode == 1
    assert "DiskError: " in done.stderr.splitlines()[-1]
    return done.stderr.splitlines()[-1]


@pytest.mark.fault("full disk")
def test_a_drawing_that_the_disk_does_not_take_is_told_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "sandbox")
    assert "check the disk" in told(limited(FETCH, tmp_path / "data"))
    assert [path.name for path in (tmp_path / "data").iterdir()] == []
    subprocess.run([sys.executable, "-c", FETCH, str(tmp_path / "data")], check=True, capture_output=True)


@pytest.mark.fault("full disk")
def test_an_unzip_that_the_disk_does_not_take_is_told_and_leaves_nothing(tmp_path):
    import zipfile

    from course_utils.sources.archives import unzip

    with zipfile.ZipFile(tmp_path / "cats.zip", "w") as archive:
        archive.writestr("small.jpg", b"1" * 1000)
        archive.writestr("large.jpg", b"1" * 100_000)
    code = "import sys; from course_utils.sources.archives import unzip; unzip(sys.argv[1], sys.argv[2])"
    assert "check the disk" in told(limited(code, tmp_path / "cats.zip", tmp_path / "place"))
    assert list((tmp_path / "place").iterdir()) == []
    assert (unzip(tmp_path / "cats.zip", tmp_path / "place") / "large.jpg").stat().st_size == 100_000


@pytest.mark.fault("full disk")
def test_a_notebook_that_the_disk_does_not_take_is_told_and_the_old_one_stays(tmp_path):
    path = tmp_path / "01_first.ipynb"
    path.write_text("the old one")
    code = "import sys, pathlib; from course_utils.files import write_text; "
    code += "write_text(pathlib.Path(sys.argv[1]), 'x' * 100_000)"
    assert "01_first.ipynb" in told(limited(code, path))
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("01_first.ipynb", "the old one")]


@pytest.mark.fault("full disk")
@pytest.mark.parametrize("work", ["fetch_photos", "unzip"])
def test_a_disk_without_room_is_told_before_anything_is_written(tmp_path, monkeypatch, work):
    import zipfile

    from course_utils import photos
    from course_utils.sources import archives

    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "none", str(small)], capture_output=True)
    if mounted.returncode:
        pytest.skip("no right to make a small disk here")
    try:
        monkeypatch.setenv("COURSE_DATA", "sandbox")
        with zipfile.ZipFile(tmp_path / "cats.zip", "w") as archive:
            archive.writestr("a.jpg", b"1" * 1000)
        with pytest.raises(CourseError, match="disk is too full"):
            photos.fetch_photos(small / "data") if work == "fetch_photos" else archives.unzip(
                tmp_path / "cats.zip", small / "data"
            )
        assert not any(path.is_file() for path in small.rglob("*"))
    finally:
        subprocess.run(["umount", str(small)], check=True)


# Memory


def forecast_error(measured_mb, forecast_mb):
    """How far the forecast is from what was measured, as a share of what was measured."""
    return abs(forecast_mb - measured_mb) / measured_mb


def test_a_forecast_that_is_far_off_is_found():
    assert forecast_error(1000, 1240) < 0.25 < forecast_error(1000, 1260)
    assert forecast_error(1000, 760) < 0.25 < forecast_error(1000, 740)


@pytest.mark.fault("memory")
def test_the_forecast_of_a_notebook_that_trains_nothing_is_near_its_peak(tmp_path, monkeypatch):
    """Notebook 02 loads all images and trains nothing, so it is quick; the slow test looks at all five."""
    from tools.notebooks import from_script
    from tools.running import execute, kernel_settings

    shared = CHECKOUT / "data"
    if not (shared / "manifest.json").is_file():
        pytest.skip("no images in data/ here; make sandbox puts them there, in about a minute")
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "data").symlink_to(shared)
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "course_utils").mkdir()  # so that the notebook takes data/ from its parent folder
    settings = kernel_settings(COURSE_DATA="auto", COURSE_FAST="1", COURSE_PRECISION="float32")
    name = "02_image_to_tensor"
    run = execute(
        from_script(CHECKOUT / "notebooks" / "scripts" / f"{name}.py"), name, tmp_path / "notebooks", settings
    )
    assert run.error is None
    assert forecast_error(run.peak_mb, doctor.REFERENCE[name][1]) <= 0.25


@pytest.fixture(scope="module")
def lesson_without_network(tmp_path_factory):
    """The whole lesson in fast mode, without a network and where no process may hold more than 3 GB of data."""
    copy = tmp_path_factory.mktemp("lesson") / "a course, copied"
    left_out = shutil.ignore_patterns(".git", ".venv*", "data", "models", "build", "__pycache__", "*.egg-info")
    shutil.copytree(CHECKOUT, copy, ignore=left_out)
    # The checkout's own code, whichever one is installed.
    settings = {"COURSE_DATA": "sandbox", "COURSE_FAST": "1", "COURSE_PRECISION": "float32", "PYTHONPATH": str(copy)}
    limit = "import resource, sys; resource.setrlimit(resource.RLIMIT_DATA, (3 * 10**9, 3 * 10**9)); "
    limit += "from course_utils.__main__ import main; sys.exit(main(['lesson']))"
    done = without_network("-c", limit, cwd=copy, env=os.environ | settings)
    return done, copy / "build" / "lesson" / "summary.json"


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.fault("no network")
def test_the_lesson_ends_well_without_a_network_and_under_3_gb(lesson_without_network):
    done, summary = lesson_without_network
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert json.loads(summary.read_text(encoding="utf-8"))["images"] == "sandbox"


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.fault("memory")
def test_the_lesson_stays_under_2_gb(lesson_without_network):
    _, summary = lesson_without_network
    peaks = {run["name"]: run["peak_mb"] for run in json.loads(summary.read_text(encoding="utf-8"))["notebooks"]}
    assert max(peaks.values()) < 2000, peaks


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.fault("memory")
def test_the_forecast_of_every_notebook_is_within_a_quarter_of_its_peak(lesson_without_network):
    _, summary = lesson_without_network
    for run in json.loads(summary.read_text(encoding="utf-8"))["notebooks"]:
        assert forecast_error(run["peak_mb"], doctor.REFERENCE[run["name"]][1]) <= 0.25, run
