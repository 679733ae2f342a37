"""Find where the time goes, and try what might be faster: ``python -m tools.benchmarks.tried``, a few minutes.

Each pair runs in turn, three rounds in one process; printed are medians, as shares of the whole or as ratios. Names of
parts run these alone; `streaming` runs only so, since it writes 17 GB and takes about ten minutes.
"""

import shutil
import subprocess
import sys
import time
from statistics import median

import cv2
import numpy as np

from course_utils import photo_paths
from course_utils.images import load_photos
from course_utils.photos import fetch_photos
from course_utils.training import scratch_cnn
from tools.benchmarks.bench import BUILD, image_folder, sets_of, task
from tools.benchmarks.tasks import images

ROUNDS = 3
PHOTOS = 640


def main():
    parts = [PARTS[name] for name in sys.argv[1:]] or [decoding, step, fitting, start]
    for part in parts:
        print(f"\n{part.__doc__.splitlines()[0]}", flush=True)
        for name, value in part().items():
            print(f"  {name:70} {value:8.3f}", flush=True)


def turns(ways):
    """Run some functions in turn, and give each one's median of seconds."""
    seconds = {name: [] for name in ways}
    for way in ways.values():
        way()  # the first call sets things up
    for _ in range(ROUNDS):
        for name, way in ways.items():
            begun = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - begun)
    return {name: median(taken) for name, taken in seconds.items()}


def as_ratios(seconds):
    """Each way's seconds over those of the first."""
    first = next(iter(seconds.values()))
    return {name: taken / first for name, taken in seconds.items()}


def decoding():
    """Q2, photos to arrays: time over that of load_photos."""
    paths = photo_paths(fetch_photos("data") / "cats-train")[:PHOTOS]
    encoded = [path.read_bytes() for path in paths]
    buffers = [np.frombuffer(content, np.uint8) for content in encoded]
    whole = [cv2.imdecode(buffer, cv2.IMREAD_COLOR) for buffer in buffers]
    half = [cv2.imdecode(buffer, cv2.IMREAD_REDUCED_COLOR_2) for buffer in buffers]
    return as_ratios(
        turns(
            {
                "load_photos": lambda: load_photos(paths),
                "reading the files": lambda: [path.read_bytes() for path in paths],
                "decoding at full size, one thread": lambda: [cv2.imdecode(b, cv2.IMREAD_COLOR) for b in buffers],
                "decoding at half size, one thread": lambda: [
                    cv2.imdecode(b, cv2.IMREAD_REDUCED_COLOR_2) for b in buffers
                ],
                "averaging half-size photos to 150 x 150": lambda: [resized(image, cv2.INTER_AREA) for image in half],
                "averaging full-size photos to 150 x 150": lambda: [resized(image, cv2.INTER_AREA) for image in whole],
                "Lanczos from full size, as published": lambda: [resized(image, cv2.INTER_LANCZOS4) for image in whole],
                "turning blue-green-red round": lambda: [cv2.cvtColor(image, cv2.COLOR_BGR2RGB) for image in half],
            }
        )
    )


def resized(image, how):
    """One photo at the size of the lesson."""
    return cv2.resize(image, (150, 150), interpolation=how)


def step():
    """Q3, a training step of the scratch CNN: time over that of the whole step."""
    import keras
    import tensorflow as tf

    model = scratch_cnn()
    x = tf.constant(images(32).astype("float32"))
    y = tf.constant(np.arange(32) % 2)
    loss_of = keras.losses.SparseCategoricalCrossentropy()

    def gradients_through(layers):
        variables = [weight for layer in layers for weight in layer.trainable_weights]

        @tf.function
        def gradients():
            with tf.GradientTape() as tape:
                out = x
                for layer in layers:
                    out = layer(out)
                loss = loss_of(y, out) if layers[-1] is model.layers[-1] else tf.reduce_mean(out)
            return [tf.reduce_sum(gradient) for gradient in tape.gradient(loss, variables)]

        return lambda: [one.numpy() for one in gradients()]

    forward = tf.function(lambda: tf.reduce_sum(model(x)))
    ways = {
        "train_on_batch, with Adam and the average of weights": lambda: model.train_on_batch(x, y),
        "forward alone": lambda: forward().numpy(),
        "forward and gradients": gradients_through(model.layers),
    }
    convolutions = [index for index, layer in enumerate(model.layers) if "conv2d" in layer.name]
    for number, index in enumerate(convolutions, 1):
        ways[f"forward and gradients through {number} of 4 convolutions"] = gradients_through(model.layers[: index + 2])
    return as_ratios(turns(ways))


def fitting():
    """Q3, an epoch of fit on 640 photos: time over that of the course's way."""
    import keras
    import tensorflow as tf

    x, y = images(PHOTOS), np.arange(PHOTOS) % 2

    def trained(fit, use_ema=True, **compiling):
        model = scratch_cnn()
        optimizer = keras.optimizers.Adam(3e-4, use_ema=use_ema)
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], **compiling)
        return lambda: fit(model)

    def usual(model):
        model.fit(x, y, verbose=0)

    pipeline = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(PHOTOS).batch(32).prefetch(2)
    scaled = x.astype("float32")
    ways = {
        "uint8 arrays, batches of 32": trained(usual),
        "the same again, to see what luck does": trained(usual),
        "float32 arrays": trained(lambda model: model.fit(scaled, y, verbose=0)),
        "batches of 16": trained(lambda model: model.fit(x, y, batch_size=16, verbose=0)),
        "batches of 64": trained(lambda model: model.fit(x, y, batch_size=64, verbose=0)),
        "a tf.data pipeline with prefetch": trained(lambda model: model.fit(pipeline, verbose=0)),
        "ten steps in one call (steps_per_execution)": trained(usual, steps_per_execution=10),
        "XLA (jit_compile)": trained(usual, jit_compile=True),
        "without the average of weights (use_ema)": trained(usual, use_ema=False),
    }
    return as_ratios(turns(ways))


def start():
    """Starting: seconds in a fresh process."""

    def python(line):
        return lambda: subprocess.run([sys.executable, "-c", line], check=True, capture_output=True)

    kernel = "import nbclient, nbformat; n = nbformat.v4.new_notebook(); "
    kernel += "n.cells = [nbformat.v4.new_code_cell('1')]; nbclient.NotebookClient(n).execute()"
    return turns(
        {
            "Python": python("pass"),
            "import cv2, numpy": python("import cv2, numpy"),
            "import course_utils": python("import course_utils"),
            "import matplotlib.pyplot": python("import matplotlib.pyplot"),
            "import tensorflow": python("import tensorflow"),
            "import keras, which imports tensorflow": python("import keras"),
            "a notebook of one cell, kernel included": python(kernel),
        }
    )


def streaming():
    """Q2, photos into a file by store_photos: seconds, and MB of memory at its peak."""
    found, (_, folder), file = {}, image_folder(), BUILD / "photos.npy"
    for count in (2_500, 25_000, 250_000):
        measured = task("store_ours", sets=sets_of(folder, count), file=str(file))
        file.unlink()
        shutil.rmtree(BUILD / str(count))
        found |= {f"{count:,} photos, seconds": measured["seconds"], f"{count:,} photos, MB": measured["peak_mb"]}
    return found


PARTS = {part.__name__: part for part in (decoding, step, fitting, start, streaming)}

if __name__ == "__main__":
    main()
