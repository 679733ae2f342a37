"""The folder of the five flowers: where they come from, what is checked, and what is never lost."""

import hashlib
import io
import shutil
import tarfile
import zipfile

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from loopback import loopback, page, status, whole

from course_utils import photos
from course_utils.errors import CourseError
from course_utils.photos import clean_flowers, fetch_flowers, flower_source
from course_utils.sandbox import flowers
from course_utils.sources.archives import untar

# Divided by a hundred, so that the tests are quick.
FOLDERS = {name: count // 100 for name, count in photos.FLOWER_FOLDERS.items()}
ALL = sum(FOLDERS.values())


@pytest.fixture(scope="module")
def images():
    jpeg = cv2.imencode(".jpg", np.zeros((8, 8, 3), np.uint8))[1].tobytes()
    return {
        f"{name}/{number}_n.jpg": jpeg + f"{name} {number}".encode()
        for name, count in FOLDERS.items()
        for number in range(count)
    }


@pytest.fixture(scope="module")
def archives(images, tmp_path_factory):
    """A folder laid out like a mirror, and TensorFlow's archive beside it."""
    folder = tmp_path_factory.mktemp("mirror ü")
    (folder / "flowers").mkdir()
    write_zip(folder / "flowers" / "flower_photos.zip", images)
    content = (folder / "flowers" / "flower_photos.zip").read_bytes()
    (folder / "SHA256SUMS").write_text(f"{hashlib.sha256(content).hexdigest()}  flowers/flower_photos.zip\n")
    write_tgz(folder / "flower_photos.tgz", {"LICENSE.txt": b"CC-BY"} | images)
    return folder


def write_zip(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"flower_photos/{name}", content)


def write_tgz(path, files, **options):
    with tarfile.open(path, "w:gz", **options) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(f"flower_photos/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


@pytest.fixture(autouse=True)
def small_and_offline(monkeypatch):
    monkeypatch.setattr(photos, "FLOWER_FOLDERS", FOLDERS)
    monkeypatch.setattr(photos, "FLOWER_ARCHIVE", ("http://nowhere.invalid/flower_photos.tgz", "md5:0", 1))
    # The faults have numbers of their own, which so few pictures do not reach.
    monkeypatch.setattr(flowers, "COUNTS", dict.fromkeys(FOLDERS, 2))


@pytest.fixture
def data(tmp_path):
    return tmp_path / "mein Ordner é" / "data" / "flowers"


def content_of(data):
    return {path.relative_to(data).as_posix(): path.read_bytes() for path in data.glob("*/*.jpg")}


def test_a_mirror_in_a_folder_is_used(archives, data, images, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_MIRROR", str(archives))
    assert fetch_flowers(data) == data
    assert content_of(data) == images and flower_source(data) == "photos"
    assert capsys.readouterr().out == f"Flowers: photos, from the mirror {archives}.\n"
    assert sorted(path.name for path in data.iterdir()) == sorted([*FOLDERS, "manifest.json"])


def test_a_mirror_on_the_web_is_used_and_not_needed_again(archives, data, images, monkeypatch):
    with loopback() as site:
        monkeypatch.setenv("COURSE_MIRROR", site.put_folder(archives))
        fetch_flowers(data)
        asked = len(site.asked)
        assert clean_flowers(data) == ALL and not data.exists()
        fetch_flowers(data)
        assert content_of(data) == images and len(site.asked) == asked


def test_tensorflows_archive_is_verified_and_unpacked(archives, data, images, monkeypatch, capsys):
    content = (archives / "flower_photos.tgz").read_bytes()
    with loopback() as site:
        address = site.put("flower_photos.tgz", whole(content))
        checksum = f"sha256:{hashlib.sha256(content).hexdigest()}"
        monkeypatch.setattr(photos, "FLOWER_ARCHIVE", (address, checksum, len(content)))
        fetch_flowers(data)
    assert content_of(data) == images
    assert "TensorFlow's flower_photos" in capsys.readouterr().out


@pytest.mark.parametrize("answer", [status(404), page(), whole(b"another file")], ids=["404", "page", "other"])
def test_a_wrong_answer_is_not_unpacked(data, monkeypatch, answer):
    monkeypatch.setenv("COURSE_DATA", "photos")
    with loopback() as site:
        monkeypatch.setattr(photos, "FLOWER_ARCHIVE", (site.put("flower_photos.tgz", answer), "sha256:0", 12))
        with pytest.raises(CourseError, match="flower_photos.tgz"):
            fetch_flowers(data)
    assert not content_of(data)


def test_a_dropped_archive_is_used_and_stays(archives, data, images):
    data.mkdir(parents=True)
    shutil.copy(archives / "flower_photos.tgz", data)
    fetch_flowers(data)
    assert content_of(data) == images and (data / "flower_photos.tgz").is_file()


def test_a_mirror_whose_file_is_another_is_told(archives, data, tmp_path, monkeypatch):
    shutil.copytree(archives, tmp_path / "mirror")
    (tmp_path / "mirror" / "flowers" / "flower_photos.zip").write_bytes(b"PK")
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setenv("COURSE_DATA", "photos")
    with pytest.raises(CourseError, match="SHA256SUMS names"):
        fetch_flowers(data)


@pytest.mark.parametrize("spoil", ["one photo less", "no JPEG"])
def test_an_incomplete_archive_is_refused(images, data, monkeypatch, spoil):
    monkeypatch.setenv("COURSE_DATA", "photos")
    files = dict(images)
    if spoil == "no JPEG":
        files["roses/0_n.jpg"] = b"<html>"
    else:
        del files["roses/0_n.jpg"]
    data.mkdir(parents=True)
    write_zip(data / "flower_photos.zip", files)
    with pytest.raises(CourseError, match="JPEG"):
        fetch_flowers(data)
    assert sorted(path.name for path in data.iterdir() if path.name != ".lock") == ["flower_photos.zip"]


def test_without_photos_flowers_are_drawn_and_the_reason_is_said(data, capsys):
    fetch_flowers(data)
    assert flower_source(data) == "sandbox" and len(content_of(data)) == 10
    assert "sandbox (drawn here), because no photos could be had" in capsys.readouterr().out


def test_photos_take_the_place_of_drawings_and_nothing_is_mixed(archives, data, images, monkeypatch):
    fetch_flowers(data)
    monkeypatch.setenv("COURSE_MIRROR", str(archives))
    monkeypatch.setenv("COURSE_DATA", "photos")
    fetch_flowers(data)
    assert content_of(data) == images


def test_a_file_of_the_students_is_never_lost(archives, data, monkeypatch):
    own = data / "roses" / "my rose.jpg"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"mine")
    monkeypatch.setenv("COURSE_MIRROR", str(archives))
    with pytest.raises(CourseError, match="my rose.jpg is not the lesson's"):
        fetch_flowers(data)
    assert own.read_bytes() == b"mine" and clean_flowers(data) == 0 and own.exists()


def test_an_empty_folder_has_no_source(data):
    with pytest.raises(CourseError, match="run fetch_flowers"):
        flower_source(data)


@pytest.mark.fault("archive")
@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_a_tar_file_with_a_link_or_device_is_refused(tmp_path, kind):
    with tarfile.open(tmp_path / "bad.tgz", "w:gz") as archive:
        info = tarfile.TarInfo("bad/link")
        info.type, info.linkname = kind, "/etc/passwd"
        archive.addfile(info)
    with pytest.raises(CourseError, match="bad.tgz holds a link or device"):
        untar(tmp_path / "bad.tgz", tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.fault("archive")
def test_a_tar_file_that_points_outside_is_refused(tmp_path):
    with tarfile.open(tmp_path / "bad.tgz", "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("../outside.jpg"), io.BytesIO())
    with pytest.raises(CourseError, match="bad.tgz has a file outside its folder"):
        untar(tmp_path / "bad.tgz", tmp_path / "out")
    assert not (tmp_path / "outside.jpg").exists()


def stored_tgz(path, images):
    """A tar file whose photos stand in it as they are, so that a damaged byte of it is one of a photo or a header."""
    write_tgz(path, images, compresslevel=0)
    return path.read_bytes()


@pytest.mark.fault("archive")
@pytest.mark.parametrize("place", ["photo", "header", "checksum"])
def test_a_damaged_tar_file_is_told(tmp_path, images, place):
    content = bytearray(stored_tgz(tmp_path / "bad.tgz", images))
    name = f"flower_photos/{list(images)[1]}".encode()
    at = {"photo": content.index(b"daisy 1") + 6, "header": content.index(name) + 3, "checksum": len(content) - 6}
    content[at[place]] ^= 1
    (tmp_path / "bad.tgz").write_bytes(content)
    with pytest.raises(CourseError, match="bad.tgz .*delete it and get it again"):
        untar(tmp_path / "bad.tgz", tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.fault("archive")
def test_a_tar_file_without_its_end_is_told(tmp_path, images):
    with tarfile.open(tmp_path / "bad.tar", "w") as archive:
        for name, content in images.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        archive.fileobj.flush()
        shutil.copy(tmp_path / "bad.tar", tmp_path / "cut.tar")
    with pytest.raises(CourseError, match="cut.tar is damaged or cut off"):
        untar(tmp_path / "cut.tar", tmp_path / "out")
    assert len(content_of(untar(tmp_path / "bad.tar", tmp_path / "out"))) == ALL


@pytest.mark.fault("archive, fuzzed")
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_tar_file_with_any_bytes_changed_is_unpacked_as_it_was_or_refused(tmp_path_factory, images, data):
    tmp_path = tmp_path_factory.mktemp("fuzz")
    content = bytearray(stored_tgz(tmp_path / "flowers.tgz", images))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / "flowers.tgz").write_bytes(content)
    try:
        unpacked = untar(tmp_path / "flowers.tgz", tmp_path / "out")
    except CourseError as told:
        assert "flowers.tgz" in str(told)
        assert not list((tmp_path / "out").iterdir())
    else:
        assert content_of(unpacked / "flower_photos") == images


@pytest.mark.fault("archive")
@pytest.mark.parametrize("content", [b"", b"no tar", b"\x1f\x8b cut off"])
def test_what_is_no_tar_file_is_told(tmp_path, content):
    (tmp_path / "bad.tgz").write_bytes(content)
    with pytest.raises(CourseError, match="bad.tgz cannot be unpacked"):
        untar(tmp_path / "bad.tgz", tmp_path / "out")


def test_the_mirrors_real_flowers_are_complete(mirror, tmp_path, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setenv("COURSE_MIRROR", str(mirror))
    monkeypatch.setenv("COURSE_DATA", "photos")
    data = fetch_flowers(tmp_path / "flowers")
    assert [len(list((data / name).glob("*.jpg"))) for name in photos.FLOWER_FOLDERS] == [633, 898, 641, 699, 799]
