"""The data folder: where its images come from, what is never mixed or lost, and what an interruption leaves."""

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from loopback import cut, loopback, page, status, whole, without_length

from course_utils import photos
from course_utils.errors import CourseError
from course_utils.photos import clean_photos, fetch_photos, source_of
from course_utils.sources import archives, photo_folders

# The course's numbers divided by 50, so that the tests are quick; the real photos are tested in full.
COURSE_FOLDERS = dict(photos.FOLDERS)
FOLDERS = {name: count // 50 for name, count in COURSE_FOLDERS.items()}
ALL = sum(FOLDERS.values())
FETCH_IN_A_PROCESS = "import sys; from course_utils.photos import fetch_photos; fetch_photos(sys.argv[1])"


def tiny_jpegs():
    """Name in the four folders -> content: a JPEG and the file's number behind its end."""
    jpeg = cv2.imencode(".jpg", np.zeros((8, 8, 3), np.uint8))[1].tobytes()
    images = {}
    for name, count in FOLDERS.items():
        kind, first = name[:3], 2000 if name.endswith("test") else 0
        for number in range(first, first + count):
            images[f"{name}/{kind}.{number}.jpg"] = jpeg + f"{kind} {number}".encode()
    return images


@pytest.fixture(scope="module")
def images():
    return tiny_jpegs()


@pytest.fixture(scope="module")
def zips(images, tmp_path_factory):
    """A folder with the course's four zip files and the filtered set, of tiny images."""
    folder = tmp_path_factory.mktemp("zips")
    for name in FOLDERS:
        with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
            for file, content in images.items():
                if file.startswith(f"{name}/"):
                    archive.writestr(file, content)
    with zipfile.ZipFile(folder / "cats_and_dogs_filtered.zip", "w") as archive:
        archive.writestr("cats_and_dogs_filtered/vectorize.py", "print()")
        for file, content in images.items():
            kind, split, name = file.replace("/", "-", 1).split("-")
            part = {"train": "train", "test": "validation"}[split]
            archive.writestr(f"cats_and_dogs_filtered/{part}/{kind}/{name}", content)
    return folder


@pytest.fixture(scope="module")
def small_mirror(zips, tmp_path_factory):
    """A folder laid out like a mirror."""
    folder = tmp_path_factory.mktemp("mirror ü")
    (folder / "dogs-vs-cats").mkdir()
    lines = []
    for name in FOLDERS:
        shutil.copy(zips / f"{name}.zip", folder / "dogs-vs-cats")
        digest = hashlib.sha256((zips / f"{name}.zip").read_bytes()).hexdigest()
        lines.append(f"{digest}  dogs-vs-cats/{name}.zip\n")
    (folder / "SHA256SUMS").write_text("".join(lines))
    return folder


@pytest.fixture(autouse=True)
def small_and_offline(monkeypatch):
    """Expect the small numbers, and let no test depend on whether the real addresses answer."""
    monkeypatch.setattr(photos, "FOLDERS", FOLDERS)
    monkeypatch.setattr(
        photos, "DOWNLOADS", {"nothing": {"cats-train.zip": ("http://nowhere.invalid/", "md5:0", None)}}
    )


@pytest.fixture
def data(tmp_path):
    return tmp_path / "mein Ordner é" / "data"


@pytest.fixture
def site():
    with loopback() as site:
        yield site


def content_of(data):
    return {
        path.relative_to(data).as_posix(): path.read_bytes()
        for name in FOLDERS
        for path in (data / name).rglob("*")
        if path.is_file()
    }


def assert_complete(data, images, source="photos"):
    assert content_of(data) == images
    assert source_of(data) == source
    assert sorted(path.name for path in data.iterdir() if not path.name.endswith(".zip")) == sorted(
        [*FOLDERS, "manifest.json"]
    )


def drop(zips, data, names):
    data.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copy(zips / name, data / name)


def pretend_sandbox(data, images):
    """Put drawings' stand-ins into the data folder, as the lesson's own and of other bytes than the photos."""
    drawn = {name: content + b" drawn" for name, content in images.items()}
    incoming = data / photo_folders.INCOMING
    for name in FOLDERS:
        (incoming / name).mkdir(parents=True)
    for name, content in drawn.items():
        (incoming / name).write_bytes(content)
    photo_folders._write_manifest(incoming, FOLDERS, "sandbox", "COURSE_DATA=sandbox")
    photo_folders._finish_move(data, FOLDERS)
    return drawn


# Where the images come from


def test_four_dropped_zips_are_used_and_stay(zips, data, images, capsys):
    drop(zips, data, photos.COURSE_ZIPS)
    assert fetch_photos(data) == data
    assert_complete(data, images)
    assert all((data / name).is_file() for name in photos.COURSE_ZIPS)
    assert capsys.readouterr().out == "Images: photos, from the four zips in data.\n"


def test_the_dropped_filtered_set_becomes_the_four_folders(zips, data, images):
    drop(zips, data, [photos.FILTERED_ZIP])
    fetch_photos(data)
    assert_complete(data, images)


def test_a_mirror_in_a_folder_is_used(small_mirror, data, images, monkeypatch):
    monkeypatch.setenv("COURSE_MIRROR", str(small_mirror))
    fetch_photos(data)
    assert_complete(data, images)


def test_a_mirror_on_the_web_is_used_and_not_needed_again(small_mirror, data, images, site, monkeypatch):
    monkeypatch.setenv("COURSE_MIRROR", site.put_folder(small_mirror))
    fetch_photos(data)
    assert_complete(data, images)
    asked = len(site.asked)
    assert clean_photos(data) == ALL
    fetch_photos(data)
    assert_complete(data, images)
    assert len(site.asked) == asked


def network(site, zips, monkeypatch):
    """Put the two networks' sources on the loopback server; return the addresses' answers by file name."""
    table = {"the course's own zips": {}, "the filtered set": {}}
    for name in [*photos.COURSE_ZIPS, photos.FILTERED_ZIP]:
        content = (zips / name).read_bytes()
        source = "the filtered set" if name == photos.FILTERED_ZIP else "the course's own zips"
        git = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        checksum, size = (None, len(content)) if name == photos.FILTERED_ZIP else (f"git:{git}", None)
        table[source][name] = (site.put(name, whole(content)), checksum, size)
    monkeypatch.setattr(photos, "DOWNLOADS", table)


def test_the_network_is_used_and_not_needed_again(zips, data, images, site, monkeypatch, capsys):
    network(site, zips, monkeypatch)
    fetch_photos(data)
    assert_complete(data, images)
    assert "from the course's own zips" in capsys.readouterr().out
    asked = len(site.asked)
    clean_photos(data)
    fetch_photos(data)
    assert_complete(data, images)
    assert len(site.asked) == asked


@pytest.mark.parametrize("answer", [status(404), page(), whole(b"PK too short")], ids=["404", "page", "short"])
def test_where_one_source_is_gone_the_next_is_used(zips, data, images, site, monkeypatch, capsys, answer):
    network(site, zips, monkeypatch)
    site.put("dogs-test.zip", answer)
    fetch_photos(data)
    assert_complete(data, images)
    assert "from the filtered set" in capsys.readouterr().out


def test_an_interrupted_zip_is_continued_by_the_next_run(zips, data, images, site, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "photos")
    network(site, zips, monkeypatch)
    content = (zips / "cats-test.zip").read_bytes()
    site.put("cats-test.zip", cut(content, 1000), status(404))
    site.put(photos.FILTERED_ZIP, status(404))
    with pytest.raises(CourseError, match="404"):
        fetch_photos(data)
    site.put("cats-test.zip", whole(content))
    fetch_photos(data)
    assert_complete(data, images)
    assert "bytes=1000-" in site.ranges()


def test_a_wrong_file_of_the_right_size_is_not_kept(zips, data, images, site, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "photos")
    network(site, zips, monkeypatch)
    site.put("cats-train.zip", status(404))
    content = (zips / photos.FILTERED_ZIP).read_bytes()
    jpeg = content.index(b"\xff\xd8\xff")
    site.put(photos.FILTERED_ZIP, whole(content[:jpeg] + b"???" + content[jpeg + 3 :]))
    with pytest.raises(CourseError, match="damaged"):
        fetch_photos(data)
    site.put(photos.FILTERED_ZIP, whole(content, etag='"2"'))
    fetch_photos(data)
    assert_complete(data, images)


@pytest.mark.fault("full disk")
def test_a_disk_without_room_to_unpack_costs_no_download(zips, data, images, site, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "photos")
    network(site, zips, monkeypatch)
    site.put("cats-train.zip", status(404))
    with monkeypatch.context() as full:
        full.setattr(archives, "SPARE_BYTES", 10**18)
        with pytest.raises(CourseError, match="disk is too full to unpack"):
            fetch_photos(data)
    asked = len(site.asked)
    fetch_photos(data)
    assert_complete(data, images)
    assert len(site.asked) == asked


def test_the_order_is_dropped_zips_then_mirror_then_network(zips, small_mirror, data, site, monkeypatch, capsys):
    network(site, zips, monkeypatch)
    fetch_photos(data)
    clean_photos(data)
    monkeypatch.setenv("COURSE_MIRROR", str(small_mirror))
    fetch_photos(data)
    clean_photos(data)
    drop(zips, data, photos.COURSE_ZIPS)
    fetch_photos(data)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Images")]
    assert [word in line for word, line in zip(["course's own", "mirror", "in data"], lines, strict=True)]


def test_the_course_has_2000_training_and_1000_test_images():
    assert COURSE_FOLDERS == {"cats-train": 1000, "cats-test": 500, "dogs-train": 1000, "dogs-test": 500}


def test_real_photos_of_the_mirror(mirror, data, monkeypatch):
    monkeypatch.setattr(photos, "FOLDERS", COURSE_FOLDERS)
    monkeypatch.setenv("COURSE_MIRROR", str(mirror))
    fetch_photos(data)
    assert source_of(data) == "photos"
    assert cv2.imread(str(data / "cats-train" / "cat.0.jpg")).shape == (374, 500, 3)
    assert clean_photos(data) == 3000
    assert not data.exists()


# What cannot be had


def test_photos_that_cannot_be_had_are_told_with_what_to_do(data, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "photos")
    begun = time.monotonic()
    with pytest.raises(CourseError, match="cats-train.zip.*COURSE_MIRROR.*COURSE_DATA=sandbox"):
        fetch_photos(data)
    assert time.monotonic() - begun < 60
    assert not list(data.iterdir())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:5000]), "cut off"),
        (lambda path: path.write_bytes(b"<html>"), "web page"),
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: shutil.copy(path.with_name("dogs-test.zip"), path), "holds dogs-test"),
        (lambda path: path.unlink(), "would do only with cats-test.zip"),
    ],
    ids=["truncated", "page", "empty", "swapped", "missing"],
)
def test_a_wrong_dropped_zip_is_named(zips, data, monkeypatch, change, words):
    monkeypatch.setenv("COURSE_DATA", "photos")
    drop(zips, data, photos.COURSE_ZIPS)
    change(data / "cats-test.zip")
    with pytest.raises(CourseError, match=f"cats-test.zip.*{words}|{words}"):
        fetch_photos(data)
    assert not any((data / name).exists() for name in [*FOLDERS, photo_folders.INCOMING])


def rezip(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)


def test_a_swapped_zip_without_a_top_folder_is_named(zips, data, images, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "photos")
    drop(zips, data, photos.COURSE_ZIPS)
    dogs = [(name[10:], images[name]) for name in images if name.startswith("dogs-test")]
    rezip(data / "cats-test.zip", dogs)
    with pytest.raises(CourseError, match="cats-test.zip has dogs where cats-test should be"):
        fetch_photos(data)


def test_a_zip_with_too_few_photos_is_named(zips, data, images, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "photos")
    drop(zips, data, photos.COURSE_ZIPS)
    cats = [(name, images[name]) for name in images if name.startswith("cats-test")]
    rezip(data / "cats-test.zip", cats[:-1])
    with pytest.raises(CourseError, match="9 JPEG files for cats-test instead of 10"):
        fetch_photos(data)


def test_a_zip_with_a_text_named_jpg_is_named(zips, data, images, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "photos")
    drop(zips, data, photos.COURSE_ZIPS)
    cats = [(name, images[name]) for name in images if name.startswith("cats-test")]
    rezip(data / "cats-test.zip", [*cats[:-1], ("cats-test/cat.2009.jpg", b"text")])
    with pytest.raises(CourseError, match="no JPEG: cats-test/cat.2009.jpg"):
        fetch_photos(data)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda mirror: (mirror / "SHA256SUMS").unlink(), "has no file SHA256SUMS"),
        (lambda mirror: (mirror / "SHA256SUMS").write_text("hello"), "does not name dogs-vs-cats/cats-train.zip"),
        (lambda mirror: (mirror / "dogs-vs-cats" / "dogs-test.zip").unlink(), "dogs-test.zip is missing or not"),
        (lambda mirror: (mirror / "dogs-vs-cats" / "dogs-test.zip").write_text("?"), "dogs-test.zip is missing or"),
    ],
    ids=["no sums", "other sums", "no zip", "other zip"],
)
def test_a_wrong_mirror_is_told(small_mirror, data, tmp_path, monkeypatch, spoil, words):
    shutil.copytree(small_mirror, tmp_path / "mirror")
    spoil(tmp_path / "mirror")
    monkeypatch.setenv("COURSE_DATA", "photos")
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path / "mirror"))
    with pytest.raises(CourseError, match=words):
        fetch_photos(data)


@pytest.mark.fault("downloader")
@pytest.mark.parametrize("sums", [b"", b"hello", None], ids=["empty", "other", "cut off"])
def test_a_mirror_on_the_web_whose_list_was_wrong_is_asked_again(small_mirror, data, images, site, monkeypatch, sums):
    monkeypatch.setenv("COURSE_MIRROR", site.put_folder(small_mirror))
    monkeypatch.setenv("COURSE_DATA", "photos")
    right = (small_mirror / "SHA256SUMS").read_bytes()
    site.put("SHA256SUMS", without_length(right[:100] if sums is None else sums))
    with pytest.raises(CourseError, match="SHA256SUMS"):
        fetch_photos(data)
    site.put("SHA256SUMS", whole(right))
    fetch_photos(data)
    assert_complete(data, images)


def test_a_mirror_that_does_not_answer_is_told(data, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "photos")
    monkeypatch.setenv("COURSE_MIRROR", "http://nowhere.invalid/mirror")
    with pytest.raises(CourseError, match="http://nowhere.invalid/mirror/SHA256SUMS does not answer"):
        fetch_photos(data)


def test_a_file_in_place_of_the_folder_is_told(data):
    data.parent.mkdir()
    data.write_text("")
    with pytest.raises(CourseError, match="data is in the way"):
        fetch_photos(data)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs another user to be")
def test_a_read_only_folder_is_told_where_it_is_empty_and_used_where_it_is_complete(small_mirror, images, monkeypatch):
    # Not below pytest's own folder, which other users may not enter.
    top = Path("/var/tmp") / f"photos test {os.getpid()}"
    try:
        shutil.copytree(small_mirror, top / "mirror")
        monkeypatch.setenv("COURSE_MIRROR", str(top / "mirror"))
        fetch_photos(top / "complete")
        (top / "empty").mkdir()
        script = (
            "import os, sys\nimport filelock\n"
            "from course_utils import photos\nfrom course_utils.photos import fetch_photos\n"
            f"photos.FOLDERS = {FOLDERS}\n"
            "from course_utils.errors import CourseError\nos.setuid(65534)\n"
            "try:\n    fetch_photos(sys.argv[1])\nexcept CourseError as told:\n    print(told)"
        )

        def as_nobody(folder):
            command = [sys.executable, "-B", "-c", script, str(folder)]
            return subprocess.run(command, capture_output=True, text=True).stdout

        assert "may not be read or written" in as_nobody(top / "empty")
        assert as_nobody(top / "complete").startswith("Images: photos, from the mirror")
    finally:
        shutil.rmtree(top)


def test_a_worker_process_is_told_where_the_code_of_a_script_belongs(tmp_path):
    (tmp_path / "script.py").write_text("from course_utils.photos import fetch_photos\nfetch_photos('data')\n")
    environment = os.environ | {"COURSE_DATA": "sandbox"}
    run = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    assert run.returncode != 0
    assert 'CourseError: Put the code of your script below a line `if __name__ == "__main__":`' in run.stderr


# What is in the folder already


def test_a_complete_folder_is_used_as_it_is(small_mirror, data, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_MIRROR", str(small_mirror))
    fetch_photos(data)
    before = {path: path.stat().st_mtime_ns for path in data.rglob("*")}
    monkeypatch.delenv("COURSE_MIRROR")
    fetch_photos(data)
    assert before == {path: path.stat().st_mtime_ns for path in data.rglob("*")}
    first, second = capsys.readouterr().out.splitlines()
    assert first == second == f"Images: photos, from the mirror {small_mirror}."


def test_photos_unzipped_by_hand_are_used_and_never_removed(data, images, zips, capsys):
    for name in FOLDERS:
        zipfile.ZipFile(zips / f"{name}.zip").extractall(data)
    fetch_photos(data)
    assert source_of(data) == "photos"
    assert "found in place" in capsys.readouterr().out
    assert clean_photos(data) == 0
    assert content_of(data) == images


def test_one_zip_unzipped_by_hand_is_completed(data, images, zips, small_mirror, monkeypatch):
    monkeypatch.setenv("COURSE_MIRROR", str(small_mirror))
    zipfile.ZipFile(zips / "cats-train.zip").extractall(data)
    fetch_photos(data)
    assert_complete(data, images)


def test_a_lost_photo_is_put_back(small_mirror, data, images, monkeypatch):
    monkeypatch.setenv("COURSE_MIRROR", str(small_mirror))
    fetch_photos(data)
    (data / "cats-train" / "cat.7.jpg").unlink()
    with pytest.raises(CourseError, match="does not hold the 3,000 images"):
        source_of(data)
    fetch_photos(data)
    assert_complete(data, images)


def test_drawings_are_replaced_by_photos_when_photos_are_asked_for(small_mirror, data, images, monkeypatch):
    pretend_sandbox(data, images)
    monkeypatch.setenv("COURSE_MIRROR", str(small_mirror))
    monkeypatch.setenv("COURSE_DATA", "photos")
    fetch_photos(data)
    assert_complete(data, images)


def test_auto_keeps_complete_drawings(small_mirror, data, images, monkeypatch, capsys):
    drawn = pretend_sandbox(data, images)
    monkeypatch.setenv("COURSE_MIRROR", str(small_mirror))
    fetch_photos(data)
    assert_complete(data, drawn, "sandbox")
    assert "set COURSE_DATA=photos" in capsys.readouterr().out


def test_photos_put_over_drawings_by_hand_are_photos(data, images):
    pretend_sandbox(data, images)
    for name, content in images.items():
        (data / name).write_bytes(content)
    assert source_of(data) == "photos"
    assert clean_photos(data) == 0
    assert content_of(data) == images


@pytest.mark.parametrize(
    "own", ["cats-train/my cat.jpg", "dogs-test/notes.txt", "dogs-test/deep/a.jpg", "cats-test/cat.2000.jpg"]
)
def test_a_file_of_the_students_own_is_named_and_nothing_is_lost(small_mirror, data, images, monkeypatch, own):
    drawn = pretend_sandbox(data, images)
    (data / own).parent.mkdir(exist_ok=True)
    (data / own).write_bytes(b"mine")
    monkeypatch.setenv("COURSE_MIRROR", str(small_mirror))
    monkeypatch.setenv("COURSE_DATA", "photos")
    with pytest.raises(CourseError) as told:
        fetch_photos(data)
    named = data / own.replace("/deep/a.jpg", "/deep")
    assert f"{named} is not the lesson's" in str(told.value)
    assert content_of(data) == drawn | {own: b"mine"}
    named.rename(data / "moved away")
    fetch_photos(data)
    assert content_of(data) == images
    assert (data / "moved away").exists()


def test_photos_found_in_place_are_not_drawn_over(data, zips, images, monkeypatch):
    for name in FOLDERS:
        zipfile.ZipFile(zips / f"{name}.zip").extractall(data)
    monkeypatch.setenv("COURSE_DATA", "sandbox")
    with pytest.raises(CourseError, match="is not the lesson's"):
        fetch_photos(data)
    assert content_of(data) == images


@pytest.mark.parametrize("wanted", ["auto", "photos", "sandbox"])
@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("dogs-test/dog.2003.jpg", b"", "dogs-test/dog.2003.jpg is empty"),
        ("dogs-test/dog.2003.jpg", b"\x89PNG\r\n\x1a\n", "dogs-test/dog.2003.jpg is no JPEG file"),
        ("cats-test/one too many.jpg", b"\xff\xd8\xff", "cats-test has 11 of them instead of 10"),
    ],
)
def test_what_is_wrong_with_own_photos_is_named(data, zips, images, monkeypatch, file, content, words, wanted):
    for name in FOLDERS:
        zipfile.ZipFile(zips / f"{name}.zip").extractall(data)
    (data / file).write_bytes(content)
    before = content_of(data)
    monkeypatch.setenv("COURSE_DATA", wanted)
    with pytest.raises(CourseError, match=words):
        fetch_photos(data)
    assert content_of(data) == before


def test_the_systems_litter_disturbs_nothing(small_mirror, data, images, monkeypatch):
    drawn = pretend_sandbox(data, images)
    for litter in photo_folders.LITTER:
        (data / "cats-train" / litter).write_bytes(b"\0")
    fetch_photos(data)
    assert content_of(data).keys() > drawn.keys()
    monkeypatch.setenv("COURSE_MIRROR", str(small_mirror))
    monkeypatch.setenv("COURSE_DATA", "photos")
    fetch_photos(data)
    assert_complete(data, images)


@pytest.mark.parametrize(
    "manifest",
    [
        "",
        "[]",
        '{"source": "photos", "origin": "", "files": {"../a.jpg": [1, 2]}}',
        '{"source": "photos", "origin": "", "files": {"cats-train/../../a.jpg": [1, 2]}}',
        '{"source": "elsewhere", "origin": "", "files": {}}',
    ],
)
def test_a_manifest_that_the_lesson_did_not_write_is_told(data, images, manifest):
    pretend_sandbox(data, images)
    (data / "manifest.json").write_text(manifest)
    for work in (fetch_photos, source_of, clean_photos):
        with pytest.raises(CourseError, match="manifest.json is not as the lesson wrote it"):
            work(data)
    assert len(content_of(data)) == ALL


# Cleaning


def test_cleaning_removes_all_that_the_lesson_made(data, images):
    pretend_sandbox(data, images)
    assert clean_photos(data) == ALL
    assert not data.exists()
    assert clean_photos(data) == 0


def test_cleaning_leaves_what_is_the_students(data, images, zips):
    drop(zips, data, ["cats-test.zip"])
    pretend_sandbox(data, images)
    own = {"cats-train/my cat.jpg": b"mine", "dogs-test/dog.2000.jpg": b"changed"}
    for name, content in own.items():
        (data / name).write_bytes(content)
    assert clean_photos(data) == ALL - 1
    assert content_of(data) == own
    assert (data / "cats-test.zip").is_file()
    assert not (data / "dogs-train").exists()


# Interruptions


def stops_of_the_move(data, images):
    """Make, one after the other, all the states in which the move of new folders into place can be stopped."""
    for moved in range(5):
        for half_removed in (False, True):
            shutil.rmtree(data, ignore_errors=True)
            pretend_sandbox(data, images)
            incoming = data / photo_folders.INCOMING
            for name in FOLDERS:
                (incoming / name).mkdir(parents=True)
            for name, content in images.items():
                (incoming / name).write_bytes(content)
            photo_folders._write_manifest(incoming, FOLDERS, "photos", "from a test")
            for name in list(FOLDERS)[:moved]:
                shutil.rmtree(data / name)
                os.replace(incoming / name, data / name)
            if half_removed and moved < 4:
                for path in list((data / list(FOLDERS)[moved]).iterdir())[:6]:
                    path.unlink()
            yield


def test_a_move_stopped_anywhere_is_finished_by_the_next_run(data, images):
    for _ in stops_of_the_move(data, images):
        fetch_photos(data)
        assert_complete(data, images)


def test_incomplete_new_folders_are_dropped(data, images, small_mirror, monkeypatch):
    (data / photo_folders.INCOMING / "cats-train").mkdir(parents=True)
    (data / photo_folders.INCOMING / "cats-train" / "cat.0.jpg").write_bytes(b"half")
    monkeypatch.setenv("COURSE_MIRROR", str(small_mirror))
    fetch_photos(data)
    assert_complete(data, images)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_fetch_killed_at_any_of_50_moments_is_repaired_by_the_next(data, mirror, monkeypatch):
    monkeypatch.setattr(photos, "FOLDERS", COURSE_FOLDERS)
    monkeypatch.setenv("COURSE_MIRROR", str(mirror))
    command = [sys.executable, "-c", FETCH_IN_A_PROCESS, str(data)]
    begun = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    whole_run = time.monotonic() - begun
    right = content_of(data)
    moments = random.Random(1)
    for _ in range(50):
        # Every other time with an older set in place that has to be replaced.
        if moments.random() < 0.5:
            shutil.rmtree(data)
        else:
            (data / "cats-test" / "cat.2000.jpg").unlink(missing_ok=True)
        program = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(moments.uniform(0.2, 1.1) * whole_run)
        program.send_signal(signal.SIGKILL)
        program.wait()
        fetch_photos(data)
        assert_complete(data, right)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_leaves_nothing_half_made(data, mirror, monkeypatch):
    monkeypatch.setenv("COURSE_MIRROR", str(mirror))
    program = subprocess.Popen([sys.executable, "-c", FETCH_IN_A_PROCESS, str(data)], stderr=subprocess.DEVNULL)
    while not (data / photo_folders.INCOMING).exists():
        assert program.poll() is None
        time.sleep(0.002)
    program.send_signal(signal.SIGINT)
    assert program.wait(30) != 0
    assert not data.exists() or not list(data.iterdir())


def test_three_programs_that_fetch_at_once_all_end_right(data, mirror, monkeypatch):
    monkeypatch.setattr(photos, "FOLDERS", COURSE_FOLDERS)
    monkeypatch.setenv("COURSE_MIRROR", str(mirror))
    command = [sys.executable, "-c", FETCH_IN_A_PROCESS, str(data)]
    programs = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(3)]
    assert [program.wait(120) for program in programs] == [0, 0, 0]
    assert source_of(data) == "photos"
    assert_complete(data, content_of(data))


# The sandbox


@pytest.mark.slow
def test_the_sandbox_is_drawn_offline_and_says_why(data, capsys, monkeypatch):
    monkeypatch.setattr(photos, "FOLDERS", COURSE_FOLDERS)
    fetch_photos(data)
    assert source_of(data) == "sandbox"
    assert capsys.readouterr().out.startswith("Images: sandbox (drawn here), because no photos could be had: ")
    manifest = json.loads((data / "manifest.json").read_text())
    assert len(manifest["files"]) == 3000


@pytest.mark.parametrize("form", ["{} (1).zip", "{}(2).zip", "{}.zip.zip", "{}.ZIP"])
def test_a_zip_that_a_browser_or_a_system_renamed_is_used(zips, data, images, monkeypatch, form):
    monkeypatch.setenv("COURSE_DATA", "photos")
    data.mkdir(parents=True)
    for name in FOLDERS:
        shutil.copy(zips / f"{name}.zip", data / form.format(name))
    fetch_photos(data)
    assert content_of(data) == images


def test_a_zip_that_is_none_of_the_courses_is_named(data, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "photos")
    data.mkdir(parents=True)
    (data / "train.zip").write_bytes(b"PK")
    with pytest.raises(CourseError, match="train.zip in data is none of cats-train.zip"):
        fetch_photos(data)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_class_folders_that_are_links_are_told_and_nothing_is_left_half_way(small_mirror, data, images, monkeypatch):
    monkeypatch.setenv("COURSE_MIRROR", str(small_mirror))
    shared = data.parent / "shared"
    for name, content in list(images.items())[1:]:
        (shared / name).parent.mkdir(parents=True, exist_ok=True)
        (shared / name).write_bytes(content)
    data.mkdir(parents=True)
    for name in FOLDERS:
        (data / name).symlink_to(shared / name)
    with pytest.raises(CourseError, match="is a link.*remove it"):
        fetch_photos(data)
    assert sorted(path.name for path in data.iterdir()) == sorted(FOLDERS)
    assert clean_photos(data) == 0 and all((data / name).is_symlink() for name in FOLDERS)
