"""What the tasks of all notebooks ask of an answer: that it is a number, an array, a function that runs."""

import numbers

import numpy as np


class ToDo(Exception):
    """The student has not begun: the stub is still there."""


class NotYet(Exception):
    """What is wrong with an answer, as a sentence to the student."""


def slip(happened, sentence):
    """Refuse an answer for a known reason.

    Parameters
    ----------
    happened : bool
        Whether the answer shows this slip.
    sentence : str
        What to tell the student.

    Raises
    ------
    NotYet
        Where it happened.
    """
    if happened:
        raise NotYet(sentence)


def number(answer):
    """Ask for one number.

    Parameters
    ----------
    answer : object
        What the student wrote.

    Returns
    -------
    int or float
        The number, also where it came as an array with one element.

    Raises
    ------
    NotYet
        Where it is none.
    """
    if isinstance(answer, np.ndarray) and answer.size == 1:
        answer = answer.item()
    answer = answer.item() if isinstance(answer, np.generic) else answer
    slip(
        isinstance(answer, bool) or not isinstance(answer, numbers.Real),
        f"a number is needed, and this is {_kind(answer)}.",
    )
    return answer


def array(answer, shape=None, dtype=None):
    """Ask for an array of a shape and a type.

    Parameters
    ----------
    answer : object
        What the student wrote.
    shape : tuple of int, optional
        The shape that it must have.
    dtype : str, optional
        The type of its numbers, such as ``"uint8"``.

    Returns
    -------
    numpy.ndarray

    Raises
    ------
    NotYet
        Where it is no array, or one of another shape or type.
    """
    slip(
        not isinstance(answer, np.ndarray) and not hasattr(answer, "numpy"),
        f"an array is needed, and this is {_kind(answer)}.",
    )
    answer = np.asarray(answer)
    slip(
        shape is not None and answer.shape != shape,
        f"the shape is {answer.shape}, and it should be {shape}.",
    )
    slip(dtype is not None and answer.dtype != dtype, f"the numbers are {answer.dtype}, and they should be {dtype}.")
    return answer


def result_of(function, *arguments):
    """Call a function that the student wrote.

    Parameters
    ----------
    function : object
        What the student wrote.
    *arguments : object
        What to call it with.

    Returns
    -------
    object
        What it returned.

    Raises
    ------
    ToDo
        Where it returns the stub, ``...``.
    NotYet
        Where it is no function, stops with an error, or returns nothing.
    """
    slip(not callable(function), f"a function is needed, and this is {_kind(function)}.")
    try:
        result = function(*arguments)
    except Exception as error:
        raise NotYet(f"your function stopped with {type(error).__name__}: {error}.") from None
    if result is ...:
        raise ToDo
    slip(result is None, "your function returns nothing; end it with a line that starts with return.")
    return result


def _kind(answer):
    names = {str: "a text", list: "a list", tuple: "a tuple", bool: "True or False", type(None): "None"}
    names |= {dict: "a dictionary", np.ndarray: "an array"}
    return names.get(type(answer), f"a {type(answer).__name__}")
