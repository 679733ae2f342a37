"""The doors: every address is filled from the one setting, and leads to a file that is there."""

import json
import re
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlparse

import pytest

from tools import doors
from tools.environment import pinned_versions
from tools.notebooks import committed_place, from_script, homework_solutions, scripts

CHECKOUT = Path(__file__).resolve().parents[2]
REPOSITORY = "https://github.com/Ann/cats-course"
SCRIPTS = [*scripts(CHECKOUT), *homework_solutions(CHECKOUT)]


def place_behind(name, address):
    """The path in the repository that an address opens."""
    parts = urlparse(address)
    if name == "Colab":
        assert parts.netloc == "colab.research.google.com" and parts.path.startswith(
            "/github/Ann/cats-course/blob/main/"
        )
        return unquote(parts.path.split("/blob/main/")[1])
    if name == "Kaggle":
        (file,) = parse_qs(parts.query)["src"]
        assert parts.netloc == "kaggle.com" and file.startswith(f"{REPOSITORY}/blob/main/")
        return unquote(file.split("/blob/main/")[1])
    (opened,) = parse_qs(parts.query)["urlpath"]
    assert address.startswith("https://mybinder.org/v2/gh/Ann/cats-course/main?") and opened.startswith("lab/tree/")
    return opened.removeprefix("lab/tree/")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_the_first_cell_of_each_notebook_offers_doors_to_its_own_file(script):
    first = from_script(script, REPOSITORY).cells[0].source
    line = next(line for line in first.splitlines() if line.startswith("**Open in**"))
    found = dict(re.findall(r"\[(\w+)\]\(([^)]+)\)", line))
    assert list(found) == ["Colab", "Kaggle", "Binder", "Codespaces"]
    assert found.pop("Codespaces") == "https://codespaces.new/Ann/cats-course?quickstart=1"
    for name, address in found.items():
        place = place_behind(name, address)
        assert place == committed_place(script) and (CHECKOUT / place).is_file()
    assert "![" not in line, "a picture would be fetched"


def test_while_the_setting_is_empty_there_is_no_door():
    assert doors.notebook_doors("", "notebooks/01.ipynb") == {}
    assert doors.doors_line("", "notebooks/01.ipynb") == "" and doors.book_address("") == ""
    assert not any("**Open in**" in from_script(script).cells[0].source for script in SCRIPTS)


def test_a_space_in_a_name_does_not_break_an_address():
    addresses = doors.notebook_doors(REPOSITORY, "notebooks/my copy.ipynb")
    assert not any(" " in address for address in addresses.values())
    assert place_behind("Kaggle", addresses["Kaggle"]) == "notebooks/my copy.ipynb"


def test_the_link_for_a_hub_clones_the_repository_and_opens_its_notebooks():
    link = doors.hub_link(REPOSITORY, "https://hub.example.org")
    assert link.startswith("https://hub.example.org/hub/user-redirect/git-pull?")
    asked = parse_qs(urlparse(link).query)
    assert asked == {"repo": [REPOSITORY], "branch": ["main"], "urlpath": ["lab/tree/cats-course/notebooks"]}
    assert (CHECKOUT / "notebooks").is_dir()


def test_the_published_book_has_the_address_of_github_pages():
    assert doors.book_address(REPOSITORY) == "https://ann.github.io/cats-course"


def test_binder_installs_what_the_project_names_at_its_pins():
    lines = (CHECKOUT / ".binder" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if not line.startswith("#")]
    assert wanted == ["-c ../constraints.txt", "-e .[cpu,notebooks]"]
    project = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
    assert "\ncpu = [" in project and "\nnotebooks = [" in project
    assert pinned_versions(CHECKOUT / "constraints.txt")["jupyterlab"]
    assert re.fullmatch(r"python-3\.1[123]\n", (CHECKOUT / ".binder" / "runtime.txt").read_text(encoding="utf-8"))


def test_a_codespace_installs_the_same_and_opens_a_notebook_that_is_there():
    settings = json.loads((CHECKOUT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    assert "-c constraints.txt -e '.[cpu,notebooks]'" in settings["postCreateCommand"]
    for file in settings["customizations"]["codespaces"]["openFiles"]:
        assert (CHECKOUT / file).is_file()
