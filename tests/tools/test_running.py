"""A notebook in a kernel of its own, whatever Jupyter and matplotlib are told here."""

import json
import sys

import psutil
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import start_new_kernel
from nbformat.v4 import new_code_cell, new_notebook

from course_utils.errors import CourseError
from tools.running import KERNEL_NAME, execute, kernel_settings, register_kernel

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


def test_every_jupyter_of_the_user_is_offered_the_courses_python_under_its_own_name(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    register_kernel()
    assert "Cats and dogs" in capsys.readouterr().out
    assert KernelSpecManager().get_kernel_spec(KERNEL_NAME).display_name.startswith("Cats and dogs")
    manager, client = start_new_kernel(kernel_name=KERNEL_NAME)
    try:
        answer = client.execute_interactive("import sys", user_expressions={"python": "sys.executable"}, timeout=120)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert answer["content"]["user_expressions"]["python"]["data"]["text/plain"] == repr(sys.executable)


def test_a_folder_for_kernels_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    (tmp_path / "jupyter").write_text("a file")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    with pytest.raises(CourseError, match="jupyter"):
        register_kernel()


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
