"""The book, and the pages of a run: built from the committed notebooks and looked at as files."""

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlparse

import nbformat
import pytest

from course_utils.errors import CourseError
from tools import book, doors
from tools.environment import checkout_root
from tools.pages import CELL_LINK, cell_with

CHECKOUT = Path(__file__).resolve().parents[2]
REPOSITORY = "https://github.com/ann/cats-course"

# The first of them waits for the book: most of a minute, and longer on a busy machine.
pytestmark = pytest.mark.timeout(1200)


class Page(HTMLParser):
    """The anchors, links, pictures and fetched files of a page."""

    def __init__(self, path):
        super().__init__()
        self.anchors, self.links, self.pictures, self.fetched = set(), [], [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        """Note what the tag names."""
        named = dict(attributes)
        self.anchors |= {named[key] for key in ("id", "name") if named.get(key)}
        if tag == "a" and named.get("href"):
            self.links.append(named["href"])
        if tag == "img":
            self.pictures.append(named)
        if tag in ("script", "img", "iframe") and named.get("src"):
            self.fetched.append(named["src"])
        if tag == "link" and named.get("rel") in ("stylesheet", "preload", "icon", "shortcut icon"):
            self.fetched.append(named["href"])


def pages_of(folder):
    """The pages that a reader comes to; the theme leaves a template of its own among its files."""
    return [path for path in folder.rglob("*.html") if path.relative_to(folder).parts[0] != "_static"]


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("", id="no address"),
        pytest.param(REPOSITORY, id="an address", marks=pytest.mark.slow),  # builds a second book
    ],
)
def built(request):
    """The folder of a built book, and the address that its checkout has."""
    if not request.param:
        return request.getfixturevalue("book_folder"), ""
    return request.getfixturevalue("build_book")(request.param), request.param


def test_every_link_inside_leads_to_a_page_and_an_anchor_that_are_there(built):
    folder, _ = built
    pages = {path: Page(path) for path in pages_of(folder)}
    assert len(pages) > 20
    for path, page in pages.items():
        for link in page.links:
            parts = urlparse(link)
            if parts.scheme or link.startswith("#") and len(link) == 1:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.is_file(), f"{path.name}: {link}"
            if parts.fragment and target in pages:
                assert unquote(parts.fragment) in pages[target].anchors, f"{path.name}: {link}"


def test_no_page_fetches_anything_from_elsewhere_and_each_picture_has_words(built):
    folder, _ = built
    for path in pages_of(folder):
        page = Page(path)
        assert [place for place in page.fetched if urlparse(place).scheme in ("http", "https")] == [], path.name
        assert [picture for picture in page.pictures if not picture.get("alt")] == [], path.name


def test_doors_are_drawn_on_each_notebooks_page_only_where_there_is_an_address(built):
    folder, repository = built
    for notebook in [
        *(CHECKOUT / "notebooks").glob("*.ipynb"),
        *(CHECKOUT / "homework" / "practice").glob("*/*.ipynb"),
    ]:
        place = notebook.relative_to(CHECKOUT).as_posix()
        name = notebook.stem if place.startswith("notebooks") else f"homework_{notebook.stem}"
        links = Page(folder / f"{name}.html").links
        for address in doors.notebook_doors(REPOSITORY, place).values():
            assert (address in links) is bool(repository), f"{name}: {address}"


def test_the_link_for_a_hub_is_shown_only_where_there_is_an_address(built):
    folder, repository = built
    assert ("git-pull?repo=" in (folder / "teaching.html").read_text(encoding="utf-8")) is bool(repository)


def test_the_reference_has_every_public_name(built):
    import course_utils

    anchors = Page(built[0] / "reference.html").anchors
    names = {anchor.rsplit(".")[-1] for anchor in anchors}
    assert set(course_utils.__all__) <= names and "grad_cam" in names


def test_each_notebook_links_its_first_terms_to_the_glossary(built):
    for name in ("03_scratch_cnn", "09_look_inside"):
        links = [link for link in Page(built[0] / f"{name}.html").links if "glossary.html#term-" in link]
        assert len(links) >= 10 and len(links) == len(set(links))


def test_every_mistake_of_the_list_leads_to_its_very_cell():
    text = (CHECKOUT / "docs" / "mistakes.md").read_text(encoding="utf-8")
    assert {int(number) for number in re.findall(r"\| M(\d+) \|", text)} == set(range(1, 21))
    gone = []
    for *_, name, piece in CELL_LINK.findall(text):
        notebook = nbformat.read(CHECKOUT / "notebooks" / f"{name}.ipynb", as_version=4)
        if cell_with(notebook, piece) is None:
            gone.append(f"{name}: {piece}")
    assert gone == [], "docs/mistakes.md names cells that are gone: give each link another piece of its cell as title"


def test_what_sphinx_warns_of_is_an_error(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "index.md").write_text("# Title\n\n[gone](gone.md)\n", encoding="utf-8")
    with pytest.raises(CourseError, match="gone.md"):
        book.run_sphinx(source, tmp_path / "pages")


def test_a_checkout_without_notebooks_is_told(tmp_path):
    shutil.copytree(CHECKOUT / "docs", tmp_path / "docs")
    (tmp_path / "pyproject.toml").write_text('[tool.course]\nrepository = ""\n', encoding="utf-8")
    with pytest.raises(CourseError, match="no notebook"):
        book.gather(tmp_path, tmp_path / "source")


def test_the_page_of_notebook_10_is_in_the_book(built):
    assert (
        "pocket/index.html" in Page(built[0] / "try-it.html").links
        and "try-it.html" in Page(built[0] / "index.html").links
    )


def test_before_notebook_10_has_run_the_book_does_without_its_page(copied_checkout, tmp_path):
    book.gather(copied_checkout(), tmp_path / "source")
    assert not (tmp_path / "source" / "try-it.md").exists()
    assert "try-it" not in (tmp_path / "source" / "index.md").read_text(encoding="utf-8")


def test_the_pages_of_a_run_have_their_pictures_folds_and_terms(tmp_path):
    text = "# 03 Title\n\nAn epoch.\n\n<details><summary>Solution</summary>\n\n1. It is `42`.\n\n</details>"
    cells = [nbformat.v4.new_markdown_cell(text), nbformat.v4.new_code_cell("print(1)")]
    notebooks = {"03_x": nbformat.v4.new_notebook(cells=cells)}
    (tmp_path / "summary.json").write_text("{}", encoding="utf-8")
    book.build_run(notebooks, "# Start\n\n[03_x](03_x.ipynb)", tmp_path, checkout_root())
    page = (tmp_path / "03_x.html").read_text(encoding="utf-8")
    (fold,) = re.findall(r"<details><summary>Solution</summary>.*?</details>", page, re.DOTALL)
    assert "It is <code" in fold and 'href="glossary.html#term-epoch"' in page
    assert 'href="03_x.html"' in (tmp_path / "index.html").read_text(encoding="utf-8")
    assert (tmp_path / "summary.json").is_file(), "what else lies in the folder stays"


def test_the_readme_is_a_front_page():
    lines = (CHECKOUT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 120
    for link in re.findall(r"\]\(([^)#]+)\)", "\n".join(lines)):
        assert (CHECKOUT / link).is_file(), link
