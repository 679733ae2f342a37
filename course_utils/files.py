"""Write files whole or not at all, and keep two programs from writing the same ones at the same time."""

import errno
import os
from contextlib import contextmanager, suppress
from pathlib import Path

from course_utils.errors import CourseError, file_errors_told

# What a network disk without locks answers.
NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)


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


class Busy(CourseError):
    """Another program is at work on the same files."""


@contextmanager
def locked(path, seconds=-1):
    """Hold a lock file, waiting for another program that holds it; the system frees it if this one is killed.

    Where the disk does not support locks, one sentence says so, and the block runs without.

    Parameters
    ----------
    path : pathlib.Path
        The lock file; it is made, and removed in the end.
    seconds : float
        How long to wait; -1 waits until it is free.

    Raises
    ------
    Busy
        Where another program still holds it after so many seconds.
    DiskError
        Where the lock file cannot be made.
    """
    import filelock

    lock = filelock.FileLock(path)
    try:
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            if seconds:
                print(f"Another program is at work in {path.parent}; waiting for it ...", flush=True)
            lock.acquire(timeout=seconds)
    except filelock.Timeout:
        raise Busy(f"Another program is at work in {path.parent}; wait until it ends, or stop it.") from None
    except (OSError, NotImplementedError) as error:
        if getattr(error, "errno", errno.ENOSYS) not in NO_LOCKS:
            with file_errors_told(path):
                raise
        print(f"The disk of {path.parent} has no locks; run one command of the course at a time there.", flush=True)
    try:
        yield
    finally:
        # Whoever waits looks whether the file is still there, so it may go before the lock does; Windows, though,
        # removes no open file.
        if os.name == "nt":
            lock.release()
        with suppress(OSError):
            path.unlink(missing_ok=True)
        lock.release()
