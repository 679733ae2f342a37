"""Who gets which variant: a finite list for each assignment, chosen by HMAC-SHA256 of the course's secret."""

import contextlib
import hashlib
import hmac
import os
import secrets
from copy import deepcopy
from pathlib import Path

from course_utils.assignments.variant import ASSIGNMENTS, same_id, training_subset
from course_utils.errors import CourseError, file_errors_told
from course_utils.files import write_text

__all__ = ["ASSIGNMENTS", "VARIANTS", "course_secret", "training_subset", "variant_of"]

SECRET_FILE = "secret.txt"
# What must never get into a version control of the instructor's: the secret, and what tells who is who.
IGNORED = (
    "secret.txt\nroster.csv\nhidden.npz\nsubmitted/\nautograded/\nfeedback/\nreport/\nexports/\n"
    "hand-out/\nreturned/\naccepted.json\njournal.jsonl\ngradebook.db\n.*.lock\n"
)
SECRET_BYTES = 32

_ALL_BASES = ("mini_vgg16", "mini_mobilenet_v2", "mini_xception")


def _numbered(assignment, rows):
    """Make the variants from (base, unfreeze, learning rates, subset); the seed follows from the number."""
    return [
        {
            "assignment": assignment,
            "number": number,
            "base": base,
            "unfreeze": unfreeze,
            "learning_rates": learning_rates,
            "subset": subset,
            "seed": 100 * (ASSIGNMENTS.index(assignment) + 1) + number,
        }
        for number, (base, unfreeze, learning_rates, subset) in enumerate(rows)
    ]


# Two variants of an assignment differ in more than the seed. A new one is added at the end: a change before it would
# give students another task than the one that they have begun.
VARIANTS = {
    "another_base": _numbered(
        "another_base",
        [(base, 0, [3e-3], subset) for subset in (400, 600, 800) for base in ("mini_mobilenet_v2", "mini_xception")],
    ),
    # The first learning rate is the head's, the second that of fine-tuning.
    "fine_tuning": _numbered(
        "fine_tuning",
        [
            ("mini_vgg16", 2, [3e-3, 5e-5], 400),
            ("mini_vgg16", 3, [3e-3, 5e-5], 500),
            ("mini_vgg16", 4, [3e-3, 1e-4], 400),
            ("mini_mobilenet_v2", 1, [3e-3, 5e-5], 400),
            ("mini_mobilenet_v2", 3, [3e-3, 5e-5], 500),
            ("mini_xception", 2, [3e-3, 5e-5], 400),
            ("mini_xception", 3, [3e-3, 5e-5], 500),
        ],
    ),
    "learning_rate": _numbered(
        "learning_rate",
        [
            (base, 0, rates, subset)
            # Both ends fail with every base: the first hardly moves, the last jumps about.
            for rates, subset in (([1e-6, 1e-5, 1e-3, 1e-1, 10.0], 600), ([3e-6, 3e-5, 3e-3, 0.3, 30.0], 800))
            for base in _ALL_BASES
        ],
    ),
    "conv_head": _numbered(
        "conv_head",
        [(base, 0, [rate], subset) for rate, subset in ((1e-3, 400), (5e-4, 600)) for base in _ALL_BASES],
    ),
}


def variant_of(secret, student, assignment):
    """Give a student's variant of an assignment: the same for the same inputs, on any machine.

    Parameters
    ----------
    secret : bytes
        The course's secret, see `course_secret`.
    student : str
        The student's id; spaces around it and the case of letters do not matter.
    assignment : str
        One of `ASSIGNMENTS`.

    Returns
    -------
    dict
        A copy of one of ``VARIANTS[assignment]``.

    Raises
    ------
    CourseError
        Where the secret or the id is empty, or there is no such assignment.
    """
    if assignment not in VARIANTS:
        raise CourseError(f"There is no assignment {assignment!r}; choose one of {', '.join(VARIANTS)}.")
    if not isinstance(secret, bytes) or not secret or not isinstance(student, str) or not student.strip():
        raise CourseError("A variant needs the course's secret as bytes and a student id; neither may be empty.")
    digest = hmac.new(secret, f"variant\0{same_id(student)}\0{assignment}".encode(), hashlib.sha256).digest()
    choices = VARIANTS[assignment]
    # 64 bits over at most 24 choices: no choice is favoured by more than one part in 10 to the 17.
    return deepcopy(choices[int.from_bytes(digest[:8], "big") % len(choices)])


def course_secret(course):
    """Read the secret of a course folder; made on first use, readable by its owner alone, and never printed.

    Parameters
    ----------
    course : str or pathlib.Path
        The course folder, outside of any published repository; it is made where it is missing.

    Returns
    -------
    bytes
        32 bytes.

    Raises
    ------
    CourseError
        Where the file is not what the course wrote, or cannot be read or written.
    """
    path = Path(course) / SECRET_FILE
    with file_errors_told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            ignore = path.with_name(".gitignore")
            if not ignore.exists():
                write_text(ignore, IGNORED)
            part = path.with_name(f".{SECRET_FILE}.{os.getpid()}.part")
            try:
                with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                    file.write(secrets.token_bytes(SECRET_BYTES).hex() + "\n")
                    file.flush()
                    os.fsync(file.fileno())
                # Unlike a rename, a link fails where another process was first: then its secret counts.
                with contextlib.suppress(FileExistsError):
                    os.link(part, path)
            finally:
                part.unlink(missing_ok=True)
        text = path.read_bytes()
    try:
        secret = bytes.fromhex(text.decode("ascii").strip())
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise CourseError(
            f"{path} does not hold the course's secret (64 hexadecimal digits); restore it from your copy, since with "
            "another secret every student has another variant."
        )
    return secret
