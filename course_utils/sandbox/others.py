"""Pictures that are neither cat nor dog, to put before a network that knows only these two."""

import cv2
import numpy as np

from course_utils.sandbox import drawing, scenes


def draw_others(size=150):
    """Draw a fox, a cow, a sheep, a rabbit and an empty room.

    The small bases were pretrained on other drawings of these four kinds.

    Parameters
    ----------
    size : int
        Height and width in pixels.

    Returns
    -------
    names : list of str
        What each picture shows.
    pictures : numpy.ndarray
        RGB, uint8, (5, size, size, 3).
    """
    kinds = ["fox", "cow", "sheep", "rabbit"]
    # Further on than the drawings that the bases were trained on.
    pictures = [drawing.draw_animal(kind, 1, "pretrain", 40_000) for kind in kinds]
    room = np.empty((300, 400, 3), np.uint8)
    scenes.room(np.random.default_rng(3), room, 180)
    resized = [cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA) for picture in [*pictures, room]]
    return [*kinds, "empty room"], np.stack(resized)
