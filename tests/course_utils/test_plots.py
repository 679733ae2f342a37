"""The plots, by their axes and data: nbval does not compare pictures."""

from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest

from course_utils.checks import accuracy_interval
from course_utils.errors import CourseError

matplotlib.use("agg")
import matplotlib.pyplot as plt

from course_utils.plots import plot_comparison, plot_history, show_maps, show_mistakes, show_parts, show_photos

IMAGES = np.random.default_rng(0).integers(0, 256, (8, 20, 30, 3), dtype=np.uint8)


@pytest.fixture(autouse=True)
def figures_closed():
    yield
    plt.close("all")


def shown(figure):
    return [axes for axes in figure.axes if axes.images]


def test_each_photo_is_shown_with_its_title():
    figure = show_photos(IMAGES, [f"photo {i}" for i in range(8)], columns=3)
    axes = shown(figure)
    assert [a.get_title() for a in axes] == [f"photo {i}" for i in range(8)]
    assert all((a.images[0].get_array() == image).all() for a, image in zip(axes, IMAGES, strict=True))


def test_no_photo_or_too_few_titles_are_refused():
    with pytest.raises(CourseError, match="no photo"):
        show_photos([])
    with pytest.raises(CourseError, match="2 titles for 8"):
        show_photos(IMAGES, ["a", "b"])


def history(**values):
    return SimpleNamespace(history=values)


def test_training_and_validation_are_drawn_over_epochs_from_one():
    axes = plot_history(history(accuracy=[0.5, 0.6], val_accuracy=[0.5, 0.55])).axes[0]
    lines = {line.get_label(): line for line in axes.lines}
    assert list(lines["training"].get_xdata()) == [1, 2]
    assert list(lines["validation"].get_ydata()) == [0.5, 0.55]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "accuracy")


def test_several_histories_keep_their_names():
    axes = plot_history({"A": history(loss=[1.0]), "B": history(loss=[2.0])}, metric="loss").axes[0]
    assert [line.get_label() for line in axes.lines] == ["A training", "B training"]


def test_a_metric_that_was_not_recorded_is_named():
    with pytest.raises(CourseError, match="accuracy"):
        plot_history(history(loss=[1.0]))


def test_bars_are_the_accuracies_with_their_intervals_and_diamonds_the_published():
    axes = plot_comparison({"scratch": 0.7, "base": 0.94}, 1000, {"base": 0.905}).axes[0]
    assert [bar.get_width() for bar in axes.patches] == [0.7, 0.94]
    (diamonds,) = [line for line in axes.lines if line.get_marker() == "D"]
    assert (list(diamonds.get_xdata()), list(diamonds.get_ydata())) == ([0.905], [1.28])
    (bars,) = [c for c in axes.collections if hasattr(c, "get_segments")]
    ends = [segment[:, 0] for segment in bars.get_segments()]
    assert np.allclose(ends, [accuracy_interval(0.7, 1000), accuracy_interval(0.94, 1000)])


def test_a_comparison_of_nothing_or_with_an_unknown_name_is_refused():
    with pytest.raises(CourseError, match="no accuracy"):
        plot_comparison({}, 1000)
    with pytest.raises(CourseError, match="'other'"):
        plot_comparison({"base": 0.9}, 1000, {"other": 0.9})


def test_mistakes_come_in_order_of_confidence():
    labels = np.array([0, 0, 1, 1])
    dog = np.array([0.9, 0.1, 0.3, 0.05])
    figure = show_mistakes(IMAGES[:4], labels, np.stack([1 - dog, dog], axis=1))
    assert [a.get_title().split("\n")[0] for a in shown(figure)] == ["cat 95%", "dog 90%", "cat 70%"]
    assert (shown(figure)[0].images[0].get_array() == IMAGES[3]).all()


def test_mistakes_of_a_perfect_model_or_of_other_shapes_are_refused():
    with pytest.raises(CourseError, match="no mistake"):
        show_mistakes(IMAGES[:2], np.array([0, 1]), np.eye(2))
    with pytest.raises(CourseError, match="belong"):
        show_mistakes(IMAGES[:2], np.array([0, 1]), np.zeros((2, 3)))


def test_the_line_of_guessing_stands_where_it_is_asked_for():
    figures = plot_history(history(accuracy=[0.5]), guessing=0.24), plot_comparison({"a": 0.5}, 100, guessing=0.24)
    for figure, data in zip(figures, ("get_ydata", "get_xdata"), strict=True):
        line = next(line for line in figure.axes[0].lines if line.get_label() == "guessing (0.24)")
        assert list(getattr(line, data)()) == [0.24, 0.24]


def test_the_line_of_guessing_is_left_out_far_below_the_curves():
    axes = plot_history(history(accuracy=[0.9, 0.95], val_accuracy=[0.85, 0.9])).axes[0]
    assert [line.get_label() for line in axes.lines] == ["training", "validation"]


def test_maps_share_one_scale_around_zero_beside_the_photo():
    maps = [np.array([[-3.0, 0.0], [1.0, 2.0]]), np.zeros((4, 4))]
    axes = shown(show_maps(maps, ["edges", "nothing"], photo=IMAGES[0]))
    assert [one.get_title() for one in axes] == ["the photo", "edges", "nothing"]
    (low, high), other = axes[1].images[0].get_clim(), axes[2].images[0].get_clim()
    assert low == -high < 0 and other == (low, high)


@pytest.mark.parametrize(("maps", "titles"), [([], []), ([np.zeros((2, 2))], ["a", "b"])])
def test_maps_without_a_title_each_are_refused(maps, titles):
    with pytest.raises(CourseError, match=f"{len(titles)} titles for {len(maps)} maps"):
        show_maps(maps, titles)


def test_the_parts_of_a_model_say_what_learns():
    import keras

    base = keras.Sequential([keras.Input((2, 2, 3)), keras.layers.Conv2D(4, 1)], name="base")
    base.trainable = False
    model = keras.Sequential([base, keras.layers.Flatten(), keras.layers.Dense(2)])
    texts = [text.get_text().split("\n") for text in show_parts(model).axes[0].texts]
    boxes = [lines for lines in texts if len(lines) > 1]
    assert [(lines[0], lines[1], lines[3]) for lines in boxes] == [
        ("base", "16", "frozen"),
        ("Flatten", "0", "nothing to learn"),
        ("Dense", "34", "learns"),
    ]


def test_a_grey_image_is_shown_in_grey_from_black_to_white():
    figure = show_photos([np.full((9, 9), 100, np.uint8)])
    (image,) = figure.axes[0].images
    assert image.get_cmap().name == "gray" and image.get_clim() == (0, 255)


def test_photos_are_as_wide_as_asked():
    photo = np.zeros((9, 9, 3), np.uint8)
    assert show_photos([photo, photo], width=4).get_size_inches()[0] == 8
