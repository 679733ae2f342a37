"""Each setting: its default, its values, and a bad value answered by name."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import course_utils
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
    ("BENCH", settings.benchmark, "quick", {"full": "full", "quick": "quick"}),
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
    for value in ("cache", "cache/below"):
        monkeypatch.setenv("COURSE_CACHE", str(tmp_path / value))
        with pytest.raises(CourseError, match="COURSE_CACHE is .*cache is a file"):
            settings.cache_folder()


def read_base():
    from course_utils.bases import load_base

    load_base()


READERS = {
    "COURSE_DATA": settings.data_source,
    "COURSE_MIRROR": settings.mirror,
    "COURSE_CACHE": settings.cache_folder,
    "COURSE_BASE": read_base,
    "COURSE_PRECISION": settings.precision,
    "COURSE_FAST": settings.fast,
    "BENCH": settings.benchmark,
}
# A cache folder need not exist, so only what no disk would take, or a file in the way, is a bad value of it.
BAD_VALUES = {
    "COURSE_DATA": ["photo", "auto,photos", "0", "sand box", "Ф", "\udcff"],
    "COURSE_MIRROR": ["/no/such/folder", "ftp://127.0.0.1/mirror", "~no-such-user/mirror", "x" * 300, "\udcff"],
    "COURSE_CACHE": ["~no-such-user/cache", "/dev/null", "/dev/null/cache", "pyproject.toml"],
    "COURSE_BASE": ["VGG", "vgg 16", "ResNet50", "16", "Ф"],
    "COURSE_PRECISION": ["float16", "bfloat16", "16", "fast", "float32;"],
    "COURSE_FAST": ["yes", "true", "2", "-1", "1.0", "on"],
    "BENCH": ["fast", "1", "fully"],
}
EVERY_BAD_VALUE = [(name, value) for name, values in BAD_VALUES.items() for value in values]


@pytest.mark.fault("setting")
@pytest.mark.skipif(os.name == "nt", reason="paths of POSIX")
@pytest.mark.parametrize(("name", "value"), EVERY_BAD_VALUE, ids=ascii)
def test_every_bad_value_is_answered_by_the_name_of_its_setting(monkeypatch, checkout, name, value):
    monkeypatch.chdir(checkout)
    monkeypatch.setenv(name, value)
    with pytest.raises(CourseError, match=f"^{name} is ") as told:
        READERS[name]()
    assert repr(value) in str(told.value)


def test_no_setting_is_without_a_bad_value(checkout):
    named = set()
    for path in (checkout / "course_utils").rglob("*.py"):
        named |= set(re.findall(r'"(COURSE_[A-Z]+|BENCH)"', path.read_text(encoding="utf-8")))
    assert named - {"COURSE_TEST_MIRROR"} == set(READERS) == set(BAD_VALUES)


@pytest.mark.fault("setting")
@pytest.mark.parametrize("name", ["COURSE_DATA", "COURSE_MIRROR", "COURSE_CACHE", "COURSE_PRECISION", "COURSE_FAST"])
def test_the_doctor_finds_every_bad_value(monkeypatch, checkout, name):
    from tools import doctor

    monkeypatch.chdir(checkout)
    monkeypatch.setenv(name, BAD_VALUES[name][0])
    ((state, what),) = doctor.look_at_settings()
    assert state == doctor.FAIL and what.startswith(f"{name} is ")


@pytest.mark.fault("setting")
def test_the_doctor_finds_a_base_that_does_not_exist(monkeypatch):
    from tools import doctor

    monkeypatch.setenv("COURSE_BASE", "ResNet50")
    ((state, what),) = doctor.look_at_base()
    assert state == doctor.FAIL and what.startswith("COURSE_BASE is 'ResNet50'")


def test_a_base_is_known_by_its_name_however_it_is_capitalised():
    from course_utils.bases import known_base

    assert known_base("vgg16") == "VGG16"
    with pytest.raises(CourseError, match="^The base is 'VGG'"):
        known_base("VGG")


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


@pytest.mark.parametrize(
    ("variable", "content", "words"),
    [
        ("jax", None, "KERAS_BACKEND is 'jax'.*unset KERAS_BACKEND"),
        ("", '{"backend": "torch"}', "keras.json asks for the backend 'torch'"),
        ("", '{"image_data_format": "channels_first"}', "keras.json asks for 'channels_first'"),
    ],
)
def test_settings_of_keras_that_the_course_cannot_work_with_are_told(monkeypatch, tmp_path, variable, content, words):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_BACKEND", variable)
    if content:
        (tmp_path / "keras.json").write_text(content)
    with pytest.raises(CourseError, match=words):
        settings.require_keras_as_the_course_needs_it()
    with pytest.raises(CourseError, match=words):
        _ = course_utils.load_photos


@pytest.mark.parametrize("content", ["", "no json", "[]", '{"backend": "tensorflow"}'])
def test_other_settings_of_keras_disturb_nobody(monkeypatch, tmp_path, content):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    (tmp_path / "keras.json").write_text(content)
    settings.require_keras_as_the_course_needs_it()


def test_a_user_without_a_home_folder_is_told_what_to_set(monkeypatch):
    import pwd

    def nobody(_):
        raise KeyError

    for name in ("HOME", "XDG_CACHE_HOME", "KERAS_HOME", "COURSE_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    with pytest.raises(CourseError, match="no home folder.*set COURSE_CACHE or HOME"):
        settings.cache_folder()
    assert settings.keras_home().is_absolute()


def test_what_is_broken_inside_is_not_told_as_a_missing_name(tmp_path):
    (tmp_path / "cv2.py").write_text("")
    code = "from course_utils import load_photos"
    paths = os.pathsep.join([str(tmp_path), *sys.path])
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": paths}, capture_output=True)
    assert b"AttributeError: module 'cv2' has no attribute" in done.stderr.splitlines()[-1]
