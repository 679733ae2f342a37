"""The checks: each passes what is right and rejects each kind of wrong with words of its own."""

import numpy as np
import pytest

from course_utils.checks import (
    accuracy_interval,
    check,
    check_accuracy,
    check_images,
    check_labels,
    difference_interval,
    gained_and_lost,
)
from course_utils.errors import CourseError

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 150, 150, 3), dtype=np.uint8)


def test_a_claim_that_holds_is_printed(capsys):
    check(True, "two and two is four", "Count again.")
    assert capsys.readouterr().out == "Check OK: two and two is four\n"


def test_a_claim_that_fails_stops_with_its_hint():
    with pytest.raises(CourseError, match="two and two is five. Count again."):
        check(np.bool_(False), "two and two is five", "Count again.")


def test_something_that_is_neither_true_nor_false_is_refused():
    with pytest.raises(CourseError, match="list"):
        check([1], "a list", "")


def test_right_images_pass(capsys):
    check_images(IMAGES, 6)
    assert "6 images of 150 x 150" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (list(IMAGES), "list"),
        (IMAGES[0], "four axes"),
        (IMAGES[:5], "5 images, not 6"),
        (IMAGES[:, :100], r"not \(150, 150, 3\)"),
        (IMAGES[..., :1], r"not \(150, 150, 3\)"),
        (IMAGES / 255, "float64, not uint8"),
        (np.concatenate([IMAGES[:5], np.zeros_like(IMAGES[:1])]), "Image 5 has one single colour"),
    ],
)
def test_wrong_images_are_rejected_with_the_reason(wrong, words):
    with pytest.raises(CourseError, match=words):
        check_images(wrong, 6)


def test_right_labels_pass(capsys):
    check_labels(np.array([1, 1, 0, 0, 0]), cats=3, dogs=2)
    assert "3 cats" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (np.array([[1, 0]] * 5), "one axis"),
        (np.array([1, 1, 0, 0]), "4 labels, not 5"),
        (np.array([1.0, 1, 0, 0, 0]), "whole numbers"),
        (np.array([2, 2, 1, 1, 1]), "only 0"),
        (np.array([0, 0, 1, 1, 1]), "swapped"),
    ],
)
def test_wrong_labels_are_rejected_with_the_reason(wrong, words):
    with pytest.raises(CourseError, match=words):
        check_labels(wrong, cats=3, dogs=2)


def test_an_accuracy_in_its_range_passes(capsys):
    check_accuracy("test accuracy", np.float64(0.7), 0.6, 0.8)
    assert "between 0.60 and 0.80" in capsys.readouterr().out


@pytest.mark.parametrize(("wrong", "words"), [(0.59, "below 0.60"), (0.81, "above 0.80"), (71.3, "share between")])
def test_an_accuracy_outside_its_range_is_rejected(wrong, words):
    with pytest.raises(CourseError, match=words):
        check_accuracy("test accuracy", wrong, 0.6, 0.8)


def test_in_fast_mode_only_the_form_of_an_accuracy_is_checked(monkeypatch, capsys):
    monkeypatch.setenv("COURSE_FAST", "1")
    check_accuracy("test accuracy", 0.5, 0.6, 0.8)
    assert "skipped" in capsys.readouterr().out
    with pytest.raises(CourseError, match="share between"):
        check_accuracy("test accuracy", 50.0, 0.6, 0.8)


def test_the_interval_is_that_of_the_published_case():
    low, high = accuracy_interval(190 / 192, 192)
    assert (round(low, 3), round(high, 3)) == (0.963, 0.997)


@pytest.mark.parametrize("accuracy", [0.0, 0.5, 1.0])
def test_the_interval_stays_a_share_and_holds_the_accuracy(accuracy):
    low, high = accuracy_interval(accuracy, 1000)
    assert 0 <= low <= accuracy <= high <= 1 and high - low > 0.003


@pytest.mark.parametrize(("accuracy", "number"), [(1.1, 10), (-0.1, 10), (0.5, 0)])
def test_an_interval_of_nonsense_is_refused(accuracy, number):
    with pytest.raises(CourseError):
        accuracy_interval(accuracy, number)


def test_gains_and_losses_are_counted_on_the_photos_where_two_models_differ():
    before = np.array([True] * 90 + [False] * 10)
    after = np.array([True] * 88 + [False] * 2 + [True] * 8 + [False] * 2)
    gained, lost, chance = gained_and_lost(before, after)
    # Of ten tosses of a coin, at most two or at least eight are heads in 112 of 1,024 cases.
    assert (gained, lost) == (8, 2) and chance == pytest.approx(112 / 1024)


def test_two_models_that_are_right_on_the_same_photos_differ_by_nothing():
    right = np.array([True, False, True])
    assert gained_and_lost(right, right) == (0, 0, 1.0)


@pytest.mark.parametrize(("before", "after"), [
    ([True, False], [True]),
    ([1, 0], [1, 1]),
    ([[True]], [[True]]),
    ([0.9, 0.1], [True, False]),
])  # fmt: skip
def test_gains_of_what_is_not_a_true_or_false_for_each_photo_are_refused(before, after):
    with pytest.raises(CourseError, match="one True or False for each photo"):
        gained_and_lost(np.array(before), np.array(after))


def test_the_interval_of_a_difference_is_two_roots_of_the_changed_photos_to_each_side():
    low, high = difference_interval(60, 24, 1000)
    assert low == pytest.approx(0.036 - 1.96 * 84**0.5 / 1000)
    assert high == pytest.approx(0.036 + 1.96 * 84**0.5 / 1000)


@pytest.mark.parametrize("counts", [(-1, 3, 10), (6, 5, 10)])
def test_counts_that_cannot_be_have_no_interval(counts):
    with pytest.raises(CourseError, match="cannot be"):
        difference_interval(*counts)
