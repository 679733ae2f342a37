"""Ask this machine which precision trains fastest here."""

import contextlib
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

    COURSE_PRECISION decides where it is set. Otherwise float32 and a 16-bit precision are timed side by side for
    a few steps (a few seconds, once a machine: the answer is kept in the course's cache folder).

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
    Processors differ: with avx512_bf16 bfloat16 trained the scratch CNN 3 times as fast as float32; without such
    instructions it is several times slower.
    """
    chosen = settings.precision()
    if chosen != "auto":
        return chosen
    import tensorflow as tf

    devices = tf.config.list_physical_devices("GPU")
    machine = [platform.processor() or platform.machine(), _processor_name(), os.cpu_count(), len(devices)]
    key = " | ".join(map(str, [*machine, tf.__version__]))
    kept_in = settings.cache_folder() / "precision.json"
    try:
        kept = json.loads(kept_in.read_text(encoding="utf-8"))
        if kept[key] in settings.PRECISIONS[1:]:
            return kept[key]
    except (OSError, ValueError, KeyError, TypeError):
        kept = {}
    candidates = ["float32", "mixed_float16" if devices else "mixed_bfloat16"]
    seconds = {name: _seconds_a_step(name) for name in candidates}
    # A narrow win may be chance; only a clear one is worth fewer digits.
    fastest = candidates[1] if seconds[candidates[1]] < 0.8 * seconds["float32"] else "float32"
    # Where it is not kept, it is asked again the next time: slower, not wrong.
    with contextlib.suppress(CourseError):
        write_text(kept_in, json.dumps({key: fastest}))
    return fastest


def _processor_name():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            flags = next(line for line in lines if line.startswith("flags"))
        return "bf16" if "avx512_bf16" in flags or "amx_bf16" in flags else "no bf16"
    except (OSError, StopIteration):
        return "unknown"


def _seconds_a_step(precision):
    """Time one training step of the scratch CNN's second and third convolution, batch 8; the best of a few."""
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
    images, labels = np.ones((8, 38, 38, 32), np.float32), np.zeros(8, np.int64)
    model.train_on_batch(images, labels)
    best = float("inf")
    for _ in range(_STEPS):
        start = time.perf_counter()
        model.train_on_batch(images, labels)
        best = min(best, time.perf_counter() - start)
    return best
