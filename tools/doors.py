"""The ways in from outside: where Colab, Kaggle, Binder, Codespaces and the published book have the course."""

from urllib.parse import quote, urlencode

GITHUB = "https://github.com/"
BRANCH = "main"


def notebook_doors(repository, place):
    """Say where a notebook can be opened without installing anything.

    Parameters
    ----------
    repository : str
        The address of the published repository, as https://github.com/OWNER/NAME; may be empty.
    place : str
        The notebook's path in the repository, with forward slashes.

    Returns
    -------
    dict of str to str
        The name of each platform -> its address for this notebook; empty where there is no repository.
    """
    if not repository:
        return {}
    owner_and_name, path = repository.removeprefix(GITHUB), quote(place)
    file = f"{GITHUB}{owner_and_name}/blob/{BRANCH}/{path}"
    binder = urlencode({"urlpath": f"lab/tree/{place}"})
    return {
        "Colab": f"https://colab.research.google.com/github/{owner_and_name}/blob/{BRANCH}/{path}",
        "Kaggle": f"https://kaggle.com/kernels/welcome?{urlencode({'src': file})}",
        "Binder": f"https://mybinder.org/v2/gh/{owner_and_name}/{BRANCH}?{binder}",
        "Codespaces": f"https://codespaces.new/{owner_and_name}?quickstart=1",
    }


def doors_line(repository, place):
    """Write the line that offers a notebook's doors.

    Parameters
    ----------
    repository, place : str
        As for `notebook_doors`.

    Returns
    -------
    str
        A line of Markdown without any picture, so that nothing is fetched; empty where there is no repository.
    """
    links = [f"[{name}]({address})" for name, address in notebook_doors(repository, place).items()]
    return f"**Open in** {' '.join(links)}" if links else ""


def hub_link(repository, hub):
    """Make nbgitpuller's link, which copies the course into a student's account on a JupyterHub and opens it.

    Parameters
    ----------
    repository : str
        The address of the published repository.
    hub : str
        The address of the JupyterHub, such as https://hub.example.org.

    Returns
    -------
    str
        The link.
    """
    name = repository.rpartition("/")[2]
    wanted = {"repo": repository, "branch": BRANCH, "urlpath": f"lab/tree/{name}/notebooks"}
    return f"{hub}/hub/user-redirect/git-pull?{urlencode(wanted)}"


def book_address(repository):
    """Say where GitHub Pages shows the book.

    Parameters
    ----------
    repository : str
        The address of the published repository; may be empty.

    Returns
    -------
    str
        Such as https://owner.github.io/name; empty where there is no repository.
    """
    owner, _, name = repository.removeprefix(GITHUB).partition("/")
    return f"https://{owner.lower()}.github.io/{name}" if repository else ""
