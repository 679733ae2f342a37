"""The model that the tests of looking inside share."""

import keras
import numpy as np
import pytest
from keras import layers

from course_utils.sandbox.small_bases import build_small_base


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


@pytest.fixture
def photos():
    """Three images of noise."""
    return np.random.default_rng(0).integers(0, 256, (3, 150, 150, 3), dtype=np.uint8)
