"""``make book``: the notebooks and the pages of docs/ as one book, in build/book/; and the pages of ``make lesson``."""

import ast
import importlib
import inspect
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from course_utils.errors import CourseError, file_errors_told
from course_utils.files import write_text
from tools.doors import hub_link
from tools.environment import checkout_root
from tools.glossary import read_terms
from tools.notebooks import homework_solutions, practice_copy, repository_address, save, scripts
from tools.pages import prepared, with_cell_links

# Pages of docs/ that are there only where what they show has been made: page -> what must be there.
NEEDS = {"try-it": "build/pocket/index.html"}
EXAMPLE_HUB = "https://hub.example.org"
NBGITPULLER = "<!-- nbgitpuller -->"


def book(root=None):
    """Build the book from the committed notebooks, without running any of them.

    Parameters
    ----------
    root : pathlib.Path, optional
        The checkout; by default the one that this package belongs to.

    Returns
    -------
    int
        0.

    Raises
    ------
    CourseError
        Where a page or a notebook is missing, Sphinx has anything to complain of, or a file cannot be written.
    """
    root = root or checkout_root()
    target = root / "build" / "book"
    with tempfile.TemporaryDirectory(prefix="course-book-") as temporary:
        source, pages = Path(temporary) / "source", Path(temporary) / "pages"
        gather(root, source)
        run_sphinx(source, pages, repository_address(root))
        with file_errors_told(target):
            if (source / "try-it.md").is_file():
                shutil.copytree(root / "build" / "pocket", pages / "pocket")
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(pages, target)
    print(f"Read it in a browser: {target / 'index.html'}")
    return 0


def links(root=None):
    """Ask every address outside that the book names whether it still answers; this needs the network.

    Parameters
    ----------
    root : pathlib.Path, optional
        The checkout; by default the one that this package belongs to.

    Returns
    -------
    int
        0.

    Raises
    ------
    CourseError
        Where an address does not answer, with Sphinx's list of them.
    """
    root = root or checkout_root()
    with tempfile.TemporaryDirectory(prefix="course-book-") as temporary:
        gather(root, Path(temporary) / "source")
        run_sphinx(Path(temporary) / "source", Path(temporary) / "pages", repository_address(root), builder="linkcheck")
    print("Every address outside answers.")
    return 0


def gather(root, source):
    """Put everything that the book consists of into one folder.

    Parameters
    ----------
    root : pathlib.Path
        The checkout.
    source : pathlib.Path
        The folder, which is made.

    Raises
    ------
    CourseError
        Where there is no notebook, a page is missing, or a file cannot be written.
    """
    import nbformat

    repository = repository_address(root)
    with file_errors_told(source):
        shutil.copytree(root / "docs", source, ignore=shutil.ignore_patterns("_static", "conf.py"))
    terms = read_terms(root / "docs" / "glossary.md")
    paths = {path.stem: path for path in sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb"))}
    if not paths:
        raise CourseError(f"There is no notebook in {root / 'notebooks'}; run make notebooks.")
    for solution in homework_solutions(root):
        paths[f"homework_{solution.stem}"] = practice_copy(solution)
    notebooks = {name: nbformat.read(path, as_version=4) for name, path in paths.items()}
    for name, notebook in notebooks.items():
        place = paths[name].relative_to(root).as_posix()
        page = prepared(notebook, name, source / "pictures", terms, place, repository, list(notebooks))
        save(page, source / f"{name}.ipynb")
    changes = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    write_text(source / "changes.md", changes)
    for page, needed in NEEDS.items():
        if not (root / needed).exists():
            (source / f"{page}.md").unlink(missing_ok=True)
    missing = [name for name in named_pages(source / "index.md") if not is_page(source, name)]
    for page in sorted(source.rglob("*.md")):
        text = with_cell_links(page.read_text(encoding="utf-8"), notebooks)
        text = re.sub(rf"(?m)^({'|'.join(map(re.escape, missing))})\n", "", text) if missing else text
        write_text(page, text.replace(NBGITPULLER, nbgitpuller_words(repository)))
    reference = source / "reference.md"
    write_text(
        reference,
        reference.read_text(encoding="utf-8")
        + reference_words(imported_names([*scripts(root), *homework_solutions(root)])),
    )


def named_pages(index):
    """List the pages that the tables of contents of a page name, the patterns left out.

    Parameters
    ----------
    index : pathlib.Path
        A page in MyST Markdown.

    Returns
    -------
    list of str
        The names without ending.
    """
    text = index.read_text(encoding="utf-8")
    blocks = re.findall(r"^```\{toctree\}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith(":") and not set(line) & set("*[<")]


def is_page(source, name):
    """Say whether a page of this name has been gathered."""
    return any((source / f"{name}{ending}").is_file() for ending in (".md", ".ipynb"))


def nbgitpuller_words(repository):
    """Write what docs/teaching.md says about a JupyterHub.

    Parameters
    ----------
    repository : str
        The address of the published repository; may be empty.

    Returns
    -------
    str
        Markdown: the link to hand out, or what to do while there is none.
    """
    if not repository:
        return (
            "This copy of the course has no published address yet: enter it as `repository` in `pyproject.toml`, and "
            "`make book` writes the link to hand out here. Until then, put the folder `notebooks` and the package "
            "`course_utils` into the shared folder of your hub."
        )
    return (
        "Hand out this link, with your hub's address in the place of `hub.example.org`:\n\n"
        f"```text\n{hub_link(repository, EXAMPLE_HUB)}\n```"
    )


def reference_words(names):
    """Write the reference: what the package offers, and what else the notebooks import.

    Parameters
    ----------
    names : set of tuple of str
        (module, name) as the notebooks import them.

    Returns
    -------
    str
        Directives of autodoc, a section for each module.
    """
    import course_utils

    by_module = {}
    for module, name in names | {("course_utils", name) for name in course_utils.__all__}:
        for thing in things(module, name):
            by_module.setdefault(thing.__module__, {})[thing.__name__] = thing
    lines = []
    for module, found in sorted(by_module.items()):
        lines += [f"\n## `{module}`\n", "```{eval-rst}"]
        for name, thing in sorted(found.items()):
            lines += [f".. {'autoclass' if inspect.isclass(thing) else 'autofunction'}:: {module}.{name}", ""]
        lines += ["```"]
    return "\n".join(lines) + "\n"


def imported_names(paths):
    """List what notebooks import from the course.

    Parameters
    ----------
    paths : list of pathlib.Path
        Their scripts.

    Returns
    -------
    set of tuple of str
        (module, name), such as ``("course_utils.explain", "grad_cam")``.
    """
    nodes = [node for path in paths for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    imports = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.level == 0]
    return {
        (node.module, alias.name)
        for node in imports
        if node.module.split(".")[0] == "course_utils"
        for alias in node.names
    }


def things(module, name):
    """Look up the functions and classes behind an import; of a whole module its public ones.

    Parameters
    ----------
    module, name : str
        As in ``from module import name``.

    Returns
    -------
    list
        Functions and classes; a constant has no page.
    """
    found = getattr(importlib.import_module(module), name, None)
    if found is None or inspect.ismodule(found):
        inside = importlib.import_module(f"{module}.{name}")
        public = [thing for key, thing in vars(inside).items() if not key.startswith("_")]
        return [thing for thing in public if inspect.isfunction(thing) and thing.__module__ == inside.__name__]
    return [found] if inspect.isfunction(found) or inspect.isclass(found) else []


def build_run(notebooks, index, target, root):
    """Build the pages of notebooks that have just run.

    Parameters
    ----------
    notebooks : dict of str to nbformat.NotebookNode
        Name -> executed notebook.
    index : str
        The start page, in Markdown, with its title; what it links lies in the target already.
    target : pathlib.Path
        The folder for the pages; what else lies there stays.
    root : pathlib.Path
        The checkout that the notebooks are from.

    Raises
    ------
    CourseError
        Where Sphinx has anything to complain of, or a file cannot be written.
    """
    docs = checkout_root() / "docs"
    with tempfile.TemporaryDirectory(prefix="course-pages-") as temporary:
        source, pages = Path(temporary) / "source", Path(temporary) / "pages"
        terms = read_terms(docs / "glossary.md")
        for name, notebook in notebooks.items():
            page = prepared(notebook, name, source / "pictures", terms, others=list(notebooks))
            save(page, source / f"{name}.ipynb")
        contents = "\n".join(["```{toctree}", ":hidden:", "", *notebooks, "glossary", "```"])
        write_text(source / "index.md", f"{index}\n\n{contents}\n")
        write_text(source / "glossary.md", (docs / "glossary.md").read_text(encoding="utf-8"))
        run_sphinx(source, pages, repository_address(root))
        with file_errors_told(target):
            shutil.copytree(pages, target, dirs_exist_ok=True)


def run_sphinx(source, target, repository="", builder="html"):
    """Let Sphinx build pages, with warnings as errors.

    Parameters
    ----------
    source, target : pathlib.Path
        From where, to where.
    repository : str
        The address of the published repository, which the pages then link; may be empty.
    builder : {"html", "linkcheck"}
        What Sphinx is to do.

    Raises
    ------
    CourseError
        With what Sphinx complained of.
    """
    docs = checkout_root() / "docs"
    command = [sys.executable, "-m", "sphinx", "-b", builder, "-W", "--keep-going", "-q", "-E", "-c", str(docs)]
    command += ["-d", str(source.parent / "doctrees")]
    if repository:
        command += ["-D", f"html_theme_options.repository_url={repository}"]
        command += ["-D", "html_theme_options.use_repository_button=1"]
    done = subprocess.run(
        [*command, str(source), str(target)], cwd=docs.parent, capture_output=True, text=True, encoding="utf-8"
    )
    if done.returncode:
        said = (done.stdout + done.stderr).replace(f"{source}/", "").strip()
        raise CourseError(f"The pages could not be built; mend what Sphinx says and run this again:\n{said[-4000:]}")
