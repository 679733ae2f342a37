"""From an executed notebook to one that Sphinx shows well: folds, alternative texts, anchors, doors, glossary links."""

import base64
import hashlib
import re
from copy import deepcopy

from course_utils.errors import file_errors_told
from course_utils.files import written_whole
from tools.doors import doors_line
from tools.glossary import link_terms, without_glossary_links
from tools.notebooks import SETUP_TAG, output_texts

# Longer outputs are folded; a screen holds about so many lines.
LINES_SHOWN = 25
# myst-nb's own tags.
HIDE_CODE, HIDE_OUTPUT = "hide-input", "hide-output"
WIDGET = "application/vnd.jupyter.widget-view+json"
FOLD = re.compile(r"[ \t]*(<details>)\s*(<summary>.*?</summary>)\s*(.*?)\s*(</details>)[ \t]*", re.DOTALL)
CELL_LINK = re.compile(r'\[([^\]]+)\]\(\.\./(?:notebooks|(homework)/practice/\w+)/(\w+)\.ipynb(?: "([^"]+)")?\)')
NOTEBOOK_LINK = re.compile(r"\[([^\]]+)\]\((?:\.\./notebooks/|\./)?(\d\d_\w+)\.ipynb(#[\w-]*)?\)")
NO_ALTERNATIVE = "The picture that the code above draws."


def prepared(notebook, name, pictures, terms=(), place="", repository="", others=()):
    """Prepare a copy of a notebook for Sphinx.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        The notebook with its outputs; it stays as it is.
    name : str
        Its file name without the ending, which the anchors of its cells begin with.
    pictures : pathlib.Path
        The folder for its pictures, which lies beside the prepared notebook.
    terms : list of str
        The glossary's terms.
    place, repository : str
        The notebook's path in the repository, and that one's address, for the doors; the address may be empty.
    others : list of str
        The names of the notebooks that have pages too: links to any other become plain text.

    Returns
    -------
    nbformat.NotebookNode
        A copy with long outputs, the setup cell and solutions folded, each picture a file with its alternative
        text, and an anchor at each cell.

    Raises
    ------
    CourseError
        Where a picture cannot be written.
    """
    import nbformat

    page = deepcopy(notebook)
    if not page.cells or not page.cells[0].source.startswith("# "):
        page.cells.insert(0, nbformat.v4.new_markdown_cell(f"# {name}"))
    line = doors_line(repository, place)
    if line and line not in page.cells[0].source:
        page.cells[0].source += f"\n\n{line}"
    for cell in page.cells:
        if cell.cell_type == "markdown":
            if repository:
                cell.source = without_glossary_links(cell.source, repository)
            cell.source = with_whole_folds(with_known_links(cell.source, others))
    link_terms(page, terms)
    cells = []
    for number, cell in enumerate(page.cells):
        if cell.cell_type == "code":
            prepare_outputs(cell, pictures)
            fold(cell)
        if number:  # before the title nothing may stand
            anchor = nbformat.v4.new_markdown_cell(f"({anchor_of(name, cell.id)})=")
            anchor.id = f"at-{cell.id}"[:64]
            cells.append(anchor)
        cells.append(cell)
    page.cells = cells
    page.metadata.pop("widgets", None)
    page.metadata.setdefault("language_info", {"name": "python"})  # not there before a notebook's first run
    return page


def anchor_of(name, cell_id):
    """Name the anchor of a cell.

    Parameters
    ----------
    name, cell_id : str
        The notebook's name, and the cell's id.

    Returns
    -------
    str
        The anchor, which no other notebook has.
    """
    return f"{name}-{cell_id}".replace("_", "-")


def with_known_links(text, others):
    """Let links between notebooks lead to their pages, or be plain text where a notebook has none.

    Parameters
    ----------
    text : str
        Markdown.
    others : list of str
        The names of the notebooks that have pages.

    Returns
    -------
    str
        The text with its links changed.
    """
    return NOTEBOOK_LINK.sub(lambda link: f"[{link[1]}]({link[2]}.ipynb)" if link[2] in others else link[1], text)


def with_whole_folds(text):
    """Put empty lines into each fold, without which what it holds would not be read as Markdown.

    Parameters
    ----------
    text : str
        Markdown with ``<details><summary>Solution</summary> ... </details>`` in it.

    Returns
    -------
    str
        The same with tags on lines of their own.
    """
    return FOLD.sub(r"\1\2\n\n\3\n\n\4", text)


def fold(cell):
    """Fold what few readers look at: the setup cell, and long outputs.

    Parameters
    ----------
    cell : nbformat.NotebookNode
        A code cell; it gets the tags that myst-nb knows.
    """
    tags = list(cell.metadata.get("tags", []))
    if SETUP_TAG in tags:
        tags.append(HIDE_CODE)
    if sum(len(text.splitlines()) for text in output_texts(cell)) > LINES_SHOWN:
        tags.append(HIDE_OUTPUT)
    cell.metadata["tags"] = tags


def prepare_outputs(cell, pictures):
    """Leave of each output the one form that a page without scripts shows best.

    Parameters
    ----------
    cell : nbformat.NotebookNode
        A code cell, which is changed: pictures become links with an alternative text to files; widgets go, lines of
        progress that were erased in the end, and the coloured form of a text that is there as plain text too.
    pictures : pathlib.Path
        The folder for the pictures.

    Raises
    ------
    CourseError
        Where a picture cannot be written.
    """
    kept = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        erased_progress = output.output_type == "stream" and not output.text.strip()
        if WIDGET in data or erased_progress:
            continue
        if data.get("text/html", "").startswith("<pre") and "text/plain" in data:
            del data["text/html"]
        if "image/png" in data:
            content = base64.b64decode(data["image/png"])
            file = pictures / f"{hashlib.sha256(content).hexdigest()[:24]}.png"
            with file_errors_told(file), written_whole(file) as part:
                part.write_bytes(content)
            words = alternative(output, cell)
            output["data"] = {"text/markdown": f"![{words}]({pictures.name}/{file.name})"}
        kept.append(output)
    if cell.cell_type == "code":
        cell.outputs = kept


def alternative(output, cell):
    """Give a picture's alternative text.

    Parameters
    ----------
    output, cell : nbformat.NotebookNode
        The output that holds the picture, and its cell.

    Returns
    -------
    str
        ``alt`` of the picture's own metadata, else of its cell's, else a sentence that says where it is from.
    """
    own = output.get("metadata", {}).get("image/png", {}).get("alt") or cell.metadata.get("alt") or NO_ALTERNATIVE
    return re.sub(r"([\[\]])", r"\\\1", " ".join(own.split()))


def with_cell_links(text, notebooks):
    """Let the links of a page lead to the very cells that they mean.

    Parameters
    ----------
    text : str
        Markdown with links such as ``[words](../notebooks/02_x.ipynb "np.concatenate")``: the title is a piece of
        the cell that is meant; without one it is the notebook, or a practice copy of the homework.
    notebooks : dict of str to nbformat.NotebookNode
        Name -> notebook.

    Returns
    -------
    str
        The same with references of Sphinx; a link to a cell that is not there leads to the top of its notebook.
    """

    def linked(found):
        words, homework, name, piece = found.groups()
        name = f"homework_{name}" if homework else name
        cell = cell_with(notebooks[name], piece) if piece and name in notebooks else None
        if cell is None:
            return f"[{words}]({name}.ipynb)" if name in notebooks else words
        return f"{{ref}}`{words} <{anchor_of(name, cell.id)}>`"

    return CELL_LINK.sub(linked, text)


def cell_with(notebook, piece):
    """Find the first cell that holds a piece of text.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        The notebook.
    piece : str
        The piece, in the very letters.

    Returns
    -------
    nbformat.NotebookNode or None
        The cell; None where there is none, or only the first.
    """
    return next((cell for cell in notebook.cells[1:] if piece in cell.source), None)
