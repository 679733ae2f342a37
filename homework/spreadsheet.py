"""Tables for spreadsheets and learning platforms, in which no cell is a formula."""

import csv
import io
import re
import unicodedata

from course_utils.files import written_whole

# A spreadsheet takes a cell that starts with one of these for a formula, and runs it; some take the full-width forms
# and the minus sign too.
OPERATORS = "=+-@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b\u2212"
SEPARATORS = re.compile("([;\uff1b\t\r\n])")


def harmless(cell):
    """Give a cell of a table that no spreadsheet takes for a formula.

    Parameters
    ----------
    cell : str

    Returns
    -------
    str
        With an apostrophe before what starts like a formula, in the cell or behind a separator in it.
    """
    # Where commas are for decimals, spreadsheets split a row at semicolons, whatever its cells were.
    safe = "".join(f"'{part}" if _is_formula(part) else part for part in SEPARATORS.split(cell))
    return f"'{safe}" if cell.startswith(("\t", "\r", "\n")) else safe


def _is_formula(text):
    # Blanks and invisible characters before the sign do not help: some spreadsheets cut them off.
    seen = "".join(one for one in text if unicodedata.category(one) not in ("Cc", "Cf", "Zs", "Zl", "Zp", "Mn"))
    return seen.startswith(tuple(OPERATORS))


def write_table(path, rows, separator=","):
    """Write a CSV file in UTF-8.

    Parameters
    ----------
    path : pathlib.Path
    rows : list of list
        Cells of any kind; see `harmless`.
    separator : str

    Returns
    -------
    pathlib.Path
        The same.

    Raises
    ------
    CourseError
        Where it cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\r\n")
    writer.writerows([harmless(str(cell)) for cell in row] for row in rows)
    with written_whole(path) as part:
        # With a byte order mark: without it Excel takes the file for one in the local encoding.
        part.write_bytes(text.getvalue().encode("utf-8-sig"))
    return path
