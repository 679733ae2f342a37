"""The numbers of parameters that the notebooks quote from lessons are those of these networks."""

import math

import keras
from keras import layers


def test_the_flowers_head_on_inception_has_the_parameters_of_notebook_08():
    base = keras.applications.InceptionV3(weights=None, include_top=False, input_shape=(150, 150, 3))
    assert base.output_shape == (None, 3, 3, 2048)
    base.trainable = False
    model = keras.Sequential([base, layers.Flatten(), layers.Dense(64), layers.Dense(5)])
    trained = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    assert trained == (3 * 3 * 2048 + 1) * 64 + (64 + 1) * 5 == 1_180_037
    assert model.count_params() == 22_982_821
