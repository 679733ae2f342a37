"""What stands in for an earlier notebook is built as that notebook builds it."""

import math
import re

import jupytext
import pytest

from course_utils import training


def built_in(script, name, *more):
    """Run the cells of a notebook's script that define a network, and build it."""
    import keras
    from keras import layers

    names = {"keras": keras, "layers": layers}
    for cell in jupytext.read(script).cells:
        if cell.cell_type == "code" and re.search(rf"def ({'|'.join([name, *more])})\(", cell.source):
            exec(cell.source, names)
    return names[name]()


def described(model):
    """The layers in order, without the names that Keras numbers anew for each model."""
    kept = []
    for layer in model.layers:
        config = layer.get_config()
        kept.append(
            (type(layer).__name__, {key: value for key, value in config.items() if key not in ("name", "seed")})
        )
    return kept


@pytest.mark.parametrize(
    ("notebook", "name", "more", "ours"),
    [
        ("03_scratch_cnn", "scratch_cnn", (), training.scratch_cnn),
        ("07_regularise_normalise_transfer", "better_cnn", ("convolution",), lambda: training.better_cnn(100)),
    ],
)
def test_a_stand_in_is_the_network_of_its_notebook(checkout, notebook, name, more, ours):
    theirs = built_in(checkout / "notebooks" / "scripts" / f"{notebook}.py", name, *more)
    assert described(theirs) == described(ours())


@pytest.mark.parametrize("steps", [630, 1512])
def test_the_schedule_of_the_better_network_ends_at_zero(steps):
    schedule = training.better_cnn(steps).optimizer._learning_rate
    assert float(schedule(steps // 10)) == pytest.approx(3e-3, rel=1e-3)
    assert math.isclose(float(schedule(steps)), 0, abs_tol=1e-6)
