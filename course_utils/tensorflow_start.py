"""Keep TensorFlow's start-up lines out of the notebooks. Standard library only."""

import importlib.machinery
import logging
import os
import sys
from contextlib import contextmanager


def silence_tensorflow_start():
    """Arrange that the import of TensorFlow, whoever asks for it, prints nothing.

    No setting suffices: TensorFlow 2.21 prints some lines before it reads TF_CPP_MIN_LOG_LEVEL (that oneDNN is on,
    where TF_ENABLE_ONEDNN_OPTS asks for it; on a GPU, that libraries are registered twice), and prints them past
    Python's ``sys.stderr``. An import that fails still raises its exception.
    """
    # Its advice on retracing is for its own users, not for students who predict with several models.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    if "tensorflow" not in sys.modules and not any(isinstance(one, _Finder) for one in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder:
    """Finds TensorFlow where Python would, and wraps its loading."""

    def find_spec(self, name, path=None, target=None):
        if name != "tensorflow":
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def load_silently(module):
                with standard_error_closed():
                    load(module)
                # In an interactive Python, as a notebook is, TensorFlow chooses its own level when it is imported.
                module.get_logger().setLevel(logging.ERROR)

            spec.loader.exec_module = load_silently
        return spec


@contextmanager
def standard_error_closed():
    """Let nothing reach the standard error while the block runs, not even what is written past Python."""
    try:
        kept = os.dup(2)
    except OSError:  # a process without a standard error: nothing can be printed
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)
