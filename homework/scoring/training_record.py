"""The record of a training that a submission claims: its form, and what in it cannot be."""

import math

from homework.collecting.bundle import clean_text

# How many trainings an assignment cannot do without: the head alone, then fine-tuning.
RUNS = {"fine_tuning": 2}
_LOSSES = ("loss", "val_loss")
_RATES = ("lr", "learning_rate")


def read_history(value):
    """Check the form of a training history.

    Parameters
    ----------
    value : object
        What the bundle holds as its history: one run, or several by name.

    Returns
    -------
    runs : dict of str to dict
        Run -> series -> numbers by epoch, None for what was no number: what can be drawn.
    faults : list of str
        What is wrong with it, as halves of sentences.
    """
    if not isinstance(value, dict) or not value:
        return {}, ["the history is missing"]
    if all(isinstance(series, list) for series in value.values()):
        value = {"training": value}
    runs, faults = {}, []
    for name, series_of in list(value.items())[:60]:
        name = clean_text(name, 60)
        if not isinstance(series_of, dict) or not series_of:
            faults.append(f"the run {name!r} of the history has no numbers")
            continue
        kept = {}
        for key, series in list(series_of.items())[:40]:
            key = clean_text(key, 60)
            numbers = isinstance(series, list) and all(
                one is None or (isinstance(one, int | float) and not isinstance(one, bool)) for one in series
            )
            if not numbers or not series or len(series) > 5000:
                faults.append(f"{key!r} of the run {name!r} is no list of numbers by epoch")
                continue
            kept[key] = [None if one is None else float(one) for one in series]
        faults += _faults_of_run(name, kept)
        if kept:
            runs[name] = kept
    if len(value) > 60:
        faults.append(f"the history has {len(value)} runs")
    names = list(runs)
    for number, name in enumerate(names):
        same = [other for other in names[number + 1 :] if runs[other] == runs[name] and _varies(runs[name])]
        if same:
            faults.append(f"the runs {name!r} and {same[0]!r} have the same numbers")
    return runs, faults


def _faults_of_run(name, kept):
    faults = []
    for key in _LOSSES:
        if any(one is not None and one < 0 for one in kept.get(key, [])):
            faults.append(f"{key!r} of the run {name!r} is negative")
    for key in kept:
        if _is_accuracy(key) and any(one is not None and not 0 <= one <= 1 for one in kept[key]):
            faults.append(f"{key!r} of the run {name!r} leaves the range of an accuracy")
    if kept and "loss" not in kept:
        faults.append(f"the run {name!r} has no loss by epoch")
    if kept and not shares(kept):
        faults.append(f"the run {name!r} has no accuracy by epoch")
    trained = {len(series) for key, series in kept.items() if not key.startswith("val_")}
    validated = {len(series) for key, series in kept.items() if key.startswith("val_")}
    # Keras can validate at some of the epochs only.
    if max(len(trained), len(validated)) > 1 or (trained and max(validated, default=0) > max(trained)):
        faults.append(f"the run {name!r} has series of different lengths")
    # A training that diverged may have been stopped at once.
    if trained == {1} and None not in kept.get("loss", []):
        faults.append(f"the run {name!r} has one epoch only, which shows no training")
    return faults


def shares(run):
    """Give the series of a run that can be accuracies, whatever their names: those between 0 and 1.

    Parameters
    ----------
    run : dict of str to list

    Returns
    -------
    dict of str to list
        Those with "acc" in their names, else all that fit.
    """
    fit = {
        key: series
        for key, series in run.items()
        if key not in (*_LOSSES, *_RATES) and all(one is None or 0 <= one <= 1 for one in series)
    }
    return {key: series for key, series in fit.items() if _is_accuracy(key)} or fit


def lacking(history, variant):
    """Say which of the runs that a variant asks for are not in the history.

    Parameters
    ----------
    history : dict of str to dict
        From `read_history`.
    variant : dict

    Returns
    -------
    str or None
        Half a sentence; None where all are there.
    """
    if variant["assignment"] == "learning_rate":
        named = [rate for rate in (_rate_in(name) for name in history) if rate is not None]
        there = [
            rate for rate in variant["learning_rates"] if any(math.isclose(rate, one, rel_tol=1e-3) for one in named)
        ]
        if len(there) < len(variant["learning_rates"]):
            return f"{len(there)} of {len(variant['learning_rates'])} learning rates"
    asked = RUNS.get(variant["assignment"], 1)
    return f"{len(history)} of {asked} trainings" if 0 < len(history) < asked else None


def other_rate(history, learning_rate, variant):
    """Say where a learning rate that the record names is none of the variant's.

    Parameters
    ----------
    history : dict of str to dict
    learning_rate : object
        Of the model as it was packed.
    variant : dict

    Returns
    -------
    str or None
        Half a sentence.
    """
    assigned = variant["learning_rates"]
    first = [run[key][0] for run in history.values() for key in _RATES if key in run and run[key][0] is not None]
    # Where the rate was lowered on the way, its series says so, and where it began.
    stated = first or [learning_rate]
    for rate in stated:
        if isinstance(rate, int | float) and not any(math.isclose(rate, one, rel_tol=0.02) for one in assigned):
            return f"the learning rate was {rate:g}, and {', '.join(f'{one:g}' for one in assigned)} was assigned"
    return None


def _rate_in(name):
    for word in name.replace("=", " ").replace("_", " ").split():
        try:
            return float(word)
        except ValueError:
            continue
    return None


def _is_accuracy(key):
    return "acc" in key


def _varies(run):
    return len({round(one, 6) for one in run.get("loss", []) if one is not None}) > 1
