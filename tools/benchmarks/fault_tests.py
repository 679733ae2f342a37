"""Count the tests that show a fault to do no harm, kind by kind, and write them to the book.

The counts are those of pytest's own collection: every test with the marker ``fault``. Run ``make faults``.
"""

import contextlib
import io
import sys
from collections import Counter
from pathlib import Path

import pytest

from course_utils.files import write_text

ROOT = Path(__file__).resolve().parents[2]
# Kind -> what is done to the course, in the order of the table.
KINDS = {
    "downloader": "servers that refuse, stall, drip, reset, lie about length, content or range; wrong clocks",
    "archive": "zip and tar files that are broken, or made to write elsewhere, to blow up, or to clash",
    "archive, fuzzed": "zip and tar files with random bytes, stretches replaced, random names (100 files a test)",
    "image": "images that are unusual (and loaded) or broken (and told)",
    "image, fuzzed": "images of six kinds with random bytes (100 or 150 files a test)",
    "kill -9": "a program killed at random moments (2 to 5 in a quick test, 50 in a slow one)",
    "full disk": "a disk that is full, or becomes so while a file is written",
    "no network": "the network taken away, the loopback device left",
    "memory": "peaks against the forecast, and against 2 GB",
    "setting": "bad values of each environment variable",
}


class Collected:
    """A plugin of pytest that notes the kind of each collected test, and whether it is slow."""

    def __init__(self):
        self.counts = Counter()

    def pytest_collection_finish(self, session):
        """Count what was collected."""
        for item in session.items:
            for marker in item.iter_markers("fault"):
                self.counts[marker.args[0], item.get_closest_marker("slow") is not None] += 1


def main():
    """Write the table into the book and say where."""
    counts = collect(ROOT / "tests")
    write_text(ROOT / "docs" / "results" / "faults.md", table(counts))
    print(f"wrote docs/results/faults.md: {sum(counts.values())} tests of {len(KINDS)} kinds of faults")
    return 0


def collect(tests):
    """Let pytest collect a folder of tests, without running them.

    Parameters
    ----------
    tests : pathlib.Path
        The folder.

    Returns
    -------
    collections.Counter
        (kind, whether slow) -> number of tests.

    Raises
    ------
    ValueError
        Where a test names a kind that the table does not have, or a test cannot be collected.
    """
    collected = Collected()
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", str(tests)], plugins=[collected])
    if code:
        raise ValueError(f"the tests could not be collected:\n{said.getvalue()[-2000:]}")
    unknown = {kind for kind, _ in collected.counts} - set(KINDS)
    if unknown:
        raise ValueError(f"kinds of faults that the table does not have: {sorted(unknown)}")
    return collected.counts


def table(counts):
    """Lay the counts out as a page.

    Parameters
    ----------
    counts : collections.Counter
        As `collect` gives them.

    Returns
    -------
    str
        Markdown.
    """
    lines = ["# Faults and hostile input", ""]
    lines += ["Written by `make faults` from what pytest collects. Quick tests run in `make test`, all in", ""]
    lines[-2] += " `make test-full`."
    lines += ["| kind | what is done | quick tests | slow tests |", "|---|---|---:|---:|"]
    for kind, what in KINDS.items():
        lines.append(f"| {kind} | {what} | {counts[kind, False]} | {counts[kind, True]} |")
    quick, slow = (
        sum(count for (_, is_slow), count in counts.items() if is_slow == wanted) for wanted in (False, True)
    )
    lines.append(f"| **all** | | **{quick}** | **{slow}** |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
