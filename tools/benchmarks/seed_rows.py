"""Rows of a table over seeds: kept as JSON beside the programs, and written as a page of the book."""

import json
from pathlib import Path

from course_utils.files import write_text

HERE = Path(__file__).parent
PAGES = HERE.parents[1] / "docs" / "results"


def keep(row, name, keys, table):
    """Put a row into a table: its figures replace those of the same row and leave all others.

    Parameters
    ----------
    row : dict
        What was measured, and what tells the row from others.
    name : str
        ``NAME.json`` and the page ``NAME.md`` are written.
    keys : tuple of str
        What tells one row from another, such as ``("images", "seed")``.
    table : callable
        Formats a list of rows as a page.
    """
    path = HERE / f"{name}.json"
    rows = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    kept = {tuple(old[key] for key in keys): old for old in rows}
    own = tuple(row[key] for key in keys)
    kept[own] = kept.get(own, {}) | row
    rows = [kept[key] for key in sorted(kept)]
    write_text(path, json.dumps(rows, indent=1) + "\n")
    write_text(PAGES / f"{name}.md", table(rows))
