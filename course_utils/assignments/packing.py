"""Pack a homework into one zip file: the named parts of the model, what it predicts, and how it was trained."""

import hashlib
import io
import json
import math
import os
import platform
import re
import unicodedata
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from course_utils.assignments import STUDENTS_LINE
from course_utils.assignments.accepted_layers import NotScored
from course_utils.assignments.model_answers import public_accuracy
from course_utils.assignments.model_parts import is_of_keras, plain_array
from course_utils.assignments.public_photos import PUBLIC_TEST
from course_utils.assignments.trial_run import tried_parts
from course_utils.assignments.variant import ASSIGNMENTS
from course_utils.errors import CourseError
from course_utils.files import written_whole
from course_utils.settings import course_path

FORMAT = 2
LARGEST = 60_000_000
LONGEST_ANSWER = 20_000
# What a homework notebook holds where nothing was filled in yet.
UNTOUCHED = "Write your answer here."
# In a one-file copy the first cell carries the course, over a megabyte that nobody marks.
PACKED_COURSE = re.compile(rb'(PACKED = \\")[\w+/=]*(\\")')
_PACKAGES = ("keras", "tensorflow", "tensorflow-cpu", "numpy", "opencv-python-headless", "image-course")


def pack_submission(student, variant, model, base, history, predictions, answers, accuracy, notebook=None, folder="."):
    """Write one zip file that holds everything by which the homework is graded.

    It holds the model in named parts: which base, those of the base's weights that training has changed, the head, and
    what stands between photo and base; the training history, the predictions and the answers; and the notebook itself
    where it is found. Before anything is written the parts are put together and must give what the model gives; what
    is missing, has the wrong form or could not be scored is said. Whether the homework is right is not looked at, but
    where the base got another preprocessing than its own, the predictions are clearly not the model's or do not fit the
    accuracy, or the notebook still has gaps, that is told.

    Parameters
    ----------
    student : str
        Your student id.
    variant : dict
        Your variant, as the notebook states it.
    model : keras.Model
        The trained model: with the base in it, or the head alone, trained on recorded features.
    base : Base
        From `load_base`; only its name and size are used, since training may have changed its weights.
    history : keras.callbacks.History, or dict
        What ``fit`` returned; of several runs a dict, name -> history.
    predictions : numpy.ndarray, shape (1000,), (1000, 1) or (1000, 2)
        The model's answers for the public test photos, dogs first, then cats.
    answers : dict of str to str
        The text answers.
    accuracy : float
        The test accuracy that you measured, a share between 0 and 1.
    notebook : str or pathlib.Path, optional
        The notebook's file. By default the current folder is searched; in Colab there is usually none, and the
        bundle goes without.
    folder : str or pathlib.Path
        Where to write.

    Returns
    -------
    pathlib.Path
        The file ``submission_ASSIGNMENT_STUDENT.zip``, which replaces an earlier one.

    Raises
    ------
    CourseError
        Where something is missing, has the wrong form or is too large, or the file cannot be written.
    """
    predictions = _numbers(predictions)
    problems = _problems(student, variant, model, base, predictions, answers, accuracy)
    runs, said = _runs(history)
    problems += said
    tried = None
    if not problems:
        try:
            tried = tried_parts(model, base, np.asarray(predictions, np.float32))
        except NotScored as error:
            problems += str(error).split("; ")
    if problems:
        raise CourseError(
            f"Nothing was written: {_and(problems)}. Put this right, then run this cell again."
            if len(problems) == 1
            else f"Nothing was written, {len(problems)} things are missing or wrong: {_and(problems)}. "
            "Put them right, then run this cell again."
        )
    path, found = _notebook(notebook)
    about = {
        "format": FORMAT,
        "assignment": variant["assignment"],
        "student": student.strip(),
        "variant": variant,
        "claimed_accuracy": float(accuracy),
        "answers": {str(name): str(text) for name, text in answers.items()},
        "versions": _versions(),
        "history": runs,
        "learning_rate": _learning_rate(model),
        "base": tried.base,
        "between": tried.between,
        "notebook": path is not None,
    }
    parts = {
        "submission.json": _json(about),
        "head.json": _json(tried.head),
        "head.npz": _npz(tried.head_weights),
        "base.npz": _npz(tried.base_weights),
        "predictions.npz": _npz({"probabilities": np.asarray(predictions, np.float32)}),
    }
    if path is not None:
        parts["notebook.ipynb"] = PACKED_COURSE.sub(rb"\1\2", path.read_bytes())
    content = _zip(parts)
    if len(content) > LARGEST:
        numbers = sum(one.size for part in (tried.head_weights, tried.base_weights) for one in part.values())
        raise CourseError(
            f"The submission would have {len(content) / 1e6:.0f} MB, and at most {LARGEST / 1e6:.0f} MB can be handed "
            f"in ({numbers:,} weights differ from the base); use a smaller head (a "
            "pooled one is enough), unfreeze only the layers of your variant, and clear the notebook's outputs."
        )
    target = course_path(folder) / f"submission_{variant['assignment']}_{safe_name(student)}.zip"
    with written_whole(target) as part:
        part.write_bytes(content)
    for sentence in [*tried.doubts, *_doubts(predictions, accuracy, parts.get("notebook.ipynb", b""))]:
        print(f"Look again: {sentence}")
    # The head alone is a few kilobytes: "0.0 MB" would look like an empty file.
    size = f"{len(content) / 1e6:.1f} MB" if len(content) >= 1_000_000 else f"{math.ceil(len(content) / 1000)} kB"
    print(f"Packed: {target.name}, {size}, {found}. Hand in this file.")
    return target


def safe_name(student):
    """Turn a student id into a part of a file name.

    Parameters
    ----------
    student : str

    Returns
    -------
    str
        Letters a-z, digits, ``-`` and ``_``. Where anything else was replaced, six digits of a checksum follow, so that
        two students never get the same name.
    """
    student = unicodedata.normalize("NFC", student.strip())
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", unicodedata.normalize("NFKD", student).encode("ascii", "ignore").decode())
    plain = plain.strip("-")[:60]
    if plain == student:
        return plain
    return f"{plain}-{hashlib.sha256(student.encode()).hexdigest()[:6]}".strip("-")


def _problems(student, variant, model, base, predictions, answers, accuracy):
    """Say in words what is missing or has the wrong form."""
    problems = []
    if not isinstance(student, str) or not student.strip():
        problems.append('the student id is empty (write student = "your id")')
    if not isinstance(variant, dict) or variant.get("assignment") not in ASSIGNMENTS or "base" not in variant:
        problems.append("the variant is not the one of your notebook (restore its cell)")
    elif getattr(base, "name", None) != variant["base"]:
        problems.append(
            f"the base is {getattr(base, 'name', base)!r} and your variant asks for {variant['base']!r} "
            "(give the one from load_base)"
        )
    if not hasattr(base, "model") or not hasattr(base, "name"):
        problems.append("the base is not one from load_base (give base, not base.model)")
    problems += _model_problems(model)
    problems += _prediction_problems(predictions)
    if not isinstance(answers, dict) or not answers or not all(str(text).strip() for text in answers.values()):
        problems.append('the answers are missing (give a dict with your text, such as {"answer": answer})')
    elif any(str(text).strip() == UNTOUCHED for text in answers.values()):
        problems.append(f"an answer still says {UNTOUCHED!r} (write yours, and run its cell)")
    elif max(len(str(text)) for text in answers.values()) > LONGEST_ANSWER:
        problems.append(f"an answer is longer than {LONGEST_ANSWER:,} characters")
    try:
        share = float(accuracy)
    except (TypeError, ValueError):
        share = math.nan
    if not 0 <= share <= 1:
        problems.append(f"the accuracy is {accuracy!r} (give a share between 0 and 1, such as 0.93)")
    return problems


def _doubts(predictions, accuracy, notebook):
    """Say in words what can be handed in, and is hardly meant so."""
    doubts, right = [], public_accuracy(predictions)
    if right is not None and abs(right - float(accuracy)) > 0.005:
        doubts.append(
            f"your predictions are right for {right:.3f} of the test photos, and you state {float(accuracy):.3f}; of "
            "predictions in one column the answer is probabilities[:, 0] > 0.5."
        )
    if STUDENTS_LINE.encode() in notebook:
        doubts.append("the notebook still has gaps as it lies on the disk: save it (Ctrl+S), and run this cell again.")
    return doubts


def _model_problems(model):
    import keras

    if not isinstance(model, keras.Model):
        return [f"the model is a {type(model).__name__}, not a Keras model"]
    if not is_of_keras(model) or type(model).__name__ not in ("Functional", "Sequential"):
        return ["the model is a class of your own (build it with keras.Sequential or keras.Model(inputs, outputs))"]
    if not model.built or not model.weights:
        return ["the model is not built yet (start it with keras.Input, and train it)"]
    broken = [weight.path for weight in model.weights if not np.isfinite(plain_array(weight)).all()]
    if broken:
        return [f"the weights {broken[0]!r} hold NaN or infinity (train again with a smaller learning rate)"]
    return []


def _prediction_problems(predictions):
    try:
        values = np.asarray(predictions)
    except (TypeError, ValueError):
        return ["the predictions are no array (give what model.predict returned)"]
    if values.dtype.kind not in "fiub":
        return [f"the predictions are an array of {values.dtype}, not of numbers (give what model.predict returned)"]
    if values.ndim not in (1, 2) or (values.ndim == 2 and values.shape[1] not in (1, 2)):
        return [f"the predictions have shape {values.shape}, not (photos, 2) or (photos, 1)"]
    if len(values) != PUBLIC_TEST:
        return [f"there are {len(values):,} predictions, not {PUBLIC_TEST:,} (one for each test photo, dogs first)"]
    if not np.isfinite(values.astype(np.float64)).all():
        return ["the predictions hold NaN or infinity"]
    return []


def _runs(history):
    """Bring one history, or several by name, into {run: {name: [numbers]}}; say what is wrong with it."""
    history = getattr(history, "history", history)
    if not isinstance(history, dict) or not history:
        return {}, ["the history is missing (give what model.fit returned)"]
    if not all(isinstance(getattr(run, "history", run), dict) for run in history.values()):
        history = {"training": history}
    runs = {}
    for name, run in history.items():
        run, label = getattr(run, "history", run), f"{name:g}" if isinstance(name, float) else str(name)
        try:
            runs[label] = {str(key): [_number(value) for value in values] for key, values in run.items()}
        except (TypeError, ValueError):
            return {}, [f"the history {label!r} is not one of numbers by epoch (give what model.fit returned)"]
        if not runs[label] or not all(runs[label].values()):
            return {}, [f"the history {label!r} has no epoch (train first)"]
    return runs, []


def _numbers(predictions):
    """Bring predictions of NumPy's foreign 16-bit type to float32; leave all else to be looked at."""
    try:
        values = np.asarray(predictions)
    except (TypeError, ValueError):
        return predictions
    return values.astype(np.float32) if values.dtype.name == "bfloat16" else values


def _learning_rate(model):
    """Give the learning rate with which the model was compiled last; None where a plan changes it, or it has none."""
    optimizer = getattr(model, "optimizer", None)
    try:
        if optimizer is None or isinstance(optimizer.get_config()["learning_rate"], dict):
            return None
        return float(np.asarray(optimizer.learning_rate))
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _number(value):
    value = float(value)
    # JSON knows no NaN; a loss that has become one is kept as null.
    return value if math.isfinite(value) else None


def _versions():
    versions = {"python": platform.python_version(), "system": platform.system()}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions


def _notebook(notebook):
    """Find the notebook's file; where there is none, the words say so."""
    if notebook is not None:
        path = course_path(notebook)
        if not path.is_file():
            raise CourseError(f"Nothing was written: there is no notebook {path}; give its path, or leave it out.")
        return path, f"with {path.name}"
    given = os.environ.get("JPY_SESSION_NAME", "")
    # Jupyter names the file there; VS Code and Colab do not.
    if given.endswith(".ipynb") and Path(given).is_file():
        return Path(given), f"with {Path(given).name}"
    here = [path for path in sorted(Path.cwd().glob("*.ipynb")) if not path.name.startswith(".")]
    if len(here) == 1:
        return here[0], f"with {here[0].name}"
    why = "none lies in this folder" if not here else f"{len(here)} lie in this folder"
    return None, f"without the notebook ({why}; give notebook='NAME.ipynb')"


def _json(content):
    return json.dumps(content, indent=1, ensure_ascii=True, allow_nan=False, default=_plain).encode()


def _plain(value):
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _npz(arrays):
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    return content.getvalue()


def _zip(parts):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, part in parts.items():
            # The same time in every file: the same work gives the same bytes.
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".npz") else zipfile.ZIP_DEFLATED
            archive.writestr(entry, part)
    return content.getvalue()


def _and(sentences):
    return sentences[0] if len(sentences) == 1 else "; ".join(f"({i}) {s}" for i, s in enumerate(sentences, 1))
