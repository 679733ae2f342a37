"""A real Chromium, driven by Selenium, for tests that look at a page as its reader does."""

import functools
import json
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

AXE = "axe-core@4.10.3"

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


@functools.cache
def axe_script():
    """Get axe-core, which knows the rules of accessible pages, from npm; skip the test where it cannot be had.

    Returns
    -------
    str
        Its program.
    """
    if not shutil.which("npm"):
        pytest.skip("no npm here, which brings axe-core")
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", AXE]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
        if done.returncode:
            pytest.skip("axe-core cannot be had: the registry of npm does not answer")
        (packed,) = Path(folder).glob("*.tgz")
        shutil.unpack_archive(packed, folder, filter="data")
        return (Path(folder) / "package" / "axe.min.js").read_text(encoding="utf-8")


def serious_violations(browser, script):
    """List what axe-core finds on the open page that keeps somebody from using it.

    Parameters
    ----------
    browser : selenium.webdriver.Chrome
    script : str
        See `axe_script`.

    Returns
    -------
    list of (str, list of str)
        The rule, and the beginnings of up to three elements.
    """
    browser.execute_cdp_cmd("Runtime.evaluate", {"expression": script})
    browser.set_script_timeout(300)
    found = browser.execute_async_script(
        "const done = arguments[0]; axe.run(document).then(r => done(r.violations), e => done([{impact: String(e)}]))"
    )
    serious = (one for one in found if one["impact"] not in ("minor", "moderate"))
    return [
        (one.get("id", one["impact"]), [node["html"][:160] for node in one.get("nodes", ())[:3]]) for one in serious
    ]
