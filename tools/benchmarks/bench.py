"""Time the published ways against the course's: ``make bench`` (BENCH=quick or BENCH=full).

Each figure is a ratio of two things run alternately, each in a process of its own, on the same machine and images.
Writes report.json, report.md and plots into build/bench/MODE; in full also the page of the book and its plots.
Give names of parts (see --help) to measure those alone and keep the others of an earlier run.
"""

import argparse
import contextlib
import datetime
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from course_utils import settings
from course_utils.errors import CourseError
from course_utils.files import write_text
from course_utils.photos import fetch_photos, source_of
from tools.benchmarks import report
from tools.benchmarks.report import EPOCHS_SCRATCH, TEST, TRAIN

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "bench"
RESULTS = ROOT / "docs" / "results"

# What is measured: rounds, photos for Q2, numbers of photos for the growth (published and ours), images for an
# epoch of Q3, seeds and epochs for its accuracy, images for VGG16.
MODES = {
    "quick": {
        "rounds": 1,
        "q2": 900,
        "published": [150, 300, 600],
        "ours": [150, 300, 600, 1000],
        "q3": 320,
        "seeds": [],
        "vgg16": 64,
    },
    "full": {
        "rounds": 3,
        "q2": 3000,
        "published": [500, 1000, 2000, 4000],
        "ours": [500, 1000, 2000, 4000, 8000, 25000],
        "q3": 2000,
        "seeds": [0, 1, 2],
        "vgg16": 192,
    },
}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all by default")
    parts = arguments.parse_args().parts or list(PARTS)
    mode = settings.benchmark()
    try:
        return run(parts, mode)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1


def run(parts, mode):
    """Measure some parts, and write the report of these and of what an earlier run of the same kind measured.

    Parameters
    ----------
    parts : list of str
        Names in `PARTS`.
    mode : str
        A name in `MODES`.

    Returns
    -------
    int
        0 where everything is as it must be, 1 where a bound is missed.

    Raises
    ------
    CourseError
        For an unknown part, or where a measurement fails.
    """
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise CourseError(f"There is no part {unknown[0]!r} of the benchmark; choose of {', '.join(PARTS)}.")
    kept = BUILD / mode
    kept.mkdir(parents=True, exist_ok=True)
    machine = report.machine()
    found = {"mode": mode, "machine": machine, "parts": {}}
    path = kept / "report.json"
    with contextlib.suppress(OSError, ValueError, KeyError):
        earlier = json.loads(path.read_text(encoding="utf-8"))
        if earlier["machine"] == machine:
            found["parts"] = earlier["parts"]
    images, folder = image_folder()
    for part in parts:
        print(f"{part} ...", flush=True)
        begun = time.perf_counter()
        measured = PARTS[part](MODES[mode], folder)
        seconds = time.perf_counter() - begun
        print(f"{part}: {seconds:.0f} s", flush=True)
        found["parts"][part] = measured | {
            "images": images,
            "seconds": round(seconds),
            "date": datetime.date.today().isoformat(),
        }
        path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    rows = report.rows(found)
    page = report.page(found, rows)
    (kept / "report.md").write_text(page, encoding="utf-8")
    plots = report.draw(found, rows, kept)
    if mode == "full" and set(found["parts"]) == set(PARTS):
        write_text(RESULTS / "benchmark.md", page)
        for plot in plots:
            shutil.copy(plot, RESULTS)
    print(f"\n{report.table(rows)}\nThe report is {kept / 'report.md'}")
    missed = [row for row in rows if row.met is False]
    for row in missed:
        print(f"MISSED: {row.what}: {row.reached:.2f}, must be {row.bound_words}", file=sys.stderr)
    return 1 if missed else 0


def task(name, **arguments):
    """Run one task in a process of its own and give what it measured.

    Parameters
    ----------
    name : str
        One of the functions in `tasks.py`.
    **arguments
        Its arguments.

    Returns
    -------
    dict

    Raises
    ------
    CourseError
        Where the process fails.
    """
    command = [sys.executable, "-m", "tools.benchmarks.tasks", name, json.dumps(arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1]
        raise CourseError(f"The measurement {name} failed ({reason}); close other programs and run this again.")
    return json.loads(done.stdout.splitlines()[-1])


def image_folder():
    """Find 3,000 images: those in data/, else drawn ones; give what they are, and the folder."""
    with contextlib.suppress(CourseError):
        return source_of(ROOT / "data"), ROOT / "data"
    os.environ["COURSE_DATA"] = "sandbox"
    folder = fetch_photos(BUILD / "data")
    return source_of(folder), folder


def sets_of(folder, count):
    """Make folders of so many images, two thirds to train on and one third to test on, half of each dogs.

    Links to the same files, which are used again where there are too few of them.

    Parameters
    ----------
    folder : pathlib.Path
        The data folder.
    count : int
        The number of images.

    Returns
    -------
    list of list of str
        For training and test the folders of dogs and of cats.
    """
    from course_utils import photo_paths

    numbers = {"train": count - count // 3, "test": count // 3}
    sets = []
    for split, number in numbers.items():
        sets.append([])
        for kind, wanted in (("dogs", number - number // 2), ("cats", number // 2)):
            there = photo_paths(folder / f"{kind}-{split}")
            made = BUILD / f"{count}" / f"{kind}-{split}"
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir(parents=True)
            for index in range(wanted):
                link_or_copy(there[index % len(there)], made / f"{index}.jpg")
            sets[-1].append(str(made))
    return sets


def link_or_copy(source, target):
    """A second name for a file, or a copy where the disk has no such thing or takes no more names of one file."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy(source, target)


def q2(mode, folder):
    """Photos to arrays: published, plain loop, ours."""
    sets = sets_of(folder, mode["q2"])
    task("load_plain", sets=sets)  # so that the disk's own memory helps all alike
    rounds = [
        {name: task(f"load_{name}", sets=sets) for name in ("published", "plain", "ours")}
        for _ in range(mode["rounds"])
    ]
    shutil.rmtree(BUILD / str(mode["q2"]))
    return {"photos": mode["q2"], "rounds": rounds}


def growth(mode, folder):
    """The same over the number of photos, and into a file for the largest number."""
    rows = []
    for count in sorted({*mode["published"], *mode["ours"]}):
        sets = sets_of(folder, count)
        ways = ["ours"] + (["published", "plain"] if count in mode["published"] else [])
        rounds = [{way: task(f"load_{way}", sets=sets) for way in ways} for _ in range(mode["rounds"])]
        if count == max(mode["ours"]):
            stored = BUILD / "photos.npy"
            for measured in rounds:
                measured["stored"] = task("store_ours", sets=sets, file=str(stored))
            stored.unlink()
        shutil.rmtree(BUILD / str(count))
        rows.append({"photos": count, "rounds": rounds})
        print(f"  {count:,} photos", flush=True)
    return {"rows": rows}


def q3(mode, folder):
    """An epoch of the scratch CNN: published in float32, ours in float32 and in the fastest precision."""
    fastest, photos = task("probe")["precision"], mode["q3"]
    rounds = []
    for _ in range(mode["rounds"]):
        measured = {
            "published": task("epoch_published", photos=photos),
            "float32": task("epoch_ours", photos=photos, precision="float32"),
        }
        if fastest != "float32":
            measured["fastest"] = task("epoch_ours", photos=photos, precision=fastest)
        rounds.append(measured)
    return {"photos": photos, "fastest": fastest, "rounds": rounds}


def accuracy(mode, folder):
    """Test accuracy of the scratch CNN over seeds, in float32, and in the fastest precision where that is another."""
    precisions = dict.fromkeys(["float32", task("probe")["precision"]])
    reached = {
        precision: [
            task("accuracy", folder=str(folder), precision=precision, seed=seed, epochs=EPOCHS_SCRATCH)["accuracy"]
            for seed in mode["seeds"]
        ]
        for precision in precisions
    }
    return {"reached": reached}


def frozen_accuracy(mode, folder):
    """Test accuracy of a head on a frozen base over seeds: features recorded once, and end to end as published."""
    base = "mini_vgg16" if source_of(folder) == "sandbox" else "MobileNetV2-0.35"
    reached = {
        way: [task(f"{way}_accuracy", folder=str(folder), base=base, seed=seed)["accuracy"] for seed in mode["seeds"]]
        for way in ("recorded", "end_to_end")
    }
    return {"base": base, "reached": reached}


def q45(mode, folder):
    """The frozen VGG16: an epoch end to end as published; features recorded once and a head trained on them."""
    fastest, photos = task("probe")["precision"], mode["vgg16"]
    rounds = []
    for _ in range(mode["rounds"]):
        measured = {"published": task("end_to_end_published", photos=photos)}
        for name, precision in (("float32", "float32"), ("fastest", fastest)):
            if name == "float32" or fastest != "float32":
                measured[name] = task("features_ours", photos=photos, precision=precision, train=TRAIN, test=TEST)
        rounds.append(measured)
    return {"photos": photos, "fastest": fastest, "rounds": rounds}


PARTS = {"q2": q2, "growth": growth, "q3": q3, "accuracy": accuracy, "q45": q45, "frozen_accuracy": frozen_accuracy}


if __name__ == "__main__":
    sys.exit(main())
