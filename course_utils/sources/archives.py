"""Unpack a zip or tar file that was not made by us: nothing outside its folder, nothing half-unpacked."""

import errno
import lzma
import os
import re
import shutil
import stat
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from course_utils.errors import CourseError, DiskError, file_errors_told
from course_utils.files import locked

MOST_BYTES = 2_000_000_000
MOST_FILES = 100_000
MOST_RATIO = 200
SPARE_BYTES = 50_000_000
WINDOWS_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
# What zipfile, tarfile and the decompressors raise for damaged files, beside BadZipFile.
UNREADABLE = (
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
)


def unzip(zip_path, folder):
    """Unpack a zip file into a new folder named like it.

    ``cats-train.zip`` becomes ``folder/cats-train/...`` whether or not its files lie in a top folder of that
    name. Files whose name starts with a dot and the ``__MACOSX`` folder are left out. All is unpacked beside,
    into ``folder/.cats-train.part``, and moved into place at the end; what a killed program left there is removed.

    Parameters
    ----------
    zip_path : str or pathlib.Path
        The zip file.
    folder : str or pathlib.Path
        Where to make the new folder.

    Returns
    -------
    pathlib.Path
        The new folder.

    Raises
    ------
    CourseError
        Where the zip file is damaged, encrypted, too large or hostile, or the new folder is already in use.
    """
    zip_path, folder = Path(zip_path), Path(folder)
    target = folder / zip_path.stem
    with file_errors_told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with (
                _damage_told(zip_path),
                locked(folder / f".{zip_path.stem}.lock"),
                zipfile.ZipFile(zip_path) as archive,
            ):
                if target.is_file() or (target.is_dir() and any(target.iterdir())):
                    raise CourseError(
                        f"{target} is already there; move it elsewhere before {zip_path.name} is unpacked."
                    )
                members = _checked_members(archive, zip_path, folder)
                # Not by tempfile, whose folders nobody else may read: it becomes the folder itself.
                beside = folder / f".{zip_path.stem}.part"
                shutil.rmtree(beside, ignore_errors=True)
                beside.mkdir()
                try:
                    _unpack(archive, zip_path, members, beside)
                    if target.is_dir():
                        target.rmdir()
                    os.replace(beside, target)
                except BaseException:
                    shutil.rmtree(beside, ignore_errors=True)
                    raise
        except zipfile.BadZipFile as error:
            raise CourseError(_damage(zip_path, error)) from None
    return target


def untar(tar_path, folder):
    """Unpack a tar file, compressed or not, into a new folder named like it, with all the checks of `unzip`.

    Parameters
    ----------
    tar_path : str or pathlib.Path
        The tar file, such as ``flower_photos.tgz``.
    folder : str or pathlib.Path
        Where to make the new folder.

    Returns
    -------
    pathlib.Path
        The new folder.

    Raises
    ------
    CourseError
        Where the tar file is damaged, too large or hostile, or the new folder is already in use.
    """
    tar_path, folder = Path(tar_path), Path(folder)
    with file_errors_told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        beside = folder / f".{tar_path.stem}.tar.part"
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir()
        zip_path = beside / f"{tar_path.stem}.zip"
        try:
            # Its files are put into a zip file, so that one function alone decides what may be unpacked.
            with _damage_told(tar_path):
                _rezip(tar_path, zip_path)
            return unzip(zip_path, folder)
        except CourseError as error:
            raise type(error)(str(error).replace(str(zip_path), str(tar_path))) from None
        finally:
            shutil.rmtree(beside, ignore_errors=True)


def _rezip(tar_path, zip_path):
    total = 0
    with tarfile.open(tar_path) as source, zipfile.ZipFile(zip_path, "w") as target:
        for member in source:
            total += member.size
            _refuse_too_much(total, tar_path)
            if member.isfile():
                target.writestr(member.name, source.extractfile(member).read())
            elif not member.isdir():
                raise _refusal(tar_path, f"holds a link or device ({member.name!r})")
        # tarfile takes a damaged header for the end, and leaves what follows, a checksum at last, unread.
        source.fileobj.seek(source.offset)
        if source.fileobj.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise CourseError(f"{tar_path} is damaged or cut off (its end is missing); delete it and get it again.")
        while rest := len(source.fileobj.read(1 << 20)):
            total += rest
            _refuse_too_much(total, tar_path)


def _refuse_too_much(total, tar_path):
    if total > MOST_BYTES:
        raise _refusal(tar_path, f"unpacks to more than {MOST_BYTES / 1e6:,.0f} MB")


def _checked_members(archive, zip_path, folder):
    """List (member, its parts below the new folder) of all files to unpack, or refuse the zip file."""
    infos = archive.infolist()
    if len(infos) > MOST_FILES:
        raise _refusal(zip_path, f"holds {len(infos):,} files, more than {MOST_FILES:,}")
    kept = []
    for info in infos:
        parts = safe_parts(info, zip_path)
        if info.is_dir() or any(part.startswith(".") or part == "__MACOSX" for part in parts):
            continue
        if info.flag_bits & 0x1:
            raise CourseError(f"{zip_path} is encrypted; get a copy without a password.")
        if info.file_size > MOST_RATIO * max(info.compress_size, 1024):
            raise _refusal(zip_path, f"blows up when unpacked ({info.filename})")
        kept.append((info, parts))
    if not kept:
        raise CourseError(f"{zip_path} holds no files; delete it and get it again.")
    if all(len(parts) > 1 and parts[0] == zip_path.stem for _, parts in kept):
        kept = [(info, parts[1:]) for info, parts in kept]
    _refuse_clashes(kept, zip_path)
    total = sum(info.file_size for info, _ in kept)
    if total > MOST_BYTES:
        raise _refusal(zip_path, f"unpacks to {total / 1e6:,.0f} MB, more than {MOST_BYTES / 1e6:,.0f} MB")
    free = shutil.disk_usage(folder).free
    if total + SPARE_BYTES > free:
        raise DiskError(
            f"The disk is too full to unpack {zip_path.name}: {free / 1e6:,.0f} MB are free in {folder} and "
            f"{(total + SPARE_BYTES) / 1e6:,.0f} MB are needed; free some space or choose another folder."
        )
    return kept


def safe_parts(info, zip_path):
    """Give the path of a zip file's entry as its parts, where it stays in its folder on every system.

    Parameters
    ----------
    info : zipfile.ZipInfo
    zip_path : str or pathlib.Path
        Named in the sentence.

    Returns
    -------
    tuple of str

    Raises
    ------
    CourseError
        Where it leaves its folder, is a link or a device, or has a name that not every system takes.
    """
    # Windows takes a backslash for a separator, and some of its programs write it into zip files.
    name = info.orig_filename.replace("\\", "/")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _refusal(zip_path, f"holds a link or device ({info.filename!r})")
    parts = PurePosixPath(name).parts
    if name.startswith("/") or ".." in parts or not (parts or info.is_dir()):
        raise _refusal(zip_path, f"has a file outside its folder ({info.filename!r})")
    for part in parts:
        odd = any(letter in '<>:"|?*' or ord(letter) < 32 for letter in part)
        if odd or part.endswith((".", " ")) or WINDOWS_DEVICES.fullmatch(part):
            raise _refusal(zip_path, f"has a file name that not every system takes ({info.filename!r})")
    return parts


def _refuse_clashes(kept, zip_path):
    # Compared as a disk would that takes no notice of case and of how an accent is encoded.
    files, folders = set(), set()
    for info, parts in kept:
        plain = tuple(unicodedata.normalize("NFC", part).casefold() for part in parts)
        if plain in files:
            raise _refusal(zip_path, f"holds {info.filename!r} twice")
        files.add(plain)
        folders.update(plain[:depth] for depth in range(1, len(plain)))
    if files & folders:
        raise _refusal(zip_path, f"has {'/'.join(min(files & folders))!r} both as a file and as a folder")


def _unpack(archive, zip_path, members, folder):
    made = set()
    for info, parts in members:
        path = folder.joinpath(*parts)
        if path.parent not in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            made.add(path.parent)
        with archive.open(info) as source, path.open("xb") as file:
            left = info.file_size
            while block := source.read(1 << 20):
                left -= len(block)
                if left < 0:
                    raise _refusal(zip_path, f"blows up when unpacked ({info.filename})")
                file.write(block)


def _damage(zip_path, error):
    with zip_path.open("rb") as file:
        opening = file.read(512)
    if not opening:
        return f"{zip_path} is empty; delete it and get it again."
    if opening.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return f"{zip_path} is a web page, not a zip file; delete it and get the file itself."
    if not opening.startswith(b"PK"):
        return f"{zip_path} is not a zip file; delete it and get it again."
    if "not a zip file" in str(error):
        return f"{zip_path} is cut off (its end is missing); delete it and get it again."
    return f"{zip_path} is damaged ({error}); delete it and get it again."


@contextmanager
def _damage_told(path):
    """Turn what a damaged zip or tar file raises inside the block into a CourseError that names the file."""
    try:
        yield
    except (*UNREADABLE, OSError) as error:
        # What zipfile meets at a senseless place in the file, gzip and bz2 at damaged data: no fault of the disk.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        raise CourseError(
            f"{path} cannot be unpacked ({error or 'it ends too early'}); delete it and get it again."
        ) from None


def _refusal(zip_path, reason):
    return CourseError(f"{zip_path} {reason}, so it is not unpacked; get the file from its own source again.")
