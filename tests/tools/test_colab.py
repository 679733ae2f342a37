"""The copies for Colab: one file that carries what it needs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from course_utils.errors import CourseError
from tools import colab

CHECKOUT = Path(__file__).resolve().parents[2]


def notebook(*sources, tags=("setup",)):
    cells = [nbformat.v4.new_code_cell("import course_utils", metadata={"tags": list(tags)})]
    return nbformat.v4.new_notebook(cells=cells + [nbformat.v4.new_code_cell(source) for source in sources])


def run_alone(code, folder):
    """Run code in a folder, in a Python that does not find the installed course."""
    hide = (
        "import sys, importlib.metadata\n"
        "sys.meta_path = [one for one in sys.meta_path if 'editable' not in repr(one).lower()]\n"
        f"sys.path = [one for one in sys.path if one not in ('', {str(CHECKOUT)!r})]\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    # As a file: the packed weights are longer than an argument of a command may be.
    script = folder / "first_cell.py"
    script.write_text(hide + code)
    return subprocess.run([sys.executable, script.name], cwd=folder, capture_output=True, text=True, env=environment)


def test_without_the_packed_files_the_course_is_not_found(tmp_path):
    assert "No module named 'course_utils'" in run_alone("import course_utils", tmp_path).stderr


def test_the_first_cell_brings_the_course_along(tmp_path):
    packed = colab.with_files_packed(notebook("1 + 1"), CHECKOUT, "test")
    code = packed.cells[0].source + "\nimport course_utils\nprint(course_utils.__file__)\ncourse_utils.load_photos"
    done = run_alone(code, tmp_path)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.splitlines()[-1]).resolve() == tmp_path / "course_files/course_utils/__init__.py"


def test_the_course_is_found_after_a_change_of_folder(tmp_path):
    packed = colab.with_files_packed(notebook("1 + 1"), CHECKOUT, "test")
    moved = "\nimport os\nos.makedirs('drive/MyDrive')\nos.chdir('drive/MyDrive')\nfrom course_utils import load_photos"
    done = run_alone(packed.cells[0].source + moved, tmp_path)
    assert done.returncode == 0, done.stderr


def test_drawing_works_from_the_packed_files(tmp_path):
    packed = colab.with_files_packed(notebook("1 + 1"), CHECKOUT, "test")
    code = packed.cells[0].source + (
        "\nfrom course_utils.sandbox.drawing import draw_animal\nprint(draw_animal('cat', 1, 'train', 0).ndim)"
    )
    done = run_alone(code, tmp_path)
    assert done.stdout.splitlines()[-1:] == ["3"], done.stderr


def test_a_small_base_is_built_from_the_packed_files(tmp_path):
    packed = colab.with_files_packed(notebook("base = load_base()"), CHECKOUT, "test")
    code = packed.cells[0].source + (
        "\nfrom course_utils.sandbox.small_bases import build_small_base"
        "\nprint(build_small_base('mini_vgg16')[0].output_shape)"
    )
    done = run_alone(code, tmp_path)
    assert done.stdout.splitlines()[-1:] == ["(None, 4, 4, 64)"], done.stderr


def test_only_the_bases_that_a_notebook_uses_are_packed():
    import io
    import zipfile

    def weights(source):
        names = zipfile.ZipFile(io.BytesIO(colab.packed_files(CHECKOUT, source))).namelist()
        return {Path(name).name.split(".")[0] for name in names if name.endswith(".h5")}

    assert weights("from course_utils import load_base, load_photos") == set()
    assert weights("base = load_base()") == {"mini_vgg16"}
    assert weights("from x.cat_or_dog import build_cat_or_dog") == {"mini_vgg16", "cat_or_dog"}
    assert weights("base = load_base('mini_xception')") == {"mini_xception"}
    assert weights("variant = {'base': 'mini_xception'}\nload_base(variant['base'])") == {"mini_xception"}
    assert weights("load_base('mini_xception')\nload_base()") == {"mini_vgg16", "mini_xception"}


def test_the_copies_are_as_large_as_the_readme_says():
    said = re.search(r"between ([\d.]+) and ([\d.]+) MB", (CHECKOUT / "README.md").read_text(encoding="utf-8"))
    paths = [*CHECKOUT.glob("notebooks/*.ipynb"), *CHECKOUT.glob("homework/practice/*/*.ipynb")]
    cells = [colab.with_files_packed(nbformat.read(path, as_version=4), CHECKOUT, path.name) for path in paths]
    sizes = [max(len(cell.source) for cell in copy.cells) / 1e6 for copy in cells]
    assert [f"{min(sizes):.1f}", f"{max(sizes):.1f}"] == [*said.groups()]


def test_the_same_files_give_the_same_copy():
    assert colab.packed_files(CHECKOUT, "") == colab.packed_files(CHECKOUT, "")


@pytest.mark.parametrize("tags", [(), ("nbval-skip",)])
def test_a_notebook_without_a_setup_cell_is_refused(tags):
    with pytest.raises(CourseError, match="0 cells with the tag 'setup'"):
        colab.with_files_packed(notebook(tags=tags), CHECKOUT, "03_scratch_cnn.ipynb")


def test_two_setup_cells_are_refused():
    twice = notebook()
    twice.cells.append(twice.cells[0].copy())
    with pytest.raises(CourseError, match="2 cells with the tag"):
        colab.with_files_packed(twice, CHECKOUT, "03_scratch_cnn.ipynb")


def test_a_checkout_without_notebooks_says_what_to_run(tmp_path):
    with pytest.raises(CourseError, match="run make notebooks"):
        colab.write_copies(tmp_path)


def test_copies_of_all_notebooks_are_written_and_differ_only_in_the_setup_cell(tmp_path):
    (tmp_path / "course_utils" / "sandbox" / "small_bases").mkdir(parents=True)
    for folder, name in (("notebooks", "01_first"), ("homework/practice/task", "task")):
        (tmp_path / folder).mkdir(parents=True)
        nbformat.write(notebook("print(1)"), tmp_path / folder / f"{name}.ipynb")
    colab.write_copies(tmp_path)
    written = tmp_path / "build" / "colab"
    assert {path.name for path in written.iterdir()} == {"01_first.ipynb", "homework_task.ipynb"}
    copy = nbformat.read(written / "01_first.ipynb", as_version=4)
    assert copy.cells[1].source == "print(1)"
    assert copy.cells[0].source.startswith("# @title")
    nbformat.validate(copy)
