"""A real Chromium, driven by Selenium, for tests that look at a page as its reader does."""

import json
import shutil
from contextlib import contextmanager

import pytest

# Chromium keeps house in the background; a test must see no request but the page's own.
QUIET = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium(folder, width=1100, height=900, dark=False):
    """Start a Chromium with a profile of its own, and end it; skip the test where there is none.

    Parameters
    ----------
    folder : pathlib.Path
        An empty folder, for the profile.
    width, height : int
        The window in pixels.
    dark : bool
        Whether the reader prefers dark pages.

    Yields
    ------
    selenium.webdriver.Chrome
        It logs the console and the network.
    """
    pytest.importorskip("selenium", reason="selenium is not installed, so no page is looked at")
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (binary and driver):
        pytest.skip("chromium and its driver are not installed, so no page is looked at")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for argument in (*QUIET, f"--user-data-dir={folder}", f"--window-size={width},{height}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        # A headless window is never narrower than 500 pixels; the emulated screen of a phone is.
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        yield browser
    finally:
        browser.quit()


def console_errors(browser):
    """List what the page's console has complained of since the last call.

    Parameters
    ----------
    browser : selenium.webdriver.Chrome

    Returns
    -------
    list of str
    """
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


def requested_addresses(browser):
    """List the addresses on any network that the page has asked for since the last call.

    Parameters
    ----------
    browser : selenium.webdriver.Chrome

    Returns
    -------
    list of str
    """
    events = (json.loads(entry["message"])["message"] for entry in browser.get_log("performance"))
    asked = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
    return [address for address in asked if address.startswith(("http:", "https:", "ws:", "wss:"))]
