"""Fill a folder with images from the first source that has them all: never from two, and never over a file not ours.

New images are put into a folder beside the old ones and moved into place once all are there. A manifest says where
they are from and lists them, so that what the lesson made can be told from what the student did.
"""

import filecmp
import hashlib
import json
import multiprocessing
import os
import shutil
import zlib
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from course_utils import settings
from course_utils.errors import CourseError, DiskError, file_errors_told
from course_utils.files import locked
from course_utils.settings import course_path
from course_utils.sources.download import download, is_verified, unanswered

MANIFEST = "manifest.json"
INCOMING = ".incoming"
# Files that Finder and Explorer leave in any folder that they show, and make again when needed.
LITTER = (".DS_Store", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class ImageSet:
    """What a folder is to be filled with, and who can fill it.

    Parameters
    ----------
    noun : str
        What messages call the images, such as ``"flowers"``.
    counts : dict of str to int
        The class folders, and how many photos belong into each.
    sources : tuple of callable
        Tried in this order. Each takes the folder to fill, and either puts the photos into `new_incoming` and says
        where they are from, as in ``"from the mirror"``, or returns None where it has nothing to offer, or raises
        CourseError where what it has to offer is of no use.
    draw : callable
        Takes the incoming folder, and draws the images into it.
    drawing_bytes : int
        The room on the disk that the drawings need.
    by_hand, mirrored : str
        What to put into the folder by hand, and what to set COURSE_MIRROR to, where no source has the photos.
    """

    noun: str
    counts: dict[str, int]
    sources: tuple[Callable, ...]
    draw: Callable
    drawing_bytes: int
    by_hand: str
    mirrored: str


def fill(folder, image_set):
    """Fill the folder as COURSE_DATA says, unless it is full, and print one line on where the images are from.

    Parameters
    ----------
    folder : str or pathlib.Path
        The folder, see `course_path`.
    image_set : ImageSet
        What belongs into it.

    Returns
    -------
    pathlib.Path
        The folder, with all class folders.

    Raises
    ------
    CourseError
        Where the images cannot be had or written, or a file that the lesson did not make is in the way.
    """
    wanted = settings.data_source()
    data = course_path(folder)
    with file_errors_told(data):
        # Looked at before the lock is taken, so that a complete folder may also be read-only.
        line = _found_line(data, image_set, wanted)
        if line is None:
            if multiprocessing.current_process().name != "MainProcess":
                # A worker process of the drawing repeats a script without that line, and would wait for itself.
                raise CourseError('Put the code of your script below a line `if __name__ == "__main__":`.')
            data.mkdir(parents=True, exist_ok=True)
            with locked(data / ".lock"):
                _finish_move(data, image_set.counts)
                # Looked at again, since another program may have filled the folder before the lock was free.
                line = _found_line(data, image_set, wanted) or _filled_line(data, image_set, wanted)
        print(line)
    return data


def clean(folder, names):
    """Remove the images that the lesson put into the folder, and nothing else.

    Parameters
    ----------
    folder : str or pathlib.Path
        The folder, see `course_path`.
    names : collection of str
        Its class folders.

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
    with file_errors_told(data):
        with locked(data / ".lock"):
            _finish_move(data, names)
            files = _read_manifest(data, names)["files"]
            ours = [name for name in files if _is_ours(data, name, files)]
            for name in ours:
                (data / name).unlink()
            # The manifest goes last: after an interruption it still says what else is ours.
            (data / MANIFEST).unlink(missing_ok=True)
            for name in {name.partition("/")[0] for name in files}:
                _remove_if_empty(data / name)
        _remove_if_empty(data)
    return len(ours)


def present_source(data, counts):
    """Say which images the folder holds.

    Parameters
    ----------
    data : pathlib.Path
        The folder.
    counts : dict of str to int
        Its class folders, and how many photos belong into each.

    Returns
    -------
    str or None
        ``"photos"``, ``"sandbox"``, or None where nothing in it is complete.

    Raises
    ------
    CourseError
        Where the folder cannot be read, or its manifest is not as the lesson wrote it.
    """
    with file_errors_told(data):
        if (data / INCOMING / MANIFEST).exists():
            return None  # the move into place is not finished
        images = {name: images_in(data / name) for name in counts}
        if not all(images.values()):
            return None
        found = {f"{name}/{path.name}": path for name, paths in images.items() for path in paths}
        manifest = _read_manifest(data, counts)
        files = manifest["files"]
        same = sum(name in files and path.stat().st_size == files[name][0] for name, path in found.items())
        if same == len(files) == len(found):
            return manifest["source"]
        # Only by chance has another photo the size of a listed one: where few have, another set was put in its place.
        if same > len(found) / 2 or any(len(images[name]) != count for name, count in counts.items()):
            return None
        return "photos" if all(map(opens_like_a_jpeg, found.values())) else None


def images_in(folder):
    """List the files that are named like JPEGs, in order of their names; none where there is no such folder."""
    if not folder.is_dir():
        return []
    # A name that starts with a dot is the system's, such as macOS's ._cat.0.jpg on a memory stick.
    return sorted(
        path for path in folder.iterdir() if path.suffix.lower() in (".jpg", ".jpeg") and not path.name.startswith(".")
    )


def opens_like_a_jpeg(path):
    """Say whether a file begins with the three bytes that every JPEG file begins with."""
    with path.open("rb") as file:
        return file.read(3) == b"\xff\xd8\xff"


def counted_images(folder, name, count, origin):
    """Give the images of one class folder, where they are as many as they should be and open like JPEGs.

    Parameters
    ----------
    folder : pathlib.Path
        The folder.
    name : str
        The class folder that it is to become.
    count : int
        How many photos belong into it.
    origin : pathlib.Path or str
        Where they are from, for the message.

    Returns
    -------
    list of pathlib.Path

    Raises
    ------
    CourseError
        Where there are more or fewer, or one is no JPEG.
    """
    images = images_in(folder)
    if len(images) != count:
        raise CourseError(f"{origin} has {len(images):,} JPEG files for {name} instead of {count:,}")
    for path in images:
        if not opens_like_a_jpeg(path):
            raise CourseError(f"{origin} has a file that is no JPEG: {name}/{path.name}")
    return images


def new_incoming(data):
    """Make and return the empty folder, inside the one to fill, in which new images wait until all are there."""
    incoming = data / INCOMING
    if incoming.exists():
        shutil.rmtree(incoming)
    incoming.mkdir()
    return incoming


def mirrored_files(mirror, names, cache):
    """Get files of a mirror that are the ones its SHA256SUMS names; those on the web are kept for the next time.

    Parameters
    ----------
    mirror : str
        The folder or web address that `settings.mirror` gives.
    names : list of str
        The files' paths within the mirror, as SHA256SUMS lists them.
    cache : str
        The folder within the cache that keeps what comes from the web.

    Returns
    -------
    list of pathlib.Path
        The files on this machine, in the order of ``names``.

    Raises
    ------
    CourseError
        Where the mirror does not answer, or lacks a file or its checksum, or has another file.
    """
    if not mirror.lower().startswith(("http://", "https://")):
        checksums = _mirrored_checksums(Path(mirror) / "SHA256SUMS", names, mirror)
        paths = [Path(mirror) / name for name in names]
        for path, checksum in zip(paths, checksums, strict=True):
            if not is_verified(path, checksum):
                raise CourseError(f"{path} is missing or not the file that the mirror's SHA256SUMS names")
        return paths
    folder = settings.cache_folder() / cache / f"mirror-{hashlib.sha256(mirror.encode()).hexdigest()[:12]}"
    sums = folder / "SHA256SUMS"
    paths = [folder / Path(name).name for name in names]
    # A list that was kept and is of no use, perhaps since it was cut off, is asked for again.
    with suppress(CourseError):
        if all(map(is_verified, paths, _mirrored_checksums(sums, names, mirror))):
            return paths
    address = f"{mirror}/SHA256SUMS"
    if reasons := unanswered([address]):
        raise CourseError(f"the mirror's {address} does not answer: {reasons[address]}")
    download(address, sums)
    for name, path, checksum in zip(names, paths, _mirrored_checksums(sums, names, mirror), strict=True):
        download(f"{mirror}/{name}", path, checksum=checksum)
    return paths


def _mirrored_checksums(sums, names, mirror):
    if not sums.is_file():
        raise CourseError(f"the mirror {mirror} has no file SHA256SUMS, so it is not laid out as one")
    text = sums.read_text(encoding="utf-8", errors="replace")
    lines = [line.strip().split(maxsplit=1) for line in text.splitlines()]
    listed = {line[1].lstrip("*"): line[0].lower() for line in lines if len(line) == 2}
    missing = [name for name in names if name not in listed]
    if missing:
        raise CourseError(f"the SHA256SUMS of the mirror {mirror} does not name {missing[0]}")
    return [f"sha256:{listed[name]}" for name in names]


# The line that says what was decided


def _line(image_set, source, origin):
    how = "sandbox (drawn here), because" if source == "sandbox" else "photos,"
    return f"{image_set.noun.capitalize()}: {how} {origin}."


def _found_line(data, image_set, wanted):
    """The line on what is in the folder already; None where that is not complete, or not what is wanted."""
    source = present_source(data, image_set.counts)
    if source is None or wanted not in ("auto", source):
        return None
    if source == "photos":
        manifest = _read_manifest(data, image_set.counts)
        ours = manifest["source"] == "photos"
        return _line(image_set, source, manifest["origin"] if ours else "found in place and of unknown origin")
    if wanted == "sandbox":
        return _line(image_set, source, "COURSE_DATA=sandbox")
    noun = image_set.noun.capitalize()
    return f"{noun}: sandbox (drawn here earlier); to ask for the photos instead, set COURSE_DATA=photos."


def _filled_line(data, image_set, wanted):
    """The line on the new images, which are in place when it is returned."""
    try:
        source, origin = _stage(data, image_set, wanted)
        _refuse_own_files(data, image_set.counts, _read_manifest(data, image_set.counts)["files"])
        _write_manifest(data / INCOMING, image_set.counts, source, origin)
    except BaseException as error:
        shutil.rmtree(data / INCOMING, ignore_errors=True)
        if isinstance(error, CourseError) and (wrong := _wrong_with_own(data, image_set.counts)):
            raise CourseError(
                f"{data} holds images that the lesson did not put there, but {wrong}; mend that, or move them "
                "elsewhere, and run this again."
            ) from None
        raise
    _finish_move(data, image_set.counts)
    return _line(image_set, source, origin)


# Into the incoming folder


def _stage(data, image_set, wanted):
    """Put the images of the first source that has them into the incoming folder; return source and origin."""
    if wanted == "sandbox":
        _draw(data, image_set)
        return "sandbox", "COURSE_DATA=sandbox"
    reasons = []
    for attempt in image_set.sources:
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
            f"COURSE_DATA=photos, but {missing}. Put {image_set.by_hand} into {data}, or set COURSE_MIRROR to "
            f"{image_set.mirrored}, or set COURSE_DATA=sandbox for drawn {image_set.noun}."
        )
    _draw(data, image_set)
    return "sandbox", missing


def _draw(data, image_set):
    # No drawing is the same as a file that is there, so do not draw for a minute before saying so.
    _refuse_own_files(data, image_set.counts, _read_manifest(data, image_set.counts)["files"])
    incoming = new_incoming(data)
    free = shutil.disk_usage(incoming).free
    if free < image_set.drawing_bytes:
        raise DiskError(
            f"The disk is too full to draw the {image_set.noun}: {free / 1e6:,.0f} MB are free in {data} and "
            f"{image_set.drawing_bytes / 1e6:,.0f} MB are needed; free some space or choose another folder."
        )
    try:
        image_set.draw(incoming)
    except BrokenProcessPool:
        raise CourseError(
            f"The processes that draw the {image_set.noun} were ended from outside; close other programs to free "
            'memory (in a script, put its code below a line `if __name__ == "__main__":`) and run this again.'
        ) from None


# From the incoming folder into place


def _refuse_own_files(data, names, files):
    """Raise where one of these folders has a file that would be lost: not ours, and not the same again."""
    for name in names:
        if (data / name).is_symlink():
            raise CourseError(
                f"{data / name} is a link, and no new images are put in its place; remove it (what it leads to stays) "
                "and run this again."
            )
        inside = sorted((data / name).rglob("*")) if (data / name).is_dir() else [data / name]
        for path in inside:
            relative = path.relative_to(data).as_posix()
            again = data / INCOMING / relative
            if (
                (path.exists() or path.is_symlink())
                and path.name not in LITTER
                and not _is_ours(data, relative, files)
                and not (path.is_file() and again.is_file() and filecmp.cmp(path, again, shallow=False))
            ):
                raise CourseError(
                    f"{path} is not the lesson's (or was changed since), and no new images are put over it; "
                    "move it elsewhere and run this again."
                )


def _wrong_with_own(data, counts):
    """Say what keeps a student's own images from being used, where all class folders are at least half full."""
    listed = _read_manifest(data, counts)["files"]
    images = {name: images_in(data / name) for name in counts}
    if any((data / name).is_symlink() for name in counts):
        return None
    if any(len(images[name]) < count / 2 for name, count in counts.items()):
        return None
    found = [f"{name}/{path.name}" for name, paths in images.items() for path in paths]
    if sum(name in listed for name in found) > len(found) / 2:
        return None
    wrong = [
        f"{name} has {len(images[name]):,} of them instead of {count:,}"
        for name, count in counts.items()
        if len(images[name]) != count
    ]
    for name in found:
        if not opens_like_a_jpeg(data / name):
            wrong.append(f"{name} is {'no JPEG file' if (data / name).stat().st_size else 'empty'}")
    more = f" and {len(wrong) - 3:,} more" if len(wrong) > 3 else ""
    return ", ".join(wrong[:3]) + more


def _finish_move(data, names):
    """Move the incoming class folders into place if they are complete, else drop them; safe to do again.

    The incoming manifest is written when all images are there, and is the last to be moved: while it is
    there, an interrupted move is to be finished.
    """
    incoming = data / INCOMING
    if (incoming / MANIFEST).is_file():
        for name in names:
            if (incoming / name).is_dir():
                if (data / name).exists():
                    _refuse_own_files(data, [name], _read_manifest(data, names)["files"])
                    shutil.rmtree(data / name)
                os.replace(incoming / name, data / name)
        os.replace(incoming / MANIFEST, data / MANIFEST)
    if incoming.is_dir():
        shutil.rmtree(incoming)


# What is ours


def _read_manifest(data, names):
    """Read which files the lesson made in the class folders; without a manifest it made none."""
    path = data / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        for name in manifest["files"]:
            folder, _, file = name.partition("/")
            if folder not in names or not file or "/" in file or "\\" in file or file == "..":
                raise ValueError(name)
        if manifest["source"] not in ("photos", "sandbox") or not isinstance(manifest["origin"], str):
            raise ValueError(manifest["source"])
    except FileNotFoundError:
        return {"source": None, "origin": None, "files": {}}
    except (ValueError, KeyError, TypeError):
        raise CourseError(
            f"{path} is not as the lesson wrote it, so nobody knows which images are the lesson's; "
            "move the data folder elsewhere and run this again."
        ) from None
    return manifest


def _write_manifest(folder, names, source, origin):
    """List the images of the class folders, each with its size in bytes and its CRC-32."""
    files = {}
    for name in names:
        for path in images_in(folder / name):
            content = path.read_bytes()
            files[f"{name}/{path.name}"] = [len(content), zlib.crc32(content)]
    manifest = {"source": source, "origin": origin, "files": files}
    beside = folder / f"{MANIFEST}.new"
    beside.write_text(json.dumps(manifest, indent=0), encoding="utf-8")
    os.replace(beside, folder / MANIFEST)


def _is_ours(data, name, files):
    path = data / name
    if name not in files or not path.is_file() or path.is_symlink():
        return False
    size, checksum = files[name]
    return path.stat().st_size == size and zlib.crc32(path.read_bytes()) == checksum


def _remove_if_empty(folder):
    if folder.is_dir() and all(path.name in LITTER for path in folder.iterdir()):
        for path in folder.iterdir():
            path.unlink()
        with suppress(OSError):  # it may be where a terminal stands, or somebody may just have used it
            folder.rmdir()
