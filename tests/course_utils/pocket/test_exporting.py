"""Exported files: the same answers as Keras, a quarter of the size with 8-bit weights, and no word of the converter."""

import keras
import numpy as np
import pytest

from course_utils.errors import CourseError
from course_utils.pocket.exporting import export_model, predict_exported


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)


def small_network(policy="float32"):
    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            keras.layers.Rescaling(1 / 127.5, offset=-1),
            keras.layers.Conv2D(8, 3, activation="relu", dtype=policy),
            keras.layers.Flatten(dtype=policy),
            keras.layers.Dense(64, activation="relu", dtype=policy),
            keras.layers.Dense(2, activation="softmax", dtype="float32"),
        ]
    )


def test_the_file_gives_the_probabilities_of_keras(tmp_path, images):
    network = small_network()
    file = export_model(network, tmp_path / "small.tflite")
    assert np.abs(predict_exported(file, images) - network.predict(images, verbose=0)).max() < 1e-5


def test_8_bit_weights_take_a_quarter_of_the_bytes_and_hardly_change_an_answer(tmp_path, images):
    network = small_network()
    whole = export_model(network, tmp_path / "whole.tflite")
    small = export_model(network, tmp_path / "small.tflite", weights="int8")
    assert small.stat().st_size < 0.3 * whole.stat().st_size
    apart = np.abs(predict_exported(small, images) - predict_exported(whole, images)).max()
    assert 0 < apart < 0.02


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_a_model_trained_in_16_bits_is_exported_in_32(tmp_path, images, policy):
    network = small_network(policy)
    file = export_model(network, tmp_path / "small.tflite")
    assert np.abs(predict_exported(file, images) - network.predict(images, verbose=0)).max() < 0.01


def test_nothing_is_printed(tmp_path, images, capfd, recwarn):
    predict_exported(export_model(small_network(), tmp_path / "small.tflite"), images)
    assert capfd.readouterr() == ("", "")
    assert [str(warning.message) for warning in recwarn if "lite" in str(warning.message).lower()] == []


def test_unknown_weights_are_refused(tmp_path):
    with pytest.raises(CourseError, match="int4"):
        export_model(small_network(), tmp_path / "small.tflite", weights="int4")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_network_is_told(tmp_path, images):
    (tmp_path / "notes.tflite").write_text("no network")
    with pytest.raises(CourseError, match=r"notes\.tflite is no LiteRT file"):
        predict_exported(tmp_path / "notes.tflite", images)


def test_images_of_another_size_are_told(tmp_path, images):
    file = export_model(small_network(), tmp_path / "small.tflite")
    with pytest.raises(CourseError, match=r"takes images of shape"):
        predict_exported(file, images[:, :16])
