"""A plugin of pytest that spreads the tests over xdist's workers: one file each, all notebooks together.

The notebooks build on each other (04 and 05 use the models of 03), so their cells stay in order on one worker; the
tests of a file share what is slow to make.
"""

import pytest


# Before xdist, which writes the groups into the names of the tests.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark each test with the group that stays on one worker.

    Parameters
    ----------
    items : list of pytest.Item
        All tests, the cells of notebooks among them.
    """
    for item in items:
        group = "notebooks" if item.path.suffix == ".ipynb" else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))
