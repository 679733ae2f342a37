"""Train 03's CNN, 04's head and 07's better CNN over several seeds; the accuracies go to seeds.json and seeds.md.

On the sandbox each seed draws its own 3,000 images and starts its own networks; on photos the images stay the same.
Run ``make seeds`` for seeds 0-2 and 10-12 on the sandbox, or ``python -m benchmarks.seeds`` with arguments for others.
"""

import argparse
import datetime
import json
import math
import tempfile
from pathlib import Path

import numpy as np

from course_utils import accuracy_interval, load_base, load_photos, photo_paths, record_features
from course_utils.drawing import draw_photos
from course_utils.earlier import better_cnn, scratch_cnn
from course_utils.precision import fastest_precision
from course_utils.settings import base_name

HERE = Path(__file__).parent
# The models in the order of the table's columns.
MODELS = {"scratch": "scratch CNN (03)", "frozen_base": "frozen base (04)", "better_cnn": "better CNN (07)"}
BETTER_EPOCHS = 24


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

    keras.utils.set_random_seed(seed)
    better = better_cnn(steps=math.ceil(len(x_train) / 32) * BETTER_EPOCHS)
    better.fit(load_set(data, "train", 88)[0], keras.utils.to_categorical(y_train), epochs=BETTER_EPOCHS, verbose=0)

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
        "better_cnn": share_right(better, load_set(data, "test", 88)[0], y_test),
        "base": base.name,
        "precision": keras.config.dtype_policy().name,
        "date": datetime.date.today().isoformat(),
    }


def load_set(data, split, size=150):
    """Load one split of a data folder: images, and labels with 1 for a dog."""
    dogs, cats = photo_paths(data / f"dogs-{split}"), photo_paths(data / f"cats-{split}")
    return load_photos(dogs + cats, size), np.array([1] * len(dogs) + [0] * len(cats))


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
    low, high = accuracy_interval(0.7, 1000)
    lines += ["Written by `make seeds`. 1,000 test images; the CNN is trained for 10 epochs, the head for 5, the"]
    lines += [f"better CNN for {BETTER_EPOCHS}. At 0.70 the 95 % interval of one row is {low:.2f} to {high:.2f}."]
    lines += [""]
    lines += [f"| images | seed | {' | '.join(MODELS.values())} | gain of 04 over 03 | base | precision | date |"]
    lines += ["|---|---|---|---|---|---|---|---|---|"]
    for row in rows:
        scores = " | ".join(f"{row[name]:.3f}" for name in MODELS)
        gain = row["frozen_base"] - row["scratch"]
        end = f"{row['base']} | {row['precision']} | {row['date']}"
        lines.append(f"| {row['images']} | {row['seed']} | {scores} | {gain:.3f} | {end} |")
    for images in sorted({row["images"] for row in rows}):
        of_these = [row for row in rows if row["images"] == images]
        means = {name: np.mean([row[name] for row in of_these]) for name in MODELS}
        scores = " | ".join(f"**{mean:.3f}**" for mean in means.values())
        gain = means["frozen_base"] - means["scratch"]
        lines.append(f"| **{images}, mean of {len(of_these)}** | | {scores} | **{gain:.3f}** | | | |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
