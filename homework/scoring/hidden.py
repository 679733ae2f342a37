"""The hidden photos of a class: drawn once, kept in the course folder, and handed to the scorers as plain arrays."""

import hashlib
import hmac
import io
import zipfile

import numpy as np

from course_utils.errors import CourseError, file_errors_told
from course_utils.files import write_text, written_whole
from homework.scoring.photos import HiddenSet, Photos, PublicSample

NAME = "hidden.npz"
IN_USE = "hidden-in-use.txt"
# With fewer, luck decides too much of who reaches a level: levels were measured for 400.
FEWEST = 200


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
    homework.scoring.photos.HiddenSet

    Raises
    ------
    CourseError
        Where the folder has no such photos or too few, or the course folder cannot be written.
    """
    if folder is not None:
        hidden = HiddenSet.from_folder(folder)
        if len(hidden.labels) < FEWEST:
            raise CourseError(f"{folder} has {len(hidden.labels)} photos of cats and dogs; take {FEWEST} or more.")
        return hidden
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


def use_hidden(course, hidden, new=False):
    """Keep to the hidden photos by which a class was graded first.

    Parameters
    ----------
    course : pathlib.Path
        The course folder; ``hidden-in-use.txt`` in it names them.
    hidden : homework.scoring.photos.HiddenSet
    new : bool
        Whether to change to these.

    Raises
    ------
    CourseError
        Where others are in use and ``new`` is false, or the course folder cannot be read or written.
    """
    path = course / IN_USE
    used = id_in_use(course)
    if used == hidden.id:
        return
    if used is not None and not new:
        with file_errors_told(path):
            named = path.read_text(encoding="utf-8").strip()
        raise CourseError(
            f"This class was graded by the hidden photos {named}, not by {_named(hidden)}: give --hidden as before, or "
            "score everything anew by the others with `grade --new-hidden`."
        )
    write_text(path, f"{_named(hidden)}\n")


def id_in_use(course):
    """Give the id of the hidden photos by which a class is graded.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.

    Returns
    -------
    str or None
        None before the first grade.

    Raises
    ------
    CourseError
        Where the file cannot be read.
    """
    path = course / IN_USE
    with file_errors_told(path):
        words = path.read_text(encoding="utf-8").split() if path.exists() else []
    return words[0] if words else None


def _named(hidden):
    return f"{hidden.id} ({hidden.origin})"


def to_bytes(hidden, owner=""):
    """Write a hidden set as the bytes of an npz file, without any pickle.

    Parameters
    ----------
    hidden : homework.scoring.photos.HiddenSet
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
    homework.scoring.photos.HiddenSet
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
