"""The benchmark: figures computed right, bounds that can be missed, and the published ways as published."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

CHECKOUT_MODULES = (
    "tools.benchmarks.bench",
    "tools.benchmarks.report",
    "tools.benchmarks.published_ways",
    "tools.benchmarks.tasks",
)


@pytest.fixture
def benchmarks(checkout, monkeypatch):
    """The folder tools/benchmarks/ as a package, which it is only for a program that runs in the checkout."""
    import importlib
    from types import SimpleNamespace

    monkeypatch.syspath_prepend(str(checkout))
    return SimpleNamespace(**{name.split(".")[-1]: importlib.import_module(name) for name in CHECKOUT_MODULES})


@pytest.fixture
def two_folders(tmp_path):
    """Three dogs and two cats."""
    for folder, colours in (("dogs", [(255, 0, 0)] * 3), ("cats", [(0, 0, 255)] * 2)):
        (tmp_path / folder).mkdir()
        for number, colour in enumerate(colours):
            Image.new("RGB", (200, 180), colour).save(tmp_path / folder / f"{number}.jpg", quality=95)
    return [str(tmp_path / "dogs"), str(tmp_path / "cats")]


def found(mode="full", ours=1.0):
    """What a run finds where ours takes so many seconds for everything and the published way 20."""

    def loading(seconds, peak):
        return {"seconds": seconds, "before_mb": 50.0, "peak_mb": peak}

    q2 = {"published": loading(20, 1800.0), "plain": loading(5, 60.0), "ours": loading(ours, 260.0)}
    growth = []
    for count in (500, 1000, 2000, 25000):
        row = {"ours": loading(ours * count / 1000, 50 + count / 10)}
        if count <= 2000:
            row |= {
                "published": loading(count / 1000 + (count / 1000) ** 2, 900.0),
                "plain": loading(count / 500, 60.0),
            }
        else:
            row["stored"] = loading(3, 120.0)
        growth.append({"photos": count, "rounds": [row] * 3})
    epoch = {"published": {"epoch": 20.0, "judge": 2.0}, "float32": {"epoch": 20.0, "judge": 2.0}}
    epoch["fastest"] = {"epoch": 8.0 * ours, "judge": 1.0}
    features = {"recording": 6.0 * ours, "training": 5.0, "flops_a_second": 90e9}
    features["flops_a_second_of_matrix_product"] = 100e9
    frozen = {"published": {"epoch": 60.0}, "float32": features | {"recording": 18.0}, "fastest": features}
    about = {"images": "sandbox", "seconds": 1, "date": "2026-01-01"}
    parts = {
        "q2": {"photos": 3000, "rounds": [q2] * 3},
        "growth": {"rows": growth},
        "q3": {"photos": 2000, "fastest": "mixed_bfloat16", "rounds": [epoch] * 3},
        "accuracy": {
            "reached": {"float32": [0.70, 0.72, 0.74], "mixed_bfloat16": [0.69, 0.72, 0.72]},
        },
        "frozen_accuracy": {
            "base": "mini_vgg16",
            "reached": {"recorded": [0.95, 0.95, 0.96], "end_to_end": [0.95, 0.96, 0.96]},
        },
        "q45": {"photos": 192, "fastest": "mixed_bfloat16", "rounds": [frozen] * 3},
    }
    machine = {"processor": "any", "cores": 2, "memory_gb": 8, "system": "Linux", "versions": {"python": "3.11"}}
    return {"mode": mode, "machine": machine, "parts": {name: part | about for name, part in parts.items()}}


def reached(benchmarks, words, **options):
    (row,) = [row for row in benchmarks.report.rows(found(**options)) if words in row.what]
    return row


def test_the_published_array_is_as_published(benchmarks, two_folders):
    images = benchmarks.published_ways.photos_to_array(*two_folders)
    assert images.shape == (5, 150, 150, 3) and images.dtype == np.float64
    # Blue-green-red: the red of the dogs stands last.
    np.testing.assert_allclose(images[0, 75, 75], [0, 0, 1], atol=0.02)
    np.testing.assert_allclose(images[4, 75, 75], [1, 0, 0], atol=0.02)


def test_all_ways_load_and_are_measured(benchmarks, two_folders, tmp_path):
    for name in ("published", "plain", "ours"):
        measured = getattr(benchmarks.tasks, f"load_{name}")([two_folders])
        assert measured["seconds"] > 0 and measured["peak_mb"] >= measured["before_mb"] > 0
    benchmarks.tasks.store_ours([two_folders], str(tmp_path / "photos.npy"))
    assert np.load(tmp_path / "photos.npy").shape == (5, 150, 150, 3)


def test_a_task_runs_in_a_process_of_its_own(benchmarks, two_folders):
    assert benchmarks.bench.task("load_ours", sets=[two_folders])["seconds"] > 0


def test_a_task_that_fails_is_told(benchmarks):
    from course_utils.errors import CourseError

    with pytest.raises(CourseError, match="The measurement load_ours failed .*no-such-folder"):
        benchmarks.bench.task("load_ours", sets=[["no-such-folder"]])


@pytest.mark.parametrize(("words", "figure"), [
    ("published / ours, time", 20),
    ("decoding and resizing alone / ours", 5),
    ("peak memory", 1800 / 260),
    ("published float32 / ours in mixed_bfloat16", 2.5),
    ("features recorded once in float32", 5 * 60 * 2000 / 192 / (18 * 3000 / 192 + 5)),
    ("matrix product in mixed_bfloat16", 0.9),
    ("25,000 photos: published (extrapolated from 2,000) / ours", 650 / 25),
    ("25,000 photos straight into a file", 70),
    ("VGG16 on both sides: published / ours in float32",
     (20 + 10 * (20 + 2) + 5 * 60 * 2000 / 192) / (1 + 10 * 20 + 2 + 18 * 3000 / 192 + 5)),
])  # fmt: skip
def test_each_figure_is_the_ratio_that_it_says(benchmarks, words, figure):
    assert reached(benchmarks, words).reached == pytest.approx(figure, rel=1e-6)


@pytest.mark.parametrize("words", ["published / ours, time", "alone / ours", "ours in mixed_bfloat16"])
def test_a_slower_course_misses_its_bounds(benchmarks, words):
    rows = [row for row in benchmarks.report.rows(found(ours=30.0)) if words in row.what and row.bound is not None]
    assert rows and not any(row.met for row in rows)
    rows = [row for row in benchmarks.report.rows(found(ours=1.0)) if words in row.what and row.bound is not None]
    assert any(row.met for row in rows)


@pytest.mark.parametrize(("words", "part", "way"), [
    ("mixed_bfloat16 minus float32", "accuracy", "mixed_bfloat16"),
    ("recorded features minus end to end", "frozen_accuracy", "recorded"),
])  # fmt: skip
def test_an_accuracy_below_the_spread_is_missed(benchmarks, words, part, way):
    assert reached(benchmarks, words).met is True
    worse = found()
    worse["parts"][part]["reached"][way] = [0.5, 0.5, 0.5]
    assert [row.met for row in benchmarks.report.rows(worse) if words in row.what] == [False]


def test_quick_looks_at_directions_only(benchmarks):
    bounds = {row.bound for row in benchmarks.report.rows(found("quick"))}
    assert bounds == {1.0, None}
    assert reached(benchmarks, "published / ours, time", mode="quick", ours=19.0).met is True
    assert reached(benchmarks, "published / ours, time", mode="quick", ours=21.0).met is False


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_the_exponent_is_the_power_that_the_work_grows_with(benchmarks, power):
    counts = np.array([500, 1000, 4000, 25000])
    assert benchmarks.report.exponent(counts, 3 * counts**power) == pytest.approx(power)


def test_growth_with_the_square_misses_the_bound(benchmarks):
    squared = found()
    for row in squared["parts"]["growth"]["rows"]:
        row["rounds"] = [json.loads(json.dumps(row["rounds"][0]))]
        row["rounds"][0]["ours"]["seconds"] = row["photos"] ** 2
    (row,) = [row for row in benchmarks.report.rows(squared) if "growth of ours, time" in row.what]
    assert row.met is False


def test_the_extrapolation_finds_a_linear_and_a_square_part(benchmarks):
    counts = np.array([500, 1000, 2000, 4000])
    beyond = benchmarks.report.extrapolate(counts, 2e-3 * counts + 1e-6 * counts**2)
    assert float(beyond(25000)) == pytest.approx(2e-3 * 25000 + 1e-6 * 25000**2)


def test_the_page_names_machine_date_and_what_is_extrapolated(benchmarks):
    whole = found()
    page = benchmarks.report.page(whole, benchmarks.report.rows(whole))
    assert "any, 2 cores" in page and "2026-01-01" in page and "(extrapolated)" in page
    assert "| 500 | 0.75 |" in page


def test_a_difference_of_accuracies_has_three_digits_as_its_bound_has(benchmarks):
    row = benchmarks.report.accuracy_row("accuracy", [0.75, 0.76], [0.752, 0.762])
    assert "|  | -0.002 |  | at least -0.01 | yes |" in benchmarks.report.table([row])


def test_only_a_figure_of_several_rounds_has_a_range(benchmarks):
    once, thrice = (benchmarks.report.Row("figure", values, 2) for values in ([2.5], [2, 1, 4]))
    assert "| figure |  | 2.50 |  | at least 2 | yes |" in benchmarks.report.table([once])
    assert "| figure | 1.00 | 2.00 | 4.00 | at least 2 | yes |" in benchmarks.report.table([thrice])


def test_the_plots_are_drawn(benchmarks, tmp_path):
    whole = found()
    plots = benchmarks.report.draw(whole, benchmarks.report.rows(whole), tmp_path)
    assert [plot.name for plot in plots] == ["bench_ratios.png", "bench_time.png", "bench_memory.png"]
    for plot in plots:
        with Image.open(plot) as image:
            assert min(image.size) > 300


def test_an_unknown_part_is_told(checkout):
    done = subprocess.run(
        [sys.executable, "-m", "tools.benchmarks.bench", "q9"], cwd=checkout, capture_output=True, text=True
    )
    assert done.returncode == 1
    parts = "q2, growth, q3, accuracy, q45, frozen_accuracy"
    assert done.stderr == f"There is no part 'q9' of the benchmark; choose of {parts}.\n"


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_quick_benchmark_finds_every_direction_right(checkout, monkeypatch):
    monkeypatch.setenv("BENCH", "quick")
    done = subprocess.run(
        [sys.executable, "-m", "tools.benchmarks.bench"], cwd=checkout, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Q2-Q5 as published" in (checkout / "build" / "bench" / "quick" / "report.md").read_text(encoding="utf-8")
