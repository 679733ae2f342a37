"""What `bench.py` times, each in a process of its own: ``python -m tools.benchmarks.tasks NAME ARGUMENTS``.

The arguments are one JSON object; the last line printed is one, too. Times leave out the start of Python and the
imports. Memory is the process's own, by the system's account: what it held at most, and before the work.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import psutil

import course_utils  # noqa: F401 -- sets TensorFlow's faster convolutions, for the published ways as well
from tools.benchmarks import published_ways
from tools.benchmarks.report import EPOCHS_FROZEN

BATCH = 32


def main():
    name, arguments = sys.argv[1], json.loads(sys.argv[2])
    print(json.dumps(TASKS[name](**arguments)))


def load_published(sets):
    """Q2 as published: each set is a pair of folders, dogs and cats."""
    published_ways.plain_loop(first_photo(sets))
    return measured(lambda: [published_ways.photos_to_array(*folders) for folders in sets])


def load_plain(sets):
    """Q2's decoding and resizing alone."""
    published_ways.plain_loop(first_photo(sets))
    return measured(lambda: [published_ways.plain_loop(map(str, paths_of(folders))) for folders in sets])


def load_ours(sets):
    """Q2 by `load_photos`."""
    from course_utils import load_photos

    load_photos(first_photo(sets))
    return measured(lambda: [load_photos(paths_of(folders)) for folders in sets])


def store_ours(sets, file):
    """Q2 into a memory-mapped file, by `store_photos`."""
    from course_utils.images import load_photos, store_photos

    load_photos(first_photo(sets))
    paths = [path for folders in sets for path in paths_of(folders)]
    return measured(lambda: store_photos(paths, file))


def first_photo(sets):
    """One photo, to be loaded before the time is taken, since decoders are set up when they are first used."""
    return [str(paths_of(sets[0])[0])]


def paths_of(folders):
    """The photos of some folders, in order."""
    from course_utils import photo_paths

    return [path for folder in folders for path in photo_paths(folder)]


def measured(work):
    """Time some work, and give the memory before it and at its peak in MB."""
    process = psutil.Process()
    before = process.memory_info().rss / 1e6
    begun = time.perf_counter()
    kept = work()  # noqa: F841 -- as a notebook keeps it, so that all sets are in memory at once
    seconds = time.perf_counter() - begun
    # The system's two accounts differ by a little: the peak's lags behind.
    return {"seconds": seconds, "before_mb": before, "peak_mb": max(before, peak_mb(process))}


def peak_mb(process):
    """The most memory that a process has held, in MB."""
    info = process.memory_info()
    if hasattr(info, "peak_wset"):  # Windows
        return info.peak_wset / 1e6
    if sys.platform == "darwin":
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    # Not getrusage: on Linux a process inherits its maximum from the one that started it.
    with open(f"/proc/{process.pid}/status", encoding="ascii") as lines:
        kilobytes = next(line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(kilobytes) * 1024 / 1e6


def epoch_published(photos):
    """Q3 as published: one epoch in float32, on float64 arrays of 0-1; and one judgement of half as many photos."""
    return timed_epoch(published_ways.scratch_cnn(), images(photos) / 255)


def epoch_ours(photos, precision):
    """Q3 by the course: uint8 arrays, scaled in the model, in the given precision."""
    import keras

    from course_utils.training import scratch_cnn

    keras.config.set_dtype_policy(precision)
    return timed_epoch(scratch_cnn(), images(photos))


def timed_epoch(model, x):
    """Seconds of one epoch over x, and of judging the first half of x, after a first step of each."""
    y = np.arange(len(x)) % 2
    half = len(x) // 2
    model.fit(x[: 2 * BATCH], y[: 2 * BATCH], batch_size=BATCH, verbose=0)
    model.evaluate(x[:BATCH], y[:BATCH], verbose=0)
    epoch = seconds_of(lambda: model.fit(x, y, batch_size=BATCH, verbose=0))
    judge = seconds_of(lambda: model.evaluate(x[:half], y[:half], verbose=0))
    return {"epoch": epoch, "judge": judge}


def accuracy(folder, precision, seed, epochs):
    """Train the course's scratch CNN from a seed and give its accuracy on the test images."""
    import keras

    from course_utils.training import scratch_cnn
    from tools.benchmarks.seeds import load_set, share_right

    keras.config.set_dtype_policy(precision)
    x_train, y_train = load_set(Path(folder), "train")
    keras.utils.set_random_seed(seed)
    model = scratch_cnn()
    model.fit(x_train, y_train, epochs=epochs, verbose=0)
    return {"accuracy": share_right(model, *load_set(Path(folder), "test"))}


def recorded_accuracy(folder, base, seed):
    """Train notebook 04's head on features recorded once and give its accuracy on the test images."""
    import keras

    from course_utils import load_base
    from tools.benchmarks.seeds import train_head

    loaded = load_base(base)
    keras.utils.set_random_seed(seed)
    return {"accuracy": train_head(loaded, Path(folder))}


def end_to_end_accuracy(folder, base, seed):
    """Train the same head under the same frozen base end to end and give its accuracy on the test images."""
    import keras

    from course_utils import load_base
    from tools.benchmarks.seeds import head_layers, load_set, share_right

    loaded = load_base(base)
    loaded.model.trainable = False
    (x_train, y_train), (x_test, y_test) = load_set(Path(folder), "train"), load_set(Path(folder), "test")
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input(x_train.shape[1:]), loaded.model, *head_layers()])
    model.compile(keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(loaded.preprocess(x_train), y_train, epochs=EPOCHS_FROZEN, verbose=0)
    return {"accuracy": share_right(model, loaded.preprocess(x_test), y_test)}


def end_to_end_published(photos):
    """Q4-Q5 as published: one epoch through the frozen VGG16, and half as many photos to judge it by."""
    x = images(photos) / 255
    y, half = np.arange(len(x)) % 2, len(x) // 2
    model = published_ways.frozen_vgg16()
    first = (x[:BATCH], y[:BATCH])
    model.fit(*first, batch_size=BATCH, validation_data=first, verbose=0)
    epoch = seconds_of(lambda: model.fit(x, y, batch_size=BATCH, validation_data=(x[:half], y[:half]), verbose=0))
    return {"epoch": epoch}


def features_ours(photos, precision, train, test):
    """Q4-Q5 by the course: record some photos' features, then train a head on recorded features of all.

    The rate of TensorFlow's own matrix product in the same precision is taken before and after the recording.
    """
    import keras
    import tensorflow as tf

    from course_utils.bases import record_features
    from tools.benchmarks.seeds import head_layers

    keras.config.set_dtype_policy(precision)
    base = random_vgg16()
    x = images(photos)
    record_features(base, x[:BATCH])
    dtype = keras.config.dtype_policy().compute_dtype
    rates = [matrix_product_rate(tf.as_dtype(dtype))]
    begun = time.perf_counter()
    features = record_features(base, x)
    recording = time.perf_counter() - begun
    rates.append(matrix_product_rate(tf.as_dtype(dtype)))

    everywhere = np.resize(np.arange(photos), train + test)
    features, y = features[everywhere], everywhere % 2
    head = keras.Sequential([keras.Input(features.shape[1:]), *head_layers()])
    head.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    head.fit(features[:BATCH], y[:BATCH], verbose=0)
    training = seconds_of(
        lambda: head.fit(
            features[:train],
            y[:train],
            epochs=EPOCHS_FROZEN,
            validation_data=(features[train:], y[train:]),
            verbose=0,
        )
    )
    return {
        "recording": recording,
        "training": training,
        "flops_a_second": photos * sum(operations(base.model.layers)) / recording,
        "flops_a_second_of_matrix_product": float(np.mean(rates)),
    }


def random_vgg16():
    """VGG16 with random weights, frozen, as a base of the course."""
    import keras

    from course_utils.bases import Base, _on_a_copy

    model = keras.applications.VGG16(weights=None, include_top=False, input_shape=(150, 150, 3))
    model.trainable = False
    return Base("VGG16", model, _on_a_copy(keras.applications.vgg16.preprocess_input), "random weights")


def operations(layers):
    """Multiplications and additions of one image's way through each convolution and each Dense layer."""
    weighted = [layer for layer in layers if hasattr(layer, "kernel")]
    return [2 * int(np.prod(layer.output.shape[1:-1]) * np.prod(layer.kernel.shape)) for layer in weighted]


def matrix_product_rate(dtype, side=2048, seconds=2.0):
    """Multiplications and additions a second of TensorFlow's product of two square matrices."""
    import tensorflow as tf

    first, second = (tf.cast(tf.random.normal((side, side)), dtype) for _ in range(2))
    product = tf.function(lambda: tf.reduce_sum(tf.cast(tf.matmul(first, second)[:1], tf.float32)))
    product().numpy()
    done, begun = 0, time.perf_counter()
    while time.perf_counter() < begun + seconds or done < 3:
        product().numpy()
        done += 1
    return done * 2 * side**3 / (time.perf_counter() - begun)


def probe():
    """The fastest precision of this machine."""
    from course_utils import fastest_precision

    return {"precision": fastest_precision()}


def start(what):
    """The seconds of importing a package in a fresh process."""
    import importlib

    return {"seconds": seconds_of(lambda: importlib.import_module(what))}


def images(count):
    """Random images: the time of a step does not depend on what is in them."""
    return np.random.default_rng(0).integers(0, 256, (count, 150, 150, 3), np.uint8)


def seconds_of(work):
    """Time some work."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


TASKS = {
    task.__name__: task
    for task in (
        load_published,
        load_plain,
        load_ours,
        store_ours,
        epoch_published,
        epoch_ours,
        accuracy,
        recorded_accuracy,
        end_to_end_accuracy,
        end_to_end_published,
        features_ours,
        probe,
        start,
    )
}

if __name__ == "__main__":
    main()
