"""Fine-tune the last block of a base as notebook 05 does, over several seeds; the results go to a JSON and a table.

All seeds see the same images; a seed decides the head's first weights, the order of the photos and the split. Run
``python -m tools.benchmarks.seeds_fine_tuning`` in a checkout whose ``data`` holds the drawings or the photos.
"""

import argparse
import datetime
import json

import numpy as np

from course_utils import fetch_photos, gained_and_lost, load_base, record_features, source_of
from course_utils.bases import cut_before_last_block, unfreeze
from course_utils.checks import difference_interval
from course_utils.training import fastest_precision
from tools.benchmarks.seed_rows import keep
from tools.benchmarks.seeds import load_set

HEAD_RATE, FINE_RATE, EPOCHS = 3e-3, 1e-4, 5


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    arguments.add_argument("--data", default="data", help="the data folder; by default data")
    arguments = arguments.parse_args()
    import keras

    keras.config.set_dtype_policy(fastest_precision())
    data = fetch_photos(arguments.data)
    base = load_base("mini_vgg16" if source_of(arguments.data) == "sandbox" else None)
    lower, _ = cut_before_last_block(base)
    (x_train, y_train), (x_test, y_test) = load_set(data, "train"), load_set(data, "test")
    recorded = record_features(lower, x_train), y_train, record_features(lower, x_test), y_test
    for seed in arguments.seeds:
        about = {"images": source_of(arguments.data), "base": base.name, "seed": seed}
        row = about | measure(base, *recorded, seed) | {"date": datetime.date.today().isoformat()}
        print(json.dumps(row), flush=True)
        keep(row, "seeds_fine_tuning", ("images", "seed"), table)


def measure(base, x_train, y_train, x_test, y_test, seed):
    """Train a head, then go on with it alone or with the last block, and compare the two on the test photos.

    Parameters
    ----------
    base : Base
        From `load_base`.
    x_train, x_test : numpy.ndarray
        What the layers below the last block gave, (n, h, w, channels).
    y_train, y_test : numpy.ndarray
        1 for a dog, 0 for a cat, (n,).
    seed : int
        Decides the first weights, the order and the split.

    Returns
    -------
    dict
        Both test accuracies, photos gained and lost, the exact test's probability, and the interval of the difference.
    """
    import keras
    from keras import layers
    from sklearn.model_selection import train_test_split

    keras.utils.set_random_seed(seed)
    fit, _ = train_test_split(np.arange(len(y_train)), test_size=0.2, stratify=y_train, random_state=seed)
    _, last_block = cut_before_last_block(base)
    pooled = [layers.GlobalAveragePooling2D(), layers.Dense(2, activation="softmax", dtype="float32")]
    model = keras.Sequential([keras.Input(x_train.shape[1:]), last_block, *pooled])

    def train(rate):
        model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
        model.fit(x_train[fit], y_train[fit], epochs=EPOCHS, verbose=0)
        return model.predict(x_test, verbose=0).argmax(axis=1) == y_test

    train(HEAD_RATE)
    after_head = model.get_weights()
    frozen = train(HEAD_RATE)
    model.set_weights(after_head)
    unfreeze(last_block)
    tuned = train(FINE_RATE)
    gained, lost, chance = gained_and_lost(frozen, tuned)
    low, high = difference_interval(gained, lost, len(y_test))
    accuracies = {"frozen": round(float(frozen.mean()), 3), "fine_tuned": round(float(tuned.mean()), 3)}
    return accuracies | {"gained": gained, "lost": lost, "chance": chance, "low": round(low, 4), "high": round(high, 4)}


def table(rows):
    """Format rows as a page.

    Parameters
    ----------
    rows : list of dict
        As in `keep`.

    Returns
    -------
    str
        Markdown.
    """
    lines = [
        "# Fine-tuning the last block, over several seeds",
        "",
        "Written by `python -m tools.benchmarks.seeds_fine_tuning`. Test accuracy on 1,000 images of the head alone",
        f"and of the head with the last block, {EPOCHS} epochs each after the same {EPOCHS} epochs of the head. Each",
        "row has an exact test of its own; the images are the same in all rows, so the counts must not be added.",
        "",
        "| images | base | seed | head alone | fine-tuned | gained | lost | if equal, so uneven with probability | "
        "difference, 95 % interval | date |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        difference = f"{row['low']:+.3f} to {row['high']:+.3f}"
        lines.append(
            f"| {row['images']} | {row['base']} | {row['seed']} | {row['frozen']:.3f} | {row['fine_tuned']:.3f} | "
            f"{row['gained']} | {row['lost']} | {row['chance']:.2g} | {difference} | {row['date']} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
