"""The downloader against servers that behave well and badly: the right file, or one clear sentence."""

import email.utils
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from loopback import (
    bad_gzip,
    chunked,
    cut,
    drip,
    gzipped,
    loopback,
    no_http,
    page,
    partial,
    promised,
    redirect,
    reset,
    slowly,
    stall,
    status,
    torn,
    whole,
    without_length,
)

from course_utils.errors import CourseError
from course_utils.sources.download import download, fetch_weights, is_verified, unanswered

CONTENT = bytes(range(256)) * 4000
OTHER = bytes(reversed(range(256))) * 4000
SHA256 = "sha256:" + hashlib.sha256(CONTENT).hexdigest()
GIT = "git:" + hashlib.sha1(b"blob %d\0" % len(CONTENT) + CONTENT).hexdigest()
MD5 = "md5:" + hashlib.md5(CONTENT).hexdigest()
QUICK = {"attempts": 3, "backoff": 0.01, "timeouts": (2, 2)}
DOWNLOAD_IN_A_PROCESS = (
    "import sys; from course_utils.sources.download import download; "
    "download(sys.argv[1], sys.argv[2], checksum=sys.argv[3], backoff=0.01)"
)


@pytest.fixture
def site():
    with loopback() as site:
        yield site


@pytest.fixture
def target(tmp_path):
    return tmp_path / "ordner ü" / "photos.zip"


def fetch(url, target, **options):
    return download(url, target, **{"checksum": SHA256} | QUICK | options)


def names(target):
    return sorted(path.name for path in target.parent.iterdir())


def assert_right_and_alone(target):
    assert target.read_bytes() == CONTENT
    assert names(target) == [target.name]


def part(target):
    return target.with_name(target.name + ".part")


# Every one of these ends with the right file.
TRANSFERS_THAT_END_WELL = {
    "good server": [whole(CONTENT)],
    "no etag and no ranges": [whole(CONTENT, etag=None, ranges=False)],
    "chunks without a length": [chunked(CONTENT)],
    "ended by the connection alone": [without_length(CONTENT)],
    "gzip that nobody asked for": [gzipped(CONTENT)],
    "a redirect": [redirect("/elsewhere")],
    "reset before the answer": [reset, whole(CONTENT)],
    "cut after one byte": [cut(CONTENT, 1), whole(CONTENT)],
    "cut in the middle": [cut(CONTENT, 500_000), whole(CONTENT)],
    "cut before the last byte": [cut(CONTENT, len(CONTENT) - 1), whole(CONTENT)],
    "cut at the first byte": [cut(CONTENT, 0), whole(CONTENT)],
    "cut more often than it is tried, but getting on": [*[cut(CONTENT, 270_000)] * 3, whole(CONTENT)],
    "cut, without an etag": [cut(CONTENT, 500_000, etag=None), whole(CONTENT, etag=None)],
    "cut, with a weak etag": [cut(CONTENT, 500_000, etag='W/"1"'), whole(CONTENT, etag='W/"1"')],
    "cut, then no ranges": [cut(CONTENT, 500_000), whole(CONTENT, ranges=False)],
    "cut, then changed": [cut(OTHER, 500_000, etag='"old"'), whole(CONTENT, etag='"new"')],
    "cut, then changed under the same etag": [cut(OTHER, 500_000), whole(CONTENT), whole(CONTENT)],
    "cut, then another place": [cut(CONTENT, 500_000), partial(CONTENT, "bytes 0-9/10"), whole(CONTENT)],
    "cut, then another whole": [
        cut(CONTENT, 500_000),
        partial(CONTENT, "bytes 500000-1999999/2000000"),
        whole(CONTENT),
    ],
    "cut, then nonsense": [cut(CONTENT, 500_000), partial(CONTENT, "pages 3 of 4"), whole(CONTENT)],
    "cut, then 416": [cut(CONTENT, 500_000), status(416), whole(CONTENT)],
    "cut, then a web page": [cut(CONTENT, 500_000), status(206, b"<html>"), whole(CONTENT)],
    "cut chunks": [chunked(CONTENT, end=False), whole(CONTENT)],
    "damaged gzip": [bad_gzip(CONTENT), whole(CONTENT)],
    "stall before the answer": [stall(10), whole(CONTENT)],
    "stall in the middle": [stall(10, CONTENT[:500_000], len(CONTENT)), whole(CONTENT)],
    "429 that asks for a second": [status(429, Retry_After="1"), whole(CONTENT)],
    "429 until a date long past, by a clock that is slow": [
        status(429, Retry_After=email.utils.formatdate(0, usegmt=True)),
        whole(CONTENT),
    ],
    "503 with a senseless Retry-After": [status(503, Retry_After="soon"), whole(CONTENT)],
    "500 then 502": [status(500), status(502), whole(CONTENT)],
    "reset at the first byte": [torn(CONTENT, 0), whole(CONTENT)],
    "reset in the middle": [torn(CONTENT, 500_000), whole(CONTENT)],
    "reset, then cut, then 503": [torn(CONTENT, 300_000), cut(CONTENT, 300_000), status(503), whole(CONTENT)],
    "a length too long": [promised(CONTENT, len(CONTENT) + 1000), whole(CONTENT)],
    "a senseless length": [promised(CONTENT, "many")],
    "no HTTP": [no_http, whole(CONTENT)],
    "504 until a date soon, by the server's clock": [
        status(504, Retry_After=email.utils.formatdate(time.time() + 1, usegmt=True)),
        whole(CONTENT),
    ],
    "last-modified before 1970": [
        cut(CONTENT, 500_000, etag=None, Last_Modified="Wed, 31 Dec 1969 00:00:00 GMT"),
        whole(CONTENT),
    ],
    "last-modified in the future": [
        cut(CONTENT, 500_000, etag=None, Last_Modified="Fri, 01 Jan 2100 00:00:00 GMT"),
        whole(CONTENT),
    ],
}


@pytest.mark.parametrize("answers", TRANSFERS_THAT_END_WELL.values(), ids=TRANSFERS_THAT_END_WELL.keys())
@pytest.mark.fault("downloader")
def test_the_right_file_and_nothing_else_is_left(site, target, answers):
    site.put("elsewhere", whole(CONTENT))
    options = {"timeouts": (2, 0.5)}
    assert fetch(site.put("photos.zip", *answers), target, **options) == target
    assert_right_and_alone(target)


# Every one of these ends with one sentence that holds these words.
TRANSFERS_THAT_FAIL = {
    "web page with status 200": ([page()], "is a web page"),
    "short file": ([whole(CONTENT[:1000])], "no whole zip file|too short"),
    "empty file": ([whole(b"")], "is empty|too short"),
    "other content of the same length": ([whole(OTHER)], "no whole zip file|another file"),
    "a length too short": ([promised(CONTENT, 1000)], "no whole zip file|too short"),
    "reset at the same byte for ever": ([torn(CONTENT, 9)], "could not be downloaded.*check the network"),
    "no HTTP for ever": ([no_http], "could not be downloaded.*check the network"),
    "HTML behind a byte order mark": ([whole(b"\xef\xbb\xbf<html></html>")], "no whole zip file"),
    "redirect loop": ([redirect("/photos.zip")], "too many redirects"),
    "redirect to no web address": ([redirect("ftp://127.0.0.1/photos.zip")], "not an http"),
    "401": ([page(401)], "401"),
    "403": ([page(403)], "403"),
    "404": ([page(404)], "404.*no longer there"),
    "429 for ever": ([status(429)], "429.*try again later"),
    "500 for ever": ([status(500)], "500.*try again later"),
    "503 for ever": ([page(503)], "503.*try again later"),
    "reset for ever": ([reset], "could not be downloaded.*check the network"),
    "cut at the same place for ever": ([cut(CONTENT, 9)], "ended too early"),
    "stall for ever": ([stall(10)], "no answer in time"),
    "drip": ([drip(CONTENT, 0.05)], "bytes came in"),
    "a part that nobody asked for": ([partial(CONTENT, "bytes 0-9/10")], "206"),
    "no content": ([status(204)], "204"),
    "larger than the disk": ([stall(10, b"PK", 10**16)], "disk is too full"),
}


@pytest.mark.parametrize(("answers", "words"), TRANSFERS_THAT_FAIL.values(), ids=TRANSFERS_THAT_FAIL.keys())
@pytest.mark.fault("downloader")
def test_a_failure_is_told_in_one_sentence_and_the_next_run_ends_right(site, target, answers, words):
    url = site.put("photos.zip", *answers)
    with pytest.raises(CourseError, match=words) as told:
        fetch(url, target, timeouts=(1, 0.4))
    assert url in str(told.value) or target.name in str(told.value)
    assert not target.exists()
    site.put("photos.zip", whole(CONTENT))
    fetch(url, target)
    assert_right_and_alone(target)


@pytest.mark.fault("downloader")
def test_a_refused_connection_is_told(target):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/photos.zip"
        with pytest.raises(CourseError, match="refused"):
            fetch(url, target)
    assert not target.exists()


@pytest.mark.fault("downloader")
def test_an_unknown_host_is_told(target):
    with pytest.raises(CourseError, match="could not be downloaded"):
        fetch("http://nowhere.invalid/photos.zip", target)


@pytest.mark.parametrize("url", ["photos.zip", "ftp://127.0.0.1/photos.zip", "http://"])
@pytest.mark.fault("downloader")
def test_what_is_no_address_is_told(target, url):
    with pytest.raises(CourseError, match="not an http"):
        fetch(url, target)


@pytest.mark.parametrize("checksum", [SHA256, GIT, MD5])
def test_each_kind_of_checksum_takes_the_right_file_and_refuses_another(site, target, checksum):
    with pytest.raises(CourseError, match="not kept"):
        fetch(site.put("other", whole(OTHER)), target, checksum=checksum)
    fetch(site.put("photos", whole(CONTENT)), target, checksum=checksum)
    assert_right_and_alone(target)


@pytest.mark.parametrize(("size", "words"), [(len(CONTENT) - 1, "too long"), (len(CONTENT) + 1, "too short")])
@pytest.mark.fault("downloader")
def test_a_wrong_size_is_refused(site, target, size, words):
    with pytest.raises(CourseError, match=words):
        fetch(site.put("photos", whole(CONTENT)), target, checksum=None, size=size)


def test_a_verified_file_is_not_asked_for_again(site, target):
    url = site.put("photos.zip", whole(CONTENT))
    fetch(url, target)
    fetch(url, target)
    assert len(site.asked) == 1


@pytest.mark.fault("downloader")
def test_a_damaged_file_is_replaced(site, target):
    target.parent.mkdir()
    target.write_bytes(CONTENT[:-1] + b"?")
    fetch(site.put("photos.zip", whole(CONTENT)), target)
    assert_right_and_alone(target)


@pytest.mark.fault("downloader")
def test_a_damaged_file_stays_until_the_right_one_is_there(site, target):
    target.parent.mkdir()
    target.write_bytes(b"as it was")
    with pytest.raises(CourseError):
        fetch(site.put("photos.zip", status(404)), target)
    assert target.read_bytes() == b"as it was"


@pytest.mark.fault("downloader")
def test_the_next_run_asks_for_the_rest_alone(site, target):
    url = site.put("photos.zip", cut(CONTENT, 600_000), status(404))
    with pytest.raises(CourseError):
        fetch(url, target)
    assert part(target).stat().st_size == 600_000
    site.put("photos.zip", whole(CONTENT))
    fetch(url, target)
    assert site.ranges()[-1] == "bytes=600000-"
    assert_right_and_alone(target)


@pytest.mark.fault("downloader")
@pytest.mark.parametrize("answer", [stall(10), reset])
def test_a_server_that_never_answers_is_asked_as_often_as_was_said(site, target, answer, capsys):
    with pytest.raises(CourseError, match="could not be downloaded"):
        fetch(site.put("photos.zip", answer), target, timeouts=(1, 0.2))
    assert len(site.asked) == QUICK["attempts"]
    assert capsys.readouterr().out.count("photos.zip: ") == QUICK["attempts"] - 1


@pytest.mark.fault("downloader")
@pytest.mark.parametrize("etag", [None, '"1"'])
def test_only_a_part_that_can_be_continued_is_said_to_be_kept(site, target, etag):
    with pytest.raises(CourseError, match="check the network and run this again") as told:
        fetch(site.put("photos.zip", cut(CONTENT, 600_000, etag=etag), reset), target)
    assert ("is kept" in str(told.value)) == bool(etag)


@pytest.mark.fault("downloader")
def test_a_part_from_another_address_is_not_continued(site, target):
    with pytest.raises(CourseError):
        fetch(site.put("old.zip", cut(OTHER, 600_000), status(404)), target)
    fetch(site.put("photos.zip", whole(CONTENT)), target)
    assert site.ranges()[-1] is None
    assert_right_and_alone(target)


@pytest.mark.fault("downloader")
def test_a_whole_part_is_verified_without_asking_again(site, target):
    url = site.put("photos.zip", cut(CONTENT, 600_000), status(404))
    with pytest.raises(CourseError):
        fetch(url, target)
    part(target).write_bytes(CONTENT)
    asked = len(site.asked)
    fetch(url, target)
    assert len(site.asked) == asked
    assert_right_and_alone(target)


@pytest.mark.parametrize("note", ["", "{}", "[1]", '{"url": 3}', "\0"])
@pytest.mark.fault("downloader")
def test_a_senseless_note_beside_the_part_does_no_harm(site, target, note):
    target.parent.mkdir()
    part(target).write_bytes(OTHER[:1000])
    part(target).with_name(part(target).name + ".json").write_text(note)
    fetch(site.put("photos.zip", whole(CONTENT)), target)
    assert_right_and_alone(target)


@pytest.mark.fault("downloader")
def test_a_folder_in_place_of_the_file_is_told(site, target):
    target.mkdir(parents=True)
    with pytest.raises(CourseError, match="is a folder"):
        fetch(site.put("photos.zip", whole(CONTENT)), target)


@pytest.mark.fault("downloader")
def test_a_file_in_place_of_the_folder_is_told(site, target):
    target.parent.write_text("")
    with pytest.raises(CourseError, match="in the way"):
        fetch(site.put("photos.zip", whole(CONTENT)), target)


@pytest.mark.fault("downloader")
def test_a_disk_that_fills_on_the_way_is_told_and_the_part_is_kept(site, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=60m", "none", str(small)], capture_output=True)
    if mounted.returncode:
        pytest.skip("no right to make a small disk here")
    try:
        # Without a length before, nothing can be known beforehand.
        big = CONTENT * 70
        with pytest.raises(CourseError, match="disk is full"):
            fetch(site.put("big.zip", chunked(big, 1 << 20)), small / "big.zip")
        assert not (small / "big.zip").exists()
    finally:
        subprocess.run(["umount", str(small)], check=True)


@pytest.mark.fault("downloader")
def test_two_programs_that_fetch_the_same_file_both_end_right(site, target):
    url = site.put("photos.zip", slowly(CONTENT, 10, 0.1))
    command = [sys.executable, "-c", DOWNLOAD_IN_A_PROCESS, url, str(target), SHA256]
    programs = [subprocess.Popen(command) for _ in range(3)]
    assert [program.wait(60) for program in programs] == [0, 0, 0]
    assert_right_and_alone(target)
    assert len(site.asked) == 1


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.fault("downloader")
def test_a_program_ended_on_the_way_leaves_a_part_that_the_next_one_continues(site, target, end):
    url = site.put("photos.zip", slowly(CONTENT, 100, 0.05))
    program = subprocess.Popen(
        [sys.executable, "-c", DOWNLOAD_IN_A_PROCESS, url, str(target), SHA256], stderr=subprocess.DEVNULL
    )
    while not (part(target).exists() and part(target).stat().st_size > 10_000):
        time.sleep(0.02)
    program.send_signal(end)
    assert program.wait(30) != 0
    assert not target.exists()
    got = part(target).stat().st_size
    site.put("photos.zip", whole(CONTENT))
    fetch(url, target)
    assert site.ranges()[-1] == f"bytes={got}-"
    assert_right_and_alone(target)


@pytest.mark.fault("downloader")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from([cut, torn]), st.integers(0, len(CONTENT))), max_size=4))
def test_a_transfer_broken_at_any_bytes_ends_right(site, tmp_path_factory, breaks):
    target = tmp_path_factory.mktemp("any") / "photos.zip"
    answers = [broken(CONTENT, after) for broken, after in breaks]
    fetch(site.put("photos.zip", *answers, whole(CONTENT)), target, attempts=6, backoff=0.001)
    assert_right_and_alone(target)


@pytest.mark.fault("downloader")
@pytest.mark.parametrize("years", [-30, 30])
def test_files_dated_by_a_wrong_clock_are_continued_all_the_same(site, target, years):
    url = site.put("photos.zip", cut(CONTENT, 600_000), status(404))
    with pytest.raises(CourseError):
        fetch(url, target)
    wrong = time.time() + years * 365 * 86400
    for path in target.parent.iterdir():
        os.utime(path, (wrong, wrong))
    site.put("photos.zip", whole(CONTENT))
    fetch(url, target)
    assert site.ranges()[-1] == "bytes=600000-"
    assert_right_and_alone(target)


@pytest.mark.fault("downloader")
@pytest.mark.skipif(os.name == "nt", reason="limits of POSIX")
def test_a_disk_that_takes_no_more_is_told_and_the_next_run_ends_right(site, target):
    url = site.put("photos.zip", whole(CONTENT))
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000)); "
    command = [sys.executable, "-c", limit + DOWNLOAD_IN_A_PROCESS, url, str(target), SHA256]
    done = subprocess.run(command, capture_output=True, text=True)
    assert "DiskError: " in done.stderr and "photos.zip" in done.stderr.splitlines()[-1]
    assert not target.exists()
    fetch(url, target)
    assert_right_and_alone(target)


def test_the_addresses_that_have_no_file_are_named_with_the_reason(site):
    good = site.put("good", whole(CONTENT))
    busy = site.put("busy", status(503))
    gone, login = site.put("gone", status(404)), site.put("login", page())
    nowhere = "http://nowhere.invalid/"
    reasons = unanswered([gone, login, nowhere, "nonsense", good, busy], seconds=5)
    assert list(reasons) == [gone, login, nowhere, "nonsense"]
    assert "404" in reasons[gone] and "login" in reasons[login] and "host name is not known" in reasons[nowhere]


def test_asking_ends_at_its_time_limit(site):
    silent = site.put("silent", stall(60))
    begun = time.monotonic()
    assert unanswered([silent], seconds=1) == {silent: "no answer in time"}
    assert time.monotonic() - begun < 30


def test_verified_needs_something_to_verify_by(target):
    target.parent.mkdir()
    target.write_bytes(CONTENT)
    assert is_verified(target, SHA256)
    assert not is_verified(target, None, len(CONTENT))  # named as a zip file, and is none
    assert is_verified(target.rename(target.with_suffix(".bin")), None, len(CONTENT))
    target.write_bytes(CONTENT)
    assert not is_verified(target)
    assert not is_verified(target, "sha256:" + "0" * 64)


def test_weights_are_fetched_to_where_keras_looks(site, monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    url = site.put("vgg16.h5", whole(CONTENT))
    found = fetch_weights(url, "vgg16.h5", MD5.removeprefix("md5:"))
    assert found == tmp_path / "keras" / "models" / "vgg16.h5"
    assert found.read_bytes() == CONTENT
    site.put("vgg16.h5", status(404))
    assert fetch_weights(url, "vgg16.h5", SHA256.removeprefix("sha256:")) == found


def test_weights_for_which_keras_has_no_hash_are_fetched_too(site, monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    url = site.put("mobilenet_v2.h5", whole(CONTENT))
    assert fetch_weights(url, "mobilenet_v2.h5", None).read_bytes() == CONTENT


@pytest.mark.fault("downloader")
def test_weights_that_cannot_be_had_are_told_at_once(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    with pytest.raises(CourseError, match="vgg16.h5 could not be downloaded.*by hand"):
        fetch_weights("http://nowhere.invalid/vgg16.h5", "vgg16.h5", "0" * 32)
