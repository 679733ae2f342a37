"""The six items of the rubric: each with points, a verdict, the evidence and one sentence of reason."""

import math

from course_utils.assignments.released_base import OWN
from course_utils.assignments.variant import convolutions, same_id
from homework.collecting.bundle import clean_text
from homework.scoring.training_record import lacking, other_rate, shares

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
# On the same photos a claim and the parts differ by 16-bit numbers, another JPEG decoder, or averages over views.
CLAIM_TOLERANCE = 0.025
# A training may take fewer or more epochs, or other batches, than the reference runs.
SIZE_TOLERANCE = 4
# Of the evenness of a change in the reference runs, and of what sets a trained convolution apart from a fresh one.
EVENNESS = 0.7
START_TOLERANCE = 10
# Taking a convolution out must change so many answers.
SMALLEST_EFFECT = 0.05


def rubric(about, student, variant, threshold, reference, look, history, faults, remarks):
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
    reference : dict or None
        What the variant's reference runs changed.
    look : homework.scoring.scorer.Look
        What was found out by computing.
    history, faults : dict, list of str
        From `homework.scoring.training_record.read_history`.
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
        _right_layers(variant, look, reference),
        _base_left(variant, look),
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
    stated = about.get("variant") if isinstance(about.get("variant"), dict) else {}
    evidence = {
        "student": clean_text(about.get("student"), 80),
        "assignment": clean_text(about.get("assignment"), 40),
        "stated variant": {key: _shown(stated.get(key)) for key in variant},
        "assigned variant": variant,
        "base": look.base.name,
    }
    wrong = [key for key in variant if not _equal(stated.get(key), variant[key])]
    reason = None
    if same_id(clean_text(about.get("student") or "", 500)) != same_id(student):
        reason = f"The bundle was packed under another student id than {student!r}."
    elif about.get("assignment") != variant["assignment"]:
        reason = f"The bundle belongs to {evidence['assignment']!r}, not to {variant['assignment']!r}."
    elif wrong:
        reason = f"The stated variant differs from the assigned one in {', '.join(wrong)}."
    elif look.base.name != variant["base"]:
        reason = f"The head stands on {look.base.name}, and {variant['base']} was assigned."
    if reason:
        return _item("right variant", 0, "no", evidence, reason)
    return _item("right variant", 1, "yes", evidence, f"The stated variant is the assigned one, on {look.base.name}.")


def _right_layers(variant, look, reference):
    expected, changed = expected_layers(variant, look.base.model), list(look.changes)
    evidence = {
        "expected": expected,
        "changed": changed[:40],
        "size of the changes": {
            name: {key: _number(one["size"]) for key, one in look.changes[name].items()} for name in changed[:40]
        },
        "layers of the head": look.head[:40],
    }

    def item(points, verdict, reason):
        return _item("right layers changed", points, verdict, evidence, reason)

    if look.broken:
        return item(0, "no", f"The weights hold NaN or infinity ({look.broken[0]}).")
    if not look.head:
        return item(0, "no", "There is no layer with weights after the base.")
    if look.guessing():
        return item(0, "no", "The model is no better than guessing, so nothing shows that any layer was trained.")
    if variant["assignment"] == "conv_head":
        evidence["convolutions in the head"] = {
            name: {key: _number(value) for key, value in found.items()} for name, found in look.convolutions.items()
        }
        missing = _no_convolution(look.convolutions, (reference or {}).get("convolution"))
        if missing:
            return item(0, "no", missing)
    traces = (reference or {}).get("layers", {})
    rate = variant["learning_rates"][-1]
    untrained = {name: why for name in changed if (why := _untrained(look.changes[name], traces.get(name), rate))}
    evidence["not as training changes"] = untrained
    trained = [name for name in changed if name in expected and name not in untrained]
    if not expected:
        if changed:
            first = f"{len(changed)} of its layers differ ({changed[0]} first)"
            return item(0, "no", f"The base was to stay frozen, and {first}.")
        return item(2, "yes", "What differs from the released base is the head alone.")
    if set(trained) == set(changed) == set(expected):
        what = f"the last {len(expected)} convolutions and the head"
        known = all(name in traces for name in expected)
        how = ", by as much as training changes them" if known else "; that it was trained is claimed"
        return item(2, "yes" if known else "as claimed", f"What differs from the released base is {what}{how}.")
    points = 2 * len(trained) / len(set(changed) | set(expected))
    missing = [name for name in expected if name not in changed]
    extra = [name for name in changed if name not in expected]
    told = [f"unchanged: {', '.join(missing)}"] * bool(missing) + [f"changed too: {', '.join(extra[:5])}"] * bool(extra)
    told += [f"{name} {why}" for name, why in list(untrained.items())[:3] if name in expected]
    reason = f"{len(trained)} of the {len(expected)} layers to be unfrozen were trained ({'; '.join(told)})."
    return item(points, "partly" if trained else "no", reason)


def expected_layers(variant, model):
    """Give the names of the base's convolutions that a variant asks to be trained.

    Parameters
    ----------
    variant : dict
    model : keras.Model
        The base.

    Returns
    -------
    list of str
    """
    names = [layer.name for layer in convolutions(model)]
    return names[len(names) - variant["unfreeze"] :]


def _untrained(change, traces, rate):
    """Say why a layer's change is none that training makes; None where it could be."""
    kernel = max(change, key=lambda key: ("kernel" in key, key))
    one, trace = change[kernel], (traces or {}).get(kernel)
    if abs(one["along"]) > 0.5:
        return "was multiplied by one number"
    # Without reference runs of the variant: a step of Adam moves each number by about the learning rate.
    trace = trace or {"share": 0.6, "size": [2 * rate, 80 * rate], "evenness": [0.7, 0.9]}
    (least, most), (even, _) = trace["size"], trace["evenness"]
    if one["share"] < 0.5 * trace["share"]:
        return f"has other numbers in {one['share']:.1%} of its weights only"
    if one["evenness"] < EVENNESS * even:
        return "was changed in a few of its weights far, and in the others hardly"
    if not least / SIZE_TOLERANCE <= one["size"] <= most * SIZE_TOLERANCE:
        return f"differs by {one['size']:.2g}, and training changes it by {least:.2g} to {most:.2g}"
    return None


def _no_convolution(found, trace):
    """Say why no convolution of a head counts as the one asked for; None where one does."""
    if not found:
        return "The head has no convolution over feature maps, which this assignment asks for."
    reasons = []
    for name, one in found.items():
        if one["effect"] < SMALLEST_EFFECT:
            reasons.append(f"without the convolution {name!r} the answers are the same")
        elif _as_started(one, trace):
            reasons.append(f"the convolution {name!r} is as Keras starts it, and was not trained")
        else:
            return None
    return f"No convolution of the head counts: {reasons[0]}."


def _as_started(one, trace):
    # Training moves both; each alone could be put in by hand, or come from another way to start.
    if trace is None:
        return one["bias"] == 0 and one["beyond"] == 0
    return any(one[key] < trace[key] / START_TOLERANCE for key in ("bias", "beyond"))


def _base_left(variant, look):
    expected = expected_layers(variant, look.base.model)
    extra = [name for name in look.changes if name not in expected]
    evidence = {
        "base": look.base.name,
        "released base": look.base.digest[:16],
        "stated base": look.stated_digest[:16],
        "changed without being asked": extra[:40],
        "what the base was given": look.between,
        "better with": look.slip,
    }
    reason = None
    if extra:
        reason = f"{len(extra)} layers of the base that were to stay as released differ ({', '.join(extra[:3])})."
    elif look.stated_digest != look.base.digest:
        reason = "The bundle was packed with another base than the released one, by its checksum."
    elif look.broken:
        reason = "The weights hold NaN or infinity, so nothing can be computed with the base."
    elif look.between != OWN:
        reason = f"The base did not get its own preprocessing in the notebook, but {look.between}."
    elif look.slip:
        reason = f"The head is right more often when the base gets {look.slip} than with its own preprocessing."
    if reason:
        return _item("base left as released", 0, "no", evidence, reason)
    reason = "All other layers are the released ones, with their own preprocessing."
    return _item("base left as released", 1, "yes", evidence, reason)


def _as_labelled(accuracy, look, claimed):
    """An accuracy with the labels as the student has them, who claims what is right in that sense."""
    return 1 - accuracy if look.swapped() and claimed > 0.5 else accuracy


def _accuracy_recomputed(about, look):
    claimed = _share(about.get("claimed_accuracy"))
    evidence = {
        "claimed": claimed,
        "recomputed": _number(look.public_accuracy),
        "public photos": look.public_photos,
        "from the predictions": _number(look.prediction_accuracy),
        "agreement with the predictions": _number(look.agreement),
        "allowed difference": CLAIM_TOLERANCE,
    }
    name = "accuracy recomputed"
    if look.broken:
        return _item(name, 0, "no", evidence, f"No accuracy can be computed: {look.broken[0]} is no number.")
    if claimed is None:
        return _item(name, 0, "no", evidence, "The bundle claims no accuracy that is a share between 0 and 1.")
    turned = look.swapped()
    computed = _as_labelled(look.public_accuracy, look, claimed)
    # The claim is for all public photos: what the predictions say of the sample is what it should be there.
    expected, bound = claimed, CLAIM_TOLERANCE
    if look.sample_accuracy is not None and abs(claimed - look.prediction_accuracy) <= 0.006:
        expected = look.sample_accuracy
    elif look.sample_accuracy is not None and abs(claimed - (1 - look.prediction_accuracy)) <= 0.006:
        expected = 1 - look.sample_accuracy
    else:
        bound += 2.326 * math.sqrt(max(computed * (1 - computed), 0.02) / look.public_photos)
    evidence["allowed difference"] = round(bound, 4)
    apart = abs(expected - computed)
    numbers = f"{claimed:.3f} is claimed; on {look.public_photos} of the public photos the model gives {computed:.3f}"
    if expected != claimed:
        numbers += f" and the predictions {expected:.3f}"
    if apart > bound:
        points, verdict = (1, "partly") if apart <= 1.5 * bound else (0, "no")
        return _item(name, points, verdict, evidence, f"{numbers}, which is further apart than it can be.")
    if look.guessing():
        return _item(name, 1, "partly", evidence, f"{numbers}, but that is no better than guessing.")
    if turned:
        return _item(name, 1, "partly", evidence, f"{numbers}, with the labels the other way round (1 is dog).")
    return _item(name, 2, "yes", evidence, f"{numbers}, which agree.")


def _level_reached(variant, look, threshold):
    evidence = {
        "recomputed": _number(look.hidden_accuracy),
        "hidden photos": look.hidden_photos,
        "level of this variant": threshold,
        "base": look.base.name,
    }
    name = "level reached"
    if look.hidden_accuracy is None:
        return _item(name, 0, "no", evidence, "No accuracy could be computed.")
    if look.base.name != variant["base"]:
        reason = f"The level holds for {variant['base']}, on which the head does not stand."
        return _item(name, 0, "no", evidence, reason) | {"advice": "Put the head on the base of your variant."}
    turned = look.swapped()
    accuracy = 1 - look.hidden_accuracy if turned else look.hidden_accuracy
    numbers = f"{look.hidden_accuracy:.3f} on hidden photos, and the level is {threshold:.3f}"
    if turned:
        numbers = (
            f"The labels are the other way round (1 is dog, 0 is cat): {look.hidden_accuracy:.3f} on hidden photos, "
            f"which would be {accuracy:.3f}, and the level is {threshold:.3f}"
        )
    if accuracy >= threshold:
        points, verdict, told = 3, "yes", "reached"
    elif look.guessing():
        points, verdict, told = 0, "no", "no better than guessing"
    else:
        share = (accuracy - 0.5) / max(threshold - 0.5, 0.01)
        points, verdict = 2 * share**2, "partly"
        told = f"{share:.0%} of the way from guessing to the level, and the points grow with the square of that"
    if turned:
        return _item(name, points / 2, "partly", evidence, f"{numbers}: {told}, for half of the points.")
    return _item(name, points, verdict, evidence, f"{numbers}: {told}.")


def _consistent_record(about, variant, history, faults, look, remarks):
    faults = list(faults)
    claimed = _share(about.get("claimed_accuracy"))
    validated = [series for run in history.values() for key, series in shares(run).items() if key.startswith("val_")]
    accuracies = [[one for one in series if one is not None] for series in validated]
    finals = [series[-1] for series in accuracies if series]
    evidence = {
        "runs": len(history),
        "epochs": {name: len(next(iter(run.values()))) for name, run in history.items()},
        "final validation accuracies": [_number(value) for value in finals][:40],
        "learning rate of the model": _shown(about.get("learning_rate")),
        "claimed": claimed,
        "from the predictions": _number(look.prediction_accuracy),
        "agreement with the predictions": _number(look.agreement),
        "notebook": bool(about.get("notebook")),
        "versions": _shown(about.get("versions")),
        "remarks": remarks[:5],
    }
    stated = look.prediction_accuracy
    if stated is None:
        faults.append("the predictions are not finite numbers for the 1,000 public test photos")
    elif claimed is not None and abs(claimed - _as_labelled(stated, look, claimed)) > 0.006:
        faults.append(f"{claimed:.3f} is claimed, and the predictions give {_as_labelled(stated, look, claimed):.3f}")
    if look.agreement is not None and look.agreement < 0.9:
        faults.append(f"the model answers {1 - look.agreement:.0%} of the public photos otherwise than the predictions")
    if look.public_accuracy is not None and accuracies:
        reached = 1 - look.public_accuracy if look.swapped() else look.public_accuracy
        best = [*finals, *(max(series) for series in accuracies if series)]
        if not best or min(abs(value - reached) for value in best) > RECORD_TOLERANCE:
            faults.append(f"no run of the history comes near the recomputed accuracy of {reached:.3f}")
        elif min(finals) > reached + RECORD_TOLERANCE:
            faults.append("the history is better than the weights")
    rate = other_rate(history, about.get("learning_rate"), variant)
    if rate:
        faults.append(rate)
    few = lacking(history, variant)
    name = "consistent record"
    if faults:
        return _item(name, 0, "no", evidence, f"The record contradicts itself or the weights: {faults[0]}.")
    if few:
        return _item(name, 0.5, "partly", evidence, f"The history shows {few}; the rest is as claimed.")
    reason = "History, order of training and learning rates are as claimed, and consistent."
    return _item(name, 1, "as claimed", evidence, reason)


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
    if isinstance(value, dict):
        return {clean_text(key, 40): _shown(one) for key, one in list(value.items())[:20]}
    return clean_text(value, 60)
