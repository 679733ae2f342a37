"""The hidden photos of a class, and some of the public ones: drawn once, kept in the course folder."""

import hashlib
import hmac
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_utils.assignments.public_photos import SIZE, draw_photo, public_test_photos
from course_utils.errors import CourseError, file_errors_told
from course_utils.files import write_text, written_whole

NAME = "hidden.npz"
IN_USE = "hidden-in-use.txt"
# With fewer, luck decides too much of who reaches a level: levels were measured for 400.
FEWEST = 200
# Of the public test photos: forged predictions for one photo in twenty are seen in 99 of 100 such samples.
PUBLIC = 400
DOG, CAT = 1, 0


@dataclass(frozen=True)
class Photos:
    """Labelled photos.

    Attributes
    ----------
    images : numpy.ndarray
        uint8, (n, 150, 150, 3), RGB.
    labels : numpy.ndarray
        1 dog, 0 cat.
    id : str
        Hash of both.
    """

    images: np.ndarray
    labels: np.ndarray
    id: str

    @classmethod
    def of(cls, images, labels):
        """Make a set and its hash."""
        images, labels = np.ascontiguousarray(images, np.uint8), np.asarray(labels, np.int64)
        return cls(images, labels, hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()[:16])


@dataclass(frozen=True)
class PublicSample:
    """Some of the public test photos, on which a student's claim is computed again.

    Attributes
    ----------
    photos : Photos
    positions : numpy.ndarray
        Where they stand among the 1,000 predictions (500 dogs, then 500 cats).
    """

    photos: Photos
    positions: np.ndarray

    @classmethod
    def drawn(cls, secret, count=PUBLIC):
        """Draw some of the public test drawings; which ones follows from the course's secret.

        Parameters
        ----------
        secret : bytes
        count : int
            Even, at most 1,000; half of them dogs.

        Returns
        -------
        PublicSample
        """
        mark = lambda position: hmac.new(secret, f"public photo {position}".encode(), hashlib.sha256).digest()  # noqa: E731
        chosen = [sorted(range(first, first + 500), key=mark)[: count // 2] for first in (0, 500)]
        positions = np.sort(np.concatenate(chosen))
        return cls(Photos.of(public_test_photos(positions), positions < 500), positions)


@dataclass(frozen=True)
class HiddenSet:
    """The photos on which accuracies are computed again; no student sees them.

    Attributes
    ----------
    photos : Photos
    origin : str
        In words, without anything that would give them away.
    public : PublicSample
        Some of the public test photos.
    """

    photos: Photos
    origin: str
    public: PublicSample

    @property
    def id(self):
        """Hash of the photos and their labels."""
        return self.photos.id

    @property
    def images(self):
        """uint8, (n, 150, 150, 3)."""
        return self.photos.images

    @property
    def labels(self):
        """1 dog, 0 cat."""
        return self.photos.labels

    @classmethod
    def from_seed(cls, secret, count=400, public=None):
        """Draw hidden photos from a seed that follows from the course's secret, and some of the public ones.

        Parameters
        ----------
        secret : bytes
            The course's secret.
        count : int
            Even; half of them dogs.
        public : PublicSample, optional
            By default `PublicSample.drawn`.

        Returns
        -------
        HiddenSet
        """
        digest = hmac.new(secret, b"hidden photos", hashlib.sha256).digest()
        seed = int.from_bytes(digest[:8], "big")
        images = [draw_photo(kind, seed, i) for kind in ("dog", "cat") for i in range(count // 2)]
        labels = np.arange(count) < count // 2
        origin = f"{count} drawings made from the course's secret"
        return cls(Photos.of(np.stack(images), labels), origin, public or PublicSample.drawn(secret))

    @classmethod
    def from_folder(cls, folder, public):
        """Load an instructor's own photos, which should be of the same kind as those of the course.

        Parameters
        ----------
        folder : str or pathlib.Path
            Holds folders whose names begin with ``cats`` and ``dogs``.
        public : PublicSample

        Returns
        -------
        HiddenSet

        Raises
        ------
        CourseError
            Where there are no such folders, or a photo cannot be read.
        """
        from course_utils.images import load_photos, photo_paths

        folder, paths, labels = Path(folder).expanduser().resolve(), [], []
        for kind, label in (("dogs", DOG), ("cats", CAT)):
            found = [path for path in sorted(folder.glob(f"{kind}*")) if path.is_dir()]
            if not found:
                raise CourseError(f"{folder} has no folder whose name begins with {kind}; it needs cats and dogs.")
            for one in found:
                photos = photo_paths(one)
                paths += photos
                labels += [label] * len(photos)
        return cls(Photos.of(load_photos(paths, SIZE), labels), f"{len(paths)} photos of the instructor's", public)


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
    HiddenSet

    Raises
    ------
    CourseError
        Where the folder has no such photos or too few, or the course folder cannot be written.
    """
    if folder is not None:
        hidden = HiddenSet.from_folder(folder, hidden_set(course, secret).public)
        if len(hidden.labels) < FEWEST:
            raise CourseError(f"{folder} has {len(hidden.labels)} photos of cats and dogs; take {FEWEST} or more.")
        return hidden
    path, owner = course / NAME, hmac.new(secret, b"hidden.npz with public photos", hashlib.sha256).hexdigest()
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
    hidden : HiddenSet
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
    hidden : HiddenSet
    owner : str
        Which secret it belongs to.

    Returns
    -------
    bytes
    """
    arrays = {"images": hidden.images, "labels": hidden.labels, "origin": hidden.origin, "owner": owner}
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
    HiddenSet
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        public = PublicSample(Photos.of(arrays["public"], arrays["public_labels"]), arrays["positions"])
        return HiddenSet(Photos.of(arrays["images"], arrays["labels"]), str(arrays["origin"]), public)


def _owner(content):
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return str(arrays["owner"])
    except (ValueError, KeyError, OSError, zipfile.BadZipFile):
        # Torn or of another make: it is drawn again.
        return None
