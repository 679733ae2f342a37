"""Tests of the small pretrained bases: their layers, their preprocessing, and what a head on top of them reaches."""

import hashlib
import json

import cv2
import numpy as np
import pytest

from course_utils.errors import CourseError
from course_utils.sandbox.drawing import PRETRAINING_KINDS, draw_animal
from course_utils.sandbox.small_bases import (
    FOLDER,
    SMALL_BASES,
    build_architecture,
    build_small_base,
    preprocessing,
    scale_to_one,
    subtract_imagenet_mean,
    weights_path,
)

VGG16_LAYERS = [
    f"block{block}_{layer}"
    for block, count in enumerate((2, 2, 3, 3, 3), 1)
    for layer in [*(f"conv{number}" for number in range(1, count + 1)), "pool"]
]


def scores():
    return json.loads((FOLDER / "scores.json").read_text(encoding="utf-8"))


def drawn(seed, split, count):
    """Drawn cats and dogs in turn, uint8 (count, 150, 150, 3), and their labels (1 is dog)."""
    labels = np.arange(count) % 2
    pictures = [draw_animal(("cat", "dog")[label], seed, split, index) for index, label in enumerate(labels)]
    return np.stack([cv2.resize(p, (150, 150), interpolation=cv2.INTER_AREA) for p in pictures]), labels


def frozen_accuracy(name, train, train_labels, test, test_labels, prepare=None):
    """Test accuracy of a head trained on the recorded features of a frozen base."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    base, preprocess = build_small_base(name)
    prepare = prepare or preprocess
    train_features = base.predict(prepare(train), verbose=0)
    test_features = base.predict(prepare(test), verbose=0)
    head = keras.Sequential(
        [
            keras.Input(train_features.shape[1:]),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(512, activation="relu"),
            layers.Dense(2, activation="softmax"),
        ]
    )
    head.compile(keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy", metrics=["accuracy"])
    head.fit(train_features, train_labels, epochs=5, batch_size=32, verbose=0)
    return head.evaluate(test_features, test_labels, verbose=0)[1]


def test_mini_vgg16_has_the_layers_of_vgg16():
    import keras

    base, _ = build_small_base("mini_vgg16")
    assert base.name == "mini_vgg16"
    assert [layer.name for layer in base.layers[1:]] == VGG16_LAYERS
    vgg16 = keras.applications.VGG16(weights=None, include_top=False, input_shape=(150, 150, 3))
    assert [layer.name for layer in vgg16.layers[1:]] == VGG16_LAYERS
    for small, large in zip(base.layers[1:], vgg16.layers[1:], strict=True):
        assert small.output.shape[1:3] == large.output.shape[1:3]
        assert small.output.shape[3] * 8 == large.output.shape[3]


def test_mini_vgg16_keeps_no_batch_normalization():
    import keras

    base, _ = build_small_base("mini_vgg16")
    assert not any(isinstance(layer, keras.layers.BatchNormalization) for layer in base.layers)


@pytest.mark.parametrize("name", ["mini_mobilenet_v2", "mini_xception"])
def test_the_other_bases_keep_their_batch_normalization(name):
    import keras

    base = build_architecture(name, 150)
    assert any(isinstance(layer, keras.layers.BatchNormalization) for layer in base.layers)


@pytest.mark.parametrize("name", SMALL_BASES)
def test_weights_are_those_of_the_recorded_training(name):
    data = weights_path(name).read_bytes()
    entry = scores()[name]
    assert hashlib.sha256(data).hexdigest() == entry["sha256"]
    assert len(data) == entry["bytes"]
    assert build_small_base(name)[0].count_params() == entry["parameters"]


@pytest.mark.parametrize("name", SMALL_BASES)
def test_weights_stay_small(name):
    assert weights_path(name).stat().st_size < (1e6 if name == "mini_vgg16" else 1.5e6)


@pytest.mark.parametrize("name", SMALL_BASES)
def test_no_cat_and_no_dog_in_the_pretraining(name):
    kinds = scores()[name]["kinds"]
    assert len(kinds) >= 12
    assert not {"cat", "dog"} & set(kinds)


@pytest.mark.parametrize("name", SMALL_BASES)
@pytest.mark.parametrize("size", [96, 150])
def test_a_base_takes_other_input_sizes(name, size):
    base, preprocess = build_small_base(name, size)
    images = np.zeros((2, size, size, 3), np.uint8)
    assert base(preprocess(images)).shape[0] == 2


@pytest.mark.parametrize(
    ("ours", "module"),
    [(subtract_imagenet_mean, "vgg16"), (scale_to_one, "mobilenet_v2"), (scale_to_one, "xception")],
)
@pytest.mark.parametrize("number_type", [np.uint8, np.float32, np.float64])
def test_preprocessing_is_that_of_keras(ours, module, number_type):
    import keras

    images = np.random.default_rng(0).integers(0, 256, (3, 9, 7, 3)).astype(number_type)
    before = images.copy()
    theirs = getattr(keras.applications, module).preprocess_input(images.astype(np.float32))
    np.testing.assert_allclose(np.asarray(ours(images)), theirs, atol=1e-4)
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize("name", SMALL_BASES)
def test_preprocessing_works_inside_a_saved_model(name, tmp_path):
    import keras

    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, preprocessing(name)(inputs))
    model.save(tmp_path / "model.keras")
    images = np.random.default_rng(1).uniform(0, 255, (2, 8, 8, 3)).astype(np.float32)
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.predict(images, verbose=0), np.asarray(preprocessing(name)(images)), atol=1e-4)


def test_an_unknown_base_is_refused_with_the_names_to_choose_from():
    with pytest.raises(CourseError, match="mini_vgg16"):
        build_small_base("vgg99")


def test_folding_keeps_what_the_network_computes():
    from course_utils.sandbox.small_bases import pretrain

    base = build_architecture("mini_vgg16", 64)
    trained = pretrain.with_batch_normalization(base)
    rng = np.random.default_rng(2)
    for layer in trained.layers:
        if layer.name.endswith("_bn"):
            layer.set_weights(
                [rng.uniform(0.5, 1.5, weight.shape).astype(np.float32) for weight in layer.get_weights()]
            )
    images = subtract_imagenet_mean(rng.integers(0, 256, (2, 64, 64, 3)))
    unfolded = np.asarray(base(images))
    pretrain.fold(trained, base)
    expected = np.asarray(trained(images, training=False))
    np.testing.assert_allclose(np.asarray(base(images)), expected, rtol=1e-3, atol=1e-3)
    assert np.abs(unfolded - expected).max() > 0.01


@pytest.fixture(scope="module")
def few_images():
    return *drawn(21, "train", 400), *drawn(21, "test", 200)


def test_a_few_images_suffice_on_the_frozen_mini_vgg16(few_images):
    assert frozen_accuracy("mini_vgg16", *few_images) > 0.75


def test_untrained_weights_do_not_suffice(few_images, tmp_path, monkeypatch):
    from course_utils.sandbox import small_bases

    build_architecture("mini_vgg16", 150).save_weights(tmp_path / "mini_vgg16.weights.h5")
    monkeypatch.setattr(small_bases, "FOLDER", tmp_path)
    assert frozen_accuracy("mini_vgg16", *few_images) < 0.75


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "least"), [("mini_vgg16", 0.90), ("mini_mobilenet_v2", 0.88), ("mini_xception", 0.88)]
)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_frozen_base_reaches_its_score(name, least, seed):
    assert frozen_accuracy(name, *drawn(seed, "train", 2000), *drawn(seed, "test", 1000)) >= least


@pytest.mark.slow
def test_own_preprocessing_beats_dividing_by_255():
    images = drawn(0, "train", 2000) + drawn(0, "test", 1000)
    own = frozen_accuracy("mini_vgg16", *images)
    divided = frozen_accuracy("mini_vgg16", *images, prepare=lambda pictures: pictures / np.float32(255))
    assert own > divided + 0.03


def test_kinds_recorded_are_those_of_the_drawing():
    assert scores()["mini_vgg16"]["kinds"] == list(PRETRAINING_KINDS)
