"""What is trained once and carried on: kept with a note of its images, loaded only for them, else replaced."""

import cv2
import keras
import numpy as np
import pytest

from course_utils import earlier_model, keep_model


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


def test_a_model_without_its_note_is_not_trusted(data):
    keep_model(small_model(), "scratch", data)
    (data.parent / "models" / "scratch.json").unlink()
    assert weight(earlier_model(data, "scratch", replacement)) == -1
