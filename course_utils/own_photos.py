"""The student's own photos: upload them, find them, and open whatever a phone or a scanner has made of them."""

import importlib.util
import io
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

from course_utils.errors import CourseError, file_errors_told
from course_utils.images import _decode, _inspect, _read, headers_unwarned, photo_paths
from course_utils.settings import course_path

LONGEST_SIDE = 1000


def open_own_photo(path):
    """Open one photo of any kind as plain RGB.

    Greyscale, CMYK and 16 bits become 8-bit RGB, transparent places become white, the rotation that a phone noted is
    applied, and a large photo is made smaller.

    Parameters
    ----------
    path : str or pathlib.Path
        An image file.

    Returns
    -------
    numpy.ndarray
        RGB, uint8, (height, width, 3), at most 1,000 pixels on the longer side.

    Raises
    ------
    CourseError
        Where there is no such file, it is no image or damaged, or it claims more than 178 million pixels.
    """
    path = course_path(path)
    if path.is_dir():
        raise CourseError(f"{path} is a folder; give the path of one photo in it.")
    content = _read(path)
    with headers_unwarned():
        reason, _ = _inspect(content, LONGEST_SIDE // 2)
        image = None if reason else _on_white(content)
        if image is None and not reason:
            image, reason = _decode(content, LONGEST_SIDE // 2)
            image = None if image is None else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    if image is None:
        raise CourseError(f"{path} cannot be opened: {reason}; save the photo as JPEG or PNG and try again.")
    shrink = LONGEST_SIDE / max(image.shape[:2])
    if shrink < 1:
        size = [max(1, round(side * shrink)) for side in image.shape[1::-1]]
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return image


def own_photo_paths(folder="own_photos"):
    """List the photos that the student has put into a folder, and make the folder where it is missing.

    Parameters
    ----------
    folder : str or pathlib.Path
        See `course_path`.

    Returns
    -------
    list of pathlib.Path
        In natural order; empty where there is none yet.

    Raises
    ------
    CourseError
        Where the folder cannot be made or read.
    """
    folder = course_path(folder)
    with file_errors_told(folder):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        return photo_paths(folder)
    except CourseError:
        if not folder.is_dir():
            raise
        return []


def load_own_photos(folder="own_photos", size=150):
    """Load the student's own photos at the size that the models take; one that cannot be opened is told and left out.

    Parameters
    ----------
    folder : str or pathlib.Path
        See `course_path`.
    size : int
        Height and width of the result in pixels.

    Returns
    -------
    numpy.ndarray
        RGB, uint8, (n, size, size, 3); n is 0 where there is none yet.

    Raises
    ------
    CourseError
        Where the folder cannot be made or read.
    """
    photos = []
    for path in own_photo_paths(folder):
        try:
            photos.append(cv2.resize(open_own_photo(path), (size, size), interpolation=cv2.INTER_AREA))
        except CourseError as problem:
            print(problem)
    return np.array(photos, np.uint8).reshape(-1, size, size, 3)


def upload_button(folder="own_photos"):
    """Make a button that puts uploaded photos into a folder, for Jupyter and Colab.

    Parameters
    ----------
    folder : str or pathlib.Path
        See `course_path`.

    Returns
    -------
    ipywidgets.FileUpload or None
        None where ipywidgets is not installed; then the files are copied into the folder by hand.
    """
    folder = course_path(folder)
    if importlib.util.find_spec("ipywidgets") is None:
        print(f"Copy your photos into the folder {folder.name} and run the next cell.")
        return None
    import ipywidgets

    button = ipywidgets.FileUpload(accept="image/*", multiple=True, description="Your photos")
    button.observe(lambda change: keep_uploads(_uploads(change["new"]), folder), names="value")
    return button


def keep_uploads(uploads, folder):
    """Write uploaded files into a folder; an earlier one of the same name is not replaced.

    Parameters
    ----------
    uploads : sequence of dict
        Each with ``name`` and ``content``, as ipywidgets 8 gives them.
    folder : pathlib.Path
        Where to.

    Raises
    ------
    CourseError
        Where a file cannot be written.
    """
    with file_errors_told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for upload in uploads:
            # Some browsers send a whole path, and a name must not lead out of the folder.
            name = Path(upload["name"].replace("\\", "/")).name or "photo.jpg"
            target, number = folder / name, 1
            while target.exists():
                number += 1
                target = folder / f"{Path(name).stem} ({number}){Path(name).suffix}"
            target.write_bytes(bytes(upload["content"]))


def _uploads(value):
    """Give what a button holds as ipywidgets 8 does; in version 7, which Colab has had, it is a dict by name."""
    return [upload | {"name": name} for name, upload in value.items()] if isinstance(value, dict) else value


def _on_white(content):
    """The image on white where it has transparent places, else None."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            if not (image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info):
                return None
            image = ImageOps.exif_transpose(image).convert("RGBA")
    except Exception:
        return None  # OpenCV may know more, and decides
    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    return np.asarray(Image.alpha_composite(white, image).convert("RGB"))
