"""Maps of what speaks for an answer: they lie where the evidence is, however the model is built."""

import keras
import numpy as np
import pytest
from keras import layers

from course_utils.errors import CourseError
from course_utils.explain import (
    grad_cam,
    hires_cam,
    layer_outputs,
    map_layers,
    maps_and_slopes,
    margins,
    most_exciting,
    occlusion_map,
    overlay,
)
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
    units, activation = (1, "sigmoid") if last == "sigmoid" else (2, "softmax" if last == "softmax" else None)
    dense = layers.Dense(units, activation=activation, name="answer")
    head = [layers.GlobalAveragePooling2D(), dense, *([layers.Softmax()] if last == "Softmax layer" else [])]
    inputs = keras.Input((32, 32, 3))
    if nested:
        outputs = keras.Sequential(head)(base(inputs / 255.0))
    else:
        outputs = inputs / 255.0
        for layer in [convolution, *head]:
            outputs = layer(outputs)
    model = keras.Model(inputs, outputs)
    convolution.set_weights([np.full((3, 3, 3, 2), [0.1, -0.1]), np.zeros(2)])
    kernel = [[8.0], [-8.0]] if last == "sigmoid" else [[-4.0, 4.0], [4.0, -4.0]]
    dense.set_weights([np.array(kernel), np.zeros(units)])
    return model


def above_or_below():
    """A model that answers 1 where the upper half is brighter than the lower one: its Flatten head knows places."""
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(1, 1, name="maps"),
            layers.Flatten(),
            layers.Dense(2, activation="softmax"),
        ]
    )
    model.get_layer("maps").set_weights([np.full((1, 1, 3, 1), 1 / 3), np.zeros(1)])
    place = np.where(np.arange(32 * 32) < 16 * 32, 0.1, -0.1)
    model.layers[-1].set_weights([np.stack([-place, place], axis=1), np.zeros(2)])
    return model


kinds = pytest.mark.parametrize("last", ["softmax", "sigmoid", "Softmax layer"])
maps_of = pytest.mark.parametrize("map_of", [grad_cam, hires_cam])


@kinds
@pytest.mark.parametrize("nested", [False, True], ids=["flat", "nested"])
@maps_of
def test_the_heat_lies_where_the_evidence_is(map_of, nested, last):
    heat = map_of(bright_or_not(nested, last), spot_images("ab"), "maps", classes=[1, 1])
    assert heat.shape == (2, 32, 32) and heat.min() >= 0 and heat.max() == pytest.approx(1)
    assert heat[0, 4:10, 4:10].min() > 0.9 and heat[0, 20:, 20:].max() < 0.1
    assert heat[1, 22:28, 22:28].min() > 0.9 and heat[1, :12, :12].max() < 0.1


@kinds
def test_the_three_ways_to_end_give_the_same_margin_and_the_same_maps(last):
    model, expected = bright_or_not(False, last), bright_or_not(False)
    assert margins(model, spot_images("ab")) == pytest.approx(margins(expected, spot_images("ab")), abs=1e-4)
    assert np.allclose(
        grad_cam(model, spot_images("ab"), "maps"), grad_cam(expected, spot_images("ab"), "maps"), atol=1e-5
    )


def test_a_margin_is_the_logarithm_of_the_odds(course_model, photos):
    probabilities = course_model.predict(photos, verbose=0).astype(np.float64)
    expected = np.log(probabilities[:, 1] / probabilities[:, 0])
    assert margins(course_model, photos, [1, 1, 1], batch_size=2) == pytest.approx(expected, abs=1e-3)
    assert margins(course_model, photos) == pytest.approx(np.abs(expected), abs=1e-3)


def test_the_slopes_say_by_how_much_the_margin_changes():
    model = above_or_below()
    maps, slopes = maps_and_slopes(model, spot_images("a"), "maps", classes=[1])
    assert maps.shape == slopes.shape == (1, 32, 32, 1)
    assert slopes[0, :16] == pytest.approx(0.2) and slopes[0, 16:] == pytest.approx(-0.2)


def test_before_a_flatten_layer_the_mean_of_the_slopes_loses_the_place_and_hirescam_keeps_it():
    both = spot_images("a") | spot_images("b")
    heat = hires_cam(above_or_below(), both, "maps", classes=[1])[0]
    assert heat[4:10, 4:10].min() > 0.9 and heat[20:].max() == 0
    lost = grad_cam(above_or_below(), both, "maps", classes=[1])[0]
    assert lost[4:10, 4:10].mean() == pytest.approx(lost[22:28, 22:28].mean())


def test_occlusion_finds_what_the_answer_needs():
    heat = occlusion_map(above_or_below(), spot_images("a"), side=8, step=4)[0]
    assert heat[4:10, 4:10].min() > 0.5 and heat[:, 24:].max() < 0.2


@maps_of
def test_nothing_speaks_for_the_class_that_is_not_there(map_of):
    assert map_of(bright_or_not(True), spot_images("a"), "maps", classes=[0]).max() == 0


def test_a_sure_answer_is_explained_too():
    model = bright_or_not(True)
    answer = model.get_layer(index=-1).layers[-1]
    answer.set_weights([weights * 1000 for weights in answer.get_weights()])
    assert model.predict(spot_images("a"), verbose=0)[0, 1] == 1.0
    assert grad_cam(model, spot_images("a"), "maps").max() == pytest.approx(1)


def test_it_works_on_the_model_of_notebook_04_and_loaded_again(course_model, photos, tmp_path):
    course_model.save(tmp_path / "frozen_base.keras")
    again = keras.saving.load_model(tmp_path / "frozen_base.keras", compile=False)
    for model in (course_model, again):
        heat = grad_cam(model, photos, map_layers(model)[-1])
        assert heat.shape == (3, 150, 150) and heat.max() > 0
    assert np.allclose(heat, grad_cam(course_model, photos, "block5_conv3"), atol=1e-3)


@kinds
def test_a_model_gives_probabilities_again_afterwards(last):
    model = bright_or_not(True, last)
    before = model.predict(spot_images("ab"), verbose=0)
    grad_cam(model, spot_images("ab"), "maps")
    margins(model, spot_images("ab"))
    assert np.asarray(model(spot_images("ab"))) == pytest.approx(before, abs=1e-6)


def test_the_model_is_unchanged_afterwards(course_model, photos):
    before = course_model.predict(photos, verbose=0)
    grad_cam(course_model, photos, "block5_conv3")
    most_exciting(course_model, "block1_conv1", [0], steps=1)
    layer_outputs(course_model, photos, "block5_conv3")
    assert np.array_equal(before, course_model.predict_on_batch(photos)) or np.allclose(
        before, course_model.predict(photos, verbose=0), atol=1e-6
    )
    assert np.asarray(course_model(photos)).sum(axis=1) == pytest.approx(1)


def test_the_overlay_is_yellow_where_most_is_and_the_grey_photo_where_nothing_is(photos):
    heat = np.zeros((3, 150, 150), np.float32)
    heat[:, :75] = 1
    red, green, blue = np.moveaxis(overlay(photos, heat).astype(int), -1, 0)
    assert (red - blue)[:, :75].mean() > 50
    assert np.array_equal(red[:, 75:], green[:, 75:]) and np.array_equal(red[:, 75:], blue[:, 75:])


def test_an_overlay_of_another_number_of_maps_is_told(photos):
    with pytest.raises(CourseError, match="do not belong"):
        overlay(photos, np.zeros((2, 150, 150), np.float32))


def test_wrong_inputs_are_told(course_model, photos):
    with pytest.raises(CourseError, match="no layer 'block9'; choose one of"):
        grad_cam(course_model, photos, "block9")
    with pytest.raises(CourseError, match="gives no feature maps; choose one of block1_conv1"):
        hires_cam(course_model, photos, course_model.layers[-1].layers[-1].name)
    with pytest.raises(CourseError, match="not in a softmax"):
        grad_cam(build_small_base("mini_vgg16")[0], photos, "block5_conv3")
    with pytest.raises(CourseError, match="one class for each"):
        margins(course_model, photos, classes=[0])
    for classes in ([0, 1, 2], [-1, 0, 0]):
        with pytest.raises(CourseError, match="classes from 0 to 1"):
            grad_cam(course_model, photos, "block5_conv3", classes=classes)
