"""``make lesson`` and ``make further``: run notebooks and write what they gave: pages, models, predictions, numbers."""

import json
import os
import shutil
import textwrap

from course_utils.errors import CourseError, file_errors_told
from course_utils.files import write_text, written_whole
from tools.book import build_run
from tools.doctor import require_memory
from tools.environment import checkout_root
from tools.notebooks import FIRST_FURTHER, from_script, repository_address, save, scripts
from tools.running import Run, execute, kernel_settings

MODELS = ("scratch", "frozen_base")

# Printed in the published lesson (ML-21, questions 3 and 5) for the four zips: accuracy on the 1,000 test
# photos after 10 and 5 epochs; its seconds are the epochs' times added up.
PUBLISHED = {
    "scratch": 0.685,
    "scratch_seconds": 175,
    "frozen_base": 0.905,
    "frozen_base_name": "VGG16",
    "frozen_base_seconds": 647,
    "source": "ML-21, trained and tested on the photos",
}


def lesson(root=None):
    """Run notebooks 01-05 and write ``build/lesson``.

    Parameters
    ----------
    root : pathlib.Path, optional
        The checkout; by default the one that this package belongs to.

    Returns
    -------
    int
        0, or 1 where a notebook failed: its pages and those of the ones before it are written all the same.

    Raises
    ------
    CourseError
        Where too little memory is free or a file cannot be written.
    """
    root = root or checkout_root()
    build = root / "build" / "lesson"
    runs, notebooks = run_notebooks([path for path in scripts(root) if path.stem < FIRST_FURTHER], root, build)
    results = ""
    try:
        if not runs[-1].error:
            files, labels, probabilities = predictions(root / "models")
            copy_models(root / "models", build / "models")
            write_predictions(build / "predictions.npz", files, labels, probabilities)
            summary = summarise(runs, accuracies(labels, probabilities))
            write_text(build / "summary.json", json.dumps(summary, indent=2) + "\n")
            results = results_of_lesson(summary)
            print(f"\n{table(summary)}")
    finally:
        build_run(notebooks, start_page(runs, results), build, root)
        print(f"\nRead it in a browser: {build / 'index.html'}")
    return 1 if runs[-1].error else 0


def further(root=None):
    """Run the notebooks from 06 on and write ``build/further``.

    Parameters
    ----------
    root : pathlib.Path, optional
        The checkout; by default the one that this package belongs to.

    Returns
    -------
    int
        0, or 1 where a notebook failed: its pages and those of the ones before it are written all the same.

    Raises
    ------
    CourseError
        Where there is no such notebook, too little memory is free or a file cannot be written.
    """
    root = root or checkout_root()
    build = root / "build" / "further"
    wanted = [path for path in scripts(root) if path.stem >= FIRST_FURTHER]
    if not wanted:
        raise CourseError(
            f"There is no notebook from {FIRST_FURTHER} on in {root / 'notebooks'}; get a complete checkout."
        )
    runs, notebooks = run_notebooks(wanted, root, build)
    build_run(notebooks, start_page(runs, ""), build, root)
    print(f"\n{times(runs)}\n\nRead it in a browser: {build / 'index.html'}")
    return 1 if runs[-1].error else 0


def run_notebooks(wanted, root, build):
    """Run notebooks one after the other, until one fails, and keep them with their outputs.

    Parameters
    ----------
    wanted : list of pathlib.Path
        Their scripts.
    root : pathlib.Path
        The checkout.
    build : pathlib.Path
        The folder for the executed notebooks; made where it is missing.

    Returns
    -------
    runs : list of Run
        How each ran; only the last can have failed, which is told on the terminal.
    notebooks : dict of str to nbformat.NotebookNode
        Name -> executed notebook, in the same order.

    Raises
    ------
    CourseError
        Where too little memory is free or a file cannot be written.
    """
    require_memory(script.stem for script in wanted)
    # The command line takes a relative folder from here, the kernels from their own folder's parent.
    os.chdir(root)
    with file_errors_told(build):
        build.mkdir(parents=True, exist_ok=True)
    settings, repository = kernel_settings(), repository_address(root)
    runs, notebooks = [], {}
    for script in wanted:
        notebook = from_script(script, repository)
        run = execute(notebook, script.stem, root / "notebooks", settings)
        runs.append(run)
        notebooks[script.stem] = notebook
        save(notebook, build / f"{script.stem}.ipynb")
        if run.error:
            print(f"\n{run.error}\nWhat it had shown until then is in {build / script.stem}.html")
            break
    return runs, notebooks


def predictions(models):
    """Let both trained models judge the test photos.

    Parameters
    ----------
    models : pathlib.Path
        The folder with ``scratch.keras`` and ``frozen_base.keras``.

    Returns
    -------
    files : list of str
        The n test photos, as ``cats-test/cat.2000.jpg``.
    labels : numpy.ndarray
        int64 of shape (n,): 1 for a dog, 0 for a cat.
    probabilities : dict of str to numpy.ndarray
        For each model float32 of shape (n, 2): the probabilities of cat and dog.

    Raises
    ------
    CourseError
        Where a model is missing.
    """
    for name in MODELS:
        if not (models / f"{name}.keras").is_file():
            raise CourseError(f"{models / name}.keras is missing, which the notebooks write; run make lesson.")
    import keras
    import numpy as np

    from course_utils.images import load_photos, photo_paths
    from course_utils.settings import course_path

    data = course_path("data")
    folders = [("cats-test", 0), ("dogs-test", 1)]
    paths = [(path, label) for folder, label in folders for path in photo_paths(data / folder)]
    images = load_photos([path for path, _ in paths])
    probabilities = {}
    for name in MODELS:
        model = keras.saving.load_model(models / f"{name}.keras")
        probabilities[name] = np.asarray(model.predict(images, batch_size=100, verbose=0), dtype="float32")
    files = [f"{path.parent.name}/{path.name}" for path, _ in paths]
    return files, np.array([label for _, label in paths]), probabilities


def accuracies(labels, probabilities):
    """Compute the share of right answers.

    Parameters
    ----------
    labels : numpy.ndarray
        Integers of shape (n,): 1 for a dog, 0 for a cat.
    probabilities : dict of str to numpy.ndarray
        For each model (n, 2): the probabilities of cat and dog.

    Returns
    -------
    dict of str to float
        For each model its accuracy, between 0 and 1.
    """
    return {name: round(float((answers.argmax(axis=1) == labels).mean()), 4) for name, answers in probabilities.items()}


def copy_models(models, folder):
    """Copy the trained models beside the pages.

    Parameters
    ----------
    models, folder : pathlib.Path
        From where, to where; the second is made where it is missing.

    Raises
    ------
    CourseError
        Where a file cannot be written.
    """
    for name in MODELS:
        with written_whole(folder / f"{name}.keras") as part:
            shutil.copyfile(models / f"{name}.keras", part)


def write_predictions(path, files, labels, probabilities):
    """Write the answers of both models, whole or not at all.

    Parameters
    ----------
    path : pathlib.Path
        The .npz file; it holds ``files``, ``labels`` and one array for each model.
    files, labels, probabilities
        As `predictions` returns them.

    Raises
    ------
    CourseError
        Where the file cannot be written.
    """
    import numpy as np

    with written_whole(path) as part, open(part, "wb") as file:
        np.savez_compressed(file, files=np.array(files), labels=labels, **probabilities)


def summarise(runs, accuracy):
    """Collect what the lesson gave.

    Parameters
    ----------
    runs : list of Run
        How each notebook ran.
    accuracy : dict of str to float
        The accuracy of each model on the test photos.

    Returns
    -------
    dict
        What ``summary.json`` holds: images, base, precision, notebooks, accuracy, published.
    """
    from course_utils import fastest_precision, load_base, source_of

    return {
        "images": source_of(),
        "base": load_base().name,
        "precision": fastest_precision(),
        "notebooks": [
            {"name": run.name, "seconds": run.seconds, "peak_mb": run.peak_mb, "ok": run.error is None} for run in runs
        ],
        "accuracy": accuracy,
        "published": PUBLISHED,
    }


def table(summary):
    """Lay the summary out for a terminal.

    Parameters
    ----------
    summary : dict
        What ``summary.json`` holds.

    Returns
    -------
    str
        A few lines.
    """
    published = summary["published"]
    lines = [f"images {summary['images']}, base {summary['base']}, precision {summary['precision']}", ""]
    lines.append(times([Run(run["name"], run["seconds"], run["peak_mb"], None) for run in summary["notebooks"]]))
    lines += ["", f"{'test accuracy':<32}{'here':>9}{'published':>11}"]
    for name in MODELS:
        lines.append(f"{name.replace('_', ' '):<32}{summary['accuracy'][name]:>9.3f}{published[name]:>11.3f}")
    lines += textwrap.wrap(difference(summary), 70)
    return "\n".join(lines)


def times(runs):
    """Lay out the time and the memory of each notebook for a terminal.

    Parameters
    ----------
    runs : list of Run
        How each notebook ran.

    Returns
    -------
    str
        A line for each, and one for all.
    """
    lines = [f"{'notebook':<32}{'seconds':>9}{'peak MB':>9}"]
    lines += [f"{run.name:<32}{run.seconds:>9.0f}{run.peak_mb:>9.0f}" for run in runs]
    return "\n".join([*lines, f"{'all':<32}{sum(run.seconds for run in runs):>9.0f}"])


def difference(summary):
    """Say what separates this run from the published one.

    Parameters
    ----------
    summary : dict
        What ``summary.json`` holds.

    Returns
    -------
    str
        One or two sentences.
    """
    apart = []
    if summary["images"] != "photos":
        apart.append("drawn images instead of the photos")
    if summary["base"] != summary["published"]["frozen_base_name"]:
        apart.append(f"{summary['base']} instead of VGG16")
    if apart:
        return f"Here: {', '.join(apart)}. The published numbers are no yardstick for these."
    return "Published: the same photos and the same base."


def results_of_lesson(summary):
    """Lay the accuracies of the lesson out for its start page.

    Parameters
    ----------
    summary : dict
        What ``summary.json`` holds.

    Returns
    -------
    str
        A table and what belongs to it, in Markdown.
    """
    lines = ["## Accuracy on the test images", "", "| | here | published |", "|---|---:|---:|"]
    for name, words in zip(MODELS, ("CNN trained from scratch", "frozen base and new head"), strict=True):
        lines.append(f"| {words} | {summary['accuracy'][name]:.3f} | {summary['published'][name]:.3f} |")
    where = f"Images: {summary['images']}; base: {summary['base']}; precision: {summary['precision']}."
    files = '<a href="summary.json">summary.json</a>; each prediction: <a href="predictions.npz">predictions.npz</a>'
    return "\n".join([*lines, "", difference(summary), "", f"{where} All numbers: {files}."])


def start_page(runs, results):
    """Write the page that links the notebooks' pages.

    Parameters
    ----------
    runs : list of Run
        How each notebook ran.
    results : str
        What stands under the list, in Markdown; may be empty.

    Returns
    -------
    str
        The page, in Markdown.
    """
    lines = ["# The lesson as it ran here", "", "| notebook | seconds | peak memory, MB | |", "|---|---:|---:|---|"]
    for run in runs:
        state = "failed" if run.error else "ran"
        lines.append(f"| [{run.name}]({run.name}.ipynb) | {run.seconds:.0f} | {run.peak_mb:,.0f} | {state} |")
    return "\n".join([*lines, "", results])
