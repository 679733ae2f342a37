"""Tables for spreadsheets and learning platforms, in which no cell is a formula."""

import csv
import io
import re

from course_utils.files import written_whole

# A spreadsheet takes a cell that starts with one of these for a formula, and runs it.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
BEHIND_SEPARATOR = re.compile(r"([;\t\r\n] *)(?=[=+@-])")


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
    cell = BEHIND_SEPARATOR.sub(r"\1'", cell)
    # A blank before the sign does not help: some spreadsheets cut it off.
    return f"'{cell}" if cell.lstrip(" ").startswith(FORMULA_STARTS) or cell.startswith(FORMULA_STARTS) else cell


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
