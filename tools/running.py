"""Run a notebook in a kernel of its own: one line of progress, the time, the memory, and what went wrong."""

import atexit
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

from course_utils.errors import file_errors_told
from course_utils.memory import held_memory

# How this Python is called in other programs that run notebooks; the name is that of its folder there.
KERNEL_NAME, KERNEL_TITLE = "cats-and-dogs-course", "Cats and dogs (the course's own Python)"
# An old laptop may take minutes to read a kernel's files for the first time.
START_SECONDS = 600


@dataclass
class Run:
    """How one notebook ran: its name, seconds, peak memory in MB, and the error, None where all went well."""

    name: str
    seconds: float
    peak_mb: float
    error: str | None


def execute(notebook, name, folder, settings):
    """Run a notebook in a kernel of its own, showing one line of progress.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        The notebook; it receives the outputs.
    name : str
        What the progress line calls it.
    folder : pathlib.Path
        The kernel's current folder.
    settings : dict of str to str
        The kernel's environment.

    Returns
    -------
    Run
        The time, the memory, and what went wrong if anything did.
    """
    from jupyter_client import AsyncKernelManager
    from jupyter_client.kernelspec import KernelSpecManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    code_cells = [index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    started = time.perf_counter()
    with _Watch(name, len(code_cells)) as watch:

        def note_cell(cell, cell_index):
            if cell.cell_type == "code":
                watch.cell = code_cells.index(cell_index) + 1

        client = NotebookClient(
            notebook,
            timeout=None,
            startup_timeout=START_SECONDS,
            # This Python's own kernel: a cluster's JUPYTER_PATH may hold another Python's under the same name.
            km=AsyncKernelManager(kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[])),
            resources={"metadata": {"path": str(folder)}},
            record_timing=False,
            # Or it warns that other users of the same computer could listen to its local connection.
            extra_arguments=["--log-level=40"],
            coalesce_streams=True,
            on_notebook_start=lambda notebook: watch.follow(client.km.provisioner.pid),
            on_cell_start=note_cell,
        )
        error = None
        try:
            _execute_interruptibly(client, settings, watch)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as failure:
            error = _told(notebook, name, code_cells, watch.cell, failure)
        except RuntimeError as failure:
            if watch.cell:
                raise
            # What nbclient raises where the kernel does not answer in time. It has cleaned up then, and would
            # complain at the exit of this program that nothing is left to clean up.
            atexit.unregister(client._cleanup_kernel)
            error = f"{name} did not begin: {failure}; close other programs and try again."
    return Run(name, round(time.perf_counter() - started, 1), round(watch.peak_bytes / 1e6), error)


def kernel_settings(**settings):
    """Build the environment of a kernel.

    Parameters
    ----------
    **settings : str
        The course's settings by name, such as ``COURSE_DATA="sandbox"``. Where any is given, those of the
        current process are left out, except the cache folder and the photos for tests.

    Returns
    -------
    dict of str to str
        The environment.
    """
    environment = dict(os.environ)
    if settings:
        environment = {
            name: value
            for name, value in environment.items()
            if not name.startswith("COURSE_") or name in ("COURSE_CACHE", "COURSE_TEST_MIRROR")
        }
    # Python's debugger, which the kernel loads, otherwise warns about frozen modules.
    defaults = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    # Clusters and build servers set MPLBACKEND; with it the pictures would not come into the notebook.
    environment.pop("MPLBACKEND", None)
    return defaults | environment | settings


def register_kernel():
    """Offer the course's own Python in every Jupyter and VS Code of this user, as a kernel with a name of its own.

    Raises
    ------
    CourseError
        Where the user's folder for kernels cannot be written.
    """
    from ipykernel.kernelspec import install
    from jupyter_core.paths import jupyter_data_dir

    with file_errors_told(jupyter_data_dir()):
        folder = install(user=True, kernel_name=KERNEL_NAME, display_name=KERNEL_TITLE)
    print(f"Every Jupyter of yours now offers the kernel {KERNEL_TITLE!r}; to take it away, remove {folder}.")


def _told(notebook, name, code_cells, number, failure):
    source = notebook.cells[code_cells[number - 1]].source if number else ""
    first_line = next((line for line in source.splitlines() if line.strip()), "")
    if hasattr(failure, "ename"):
        what = f"{failure.ename}: {failure.evalue}"
    else:
        what = "its kernel died, as it does when the memory is used up; close other programs and try again"
    return f"{name}, code cell {number} of {len(code_cells)} failed.\n  {first_line}\n  {what}"


def _execute_interruptibly(client, settings, watch):
    # In a thread of its own, where nbclient leaves the signals alone: its own answer to Ctrl-C is to stop the
    # kernel and then to fail with whatever comes of that.
    with ThreadPoolExecutor(1) as pool:
        # nbclient would leave a kernel running whose manager is not its own.
        running = pool.submit(client.execute, env=settings, cleanup_kc=True)
        try:
            while not running.done():
                wait([running], timeout=0.5)
        except KeyboardInterrupt:
            watch.end_kernel()
            raise
        running.result()


class _Watch:
    """Shows a notebook's progress, and notes the most memory that its kernel and its children held."""

    def __init__(self, name, cells):
        self.name, self.cells, self.cell, self.peak_bytes = name, cells, 0, 0
        self._process, self._ended, self._stop = None, False, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def follow(self, process_id):
        import psutil

        self._process = psutil.Process(process_id)
        if self._ended:  # asked for while the kernel was starting
            self.end_kernel()

    def end_kernel(self):
        import psutil

        self._ended = True
        if self._process is None:
            return
        try:
            for process in [*self._process.children(recursive=True), self._process]:
                process.kill()
        except psutil.NoSuchProcess:
            return  # it has just ended by itself

    def __enter__(self):
        self._started = time.perf_counter()
        if not sys.stdout.isatty():
            print(f"{self.name}: {self.cells} code cells ...", flush=True)
        self._thread.start()
        return self

    def __exit__(self, kind, error, traceback):
        self._stop.set()
        self._thread.join()
        if sys.stdout.isatty():
            print("\r\033[K", end="")
        if kind is None:
            seconds = time.perf_counter() - self._started
            print(f"{self.name}: cell {self.cell}/{self.cells}, {seconds:.0f} s", flush=True)

    def _watch(self):
        while not self._stop.wait(0.2):
            self.peak_bytes = max(self.peak_bytes, held_memory(self._process) if self._process else 0)
            if sys.stdout.isatty():
                seconds = time.perf_counter() - self._started
                print(f"\r\033[K{self.name}: cell {self.cell}/{self.cells}, {seconds:.0f} s", end="", flush=True)
