"""The settings that a student or a test may give in the environment, each read by one function."""

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from course_utils.errors import CourseError

# COURSE_TEST_MIRROR is read by the tests alone.
NAMES = (
    "COURSE_DATA",
    "COURSE_MIRROR",
    "COURSE_CACHE",
    "COURSE_BASE",
    "COURSE_PRECISION",
    "COURSE_FAST",
    "COURSE_TEST_MIRROR",
)
DATA_SOURCES = ("auto", "photos", "sandbox")
BENCHMARKS = ("quick", "full")
PRECISIONS = ("auto", "float32", "mixed_bfloat16", "mixed_float16")


def course_path(folder):
    """Say where a folder named in the course lies.

    A relative folder is taken from the current folder, except in a kernel that was started in the checkout's
    own ``notebooks`` folder: there it is taken from the checkout's root, so that the notebooks and the
    command line share one ``data`` and one ``models``.

    Parameters
    ----------
    folder : str or pathlib.Path
        The folder; ``~`` stands for the home folder.

    Returns
    -------
    pathlib.Path
        The absolute path.

    Raises
    ------
    CourseError
        Where ``~name`` stands for the home folder of a user who is not here.
    """
    try:
        folder = Path(folder).expanduser()
    except RuntimeError:
        raise CourseError(f"There is no home folder for {folder}; write the path in full.") from None
    current = Path.cwd()
    if current.name == "notebooks" and (current.parent / "course_utils").is_dir():
        current = current.parent
    return Path(os.path.abspath(current / folder))


def data_source():
    """Read COURSE_DATA: which images the lesson uses.

    Returns
    -------
    str
        ``"auto"`` (default), ``"photos"`` or ``"sandbox"``.

    Raises
    ------
    CourseError
        For any other value.
    """
    return _choice("COURSE_DATA", DATA_SOURCES)


def precision():
    """Read COURSE_PRECISION: the Keras dtype policy to train with.

    Returns
    -------
    str
        ``"auto"`` (default: the fastest one on this machine), ``"float32"``, ``"mixed_bfloat16"`` or
        ``"mixed_float16"``.

    Raises
    ------
    CourseError
        For any other value.
    """
    return _choice("COURSE_PRECISION", PRECISIONS)


def fast():
    """Read COURSE_FAST: whether the notebooks train for fewer epochs, as their tests do.

    Returns
    -------
    bool
        False by default.

    Raises
    ------
    CourseError
        For a value other than 0 and 1.
    """
    return _choice("COURSE_FAST", ("0", "1")) == "1"


def benchmark():
    """Read BENCH: how much ``make bench`` measures.

    Returns
    -------
    str
        ``"quick"`` (default: minutes, directions only) or ``"full"`` (about 40 minutes on two cores, all bounds).

    Raises
    ------
    CourseError
        For any other value.
    """
    return _choice("BENCH", BENCHMARKS)


def mirror():
    """Read COURSE_MIRROR: a folder or web address that holds the photos and the weights.

    Returns
    -------
    str or None
        An http(s) address without a closing slash, the absolute path of a folder, or None where it is unset.

    Raises
    ------
    CourseError
        Where it is neither a web address nor an existing folder.
    """
    value = os.environ.get("COURSE_MIRROR", "").strip()
    if not value:
        return None
    if value.lower().startswith(("http://", "https://")):
        return value.rstrip("/")
    folder = _folder("COURSE_MIRROR", value)
    # os.path, since pathlib raises for a name that the disk would not take.
    if not os.path.isdir(folder):
        raise CourseError(
            f"COURSE_MIRROR is {value!r}, and there is no such folder; "
            "give an existing folder, an address that starts with http:// or https://, or unset it."
        )
    return str(folder)


def cache_folder():
    """Read COURSE_CACHE: the folder that keeps downloaded files.

    Returns
    -------
    pathlib.Path
        The folder, which need not exist yet; by default the platform's own cache folder.

    Raises
    ------
    CourseError
        Where it names a file, or a folder below one.
    """
    value = os.environ.get("COURSE_CACHE", "").strip()
    if not value:
        from platformdirs import user_cache_path

        # platformdirs raises in its newer versions, and gives a folder called ~ in older ones.
        with suppress(RuntimeError):
            folder = user_cache_path("image-course")
            if folder.is_absolute():
                return folder
        raise CourseError(
            "This user has no home folder to keep downloads in; set COURSE_CACHE or HOME to a folder of yours."
        )
    folder = _folder("COURSE_CACHE", value)
    there = next(path for path in (folder, *folder.parents) if os.path.exists(path))
    if not os.path.isdir(there):
        raise CourseError(f"COURSE_CACHE is {value!r}, and {there} is a file; give a folder, or unset it.")
    return folder


def keras_home():
    """Read KERAS_HOME: the folder in which Keras keeps its files, pretrained weights among them.

    Returns
    -------
    pathlib.Path
        By default ``~/.keras``, as in Keras itself.
    """
    given = os.environ.get("KERAS_HOME", "").strip()
    # os.path, since pathlib raises where there is no home folder of that name.
    folder = os.path.expanduser(given or "~/.keras")
    # A user whom the system does not know has no home folder; Keras then takes the one for temporary files.
    return Path(folder if given or not folder.startswith("~") else os.path.join(tempfile.gettempdir(), ".keras"))


def require_keras_as_the_course_needs_it():
    """Refuse settings of Keras with which the course cannot work: another backend, or channels first.

    Raises
    ------
    CourseError
        Where KERAS_BACKEND or ``keras.json`` asks for another backend than TensorFlow, or the file for channels first.
    """
    backend = os.environ.get("KERAS_BACKEND", "").strip()
    if backend not in ("", "tensorflow"):
        raise CourseError(
            f"KERAS_BACKEND is {backend!r}, and the course needs TensorFlow: unset KERAS_BACKEND, and start again."
        )
    file = keras_home() / "keras.json"
    try:
        given = dict(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return
    if given.get("backend", "tensorflow") != "tensorflow" and not backend:
        raise CourseError(f'{file} asks for the backend {given["backend"]!r}; write "tensorflow" there, or remove it.')
    if given.get("image_data_format", "channels_last") != "channels_last":
        raise CourseError(f'{file} asks for {given["image_data_format"]!r}; write "channels_last" there, or remove it.')


def base_name():
    """Read COURSE_BASE: the pretrained base to use.

    Returns
    -------
    str or None
        The name as given (``load_base`` knows which exist), or None where it is unset.
    """
    return os.environ.get("COURSE_BASE", "").strip() or None


def _folder(variable, value):
    try:
        return course_path(value)
    except CourseError as error:
        raise CourseError(f"{variable} is {value!r}. {error}") from None


def _choice(variable, allowed):
    value = os.environ.get(variable, "").strip()
    if not value:
        return allowed[0]
    if value.lower() not in allowed:
        raise CourseError(f"{variable} is {value!r}, not one of {', '.join(allowed)}; use one of these or unset it.")
    return value.lower()
