"""Read a CSV file of an instructor's or a learning platform's, and say in which line something is wrong."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from course_utils.errors import CourseError, file_errors_told

SEPARATORS = ",;\t"


@dataclass(frozen=True)
class Table:
    """A table as it stands in the file.

    Attributes
    ----------
    path : pathlib.Path
    header : list of str
        The cells of the first line.
    rows : list of (int, list of str)
        The number of the line on which each row ends, and its cells; empty rows are left out.
    separator : str
    """

    path: Path
    header: list
    rows: list
    separator: str


def read_table(path):
    """Read a table in UTF-8, whose cells are separated by commas, semicolons or tabs.

    Parameters
    ----------
    path : str or pathlib.Path

    Returns
    -------
    Table

    Raises
    ------
    CourseError
        Where the file cannot be read or is no such table; the line is named.
    """
    path = Path(path)
    with file_errors_told(path):
        content = path.read_bytes()
    if content.startswith(b"PK\x03\x04"):
        raise CourseError(f"{path} is a zip file or a workbook of Excel; give the table as 'CSV UTF-8'.")
    try:
        # Excel puts a mark before UTF-8.
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise CourseError(f"{path}, line {line}, is not in UTF-8; save the class list as 'CSV UTF-8'.") from None
    if "\0" in text:
        raise CourseError(f"{path} is not a CSV file; save the class list as 'CSV UTF-8'.")
    first_line = text.split("\n", 1)[0]
    separator = max(SEPARATORS, key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        header = next(reader, [])
        rows = [(reader.line_num, row) for row in reader if any(map(str.strip, row))]
    except csv.Error as error:
        raise CourseError(f"{path}, line {reader.line_num}, is no CSV ({error}); look for a stray quote.") from None
    for line, row in rows:
        if len(row) > len(header):
            raise CourseError(
                f"{path}, line {line}, has more cells than the first line; put names with commas in quotes."
            )
    return Table(path, header, rows, separator)
