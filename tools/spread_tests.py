"""A plugin of pytest that spreads the tests over xdist's workers: one file each, all notebooks together."""

from pathlib import Path

from xdist.scheduler import LoadFileScheduling


class NotebooksTogether(LoadFileScheduling):
    """Keep the tests of a file on one worker, and all notebooks on one, in order.

    The tests of a file share what is slow to make, and those of the book share the book; notebooks 04 and 05 use the
    models of 03.
    """

    def _split_scope(self, nodeid):
        file = super()._split_scope(nodeid)
        if Path(file).name.startswith("test_book"):
            return "book"
        return "notebooks" if file.endswith(".ipynb") else file


def pytest_xdist_make_scheduler(config, log):
    """Give xdist the scheduler.

    Parameters
    ----------
    config : pytest.Config
        pytest's settings.
    log : xdist.remote.Producer
        Where xdist writes what it does.

    Returns
    -------
    NotebooksTogether
    """
    return NotebooksTogether(config, log)
