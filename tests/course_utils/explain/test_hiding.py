"""Hiding what a map points at: the regions, what fills them, and the interval of a difference."""

import numpy as np
import pytest

from course_utils.errors import CourseError
from course_utils.explain import blur_in, brightest, mean_colour_in, mean_with_interval, moved_at_random

IMAGES = np.random.default_rng(0).integers(0, 256, (2, 40, 50, 3), dtype=np.uint8)
LEFT = np.zeros((2, 40, 50), bool)
LEFT[:, :, :5] = True


def test_the_brightest_tenth_is_a_tenth_and_the_brightest():
    heat = np.random.default_rng(1).random((3, 40, 50))
    marked = brightest(heat)
    assert marked.sum(axis=(1, 2)).tolist() == [200, 200, 200]
    assert all(one[place].min() >= one[~place].max() for one, place in zip(heat, marked, strict=True))


def test_among_equals_chance_decides_and_not_the_order_of_the_rows():
    heat = np.zeros((1, 40, 50))
    heat[0, 30, 20] = 1
    marked = brightest(heat)[0]
    assert marked[30, 20] and marked.sum() == 200
    assert marked[20:].sum() > 50 and marked[:20].sum() > 50


def test_a_moved_region_keeps_its_area_and_shape():
    regions = np.zeros((20, 40, 50), bool)
    regions[:, 3:9, 4:20] = True
    moved = moved_at_random(regions)
    assert (moved.sum(axis=(1, 2)) == 6 * 16).all() and not np.array_equal(moved, regions)
    # A rectangle stays one, perhaps cut by the edge: each row that it touches has as many pixels as before.
    assert all(set(one.sum(axis=1).tolist()) == {0, 16} for one in moved)
    assert np.array_equal(moved, moved_at_random(regions)) and not np.array_equal(moved, moved_at_random(regions, 1))


@pytest.mark.parametrize("hide", [mean_colour_in, blur_in])
def test_only_the_region_is_changed_and_only_in_the_copy(hide):
    before = IMAGES.copy()
    hidden = hide(IMAGES, LEFT)
    assert hidden.dtype == np.uint8 and np.array_equal(hidden[:, :, 5:], IMAGES[:, :, 5:])
    assert not np.array_equal(hidden[:, :, :5], IMAGES[:, :, :5]) and np.array_equal(IMAGES, before)


def test_the_mean_colour_is_that_of_each_image():
    hidden = mean_colour_in(IMAGES, LEFT)
    assert np.abs(hidden[1, 0, 0] - IMAGES[1].mean(axis=(0, 1))).max() <= 0.5


def test_a_blur_takes_the_detail_and_leaves_the_colour():
    hidden = blur_in(IMAGES, np.ones((2, 40, 50), bool))
    assert hidden.std() < 0.2 * IMAGES.std() and abs(hidden.mean() - IMAGES.mean()) < 3


def test_the_interval_holds_the_true_mean_in_19_of_20_samples():
    rng = np.random.default_rng(0)
    held = [low < 3 < high for _, low, high in (mean_with_interval(rng.normal(3, 2, 200)) for _ in range(400))]
    assert 0.92 < np.mean(held) < 0.98


def test_one_number_has_no_interval():
    with pytest.raises(CourseError, match="at least two numbers"):
        mean_with_interval([0.3])
