"""What is said to an answer: to do, right, or what is wrong with it."""

import numpy as np
import pytest

from course_utils import check_answer
from course_utils.errors import CourseError
from course_utils.your_turn import _tasks
from course_utils.your_turn.answers import NotYet, ToDo, array, number, result_of

TASK = "parameters of the first layer"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (..., "to do: parameters of the first layer"),
        ((1, ...), "to do: parameters of the first layer"),
        (896, "right: 896"),
        (np.int64(896), "right: 896"),
        (864, "not yet: each filter also has a bias"),
        ("896", "not yet: a number is needed, and this is a text"),
        (None, "not yet: a number is needed, and this is None"),
        (1000, "not yet: 1,000 is not it"),
    ],
)
def test_each_answer_has_its_own_words(capsys, answer, told):
    check_answer(TASK, answer)
    assert capsys.readouterr().out.startswith(told)


def test_an_unknown_task_is_told():
    with pytest.raises(CourseError, match="no task 'another'"):
        check_answer("another", 1)


def test_no_two_notebooks_have_a_task_of_the_same_name():
    import importlib
    import pkgutil

    import course_utils.your_turn as package

    modules = [m.name for m in pkgutil.iter_modules(package.__path__) if m.name.startswith("notebook_")]
    names = [name for m in modules for name in importlib.import_module(f"{package.__name__}.{m}").TASKS]
    assert len(names) == len(set(names)) == len(_tasks())


@pytest.mark.parametrize("answer", [True, "1", [1], np.zeros(2)])
def test_what_is_no_number_is_refused(answer):
    with pytest.raises(NotYet, match="a number is needed"):
        number(answer)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ([1, 2], "this is a list"),
        (np.zeros(3, np.uint8), r"shape is \(3,\), and it should be \(2,\)"),
        (np.zeros(2), "numbers are float64, and they should be uint8"),
    ],
)
def test_an_array_of_another_form_is_refused_with_what_is_wrong(answer, told):
    with pytest.raises(NotYet, match=told):
        array(answer, (2,), "uint8")


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (3, "a function is needed"),
        (lambda x: 1 / 0, "ZeroDivisionError"),
        (lambda x: None, "returns nothing"),
        (lambda: 1, "TypeError"),
    ],
)
def test_a_function_that_does_not_work_is_told(function, told):
    with pytest.raises(NotYet, match=told):
        result_of(function, 1)


def test_a_function_that_returns_the_stub_is_to_do():
    with pytest.raises(ToDo):
        result_of(lambda x: ..., 1)
