"""Variants: the same on any machine, in bounds, different; the secret; the instant checks and what they reject."""

import json
import os
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from course_utils.assignments import checks
from course_utils.assignments import variant as variant_module
from course_utils.errors import CourseError
from homework.handing_out import variants
from homework.handing_out.variants import VARIANTS, course_secret, variant_of

EVERY = [variant for rows in VARIANTS.values() for variant in rows]
SECRET = bytes(range(32))
NUMBERS = [[2, 2, 3, 0], [0, 5, 5, 1], [4, 3, 3, 0], [1, 2, 0, 2]]


def named(variant):
    return f"{variant['assignment']}-{variant['number']}"


# Which variant


def test_there_are_four_assignments_of_at_most_24_variants():
    assert tuple(VARIANTS) == variant_module.ASSIGNMENTS
    assert all(4 <= len(rows) <= 24 for rows in VARIANTS.values())


def test_the_variants_of_an_assignment_are_numbered_and_differ_in_more_than_the_seed():
    for rows in VARIANTS.values():
        assert [row["number"] for row in rows] == list(range(len(rows)))
        tasks = [json.dumps({key: row[key] for key in row if key not in ("number", "seed")}) for row in rows]
        assert len(set(tasks)) == len(rows)


@pytest.mark.parametrize("variant", EVERY, ids=named)
def test_a_variant_is_in_bounds_and_survives_json(variant):
    assert variant["base"] in ("mini_vgg16", "mini_mobilenet_v2", "mini_xception")
    assert variant["base"] != "mini_vgg16" or variant["assignment"] != "another_base"
    assert (variant["unfreeze"] > 0) == (variant["assignment"] == "fine_tuning")
    assert 400 <= variant["subset"] <= 2000 and 0 <= variant["seed"] < 2**31
    assert all(0 < rate < 100 for rate in variant["learning_rates"])
    assert json.loads(json.dumps(variant)) == variant
    checks.check_variant(variant, variant["assignment"])


@pytest.mark.parametrize("variant", VARIANTS["fine_tuning"], ids=named)
def test_a_base_has_more_convolutions_than_are_to_be_unfrozen(variant):
    from course_utils.sandbox.small_bases import build_architecture

    layers = variant_module.convolutions(build_architecture(variant["base"], 150))
    assert len(layers) > 2 * variant["unfreeze"]


def test_the_convolutions_of_the_small_vgg16_are_its_thirteen_in_order():
    from course_utils.sandbox.small_bases import build_architecture

    names = [layer.name for layer in variant_module.convolutions(build_architecture("mini_vgg16", 64))]
    assert len(names) == 13 and names[-3:] == ["block5_conv1", "block5_conv2", "block5_conv3"]


def test_a_student_has_the_same_variant_in_another_process_with_another_hash_seed():
    code = (
        "from homework.handing_out.variants import *\nimport json\n"
        "students = ['ann', 'zo\\u00eb', '20261234']\n"
        "print(json.dumps([variant_of(bytes(range(32)), s, a) for s in students for a in ASSIGNMENTS]))\n"
        "print(training_subset({'subset': 20, 'seed': 7}).tolist())"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env=dict(os.environ, PYTHONHASHSEED=seed),
        ).stdout
        for seed in ("1", "2")
    ]
    ids, every = ("ann", "zoë", "20261234"), variant_module.ASSIGNMENTS
    here = [variant_of(SECRET, student, a) for student in ids for a in every]
    assert outputs[0] == outputs[1]
    assert json.loads(outputs[0].splitlines()[0]) == here


def test_the_choice_is_the_published_one():
    # A change of these numbers would give every student of a running course another task.
    students = ("ann", "bob", "zoë", "20261234")
    numbers = [[variant_of(SECRET, one, a)["number"] for one in students] for a in variant_module.ASSIGNMENTS]
    # Assignments of one's own come after these.
    assert numbers[: len(NUMBERS)] == NUMBERS


def test_case_spaces_and_the_way_of_writing_an_accent_do_not_change_the_variant():
    for one, other in (("ann", " Ann "), ("zoë", "zoe\u0308")):
        assert variant_of(SECRET, one, "conv_head") == variant_of(SECRET, other, "conv_head")


def test_all_variants_are_given_about_equally_often():
    for assignment, rows in VARIANTS.items():
        counts = Counter(variant_of(SECRET, f"s{number}", assignment)["number"] for number in range(4000))
        expected = 4000 / len(rows)
        assert sorted(counts) == list(range(len(rows)))
        assert all(abs(count - expected) < 5 * expected**0.5 for count in counts.values())


def test_another_secret_gives_others():
    students = [f"s{number}" for number in range(60)]
    ours = [variant_of(SECRET, one, "fine_tuning")["number"] for one in students]
    theirs = [variant_of(SECRET[::-1], one, "fine_tuning")["number"] for one in students]
    assert ours != theirs


def test_a_variant_is_a_copy():
    variant_of(SECRET, "ann", "conv_head")["learning_rates"].append(1.0)
    assert all(rate < 1 for variant in VARIANTS["conv_head"] for rate in variant["learning_rates"])


@pytest.mark.parametrize(
    ("secret", "student", "assignment"),
    [(b"", "ann", "conv_head"), ("text", "ann", "conv_head"), (SECRET, " ", "conv_head"), (SECRET, "ann", "hw1")],
)
def test_no_variant_without_secret_student_and_assignment(secret, student, assignment):
    with pytest.raises(CourseError):
        variant_of(secret, student, assignment)


# Which photos


@pytest.mark.parametrize("variant", EVERY, ids=named)
def test_a_subset_has_as_many_dogs_as_cats_none_twice_dogs_first(variant):
    subset = variant_module.training_subset(variant)
    half = variant["subset"] // 2
    assert subset.dtype == np.int64 and subset.shape == (variant["subset"],)
    assert (subset[:half] < 1000).all() and (subset[half:] >= 1000).all()
    assert len(np.unique(subset)) == len(subset) and subset.min() >= 0 and subset.max() < 2000


def test_other_seeds_choose_other_photos():
    one, other = (variant_module.training_subset({"subset": 800, "seed": seed}) for seed in (1, 2))
    assert 250 < len(np.intersect1d(one, other)) < 390


@pytest.mark.parametrize("count", [0, 7, 2002, -2])
def test_a_subset_out_of_bounds_is_refused(count):
    with pytest.raises(CourseError, match="even and between"):
        variant_module.training_subset({"subset": count, "seed": 1})


# The secret


def test_the_secret_is_made_once_kept_and_readable_by_its_owner_alone(tmp_path):
    first = course_secret(tmp_path / "class")
    path = tmp_path / "class" / "secret.txt"
    assert len(first) == 32 and course_secret(tmp_path / "class") == first
    assert "secret.txt" in (path.parent / ".gitignore").read_text().splitlines()
    assert course_secret(tmp_path / "another") != first
    assert sorted(one.name for one in path.parent.iterdir()) == [".gitignore", "secret.txt"]
    if sys.platform != "win32":
        assert path.stat().st_mode & 0o077 == 0


def test_processes_that_ask_at_once_get_the_same_secret(tmp_path):
    folder = str(tmp_path / "class")
    code = f"from homework.handing_out.variants import course_secret; print(course_secret({folder!r}).hex())"
    asked = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert len({process.communicate()[0] for process in asked}) == 1
    assert all(process.returncode == 0 for process in asked)


@pytest.mark.parametrize("content", ["", "not hexadecimal", "ab" * 31, "ab" * 33, "é"])
def test_a_damaged_secret_is_told_and_neither_replaced_nor_shown(tmp_path, content):
    path = tmp_path / "secret.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CourseError, match="restore it") as told:
        course_secret(tmp_path)
    assert path.read_text(encoding="utf-8") == content
    assert not content or content not in str(told.value)


def test_a_file_in_the_place_of_the_course_folder_is_told(tmp_path):
    (tmp_path / "class").write_text("")
    with pytest.raises(CourseError):
        course_secret(tmp_path / "class")


# The table of a notebook for all


def test_a_student_finds_the_own_variant_in_the_table():
    rows = VARIANTS["conv_head"]
    numbers = {variant_module.student_key(one, "salt"): number for one, number in (("ann", 3), ("zoë", 1))}
    assert variant_module.look_up_variant(" Ann ", "salt", numbers, rows) == rows[3]
    assert variant_module.look_up_variant("zoë", "salt", numbers, rows) == rows[1]


@pytest.mark.parametrize(
    ("student", "words"), [("", "No student id"), ("  ", "No student id"), ("bob", "no student id")]
)
def test_an_id_that_is_missing_or_unknown_is_told(student, words):
    numbers = {variant_module.student_key("ann", "salt"): 3}
    with pytest.raises(CourseError, match=words):
        variant_module.look_up_variant(student, "salt", numbers, VARIANTS["conv_head"])


def test_another_salt_gives_another_key():
    assert variant_module.student_key("ann", "one") != variant_module.student_key("ann", "two")


# The instant checks, each with what it must reject


def changed(**parts):
    return VARIANTS["fine_tuning"][0] | parts


@pytest.mark.parametrize(
    ("variant", "words"),
    [
        ({"base": "mini_vgg16"}, "exactly the parts"),
        ("fine_tuning", "exactly the parts"),
        (changed(bonus=1), "exactly the parts"),
        (changed(assignment="conv_head"), "is for 'conv_head'"),
        (changed(subset="600"), "Check failed"),
        (changed(seed=-1), "Check failed"),
        (changed(unfreeze=True), "Check failed"),
        (changed(learning_rates=[]), "Check failed"),
        (changed(learning_rates=[3e-3, 0.0]), "Check failed"),
        (changed(learning_rates=3e-3), "Check failed"),
        (changed(base=None), "Check failed"),
    ],
)
def test_a_variant_of_another_form_is_refused(variant, words):
    with pytest.raises(CourseError, match=words):
        checks.check_variant(variant, "fine_tuning")


@pytest.fixture(scope="module")
def base():
    from course_utils import load_base

    return load_base("mini_vgg16", size=64)


@pytest.fixture(scope="module")
def photos():
    return np.random.default_rng(0).integers(0, 256, (6, 64, 64, 3), np.uint8)


@pytest.fixture(scope="module")
def features(base, photos):
    from course_utils import record_features

    return record_features(base, photos)


def test_features_of_the_base_pass_in_16_bits_too(base, photos, features, capsys):
    checks.check_features(features, photos, base)
    checks.check_features(features.astype(np.float16), photos, base)
    assert capsys.readouterr().out.count("Check OK") == 2


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda base, photos, features: features[:-1], "shape"),
        (lambda base, photos, features: features.mean(axis=(1, 2)), "shape"),
        (lambda base, photos, features: base.model.predict(photos / np.float32(255), verbose=0), "x / 255"),
        (lambda base, photos, features: base.model.predict(base.preprocess(photos / np.float32(255))), "x / 255"),
        (
            lambda base, photos, features: base.model.predict(base.preprocess(photos[..., ::-1]), verbose=0),
            "other features",
        ),
        (lambda base, photos, features: features[::-1], "other features"),
        (lambda base, photos, features: np.zeros_like(features), "other features"),
    ],
    ids=["one missing", "pooled", "x / 255", "x / 255 and then its own", "blue for red", "other order", "zeros"],
)
def test_features_of_another_form_or_input_are_refused(base, photos, features, spoil, words):
    with pytest.raises(CourseError, match=words):
        checks.check_features(spoil(base, photos, features), photos, base)


@pytest.fixture
def whole():
    """A fresh base with a head on it, and the base frozen."""
    import keras

    from course_utils import load_base

    base = load_base("mini_vgg16", size=64)
    base.model.trainable = False
    inputs = keras.Input((64, 64, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(base.model(base.preprocess(inputs), training=False))
    return base, keras.Model(inputs, keras.layers.Dense(2, activation="softmax", name="head")(pooled))


def unfreeze(base, *names):
    for name in names:
        base.model.get_layer(name).trainable = True


BLOCK5 = ("block5_conv1", "block5_conv2", "block5_conv3")


def test_the_last_three_convolutions_pass_and_a_frozen_base_passes_as_none(whole):
    base, model = whole
    checks.check_unfrozen(model, base, 0)
    unfreeze(base, *BLOCK5)
    checks.check_unfrozen(model, base, 3)


@pytest.mark.parametrize(
    ("names", "number", "words"),
    [
        ((), 3, "Nothing of the base"),
        (BLOCK5, 0, "would be trained"),
        (BLOCK5[2:], 3, "Only 1 of 3"),
        (("block5_conv1",), 2, "a slice"),
        (BLOCK5, 2, "Too many"),
        (("block1_conv1", *BLOCK5[1:]), 3, "a slice"),
    ],
)
def test_other_layers_than_the_last_are_refused(whole, names, number, words):
    base, model = whole
    unfreeze(base, *names)
    with pytest.raises(CourseError, match=words):
        checks.check_unfrozen(model, base, number)


def test_a_base_that_was_unfrozen_as_a_whole_is_refused(whole):
    base, model = whole
    base.model.trainable = True
    with pytest.raises(CourseError, match="Too many"):
        checks.check_unfrozen(model, base, 3)


def test_unfrozen_batch_normalization_is_refused():
    import keras

    from course_utils.bases import Base

    inner = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3), keras.layers.BatchNormalization()])
    model = keras.Sequential([keras.Input((8, 8, 3)), inner, keras.layers.Flatten(), keras.layers.Dense(2)])
    with pytest.raises(CourseError, match="batch normalization"):
        checks.check_unfrozen(model, Base("test", inner, None, "test"), 1)


def test_a_frozen_head_and_a_model_without_the_base_are_refused(whole):
    import keras

    base, model = whole
    model.get_layer("head").trainable = False
    with pytest.raises(CourseError, match="head is trained"):
        checks.check_unfrozen(model, base, 0)
    stranger = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    with pytest.raises(CourseError, match="part of this model"):
        checks.check_unfrozen(stranger, base, 0)


def small_head(outputs=2, shape=(2, 2, 8)):
    import keras

    return keras.Sequential([keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(outputs)])


def test_the_learning_rate_is_read_from_the_compiled_model():
    import keras

    head = small_head()
    with pytest.raises(CourseError, match="is compiled"):
        checks.check_learning_rate(head, 3e-3)
    head.compile(keras.optimizers.RMSprop(3e-3), "sparse_categorical_crossentropy")
    checks.check_learning_rate(head, 3e-3)
    with pytest.raises(CourseError, match="It is 0.003"):
        checks.check_learning_rate(head, 5e-5)


def test_a_head_of_another_form_is_refused():
    import keras

    recorded = np.zeros((5, 2, 2, 8), np.float32)
    checks.check_head(small_head(), recorded, 2)
    with pytest.raises(CourseError, match="takes features of shape"):
        checks.check_head(small_head(shape=(4, 4, 8)), recorded, 2)
    with pytest.raises(CourseError, match="gives 1 number"):
        checks.check_head(small_head(2), recorded, 1)
    unpooled = keras.Sequential([keras.Input((2, 2, 8)), keras.layers.Dense(2)])
    with pytest.raises(CourseError, match="gives 2 number"):
        checks.check_head(unpooled, recorded, 2)
    frozen = small_head()
    frozen.layers[-1].trainable = False
    with pytest.raises(CourseError, match="frozen"):
        checks.check_head(frozen, recorded, 2)


RATES = {"learning_rates": [1e-4, 1e-3, 1e-2]}


@pytest.mark.parametrize(
    ("accuracies", "words"),
    [
        ({1e-4: 0.5, 1e-3: 0.8}, "each learning rate"),
        ({1e-4: 0.5, 1e-3: 0.8, 1e-2: 0.6, 1e-1: 0.5}, "each learning rate"),
        ({1e-4: 50, 1e-3: 80, 1e-2: 60}, "share"),
        ({1e-4: 0.8, 1e-3: 0.8, 1e-2: 0.8}, "alike"),
    ],
)
def test_trials_that_are_missing_or_alike_are_refused(accuracies, words):
    checks.check_trials({1e-4: 0.5, 1e-3: 0.8, 1e-2: 0.6}, RATES)
    with pytest.raises(CourseError, match=words):
        checks.check_trials(accuracies, RATES)


def test_a_head_that_was_built_by_its_first_batch_passes(features):
    import keras

    pooled = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2, activation="softmax")]
    head = keras.Sequential(pooled)
    head.build(features.shape)
    assert head.output_shape == (len(features), 2)
    checks.check_head(head, features, 2)


@pytest.mark.parametrize("shape", [(4,), (4, 1), (4, 2)])
def test_predictions_pass_in_each_of_the_three_forms(shape):
    given = np.array([0.1, 0.9, 0.2, 0.8]).reshape(4, 1)
    given = np.hstack([1 - given, given]) if shape == (4, 2) else given.reshape(shape)
    checks.check_predictions(given, 4)


@pytest.mark.parametrize(
    ("predictions", "words"),
    [
        (np.full((3, 2), 0.5), "one prediction for each"),
        (np.full((4, 3), 0.3), "one prediction for each"),
        (np.array([0.1, np.nan, 0.3, 0.9]), "probability"),
        (np.array([-3.0, 4.0, 0.3, 0.9]), "probability"),
        (np.full((4, 2), 0.5), "same answer"),
        (np.array([0.9, 0.8, 0.7, 0.6]), "same answer"),
    ],
)
def test_predictions_of_another_form_are_refused(predictions, words):
    with pytest.raises(CourseError, match=words):
        checks.check_predictions(predictions, 4)


@pytest.mark.parametrize("answer", ["", "\nWrite your answer here.\n", "too short", None, 42])
def test_an_answer_that_was_not_written_is_refused(answer):
    checks.check_text_answer("word " * 20)
    with pytest.raises(CourseError, match="at least 20 words"):
        checks.check_text_answer(answer)


def test_the_secret_and_the_variants_are_had_without_tensorflow():
    code = "import sys, homework.handing_out.variants, homework.scoring.thresholds\n"
    code += "print('tensorflow' in sys.modules, 'keras' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_every_name_that_the_module_promises_is_there():
    assert all(hasattr(variants, name) for name in variants.__all__)
