"""Ask this machine which precision trains fastest here."""

import contextlib
import itertools
import json
import os
import platform
import time

import numpy as np

from course_utils import settings
from course_utils.errors import CourseError
from course_utils.files import write_text

_STEPS = 4


def fastest_precision():
    """Give the Keras dtype policy that trains a small CNN fastest on this machine.

    COURSE_PRECISION decides where it is set. Otherwise float32 and a 16-bit precision are timed in turn for a few
    steps (a few seconds, once a machine: the answer is kept in the course's cache folder).

    Returns
    -------
    str
        ``"float32"``, ``"mixed_bfloat16"`` or ``"mixed_float16"``, for ``keras.config.set_dtype_policy``.

    Raises
    ------
    CourseError
        Where COURSE_PRECISION has an unknown value.

    Notes
    -----
    Processors differ, also those that name avx512_bf16: on an AMD EPYC bfloat16 trained the scratch CNN 1.9 times as
    fast as float32, on an Intel Xeon its matrix product had half the rate (``benchmarks/HOW.md``). Without such
    instructions it is several times slower.
    """
    chosen = settings.precision()
    if chosen != "auto":
        return chosen
    import tensorflow as tf

    devices = tf.config.list_physical_devices("GPU")
    cards = [tf.config.experimental.get_device_details(device).get("device_name", "GPU") for device in devices]
    key = " | ".join(map(str, [_processor(), os.cpu_count(), ", ".join(cards) or "no GPU", tf.__version__]))
    kept_in = settings.cache_folder() / "precision.json"
    try:
        kept = dict(json.loads(kept_in.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        kept = {}
    if kept.get(key) in settings.PRECISIONS[1:]:
        return kept[key]
    candidates = ["float32", "mixed_float16" if devices else "mixed_bfloat16"]
    seconds = _seconds_a_step(candidates)
    # A narrow win may be chance; only a clear one is worth fewer digits.
    fastest = candidates[1] if seconds[candidates[1]] < 0.8 * seconds["float32"] else "float32"
    # Where it is not kept, it is asked again the next time: slower, not wrong.
    with contextlib.suppress(CourseError):
        write_text(kept_in, json.dumps({**kept, key: fastest}))
    return fastest


def _processor():
    """Name the processor closely: of two with the same instructions one was faster in bfloat16, the other slower."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            told = dict(map(str.strip, line.split(":", 1)) for line in itertools.takewhile(str.strip, lines))
    except (OSError, ValueError):
        told = {}
    names = [told.get(name) for name in ("vendor_id", "cpu family", "model", "model name")]
    return " ".join(filter(None, names)) or platform.processor() or platform.machine()


def _seconds_a_step(precisions):
    """Time a training step in each precision, in turn, so that a busy moment meets all; the best of a few."""
    models = {precision: _small_cnn(precision) for precision in precisions}
    images, labels = np.ones((8, 38, 38, 32), np.float32), np.zeros(8, np.int64)
    seconds = {precision: [] for precision in precisions}
    for _ in range(1 + _STEPS):
        for precision, model in models.items():
            start = time.perf_counter()
            model.train_on_batch(images, labels)
            seconds[precision].append(time.perf_counter() - start)
    # The first step also compiles, and is never the best.
    return {precision: min(spent) for precision, spent in seconds.items()}


def _small_cnn(precision):
    """Build the scratch CNN's second and third convolution, with a head."""
    import keras

    policy = keras.DTypePolicy(precision)
    model = keras.Sequential(
        [
            keras.Input((38, 38, 32)),
            keras.layers.Conv2D(64, 3, activation="relu", dtype=policy),
            keras.layers.MaxPooling2D(dtype=policy),
            keras.layers.Conv2D(128, 3, activation="relu", dtype=policy),
            keras.layers.GlobalAveragePooling2D(dtype=policy),
            keras.layers.Dense(2, activation="softmax", dtype="float32"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    return model
