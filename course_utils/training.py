"""Training: its precision, its number of epochs, and the networks that several notebooks train or carry on with."""

import contextlib
import hashlib
import importlib.util
import itertools
import json
import os
import platform
import shutil
import time
import zipfile
from pathlib import Path

import numpy as np

from course_utils import settings
from course_utils.errors import CourseError, file_errors_told
from course_utils.files import write_text, written_whole
from course_utils.images import photo_paths
from course_utils.settings import course_path, fast

_STEPS = 4
# Where Colab puts the user's Google Drive.
_DRIVE = Path("/content/drive")


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
    fast as float32, on an Intel Xeon its matrix product had half the rate (``docs/results/how.md``). Without such
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


def epochs(number):
    """Say for how many epochs a notebook trains: as many as it asks for, or one in fast mode.

    Parameters
    ----------
    number : int
        The number in full.

    Returns
    -------
    int
        ``number``, or 1 where COURSE_FAST=1 is set, as the notebooks' tests do.
    """
    return 1 if fast() else number


def keep_model(model, name, data="data"):
    """Save a trained model for the later notebooks, with a note of the images that it was trained on.

    Parameters
    ----------
    model : keras.Model
        The trained model.
    name : str
        What it is called, such as ``"scratch"`` for ``models/scratch.keras``.
    data : str or pathlib.Path
        The data folder; the model is saved in ``models`` beside it.

    Raises
    ------
    CourseError
        Where the file cannot be written.
    """
    saved = _saved_model(data, name)
    note = saved.with_suffix(".json")
    with file_errors_told(note):
        # The old note must not vouch for the new model, should this be stopped between the two.
        note.unlink(missing_ok=True)
    with written_whole(saved) as part:
        # Keras saves only under a name that ends in .keras.
        named = part.with_name(f"{part.name}.keras")
        try:
            model.save(named)
            os.replace(named, part)
        finally:
            named.unlink(missing_ok=True)
    write_text(note, json.dumps({"images": _fingerprint(data)}) + "\n")
    print(f"Saved as models/{saved.name}, for the later notebooks.")


def earlier_model(data, name, train):
    """Load a model that an earlier notebook saved, or train a replacement, and say in one line which.

    A saved model that was trained on other images, or cannot be read, is not used, and stays where it is.

    Parameters
    ----------
    data : str or pathlib.Path
        The data folder; the model is looked for in ``models`` beside it.
    name : str
        The model's name, such as ``"scratch"`` for ``models/scratch.keras``.
    train : callable
        Called without arguments where there is no such model; gives a trained one.

    Returns
    -------
    keras.Model
    """
    import keras

    saved = _saved_model(data, name)
    with file_errors_told(saved):
        found = saved.is_file()
    if not found:
        reason = f"There is no models/{saved.name} here"
    elif not _trained_on(saved, data):
        reason = f"models/{saved.name} was trained on other images"
    else:
        try:
            model = keras.saving.load_model(saved, compile=False)
        except (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile):
            reason = f"models/{saved.name} cannot be read (cut off, or saved by another version of Keras)"
        else:
            print(f"This is your own {name} model, saved by an earlier notebook.")
            return model
    print(f"{reason}: a replacement is trained, more briefly.")
    return train()


def carry_models(folder="models"):
    """In Colab, keep the models in your Google Drive, so that the next notebook finds them; elsewhere do nothing.

    Each Colab notebook is a machine of its own, and what it saved is gone when it closes. Without a Drive the notebook
    goes on, and it is printed how to carry the models by hand.

    Parameters
    ----------
    folder : str or pathlib.Path
        The folder of the models; in Colab it becomes a link to ``image-course/models`` in your Drive, and what it held
        before is copied there first, and stays beside it as ``models-before``.

    Raises
    ------
    CourseError
        Where the Drive is there and cannot be written to.
    """
    models = course_path(folder)
    if not _in_colab():
        print(f"Your models are kept in the folder {models.name}.")
        return
    from google.colab import drive

    try:
        drive.mount(str(_DRIVE))
    except Exception as refusal:  # Colab raises errors of several kinds where it is refused or runs out of time.
        print(
            f"Your Google Drive was not opened ({refusal}). This machine forgets your models when it closes: download "
            f"all files of the folder {models.name}, and upload them into that folder of the next notebook."
        )
        return
    kept = _DRIVE / "MyDrive" / "image-course" / "models"
    with file_errors_told(kept):
        kept.mkdir(parents=True, exist_ok=True)
        if models.is_dir() and not models.is_symlink():
            shutil.copytree(models, kept, dirs_exist_ok=True)
            models.rename(_free_name(models.with_name(f"{models.name}-before")))
        if not models.is_symlink():
            models.symlink_to(kept, target_is_directory=True)
    print("Your models are kept in your Google Drive, in image-course/models.")


def better_cnn(steps):
    """Build the network of notebook 07 that is trained from scratch in the time of 03's, compiled as it is there.

    Parameters
    ----------
    steps : int
        How many steps the training will take, which the learning-rate schedule has to know.

    Returns
    -------
    keras.Model
        386,602 parameters; takes RGB 0-255 (n, 88, 88, 3), gives probabilities (cat, dog); its labels are one-hot.
    """
    import keras
    from keras import layers

    def normalised_relu(x):
        return layers.Activation("relu")(layers.BatchNormalization()(x))

    inputs = keras.Input((88, 88, 3))
    x = layers.RandomCrop(80, 80)(layers.RandomFlip("horizontal")(inputs))
    x = layers.Rescaling(1 / 127.5, offset=-1)(x)
    for filters in (24, 48, 96, 128):
        x = layers.MaxPooling2D()(layers.Conv2D(filters, 3, padding="same", use_bias=False)(x))
        x = normalised_relu(x)
    x = normalised_relu(layers.Conv2D(192, 3, padding="same", use_bias=False)(x))
    x = layers.Dropout(0.3)(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, layers.Dense(2, activation="softmax", dtype="float32")(x), name="better_cnn")
    warmup = steps // 10
    schedule = keras.optimizers.schedules.CosineDecay(3e-4, steps - warmup, warmup_target=3e-3, warmup_steps=warmup)
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
    model.compile(keras.optimizers.AdamW(schedule, weight_decay=0.01), loss, metrics=["accuracy"])
    return model


def scratch_cnn():
    """Build the network of notebook 03, compiled as it is there.

    Returns
    -------
    keras.Sequential
        3,453,634 parameters; takes RGB 0-255 (n, 150, 150, 3), gives probabilities (cat, dog).
    """
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((150, 150, 3)), layers.Rescaling(1 / 127.5, offset=-1)])
    for filters in (32, 64, 128, 128):
        model.add(layers.Conv2D(filters, 3, activation="relu"))
        model.add(layers.MaxPooling2D())
    model.add(layers.Flatten())
    model.add(layers.Dense(512, activation="relu"))
    model.add(layers.Dense(2, activation="softmax", dtype="float32"))
    model.compile(keras.optimizers.Adam(3e-4), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


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


def _in_colab():
    try:
        return importlib.util.find_spec("google.colab") is not None
    except ModuleNotFoundError:  # not even google is there
        return False


def _free_name(path):
    """The path itself, or with the first number behind it that nothing has yet."""
    names = itertools.chain([path], (path.with_name(f"{path.name}-{number}") for number in itertools.count(2)))
    return next(name for name in names if not name.exists())


def _saved_model(data, name):
    return course_path(data).parent / "models" / f"{name}.keras"


def _trained_on(saved, data):
    try:
        note = json.loads(saved.with_suffix(".json").read_text(encoding="utf-8"))
        return note["images"] == _fingerprint(data)
    except (OSError, ValueError, TypeError, KeyError):
        return False


def _fingerprint(data):
    """Stand for the images of a data folder by their folders, names and sizes."""
    content = hashlib.sha256()
    for folder in sorted(course_path(data).glob("*s-t*")):
        for path in photo_paths(folder):
            content.update(f"{folder.name}/{Path(path).name} {os.path.getsize(path)}\n".encode())
    return content.hexdigest()
