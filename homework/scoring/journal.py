"""The journal of a course folder: one JSON object a line, only ever added to, safe against a stop at any moment."""

import json
import os
from contextlib import contextmanager
from datetime import UTC, datetime

from course_utils.errors import CourseError, file_errors_told
from course_utils.files import Busy, locked

NAME = "journal.jsonl"
# What each record has, and each result and each of its items.
NAMES = ("key", "student", "assignment")
NUMBER = int | float
RESULT = {
    "points": NUMBER, "out_of": NUMBER, "items": list, "fingerprints": dict, "history": dict, "answers": dict,
    "variant_number": NUMBER, "student": str, "assignment": str,
}  # fmt: skip
ITEM = {"name": str, "points": NUMBER, "out_of": NUMBER, "verdict": str, "evidence": dict, "reason": str}


class Journal:
    """The results of a course folder, in the order in which they came.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.
    """

    def __init__(self, course):
        self.path = course / NAME

    def read(self):
        """Read what was written whole.

        Returns
        -------
        list of dict
            The records, oldest first. A line that was torn by a stop, or has another form than a record (some other
            program wrote it, or a person), is left out.

        Raises
        ------
        CourseError
            Where the file cannot be read.
        """
        records = []
        with file_errors_told(self.path):
            if not self.path.exists():
                return []
            lines = self.path.read_bytes().split(b"\n")
        for line in lines:
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if _is_record(record):
                records.append(record)
        return records

    def latest(self):
        """Give the last record of each key.

        Returns
        -------
        dict of str to dict
            Key -> record.
        """
        return {record["key"]: record for record in self.read()}

    def add(self, record):
        """Add one record, and come back only when it lies on the disk.

        Parameters
        ----------
        record : dict
            Has ``"key"``. NaN and infinity, which JSON lacks, are refused.

        Returns
        -------
        dict
            The record with its time, as it was written.

        Raises
        ------
        CourseError
            Where the file cannot be written.
        """
        record = {**record, "time": datetime.now(UTC).isoformat(timespec="seconds")}
        line = json.dumps(record, allow_nan=False)
        with file_errors_told(self.path), open(self.path, "ab+") as file:
            # A line that a stop has torn is closed first, so that it spoils no other.
            if file.tell() and _last_byte(file) != b"\n":
                file.write(b"\n")
            file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        return record


@contextmanager
def only_one(course, what):
    """Keep a second run of the same kind out of a course folder.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.
    what : str
        The kind, such as ``"grade"``; the lock is a file of that name, freed even where the process is killed.

    Raises
    ------
    CourseError
        Where another process is at it.
    """
    try:
        with locked(course / f".{what}.lock", seconds=0):
            yield
    except Busy:
        raise CourseError(f"Another `{what}` is at work on {course}; wait until it ends, or stop it.") from None


def _is_record(record):
    """Say whether a line has the form in which its readers take it."""
    if not isinstance(record, dict) or not all(isinstance(record.get(name), str) for name in NAMES):
        return False
    if not all(isinstance(record.get(name, ""), str | None) for name in ("bundle_sha256", "hidden", "failed")):
        return False
    if "result" not in record:
        return isinstance(record.get("failed"), str)
    result = record["result"]
    return (
        isinstance(result, dict)
        and result.get("status") in ("scored", "refused")
        and all(_fits(result.get(name), kind) for name, kind in RESULT.items())
        and all(isinstance(one, dict) and all(_fits(one.get(n), k) for n, k in ITEM.items()) for one in result["items"])
        and all(isinstance(one, dict) for one in result["history"].values())
    )


def _fits(value, kind):
    return isinstance(value, kind) and not (kind == NUMBER and isinstance(value, bool))


def _last_byte(file):
    file.seek(-1, os.SEEK_END)
    return file.read(1)
