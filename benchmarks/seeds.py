"""Train notebook 03's CNN and notebook 04's head over several seeds; the accuracies go to seeds.json and seeds.md.

On the sandbox each seed draws its own 3,000 images and starts its own networks; on photos the images stay the same.
Run ``make seeds`` for seeds 0-2 and 10-12 on the sandbox, or ``python -m benchmarks.seeds`` with arguments for others.
"""

import argparse
import datetime
import json
import tempfile
from pathlib import Path

import numpy as np

from course_utils import accuracy_interval, load_base, load_photos, photo_paths, record_features
from course_utils.drawing import draw_photos
from course_utils.earlier import scratch_cnn
from course_utils.precision import fastest_precision
from course_utils.settings import base_name

HERE = Path(__file__).parent


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 10, 11, 12])
    arguments.add_argument("--photos", help="a data folder with the real photos; without it the sandbox is drawn")
    arguments = arguments.parse_args()
    for seed in arguments.seeds:
        if arguments.photos:
            row = measure("photos", Path(arguments.photos).resolve(), seed)
        else:
            with tempfile.TemporaryDirectory() as folder:
                draw_photos(folder, seed)
                row = measure("sandbox", Path(folder), seed)
        print(json.dumps(row), flush=True)
        keep(row)


def measure(images, data, seed):
    """Train both models on one data folder with one seed and give their test accuracies."""
    import keras

    keras.config.set_dtype_policy(fastest_precision())
    x_train, y_train = load_set(data, "train")
    x_test, y_test = load_set(data, "test")

    keras.utils.set_random_seed(seed)
    scratch = scratch_cnn()
    scratch.fit(x_train, y_train, epochs=10, verbose=0)

    base = load_base("mini_vgg16" if images == "sandbox" else base_name() or "MobileNetV2-0.35")
    base.model.trainable = False
    features = record_features(base, x_train)
    keras.utils.set_random_seed(seed)
    head = keras.Sequential(
        [
            keras.Input(features.shape[1:]),
            keras.layers.Flatten(),
            keras.layers.Dense(512, activation="relu"),
            keras.layers.Dense(2, activation="softmax", dtype="float32"),
        ]
    )
    head.compile(keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy", metrics=["accuracy"])
    head.fit(features, y_train, epochs=5, verbose=0)
    return {
        "images": images,
        "seed": seed,
        "scratch": share_right(scratch, x_test, y_test),
        "frozen_base": share_right(head, record_features(base, x_test), y_test),
        "base": base.name,
        "precision": keras.config.dtype_policy().name,
        "date": datetime.date.today().isoformat(),
    }


def load_set(data, split):
    """Load one split of a data folder: images, and labels with 1 for a dog."""
    dogs, cats = photo_paths(data / f"dogs-{split}"), photo_paths(data / f"cats-{split}")
    return load_photos(dogs + cats), np.array([1] * len(dogs) + [0] * len(cats))


def share_right(model, inputs, labels):
    """The share of right answers, rounded to the one photo in 1,000 that it can tell."""
    return round(float((model.predict(inputs, verbose=0).argmax(axis=1) == labels).mean()), 3)


def keep(row):
    """Add a row to the table, in place of an earlier one of the same images and seed."""
    path = HERE / "seeds.json"
    rows = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    rows = [old for old in rows if (old["images"], old["seed"]) != (row["images"], row["seed"])] + [row]
    rows.sort(key=lambda row: (row["images"], row["seed"]))
    path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    (HERE / "seeds.md").write_text(table(rows), encoding="utf-8")


def table(rows):
    """Format the rows as a page."""
    lines = ["# Test accuracy over several seeds", ""]
    lines += ["Written by `make seeds`. 1,000 test images; the CNN is trained for 10 epochs, the head for 5."]
    low, high = accuracy_interval(0.7, 1000)
    lines += [f"At 0.70 the 95 % interval of one row is {low:.2f} to {high:.2f}, from the choice of test images.", ""]
    lines += [
        "| images | seed | scratch CNN | frozen base | gain | base | precision | date |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        gain = row["frozen_base"] - row["scratch"]
        lines.append(
            f"| {row['images']} | {row['seed']} | {row['scratch']:.3f} | {row['frozen_base']:.3f} | {gain:.3f} "
            f"| {row['base']} | {row['precision']} | {row['date']} |"
        )
    for images in sorted({row["images"] for row in rows}):
        of_these = [row for row in rows if row["images"] == images]
        means = {key: np.mean([row[key] for row in of_these]) for key in ("scratch", "frozen_base")}
        lines.append(
            f"| **{images}, mean of {len(of_these)}** | | **{means['scratch']:.3f}** | **{means['frozen_base']:.3f}** "
            f"| **{means['frozen_base'] - means['scratch']:.3f}** | | | |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
