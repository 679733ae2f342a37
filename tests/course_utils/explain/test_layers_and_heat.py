"""Looking inside models: the same answers whether or not a base is nested, and heat where the evidence is."""

import keras
import numpy as np
import pytest
from keras import layers

from course_utils.errors import CourseError
from course_utils.explain import grad_cam, layer_outputs, map_layers, most_exciting, overlay
from course_utils.sandbox.small_bases import build_small_base


def spot_images(corners):
    """Dark images with one bright square: above left for "a", below right for "b"."""
    images = np.zeros((len(corners), 32, 32, 3), np.uint8)
    for image, corner in zip(images, corners, strict=True):
        image[(slice(2, 12), slice(2, 12)) if corner == "a" else (slice(20, 30), slice(20, 30))] = 255
    return images


def bright_or_not(nested, last="softmax"):
    """A model whose class 1 is brightness: one convolution that passes it on, and a head that sums it."""
    convolution = layers.Conv2D(2, 3, padding="same", activation="relu", name="maps")
    base = keras.Sequential([keras.Input((32, 32, 3)), convolution], name="base")
    head = [
        layers.GlobalAveragePooling2D(),
        layers.Dense(2 if last == "softmax" else 1, activation=last, name="answer"),
    ]
    inputs = keras.Input((32, 32, 3))
    if nested:
        outputs = keras.Sequential(head)(base(inputs / 255.0))
    else:
        outputs = inputs / 255.0
        for layer in [convolution, *head]:
            outputs = layer(outputs)
    model = keras.Model(inputs, outputs)
    convolution.set_weights([np.full((3, 3, 3, 2), [0.1, -0.1]), np.zeros(2)])
    kernel = [[-8.0, 8.0], [8.0, -8.0]] if last == "softmax" else [[8.0], [-8.0]]
    head[1].set_weights([np.array(kernel), np.zeros(len(kernel[0]))])
    return model


@pytest.fixture(scope="module")
def course_model():
    """As notebook 04 saves it: input, preprocessing operations, nested base, nested head."""
    keras.utils.set_random_seed(0)
    base, preprocess = build_small_base("mini_vgg16")
    base.trainable = False
    head = keras.Sequential(
        [
            keras.Input(base.output_shape[1:]),
            layers.Flatten(),
            layers.Dense(512, activation="relu"),
            layers.Dense(2, activation="softmax", dtype="float32"),
        ]
    )
    inputs = keras.Input((150, 150, 3))
    return keras.Model(inputs, head(base(preprocess(inputs), training=False)))


PHOTOS = np.random.default_rng(0).integers(0, 256, (3, 150, 150, 3), dtype=np.uint8)


@pytest.mark.parametrize("nested", [False, True], ids=["flat", "nested"])
@pytest.mark.parametrize("last", ["softmax", "sigmoid"])
def test_the_heat_lies_where_the_evidence_is(nested, last):
    heat = grad_cam(bright_or_not(nested, last), spot_images("ab"), "maps", classes=[1, 1])
    assert heat.shape == (2, 32, 32) and heat.min() >= 0 and heat.max() == pytest.approx(1)
    assert heat[0, 4:10, 4:10].min() > 0.9 and heat[0, 20:, 20:].max() < 0.1
    assert heat[1, 22:28, 22:28].min() > 0.9 and heat[1, :12, :12].max() < 0.1


def test_nothing_speaks_for_the_class_that_is_not_there():
    assert grad_cam(bright_or_not(True), spot_images("a"), "maps", classes=[0]).max() == 0


def test_a_sure_answer_is_explained_too():
    model = bright_or_not(True)
    answer = model.get_layer(index=-1).layers[-1]
    answer.set_weights([weights * 1000 for weights in answer.get_weights()])
    assert model.predict(spot_images("a"), verbose=0)[0, 1] == 1.0
    assert grad_cam(model, spot_images("a"), "maps").max() == pytest.approx(1)


def test_it_works_on_the_model_of_notebook_04_and_loaded_again(course_model, tmp_path):
    course_model.save(tmp_path / "frozen_base.keras")
    again = keras.saving.load_model(tmp_path / "frozen_base.keras", compile=False)
    for model in (course_model, again):
        heat = grad_cam(model, PHOTOS, map_layers(model)[-1])
        assert heat.shape == (3, 150, 150) and heat.max() > 0
    assert np.allclose(heat, grad_cam(course_model, PHOTOS, "block5_conv3"), atol=1e-3)


def test_the_model_is_unchanged_afterwards(course_model):
    before = course_model.predict(PHOTOS, verbose=0)
    grad_cam(course_model, PHOTOS, "block5_conv3")
    most_exciting(course_model, "block1_conv1", [0], steps=1)
    layer_outputs(course_model, PHOTOS, "block5_conv3")
    assert np.array_equal(before, course_model.predict_on_batch(PHOTOS)) or np.allclose(
        before, course_model.predict(PHOTOS, verbose=0), atol=1e-6
    )
    assert np.asarray(course_model(PHOTOS)).sum(axis=1) == pytest.approx(1)


def test_layers_with_maps_are_listed_through_nested_models(course_model):
    names = map_layers(course_model)
    assert names[0] == "block1_conv1" and names[-1] == "block5_conv3" and len(names) == 13


def test_a_layers_outputs_are_those_of_the_base_alone(course_model):
    base, preprocess = build_small_base("mini_vgg16")
    expected = base.predict(preprocess(PHOTOS), verbose=0)
    assert np.allclose(layer_outputs(course_model, PHOTOS, "block5_pool", batch_size=2), expected, atol=1e-3)


def test_the_image_found_excites_its_channel_more_than_noise(course_model):
    noise = most_exciting(course_model, "block3_conv1", [0, 5], steps=0)
    found = most_exciting(course_model, "block3_conv1", [0, 5], steps=15)
    assert found.shape == (2, 150, 150, 3) and found.dtype == np.uint8
    for place, channel in enumerate((0, 5)):
        answers = [
            layer_outputs(course_model, images[[place]], "block3_conv1").mean((1, 2)) for images in (noise, found)
        ]
        assert answers[1][0, channel] > answers[0][0, channel]


def test_the_overlay_is_an_image_for_each_photo():
    heat = np.zeros((3, 150, 150), np.float32)
    heat[:, :75] = 1
    shown = overlay(PHOTOS, heat).astype(int)
    assert shown.shape == PHOTOS.shape and (shown - PHOTOS // 2)[:, :75, :, 0].mean() > 100
    with pytest.raises(CourseError, match="do not belong"):
        overlay(PHOTOS, heat[:2])


def test_wrong_inputs_are_told(course_model):
    with pytest.raises(CourseError, match="no layer 'block9'; choose one of"):
        grad_cam(course_model, PHOTOS, "block9")
    with pytest.raises(CourseError, match="gives no feature maps; choose one of block1_conv1"):
        grad_cam(course_model, PHOTOS, [name for name in map_names(course_model) if name.startswith("dense")][0])
    with pytest.raises(CourseError, match="not in a softmax"):
        grad_cam(build_small_base("mini_vgg16")[0], PHOTOS, "block5_conv3")
    for classes in ([0], [0, 1, 2], [-1, 0, 0]):
        with pytest.raises(CourseError, match="one class from 0 to 1"):
            grad_cam(course_model, PHOTOS, "block5_conv3", classes=classes)
    with pytest.raises(CourseError, match="channels 0 to 7"):
        most_exciting(course_model, "block1_conv1", [8])


def map_names(model):
    return [layer.name for part in model.layers if hasattr(part, "layers") for layer in part.layers]
