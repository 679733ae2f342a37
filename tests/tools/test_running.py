"""A notebook in a kernel of its own, whatever Jupyter and matplotlib are told here."""

import json
import sys

import psutil
from nbformat.v4 import new_code_cell, new_notebook

from tools.running import execute, kernel_settings

PICTURE = """\
import numpy as np
from course_utils import show_photos

figure = show_photos([np.zeros((8, 8, 3), 'uint8')])
"""


def ran(folder, source, settings):
    notebook = new_notebook(cells=[new_code_cell(source)])
    run = execute(notebook, "probe", folder, settings)
    assert run.error is None
    return notebook.cells[0].outputs


def test_another_kernel_called_python3_is_not_used(tmp_path, monkeypatch):
    other = tmp_path / "kernels" / "python3"
    other.mkdir(parents=True)
    argv = ["/usr/bin/false", "-f", "{connection_file}"]
    (other / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Python 3", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    (output,) = ran(tmp_path, "import sys; print(sys.executable)", kernel_settings())
    assert output.text.strip() == sys.executable


def test_a_kernel_has_ended_when_its_notebook_has(tmp_path):
    (output,) = ran(tmp_path, "import os; print(os.getpid())", kernel_settings())
    assert not psutil.pid_exists(int(output.text))


def test_a_backend_without_pictures_that_a_cluster_sets_is_not_handed_on(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    assert "MPLBACKEND" not in kernel_settings() and "MPLBACKEND" not in kernel_settings(COURSE_DATA="sandbox")


def test_pictures_come_into_the_notebook_whatever_the_backend_of_its_surroundings(tmp_path):
    (output,) = ran(tmp_path, PICTURE, kernel_settings() | {"MPLBACKEND": "Agg"})
    assert "image/png" in output.data


def test_a_failing_cell_is_told_with_its_first_line(tmp_path):
    notebook = new_notebook(cells=[new_code_cell("one = 1"), new_code_cell("# why\n1 / 0")])
    run = execute(notebook, "probe", tmp_path, kernel_settings())
    assert run.error == "probe, code cell 2 of 2 failed.\n  # why\n  ZeroDivisionError: division by zero"
