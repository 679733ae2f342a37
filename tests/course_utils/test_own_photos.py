"""The student's own photos: every kind of file that people have, opened or answered by one sentence."""

import io
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from course_utils.errors import CourseError
from course_utils.own_photos import keep_uploads, load_own_photos, open_own_photo, own_photo_paths, upload_button


def picture(height=60, width=80):
    small = np.random.default_rng(0).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def is_plain(image, height=60, width=80):
    return image.shape == (height, width, 3) and image.dtype == np.uint8


def test_greyscale_becomes_rgb(tmp_path):
    Image.fromarray(picture()).convert("L").save(tmp_path / "grey.jpg", quality=95)
    image = open_own_photo(tmp_path / "grey.jpg")
    assert is_plain(image) and (image[..., 0] == image[..., 2]).all() and image.std() > 10


def test_cmyk_becomes_rgb(tmp_path):
    Image.fromarray(picture()).convert("CMYK").save(tmp_path / "print.jpg", quality=95)
    image = open_own_photo(tmp_path / "print.jpg")
    assert is_plain(image) and np.abs(image.astype(int) - picture()).mean() < 8


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_places_become_white(tmp_path, mode):
    image = np.dstack([picture(), np.full((60, 80), 255, np.uint8)])
    image[:30, :, 3] = 0
    Image.fromarray(image).convert("LA" if mode == "LA" else "RGBA").save(tmp_path / "cut.png")
    if mode == "P":
        Image.open(tmp_path / "cut.png").quantize(16).save(tmp_path / "cut.png")
    opened = open_own_photo(tmp_path / "cut.png")
    assert is_plain(opened) and opened[:28].min() > 250 and opened[32:].std() > 10


def test_sixteen_bits_become_eight(tmp_path):
    cv2.imwrite(str(tmp_path / "deep.png"), picture().astype(np.uint16)[..., ::-1] * 257)
    assert np.abs(open_own_photo(tmp_path / "deep.png").astype(int) - picture()).max() <= 1


@pytest.mark.parametrize("ending", ["jpg", "png"])
def test_the_rotation_that_a_phone_notes_is_applied(tmp_path, ending):
    image = np.zeros((100, 200, 3), np.uint8)
    image[:, :100] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(image).save(tmp_path / f"phone.{ending}", exif=exif)
    opened = open_own_photo(tmp_path / f"phone.{ending}")
    assert is_plain(opened, 200, 100) and opened[:90].mean() > 200 > 50 > opened[110:].mean()


def test_a_large_photo_is_made_smaller_and_keeps_its_shape(tmp_path):
    Image.fromarray(picture(3000, 4000)).save(tmp_path / "camera.jpg")
    assert open_own_photo(tmp_path / "camera.jpg").shape == (750, 1000, 3)


def huge_png():
    content = io.BytesIO()
    Image.new("RGB", (10, 10)).save(content, format="PNG")
    content = bytearray(content.getvalue())
    content[16:24] = (30000).to_bytes(4, "big") * 2
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    return bytes(content)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.jpg", b"", "empty"),
        ("text.jpg", b"This is no photo.", "does not decode"),
        ("letter.pdf", b"%PDF-1.4", "does not decode"),
        ("phone.heic", b"\0\0\0\x18ftypheic" + bytes(100), "save the photo as JPEG"),
        ("huge.png", huge_png(), "million pixels"),
    ],
)
def test_what_cannot_be_opened_is_answered_by_one_sentence(tmp_path, name, content, reason):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CourseError, match=reason) as told:
        open_own_photo(tmp_path / name)
    assert name in str(told.value) and "\n" not in str(told.value)


@pytest.mark.parametrize("name", ["phone.heif", "named.jpg"])
def test_a_heic_photo_is_told_as_one_whatever_it_is_called(tmp_path, capsys, name):
    (tmp_path / name).write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(500))
    assert len(load_own_photos(tmp_path)) == 0
    assert f"{name} cannot be opened: it is a HEIC photo, as iPhones take them" in capsys.readouterr().out


def test_an_avif_photo_is_not_passed_over_in_silence(tmp_path, capsys):
    try:
        Image.fromarray(picture()).save(tmp_path / "saved from a page.avif")
    except (KeyError, OSError):
        pytest.skip("this Pillow writes no AVIF")
    photos = load_own_photos(tmp_path)
    assert len(photos) == 1 or "saved from a page.avif cannot be opened" in capsys.readouterr().out


def test_a_cut_off_photo_is_told(tmp_path):
    Image.fromarray(picture(300, 400)).save(tmp_path / "cut.jpg")
    content = (tmp_path / "cut.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(content[: len(content) // 2])
    with pytest.raises(CourseError, match="cut off"):
        open_own_photo(tmp_path / "cut.jpg")


def test_a_missing_file_and_a_folder_are_told(tmp_path):
    with pytest.raises(CourseError, match="gone.jpg does not exist"):
        open_own_photo(tmp_path / "gone.jpg")
    with pytest.raises(CourseError, match="is a folder"):
        open_own_photo(tmp_path)


def test_the_folder_is_made_and_empty_at_first(tmp_path):
    assert own_photo_paths(tmp_path / "own_photos") == []
    Image.fromarray(picture()).save(tmp_path / "own_photos" / "me.jpg")
    assert [path.name for path in own_photo_paths(tmp_path / "own_photos")] == ["me.jpg"]


def test_uploads_stay_in_the_folder_and_replace_nothing(tmp_path):
    folder = tmp_path / "own"
    keep_uploads([{"name": "../../a.jpg", "content": memoryview(b"1")}], folder)
    keep_uploads([{"name": "C:\\photos\\a.jpg", "content": b"2"}], folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"a.jpg": b"1", "a (2).jpg": b"2"}
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize(
    "value",
    [
        ({"name": "a.jpg", "content": memoryview(b"1"), "type": "image/jpeg"},),
        {"a.jpg": {"metadata": {"name": "a.jpg", "type": "image/jpeg"}, "content": b"1"}},
    ],
    ids=["ipywidgets 8", "ipywidgets 7"],
)
def test_what_a_button_holds_is_kept_in_either_version(tmp_path, monkeypatch, value):
    class Button:
        def __init__(self, **options):
            pass

        def observe(self, changed, names):
            self.changed = changed

    monkeypatch.setattr("ipywidgets.FileUpload", Button)
    upload_button(tmp_path / "own").changed({"new": value})
    assert (tmp_path / "own" / "a.jpg").read_bytes() == b"1"


def test_a_photo_that_a_browser_named_jfif_is_found(tmp_path):
    Image.fromarray(picture()).save(tmp_path / "me.jfif", format="JPEG")
    assert [path.name for path in own_photo_paths(tmp_path)] == ["me.jfif"]


def test_a_file_in_the_way_of_the_folder_is_told(tmp_path):
    (tmp_path / "own_photos").write_bytes(b"")
    with pytest.raises(CourseError, match="in the way"):
        own_photo_paths(tmp_path / "own_photos")


def test_without_the_widgets_package_the_folder_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert upload_button(tmp_path / "own_photos") is None
    assert "Copy your photos into the folder own_photos" in capsys.readouterr().out


def test_own_photos_are_loaded_at_the_models_size_and_a_damaged_one_is_told(tmp_path, capsys):
    for number in (1, 2):
        Image.fromarray(picture()).save(tmp_path / f"{number}.png")
    (tmp_path / "damaged.jpg").write_bytes(b"not an image")
    assert load_own_photos(tmp_path).shape == (2, 150, 150, 3)
    assert "damaged.jpg cannot be opened" in capsys.readouterr().out


def test_no_own_photo_yet_is_an_empty_array(tmp_path):
    assert load_own_photos(tmp_path / "own_photos").shape == (0, 150, 150, 3)
