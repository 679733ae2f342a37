"""The bases as they were released, and what a photo can be made into before it reaches one."""

from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from course_utils.assignments.parts import base_weights_of

OWN = "its own preprocessing"
# Slips that students make, by the words in which they are told (mistakes M1 and M4 of the lessons).
SLIPS = (
    "x / 255", "blue for red", "blue for red, x / 255", "x / 255, then its own preprocessing",
    "its own preprocessing twice", "x / 127.5 - 1", "raw photos",
)  # fmt: skip
PREPARATIONS = (OWN, *SLIPS)
# Keras rounds the released weights to one of these where a student asked for it.
PRECISIONS = ("float32", "float16", "bfloat16")


@dataclass(frozen=True)
class ReleasedBase:
    """A base as it was released.

    Attributes
    ----------
    name : str
    size : int
        Height and width of its photos.
    model : keras.Model
        Float32; whoever puts other weights into it takes them out again, see `with_weights`.
    preprocess : callable
    weights : dict of str to numpy.ndarray
        ``"LAYER/WEIGHT"`` -> float32.
    digest : str
        SHA-256 of the weights.
    """

    name: str
    size: int
    model: Any
    preprocess: Any
    weights: dict
    digest: str

    def prepared(self, photos, preparation):
        """Prepare photos, RGB 0-255, in one of `PREPARATIONS`; float32."""
        own, photos = self.preprocess, np.asarray(photos, np.float32)
        ways = {
            OWN: lambda: own(photos),
            "raw photos": lambda: photos,
            "x / 255": lambda: photos / 255,
            "blue for red": lambda: own(photos[..., ::-1]),
            "blue for red, x / 255": lambda: photos[..., ::-1] / 255,
            "x / 255, then its own preprocessing": lambda: own(photos / 255),
            "its own preprocessing twice": lambda: own(np.asarray(own(photos), np.float32)),
            "x / 127.5 - 1": lambda: photos / 127.5 - 1,
        }
        return np.asarray(ways[preparation](), np.float32)

    def same(self, key, array):
        """Say whether weights are the released ones, possibly rounded to 16 bits on the way."""
        import keras

        released = self.weights[key]
        return any(
            np.array_equal(array, keras.ops.convert_to_numpy(keras.ops.cast(keras.ops.cast(released, one), "float32")))
            for one in PRECISIONS
        )

    @contextmanager
    def with_weights(self, changed):
        """Put other weights into the base for a while.

        Parameters
        ----------
        changed : dict of str to numpy.ndarray
            ``"LAYER/WEIGHT"`` -> array.

        Yields
        ------
        keras.Model
        """
        own = {f"{layer.name}/{weight.name}": weight for layer in self.model.layers for weight in layer.weights}
        try:
            for key, array in changed.items():
                own[key].assign(array)
            yield self.model
        finally:
            for key in changed:
                own[key].assign(self.weights[key])


@lru_cache(maxsize=6)
def released_base(name, size):
    """Load a base as it was released, in full precision, once a process.

    Parameters
    ----------
    name : str
        As `course_utils.bases.load_base` knows it.
    size : int
        Height and width of its photos in pixels.

    Returns
    -------
    ReleasedBase

    Raises
    ------
    CourseError
        Where it cannot be had on this machine, or not at this size.
    """
    import keras

    from course_utils.assignments.packing import weights_digest
    from course_utils.bases import load_base

    policy = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy("float32")
        base = load_base(name, size)
    finally:
        keras.config.set_dtype_policy(policy)
    return ReleasedBase(
        base.name,
        size,
        base.model,
        base.preprocess,
        base_weights_of(base.model),
        weights_digest(base.model.get_weights()),
    )
