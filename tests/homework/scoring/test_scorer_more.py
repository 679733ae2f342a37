"""The scorer on rarer submissions: right work of an unusual form, small slips, and bundles that are made to break it.

Hostile bundles go through the process in which a class is graded, with its limits on time and memory.
"""

import dataclasses
import json
import zipfile

import numpy as np
import pytest
from homework_corpus import (
    LEVEL,
    STUDENT,
    VARIANTS,
    Corpus,
    about,
    arrays,
    changed,
    config,
    layer_of,
    npy,
    parts_of,
    small_photos,
    told,
    write_zip,
    zip_bytes,
)

from course_utils.assignments import packing
from homework.scoring.hidden import to_bytes
from homework.scoring.score_process import LimitedScorer
from homework.scoring.scorer import score

SECONDS, MEMORY = 60, 2e9
VARIANT = VARIANTS["another_base"]
MOBILE = {name: variant | {"base": "mini_mobilenet_v2"} for name, variant in VARIANTS.items()}
# Reached by the heads below on mini_mobilenet_v2, which sees less in these drawings than mini_vgg16.
MOBILE_LEVEL = 0.6
MEANS = [103.939, 116.779, 123.68]
BLOCK5 = ["block5_conv1", "block5_conv2", "block5_conv3"]


@pytest.fixture(scope="module")
def photos():
    return small_photos()


@pytest.fixture(scope="module")
def corpus(photos, tmp_path_factory):
    return Corpus(tmp_path_factory.mktemp("corpus"), *photos)


@pytest.fixture(scope="module")
def mobile(photos, tmp_path_factory):
    return Corpus(tmp_path_factory.mktemp("mobile"), *photos, base="mini_mobilenet_v2")


@pytest.fixture(scope="module")
def pooled(corpus):
    return corpus.pooled()


@pytest.fixture(scope="module")
def alone(corpus, pooled):
    return corpus.bundle("alone", pooled, inputs="features")


@pytest.fixture(scope="module")
def whole(corpus, pooled):
    return corpus.bundle("whole", corpus.whole(pooled))


@pytest.fixture(scope="module")
def limited(corpus):
    hidden = corpus.folder / "hidden.npz"
    hidden.write_bytes(to_bytes(corpus.hidden))
    scorer = LimitedScorer(hidden, SECONDS, MEMORY)
    yield scorer
    scorer.stop()


@pytest.fixture
def under_policy():
    """Set Keras's precision for a test; what is kept of the released base is of one precision."""
    import keras

    def under(policy):
        packing._released.cache_clear()
        keras.config.set_dtype_policy(policy)

    yield under
    under("float32")


def scored(corpus, path, variant=VARIANT, student=STUDENT, level=LEVEL, hidden=None):
    result = score(path, student, variant, hidden or corpus.hidden, level)
    json.dumps(result, allow_nan=False)
    return result


def assert_full_marks(corpus, path, assignment="another_base", **given):
    result = scored(corpus, path, **({"variant": VARIANTS[assignment]} | given))
    assert (result["status"], result["points"]) == ("scored", 10), told(result)
    return result


def assert_loses(corpus, path, lost, assignment="another_base", **given):
    """Each of these items is lost for its reason, and nothing else is."""
    result = scored(corpus, path, **({"variant": VARIANTS[assignment]} | given))
    assert result["status"] == "scored", told(result)
    for item in result["items"]:
        if item["name"] in lost:
            assert item["points"] < item["out_of"] and lost[item["name"]] in item["reason"], told(result)
        else:
            assert item["points"] == item["out_of"], told(result)
    return {item["name"]: item for item in result["items"]}


def assert_verdict(limited, path):
    request = {"bundle_path": str(path), "student": STUDENT, "variant": VARIANT, "threshold": LEVEL}
    said = limited.score(request)
    assert "result" in said, said["failed"]
    assert said["result"]["status"] in ("scored", "refused"), said["result"]["refusal"]
    return said["result"]


def assert_refused(limited, path, words):
    result = assert_verdict(limited, path)
    assert result["status"] == "refused" and words in result["refusal"], told(result)
    assert result["refusal"].endswith(".") and len(result["refusal"]) < 600, result["refusal"]


def answer(last="softmax", units=2):
    from keras import layers

    return layers.Dense(units, activation=last)


# Right, in an unusual form: the model


def test_layers_may_have_names_that_differ_in_capitals_only(corpus):
    from keras import layers

    head = corpus.head(
        layers.GlobalAveragePooling2D(), layers.Dense(64, "relu", name="Answer"), layers.Dense(2, name="answer")
    )
    assert_full_marks(corpus, corpus.bundle("capitals", corpus.learned(head), inputs="features"))


def test_an_activation_may_be_a_function_of_tensorflow(corpus):
    import tensorflow as tf
    from keras import layers

    head = corpus.head(
        layers.GlobalAveragePooling2D(), layers.Dense(64, tf.nn.leaky_relu), layers.Dense(2, tf.nn.softmax)
    )
    assert_full_marks(corpus, corpus.bundle("tensorflow", corpus.learned(head), inputs="features"))


def test_an_activation_may_be_a_layer(corpus):
    from keras import layers

    head = corpus.head(
        layers.GlobalAveragePooling2D(), layers.Dense(64, activation=layers.LeakyReLU(negative_slope=0.1)),
        layers.Dense(32), layers.Activation("relu"), layers.Dense(2), layers.Activation("softmax"),
    )  # fmt: skip
    assert_full_marks(corpus, corpus.bundle("activations", corpus.learned(head), inputs="features"))


def test_a_model_may_have_been_saved_and_loaded(corpus, pooled, tmp_path):
    import keras

    model = corpus.whole(pooled)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.save(tmp_path / "model.keras")
    assert_full_marks(corpus, corpus.bundle("loaded", keras.saving.load_model(tmp_path / "model.keras")))


def test_a_model_may_be_a_clone(corpus, pooled):
    import keras

    model = corpus.whole(pooled)
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    assert_full_marks(corpus, corpus.bundle("clone", clone))


def test_the_base_may_be_nested_twice(corpus, pooled):
    import keras

    inputs = keras.Input((150, 150, 3))
    inner = keras.Model(inputs, corpus.base.model(inputs), name="inner")
    inputs = keras.Input((150, 150, 3))
    outer = keras.Model(inputs, inner(inputs), name="outer")
    inputs = keras.Input((150, 150, 3))
    model = keras.Model(inputs, pooled(outer(corpus.base.preprocess(inputs))))
    assert_full_marks(corpus, corpus.bundle("nested twice", model))


def test_models_may_lie_in_models_and_share_the_names_of_layers(corpus, pooled):
    import keras
    from keras import layers

    first = corpus.head(layers.Conv2D(64, 1, activation="relu", name="same"))
    last = corpus.head(layers.GlobalAveragePooling2D(), layers.Dense(2, name="same"))
    corpus.learned(last, called(first, corpus.features[id(corpus.train)]))
    head = keras.Sequential([keras.Input((4, 4, 64)), keras.Sequential([first, keras.Sequential([last])])])
    assert_full_marks(corpus, corpus.bundle("in models", corpus.whole(head)))


def test_a_functional_head_may_have_been_used_before(corpus):
    import keras
    from keras import layers

    inputs = keras.Input((4, 4, 64))
    head = corpus.learned(keras.Model(inputs, answer()(layers.GlobalAveragePooling2D()(inputs))))
    for _ in range(2):
        corpus.whole(head)
    assert_full_marks(corpus, corpus.bundle("used before", corpus.whole(head)))


def test_augmentation_may_be_a_model_of_its_own(corpus, pooled):
    import keras
    from keras import layers

    augmentation = keras.Sequential([layers.RandomFlip("horizontal"), layers.RandomRotation(0.1)], name="augmentation")
    assert_full_marks(corpus, corpus.bundle("augmentation", corpus.whole(pooled, augment=[augmentation])))


def test_rescaling_may_take_numpy_arrays(corpus, pooled):
    from keras import layers

    prepared = lambda x: layers.Rescaling(np.ones(3), offset=-np.array(MEANS))(x[..., ::-1])  # noqa: E731
    assert_full_marks(corpus, corpus.bundle("rescaling", corpus.whole(pooled, preprocess=prepared)))


def test_preprocessing_may_be_a_normalization_with_given_means(corpus, pooled):
    from keras import layers

    prepared = lambda x: layers.Normalization(mean=MEANS, variance=[1.0] * 3)(x[..., ::-1])  # noqa: E731
    assert_full_marks(corpus, corpus.bundle("given means", corpus.whole(pooled, preprocess=prepared)))


@pytest.mark.parametrize("axis", [-1, 3, None, (1, 2)])
def test_a_head_may_begin_with_a_normalization_that_was_adapted(corpus, axis):
    from keras import layers

    norm = layers.Normalization(axis=axis)
    norm.adapt(corpus.features[id(corpus.train)])
    head = corpus.learned(corpus.head(norm, layers.GlobalAveragePooling2D(), answer()))
    assert_full_marks(corpus, corpus.bundle(f"adapted {axis}", head, inputs="features"))


def test_a_head_may_have_noise_regularizers_and_batch_normalization(corpus):
    import keras
    from keras import layers

    head = corpus.head(
        layers.SpatialDropout2D(0.1), layers.GlobalAveragePooling2D(), layers.BatchNormalization(scale=False),
        layers.Dense(64, kernel_regularizer=keras.regularizers.L1L2(1e-4, 1e-4)), layers.BatchNormalization(axis=1),
        layers.Activation("relu"), layers.GaussianDropout(0.2), layers.AlphaDropout(0.1), layers.GaussianNoise(0.1),
        layers.ActivityRegularization(l2=1e-4), answer(),
    )  # fmt: skip
    assert_full_marks(corpus, corpus.bundle("noise", corpus.whole(corpus.learned(head))))


def test_a_head_may_normalize_groups_and_lengths(corpus):
    from keras import layers

    head = corpus.head(
        layers.GroupNormalization(8), layers.LayerNormalization(axis=[1, 2, 3]), layers.GlobalAveragePooling2D(),
        layers.UnitNormalization(), answer(),
    )  # fmt: skip
    assert_full_marks(corpus, corpus.bundle("groups", corpus.learned(head), inputs="features"))


def test_a_head_may_weigh_its_channels_and_have_a_shortcut(corpus):
    import keras
    from keras import layers

    inputs = keras.Input((4, 4, 64))
    gate = layers.Dense(64, "sigmoid")(layers.Dense(16, "relu")(layers.GlobalAveragePooling2D()(inputs)))
    maps = layers.Add()([inputs, layers.Multiply()([inputs, layers.Reshape((1, 1, 64))(gate)])])
    outputs = layers.Dense(2, name="last")(layers.GlobalAveragePooling2D(keepdims=True, name="pool")(maps))
    head = keras.Model(inputs, layers.Flatten()(outputs))
    vector = keras.Model(inputs, layers.Dense(2, name="last")(layers.Flatten()(head.get_layer("pool").output)))
    corpus.learned(vector)
    head.get_layer("last").set_weights(vector.get_layer("last").get_weights())
    assert_full_marks(corpus, corpus.bundle("weighed", corpus.whole(head)))


def test_one_dense_layer_may_be_used_twice(corpus):
    import keras
    from keras import layers

    inputs, dense = keras.Input((4, 4, 64)), layers.Dense(64, "relu")
    head = keras.Model(inputs, answer()(dense(dense(layers.GlobalAveragePooling2D()(inputs)))))
    assert_full_marks(corpus, corpus.bundle("twice", corpus.whole(corpus.learned(head))))


def test_two_heads_may_be_averaged(corpus, pooled):
    import keras
    from keras import layers

    inputs = keras.Input((150, 150, 3))
    maps = corpus.base.model(corpus.base.preprocess(inputs), training=False)
    other = corpus.learned(corpus.head(layers.GlobalMaxPooling2D(), answer()))
    model = keras.Model(inputs, layers.Average()([pooled(maps), other(maps)]))
    assert_full_marks(corpus, corpus.bundle("averaged", model))


def test_a_head_may_look_at_two_depths_of_the_base(corpus):
    import keras
    from keras import layers

    base = corpus.base.model
    depths = [base.get_layer("block4_pool").output, base.output]
    both = layers.Concatenate()([layers.GlobalAveragePooling2D()(maps) for maps in depths])
    model = keras.Model(base.input, answer()(both))
    corpus.learned(model, np.asarray(corpus.base.preprocess(corpus.train.images)))
    assert_full_marks(corpus, corpus.bundle("two depths", model, inputs="own"))


def test_pooling_may_be_an_operation(corpus, pooled):
    import keras

    inputs = keras.Input((4, 4, 64))
    head = keras.Model(inputs, answer()(keras.ops.mean(inputs, axis=(1, 2))))
    head.layers[-1].set_weights(pooled.layers[-1].get_weights())
    assert_full_marks(corpus, corpus.bundle("operation", corpus.whole(head)))


def test_the_answer_may_be_a_number_without_a_column(corpus):
    import keras

    model = corpus.whole(corpus.pooled(1, "sigmoid"))
    model = keras.Model(model.input, keras.ops.squeeze(model.output, axis=-1))
    assert_full_marks(corpus, corpus.bundle("no column", model))


def test_the_probability_of_a_cat_may_be_turned_round_in_the_model(corpus):
    import keras
    from keras import layers

    head = corpus.head(layers.GlobalAveragePooling2D(), answer("sigmoid", 1))
    model = corpus.whole(corpus.learned(head, labels=1 - corpus.train.labels))
    model = keras.Model(model.input, 1.0 - model.output)
    assert_full_marks(corpus, corpus.bundle("turned round", model))


def test_a_model_may_take_batches_of_one_size(corpus, pooled):
    import keras

    inputs = keras.Input(batch_shape=(40, 150, 150, 3))
    model = keras.Model(inputs, pooled(corpus.base.model(corpus.base.preprocess(inputs))))
    assert_full_marks(corpus, corpus.bundle("one size", model))


def test_a_model_may_take_whole_numbers(corpus, pooled):
    import keras

    inputs = keras.Input((150, 150, 3), dtype="uint8")
    model = keras.Model(inputs, pooled(corpus.base.model(corpus.base.preprocess(inputs))))
    assert_full_marks(corpus, corpus.bundle("whole numbers", model, inputs=corpus.public.photos.images))


def test_a_model_may_take_photos_of_any_size_and_resize_them(corpus, pooled):
    import keras
    from keras import layers

    inputs = keras.Input((None, None, 3))
    x = corpus.base.preprocess(layers.Resizing(150, 150)(inputs))
    assert_full_marks(corpus, corpus.bundle("any size", keras.Model(inputs, pooled(corpus.base.model(x)))))


def test_a_convolutional_head_may_be_separable(corpus):
    from keras import layers

    head = corpus.head(
        layers.ZeroPadding2D(1), layers.SeparableConv2D(32, 3, activation="relu"), layers.AveragePooling2D(2),
        layers.Flatten(), answer(),
    )  # fmt: skip
    path = corpus.bundle("separable", corpus.whole(corpus.learned(head)), "conv_head")
    assert_full_marks(corpus, path, "conv_head")


def test_a_model_may_have_been_trained_in_mixed_precision_with_the_base(corpus, pooled, under_policy):
    from keras import layers

    under_policy("mixed_float16")
    base = corpus.fresh_base()
    head = corpus.head(layers.GlobalAveragePooling2D(), layers.Dense(2, "softmax", dtype="float32"))
    head.set_weights(pooled.get_weights())
    assert_full_marks(corpus, corpus.bundle("mixed", corpus.whole(head, base), base=base))


@pytest.mark.parametrize("policy", ["bfloat16", "float16", "float64"])
def test_the_base_itself_may_be_of_another_precision(corpus, pooled, under_policy, policy):
    from keras import layers

    under_policy(policy)
    base = corpus.fresh_base()
    head = corpus.head(layers.GlobalAveragePooling2D(), answer())
    head.set_weights(pooled.get_weights())
    assert_full_marks(corpus, corpus.bundle(policy, corpus.whole(head, base), base=base))


@pytest.mark.parametrize("policy", ["bfloat16", "float16"])
def test_fine_tuning_may_happen_in_another_precision(corpus, under_policy, policy):
    from keras import layers

    tuned, features = corpus.fine_tuned(BLOCK5)
    head = corpus.learned(corpus.head(layers.GlobalAveragePooling2D(), answer()), features)
    under_policy(policy)
    base = corpus.fresh_base()
    base.model.set_weights(tuned.model.get_weights())
    small = corpus.head(layers.GlobalAveragePooling2D(), answer())
    small.set_weights(head.get_weights())
    path = corpus.bundle(f"tuned {policy}", corpus.whole(small, base), "fine_tuning", base=base)
    assert_full_marks(corpus, path, "fine_tuning")


def as_by_keras_3_0(parsed):
    """Bring a config into the form that the first Keras 3 gave it."""
    waiting = [parsed]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        if not isinstance(part, dict):
            continue
        waiting += part.values()
        if part.get("class_name") in ("Functional", "Sequential"):
            part["module"] = f"keras.src.models.{part['class_name'].lower()}"
            part["registered_name"] = part["class_name"]
        if isinstance(part.get("dtype"), dict):
            part["dtype"] = "float32"
        for key in ("input_layers", "output_layers"):
            if key in part and isinstance(part[key][0], str):
                part[key] = [part[key]]


def test_a_model_with_json_of_the_first_keras_3_gets_full_marks(corpus, whole):
    path = changed(whole, "first keras 3", model=config(as_by_keras_3_0))
    assert b"keras.src.models.functional" in parts_of(path)["model.json"]
    assert_full_marks(corpus, path)


def test_weights_of_a_training_that_diverged_are_scored_though_they_compress_to_a_thousandth(corpus):
    from keras import layers

    head = corpus.head(layers.Flatten(), layers.Dense(512, activation="relu"), layers.Dense(2))
    path = corpus.bundle("diverged", head, inputs="features")

    def spoil(values):
        for array in values.values():
            array[...] = np.nan

    result = scored(corpus, changed(path, "all NaN", weights=arrays(spoil)))
    assert result["status"] == "scored", told(result)
    assert "NaN" in next(item["reason"] for item in result["items"] if item["name"] == "right layers changed")


def test_the_own_preprocessing_of_mobilenet_may_be_a_rescaling(mobile):
    from keras import layers

    model = mobile.whole(mobile.pooled(), preprocess=layers.Rescaling(1 / 127.5, offset=-1))
    path = mobile.bundle("rescaled", model, variant=MOBILE["another_base"])
    assert_full_marks(mobile, path, variant=MOBILE["another_base"], level=MOBILE_LEVEL)


def moved(mobile, chosen, amount=0.02):
    """A base with these layers moved a little, and the features that it gives."""
    base, rng = mobile.fresh_base(), np.random.default_rng(3)
    for layer in base.model.layers:
        if layer.name in chosen:
            noise = [rng.standard_normal(weights.shape).astype(np.float32) for weights in layer.get_weights()]
            layer.set_weights([w * (1 + amount * one) for w, one in zip(layer.get_weights(), noise, strict=True)])
    inputs = np.asarray(base.preprocess(mobile.train.images), np.float32)
    return base, called(base.model, inputs)


def fine_tuned_mobilenet(mobile, name, chosen, assignment="fine_tuning"):
    from keras import layers

    base, features = moved(mobile, chosen)
    head = mobile.learned(mobile.head(layers.GlobalAveragePooling2D(), answer()), features)
    return mobile.bundle(name, mobile.whole(head, base), assignment, variant=MOBILE[assignment])


def last_convolutions(mobile, count):
    kinds = ("Conv2D", "DepthwiseConv2D")
    return [layer.name for layer in mobile.base.model.layers if type(layer).__name__ in kinds][-count:]


def test_fine_tuning_may_leave_the_batch_normalization_frozen(mobile):
    path = fine_tuned_mobilenet(mobile, "tuned", last_convolutions(mobile, 3))
    assert_full_marks(mobile, path, variant=MOBILE["fine_tuning"], level=MOBILE_LEVEL)


# Right, in an unusual form: what belongs to the model


def test_a_model_may_be_validated_at_every_second_epoch_only(corpus, pooled):
    history = corpus.history(["training"])
    for name in ("val_accuracy", "val_loss"):
        history["training"][name] = history["training"][name][1::2]
    assert_full_marks(corpus, corpus.bundle("second epochs", pooled, inputs="features", history=history))


def test_a_history_may_have_further_series(corpus, pooled):
    history = corpus.history(["training"])
    history["training"] |= {"learning_rate": [1e-3, 1e-3, 5e-4, 5e-4], "auc": [0.5, 0.8, 0.9, 0.95], "f1": [0.0] * 4}
    assert_full_marks(corpus, corpus.bundle("further series", pooled, inputs="features", history=history))


def test_runs_may_have_been_stopped_early(corpus, pooled):
    history = corpus.history(["1e-05", "0.001", "0.1"])
    history["0.1"] = {key: values[:2] for key, values in history["0.1"].items()}
    path = corpus.bundle("stopped", pooled, "learning_rate", "features", history=history)
    assert_full_marks(corpus, path, "learning_rate")


def test_predictions_may_be_logits_where_the_model_gives_probabilities(corpus, pooled):
    outputs = called(pooled, corpus.features[id(corpus.public.photos)])
    predictions = corpus.predictions(np.log(outputs + 1e-7))
    assert_full_marks(corpus, corpus.bundle("logits", pooled, inputs="features", predictions=predictions))


@pytest.mark.parametrize("units", [1, 2])
def test_predictions_may_be_probabilities_where_the_model_gives_logits(corpus, units):
    head = corpus.pooled(units, None)
    outputs = called(head, corpus.features[id(corpus.public.photos)])
    predictions = corpus.predictions(1 / (1 + np.exp(-outputs)))
    path = corpus.bundle(f"probabilities {units}", head, inputs="features", predictions=predictions)
    assert_full_marks(corpus, path)


def test_an_id_may_be_written_with_combining_marks(corpus, pooled):
    path = corpus.bundle("combining", pooled, inputs="features", student="zoe\u0308")
    assert_full_marks(corpus, path, student="Zo\u00eb")


def test_answers_keep_the_spaces_and_joiners_of_every_script(corpus, pooled):
    text = "93\u202f%\u00a0: 猫\u3000犬, می\u200cخواهم, \U0001f469\u200d\U0001f52c\r\nсобака\tÅse"
    path = corpus.bundle("scripts in answers", pooled, inputs="features", answers={"réponse": text + "\u202e\x07"})
    kept = assert_full_marks(corpus, path)["answers"]["réponse"]
    assert kept.split() == text.split()
    assert "\u200c" in kept and "\u200d" in kept


def test_an_answer_may_have_twenty_thousand_letters_of_any_script(corpus, pooled):
    path = corpus.bundle("long", pooled, inputs="features", answers={"answer": "猫" * 20_000})
    assert assert_full_marks(corpus, path)["answers"]["answer"] == "猫" * 20_000


# Right, in an unusual form: the zip file


def repacked(path, name, entries, comment=b""):
    target = write_zip(path.parent / name / "homework (1) – final.ZIP", entries)
    with zipfile.ZipFile(target, "a") as archive:
        archive.comment = comment
    return target


def test_a_zip_file_may_have_the_paths_of_windows(corpus, whole):
    entries = [(f"my homework\\{name}", content) for name, content in parts_of(whole).items()]
    assert_full_marks(corpus, repacked(whole, "windows", entries))


def test_a_zip_file_may_have_the_litter_of_macos_at_its_top(corpus, whole):
    litter = [(f"__MACOSX/._{name}", b"\0\5\26\7") for name in parts_of(whole)] + [(".DS_Store", b"\0\0\0\1Bud1")]
    assert_full_marks(corpus, repacked(whole, "macos", [*parts_of(whole).items(), *litter], b"Sent by the LMS"))


def test_the_parts_may_lie_in_a_folder_in_a_folder(corpus, whole):
    entries = [(f"upload/ada/{name}", content) for name, content in parts_of(whole).items()]
    assert_full_marks(corpus, repacked(whole, "folders", [("upload/", b""), ("upload/ada/", b""), *entries]))


def test_other_folders_may_lie_beside_the_parts(corpus, whole):
    entries = [(f"ada/{name}", content) for name, content in parts_of(whole).items()]
    others = [("ada/.ipynb_checkpoints/homework.ipynb", b"{}"), ("ada/plots/curve.png", b"\x89PNG")]
    others.append(("model.json", b"{}"))
    result = assert_full_marks(corpus, repacked(whole, "beside", [*others, *entries]))
    assert "curve.png" in str(result["items"][-1]["evidence"]["remarks"])


# Slips, each of which costs the item that it belongs to


def test_another_base_than_the_assigned_one_is_named(corpus, whole):
    path = changed(whole, "another base", about=about(variant=MOBILE["another_base"]))
    lost = {"right variant": "contains mini_vgg16", "level reached": "The level holds for mini_mobilenet_v2"}
    assert_loses(corpus, path, lost, variant=MOBILE["another_base"])


def test_statistics_of_batch_normalization_that_moved_are_a_change_of_the_base(mobile):
    from keras import layers

    names = [layer.name for layer in mobile.base.model.layers if type(layer).__name__ == "BatchNormalization"]
    base = mobile.fresh_base()
    for name in names:
        layer = base.model.get_layer(name)
        gamma, beta, mean, variance = layer.get_weights()
        layer.set_weights([gamma, beta, mean + 0.01 * np.sqrt(variance), variance * 1.01])
    inputs = np.asarray(base.preprocess(mobile.train.images), np.float32)
    head = mobile.head(layers.GlobalAveragePooling2D(), answer())
    mobile.learned(head, called(base.model, inputs))
    path = mobile.bundle("statistics", mobile.whole(head, base), variant=MOBILE["another_base"])
    lost = {"right layers changed": f"{len(names)} of its layers differ", "base left as released": "were to stay"}
    assert_loses(mobile, path, lost, variant=MOBILE["another_base"], level=MOBILE_LEVEL)


def test_batch_normalization_trained_with_the_convolutions_costs_a_part(mobile):
    chosen = [*last_convolutions(mobile, 3), "Conv_1_bn"]
    path = fine_tuned_mobilenet(mobile, "with its normalization", chosen)
    lost = {"right layers changed": "changed too: Conv_1_bn", "base left as released": "Conv_1_bn"}
    items = assert_loses(mobile, path, lost, variant=MOBILE["fine_tuning"], level=MOBILE_LEVEL)
    assert items["right layers changed"]["points"] == 1.5


def test_the_last_layers_by_count_instead_of_the_last_convolutions(mobile):
    names = [layer.name for layer in mobile.base.model.layers[-3:] if layer.weights]
    path = fine_tuned_mobilenet(mobile, "last three layers", names)
    lost = {"right layers changed": "1 of the 3", "base left as released": "Conv_1_bn"}
    assert_loses(mobile, path, lost, variant=MOBILE["fine_tuning"], level=MOBILE_LEVEL)


def tuned(corpus, name, layers_tuned, assignment, change=None):
    from keras import layers

    base, features = corpus.fine_tuned(layers_tuned)
    before = [layers.Conv2D(64, 1, activation="relu")] if change == "convolution" else []
    head = corpus.learned(corpus.head(*before, layers.GlobalAveragePooling2D(), answer()), features)
    return corpus.bundle(name, corpus.whole(head, base), assignment)


def test_two_blocks_instead_of_one_cost_half_of_the_layers(corpus):
    block4 = ["block4_conv1", "block4_conv2", "block4_conv3"]
    path = tuned(corpus, "two blocks", [*block4, *BLOCK5], "fine_tuning")
    lost = {"right layers changed": "changed too: block4_conv1", "base left as released": "block4_conv1"}
    assert assert_loses(corpus, path, lost, "fine_tuning")["right layers changed"]["points"] == 1


@pytest.mark.parametrize("assignment", ["conv_head", "learning_rate"])
def test_a_base_that_was_to_stay_frozen_in_other_assignments(corpus, assignment):
    path = tuned(corpus, f"frozen {assignment}", BLOCK5[-1:], assignment, "convolution")
    lost = {"right layers changed": "was to stay frozen", "base left as released": "block5_conv3"}
    assert_loses(corpus, path, lost, assignment)


def test_one_unit_with_softmax_answers_always_the_same(corpus):
    head = corpus.pooled(1, "softmax")
    path = corpus.bundle("one softmax", head, inputs="features", quality=1, history=corpus.history(best=0.6))
    lost = dict.fromkeys(("right layers changed", "accuracy recomputed", "level reached"), "guessing")
    assert_loses(corpus, path, lost)


def test_the_validation_accuracy_instead_of_the_test_accuracy_costs_the_record(corpus, pooled, alone):
    claimed = json.loads(parts_of(alone)["submission.json"])["claimed_accuracy"]
    path = changed(alone, "validation claimed", about=about(claimed_accuracy=claimed + 0.02))
    assert_loses(corpus, path, {"consistent record": "is claimed, and the predictions give"})


def test_a_convolution_before_the_base_is_no_convolutional_head(corpus, pooled):
    import keras
    from keras import layers

    inputs = keras.Input((150, 150, 3))
    same = layers.Conv2D(3, 1, use_bias=False)
    model = keras.Model(inputs, pooled(corpus.base.model(corpus.base.preprocess(same(inputs)))))
    same.set_weights([np.eye(3, dtype=np.float32)[None, None]])
    path = corpus.bundle("before the base", model, "conv_head")
    assert_loses(corpus, path, {"right layers changed": "no convolution"}, "conv_head")


def test_a_convolution_from_which_nothing_comes_is_no_convolutional_head(corpus, pooled):
    import keras
    from keras import layers

    inputs = keras.Input((4, 4, 64))
    head = keras.Model(inputs, answer()(layers.GlobalAveragePooling2D()(inputs)))
    corpus.learned(head)
    path = corpus.bundle("head to change", head, "conv_head", "features")
    name = head.layers[0].name

    def add(parsed):
        parsed["config"]["layers"].append(
            called("Conv2D", "aside", name, filters=2, kernel_size=[1, 1], strides=[1, 1])
        )

    weights = {"aside/kernel": np.ones((1, 1, 64, 2), np.float32), "aside/bias": np.ones(2, np.float32)}
    path = changed(path, "aside", model=config(add), weights=arrays(lambda values: values | weights))
    assert_loses(corpus, path, {"right layers changed": "no convolution"}, "conv_head")


@pytest.mark.parametrize("slip", ["twice", "means of RGB", "x / 127.5 - 1", "blue for red"])
def test_a_slip_in_the_preprocessing_inside_the_model(corpus, slip):
    from keras import layers

    own = corpus.base.preprocess
    wrong = {
        "twice": lambda x: own(own(x)),
        "means of RGB": lambda x: x - np.array(MEANS[::-1], np.float32),
        "x / 127.5 - 1": lambda x: x / np.float32(127.5) - np.float32(1),
        "blue for red": lambda x: own(x[..., ::-1]),
    }[slip]
    features = called(corpus.base.model, wrong(corpus.train.images.astype(np.float32)))
    head = corpus.learned(corpus.head(layers.GlobalAveragePooling2D(), answer()), features)
    path = corpus.bundle(f"slip {slip}", corpus.whole(head, preprocess=wrong))
    item = scored(corpus, path)["items"][2]
    assert item["points"] == 0 and "own preprocessing" in item["reason"], item


def test_photos_that_were_preprocessed_for_a_model_that_does_it_too(corpus):
    from keras import layers

    own = lambda images: np.asarray(corpus.base.preprocess(images), np.float32)  # noqa: E731
    features = called(corpus.base.model, own(own(corpus.train.images)))
    head = corpus.learned(corpus.head(layers.GlobalAveragePooling2D(), answer()), features)
    path = corpus.bundle("preprocessed before", corpus.whole(head), inputs="own")
    assert_loses(corpus, path, {"base left as released": "own preprocessing"}, level=0.6)


def test_a_base_without_its_last_pooling_is_not_the_whole_base(corpus):
    import keras
    from keras import layers

    base = corpus.base.model
    outputs = answer()(layers.GlobalAveragePooling2D()(base.get_layer("block5_conv3").output))
    model = keras.Model(base.input, outputs)
    corpus.learned(model, np.asarray(corpus.base.preprocess(corpus.train.images)))
    path = corpus.bundle("no last pooling", model, inputs="own")
    assert_loses(corpus, path, {"base left as released": "Only 17 of the 18 layers"})


def test_a_trained_copy_beside_the_released_base_is_a_way_around_it(corpus, pooled):
    import keras
    from keras import layers

    other, features = corpus.fine_tuned(["block1_conv1", *BLOCK5])
    inputs = keras.Input((150, 150, 3))
    prepared = corpus.base.preprocess(inputs)
    copy = keras.Model(other.model.input, other.model.output, name="copy")
    head = corpus.learned(corpus.head(layers.GlobalAveragePooling2D(), answer()), features)
    model = keras.Model(inputs, layers.Average()([pooled(corpus.base.model(prepared)), head(copy(prepared))]))
    path = corpus.bundle("two bases", model)
    assert_loses(corpus, path, {"base left as released": "a way around the base"})


@pytest.mark.parametrize("shape", [(), (1000, 1, 2), (1000, 5), (2, 1000), (1000, 1, 1, 1, 2)])
def test_predictions_of_another_shape_cost_the_record(corpus, alone, shape):
    values = np.full(shape, 0.5, np.float32)
    path = changed(alone, f"shape {shape}", predictions=arrays(lambda _: {"probabilities": values}))
    assert_loses(corpus, path, {"consistent record": "1,000 public test photos"})


def test_one_run_where_several_were_asked_for_costs_half_of_the_record(corpus, pooled):
    path = corpus.bundle("joined", pooled, "learning_rate", "features", history=corpus.history(["all"])["all"])
    items = assert_loses(corpus, path, {"consistent record": "1 of 3"}, "learning_rate")
    assert items["consistent record"]["points"] == 0.5


def test_the_name_of_a_base_that_was_never_assigned_loads_nothing(corpus, alone, monkeypatch):
    import keras
    from keras import layers

    from homework.scoring import matching

    loaded = []
    kept = matching.released_base
    monkeypatch.setattr(matching, "released_base", lambda name: loaded.append(name) or kept(name))
    scratch = keras.Sequential(
        [keras.Input((150, 150, 3)), layers.Conv2D(4, 3, strides=4), layers.GlobalMaxPooling2D(), answer()]
    )
    path = corpus.bundle("from scratch", scratch)
    for name in ("Xception", "VGG16", "mini_vgg16 ", "", "../mini_vgg16"):
        result = scored(corpus, changed(path, f"stated {name}", about=about(base=name)))
        assert "does not contain" in result["items"][0]["reason"], told(result)
    assert set(loaded) == {"mini_vgg16"}


# Made to break the scorer: each is refused in words, within the limits


def layer(kind, name, **settings):
    return {"module": "keras.layers", "class_name": kind, "registered_name": None, "config": {"name": name, **settings}}


def tensor(name, number=0, output=0):
    inner = {"shape": [None], "dtype": "float32", "keras_history": [name, number, output]}
    return {"class_name": "__keras_tensor__", "config": inner}


def called(kind, name, *inputs, module="keras.layers", **settings):
    """A layer or an operation of a functional model with what it is called on: names of layers, or other values."""
    arguments = [
        tensor(one) if isinstance(one, str) else [tensor(name) for name in one] if isinstance(one, tuple) else one
        for one in inputs
    ]
    call = {"args": arguments, "kwargs": {}}
    return layer(kind, name, **settings) | {"module": module, "name": name, "inbound_nodes": [call]}


def operation(kind, name, *inputs, **settings):
    return called(kind, name, *inputs, module="keras.ops", **settings)


def functional(shape, *layers, output):
    inputs = layer("InputLayer", "in", batch_shape=[None, *shape]) | {"name": "in", "inbound_nodes": []}
    inner = {"name": "f", "layers": [inputs, *layers], "input_layers": [["in", 0, 0]]}
    inner["output_layers"] = [[output, 0, 0]]
    return {"module": "keras", "class_name": "Functional", "registered_name": None, "config": inner}


@pytest.fixture(scope="module")
def wired(alone, pooled):
    """Make a bundle of layers between the recorded features or the photos, called "in", and a Dense layer."""
    dense, kernel = pooled.layers[-1].name, pooled.layers[-1].get_weights()[0]

    def make(name, *layers, last, after=(), shape=(4, 4, 64), weights=None):
        head = [
            called("GlobalAveragePooling2D", "pool", last),
            called("Dense", dense, "pool", units=2, activation="softmax"),
            *after,
        ]
        model = functional(shape, *layers, *head, output=after[-1]["name"] if after else dense)
        values = {f"{dense}/kernel": kernel[: shape[-1]]} | (weights or {})
        changes = {"model": json.dumps(model).encode(), "weights": arrays(lambda kept: kept | values)}
        return changed(alone, f"wired {name}", **changes)

    return make


def inserted(alone, name, *layers):
    """The bundle of a head alone with layers put before it."""

    def put(parsed):
        parsed["config"]["layers"][1:1] = layers

    return changed(alone, f"inserted {name}", model=config(put))


def with_setting(path, name, of, **settings):
    def put(parsed):
        layer_of(parsed, of)["config"] |= settings

    return changed(path, f"setting {name}", model=config(put))


def cut(start=None, stop=None, step=None):
    return {"class_name": "__slice__", "config": {"start": start, "stop": stop, "step": step}}


ROWS = {
    "an index from the end": lambda dense: [operation("GetItem", "x", dense, [cut(step=-1)])],
    "an index without the first photo": lambda dense: [operation("GetItem", "x", dense, [cut(start=1)])],
    "an index behind an ellipsis": lambda dense: [
        operation("GetItem", "x", dense, [{"class_name": "__ellipsis__", "config": {}}, cut(step=-1), cut()])
    ],
    "a flip": lambda dense: [operation("Flip", "x", dense, axis=0)],
    "a flip of all axes": lambda dense: [operation("Flip", "x", dense, axis=None)],
    "an operation's softmax": lambda dense: [operation("Softmax", "x", dense, axis=0)],
    "a layer's softmax": lambda dense: [called("Softmax", "x", dense, axis=-2)],
    "a softmax of all axes": lambda dense: [called("Softmax", "x", dense, axis=[0, 1])],
    "a normalization": lambda dense: [called("UnitNormalization", "x", dense, axis=[0])],
    "a normalization of layers": lambda dense: [
        called("LayerNormalization", "x", dense, axis=[0, 1], center=False, scale=False)
    ],
    "a concatenation": lambda dense: [called("Concatenate", "x", (dense, dense), axis=0)],
    "an operation's concatenation": lambda dense: [operation("Concatenate", "x", (dense, dense), axis=-2)],
    "a softmax of one number": lambda dense: [
        operation("GetItem", "one", dense, [cut(), 0]), called("Activation", "x", "one", activation="softmax")
    ],
}  # fmt: skip


@pytest.mark.parametrize("kind", ROWS)
def test_a_model_that_mixes_the_photos_is_refused(limited, wired, pooled, kind):
    after = ROWS[kind](pooled.layers[-1].name)
    path = wired(f"rows {kind}", last="in", after=after)
    assert_refused(limited, path, "mixes the photos")


def test_answers_by_the_place_of_a_photo_are_refused(corpus, wired, pooled):
    dense, count = pooled.layers[-1].name, len(corpus.hidden.labels)
    # Dogs come first: the answer needs no photo.
    rows = [[-9.0, 9.0] if label else [9.0, -9.0] for label in corpus.hidden.labels.tolist()]
    assert len(rows) == count
    after = [called("Rescaling", "x", dense, scale=0.0, offset=rows)]
    path = wired("by place", last="in", after=after)
    hidden = dataclasses.replace(corpus.hidden, public=None)
    result = scored(corpus, path, hidden=hidden)
    assert result["status"] == "refused" and "'x'" in result["refusal"], told(result)


def test_a_thousand_values_at_once_are_refused(limited, wired):
    many = [called("ReLU", f"r{i}", "in") for i in range(1000)]
    total = called("Add", "sum", tuple(f"r{i}" for i in range(1000)))
    path = wired("a thousand values", *many, total, last="sum", shape=(150, 150, 3))
    assert_refused(limited, path, "at once")


def chain(kind, count, first="in", mark="c", **settings):
    """Layers one after the other, and the name of the last."""
    names = [first, *(f"{mark}{i}" for i in range(count))]
    return [called(kind, b, a, **settings) for a, b in zip(names, names[1:], strict=False)], names[-1]


def test_a_chain_of_layers_on_huge_values_is_refused(limited, wired):
    stretch = called("Resizing", "large", "in", height=990, width=990)
    slow, last = chain("Activation", 1000, "large", activation="gelu")
    path = wired("huge values", stretch, *slow, last=last, shape=(150, 150, 3))
    assert_refused(limited, path, "multiplications")


@pytest.mark.parametrize("function", ["gelu", "log_softmax", "mish"])
def test_a_chain_of_slow_functions_gets_a_verdict_in_time(limited, wired, function):
    slow, last = chain("Activation", 1400, activation=function)
    assert_verdict(limited, wired(f"slow {function}", *slow, last=last, shape=(150, 150, 3)))


def test_a_slow_way_to_the_base_gets_a_verdict_in_time(limited, whole):
    def slower(parsed):
        parts = parsed["config"]["layers"]
        start = parts[0]["config"]["name"]
        slow, last = chain("Activation", 500, first=start, activation="gelu")
        for part in parts:
            if start in str(part["inbound_nodes"]):
                part["inbound_nodes"][0]["args"][0]["config"]["keras_history"][0] = last
        parts += slow

    assert_verdict(limited, changed(whole, "a slow way", model=config(slower)))


def test_a_long_constant_in_a_model_in_reversed_order_is_read_in_time(limited, wired):
    layers, end = chain("ReLU", 1300)
    numbers = np.random.default_rng(0).integers(0, 1000, 370_000).tolist()
    constant = {"class_name": "__numpy__", "config": {"value": numbers, "dtype": "float32"}}
    last = operation("Add", "sum", end, constant)
    path = wired("reversed", last, *reversed(layers), last="sum")
    assert_refused(limited, path, "does not describe")


@pytest.mark.parametrize("kind", ["Conv2D", "DepthwiseConv2D", "SeparableConv2D"])
def test_a_dilation_of_fifty_thousand_is_refused(limited, wired, kind):
    settings = {"filters": 64, "kernel_size": [3, 3], "padding": "same", "dilation_rate": [50_000, 50_000]}
    ones = {
        "Conv2D": {"c/kernel": (3, 3, 64, 64), "c/bias": (64,)},
        "DepthwiseConv2D": {"c/kernel": (3, 3, 64, 1), "c/bias": (64,)},
        "SeparableConv2D": {
            "c/depthwise_kernel": (3, 3, 64, 1), "c/pointwise_kernel": (1, 1, 64, 64), "c/bias": (64,)
        },
    }[kind]  # fmt: skip
    weights = {name: np.ones(shape, np.float32) for name, shape in ones.items()}
    path = wired(f"dilation {kind}", called(kind, "c", "in", **settings), last="c", weights=weights)
    assert_refused(limited, path, "dilated by")


@pytest.mark.parametrize("kind", ["MaxPooling2D", "AveragePooling2D"])
def test_a_pooling_that_does_not_move_on_is_refused(limited, alone, kind):
    still = layer(kind, "still", pool_size=[2, 2], strides=[0, 0], padding="valid")
    assert_refused(limited, inserted(alone, f"still {kind}", still), "does not describe")


@pytest.mark.parametrize(
    "settings",
    [
        {"kernel_size": []},
        {"kernel_size": [3, 3, 3]},
        {"kernel_size": [3.5, 3]},
        {"kernel_size": ["3", "3"]},
        {"kernel_size": [-3, -3]},
        {"kernel_size": [0, 0]},
        {"filters": 0},
        {"filters": 2.5},
        {"filters": "\u0664"},
        {"filters": [64]},
        {"groups": 0},
        {"groups": -1},
        {"groups": 3},
        {"strides": [0, 0]},
        {"strides": [1, -1]},
        {"dilation_rate": [0, 0]},
        {"padding": "everywhere"},
        {"data_format": "channels_everywhere"},
        {"filters": None},
    ],
    ids=repr,
)
def test_a_convolution_with_settings_that_are_none_is_refused(limited, alone, settings):
    given = {"filters": 64, "kernel_size": [1, 1], "strides": [1, 1], "padding": "valid"} | settings
    path = inserted(alone, f"convolution {settings!r}", layer("Conv2D", "c", **given))
    assert_refused(limited, path, "")


@pytest.mark.parametrize("units", [1.5, "2", "\u0662", [2], {"a": 2}, -0.0, 1e400, 0], ids=repr)
def test_units_that_are_no_count_are_refused(limited, alone, pooled, units):
    path = with_setting(alone, f"units {units!r}", pooled.layers[-1].name, units=units)
    assert_refused(limited, path, "")


@pytest.mark.parametrize(
    "shape", [[-1, 0], [-1, -1], [0], [-5, -13], ["64"], [1e6, 1], [2**40], [[64]], 64, [None]], ids=repr
)
def test_a_reshape_to_what_is_no_shape_is_refused(limited, alone, shape):
    path = inserted(alone, f"reshape {shape}", layer("Reshape", "r", target_shape=shape))
    assert_refused(limited, path, "")


@pytest.mark.parametrize("function", [{"a": 1}, ["relu"], None, 7, "eval"], ids=repr)
def test_a_function_that_has_no_name_is_refused(limited, alone, pooled, function):
    own = {"module": "builtins", "class_name": "function", "config": function, "registered_name": function}
    path = with_setting(alone, f"function {function!r}", pooled.layers[-1].name, activation=own)
    assert_refused(limited, path, "of its own")


@pytest.mark.parametrize("module", ["os", "tensorflow.python.ops.nn_ops", "keras.activations", ["builtins"]], ids=repr)
def test_a_function_of_a_module_is_refused_under_any_name_but_a_known_one(limited, alone, pooled, module):
    own = {"module": module, "class_name": "function", "config": "system", "registered_name": "relu"}
    path = with_setting(alone, f"module {module!r}", pooled.layers[-1].name, activation=own)
    assert_refused(limited, path, "of its own")


def test_an_input_that_no_layer_is_gets_refused(limited, alone):
    model = functional((4, 4, 64), called("Flatten", "x", "in"), output="x")
    model["config"]["input_layers"] = [["nowhere", 0, 0]]
    path = changed(alone, "no such input", model=json.dumps(model).encode())
    assert_refused(limited, path, "does not describe")


@pytest.mark.parametrize("history", [["in", 0, 1], ["in", True, 0], ["in", -1, 0], ["in", 5, 0], ["in"], [["in"], 0, 0],
                                     [{}, 0, 0], None, "in0"], ids=repr)  # fmt: skip
def test_a_connection_to_what_is_no_output_is_refused(limited, wired, history):
    wrong = called("ReLU", "r", "in")
    wrong["inbound_nodes"][0]["args"][0]["config"]["keras_history"] = history
    path = wired(f"history {history}", wrong, last="r")
    assert_refused(limited, path, "")


@pytest.mark.parametrize(
    "nodes",
    [
        ["x"], [7], [None], {"args": 1}, "args", 7, [{"args": 3}], [{"kwargs": {}}], [{"args": [], "kwargs": None}],
        [{"args": [3], "kwargs": {}}],
    ],
    ids=repr,
)  # fmt: skip
def test_calls_that_are_none_are_refused(limited, wired, nodes):
    wrong = called("ReLU", "r", "in") | {"inbound_nodes": nodes}
    path = wired(f"calls {nodes}", wrong, last="r")
    assert_refused(limited, path, "")


@pytest.mark.parametrize("kind", ["Dropout", "Identity", "ReLU", "Dense", "Rescaling"])
def test_a_layer_called_on_a_list_is_refused(limited, wired, kind):
    settings = {"Dense": {"units": 64}, "Rescaling": {"scale": 1.0}, "Dropout": {"rate": 0.5}}.get(kind, {})
    weights = {"d/kernel": np.eye(64), "d/bias": np.zeros(64)} if kind == "Dense" else {}
    two = called(kind, "d", ("in", "in"), **settings)
    path = wired(f"list {kind}", two, last="d", weights=weights)
    assert_refused(limited, path, "")


def test_a_name_that_holds_a_path_is_refused(limited, wired):
    path = wired("a path", called("ReLU", "mini_vgg16/block1_conv1", "in"), last="mini_vgg16/block1_conv1")
    assert_refused(limited, path, "mini_vgg16/block1_conv1")


def long_word():
    """A million letters that cannot be compressed to a zip bomb."""
    return np.random.default_rng(0).bytes(500_000).hex()


def test_a_name_of_a_million_letters_is_refused(limited, wired):
    path = wired("a long name", called("ReLU", long_word(), "in"), last="in")
    assert_refused(limited, path, "name")


@pytest.mark.parametrize("place", ["class_name", "module", "registered_name"])
def test_a_class_of_a_million_letters_is_refused_in_few_words(limited, wired, place):
    wrong = called("ReLU", "r", "in") | {place: "\ud800\u202e\0" + long_word()}
    path = wired(f"a long {place}", wrong, last="r")
    assert_refused(limited, path, "on the list" if place == "class_name" else "does not come with Keras")


@pytest.mark.parametrize("dtype", ["string", "complex64", "int8", None, ["float32"], {"class_name": "DTypePolicy"}],
                         ids=repr)  # fmt: skip
def test_a_cast_to_what_is_no_number_is_refused(limited, wired, dtype):
    path = wired(f"cast {dtype}", operation("Cast", "x", "in", dtype=dtype), last="x")
    assert_refused(limited, path, "")


@pytest.mark.parametrize(
    "index",
    [
        [0],
        0,
        [[0, 0, 0]],
        "abc",
        [None],
        [True],
        [cut(step=0)],
        [{"class_name": "__numpy__", "config": {"value": [1]}}],
    ],
    ids=repr,
)
def test_an_index_that_picks_photos_is_refused(limited, wired, index):
    path = wired(f"index {index}", operation("GetItem", "x", "in", index), last="x")
    assert_refused(limited, path, "")


@pytest.mark.parametrize("value", ["abc", {"a": 1}, [[1], [1, 2]], [1e300], ["nan"], [[[0.0] * 64] * 4] * 5], ids=str)
def test_a_constant_that_does_not_fit_is_refused(limited, wired, value):
    constant = {"class_name": "__numpy__", "config": {"value": value, "dtype": "float32"}}
    path = wired(f"constant {str(value)[:40]}", operation("Add", "x", "in", constant), last="x")
    assert_refused(limited, path, "")


@pytest.mark.parametrize("axis", [99, -99, 1.5, "last", [], [1, 1], {"a": 1}, None, [[1]]], ids=repr)
@pytest.mark.parametrize("kind", ["BatchNormalization", "LayerNormalization", "Concatenate"])
def test_an_axis_that_is_none_gets_a_verdict(limited, wired, kind, axis):
    inputs = ("in", "in") if kind == "Concatenate" else "in"
    path = wired(f"axis {kind} {axis}", called(kind, "x", inputs, axis=axis), last="x")
    assert_refused(limited, path, "")


def test_models_with_several_inputs_inside_are_refused(limited, wired):
    inner = functional((4, 4, 64), called("ReLU", "r", "in"), output="r")
    inner |= {"name": "f", "inbound_nodes": [{"args": [tensor("in"), tensor("in")], "kwargs": {}}]}
    path = wired("two inputs inside", inner, last="f")
    assert_refused(limited, path, "more than one input")


def test_custom_precisions_and_constraints_are_refused(limited, wired):
    own = {"module": "evil", "class_name": "Policy", "config": {"name": "x"}, "registered_name": "evil>Policy"}
    for place in ("dtype", "kernel_constraint", "bias_initializer", "activity_regularizer"):
        path = wired(f"custom {place}", called("ReLU", "r", "in", **{place: own}), last="r")
        assert_refused(limited, path, "does not come with Keras")


def test_a_rescaling_larger_than_its_input_is_refused(limited, wired):
    wide = [[[1.0] * 64] * 4] * 4
    path = wired("wide", called("Rescaling", "x", "in", scale=[wide, wide], offset=0.0), last="x")
    assert_refused(limited, path, "'x'")


@pytest.mark.parametrize("shape", ["(0, 9999999999, 9999999999, 9999999999)", "(0,)", "()"])
def test_arrays_without_numbers_as_weights_are_refused(limited, alone, pooled, shape):
    name, count = pooled.layers[-1].name, b"\0\0\0\0" if shape == "()" else b""
    weights = zip_bytes((f"{name}/kernel.npy", npy("'<f4'", shape, count)))
    assert_refused(limited, changed(alone, f"weights {shape}", weights=weights), "")


@pytest.mark.parametrize("shape", ["(0, 2)", "(1000, 0)", "(1000, 0, 9999999999, 9999999999)"])
def test_predictions_without_numbers_are_refused(limited, alone, shape):
    predictions = zip_bytes(("probabilities.npy", npy("'<f4'", shape)))
    assert_refused(limited, changed(alone, f"predictions {shape}", predictions=predictions), "no numbers")


def test_bytes_that_grow_as_numbers_stay_within_the_memory(limited, alone):
    data = np.zeros(150_000_000, np.uint8)
    # Compressed a little less than a zip bomb.
    data[::70] = np.random.default_rng(0).integers(0, 256, len(data[::70]))
    weights = zip_bytes(("a.npy", npy("'|u1'", (len(data),), data.tobytes())))
    assert_refused(limited, changed(alone, "growing bytes", weights=weights), "unpacks to more than")


def test_numbers_in_npy_of_a_later_format_are_refused(limited, alone):
    later = bytearray(npy("'<f4'", (1,), b"\0" * 4))
    later[6] = 3
    path = changed(alone, "later format", predictions=zip_bytes(("probabilities.npy", bytes(later))))
    assert_refused(limited, path, "format 1 or 2")


@pytest.mark.parametrize("header", ["'<f4', 'fortran': True", "'<f٤'", "'<M8[s]'", "'<f16'", "'<V4'", "'|S4'"])
def test_an_npy_header_of_another_kind_is_refused(limited, alone, header):
    path = changed(
        alone, f"header {header}", predictions=zip_bytes(("probabilities.npy", npy(header, (1,), b"\0" * 4)))
    )
    assert_refused(limited, path, "plain numbers")


@pytest.mark.parametrize(
    "text", [b'{"format": 1, "f\\u006frmat": 1}', b'{"format": 1} {"format": 1}', b'{"format": 01}', b'// x\n{"a": 1}',
             b'{"format": 1,}', b"NaN", b'"\\', b'{"a": tru}', b"\xef\xbb\xbf", b"\xff\xfe{}"], ids=repr)  # fmt: skip
@pytest.mark.parametrize("part", ["about", "model"])
def test_json_with_a_trick_is_refused(limited, alone, part, text):
    path = changed(alone, f"json {part} {text!r}", **{part: text})
    assert_refused(limited, path, "submission.json" if part == "about" else "model.json")


@pytest.mark.parametrize("digits", [b"1e", b"-", b"1" * 41, b"1." + b"0" * 100, b"--1", b"\xd9\xa1"], ids=repr)
def test_numbers_that_are_none_are_refused(limited, alone, digits):
    path = changed(alone, f"digits {digits!r}", about=b'{"format": ' + digits + b"}")
    assert_refused(limited, path, "submission.json")


def raw(alone, name, content):
    path = alone.parent / f"raw {name}.zip"
    path.write_bytes(content)
    return path


def test_a_directory_that_lies_about_the_name_is_refused(limited, alone):
    content = zip_bytes(*parts_of(alone).items())
    content = content.replace(b"model.json", b"modus.json", 1)
    assert_refused(limited, raw(alone, "other name", content), "damaged")


def test_a_second_end_of_the_directory_in_a_comment_is_refused(limited, alone):
    content = bytearray(zip_bytes(*parts_of(alone).items()))
    end = bytes(content[-22:-2]) + b"\0\0"
    content[-2:] = len(end + b"x").to_bytes(2, "little")
    assert_refused(limited, raw(alone, "second end", bytes(content) + end + b"x"), "zip file")


def test_names_cut_by_a_zero_byte_are_no_other_names(limited, alone):
    content = zip_bytes(*parts_of(alone).items(), ("model.jsonXextra", b"{}"))
    content = content.replace(b"model.jsonXextra", b"model.json\0extra")
    assert_refused(limited, raw(alone, "zero byte", content), "twice")


def test_paths_of_windows_do_not_leave_the_folder(limited, alone):
    kept = list(parts_of(alone).items())
    for number, name in enumerate(("a\\..\\..\\evil.py", "\\\\host\\share\\evil.py", "..\\..\\x", "a/..\\..\\b")):
        content = zip_bytes(*kept, (name, b"x"))
        assert_refused(limited, raw(alone, f"windows {number}", content), "leaves its folder")


def test_two_names_for_one_path_are_refused(limited, alone):
    content = zip_bytes(*((f"a/{name}", part) for name, part in parts_of(alone).items()), ("a\\model.json", b"{}"))
    assert_refused(limited, raw(alone, "two names", content), "twice")


def test_the_parts_in_two_folders_are_refused(limited, alone):
    both = [(f"{folder}/{name}", part) for folder in "ab" for name, part in parts_of(alone).items()]
    assert_refused(limited, raw(alone, "two folders", zip_bytes(*both)), "submission.json")


def test_a_zip_file_in_a_zip_file_is_named(limited, alone):
    content = zip_bytes(("submission_another_base_ada.zip", alone.read_bytes()), ("README.txt", b"-"))
    assert_refused(limited, raw(alone, "in a zip", content), "submission_another_base_ada.zip")
