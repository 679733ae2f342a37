"""Labelled photos: the hidden ones on which accuracies are computed again, and a sample of the public ones."""

import hashlib
import hmac
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_utils.errors import CourseError

SIZE = 150
DOG, CAT = 1, 0
PUBLIC_TEST = 1000


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
    """Some of the public test photos, to see which input a student's predictions belong to.

    Attributes
    ----------
    photos : Photos
    positions : numpy.ndarray
        Where they stand among the 1,000 predictions (500 dogs, then 500 cats).
    """

    photos: Photos
    positions: np.ndarray

    @classmethod
    def drawn(cls, count=60):
        """Draw some of the public test drawings.

        Parameters
        ----------
        count : int
            Even.

        Returns
        -------
        PublicSample
        """
        from course_utils.sandbox.drawing import DEFAULT_SEED

        half = (np.arange(count // 2) * (500 // (count // 2))).tolist()
        images = [draw_photo(kind, DEFAULT_SEED, 2000 + i) for kind in ("dog", "cat") for i in half]
        positions = np.array(half + [500 + i for i in half])
        return cls(Photos.of(np.stack(images), positions < 500), positions)

    @classmethod
    def from_folder(cls, folder, count=60):
        """Take some of the public test photos from the course's own folders.

        Parameters
        ----------
        folder : str or pathlib.Path
            Holds ``dogs-test`` and ``cats-test``, 500 files each.
        count : int
            Even.

        Returns
        -------
        PublicSample

        Raises
        ------
        CourseError
            Where a folder is missing, or does not hold 500 photos.
        """
        from course_utils.images import load_photos, photo_paths

        half, paths = (np.arange(count // 2) * (500 // (count // 2))).tolist(), []
        for name in ("dogs-test", "cats-test"):
            found = photo_paths(Path(folder).resolve() / name)
            if len(found) != 500:
                raise CourseError(
                    f"{folder}/{name} holds {len(found)} photos, not the 500 public ones; fetch them again."
                )
            paths += [found[i] for i in half]
        positions = np.array(half + [500 + i for i in half])
        return cls(Photos.of(load_photos(paths, SIZE), positions < 500), positions)


@dataclass(frozen=True)
class HiddenSet:
    """The photos on which accuracies are computed again; no student sees them.

    Attributes
    ----------
    photos : Photos
    origin : str
        In words, without anything that would give them away.
    public : PublicSample or None
        Public test photos, where the instructor's machine has them.
    """

    photos: Photos
    origin: str
    public: PublicSample | None = None

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
        return cls(Photos.of(np.stack(images), labels), origin, public or PublicSample.drawn())

    @classmethod
    def from_folder(cls, folder, public=None):
        """Load an instructor's own photos, which should be of the same kind as those of the course.

        Parameters
        ----------
        folder : str or pathlib.Path
            Holds folders whose names begin with ``cats`` and ``dogs``.
        public : PublicSample, optional
            Some of the public test photos of the class.

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


def draw_photo(kind, seed, index):
    """Draw one photo as a student's notebook has it: drawn, kept as a JPEG, loaded and resized.

    Parameters
    ----------
    kind : str
        ``"dog"`` or ``"cat"``.
    seed, index : int
        Which drawing.

    Returns
    -------
    numpy.ndarray
        uint8, (150, 150, 3), RGB.
    """
    import cv2

    from course_utils.images import load_photos
    from course_utils.sandbox.drawing import JPEG_QUALITY, draw_animal

    image = draw_animal(kind, seed, "test", index)
    _, content = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    with tempfile.TemporaryDirectory(prefix="course-") as folder:
        path = Path(folder) / "drawing.jpg"
        path.write_bytes(content.tobytes())
        return load_photos([path], SIZE)[0]
