"""The book, built once for all tests that look at it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
NEEDED = ("docs", "notebooks", "homework", "course_utils", "tools", "pyproject.toml", "constraints.txt", "CHANGELOG.md")
BUILD = "import sys; from course_utils.errors import exit_code; from tools.book import book; sys.exit(exit_code(book))"


# What notebook 10 writes, in small.
POCKET = """<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,"><title>Try it</title><h1>Try it</h1></html>"""


@pytest.fixture(scope="session")
def copied_checkout(tmp_path_factory):
    """Copy what the book is built from, with its one setting filled in; gives the folder of the copy."""

    def copy(repository=""):
        root = tmp_path_factory.mktemp("book") / "checkout"
        root.mkdir()
        for name in NEEDED:
            if (CHECKOUT / name).is_dir():
                left_out = shutil.ignore_patterns("__pycache__", "node_modules")
                shutil.copytree(CHECKOUT / name, root / name, ignore=left_out)
            else:
                shutil.copy(CHECKOUT / name, root)
        settings = root / "pyproject.toml"
        text = settings.read_text(encoding="utf-8")
        settings.write_text(re.sub(r'(?m)^repository = ".*"', f'repository = "{repository}"', text), encoding="utf-8")
        return root

    return copy


@pytest.fixture(scope="session")
def build_book(copied_checkout):
    """Build the book of a copy of the checkout in which notebook 10 has run; gives the folder of the pages."""

    def build(repository):
        root = copied_checkout(repository)
        (root / "build" / "pocket").mkdir(parents=True)
        (root / "build" / "pocket" / "index.html").write_text(POCKET, encoding="utf-8")
        done = subprocess.run([sys.executable, "-c", BUILD], cwd=root, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return root / "build" / "book"

    return build


@pytest.fixture(scope="session")
def book_folder(build_book):
    """The folder of the book as it is while there is no address."""
    return build_book("")
