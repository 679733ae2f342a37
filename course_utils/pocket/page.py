"""Write the page that classifies photos on a phone: the exported networks, LiteRT.js, and four small files of ours."""

import json
import shutil
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2

from course_utils.errors import CourseError, file_errors_told
from course_utils.files import write_text, written_whole
from course_utils.pocket.runtime import fetch_runtime
from course_utils.settings import course_path

WEB = Path(__file__).parent / "web"
PAGE_FILES = ("index.html", "pocket.css", "pocket.js", "resize.js")
FOLDER = "build/pocket"


@dataclass(frozen=True)
class PocketModel:
    """One network of the page.

    Attributes
    ----------
    name : str
        How the page calls it.
    file : str or pathlib.Path
        The exported file.
    note : str
        One sentence under its name.
    temperature : float
        By which its scores are divided, see `course_utils.explain.fit_temperature`.
    """

    name: str
    file: str | Path
    note: str
    temperature: float = 1.0


def write_page(models, sure_from, about, samples=(), folder=FOLDER):
    """Write the page, and ``pocket.zip`` beside its folder.

    Parameters
    ----------
    models : list of PocketModel
        The networks, with different file names.
    sure_from : float
        The confidence, 0.5 to 1, below which the page says that it is not sure.
    about : str
        One sentence about what the networks have learned from.
    samples : sequence of tuple of str and numpy.ndarray
        Pictures to try without a photo at hand: name and RGB image.
    folder : str or pathlib.Path
        Where to, see `course_path`.

    Returns
    -------
    pathlib.Path or None
        The folder; None, with one line that says why, where LiteRT.js cannot be had.

    Raises
    ------
    CourseError
        Where an argument cannot be used, or a file cannot be read or written.
    """
    if not models or len({Path(model.file).name for model in models}) < len(models):
        raise CourseError("The page needs at least one network, and each in a file of a name of its own.")
    if not 0.5 <= sure_from <= 1:
        raise CourseError(f"sure_from is {sure_from}; give a confidence from 0.5 to 1, such as 0.8.")
    try:
        runtime = fetch_runtime()
    except CourseError as problem:
        print(f"No page is written. {problem}")
        return None
    folder = course_path(folder)
    contents = {f"litert/{name}": path for name, path in runtime.items()}
    contents |= {f"models/{Path(model.file).name}": course_path(model.file) for model in models}
    contents |= {name: WEB / name for name in PAGE_FILES}
    for name, source in contents.items():
        with file_errors_told(source), written_whole(folder / name) as part:
            shutil.copyfile(source, part)
    shown = []
    for number, (name, image) in enumerate(samples, 1):
        shown.append({"name": name, "file": f"samples/{number}.png"})
        with written_whole(folder / f"samples/{number}.png") as part:
            part.write_bytes(cv2.imencode(".png", image[..., ::-1])[1].tobytes())
    told = [asdict(model) | {"file": f"models/{Path(model.file).name}"} for model in models]
    description = {"about": about, "sure_from": sure_from, "classes": ["cat", "dog"], "models": told, "samples": shown}
    write_text(folder / "pocket.json", json.dumps(description, indent=1) + "\n")
    _zip(folder, [*contents, "pocket.json", *(sample["file"] for sample in shown)])
    return folder


def _zip(folder, names):
    with (
        written_whole(folder.with_suffix(".zip")) as part,
        zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in names:
            archive.write(folder / name, name)
