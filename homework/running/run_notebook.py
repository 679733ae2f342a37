"""Run the notebook of a submission: this file is started inside the sandbox, by homework/running/executor.py alone."""

import os
import sys
from pathlib import Path

import nbclient
import nbformat


def main(source, cell_seconds):
    """Run a notebook, and send what it printed and packed to stdout, also where a cell fails.

    Parameters
    ----------
    source : str
        The notebook.
    cell_seconds : int
        The most that one cell may take.

    Returns
    -------
    int
        Exit code: 0, or 3 for an error in a cell, 4 for one that took too long, 5 for a kernel that died, 6 for a file
        that is no notebook.
    """
    # The kernel gets another stdout, so that nothing that it prints gets between the parts.
    output = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        notebook = nbformat.read(source, 4)
    except Exception:
        # Whatever a student's file does to the reader, it is no notebook then.
        return 6
    status = 0
    try:
        nbclient.NotebookClient(notebook, timeout=cell_seconds, kernel_name="python3").execute()
    except nbclient.exceptions.CellExecutionError:
        status = 3
    except nbclient.exceptions.CellTimeoutError:
        status = 4
    except nbclient.exceptions.DeadKernelError:
        status = 5
    with os.fdopen(output, "wb") as pipe:
        _send(pipe, "notebook.ipynb", nbformat.writes(notebook).encode())
        packed = sorted(Path.cwd().glob("submission_*.zip"))
        if packed:
            _send(pipe, "submission.zip", packed[0].read_bytes())
    return status


def _send(pipe, name, content):
    pipe.write(f"{name} {len(content)}\n".encode() + content)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
