"""The layers of a model: the same maps whether or not a base is nested, and images that excite a channel."""

import numpy as np
import pytest

from course_utils.errors import CourseError
from course_utils.explain import dense_layers, layer_outputs, map_layers, most_exciting
from course_utils.sandbox.small_bases import build_small_base


def test_layers_with_maps_are_listed_through_nested_models(course_model):
    names = map_layers(course_model)
    assert names[0] == "block1_conv1" and names[-1] == "block5_conv3" and len(names) == 13


def test_the_dense_layers_of_a_nested_head_are_listed_in_order(course_model, photos):
    hidden, last = dense_layers(course_model)
    assert layer_outputs(course_model, photos, hidden).shape == (3, 512)
    assert layer_outputs(course_model, photos, last).shape == (3, 2)


def test_a_layers_outputs_are_those_of_the_base_alone(course_model, photos):
    base, preprocess = build_small_base("mini_vgg16")
    expected = base.predict(preprocess(photos), verbose=0)
    assert np.allclose(layer_outputs(course_model, photos, "block5_pool", batch_size=2), expected, atol=1e-3)


def test_the_image_found_excites_its_channel_more_than_noise(course_model):
    noise = most_exciting(course_model, "block3_conv1", [0, 5], steps=0)
    found = most_exciting(course_model, "block3_conv1", [0, 5], steps=15)
    assert found.shape == (2, 150, 150, 3) and found.dtype == np.uint8
    for place, channel in enumerate((0, 5)):
        answers = [
            layer_outputs(course_model, images[[place]], "block3_conv1").mean((1, 2)) for images in (noise, found)
        ]
        assert answers[1][0, channel] > answers[0][0, channel]


def test_wrong_layers_and_channels_are_told(course_model, photos):
    with pytest.raises(CourseError, match="no layer 'block9'; choose one of"):
        layer_outputs(course_model, photos, "block9")
    with pytest.raises(CourseError, match="gives no feature maps; choose one of block1_conv1"):
        most_exciting(course_model, course_model.layers[-1].layers[-1].name, [0])
    with pytest.raises(CourseError, match="channels 0 to 7"):
        most_exciting(course_model, "block1_conv1", [8])
