"""Fixtures that every test shares."""

import os
import signal
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent

# Run in the background of a shell, Ctrl-C is ignored, and the programs that the tests start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def checkout():
    """The root folder of the checkout."""
    return CHECKOUT


@pytest.fixture(scope="session")
def mirror():
    """The folder of the real photos: COURSE_TEST_MIRROR, else shared/mirror beside the checkout."""
    folder = Path(os.environ.get("COURSE_TEST_MIRROR") or CHECKOUT.parent / "shared" / "mirror")
    if not folder.is_dir():
        pytest.skip("no mirror of the photos beside the checkout")
    return folder


@pytest.fixture(autouse=True)
def course_settings_cleared(monkeypatch, tmp_path_factory):
    """Give each test the default settings and a cache folder of its own."""
    for name in list(os.environ):
        if name.startswith("COURSE_") and name != "COURSE_TEST_MIRROR":
            monkeypatch.delenv(name)
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path_factory.mktemp("cache")))
