"""Listing and loading photos: real image files of every kind that students have."""

import io
import os
import re
import warnings
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageOps

from course_utils.errors import CourseError
from course_utils.images import load_photos, photo_paths, readable_photos, store_photos


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
@pytest.mark.fault("image")
def test_names_in_any_script_are_loaded(tmp_path, name):
    assert load_photos([save(tmp_path / name, picture())]).shape == (1, 150, 150, 3)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
@pytest.mark.fault("image")
def test_other_colour_models_in_jpeg_become_rgb(tmp_path, mode):
    image = Image.fromarray(picture()).convert(mode)
    image.save(tmp_path / "photo.jpg", quality=95)
    expected = cv2.resize(np.asarray(image.convert("RGB")), (150, 150), interpolation=cv2.INTER_AREA)
    assert np.abs(expected.astype(int) - load_photos([tmp_path / "photo.jpg"])[0]).mean() < 6


@pytest.mark.fault("image")
def test_transparency_and_16_bits_become_8_bit_rgb(tmp_path):
    cv2.imwrite(str(tmp_path / "alpha.png"), np.dstack([picture(), np.full((300, 400), 128, np.uint8)]))
    cv2.imwrite(str(tmp_path / "deep.png"), picture().astype(np.uint16) * 257)
    loaded = load_photos([tmp_path / "alpha.png", tmp_path / "deep.png"])
    assert np.abs(loaded[0].astype(int) - loaded[1]).max() <= 1


@pytest.mark.fault("image")
def test_the_rotation_that_a_phone_notes_is_applied(tmp_path):
    image = np.zeros((100, 200, 3), np.uint8)
    image[:, :100] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    path = save(tmp_path / "phone.jpg", image, exif=exif, quality=95)
    loaded = load_photos([path], size=50)[0]
    assert loaded[5, 25].mean() > 200 and loaded[45, 25].mean() < 50


def encoded(image, kind, **arguments):
    """A picture, given as an array or as Pillow's image, in the bytes of a file of this kind."""
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    content = io.BytesIO()
    image.save(content, format=kind, **arguments)
    return content.getvalue()


def with_png_size(width, height):
    """A small PNG whose header, checksum and all, claims another size."""
    content = bytearray(encoded(picture(10, 10), "PNG"))
    content[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    return bytes(content)


def with_jpeg_size(width, height):
    """A small JPEG whose frame header claims another size."""
    content = bytearray(encoded(picture(10, 10), "JPEG"))
    place = content.index(b"\xff\xc0") + 5
    content[place : place + 4] = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return bytes(content)


def animation(kind):
    frames = [Image.fromarray(picture(60, 80, seed)) for seed in range(3)]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)


JPEG = encoded(picture(), "JPEG")
TURNED = Image.Exif()
TURNED[ExifTags.Base.Orientation] = 6
RESTARTED = encoded(picture(), "JPEG", restart_marker_blocks=4)


def phone_photo():
    """A photo with a thumbnail in its header, as cameras write it; returns its bytes and where the thumbnail ends."""
    thumbnail = encoded(picture(120, 160), "JPEG")
    header = b"Exif\0\0" + thumbnail
    header = b"\xff\xe1" + (len(header) + 2).to_bytes(2, "big") + header
    return JPEG[:2] + header + JPEG[2:], 2 + len(header)


def two_pictures():
    """A photo with a second one behind it, as phones write it."""
    frames = [Image.fromarray(picture(seed=seed)) for seed in range(2)]
    return encoded(frames[0], "MPO", save_all=True, append_images=frames[1:])


# File name -> content: unusual, and readable all the same.
UNUSUAL = {
    "thumbnail.jpg": phone_photo()[0],
    "two pictures.jpg": two_pictures(),
    "short film behind its end.jpg": encoded(picture(), "JPEG") + bytes(100_000),
    "padded between its segments.jpg": JPEG[:2] + b"\xff" * 5 + JPEG[2:],
    "stray bytes before its end.jpg": JPEG[:-2] + bytes(200) + JPEG[-2:],
    "of one colour.jpg": encoded(np.full((300, 400, 3), 200, np.uint8), "JPEG"),
    "with restarts.jpg": RESTARTED,
    "with a white border.jpg": encoded(
        cv2.copyMakeBorder(picture(), 60, 60, 60, 60, cv2.BORDER_CONSTANT, value=(255,) * 3), "JPEG"
    ),
    "progressive.jpg": encoded(picture(), "JPEG", progressive=True, quality=90),
    "grey.jpg": encoded(Image.fromarray(picture()).convert("L"), "JPEG"),
    "cmyk.jpg": encoded(Image.fromarray(picture()).convert("CMYK"), "JPEG"),
    "grey.png": encoded(Image.fromarray(picture()).convert("L"), "PNG"),
    "black and white.png": encoded(Image.fromarray(picture()).convert("1"), "PNG"),
    "palette.png": encoded(Image.fromarray(picture()).convert("P"), "PNG"),
    "alpha.png": encoded(Image.fromarray(picture()).convert("RGBA"), "PNG"),
    "grey and alpha.png": encoded(Image.fromarray(picture()).convert("LA"), "PNG"),
    "16 bits.png": cv2.imencode(".png", picture().astype(np.uint16) * 257)[1].tobytes(),
    "16 bits.tif": cv2.imencode(".tif", picture().astype(np.uint16) * 257)[1].tobytes(),
    "animated.gif": animation("GIF"),
    "animated.webp": animation("WEBP"),
    "lossless.webp": encoded(picture(), "WEBP", lossless=True),
    "plain.bmp": encoded(picture(), "BMP"),
    "one pixel.jpg": encoded(picture(20, 20)[:1, :1], "JPEG"),
    "one pixel.png": encoded(picture(20, 20)[:1, :1], "PNG"),
    "one row.png": encoded(picture(20, 5000)[:1], "PNG"),
    "png named.jpg": encoded(picture(), "PNG"),
    "webp named.jpg": encoded(picture(), "WEBP"),
    "bytes behind its end.jpg": encoded(picture(), "JPEG") + bytes(1000),
    "long comment.jpg": encoded(picture(), "JPEG", comment=b"c" * 60_000),
    "x" * 246 + ".jpg": encoded(picture(), "JPEG"),
    "Кошка.jpg": encoded(picture(), "JPEG"),
    "cat \N{CAT FACE}.jpg": encoded(picture(), "JPEG"),
    "two\nlines.jpg": encoded(picture(), "JPEG"),
}


@pytest.mark.fault("image")
@pytest.mark.skipif(os.name == "nt", reason="names that Windows does not take")
@pytest.mark.parametrize(("name", "content"), UNUSUAL.items(), ids=list(UNUSUAL))
def test_an_unusual_image_is_loaded(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert readable_photos(photo_paths(tmp_path)) == ([tmp_path / name], {})
    loaded = load_photos([tmp_path / name])
    assert loaded.shape == (1, 150, 150, 3) and loaded.dtype == np.uint8


@pytest.mark.fault("image")
@pytest.mark.parametrize("orientation", range(1, 9))
def test_each_of_the_eight_orientations_is_applied(tmp_path, orientation):
    image = np.zeros((100, 200, 3), np.uint8)
    image[:50, :100] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(tmp_path / "phone.jpg", image, exif=exif, quality=95)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(path)).resize((50, 50)))
    assert np.abs(expected.astype(int) - load_photos([path], size=50)[0]).mean() < 10


# File name -> content, and a word of the reason.
BROKEN = {
    "cut off behind its thumbnail.jpg": (phone_photo()[0][: phone_photo()[1] + 1500], "cut off"),
    "cut off in the first of two pictures.jpg": (two_pictures()[: len(JPEG) // 2], "cut off"),
    "empty.jpg": (b"", "empty"),
    "text.jpg": (b"This is no photo.", "decode"),
    "page.jpg": (b"<!DOCTYPE html><html></html>", "decode"),
    "half.jpg": (JPEG[: len(JPEG) // 2], "cut off"),
    "without its last bytes.jpg": (JPEG[:-2], "cut off"),
    "half, with an end marker.jpg": (JPEG[: len(JPEG) // 2] + b"\xff\xd9", "cut off"),
    "half of one, then another.jpg": (JPEG[: len(JPEG) // 2] + JPEG, "cut off"),
    "half, turned.jpg": (encoded(picture(), "JPEG", exif=TURNED)[: len(JPEG) // 2] + b"\xff\xd9", "cut off"),
    "half, with restarts and an end marker.jpg": (RESTARTED[: len(RESTARTED) // 2] + b"\xff\xd9", "cut off"),
    "250 bytes of it.jpg": (JPEG[:250], "cut off|decode"),
    "one byte of it.jpg": (JPEG[:1], "decode"),
    "its marker alone.jpg": (JPEG[:4], "decode"),
    "without its beginning.jpg": (JPEG[10:], "decode"),
    "half.png": (encoded(picture(), "PNG")[:20_000], "decode|cut off"),
    "half.gif": (encoded(picture(), "GIF")[:200], "decode|cut off"),
    "half.webp": (encoded(picture(), "WEBP")[:200], "decode|cut off"),
    "huge.png": (with_png_size(30_000, 30_000), "million"),
    "no width.png": (with_png_size(0, 10), "decode"),
    "larger than its data.png": (with_png_size(1000, 1000), "decode|cut off"),
    "huge.jpg": (with_jpeg_size(30_000, 30_000), "million"),
    "larger than Pillow takes.jpg": (with_jpeg_size(16_320, 12_240), "more than 178 million"),
    "larger than we take.jpg": (with_jpeg_size(16_320, 10_950), "more than 178 million"),
    "no height.jpg": (with_jpeg_size(10, 0), "decode"),
    "zeros.png": (bytes(1000), "decode"),
    "zeros.jpg": (bytes(1000), "decode"),
    "phone.heic": (b"\0\0\0\x18ftypheic" + bytes(100), "HEIC"),
    "heic named.jpg": (b"\0\0\0\x18ftypheic" + bytes(100), "HEIC"),
    "zip named.jpg": (b"PK\x03\x04" + bytes(100), "decode"),
    "pdf named.jpg": (b"%PDF-1.7\n" + bytes(100), "decode"),
    "drawing.jpg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "decode"),
}


def broken_files(folder):
    for name, (content, _) in BROKEN.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in BROKEN]


@pytest.mark.fault("image")
@pytest.mark.parametrize(
    ("name", "content", "word"), [(name, *rest) for name, rest in BROKEN.items()], ids=list(BROKEN)
)
def test_a_broken_image_is_told_with_its_name_and_the_reason(tmp_path, name, content, word):
    path = tmp_path / name
    path.write_bytes(content)
    good, bad = readable_photos([path])
    assert good == [] and re.search(word, bad[path])
    with pytest.raises(CourseError, match=f"{re.escape(name)} cannot be loaded"):
        load_photos([path])


def test_unreadable_files_are_separated_with_a_reason(tmp_path):
    good = save(tmp_path / "good.jpg", picture())
    bad = broken_files(tmp_path)
    readable, unreadable = readable_photos([bad[0], good, *bad[1:]])
    assert readable == [good]
    assert list(unreadable) == bad and all(unreadable.values())


@pytest.mark.fault("image")
def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CourseError, match="gone.jpg"):
        load_photos([tmp_path / "gone.jpg"])


@pytest.mark.fault("image")
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


@pytest.mark.fault("image")
def test_an_array_that_would_not_fit_is_refused_before_it_is_made(tmp_path):
    path = save(tmp_path / "photo.jpg", picture())
    with pytest.raises(CourseError, match="GB"):
        load_photos([path] * 1000, size=1_000_000)


def test_no_photo_gives_an_empty_array():
    assert load_photos([]).shape == (0, 150, 150, 3)


def test_stored_photos_are_the_loaded_ones_in_a_file(tmp_path):
    paths = [save(tmp_path / f"{seed}.png", picture(60, 80, seed)) for seed in range(7)]
    stored = store_photos(paths, tmp_path / "photos.npy", size=20, at_a_time=3)
    assert isinstance(stored, np.memmap) and not stored.flags.writeable
    np.testing.assert_array_equal(stored, load_photos(paths, size=20))
    np.testing.assert_array_equal(np.load(tmp_path / "photos.npy"), stored)


def test_a_photo_that_cannot_be_stored_is_named_and_the_older_file_stays(tmp_path):
    good = save(tmp_path / "good.png", picture(20, 20))
    (tmp_path / "bad.jpg").write_bytes(b"text")
    (tmp_path / "photos.npy").write_bytes(b"the older one")
    with pytest.raises(CourseError, match="bad.jpg"):
        store_photos([good, tmp_path / "bad.jpg"], tmp_path / "photos.npy", at_a_time=1)
    assert (tmp_path / "photos.npy").read_bytes() == b"the older one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.jpg", "good.png", "photos.npy"]
    with pytest.raises(CourseError, match="No photo was given"):
        store_photos([], tmp_path / "photos.npy")


def test_all_photos_of_the_mirror_are_readable(mirror, tmp_path):
    from course_utils.sources.archives import unzip

    unzip(mirror / "dogs-vs-cats" / "cats-test.zip", tmp_path / "cats-test")
    paths = photo_paths(next(path.parent for path in tmp_path.rglob("*.jpg")))
    good, bad = readable_photos(paths)
    assert (len(good), bad) == (500, {})
    assert load_photos(good[:50]).std() > 20


def assert_loaded_or_told(path):
    """Both functions agree on whether the file is an image, and raise nothing but a sentence with its name."""
    good, bad = readable_photos([path])
    assert len(good) + len(bad) == 1 and all(bad.values())
    try:
        loaded = load_photos([path], size=20)
    except CourseError as told:
        assert path.name in str(told)
    else:
        assert good and loaded.shape == (1, 20, 20, 3)


KINDS = {kind: encoded(picture(60, 80), kind) for kind in ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")}


@pytest.mark.fault("image, fuzzed")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(KINDS)), st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=8))
def test_an_image_with_any_bytes_changed_is_loaded_or_told(tmp_path_factory, kind, changes):
    content = bytearray(KINDS[kind])
    for place, byte in changes:
        content[place % len(content)] = byte
    path = tmp_path_factory.getbasetemp() / "changed.jpg"
    path.write_bytes(content)
    assert_loaded_or_told(path)


@pytest.mark.fault("image, fuzzed")
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(KINDS)), st.integers(0, 10**6), st.integers(0, 200), st.binary(max_size=200))
def test_an_image_with_a_stretch_replaced_is_loaded_or_told(tmp_path_factory, kind, start, length, instead):
    content = KINDS[kind]
    start %= len(content)
    path = tmp_path_factory.getbasetemp() / "replaced.jpg"
    path.write_bytes(content[:start] + instead + content[start + length :])
    assert_loaded_or_told(path)


@pytest.mark.fault("image, fuzzed")
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"II*\0"]),
    st.binary(max_size=300),
)
def test_any_bytes_behind_a_known_beginning_are_loaded_or_told(tmp_path_factory, beginning, content):
    path = tmp_path_factory.getbasetemp() / "any.jpg"
    path.write_bytes(beginning + content)
    assert_loaded_or_told(path)


def test_loading_in_threads_leaves_the_users_filters_of_warnings_as_they_were(tmp_path):
    paths = [tmp_path / f"{number}.jpg" for number in range(300)]
    for path in paths:
        cv2.imwrite(str(path), np.full((160, 160, 3), 90, np.uint8))
    before = list(warnings.filters)
    load_photos(paths)
    assert readable_photos(paths)[1] == {} and warnings.filters == before


def test_augmented_versions_differ_from_the_photos_and_from_each_other():
    from course_utils.images import augmented_versions

    images = np.random.default_rng(0).integers(0, 256, (3, 20, 20, 3), dtype=np.uint8)
    one, other = augmented_versions(images, 2)
    assert one.shape == images.shape and one.dtype == np.uint8
    assert not np.array_equal(one, images) and not np.array_equal(one, other)
