"""The drawn flowers: the same from the same seed, five shapes, and the faults that notebook 08 looks for."""

import cv2
import numpy as np
import pytest

from course_utils.sandbox import flowers
from course_utils.sandbox.flowers import COUNTS, draw_flower


def test_the_same_seed_and_index_give_the_same_picture():
    assert (draw_flower("roses", 5, 3) == draw_flower("roses", 5, 3)).all()


@pytest.mark.parametrize("other", [("tulips", 5, 3), ("roses", 6, 3), ("roses", 5, 4)])
def test_kind_seed_and_index_each_change_the_picture(other):
    first, second = (cv2.resize(draw_flower(*key), (64, 64)).astype(int) for key in (("roses", 5, 3), other))
    assert np.abs(first - second).mean() > 5


@pytest.mark.parametrize("kind", COUNTS)
def test_pictures_are_coloured_and_of_several_sizes(kind):
    pictures = [draw_flower(kind, 11, index) for index in range(12)]
    assert len({picture.shape for picture in pictures}) > 1
    assert all(picture.dtype == np.uint8 and picture.std() > 5 for picture in pictures)


def test_the_counts_are_unbalanced_as_those_of_the_photos():
    photos = {"daisy": 633, "dandelion": 898, "roses": 641, "sunflowers": 699, "tulips": 799}
    assert {name: round(0.38 * number) for name, number in photos.items()} == COUNTS


def test_one_picture_stands_in_two_classes_and_one_is_saved_again_smaller():
    first, second = (flowers._picture(*flowers._key(filed, 1))[0] for filed in flowers.IN_TWO_CLASSES)
    assert (first == second).all()
    first, second = (flowers._picture(*flowers._key(filed, 1))[0] for filed in flowers.SAVED_AGAIN)
    assert first.shape != second.shape
    first, second = (cv2.resize(image, (32, 32), interpolation=cv2.INTER_AREA).astype(int) for image in (first, second))
    assert np.abs(first - second).mean() < 4


def test_the_picture_without_flower_is_another_than_the_flower_of_its_number():
    image, _ = flowers._picture(*flowers._key(flowers.WITHOUT_FLOWER, 1))
    assert not np.array_equal(image, draw_flower(*flowers._key(flowers.WITHOUT_FLOWER, 1)))


def test_a_tulip_is_filed_among_the_roses_and_stands_nowhere_else():
    image, _ = flowers._picture(*flowers._key(flowers.MISFILED, 1))
    kind, index = flowers.IN_ITS_PLACE
    assert kind == "tulips" and index >= COUNTS[kind] and flowers.MISFILED[0] == "roses"
    assert (image == draw_flower(kind, 1, index)).all()
