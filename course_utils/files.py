"""Write files whole or not at all: what stops half-way leaves what was there before."""

import os
from contextlib import contextmanager
from pathlib import Path

from course_utils.errors import file_errors_told


@contextmanager
def written_whole(path):
    """Give a path to write to, which takes the file's place when the block ends, and is removed where it fails.

    Parameters
    ----------
    path : str or pathlib.Path
        The file; its folder is made where it is missing.

    Yields
    ------
    pathlib.Path
        Beside the file; the block writes it and closes it.

    Raises
    ------
    CourseError
        Where the file cannot be written.
    """
    path = Path(path)
    with file_errors_told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # One name, so that what a killed program left is written over by the next.
        part = path.with_name(f".{path.name}.part")
        try:
            yield part
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)


def write_text(path, text):
    """Write a text file, whole or not at all.

    Parameters
    ----------
    path : str or pathlib.Path
        Where to; its folder is made where it is missing.
    text : str
        What to write, in UTF-8.

    Raises
    ------
    CourseError
        Where the file cannot be written.
    """
    with written_whole(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")
