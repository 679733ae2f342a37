"""What the notebooks measured, kept as files, from which the table of published and measured accuracies is made."""

import datetime
import json

from course_utils.errors import CourseError
from course_utils.files import write_text
from course_utils.settings import course_path, fast

KEYS = ("model", "accuracy", "photos", "published", "seconds", "trainable")


def keep_results(notebook, images, base, rows, folder="results"):
    """Keep what a notebook measured in ``results/NOTEBOOK.json``, in place of what an earlier run kept there.

    In fast mode (COURSE_FAST=1) nothing is kept, since the models were trained too briefly.

    Parameters
    ----------
    notebook : str
        Its name, such as ``"06_three_ways_to_reuse_a_base"``.
    images : str
        ``"sandbox"`` or ``"photos"``.
    base : str
        The name of the pretrained base.
    rows : list of dict
        One for each model: ``model`` (its name), ``accuracy`` (0 to 1), ``photos`` (how many it was measured
        on), ``published`` (0 to 1, or None where there is no such figure), ``seconds`` (of training) and ``trainable``
        (number of trainable parameters).
    folder : str or pathlib.Path
        Where to; relative to the current folder or, in the checkout's ``notebooks``, to the checkout.

    Raises
    ------
    CourseError
        Where a row lacks a key or has a foreign one, an accuracy is no share, or the file cannot be written.
    """
    for row in rows:
        if set(row) != set(KEYS):
            raise CourseError(f"A row of results has {sorted(row)}; give exactly {', '.join(KEYS)}.")
        if not 0 <= row["accuracy"] <= 1:
            raise CourseError(f"{row['model']} has the accuracy {row['accuracy']}; give a share between 0 and 1.")
    if fast():
        return
    kept = {
        "notebook": notebook,
        "images": images,
        "base": base,
        "date": datetime.date.today().isoformat(),
        "rows": rows,
    }
    write_text(course_path(folder) / f"{notebook}.json", json.dumps(kept, indent=1, default=float) + "\n")
