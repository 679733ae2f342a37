"""Colab: copies of the notebooks that carry the course's own files; runs with Colab's versions, and with older ones."""

import base64
import io
import re
import zipfile

from course_utils.errors import CourseError
from tools.environment import checkout_root, install
from tools.notebooks import SETUP_TAG, save
from tools.testing import run_pytest

# What the first cell of a copy does. It is hidden behind its title in Colab, which shows `@title` cells so.
UNPACKING = """\
# @title Course files: run this cell first
# It holds the course's own files, packed; they are unpacked into the folder course_files.
import base64
import io
import os
import sys
import zipfile

PACKED = "{packed}"
zipfile.ZipFile(io.BytesIO(base64.b64decode(PACKED))).extractall("course_files")
sys.path.insert(0, os.path.abspath("course_files"))
print("The course's files are ready.")
"""


def write_copies(root=None):
    """Write ``build/colab/NN_*.ipynb`` and ``homework_*.ipynb``: upload one to Colab, and it runs.

    Parameters
    ----------
    root : pathlib.Path, optional
        The checkout; by default the one that this package belongs to.

    Raises
    ------
    CourseError
        Where there is no notebook, one has no cell with the tag ``setup``, or a file cannot be written.
    """
    import nbformat

    root = root or checkout_root()
    paths = sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    practice = sorted((root / "homework" / "practice").glob("*/*.ipynb"))
    if not paths:
        raise CourseError(f"There is no notebook in {root / 'notebooks'}; run make notebooks.")
    for path in paths + practice:
        copy = root / "build" / "colab" / (f"homework_{path.name}" if path in practice else path.name)
        save(with_files_packed(nbformat.read(path, as_version=4), root, path.name), copy)
        print(f"wrote {copy.relative_to(root)} ({copy.stat().st_size / 1e6:.1f} MB)")


def with_files_packed(notebook, root, name):
    """Put the course's files into the first cell of a notebook.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        A notebook with one cell tagged ``setup``; it is changed.
    root : pathlib.Path
        The checkout.
    name : str
        What an error calls the notebook.

    Returns
    -------
    nbformat.NotebookNode
        The same notebook.

    Raises
    ------
    CourseError
        Where no cell or more than one has the tag.
    """
    cells = [cell for cell in notebook.cells if SETUP_TAG in cell.metadata.get("tags", [])]
    if len(cells) != 1:
        raise CourseError(f"{name} has {len(cells)} cells with the tag {SETUP_TAG!r}; give it exactly one.")
    source = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    (cell,) = cells
    cell.source = UNPACKING.format(packed=base64.b64encode(packed_files(root, source)).decode())
    cell.outputs, cell.execution_count = [], None
    cell.metadata["cellView"] = "form"
    return notebook


def packed_files(root, source):
    """Pack ``course_utils`` and the small bases that a notebook uses.

    Parameters
    ----------
    root : pathlib.Path
        The checkout.
    source : str
        The notebook's code. A base is packed where it names it; mini_vgg16 also where it calls ``load_base`` without a
        name, or opens ``cat_or_dog``. A browser shows a cell of one megabyte gladly, and one of four not.

    Returns
    -------
    bytes
        A zip file.
    """
    package = root / "course_utils"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(package.rglob("*.*")):
            if path.suffix in (".py", ".json", ".html", ".css", ".js") or (
                path.suffix == ".h5" and _is_used(path, source)
            ):
                # A fixed date, so that the copies differ only where a file does.
                entry = zipfile.ZipInfo(path.relative_to(root).as_posix(), (2026, 1, 1, 0, 0, 0))
                archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return content.getvalue()


def test_colab():
    """Run the notebooks, trained for few epochs, with the versions that Colab has.

    Returns
    -------
    int
        pytest's exit code.

    Raises
    ------
    CourseError
        Where the environment for it cannot be made.
    """
    return test_with_versions("colab")


def test_older():
    """Run the notebooks, trained for few epochs, with OpenCV 4 and one minor version of TensorFlow and Keras back.

    Returns
    -------
    int
        pytest's exit code.

    Raises
    ------
    CourseError
        Where the environment for it cannot be made.
    """
    return test_with_versions("older")


def test_with_versions(name):
    """Run the notebooks, trained for few epochs, with the versions of ``tests/NAME-constraints.txt``.

    Parameters
    ----------
    name : str
        ``"colab"`` or ``"older"``; the packages are installed into ``.venv-NAME``, beside the course's own.

    Returns
    -------
    int
        pytest's exit code.

    Raises
    ------
    CourseError
        Where the environment for it cannot be made.
    """
    root = checkout_root()
    python = install(root, root / f".venv-{name}", root / "tests" / f"{name}-constraints.txt")
    return run_pytest(python, [], fast="1")


def _is_used(path, source):
    base = path.name.split(".")[0]
    called = re.search(r"\bload_base\((?!variant\b|.*mini_)|\bcat_or_dog\b", source) is not None
    return base in source or (called and base == "mini_vgg16")
