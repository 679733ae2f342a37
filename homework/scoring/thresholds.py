"""What a right solution of each variant reaches, and from it the level that is asked: all variants equally hard."""

import hashlib
import json
import math
import os
from contextlib import chdir, redirect_stdout
from copy import deepcopy
from datetime import date
from io import StringIO
from itertools import combinations
from pathlib import Path

import numpy as np

from course_utils.assignments.accepted_layers import CONVOLUTIONS, read_steps
from course_utils.assignments.public_photos import PUBLIC_TEST
from course_utils.assignments.released_base import changes_of, released_base, trace_of
from course_utils.errors import CourseError
from course_utils.files import write_text
from homework.collecting.bundle import read_bundle
from homework.handing_out.variants import VARIANTS
from homework.pages import filled
from homework.scoring.copies import log_odds
from homework.scoring.hidden_photos import hidden_set
from homework.scoring.rubric import ITEMS
from homework.scoring.scorer import score

TABLE = Path(__file__).with_name("thresholds.json")
PAGE = Path(__file__).with_name("thresholds.md")
SOURCE = Path(__file__).resolve().parents[1] / "source"
SEEDS = 3
# Of trainings from which no level is made: the scorer marks them, as it would those of students.
OTHERS = 4
# The references are measured on the public test drawings, the submissions on as many hidden ones as the scorer draws
# by default: both are samples of the same drawings, and both have the luck of a sample.
HIDDEN = 400
# One right submission in a hundred, trained anew, is allowed to fall below the level by bad luck.
Z = 2.326
TAGS = {"variant", "recorded", "seed", "submission"}


def threshold(variant, photos=HIDDEN, table=TABLE):
    """Look up the accuracy on hidden photos that a variant asks for.

    Parameters
    ----------
    variant : dict
        The variant.
    photos : int
        The number of hidden photos: with fewer, luck is larger, and the level lower.
    table : pathlib.Path
        The committed table.

    Returns
    -------
    float
        A share between 0 and 1.

    Raises
    ------
    CourseError
        Where the table cannot be read or has no such variant, or was measured for another variant of this number or
        with other weights of its base.
    """
    try:
        rows = _read(table)[variant["assignment"]]
        row = rows[str(variant["number"])]
        level, fits = float(row["threshold"]), _is_for(row, variant)
        if photos != HIDDEN:
            level = level_from(row["accuracies"], spreads(rows)[variant["base"]], photos)
    except (OSError, ValueError, KeyError, TypeError):
        raise CourseError(
            f"{table} has no level for variant {variant['number']} of {variant['assignment']}; measure it with "
            "python -m homework.scoring.thresholds."
        ) from None
    if not fits:
        raise CourseError(
            f"{table} was measured for another variant {variant['number']} of {variant['assignment']}, or with other "
            "weights of its base; measure it again with python -m homework.scoring.thresholds."
        )
    return level


def reference_changes(variant, table=TABLE):
    """Look up what the reference runs of a variant changed.

    Parameters
    ----------
    variant : dict
        The variant.
    table : pathlib.Path
        The committed table.

    Returns
    -------
    dict or None
        ``layers``: layer of the base -> weight -> ``share`` of its numbers that moved (the smallest of the runs),
        ``size`` and ``evenness`` of the change (the smallest and the largest); ``convolution``: ``bias`` and ``beyond``
        of the head's own (the smallest), see `course_utils.assignments.released_base`. None where nothing was measured.
    """
    try:
        row = _read(table)[variant["assignment"]][str(variant["number"])]
        return row.get("changes") if _is_for(row, variant) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def honest_likeness(assignment, number, table=TABLE):
    """Look up how alike two reference runs of a variant answer, with other seeds.

    Parameters
    ----------
    assignment : str
    number : int
        The variant's.
    table : pathlib.Path
        The committed table.

    Returns
    -------
    float or None
        The largest correlation between the answers of two; None where it was not measured.
    """
    try:
        return _read(table)[assignment][str(number)]["alike"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def level_from(accuracies, spread, photos=HIDDEN):
    """Derive the level that a variant asks for from its reference's accuracies.

    Parameters
    ----------
    accuracies : list of float
        Of the reference solution, one for each seed, on the public test photos.
    spread : float
        Standard deviation between the seeds of one variant, pooled over the variants of the assignment with the same
        base: three values alone say too little about it.
    photos : int
        The number of hidden photos.

    Returns
    -------
    float
        The mean, less 2.326 standard deviations of what one right submission may differ from it by luck: hidden
        photos, public photos, and its own seed. Rounded down to a thousandth.
    """
    mean = float(np.mean(accuracies))
    by_photos = mean * (1 - mean) * (1 / photos + 1 / PUBLIC_TEST)
    return math.floor(1000 * (mean - Z * math.sqrt(by_photos + spread**2 * (1 + 1 / len(accuracies))))) / 1000


def reference_bundles(variant, seeds=SEEDS):
    """Run the reference solution of a variant with several seeds, as its notebook has it, and pack what comes out.

    The cells up to the one tagged ``recorded`` run once, the others once for each seed. The images lie in ``drawings``
    in the current folder, and are drawn there where they are missing; the bundles are written into it too.

    Parameters
    ----------
    variant : dict
        The variant.
    seeds : int
        How many.

    Returns
    -------
    list of pathlib.Path

    Raises
    ------
    CourseError
        Where the source has not exactly one cell with each of the tags, or a check in it fails.
    """
    import matplotlib

    from tools.notebooks import from_script

    matplotlib.use("Agg")
    # Fewer epochs would reach less.
    os.environ.pop("COURSE_FAST", None)
    assignment = variant["assignment"]
    cells = from_script(SOURCE / assignment / f"{assignment}.py").cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    tagged = {tag: [i for i, cell in enumerate(code) if tag in cell.metadata.get("tags", [])] for tag in TAGS}
    if any(len(places) != 1 for places in tagged.values()):
        raise CourseError(f"{assignment}.py needs exactly one cell with each of the tags {', '.join(sorted(TAGS))}.")
    place = {tag: places[0] for tag, places in tagged.items()}
    names = {"__name__": "reference"}

    def run(first, last, extra=""):
        for cell in code[first:last]:
            with redirect_stdout(StringIO()):
                exec(compile(cell.source + extra, f"{assignment}.py", "exec"), names)

    run(0, place["variant"])
    run(place["variant"], place["variant"] + 1, f"\nvariant = {variant!r}\n")
    run(place["variant"] + 1, place["recorded"] + 1)
    bundles = []
    for repetition in range(seeds):
        run(place["recorded"] + 1, place["seed"])
        run(place["seed"], place["seed"] + 1, f"\nseed += {1000 * repetition}\n")
        names["student"] = f"{variant['number']}-{repetition}"
        run(place["seed"] + 1, place["submission"] + 1)
        bundles.append(Path(f"submission_{assignment}_{names['student']}.zip").resolve())
        matplotlib.pyplot.close("all")
    return bundles


def found_in(bundles):
    """Read from the reference bundles of a variant what it takes to judge others by.

    Parameters
    ----------
    bundles : list of pathlib.Path

    Returns
    -------
    dict
        ``accuracies``, on the public test photos; ``alike``, the largest correlation between the answers of two; and
        ``changes``, see `reference_changes`, where any were asked for.
    """
    read = [read_bundle(path) for path in bundles]
    answers = np.array([log_odds(one.predictions.reshape(PUBLIC_TEST, -1)) for one in read])
    likeness = [float(np.corrcoef(*pair)[0, 1]) for pair in combinations(answers, 2)]
    found = {
        "accuracies": [round(one.about["claimed_accuracy"], 4) for one in read],
        "alike": round(max(likeness, default=0.0), 6),
    }
    layers, convolutions = {}, []
    for one in read:
        base = released_base(one.about["base"]["name"], one.about["base"]["size"])
        for layer, weights in changes_of(one.base_weights, base).items():
            for name, change in weights.items():
                layers.setdefault(layer, {}).setdefault(name, []).append(change)
        head = read_steps(one.head, one.head_weights, 1)
        convolutions += [trace_of(step) for step in head if step.kind in CONVOLUTIONS]
    changes = {}
    if layers:
        changes["layers"] = {layer: {name: _range(seen) for name, seen in of.items()} for layer, of in layers.items()}
    if convolutions:
        changes["convolution"] = {key: _digits(min(one[key] for one in convolutions)) for key in ("bias", "beyond")}
    return found | ({"changes": changes} if changes else {})


def _range(seen):
    range_of = {key: [_digits(end(one[key] for one in seen)) for end in (min, max)] for key in ("size", "evenness")}
    return {"share": _digits(min(one["share"] for one in seen)), **range_of}


def _digits(value):
    return float(f"{value:.4g}")


def measure(assignment, table=TABLE, bases=None):
    """Measure the variants of an assignment that the table lacks; it is saved after each, so that a stop costs one.

    Parameters
    ----------
    assignment : str
        Which one.
    table : pathlib.Path
        The table; its rows stay, unless their variant or the weights of its base have changed since.
    bases : collection of str, optional
        Only the variants with these bases; by default all.
    """
    for variant in VARIANTS[assignment]:
        kept = _read(table) if table.exists() else {}
        rows, number = kept.setdefault(assignment, {}), str(variant["number"])
        row = rows.get(number, {})
        if (bases and variant["base"] not in bases) or (_is_for(row, variant) and "others" in row):
            continue
        bundles = reference_bundles(variant, SEEDS + OTHERS)
        rows[number] = {
            "variant": deepcopy(variant),
            "weights": weights_checksum(variant["base"]),
            "measured": date.today().isoformat(),
            **found_in(bundles[:SEEDS]),
        }
        kept = with_levels(kept)
        row = kept[assignment][number]
        row["others"] = marked(bundles[SEEDS:], variant, row["threshold"], row.get("changes"))
        print(assignment, number, variant["base"], row["accuracies"], row["others"], flush=True)
        _save(kept, table)


def marked(bundles, variant, level, changes):
    """Have the scorer mark honest work of a variant, by hidden drawings that follow from a secret of its own.

    Parameters
    ----------
    bundles : list of pathlib.Path
    variant : dict
    level : float
    changes : dict or None
        What the reference runs changed.

    Returns
    -------
    dict
        ``accuracies``, on the hidden drawings (0 where nothing could be computed), and ``points``, of ten.
    """
    hidden, found = hidden_set(Path(), b"honest trainings"), {"accuracies": [], "points": []}
    for path in bundles:
        result = score(path, read_bundle(path).about["student"], variant, hidden, level, changes)
        evidence = next(item["evidence"] for item in result["items"] if item["name"] == "level reached")
        found["accuracies"].append(evidence.get("recomputed", 0.0))
        found["points"].append(result["points"])
    return found


def weights_checksum(base):
    """SHA-256 of the file with a small base's weights, its first 16 digits."""
    from course_utils.sandbox.small_bases import weights_path

    path = weights_path(base)
    if not path.is_file():
        raise CourseError(f"The weights of {base} are missing ({path.name}); get a complete checkout.")
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _is_for(row, variant):
    return row.get("variant") == variant and row.get("weights") == weights_checksum(variant["base"])


def with_levels(kept):
    """Set every row's level from its accuracies and the spread of its assignment and base, and sort the rows.

    Parameters
    ----------
    kept : dict
        Assignment -> number -> row with ``variant`` and ``accuracies``.

    Returns
    -------
    dict
        The same with ``threshold`` in each row.
    """
    levelled = {}
    for assignment in VARIANTS:
        rows = kept.get(assignment, {})
        if not rows:
            continue
        spread = spreads(rows)
        levelled[assignment] = {
            number: rows[number]
            | {"threshold": level_from(rows[number]["accuracies"], spread[rows[number]["variant"]["base"]])}
            for number in sorted(rows, key=int)
        }
    return levelled


def spreads(rows):
    """The pooled spread of an assignment's rows, base by base."""
    groups = {}
    for row in rows.values():
        groups.setdefault(row["variant"]["base"], []).append(row["accuracies"])
    return {base: pooled_spread(accuracies) for base, accuracies in groups.items()}


def pooled_spread(groups):
    """Standard deviation between the seeds, over several variants of which each has its own mean."""
    freedom = sum(len(group) - 1 for group in groups)
    return math.sqrt(sum(float(np.var(group)) * len(group) for group in groups) / freedom)


def page(kept):
    """Write the table for people to read.

    Parameters
    ----------
    kept : dict
        The table.

    Returns
    -------
    str
        Markdown.
    """
    tables = {}
    for assignment, rows in kept.items():
        spread = ", ".join(f"{base} {value:.4f}" for base, value in sorted(spreads(rows).items()))
        tables[assignment] = {"spread": spread, "rows": [_cells(number, row) for number, row in rows.items()]}
    missing = [
        f"{assignment} {variant['number']} ({variant['base']})"
        for assignment, variants in VARIANTS.items()
        for variant in variants
        if str(variant["number"]) not in kept.get(assignment, {})
    ]
    others = [(row["threshold"], *one) for rows in kept.values() for row in rows.values() for one in _others(row)]
    about = {"seeds": SEEDS, "public": f"{PUBLIC_TEST:,}", "z": Z, "hidden": HIDDEN, "others": len(others)}
    about |= {
        "reached": sum(accuracy >= level for level, accuracy, _ in others),
        "all_points": sum(points == sum(ITEMS.values()) for *_, points in others),
    }
    return filled("levels.md.j2", tables=tables, missing=missing, **about).rstrip() + "\n"


def _cells(number, row):
    variant, values = row["variant"], row["accuracies"]
    rates = ", ".join(f"{rate:g}" for rate in variant["learning_rates"])
    seeds, level = " ".join(f"{value:.3f}" for value in values), f"{row['threshold']:.3f}"
    about = [number, variant["base"], variant["unfreeze"], rates, variant["subset"], seeds, f"{np.mean(values):.3f}"]
    honest = " ".join(f"{accuracy:.3f}" for accuracy, _ in _others(row))
    return [*about, level, honest, row["measured"], _changed(row.get("changes", {})), row.get("alike", "")]


def _others(row):
    """The accuracies and points of the trainings of which no level was made."""
    others = row.get("others", {"accuracies": [], "points": []})
    return list(zip(others["accuracies"], others["points"], strict=True))


def _changed(changes):
    if "convolution" in changes:
        return "{bias:.4f}, {beyond:.1%}".format(**changes["convolution"])
    kernels = [
        one for weights in changes.get("layers", {}).values() for name, one in weights.items() if "kernel" in name
    ]
    sizes = [size for one in kernels for size in one["size"]]
    return f"{min(sizes):.2g} to {max(sizes):.2g}" if sizes else ""


def _read(table):
    return json.loads(Path(table).read_text(encoding="utf-8"))


def _save(kept, table):
    write_text(table, json.dumps(kept, indent=1) + "\n")


def main(arguments=None):
    """Measure what is asked for, and write the table and its page."""
    import argparse

    parser = argparse.ArgumentParser(prog="python -m homework.scoring.thresholds", description=__doc__)
    parser.add_argument("assignments", nargs="*", choices=[*VARIANTS, []], help="by default all")
    parser.add_argument("--base", action="append", help="only the variants with this base; may be repeated")
    parser.add_argument("--folder", type=Path, default=Path("build/thresholds"), help="where the images are drawn")
    parser.add_argument("--page-only", action="store_true", help="set the levels and write the page, measuring nothing")
    chosen = parser.parse_args(arguments)
    if not chosen.page_only:
        chosen.folder.mkdir(parents=True, exist_ok=True)
        with chdir(chosen.folder):
            for assignment in chosen.assignments or VARIANTS:
                measure(assignment, bases=chosen.base)
    kept = with_levels(_read(TABLE))
    _save(kept, TABLE)
    write_text(PAGE, page(kept))


if __name__ == "__main__":
    main()
