"""Time the course against what people would use instead: ``make bench-peers``; writes docs/results/peers.md.

The others run in .venv-peers, an environment that nothing else uses. All ways of a piece of work take turns, round
after round, each in a process of its own. Run it on an idle machine; it takes half an hour. ``python -m
tools.benchmarks.peers start`` measures only one piece of work anew, and keeps what was measured of the others.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median

import psutil

from course_utils.errors import CourseError
from course_utils.files import write_text
from course_utils.memory import held_memory
from course_utils.photos import source_of
from tools.benchmarks import report
from tools.benchmarks.bench import BUILD, RESULTS, ROOT, image_folder, link_or_copy

TASKS = Path(__file__).with_name("peer_tasks.py")
REQUIREMENTS = Path(__file__).with_name("peers-requirements.txt")
VENV = ROOT / ".venv-peers"
ROUNDS = 5
PHOTOS_OF_AN_EPOCH, PHOTOS_OF_VGG16 = 160, 32
TENSORFLOW, JAX, TORCH = ({"KERAS_BACKEND": name} for name in ("tensorflow", "jax", "torch"))


@dataclass(frozen=True)
class Way:
    """One way to do a piece of work.

    name : as the table calls it
    task : a function in `peer_tasks.py`
    arguments : its arguments
    peer : whether it runs in .venv-peers
    settings : of the environment
    """

    name: str
    task: str
    arguments: dict
    peer: bool = True
    settings: dict | None = None


@dataclass(frozen=True)
class Work:
    """A piece of work, done in several ways, the course's first.

    part : by which it is asked for alone
    title, ways : as they say
    bounds : how many times as long these ways must take at least; the fastest other way where the name is empty
    """

    part: str
    title: str
    ways: list
    bounds: dict


def works(folders):
    """List what is compared.

    Parameters
    ----------
    folders : dict of str to str
        What the images are -> a folder with one folder of images for each class.

    Returns
    -------
    list of Work
    """
    made = []
    for source, folder in folders.items():
        ways = [
            Way(name, "photos_to_array", {"way": way, "folder": folder}, peer)
            for name, way, peer in (
                ("`load_photos`", "course", False),
                ("torchvision, two workers", "torchvision", True),
                ("tf.data, decoding in parallel", "tf.data", False),
                ("Keras, `image_dataset_from_directory`", "keras", False),
                ("a loop over Pillow", "pillow", True),
            )
        ]
        made.append(Work("q2", f"Q2: 2,000 {source} to arrays", ways, {"": 1.7}))
    count = {"photos": PHOTOS_OF_AN_EPOCH}
    ways = [
        Way("Keras on TensorFlow", "epoch_ours", count, peer=False),
        Way("PyTorch, channels last", "epoch_torch", count | {"channels_last": True}),
        Way("PyTorch, as usually written", "epoch_torch", count | {"channels_last": False}),
        Way("Keras on JAX", "epoch_keras", count, settings=JAX),
        Way("Keras on PyTorch", "epoch_keras", count, settings=TORCH),
    ]
    made.append(Work("q3", f"Q3: an epoch of the scratch CNN, {PHOTOS_OF_AN_EPOCH} photos", ways, {"": 1.6}))
    count = {"photos": PHOTOS_OF_VGG16}
    ways = [
        Way("features recorded once", "frozen_ours", count, peer=False),
        Way("PyTorch, features recorded once", "frozen_torch", count | {"recorded": True}),
        Way("PyTorch, end to end", "frozen_torch", count | {"recorded": False}),
    ]
    bounds = {"PyTorch, end to end": 4, "PyTorch, features recorded once": 1.2}
    made.append(Work("q45", f"Q4-Q5: five epochs on the frozen VGG16, {PHOTOS_OF_VGG16} photos", ways, bounds))
    ways = [
        Way("the course", "start_ours", {}, peer=False),
        Way("Keras on TensorFlow", "start_keras", {}, peer=False, settings=TENSORFLOW),
        Way("PyTorch", "start_torch", {}),
        Way("Keras on JAX", "start_keras", {}, settings=JAX),
        Way("Keras on PyTorch", "start_keras", {}, settings=TORCH),
    ]
    made.append(Work("start", "From the start of Python to the end of the first batch", ways, {}))
    return made


def main():
    try:
        return compare()
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1


def compare():
    """Measure everything, and write the page.

    Returns
    -------
    int
        0 where every bound is met, else 1; a bound that is missed stands on the page as it is.

    Raises
    ------
    CourseError
        Where the environment cannot be made, or a measurement fails.
    """
    make_environment()
    BUILD.mkdir(parents=True, exist_ok=True)
    # Beside the images, since links lead to them.
    with tempfile.TemporaryDirectory(dir=BUILD) as temporary:
        measured = measure(works(image_folders(Path(temporary))), sys.argv[1:])
    kept = run(Way("", "versions", {"packages": ["torch", "torchvision", "jax", "pillow"]}))
    del kept["peak_mb"]
    write_text(RESULTS / "peers.md", page(measured, report.machine(), kept))
    missed = [line for work, rounds in measured for line in bound_lines(work, rounds) if "not reached" in line]
    print("\n".join([f"The page is {RESULTS / 'peers.md'}", *missed]))
    return 1 if missed else 0


def measure(all_work, parts):
    """Measure what was asked for and what no earlier run has measured, and keep it.

    Parameters
    ----------
    all_work : list of Work
    parts : list of str
        What to measure anew; nothing means everything.

    Returns
    -------
    list of (Work, list of dict)
        With each round: name of a way -> its measurement.

    Raises
    ------
    CourseError
        Where there is no such part, or a measurement fails.
    """
    known = {work.part for work in all_work}
    if unknown := set(parts) - known:
        raise CourseError(f"There is no part {unknown.pop()!r}; choose from {', '.join(sorted(known))}.")
    kept = BUILD / "peers.json"
    found = json.loads(kept.read_text(encoding="utf-8")) if parts and kept.exists() else {}
    for work in all_work:
        if work.part in parts or work.title not in found:
            found[work.title] = [{way.name: run(way) for way in work.ways} for _ in range(ROUNDS)]
            write_text(kept, json.dumps(found))
    return [(work, found[work.title]) for work in all_work]


def make_environment():
    """Make .venv-peers, where it is not there, and install what the course is compared with.

    Raises
    ------
    CourseError
        Where that fails.
    """
    stamp = VENV / "installed.txt"
    wanted = REQUIREMENTS.read_text(encoding="utf-8")
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    print(f"Installing PyTorch and JAX into {VENV} (several GB, once) ...", flush=True)
    commands = (
        [sys.executable, "-m", "venv", str(VENV)],
        [str(peer_python()), "-m", "pip", "install", "--quiet", "-r", str(REQUIREMENTS)],
    )
    for command in commands:
        if subprocess.run(command, cwd=ROOT).returncode:
            raise CourseError(f"{VENV} could not be made; see above, mend that, and run make bench-peers again.")
    write_text(stamp, wanted)


def peer_python():
    """The interpreter of .venv-peers."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def image_folders(temporary):
    """Give folders with 2,000 images, one folder for each class, for each kind of images that is here.

    Parameters
    ----------
    temporary : pathlib.Path
        For links to the images.

    Returns
    -------
    dict of str to str
        What they are -> the folder.
    """
    kinds = {}
    _, folder = image_folder()
    for data in (folder, BUILD / "data"):
        try:
            source = {"photos": "photos", "sandbox": "drawings"}[source_of(data)]
        except CourseError:
            continue
        made = temporary / source
        made.mkdir(exist_ok=True)
        for kind in ("cats", "dogs"):
            if not (made / kind).exists():
                shutil.copytree(data / f"{kind}-train", made / kind, copy_function=link_or_copy)
        kinds[source] = str(made)
    return kinds


def run(way):
    """Measure one way once, in a process of its own.

    Parameters
    ----------
    way : Way

    Returns
    -------
    dict
        What the task gives, with the peak of memory as ``peak_mb``.

    Raises
    ------
    CourseError
        Where the process fails.
    """
    python = peer_python() if way.peer else sys.executable
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH" or not way.peer}
    if not way.peer:
        environment["PYTHONPATH"] = str(ROOT)
    environment |= {"TF_CPP_MIN_LOG_LEVEL": "3"} | (way.settings or {})
    command = [str(python), str(TASKS), way.task, json.dumps(way.arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environment, **pipes) as process:
        peak, watched = 0, psutil.Process(process.pid)
        while True:
            try:
                said, complaints = process.communicate(timeout=0.05)
                break
            except subprocess.TimeoutExpired:
                peak = max(peak, held_memory(watched))
    if process.returncode:
        reason = (complaints.strip() or f"exit code {process.returncode}").splitlines()[-1]
        raise CourseError(f"{way.name or way.task} failed ({reason}); close other programs and run this again.")
    measured = json.loads(said.splitlines()[-1])
    if "seconds" in measured:
        print(f"{way.name}: {measured['seconds']:.2f} s, {peak / 1e6:.0f} MB", flush=True)
    return measured | {"peak_mb": peak / 1e6}


def ratios(rounds, name, ours):
    """How many times as long as the course's a way took, round by round."""
    return [one[name]["seconds"] / one[ours]["seconds"] for one in rounds]


def bound_lines(work, rounds):
    """Say of each bound whether it is reached.

    Parameters
    ----------
    work : Work
    rounds : list of dict
        Name of a way -> its measurement.

    Returns
    -------
    list of str
    """
    ours, *others = (way.name for way in work.ways)
    lines = []
    for name, bound in work.bounds.items():
        chosen = name or min(others, key=lambda other: median(ratios(rounds, other, ours)))
        reached = median(ratios(rounds, chosen, ours))
        verdict = "reached" if reached >= bound else "not reached"
        lines.append(f"Must be at least {bound:g} times as fast as {chosen}: {verdict} ({reached:.2f}).")
    return lines


def page(measured, machine, peer_versions):
    """Write the page.

    Parameters
    ----------
    measured : list of (Work, list of dict)
    machine : dict
        As `report.machine` gives it.
    peer_versions : dict of str to str

    Returns
    -------
    str
    """
    versions = machine["versions"] | peer_versions
    lines = [
        "# Against what people would use instead",
        "",
        f"Written by `make bench-peers` on {date.today().isoformat()}: {machine['cores']} cores of "
        f"{machine['processor']}, {machine['memory_gb']} GB. {ROUNDS} rounds, in which all ways take turns, each in a "
        "process of its own; median (lowest-highest). The ratio is the median over the rounds of a way's seconds to "
        "the course's in the same round. Memory is the highest of the rounds, with what the loader's workers hold.",
        "",
        ", ".join(f"{name} {number}" for name, number in sorted(versions.items())) + ".",
    ]
    for work, rounds in measured:
        ours = work.ways[0].name
        lines += ["", f"## {work.title}", "", "| way | seconds | ratio | memory, MB |", "|---|---|---:|---:|"]
        for way in work.ways:
            seconds = [one[way.name]["seconds"] for one in rounds]
            peak = max(one[way.name]["peak_mb"] for one in rounds)
            times = f"{median(seconds):.2f} ({min(seconds):.2f}-{max(seconds):.2f})"
            lines.append(f"| {way.name} | {times} | {median(ratios(rounds, way.name, ours)):.2f} | {peak:,.0f} |")
        lines += ["", *bound_lines(work, rounds)] if work.bounds else []
    lines += ["", "What the others do better, and what was tried: [How each figure is made](how.md)."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
