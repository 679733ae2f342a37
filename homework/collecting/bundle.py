"""Read a submission's zip file without trusting a byte of it: every size is bounded before anything is allocated.

Nothing is unpacked to the disk, no pickle is read, and no text is evaluated. Whatever is wrong raises BundleError
with one sentence for the instructor.
"""

import io
import json
import math
import os
import re
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_utils.assignments.packing import FORMAT

LARGEST_BUNDLE = 64_000_000
MOST_ENTRIES = 64
# The directory of a zip file is read as a whole: a bundle's has less than a kilobyte, that of 2,000 arrays some 200.
LARGEST_DIRECTORY = 1_000_000
MOST_ARRAYS = 2000
LARGEST_PARTS = {
    "submission.json": 2_000_000,
    "head.json": 4_000_000,
    "head.npz": 62_000_000,
    "base.npz": 62_000_000,
    "predictions.npz": 1_000_000,
    "notebook.ipynb": 30_000_000,
}
ABOUT = "submission.json"
# All arrays of one npz together, unpacked: 60 MB of float32 weights do not shrink much by compression.
LARGEST_ARRAYS = {"head.npz": 160_000_000, "base.npz": 160_000_000, "predictions.npz": 200_000}
DEEPEST_JSON = 100
MOST_JSON_VALUES = 400_000
LONGEST_NUMBER = 40
LARGEST_INTEGER = 2**53
# Text compresses to a tenth; a hundredth of a large part is a bomb, and a smaller one is bounded by its size. Weights
# that are all NaN, as a training that diverged leaves them, compress to a thousandth: a layer of 20 MB may.
LARGEST_RATIO, RATIO_COUNTS_FROM = 100, 20_000_000
_LITTER = re.compile(r"(^|/)(__MACOSX/.*|\.DS_Store|Thumbs\.db|desktop\.ini)$")
# Possessive, and a string that never ends goes to the end: no text makes this slow.
_TOKENS = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\Z)|[\[\]{},]', re.DOTALL)
# Line ends, tabs, and the joiners without which some scripts and emoji fall apart.
_KEPT = "\n\t\u200c\u200d"
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


class BundleError(Exception):
    """A submission that cannot be read or must not be: one sentence that says why."""


@dataclass(frozen=True)
class Bundle:
    """What a submission holds, checked for its form only.

    Attributes
    ----------
    about : dict
        submission.json.
    head : list
        head.json.
    head_weights, base_weights : dict of str to numpy.ndarray
        By the place of the layer in the head, or its name in the base; float32, finite or not.
    predictions : numpy.ndarray
        float32, (photos,) or (photos, columns).
    remarks : list of str
        What was odd but harmless.
    """

    about: dict
    head: list
    head_weights: dict
    base_weights: dict
    predictions: np.ndarray
    remarks: list


def read_bundle(path):
    """Read a submission.

    Parameters
    ----------
    path : str or pathlib.Path
        The zip file.

    Returns
    -------
    Bundle

    Raises
    ------
    BundleError
        Where it cannot be read or breaks a bound; the sentence says which.
    """
    content = _content(path)
    entries, remarks = _entries(content)
    about = _object(content, entries, ABOUT, dict)
    if about.get("format") != FORMAT:
        raise BundleError(
            f"The bundle has the format {clean_text(about.get('format'), 20)}, and format {FORMAT} is read: it was "
            "packed by another version of the course, so pack it again with the one of this class."
        )
    arrays = {name: read_arrays(_read(content, entries, name), name) for name in LARGEST_ARRAYS}
    predictions = arrays["predictions.npz"]
    if set(predictions) != {"probabilities"}:
        named = ", ".join(_quoted(name) for name in list(predictions)[:5]) or "nothing"
        raise BundleError(f"predictions.npz holds {named}, not one array called probabilities; pack again.")
    head = _object(content, entries, "head.json", list)
    return Bundle(about, head, arrays["head.npz"], arrays["base.npz"], predictions["probabilities"], remarks)


def read_about(content):
    """Read what a bundle says of itself, and nothing else of it.

    Parameters
    ----------
    content : bytes
        The zip file.

    Returns
    -------
    dict
        submission.json.

    Raises
    ------
    BundleError
        As `read_bundle`.
    """
    return _object(content, _entries(content)[0], ABOUT, dict)


def work_of(content):
    """Give what of a bundle a copy would share, however it was packed again: the checksums of its weights.

    Parameters
    ----------
    content : bytes
        The zip file.

    Returns
    -------
    tuple or None
        None where it cannot be read.
    """
    try:
        entries, _ = _entries(content)
    except BundleError:
        return None
    weights = [name for name in ("head.npz", "base.npz") if name in entries]
    return tuple((name, entries[name].CRC, entries[name].file_size) for name in weights) or None


def _object(content, entries, name, kind):
    value = read_json(_read(content, entries, name), name)
    if not isinstance(value, kind):
        raise BundleError(f"{name} holds a {type(value).__name__}, not a {kind.__name__}.")
    return value


def read_json(content, name):
    """Read JSON from bytes: UTF-8, no depth, length or number beyond the bounds, no name twice in one object.

    Parameters
    ----------
    content : bytes
    name : str
        The part's name, for the sentence.

    Returns
    -------
    object
        NaN and infinities, which are no JSON but are written by Python, come as None.

    Raises
    ------
    BundleError
        Where it is no such JSON.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BundleError(f"{name} is not UTF-8 text (byte {error.start}); it was saved in another encoding.") from None
    if "\0" in text:
        raise BundleError(f"{name} is not UTF-8 text (it holds zero bytes); it was saved in another encoding.")
    _check_depth(text, name)

    def number(convert):
        def parse(digits):
            if len(digits) > LONGEST_NUMBER:
                raise BundleError(
                    f"{name} holds a number of {len(digits):,} digits; at most {LONGEST_NUMBER} are read."
                )
            value = convert(digits)
            if convert is int and abs(value) > LARGEST_INTEGER:
                raise BundleError(f"{name} holds the integer {digits}, which is beyond any count of this course.")
            return value if math.isfinite(value) else None

        return parse

    def pairs(items):
        result = dict(items)
        if len(result) != len(items):
            raise BundleError(f"{name} uses a name twice in one object; only one of them could be meant.")
        return result

    try:
        return json.loads(
            text,
            parse_int=number(int),
            parse_float=number(float),
            parse_constant=lambda constant: None,
            object_pairs_hook=pairs,
        )
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{name} is no JSON ({_short(error)}).") from None


def read_arrays(content, name):
    """Read the arrays of an npz file; the header of each is checked before its data are read.

    Parameters
    ----------
    content : bytes
        The npz file.
    name : str
        The part's name, for the sentence and for its bounds.

    Returns
    -------
    dict of str to numpy.ndarray
        float32.

    Raises
    ------
    BundleError
        Where it is no npz file, holds anything but plain numbers, or is larger than the bounds.
    """
    infos = _directory(content, name, MOST_ARRAYS)
    archive = _opened(content, name)
    left, arrays = LARGEST_ARRAYS[name], {}
    for info in infos:
        if not info.filename.endswith(".npy"):
            raise BundleError(f"{name} holds {_quoted(info.filename)}, which is no array.")
        key = info.filename[: -len(".npy")]
        if info.file_size > left:
            raise _too_large(name)
        array = _array(_unpacked(archive, info, f"{name}: {_quoted(key)}"), f"{name}: {_quoted(key)}")
        # Small numbers grow when they become float32.
        left -= max(info.file_size, 4 * array.size)
        if left < 0:
            raise _too_large(name)
        with np.errstate(over="ignore", invalid="ignore"):
            arrays[key] = np.ascontiguousarray(array, np.float32).reshape(array.shape)
    return arrays


def _too_large(name):
    return BundleError(f"{name} unpacks to more than {LARGEST_ARRAYS[name]:,} bytes; no such model was asked for.")


def clean_text(text, longest):
    """Make text from a bundle fit to be shown and stored: no lone surrogates, no control characters, not too long.

    A space of any kind becomes a plain one.

    Parameters
    ----------
    text : object
        What a bundle holds where a text is expected.
    longest : int
        The number of characters that are kept.

    Returns
    -------
    str
    """
    text = str(text)[: longest + 1].encode("utf-8", "replace").decode("utf-8")
    text = "".join(
        letter if letter.isprintable() or letter in _KEPT else " " * letter.isspace()
        for letter in text.replace("\r\n", "\n").replace("\r", "\n")
    )
    return text if len(text) <= longest else text[:longest] + "…"


def read_plain_file(path, most):
    """Read a file that somebody handed in: a plain file alone, no link, no pipe, and no more than so many bytes.

    Parameters
    ----------
    path : pathlib.Path
    most : int
        Bytes.

    Returns
    -------
    bytes

    Raises
    ------
    BundleError
        Where it is a link or another thing than a file, or larger.
    OSError
        Where it cannot be read.
    """
    # A pipe would wait for its other end, and a link could point at anything of this machine.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if not stat.S_ISREG(path.lstat().st_mode):
        raise BundleError("It is a link, a folder or a pipe, and not a file.")
    with open(os.open(path, flags), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise BundleError("It is a link, a folder or a pipe, and not a file.")
        content = file.read(most + 1) if status.st_size <= most else b""
    if status.st_size > most or len(content) > most:
        raise BundleError(f"It has {max(status.st_size, len(content)):,} bytes; at most {most:,} are read.")
    return content


def _content(path):
    path = Path(path)
    try:
        content = read_plain_file(path, LARGEST_BUNDLE)
    except BundleError as error:
        raise BundleError(f"The bundle cannot be read. {error}") from None
    except OSError as error:
        raise BundleError(f"The bundle cannot be read ({error.strerror or type(error).__name__}).") from None
    if not content:
        raise BundleError("The bundle is empty (0 bytes); the upload failed.")
    return content


def _entries(content):
    """Find the known parts in the zip's directory, in the top folder or in the one folder that holds them."""
    remarks = []
    # Some programs on Windows write its own separator.
    named = [(info.filename.replace("\\", "/"), info) for info in _directory(content, "The bundle", MOST_ENTRIES)]
    for name, info in named:
        _check_entry(info, name)
    _check_unique([name.casefold() for name, _ in named], "The bundle")
    infos = {name: info for name, info in named if not name.endswith("/") and not _LITTER.search(name)}
    # Some systems pack the unpacked folder again: then all parts lie in that folder.
    folders = {name.removesuffix(ABOUT) for name in infos if f"/{name}".endswith(f"/{ABOUT}")}
    if len(folders) > 1 and "" not in folders:
        raise BundleError(f"The bundle holds {ABOUT} in {len(folders)} folders; only one of them could be meant.")
    zips = [name for name in infos if name.lower().endswith(".zip")]
    if zips and not folders:
        raise BundleError(f"The bundle holds another zip file, {_quoted(zips[0])}; hand in that one itself.")
    prefix = folders.pop() if len(folders) == 1 else ""
    entries = {}
    for path, info in infos.items():
        name = path.removeprefix(prefix)
        if name in LARGEST_PARTS and path.startswith(prefix):
            entries[name] = info
        else:
            remarks.append(f"The bundle also holds {_quoted(path)}, which was not read.")
    return entries, remarks


def _check_entry(info, name):
    if name.startswith("/") or ".." in name.split("/") or re.match(r"[A-Za-z]:", name):
        raise BundleError(f"The bundle holds {_quoted(name)}, a path that leaves its folder.")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise BundleError(f"The bundle holds {_quoted(name)}, which is a link or a device, not a file.")


def _directory(content, name, most):
    """Read a zip file's directory after its size was checked, and check every entry's size against the file's."""
    # zipfile builds an object for each entry before anyone can count them, so the count is read first.
    end = content.rfind(b"PK\5\6", max(0, len(content) - 22 - 65535))
    if end < 0 or end + 22 > len(content):
        raise BundleError(f"{name} is no zip file, or is cut off.")
    _, _, here, total, size, offset, _ = struct.unpack("<HHHHIIH", content[end + 4 : end + 22])
    if content[max(0, end - 20) : end].startswith(b"PK\6\7") or 0xFFFF in (here, total) or 0xFFFFFFFF in (size, offset):
        raise BundleError(f"{name} is a zip file of the 64-bit kind, which nothing of this size needs.")
    if total > most or size > LARGEST_DIRECTORY:
        raise BundleError(f"{name} has {total:,} entries in a directory of {size:,} bytes; at most {most:,} are read.")
    infos = _opened(content, name).infolist()
    if len(infos) > most:
        raise BundleError(f"{name} has {len(infos):,} entries; at most {most:,} are read.")
    _check_unique([info.filename for info in infos], name)
    position = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.flag_bits & 1:
            raise BundleError(f"{name} is encrypted; hand it in without a password.")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BundleError(
                f"{name} is compressed by a method ({info.compress_type}) that pack_submission never uses."
            )
        if info.header_offset < position or info.header_offset + 30 + info.compress_size > len(content):
            raise BundleError(f"{name} has entries that overlap or lie outside of the file.")
        position = info.header_offset + 30 + info.compress_size
        if info.file_size > max(RATIO_COUNTS_FROM, LARGEST_RATIO * info.compress_size):
            raise BundleError(
                f"{_quoted(info.filename)} claims to unpack from {info.compress_size:,} to {info.file_size:,} bytes: "
                "that is a zip bomb."
            )
    return infos


def _check_unique(names, where):
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise BundleError(f"{where} holds {_quoted(twice)} twice; only one of them could be meant.")


def _opened(content, name):
    try:
        return zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError, struct.error, UnicodeError) as error:
        raise BundleError(f"{name} is a damaged zip file ({_short(error)}).") from None


def _read(content, entries, name):
    if name not in entries:
        raise BundleError(f"The bundle lacks {name}; it was not made by pack_submission, or was changed.")
    info = entries[name]
    if info.file_size > LARGEST_PARTS[name]:
        raise BundleError(f"{name} claims {info.file_size:,} bytes; at most {LARGEST_PARTS[name]:,} are read.")
    if info.file_size == 0:
        raise BundleError(f"{name} is empty.")
    return _unpacked(_opened(content, name), info, name)


def _unpacked(archive, info, name):
    try:
        with archive.open(info) as file:
            content = file.read(info.file_size + 1)
    except (
        zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, NotImplementedError, struct.error
    ) as error:  # fmt: skip
        raise BundleError(f"{name} is damaged ({_short(error)}).") from None
    if len(content) != info.file_size:
        raise BundleError(f"{name} has another size than the zip file's directory says.")
    return content


def _array(content, name):
    """Read one npy file whose content is as long as its header says; NumPy reads the header, which holds literals."""
    file = io.BytesIO(content)
    try:
        read = _HEADERS[np.lib.format.read_magic(file)]
    except (ValueError, KeyError):
        raise BundleError(f"{name} is no array of NumPy's format 1 or 2.") from None
    try:
        shape, fortran_order, kind = read(file, max_header_size=1000)
    except Exception as error:
        # Whatever Python's parser meets in it.
        raise BundleError(f"{name} has a header that is none of plain numbers ({_short(error)}).") from None
    if kind.hasobject:
        raise BundleError(f"{name} holds Python objects (a pickle), which are never read.")
    if kind.kind not in "fiub" or kind.itemsize > 8 or len(shape) > 8 or min(shape, default=0) < 0:
        raise BundleError(f"{name} is an array of {_short(kind)} and shape {shape}, not of plain numbers.")
    data, count = len(content) - file.tell(), math.prod(shape)
    if count * kind.itemsize != data or not count:
        raise BundleError(
            f"{name} claims the shape {shape}, that is {count:,} numbers of {kind.itemsize} bytes, and holds {data:,} "
            "bytes."
        )
    order = "F" if fortran_order else "C"
    return np.frombuffer(content, kind, count, file.tell()).reshape(shape, order=order)


def _check_depth(text, name):
    """Count brackets outside of strings, before anything recursive reads the text."""
    depth, values = 0, 0
    for match in _TOKENS.finditer(text):
        token = match[0][0]
        if token in "[{":
            depth += 1
            if depth > DEEPEST_JSON:
                raise BundleError(f"{name} is nested more than {DEEPEST_JSON} deep; nothing in it needs that.")
        elif token in "]}":
            depth -= 1
        elif token == ",":
            values += 1
            if values > MOST_JSON_VALUES:
                raise BundleError(f"{name} holds more than {MOST_JSON_VALUES:,} values; nothing in it needs that.")


def _short(error):
    return clean_text(f"{error}".split("\n")[0], 150)


def _quoted(name):
    return repr(clean_text(name, 80))
