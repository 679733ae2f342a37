"""Hints that two submissions are alike, for the instructor to look at; no score changes by them."""

import hashlib
import json
import math
from functools import lru_cache

import numpy as np

SKETCH, SKETCH_TAKES = 32, 20_000
NEARLY_THE_SAME, MOST_PAIRS = 0.9995, 2000


def fingerprints(arrays, history):
    """Condense weights and history to what can be compared with those of others.

    Parameters
    ----------
    arrays : dict of str to numpy.ndarray
        The weights that were handed in.
    history : dict of str to dict
        From `homework.scoring.history.read_history`.

    Returns
    -------
    dict
        ``weights`` and ``history``: hashes, empty where there is nothing to compare; ``sketch``: a list of numbers.
    """
    # By shape and content, not by name: renamed layers stay the same work.
    ordered = sorted(arrays.values(), key=lambda array: (array.shape, array.tobytes()[:64]))
    digest = hashlib.sha256()
    for array in ordered:
        digest.update(str(array.shape).encode() + array.tobytes())
    values = sorted(
        json.dumps({key: [None if v is None else round(v, 6) for v in run[key]] for key in sorted(run)})
        for run in history.values()
    )
    return {
        "weights": digest.hexdigest()[:32] if any(_tells_its_origin(array) for array in ordered) else "",
        "history": hashlib.sha256("\n".join(values).encode()).hexdigest()[:32] if values else "",
        "sketch": _sketch(ordered),
    }


def _tells_its_origin(array):
    """Whether an array holds two different numbers: a training that failed leaves everyone the same NaN or zeros."""
    numbers = array[np.isfinite(array)]
    return bool(numbers.size) and bool(numbers.min() != numbers.max())


def _sketch(ordered):
    """A few rounded numbers that stay nearly the same when weights are changed a little: sums over random signs."""
    total = sum(array.size for array in ordered)
    if not total:
        return []
    flat = np.concatenate([array.ravel() for array in ordered])
    taken = flat[np.linspace(0, total - 1, min(total, SKETCH_TAKES)).astype(np.int64)].astype(np.float64)
    norm = float(np.linalg.norm(taken))
    if not math.isfinite(norm) or norm == 0:
        return []
    return [float(total), *(round(float(value), 4) for value in _signs(len(taken)) @ (taken / norm))]


@lru_cache(maxsize=8)
def _signs(number):
    return np.random.default_rng(0).choice([-1.0, 1.0], (SKETCH, number))


def similarity_hints(results):
    """Compare the fingerprints of many results, for the instructor to look at; no score changes by it.

    Parameters
    ----------
    results : list of dict
        From `homework.scoring.scorer.score`.

    Returns
    -------
    list of dict
        ``students`` (two names), ``assignment``, ``what`` (``"weights"`` or ``"history"``) and ``sentence``.
    """
    hints = []
    for what in ("weights", "history"):
        groups = {}
        for result in results:
            mark = result["fingerprints"].get(what)
            if mark:
                groups.setdefault((result["assignment"], mark), []).append(result)
        for group in groups.values():
            for first, second in _pairs(group):
                hints.append(_hint(first, second, what, f"have exactly the same {what}"))
    groups = {}
    for result in results:
        sketch = result["fingerprints"].get("sketch")
        if sketch:
            groups.setdefault((result["assignment"], sketch[0]), []).append(result)
    for group in groups.values():
        sketches = np.array([result["fingerprints"]["sketch"][1:] for result in group])
        sketches /= np.maximum(np.linalg.norm(sketches, axis=1, keepdims=True), 1e-12)
        near = np.argwhere(np.triu(sketches @ sketches.T > NEARLY_THE_SAME, 1))
        for i, j in near[:MOST_PAIRS]:
            first, second = sorted((group[i], group[j]), key=lambda result: result["student"])
            alike = first["fingerprints"]["weights"] == second["fingerprints"]["weights"]
            if first["student"] != second["student"] and not alike:
                hints.append(_hint(first, second, "weights", "have nearly the same weights"))
    return hints


def _pairs(group):
    group = sorted(group, key=lambda result: result["student"])
    if len(group) > 10:
        # So many alike need no list of all pairs.
        pairs = zip(group, group[1:], strict=False)
    else:
        pairs = ((first, second) for i, first in enumerate(group) for second in group[i + 1 :])
    return [(first, second) for first, second in pairs if first["student"] != second["student"]]


def _hint(first, second, what, words):
    sentence = f"{first['student']} and {second['student']} {words} in {first['assignment']}"
    if first["variant_number"] == second["variant_number"]:
        sentence += "; both have the same variant and seed, so honest work on like machines can come out alike"
    else:
        sentence += ", though their variants differ"
    return {
        "students": [first["student"], second["student"]],
        "assignment": first["assignment"],
        "what": what,
        "sentence": f"{sentence}.",
    }
