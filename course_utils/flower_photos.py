"""Fill the folder of the five flowers: from the mirror, from TensorFlow's archive, or drawn; never from two."""

import hashlib
import multiprocessing
import os
import shutil
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from course_utils import photos, settings
from course_utils.archives import untar, unzip
from course_utils.download import download, is_verified, locked, reachable
from course_utils.errors import CourseError, file_errors_told
from course_utils.photos import INCOMING, MANIFEST
from course_utils.settings import course_path

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
    wanted = settings.data_source()
    data = course_path(folder)
    with file_errors_told(data):
        if photos._serves(_present_source(data), wanted):
            print(_found_line(data, wanted))
            return data
        if multiprocessing.current_process().name != "MainProcess":
            # A worker process of the drawing repeats a script without that line, and would wait for itself.
            raise CourseError('Put the code of your script below a line `if __name__ == "__main__":`.')
        data.mkdir(parents=True, exist_ok=True)
        with locked(data / ".lock"):
            photos._finish_move(data, FOLDERS)
            if photos._serves(_present_source(data), wanted):
                print(_found_line(data, wanted))
                return data
            try:
                source, origin = _stage(data, wanted)
                photos._refuse_own_files(data, FOLDERS, FOLDERS)
                photos._write_manifest(data / INCOMING, source, origin, FOLDERS)
            except BaseException:
                shutil.rmtree(data / INCOMING, ignore_errors=True)
                raise
            photos._finish_move(data, FOLDERS)
            print(_line(source, origin))
    return data


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
    with file_errors_told(data):
        source = _present_source(data)
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
    data = course_path(folder)
    if not data.is_dir():
        return 0
    removed = 0
    with file_errors_told(data):
        with locked(data / ".lock"):
            photos._finish_move(data, FOLDERS)
            manifest = photos._read_manifest(data, FOLDERS)
            files = manifest["files"] if manifest else {}
            for name in files:
                if photos._is_ours(data, name, files):
                    (data / name).unlink()
                    removed += 1
            (data / MANIFEST).unlink(missing_ok=True)
            for name in FOLDERS:
                photos._remove_if_empty(data / name)
        photos._remove_if_empty(data)
    return removed


def _line(source, origin):
    if source == "sandbox":
        return f"Flowers: sandbox (drawn here), because {origin}."
    return f"Flowers: photos, {origin}."


def _found_line(data, wanted):
    manifest = photos._read_manifest(data, FOLDERS)
    if manifest is None:
        return "Flowers: photos, found in place and of unknown origin."
    if manifest["source"] == "photos":
        return _line("photos", manifest["origin"])
    if wanted == "sandbox":
        return _line("sandbox", "COURSE_DATA=sandbox")
    return "Flowers: sandbox (drawn here earlier); to ask for the photos instead, set COURSE_DATA=photos."


def _present_source(data):
    """Say whether the folder holds "photos", the "sandbox", or nothing complete (None)."""
    if (data / INCOMING / MANIFEST).exists():
        return None  # the move into place is not finished
    found = {f"{name}/{path.name}": path for name in FOLDERS for path in photos._images(data / name)}
    manifest = photos._read_manifest(data, FOLDERS)
    if manifest is not None:
        sizes = {name: size for name, (size, _) in manifest["files"].items()}
        return manifest["source"] if sizes == {name: path.stat().st_size for name, path in found.items()} else None
    complete = all(len(photos._images(data / name)) == count for name, count in FOLDERS.items())
    return "photos" if complete and all(map(photos._opens_like_a_jpeg, found.values())) else None


def _stage(data, wanted):
    """Put the flowers of the first source that has them into the incoming folder; return source and origin."""
    if wanted == "sandbox":
        _draw(data)
        return "sandbox", "COURSE_DATA=sandbox"
    reasons = []
    for attempt in (_from_dropped, _from_mirror, _from_network):
        try:
            origin = attempt(data)
        except CourseError as error:
            reasons.append(str(error).rstrip("."))
            continue
        if origin is not None:
            return "photos", origin
    missing = "no photos could be had: " + "; ".join(reasons)
    if wanted == "photos":
        raise CourseError(
            f"COURSE_DATA=photos, but {missing}. Put {ZIP} or {TGZ} into {data}, or set COURSE_MIRROR to a folder "
            f"with flowers/{ZIP}, or set COURSE_DATA=sandbox for drawn flowers."
        )
    _draw(data)
    return "sandbox", missing


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
    if mirror.lower().startswith(("http://", "https://")):
        path = _fetch_mirrored(mirror)
    else:
        path = Path(mirror) / "flowers" / ZIP
        if not is_verified(path, _mirrored_checksum(Path(mirror) / "SHA256SUMS", mirror)):
            raise CourseError(f"{path} is missing or not the file that the mirror's SHA256SUMS names")
    _unpack(path, data)
    return f"from the mirror {mirror}"


def _fetch_mirrored(mirror):
    cache = settings.cache_folder() / "flowers" / f"mirror-{hashlib.sha256(mirror.encode()).hexdigest()[:12]}"
    sums, path = cache / "SHA256SUMS", cache / ZIP
    if sums.is_file() and is_verified(path, _mirrored_checksum(sums, mirror)):
        return path
    if not reachable([f"{mirror}/SHA256SUMS"]):
        raise CourseError(f"the mirror's {mirror}/SHA256SUMS does not answer")
    download(f"{mirror}/SHA256SUMS", sums)
    return download(f"{mirror}/flowers/{ZIP}", path, checksum=_mirrored_checksum(sums, mirror))


def _mirrored_checksum(sums, mirror):
    text = sums.read_text(encoding="utf-8", errors="replace") if sums.is_file() else ""
    for line in text.splitlines():
        checksum, _, name = line.partition(" ")
        if name.strip().lstrip("*") == f"flowers/{ZIP}":
            return f"sha256:{checksum.lower()}"
    raise CourseError(f"the mirror {mirror} has no SHA256SUMS that names flowers/{ZIP}")


def _from_network(data):
    address, checksum, size = ARCHIVE
    path = settings.cache_folder() / "flowers" / TGZ
    if not is_verified(path, checksum, size) and not reachable([address]):
        raise CourseError(f"{address} does not answer, as without a network")
    _unpack(download(address, path, checksum=checksum, size=size), data)
    return "from TensorFlow's flower_photos"


def _unpack(path, data):
    """Unpack the zip or tar file into the incoming folder, and check that all classes are complete."""
    incoming = photos._new_incoming(data)
    unpacked = (unzip if path.suffix == ".zip" else untar)(path, incoming / ".unpacked")
    for name, count in FOLDERS.items():
        images = photos._images(unpacked / name)
        if len(images) != count:
            raise CourseError(f"{path} has {len(images):,} JPEG files for {name} instead of {count:,}")
        for image in images:
            if not photos._opens_like_a_jpeg(image):
                raise CourseError(f"{path} has a file that is no JPEG: {name}/{image.name}")
        os.replace(unpacked / name, incoming / name)
    shutil.rmtree(incoming / ".unpacked")


def _draw(data):
    # Nothing drawn is the same as a file that is there, so do not draw before saying so.
    photos._refuse_own_files(data, FOLDERS, FOLDERS)
    incoming = photos._new_incoming(data)
    free = shutil.disk_usage(incoming).free
    if free < SANDBOX_BYTES:
        raise CourseError(
            f"The disk is too full to draw the flowers: {free / 1e6:,.0f} MB are free in {data} and "
            f"{SANDBOX_BYTES / 1e6:,.0f} MB are needed; free some space or choose another folder."
        )
    from course_utils.flowers import draw_flowers

    try:
        draw_flowers(incoming)
    except BrokenProcessPool:
        raise CourseError(
            "The processes that draw the flowers were ended from outside; close other programs to free memory "
            '(in a script, put its code below a line `if __name__ == "__main__":`) and run this again.'
        ) from None
