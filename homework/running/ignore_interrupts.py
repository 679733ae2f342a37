"""Loaded by each Dask worker at its start: Ctrl-C is for the command alone, which then ends its workers."""

import signal

# For `dask.config.set`, around the start of local workers.
WORKER_SETTINGS = {"distributed.worker.preload": [__name__]}


def dask_setup(worker):
    """Let the worker, and the scorer that it starts, pass over Ctrl-C.

    Parameters
    ----------
    worker : distributed.Worker
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
