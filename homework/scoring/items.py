"""The six items of the rubric: each with points, a verdict, the evidence and one sentence of reason."""

import math
import unicodedata

from homework.collecting.bundle import clean_text
from homework.scoring.accuracy import luck
from homework.scoring.reading import AGREEMENT

ITEMS = {
    "right variant": 1.0,
    "right layers changed": 2.0,
    "base left as released": 1.0,
    "accuracy recomputed": 2.0,
    "level reached": 3.0,
    "consistent record": 1.0,
}
# A validation split has about a hundred photos or more: further from the recomputed accuracy than this it is no luck.
RECORD_TOLERANCE = 0.15


def rubric(about, student, variant, threshold, look, history, faults, remarks):
    """Give the six items of a submission that could be computed.

    Parameters
    ----------
    about : dict
        The bundle's ``submission.json``.
    student : str
        Who handed it in.
    variant : dict
        The variant that this student was given.
    threshold : float
        The accuracy on hidden photos that this variant asks for.
    look : homework.scoring.reading.Look
        What was found out about the model.
    history, faults : dict, list of str
        From `homework.scoring.history.read_history`.
    remarks : list of str
        What was odd about the bundle but harmless.

    Returns
    -------
    list of dict
        In the order of `ITEMS`, each with ``name``, ``points``, ``out_of``, ``verdict`` (``"yes"``, ``"partly"``,
        ``"no"`` or ``"as claimed"``), ``evidence`` and ``reason``.
    """
    return [
        _right_variant(about, student, variant, look),
        _right_layers(variant, look),
        _base_left(about, variant, look),
        _accuracy_recomputed(about, look),
        _level_reached(variant, look, threshold),
        _consistent_record(about, variant, history, faults, look, remarks),
    ]


def rubric_of_nothing():
    """Give the six items of a submission of which nothing could be computed."""
    return [_item(name, 0, "no", {}, "Nothing could be computed from this bundle.") for name in ITEMS]


def _item(name, points, verdict, evidence, reason):
    return {
        "name": name,
        "points": round(float(points), 2),
        "out_of": ITEMS[name],
        "verdict": verdict,
        "evidence": evidence,
        "reason": reason,
    }


def _right_variant(about, student, variant, look):
    base, matching = look.base, look.matching
    stated = about.get("variant") if isinstance(about.get("variant"), dict) else {}
    evidence = {
        "student": clean_text(about.get("student"), 80),
        "assignment": clean_text(about.get("assignment"), 40),
        "stated variant": {key: _shown(stated.get(key)) for key in variant},
        "assigned variant": variant,
        "base found": base.name if matching.nodes else None,
    }
    wrong = [key for key in variant if not _equal(stated.get(key), variant[key])]
    reason = None
    if not _equal_ids(about.get("student"), student):
        reason = f"The bundle was packed under another student id than {student!r}."
    elif about.get("assignment") != variant["assignment"]:
        reason = f"The bundle belongs to {evidence['assignment']!r}, not to {variant['assignment']!r}."
    elif wrong:
        reason = f"The stated variant differs from the assigned one in {', '.join(wrong)}."
    elif not matching.nodes:
        reason = f"The model does not contain {variant['base']}, which was assigned."
    elif base.name != variant["base"]:
        reason = f"The model contains {base.name}, and {variant['base']} was assigned."
    if reason:
        return _item("right variant", 0, "no", evidence, reason)
    return _item(
        "right variant", 1, "yes", evidence, f"The stated variant is the assigned one, and the model has {base.name}."
    )


def _right_layers(variant, look):
    convolutions, changes = look.base.convolutions, look.changes
    expected = convolutions[-variant["unfreeze"] :] if variant["unfreeze"] else []
    changed = [name for name in convolutions if name in changes] + [
        name for name in changes if name not in convolutions
    ]
    evidence = {
        "expected": expected,
        "changed": changed[:40],
        "largest changes": {name: _number(changes[name]) for name in changed[:40]},
        "layers of the head": [clean_text(node.path, 60) for node in look.head][:40],
    }

    def item(points, verdict, reason):
        return _item("right layers changed", points, verdict, evidence, reason)

    if not look.matching.nodes or not look.used:
        return item(0, "no", f"The model does not use {look.base.name}, so none of its layers was trained or kept.")
    if look.broken:
        return item(0, "no", f"The weights hold NaN or infinity ({clean_text(look.broken[0], 80)}).")
    if not look.head:
        return item(0, "no", "The model has no layer of its own with weights after the base.")
    if look.guessing():
        return item(0, "no", "The model is no better than guessing, so nothing shows that any layer was trained.")
    if variant["assignment"] == "conv_head":
        evidence["convolutions in the head"] = [clean_text(path, 60) for path in look.head_convolutions]
        if not look.head_convolutions:
            return item(0, "no", "The head has no convolution, which this assignment asks for.")
    if set(changed) == set(expected):
        what = f"the last {len(expected)} convolutions and the head" if expected else "the head alone"
        return item(2, "yes", f"What differs from the released base is {what}.")
    if not expected:
        return item(
            0, "no", f"The base was to stay frozen, and {len(changed)} of its layers differ ({changed[0]} first)."
        )
    right, both = set(changed) & set(expected), set(changed) | set(expected)
    points = 2 * len(right) / len(both)
    missing, extra = [name for name in expected if name not in right], [name for name in changed if name not in right]
    told = [f"unchanged: {', '.join(missing)}"] * bool(missing) + [f"changed too: {', '.join(extra[:5])}"] * bool(extra)
    reason = f"{len(right)} of the {len(expected)} layers to be unfrozen were changed ({'; '.join(told)})."
    return item(points, "partly" if right else "no", reason)


def _base_left(about, variant, look):
    expected = look.base.convolutions[-variant["unfreeze"] :] if variant["unfreeze"] else []
    extra = [name for name in look.changes if name not in expected]
    layers = look.base.graph.nodes
    found = sum(position in look.matching.nodes for position in range(len(layers)))
    evidence = {
        "base": look.base.name,
        "released base": look.base.digest[:16],
        "stated base": clean_text(about.get("base_sha256"), 64)[:16],
        "layers of the base found": None if look.matching.start[1] >= 0 else f"{found} of {len(layers)}",
        "changed without being asked": extra[:40],
        "what the base was given": look.input,
    }
    name = "base left as released"
    if not look.matching.nodes or not look.used:
        return _item(name, 0, "no", evidence, f"The model does not use {look.base.name}.")
    if not look.matching.complete:
        return _item(
            name, 0, "no", evidence, f"Only {found} of the {len(layers)} layers of {look.base.name} are there."
        )
    if extra:
        reason = f"{len(extra)} layers of the base that were to stay as released differ ({', '.join(extra[:3])})."
        return _item(name, 0, "no", evidence, reason)
    if about.get("base_sha256") not in look.base.digests:
        reason = "The bundle was packed with another base than the released one, by its checksum."
        return _item(name, 0, "no", evidence, reason)
    if look.broken:
        return _item(
            name, 0, "no", evidence, "The weights hold NaN or infinity, so nothing can be computed with the base."
        )
    if not look.own_input:
        reason = f"The base did not get its own preprocessing: the model agrees best with {look.input} (M4)."
        return _item(name, 0, "no", evidence, reason)
    if look.around:
        return _item(name, 0.5, "partly", evidence, "Photos also reach the head by a way around the base.")
    return _item(name, 1, "yes", evidence, "All other layers are the released ones, with their own preprocessing.")


def _accuracy_recomputed(about, look):
    claimed = _share(about.get("claimed_accuracy"))
    evidence = {
        "claimed": claimed,
        "recomputed": _number(look.accuracy),
        "hidden photos": look.photos,
        "from the predictions": _number(look.prediction_accuracy),
        "agreement with the predictions": look.agreement,
        "input": look.input,
    }
    name = "accuracy recomputed"
    if look.broken:
        return _item(
            name, 0, "no", evidence, f"No accuracy can be computed: {clean_text(look.broken[0], 80)} is no number."
        )
    if claimed is None:
        return _item(name, 0, "no", evidence, "The bundle claims no accuracy that is a share between 0 and 1.")
    bound = luck((claimed + look.accuracy) / 2, look.photos)
    evidence["allowed difference"] = round(bound, 4)
    apart = abs(claimed - look.accuracy)
    numbers = f"{claimed:.3f} is claimed and {look.accuracy:.3f} was computed on {look.photos} hidden photos"
    if apart > bound:
        points, verdict = (1, "partly") if apart <= 1.5 * bound else (0, "no")
        return _item(name, points, verdict, evidence, f"{numbers}, which is further apart than luck explains.")
    if look.guessing():
        return _item(name, 1, "partly", evidence, f"{numbers}, but that is no better than guessing.")
    return _item(name, 2, "yes", evidence, f"{numbers}, which agree within the luck of such samples.")


def _level_reached(variant, look, threshold):
    evidence = {
        "recomputed": _number(look.accuracy),
        "hidden photos": look.photos,
        "level of this variant": threshold,
        "base": look.base.name if look.matching.nodes else None,
    }
    name = "level reached"
    if look.broken or look.accuracy is None:
        return _item(name, 0, "no", evidence, "No accuracy could be computed.")
    if look.base.name != variant["base"] or not look.used:
        reason = f"The level holds for {variant['base']}, which the model does not use."
        return _item(name, 0, "no", evidence, reason)
    numbers = f"{look.accuracy:.3f} on hidden photos, and the level is {threshold:.3f}"
    if look.accuracy >= threshold:
        return _item(name, 3, "yes", evidence, f"{numbers}: reached.")
    if 1 - look.accuracy >= threshold:
        return _item(
            name, 1.5, "partly", evidence, f"{numbers}: reached with the classes swapped (0 is cat, 1 is dog)."
        )
    share = (look.accuracy - 0.5) / max(threshold - 0.5, 0.01)
    points = 0 if look.guessing() else round(2 * share**2, 2)
    if points <= 0:
        return _item(name, 0, "no", evidence, f"{numbers}: no better than guessing.")
    return _item(name, points, "partly", evidence, f"{numbers}: {share:.0%} of the way from guessing to the level.")


def _consistent_record(about, variant, history, faults, look, remarks):
    faults = list(faults)
    claimed = _share(about.get("claimed_accuracy"))
    finals = [run[key][-1] for run in history.values() for key in run if _is_validation_accuracy(key)]
    evidence = {
        "runs": len(history),
        "epochs": {name: len(next(iter(run.values()))) for name, run in history.items()},
        "final validation accuracies": [_number(value) for value in finals][:40],
        "claimed": claimed,
        "from the predictions": _number(look.prediction_accuracy),
        "agreement with the predictions": look.agreement,
        "notebook": bool(about.get("notebook")),
        "versions": _versions(about.get("versions")),
        "remarks": remarks[:5],
    }
    if look.prediction_accuracy is None:
        faults.append("the predictions are not finite numbers for the 1,000 public test photos")
    elif claimed is not None and abs(claimed - look.prediction_accuracy) > 0.006:
        faults.append(f"{claimed:.3f} is claimed, and the predictions give {look.prediction_accuracy:.3f}")
    if look.agreement is not None and look.agreement < AGREEMENT - 0.05:
        faults.append(f"the model answers {1 - look.agreement:.0%} of the public photos otherwise than the predictions")
    if look.accuracy is not None and finals:
        numbers = [value for value in finals if value is not None]
        best = [max(v for v in run[key] if v is not None) for run in history.values() for key in run
                if _is_validation_accuracy(key) and any(v is not None for v in run[key])]  # fmt: skip
        if not numbers or min(abs(value - look.accuracy) for value in [*numbers, *best]) > RECORD_TOLERANCE:
            faults.append(f"no run of the history comes near the recomputed accuracy of {look.accuracy:.3f}")
        if numbers and min(numbers) > look.accuracy + RECORD_TOLERANCE:
            faults.append("the history is better than the weights")
    few = variant["assignment"] == "learning_rate" and 0 < len(history) < len(variant["learning_rates"])
    name = "consistent record"
    if faults:
        return _item(name, 0, "no", evidence, f"The record contradicts itself or the weights: {faults[0]}.")
    if few:
        told = f"{len(history)} of {len(variant['learning_rates'])} learning rates"
        return _item(name, 0.5, "partly", evidence, f"The history shows {told}; the rest is as claimed.")
    return _item(
        name, 1, "as claimed", evidence, "History, order of training and learning rates are as claimed, and consistent."
    )


def _is_validation_accuracy(key):
    return key.startswith("val_") and "acc" in key


def _equal(stated, assigned):
    if isinstance(assigned, list):
        return (
            isinstance(stated, list)
            and len(stated) == len(assigned)
            and all(_equal(*pair) for pair in zip(stated, assigned, strict=True))
        )
    if isinstance(assigned, int | float) and isinstance(stated, int | float) and not isinstance(stated, bool):
        return math.isclose(stated, assigned, rel_tol=1e-6)
    return stated == assigned


def _equal_ids(stated, student):
    def form(text):
        return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).strip().casefold())

    return isinstance(stated, str) and form(clean_text(stated, 500)) == form(student)


def _share(value):
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Some write 93.5 for 0.935.
    value = value / 100 if 1 < value <= 100 else float(value)
    return float(value) if 0 <= value <= 1 else None


def _number(value):
    return None if value is None or not math.isfinite(value) else round(float(value), 6)


def _shown(value):
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list):
        return [_shown(one) for one in value[:20]]
    return clean_text(value, 60)


def _versions(value):
    if not isinstance(value, dict):
        return {}
    return {clean_text(key, 40): clean_text(text, 40) for key, text in list(value.items())[:20]}
