"""How ``make test`` starts the tests."""

import os
import re
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tools import testing


@pytest.fixture
def two_notebooks(monkeypatch):
    """Two notebooks in place of the committed ones; each prints in its second cell what its first one set."""

    def write(_, folder):
        folder.mkdir(parents=True)
        for name in ("01_one", "02_two"):
            printed = [new_output("stream", name="stdout", text=f"{name}\n")]
            cells = [
                new_code_cell(f"name = {name!r}", execution_count=1),
                new_code_cell("print(name)", execution_count=2, outputs=printed),
            ]
            nbformat.write(new_notebook(cells=cells), folder / f"{name}.ipynb")

    monkeypatch.setattr(testing, "copy_to_run", write)


def test_the_cells_of_each_notebook_run_in_order(two_notebooks, capfd):
    # xdist finds a test by its name: of two cells with one name it runs the first one twice.
    assert testing.run_pytest(sys.executable, ["-q"], fast="1") == 0
    assert "4 passed" in capfd.readouterr().out


def test_one_notebook_can_be_compared_alone_after_the_first(two_notebooks, capfd):
    assert testing.test(names=["01"]) == 0
    assert "2 passed" in capfd.readouterr().out
    assert testing.test(names=["02"]) == 0
    assert "4 passed" in capfd.readouterr().out


def test_a_cell_that_prints_something_else_fails(two_notebooks, monkeypatch, capfd):
    right = testing.copy_to_run

    def write_spoilt(root, folder):
        right(root, folder)
        path = folder / "02_two.ipynb"
        path.write_text(path.read_text(encoding="utf-8").replace("name = '02_two'", "name = '03'"), encoding="utf-8")

    monkeypatch.setattr(testing, "copy_to_run", write_spoilt)
    assert testing.run_pytest(sys.executable, ["-q"], fast="1") == 1
    assert "1 failed, 3 passed" in capfd.readouterr().out


def test_an_epoch_of_a_notebook_ends_after_a_few_steps_in_the_tests_alone(tmp_path):
    # Run in an IPython of its own, as the kernels run it.
    program = (
        "import keras, numpy as np\n"
        "model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1)])\n"
        "model.compile(loss='mse')\n"
        "x, tested = np.zeros((20, 1)), []\n"
        "count = keras.callbacks.LambdaCallback()\n"
        "count.on_test_batch_end = lambda batch, logs=None: tested.append(batch)\n"
        "fitted = model.fit(x, x, validation_data=(x, x), batch_size=1, callbacks=[count], verbose=0)\n"
        "print('steps', int(model.optimizer.iterations.numpy()), len(tested))\n"
    )
    counted = []
    for folder in (testing.with_few_steps(tmp_path / "short"), tmp_path / "as it is"):
        command = [sys.executable, "-c", "from IPython import start_ipython; start_ipython(['--simple-prompt'])"]
        run = subprocess.run(
            command, input=program, env=os.environ | {"IPYTHONDIR": str(folder)}, capture_output=True, text=True
        )
        counted += re.findall(r"steps (\d+) (\d+)", run.stdout)
    assert max(map(int, counted[0])) < 10 and counted[1] == ("20", "20")
