"""Hints that submissions are alike, for the instructor to look at; no score changes by them."""

import hashlib
import json

import numpy as np

# So many of the public photos stand for all.
COMPARED = 100
# Correlations of the answers for the public photos: a pair is named where it lacks a fifth of what the most alike
# reference runs of the variant, with other seeds, lack of 1. Units in another order, other scales and layers between
# change nothing of it. Where no reference runs are known, and for work of different variants, the second counts.
OF_HONEST_DISTANCE, NEARLY_THE_SAME = 5, 0.9997
FURTHEST = 12.0


def fingerprints(weights, history, predictions, outputs):
    """Condense a submission to what can be compared with those of others.

    Parameters
    ----------
    weights : list of (dict of str to numpy.ndarray)
        What was handed in of head and base.
    history : dict of str to dict
        From `homework.scoring.training_record.read_history`.
    predictions : numpy.ndarray
        For the public photos, as they were handed in.
    outputs : numpy.ndarray or None
        What the parts give for the public photos, (n, 1) or (n, 2).

    Returns
    -------
    dict
        ``weights``, ``history`` and ``predictions``: hashes, empty where there is nothing to compare; ``answers``: a
        list of numbers.
    """
    arrays = [array for one in weights for array in one.values()]
    # By shape and content, not by name: renamed layers stay the same work.
    arrays = sorted(arrays, key=lambda array: (array.shape, array.tobytes()[:64]))
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(str(array.shape).encode() + array.tobytes())
    values = sorted(
        json.dumps({key: [None if v is None else round(v, 6) for v in run[key]] for key in sorted(run)})
        for run in history.values()
    )
    # Two who hand in labels alone may well agree.
    tell = len(np.unique(predictions)) > 2
    return {
        "weights": digest.hexdigest()[:32] if any(_tells_its_origin(array) for array in arrays) else "",
        "history": hashlib.sha256("\n".join(values).encode()).hexdigest()[:32] if values else "",
        "predictions": hashlib.sha256(predictions.tobytes()).hexdigest()[:32] if tell else "",
        "answers": log_odds(outputs),
    }


def _tells_its_origin(array):
    """Whether an array holds two different numbers: a training that failed leaves everyone the same NaN or zeros."""
    numbers = array[np.isfinite(array)]
    return bool(numbers.size) and bool(numbers.min() != numbers.max())


def log_odds(outputs):
    """How sure the answers are, as numbers of mean 0 and spread 1; nothing where all are alike."""
    if outputs is None:
        return []
    chosen = np.asarray(outputs, np.float64)[np.linspace(0, len(outputs) - 1, min(COMPARED, len(outputs))).astype(int)]
    if chosen.min() >= 0 and chosen.max() <= 1:
        chosen = np.log(np.clip(chosen, 1e-6, 1)) - (
            np.log(np.clip(1 - chosen, 1e-6, 1)) if chosen.shape[1] == 1 else 0
        )
    odds = np.clip(chosen[:, -1] - (chosen[:, 0] if chosen.shape[1] == 2 else 0), -FURTHEST, FURTHEST)
    spread = odds.std()
    return [round(float(one), 4) for one in (odds - odds.mean()) / spread] if spread > 1e-4 else []


def similarity_hints(results, honest_likeness=lambda assignment, number: None):
    """Compare the fingerprints of many results, for the instructor to look at; no score changes by it.

    Parameters
    ----------
    results : list of dict
        From `homework.scoring.scorer.score`.
    honest_likeness : callable
        Assignment, variant number -> the largest correlation between the answers of two of its reference runs, or None.

    Returns
    -------
    list of dict
        One for each group of students: ``students`` (their ids, two or more), ``assignment``, ``what``
        (``"weights"``, ``"predictions"``, ``"history"`` or ``"answers"``) and ``sentence``.
    """
    hints, exact = [], set()
    for what in ("weights", "predictions", "history"):
        groups = {}
        for result in results:
            mark = result["fingerprints"].get(what)
            if isinstance(mark, str) and mark:
                groups.setdefault((result["assignment"], mark), []).append(result)
        for group in groups.values():
            students = frozenset(one["student"] for one in group)
            # The same weights give the same predictions: that is said once.
            if len(students) > 1 and not (what == "predictions" and students in exact):
                hints.append(_hint(group, what, f"have exactly the same {what}"))
                exact |= {students} if what != "history" else set()
    of_assignment = {}
    for result in results:
        answers = result["fingerprints"].get("answers")
        # A result of an earlier version has none.
        if isinstance(answers, list) and len(answers) > 2 and all(isinstance(one, float) for one in answers):
            of_assignment.setdefault((result["assignment"], len(answers)), []).append(result)
    for alike in of_assignment.values():
        for group in _connected(alike, honest_likeness):
            students = {one["student"] for one in group}
            if len(students) > 1 and frozenset(students) not in exact:
                hints.append(_hint(group, "answers", "answer the public photos in nearly the same way"))
    return hints


def _connected(results, honest_likeness):
    """Group results of which each is nearly the same as another one of its group."""
    from scipy.sparse.csgraph import connected_components

    answers = np.array([result["fingerprints"]["answers"] for result in results])
    answers /= np.maximum(np.linalg.norm(answers, axis=1, keepdims=True), 1e-12)
    numbers = np.array([result["variant_number"] for result in results])
    bounds = np.full((len(results), len(results)), NEARLY_THE_SAME)
    for number in set(numbers.tolist()):
        honest = honest_likeness(results[0]["assignment"], number)
        if honest is not None:
            same = numbers == number
            bounds[np.ix_(same, same)] = 1 - (1 - honest) / OF_HONEST_DISTANCE
    count, group_of = connected_components(answers @ answers.T > bounds, directed=False)
    return [[results[one] for one in np.flatnonzero(group_of == number)] for number in range(count)]


def _hint(group, what, words):
    students = sorted({one["student"] for one in group})
    named = f"{', '.join(students[:-1])} and {students[-1]}"
    sentence = f"{named} {words} in {group[0]['assignment']}"
    if len({one["variant_number"] for one in group}) == 1:
        sentence += "; all have the same variant and seed, so honest work on like machines can come out alike"
    else:
        sentence += ", though their variants differ"
    return {"students": students, "assignment": group[0]["assignment"], "what": what, "sentence": f"{sentence}."}
