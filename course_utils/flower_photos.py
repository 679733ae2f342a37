"""The five flowers: where their photos can be had, and what a complete set is."""

import os
import shutil

from course_utils import settings
from course_utils.errors import CourseError
from course_utils.sandbox.flowers import draw_flowers
from course_utils.settings import course_path
from course_utils.sources import photo_folders
from course_utils.sources.archives import untar, unzip
from course_utils.sources.download import download, is_verified, reachable

# How many photos of each class TensorFlow's flower_photos holds.
FOLDERS = {"daisy": 633, "dandelion": 898, "roses": 641, "sunflowers": 699, "tulips": 799}
ZIP, TGZ = "flower_photos.zip", "flower_photos.tgz"
# Size and checksum as TensorFlow Datasets lists them (url_checksums/tf_flowers.txt).
ARCHIVE = (
    "https://storage.googleapis.com/download.tensorflow.org/example_images/flower_photos.tgz",
    "sha256:4c54ace7911aaffe13a365c34f650e71dd5bf1be0a58b464e5a7183e3e595d9c",
    228_813_984,
)
SANDBOX_BYTES = 100_000_000


def fetch_flowers(folder="data/flowers"):
    """Fill five class folders with flowers, unless they are there, and say in one line where they are from.

    COURSE_DATA, COURSE_MIRROR and COURSE_CACHE mean the same as for `fetch_photos`. ``auto`` takes the first of:
    what is complete in the folder, ``flower_photos.zip`` or ``.tgz`` dropped into it, the mirror's
    ``flowers/flower_photos.zip``, TensorFlow's archive, the sandbox's drawings.

    Parameters
    ----------
    folder : str or pathlib.Path
        The folder for the five classes, see `course_path`.

    Returns
    -------
    pathlib.Path
        The folder, with ``daisy``, ``dandelion``, ``roses``, ``sunflowers`` and ``tulips``.

    Raises
    ------
    CourseError
        Where the images cannot be had or written, or a file that the lesson did not make is in the way.
    """
    return photo_folders.fill(
        folder,
        photo_folders.ImageSet(
            noun="flowers",
            counts=FOLDERS,
            sources=(_from_dropped, _from_mirror, _from_network),
            draw=draw_flowers,
            drawing_bytes=SANDBOX_BYTES,
            by_hand=f"{ZIP} or {TGZ}",
            mirrored=f"a folder with flowers/{ZIP}",
        ),
    )


def flower_source(folder="data/flowers"):
    """Say which flowers the folder holds.

    Parameters
    ----------
    folder : str or pathlib.Path
        The folder for the five classes, see `course_path`.

    Returns
    -------
    str
        ``"photos"`` or ``"sandbox"``.

    Raises
    ------
    CourseError
        Where the folder does not hold the complete five classes.
    """
    data = course_path(folder)
    source = photo_folders.present_source(data, FOLDERS)
    if source is None:
        raise CourseError(f"{data} does not hold the five classes of flowers; run fetch_flowers() first.")
    return source


def clean_flowers(folder="data/flowers"):
    """Remove the flowers that the lesson put into the folder, and nothing else.

    Parameters
    ----------
    folder : str or pathlib.Path
        The folder for the five classes, see `course_path`.

    Returns
    -------
    int
        The number of images removed. What is not in the folder's manifest, or was changed since, stays.

    Raises
    ------
    CourseError
        Where a file cannot be removed.
    """
    return photo_folders.clean(folder, FOLDERS)


def _from_dropped(data):
    for name in (ZIP, TGZ):
        if (data / name).is_file():
            _unpack(data / name, data)
            return f"from {name} in {data.name}"
    return None


def _from_mirror(data):
    mirror = settings.mirror()
    if mirror is None:
        return None
    (path,) = photo_folders.mirrored_files(mirror, [f"flowers/{ZIP}"], "flowers")
    _unpack(path, data)
    return f"from the mirror {mirror}"


def _from_network(data):
    address, checksum, size = ARCHIVE
    path = settings.cache_folder() / "flowers" / TGZ
    if not is_verified(path, checksum, size) and not reachable([address]):
        raise CourseError(f"{address} does not answer, as without a network")
    _unpack(download(address, path, checksum=checksum, size=size), data)
    return "from TensorFlow's flower_photos"


def _unpack(path, data):
    """Unpack the zip or tar file into the incoming folder, and check that all classes are complete."""
    incoming = photo_folders.new_incoming(data)
    unpacked = (unzip if path.suffix == ".zip" else untar)(path, incoming / ".unpacked")
    for name, count in FOLDERS.items():
        images = photo_folders.images_in(unpacked / name)
        if len(images) != count:
            raise CourseError(f"{path} has {len(images):,} JPEG files for {name} instead of {count:,}")
        for image in images:
            if not photo_folders.opens_like_a_jpeg(image):
                raise CourseError(f"{path} has a file that is no JPEG: {name}/{image.name}")
        os.replace(unpacked / name, incoming / name)
    shutil.rmtree(incoming / ".unpacked")
