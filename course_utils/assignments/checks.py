"""The instant checks of a homework notebook: they look at the form of each step, not at whether it is right."""

import numpy as np

from course_utils.assignments.variant import VARIANT_KEYS, convolutions
from course_utils.checks import check
from course_utils.errors import CourseError

FORM = "this checks the form, not whether it is right"
SHORTEST_ANSWER = 20


def check_variant(variant, assignment):
    """Check the form of a variant: that it belongs to this assignment, and no part was lost or changed in kind.

    Parameters
    ----------
    variant : dict
        As it stands in the notebook.
    assignment : str
        One of `ASSIGNMENTS`.

    Raises
    ------
    CourseError
        Where a part is missing, unknown or of another kind, or it belongs to another assignment.
    """
    again = "Restore the cell from the notebook that you were given; only its own variant is graded."
    if not isinstance(variant, dict) or sorted(variant) != sorted(VARIANT_KEYS):
        raise CourseError(f"Check failed: the variant has exactly the parts {', '.join(VARIANT_KEYS)}. {again}")
    if variant["assignment"] != assignment:
        raise CourseError(
            f"Check failed: this notebook is {assignment!r}, and the variant is for {variant['assignment']!r}. {again}"
        )
    whole = all(type(variant[key]) is int and variant[key] >= 0 for key in ("number", "unfreeze", "subset", "seed"))
    rates = variant["learning_rates"]
    positive = isinstance(rates, list) and bool(rates) and all(type(rate) is float and rate > 0 for rate in rates)
    check(
        whole and positive and isinstance(variant["base"], str),
        f"variant {variant['number']} of {assignment}: {variant['base']}, {variant['subset']} photos ({FORM})",
        again,
    )


def check_features(features, images, base):
    """Check recorded features against the base itself, on two photos: shape, order, and its own preprocessing.

    Parameters
    ----------
    features : numpy.ndarray
        What was recorded.
    images : numpy.ndarray
        The photos of which it was recorded, uint8 RGB.
    base : course_utils.bases.Base
        The base.

    Raises
    ------
    CourseError
        Where the shape differs, or the base gives other numbers for the first or the last photo.
    """
    expected = (len(images), *base.model.output_shape[1:])
    if np.shape(features) != expected:
        raise CourseError(
            f"Check failed: the features have shape {expected}, and these have {np.shape(features)}. "
            "Record one set of feature maps for each photo, with record_features(base, photos)."
        )
    two = images[[0, -1]]
    given = np.asarray(features)[[0, -1]].astype(np.float32)

    def apart(prepared):
        expected = np.asarray(base.model(prepared, training=False), np.float32)
        return np.abs(given - expected).mean() / max(float(np.abs(expected).mean()), 1e-9)

    # 16-bit numbers have three digits; x / 255 or swapped channels are wrong by tens of per cent.
    if apart(base.preprocess(two)) > 0.05:
        divided = two / np.float32(255)
        if min(apart(divided), apart(base.preprocess(divided))) < 0.05:
            raise CourseError(
                f"Check failed: {base.name} got its own input. These are the features of x / 255: give "
                "the photos as they are, 0-255, to record_features, which applies base.preprocess."
            )
        raise CourseError(
            f"Check failed: {base.name} gives other features for the first and the last photo. Are the photos RGB, "
            "not OpenCV's BGR, 0-255, in the order of x, and the base untrained?"
        )
    check(True, f"features of {len(images)} photos, {base.name} with its own preprocessing", "")


def check_unfrozen(model, base, number):
    """Check in the whole model's list that the last convolutions of the base, and only they, are trained with the head.

    Parameters
    ----------
    model : keras.Model
        The whole model, base and head.
    base : course_utils.bases.Base
        The base inside it.
    number : int
        How many convolutions from the end should be trained; 0 where the base is frozen.

    Raises
    ------
    CourseError
        Where another number is trained, a layer that is no convolution is trained, or the head is not.
    """
    of_base = {id(weight) for weight in base.model.weights}
    trained = [weight for weight in model.trainable_weights if id(weight) in of_base]
    head = [weight for weight in model.trainable_weights if id(weight) not in of_base]
    if not of_base & {id(weight) for weight in model.weights}:
        raise CourseError("Check failed: the base is part of this model. Build the model on base.model itself.")
    if not head:
        raise CourseError("Check failed: the head is trained. Its layers are frozen: leave model.trainable alone.")
    layers = convolutions(base.model)
    wanted = layers[len(layers) - number :]
    names = ", ".join(layer.name for layer in wanted) or "none"
    wanted_ids = {id(weight) for layer in wanted for weight in layer.weights}
    trained_ids = {id(weight) for weight in trained}
    unfrozen = sum(1 for layer in layers if {id(weight) for weight in layer.weights} & trained_ids)
    claim = f"of the base these are trained: {names} ({len(wanted_ids)} tensors), and the head ({len(head)} tensors)"
    if trained_ids == wanted_ids:
        check(True, claim, "")
        return
    if not trained:
        hint = "Nothing of the base is trained: set layer.trainable = True for each of them, after the base was frozen."
    elif number == 0:
        hint = f"{len(trained)} tensors of the base would be trained: set base.model.trainable = False, then compile."
    elif trained_ids < wanted_ids:
        hint = f"Only {unfrozen} of {number} convolutions are unfrozen: go through all of them in a loop."
    elif wanted_ids < trained_ids and unfrozen == number:
        hint = "Other layers are unfrozen too, such as batch normalization: unfreeze the convolutions alone."
    elif wanted_ids < trained_ids:
        hint = (
            f"Too many are unfrozen ({unfrozen} convolutions): freeze the whole base, then unfreeze the last {number}."
        )
    else:
        hint = f"Others are unfrozen: a slice [-{number}:] is the last {number} of a list, [-{number}] is one."
    raise CourseError(f"Check failed: {claim}. {hint}")


def check_learning_rate(model, learning_rate):
    """Check that a model was compiled with a learning rate.

    Parameters
    ----------
    model : keras.Model
        A compiled model.
    learning_rate : float
        What the variant asks for.

    Raises
    ------
    CourseError
        Where it is not compiled, or compiled with another learning rate.
    """
    if getattr(model, "optimizer", None) is None:
        raise CourseError("Check failed: the model is compiled. Call compile before fit, and again after unfreezing.")
    found = float(np.asarray(model.optimizer.learning_rate))
    check(
        abs(found - learning_rate) <= 1e-3 * learning_rate,
        f"the optimizer's learning rate is {learning_rate:g}",
        f"It is {found:g}: compile after every change, with the learning rate of your variant.",
    )


def check_head(head, features, outputs):
    """Check the form of a head on recorded features: its input, its output, and that all of it is trained.

    Parameters
    ----------
    head : keras.Model
        The head.
    features : numpy.ndarray
        Recorded features (n, h, w, channels).
    outputs : int
        1 for a sigmoid, 2 for a softmax.

    Raises
    ------
    CourseError
        Where one of these is not so.
    """
    if tuple(head.input_shape[1:]) != tuple(features.shape[1:]):
        raise CourseError(
            f"Check failed: the head takes features of shape {features.shape[1:]}, and this one takes "
            f"{head.input_shape[1:]}. Start it with keras.Input(features.shape[1:])."
        )
    # Built without keras.Input, a head has the size of its first batch there.
    if head.output_shape[1:] != (outputs,):
        raise CourseError(
            f"Check failed: the head gives {outputs} number(s) a photo, and this one gives {head.output_shape}. "
            "Is the last layer Dense, and are the feature maps pooled or flattened before it?"
        )
    check(
        len(head.trainable_weights) == len(head.weights) > 0,
        f"the head takes {features.shape[1:]}, gives {outputs}, and is trained as a whole ({FORM})",
        "Some of its weights are frozen, or it has none.",
    )


def check_trials(accuracies, variant):
    """Check that every learning rate of the variant was tried, and that the trials differ.

    Parameters
    ----------
    accuracies : dict of float to float
        Learning rate -> validation accuracy.
    variant : dict
        The variant.

    Raises
    ------
    CourseError
        Where a learning rate is missing or not asked for, a value is no share, or all are alike.
    """
    rates = variant["learning_rates"]
    if sorted(accuracies) != sorted(rates):
        raise CourseError(
            f"Check failed: each learning rate of the variant was tried, {rates}, and no other. "
            f"There are {sorted(accuracies)}: loop over variant['learning_rates']."
        )
    values = [float(value) for value in accuracies.values()]
    if not all(0 <= value <= 1 for value in values):
        raise CourseError("Check failed: each accuracy is a share between 0 and 1. Take history['val_accuracy'][-1].")
    check(
        max(values) - min(values) > 0.02,
        f"{len(rates)} learning rates were tried, and they make a difference ({FORM})",
        "All accuracies are alike: does every rate start with a new head, and does compile get that rate?",
    )


def check_predictions(probabilities, count):
    """Check the form of the predictions on the test photos.

    Parameters
    ----------
    probabilities : numpy.ndarray
        Shape (count,), (count, 1) for the probability of a dog, or (count, 2) for cat and dog.
    count : int
        The number of test photos.

    Raises
    ------
    CourseError
        Where the shape is another, a value is no finite number between 0 and 1, or all photos get the same answer.
    """
    values = np.asarray(probabilities)
    if values.shape not in ((count,), (count, 1), (count, 2)):
        raise CourseError(
            f"Check failed: there is one prediction for each of the {count} test photos. The shape is {values.shape}: "
            "predict all of x_test (or its features), dogs first, then cats."
        )
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > 1:
        raise CourseError("Check failed: each prediction is a probability. End the head with softmax or sigmoid.")
    flat = values.reshape(count, -1)
    dog = flat.argmax(axis=1) == 1 if flat.shape[1] == 2 else flat[:, 0] > 0.5
    check(
        bool(dog.any() and not dog.all()),
        f"{count} predictions, both classes among them ({FORM})",
        "Every photo gets the same answer: has the model been trained, and with which input?",
    )


def check_text_answer(answer):
    """Check that a text answer was written: it is read and marked by a person.

    Parameters
    ----------
    answer : str
        The answer.

    Raises
    ------
    CourseError
        Where it is no text, or still the placeholder.
    """
    words = str(answer).split() if isinstance(answer, str) else []
    check(
        len(words) >= SHORTEST_ANSWER,
        "the answer is written (a person reads and marks it)",
        f"Write at least {SHORTEST_ANSWER} words between the quotes, in sentences of your own.",
    )
