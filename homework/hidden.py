"""The hidden photos of a class: drawn once, kept in the course folder, and handed to the scorers as plain arrays."""

import hashlib
import hmac
import io
import zipfile

import numpy as np

from course_utils.errors import file_errors_told
from course_utils.files import written_whole
from homework.photos import HiddenSet, Photos, PublicSample

NAME = "hidden.npz"


def hidden_set(course, secret, folder=None):
    """Give the hidden photos of a class: those of a folder, or drawings that follow from the secret.

    The drawings are kept in ``hidden.npz`` in the course folder, so that a later version of the drawing code changes
    no class's marks.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.
    secret : bytes
        Its secret.
    folder : pathlib.Path, optional
        The instructor's own photos.

    Returns
    -------
    homework.photos.HiddenSet

    Raises
    ------
    CourseError
        Where the folder has no such photos, or the course folder cannot be written.
    """
    if folder is not None:
        return HiddenSet.from_folder(folder)
    path, owner = course / NAME, hmac.new(secret, b"hidden.npz", hashlib.sha256).hexdigest()
    with file_errors_told(path):
        if path.exists():
            content = path.read_bytes()
            if _owner(content) == owner:
                return from_bytes(content)
    hidden = HiddenSet.from_seed(secret)
    with written_whole(path) as part:
        part.write_bytes(to_bytes(hidden, owner))
    return hidden


def to_bytes(hidden, owner=""):
    """Write a hidden set as the bytes of an npz file, without any pickle.

    Parameters
    ----------
    hidden : homework.photos.HiddenSet
    owner : str
        Which secret it belongs to.

    Returns
    -------
    bytes
    """
    arrays = {"images": hidden.images, "labels": hidden.labels, "origin": hidden.origin, "owner": owner}
    if hidden.public is not None:
        photos = hidden.public.photos
        arrays |= {"public": photos.images, "public_labels": photos.labels, "positions": hidden.public.positions}
    content = io.BytesIO()
    np.savez(content, **{name: np.asarray(value) for name, value in arrays.items()})
    return content.getvalue()


def from_bytes(content):
    """Read what `to_bytes` wrote.

    Parameters
    ----------
    content : bytes

    Returns
    -------
    homework.photos.HiddenSet
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        public = None
        if "public" in arrays:
            public = PublicSample(Photos.of(arrays["public"], arrays["public_labels"]), arrays["positions"])
        return HiddenSet(Photos.of(arrays["images"], arrays["labels"]), str(arrays["origin"]), public)


def _owner(content):
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return str(arrays["owner"])
    except (ValueError, KeyError, OSError, zipfile.BadZipFile):
        # Torn or of another make: it is drawn again.
        return None
