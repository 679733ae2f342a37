"""make doctor: what it finds, and that it finds what is wrong."""

import json
import math
import os
import re
import shutil
import subprocess
import sys

import pytest
from loopback import loopback, whole

from course_utils.errors import CourseError
from tools import doctor, environment


def course_doctor(**settings):
    # No proxy answers there, so that the network looks the same wherever the test runs: absent.
    offline = {"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""}
    return subprocess.run(
        [sys.executable, "-m", "tools", "doctor"],
        capture_output=True,
        text=True,
        env=os.environ | offline | settings,
    )


@pytest.fixture(scope="module")
def report():
    return course_doctor()


def test_every_line_has_a_state_and_the_last_says_what_to_do_next(report):
    *lines, blank, last = report.stdout.splitlines()
    assert blank == ""
    assert all(re.match(r"(OK|WARN|FAIL) +\S", line) for line in lines)
    assert last.startswith("Next: ")


@pytest.mark.parametrize(
    "topic", ["Python", "settings", "packages", "disk", "memory", "GPU", "network", "data", "base", "forecast"]
)
def test_every_topic_is_in_the_report(report, topic):
    assert re.search(rf"(?m)^\w+ +{topic}\b", report.stdout)


def test_a_missing_network_is_a_warning_and_no_failure(report):
    assert re.search(r"(?m)^WARN +network: .* cannot be reached", report.stdout)
    assert report.returncode == (1 if re.search(r"(?m)^FAIL", report.stdout) else 0)


def test_nothing_but_the_report_is_printed(report):
    assert report.stderr == ""


def test_it_reports_before_anything_is_installed(checkout, tmp_path):
    for package in ("course_utils", "tools"):
        shutil.copytree(checkout / package, tmp_path / package)
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(checkout / name, tmp_path)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    python = tmp_path / "bare" / ("Scripts" if os.name == "nt" else "bin") / "python"
    without_settings = {name: value for name, value in os.environ.items() if not name.startswith("COURSE_")}
    done = subprocess.run(
        [python, "-m", "tools", "doctor"], cwd=tmp_path, env=without_settings, capture_output=True, text=True
    )
    assert done.stderr == ""
    for topic in ("Python", "settings", "packages", "disk", "memory", "GPU"):
        assert re.search(rf"(?m)^(OK|WARN) +{topic}\b", done.stdout)
    assert "installs the packages" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "advice"), [("COURSE_DAT", "did you mean COURSE_DATA?"), ("COURSE_QQ", "COURSE_BASE")]
)
def test_a_setting_with_an_unknown_name_is_warned_of(monkeypatch, name, advice):
    monkeypatch.setenv(name, "photos")
    (state, what) = doctor.look_at_settings()[0]
    assert state == doctor.WARN and name in what and advice in what


@pytest.mark.parametrize(("ready", "words"), [(False, "GPU 0: a card"), (True, "CPU build is installed")])
def test_only_an_installed_cpu_build_is_told_where_there_is_a_gpu(monkeypatch, tmp_path, ready, words):
    if environment.installed_version("tensorflow"):
        pytest.skip("TensorFlow's build for GPUs is installed")
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'GPU 0: a card'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    if environment.tensorflow_extra() == "cpu":
        pytest.skip("no GPU is looked for on this system")
    ((_, what),) = doctor.look_at_gpu(ready)
    assert words in what


def test_a_wrong_setting_fails():
    done = course_doctor(COURSE_DATA="pictures")
    assert done.returncode == 1
    assert re.search(r"(?m)^FAIL +COURSE_DATA is 'pictures'", done.stdout)
    assert "mend what is marked FAIL" in done.stdout


@pytest.mark.parametrize(
    ("backend", "settings_of_keras", "words"),
    [
        ("jax", {}, "KERAS_BACKEND is 'jax'"),
        ("", {"backend": "torch"}, "keras.json asks for the backend 'torch'"),
        ("", {"backend": "mxnet"}, "keras.json asks for the backend 'mxnet'"),
        ("", {"backend": "tensorflow", "image_data_format": "channels_first"}, "asks for 'channels_first'"),
    ],
)
def test_settings_that_the_course_cannot_work_with_fail_without_a_traceback(
    tmp_path, backend, settings_of_keras, words
):
    (tmp_path / "keras.json").write_text(json.dumps(settings_of_keras))
    done = course_doctor(KERAS_HOME=str(tmp_path), KERAS_BACKEND=backend)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert any(line.startswith("FAIL") and words in line for line in done.stdout.splitlines())


@pytest.mark.parametrize(
    ("module", "content"),
    [("cv2", ""), ("matplotlib", "raise AttributeError('_ARRAY_API not found')\n")],
    ids=["an empty cv2", "matplotlib for another NumPy"],
)
def test_a_package_that_is_broken_inside_fails(tmp_path, module, content):
    (tmp_path / f"{module}.py").write_text(content)
    done = course_doctor(PYTHONPATH=os.pathsep.join([str(tmp_path), *sys.path]))
    assert done.returncode == 1
    assert re.search(rf"(?m)^FAIL +packages: {module}\S* cannot be imported \(AttributeError", done.stdout)


def test_a_mirror_on_the_web_is_asked_for_the_file_that_the_fetch_reads_first(monkeypatch):
    with loopback() as site:
        monkeypatch.setenv("COURSE_MIRROR", site.address)
        assert (doctor.WARN, "the mirror cannot") in [(state, what[9:26]) for state, what in doctor.look_at_network()]
        site.put("SHA256SUMS", whole(b""))
        assert (doctor.OK, "network: the mirror can be reached") in doctor.look_at_network()


def test_a_full_disk_fails(monkeypatch):
    monkeypatch.setattr(doctor, "FREE_BYTES_FOR_LESSON", 10**18)
    assert doctor.look_at_disk(ready=True)[0][0] == doctor.FAIL


def test_a_folder_that_may_not_be_written_fails(tmp_path, monkeypatch):
    folder = tmp_path / "read only"
    folder.mkdir()
    folder.chmod(0o555)
    monkeypatch.chdir(folder)
    if os.access(folder, os.W_OK):
        pytest.skip("this user may write everywhere")
    assert doctor.FAIL in [state for state, _ in doctor.look_at_disk(ready=True)]


def test_too_little_memory_fails_and_is_refused(monkeypatch):
    monkeypatch.setattr(doctor, "REFERENCE", {"03_scratch_cnn": (1, 10**9)})
    assert doctor.look_at_memory()[0][0] == doctor.FAIL
    with pytest.raises(CourseError, match="close other programs"):
        doctor.require_memory(["03_scratch_cnn"])


def test_enough_memory_is_let_pass(monkeypatch):
    monkeypatch.setattr(doctor, "REFERENCE", {"03_scratch_cnn": (1, 1)})
    assert doctor.look_at_memory()[0][0] == doctor.OK
    doctor.require_memory(["03_scratch_cnn"])


def test_a_notebook_that_is_not_run_needs_no_memory(monkeypatch):
    monkeypatch.setattr(doctor, "REFERENCE", {"03_scratch_cnn": (1, 1), "08_flowers": (1, 10**9)})
    assert doctor.look_at_memory()[0][0] == doctor.OK
    doctor.require_memory(["03_scratch_cnn"])
    with pytest.raises(CourseError, match="close other programs"):
        doctor.require_memory(["03_scratch_cnn", "08_flowers"])


def test_missing_packages_are_named(checkout, tmp_path):
    (tmp_path / "pyproject.toml").write_bytes((checkout / "pyproject.toml").read_bytes())
    text = (checkout / "constraints.txt").read_text(encoding="utf-8")
    changed = re.sub(r"(?m)^tqdm==.*", "tqdm==0.0.1", text)
    (tmp_path / "constraints.txt").write_text(changed, encoding="utf-8")
    state, what = doctor.look_at_packages(tmp_path, ready=True)[0]
    assert state == doctor.WARN and "tqdm 0.0.1" in what


def test_an_environment_that_is_not_there_yet_is_no_failure():
    assert doctor.look_at_packages(None, ready=False)[0][0] == doctor.WARN
    assert "installs the packages" in doctor.next_step([doctor.OK, doctor.WARN], ready=False)


def test_the_forecast_scales_with_the_probe(monkeypatch):
    def total(seconds):
        monkeypatch.setattr(doctor, "probe_seconds", lambda: seconds)
        return doctor.forecast()[-1][1]

    lesson = sum(seconds for name, (seconds, _) in doctor.REFERENCE.items() if name < "06")
    assert f"{lesson / 60:.0f} min" in total(doctor.REFERENCE_PROBE_SECONDS)
    assert total(doctor.REFERENCE_PROBE_SECONDS) != total(2 * doctor.REFERENCE_PROBE_SECONDS)


def test_the_forecast_covers_every_notebook(checkout):
    scripts = (checkout / "notebooks" / "scripts").glob("[0-9][0-9]_*.py")
    assert {path.stem for path in scripts} == set(doctor.REFERENCE)


def test_readme_and_page_for_teachers_name_the_memory_and_disk_that_the_doctor_asks_for(checkout):
    memory = f"{math.ceil(doctor.memory_needed(doctor.REFERENCE) / 1e8) / 10} GB of free memory"
    disk = f"{(doctor.FREE_BYTES_FOR_LESSON + environment.FREE_BYTES_NEEDED) / 1e9} GB of disk"
    assert f"{memory} and {disk}" in (checkout / "README.md").read_text(encoding="utf-8")
    assert memory in (checkout / "docs" / "teaching.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", doctor.REFERENCE)
def test_a_notebook_states_the_memory_that_it_takes(name, checkout):
    text = (checkout / "notebooks" / "scripts" / f"{name}.py").read_text(encoding="utf-8")
    (stated,) = re.findall(r"\*\*Memory\*\* ([\d.]+) GB", text)
    assert 0 <= float(stated) - doctor.REFERENCE[name][1] / 1000 < 1
