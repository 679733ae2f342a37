"""The one exception of this project, the system's file errors turned into it, and how a command answers it."""

import errno
import io
import os
import sys
from contextlib import contextmanager


class CourseError(Exception):
    """A problem that a student can act on, told in one sentence: what happened, to what, what to do."""


class DiskError(CourseError):
    """The disk or its rights stand in the way: nothing is wrong with what was to be read or written."""


@contextmanager
def file_errors_told(path):
    """Turn an OSError raised inside the block into a DiskError that names the path.

    Parameters
    ----------
    path : str or pathlib.Path
        The file or folder that the block reads or writes.

    Raises
    ------
    DiskError
        Where the block raises OSError: full disk, missing right, a file where a folder should be, and so on.
    """
    try:
        yield
    except OSError as error:
        raise DiskError(_sentence(error, path)) from None


def exit_code(run):
    """Run a command, and answer what ends it early with a sentence or in silence, never with a traceback.

    Parameters
    ----------
    run : callable
        Called without arguments; gives an exit code, or None for 0.

    Returns
    -------
    int
        The exit code: 0 where all went well, 1 after a problem that was told, 130 after Ctrl-C.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A pipe on Windows takes the letters of one code page only; a name in others is told in their numbers.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        return run() or 0
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read the output, `head` say, has gone; nor may Python's own last flush complain of it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("\nStopped; run the same command again to go on.", file=sys.stderr)
        return 130


def _sentence(error, path):
    where = error.filename2 or error.filename or path
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full: {path} could not be written; free some space and run this again."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{where} may not be read or written here; choose another folder or change its permissions."
    if error.errno in (errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENOTEMPTY):
        return f"{where} is in the way (a file where a folder is needed, or the reverse); move it elsewhere."
    if error.errno in (errno.ENOTCONN, errno.ESTALE):
        return (
            f"The drive that holds {path} has lost its connection, as Google Drive does after hours; connect it again."
        )
    if error.errno == errno.ENAMETOOLONG:
        return f"The path {where} is too long for this disk; choose a folder with a shorter path."
    if error.errno == errno.ENOENT:
        return f"{where} does not exist (any more); check the path and run this again."
    return f"{where} could not be read or written ({error.strerror or error}); check the disk, then try again."
