"""The copies for Colab, each on a machine of its own: with the models in the Drive, and with an empty Drive."""

import re
from pathlib import Path

import nbformat
import pytest

from tools import colab, notebooks
from tools.running import execute, kernel_settings
from tools.testing import with_few_steps

CHECKOUT = Path(__file__).resolve().parents[2]
# What Colab has and this computer has not: a Drive that can be mounted. The course is told where it lies.
STAND_IN = """\
import os
from pathlib import Path


def mount(path):
    from course_utils import training

    training._DRIVE = Path(os.environ["STAND_IN_DRIVE"])
    (training._DRIVE / "MyDrive").mkdir(parents=True, exist_ok=True)
"""
CARRYING = """\
import keras

from course_utils import carry_models, earlier_model, keep_model

carry_models()
model = earlier_model("data", "scratch", lambda: keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]))
keep_model(model, "scratch", "data")
"""
LATER = [
    script.stem
    for script in notebooks.scripts(CHECKOUT)
    if "earlier_model(" in script.read_text(encoding="utf-8") and not script.stem.startswith("03")
]


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Run a notebook's one-file copy in an empty folder of its own, with one of several Drives; give its output."""
    stand_in = tmp_path / "stand_in" / "google" / "colab"
    stand_in.mkdir(parents=True)
    (stand_in / "__init__.py").touch()
    (stand_in / "drive.py").write_text(STAND_IN)
    with_few_steps(tmp_path / "ipython")

    def run(notebook, drive):
        folder = tmp_path / f"machine_{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        settings = kernel_settings(
            COURSE_DATA="sandbox",
            COURSE_FAST="1",
            COURSE_PRECISION="float32",
            IPYTHONDIR=str(tmp_path / "ipython"),
            STAND_IN_DRIVE=str(tmp_path / drive),
            PYTHONPATH=str(tmp_path / "stand_in"),
        )
        done = execute(notebook, "copy", folder, settings)
        assert done.error is None, done.error
        assert (folder / "course_files").is_dir()
        return "".join(text for cell in notebook.cells if "outputs" in cell for text in notebooks.output_texts(cell))

    return run


def one_file_copy(name):
    notebook = nbformat.read(CHECKOUT / "notebooks" / f"{name}.ipynb", as_version=4)
    return colab.with_files_packed(notebook, CHECKOUT, name)


def test_the_next_machine_finds_the_models_in_the_drive_and_another_drive_has_none(machine):
    def small():
        setup = nbformat.v4.new_code_cell("", metadata={"tags": ["setup"]})
        notebook = nbformat.v4.new_notebook(cells=[setup, nbformat.v4.new_code_cell(CARRYING)])
        return colab.with_files_packed(notebook, CHECKOUT, "small")

    assert "There is no models/scratch.keras here: a replacement" in machine(small(), "drive")
    assert "This is your own scratch model" in machine(small(), "drive")
    assert "There is no models/scratch.keras here: a replacement" in machine(small(), "another")


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", LATER)
def test_a_copy_runs_alone_and_after_those_whose_models_it_uses(machine, name):
    alone = machine(one_file_copy(name), "empty")
    assert "a replacement is trained" in alone and "your own" not in alone
    for earlier in ("03_scratch_cnn", "04_vgg16_transfer"):
        if earlier < name:
            machine(one_file_copy(earlier), "drive")
    after = machine(one_file_copy(name), "drive")
    assert "a replacement is trained" not in after
    assert len(re.findall("This is your own", after)) == len(re.findall("a replacement is trained", alone))
