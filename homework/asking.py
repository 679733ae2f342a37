"""Ask the instructor before something is written that is hard to take back."""

import sys


def agreed(question, yes):
    """Ask a question that is answered by yes or no.

    Parameters
    ----------
    question : str
    yes : bool
        Whether it was answered beforehand, by ``--yes``.

    Returns
    -------
    bool
        False where nobody is there to be asked.
    """
    if yes:
        return True
    if not sys.stdin or not sys.stdin.isatty():
        print(f"{question} Nobody is here to answer; give --yes.")
        return False
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
