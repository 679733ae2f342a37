"""The cells that students fill in: what each is asked for, and what is said to a right answer and to a wrong one."""

import importlib
import pkgutil

from course_utils.errors import CourseError
from course_utils.your_turn.answers import NotYet, ToDo


def check_answer(task, answer, **given):
    """Say whether a student's answer is still to do, right, or what is wrong with it; never stop the notebook.

    Parameters
    ----------
    task : str
        The name of the task, as it stands in one of the modules ``course_utils.your_turn.notebook_NN``.
    answer : object
        What the student wrote; ``...`` (the stub), alone or in a tuple, is still to do.
    **given : object
        What the task was asked about, where the right answer depends on it, such as ``photo=photo``.

    Raises
    ------
    CourseError
        Where no task has this name.
    """
    tasks = _tasks()
    if task not in tasks:
        raise CourseError(f"There is no task {task!r}; leave the line with check_answer as it was.")
    try:
        if answer is ... or (isinstance(answer, tuple | list) and any(part is ... for part in answer)):
            raise ToDo
        print(f"right: {tasks[task](answer, **given)}")
    except ToDo:
        print(f"to do: {task}")
    except NotYet as problem:
        print(f"not yet: {problem}")


def _tasks():
    """Collect the tasks of all notebooks: name -> function."""
    tasks = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name.startswith("notebook_"):
            tasks.update(importlib.import_module(f"{__name__}.{module.name}").TASKS)
    return tasks
