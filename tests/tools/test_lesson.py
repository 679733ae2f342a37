"""make lesson: what it writes, what it prints, and how it fails."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from course_utils.errors import CourseError
from tools import lesson
from tools.running import Run

CHECKOUT = Path(__file__).resolve().parents[2]

SUMMARY = {
    "images": "sandbox",
    "base": "mini_vgg16",
    "precision": "float32",
    "notebooks": [
        {"name": "01_download_unzip", "seconds": 61.2, "peak_mb": 412, "ok": True},
        {"name": "03_scratch_cnn", "seconds": 500.0, "peak_mb": 2100, "ok": True},
    ],
    "accuracy": {"scratch": 0.712, "frozen_base": 0.943},
    "published": lesson.PUBLISHED,
}
RUNS = [Run("01_download_unzip", 61.2, 412, None), Run("03_scratch_cnn", 500.0, 2100, None)]


@pytest.fixture
def standin(tmp_path, monkeypatch):
    """A checkout whose first notebook works and whose second is to be written by the test."""
    root = tmp_path / "checkout"
    scripts = root / "notebooks" / "scripts"
    scripts.mkdir(parents=True)
    (root / "pyproject.toml").write_text('[tool.course]\nrepository = ""\n', encoding="utf-8")
    (scripts / "01_first.py").write_text("# %%\nprint('first ran')\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return root


def test_a_failing_notebook_is_told_and_what_ran_is_written(standin, capsys):
    second = standin / "notebooks" / "scripts" / "02_second.py"
    second.write_text("# %%\nprint('so far')\n\n# %%\nraise OSError('the disk is gone')\n", encoding="utf-8")
    assert lesson.lesson(standin) == 1
    out = capsys.readouterr().out
    assert "01_first: cell 1/1" in out
    assert "02_second, code cell 2 of 2 failed." in out and "OSError: the disk is gone" in out
    build = standin / "build" / "lesson"
    assert "first ran" in (build / "01_first.html").read_text(encoding="utf-8")
    assert "so far" in (build / "02_second.html").read_text(encoding="utf-8")
    assert "failed" in (build / "index.html").read_text(encoding="utf-8")
    assert not (build / "summary.json").exists()


def test_the_further_notebooks_run_apart_from_the_lesson(standin, capsys):
    sixth = standin / "notebooks" / "scripts" / "06_sixth.py"
    sixth.write_text("# %%\nprint('sixth ran')\n", encoding="utf-8")
    assert lesson.further(standin) == 0
    assert "06_sixth" in capsys.readouterr().out
    assert "sixth ran" in (standin / "build" / "further" / "06_sixth.html").read_text(encoding="utf-8")
    assert not (standin / "build" / "further" / "01_first.html").exists()
    with pytest.raises(CourseError, match=r"scratch.keras is missing"):
        lesson.lesson(standin)
    assert not (standin / "build" / "lesson" / "06_sixth.html").exists()


def test_no_further_notebook_is_said(standin):
    with pytest.raises(CourseError, match="no notebook from 06 on"):
        lesson.further(standin)


def test_a_lesson_without_its_models_says_so(standin):
    with pytest.raises(CourseError, match=r"scratch.keras is missing"):
        lesson.lesson(standin)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_ends_the_kernel_and_is_one_line(standin):
    slow = "# %%\nimport os\nfrom pathlib import Path\nPath('pid').write_text(str(os.getpid()))\n\n"
    slow += "# %%\nimport time\ntime.sleep(600)\n"
    (standin / "notebooks" / "scripts" / "01_first.py").write_text(slow, encoding="utf-8")
    for package in ("course_utils", "tools"):
        shutil.copytree(CHECKOUT / package, standin / package)
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(CHECKOUT / name, standin)
    command = [sys.executable, "-m", "tools", "lesson"]
    process = subprocess.Popen(command, cwd=standin, stderr=subprocess.PIPE, text=True)
    told = standin / "notebooks" / "pid"
    while process.poll() is None and not told.is_file():
        time.sleep(0.1)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert errors.strip() == "Stopped; run the same command again to go on."
    with pytest.raises(ProcessLookupError):
        os.kill(int(told.read_text()), 0)


def test_a_checkout_without_scripts_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[tool.course]\nrepository = ""\n', encoding="utf-8")
    with pytest.raises(CourseError, match="There is no script"):
        lesson.lesson(tmp_path)


def test_accuracies_are_the_share_of_right_answers():
    labels = np.array([0, 0, 1, 1])
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.1, 0.9]], dtype="float32")
    assert lesson.accuracies(labels, {"scratch": probabilities}) == {"scratch": 0.75}


def test_swapped_labels_give_another_accuracy():
    labels = np.array([0, 0, 1, 1])
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.1, 0.9]], dtype="float32")
    assert lesson.accuracies(1 - labels, {"scratch": probabilities}) == {"scratch": 0.25}


@pytest.fixture
def small_data(tmp_path, monkeypatch):
    """Six dark cats and four bright dogs as test images, and two models that judge by brightness."""
    import cv2
    import keras

    for folder, count, brightness in (("cats-test", 6, 20), ("dogs-test", 4, 230)):
        (tmp_path / "data" / folder).mkdir(parents=True)
        for number in range(count):
            image = np.full((40, 50, 3), brightness, np.uint8)
            cv2.imwrite(str(tmp_path / "data" / folder / f"{folder[:3]}.{number}.jpg"), image)
    models = tmp_path / "models"
    models.mkdir()
    for name, sign in (("scratch", 1.0), ("frozen_base", -1.0)):
        inputs = keras.Input((150, 150, 3))
        brightness = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255, -0.5)(inputs))
        head = keras.layers.Dense(2, activation="softmax")
        model = keras.Model(inputs, head(brightness))
        head.set_weights([sign * np.array([[-9, 9]] * 3, "float32"), np.zeros(2, "float32")])
        model.save(models / f"{name}.keras")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_predictions_name_the_files_and_give_the_accuracies(small_data):
    files, labels, probabilities = lesson.predictions(small_data / "models")
    assert files[0] == "cats-test/cat.0.jpg" and files[-1] == "dogs-test/dog.3.jpg"
    assert labels.tolist() == [0] * 6 + [1] * 4
    assert probabilities["scratch"].shape == (10, 2)
    assert lesson.accuracies(labels, probabilities) == {"scratch": 1.0, "frozen_base": 0.0}


def test_the_written_predictions_give_the_same_accuracies(small_data):
    found = lesson.predictions(small_data / "models")
    lesson.write_predictions(small_data / "predictions.npz", *found)
    with np.load(small_data / "predictions.npz") as kept:
        assert kept["files"].tolist() == found[0]
        for name, accuracy in lesson.accuracies(*found[1:]).items():
            assert float((kept[name].argmax(axis=1) == kept["labels"]).mean()) == accuracy
    assert list(small_data.glob("*.part")) == []


def test_the_models_are_copied_whole(small_data):
    lesson.copy_models(small_data / "models", small_data / "build")
    for name in lesson.MODELS:
        copied = (small_data / "build" / f"{name}.keras").read_bytes()
        assert copied == (small_data / "models" / f"{name}.keras").read_bytes()


def test_the_table_has_every_notebook_and_both_accuracies():
    text = lesson.table(SUMMARY)
    assert re.search(r"^03_scratch_cnn +500 +2100$", text, re.MULTILINE)
    assert re.search(r"^scratch +0.712 +0.685$", text, re.MULTILINE)
    assert re.search(r"^frozen base +0.943 +0.905$", text, re.MULTILINE)
    assert max(map(len, text.splitlines())) <= 80


def test_the_table_says_where_the_published_numbers_are_no_yardstick():
    assert "drawn images instead of the photos, mini_vgg16 instead of VGG16" in lesson.difference(SUMMARY)
    same = SUMMARY | {"images": "photos", "base": "VGG16"}
    assert "no yardstick" not in lesson.difference(same)


def test_the_start_page_links_every_notebook_and_compares_with_what_was_published():
    page = lesson.start_page(RUNS, lesson.results_of_lesson(SUMMARY))
    assert re.findall(r"\]\((\w+)\.ipynb\)", page) == ["01_download_unzip", "03_scratch_cnn"]
    assert "| CNN trained from scratch | 0.712 | 0.685 |" in page and "no yardstick" in page


def test_too_little_memory_is_told_before_anything_runs(standin, monkeypatch):
    from tools import doctor

    monkeypatch.setattr(doctor, "REFERENCE", {"01_first": (1, 10**9)})
    with pytest.raises(CourseError, match="close other programs"):
        lesson.lesson(standin)
    assert not (standin / "build").exists()


def check_built(build, notebooks=5):
    """Hold a finished lesson against what it promises."""
    import keras

    summary = json.loads((build / "summary.json").read_text(encoding="utf-8"))
    assert set(summary) == set(SUMMARY)
    assert [run["ok"] for run in summary["notebooks"]] == [True] * notebooks
    assert summary["images"] in ("sandbox", "photos")
    index = (build / "index.html").read_text(encoding="utf-8")
    for run in summary["notebooks"]:
        assert (build / f"{run['name']}.ipynb").is_file()
        assert (build / f"{run['name']}.html").is_file()
        assert f'href="{run["name"]}.html"' in index
    with np.load(build / "predictions.npz") as kept:
        assert kept["labels"].tolist() == [0] * 500 + [1] * 500
        assert len(set(kept["files"].tolist())) == 1000
        for name, accuracy in summary["accuracy"].items():
            assert kept[name].shape == (1000, 2)
            assert np.allclose(kept[name].sum(axis=1), 1, atol=1e-2)
            assert round(float((kept[name].argmax(axis=1) == kept["labels"]).mean()), 4) == accuracy
    for name in lesson.MODELS:
        model = keras.saving.load_model(build / "models" / f"{name}.keras")
        assert model.input_shape == (None, 150, 150, 3) and model.output_shape == (None, 2)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_lesson_of_a_copied_checkout_keeps_its_promises(tmp_path):
    copy = tmp_path / "a course, copied"
    left_out = shutil.ignore_patterns(".git", ".venv*", "data", "models", "build", "__pycache__", "*.egg-info")
    shutil.copytree(CHECKOUT, copy, ignore=left_out)
    settings = os.environ | {"COURSE_DATA": "sandbox", "COURSE_FAST": "1", "COURSE_PRECISION": "float32"}
    done = subprocess.run([sys.executable, "-m", "tools", "lesson"], cwd=copy, env=settings)
    assert done.returncode == 0
    check_built(copy / "build" / "lesson")


def test_the_lesson_built_here_keeps_its_promises():
    build = CHECKOUT / "build" / "lesson"
    if not (build / "summary.json").is_file():
        pytest.skip("no lesson built here; make lesson builds it")
    check_built(build)
