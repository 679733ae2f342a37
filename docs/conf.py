"""Sphinx's settings for the book. `tools/book.py` gathers the pages and hands in what differs between its books."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

project = "Cats and dogs"
author = SETTINGS["project"]["authors"][0]["name"]
copyright = author
release = SETTINGS["project"]["version"]
language = "en"

extensions = ["myst_nb", "sphinx_copybutton", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_static"]

# The stored outputs are shown; nothing is run, and no script is fetched to draw widgets.
nb_execution_mode = "off"
nb_merge_streams = True
nb_ipywidgets_js = {}
nb_output_stderr = "show"
myst_enable_extensions = ["attrs_inline", "colon_fence"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header"]

autodoc_typehints = "none"
default_role = "literal"

html_theme = "sphinx_book_theme"
html_title = "Cats and dogs"
html_static_path = [str(ROOT / "docs" / "_static")]
html_css_files = ["course.css"]
html_js_files = ["course.js"]
html_favicon = str(ROOT / "docs" / "_static" / "favicon.svg")
html_context = {"default_mode": "auto"}
html_copy_source = False
html_show_sourcelink = False
html_use_index = False
html_last_updated_fmt = None
html_theme_options = {
    "show_toc_level": 2,
    "home_page_in_toc": True,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "navbar_start": [],
    "navbar_persistent": [],
    "navbar_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
copybutton_selector = "div.cell_input pre, div.highlight-sh pre, div.highlight-bash pre, div.highlight-python pre"
linkcheck_timeout = 20
