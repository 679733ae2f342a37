"""Write the book's tables of published and measured accuracies from what the notebooks kept.

Reads build/lesson/summary.json (`make lesson`) and results/*.json (`make further`), adds them to measured.json beside
this file, and writes one table for each source of images between the two marks of its page in the book.
"""

import argparse
import datetime
import json
import textwrap
from pathlib import Path

from course_utils import accuracy_interval
from course_utils.errors import CourseError
from course_utils.files import write_text

ROOT = Path(__file__).resolve().parents[2]
MEASURED = Path(__file__).with_name("measured.json")
PAGE = ROOT / "docs" / "results" / "published.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
# Why a published figure is no yardstick for the one beside it, by notebook (facts from the lessons).
DIFFERS = {
    "03": "L1's frozen base is VGG16",
    "06": "L3 has 1,000 validation and 1,000 test photos more than the four zips hold",
    "07": "L4's model 4 has the whole MobileNetV2 as its base, and was tested on 192 photos",
    "08": "L5 has 4,317 photos from Kaggle; these are TensorFlow's 3,670, shrunk, or drawings",
}


def main():
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    kept = json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.exists() else []
    kept = merged(kept, [*lesson_results(ROOT), *further_results(ROOT)])
    write_text(MEASURED, json.dumps(kept, indent=1) + "\n")
    write_text(PAGE, with_tables(PAGE.read_text(encoding="utf-8"), kept))
    print(f"{len(kept)} notebooks' results stand in {MEASURED.name} and in {PAGE.relative_to(ROOT)}")


def lesson_results(root):
    """Read what `make lesson` measured: a list of one entry, or none where there is no lesson."""
    path = root / "build" / "lesson" / "summary.json"
    if not path.exists():
        return []
    summary = json.loads(path.read_text(encoding="utf-8"))
    names = {"scratch": "CNN from scratch", "frozen_base": "frozen base, Dense 512"}
    rows = [
        {"model": words, "accuracy": summary["accuracy"][name], "photos": 1000, "published": summary["published"][name]}
        for name, words in names.items()
    ]
    date = datetime.date.fromtimestamp(path.stat().st_mtime).isoformat()
    return [{"notebook": "03-05", "images": summary["images"], "base": summary["base"], "date": date, "rows": rows}]


def further_results(root):
    """Read what the notebooks from 06 on kept."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted((root / "results").glob("*.json"))]


def merged(kept, new):
    """Put new results in the place of older ones of the same notebook and images, in order."""
    replaced = {(entry["notebook"], entry["images"]): entry for entry in [*kept, *new]}
    return [replaced[key] for key in sorted(replaced, key=lambda key: (key[1], key[0]))]


def with_tables(text, kept):
    """Give the page's text with the tables between its two marks."""
    before, mark, rest = text.partition(BEGIN)
    _, other_mark, after = rest.partition(END)
    if not mark or not other_mark:
        raise CourseError(f"{PAGE.name} lacks the marks {BEGIN} and {END}; put them where the tables belong.")
    return f"{before}{BEGIN}\n{tables(kept)}{END}{after}"


def tables(kept):
    """Format the results: one table for each source of images."""
    lines = []
    for images in sorted({entry["images"] for entry in kept}):
        lines += [f"\nOn {'the real photos' if images == 'photos' else 'the drawn images'}:\n"]
        lines += [
            "| notebook | model | measured (95 % interval) | published | base here | date |",
            "|---|---|---|---|---|---|",
        ]
        for entry in kept:
            if entry["images"] != images:
                continue
            for row in entry["rows"]:
                low, high = accuracy_interval(row["accuracy"], row["photos"])
                number = entry["notebook"][:5].split("_")[0]
                published = "" if row["published"] is None else f"{row['published']:.3f}"
                lines.append(
                    f"| {number} | {row['model']} | {row['accuracy']:.3f} ({low:.3f}-{high:.3f}) "
                    f"| {published} | {entry['base']} | {entry['date']} |"
                )
    numbers = sorted({entry["notebook"][:2] for entry in kept} & set(DIFFERS))
    if numbers:
        differences = "; ".join(map(DIFFERS.get, numbers))
        lines += ["", textwrap.fill(f"The data differ, so no column is a yardstick for the other: {differences}.", 120)]
    return "\n".join(lines) + "\n\n"


if __name__ == "__main__":
    main()
