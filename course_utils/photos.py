"""The cats and dogs, and the flowers: where their photos can be had, and what a complete set is."""

import os
import re
import shutil

from course_utils import settings
from course_utils.errors import CourseError, DiskError
from course_utils.settings import course_path
from course_utils.sources import photo_folders
from course_utils.sources.archives import untar, unzip
from course_utils.sources.download import download, is_verified, unanswered

FOLDERS = {"cats-train": 1000, "cats-test": 500, "dogs-train": 1000, "dogs-test": 500}
COURSE_ZIPS = [f"{name}.zip" for name in FOLDERS]
FILTERED_ZIP = "cats_and_dogs_filtered.zip"
FILTERED_FOLDERS = {
    "cats-train": "train/cats",
    "cats-test": "validation/cats",
    "dogs-train": "train/dogs",
    "dogs-test": "validation/dogs",
}

_COURSE = "https://raw.githubusercontent.com/mikecinnamon/Data/d0aefa2435120da85bf0dd2628904e5ca7e2f91d/"
_FILTERED_BYTES = 68_606_236

# Source -> file name -> (address, checksum, size in bytes). The checksums are the files' ids as git blobs;
# for the filtered set nobody publishes one, so its size and the checksums inside the zip file have to do.
DOWNLOADS = {
    "the course's own zips": {
        "cats-train.zip": (_COURSE + "cats-train.zip", "git:357a5c9987b73192cdb8533d116a33db85f30f64", None),
        "cats-test.zip": (_COURSE + "cats-test.zip", "git:1c40f9c9a96dc308274bac91e14c1caa6bf2fbc4", None),
        "dogs-train.zip": (_COURSE + "dogs-train.zip", "git:127fcd4d432f8e83194bae7e3de6835dba8a9a6e", None),
        "dogs-test.zip": (_COURSE + "dogs-test.zip", "git:0417eea1b4e90d57f44e762648f1b99ebe47fcf3", None),
    },
    "the filtered set": {
        FILTERED_ZIP: ("https://download.mlcc.google.com/mledu-datasets/" + FILTERED_ZIP, None, _FILTERED_BYTES),
    },
    "the filtered set at its first address": {
        FILTERED_ZIP: ("https://storage.googleapis.com/mledu-datasets/" + FILTERED_ZIP, None, _FILTERED_BYTES),
    },
}

SANDBOX_BYTES = 200_000_000

# How many photos of each class TensorFlow's flower_photos holds.
FLOWER_FOLDERS = {"daisy": 633, "dandelion": 898, "roses": 641, "sunflowers": 699, "tulips": 799}
FLOWER_ZIP, FLOWER_TGZ = "flower_photos.zip", "flower_photos.tgz"
# Size and checksum as TensorFlow Datasets lists them (url_checksums/tf_flowers.txt).
FLOWER_ARCHIVE = (
    "https://storage.googleapis.com/download.tensorflow.org/example_images/flower_photos.tgz",
    "sha256:4c54ace7911aaffe13a365c34f650e71dd5bf1be0a58b464e5a7183e3e595d9c",
    228_813_984,
)
FLOWER_SANDBOX_BYTES = 100_000_000


def fetch_photos(folder="data"):
    """Fill the data folder with 3,000 images, unless they are there, and say in one line where they are from.

    Which images is the setting COURSE_DATA. ``auto`` takes the first of: what is complete in the folder, zip
    files dropped into it by hand, the mirror (COURSE_MIRROR), the network, the sandbox's drawings. ``photos``
    does without the drawings, ``sandbox`` without the photos. A file of the student's own is never removed.

    Parameters
    ----------
    folder : str or pathlib.Path
        The data folder, see `course_path`.

    Returns
    -------
    pathlib.Path
        The data folder, with ``cats-train`` and ``dogs-train`` (1,000 JPEG files each), ``cats-test`` and
        ``dogs-test`` (500 each).

    Raises
    ------
    CourseError
        Where the images cannot be had or written, or a file that the lesson did not make is in the way.
    """
    return photo_folders.fill(
        folder,
        photo_folders.ImageSet(
            noun="images",
            counts=FOLDERS,
            sources=(_from_dropped_zips, _from_mirror, _from_network),
            draw=_draw,
            drawing_bytes=SANDBOX_BYTES,
            by_hand=f"{', '.join(COURSE_ZIPS)} or {FILTERED_ZIP}",
            mirrored="a copy of them",
        ),
    )


def source_of(folder="data"):
    """Say which images the data folder holds.

    Parameters
    ----------
    folder : str or pathlib.Path
        The data folder, see `course_path`.

    Returns
    -------
    str
        ``"photos"`` or ``"sandbox"``.

    Raises
    ------
    CourseError
        Where the folder does not hold the complete images.
    """
    data = course_path(folder)
    source = photo_folders.present_source(data, FOLDERS)
    if source is None:
        raise CourseError(f"{data} does not hold the 3,000 images; run fetch_photos() first.")
    return source


def clean_photos(folder="data"):
    """Remove the images that the lesson put into the data folder, and nothing else.

    Parameters
    ----------
    folder : str or pathlib.Path
        The data folder, see `course_path`.

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
            counts=FLOWER_FOLDERS,
            sources=(_flowers_dropped, _flowers_from_mirror, _flowers_from_network),
            draw=_draw_flowers,
            drawing_bytes=FLOWER_SANDBOX_BYTES,
            by_hand=f"{FLOWER_ZIP} or {FLOWER_TGZ}",
            mirrored=f"a folder with flowers/{FLOWER_ZIP}",
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
    source = photo_folders.present_source(data, FLOWER_FOLDERS)
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
    return photo_folders.clean(folder, FLOWER_FOLDERS)


def _from_dropped_zips(data):
    zips = {_meant(path): path for path in sorted(data.iterdir()) if path.is_file() and ".zip" in path.name.lower()}
    dropped = [name for name in COURSE_ZIPS if name in zips]
    if len(dropped) == len(COURSE_ZIPS):
        _unpack([zips[name] for name in COURSE_ZIPS], data)
        return f"from the four zips in {data.name}"
    if FILTERED_ZIP in zips:
        _unpack([zips[FILTERED_ZIP]], data)
        return f"from {FILTERED_ZIP} in {data.name}"
    if dropped:
        missing = [name for name in COURSE_ZIPS if name not in dropped]
        raise CourseError(f"{', '.join(dropped)} in {data.name} would do only with {', '.join(missing)}")
    if zips:
        others = ", ".join(path.name for path in zips.values())
        raise CourseError(f"{others} in {data.name} is none of {', '.join(COURSE_ZIPS)} and {FILTERED_ZIP}")
    return None


def _meant(path):
    """Name the zip file that a browser or a system saved as ``cats-train (1).zip``, ``.zip.zip`` or ``.ZIP``."""
    return re.sub(r"( ?\(\d+\))?(\.zip)+$", ".zip", path.name.lower())


def _from_mirror(data):
    mirror = settings.mirror()
    if mirror is None:
        return None
    _unpack(photo_folders.mirrored_files(mirror, [f"dogs-vs-cats/{name}" for name in COURSE_ZIPS], "photos"), data)
    return f"from the mirror {mirror}"


def _from_network(data):
    cache = settings.cache_folder() / "photos"

    def is_cached(files):
        return all(is_verified(cache / name, checksum, size) for name, (_, checksum, size) in files.items())

    sources = [source for source, files in DOWNLOADS.items() if is_cached(files)]
    if not sources:
        first_address = {source: next(iter(files.values()))[0] for source, files in DOWNLOADS.items()}
        silent = unanswered(list(first_address.values()))
        sources = [source for source, address in first_address.items() if address not in silent]
    if not sources:
        raise CourseError(f"none of their addresses answers: {'; '.join(sorted(set(silent.values())))}")
    reasons = []
    for source in sources:
        files = DOWNLOADS[source]
        try:
            paths = [
                download(address, cache / name, checksum=checksum, size=size)
                for name, (address, checksum, size) in files.items()
            ]
            _unpack(paths, data)
            return f"from {source}"
        except DiskError as error:
            # What was downloaded is as good as before, and another source needs the same room.
            reasons.append(str(error).rstrip("."))
            break
        except CourseError as error:
            reasons.append(str(error).rstrip("."))
            for name, (_, checksum, _) in files.items():
                if checksum is None:
                    (cache / name).unlink(missing_ok=True)  # only its size was checked, so it may itself be wrong
    raise CourseError("; ".join(reasons))


def _draw(incoming):
    from course_utils.sandbox.drawing import draw_photos

    draw_photos(incoming)
    for name in FOLDERS:
        _check_folder(incoming / name, name, "the sandbox")


def _unpack(zips, data):
    """Unpack the course's four zips, or the filtered set, into the incoming folder, and check all."""
    incoming = photo_folders.new_incoming(data)
    for path in zips:
        # A folder of its own for each, since the zip that is filtered into four has no name of theirs.
        unpacked = unzip(path, incoming / ".unpacked")
        if _meant(path) == FILTERED_ZIP:
            found = {name: unpacked / inside for name, inside in FILTERED_FOLDERS.items()}
        else:
            found = {_meant(path).removesuffix(".zip"): _single_folder(unpacked, path)}
        for name, folder in found.items():
            _check_folder(folder, name, path)
            os.replace(folder, incoming / name)
    shutil.rmtree(incoming / ".unpacked")


def _single_folder(unpacked, zip_path):
    inside = list(unpacked.iterdir())
    if len(inside) == 1 and inside[0].is_dir():
        if inside[0].name in FOLDERS and f"{inside[0].name}.zip" != _meant(zip_path):
            raise CourseError(f"{zip_path} holds {inside[0].name}: it is another of the zips, renamed")
        return inside[0]
    return unpacked


def _check_folder(folder, name, origin):
    """Raise unless the folder holds the images that its name promises; drop what is no image."""
    images = photo_folders.counted_images(folder, name, FOLDERS[name], origin)
    other = "dog" if name.startswith("cats") else "cat"
    if all(path.name.lower().startswith(other) for path in images):
        raise CourseError(f"{origin} has {other}s where {name} should be")
    for path in set(folder.iterdir()) - set(images):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _flowers_dropped(data):
    for name in (FLOWER_ZIP, FLOWER_TGZ):
        if (data / name).is_file():
            _unpack_flowers(data / name, data)
            return f"from {name} in {data.name}"
    return None


def _flowers_from_mirror(data):
    mirror = settings.mirror()
    if mirror is None:
        return None
    (path,) = photo_folders.mirrored_files(mirror, [f"flowers/{FLOWER_ZIP}"], "flowers")
    _unpack_flowers(path, data)
    return f"from the mirror {mirror}"


def _flowers_from_network(data):
    address, checksum, size = FLOWER_ARCHIVE
    path = settings.cache_folder() / "flowers" / FLOWER_TGZ
    if not is_verified(path, checksum, size) and (reasons := unanswered([address])):
        raise CourseError(f"{address} does not answer: {reasons[address]}")
    _unpack_flowers(download(address, path, checksum=checksum, size=size), data)
    return "from TensorFlow's flower_photos"


def _unpack_flowers(path, data):
    """Unpack the zip or tar file into the incoming folder, and check that all classes are complete."""
    incoming = photo_folders.new_incoming(data)
    unpacked = (unzip if path.suffix == ".zip" else untar)(path, incoming / ".unpacked")
    for name, count in FLOWER_FOLDERS.items():
        photo_folders.counted_images(unpacked / name, name, count, path)
        os.replace(unpacked / name, incoming / name)
    shutil.rmtree(incoming / ".unpacked")


def _draw_flowers(incoming):
    from course_utils.sandbox.flowers import draw_flowers

    draw_flowers(incoming)
