"""Score a submission from what it holds, without running a line of its code.

The student's weights are put on the released base itself, the accuracy is computed again on hidden photos, and a rubric
of six items comes out: each with points, a verdict, the evidence and one sentence of reason. Who does what: `bundle`
reads the zip file, `rebuild` the model, `matching` finds the released base in it, `reading` runs it on the hidden
photos, `items` gives the points.
"""

import hashlib
import time
from pathlib import Path

from course_utils.errors import CourseError
from homework.collecting.bundle import BundleError, clean_text, read_bundle
from homework.scoring.history import read_history
from homework.scoring.items import ITEMS, rubric, rubric_of_nothing
from homework.scoring.matching import find_base, merged_weights
from homework.scoring.reading import look_at
from homework.scoring.rebuild import parse
from homework.scoring.similarity import fingerprints

SCORER_VERSION = "1.2"


def score(bundle_path, student, variant, hidden, threshold):
    """Score one submission.

    Parameters
    ----------
    bundle_path : str or pathlib.Path
        The zip file that pack_submission wrote, or anything else.
    student : str
        Who handed it in.
    variant : dict
        The variant that this student was given.
    hidden : homework.scoring.photos.HiddenSet
    threshold : float
        The accuracy on hidden photos that this variant asks for.

    Returns
    -------
    dict
        Plain JSON: ``status`` is ``"scored"``, ``"refused"`` (unreadable or hostile; ``refusal`` says why) or
        ``"failed"`` (the fault is on the grading side; ``refusal`` says which). Never raises for anything in a bundle.
    """
    began = time.perf_counter()
    result = {
        "student": student,
        "assignment": variant["assignment"],
        "variant_number": variant["number"],
        "status": "scored",
        "points": 0.0,
        "out_of": sum(ITEMS.values()),
        "items": [],
        "refusal": None,
        "fingerprints": {"weights": "", "history": "", "sketch": []},
        "history": {},
        "answers": {},
        "bundle_sha256": _file_digest(bundle_path),
        "scorer_version": SCORER_VERSION,
        "seconds": 0.0,
    }
    try:
        _fill(result, bundle_path, student, variant, hidden, threshold)
    except BundleError as error:
        result |= _nothing("refused", str(error))
    except (CourseError, MemoryError) as error:
        result |= _nothing("failed", f"The scorer could not work: {clean_text(error, 300)}")
    except Exception as error:
        # One submission must not stop the others; it is named for the instructor, not scored 0 in silence.
        place = error.__traceback__
        while place.tb_next:
            place = place.tb_next
        where = f"{Path(place.tb_frame.f_code.co_filename).name}, line {place.tb_lineno}"
        words = clean_text(str(error).split("\n")[0], 200)
        result |= _nothing("failed", f"The scorer met {type(error).__name__} in {where}: {words}")
    result["seconds"] = round(time.perf_counter() - began, 3)
    return result


def _nothing(status, sentence):
    return {"status": status, "points": 0.0, "items": rubric_of_nothing(), "refusal": sentence}


def _fill(result, bundle_path, student, variant, hidden, threshold):
    bundle = read_bundle(bundle_path)
    about = bundle.about
    if about.get("format") != 1:
        raise BundleError(f"submission.json has the format {clean_text(about.get('format'), 20)}, not 1.")
    history, faults = read_history(about.get("history"))
    result["history"] = history
    answers = about.get("answers")
    if isinstance(answers, dict):
        result["answers"] = {
            clean_text(key, 60): clean_text(text, 20_000)
            for key, text in list(answers.items())[:20]
            if text is not None
        }
    graph = parse(bundle.model)
    base, matching = find_base(graph, variant["base"], about.get("base"))
    weights, changes, broken = merged_weights(graph, bundle.weights, base, matching)
    result["fingerprints"] = fingerprints(bundle.weights, history)
    look = look_at(graph, weights, base, matching, changes, broken, bundle.predictions, hidden)
    items = rubric(about, student, variant, threshold, look, history, faults, bundle.remarks)
    result["items"] = items
    result["points"] = round(sum(item["points"] for item in items), 2)


def _file_digest(path):
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
