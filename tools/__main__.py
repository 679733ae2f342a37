"""The command line: ``python -m tools COMMAND``, which every make target calls."""

import sys

if not (3, 11) <= sys.version_info[:2] <= (3, 13):  # this file is the one that an older Python gets to see
    sys.exit(
        "TensorFlow is made for Python 3.11, 3.12 and 3.13, and this is Python {}.{}; install one of these from "
        "python.org, or name it, as in: make lesson PYTHON=python3.12".format(*sys.version_info[:2])
    )

import argparse
import importlib
import os

from course_utils.errors import exit_code
from tools import environment

# Command -> (module, function, what the help says). Loaded only when asked for: the first four and the help
# must work before anything is installed.
COMMANDS = {
    "doctor": ("doctor", "doctor", "look at this machine: what is ready, what is missing, how long it takes"),
    "lesson": ("lesson", "lesson", "run notebooks 01-05 and write build/lesson/index.html and summary.json"),
    "further": ("lesson", "further", "run the notebooks from 06 on and write build/further/index.html"),
    "book": ("book", "book", "build the book from the committed notebooks, in build/book/; runs nothing"),
    "links": ("book", "links", "ask every address outside that the book names whether it still answers"),
    "fetch": ("__main__", "fetch", "put the photos (or, where they cannot be had, the drawings) into data/"),
    "sandbox": ("__main__", "sandbox", "put the drawn images into data/, with no download"),
    "clean": ("__main__", "clean", "remove from data/ what the lesson put there, and nothing else"),
    "notebooks": (
        "notebooks",
        "derive_all",
        "write notebooks/*.ipynb and homework/practice/ from their scripts",
    ),
    "kernel": ("running", "register_kernel", "offer the course's Python to every Jupyter of yours, under its own name"),
    "test": ("testing", "test", "unit tests, and every notebook run and compared with few epochs"),
    "test-full": ("testing", "test_full", "all tests, the slow ones too, and every notebook with all epochs"),
    "test-quick": ("testing", "test_quick", "the unit tests without TensorFlow or nbgrader: a minute or two"),
    "flakes": ("testing", "flakes", "compare every notebook ten times with few epochs, to find a chance failure"),
    "lint": ("testing", "lint", "check the style of the code, its spelling, and who imports whom"),
    "seeds": ("testing", "seeds", "repeat the lesson's training over several seeds (hours)"),
    "table": ("testing", "table", "write the book's tables of published and measured accuracies"),
    "bench": ("testing", "bench", "time the published ways against the course's (BENCH=quick or full)"),
    "bench-peers": ("testing", "bench_peers", "time PyTorch, JAX and Keras's own loaders against the course"),
    "faults": ("testing", "faults", "count the tests of each kind of fault, and write docs/results/faults.md"),
    "lock": ("environment", "lock", "write requirements.lock and constraints.txt anew from pyproject.toml"),
    "colab": ("colab", "write_copies", "write build/colab/*.ipynb, each of which runs in Colab on its own"),
    "pocket": ("pocket", "pocket", "serve the page of notebook 10; with --lan also to a phone in the same network"),
    "test-colab": ("colab", "test_colab", "run the notebooks with the versions that Colab has"),
    "test-older": ("colab", "test_older", "run the notebooks with OpenCV 4, and TensorFlow and Keras one version back"),
}
# These look at the machine or only handle files; they must not wait for an installation that may fail.
WITHOUT_INSTALLING = {"doctor"}
# These take further words.
WITH_NAMES = {"notebooks", "test", "pocket"}


def main(arguments=None):
    """Run one command.

    Parameters
    ----------
    arguments : list of str, optional
        The words after ``python -m tools``; by default those of this process.

    Returns
    -------
    int
        The exit code: 0 where all went well, 1 after a problem that was told, 130 after Ctrl-C.
    """
    parser = _parser()
    chosen = parser.parse_args(arguments)
    names = [*chosen.names, *chosen.lan]
    if names and chosen.command not in WITH_NAMES:
        parser.error(f"{chosen.command} takes no further words, and got {' '.join(names)}; leave them out.")
    return exit_code(lambda: _run(chosen.command, names))


def fetch():
    """Put the images that COURSE_DATA asks for into data/."""
    from course_utils.photos import fetch_photos

    print(f"The images are in {fetch_photos()}")


def sandbox():
    """Put the drawn images into data/."""
    os.environ["COURSE_DATA"] = "sandbox"
    fetch()


def clean():
    """Remove from data/ what the lesson put there."""
    from course_utils.photos import clean_photos

    clean_photos()


def _run(command, names):
    root = environment.checkout_root()
    # After a new dependency nothing fits pyproject.toml until it is locked.
    if root is not None and command != "lock":
        if command in WITHOUT_INSTALLING:
            python = environment.ready_python(root) or sys.executable
        else:
            python = environment.prepared_python(root)
        if not environment.is_this_python(python):
            return environment.run_with(python, ["-m", "tools", command, *names])
    module, function, _ = COMMANDS[command]
    if module != "__main__":
        call = getattr(importlib.import_module(f"tools.{module}"), function)
        return call(names=names) if names else call()
    return globals()[function]()


def _parser():
    width = max(len(name) for name in COMMANDS)
    lines = [f"  {name:<{width}}  {text}" for name, (_, _, text) in COMMANDS.items()]
    parser = argparse.ArgumentParser(
        prog="python -m tools",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="%(prog)s COMMAND",
        description="Cats and dogs in ten notebooks. The first command of a fresh checkout makes .venv and "
        "installs into it\n(some minutes, once); `make COMMAND` does the same as this.\n\ncommands:\n"
        + "\n".join(lines),
        epilog="settings, given in the environment:\n"
        "  COURSE_DATA       auto, photos or sandbox: which images to use (auto)\n"
        "  COURSE_MIRROR     a folder or web address that holds the photos and the weights\n"
        "  COURSE_CACHE      where downloads are kept (the platform's cache folder)\n"
        "  COURSE_BASE       the pretrained base to use (VGG16 where its weights can be had)\n"
        "  COURSE_PRECISION  auto, float32, mixed_bfloat16 or mixed_float16 (auto: the fastest here)\n"
        "  COURSE_FAST       1 trains for fewer epochs, as the tests do (0)\n"
        "  BENCH             quick or full: how much `bench` measures (quick)",
    )
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help=argparse.SUPPRESS)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="with notebooks or test: which notebooks, such as 03 04"
    )
    parser.add_argument(
        "--lan",
        action="append_const",
        const="--lan",
        default=[],
        help="with pocket: for a phone in the same network too",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
