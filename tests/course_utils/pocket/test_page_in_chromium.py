"""The page in a real browser: the answers of Keras on the same files, and one sentence for what is no photo."""

import base64
import io
import json
import threading
import zipfile
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from browser import axe_script, chromium, console_errors, requested_addresses, serious_violations
from PIL import Image

from course_utils.explain import calibrated
from course_utils.images import load_photos
from course_utils.pocket.exporting import predict_exported
from course_utils.sandbox.drawing import draw_animal

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1200)]
SECONDS = 120


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def drawn(kind, number):
    return draw_animal(kind, 4, "test", number)


@contextmanager
def opened(page, profile, **window):
    """The page in a Chromium, ready for photos."""
    from selenium.webdriver.support.ui import WebDriverWait

    handler = partial(QuietHandler, directory=str(page.folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, chromium(profile, **window) as browser:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        wait = WebDriverWait(browser, SECONDS, poll_frequency=0.05)
        address = f"http://127.0.0.1:{server.server_port}/"
        browser.get(address)
        one = SimpleNamespace(browser=browser, wait=wait, address=address)
        until_ready(one)
        yield one
        server.shutdown()


def until_ready(one):
    one.wait.until(lambda browser: browser.execute_script("return document.body.dataset.state") == "ready")


def message(one):
    return one.browser.find_element("id", "message").text


def give(one, path):
    """Choose a file, and wait until the page has dealt with it."""
    one.browser.execute_script("document.getElementById('message').textContent = 'waiting'")
    one.browser.find_element("id", "file").send_keys(str(path))
    one.wait.until(lambda browser: message(one) not in ("waiting", "Looking ..."))
    until_ready(one)


def answers(one):
    """What each card says: the probabilities before calibration, and the answer."""
    cards = one.browser.find_elements("css selector", ".card")
    given = [json.loads(card.get_attribute("data-given")) for card in cards]
    return np.array(given), [card.get_attribute("data-answer") for card in cards]


def pixels(one):
    """What the networks have seen, (150, 150, 3)."""
    address = one.browser.execute_script("return document.getElementById('input').toDataURL('image/png')")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))).convert("RGB"))


@pytest.fixture(scope="module")
def one(page, tmp_path_factory):
    with opened(page, tmp_path_factory.mktemp("profile")) as one:
        yield one


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """30 drawings and, where the mirror is there, 30 real photos, as JPEG files."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(30):
        picture = drawn(("cat", "dog")[number % 2], 2000 + number)
        Image.fromarray(picture).save(folder / f"drawn.{number}.jpg", quality=90)
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def real_photos(mirror, tmp_path_factory):
    folder = tmp_path_factory.mktemp("real")
    for name in ("cats-test", "dogs-test"):
        with zipfile.ZipFile(mirror / "dogs-vs-cats" / f"{name}.zip") as archive:
            inside = sorted(one for one in archive.namelist() if one.endswith(".jpg") and "__MACOSX" not in one)[:15]
            for member in inside:
                (folder / f"{name}.{member.rpartition('/')[2]}").write_bytes(archive.read(member))
    return sorted(folder.iterdir())


def given_by_the_page(one, paths):
    """What the page sees, (n, 150, 150, 3), gives, (n, networks, 2), and says, for each photo."""
    seen, given, said = [], [], []
    for path in paths:
        give(one, path)
        probabilities, words = answers(one)
        seen.append(pixels(one))
        given.append(probabilities)
        said.append(words)
    return np.stack(seen), np.stack(given), said


def agrees_with_keras(one, page, networks, paths):
    """Compare the page with Keras, and with the exported file in Python where its weights have 8 bits."""
    images = load_photos(paths)
    seen, given, said = given_by_the_page(one, paths)
    apart = np.abs(seen.astype(int) - images).mean(axis=(1, 2, 3))
    print(f"{len(paths)} photos: pixels differ by {apart.mean():.2f} of 255 on average, at most {apart.max():.2f}")
    assert apart.max() < 0.05
    for place, (name, weights) in enumerate(page.models):
        if weights == "float32":
            in_python = networks[name].predict(images, verbose=0)
        else:
            in_python = predict_exported(page.models[name, weights].file, images)
        distance = np.abs(given[:, place] - in_python).max(axis=1)
        undecided = np.abs(in_python[:, 1] - 0.5) < 0.02
        other = given[:, place].argmax(axis=1) != in_python.argmax(axis=1)
        print(
            f"{name} {weights}: probabilities differ by {distance.max():.4f} at most, "
            f"{(distance > 0.02).sum()} by more than 0.02; {undecided.sum()} undecided, {other.sum()} other answers"
        )
        assert distance.max() < 0.02
        assert undecided.sum() <= 3 and not other[~undecided].any()
        honest = calibrated(given[:, place], 1.5)
        told = ["not sure" if row.max() < page.sure_from else ("cat", "dog")[row.argmax()] for row in honest]
        assert [words[place] for words in said] == told


def test_the_page_answers_as_keras_does_on_drawings(one, page, networks, photos):
    agrees_with_keras(one, page, networks, photos)


def test_the_page_answers_as_keras_does_on_photos(one, page, networks, real_photos):
    agrees_with_keras(one, page, networks, real_photos)


def test_a_browser_that_reduces_no_jpeg_itself_comes_close(page, tmp_path, photos, real_photos):
    some = photos[:4] + real_photos[:4]
    with opened(page, tmp_path) as phone:
        phone.browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": "delete window.ImageDecoder"})
        phone.browser.refresh()
        until_ready(phone)
        assert phone.browser.execute_script("return window.ImageDecoder === undefined")
        seen, _, _ = given_by_the_page(phone, some)
    apart = np.abs(seen.astype(int) - load_photos(some)).mean(axis=(1, 2, 3))
    print(f"by averaging, pixels differ by {apart.mean():.2f} of 255 on average, at most {apart.max():.2f}")
    assert apart.max() < 1


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious(page, tmp_path, photos, dark):
    script = axe_script()
    with opened(page, tmp_path, dark=dark) as one:
        assert serious_violations(one.browser, script) == []
        give(one, photos[0])
        assert serious_violations(one.browser, script) == []


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_that_a_phone_has_turned_is_upright(one, tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    # As large as photos are, a multiple of 8: Python averages 2 x 2 pixels from the corner where the file begins.
    Image.fromarray(cv2.resize(drawn("dog", 5), (480, 360))).save(tmp_path / "turned.jpg", quality=95, exif=exif)
    give(one, tmp_path / "turned.jpg")
    assert np.abs(pixels(one).astype(int) - load_photos([tmp_path / "turned.jpg"])[0]).mean() < 0.05


@pytest.mark.parametrize("size", [(90, 60), (400, 100), (151, 3000)])
def test_small_and_narrow_pictures_are_resized_as_in_python(one, tmp_path, size):
    Image.fromarray(cv2.resize(drawn("cat", 6), size)).save(tmp_path / "small.png")
    give(one, tmp_path / "small.png")
    assert np.abs(pixels(one).astype(int) - load_photos([tmp_path / "small.png"])[0]).mean() < 0.05


def test_transparent_places_are_white(one, tmp_path):
    Image.new("RGBA", (200, 200), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    give(one, tmp_path / "clear.png")
    assert (pixels(one) == 255).all()


def no_photos(folder):
    Image.new("1", (12_000, 9_000)).save(folder / "huge.png")
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "letter.jpg").write_text("Dear network, this is a letter. " * 50)
    (folder / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(500))
    (folder / "page.png").write_text("<html><body>not a picture</body></html>")
    return {
        "huge.png": "12000 x 9000 pixels",
        "empty.jpg": "is empty (0 bytes)",
        "letter.jpg": "is no photo",
        "phone.heic": "is a HEIC photo",
        "page.png": "is no photo",
    }


def test_what_is_no_photo_gets_one_sentence_and_the_page_goes_on(one, tmp_path, photos):
    for name, words in no_photos(tmp_path).items():
        give(one, tmp_path / name)
        assert words in message(one) and message(one).startswith(name)
        give(one, photos[0])
        assert message(one).startswith("Done")


def test_a_photo_that_is_dropped_is_taken(one):
    one.browser.execute_script("document.getElementById('message').textContent = 'waiting'")
    one.browser.execute_async_script(
        """
        const done = arguments[0];
        fetch('samples/1.png').then((answer) => answer.blob()).then((blob) => {
          const carried = new DataTransfer();
          carried.items.add(new File([blob], 'dropped.png', { type: 'image/png' }));
          document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: carried, bubbles: true }));
          done();
        });
        """
    )
    one.wait.until(lambda browser: message(one).startswith("Done"))


def test_the_keyboard_reaches_the_file_and_a_sample(one):
    from selenium.webdriver import ActionChains, Keys

    one.browser.execute_script(
        "document.activeElement.blur(); document.getElementById('message').textContent = 'waiting'"
    )
    reached = []
    for _ in range(8):
        ActionChains(one.browser).send_keys(Keys.TAB).perform()
        active = one.browser.switch_to.active_element
        reached.append(active.get_attribute("id") or active.get_attribute("title"))
        if reached[-1] == "a drawn cat":
            break
    assert "file" in reached and reached[-1] == "a drawn cat"
    ActionChains(one.browser).send_keys(Keys.ENTER).perform()
    one.wait.until(lambda browser: message(one).startswith("Done"))


def test_without_a_camera_the_live_picture_is_refused_in_one_sentence(one):
    one.browser.find_element("id", "live").click()
    one.wait.until(lambda browser: "camera cannot be used" in message(one))


def test_nothing_is_asked_from_elsewhere_and_the_console_is_clean(one):
    asked = requested_addresses(one.browser)
    assert asked and [address for address in asked if not address.startswith(one.address)] == []
    assert console_errors(one.browser) == []


def test_the_browser_itself_refuses_to_send_anything_elsewhere(one):
    with ThreadingHTTPServer(("127.0.0.1", 0), QuietHandler) as elsewhere:
        threading.Thread(target=elsewhere.serve_forever, daemon=True).start()
        sent = one.browser.execute_async_script(
            "fetch(arguments[0], {method: 'POST', body: 'a photo', mode: 'no-cors'})"
            ".then(() => arguments[1]('sent'), () => arguments[1]('refused'))",
            f"http://127.0.0.1:{elsewhere.server_port}/",
        )
        elsewhere.shutdown()
    assert sent == "refused"


@pytest.mark.parametrize("dark", [False, True])
def test_a_phone_of_390_pixels_needs_no_sideways_scrolling(page, tmp_path, dark, photos):
    with opened(page, tmp_path, width=390, height=844, dark=dark) as phone:
        give(phone, photos[0])
        assert phone.browser.execute_script("return document.documentElement.scrollWidth") <= 390
        lightness = phone.browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert (lightness == "rgb(255, 255, 255)") is not dark
