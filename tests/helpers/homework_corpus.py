"""Submissions to try the scorer on: right ones in many ways, wrong ones in many more, and hostile ones.

Nothing is trained step by step: a head gets its last layer from a logistic regression on what the layers before it
give, which takes a fraction of a second and is a trained head all the same.
"""

import io
import json
import re
import struct
import warnings
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from course_utils.assignments.public_photos import draw_photo, public_test_photos
from course_utils.assignments.trial_run import TRIED
from homework.scoring.hidden_photos import HiddenSet, Photos, PublicSample

STUDENT = "ada"
VARIANTS = {
    "another_base": {"unfreeze": 0, "learning_rates": [3e-3]},
    "fine_tuning": {"unfreeze": 3, "learning_rates": [3e-3, 5e-5]},
    "learning_rate": {"unfreeze": 0, "learning_rates": [1e-5, 1e-3, 1e-1]},
    "conv_head": {"unfreeze": 0, "learning_rates": [1e-3]},
}
for name, variant in VARIANTS.items():
    variant |= {"assignment": name, "number": 1, "base": "mini_vgg16", "subset": 600, "seed": 7}
# Reached by every right submission below, and not by those that are made weak.
LEVEL = 0.78


@dataclass
class Case:
    """One submission and what must be said about it.

    Attributes
    ----------
    name : str
    path : pathlib.Path
    variant : dict
    lost : dict of str to str
        Items that must not be fully given: name -> words that the reason must contain.
    refused : str or None
        Words that the refusal must contain.
    """

    name: str
    path: Path
    variant: dict
    lost: dict = field(default_factory=dict)
    refused: str | None = None


def small_photos():
    """Draw the photos: to train on, public and hidden."""
    train = Photos.of(
        np.stack([draw_photo(kind, 2024, i) for kind in ("dog", "cat") for i in range(0, 1000, 20)]),
        np.arange(100) < 50,
    )
    hidden = np.stack([draw_photo(kind, 99, i) for kind in ("dog", "cat") for i in range(60)])
    # The photos on which packing tries a model are among them: elsewhere the corpus invents predictions.
    positions = np.array(sorted({*TRIED, *range(5, 1000, 50)}))
    public = PublicSample(Photos.of(public_test_photos(positions), positions < 500), positions)
    return train, HiddenSet(Photos.of(hidden, np.arange(120) < 60), "drawings of the tests", public)


class Corpus:
    """Builds submissions into a folder.

    Parameters
    ----------
    folder : pathlib.Path
    train : Photos
    hidden : HiddenSet
    base : str
    """

    def __init__(self, folder, train, hidden, base="mini_vgg16"):
        from course_utils.bases import load_base, record_features

        self.folder, self.hidden = Path(folder), hidden
        self.train, self.public = train, hidden.public
        self.base = load_base(base)
        self.features = self.recorded(record_features)
        self.made = 0

    def recorded(self, record_features):
        return {id(photos): record_features(self.base, photos.images) for photos in (self.train, self.public.photos)}

    # Parts

    def fresh_base(self):
        """A base of its own, whose weights may be changed."""
        from course_utils.bases import load_base

        return load_base(self.base.name)

    def head(self, *layers, shape=None):
        import keras

        return keras.Sequential([keras.Input(shape or self.base.model.output_shape[1:]), *layers])

    def learned(self, head, inputs=None, labels=None, scale=1.0):
        """Give a head's last Dense layer what a logistic regression learns from the layers before it."""
        import keras
        from sklearn.linear_model import LogisticRegression

        for layer in head.layers:
            if type(layer).__name__ in ("Conv2D", "SeparableConv2D") and layer.use_bias:
                # As training moves them, from 0 on.
                layer.bias.assign(np.random.default_rng(5).normal(0, 0.02, layer.bias.shape))

        inputs = self.features[id(self.train)] if inputs is None else inputs
        last = [layer for layer in head.layers if isinstance(layer, keras.layers.Dense)][-1]
        (features,) = head.inputs
        before = called(keras.Model(features, last.input), inputs).astype(np.float64)
        labels = self.train.labels if labels is None else labels
        middle, spread = before.mean(axis=0), before.std(axis=0) + 1e-3
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            line = LogisticRegression(C=0.02, max_iter=300).fit((before - middle) / spread, labels)
        weights = line.coef_[0] / spread * scale
        bias = (line.intercept_[0] - middle @ (line.coef_[0] / spread)) * scale
        if last.units == 2:
            last.set_weights([np.stack([-weights / 2, weights / 2], axis=1), np.array([-bias / 2, bias / 2])])
        else:
            last.set_weights([weights[:, None], np.array([bias])])
        return head

    def whole(self, head, base=None, preprocess=True, augment=()):
        """A head on a base, from photos."""
        import keras

        base = base or self.base
        inputs = x = keras.Input((150, 150, 3))
        for layer in augment:
            x = layer(x)
        prepared = preprocess(x) if callable(preprocess) else base.preprocess(x) if preprocess else x
        return keras.Model(inputs, head(base.model(prepared, training=False)))

    def pooled(self, units=2, activation="softmax"):
        from keras import layers

        return self.learned(self.head(layers.GlobalAveragePooling2D(), layers.Dense(units, activation=activation)))

    def head_of_another_kind(self):
        from keras import layers

        return self.learned(self.head(layers.GlobalMaxPooling2D(), layers.Dense(2)))

    def renamed(self, head):
        """The same weights under other names."""
        from keras import layers

        other = self.head(layers.GlobalAveragePooling2D(), layers.Dense(2, "softmax", name="all_my_own_work"))
        other.set_weights(head.get_weights())
        return other

    def nudged(self, head):
        """The same weights, each changed by a tenth of a percent."""
        other = self.renamed(head)
        noise = np.random.default_rng(1).standard_normal
        other.set_weights([array * (1 + 1e-3 * noise(array.shape)) for array in head.get_weights()])
        return other

    def rescaled(self, head):
        """The same answers by a hidden layer in between, whose units are in another order and of other sizes."""
        from keras import layers

        rng = np.random.default_rng(2)
        order, size = rng.permutation(64), rng.uniform(0.5, 2.0, 64).astype(np.float32)
        other = self.head(layers.GlobalAveragePooling2D(), layers.Dense(64), layers.Dense(2, "softmax"))
        kernel, bias = head.get_weights()
        between = np.eye(64, dtype=np.float32)[:, order] * size
        other.set_weights([between, np.zeros(64), kernel[order] / size[:, None], bias])
        return other

    def fine_tuned(self, names, seed=3, amount=0.02):
        """A base with some layers moved a little, as by a short fine-tuning, and the features it gives."""
        base, rng = self.fresh_base(), np.random.default_rng(seed)
        for layer in base.model.layers:
            if layer.name in names:
                kernel, bias = layer.get_weights()
                noise = rng.standard_normal(kernel.shape).astype(np.float32)
                layer.set_weights([kernel + amount * kernel.std() * noise, bias + np.float32(1e-3)])
        inputs = np.asarray(base.preprocess(self.train.images), np.float32)
        return base, called(base.model, inputs)

    def history(self, names=("training",), best=0.9):
        runs = {}
        for number, name in enumerate(names):
            accuracy = [round(0.6 + (best - 0.6) * share, 4) for share in (0.0, 0.5, 0.8, 1.0)]
            loss = [0.68 + number / 100, 0.5, 0.4, 0.35]
            runs[name] = {"accuracy": accuracy, "loss": loss, "val_accuracy": accuracy, "val_loss": loss}
        return runs

    def predictions(self, outputs, quality=0.94):
        """1,000 predictions: the model's for the public sample, and for the others rows like these, as many of them
        right as ``quality`` says.
        """
        from course_utils.assignments.model_answers import cut_between, dogs

        outputs = np.asarray(outputs, np.float32)
        values = np.empty((1000, *outputs.shape[1:]), np.float32)
        truth, answers = np.arange(1000) < 500, dogs(outputs, cut_between(outputs, outputs))
        for label in (0, 1):
            right, wrong = (outputs[answers == one] for one in (label, 1 - label))
            mistakes = np.arange(500) < round(500 * (1 - quality))
            rows = [(wrong if mistake and len(wrong) else right if len(right) else wrong) for mistake in mistakes]
            values[truth == label] = [row[i % len(row)] for i, row in enumerate(rows)]
        values[self.public.positions] = outputs
        return values

    def bundle(self, name, model, assignment="another_base", inputs="raw", quality=0.94, **changes):
        """Pack a model with all that belongs to it; ``changes`` replace what pack_submission would be given."""
        from contextlib import redirect_stdout

        from course_utils.assignments.packing import pack_submission

        if "predictions" not in changes:
            photos = self.public.photos
            if isinstance(inputs, str):
                inputs = {
                    "raw": lambda: photos.images.astype(np.float32),
                    "own": lambda: np.asarray(self.base.preprocess(photos.images)),
                    "features": lambda: self.features[id(photos)],
                }[inputs]()
            outputs = called(model, inputs)
            changes["predictions"] = self.predictions(outputs, quality)
        given = {
            "student": STUDENT,
            "variant": VARIANTS[assignment],
            "base": self.base,
            "history": self.history(
                [f"{rate:g}" for rate in VARIANTS[assignment]["learning_rates"]]
                if assignment == "learning_rate"
                else ("head", "fine-tuned")
            ),
            "answers": {"answer": "A sentence about what was seen."},
        } | changes
        given.setdefault("accuracy", self.accuracy(given["predictions"]))
        folder = self.folder / folder_name(name)
        with redirect_stdout(io.StringIO()):
            return pack_submission(model=model, folder=folder, **given)

    def accuracy(self, predictions):
        from course_utils.assignments.model_answers import public_accuracy

        return public_accuracy(np.asarray(predictions, np.float32))


def called(model, inputs):
    """What a model gives, by a direct call: ``predict`` would compile it first, which takes seconds."""
    import keras

    size = model.inputs[0].shape[0] or 50
    if isinstance(inputs, list):
        return np.asarray(model(inputs, training=False))
    inputs, parts = np.asarray(inputs), []
    for start in range(0, len(inputs), size):
        part = inputs[start : start + size]
        outputs = model(np.resize(part, (size, *part.shape[1:])) if len(part) < size else part, training=False)
        parts.append(keras.ops.convert_to_numpy(keras.ops.cast(outputs, "float32"))[: len(part)])
    return np.concatenate(parts)


def folder_name(name):
    """What a case is called, as the name of a folder."""
    return re.sub(r"[^\w.-]", "-", name)[:100]


def parts_of(path):
    """The parts of a bundle, as bytes."""
    with zipfile.ZipFile(path) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def write_zip(path, parts):
    """Write parts as they are: a list of (name or ZipInfo, bytes), names may repeat."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")
        for name, content in parts:
            archive.writestr(name, content)
    return path


def changed(path, name, **parts):
    """A copy of a bundle with some parts replaced (bytes), changed (a function of bytes) or left out (None)."""
    kept = parts_of(path)
    for part, value in parts.items():
        part = {"about": "submission.json", "head_json": "head.json"}.get(part, f"{part}.npz")
        if value is None:
            del kept[part]
        else:
            kept[part] = value(kept[part]) if callable(value) else value
    return write_zip(path.parent / folder_name(name) / path.name, kept.items())


def about(**values):
    """Change some entries of submission.json."""

    def change(content):
        return json.dumps(json.loads(content) | values).encode()

    return change


def base_of(**values):
    """Change what submission.json says of the base."""

    def change(content):
        parsed = json.loads(content)
        parsed["base"] |= values
        return json.dumps(parsed).encode()

    return change


def config(change):
    """Change head.json by a function that gets the parsed list."""

    def apply(content):
        parsed = json.loads(content)
        return json.dumps(change(parsed) or parsed).encode()

    return apply


def arrays(change):
    """Change head.npz, base.npz or predictions.npz by a function that gets a dict of arrays."""

    def apply(content):
        with np.load(io.BytesIO(content)) as kept:
            values = dict(kept)
        values = change(values) or values
        packed = io.BytesIO()
        np.savez(packed, **values)
        return packed.getvalue()

    return apply


def npy(descr, shape, data=b"", order="False"):
    """An npy file with any header."""
    header = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def zip_bytes(*entries, method=zipfile.ZIP_DEFLATED):
    content = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(content, "w", method) as archive:
        warnings.simplefilter("ignore")
        for name, data in entries:
            archive.writestr(name, data)
    return content.getvalue()


def right_cases(corpus):
    """Right submissions, each in its own way: all get full marks."""
    import keras
    from keras import layers

    c, cases = corpus, []

    def add(name, model, assignment="another_base", inputs="raw", change=None, **changes):
        path = c.bundle(name, model, assignment, inputs, **changes)
        if change:
            path = changed(path, f"{name} changed", **change)
        cases.append(Case(name, path, VARIANTS[assignment]))
        return path

    pooled = c.pooled()
    plain = add("functional with the base inside", c.whole(pooled))
    add(
        "sequential around the base", keras.Sequential([keras.Input((150, 150, 3)), c.base.model, pooled]), inputs="own"
    )
    add("sequential that starts with the base", keras.Sequential([c.base.model, *pooled.layers]), inputs="own")
    flat = pooled.layers[1](pooled.layers[0](c.base.model.output))
    add("flat functional", keras.Model(c.base.model.input, flat), inputs="own")
    add("flat sequential", keras.Sequential([*c.base.model.layers, *pooled.layers]), inputs="own")
    add("head alone, pooled", pooled, inputs="features")
    add("head alone, flattened", c.learned(c.head(layers.Flatten(), layers.Dense(2))), inputs="features")
    maximum = c.learned(c.head(layers.GlobalMaxPooling2D(), layers.Dense(2, activation="softmax")))
    add("head alone, largest of each map", maximum, inputs="features")
    train, public = (c.features[id(photos)] for photos in (c.train, c.public.photos))
    row = c.learned(c.head(layers.Dense(1, activation="sigmoid"), shape=(1024,)), train.reshape(len(train), -1))
    add("features in one row", row, inputs=public.reshape(len(public), -1))
    means = c.learned(c.head(layers.Dense(2, activation="softmax"), shape=(64,)), train.mean(axis=(1, 2)))
    add("features pooled before the head", means, inputs=public.mean(axis=(1, 2)))
    largest = c.learned(c.head(layers.Dense(1), shape=(64,)), train.max(axis=(1, 2)))
    add("largest features before the head", largest, inputs=public.max(axis=(1, 2)))
    deep = c.head(
        layers.GlobalAveragePooling2D(name="means"), layers.Dropout(0.5), layers.Dense(96, activation="relu", name="a"),
        layers.Dropout(0.3), layers.Dense(2, activation="softmax", name="answer"),
    )  # fmt: skip
    add("other names and extra dropout", c.whole(c.learned(deep)))
    add("one sigmoid", c.whole(c.pooled(1, "sigmoid")))
    add("one logit", c.whole(c.pooled(1, None)))
    add("two logits", c.whole(c.pooled(2, None)))
    add("two sigmoids", c.whole(c.pooled(2, "sigmoid")))
    regression = c.learned(c.head(layers.GlobalAveragePooling2D(), layers.Dense(1)), scale=0.2)
    regression.layers[-1].bias.assign_add([0.5])
    add("one number near 0 or 1", regression, inputs="features")
    separate = c.head(layers.GlobalAveragePooling2D(), layers.Dense(2), layers.Softmax())
    add("softmax as a layer", c.learned(separate), inputs="features")
    add("log softmax", c.pooled(2, "log_softmax"), inputs="features")
    half = arrays(lambda values: {name: array.astype(np.float16) for name, array in values.items()})
    add("float16 weights", c.whole(pooled), change={"head": half})
    double = arrays(lambda values: {name: np.asfortranarray(array, np.float64) for name, array in values.items()})
    add("float64 weights in another order", c.whole(pooled), change={"head": double})
    compiled = c.pooled()
    compiled.compile(
        keras.optimizers.SGD(0.01, momentum=0.9), lambda truth, answer: keras.ops.mean(answer), ["accuracy"]
    )
    add("other optimizer and a loss of its own", c.whole(compiled))
    norm = c.head(
        layers.BatchNormalization(), layers.GlobalAveragePooling2D(), layers.LayerNormalization(), layers.PReLU(),
        layers.Dense(2, activation="softmax"),
    )  # fmt: skip
    norm.layers[0].set_weights([np.full(64, value, np.float32) for value in (1.1, 0.1, 0.2, 2.0)])
    add("normalization in the head", c.learned(norm), inputs="features")
    regular = c.head(
        layers.GlobalAveragePooling2D(),
        layers.Dense(
            64, "gelu", kernel_initializer="he_normal", kernel_regularizer="l2",
            kernel_constraint=keras.constraints.MaxNorm(9),
        ),
        layers.LeakyReLU(),
        layers.Dense(2, activation="softmax"),
    )  # fmt: skip
    add("initializer, regularizer and constraint", c.learned(regular), inputs="features")
    augment = [layers.RandomFlip("horizontal"), layers.RandomRotation(0.1), layers.RandomZoom(0.2)]
    add("augmentation inside", c.whole(pooled, augment=augment))
    renamed = keras.Model(c.base.model.input, c.base.model.output, name="my_own_base")
    inputs = keras.Input((150, 150, 3))
    add("base under another name", keras.Model(inputs, pooled(renamed(c.base.preprocess(inputs)))))
    add("Keras's own preprocessing", c.whole(pooled, preprocess=keras.applications.vgg16.preprocess_input))
    add(
        "preprocessing by hand",
        c.whole(pooled, preprocess=lambda x: x[..., ::-1] - np.array([103.939, 116.779, 123.68])),
    )
    inputs = keras.Input((150, 150, 3))
    maps = c.base.model(c.base.preprocess(inputs), training=False)
    both = layers.Concatenate()([layers.GlobalAveragePooling2D()(maps), layers.GlobalMaxPooling2D()(maps)])
    two = keras.Model(maps_input := keras.Input((4, 4, 64)), layers.Dense(2, activation="softmax")(
        layers.Concatenate()([layers.GlobalAveragePooling2D()(maps_input), layers.GlobalMaxPooling2D()(maps_input)])
    ))  # fmt: skip
    two = c.learned(two)
    branches = keras.Model(inputs, layers.Dense(2, activation="softmax", name="last")(both))
    branches.get_layer("last").set_weights(two.layers[-1].get_weights())
    add("two kinds of pooling side by side", branches)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        mixed = keras.Sequential(
            [keras.Input((4, 4, 64)), layers.GlobalAveragePooling2D(), layers.Dense(2, "softmax", dtype="float32")]
        )
    finally:
        keras.config.set_dtype_policy("float32")
    mixed.set_weights(pooled.get_weights())
    add("mixed bfloat16", c.whole(mixed))
    keras.config.set_dtype_policy("float16")
    try:
        small = keras.Sequential([keras.Input((4, 4, 64)), layers.GlobalAveragePooling2D(), layers.Dense(2, "softmax")])
    finally:
        keras.config.set_dtype_policy("float32")
    small.set_weights(pooled.get_weights())
    add("float16 throughout", small, inputs="features")
    notebook = c.folder / "lost.ipynb"
    notebook.write_text('{"cells": [], "metadata": {"colab": {}}, "nbformat": 4, "nbformat_minor": 0}')
    add("a notebook that lost its metadata", c.whole(pooled), notebook=notebook)
    add("student id written otherwise", c.whole(pooled), student=" ADA ")
    add("one history without names", c.whole(pooled), history=c.history()["training"])
    rounded = round(c.accuracy(c.predictions(called(pooled, public))), 2)
    add("rounded claim", pooled, inputs="features", change={"about": about(claimed_accuracy=rounded)})
    percent = 100 * c.accuracy(c.predictions(called(pooled, public)))
    add("claim in percent", pooled, inputs="features", change={"about": about(claimed_accuracy=percent)})
    answers = called(pooled, public)
    add("labels as predictions", pooled, inputs="features", predictions=c.predictions(answers.argmax(axis=1)))
    add("probability of a dog as prediction", pooled, inputs="features", predictions=c.predictions(answers[:, 1]))
    folder = [(f"my homework/{name}", content) for name, content in parts_of(plain).items()]
    litter = [("__MACOSX/my homework/._head.json", b"\0\5\26\7"), ("my homework/.DS_Store", b"\0\0\0\1Bud1")]
    repacked = write_zip(c.folder / "repacked" / "homework.zip", [("my homework/", b""), *folder, *litter])
    cases.append(Case("packed again in a folder", repacked, VARIANTS["another_base"]))
    noted = write_zip(c.folder / "noted" / "homework.zip", [*parts_of(plain).items(), ("readme.txt", b"Dear teacher")])
    cases.append(Case("a note beside the parts", noted, VARIANTS["another_base"]))

    block5 = ["block5_conv1", "block5_conv2", "block5_conv3"]
    tuned, features = c.fine_tuned(block5)
    after = c.learned(c.head(layers.GlobalAveragePooling2D(), layers.Dense(2, activation="softmax")), features)
    add("fine-tuned, nested", c.whole(after, tuned), "fine_tuning")
    flat = after.layers[1](after.layers[0](tuned.model.output))
    add("fine-tuned, flat", keras.Model(tuned.model.input, flat), "fine_tuning", inputs="own")
    add("fine-tuned, float16 weights", c.whole(after, tuned), "fine_tuning", change={"base": half})
    x = middle = keras.Input((9, 9, 64))
    for layer in tuned.model.layers[-4:]:
        x = layer(x)
    tail = keras.Model(middle, after(x))
    recorder = keras.Model(c.base.model.input, c.base.model.get_layer("block4_pool").output)
    recorded = called(recorder, c.base.preprocess(c.public.photos.images))
    add("fine-tuned on features recorded in the middle", tail, "fine_tuning", inputs=recorded)

    diverged = c.history(["1e-05", "0.001", "0.1"])
    diverged["0.1"]["val_loss"][2:] = diverged["0.1"]["loss"][2:] = [float("nan"), float("inf")]
    diverged["0.1"]["val_accuracy"] = [0.5] * 4
    add("a learning rate that diverged", pooled, "learning_rate", inputs="features", history=diverged)
    wide = c.head(
        layers.Conv2D(32, 3, activation="relu"), layers.Flatten(), layers.Dense(64, "relu"), layers.Dense(1, "sigmoid")
    )
    add("convolutional head", c.learned(wide), "conv_head", inputs="features")
    same = c.head(layers.Conv2D(32, 3, padding="same"), layers.ReLU(), layers.GlobalAveragePooling2D(), layers.Dense(2))
    add("convolutional head, pooled, with the base", c.whole(c.learned(same)), "conv_head")
    return cases


def wrong_cases(corpus):
    """Wrong submissions, with the item that must reject each and words of its reason."""
    import keras
    from keras import layers

    c, cases = corpus, []
    block5 = ["block5_conv1", "block5_conv2", "block5_conv3"]
    pooled = c.pooled()
    whole = c.whole(pooled)
    plain = c.bundle("plain", whole)
    alone = c.bundle("alone", pooled, inputs="features")

    def add(name, path, lost, assignment="another_base"):
        cases.append(Case(name, path, VARIANTS[assignment], lost))

    def add_changed(name, lost, path=None, assignment="another_base", **parts):
        add(name, changed(path or plain, name, **parts), lost, assignment)

    # The variant
    other = VARIANTS["another_base"] | {"number": 2, "seed": 8, "subset": 800}
    add_changed("another variant", {"right variant": "differs"}, about=about(variant=other))
    add_changed("another student's bundle", {"right variant": "another student id"}, about=about(student="grace"))
    add_changed("another assignment", {"right variant": "belongs to"}, about=about(assignment="learning_rate"))
    add_changed("no variant", {"right variant": "differs"}, about=about(variant=None))
    add_changed("variant as text", {"right variant": "differs"}, about=about(variant="number 1"))

    # The layers
    def unfrozen(name, names, lost, assignment, seed=3, amount=0.02):
        base, features = c.fine_tuned(names, seed, amount)
        after = c.learned(c.head(layers.GlobalAveragePooling2D(), layers.Dense(2, activation="softmax")), features)
        path = c.bundle(name, c.whole(after, base), assignment)
        add(name, path, lost, assignment)
        return path

    one = "block5_conv3"
    unfrozen("one layer instead of three (M10)", [one], {"right layers changed": "1 of the 3"}, "fine_tuning")
    unfrozen("two of three", block5[1:], {"right layers changed": "2 of the 3"}, "fine_tuning")
    tuned = unfrozen(
        "four instead of three", ["block4_conv3", *block5],
        {"right layers changed": "block4_conv3", "base left as released": "block4_conv3"}, "fine_tuning",
    )  # fmt: skip
    layer_2 = {"right layers changed": "0 of the 3", "base left as released": "block1_conv2"}
    unfrozen("layers[2] instead of layers[-2:] (M7)", ["block1_conv2"], layer_2, "fine_tuning")
    block4 = ["block4_conv1", "block4_conv2", "block4_conv3"]
    unfrozen("the block before", block4, {"right layers changed": "0 of the 3"}, "fine_tuning")
    add(
        "nothing unfrozen",
        c.bundle("nothing", whole, "fine_tuning"),
        {"right layers changed": "0 of the 3"},
        "fine_tuning",
    )
    head_only = c.bundle("head only", pooled, "fine_tuning", "features")
    add("head alone for fine-tuning", head_only, {"right layers changed": "0 of the 3"}, "fine_tuning")
    frozen = {"right layers changed": "was to stay frozen", "base left as released": "were to stay"}
    unfrozen("fine-tuned though it was to stay frozen", block5, frozen, "another_base")
    every = [layer.name for layer in c.base.model.layers if layer.weights]
    unfrozen("the whole base trained", every, frozen, "another_base", amount=0.01)

    def secret(values):
        layer = c.base.model.get_layer("block1_conv1")
        values["block1_conv1/kernel"] = layer.get_weights()[0] * np.float32(1.001)

    add_changed("base weights changed in secret", frozen, base=arrays(secret))

    def secret_bias(values):
        values["block3_conv2/bias"] = c.base.model.get_layer("block3_conv2").get_weights()[1] + np.float32(1e-6)

    add_changed("one bias of the base changed by a millionth", frozen, base=arrays(secret_bias))

    def claimed(name, change, words="0 of the 3"):
        """Layers that are said to be fine-tuned, and never were."""

        def put(values):
            for layer in block5:
                values[f"{layer}/kernel"] = change(c.base.model.get_layer(layer).get_weights()[0])

        path = c.bundle(f"claimed {name}", whole, "fine_tuning")
        add(name, changed(path, name, base=arrays(put)), {"right layers changed": words}, "fine_tuning")

    def one_number(kernel):
        kernel[0, 0, 0, 0] += 0.01
        return kernel

    noise = np.random.default_rng(9)
    claimed("a ten-millionth added", lambda kernel: kernel + np.float32(1e-7))
    claimed("one number changed", one_number)
    claimed("multiplied by 1.00001", lambda kernel: kernel * np.float32(1.00001))
    claimed("multiplied by 1.005", lambda kernel: kernel * np.float32(1.005))
    claimed("noise too small", lambda kernel: kernel + noise.normal(0, 1e-6, kernel.shape).astype(np.float32))
    claimed("noise too large", lambda kernel: kernel + noise.normal(0, 0.05, kernel.shape).astype(np.float32), "")
    random = keras.Model(c.base.model.input, c.base.model.output)
    random = keras.models.clone_model(random)
    inputs = keras.Input((150, 150, 3))
    unlearned = keras.Model(inputs, pooled(random(c.base.preprocess(inputs))))
    add("a base with random weights", c.bundle("random base", unlearned), {"base left as released": "were to stay"})
    add_changed("another checksum of the base", {"base left as released": "checksum"}, about=base_of(sha256="0" * 64))
    add_changed("no checksum of the base", {"base left as released": "checksum"}, about=base_of(sha256=None))
    no_conv = {"right layers changed": "no convolution"}
    starts = c.head(
        layers.Conv2D(32, 3, activation="relu"), layers.Flatten(), layers.Dense(64, "relu"), layers.Dense(1)
    )
    c.learned(starts)
    starts.layers[0].bias.assign(np.zeros(32))
    never = c.bundle("never trained", starts, "conv_head", "features")
    add("a convolution that was never trained", never, {"right layers changed": "was not trained"}, "conv_head")
    inputs = keras.Input((4, 4, 64))
    aside = layers.GlobalAveragePooling2D()(layers.Conv2D(8, 3, bias_initializer="ones")(inputs)) * 0.0
    both = layers.Concatenate()([layers.GlobalAveragePooling2D()(inputs), aside])
    nought = c.learned(keras.Model(inputs, layers.Dense(2, activation="softmax")(both)))
    add(
        "a convolution times zero", c.bundle("times zero", nought, "conv_head", "features"),
        {"right layers changed": "answers are the same"}, "conv_head",
    )  # fmt: skip
    late = c.head(
        layers.GlobalAveragePooling2D(keepdims=True), layers.Conv2D(64, 1, bias_initializer="ones"), layers.Flatten(),
        layers.Dense(2),
    )  # fmt: skip
    path = c.bundle("after pooling", c.learned(late), "conv_head", "features")
    add("a convolution after the pooling", path, no_conv, "conv_head")
    add("a convolutional head without one", c.bundle("no conv", pooled, "conv_head", "features"), no_conv, "conv_head")

    # The input (M1, M4)
    from dataclasses import replace

    from course_utils.bases import record_features

    def slipped(name, preprocess, words="did not get its own"):
        wrong = replace(c.base, preprocess=preprocess)
        train, public = (record_features(wrong, photos.images) for photos in (c.train, c.public.photos))
        head = c.learned(c.head(layers.GlobalAveragePooling2D(), layers.Dense(2, activation="softmax")), train)
        path = c.bundle(name, head, inputs=public, history=c.history(best=0.85))
        add(name, path, {"base left as released": words})
        return head

    head = slipped("features of x / 255 (M4)", lambda images: images / np.float32(255))
    slipped("features of blue for red (M1)", lambda images: c.base.preprocess(images[..., ::-1]))
    slipped("features of raw photos", lambda images: images.astype(np.float32))
    slipped("preprocessed after a division", lambda images: np.asarray(c.base.preprocess(images / np.float32(255))))
    own = "did not get its own"
    divided = c.bundle("divided", c.whole(head, preprocess=layers.Rescaling(1 / 255)))
    add("x / 255 inside the model (M4)", divided, {"base left as released": own})
    raw = c.bundle("raw inside", c.whole(head, preprocess=False), inputs=c.public.photos.images / np.float32(255))
    add("x / 255 before the model (M4)", raw, {"base left as released": own})
    other = keras.applications.mobilenet_v2.preprocess_input
    other = c.bundle("other preprocessing", c.whole(head, preprocess=other))
    add("another base's preprocessing", other, {"base left as released": own})

    # The accuracy
    add_changed("a lower accuracy claimed", {"accuracy recomputed": "further apart"}, about=about(claimed_accuracy=0.7))
    for name, value in (("no accuracy", None), ("accuracy as text", "0.94"), ("accuracy NaN", float("nan")),
                        ("accuracy -1", -1), ("accuracy 1000", 1000), ("accuracy true", True)):  # fmt: skip
        add_changed(name, {"accuracy recomputed": "claims no accuracy"}, about=about(claimed_accuracy=value))
    weak = c.learned(c.head(layers.GlobalAveragePooling2D(), layers.Dense(2)), labels=c.train.labels)
    learned, noise = weak.layers[-1].get_weights(), np.random.default_rng(4).standard_normal((64, 2)).astype(np.float32)
    # Noise is added until about two thirds of the photos are right.
    for amount in range(1, 40):
        weak.layers[-1].set_weights([learned[0] + amount * learned[0].std() * noise, learned[1]])
        answers = called(weak, c.features[id(c.train)]).argmax(axis=1)
        if (answers == c.train.labels).mean() < 0.7:
            break
    perfect = np.eye(2, dtype=np.float32)[(np.arange(1000) < 500).astype(int)]
    forged = {"accuracy recomputed": "further apart", "level reached": "and the level"}
    path = c.bundle("forged", weak, inputs="features", predictions=perfect, accuracy=1.0, history=c.history(best=1.0))
    add("forged predictions and claim", path, forged | {"consistent record": "otherwise than"})
    honest = c.bundle("weak", weak, inputs="features", quality=0.65, history=c.history(best=0.66))
    add("a weak model, honestly claimed", honest, {"level reached": "of the way"})
    lost = {"accuracy recomputed": "further apart", "consistent record": "is claimed"}
    add_changed("a higher accuracy claimed", lost, honest, about=about(claimed_accuracy=0.95))
    start = keras.Sequential([keras.Input((4, 4, 64)), layers.Flatten(), layers.Dense(2, activation="softmax")])
    start.layers[-1].set_weights([np.zeros((1024, 2), np.float32), np.array([0.0, 1e-3], np.float32)])
    guessing = c.bundle("guessing", start, inputs="features", quality=1.0, history=c.history(best=0.6), accuracy=0.5)
    guess = {"right layers changed": "guessing", "level reached": "guessing", "accuracy recomputed": "guessing"}
    add("a head that only guesses (M17)", guessing, guess)
    swapped = c.learned(c.head(layers.GlobalAveragePooling2D(), layers.Dense(2)), labels=1 - c.train.labels)
    path = c.bundle("swapped", swapped, inputs="features", quality=0.06)
    add("the classes swapped", path, {"level reached": "other way round", "accuracy recomputed": "other way round"})
    for name, value in (("NaN", np.nan), ("infinite", np.inf)):

        def spoil(values, value=value):
            key = next(key for key in values if key.endswith("kernel"))
            values[key][0, 0] = value

        lost = {"right layers changed": "NaN", "accuracy recomputed": "no number", "level reached": "could be"}
        add_changed(f"{name} weights", lost, alone, head=arrays(spoil))

    # The record
    record = "consistent record"
    upside_down = c.predictions(called(pooled, c.features[id(c.public.photos)]))[::-1]
    path = c.bundle("cats first", whole, predictions=upside_down, accuracy=0.94)
    add("predictions with the cats first", path, {record: "the predictions give"})
    path = c.bundle("others", whole, predictions=perfect[:, ::-1] * 0.2 + perfect * 0.81, accuracy=1.0)
    stranger = c.predictions(1 - called(pooled, c.features[id(c.public.photos)]), 0.94)
    path = c.bundle("stranger", pooled, inputs="features", predictions=stranger)
    add("predictions of another model", path, {record: "otherwise than"})
    for name, history, words in (
        ("no history", None, "missing"),
        ("an empty history", {}, "missing"),
        ("a history as text", "it went well", "missing"),
        ("a history of words", {"training": {"loss": ["low", "lower"]}}, "no list of numbers"),
        ("a history with an accuracy of 1.2", {"training": {"accuracy": [0.5, 1.2]}}, "leaves the range"),
        ("a history with a negative loss", {"a": {"loss": [0.5, -0.2], "accuracy": [0.5, 0.6]}}, "negative"),
        ("a history of different lengths", {"training": {"loss": [0.5, 0.2], "accuracy": [0.9]}}, "different lengths"),
        ("a run without numbers", {"b": [], "a": {"loss": [0.5]}}, "no numbers"),
        ("a forged history, too bad", c.history(best=0.61), "no run"),
        ("a history of one number", {"x": {"y": [1]}}, "no loss"),
        ("a history of one epoch", {"a": {"loss": [0.4], "accuracy": [0.9]}}, "one epoch"),
        ("two equal runs", dict.fromkeys("ab", c.history()["training"]), "same numbers"),
        ("a history without accuracy", {"a": {"loss": [0.5, 0.4]}}, "no accuracy"),
    ):
        add_changed(name, {record: words}, about=about(history=history))
    add("a forged history, too good", c.bundle("too good", weak, inputs="features", quality=0.65), {record: "no run"})
    part = c.bundle("part", pooled, "learning_rate", "features", history=c.history(["0.001"]))
    add("one of three learning rates", part, {record: "1 of 3"}, "learning_rate")
    few = {"probabilities": np.ones((3, 2), np.float32)}
    add_changed("three predictions", {record: "1,000"}, predictions=arrays(lambda values: few))
    spoiled = {"probabilities": np.full((1000, 2), np.nan, np.float32)}
    add_changed("predictions NaN", {record: "not finite"}, predictions=arrays(lambda values: spoiled))
    assert tuned.is_file()
    return cases


def hostile_cases(corpus):
    """Bundles that must be refused, each with words of the sentence that says why."""
    c, cases = corpus, []
    head = c.pooled()
    alone = c.bundle("hostile alone", head, inputs="features")
    parts = parts_of(alone)
    dense = "1"

    def refuse(name, words, path):
        cases.append(Case(name, path, VARIANTS["another_base"], refused=words))

    def from_parts(name, words, **replaced):
        refuse(name, words, changed(alone, f"hostile {name}", **replaced))

    def raw(name, words, content):
        path = c.folder / "raw" / f"{name.replace(' ', '-').replace('/', '-')}.zip"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        refuse(name, words, path)

    def entries(name, words, *extra, without=()):
        kept = [(key, value) for key, value in parts.items() if key not in without]
        raw(name, words, zip_bytes(*kept, *extra))

    # The file itself
    raw("empty file", "empty", b"")
    raw("not a zip", "no zip file", b"this is my homework" * 50)
    raw("random bytes", "no zip file", np.random.default_rng(0).bytes(5000))
    content = alone.read_bytes()
    raw("cut off", "no zip file", content[: len(content) // 2])
    raw("empty zip", "lacks submission.json", zip_bytes())
    spoiled = bytearray(content)
    spoiled[content.find(b"submission.json") + 200] ^= 255
    raw("a flipped byte", "damaged", bytes(spoiled))
    for part in ("submission.json", "head.json", "head.npz", "base.npz", "predictions.npz"):
        entries(f"without {part}", f"lacks {part}", without=[part])
        entries(f"empty {part}", f"{part} is empty", (part, b""), without=[part])
    refuse("a folder", "not a file", c.folder)
    refuse("a missing file", "cannot be read", c.folder / "nowhere.zip")
    link = c.folder / "link.zip"
    link.symlink_to(alone)
    refuse("a link to another file", "link", link)
    large = c.folder / "large.zip"
    with open(large, "wb") as file:
        file.truncate(200_000_000)
    refuse("a file of 200 MB", "at most", large)

    # Its directory
    for name in ("../../evil.py", "/etc/cron.d/evil", "..\\evil.py", "C:/evil.py", "a/../../b"):
        entries(f"path {name.replace('.', 'p')}", "leaves its folder", (name, b"x"))
    symlink = zipfile.ZipInfo("head.npz")
    symlink.external_attr = 0o120777 << 16
    entries("a link inside", "link", (symlink, b"../other/weights.npz"), without=["head.npz"])
    device = zipfile.ZipInfo("notebook.ipynb")
    device.external_attr = 0o020666 << 16
    entries("a device inside", "device", (device, b"x"))
    entries("a part twice", "twice", ("submission.json", b"{}"))
    entries("a part twice in other letters", "twice", ("Submission.JSON", b"{}"))
    entries("2,000 entries", "entries", *((f"file{i}", b"") for i in range(2000)))
    entries("70,000 entries", "64-bit", *((f"{i}", b"") for i in range(70_000)))
    entries("a zip bomb", "bomb", ("notebook.ipynb", b"\0" * 29_000_000))
    bomb = zip_bytes(("probabilities.npy", npy("'<f4'", (7_250_000,), b"\0" * 29_000_000)))
    from_parts("a zip bomb in npz", "bomb", predictions=bomb)
    lying = bytearray(zip_bytes(*parts.items()))
    place = lying.find(b"PK\1\2")
    lying[place + 24 : place + 28] = struct.pack("<I", 999)
    raw("a size that is not true", "damaged", bytes(lying))
    encrypted = bytearray(zip_bytes(*parts.items()))
    for mark, offset in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        place = encrypted.find(mark)
        while place >= 0:
            encrypted[place + offset] |= 1
            place = encrypted.find(mark, place + 4)
    raw("an encrypted zip", "encrypted", bytes(encrypted))
    raw("another compression", "method", zip_bytes(*parts.items(), method=zipfile.ZIP_LZMA))
    overlap = bytearray(zip_bytes(*parts.items()))
    first = overlap.find(b"PK\1\2")
    second = overlap.find(b"PK\1\2", first + 4)
    overlap[second + 42 : second + 46] = overlap[first + 42 : first + 46]
    raw("entries that overlap", "overlap", bytes(overlap))

    # JSON
    for part in ("about", "head_json"):
        from_parts(f"deep JSON in {part}", "deep", **{part: b"[" * 100_000 + b"]" * 100_000})
        from_parts(f"deep objects in {part}", "deep", **{part: b'{"a":' * 5000 + b"1" + b"}" * 5000})
        from_parts(f"UTF-16 in {part}", "UTF-8", **{part: '{"format": 1}'.encode("utf-16")})
        from_parts(f"UTF-16 without a mark in {part}", "UTF-8", **{part: '{"format": 1}'.encode("utf-16-le")})
        from_parts(f"Latin-1 in {part}", "UTF-8", **{part: '{"format": "\u00e9"}'.encode("latin-1")})
        other = b"[1, 2]" if part == "about" else b"{}"
        from_parts(f"another kind in {part}", "holds a", **{part: other})
        from_parts(f"no JSON in {part}", "no JSON", **{part: b"{'format': 1}"})
        from_parts(f"a name twice in {part}", "twice", **{part: b'{"format": 1, "format": 1}'})
        from_parts(f"many values in {part}", "values", **{part: b"[" + b"1," * 450_000 + b"1]"})
        from_parts(f"a huge integer in {part}", "digits", **{part: b'{"format": ' + b"9" * 100_000 + b"}"})
        from_parts(f"quotes in {part}", "no JSON", **{part: b'"' + b'\\"' * 450_000})
    from_parts("a large integer", "beyond", about=about(claimed_accuracy=10**30))
    from_parts("another format", "format", about=about(format=3))
    from_parts("a bundle of format 1", "pack it again", about=about(format=1))

    # Arrays
    one = lambda array, name="probabilities": zip_bytes((f"{name}.npy", array))  # noqa: E731
    pickled = io.BytesIO()
    np.savez(pickled, probabilities=np.array([print, {"a": 1}], dtype=object))
    from_parts("a pickle in npz", "pickle", predictions=pickled.getvalue())
    from_parts("a pickle in the weights", "pickle", head=pickled.getvalue())
    from_parts("a header that computes", "plain numbers", predictions=one(npy("__import__('os').getcwd()", (1,))))
    billion = npy("'<f4'", (1_000_000_000,), b"\0" * 64)
    from_parts("a billion numbers", "1,000,000,000", predictions=one(billion))
    from_parts("a billion weights", "1,000,000,000", head=one(billion, f"{dense}/kernel"))
    from_parts("a shape that overflows", "claims the shape", predictions=one(npy("'<f8'", (2**31, 2**31, 2**31))))
    from_parts("a negative shape", "plain numbers", predictions=one(npy("'<f4'", (-1, 2))))
    from_parts("text as an array", "plain numbers", predictions=one(npy("'<U8'", (2,), b"\0" * 64)))
    from_parts("complex numbers", "plain numbers", predictions=one(npy("'<c8'", (2,), b"\0" * 16)))
    from_parts("a structured array", "plain numbers", predictions=one(npy("[('a', '<f4')]", (2,), b"\0" * 8)))
    from_parts("no array", "no array", predictions=one(b"hello, this is no array at all"))
    from_parts("a header of 60 kB", "header", predictions=one(npy("'<f4'" + " " * 60_000, (2,), b"\0" * 8)))
    from_parts("a script in npz", "no array", predictions=zip_bytes(("setup.py", b"import os")))
    from_parts(
        "an array twice", "twice", predictions=zip_bytes(*[("probabilities.npy", npy("'<f4'", (1,), b"0000"))] * 2)
    )
    from_parts("other predictions", "probabilities", predictions=one(npy("'<f4'", (1,), b"0000"), "answers"))
    from_parts("5,000 arrays", "entries", head=zip_bytes(*((f"a{i}.npy", b"") for i in range(5000))))
    from_parts("text instead of npz", "no zip file", head=b"my weights")
    from_parts("an unknown weight", "belong to no layer", head=arrays(lambda w: w | {"extra/kernel": np.ones(3)}))
    from_parts("no weights", "lacks its weights", head=arrays(lambda w: {"x": np.ones(1)}))
    wrong_shape = arrays(lambda w: w | {f"{dense}/kernel": np.ones((2, 64), np.float32)})
    from_parts("a weight of another shape", "cannot be computed", head=wrong_shape)
    stray = arrays(lambda w: w | {"block9_conv9/kernel": np.ones(3)})
    from_parts("a layer that the base lacks", "does not have", base=stray)
    other = arrays(lambda w: w | {"block1_conv1/kernel": np.ones((3, 3), np.float32)})
    from_parts("a layer of the base of another shape", "have the shape", base=other)

    # The head: a list of steps
    def steps(name, words, change, path=alone, **more):
        refuse(name, words, changed(path, f"hostile {name}", head_json=config(change), **more))

    def with_layer(case, words, number=1, **values):
        def change(described):
            described[number] |= values

        steps(case, words, change)

    def setting(name, words, number=1, **values):
        def change(described):
            described[number]["settings"] |= values

        steps(name, words, change)

    for kind in (
        "Lambda",
        "TFSMLayer",
        "LSTM",
        "Functional",
        "ops.Custom",
        "__lambda__",
        "get_file",
        "",
        "ops.",
        "Dropout",
    ):
        with_layer(f"the layer {kind}", "not on the list", kind=kind)
    with_layer("a kind that is no text", "no kind", kind=["Dense"])
    with_layer("a name that is no text", "no kind or no name", name=None)
    setting("an unknown activation", "not on the list", activation="system")
    setting("an activation that is code", "beyond reason", activation={"class_name": "__lambda__"})
    setting("an unknown setting", "does not have", units=1_000_000_000)
    setting("a setting of a million letters", "beyond reason", activation="a" * 1_000_000)
    with_layer("settings that are none", "does not have", settings=[1])
    for number, given in enumerate(
        ([], [{"value": 1}], [{"value": 7}], [{"value": -2}], [{"value": True}], [{"step": 0}], ["x"], None, [{}], [[]],
         [{"array": [float("nan")]}], [{"array": "abc"}], [{"value": 0}, {"value": 0}], [[{"value": 0}]])
    ):  # fmt: skip
        with_layer(f"a call {number} on what is no value", "", inputs=given)
    first = {"value": -1}

    def before(*more):
        """Steps before the head."""

        def change(described):
            for one in described:
                one["inputs"] = json.loads(re.sub(r'"value": (\d+)', lambda m: f'"value": {int(m[1]) + len(more)}',
                                                  json.dumps(one["inputs"])))  # fmt: skip
            described[0]["inputs"] = [{"value": len(more) - 1}]
            described[:0] = more

        return change

    def moved(number):
        def change(values):
            for key in list(values):
                place, _, name = key.partition("/")
                values[f"{int(place) + number}/{name}"] = values.pop(key)

        return change

    def put(name, words, *more, weights=None):
        def weighted(values):
            moved(len(more))(values)
            return values | (weights or {})

        steps(name, words, before(*more), head=arrays(weighted))

    def step(kind, *inputs, **settings):
        return {"kind": kind, "name": "x", "settings": settings, "inputs": list(inputs) or [first]}

    huge = [[50_000, 50_000], [50_000, 50_000]]
    put("a padding of 50,000", "too many", step("ZeroPadding2D", padding=huge))
    put("a resizing to 90,000", "too many", step("Resizing", height=90_000, width=90_000))
    put("an upsampling by 5,000", "too many", step("UpSampling2D", size=[5000, 5000]))
    put("a repetition", "", step("Flatten"), step("RepeatVector", {"value": 0}, n=1_000_000))
    put(
        "a pooling of 9,000",
        "",
        step("MaxPooling2D", pool_size=[9000, 9000], strides=[1, 1], padding="same"),
        *[step("MaxPooling2D", {"value": i}, pool_size=[9000, 9000], strides=[1, 1], padding="same") for i in range(9)],
    )
    # Numbers that do not compress, or it would be a bomb.
    many = np.random.default_rng(0).random(5_760_000, np.float32)
    million = {"0/depthwise_kernel": many.reshape(1, 1, 64, 90_000), "0/pointwise_kernel": many[None, None, :, None]}
    put("a separable convolution of six million channels", "too many", step("SeparableConv2D"), weights=million)
    wide = {"0/kernel": np.ones((3, 3, 64, 64), np.float32)}
    put("a dilation of 50,000", "dilated", step("Conv2D", dilation_rate=[50_000, 50_000], padding="same"), weights=wide)
    heavy = [step("Resizing", height=200, width=200)] + [step("Conv2D", {"value": i}, padding="same") for i in range(9)]
    kernels = {f"{i}/kernel": np.ones((3, 3, 64, 64), np.float32) for i in range(1, 10)}
    put("more multiplications than can be done", "multiplications", *heavy, weights=kernels)
    slow = [step("Activation", {"value": i - 1}, activation="gelu") for i in range(290)]
    put("a chain of slow functions on large values", "", step("Resizing", height=100, width=100), *slow[1:])
    put("300 layers", "at most 300", *[step("ReLU", {"value": i - 1}) for i in range(300)])
    put("two rows for one photo", "", step("ops.Concatenate", [first, first], axis=0))
    put("a constant for each photo", "", step("ops.Add", first, {"array": [[[[0.0]]]] * 120}))

    def between(**values):
        def change(content):
            parsed = json.loads(content)
            parsed["between"] |= values
            return json.dumps(parsed).encode()

        return change

    from_parts("no view", "no view", about=between(views=[]))
    from_parts("a hundred views", "more than 8", about=between(views=[[]] * 100))
    from_parts("a view with layers", "not on the list", about=between(views=[[step("Dense")]]))
    flip = step("ops.Flip", axis=2)
    from_parts("a view of two rows", "row of steps", about=between(views=[[flip, flip]]))
    crop = step("CenterCrop", height=100, width=100)
    from_parts("a view of another size", "the base takes", about=between(views=[[crop]]))
    for name, base in (
        ("no base", None),
        ("another base", {"name": "../VGG16", "size": 150}),
        ("VGG16", {"name": "VGG16"}),
    ):
        from_parts(name, "no variant of this course", about=about(base=base))
    from_parts("a base of 4 pixels", "pixels", about=about(base={"name": "mini_vgg16", "size": 4}))
    from_parts(
        "a base of another size than its view",
        "the base takes 40 pixels",
        about=about(base={"name": "mini_xception", "size": 40}),
    )
    from_parts("a base of many pixels", "pixels", about=about(base={"name": "mini_vgg16", "size": 90_000}))
    from_parts("no head", "belong to no layer", head_json=b"[]")
    three = arrays(lambda w: {key: np.concatenate([one, one[..., :1]], axis=-1) for key, one in w.items()})
    from_parts("three classes", "1 or 2", head=three)
    return cases


def told(result):
    """What a person reads when a test fails."""
    lost = [(item["name"], item["points"], item["reason"]) for item in result["items"] if item["verdict"] != "yes"]
    return result["points"], result["status"], result["refusal"], lost
