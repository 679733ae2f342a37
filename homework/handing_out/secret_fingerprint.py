"""Know the course's secret again: by a fingerprint kept with the class, and by the notebooks that were released."""

import hashlib
import hmac
import re

from course_utils.errors import CourseError, file_errors_told
from course_utils.files import write_text
from homework.handing_out.release import FOR_ALL, table_salt
from homework.handing_out.variants import ASSIGNMENTS, SECRET_FILE, course_secret, variant_of

FINGERPRINT_FILE = "secret-fingerprint.txt"
# As a notebook's text has them.
_NUMBER = re.compile(r'\\"number\\": (\d+),')
_TABLE_SALT = re.compile(r'salt = \\"([0-9a-f]{32})\\"')
# So many notebooks are looked at, where no fingerprint was kept: each has the right variant by luck once in seven.
LOOKED_AT = 24


def fingerprint(secret):
    """Give what stands for a secret and tells nothing about it.

    Parameters
    ----------
    secret : bytes

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    return hmac.new(secret, b"fingerprint", hashlib.sha256).hexdigest()[:16]


def check_secret(course):
    """Make sure that the secret is the one by which the notebooks were released.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.

    Raises
    ------
    CourseError
        Where it is another one: every student would have another variant, and every mark would change.
    """
    if not (course / SECRET_FILE).is_file():
        return
    secret = course_secret(course)
    path = course / FINGERPRINT_FILE
    with file_errors_told(path):
        kept = path.read_text(encoding="utf-8").strip() if path.exists() else None
    known = kept == fingerprint(secret) if kept is not None else _fits_the_notebooks(course, secret)
    if not known:
        raise CourseError(
            f"{course / SECRET_FILE} is not the secret by which this class got its notebooks: with it every student "
            "has another variant, and marks would change. Restore it from your copy; nothing was done."
        )


def keep_fingerprint(course):
    """Keep the fingerprint of the secret with the class.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.

    Raises
    ------
    CourseError
        Where it cannot be written.
    """
    path = course / FINGERPRINT_FILE
    if not path.exists():
        write_text(path, fingerprint(course_secret(course)) + "\n")


def _fits_the_notebooks(course, secret):
    for assignment in ASSIGNMENTS:
        folder = course / "release" / assignment
        with file_errors_told(folder):
            paths = sorted(folder.glob(f"*/{assignment}.ipynb"))[:LOOKED_AT]
            for path in paths:
                text = path.read_text(encoding="utf-8")
                if path.parent.name == FOR_ALL:
                    found = _TABLE_SALT.search(text)
                    if found and found[1] != table_salt(secret, assignment):
                        return False
                    continue
                found = _NUMBER.search(text)
                if found and int(found[1]) != variant_of(secret, path.parent.name, assignment)["number"]:
                    return False
    return True
