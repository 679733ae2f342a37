"""``make doctor``: what this machine has, how long the lesson takes on it, what to do next."""

import difflib
import importlib
import os
import platform
import shutil
import subprocess
import sys
import time

from course_utils import settings
from course_utils.errors import CourseError
from course_utils.memory import free_memory
from tools import environment
from tools.notebooks import FIRST_FURTHER

# Module -> a name in it: of a package that was half removed an empty folder may be left, which can be imported.
IMPORTED = {
    "numpy": "array",
    "cv2": "imread",
    "PIL.Image": "open",
    "matplotlib.pyplot": "show",
    "sklearn": "set_config",
    "scipy.stats": "binomtest",
    "keras": "Sequential",
}
OK, WARN, FAIL = "OK", "WARN", "FAIL"

# The sandbox's images, the recorded features, the models, pages and predictions: 0.5 GB, with room to work.
FREE_BYTES_FOR_LESSON = 1_500_000_000

# Notebook -> (seconds, peak MB) on the sandbox, and the seconds of `probe_seconds` on the same machine: a forecast
# is the time here multiplied by the ratio of the two. Measured by `make lesson` and `make further` on 2026-11-29
# (Linux, 2 cores of an AMD EPYC without AVX-512, float32), with nothing beside; the seconds of 09 by `make notebooks`.
REFERENCE_SOURCE = "scaled from 2 cores of an AMD processor without AVX-512, float32"
REFERENCE_PROBE_SECONDS = 0.0127
REFERENCE = {
    "01_download_unzip": (35, 1070),
    "02_image_to_tensor": (17, 1050),
    "03_scratch_cnn": (313, 2070),
    "04_vgg16_transfer": (40, 1390),
    "05_fine_tuning_homework": (45, 1460),
    "06_three_ways_to_reuse_a_base": (163, 1670),
    "07_regularise_normalise_transfer": (358, 1660),
    "08_flowers": (295, 1890),
    "09_look_inside": (97, 1600),
    "10_in_your_pocket": (40, 1190),
}


def doctor():
    """Print one line for each thing looked at, and what to do next.

    Returns
    -------
    int
        1 where anything stands in the way of the lesson, else 0.
    """
    root = environment.checkout_root()
    ready = root is None or environment.ready_python(root) is not None
    findings = []
    looks = [look_at_python, look_at_settings, lambda: look_at_packages(root, ready)]
    looks += [lambda: look_at_disk(ready), look_at_memory, lambda: look_at_gpu(ready)]
    if ready:
        looks += [look_at_network, look_at_data, look_at_base, forecast]
    for look in looks:
        if look is forecast and FAIL in findings:
            continue  # it computes, which may not work here
        for state, what in look():
            findings.append(state)
            print(f"{state:<5} {what}", flush=True)
    print(f"\n{next_step(findings, ready)}")
    return 1 if FAIL in findings else 0


def look_at_python():
    """Say which Python runs, and on what.

    Returns
    -------
    list of (str, str)
        The state, OK, WARN or FAIL, and a sentence.
    """
    return [(OK, f"Python {platform.python_version()} on {platform.system()} ({platform.machine()})")]


def look_at_settings():
    """Read every setting, so that a misspelt one is found here.

    Returns
    -------
    list of (str, str)
        One entry for each setting whose value is wrong or whose name is unknown; one where all are right.
    """
    found = []
    reads = [settings.require_keras_as_the_course_needs_it]
    reads += [
        settings.data_source,
        settings.precision,
        settings.fast,
        settings.mirror,
        settings.cache_folder,
    ]
    for read in [*reads, settings.benchmark]:
        try:
            read()
        except CourseError as error:
            found.append((FAIL, str(error)))
        except ModuleNotFoundError:
            pass  # platformdirs, which alone knows the platform's own cache folder, is not installed yet
    given = {name: value for name, value in sorted(os.environ.items()) if name.startswith("COURSE_")}
    for name in [name for name in given if name not in settings.NAMES]:
        meant = difflib.get_close_matches(name, settings.NAMES, 1, 0.8)
        advice = f"did you mean {meant[0]}?" if meant else f"the settings are {', '.join(settings.NAMES)}"
        found.append((WARN, f"{name} is no setting of the course and changes nothing; {advice}"))
    told = ", ".join(f"{name}={value}" for name, value in given.items())
    return found or [(OK, f"settings: {told or 'none given, all at their defaults'}")]


def look_at_packages(root, ready):
    """Compare the installed packages with the pinned ones.

    Parameters
    ----------
    root : pathlib.Path or None
        The checkout, None where the package was installed without one.
    ready : bool
        Whether an environment with everything was found; if so this runs in it.

    Returns
    -------
    list of (str, str)
        The state and a sentence.
    """
    if not ready:
        return [(WARN, "packages: not installed yet; any other command installs them into .venv")]
    names = ["tensorflow-cpu", "tensorflow", "keras", "numpy", "opencv-python-headless", "matplotlib"]
    versions = [f"{name} {found}" for name in names if (found := environment.installed_version(name))]
    missing = environment.missing_packages(root) if root else []
    for module, name in IMPORTED.items():
        try:
            getattr(importlib.import_module(module), name)
        except Exception as error:
            # Whatever a broken installation raises, it has to be told here.
            return [(FAIL, f"packages: {module} cannot be imported ({type(error).__name__}: {error}); remove .venv")]
    if missing:
        return [(WARN, f"packages differ from the pinned ones: {', '.join(missing)}")]
    return [(OK, f"packages: {', '.join(versions)}")]


def look_at_disk(ready):
    """Compare the free disk space with what the lesson writes.

    Parameters
    ----------
    ready : bool
        Whether the packages are installed.

    Returns
    -------
    list of (str, str)
        The state and a sentence.
    """
    folder = settings.course_path(".")
    free = shutil.disk_usage(folder).free
    needed = FREE_BYTES_FOR_LESSON + (0 if ready else environment.FREE_BYTES_NEEDED)
    text = f"disk: {free / 1e9:.1f} GB free in {folder}, {needed / 1e9:.1f} GB needed"
    found = [(OK, text) if free >= needed else (FAIL, f"{text}; free some space")]
    if not os.access(folder, os.W_OK):
        found.append((FAIL, f"{folder} may not be written to; copy the course to a folder of your own"))
    return found


def look_at_memory():
    """Compare the free memory with the most that a notebook of the lesson takes.

    Returns
    -------
    list of (str, str)
        The state and a sentence.
    """
    needed = memory_needed(name for name in REFERENCE if name < FIRST_FURTHER)
    try:
        free = free_memory()
    except ImportError:
        return [(WARN, f"memory: unknown until the packages are installed; {needed / 1e9:.1f} GB are needed")]
    text = f"memory: {free / 1e9:.1f} GB free, {needed / 1e9:.1f} GB needed"
    return [(OK, text) if free >= needed else (FAIL, f"{text}; close other programs")]


def look_at_gpu(ready):
    """Look for an NVIDIA GPU, and whether TensorFlow sees it.

    Parameters
    ----------
    ready : bool
        Whether the packages are installed.

    Returns
    -------
    list of (str, str)
        The state and a sentence.
    """
    if environment.tensorflow_extra() == "cpu":
        return [(OK, f"GPU: none that TensorFlow uses here; the lesson is made for {os.cpu_count()} CPU cores")]
    name = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True).stdout.splitlines()[0]
    if not ready:
        return [(OK, f"GPU: {name}")]
    if environment.installed_version("tensorflow") is None:
        return [(WARN, f"GPU: {name}, but TensorFlow's CPU build is installed; rename .venv and run again")]
    import tensorflow as tf

    if not tf.config.list_physical_devices("GPU"):
        return [(WARN, f"GPU: {name}, but TensorFlow does not see it; the CPU is used")]
    return [(OK, f"GPU: {name}")]


def look_at_network():
    """Ask the servers of the photos, the mirror's among them, for an answer.

    Returns
    -------
    list of (str, str)
        One entry for each server.
    """
    from course_utils.photos import DOWNLOADS
    from course_utils.sources.download import unanswered

    asked = {source: next(iter(files.values()))[0] for source, files in DOWNLOADS.items()}
    mirror = os.environ.get("COURSE_MIRROR", "").strip()
    if mirror.lower().startswith(("http://", "https://")):
        asked["the mirror"] = f"{mirror.rstrip('/')}/SHA256SUMS"
    reasons = unanswered(list(asked.values()))
    return [
        (WARN, f"network: {source} cannot be reached ({url}): {reasons[url]}")
        if url in reasons
        else (OK, f"network: {source} can be reached")
        for source, url in asked.items()
    ]


def look_at_data():
    """Say which images are in the data folder.

    Returns
    -------
    list of (str, str)
        The state and a sentence.
    """
    from course_utils.photos import source_of

    try:
        source = source_of()
    except CourseError as error:
        return [(WARN, f"data: {error}")]
    return [(OK, f"data: {source} in {settings.course_path('data')}")]


def look_at_base():
    """Say whether the weights of VGG16 are on this machine.

    Returns
    -------
    list of (str, str)
        The state and a sentence.
    """
    from course_utils.bases import known_base

    name = settings.base_name()
    if name:
        try:
            name = known_base(name, "COURSE_BASE")
        except CourseError as error:
            return [(FAIL, str(error))]
        return [(OK, f"base: {name}, as COURSE_BASE says")]
    if list((settings.keras_home() / "models").glob("vgg16_*_notop.h5")):
        return [(OK, "base: the weights of VGG16 are here; drawn images get mini_vgg16 all the same")]
    return [(WARN, "base: no weights of VGG16 here yet; notebook 04 gets them or says what it takes instead")]


def forecast():
    """Say how long each notebook takes on this machine.

    Returns
    -------
    list of (str, str)
        One entry for each notebook, and one for the lesson.
    """
    factor = probe_seconds() / REFERENCE_PROBE_SECONDS
    found = [
        (OK, f"forecast: {name} {_minutes(seconds * factor)}, {peak_mb / 1000:.1f} GB of memory")
        for name, (seconds, peak_mb) in REFERENCE.items()
    ]
    total = sum(seconds for name, (seconds, _) in REFERENCE.items() if name < FIRST_FURTHER) * factor
    return [*found, (OK, f"forecast: the lesson, 01-05, on drawn images {_minutes(total)} ({REFERENCE_SOURCE})")]


def probe_seconds():
    """Time a training step of one convolution, the work that the lesson mostly does.

    Returns
    -------
    float
        Seconds a step, the median of those done within three seconds.
    """
    import numpy as np
    import tensorflow as tf

    images = tf.ones((8, 36, 36, 64))
    kernels = tf.Variable(tf.ones((3, 3, 64, 128)))

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.nn.conv2d(images, kernels, 1, "VALID"))
        return tape.gradient(loss, kernels)

    step()
    seconds, end = [], time.perf_counter() + 3
    while time.perf_counter() < end or len(seconds) < 3:
        start = time.perf_counter()
        step().numpy()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))


def memory_needed(names):
    """Give the most memory that one of some notebooks takes.

    Parameters
    ----------
    names : iterable of str
        The notebooks, such as ``"03_scratch_cnn"``; one that was not measured counts as taking none.

    Returns
    -------
    int
        Bytes.
    """
    return max((REFERENCE[name][1] for name in names if name in REFERENCE), default=0) * 1_000_000


def require_memory(names):
    """Refuse to begin what would be killed halfway.

    Parameters
    ----------
    names : iterable of str
        The notebooks that are to run.

    Raises
    ------
    CourseError
        Where less memory is free than the largest of them takes.
    """
    free, needed = free_memory(), memory_needed(names)
    if free < needed:
        raise CourseError(
            f"The largest notebook takes {needed / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB are free here; "
            "close other programs and run this again."
        )


def next_step(findings, ready):
    """Say what to do after the report.

    Parameters
    ----------
    findings : list of str
        The states found.
    ready : bool
        Whether the packages are installed.

    Returns
    -------
    str
        One sentence.
    """
    command = "make" if shutil.which("make") else f"{os.path.basename(sys.executable)} -m tools"
    if FAIL in findings:
        return f"Next: mend what is marked FAIL, then run this again ({command} doctor)."
    if not ready:
        return f"Next: {command} lesson, which installs the packages (some minutes) and runs the lesson."
    return f"Next: {command} lesson, or open notebooks/01_download_unzip.ipynb in JupyterLab."


def _minutes(seconds):
    return f"about {seconds:.0f} s" if seconds < 90 else f"about {seconds / 60:.0f} min"
