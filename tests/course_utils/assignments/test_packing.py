"""Packing a homework: what is missing is said in words first, and the file holds all of it or is not there."""

import errno
import io
import json
import os
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from course_utils.assignments import packing
from course_utils.assignments.packing import pack_submission
from course_utils.bases import load_base
from course_utils.errors import CourseError
from homework.collecting.bundle import read_bundle
from homework.handing_out.variants import VARIANTS
from tools import colab

CHECKOUT = Path(__file__).resolve().parents[3]
SIZE = 150
VARIANT = VARIANTS["conv_head"][0]


@pytest.fixture(scope="module")
def base():
    return load_base(VARIANT["base"], SIZE)


def head_for(base, units=1, seed=0):
    import keras

    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [keras.Input(base.model.output_shape[1:]), keras.layers.Flatten(), keras.layers.Dense(units, "sigmoid")]
    )


@pytest.fixture(scope="module")
def work(base):
    """Everything that pack_submission takes, as a student has it at the end of a right notebook."""
    return {
        "student": "ada",
        "variant": VARIANT,
        "model": head_for(base),
        "base": base,
        "history": SimpleNamespace(history={"loss": [0.7, 0.4], "val_accuracy": [0.6, float("nan")]}),
        "predictions": np.linspace(1, 0, 1000, dtype=np.float32)[:, None],
        "answers": {"answer": "It learned faster."},
        "accuracy": 0.93,
    }


@pytest.fixture
def pack(work, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def packed(**changes):
        return pack_submission(**(work | changes), folder=tmp_path / "out")

    return packed


def parts(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def arrays(content):
    with np.load(io.BytesIO(content), allow_pickle=False) as kept:
        return dict(kept)


def test_the_file_is_named_after_assignment_and_student(pack):
    assert pack().name == "submission_conv_head_ada.zip"


def test_record_and_answers_come_back_as_given(pack):
    about = json.loads(parts(pack())["submission.json"])
    assert (about["student"], about["variant"], about["claimed_accuracy"]) == ("ada", VARIANT, 0.93)
    assert about["answers"] == {"answer": "It learned faster."}
    assert {"python", "keras", "numpy"} <= set(about["versions"])


def test_a_loss_that_became_nan_is_kept_as_null(pack):
    history = json.loads(parts(pack())["submission.json"])["history"]
    assert history == {"training": {"loss": [0.7, 0.4], "val_accuracy": [0.6, None]}}


def test_several_runs_are_kept_by_name(pack):
    runs = {rate: {"loss": [rate]} for rate in (1e-5, 0.1)}
    assert json.loads(parts(pack(history=runs))["submission.json"])["history"] == {
        "1e-05": {"loss": [1e-5]},
        "0.1": {"loss": [0.1]},
    }


def test_predictions_come_back_as_given(pack, work):
    assert np.array_equal(arrays(parts(pack())["predictions.npz"])["probabilities"], work["predictions"])


def test_the_scorer_reads_what_was_packed(pack, work):
    bundle = read_bundle(pack())
    kernel, bias = work["model"].get_weights()
    assert {name: array.shape for name, array in bundle.head_weights.items()} == {
        "1/kernel": kernel.shape,
        "1/bias": bias.shape,
    }
    assert [step["kind"] for step in bundle.head] == ["Flatten", "Dense"] and not bundle.base_weights


def test_the_same_work_gives_the_same_bytes(pack):
    first = pack().read_bytes()
    assert pack().read_bytes() == first


def whole(base, head):
    import keras

    inputs = keras.Input((SIZE, SIZE, 3))
    return keras.Model(inputs, head(base.model(base.preprocess(inputs), training=False)))


def test_of_the_base_only_what_training_changed_is_packed_by_the_names_of_its_layers(pack):
    changed = load_base(VARIANT["base"], SIZE)
    layer = [one for one in changed.model.layers if type(one).__name__ == "Conv2D"][-1]
    kernel, bias = layer.get_weights()
    layer.set_weights([kernel * 1.01, bias])
    assert list(arrays(parts(pack(model=whole(changed, head_for(changed))))["base.npz"])) == [f"{layer.name}/kernel"]


def test_a_base_that_stayed_as_released_is_not_packed(pack, base):
    bundle = read_bundle(pack(model=whole(base, head_for(base))))
    assert not bundle.base_weights and bundle.about["between"]["preprocessing"] == "its own preprocessing"
    assert bundle.about["base"] | {"sha256": ""} == {"name": base.name, "size": SIZE, "sha256": ""}


def test_another_preprocessing_is_packed_by_its_name_and_told(pack, base, capsys):
    import keras

    inputs = keras.Input((SIZE, SIZE, 3))
    model = keras.Model(inputs, head_for(base)(base.model(inputs / 255.0)))
    about = read_bundle(pack(model=model)).about
    assert about["between"]["preprocessing"] == "x / 255"
    assert f"Look again: {base.name} got x / 255" in capsys.readouterr().out


def test_a_random_crop_becomes_one_of_the_middle_and_stands_before_the_base(pack):
    import keras

    small = load_base(VARIANT["base"], 128)
    inputs = keras.Input((SIZE, SIZE, 3))
    cropped = small.preprocess(keras.layers.RandomCrop(128, 128)(inputs))
    model = keras.Model(inputs, head_for(small)(small.model(cropped)))
    about = read_bundle(pack(model=model, base=small)).about
    (view,) = about["between"]["views"]
    assert [step["kind"] for step in view] == ["CenterCrop"] and about["base"]["size"] == 128


def test_a_mirror_image_beside_the_photo_makes_two_views(pack, base):
    import keras

    inputs, head = keras.Input((SIZE, SIZE, 3)), head_for(base)
    seen = [head(base.model(base.preprocess(one))) for one in (inputs, inputs[:, :, ::-1])]
    views = read_bundle(pack(model=keras.Model(inputs, keras.layers.Average()(seen)))).about["between"]["views"]
    assert sorted(len(view) for view in views) == [0, 1]


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "bfloat16", "float16"])
def test_models_and_predictions_of_16_bits_are_packed(pack, policy):
    import keras
    import tensorflow as tf

    try:
        keras.config.set_dtype_policy(policy)
        base = load_base(VARIANT["base"], SIZE)
        model = whole(base, head_for(base))
    finally:
        keras.config.set_dtype_policy("float32")
    predictions = tf.cast(np.linspace(1, 0, 1000)[:, None], "bfloat16")
    bundle = read_bundle(pack(model=model, base=base, predictions=predictions))
    assert not bundle.base_weights and bundle.predictions.dtype == np.float32


def refused(pack, model, words, **changes):
    with pytest.raises(CourseError, match="^Nothing was written") as told:
        pack(model=model, **changes)
    assert words in str(told.value)


@pytest.mark.filterwarnings("ignore:The object being serialized includes")
def test_every_layer_that_is_not_scored_is_named(pack, base):
    import keras

    layers = keras.layers
    head = keras.Sequential([keras.Input(base.model.output_shape[1:]), layers.Reshape((-1, 64))])
    head.add(layers.LSTM(3, name="a"))
    head.add(layers.Dense(1, activation=lambda x: x, name="b"))
    refused(pack, head, "'a' is a LSTM, which the scorer does not take")
    refused(pack, head, "'b' has the activation '<lambda>'")


def test_a_head_that_looks_at_other_photos_of_its_batch_cannot_be_packed(pack, base):
    import keras

    inputs = keras.Input(base.model.output_shape[1:])
    means = keras.layers.GlobalAveragePooling2D()(inputs)
    apart = means - keras.ops.mean(means, axis=0, keepdims=True)
    refused(pack, keras.Model(inputs, keras.layers.Dense(1)(apart)), "does it look at other photos of its batch")


def test_a_way_around_the_base_a_look_inside_it_and_half_a_base_cannot_be_packed(pack, base):
    import keras

    layers, inputs = keras.layers, keras.Input((SIZE, SIZE, 3))
    pool = layers.GlobalAveragePooling2D()
    both = layers.Concatenate()([pool(base.model(base.preprocess(inputs))), pool(inputs)])
    refused(pack, keras.Model(inputs, layers.Dense(1)(both)), "a way around mini_vgg16")
    inside = base.model.get_layer("block4_pool").output
    both = layers.Concatenate()([pool(base.model.output), pool(inside)])
    refused(pack, keras.Model(base.model.input, layers.Dense(1)(both)), "'block4_pool' inside mini_vgg16")
    refused(pack, keras.Model(base.model.input, layers.Dense(1)(pool(inside))), "does not hold mini_vgg16 as a whole")


def test_a_second_base_with_other_weights_cannot_be_packed(pack, base):
    import keras

    other = load_base(VARIANT["base"], SIZE)
    other.model.get_layer("block5_conv3").kernel.assign_add(np.ones((3, 3, 64, 64), np.float32))
    other = keras.Model(other.model.input, other.model.output, name="other")
    inputs = keras.Input((SIZE, SIZE, 3))
    prepared, head = base.preprocess(inputs), head_for(base)
    both = keras.layers.Average()([head(base.model(prepared)), head(other(prepared))])
    refused(pack, keras.Model(inputs, both), "twice, with other weights")


def test_the_notebook_of_the_folder_goes_in(pack, tmp_path, capsys):
    (tmp_path / "mine.ipynb").write_text("{}")
    assert parts(pack())["notebook.ipynb"] == b"{}" and "with mine.ipynb" in capsys.readouterr().out


def test_the_course_that_a_one_file_copy_carries_is_not_packed_again(pack, tmp_path):
    import nbformat

    setup = nbformat.v4.new_code_cell("", metadata={"tags": ["setup"]})
    copy = nbformat.v4.new_notebook(cells=[setup, nbformat.v4.new_code_cell("mine = 1")])
    nbformat.write(colab.with_files_packed(copy, CHECKOUT, "copy"), tmp_path / "mine.ipynb")
    handed_in = parts(pack())["notebook.ipynb"]
    assert len(handed_in) < 3000 < 100_000 < (tmp_path / "mine.ipynb").stat().st_size
    read = nbformat.reads(handed_in.decode(), as_version=4)
    assert 'PACKED = ""' in read.cells[0].source and read.cells[1].source == "mine = 1"


def test_a_notebook_that_still_has_gaps_on_the_disk_is_told(pack, tmp_path, capsys):
    (tmp_path / "mine.ipynb").write_text('{"source": "head = ...  # your code here"}')
    pack()
    assert "Look again: the notebook still has gaps" in capsys.readouterr().out
    (tmp_path / "mine.ipynb").write_text('{"source": "head = new_head()  # your code here"}')
    pack()
    assert "gaps" not in capsys.readouterr().out


def test_an_accuracy_that_the_predictions_do_not_give_is_told(pack, work, capsys):
    # The first 500 are dogs, and have the larger numbers: all are right.
    pack(accuracy=1.0)
    assert "you state" not in capsys.readouterr().out
    pack(accuracy=0.5)
    assert "Look again: your predictions are right for 1.000 of the test photos, and you state 0.500" in (
        capsys.readouterr().out
    )


def test_an_answer_that_was_not_begun_is_refused(pack):
    with pytest.raises(CourseError, match="still says 'Write your answer here.'"):
        pack(answers={"answer": "\nWrite your answer here.\n"})


def test_the_size_of_a_small_file_is_said_in_kilobytes(pack, capsys):
    size = pack().stat().st_size
    assert size < 1_000_000 and f", {-(-size // 1000)} kB, " in capsys.readouterr().out


def test_without_a_notebook_it_says_so_and_packs_the_rest(pack, capsys, monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert "notebook.ipynb" not in parts(pack())
    said = capsys.readouterr().out
    # A second file would not be looked at.
    assert "without the notebook" in said and "give notebook='NAME.ipynb'" in said and "beside" not in said


WRONG = {
    "student": ("  ", "student id is empty"),
    "variant": ({"assignment": "conv_head"}, "variant is not the one of your notebook"),
    "model": (None, "is a NoneType, not a Keras model"),
    "base": (None, "not one from load_base"),
    "history": ({}, "history is missing"),
    "predictions": (np.zeros(999), "999 predictions, not 1,000"),
    "answers": ({"answer": " "}, "answers are missing"),
    "accuracy": (93, "give a share between 0 and 1"),
}


@pytest.mark.parametrize(("what", "value", "words"), [(what, *wrong) for what, wrong in WRONG.items()])
def test_what_is_missing_is_said_in_words_and_nothing_is_written(pack, tmp_path, what, value, words):
    with pytest.raises(CourseError, match="^Nothing was written") as told:
        pack(**{what: value})
    assert words in str(told.value) and "\n" not in str(told.value)
    assert not (tmp_path / "out").exists()


def test_everything_that_is_missing_is_said_at_once(pack):
    with pytest.raises(CourseError) as told:
        pack(**{what: value for what, (value, _) in WRONG.items()})
    assert all(words in str(told.value) for _, words in WRONG.values())


@pytest.mark.parametrize(
    ("predictions", "words"),
    [
        (np.full(1000, np.nan), "NaN or infinity"),
        (np.zeros((1000, 3)), "have shape (1000, 3)"),
        (["dog"] * 1000, "not of numbers"),
        ([[1], [2, 3]], "no array"),
    ],
)
def test_predictions_of_another_form_are_described(pack, predictions, words):
    with pytest.raises(CourseError) as told:
        pack(predictions=predictions)
    assert words in str(told.value)


def test_weights_that_are_no_numbers_are_said_with_what_to_do(pack, base):
    head = head_for(base)
    head.layers[-1].set_weights([np.full_like(one, np.nan) for one in head.layers[-1].get_weights()])
    with pytest.raises(CourseError, match="smaller learning rate"):
        pack(model=head)


def test_a_lambda_is_refused_before_it_is_handed_in(pack, base):
    import keras

    head = keras.Sequential([*head_for(base).layers, keras.layers.Lambda(lambda x: x, name="mine")])
    head.build((None, *base.model.output_shape[1:]))
    refused(pack, head, "'mine' is a Lambda layer")


def test_a_variant_with_another_base_names_both(pack):
    other = next(variant for variant in VARIANTS["conv_head"] if variant["base"] == "mini_xception")
    with pytest.raises(CourseError, match="'mini_vgg16' and your variant asks for 'mini_xception'"):
        pack(variant=other)


def test_a_variant_of_no_assignment_is_refused(pack):
    with pytest.raises(CourseError, match="variant is not the one of your notebook"):
        pack(variant=VARIANT | {"assignment": "another course"})


def test_a_notebook_that_is_not_there_is_named(pack, tmp_path):
    with pytest.raises(CourseError, match="no notebook .*gone.ipynb"):
        pack(notebook="gone.ipynb")
    assert not (tmp_path / "out").exists()


def test_a_bundle_beyond_the_limit_is_refused_with_what_makes_it_smaller(pack, tmp_path, monkeypatch):
    monkeypatch.setattr(packing, "LARGEST", 1000)
    with pytest.raises(CourseError, match="at most 0 MB can be handed in .*smaller head"):
        pack()
    assert not (tmp_path / "out").exists()


def test_the_limit_is_no_larger_than_what_the_scorer_reads():
    from homework.collecting.bundle import LARGEST_BUNDLE

    assert packing.LARGEST <= LARGEST_BUNDLE


def test_three_unfrozen_convolutions_of_vgg16_with_a_head_stay_below_the_limit():
    trained = 3 * (3 * 3 * 512 * 512 + 512) + 4 * 4 * 512 * 256 + 256 + 257
    noise = np.random.default_rng(0).standard_normal(trained, np.float32)
    content = packing._zip({"head.npz": packing._npz({"all": noise})})
    assert len(content) < packing.LARGEST


@pytest.mark.parametrize("step", ["write", "replace"])
def test_a_disk_that_fills_up_leaves_the_earlier_file_and_nothing_beside_it(pack, monkeypatch, step):
    path = pack()
    before = path.read_bytes()

    def full(written, content=b"", *_):
        if step == "write":
            with open(written, "wb") as file:
                file.write(content[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(*{"write": (Path, "write_bytes"), "replace": (os, "replace")}[step], full)
    with pytest.raises(CourseError, match="disk is full"):
        pack(accuracy=0.5)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == [path.name]
