"""The glossary: its terms, and the link from the first use of each."""

import nbformat
import pytest

from course_utils.errors import CourseError
from tools import glossary


def notebook(*texts):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text) for text in texts])


def marked(text, term):
    return f"<{text}|{term}>"


def linked(text, *terms):
    made = notebook(text)
    glossary.link_terms(made, terms, marked)
    return made.cells[0].source


def test_the_course_has_at_least_fifty_terms_each_once_with_one_or_two_sentences(checkout):
    path = checkout / "docs" / "glossary.md"
    terms = glossary.read_terms(path)
    assert len(terms) >= 50 and len({term.lower() for term in terms}) == len(terms)
    block = path.read_text(encoding="utf-8").split("```{glossary}")[1]
    for term in terms:
        meaning = block.split(f"\n{term}\n    ")[1].split("\n\n")[0]
        assert 20 < len(meaning) < 330, term


def test_every_other_form_leads_to_a_term_that_is_there(checkout):
    assert set(glossary.VARIANTS.values()) <= set(glossary.read_terms(checkout / "docs" / "glossary.md"))


def test_a_page_without_a_glossary_is_told(tmp_path):
    (tmp_path / "glossary.md").write_text("# Glossary\n", encoding="utf-8")
    with pytest.raises(CourseError, match="no block"):
        glossary.read_terms(tmp_path / "glossary.md")


def test_only_the_first_use_is_linked():
    assert linked("A batch, and another batch.", "batch") == "A <batch|batch>, and another batch."


def test_a_term_is_linked_once_in_the_whole_notebook():
    made = notebook("One epoch.", "Another epoch.")
    assert glossary.link_terms(made, ["epoch"], marked) == ["epoch"]
    assert made.cells[1].source == "Another epoch."


def test_the_longest_term_wins():
    assert linked("gradient ascent", "gradient", "gradient ascent") == "<gradient ascent|gradient ascent>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Two Epochs.", "Two <Epochs|epoch>."),
        ("the learning\nrate", "the <learning\nrate|learning rate>"),
        ("it is frozen", "it is <frozen|freezing>"),
        ("an epochal batches", "an epochal <batches|batch>"),
    ],
)
def test_capitals_plurals_line_ends_and_other_forms_are_found(text, expected):
    assert linked(text, "epoch", "learning rate", "freezing", "batch") == expected


@pytest.mark.parametrize(
    "text",
    [
        "# An epoch",
        "`epoch`",
        "[epoch](x.md)",
        "```\nepoch\n```",
        '<b title="epoch">x</b>',
        "![epoch](x.png)",
        "pre-epoch",
    ],
)
def test_code_links_headings_and_parts_of_words_stay(text):
    assert linked(text, "epoch") == text


def test_the_text_below_a_heading_is_linked():
    assert linked("# An epoch\n\nAn epoch.", "epoch") == "# An epoch\n\nAn <epoch|epoch>."


def test_code_cells_stay():
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("epoch = 1  # epoch")])
    assert glossary.link_terms(made, ["epoch"], marked) == []
    assert made.cells[0].source == "epoch = 1  # epoch"


def test_the_published_link_can_be_taken_back():
    repository = "https://github.com/ann/course"
    link = glossary.glossary_link(repository)("epochs", "epoch")
    assert link == "[epochs](https://ann.github.io/course/glossary.html#term-epoch)"
    assert glossary.without_glossary_links(f"two {link} [more](x.md)", repository) == "two epochs [more](x.md)"
