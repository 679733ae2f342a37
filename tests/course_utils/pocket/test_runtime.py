"""LiteRT.js: verified wherever it comes from, kept in the cache, and told in one sentence where it cannot be had."""

import hashlib
import io
import os
import stat
import sys
import tarfile

import pytest

from course_utils.errors import CourseError
from course_utils.pocket import runtime

CONTENT = {name: f"content of {name}".encode() for name in runtime.FILES}


@pytest.fixture
def small_files(monkeypatch):
    """Files of a few bytes in place of 19 MB, with the checksums of these; and no npm."""
    files = {
        name: (package, inside, hashlib.sha256(CONTENT[name]).hexdigest())
        for name, (package, inside, _) in runtime.FILES.items()
    }
    monkeypatch.setattr(runtime, "FILES", files)
    monkeypatch.setattr(runtime, "CDN", "http://127.0.0.1:9/npm")
    monkeypatch.setenv("PATH", "")


@pytest.fixture
def mirror_folder(tmp_path, monkeypatch):
    folder = tmp_path / "mirror"
    (folder / "litert").mkdir(parents=True)
    for name, content in CONTENT.items():
        (folder / "litert" / name).write_bytes(content)
    monkeypatch.setenv("COURSE_MIRROR", str(folder))
    return folder


def test_a_mirror_is_enough_and_the_cache_afterwards(small_files, mirror_folder, monkeypatch):
    runtime.fetch_runtime()
    monkeypatch.delenv("COURSE_MIRROR")
    assert {name: path.read_bytes() for name, path in runtime.fetch_runtime().items()} == CONTENT


@pytest.mark.fault("downloader")
def test_a_changed_file_of_the_mirror_is_not_taken(small_files, mirror_folder):
    (mirror_folder / "litert" / "index.js").write_bytes(b"alert('not the file')")
    with pytest.raises(CourseError, match=r"LiteRT\.js .* could not be had"):
        runtime.fetch_runtime()


def test_without_any_source_one_sentence_says_what_to_do(small_files):
    with pytest.raises(CourseError, match="npm is not installed.*does not answer.*connect to a network") as told:
        runtime.fetch_runtime()
    assert "\n" not in str(told.value)


def packed(package, changed=()):
    """A package as npm packs it."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, (of, inside, _) in runtime.FILES.items():
            if of == package:
                data = b"changed" if name in changed else CONTENT[name]
                entry = tarfile.TarInfo(f"package/{inside}")
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
    return content.getvalue()


@pytest.fixture
def npm(tmp_path, monkeypatch, small_files):
    """A program called npm that hands out what the test has put beside it, as ``npm pack`` does."""
    if os.name == "nt":
        pytest.skip("a script without an ending is no program on Windows")
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "npm"
    script.write_text(
        f"#!{sys.executable}\n"
        "import pathlib, shutil, sys\n"
        "here = pathlib.Path(__file__).parent\n"
        "package = sys.argv[-1].rpartition('@')[0].rpartition('/')[2]\n"
        "target = pathlib.Path(sys.argv[sys.argv.index('--pack-destination') + 1])\n"
        "shutil.copy(here / f'{package}.tgz', target)\n"
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder))
    return folder


def test_npm_is_asked_where_it_is_installed(npm):
    for package in {package for package, _, _ in runtime.FILES.values()}:
        (npm / f"{package.rpartition('/')[2]}.tgz").write_bytes(packed(package))
    assert {name: path.read_bytes() for name, path in runtime.fetch_runtime().items()} == CONTENT


@pytest.mark.fault("downloader")
def test_what_npm_gives_is_verified(npm):
    for package in {package for package, _, _ in runtime.FILES.values()}:
        (npm / f"{package.rpartition('/')[2]}.tgz").write_bytes(packed(package, changed=["litert_wasm_internal.wasm"]))
    with pytest.raises(CourseError, match=r"litert_wasm_internal\.wasm is another file than expected"):
        runtime.fetch_runtime()


def test_the_checksums_are_those_of_the_pinned_version(litert_cache):
    kept = litert_cache / f"litert-{runtime.VERSION}"
    digests = {name: hashlib.sha256((kept / name).read_bytes()).hexdigest() for name in runtime.FILES}
    assert digests == {name: digest for name, (_, _, digest) in runtime.FILES.items()}
