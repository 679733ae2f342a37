"""TensorFlow starts without a word, and nothing else falls silent with it."""

import subprocess
import sys

import pytest


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_importing_the_course_does_not_import_tensorflow():
    done = run("import sys, course_utils; print('tensorflow' in sys.modules, 'numpy' in sys.modules)")
    assert done.stdout.split() == ["False", "False"]


@pytest.mark.parametrize("first", ["import keras", "import tensorflow"])
def test_tensorflow_prints_nothing_when_it_starts(first):
    done = run(
        f"import course_utils; {first}; import keras; import numpy as np;"
        "model = keras.Sequential([keras.layers.Conv2D(2, 3)]); model(np.zeros((1, 8, 8, 3), 'float32'))"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_tensorflows_advice_is_not_shown_in_an_interactive_python_but_its_errors_are():
    # A notebook's kernel has a prompt, sys.ps1; from it TensorFlow takes that someone wants to read its advice.
    done = run(
        "import sys; sys.ps1 = '> '; import course_utils, tensorflow;"
        "from tensorflow.python.platform import tf_logging;"
        "tf_logging.warning('advice'); tf_logging.error('trouble')"
    )
    assert (done.stdout, done.stderr) == ("ERROR:tensorflow:trouble\n", "")


def test_what_is_printed_after_the_import_is_seen():
    done = run("import course_utils, os, tensorflow; os.write(2, b'seen')")
    assert done.stderr == "seen"


def test_an_import_that_fails_says_why(tmp_path):
    package = tmp_path / "tensorflow"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('a broken build')")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import course_utils; import tensorflow"
    done = run(code)
    assert done.returncode == 1
    assert "ImportError: a broken build" in done.stderr
