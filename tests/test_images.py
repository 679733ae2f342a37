"""Listing and loading photos: real image files of every kind that students have."""

import io
import os
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from course_utils.errors import CourseError
from course_utils.images import load_photos, photo_paths, readable_photos


def picture(height=300, width=400, seed=0):
    """A smooth coloured picture, so that JPEG changes it little."""
    small = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def save(path, image, **arguments):
    Image.fromarray(image).save(path, **arguments)
    return path


def test_paths_are_in_natural_order_and_hold_images_only(tmp_path):
    for name in ("cat.10.jpg", "cat.2.jpg", "cat.1.JPG"):
        save(tmp_path / name, picture(20, 20), format="JPEG")
    for name in (".DS_Store", "Thumbs.db", "notes.txt", "._cat.1.jpg"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "folder.jpg").mkdir()
    assert [path.name for path in photo_paths(tmp_path)] == ["cat.1.JPG", "cat.2.jpg", "cat.10.jpg"]


def test_in_the_checkouts_notebooks_a_folder_beside_the_notebook_comes_before_the_checkouts(tmp_path, monkeypatch):
    (tmp_path / "course_utils").mkdir()
    for folder in ("notebooks/practice", "practice", "data"):
        (tmp_path / folder).mkdir(parents=True)
        save(tmp_path / folder / f"{folder.replace('/', '-')}.png", picture(20, 20))
    monkeypatch.chdir(tmp_path / "notebooks")
    assert [path.name for path in photo_paths("practice")] == ["notebooks-practice.png"]
    assert [path.name for path in photo_paths("data")] == ["data.png"]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(CourseError, match="no-such-folder.*notebook 01"):
        photo_paths(tmp_path / "no-such-folder")


def test_a_folder_without_images_is_named(tmp_path):
    with pytest.raises(CourseError, match="no image file"):
        photo_paths(tmp_path)


def test_loading_gives_one_uint8_array_in_the_order_of_the_paths(tmp_path):
    images = [picture(300, 400, seed) for seed in range(5)]
    paths = [save(tmp_path / f"{seed}.png", image) for seed, image in enumerate(images)]
    loaded = load_photos(paths[::-1])
    assert loaded.shape == (5, 150, 150, 3) and loaded.dtype == np.uint8
    for image, result in zip(images[::-1], loaded, strict=True):
        expected = cv2.resize(image, (150, 150), interpolation=cv2.INTER_AREA)
        assert np.abs(expected.astype(int) - result).max() <= 1


def test_colours_are_red_green_blue(tmp_path):
    red = np.zeros((200, 200, 3), np.uint8)
    red[..., 0] = 255
    assert load_photos([save(tmp_path / "red.png", red)], size=10)[0, 5, 5].tolist() == [255, 0, 0]


@pytest.mark.parametrize("side", [160, 310, 650, 1300])
def test_decoding_a_jpeg_at_reduced_size_changes_little(tmp_path, side):
    image = picture(side, side)
    path = save(tmp_path / "photo.jpg", image, quality=95)
    expected = cv2.resize(image, (150, 150), interpolation=cv2.INTER_AREA)
    assert np.abs(expected.astype(int) - load_photos([path])[0]).mean() < 3


def test_a_photo_smaller_than_the_target_is_enlarged_smoothly(tmp_path):
    image = picture(60, 80)
    loaded = load_photos([save(tmp_path / "small.png", image)])[0]
    expected = cv2.resize(image, (150, 150), interpolation=cv2.INTER_LINEAR)
    assert np.abs(expected.astype(int) - loaded).max() <= 1


@pytest.mark.parametrize("name", ["Кошка 1.jpg", "chat été.jpg", "猫.jpg", "cat 🐈.jpg"])
def test_names_in_any_script_are_loaded(tmp_path, name):
    assert load_photos([save(tmp_path / name, picture())]).shape == (1, 150, 150, 3)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_other_colour_models_in_jpeg_become_rgb(tmp_path, mode):
    image = Image.fromarray(picture()).convert(mode)
    image.save(tmp_path / "photo.jpg", quality=95)
    expected = cv2.resize(np.asarray(image.convert("RGB")), (150, 150), interpolation=cv2.INTER_AREA)
    assert np.abs(expected.astype(int) - load_photos([tmp_path / "photo.jpg"])[0]).mean() < 6


def test_transparency_and_16_bits_become_8_bit_rgb(tmp_path):
    cv2.imwrite(str(tmp_path / "alpha.png"), np.dstack([picture(), np.full((300, 400), 128, np.uint8)]))
    cv2.imwrite(str(tmp_path / "deep.png"), picture().astype(np.uint16) * 257)
    loaded = load_photos([tmp_path / "alpha.png", tmp_path / "deep.png"])
    assert np.abs(loaded[0].astype(int) - loaded[1]).max() <= 1


def test_the_rotation_that_a_phone_notes_is_applied(tmp_path):
    image = np.zeros((100, 200, 3), np.uint8)
    image[:, :100] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    path = save(tmp_path / "phone.jpg", image, exif=exif, quality=95)
    loaded = load_photos([path], size=50)[0]
    assert loaded[5, 25].mean() > 200 and loaded[45, 25].mean() < 50


def broken_files(folder):
    jpeg = io.BytesIO()
    Image.fromarray(picture()).save(jpeg, format="JPEG")
    jpeg = jpeg.getvalue()
    png = io.BytesIO()
    Image.fromarray(picture(10, 10)).save(png, format="PNG")
    huge = bytearray(png.getvalue())
    huge[16:24] = (30000).to_bytes(4, "big") * 2
    huge[29:33] = zlib.crc32(huge[12:29]).to_bytes(4, "big")
    contents = {
        "empty.jpg": b"",
        "text.jpg": b"This is no photo.",
        "page.jpg": b"<!DOCTYPE html><html></html>",
        "cut.jpg": jpeg[: len(jpeg) // 2],
        "header.jpg": jpeg[:250],
        "huge.png": bytes(huge),
        "zeros.png": bytes(1000),
        "phone.heic": b"\0\0\0\x18ftypheic" + bytes(100),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in contents]


def test_unreadable_files_are_separated_with_a_reason(tmp_path):
    good = save(tmp_path / "good.jpg", picture())
    bad = broken_files(tmp_path)
    readable, unreadable = readable_photos([bad[0], good, *bad[1:]])
    assert readable == [good]
    assert list(unreadable) == bad and all(unreadable.values())


def test_the_reasons_say_what_is_wrong(tmp_path):
    _, reasons = readable_photos(broken_files(tmp_path))
    words = {path.name: reason for path, reason in reasons.items()}
    assert "empty" in words["empty.jpg"]
    assert "cut off" in words["cut.jpg"]
    assert "million" in words["huge.png"]
    assert "decode" in words["text.jpg"]


def test_an_unreadable_file_is_raised_by_name(tmp_path):
    good = save(tmp_path / "good.jpg", picture())
    for path in broken_files(tmp_path):
        with pytest.raises(CourseError, match=path.name):
            load_photos([good, path])


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CourseError, match="gone.jpg"):
        load_photos([tmp_path / "gone.jpg"])


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(tmp_path):
    path = save(tmp_path / "secret.jpg", picture())
    path.chmod(0)
    with pytest.raises(CourseError, match="secret.jpg"):
        load_photos([path])


@pytest.mark.parametrize("size", [0, -1, 150.0, True, "150"])
def test_a_size_that_is_no_positive_whole_number_is_refused(tmp_path, size):
    with pytest.raises(CourseError, match="size is"):
        load_photos([save(tmp_path / "photo.jpg", picture())], size=size)


def test_an_array_that_would_not_fit_is_refused_before_it_is_made(tmp_path):
    path = save(tmp_path / "photo.jpg", picture())
    with pytest.raises(CourseError, match="GB"):
        load_photos([path] * 1000, size=1_000_000)


def test_no_photo_gives_an_empty_array():
    assert load_photos([]).shape == (0, 150, 150, 3)


def test_all_photos_of_the_mirror_are_readable(mirror, tmp_path):
    from course_utils.archives import unzip

    unzip(mirror / "dogs-vs-cats" / "cats-test.zip", tmp_path / "cats-test")
    paths = photo_paths(next(path.parent for path in tmp_path.rglob("*.jpg")))
    good, bad = readable_photos(paths)
    assert (len(good), bad) == (500, {})
    assert load_photos(good[:50]).std() > 20
