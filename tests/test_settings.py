"""Each setting: its default, its values, and a bad value answered by name."""

import subprocess
import sys
from pathlib import Path

import pytest

from course_utils import settings
from course_utils.errors import CourseError, file_errors_told

CHOICES = [
    ("COURSE_DATA", settings.data_source, "auto", {"photos": "photos", " Sandbox ": "sandbox", "": "auto"}),
    (
        "COURSE_PRECISION",
        settings.precision,
        "auto",
        {"float32": "float32", "mixed_bfloat16": "mixed_bfloat16"},
    ),
    ("COURSE_FAST", settings.fast, False, {"1": True, "0": False}),
]


@pytest.mark.parametrize(("variable", "read", "default", "values"), CHOICES)
def test_choice_has_a_default_and_takes_its_values(monkeypatch, variable, read, default, values):
    monkeypatch.delenv(variable, raising=False)
    assert read() == default
    for value, meaning in values.items():
        monkeypatch.setenv(variable, value)
        assert read() == meaning


@pytest.mark.parametrize(("variable", "read", "default", "values"), CHOICES)
def test_bad_choice_is_answered_by_variable_value_and_allowed_values(monkeypatch, variable, read, default, values):
    monkeypatch.setenv(variable, "foto")
    with pytest.raises(CourseError) as told:
        read()
    for word in [variable, "'foto'", *(value.strip().lower() for value in values)]:
        assert word in str(told.value)


def test_mirror_is_an_address_an_existing_folder_or_nothing(monkeypatch, tmp_path):
    monkeypatch.delenv("COURSE_MIRROR", raising=False)
    assert settings.mirror() is None
    monkeypatch.setenv("COURSE_MIRROR", "https://example.org/mirror/")
    assert settings.mirror() == "https://example.org/mirror"
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path))
    assert settings.mirror() == str(tmp_path)


def test_mirror_that_does_not_exist_is_answered_by_name(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path / "nowhere"))
    with pytest.raises(CourseError, match="COURSE_MIRROR is .*nowhere"):
        settings.mirror()


def test_cache_is_the_given_folder_else_the_platforms_own(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache é"))
    assert settings.cache_folder() == tmp_path / "cache é"
    monkeypatch.delenv("COURSE_CACHE")
    assert settings.cache_folder().name == "image-course"


def test_cache_that_is_a_file_is_answered_by_name(monkeypatch, tmp_path):
    (tmp_path / "cache").write_text("")
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    with pytest.raises(CourseError, match="COURSE_CACHE is .*which is a file"):
        settings.cache_folder()


def test_base_name_is_given_as_it_stands(monkeypatch):
    monkeypatch.delenv("COURSE_BASE", raising=False)
    assert settings.base_name() is None
    monkeypatch.setenv("COURSE_BASE", "Xception")
    assert settings.base_name() == "Xception"


def test_relative_folder_is_taken_from_the_checkout_in_its_notebooks_folder(monkeypatch, tmp_path):
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert settings.course_path("data") == tmp_path / "notebooks" / "data"
    (tmp_path / "course_utils").mkdir()
    assert settings.course_path("data") == tmp_path / "data"
    assert settings.course_path(tmp_path / "photos") == tmp_path / "photos"


def test_importing_the_settings_needs_only_the_standard_library():
    script = "import course_utils.settings; print(course_utils.settings.data_source())"
    checkout = Path(settings.__file__).parents[1]
    assert subprocess.run([sys.executable, "-S", "-c", script], cwd=checkout).returncode == 0


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (FileNotFoundError, "does not exist"),
        (IsADirectoryError, "in the way"),
        (PermissionError, "may not be"),
    ],
)
def test_file_error_is_told_in_one_sentence_that_names_the_path(tmp_path, kind, word):
    number = {FileNotFoundError: 2, IsADirectoryError: 21, PermissionError: 13}[kind]
    with pytest.raises(CourseError, match=f"photo.jpg.*{word}"), file_errors_told(tmp_path):
        raise kind(number, "", str(tmp_path / "photo.jpg"))
