"""The glossary: read its terms from docs/glossary.md, and link each from its first use in a notebook."""

import re

from course_utils.errors import CourseError
from tools.doors import book_address

# Other forms of a term, which lead to it too; a plural in -s or -es needs no line here.
VARIANTS = {
    "95 % interval": "confidence interval",
    "8-bit weights": "quantisation",
    "allocate": "allocating",
    "augmented": "augmentation",
    "backpropagate": "backpropagation",
    "batch norm": "batch normalization",
    "bgr": "RGB",
    "calibrated": "calibration",
    "categorical crossentropy": "cross-entropy",
    "cnn": "convolutional network",
    "convolutional base": "base",
    "crossentropy": "cross-entropy",
    "ema": "exponential moving average",
    "feature maps": "feature map",
    "fine-tune": "fine-tuning",
    "fine-tuned": "fine-tuning",
    "freeze": "freezing",
    "frozen": "freezing",
    "hidden layer": "layer",
    "learning-rate schedule": "schedule",
    "max pooling": "pooling",
    "mcnemar": "sign test",
    "normalise": "normalisation",
    "normalised": "normalisation",
    "overfit": "overfitting",
    "overfits": "overfitting",
    "pretrained": "pretrained network",
    "recall": "precision and recall",
    "regularise": "regularisation",
    "resize": "resizing",
    "resized": "resizing",
    "standardise": "standardisation",
    "standardised": "standardisation",
    "standardises": "standardisation",
    "stratified": "stratified split",
    "training set": "training photos",
    "unfreeze": "unfreezing",
    "unfreezes": "unfreezing",
    "unfrozen": "unfreezing",
    "validation set": "validation split",
    "weight": "parameter",
}
# What must stay as it is: code, links, pictures, tags, headings.
PROTECTED = re.compile(r"```.*?```|(`+).+?\1|!?\[[^\]]*\]\([^)]*\)|<[^>]+>|^#+ [^\n]*$", re.DOTALL | re.MULTILINE)


def read_terms(path):
    """Read the terms of the glossary.

    Parameters
    ----------
    path : pathlib.Path
        The page; its terms stand at the beginning of a line inside the block ``{glossary}``.

    Returns
    -------
    list of str
        In the page's order.

    Raises
    ------
    CourseError
        Where the page has no such block.
    """
    found = re.search(r"^```\{glossary\}\n(.*?)^```", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    if found is None:
        raise CourseError(f"{path} has no block {{glossary}}; get a complete checkout.")
    return [line for line in found[1].splitlines() if line.strip() and not line.startswith((" ", ":"))]


def role(text, term):
    """Write a link to a term as the book has it.

    Parameters
    ----------
    text, term : str
        What is shown, and the term that it leads to.

    Returns
    -------
    str
        A role of Sphinx, which fails the build where there is no such term.
    """
    return f"{{term}}`{' '.join(text.split())} <{term}>`"


def glossary_link(repository):
    """Make the function that links a term to the published book.

    Parameters
    ----------
    repository : str
        The address of the published repository.

    Returns
    -------
    callable
        (text, term) -> a link in Markdown, for `link_terms`.
    """
    page = f"{book_address(repository)}/glossary.html"
    return lambda text, term: f"[{text}]({page}#term-{re.sub(r'[^A-Za-z0-9]+', '-', term).strip('-')})"


def without_glossary_links(text, repository):
    """Turn the links of `glossary_link` back into plain text.

    Parameters
    ----------
    text : str
        Markdown.
    repository : str
        The address that they were made for.

    Returns
    -------
    str
        The text without them.
    """
    page = re.escape(f"{book_address(repository)}/glossary.html")
    return re.sub(rf"\[([^\]]+)\]\({page}#[^)]*\)", r"\1", text)


def link_terms(notebook, terms, link=role):
    """Turn the first use of each term in a notebook's text into a link.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        The notebook, whose text cells are changed. Headings, code and links stay as they are.
    terms : list of str
        From `read_terms`.
    link : callable
        (text, term) -> what stands in the place of the text.

    Returns
    -------
    list of str
        The terms that were found, in the order of their first use.
    """
    if not terms:
        return []
    forms = {term.lower(): term for term in terms}
    forms |= {form: term for form, term in VARIANTS.items() if term in terms}
    longest_first = sorted(forms, key=len, reverse=True)
    words = "|".join(re.escape(form).replace(r"\ ", r"\s+") for form in longest_first)
    pattern = re.compile(rf"(?<![\w-])(?P<form>{words})(?:s|es)?(?![\w-])", re.IGNORECASE)
    seen = []

    def linked(found):
        term = forms[" ".join(found["form"].lower().split())]
        if term in seen:
            return found.group()
        seen.append(term)
        return link(found.group(), term)

    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            continue
        pieces, end = [], 0
        for kept in PROTECTED.finditer(cell.source):
            pieces += [pattern.sub(linked, cell.source[end : kept.start()]), kept.group()]
            end = kept.end()
        cell.source = "".join([*pieces, pattern.sub(linked, cell.source[end:])])
    return seen
