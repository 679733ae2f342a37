"""The book in a real Chromium: no error, no request that leaves the machine, no sideways scrolling, contrast."""

import functools
import http.server
import json
import shutil
import threading

import pytest
from browser import axe_script, serious_violations

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.timeout(1200),  # the first of them may have to build the book
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="no Chromium with its driver: apt install chromium-driver"),
]
# The pages that differ in kind.
KINDS = (
    "index",
    "01_download_unzip",
    "03_scratch_cnn",
    "glossary",
    "teaching",
    "mistakes",
    "results/benchmark",
    "try-it",
)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a word."""

    def log_message(self, *words):
        """Say nothing."""


@pytest.fixture(scope="module")
def address(book_folder):
    """The address at which the book is served, and its folder."""
    handler = functools.partial(Quiet, directory=book_folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", book_folder
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    """A Chromium that notes what it fetches and says."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    driver.set_script_timeout(300)
    yield driver
    driver.quit()


def opened(browser, place, width=1200, mode="light"):
    """Open a page in a window of some width, in light or dark."""
    size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    scheme = [{"name": "prefers-color-scheme", "value": mode}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
    browser.get(place)


def pages_of(folder):
    """The pages that a reader comes to."""
    places = [path.relative_to(folder) for path in folder.rglob("*.html")]
    return sorted(place.as_posix() for place in places if place.parts[0] != "_static")


def test_every_page_loads_without_an_error_and_without_a_request_that_leaves_the_machine(browser, address):
    place, folder = address
    for page in pages_of(folder):
        opened(browser, f"{place}/{page}")
        assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == [], page
        messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
        asked = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
        assert asked and [url for url in asked if not url.startswith((place, "data:"))] == [], page


def test_no_page_scrolls_sideways_on_a_phone(browser, address):
    place, folder = address
    for page in pages_of(folder):
        opened(browser, f"{place}/{page}", width=390)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 390, page


@pytest.mark.parametrize(
    ("words", "expected"), [("overfitting", "03_scratch_cnn.html"), ("Grad-CAM", "09_look_inside.html")]
)
def test_a_search_leads_to_the_right_notebook(browser, address, words, expected):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    opened(browser, f"{address[0]}/search.html?q={words}")
    found = "#search-results ul.search li a"
    WebDriverWait(browser, 60).until(lambda browser: browser.find_elements(By.CSS_SELECTOR, found))
    links = [link.get_attribute("href") for link in browser.find_elements(By.CSS_SELECTOR, found)]
    assert any(expected in link for link in links), links


def test_a_solution_is_folded_and_opens(browser, address):
    from selenium.webdriver.common.by import By

    opened(browser, f"{address[0]}/01_download_unzip.html")
    fold = browser.find_element(By.XPATH, "//details[summary[starts-with(., 'Solution')]]")
    assert fold.get_attribute("open") is None
    browser.execute_script("arguments[0].firstElementChild.click()", fold)
    assert fold.get_attribute("open") is not None and len(fold.text) > 40


def test_code_has_a_button_to_copy_it_and_pages_follow_each_other(browser, address):
    from selenium.webdriver.common.by import By

    opened(browser, f"{address[0]}/03_scratch_cnn.html")
    assert browser.find_elements(By.CSS_SELECTOR, "div.cell_input button.copybtn")
    for link, page in (("a.left-prev", "02_image_to_tensor.html"), ("a.right-next", "04_vgg16_transfer.html")):
        assert page in browser.find_element(By.CSS_SELECTOR, link).get_attribute("href")


@pytest.mark.slow  # five seconds a page and more
@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("page", KINDS)
def test_axe_finds_nothing_serious(browser, address, page, mode):
    opened(browser, f"{address[0]}/{page}.html", mode=mode)
    assert browser.execute_script("return document.documentElement.dataset.theme") == mode
    assert serious_violations(browser, axe_script()) == []
