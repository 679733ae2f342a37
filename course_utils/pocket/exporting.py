"""Export a Keras model as a LiteRT file, which phones and browsers can run, and run such a file here."""

import tempfile
import warnings
from pathlib import Path

import numpy as np

from course_utils.errors import CourseError, file_errors_told
from course_utils.files import written_whole
from course_utils.settings import course_path
from course_utils.tensorflow_start import standard_error_closed

WEIGHTS = ("float32", "int8")


def export_model(model, file, weights="float32"):
    """Write a model as a LiteRT file that takes one photo at a time.

    Preprocessing, base and head are all inside: the file takes RGB 0-255, as the model does.

    Parameters
    ----------
    model : keras.Model
        Takes RGB 0-255, (n, height, width, 3). A model trained in 16-bit floats is exported in 32 bits.
    file : str or pathlib.Path
        Where to, with the ending ``.tflite``; see `course_path`.
    weights : {"float32", "int8"}
        How each weight is stored: in four bytes, or rounded to one.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    CourseError
        Where ``weights`` is unknown, or the file cannot be written.
    """
    if weights not in WEIGHTS:
        raise CourseError(f"weights is {weights!r}; give one of {', '.join(WEIGHTS)}.")
    import keras
    import tensorflow as tf

    file = course_path(file)
    # One photo a call, since a browser has one; a free batch size would cost speed.
    signature = [keras.InputSpec(shape=(1, *model.input_shape[1:]), dtype="float32")]
    settings = {"optimizations": [tf.lite.Optimize.DEFAULT]} if weights == "int8" else {}
    # The converter tells its own developers of each step, past Python's standard error.
    with tempfile.TemporaryDirectory() as folder, written_whole(file) as part, standard_error_closed():
        exported = Path(folder) / "model.tflite"
        _in_float32(model).export(exported, format="litert", input_signature=signature, verbose=False, **settings)
        part.write_bytes(exported.read_bytes())
    return file


def predict_exported(file, images):
    """Run images through an exported file, one at a time, as a phone does.

    Parameters
    ----------
    file : str or pathlib.Path
        From `export_model`.
    images : numpy.ndarray
        RGB 0-255, (n, height, width, 3).

    Returns
    -------
    numpy.ndarray
        float32 probabilities, (n, classes).

    Raises
    ------
    CourseError
        Where the file cannot be read, or the images have another shape than it takes.
    """
    import tensorflow as tf

    file = course_path(file)
    with file_errors_told(file):
        content = file.read_bytes()
    try:
        with warnings.catch_warnings(), standard_error_closed():
            # It says that the same interpreter will be a package of its own one day; until then TensorFlow's,
            # which is here anyway, spares students a further package.
            warnings.simplefilter("ignore", UserWarning)
            interpreter = tf.lite.Interpreter(model_content=content)
            interpreter.allocate_tensors()
    except ValueError:
        raise CourseError(f"{file} is no LiteRT file; export the model again.") from None
    (takes,), (gives,) = interpreter.get_input_details(), interpreter.get_output_details()
    if np.shape(images)[1:] != tuple(takes["shape"][1:]) or len(images) == 0:
        raise CourseError(f"{file.name} takes images of shape {tuple(takes['shape'][1:])}, not {np.shape(images)}.")
    answers = []
    for image in images:
        interpreter.set_tensor(takes["index"], image[np.newaxis].astype(np.float32))
        interpreter.invoke()
        answers.append(interpreter.get_tensor(gives["index"])[0])
    return np.stack(answers)


def _in_float32(model):
    """Build the model again with 32-bit computation, which is the one that browsers can do."""
    import json

    import keras

    described = json.dumps(keras.saving.serialize_keras_object(model))
    plain = described.replace("mixed_bfloat16", "float32").replace("mixed_float16", "float32")
    if plain == described:
        return model
    again = keras.saving.deserialize_keras_object(json.loads(plain))
    again.set_weights(model.get_weights())
    return again
