"""Fill the templates of the pages; what comes from a student never becomes markup."""

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from course_utils.files import write_text

TEMPLATES = Path(__file__).resolve().parent / "templates"


def write_page(path, template, **values):
    """Write a page.

    Parameters
    ----------
    path : pathlib.Path
    template : str
        Its name in ``homework/templates``.
    **values
        What the template asks for.

    Raises
    ------
    CourseError
        Where the page cannot be written.
    """
    write_text(path, filled(template, **values))


def filled(template, **values):
    """Give the text of a page, see `write_page`."""
    return _environment().get_template(template).render(**values)


@lru_cache(maxsize=1)
def _environment():
    # Once: to compile the templates for each page takes ten times as long as to fill them in.
    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
