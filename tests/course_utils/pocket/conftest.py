"""Two networks with clear opinions, exported in both ways, and the page that shows all four files."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from course_utils.sandbox.drawing import draw_animal


def drawn(kind, number):
    return draw_animal(kind, 4, "test", number)


@pytest.fixture(scope="session")
def networks(tmp_path_factory):
    """The networks of 03 and 04: the one with random weights, the other trained as there on 200 drawings."""
    import keras
    from keras import layers

    from course_utils.bases import load_base, record_features
    from course_utils.training import scratch_cnn

    keras.utils.set_random_seed(3)
    pictures = [cv2.resize(drawn(kind, n), (150, 150)) for kind in ("cat", "dog") for n in range(1000, 1100)]
    base = load_base("mini_vgg16")
    head = keras.Sequential([keras.Input(base.model.output_shape[1:]), layers.Flatten()])
    head.add(layers.Dense(512, activation="relu"))
    head.add(layers.Dense(2, activation="softmax"))
    head.compile(keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy")
    head.fit(record_features(base, np.stack(pictures)), np.repeat([0, 1], 100), epochs=5, verbose=0)
    inputs = keras.Input((150, 150, 3))
    frozen = keras.Model(inputs, head(base.model(base.preprocess(inputs), training=False)))

    scratch = scratch_cnn()
    scores = np.log(scratch.predict(np.stack(pictures[::4]), verbose=0))
    # Without training it says 50 % of everything: the last layer is turned up until its answers spread.
    difference = scores[:, 1] - scores[:, 0]
    kernel, bias = scratch.layers[-1].get_weights()
    turned_up = 2 / difference.std()
    bias[1] -= turned_up * np.median(difference)
    scratch.layers[-1].set_weights([kernel * turned_up, bias])
    return {"scratch": scratch, "frozen": frozen}


@pytest.fixture(scope="session")
def exported(networks, tmp_path_factory):
    """(network, weights) -> the exported file."""
    from course_utils.pocket.exporting import WEIGHTS, export_model

    folder = tmp_path_factory.mktemp("exported")
    return {
        (name, weights): export_model(network, folder / f"{name}_{weights}.tflite", weights)
        for name, network in networks.items()
        for weights in WEIGHTS
    }


@pytest.fixture(scope="session")
def litert_cache(tmp_path_factory):
    """A cache folder that holds LiteRT.js; skips where it cannot be had."""
    from course_utils.errors import CourseError
    from course_utils.pocket.runtime import fetch_runtime

    folder = tmp_path_factory.mktemp("litert")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_CACHE", str(folder))
        try:
            fetch_runtime()
        except CourseError as problem:
            pytest.skip(f"no page without LiteRT.js: {problem}")
    return folder


@pytest.fixture(scope="session")
def page(exported, litert_cache, tmp_path_factory):
    """The written page: its folder, the models that it shows in order, and the confidence that it asks for."""
    from course_utils.pocket.page import PocketModel, write_page

    models = {key: PocketModel(" ".join(key), file, "For tests.", 1.5) for key, file in exported.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_CACHE", str(litert_cache))
        samples = [("a drawn cat", drawn("cat", 1)), ("a drawn dog", drawn("dog", 1))]
        folder = write_page([*models.values()], 0.8, "Drawings.", samples, tmp_path_factory.mktemp("page") / "pocket")
    return SimpleNamespace(folder=folder, models=models, sure_from=0.8)
