"""The numbers of parameters that the notebooks quote from lessons are those of these networks."""

import math
from pathlib import Path

import keras
from keras import layers

SCRIPTS = Path(__file__).resolve().parents[2] / "notebooks" / "scripts"


def text(name):
    return (SCRIPTS / f"{name}.py").read_text(encoding="utf-8")


def two_convolutions(filters, *head):
    convolutions = [
        part for _ in range(2) for part in (layers.Conv2D(filters, 3, activation="relu"), layers.MaxPooling2D())
    ]
    return keras.Sequential([keras.Input((160, 160, 3)), *convolutions, layers.Flatten(), *head, layers.Dense(2)])


def test_the_four_models_of_notebook_07_have_the_parameters_in_its_table():
    base = keras.applications.MobileNetV2(weights=None, include_top=False, input_shape=(160, 160, 3))
    transfer = keras.Sequential([base, layers.GlobalMaxPooling2D(), layers.Dense(2)])
    models = [
        two_convolutions(16, layers.Dense(32)),
        two_convolutions(32, layers.Dense(64)),
        two_convolutions(32),
        transfer,
    ]
    lines = text("07_regularise_normalise_transfer").splitlines()
    rows = [line for line in lines if line.startswith(("# | 1 ", "# | 2 ", "# | 3 ", "# | 4 "))]
    assert [row.split("|")[3].strip() for row in rows] == [f"{model.count_params():,}" for model in models]


def test_the_flowers_head_on_inception_has_the_parameters_of_notebook_08():
    base = keras.applications.InceptionV3(weights=None, include_top=False, input_shape=(150, 150, 3))
    assert base.output_shape == (None, 3, 3, 2048)
    base.trainable = False
    model = keras.Sequential([base, layers.Flatten(), layers.Dense(64), layers.Dense(5)])
    trained = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    assert trained == (3 * 3 * 2048 + 1) * 64 + (64 + 1) * 5 == 1_180_037
    assert model.count_params() == 22_982_821
