"""What notebook 01 practises with, offline: a web server, a zip file, and animals drawn on the spot."""

import hashlib
import io
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from course_utils.sandbox.drawing import DEFAULT_SEED, draw_animal, draw_with_own_parts

PRACTICE_ZIP = "cats-practice.zip"
# The drawn training image cat.841, which has the ears of a dog.
MIXED_CAT = 841
# Numbers of drawn animals that are large enough to be seen in a small picture; the last dog is hard to tell.
NEW_ANIMALS = (0, 7, 10)
_SEED = 2007
_PHOTOS = 20


def new_animals(size=150):
    """Draw three cats and three dogs that are in no set of the course.

    Parameters
    ----------
    size : int
        Height and width in pixels.

    Returns
    -------
    numpy.ndarray
        RGB, uint8, (6, size, size, 3): cat, dog, cat, dog, cat, dog.
    """
    drawn = [draw_animal(kind, _SEED, "test", number) for number in NEW_ANIMALS for kind in ("cat", "dog")]
    return np.stack([cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA) for image in drawn])


def mixed_cat():
    """Draw the cat with the ears of a dog, and the same cat with its own.

    Returns
    -------
    list of numpy.ndarray
        Two images, RGB, uint8: as the training set has it, and with its own ears.
    """
    cat = ("cat", DEFAULT_SEED, "train", MIXED_CAT)
    return [draw_animal(*cat), draw_with_own_parts(*cat)]


class PracticeServer:
    """Serve ``cats-practice.zip``, 20 drawn cats in one folder, until it is closed.

    Any other file name is answered with status 404 and an HTML page, as web servers do.

    Attributes
    ----------
    address : str
        Such as ``http://127.0.0.1:49152``; add ``/`` and a file name.
    checksum : str
        The sha256 of the zip file in hex, as a publisher prints it beside a download.
    """

    def __init__(self):
        self._folder = TemporaryDirectory()
        content = _practice_zip()
        self.checksum = hashlib.sha256(content).hexdigest()
        (Path(self._folder.name) / PRACTICE_ZIP).write_bytes(content)
        handler = partial(_QuietHandler, directory=self._folder.name)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        # A daemon, so that a notebook closed halfway does not keep its process alive.
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def close(self):
        """Stop answering, and remove the served file."""
        self._server.shutdown()
        self._server.server_close()
        self._folder.cleanup()


def _practice_zip():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for number in range(_PHOTOS):
            _, jpeg = cv2.imencode(".jpg", draw_animal("cat", _SEED, "train", number)[..., ::-1])
            # A fixed date, so that the zip file and its checksum are the same each time.
            archive.writestr(_entry(f"cats-practice/cat.{number}.jpg"), jpeg.tobytes())
        # What a Mac adds on its own when it makes a zip file.
        archive.writestr(_entry("cats-practice/.DS_Store"), bytes(64))
    return content.getvalue()


def _entry(name):
    return zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Keep each request out of the notebook's output."""
