"""Training: its precision, the models that are kept and carried, and the networks that stand in for an earlier one."""

import errno
import json
import math
import os
import re
import sys
import types
import zipfile
from pathlib import Path

import cv2
import jupytext
import keras
import numpy as np
import pytest

from course_utils import carry_models, earlier_model, keep_model, training
from course_utils.errors import CourseError
from course_utils.settings import cache_folder


def test_the_setting_decides_without_a_probe(monkeypatch):
    monkeypatch.setenv("COURSE_PRECISION", "mixed_bfloat16")
    assert training.fastest_precision() == "mixed_bfloat16"
    assert not cache_folder().joinpath("precision.json").exists()


def test_a_bad_setting_is_named(monkeypatch):
    monkeypatch.setenv("COURSE_PRECISION", "float8")
    with pytest.raises(CourseError, match="COURSE_PRECISION.*float8"):
        training.fastest_precision()


def test_the_answer_is_a_precision_and_is_kept():
    answer = training.fastest_precision()
    kept_in = cache_folder() / "precision.json"
    (key,) = json.loads(kept_in.read_text())
    other = "mixed_bfloat16" if answer == "float32" else "float32"
    kept_in.write_text(json.dumps({key: other}))
    assert answer in ("float32", "mixed_bfloat16", "mixed_float16")
    assert training.fastest_precision() == other


def test_each_processor_keeps_its_own_answer(monkeypatch):
    training.fastest_precision()
    monkeypatch.setattr(training, "_processor", lambda: "another, in the same home folder")
    answer = training.fastest_precision()
    kept = json.loads(cache_folder().joinpath("precision.json").read_text())
    assert len(kept) == 2
    assert [kept[key] for key in kept if key.startswith("another")] == [answer]


@pytest.mark.parametrize("content", ["", "no json", "[]", '{"another machine": "mixed_float16"}'])
def test_a_damaged_or_foreign_note_is_asked_anew(monkeypatch, content):
    kept_in = cache_folder() / "precision.json"
    kept_in.parent.mkdir(parents=True, exist_ok=True)
    kept_in.write_text(content)
    monkeypatch.setattr(training, "_seconds_a_step", lambda names: dict.fromkeys(names, 1.0))
    assert training.fastest_precision() == "float32"


@pytest.mark.parametrize(("other", "fastest"), [(0.7, "mixed"), (0.9, "float32"), (3.0, "float32")])
def test_only_a_clear_win_is_worth_fewer_digits(monkeypatch, other, fastest):
    monkeypatch.setattr(training, "_seconds_a_step", lambda names: dict(zip(names, (1.0, other), strict=True)))
    assert training.fastest_precision().startswith(fastest)


def test_both_precisions_are_timed():
    seconds = training._seconds_a_step(["float32", "mixed_bfloat16"])
    assert list(seconds) == ["float32", "mixed_bfloat16"] and all(0 < spent < 60 for spent in seconds.values())


@pytest.fixture
def data(tmp_path):
    """A data folder with two classes of two small images."""
    for number, name in enumerate(("cats-train", "dogs-train", "cats-test", "dogs-test")):
        folder = tmp_path / "data" / name
        folder.mkdir(parents=True)
        for photo in range(2):
            cv2.imwrite(str(folder / f"{photo}.jpg"), np.full((8, 8, 3), 20 * number + photo, np.uint8))
    return tmp_path / "data"


def small_model(weight=1.0):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, use_bias=False)])
    model.set_weights([np.full((2, 1), weight, np.float32)])
    return model


def replacement():
    return small_model(-1.0)


def weight(model):
    return float(model.get_weights()[0][0, 0])


def test_a_kept_model_is_the_students_own(data, capsys):
    keep_model(small_model(), "scratch", data)
    assert weight(earlier_model(data, "scratch", replacement)) == 1
    assert "your own scratch model" in capsys.readouterr().out
    assert sorted(path.name for path in (data.parent / "models").iterdir()) == ["scratch.json", "scratch.keras"]


def test_without_a_model_a_replacement_is_trained(data, capsys):
    assert weight(earlier_model(data, "scratch", replacement)) == -1
    assert "There is no models/scratch.keras here: a replacement is trained" in capsys.readouterr().out


def test_a_model_of_other_images_is_not_used_and_stays(data, capsys):
    keep_model(small_model(), "scratch", data)
    (data / "cats-train" / "0.jpg").write_bytes((data / "cats-train" / "1.jpg").read_bytes() + b" ")
    assert weight(earlier_model(data, "scratch", replacement)) == -1
    assert "was trained on other images" in capsys.readouterr().out
    assert (data.parent / "models" / "scratch.keras").is_file()


def test_litter_in_the_data_folder_makes_no_other_images(data):
    keep_model(small_model(), "scratch", data)
    (data / "cats-train" / ".DS_Store").write_bytes(b"litter")
    assert weight(earlier_model(data, "scratch", replacement)) == 1


@pytest.mark.parametrize("content", [b"", b"no zip", None])
def test_a_model_that_cannot_be_read_is_replaced(data, capsys, content):
    keep_model(small_model(), "scratch", data)
    saved = data.parent / "models" / "scratch.keras"
    saved.write_bytes(saved.read_bytes()[:500] if content is None else content)
    assert weight(earlier_model(data, "scratch", replacement)) == -1
    assert "cannot be read" in capsys.readouterr().out


def test_a_model_that_keras_2_saved_is_replaced(data, capsys):
    keep_model(small_model(), "scratch", data)
    saved = data.parent / "models" / "scratch.keras"
    with zipfile.ZipFile(saved) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    now, before = b'"module": "keras"', b'"module": "keras.src.engine.sequential"'
    parts["config.json"] = parts["config.json"].replace(now, before)
    with zipfile.ZipFile(saved, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    assert weight(earlier_model(data, "scratch", replacement)) == -1
    assert "saved by another version of Keras" in capsys.readouterr().out


def test_a_drive_that_is_lost_meanwhile_is_told(data, monkeypatch):
    def lost(path, **_):
        raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN), str(path))

    keep_model(small_model(), "scratch", data)
    monkeypatch.setattr(Path, "stat", lost)
    monkeypatch.setattr(os, "stat", lost)
    with pytest.raises(CourseError, match="scratch.keras has lost its connection"):
        earlier_model(data, "scratch", replacement)


def test_a_model_without_its_note_is_not_trusted(data):
    keep_model(small_model(), "scratch", data)
    (data.parent / "models" / "scratch.json").unlink()
    assert weight(earlier_model(data, "scratch", replacement)) == -1


def test_a_model_that_cannot_be_saved_leaves_the_old_one_unvouched(data, capsys):
    class Unsaved:
        def save(self, path):
            path.write_bytes(b"half a model")
            raise OSError(28, "No space left on device")

    keep_model(small_model(), "scratch", data)
    with pytest.raises(CourseError, match="disk is full"):
        keep_model(Unsaved(), "scratch", data)
    assert [path.name for path in (data.parent / "models").iterdir()] == ["scratch.keras"]
    assert weight(earlier_model(data, "scratch", replacement)) == -1


@pytest.fixture
def colab(tmp_path, monkeypatch):
    """A stand-in for Colab: google.colab with a drive that can be mounted, in an empty current folder."""

    def mount(path):
        (tmp_path / "drive" / "MyDrive").mkdir(parents=True, exist_ok=True)
        assert path == str(tmp_path / "drive")

    package, drive = types.ModuleType("google.colab"), types.ModuleType("google.colab.drive")
    package.__spec__, drive.mount, package.drive = types.SimpleNamespace(), mount, drive
    monkeypatch.setitem(sys.modules, "google.colab", package)
    monkeypatch.setitem(sys.modules, "google.colab.drive", drive)
    monkeypatch.setattr(training, "_DRIVE", tmp_path / "drive")
    machine = tmp_path / "machine"
    machine.mkdir()
    monkeypatch.chdir(machine)
    return drive


def on_drive(tmp_path):
    return tmp_path / "drive" / "MyDrive" / "image-course" / "models"


def test_outside_colab_the_models_stay_in_their_folder(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    carry_models()
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().out == "Your models are kept in the folder models.\n"


def test_in_colab_the_next_machine_finds_the_models(colab, data, tmp_path, monkeypatch, capsys):
    carry_models()
    keep_model(small_model(), "scratch", "data")
    assert (on_drive(tmp_path) / "scratch.keras").is_file()
    (tmp_path / "next").mkdir()
    monkeypatch.chdir(tmp_path / "next")
    assert weight(earlier_model("data", "scratch", replacement)) == -1
    carry_models()
    assert weight(earlier_model("data", "scratch", replacement)) == 1
    assert "kept in your Google Drive" in capsys.readouterr().out


def test_in_colab_models_that_were_there_before_join_those_of_the_drive(colab, tmp_path):
    on_drive(tmp_path).mkdir(parents=True)
    (on_drive(tmp_path) / "frozen_base.keras").write_bytes(b"from 04")
    before = tmp_path / "machine" / "models"
    (before / "backup").mkdir(parents=True)
    (before / "scratch.keras").write_bytes(b"from 03")
    before.with_name("models-before").mkdir()
    carry_models()
    carry_models()
    assert {path.name for path in before.iterdir()} == {"frozen_base.keras", "scratch.keras", "backup"}
    assert (before.with_name("models-before-2") / "scratch.keras").read_bytes() == b"from 03"


def test_a_refused_drive_does_not_stop_the_notebook(colab, tmp_path, capsys):
    def refuse(path):
        raise ValueError("mount failed")

    colab.mount = refuse
    carry_models()
    said = capsys.readouterr().out
    assert "was not opened (mount failed)" in said and "upload them into that folder" in said
    assert not (tmp_path / "machine" / "models").exists()


def test_a_drive_that_cannot_be_written_to_is_told(colab, tmp_path):
    (tmp_path / "drive" / "MyDrive").mkdir(parents=True)
    (tmp_path / "drive" / "MyDrive" / "image-course").write_text("a file")
    with pytest.raises(CourseError, match="image-course.* is in the way"):
        carry_models()


def built_in(script, name, *more):
    """Run the cells of a notebook's script that define a network, and build it."""
    names = {"keras": keras, "layers": keras.layers}
    for cell in jupytext.read(script).cells:
        if cell.cell_type == "code" and re.search(rf"def ({'|'.join([name, *more])})\(", cell.source):
            exec(cell.source, names)
    return names[name]()


def described(model):
    """The layers in order, without the names that Keras numbers anew for each model."""
    kept = []
    for layer in model.layers:
        config = layer.get_config()
        kept.append(
            (type(layer).__name__, {key: value for key, value in config.items() if key not in ("name", "seed")})
        )
    return kept


@pytest.mark.parametrize(
    ("notebook", "name", "more", "ours"),
    [
        ("03_scratch_cnn", "scratch_cnn", (), training.scratch_cnn),
        ("07_regularise_normalise_transfer", "better_cnn", ("convolution",), lambda: training.better_cnn(100)),
    ],
)
def test_a_stand_in_is_the_network_of_its_notebook(checkout, notebook, name, more, ours):
    theirs = built_in(checkout / "notebooks" / "scripts" / f"{notebook}.py", name, *more)
    assert described(theirs) == described(ours())


def test_the_scratch_cnn_has_the_parameters_that_its_layers_add_up_to():
    model = training.scratch_cnn()
    counts = [layer.count_params() for layer in model.layers if layer.weights]
    assert counts == [896, 18_496, 73_856, 147_584, 3_211_776, 1_026]
    assert model.count_params() == 3_453_634


def test_a_summary_after_training_also_counts_the_optimizers_state():
    from keras import layers

    base = keras.applications.VGG16(weights=None, include_top=False, input_shape=(150, 150, 3))
    base.trainable = False
    model = keras.Sequential([base, layers.Flatten(), layers.Dense(512), layers.Dense(2)])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.optimizer.build(model.trainable_variables)
    state = sum(math.prod(variable.shape) for variable in model.optimizer.variables)
    assert (model.count_params(), model.count_params() + state) == (18_910_530, 27_302_216)


@pytest.mark.parametrize("steps", [630, 1512])
def test_the_schedule_of_the_better_network_ends_at_zero(steps):
    schedule = training.better_cnn(steps).optimizer._learning_rate
    assert float(schedule(steps // 10)) == pytest.approx(3e-3, rel=1e-3)
    assert math.isclose(float(schedule(steps)), 0, abs_tol=1e-6)
