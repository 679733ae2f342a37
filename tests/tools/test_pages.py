"""What becomes of a notebook before Sphinx gets it."""

import base64

import nbformat
import pytest

from tools import pages

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"x" * 40).decode()


def picture(**metadata):
    return nbformat.v4.new_output("display_data", data={"image/png": PNG, "text/plain": "<Figure>"}, metadata=metadata)


def code(*outputs, source="1", **metadata):
    return nbformat.v4.new_code_cell(source, outputs=list(outputs), metadata=metadata)


def markdown(text):
    return nbformat.v4.new_markdown_cell(text)


def prepared(tmp_path, *cells, **options):
    notebook = nbformat.v4.new_notebook(cells=[markdown("# 01 Title"), *cells])
    page = pages.prepared(notebook, "01_x", tmp_path / "pictures", **options)
    nbformat.validate(page)
    return page


def test_the_alternative_text_of_a_picture_is_shown(tmp_path):
    page = prepared(tmp_path, code(picture(**{"image/png": {"alt": "Two  rising\ncurves"}}), alt="of the cell"))
    shown = page.cells[2].outputs[0].data["text/markdown"]
    assert shown.startswith("![Two rising curves](pictures/")
    (file,) = (tmp_path / "pictures").iterdir()
    assert file.read_bytes() == base64.b64decode(PNG) and file.name in shown


def test_a_picture_without_its_own_has_that_of_its_cell(tmp_path):
    page = prepared(tmp_path, code(picture(), alt="A heat map [yellow]"))
    assert "![A heat map \\[yellow\\]]" in page.cells[2].outputs[0].data["text/markdown"]


def test_a_picture_without_any_says_where_it_is_from(tmp_path):
    assert pages.NO_ALTERNATIVE in prepared(tmp_path, code(picture())).cells[2].outputs[0].data["text/markdown"]


@pytest.mark.parametrize(("lines", "folded"), [(pages.LINES_SHOWN, False), (pages.LINES_SHOWN + 1, True)])
def test_only_a_long_output_is_folded(tmp_path, lines, folded):
    page = prepared(tmp_path, code(nbformat.v4.new_output("stream", text="line\n" * lines)))
    assert (pages.HIDE_OUTPUT in page.cells[2].metadata["tags"]) is folded


def test_the_setup_cell_is_folded_and_other_tags_stay(tmp_path):
    page = prepared(tmp_path, code(tags=["setup"]), code(tags=["your-turn"], source="2"))
    assert page.cells[2].metadata["tags"] == ["setup", pages.HIDE_CODE]
    assert page.cells[4].metadata["tags"] == ["your-turn"]


def test_a_solution_is_read_as_markdown_inside_its_fold(tmp_path):
    page = prepared(tmp_path, markdown("<details><summary>Solution</summary> It is `42`. </details>"))
    assert "</summary>\n\nIt is `42`.\n\n</details>" in page.cells[2].source


def test_a_widget_goes_and_plain_text_stays_beside_its_coloured_form(tmp_path):
    widget = nbformat.v4.new_output("display_data", data={pages.WIDGET: {"model_id": "1"}, "text/plain": "Upload()"})
    summary = nbformat.v4.new_output("display_data", data={"text/html": "<pre style='color:red'>", "text/plain": "sum"})
    page = prepared(tmp_path, code(widget, summary))
    assert [dict(output.data) for output in page.cells[2].outputs] == [{"text/plain": "sum"}]


def test_a_table_in_html_stays(tmp_path):
    table = nbformat.v4.new_output("display_data", data={"text/html": "<table></table>", "text/plain": "table"})
    assert "text/html" in prepared(tmp_path, code(table)).cells[2].outputs[0].data


def test_a_link_to_a_notebook_without_a_page_is_plain_text(tmp_path):
    text = "[here](02_y.ipynb) and [there](../notebooks/03_z.ipynb)"
    assert pages.with_known_links(text, ["03_z"]) == "here and [there](03_z.ipynb)"


def test_a_link_to_a_cell_leads_to_it_and_else_to_its_notebook():
    notebook = nbformat.v4.new_notebook(cells=[markdown("# Title"), code(source="np.concatenate")])
    text = '[a](../notebooks/02_x.ipynb "concatenate") [b](../notebooks/02_x.ipynb "gone")'
    text += ' [c](../notebooks/03_y.ipynb "z")'
    anchor = pages.anchor_of("02_x", notebook.cells[1].id)
    assert pages.with_cell_links(text, {"02_x": notebook}) == f"{{ref}}`a <{anchor}>` [b](02_x.ipynb) c"


def test_a_link_to_a_notebook_or_a_practice_copy_leads_to_its_page():
    text = "[a](../notebooks/02_x.ipynb) [b](../homework/practice/y/y.ipynb) [c](../homework/practice/z/z.ipynb)"
    known = {"02_x": None, "homework_y": None}
    assert pages.with_cell_links(text, known) == "[a](02_x.ipynb) [b](homework_y.ipynb) c"


def test_doors_stand_under_the_title_only_where_there_is_an_address(tmp_path):
    options = {"place": "notebooks/01_x.ipynb", "repository": "https://github.com/ann/course"}
    assert "colab.research.google.com" in prepared(tmp_path, **options).cells[0].source
    assert "colab" not in prepared(tmp_path, place="notebooks/01_x.ipynb").cells[0].source


def test_doors_that_the_notebook_has_already_are_not_written_twice(tmp_path):
    options = {"place": "notebooks/01_x.ipynb", "repository": "https://github.com/ann/course"}
    once = prepared(tmp_path, **options)
    again = pages.prepared(once, "01_x", tmp_path / "pictures", **options)
    assert again.cells[0].source == once.cells[0].source


def test_a_notebook_without_a_title_gets_its_name(tmp_path):
    page = pages.prepared(nbformat.v4.new_notebook(cells=[code()]), "01_x", tmp_path / "pictures")
    assert page.cells[0].source == "# 01_x"


def test_the_notebook_itself_stays_as_it_is(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[markdown("# Title"), code(picture())])
    before = nbformat.writes(notebook)
    pages.prepared(notebook, "01_x", tmp_path / "pictures", terms=["title"])
    assert nbformat.writes(notebook) == before


def test_a_line_of_progress_that_was_erased_leaves_no_empty_box(tmp_path):
    erased = nbformat.v4.new_output("stream", name="stderr", text="          \r")
    told = nbformat.v4.new_output("stream", name="stderr", text="A warning.\n")
    page = prepared(tmp_path, code(told, erased))
    assert [output.text for output in page.cells[2].outputs] == ["A warning.\n"]
