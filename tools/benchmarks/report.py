"""From what `bench.py` measured to its table, page and plots."""

import os
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from statistics import mean, median

import numpy as np

TRAIN, TEST, EPOCHS_SCRATCH, EPOCHS_FROZEN = 2000, 1000, 10, 5
PACKAGES = ("tensorflow", "tensorflow-cpu", "keras", "numpy", "opencv-python-headless", "pillow")
# Okabe and Ito's colours, which colour-blind readers tell apart; the markers differ as well.
LOOKS = {
    "published": ("#D55E00", "o", "published way"),
    "plain": ("#0072B2", "s", "decoding and resizing alone, plain loop"),
    "ours": ("#009E73", "^", "load_photos"),
}


@dataclass
class Row:
    """One figure of the report.

    what : what is compared
    values : the figure of each round
    bound : what it must reach; None where it is only told
    at_least : whether the bound is the least (or the most)
    unit : what is printed behind the figure
    digits : how many are printed after the point
    """

    what: str
    values: list
    bound: float | None = None
    at_least: bool = True
    unit: str = "times"
    digits: int = 2

    @property
    def reached(self):
        """The figure that counts: the median over the rounds."""
        return median(self.values)

    @property
    def met(self):
        """Whether the bound is reached; None without a bound."""
        if self.bound is None:
            return None
        return self.reached >= self.bound if self.at_least else self.reached <= self.bound

    @property
    def bound_words(self):
        """The bound in words."""
        return "" if self.bound is None else f"{'at least' if self.at_least else 'at most'} {self.bound:g}"


def machine():
    """Name the processor, the cores, the memory, the system and the versions of what is measured with."""
    import psutil

    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            processor = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        processor = platform.processor() or platform.machine()
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {
        "processor": processor,
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": versions,
    }


def rows(found):
    """Compute the figures of all measured parts.

    Parameters
    ----------
    found : dict
        What report.json holds.

    Returns
    -------
    list of Row
        In full with the bounds that must be reached; else only the directions count: more than 1.
    """
    parts, full = found["parts"], found["mode"] == "full"
    made = []
    if "q2" in parts:
        made += q2_rows(parts["q2"])
    if "growth" in parts:
        made += growth_rows(parts["growth"])
    if "q3" in parts:
        made += q3_rows(parts["q3"])
    if parts.get("accuracy", {}).get("reached", {}).get("float32"):
        made += accuracy_rows(parts["accuracy"])
    if "q45" in parts:
        made += q45_rows(parts["q45"])
    if parts.get("frozen_accuracy", {}).get("reached", {}).get("recorded"):
        made.append(frozen_accuracy_row(parts["frozen_accuracy"]))
    if {"q2", "q3", "q45"} <= set(parts):
        made += whole_rows(parts["q2"], parts["q3"], parts["q45"])
    if not full:
        for row in made:
            row.bound = 1.0 if row.bound is not None and row.at_least and row.bound > 1 else None
    return made


def q2_rows(part):
    """Photos to arrays."""

    def ratios(way, key):
        return [measured[way][key] / measured["ours"][key] for measured in part["rounds"]]

    photos = f"Q2, {part['photos']:,} photos to arrays"
    return [
        Row(f"{photos}: published / ours, time", ratios("published", "seconds"), 12),
        Row(f"{photos}: decoding and resizing alone / ours, time", ratios("plain", "seconds"), 2.5),
        Row(f"{photos}: published / ours, peak memory", ratios("published", "peak_mb"), 6),
    ]


def growth_rows(part):
    """Exponents of time and memory over the number of photos."""
    made = []
    for way, words in (("ours", "ours"), ("published", "published")):
        counts, seconds, held = series(part, way)
        bound = 1.05 if way == "ours" else None
        made += [
            Row(f"growth of {words}, time: exponent, {counts[0]:,} to {counts[-1]:,} photos",
                [exponent(counts, seconds)], bound, False, ""),
            Row(f"growth of {words}, memory: exponent, {counts[0]:,} to {counts[-1]:,} photos",
                [exponent(counts, held)], bound, False, ""),
        ]  # fmt: skip
    counts, seconds, _ = series(part, "published")
    largest = part["rows"][-1]
    at = largest["photos"]
    ours = [measured["ours"]["seconds"] for measured in largest["rounds"]]
    extrapolated = float(extrapolate(counts, seconds)(at))
    made.append(
        Row(f"{at:,} photos: published (extrapolated from {counts[-1]:,}) / ours, time",
            [extrapolated / one for one in ours])
    )  # fmt: skip
    stored = [measured["stored"] for measured in largest["rounds"]]
    made.append(
        Row(f"{at:,} photos straight into a file: memory beside the imports",
            [one["peak_mb"] - one["before_mb"] for one in stored], None, False, "MB")
    )  # fmt: skip
    return made


def q3_rows(part):
    """An epoch of the scratch CNN."""
    key = "float32" if part["fastest"] == "float32" else "fastest"
    ratios = [measured["published"]["epoch"] / measured[key]["epoch"] for measured in part["rounds"]]
    same = [measured["published"]["epoch"] / measured["float32"]["epoch"] for measured in part["rounds"]]
    what = f"Q3, an epoch of the scratch CNN: published float32 / ours in {part['fastest']}"
    made = [Row(what, ratios, 0.95 if key == "float32" else 2)]
    if key == "fastest":
        made.append(Row("Q3, an epoch of the scratch CNN: published float32 / ours in float32", same, 0.95))
    return made


def accuracy_rows(part):
    """Mean accuracy in other precisions beside float32's."""
    plain = part["reached"]["float32"]
    return [
        accuracy_row(f"Q3, mean test accuracy of {len(plain)} seeds, {precision} minus float32", reached, plain)
        for precision, reached in part["reached"].items()
        if precision != "float32"
    ]


def frozen_accuracy_row(part):
    """Mean accuracy of a head on recorded features beside that of the same head end to end."""
    recorded, whole = part["reached"]["recorded"], part["reached"]["end_to_end"]
    what = f"Q4-Q5, mean test accuracy of {len(whole)} seeds, frozen {part['base']}: recorded features minus end to end"
    return accuracy_row(what, recorded, whole)


def accuracy_row(what, reached, plain):
    """A mean accuracy, which may be below the plain way's by no more than that one's spread over the seeds."""
    return Row(f"{what} ({mean(plain):.3f})", [mean(reached) - mean(plain)], min(plain) - max(plain), True, "", 3)


def q45_rows(part):
    """The frozen VGG16."""
    made = []
    for key, precision, bound in precisions(part, 4.5, 9):
        ratios = [frozen_published(measured, part) / frozen_ours(measured[key], part) for measured in part["rounds"]]
        what = f"Q4-Q5, frozen VGG16: 5 epochs end to end in float32 / features recorded once in {precision}"
        made.append(Row(what, ratios, bound))
    for key, precision, bound in precisions(part, 0.75, 0.75):
        rates = [
            measured[key]["flops_a_second"] / measured[key]["flops_a_second_of_matrix_product"]
            for measured in part["rounds"]
        ]
        made.append(Row(f"Q4-Q5, recording: rate / rate of the matrix product in {precision}", rates, bound, unit=""))
    return made


def whole_rows(q2, q3, q45):
    """Q2-Q5 together, from the measured pieces (Q1, the download, depends on the network)."""
    made = []
    for key, precision, bound in precisions(q45, 2.5, 6):
        ratios = []
        for loading, epoch, frozen in zip(q2["rounds"], q3["rounds"], q45["rounds"], strict=True):
            published = (
                loading["published"]["seconds"] * (TRAIN + TEST) / q2["photos"]
                + EPOCHS_SCRATCH * scratch(epoch["published"], q3, judged=1)
                + frozen_published(frozen, q45)
            )
            ours = (
                loading["ours"]["seconds"] * (TRAIN + TEST) / q2["photos"]
                + EPOCHS_SCRATCH * scratch(epoch[key], q3, judged=1 / EPOCHS_SCRATCH)
                + frozen_ours(frozen[key], q45)
            )
            ratios.append(published / ours)
        made.append(Row(f"Q2-Q5 as published, VGG16 on both sides: published / ours in {precision}", ratios, bound))
    return made


def precisions(part, bound_float32, bound_fastest):
    """What was measured of ours: (key, name of the precision, bound)."""
    made = [("float32", "float32", bound_float32)]
    if part["fastest"] != "float32":
        made.append(("fastest", part["fastest"], bound_fastest))
    return made


def scratch(measured, part, judged):
    """Seconds of an epoch on all training photos, and of judging the test photos so many times."""
    photos = part["photos"]
    return measured["epoch"] * TRAIN / photos + judged * measured["judge"] * TEST / (photos // 2)


def frozen_published(measured, part):
    """Seconds of five epochs end to end, scaled from the photos that were measured to all."""
    return EPOCHS_FROZEN * measured["published"]["epoch"] * TRAIN / part["photos"]


def frozen_ours(measured, part):
    """Seconds of recording all features, scaled, and of training the head."""
    return measured["recording"] * (TRAIN + TEST) / part["photos"] + measured["training"]


def series(part, way):
    """The numbers of photos at which a way was measured, its median seconds, and its memory beside the imports."""
    with_way = [row for row in part["rows"] if way in row["rounds"][0]]
    counts = [row["photos"] for row in with_way]
    seconds = [median(measured[way]["seconds"] for measured in row["rounds"]) for row in with_way]
    held = [
        median(measured[way]["peak_mb"] - measured[way]["before_mb"] for measured in row["rounds"]) for row in with_way
    ]
    return counts, seconds, held


def exponent(counts, values):
    """The slope of a straight line through the logarithms: 1 for work that grows as the number does, 2 for its square.

    Parameters
    ----------
    counts, values : list of float
        At least two of each, positive.

    Returns
    -------
    float
    """
    return float(np.polyfit(np.log(counts), np.log(values), 1)[0])


def extrapolate(counts, seconds):
    """Fit seconds = a n + b n^2, the cost of reading each photo and of copying all before it each time.

    Parameters
    ----------
    counts, seconds : list of float
        What was measured.

    Returns
    -------
    callable
        Number of photos -> seconds.
    """
    counts = np.asarray(counts, float)
    # Relative errors count, so that the small numbers have their say.
    weights = 1 / np.asarray(seconds)
    columns = np.stack([counts, counts**2], axis=1) * weights[:, None]
    linear, square = np.linalg.lstsq(columns, np.asarray(seconds) * weights, rcond=None)[0]
    return lambda number: linear * number + square * np.asarray(number, float) ** 2


def table(made):
    """Lay the figures out as a table in markdown."""
    lines = ["| what | minimum | median | maximum | must be | |", "|---|---:|---:|---:|---|---|"]
    for row in made:
        least, reached, most = (f"{value:.{row.digits}f}" for value in (min(row.values), row.reached, max(row.values)))
        # A figure that is computed once, over all rounds, has no range.
        figures = f"{least} | {reached} | {most}" if len(row.values) > 1 else f" | {reached} | "
        state = {None: "", True: "yes", False: "**no**"}[row.met]
        unit = f" ({row.unit})" if row.unit not in ("", "times") else ""
        lines.append(f"| {row.what}{unit} | {figures} | {row.bound_words} | {state} |")
    return "\n".join(lines)


def measured_where(found):
    """Say when, on what machine, with what versions and on what images the figures were measured."""
    here, parts = found["machine"], found["parts"].values()
    versions = ", ".join(f"{name} {number}" for name, number in here["versions"].items())
    dates = " and ".join(sorted({part["date"] for part in parts}))
    images = ", ".join(sorted({part["images"] for part in parts}))
    machine = f"{here['processor']}, {here['cores']} cores, {here['memory_gb']} GB, {here['system']}"
    return f"Written by `BENCH={found['mode']} make bench` on {dates}: {machine}; {versions}. Images: {images}."


def page(found, made):
    """Write the whole report as a page."""
    parts = found["parts"]
    lines = [
        "# Published ways against the course's",
        "",
        measured_where(found),
        "See [how each figure is made](how.md).",
        "",
        table(made),
    ]
    if found["mode"] != "full":
        lines += ["", "A quick run looks at directions only: the bounds are those of BENCH=full."]
    if "growth" in parts:
        lines += ["", "## Seconds over the number of photos", "", *growth_table(parts["growth"])]
        lines += ["", "![Seconds over the number of photos: the published way bends upwards, the others are straight]"]
        lines[-1] += "(bench_time.png)"
        lines += ["", "![Memory over the number of photos: the published way needs most](bench_memory.png)"]
    lines += ["", "![Each ratio with its range over the rounds, and its bound](bench_ratios.png)"]
    lines += ["", "## Seconds that each part took to measure", ""]
    lines += [", ".join(f"{name} {part['seconds']} s" for name, part in parts.items()) + "."]
    return "\n".join(lines) + "\n"


def growth_table(part):
    """The medians behind the plot of time, the extrapolated ones marked."""
    measured = {way: dict(zip(*series(part, way)[:2], strict=True)) for way in LOOKS}
    beyond = extrapolate(*series(part, "published")[:2])
    lines = ["| photos | published | plain loop | load_photos |", "|---:|---:|---:|---:|"]
    for row in part["rows"]:
        count = row["photos"]
        cells = [f"{measured[way][count]:.2f}" if count in measured[way] else "" for way in LOOKS]
        cells[0] = cells[0] or f"{float(beyond(count)):.0f} (extrapolated)"
        lines.append(f"| {count:,} | {' | '.join(cells)} |")
    return lines


def draw(found, made, folder):
    """Draw the plots.

    Parameters
    ----------
    found : dict
        What report.json holds.
    made : list of Row
        From `rows`.
    folder : pathlib.Path
        Where the PNG files go.

    Returns
    -------
    list of pathlib.Path
        The files.
    """
    import matplotlib

    matplotlib.use("Agg")
    plots = [draw_ratios(made, folder / "bench_ratios.png")]
    if "growth" in found["parts"]:
        part = found["parts"]["growth"]
        plots += [draw_time(part, folder / "bench_time.png"), draw_memory(part, folder / "bench_memory.png")]
    return plots


def draw_time(part, path):
    """Seconds over the number of photos."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for way, (colour, marker, words) in LOOKS.items():
        counts, seconds, _ = series(part, way)
        axes.loglog(counts, seconds, marker=marker, color=colour, label=f"{words}: n^{exponent(counts, seconds):.2f}")
    counts, seconds, _ = series(part, "published")
    beyond = np.geomspace(counts[-1], max(part["rows"][-1]["photos"], counts[-1]), 20)
    axes.loglog(
        beyond, extrapolate(counts, seconds)(beyond), "--", color=LOOKS["published"][0], label="published, extrapolated"
    )
    label_photos(axes, part)
    axes.set(ylabel="seconds", title="From JPEG files to one array: time")
    axes.legend()
    return saved(figure, path)


def draw_memory(part, path):
    """Memory beside the imports over the number of photos."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for way in ("published", "ours"):
        colour, marker, words = LOOKS[way]
        counts, _, held = series(part, way)
        axes.loglog(counts, held, marker=marker, color=colour, label=words)
    largest = part["rows"][-1]
    stored = median(one["stored"]["peak_mb"] - one["stored"]["before_mb"] for one in largest["rounds"])
    axes.loglog([largest["photos"]], [stored], "D", color="#CC79A7", label="store_photos, into a file")
    label_photos(axes, part)
    axes.set(ylabel="peak memory beside the imports, MB", title="From JPEG files to one array: memory")
    axes.legend()
    return saved(figure, path)


def label_photos(axes, part):
    """Name the measured numbers of photos on the axis."""
    counts = [row["photos"] for row in part["rows"]]
    axes.set_xticks(counts, [f"{count:,}" for count in counts])
    axes.minorticks_off()
    axes.set_xlabel("photos")
    axes.grid(alpha=0.3)


def draw_ratios(made, path):
    """Each ratio with its range, and its bound."""
    import matplotlib.pyplot as plt

    shown = [row for row in made if row.unit == "times"]
    figure, axes = plt.subplots(figsize=(10, 0.7 + 0.5 * max(len(shown), 1)), layout="constrained")
    for place, row in enumerate(reversed(shown)):
        axes.plot([min(row.values), max(row.values)], [place, place], color="#0072B2", linewidth=3)
        axes.plot(row.reached, place, "o", color="#0072B2", label="measured: median, range" if place == 0 else None)
        if row.bound is not None:
            axes.plot(row.bound, place, "|", color="#D55E00", markersize=16, markeredgewidth=3)
        axes.annotate(f"{row.reached:.2g}" if row.reached < 100 else f"{row.reached:.0f}", (row.reached, place),
                      xytext=(0, 7), textcoords="offset points", ha="center", fontsize=8)  # fmt: skip
    axes.plot([], [], "|", color="#D55E00", markersize=12, markeredgewidth=3, label="must be at least")
    axes.set_yticks(range(len(shown)), [row.what for row in reversed(shown)], fontsize=8)
    axes.set(xscale="log", xlabel="ratio (logarithmic)", title="How many times as much the published way takes")
    axes.margins(y=0.15)
    axes.grid(axis="x", alpha=0.3)
    axes.legend(fontsize=8, loc="lower right")
    return saved(figure, path)


def saved(figure, path):
    """Write a figure and close it."""
    import matplotlib.pyplot as plt

    figure.savefig(path, dpi=120)
    plt.close(figure)
    return path
