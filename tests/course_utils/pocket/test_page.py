"""The written page: complete, in a zip too, and not written at all where it would not work."""

import json
import zipfile

import pytest

from course_utils.errors import CourseError
from course_utils.pocket import runtime
from course_utils.pocket.page import PocketModel, write_page


@pytest.fixture
def model(tmp_path):
    (tmp_path / "some.tflite").write_bytes(b"a network")
    return PocketModel("Some network", tmp_path / "some.tflite", "A note.", 1.2)


@pytest.mark.slow
def test_the_folder_and_the_zip_hold_the_same_files(page):
    inside = {path.relative_to(page.folder).as_posix() for path in page.folder.rglob("*") if path.is_file()}
    with zipfile.ZipFile(page.folder.with_suffix(".zip")) as archive:
        assert set(archive.namelist()) == inside and archive.testzip() is None
    assert {"index.html", "pocket.json", "litert/litert_wasm_internal.wasm", "models/scratch_int8.tflite"} <= inside


@pytest.mark.slow
def test_every_address_on_the_page_is_relative(page):
    for name in ("index.html", "pocket.css", "pocket.js", "resize.js", "pocket.json"):
        text = (page.folder / name).read_text(encoding="utf-8")
        assert "http://" not in text and "https://" not in text and '="/' not in text


@pytest.mark.slow
def test_the_page_is_told_what_it_shows(page):
    told = json.loads((page.folder / "pocket.json").read_text(encoding="utf-8"))
    assert [one["temperature"] for one in told["models"]] == [1.5] * 4 and told["sure_from"] == page.sure_from


def test_without_litert_js_one_line_says_so_and_nothing_is_written(tmp_path, model, monkeypatch, capsys):
    monkeypatch.setattr(runtime, "CDN", "http://127.0.0.1:9/npm")
    monkeypatch.setenv("PATH", "")
    assert write_page([model], 0.8, "Drawings.", folder=tmp_path / "pocket") is None
    said = capsys.readouterr().out
    assert said.startswith("No page is written. LiteRT.js") and said.count("\n") == 1
    assert not (tmp_path / "pocket").exists()


@pytest.mark.parametrize("sure_from", [0.3, 80])
def test_an_impossible_confidence_is_refused(tmp_path, model, sure_from):
    with pytest.raises(CourseError, match="from 0.5 to 1"):
        write_page([model], sure_from, "Drawings.", folder=tmp_path / "pocket")


def test_two_networks_in_files_of_one_name_are_refused(tmp_path, model):
    with pytest.raises(CourseError, match="a name of its own"):
        write_page([model, model], 0.8, "Drawings.", folder=tmp_path / "pocket")
