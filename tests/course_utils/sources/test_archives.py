"""The unpacking of good, broken and hostile zip files."""

import os
import stat
import struct
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course_utils.errors import CourseError
from course_utils.sources import archives
from course_utils.sources.archives import unzip

PHOTO = b"\xff\xd8\xff\xe0 a photo"
DAY = (2013, 1, 1, 0, 0, 0)


def make_zip(path, members, compression=zipfile.ZIP_STORED):
    """Write members (name or ZipInfo, content); names go in as they stand, however bad."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members:
            if isinstance(name, str):
                info = zipfile.ZipInfo("x", DAY)
                info.filename = name  # the constructor would tidy it up
                info.compress_type = compression
            else:
                info = name
            archive.writestr(info, content)
    return path


def unpacked(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def assert_refused(zip_path, words):
    place = zip_path.parent / "place"
    with pytest.raises(CourseError, match=words) as told:
        unzip(zip_path, place)
    assert zip_path.name in str(told.value)
    assert not place.exists() or not list(place.iterdir()), "something half-unpacked is left"
    assert unpacked(zip_path.parent) == [zip_path.name], "something lies outside the folder"


@pytest.mark.parametrize("top", ["", "cats-test/"])
def test_the_folder_is_named_like_the_zip_with_and_without_a_top_folder(tmp_path, top):
    path = make_zip(tmp_path / "cats-test.zip", [(f"{top}cat.{n}.jpg", PHOTO) for n in range(3)])
    assert unzip(path, tmp_path / "place") == tmp_path / "place" / "cats-test"
    assert unpacked(tmp_path / "place") == [f"cats-test/cat.{n}.jpg" for n in range(3)]
    assert (tmp_path / "place" / "cats-test" / "cat.0.jpg").read_bytes() == PHOTO


def test_a_file_that_is_named_like_the_zip_stays_a_file(tmp_path):
    path = make_zip(tmp_path / "cats.zip", [("cats", PHOTO)])
    unzip(path, tmp_path / "place")
    assert unpacked(tmp_path / "place") == ["cats/cats"]


def test_names_in_other_scripts_and_with_spaces_are_kept(tmp_path):
    path = make_zip(tmp_path / "cats ü.zip", [("кот 1.jpg", PHOTO), ("猫/ñ.jpg", PHOTO)])
    unzip(path, tmp_path / "mein ordner é")
    assert unpacked(tmp_path / "mein ordner é") == ["cats ü/кот 1.jpg", "cats ü/猫/ñ.jpg"]


def test_system_files_are_left_out(tmp_path):
    names = ["cats/a.jpg", "cats/.DS_Store", "__MACOSX/cats/._a.jpg", "cats/.hidden/b.jpg"]
    path = make_zip(tmp_path / "cats.zip", [(name, PHOTO) for name in names])
    unzip(path, tmp_path / "place")
    assert unpacked(tmp_path / "place") == ["cats/a.jpg"]


def test_backslashes_are_taken_as_windows_programs_mean_them(tmp_path):
    path = make_zip(tmp_path / "cats.zip", [("cats\\a.jpg", PHOTO), ("cats\\b.jpg", PHOTO)])
    unzip(path, tmp_path / "place")
    assert unpacked(tmp_path / "place") == ["cats/a.jpg", "cats/b.jpg"]


def test_a_folder_entry_and_an_empty_file_are_fine(tmp_path):
    path = make_zip(tmp_path / "cats.zip", [("cats/", b""), ("cats/empty.txt", b""), ("./", b"")])
    unzip(path, tmp_path / "place")
    assert unpacked(tmp_path / "place") == ["cats/empty.txt"]


def test_a_folder_in_use_is_refused_and_left_as_it_is(tmp_path):
    path = make_zip(tmp_path / "cats.zip", [("a.jpg", PHOTO)])
    own = tmp_path / "place" / "cats" / "my own.jpg"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"mine")
    with pytest.raises(CourseError, match="already there"):
        unzip(path, tmp_path / "place")
    assert own.read_bytes() == b"mine"


@pytest.mark.skipif(os.name == "nt", reason="rights of POSIX")
def test_others_may_read_what_was_unpacked(tmp_path):
    folder = unzip(make_zip(tmp_path / "cats.zip", [("a.jpg", PHOTO)]), tmp_path / "place")
    assert folder.stat().st_mode == folder.parent.stat().st_mode


def test_an_empty_folder_is_filled(tmp_path):
    path = make_zip(tmp_path / "cats.zip", [("a.jpg", PHOTO)])
    (tmp_path / "place" / "cats").mkdir(parents=True)
    unzip(path, tmp_path / "place")
    assert unpacked(tmp_path / "place") == ["cats/a.jpg"]


@pytest.mark.fault("archive")
def test_a_missing_zip_is_told(tmp_path):
    with pytest.raises(CourseError, match="cats.zip does not exist"):
        unzip(tmp_path / "cats.zip", tmp_path / "place")


NAMES_OUTSIDE = ["../a.jpg", "cats/../../a.jpg", "/a.jpg", "..\\a.jpg", "\\\\server\\a.jpg", "//a.jpg"]


@pytest.mark.parametrize("name", NAMES_OUTSIDE)
@pytest.mark.fault("archive")
def test_a_file_outside_the_folder_is_refused(tmp_path, name):
    assert_refused(make_zip(tmp_path / "cats.zip", [("good.jpg", PHOTO), (name, PHOTO)]), "outside")


@pytest.mark.parametrize("name", ["C:\\a.jpg", "a.jpg:stream", "con", "cats/NUL.jpg", "a\x07.jpg", "a. ", "a?"])
@pytest.mark.fault("archive")
def test_a_name_that_not_every_system_takes_is_refused(tmp_path, name):
    assert_refused(make_zip(tmp_path / "cats.zip", [("good.jpg", PHOTO), (name, PHOTO)]), "not every system")


@pytest.mark.fault("archive")
def test_a_name_with_a_hidden_ending_is_refused(tmp_path):
    path = make_zip(tmp_path / "cats.zip", [("good.jpg", PHOTO), ("bad.jpg_exe", PHOTO)])
    path.write_bytes(path.read_bytes().replace(b"bad.jpg_exe", b"bad.jpg\0exe"))
    assert_refused(path, "not every system")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
@pytest.mark.fault("archive")
def test_links_and_devices_are_refused(tmp_path, kind):
    info = zipfile.ZipInfo("a.jpg", DAY)
    info.create_system = 3
    info.external_attr = (kind | 0o777) << 16
    assert_refused(make_zip(tmp_path / "cats.zip", [("b.jpg", PHOTO), (info, "/etc/passwd")]), "link or device")


TWICE = [("a.jpg", "a.jpg"), ("a.jpg", "A.JPG"), ("é.jpg", "e\u0301.jpg"), ("cats\\a.jpg", "cats/a.jpg")]


@pytest.mark.parametrize("names", TWICE)
@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.fault("archive")
def test_a_file_that_comes_twice_is_refused(tmp_path, names):
    assert_refused(make_zip(tmp_path / "cats.zip", [(name, PHOTO) for name in names]), "twice")


@pytest.mark.fault("archive")
def test_a_file_that_is_also_a_folder_is_refused(tmp_path):
    path = make_zip(tmp_path / "cats.zip", [("a", PHOTO), ("A/b.jpg", PHOTO)])
    assert_refused(path, "both as a file and as a folder")


@pytest.mark.fault("archive")
def test_a_file_that_blows_up_is_refused(tmp_path):
    path = make_zip(tmp_path / "cats.zip", [("a.jpg", bytes(50_000_000))], zipfile.ZIP_DEFLATED)
    assert_refused(path, "blows up")


@pytest.mark.fault("archive")
def test_a_file_that_is_larger_than_it_says_is_refused(tmp_path):
    path = make_zip(tmp_path / "cats.zip", [("a.jpg", bytes(100_000))], zipfile.ZIP_DEFLATED)
    content = bytearray(path.read_bytes())
    directory = content.index(b"PK\x01\x02")
    for place in (22, directory + 24):  # the size in the file's own header, and in the directory
        content[place : place + 4] = struct.pack("<I", 10)
    path.write_bytes(content)
    assert_refused(path, "damaged|blows up")


@pytest.mark.fault("archive")
def test_too_much_in_all_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_BYTES", 100)
    assert_refused(make_zip(tmp_path / "cats.zip", [(f"{n}.jpg", PHOTO) for n in range(20)]), "unpacks to")


@pytest.mark.fault("archive")
def test_too_many_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_FILES", 10)
    assert_refused(make_zip(tmp_path / "cats.zip", [(f"{n}.jpg", PHOTO) for n in range(11)]), "holds 11 files")


@pytest.mark.fault("archive")
def test_more_than_the_disk_takes_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "SPARE_BYTES", 10**18)
    assert_refused(make_zip(tmp_path / "cats.zip", [("a.jpg", PHOTO)]), "disk is too full")


@pytest.mark.fault("archive")
def test_an_encrypted_zip_is_refused(tmp_path):
    path = make_zip(tmp_path / "cats.zip", [("a.jpg", PHOTO)])
    content = bytearray(path.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert_refused(path, "encrypted")


@pytest.mark.fault("archive")
def test_an_unknown_compression_is_refused(tmp_path):
    path = make_zip(tmp_path / "cats.zip", [("a.jpg", PHOTO)])
    content = bytearray(path.read_bytes())
    content[8] = content[content.index(b"PK\x01\x02") + 10] = 97
    path.write_bytes(content)
    assert_refused(path, "cannot be unpacked")


@pytest.mark.fault("archive")
def test_a_damaged_file_inside_is_told(tmp_path):
    path = make_zip(tmp_path / "cats.zip", [("a.jpg", PHOTO)])
    path.write_bytes(path.read_bytes().replace(b"a photo", b"a phota"))
    assert_refused(path, "damaged")


@pytest.mark.fault("archive")
def test_damaged_compressed_data_are_told(tmp_path):
    path = make_zip(tmp_path / "cats.zip", [("a.jpg", PHOTO * 1000)], zipfile.ZIP_DEFLATED)
    content = bytearray(path.read_bytes())
    content[40:60] = b"\xff" * 20
    path.write_bytes(content)
    assert_refused(path, "cannot be unpacked|damaged")


@pytest.mark.fault("archive")
def test_a_zip_that_is_cut_off_is_told(tmp_path):
    path = make_zip(tmp_path / "cats.zip", [(f"{n}.jpg", PHOTO) for n in range(100)])
    path.write_bytes(path.read_bytes()[:-200])
    assert_refused(path, "cut off")


@pytest.mark.fault("archive")
def test_a_zip_without_its_beginning_is_told(tmp_path):
    path = make_zip(tmp_path / "cats.zip", [(f"{n}.jpg", PHOTO) for n in range(100)])
    path.write_bytes(path.read_bytes()[500:])
    assert_refused(path, "not a zip file|cannot be unpacked|damaged")


@pytest.mark.fault("archive")
def test_files_that_overlap_are_refused(tmp_path):
    # Two entries of the directory that point to the same bytes: how the densest zip bombs are made.
    path = make_zip(tmp_path / "cats.zip", [("a.jpg", PHOTO), ("b.jpg", PHOTO)])
    content = bytearray(path.read_bytes())
    second = content.rindex(b"PK\x01\x02")
    content[second + 42 : second + 46] = bytes(4)
    path.write_bytes(content)
    assert_refused(path, "damaged")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n <!DOCTYPE html><html>Log in</html>", "web page"),
        (b"Rar!\x1a\x07\x00", "not a zip file"),
        (b"PK\x03\x04", "cut off"),
    ],
)
@pytest.mark.fault("archive")
def test_what_is_no_zip_is_named(tmp_path, content, words):
    path = tmp_path / "cats.zip"
    path.write_bytes(content)
    assert_refused(path, words)


@pytest.mark.parametrize("members", [[], [("cats/", b"")], [("__MACOSX/._a.jpg", PHOTO)]])
@pytest.mark.fault("archive")
def test_a_zip_without_files_is_told(tmp_path, members):
    assert_refused(make_zip(tmp_path / "cats.zip", members), "holds no files")


@pytest.mark.fault("archive, fuzzed")
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_zip_with_any_bytes_changed_is_unpacked_or_refused(tmp_path_factory, data):
    tmp_path = tmp_path_factory.mktemp("fuzz")
    path = make_zip(tmp_path / "cats.zip", [("cats/a.jpg", PHOTO), ("b.jpg", PHOTO * 9)], zipfile.ZIP_DEFLATED)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        unzip(path, tmp_path / "place")
    except CourseError as told:
        assert "cats" in str(told)
        assert unpacked(tmp_path) == ["cats.zip"]
    else:
        assert all(name.startswith(("cats.zip", "place/cats/")) for name in unpacked(tmp_path))


def put_name_into_directory_alone(content):
    """Let the directory name another file than the file's own header does."""
    place = content.rindex(b"a.jpg")
    return content[:place] + b"b.jpg" + content[place + 5 :]


# Each makes something else of a good zip file of one stored photo.
BROKEN = {
    "the directory names another file": put_name_into_directory_alone,
    "the directory's place is beyond the end": lambda content: content[:-6] + b"\xff\xff\xff\x7f" + content[-2:],
    "the directory's place is in the middle": lambda content: content[:-6] + struct.pack("<I", 3) + content[-2:],
    "the directory has no signature": lambda content: content.replace(b"PK\x01\x02", b"PK\x01\x03"),
    "the file has no signature": lambda content: b"PK\x03\x05" + content[4:],
    "it says to be one of several disks": lambda content: content[:-18] + b"\x01\x00" + content[-16:],
    "it counts more files than it holds": lambda content: content[:-12] + b"\x09\x00" + content[-10:],
    "its comment is longer than the file": lambda content: content[:-2] + b"\xff\xff",
    "its first half twice": lambda content: content[: len(content) // 2] * 2,
    "only its directory": lambda content: content[content.index(b"PK\x01\x02") :],
    "zeros of the same length": lambda content: bytes(len(content)),
    "a photo named .zip": lambda content: PHOTO,
}


@pytest.mark.fault("archive")
@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN.keys())
def test_a_zip_broken_in_this_way_is_unpacked_right_or_refused(tmp_path, change):
    path = make_zip(tmp_path / "cats.zip", [("a.jpg", PHOTO)])
    path.write_bytes(change(path.read_bytes()))
    try:
        unzip(path, tmp_path / "place")
    except CourseError as told:
        assert "cats.zip" in str(told)
        assert unpacked(tmp_path) == ["cats.zip"]
    else:
        (file,) = (tmp_path / "place" / "cats").iterdir()
        assert file.read_bytes() == PHOTO


@pytest.mark.fault("archive")
@pytest.mark.parametrize("name", ["x" * 300 + ".jpg", "/".join(["deep"] * 1500) + "/a.jpg"], ids=["name", "path"])
def test_a_name_longer_than_a_disk_takes_is_told(tmp_path, name):
    path = make_zip(tmp_path / "cats.zip", [("good.jpg", PHOTO), (name, PHOTO)])
    with pytest.raises(CourseError, match="too long for this disk"):
        unzip(path, tmp_path / "place")
    assert unpacked(tmp_path) == ["cats.zip"]


def test_what_a_killed_program_left_is_removed(tmp_path):
    left = tmp_path / "place" / ".cats.part"
    left.mkdir(parents=True)
    (left / "half.jpg").write_bytes(PHOTO)
    unzip(make_zip(tmp_path / "cats.zip", [("a.jpg", PHOTO)]), tmp_path / "place")
    assert [path.relative_to(tmp_path / "place").as_posix() for path in (tmp_path / "place").rglob("*")] == [
        "cats",
        "cats/a.jpg",
    ]


@pytest.mark.fault("archive, fuzzed")
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10**6), st.integers(0, 10**6), st.binary(max_size=50))
def test_a_zip_with_a_stretch_replaced_is_unpacked_or_refused(tmp_path_factory, start, length, instead):
    tmp_path = tmp_path_factory.mktemp("fuzz")
    path = make_zip(tmp_path / "cats.zip", [("cats/a.jpg", PHOTO), ("b.jpg", PHOTO * 9)], zipfile.ZIP_DEFLATED)
    content = path.read_bytes()
    start %= len(content)
    path.write_bytes(content[:start] + instead + content[start + length % (len(content) - start) :])
    try:
        unzip(path, tmp_path / "place")
    except CourseError as told:
        assert "cats" in str(told)
        assert unpacked(tmp_path) == ["cats.zip"]
    else:
        assert all(name.startswith(("cats.zip", "place/cats/")) for name in unpacked(tmp_path))


@pytest.mark.fault("archive, fuzzed")
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20), min_size=1, max_size=5))
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_with_any_names_stays_in_its_folder_or_is_refused(tmp_path_factory, names):
    tmp_path = tmp_path_factory.mktemp("fuzz")
    path = make_zip(tmp_path / "cats.zip", [(name, PHOTO) for name in names])
    try:
        unzip(path, tmp_path / "place")
    except CourseError as told:
        assert "cats" in str(told)
        assert unpacked(tmp_path) == ["cats.zip"]
    else:
        assert all(name.startswith(("cats.zip", "place/cats/")) for name in unpacked(tmp_path))
