"""The free memory by the machine's account and by those of containers."""

import subprocess
import sys
import time

import psutil
import pytest

from course_utils.errors import CourseError
from course_utils.images import load_photos
from course_utils.memory import free_memory, held_memory

MEGABYTE = 1_000_000


def system_with(folder, group, files):
    """A folder with /proc and /sys of a process in one control group."""
    for name, text in {"proc/self/cgroup": group, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="ascii")
    return folder


def version_2(folder, place, limit, spare=0):
    at = f"sys/fs/cgroup/{place}"
    account = {"memory.max": limit, "memory.current": f"{300 * MEGABYTE}", "memory.stat": f"inactive_file {spare}"}
    return system_with(folder, "0::/user/session\n", {f"{at}/{name}": text for name, text in account.items()})


@pytest.mark.parametrize("place", ["", "user/", "user/session/"])
def test_the_limit_of_a_container_counts_wherever_it_is_set(tmp_path, place):
    assert free_memory(version_2(tmp_path, place, f"{500 * MEGABYTE}")) == 200 * MEGABYTE


def test_files_that_a_container_has_read_count_as_free(tmp_path):
    assert free_memory(version_2(tmp_path, "", f"{500 * MEGABYTE}", spare=50 * MEGABYTE)) == 250 * MEGABYTE


def test_the_limit_of_an_older_container_counts(tmp_path):
    at = "sys/fs/cgroup/memory"
    files = {
        f"{at}/memory.limit_in_bytes": f"{500 * MEGABYTE}",
        f"{at}/memory.usage_in_bytes": f"{300 * MEGABYTE}",
        f"{at}/memory.stat": "inactive_file 1\ntotal_inactive_file 0",
    }
    system = system_with(tmp_path, "9:cpu,cpuacct:/a\n4:memory:/docker/0123\n", files)
    assert free_memory(system) == 200 * MEGABYTE


def test_without_a_limit_the_machine_counts(tmp_path):
    machine = psutil.virtual_memory().total
    assert 200 * MEGABYTE < free_memory(version_2(tmp_path, "", "max")) <= machine
    assert 200 * MEGABYTE < free_memory(tmp_path / "no such system") <= machine


def test_photos_that_a_container_has_no_room_for_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "course_utils.images.free_memory", lambda: free_memory(version_2(tmp_path, "", f"{301 * MEGABYTE}"))
    )
    with pytest.raises(CourseError, match="0.0 GB are free"):
        load_photos([tmp_path / "photo.jpg"] * 100, 150)


def test_what_a_process_has_started_counts_with_it():
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'x = bytearray(80_000_000); input()'])"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
    try:
        until = time.monotonic() + 60
        while held_memory(psutil.Process(process.pid)) < 80 * MEGABYTE and time.monotonic() < until:
            time.sleep(0.05)
        assert held_memory(psutil.Process(process.pid)) >= 80 * MEGABYTE
    finally:
        process.communicate(b"\n", timeout=60)


def test_a_process_that_has_ended_holds_nothing():
    process = subprocess.Popen([sys.executable, "-c", ""])
    watched = psutil.Process(process.pid)
    process.wait(timeout=60)
    assert held_memory(watched) == 0
