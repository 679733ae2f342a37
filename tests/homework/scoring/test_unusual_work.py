"""The scorer on rarer submissions: right work of an unusual form, small slips, and bundles that are made to break it.

Hostile bundles go through the process in which a class is graded, with its limits on time and memory.
"""

import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from homework_corpus import (
    LEVEL,
    STUDENT,
    VARIANTS,
    Corpus,
    about,
    arrays,
    called,
    changed,
    parts_of,
    told,
    write_zip,
)

from course_utils.bases import load_base, record_features
from homework.scoring.scorer import score

SECONDS, MEMORY = 60, 2e9
VARIANT = VARIANTS["another_base"]
MOBILE = {name: variant | {"base": "mini_mobilenet_v2"} for name, variant in VARIANTS.items()}
# Reached by the heads below on mini_mobilenet_v2, which sees less in these drawings than mini_vgg16.
MOBILE_LEVEL = 0.6
MEANS = [103.939, 116.779, 123.68]
BLOCK5 = ["block5_conv1", "block5_conv2", "block5_conv3"]


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


@pytest.fixture
def under_policy():
    """Set Keras's precision for a test."""
    import keras

    def under(policy):
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


@pytest.mark.filterwarnings("ignore:Skipping variable loading")
def test_a_model_may_have_been_saved_and_loaded(corpus, pooled, tmp_path):
    import keras

    model = corpus.whole(pooled)
    rate = VARIANT["learning_rates"][0]
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
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


def test_answers_for_a_photo_and_its_mirror_image_may_be_averaged(corpus, pooled):
    import keras

    inputs = keras.Input((150, 150, 3))
    mirrored = (inputs, keras.ops.flip(inputs, axis=2), inputs[:, :, ::-1])
    seen = [pooled(corpus.base.model(corpus.base.preprocess(one), training=False)) for one in mirrored]
    assert_full_marks(corpus, corpus.bundle("mirrored", keras.Model(inputs, keras.layers.Average()(seen))))


def test_a_base_may_see_the_middle_of_a_photo(corpus):
    import keras

    small = load_base("mini_vgg16", 128)
    features = record_features(small, corpus.train.images[:, 11:139, 11:139])
    head = keras.Sequential([keras.Input((4, 4, 64)), keras.layers.GlobalAveragePooling2D(), answer()])
    inputs = keras.Input((150, 150, 3))
    cropped = small.preprocess(keras.layers.CenterCrop(128, 128)(inputs))
    model = keras.Model(inputs, corpus.learned(head, features)(small.model(cropped)))
    assert_full_marks(corpus, corpus.bundle("the middle", model, base=small), level=0.7)


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


def test_weights_of_a_training_that_diverged_are_scored_though_they_compress_to_a_thousandth(corpus):
    from keras import layers

    head = corpus.head(layers.Flatten(), layers.Dense(512, activation="relu"), layers.Dense(2))
    path = corpus.bundle("diverged", head, inputs="features")

    def spoil(values):
        for array in values.values():
            array[...] = np.nan

    result = scored(corpus, changed(path, "all NaN", head=arrays(spoil)))
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
    history["training"] |= {"learning_rate": [3e-3, 3e-3, 1e-3, 1e-3], "auc": [0.5, 0.8, 0.9, 0.95], "f1": [0.0] * 4}
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
    others.append(("head.json", b"{}"))
    result = assert_full_marks(corpus, repacked(whole, "beside", [*others, *entries]))
    assert "curve.png" in str(result["items"][-1]["evidence"]["remarks"])


# Slips, each of which costs the item that it belongs to


def test_batch_normalization_trained_with_the_convolutions_costs_a_part(mobile):
    chosen = [*last_convolutions(mobile, 3), "Conv_1_bn"]
    path = fine_tuned_mobilenet(mobile, "with its normalization", chosen)
    lost = {"right layers changed": "changed too: Conv_1_bn", "base left as released": "Conv_1_bn"}
    items = assert_loses(mobile, path, lost, variant=MOBILE["fine_tuning"], level=MOBILE_LEVEL)
    assert items["right layers changed"]["points"] == 1.5


@pytest.mark.parametrize("slip", ["x / 255", "blue for red"])
def test_a_head_on_a_wrong_input_loses_the_base_in_another_base(mobile, slip):
    from keras import layers

    wrong = {
        "x / 255": lambda images: images / np.float32(255),
        "blue for red": lambda images: mobile.base.preprocess(images[..., ::-1].astype(np.float32)),
    }
    slipped = replace(mobile.base, preprocess=wrong[slip])
    train, public = (record_features(slipped, photos.images) for photos in (mobile.train, mobile.public.photos))
    head = mobile.learned(mobile.head(layers.GlobalAveragePooling2D(), answer()), train)
    variant, history = MOBILE["another_base"], mobile.history(best=0.75)
    path = mobile.bundle(slip, head, inputs=public, variant=variant, history=history)
    items = {one["name"]: one for one in scored(mobile, path, variant, level=MOBILE_LEVEL)["items"]}
    assert items["base left as released"]["points"] == 0 and slip in items["base left as released"]["reason"]
    between = json.loads(parts_of(path)["submission.json"])["between"] | {"preprocessing": "its own preprocessing"}
    claimed = scored(mobile, changed(path, "claimed", about=about(between=between)), variant, level=MOBILE_LEVEL)
    assert claimed["points"] < 10, claimed


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


@pytest.mark.filterwarnings("ignore:You are using a softmax")
def test_one_unit_with_softmax_answers_always_the_same(corpus):
    head = corpus.pooled(1, "softmax")
    path = corpus.bundle("one softmax", head, inputs="features", quality=1, history=corpus.history(best=0.6))
    lost = dict.fromkeys(("right layers changed", "accuracy recomputed", "level reached"), "guessing")
    assert_loses(corpus, path, lost)


def test_the_validation_accuracy_instead_of_the_test_accuracy_costs_the_record(corpus, pooled, alone):
    claimed = json.loads(parts_of(alone)["submission.json"])["claimed_accuracy"]
    path = changed(alone, "validation claimed", about=about(claimed_accuracy=claimed + 0.02))
    assert_loses(corpus, path, {"consistent record": "is claimed, and the predictions give"})


def test_one_run_where_several_were_asked_for_costs_half_of_the_record(corpus, pooled):
    path = corpus.bundle("joined", pooled, "learning_rate", "features", history=corpus.history(["all"])["all"])
    items = assert_loses(corpus, path, {"consistent record": "0 of 3 learning rates"}, "learning_rate")
    assert items["consistent record"]["points"] == 0.5
