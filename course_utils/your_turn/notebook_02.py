"""The tasks of notebook 02, image to tensor."""

import numpy as np

from course_utils.your_turn.answers import array, number, result_of, slip


def blue_becomes_red(answer, photo):
    """The same pixels, with their three colours the other way round."""
    right = photo[..., ::-1]
    answer = array(answer)
    slip(np.array_equal(answer, photo), "nothing has changed: the colours are still blue, green, red.")
    slip(
        np.array_equal(answer, photo[::-1]),
        "the photo stands on its head: [::-1] alone reverses the first axis, and the colours are the last one.",
    )
    slip(
        np.array_equal(answer, photo[:, ::-1]),
        "the photo is mirrored: that is the second axis, and the colours are the last one.",
    )
    slip(
        np.array_equal(answer, photo[::-1, ::-1, ::-1]),
        "all three axes are reversed: leave rows and columns as they are with photo[:, :, ::-1].",
    )
    slip(answer.shape != photo.shape, f"the shape is {answer.shape}, and it should stay {photo.shape}.")
    slip(not np.array_equal(answer, right), "the values are not those of the photo with its colours reversed.")
    blue, green, red = photo[photo.shape[0] // 2, photo.shape[1] // 2]
    return f"the pixel in the middle, red first, is now {red}, {green}, {blue}."


def mean_of_nine(answer):
    """A function that shrinks a grey image to a third, each new pixel the mean of nine."""
    grey = np.arange(54.0).reshape(6, 9) ** 2
    blocks = grey.reshape(2, 3, 3, 3)
    given = array(result_of(answer, grey.copy()))
    slip(given.shape == (9, 6), "rows and columns are swapped.")
    slip(
        given.shape == (3, 2) or given.shape in ((3, 3), (2,), (3,), (6,), (9,)),
        f"from 6 x 9 pixels comes {given.shape}: of the four axes, average over the two of length 3, axis=(1, 3).",
    )
    slip(given.shape == (), "that is one mean of the whole image; say which axes to average, axis=(1, 3).")
    slip(given.shape != (2, 3), f"from 6 x 9 pixels should come 2 x 3, and yours are {given.shape}.")
    slip(
        np.allclose(given, grey[::3, ::3]) or np.allclose(given, grey[1::3, 1::3]),
        "you keep one pixel of nine and throw eight away; take the mean of all nine.",
    )
    slip(np.allclose(given, blocks.sum(axis=(1, 3))), "that is the sum of nine pixels; divide by 9.")
    slip(not np.allclose(given, blocks.mean(axis=(1, 3))), "the shape is right, but the values are not the means.")
    return "2 x 3 means from 6 x 9 pixels, and every old pixel is in exactly one of them."


def copies_of_photos(answer):
    """1 + 2 + ... + 2,000 photos are copied while an array grows to 2,000."""
    answer = number(answer)
    slip(answer == 2000, "that is for an array that is allocated once; a growing one copies all earlier photos again.")
    slip(answer == 2000**2, "that would be 2,000 photos each time; the first time it is only one, the second time two.")
    slip(answer == 1999 * 2000 // 2, "almost: each time the new photo is copied too, so the last sum ends with 2,000.")
    slip(answer != 2001 * 1000, f"{answer:,} is not it: add 1 + 2 + 3 + ... + 2,000, with sum(range(...)).")
    return "2,001,000 copies for 2,000 photos: a thousand times as many as needed."


def validation_split(answer, labels):
    """Positions to fit and to validate: 1,600 and 400, disjoint, as many cats as dogs in each."""
    slip(
        not isinstance(answer, tuple) or len(answer) != 2,
        "two arrays are needed: my_fit and my_validation.",
    )
    fit, validation = array(answer[0]), array(answer[1])
    slip(
        fit.ndim != 1 or not np.issubdtype(fit.dtype, np.integer),
        f"split the positions 0 to 1999, np.arange(2000), not the photos: yours have the shape {fit.shape}.",
    )
    slip(set(fit.tolist()) <= {0, 1}, "these are labels; split positions, np.arange(2000).")
    slip(
        (len(fit), len(validation)) == (400, 1600),
        "the two are the wrong way round: 400 to validate, 1,600 to train on.",
    )
    slip(
        len(validation) != 400,
        f"{len(validation)} positions are in the validation set, and 400 are asked for: test_size=400.",
    )
    both = set(fit.tolist()) & set(validation.tolist())
    slip(bool(both), f"{len(both)} photos are in both sets, so the validation would partly test memory.")
    slip(
        set(fit.tolist()) | set(validation.tolist()) != set(range(2000)), "some of the 2,000 photos are in neither set."
    )
    dogs = int(labels[validation].sum())
    slip(dogs in (0, 400), "all 400 are of one kind: the photos are in order, dogs first, so shuffle before you cut.")
    slip(dogs != 200, f"{dogs} of the 400 are dogs; stratify=y_train makes it 200.")
    return "1,600 to train on and 400 to choose on, 200 of them dogs, and no photo in both."


TASKS = {
    "blue becomes red": blue_becomes_red,
    "mean of nine pixels": mean_of_nine,
    "copies of photos": copies_of_photos,
    "validation split": validation_split,
}
