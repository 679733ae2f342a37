"""Pictures of neither cat nor dog: five of them, named, of kinds that the small bases have met in other drawings."""

import numpy as np

from course_utils.sandbox.drawing import PRETRAINING_KINDS
from course_utils.sandbox.others import draw_others


def test_five_named_pictures_of_the_size_that_models_take():
    names, pictures = draw_others()
    assert names == ["fox", "cow", "sheep", "rabbit", "empty room"]
    assert pictures.shape == (5, 150, 150, 3) and pictures.dtype == np.uint8
    assert pictures.std(axis=(1, 2, 3)).min() > 10
    assert len({picture.tobytes() for picture in pictures}) == 5


def test_the_animals_are_kinds_that_the_bases_were_pretrained_on():
    assert set(draw_others(60)[0][:4]) <= set(PRETRAINING_KINDS)
