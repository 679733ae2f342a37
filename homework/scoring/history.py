"""Check the form of a training history that a submission claims."""

from homework.collecting.bundle import clean_text


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
            real = [one for one in kept[key] if one is not None]
            if "acc" in key and any(not 0 <= one <= 1 for one in real):
                faults.append(f"{key!r} of the run {name!r} leaves the range of an accuracy")
            if key in ("loss", "val_loss") and any(one < 0 for one in real):
                faults.append(f"{key!r} of the run {name!r} is negative")
        trained = {len(series) for key, series in kept.items() if not key.startswith("val_")}
        validated = {len(series) for key, series in kept.items() if key.startswith("val_")}
        # Keras can validate at some of the epochs only.
        if max(len(trained), len(validated)) > 1 or (trained and max(validated, default=0) > max(trained)):
            faults.append(f"the run {name!r} has series of different lengths")
        if kept:
            runs[name] = kept
    if len(value) > 60:
        faults.append(f"the history has {len(value)} runs")
    return runs, faults
