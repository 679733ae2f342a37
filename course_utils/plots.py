"""The course's plots: photos in a grid, training curves, models side by side, the worst mistakes."""

import os
import sys

import matplotlib.pyplot as plt
import numpy as np

from course_utils.checks import accuracy_interval
from course_utils.errors import CourseError

CLASS_NAMES = ("cat", "dog")
# Okabe and Ito's colours, told apart with every common form of colour blindness.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")

# Clusters, build servers and editors set MPLBACKEND to something that draws no picture into a notebook.
if "ipykernel" in sys.modules and os.environ.get("MPLBACKEND", "").lower() in ("agg", "pdf", "ps", "svg", "cairo"):
    sys.modules["IPython"].get_ipython().run_line_magic("matplotlib", "inline")


def show_photos(images, titles=None, columns=6, width=1.6):
    """Show photos in a grid.

    Parameters
    ----------
    images : sequence of numpy.ndarray
        RGB, uint8, each (height, width, 3), or grey (height, width); sizes may differ.
    titles : sequence of str, optional
        What stands above each photo; a title may have several lines.
    columns : int
        Photos in a row.
    width : float
        Width of one photo in inches.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    CourseError
        Where there is no photo, or the titles are not as many as the photos.
    """
    if len(images) == 0:
        raise CourseError("There is no photo to show; load some first.")
    if titles is not None and len(titles) != len(images):
        raise CourseError(f"{len(titles)} titles for {len(images)} photos; give one title for each photo.")
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    lines = max(title.count("\n") + 1 for title in titles) if titles is not None else 0
    side = min(width, 9.8 / columns)  # so that a row is at most 1,000 pixels wide
    height = side + 0.3 * lines
    figure, grid = plt.subplots(rows, columns, figsize=(side * columns, height * rows), squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    for position, (axes, image) in enumerate(zip(grid.flat, images, strict=False)):
        axes.imshow(image, cmap="gray", vmin=0, vmax=255)  # the grey scale is for grey images alone
        if titles is not None:
            axes.set_title(titles[position], fontsize=9)
    figure.tight_layout()
    return figure


def plot_history(histories, metric="accuracy", guessing=0.5):
    """Plot a metric over the epochs, training solid and validation dashed, for one run or several.

    Parameters
    ----------
    histories : keras.callbacks.History or dict of str to History
        What ``fit`` returned; a dict gives each run its name.
    metric : str
        ``"accuracy"``, ``"loss"``, or another key of the history.
    guessing : float
        The accuracy of guessing, drawn as a line where a curve comes near it.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    CourseError
        Where a history does not hold the metric.
    """
    if not isinstance(histories, dict):
        histories = {"": histories}
    figure, axes = plt.subplots(figsize=(8, 3.6), layout="constrained")
    lowest = np.inf
    for colour, (name, history) in zip(COLOURS, histories.items(), strict=False):
        values = history.history
        if metric not in values:
            plt.close(figure)
            raise CourseError(f"The history holds {sorted(values)} but no {metric!r}; name it in compile(metrics=...).")
        for key, style, what in ((metric, "-o", "training"), (f"val_{metric}", "--s", "validation")):
            if key in values:
                epochs = range(1, len(values[key]) + 1)
                axes.plot(epochs, values[key], style, color=colour, markersize=4, label=f"{name} {what}".strip())
                lowest = min(lowest, *values[key])
    # Far below the curves the line would only press them together.
    if metric == "accuracy" and lowest < guessing + 0.3:
        axes.axhline(guessing, color="grey", linewidth=1, linestyle=":", label=f"guessing ({guessing:.2g})")
    axes.set_xlabel("epoch")
    axes.set_ylabel(metric)
    axes.set_title(f"{metric.capitalize()} by epoch")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def plot_comparison(accuracies, number, published=None, guessing=0.5):
    """Compare models by accuracy, as bars with 95 % intervals, and published figures as diamonds.

    Parameters
    ----------
    accuracies : dict of str to float
        Measured accuracy of each model, 0 to 1.
    number : int
        How many photos each accuracy was measured on.
    published : dict of str to float, optional
        Published accuracies of some of these models.
    guessing : float
        The accuracy of guessing, drawn as a line.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    CourseError
        Where there is nothing to compare, or a published figure has no model of that name.
    """
    published = published or {}
    if not accuracies:
        raise CourseError("There is no accuracy to compare; give a dict of name and accuracy.")
    unknown = [name for name in published if name not in accuracies]
    if unknown:
        raise CourseError(f"Published figure for {unknown[0]!r}, which was not measured; use the same names.")
    names, values = list(accuracies), np.array(list(accuracies.values()), float)
    ends = np.array([accuracy_interval(value, number) for value in values]).T
    figure, axes = plt.subplots(figsize=(7, 0.6 * len(names) + 1.6), layout="constrained")
    errors = np.abs(ends - values)
    # Pale bars, on which the intervals can be seen; published figures below them, where they hide none.
    axes.barh(names, values, xerr=errors, color="#9CC9E6", ecolor="black", capsize=4, label="measured, 95 % interval")
    for row, value in enumerate(values):
        axes.text(0.02, row, f"{value:.3f}", va="center", fontweight="bold")
    if published:
        rows = [names.index(name) + 0.28 for name in published]
        axes.plot(list(published.values()), rows, "D", color=COLOURS[1], markersize=8, label="published")
    axes.axvline(guessing, color="grey", linewidth=1, linestyle=":", label=f"guessing ({guessing:.2g})")
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xlabel(f"accuracy on {number:,} photos")
    axes.set_title("Models compared")
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure


def show_mistakes(images, labels, probabilities, names=CLASS_NAMES, count=12):
    """Show the photos that a model got wrong, the most confident mistakes first.

    Parameters
    ----------
    images : numpy.ndarray
        RGB, uint8, (n, height, width, 3).
    labels : numpy.ndarray
        The true class of each photo, (n,).
    probabilities : numpy.ndarray
        What the model gives for each class, (n, classes).
    names : sequence of str
        The classes' names in the order of the columns.
    count : int
        How many photos to show at most.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    CourseError
        Where the three do not belong together, or there is no mistake.
    """
    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    if probabilities.shape != (len(images), len(names)) or labels.shape != (len(images),):
        raise CourseError(
            f"{len(images)} images, labels {labels.shape} and probabilities {probabilities.shape} do not belong "
            f"together; for {len(names)} classes the shapes are ({len(images)},) and ({len(images)}, {len(names)})."
        )
    answers = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(answers != labels)
    if len(wrong) == 0:
        raise CourseError("There is no mistake to show: every answer is right.")
    confidence = probabilities[wrong, answers[wrong]]
    worst = wrong[np.argsort(-confidence, kind="stable")][:count]
    titles = [f"{names[answers[i]]} {probabilities[i, answers[i]]:.0%}\n(is a {names[labels[i]]})" for i in worst]
    return show_photos(images[worst], titles)


def show_maps(maps, titles, photo=None):
    """Show feature maps side by side: white is zero, red positive, blue negative, on one scale for all.

    Parameters
    ----------
    maps : sequence of numpy.ndarray
        The maps, each (height, width); sizes may differ.
    titles : sequence of str
        What stands above each map.
    photo : numpy.ndarray, optional
        A photo to show before them, grey (height, width) or RGB (height, width, 3), values 0-255.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    CourseError
        Where there is no map, or the titles are not as many as the maps.
    """
    if len(maps) == 0 or len(maps) != len(titles):
        raise CourseError(f"{len(titles)} titles for {len(maps)} maps; give at least one map, and a title for each.")
    before = 0 if photo is None else 1
    number = len(maps) + before
    figure, row = plt.subplots(1, number, figsize=(9.6, 9.6 / number + 0.4), squeeze=False, layout="constrained")
    if photo is not None:
        row[0, 0].imshow(photo, cmap="gray", vmin=0, vmax=255)
        row[0, 0].set_title("the photo")
    # Beyond the strongest hundredth colours are cut off, or a single spot would leave all else pale.
    limit = np.percentile(np.abs(np.concatenate([np.ravel(one) for one in maps])), 99) or 1
    for axes, one, title in zip(row[0, before:], maps, titles, strict=True):
        axes.imshow(one, cmap="RdBu_r", vmin=-limit, vmax=limit)
        axes.set_title(title)
    for axes in row[0]:
        axes.axis("off")
    return figure


def show_parts(model):
    """Show the parts of a model as boxes in a row: frozen, learning, or with nothing to learn.

    Parameters
    ----------
    model : keras.Model
        A built model; each of its layers, or nested models, is a part.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = plt.subplots(figsize=(9.6, 2.2), layout="constrained")
    number = len(model.layers)
    for place, layer in enumerate(model.layers):
        if not layer.weights:
            state, colour = "nothing to learn", "#FFFFFF"
        elif layer.trainable_weights:
            state, colour = "learns", "#F6C8A6"
        else:
            state, colour = "frozen", "#BBD9EE"
        axes.add_patch(plt.Rectangle((place, 0), 0.8, 1, facecolor=colour, edgecolor="black"))
        name = layer.name if hasattr(layer, "layers") else type(layer).__name__
        text = f"{name}\n{layer.count_params():,}\nparameters\n{state}"
        axes.text(place + 0.4, 0.5, text, ha="center", va="center", fontsize=10)
        axes.annotate("", (place, 0.5), (place - 0.2, 0.5), arrowprops={"arrowstyle": "->"})
    axes.annotate("", (number, 0.5), (number - 0.2, 0.5), arrowprops={"arrowstyle": "->"})
    axes.text(-0.22, 0.5, "photo", ha="right", va="center", fontsize=10)
    axes.text(number + 0.02, 0.5, "answer", ha="left", va="center", fontsize=10)
    axes.set_xlim(-0.6, number + 0.4)
    axes.set_ylim(-0.05, 1.05)
    axes.axis("off")
    return figure
