"""The comparison with what people would use instead: the same work on all sides, and a page that hides nothing."""

import cv2
import numpy as np
import pytest

from course_utils.errors import CourseError
from course_utils.training import scratch_cnn
from tools.benchmarks import peer_tasks, peers
from tools.benchmarks.peers import Way, Work
from tools.environment import pinned_versions

WORK = Work("q2", "Q2", [Way("ours", "a", {}), Way("loop", "b", {}), Way("loader", "c", {})], {"": 1.7, "loop": 4})
MACHINE = {"processor": "a processor", "cores": 2, "memory_gb": 8, "versions": {"keras": "3.15.1"}}


def rounds(*seconds):
    """Measurements of the three ways, one tuple a round."""
    names = [way.name for way in WORK.ways]
    return [{name: {"seconds": s, "peak_mb": 100} for name, s in zip(names, one, strict=True)} for one in seconds]


@pytest.fixture
def folder(tmp_path):
    """Three smooth pictures in two classes."""
    for number, name in enumerate(("cats/a.jpg", "cats/b.jpg", "dogs/a.jpg")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        rows, columns = np.mgrid[0:300, 0:400]
        picture = np.stack([rows / 2, columns / 2, np.full_like(rows, 40 * number)], axis=-1).astype(np.uint8)
        cv2.imwrite(str(path), picture)
    return tmp_path


@pytest.mark.parametrize("way", ["keras", "tf.data", "pillow"])
def test_every_loader_gives_the_same_pixels_up_to_interpolation(folder, way):
    ours, theirs = peer_tasks.load_by_the_course(str(folder)), peer_tasks.LOADERS[way](str(folder))
    assert theirs.shape == ours.shape == (3, 150, 150, 3) and theirs.dtype == np.uint8
    assert np.abs(ours.astype(int) - theirs).mean() < 2


def test_the_network_is_the_courses():
    model = peer_tasks.keras_scratch_cnn()
    assert [weight.shape for weight in model.weights] == [weight.shape for weight in scratch_cnn().weights]


def test_keras_is_the_same_on_all_backends(checkout):
    pins = pinned_versions(peers.REQUIREMENTS)
    assert pins["keras"] == pinned_versions(checkout / "constraints.txt")["keras"]


def test_a_bound_holds_for_the_fastest_other_way_and_for_one_that_is_named():
    lines = peers.bound_lines(WORK, rounds((1, 5, 2), (1, 4, 2), (2, 6, 3)))
    assert lines == [
        "Must be at least 1.7 times as fast as loader: reached (2.00).",
        "Must be at least 4 times as fast as loop: reached (4.00).",
    ]


def test_a_bound_that_is_missed_stands_on_the_page():
    page = peers.page([(WORK, rounds((1, 5, 1.5)))], MACHINE, {"torch": "2.14.1"})
    assert "Must be at least 1.7 times as fast as loader: not reached (1.50)." in page
    assert "| loop | 5.00 (5.00-5.00) | 5.00 | 100 |" in page and "keras 3.15.1, torch 2.14.1." in page


def test_a_task_runs_in_a_process_of_its_own_and_its_memory_is_watched(folder):
    measured = peers.run(Way("a loop", "photos_to_array", {"way": "pillow", "folder": str(folder)}, peer=False))
    assert measured["seconds"] > 0 and measured["peak_mb"] > 20


def test_a_task_that_fails_is_told(folder):
    with pytest.raises(CourseError, match=r"a loop failed \(KeyError: 'none'\)"):
        peers.run(Way("a loop", "photos_to_array", {"way": "none", "folder": str(folder)}, peer=False))


def test_one_part_can_be_measured_anew_and_the_others_are_kept(tmp_path, monkeypatch):
    ran = []
    monkeypatch.setattr(peers, "BUILD", tmp_path)
    monkeypatch.setattr(peers, "ROUNDS", 1)
    monkeypatch.setattr(peers, "run", lambda way: ran.append(way.name) or {"seconds": len(ran), "peak_mb": 1})
    both = [WORK, Work("start", "Start", [Way("begin", "d", {})], {})]
    first = peers.measure(both, [])
    assert ran == ["ours", "loop", "loader", "begin"]
    (_, kept), (_, anew) = peers.measure(both, ["start"])
    assert ran[4:] == ["begin"] and kept == first[0][1] and anew == [{"begin": {"seconds": 5, "peak_mb": 1}}]
    assert len(peers.measure(both, [])) == 2 and len(ran) == 9


def test_an_unknown_part_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(peers, "BUILD", tmp_path)
    with pytest.raises(CourseError, match="no part 'q9'; choose from q2"):
        peers.measure([WORK], ["q9"])
