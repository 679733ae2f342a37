"""Reuse a base in notebook 06's three ways with few photos and many, over seeds; a JSON and a table are written.

All seeds see the same images; a seed decides which training photos are taken, the first weights and the order. Run
``python -m tools.benchmarks.seeds_photo_counts`` in a checkout whose ``data`` holds the drawings or the photos.
"""

import argparse
import datetime
import json
import math

import numpy as np

from course_utils import fetch_photos, load_base, record_features, source_of
from course_utils.bases import cut_before_last_block, unfreeze
from course_utils.images import augmented_versions
from course_utils.training import fastest_precision
from tools.benchmarks.seed_rows import keep
from tools.benchmarks.seeds import load_set

COUNTS, WAYS = (20, 100, 400, 2000), ("recorded", "augmented", "fine-tuned")
HEAD_STEPS, FINE_STEPS, VERSIONS = 300, 150, 4


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    arguments.add_argument("--data", default="data", help="the data folder; by default data")
    arguments = arguments.parse_args()
    import keras

    keras.config.set_dtype_policy(fastest_precision())
    keras.utils.set_random_seed(0)
    data = fetch_photos(arguments.data)
    base = load_base("mini_vgg16" if source_of(arguments.data) == "sandbox" else None)
    lower, _ = cut_before_last_block(base)
    (x_train, y_train), (x_test, y_test) = load_set(data, "train"), load_set(data, "test")
    versions = [x_train, *augmented_versions(x_train, VERSIONS)]
    versions = [record_features(lower, images) for images in versions]
    test = record_features(lower, x_test), y_test
    for seed in arguments.seeds:
        for count in COUNTS:
            about = {"images": source_of(arguments.data), "base": base.name, "photos": count, "seed": seed}
            row = about | measure(base, versions, y_train, *test, count, seed)
            row["date"] = datetime.date.today().isoformat()
            print(json.dumps(row), flush=True)
            keep(row, "seeds_photo_counts", ("images", "photos", "seed"), table)


def measure(base, versions, labels, x_test, y_test, count, seed):
    """Train in the three ways on some of the photos, and give the test accuracies.

    Parameters
    ----------
    base : Base
        From `load_base`.
    versions : list of numpy.ndarray
        What the layers below the last block gave for the training photos, (n, h, w, channels): first for the photos
        as they are, then for augmented versions of them.
    labels, y_test : numpy.ndarray
        1 for a dog, 0 for a cat.
    x_test : numpy.ndarray
        As ``versions``, for the test photos.
    count : int
        How many training photos, half of them dogs.
    seed : int
        Decides which ones, the first weights and the order.

    Returns
    -------
    dict of str to float
        Way -> test accuracy.
    """
    import keras
    from keras import layers

    keras.utils.set_random_seed(seed)
    random = np.random.default_rng(seed)
    chosen = np.concatenate(
        [random.choice(np.flatnonzero(labels == which), count // 2, replace=False) for which in (1, 0)]
    )
    _, last_block = cut_before_last_block(base)
    pooled = [layers.GlobalAveragePooling2D(), layers.Dense(2, activation="softmax", dtype="float32")]
    head = keras.Sequential([keras.Input(base.model.output_shape[1:]), *pooled])
    model = keras.Sequential([keras.Input(x_test.shape[1:]), last_block, head])
    first_weights = head.get_weights()
    features = [last_block.predict(version[chosen], verbose=0) for version in versions]

    def train(what, x, y, rate, steps):
        what.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
        what.fit(x, y, epochs=math.ceil(steps / math.ceil(len(x) / 32)), verbose=0)
        return round(float((model.predict(x_test, verbose=0).argmax(axis=1) == y_test).mean()), 3)

    y = labels[chosen]
    accuracies = {"augmented": train(head, np.concatenate(features), np.tile(y, len(features)), 3e-3, HEAD_STEPS)}
    head.set_weights(first_weights)
    accuracies["recorded"] = train(head, features[0], y, 3e-3, HEAD_STEPS)
    unfreeze(last_block)
    accuracies["fine-tuned"] = train(model, versions[0][chosen], y, 1e-4, FINE_STEPS)
    return {way: accuracies[way] for way in WAYS}


def table(rows):
    """Format rows as a page.

    Parameters
    ----------
    rows : list of dict
        As in `keep`.

    Returns
    -------
    str
        Markdown: the mean of each way for each number of photos, and the lowest and highest seed.
    """
    lines = [
        "# Three ways to reuse a base, with few photos and many",
        "",
        "Written by `python -m tools.benchmarks.seeds_photo_counts`. Test accuracy on 1,000 images: the mean over the",
        "seeds, then the lowest and the highest. A seed decides which training photos are taken.",
        "",
        f"| images | base | training photos | {' | '.join(WAYS)} | seeds |",
        "|---|---|---|---|---|---|---|",
    ]
    for images, base, photos in sorted({(row["images"], row["base"], row["photos"]) for row in rows}):
        these = [row for row in rows if (row["images"], row["base"], row["photos"]) == (images, base, photos)]
        cells = []
        for way in WAYS:
            values = [row[way] for row in these]
            cells.append(f"{np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})")
        lines.append(f"| {images} | {base} | {photos:,} | {' | '.join(cells)} | {len(these)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
