"""Draw single photos of the homework: the public test drawings by their positions, and others by their seed."""

import tempfile
from functools import lru_cache
from pathlib import Path

import numpy as np

SIZE = 150
PUBLIC_TEST = 1000
# The drawings of a folder are numbered on: those for testing follow those for training.
FIRST_TEST_DRAWING = 2000


def public_test_photos(positions):
    """Draw some of the public test photos anew: no folder of images is needed.

    Parameters
    ----------
    positions : iterable of int
        Where they stand among the 1,000: 500 dogs, then 500 cats.

    Returns
    -------
    numpy.ndarray
        uint8, (n, 150, 150, 3), RGB.
    """
    return np.stack([_public_photo(int(position)) for position in positions])


@lru_cache(maxsize=64)
def _public_photo(position):
    from course_utils.sandbox.drawing import DEFAULT_SEED

    return draw_photo("dog" if position < 500 else "cat", DEFAULT_SEED, FIRST_TEST_DRAWING + position % 500)


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
