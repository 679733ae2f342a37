"""Train 03's CNN, 04's head and 07's better CNN over several seeds; the accuracies go to seeds.json and the book.

On the sandbox each seed draws its own 3,000 images and starts its own networks; on photos the images stay the same.
Run ``make seeds`` for seeds 0-2 and 10-12 on the sandbox, or ``python -m tools.benchmarks.seeds``
with arguments for others.
"""

import argparse
import datetime
import json
import math
import tempfile
import textwrap
from functools import partial
from pathlib import Path

import numpy as np

from course_utils import accuracy_interval, load_base, load_photos, photo_paths, record_features
from course_utils.sandbox.drawing import draw_photos
from course_utils.settings import base_name
from course_utils.training import better_cnn, fastest_precision, scratch_cnn
from tools.benchmarks.seed_rows import keep

# The models in the order of the table's columns.
MODELS = {"scratch": "scratch CNN (03)", "frozen_base": "frozen base (04)", "better_cnn": "better CNN (07)"}
BETTER_EPOCHS = 24
SCRATCH_EPOCHS = 12


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 10, 11, 12])
    arguments.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS), help="by default all")
    arguments.add_argument("--photos", help="a data folder with the real photos; without it the sandbox is drawn")
    arguments = arguments.parse_args()
    for seed in arguments.seeds:
        if arguments.photos:
            row = measure("photos", Path(arguments.photos).resolve(), seed, arguments.models)
        else:
            with tempfile.TemporaryDirectory() as folder:
                draw_photos(folder, seed)
                row = measure("sandbox", Path(folder), seed, arguments.models)
        print(json.dumps(row), flush=True)
        keep(row, "seeds", ("images", "seed"), table)


def measure(images, data, seed, models):
    """Train some of the models on one data folder with one seed and give their test accuracies."""
    import keras

    keras.config.set_dtype_policy(fastest_precision())
    base = load_base("mini_vgg16" if images == "sandbox" else base_name() or "MobileNetV2-0.35")
    train = {"scratch": train_scratch, "frozen_base": partial(train_head, base), "better_cnn": train_better}
    accuracies = {}
    for name in models:
        keras.utils.set_random_seed(seed)
        accuracies[name] = train[name](data)
    date = datetime.date.today().isoformat()
    about = {"base": base.name, "precision": keras.config.dtype_policy().name, "date": date}
    return {"images": images, "seed": seed} | accuracies | about


def train_scratch(data):
    """Train notebook 03's CNN as it does: on 1,600 images, until 400 others say stop; give the test accuracy."""
    import keras
    from sklearn.model_selection import train_test_split

    images, labels = load_set(data, "train")
    x_fit, x_validation, y_fit, y_validation = train_test_split(
        images, labels, test_size=0.2, stratify=labels, random_state=0
    )
    stop = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
    model = scratch_cnn()
    model.fit(
        x_fit,
        y_fit,
        epochs=SCRATCH_EPOCHS,
        validation_data=(x_validation, y_validation),
        callbacks=[stop],
        verbose=0,
    )
    return share_right(model, *load_set(data, "test"))


def train_head(base, data):
    """Train notebook 04's head for its 5 epochs on the recorded features of the frozen base; give the test accuracy."""
    import keras

    base.model.trainable = False
    images, labels = load_set(data, "train")
    features = record_features(base, images)
    head = keras.Sequential([keras.Input(features.shape[1:]), *head_layers()])
    head.compile(keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy", metrics=["accuracy"])
    head.fit(features, labels, epochs=5, verbose=0)
    test_images, test_labels = load_set(data, "test")
    return share_right(head, record_features(base, test_images), test_labels)


def head_layers():
    """Build the layers of notebook 04's head."""
    from keras import layers

    dense = layers.Dense(512, activation="relu")
    return [layers.Flatten(), dense, layers.Dense(2, activation="softmax", dtype="float32")]


def train_better(data):
    """Train notebook 07's better CNN for its 24 epochs; give the test accuracy."""
    import keras

    images, labels = load_set(data, "train", 88)
    model = better_cnn(steps=math.ceil(len(images) / 32) * BETTER_EPOCHS)
    model.fit(images, keras.utils.to_categorical(labels), epochs=BETTER_EPOCHS, verbose=0)
    return share_right(model, *load_set(data, "test", 88))


def load_set(data, split, size=150):
    """Load one split of a data folder: images, and labels with 1 for a dog."""
    dogs, cats = photo_paths(data / f"dogs-{split}"), photo_paths(data / f"cats-{split}")
    return load_photos(dogs + cats, size), np.array([1] * len(dogs) + [0] * len(cats))


def share_right(model, inputs, labels):
    """The share of right answers, rounded to the one photo in 1,000 that it can tell."""
    return round(float((model.predict(inputs, verbose=0).argmax(axis=1) == labels).mean()), 3)


def table(rows):
    """Format the rows as a page."""
    low, high = accuracy_interval(0.7, 1000)
    about = (
        f"Written by `make seeds`. 1,000 test images; the CNN is trained on 1,600 images for at most {SCRATCH_EPOCHS} "
        f"epochs, until 400 others say stop, the head for 5 epochs, the better CNN for {BETTER_EPOCHS}. At 0.70 the "
        f"95 % interval of one row is {low:.2f} to {high:.2f}. On the sandbox each seed draws its own images and "
        "starts its own networks. The photos stay the same; their rows come from "
        "`python -m tools.benchmarks.seeds --photos FOLDER`. The notebooks' drawings have yet another seed."
    )
    lines = ["# Test accuracy over several seeds", "", textwrap.fill(about, 120), ""]
    lines += [f"| images | seed | {' | '.join(MODELS.values())} | gain of 04 over 03 | base | precision | date |"]
    lines += ["|---|---|---|---|---|---|---|---|---|"]
    for row in rows:
        scores = " | ".join(f"{row[name]:.3f}" if name in row else "" for name in MODELS)
        gain = f"{row['frozen_base'] - row['scratch']:.3f}" if {"frozen_base", "scratch"} <= set(row) else ""
        end = f"{row['base']} | {row['precision']} | {row['date']}"
        lines.append(f"| {row['images']} | {row['seed']} | {scores} | {gain} | {end} |")
    for images in sorted({row["images"] for row in rows}):
        of_these = [row for row in rows if row["images"] == images]
        scores = " | ".join(mean([row[name] for row in of_these if name in row]) for name in MODELS)
        lines.append(f"| **{images}, mean** | | {scores} | | | | |")
    return "\n".join(lines) + "\n"


def mean(scores):
    """The mean of some accuracies and how many they are, for a cell of the table; empty where there are none."""
    return f"**{np.mean(scores):.3f}** ({len(scores)} seeds)" if scores else ""


if __name__ == "__main__":
    main()
