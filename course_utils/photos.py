"""Fill the data folder: four folders of images, from whichever source can be had, never from two."""

import filecmp
import hashlib
import json
import multiprocessing
import os
import shutil
import zlib
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from pathlib import Path

from course_utils import settings
from course_utils.archives import unzip
from course_utils.download import download, is_verified, locked, reachable
from course_utils.errors import CourseError, file_errors_told
from course_utils.settings import course_path

FOLDERS = {"cats-train": 1000, "cats-test": 500, "dogs-train": 1000, "dogs-test": 500}
COURSE_ZIPS = [f"{name}.zip" for name in FOLDERS]
FILTERED_ZIP = "cats_and_dogs_filtered.zip"

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
        FILTERED_ZIP: (
            "https://download.mlcc.google.com/mledu-datasets/cats_and_dogs_filtered.zip",
            None,
            _FILTERED_BYTES,
        ),
    },
    "the filtered set at its first address": {
        FILTERED_ZIP: (
            "https://storage.googleapis.com/mledu-datasets/cats_and_dogs_filtered.zip",
            None,
            _FILTERED_BYTES,
        ),
    },
}

MANIFEST = "manifest.json"
INCOMING = ".incoming"
SANDBOX_BYTES = 200_000_000
# Files that Finder and Explorer leave in any folder that they show, and make again when needed.
LITTER = (".DS_Store", "Thumbs.db", "desktop.ini")


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
    wanted = settings.data_source()
    data = course_path(folder)
    with file_errors_told(data):
        source = _present_source(data)
        if _serves(source, wanted):
            # Looked at before the lock is taken, so that a complete folder may also be read-only.
            print(_found_line(data, source, wanted))
            return data
        if multiprocessing.current_process().name != "MainProcess":
            # A worker process of the drawing repeats a script without that line, and would wait for itself.
            raise CourseError('Put the code of your script below a line `if __name__ == "__main__":`.')
        data.mkdir(parents=True, exist_ok=True)
        with locked(data / ".lock"):
            _finish_move(data)
            source = _present_source(data)
            if _serves(source, wanted):
                print(_found_line(data, source, wanted))
                return data
            try:
                source, origin = _stage(data, wanted)
                _refuse_own_files(data, FOLDERS)
                _write_manifest(data / INCOMING, source, origin)
            except BaseException:
                shutil.rmtree(data / INCOMING, ignore_errors=True)
                raise
            _finish_move(data)
            print(_line(source, origin))
    return data


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
    with file_errors_told(data):
        source = _present_source(data)
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
    data = course_path(folder)
    removed = 0
    if not data.is_dir():
        return removed
    with file_errors_told(data):
        with locked(data / ".lock"):
            _finish_move(data)
            manifest = _read_manifest(data)
            files = manifest["files"] if manifest else {}
            for name in files:
                if _is_ours(data, name, files):
                    (data / name).unlink()
                    removed += 1
            # The manifest goes last: after an interruption it still says what else is ours.
            (data / MANIFEST).unlink(missing_ok=True)
            for name in {name.partition("/")[0] for name in files}:
                _remove_if_empty(data / name)
        _remove_if_empty(data)
    return removed


def _serves(source, wanted):
    return source is not None and wanted in ("auto", source)


def _line(source, origin):
    if source == "sandbox":
        return f"Images: sandbox (drawn here), because {origin}."
    return f"Images: photos, {origin}."


def _found_line(data, source, wanted):
    if source == "photos":
        manifest = _read_manifest(data)
        ours = manifest is not None and manifest["source"] == "photos"
        return _line(source, manifest["origin"] if ours else "found in place and of unknown origin")
    if wanted == "sandbox":
        return _line(source, "COURSE_DATA=sandbox")
    return "Images: sandbox (drawn here earlier); to ask for the photos instead, set COURSE_DATA=photos."


# What is in the data folder


def _present_source(data):
    """Say whether the data folder holds "photos", the "sandbox", or nothing complete (None)."""
    if (data / INCOMING / MANIFEST).exists():
        return None  # the move into place is not finished
    listed = {}
    for name, count in FOLDERS.items():
        images = _images(data / name)
        if len(images) != count:
            return None
        listed |= {f"{name}/{path.name}": path for path in images}
    manifest = _read_manifest(data)
    if manifest is not None:
        files = manifest["files"]
        same = sum(name in files and path.stat().st_size == files[name][0] for name, path in listed.items())
        if same == len(files) == len(listed):
            return manifest["source"]
        if same > len(listed) / 2:
            return None
        # Only by chance has another photo the size of a listed one: somebody put another set in its place.
    return "photos" if all(_opens_like_a_jpeg(path) for path in listed.values()) else None


def _images(folder):
    if not folder.is_dir():
        return []
    # A name that starts with a dot is the system's, such as macOS's ._cat.0.jpg on a memory stick.
    return sorted(
        path for path in folder.iterdir() if path.suffix.lower() in (".jpg", ".jpeg") and not path.name.startswith(".")
    )


def _opens_like_a_jpeg(path):
    with path.open("rb") as file:
        return file.read(3) == b"\xff\xd8\xff"


def _read_manifest(data, folders=None):
    """Read which files the lesson made, in the four folders or in those given; None where it made none."""
    folders = FOLDERS if folders is None else folders
    path = data / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        for name in manifest["files"]:
            folder, _, file = name.partition("/")
            if folder not in folders or not file or "/" in file or "\\" in file or file == "..":
                raise ValueError(name)
        if manifest["source"] not in ("photos", "sandbox") or not isinstance(manifest["origin"], str):
            raise ValueError(manifest["source"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        raise CourseError(
            f"{path} is not as the lesson wrote it, so nobody knows which images are the lesson's; "
            "move the data folder elsewhere and run this again."
        ) from None
    return manifest


def _write_manifest(folder, source, origin, folders=None):
    files = {}
    for name in FOLDERS if folders is None else folders:
        for path in _images(folder / name):
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


# From the incoming folder into place


def _refuse_own_files(data, names, folders=None):
    """Raise where one of these folders has a file that would be lost: not ours, and not the same again."""
    manifest = _read_manifest(data, folders)
    files = manifest["files"] if manifest else {}
    for name in names:
        inside = sorted((data / name).rglob("*")) if (data / name).is_dir() else [data / name]
        for path in inside:
            relative = path.relative_to(data).as_posix()
            again = data / INCOMING / relative
            if (
                not (path.exists() or path.is_symlink())
                or path.name in LITTER
                or _is_ours(data, relative, files)
                or (path.is_file() and again.is_file() and filecmp.cmp(path, again, shallow=False))
            ):
                continue
            raise CourseError(
                f"{path} is not the lesson's (or was changed since), and no new images are put over it; "
                "move it elsewhere and run this again."
            )


def _finish_move(data, folders=None):
    """Move the incoming folders into place if they are complete, else drop them; safe to do again.

    The incoming manifest is written when all images are there, and is the last to be moved: while it is
    there, an interrupted move is to be finished.
    """
    incoming = data / INCOMING
    if (incoming / MANIFEST).is_file():
        for name in FOLDERS if folders is None else folders:
            if (incoming / name).is_dir():
                if (data / name).exists():
                    _refuse_own_files(data, [name], folders)
                    shutil.rmtree(data / name)
                os.replace(incoming / name, data / name)
        os.replace(incoming / MANIFEST, data / MANIFEST)
    if incoming.is_dir():
        shutil.rmtree(incoming)


# Into the incoming folder


def _stage(data, wanted):
    """Put the images of the first source that has them into the incoming folder; return source and origin."""
    if wanted == "sandbox":
        _draw(data)
        return "sandbox", "COURSE_DATA=sandbox"
    reasons = []
    for attempt in (_from_dropped_zips, _from_mirror, _from_network):
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
            f"COURSE_DATA=photos, but {missing}. Put {', '.join(COURSE_ZIPS)} or {FILTERED_ZIP} into {data}, "
            "or set COURSE_MIRROR to a copy of them, or set COURSE_DATA=sandbox for drawn images."
        )
    _draw(data)
    return "sandbox", missing


def _from_dropped_zips(data):
    dropped = [name for name in COURSE_ZIPS if (data / name).is_file()]
    if len(dropped) == len(COURSE_ZIPS):
        _unpack([data / name for name in COURSE_ZIPS], data)
        return f"from the four zips in {data.name}"
    if (data / FILTERED_ZIP).is_file():
        _unpack([data / FILTERED_ZIP], data)
        return f"from {FILTERED_ZIP} in {data.name}"
    if dropped:
        missing = [name for name in COURSE_ZIPS if name not in dropped]
        raise CourseError(f"{', '.join(dropped)} in {data.name} would do only with {', '.join(missing)}")
    return None


def _from_mirror(data):
    mirror = settings.mirror()
    if mirror is None:
        return None
    if mirror.lower().startswith(("http://", "https://")):
        paths = _fetch_mirrored(mirror)
    else:
        checksums = _mirrored_checksums(Path(mirror) / "SHA256SUMS", mirror)
        paths = [Path(mirror) / "dogs-vs-cats" / name for name in COURSE_ZIPS]
        for path in paths:
            if not is_verified(path, checksums[path.name]):
                raise CourseError(f"{path} is missing or not the file that the mirror's SHA256SUMS names")
    _unpack(paths, data)
    return f"from the mirror {mirror}"


def _fetch_mirrored(mirror):
    cache = settings.cache_folder() / "photos" / f"mirror-{hashlib.sha256(mirror.encode()).hexdigest()[:12]}"
    sums = cache / "SHA256SUMS"
    paths = [cache / name for name in COURSE_ZIPS]
    if sums.is_file():
        checksums = _mirrored_checksums(sums, mirror)
        if all(is_verified(path, checksums[path.name]) for path in paths):
            return paths
    address = f"{mirror}/SHA256SUMS"
    if not reachable([address]):
        raise CourseError(f"the mirror's {address} does not answer")
    download(address, sums)
    checksums = _mirrored_checksums(sums, mirror)
    for path in paths:
        download(f"{mirror}/dogs-vs-cats/{path.name}", path, checksum=checksums[path.name])
    return paths


def _mirrored_checksums(sums, mirror):
    if not sums.is_file():
        raise CourseError(f"the mirror {mirror} has no file SHA256SUMS, so it is not laid out as one")
    text = sums.read_text(encoding="utf-8", errors="replace")
    lines = [line.split(maxsplit=1) for line in text.splitlines()]
    listed = {line[1].lstrip("*"): line[0].lower() for line in lines if len(line) == 2}
    missing = [name for name in COURSE_ZIPS if f"dogs-vs-cats/{name}" not in listed]
    if missing:
        raise CourseError(f"the SHA256SUMS of the mirror {mirror} does not name dogs-vs-cats/{missing[0]}")
    return {name: f"sha256:{listed[f'dogs-vs-cats/{name}']}" for name in COURSE_ZIPS}


def _from_network(data):
    cache = settings.cache_folder() / "photos"

    def is_cached(files):
        return all(is_verified(cache / name, checksum, size) for name, (_, checksum, size) in files.items())

    sources = [source for source, files in DOWNLOADS.items() if is_cached(files)]
    if not sources:
        first_address = {source: next(iter(files.values()))[0] for source, files in DOWNLOADS.items()}
        answering = reachable(list(first_address.values()))
        sources = [source for source, address in first_address.items() if address in answering]
    if not sources:
        raise CourseError("none of their addresses answers, as without a network")
    reasons = []
    for source in sources:
        try:
            paths = [
                download(address, cache / name, checksum=checksum, size=size)
                for name, (address, checksum, size) in DOWNLOADS[source].items()
            ]
            _unpack_cached(paths, DOWNLOADS[source], data)
            return f"from {source}"
        except CourseError as error:
            reasons.append(str(error).rstrip("."))
    raise CourseError("; ".join(reasons))


def _unpack_cached(paths, files, data):
    try:
        _unpack(paths, data)
    except CourseError:
        for path in paths:
            if files[path.name][1] is None:
                path.unlink(missing_ok=True)  # only its size was checked, so it may itself be wrong
        raise


def _draw(data):
    # No drawing is the same as a file that is there, so do not draw for a minute before saying so.
    _refuse_own_files(data, FOLDERS)
    incoming = _new_incoming(data)
    free = shutil.disk_usage(incoming).free
    if free < SANDBOX_BYTES:
        raise CourseError(
            f"The disk is too full to draw the images: {free / 1e6:,.0f} MB are free in {data} and "
            f"{SANDBOX_BYTES / 1e6:,.0f} MB are needed; free some space or choose another folder."
        )
    from course_utils.drawing import draw_photos

    try:
        draw_photos(incoming)
    except BrokenProcessPool:
        raise CourseError(
            "The processes that draw the images were ended from outside; close other programs to free memory "
            '(in a script, put its code below a line `if __name__ == "__main__":`) and run this again.'
        ) from None
    for name in FOLDERS:
        _check_folder(incoming / name, name, "the sandbox")


def _new_incoming(data):
    incoming = data / INCOMING
    if incoming.exists():
        shutil.rmtree(incoming)
    incoming.mkdir()
    return incoming


def _unpack(zips, data):
    """Unpack the course's four zips, or the filtered set, into the incoming folder, and check all."""
    incoming = _new_incoming(data)
    for path in zips:
        # A folder of its own for each, since the zip that is filtered into four has no name of theirs.
        unpacked = unzip(path, incoming / ".unpacked")
        if path.name == FILTERED_ZIP:
            parts = {"train": "train", "test": "validation"}
            found = {name: _filtered_folder(unpacked, name, parts) for name in FOLDERS}
        else:
            found = {path.stem: _single_folder(unpacked, path)}
        for name, folder in found.items():
            _check_folder(folder, name, path)
            os.replace(folder, incoming / name)
    shutil.rmtree(incoming / ".unpacked")


def _filtered_folder(unpacked, name, parts):
    kind, _, split = name.partition("-")
    return unpacked / parts[split] / kind


def _single_folder(unpacked, zip_path):
    inside = list(unpacked.iterdir())
    if len(inside) == 1 and inside[0].is_dir():
        if inside[0].name in FOLDERS:
            raise CourseError(f"{zip_path} holds {inside[0].name}: it is another of the zips, renamed")
        return inside[0]
    return unpacked


def _check_folder(folder, name, origin):
    """Raise unless the folder holds the images that its name promises; drop what is no image."""
    images = _images(folder)
    if len(images) != FOLDERS[name]:
        raise CourseError(f"{origin} has {len(images):,} JPEG files for {name} instead of {FOLDERS[name]:,}")
    for path in images:
        if not _opens_like_a_jpeg(path):
            raise CourseError(f"{origin} has a file that is no JPEG: {path.name}")
    other = "dog" if name.startswith("cats") else "cat"
    if all(path.name.lower().startswith(other) for path in images):
        raise CourseError(f"{origin} has {other}s where {name} should be")
    for path in set(folder.iterdir()) - set(images):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
