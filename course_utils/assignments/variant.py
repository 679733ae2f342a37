"""The variant of an assignment: whose it is, its training photos, and the layers that it speaks of."""

import hashlib
import hmac

import numpy as np

from course_utils.errors import CourseError

ASSIGNMENTS = ("another_base", "fine_tuning", "learning_rate", "conv_head")
VARIANT_KEYS = ("assignment", "number", "base", "unfreeze", "learning_rates", "subset", "seed")
CONVOLUTIONS = ("Conv2D", "DepthwiseConv2D", "SeparableConv2D")
# Stretched, so that the ids of a class are not guessed back from the table within seconds.
ROUNDS = 20_000


def training_subset(variant):
    """Choose the training photos of a variant: as many dogs as cats, the same on every machine.

    Parameters
    ----------
    variant : dict
        Of it, ``subset`` (the number of photos, even, at most 2,000) and ``seed`` count.

    Returns
    -------
    numpy.ndarray
        int64, shape (subset,): positions in the order in which the notebooks load the photos, 1,000 dogs and then
        1,000 cats; ascending, so that the first half are dogs.

    Raises
    ------
    CourseError
        Where ``subset`` is odd, or not between 2 and 2,000.
    """
    count, seed = variant["subset"], variant["seed"]
    if count % 2 or not 2 <= count <= 2000:
        raise CourseError(f"The variant's subset is {count}; it must be even and between 2 and 2,000 photos.")
    # By hash, not by NumPy's generator: that one may give other numbers in a later version.
    order = sorted(range(1000), key=lambda photo: hashlib.sha256(f"photo {seed} {photo}".encode()).digest())
    chosen = np.sort(np.array(order[: count // 2], np.int64))
    return np.concatenate([chosen, 1000 + chosen])


def convolutions(model):
    """List the convolutions of a base, from the first to the last.

    Parameters
    ----------
    model : keras.Model
        The base without its top.

    Returns
    -------
    list of keras.Layer
        Its layers of the kinds Conv2D, DepthwiseConv2D and SeparableConv2D, in the model's own order.
    """
    return [layer for layer in model.layers if type(layer).__name__ in CONVOLUTIONS]


def student_key(student, salt):
    """Turn a student id into what stands for it in the table of a notebook for all.

    Parameters
    ----------
    student : str
        The id, in any case and with spaces around it.
    salt : str
        The class's salt, which stands in the notebook.

    Returns
    -------
    str
        32 hexadecimal digits: PBKDF2 with SHA-256. It hides an id from whoever reads the table, but not from
        whoever tries every possible id for long enough.
    """
    return hashlib.pbkdf2_hmac("sha256", same_id(student).encode(), salt.encode(), ROUNDS).hex()[:32]


def same_id(student):
    """Bring a student id to the one form under which it is compared: without spaces around it, in small letters."""
    import unicodedata

    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", student).strip().casefold())


def look_up_variant(student, salt, numbers, variants):
    """Find a student's variant in the table of a notebook for all.

    Parameters
    ----------
    student : str
        The id as on the class list.
    salt : str
        The class's salt.
    numbers : dict of str to int
        `student_key` -> the variant's number.
    variants : list of dict
        The assignment's variants.

    Returns
    -------
    dict
        The variant.

    Raises
    ------
    CourseError
        Where no id is given, or the class list has no such id.
    """
    if not isinstance(student, str) or not student.strip():
        raise CourseError('No student id is given; write yours between the quotes: student = "your id".')
    key = student_key(student, salt)
    for other, number in numbers.items():
        if hmac.compare_digest(key, other):
            return next(variant for variant in variants if variant["number"] == number)
    raise CourseError(f"The class list has no student id {student.strip()!r}; check the spelling, or ask your teacher.")
