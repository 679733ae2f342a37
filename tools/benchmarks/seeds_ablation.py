"""Train notebook 07's ladder of networks, one change a rung, over several seeds; to seeds_ablation.json and .md.

Run ``python -m tools.benchmarks.seeds_ablation`` for seeds 0-2 on the images in ``data``. Each seed splits the 2,000
training images anew into 1,600 and 400 and starts its own networks. The test images stay closed.
"""

import argparse
import json
import math
import textwrap
from pathlib import Path

import numpy as np

from course_utils import load_photos, photo_paths
from course_utils.photos import source_of
from tools.benchmarks.seed_rows import keep

SIDE = 40
SHORT, LONG = 10, 20
# The rungs in the order of the table, each with the change that it makes to the one before.
RUNGS = {
    "raw pixels": "two convolutions, pixels 0 to 255",
    "scaled": "pixels from -1 to 1",
    "deeper": "four convolutions instead of two",
    "averaged": "global average pooling instead of Flatten and Dense 32",
    "normalised": "batch normalization after each convolution",
    "augmented": "mirror images, and cuts at random places",
    "scheduled": "a learning rate that rises, then falls along a cosine",
}
# A constant rate lets the short accuracy be read off the long run; a schedule has to know its end.
LONGER = ("normalised", "augmented", "scheduled")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    arguments.add_argument("--data", default="data", help="a folder with the photos or drawings of notebook 01")
    arguments = arguments.parse_args()
    for seed in arguments.seeds:
        row = {"images": source_of(arguments.data), "seed": seed} | measure(Path(arguments.data), seed)
        print(json.dumps(row), flush=True)
        keep(row, "seeds_ablation", ("images", "seed"), table)


def measure(data, seed):
    """Train all rungs with one seed; give the validation accuracies after the short and the long training."""
    import keras
    from sklearn.model_selection import train_test_split

    paths = photo_paths(data / "dogs-train") + photo_paths(data / "cats-train")
    images, labels = load_photos(paths, SIDE + SIDE // 10), np.array([1] * 1000 + [0] * 1000)
    fit, held_out = train_test_split(np.arange(len(images)), test_size=400, stratify=labels, random_state=seed)
    accuracies = {}
    for rung in RUNGS:
        epochs = LONG if rung in LONGER else SHORT
        keras.utils.set_random_seed(seed)
        model = network(rung)
        steps = math.ceil(len(fit) / 32) * epochs
        model.compile(keras.optimizers.Adam(rate(rung, steps)), "sparse_categorical_crossentropy", metrics=["accuracy"])
        seen, unseen = (images[fit], labels[fit]), (images[held_out], labels[held_out])
        history = model.fit(*seen, epochs=epochs, validation_data=unseen, verbose=0).history["val_accuracy"]
        # Of one epoch the accuracy jumps about, so the last three are averaged.
        if rung != "scheduled":
            accuracies[f"{rung}, {SHORT} epochs"] = round(float(np.mean(history[SHORT - 3 : SHORT])), 3)
        if rung in LONGER:
            accuracies[f"{rung}, {LONG} epochs"] = round(float(np.mean(history[-3:])), 3)
    return accuracies


def network(rung):
    """Build the network of a rung: its own change and those of all rungs before it."""
    import keras
    from keras import layers

    has = set(list(RUNGS)[: list(RUNGS).index(rung) + 1])
    side = SIDE + SIDE // 10
    model = keras.Sequential([keras.Input((side, side, 3))])
    if "augmented" in has:
        model.add(layers.RandomFlip("horizontal"))
        model.add(layers.RandomCrop(SIDE, SIDE))
    else:
        model.add(layers.CenterCrop(SIDE, SIDE))
    if "scaled" in has:
        model.add(layers.Rescaling(1 / 127.5, offset=-1))
    for filters in (16, 32, 64, 96) if "deeper" in has else (16, 16):
        model.add(layers.Conv2D(filters, 3, padding="same"))
        if "normalised" in has:
            model.add(layers.BatchNormalization())
        model.add(layers.Activation("relu"))
        model.add(layers.MaxPooling2D())
    if "averaged" in has:
        model.add(layers.GlobalAveragePooling2D())
    else:
        model.add(layers.Flatten())
        model.add(layers.Dense(32, activation="relu"))
    model.add(layers.Dropout(0.2))
    model.add(layers.Dense(2, activation="softmax"))
    return model


def rate(rung, steps):
    """Give Adam's usual learning rate, or the schedule on the rung that has it."""
    import keras

    if rung != "scheduled":
        return 1e-3
    warmup = steps // 10
    return keras.optimizers.schedules.CosineDecay(3e-4, steps - warmup, warmup_target=3e-3, warmup_steps=warmup)


def table(rows):
    """Format the rows as a page: a line for each rung, a column for each seed, and the mean."""
    about = (
        f"Written by `python -m tools.benchmarks.seeds_ablation`: validation accuracy on 400 images, mean of the last "
        f"three epochs; trained on 1,600 images of {SIDE} x {SIDE} pixels. Each rung adds one change to the rung above."
    )
    lines = ["# What does each idea add?", "", textwrap.fill(about, 120)]
    for images in sorted({row["images"] for row in rows}):
        of_these = [row for row in rows if row["images"] == images]
        seeds = " | ".join(f"seed {row['seed']}" for row in of_these)
        lines += ["", f"## {images}", "", f"| rung | {seeds} | mean |"]
        lines += ["|---" * (len(of_these) + 2) + "|"]
        for name in [name for name in of_these[0] if name not in ("images", "seed")]:
            scores = [row[name] for row in of_these]
            lines.append(f"| {name} | {' | '.join(f'{score:.3f}' for score in scores)} | **{np.mean(scores):.3f}** |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
