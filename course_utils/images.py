"""Find the photos of a folder, tell the readable ones from the others, and load them into one array."""

import io
import os
import re
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from course_utils.errors import CourseError, file_errors_told
from course_utils.files import written_whole
from course_utils.memory import free_memory
from course_utils.settings import course_path

IMAGE_ENDINGS = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp"}
IMAGE_ENDINGS |= {".avif", ".heic", ".heif"}
# How the header of a photo from an iPhone goes on, whatever its file is called.
_HEIC = re.compile(rb"....ftyp(heic|heix|heim|heis|hevc|mif1|msf1)", re.DOTALL)
# A header that claims more is a mistake or an attack, and would fill the memory; Pillow's own limit is just above.
MOST_PIXELS = 178_000_000
# The marker that ends a JPEG's pixels: not a 0xff of the pixels themselves, which 0 follows, nor a restart marker.
_SCAN_END = re.compile(rb"\xff(?![\x00\xd0-\xd7\xff])")
_FURTHER = bytes(np.random.default_rng(0).integers(0, 255, 256, dtype=np.uint8))
_REDUCED = ((8, cv2.IMREAD_REDUCED_COLOR_8), (4, cv2.IMREAD_REDUCED_COLOR_4), (2, cv2.IMREAD_REDUCED_COLOR_2))


def photo_paths(folder):
    """List the image files of one folder in natural order (2 before 10).

    Files that are no images by their ending, hidden files and subfolders are left out.

    Parameters
    ----------
    folder : str or pathlib.Path
        One class folder, such as ``data/cats-train``, as seen from the current folder or, where it is not there, from
        where the course keeps its data (see `course_utils.settings.course_path`).

    Returns
    -------
    list of pathlib.Path

    Raises
    ------
    CourseError
        Where the folder does not exist or holds no image.
    """
    folder = Path(os.path.expanduser(folder))
    if not folder.is_dir():
        folder = course_path(folder)
    if not folder.is_dir():
        raise CourseError(f"There is no folder {folder}; run notebook 01, or check the path.")
    with file_errors_told(folder):
        paths = [p for p in folder.iterdir() if p.suffix.lower() in IMAGE_ENDINGS and not p.name.startswith(".")]
        paths = [path for path in paths if path.is_file()]
    if not paths:
        raise CourseError(f"{folder} holds no image file; run notebook 01, or check the path.")
    return sorted(paths, key=_natural_key)


def readable_photos(paths):
    """Separate the photos that decode completely from those that do not.

    Parameters
    ----------
    paths : list of str or pathlib.Path

    Returns
    -------
    good : list of pathlib.Path
        The readable photos, in the given order.
    bad : dict of pathlib.Path to str
        Each unreadable file with the reason in words.
    """
    paths = [Path(path) for path in paths]
    reasons = _in_threads(_reason_unreadable, paths)
    good = [path for path, reason in zip(paths, reasons, strict=True) if reason is None]
    bad = {path: reason for path, reason in zip(paths, reasons, strict=True) if reason is not None}
    return good, bad


def load_photos(paths, size=150):
    """Decode and resize photos into one array that is allocated once, several threads at a time.

    A large JPEG is decoded at a half, a quarter or an eighth of its size where that still exceeds ``size``;
    shrinking averages areas, enlarging interpolates. The aspect ratio is not kept, as in the lesson.

    Parameters
    ----------
    paths : list of str or pathlib.Path
        Image files; any path that Python can open, Unicode included.
    size : int
        Height and width of the result in pixels.

    Returns
    -------
    numpy.ndarray
        uint8, shape (len(paths), size, size, 3), red-green-blue, values 0-255, in the order of ``paths``.

    Raises
    ------
    CourseError
        Where ``size`` is no positive whole number, the array would not fit into the free memory, or a file
        cannot be read; the file is named.
    """
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise CourseError(f"size is {size!r}; give the height and width in pixels as one whole number, such as 150.")
    paths = [Path(path) for path in paths]
    needed, free = len(paths) * size * size * 3, free_memory()
    if needed > free:
        raise CourseError(
            f"{len(paths)} photos of {size} x {size} pixels need {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are "
            "free; load fewer photos, choose a smaller size, or close other notebooks."
        )
    images = np.empty((len(paths), size, size, 3), np.uint8)

    def load(position):
        images[position] = _load_one(paths[position], size)

    _in_threads(load, range(len(paths)))
    return images


def store_photos(paths, file, size=150, at_a_time=1000):
    """Decode and resize photos into a file, some at a time, so that any number of them needs little memory.

    Parameters
    ----------
    paths : list of str or pathlib.Path
        Image files, as for `load_photos`.
    file : str or pathlib.Path
        The ``.npy`` file to write; one that is there is replaced when the new one is complete.
    size : int
        Height and width of the result in pixels.
    at_a_time : int
        How many photos are in memory at once.

    Returns
    -------
    numpy.memmap
        uint8, shape (len(paths), size, size, 3), read-only: what is used of it is read from the disk.

    Raises
    ------
    CourseError
        Where a photo cannot be read, there is none, or the file cannot be written.
    """
    file = Path(file)
    if not paths:
        raise CourseError(f"No photo was given for {file}; give a list of paths, such as photo_paths gives.")
    with written_whole(file) as part, part.open("wb") as stored:
        for start in range(0, len(paths), at_a_time):
            images = load_photos(paths[start : start + at_a_time], size)
            if start == 0:
                header = {"descr": "|u1", "fortran_order": False, "shape": (len(paths), size, size, 3)}
                np.lib.format.write_array_header_1_0(stored, header)
            images.tofile(stored)
    with file_errors_told(file):
        return np.load(file, mmap_mode="r")


def _in_threads(function, items):
    with headers_unwarned(), ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(function, items))


@contextmanager
def headers_unwarned():
    """Leave out what Pillow warns of large and damaged headers: what follows from them is told here.

    It stands around threads and never in them: the filters of warnings belong to the whole program, and a thread would
    take those of another for the user's, and leave them behind.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _natural_key(path):
    return [int(part) if part.isdigit() else part.casefold() for part in re.split(r"(\d+)", path.name)], path.name


def _load_one(path, size):
    image, reason = _decode(_read(path), size)
    if reason:
        raise CourseError(f"{path} cannot be loaded: {reason}; leave it out with readable_photos(paths) or replace it.")
    shrinks = image.shape[0] >= size and image.shape[1] >= size
    image = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _reason_unreadable(path):
    try:
        content = _read(path)
    except CourseError as error:
        return str(error)
    return _decode(content, 1)[1]


def _read(path):
    # Not cv2.imread: on Windows it opens no path with letters outside the system's code page.
    with file_errors_told(path):
        return path.read_bytes()


def _decode(content, size):
    """Decode an image, and give it with None, or None with the reason why it is no whole image."""
    reason, flag = _inspect(content, size)
    if reason:
        return None, reason
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), flag)
    except cv2.error:
        image = None
    if image is None:
        return None, "it does not decode"
    # libjpeg fills what is missing before an end marker with one colour: only then look closer, which takes longer.
    sides = image[0], image[-1], image[:, 0], image[:, -1]  # it may have been turned as the camera noted
    one_colour = any(side.tobytes() == side[0].tobytes() * len(side) for side in sides)
    if one_colour and content.startswith(b"\xff\xd8") and _wants_more(content):
        return None, "it is cut off (its picture ends before its end marker)"
    return image, None


def _wants_more(content):
    """Tell whether further data before the first end of a JPEG's pixels change the picture: then some are missing.

    A whole picture leaves them unread, as it does with the stray bytes that some cameras put there.
    """
    found = _SCAN_END.search(content, _first_scan(content) + 2)
    end = found.start() if found else len(content)
    longer = content[:end] + _FURTHER + content[end:]
    try:
        with Image.open(io.BytesIO(content)) as one, Image.open(io.BytesIO(longer)) as other:
            return one.convert("RGB").tobytes() != other.convert("RGB").tobytes()
    except (OSError, ValueError):
        return True


def _first_scan(content):
    """Find where the pixels of a JPEG begin: a thumbnail with an end marker of its own may stand before them."""
    place = 2
    while content[place : place + 1] == b"\xff" and content[place + 1 : place + 2] != b"\xda":
        # A marker and the length of its segment; between segments any number of 0xff may stand.
        fill = content[place + 1 : place + 2] == b"\xff"
        place += 1 if fill else 2 + int.from_bytes(content[place + 2 : place + 4], "big")
    return place


def _inspect(content, size):
    """Read the header only: say why the content cannot be a whole image, and how much to reduce it in decoding."""
    if not content:
        return "it is empty (0 bytes)", None
    try:
        with Image.open(io.BytesIO(content)) as header:
            kind, (width, height) = header.format, header.size
    except Image.DecompressionBombError:
        return f"it claims more than {MOST_PIXELS / 1e6:.0f} million pixels", None
    except Exception:
        if _HEIC.match(content):
            return "it is a HEIC photo, as iPhones take them, which cannot be read here", None
        # OpenCV may know a format that Pillow does not; it decides below.
        return None, cv2.IMREAD_COLOR
    if width * height > MOST_PIXELS:
        return f"it claims {width} x {height} pixels, more than {MOST_PIXELS / 1e6:.0f} million", None
    # MPO, as phones write it, is a JPEG file with further ones behind it.
    if kind in ("JPEG", "MPO"):
        # libjpeg fills the missing part of a cut-off file with grey and does not complain; the end marker tells.
        if content.rfind(b"\xff\xd9", _first_scan(content)) < 0:
            return "it is cut off (its end marker is missing)", None
        for factor, flag in _REDUCED:
            if min(width, height) >= factor * size and size > 1:
                return None, flag
    return None, cv2.IMREAD_COLOR


def augmented_versions(images, number):
    """Make changed versions of every photo: flipped, turned, shifted and zoomed at random.

    Parameters
    ----------
    images : numpy.ndarray
        RGB, uint8, (n, height, width, 3).
    number : int
        How many versions.

    Yields
    ------
    numpy.ndarray
        One version of all photos, uint8, of the same shape and in the same order.
    """
    import keras
    from keras import layers

    augmentation = keras.Sequential(
        [
            layers.RandomFlip("horizontal"),
            layers.RandomRotation(40 / 360, fill_mode="nearest"),
            layers.RandomTranslation(0.2, 0.2, fill_mode="nearest"),
            layers.RandomZoom(0.2, fill_mode="nearest"),
        ]
    )
    for _ in range(number):
        version = np.empty_like(images)
        for start in range(0, len(images), 100):
            batch = augmentation(images[start : start + 100].astype(np.float32), training=True)
            version[start : start + 100] = keras.ops.convert_to_numpy(batch).clip(0, 255)
        yield version
