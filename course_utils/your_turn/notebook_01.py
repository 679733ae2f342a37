"""The tasks of notebook 01, download and unzip."""

import hashlib

from course_utils.your_turn.answers import NotYet, slip


def checksum_of_a_file(answer, file):
    """The sha256 of the whole content, as hexadecimal digits."""
    content = file.read_bytes()
    slip(hasattr(answer, "hexdigest"), "this is the machine that computes; ask it for its .hexdigest().")
    slip(isinstance(answer, bytes), "these are raw bytes; publishers print .hexdigest(), not .digest().")
    slip(not isinstance(answer, str), "a text of 64 hexadecimal digits is needed: end the line with .hexdigest().")
    slip(
        answer in (hashlib.sha256(name.encode()).hexdigest() for name in (file.name, str(file))),
        "that is the checksum of the file's name; read what is in it, with part.read_bytes().",
    )
    slip(answer != hashlib.sha256(content).hexdigest(), "that is the checksum of something else: read the whole file.")
    return f"{answer[:12]}..., computed from all {len(content):,} bytes."


def one_byte_changed(answer, content):
    """The same content, with exactly one byte changed."""
    slip(isinstance(answer, str), "a text is not bytes; cut slices out of content and join them with +.")
    slip(not isinstance(answer, bytes | bytearray), "bytes are needed, such as content[:1000] gives.")
    slip(
        len(answer) != len(content),
        f"it has {len(answer):,} bytes instead of {len(content):,}: leave out exactly the byte that you replace.",
    )
    changed = sum(a != b for a, b in zip(answer, content, strict=True))
    slip(changed == 0, "nothing has changed: is the new byte the old one?")
    slip(changed != 1, f"{changed:,} bytes have changed; change one.")
    return (
        f"one byte of {len(content):,}, and the checksum starts with {hashlib.sha256(answer).hexdigest()[:8]} "
        f"instead of {hashlib.sha256(content).hexdigest()[:8]}."
    )


def photo_names(answer, names):
    """The names that end in .jpg, sorted by the number in them."""
    expected = sorted((name for name in names if name.endswith(".jpg")), key=lambda name: int(name.split(".")[1]))
    if not isinstance(answer, list):
        raise NotYet(f"a list of names is needed, and this is a {type(answer).__name__}.")
    slip(any(isinstance(name, int) for name in answer), "these are the numbers; keep the names, sorted by number.")
    slip(
        any(not str(name).endswith(".jpg") for name in answer),
        'a file that is no photo is still there: keep only names with name.endswith(".jpg").',
    )
    slip(
        answer == sorted(expected) != expected,
        "text is sorted letter by letter, so cat.10 stands before cat.2: sort by int(name.split('.')[1]).",
    )
    slip(len(answer) != len(expected), f"there are {len(answer)} names; {len(expected)} of them end in .jpg.")
    slip(answer != expected, "all the names are there, and their order is not that of the numbers.")
    return f"{len(answer)} names from {answer[0]} to {answer[-1]}, the same on every computer."


TASKS = {
    "checksum of a file": checksum_of_a_file,
    "one byte changed": one_byte_changed,
    "photo names in order": photo_names,
}
