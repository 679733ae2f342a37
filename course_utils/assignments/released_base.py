"""The bases as they were released, and what a photo can be made into before it reaches one."""

import hashlib
import math
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from course_utils.assignments.model_parts import base_weights_of

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


def weights_digest(weights):
    """Give the SHA-256 of all weights of a model, in order, as float32.

    Parameters
    ----------
    weights : list of numpy.ndarray
        As ``model.get_weights()`` gives them.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for weight in weights:
        digest.update(str(weight.shape).encode())
        digest.update(np.ascontiguousarray(weight, np.float32).tobytes())
    return digest.hexdigest()


def changes_of(changed, base):
    """Describe how the weights of each layer differ from the released ones.

    Parameters
    ----------
    changed : dict of str to numpy.ndarray
        ``"LAYER/WEIGHT"`` -> array.
    base : ReleasedBase

    Returns
    -------
    dict of str to dict
        Layer -> weight -> what `change_of` says; in the order of the base's layers.
    """
    changes = {}
    for key, released in base.weights.items():
        if key in changed:
            layer, _, name = key.rpartition("/")
            changes.setdefault(layer, {})[name] = change_of(changed[key], released)
    return changes


def change_of(array, released):
    """Describe how weights differ from the released ones.

    Parameters
    ----------
    array, released : numpy.ndarray
        Of the same shape.

    Returns
    -------
    dict of str to float
        ``share`` of the numbers that differ by more than rounding; ``size``, the root of the mean squared difference;
        ``evenness``, the mean difference without its sign in units of ``size`` (0.80 for noise, less where few numbers
        moved far); ``along``, the correlation of difference and weight (1 where all were multiplied by one number).
    """
    if not np.isfinite(array).all():
        return {"share": 1.0, "size": 0.0, "evenness": 0.0, "along": 0.0}
    apart = array.astype(np.float64) - released
    size = float(np.sqrt((apart**2).mean()))
    spread = apart.std() * released.std()
    along = float(((apart - apart.mean()) * (released - released.mean())).mean() / spread) if spread > 0 else 0.0
    return {
        "share": float((np.abs(apart) > 1e-6 * np.abs(released) + 1e-9).mean()),
        "size": size,
        "evenness": float(np.abs(apart).mean() / size) if size else 0.0,
        "along": along,
    }


def trace_of(step):
    """Describe how a convolution differs from one that was only started.

    Parameters
    ----------
    step : course_utils.assignments.accepted_layers.Step
        One of the kinds in `course_utils.assignments.accepted_layers.CONVOLUTIONS`.

    Returns
    -------
    dict of str to float
        ``beyond``, the share of the kernel outside of the range in which Keras starts it; ``bias``, the root of the
        mean squared bias, which starts at 0.
    """
    kernel = step.weights["depthwise_kernel" if step.kind == "SeparableConv2D" else "kernel"]
    bias = step.weights.get("bias")
    limit = math.sqrt(6 / (math.prod(kernel.shape[:-2]) * (kernel.shape[-2] + kernel.shape[-1])))
    return {
        "beyond": float((np.abs(kernel) > limit * (1 + 1e-6)).mean()),
        "bias": 0.0 if bias is None else float(np.sqrt((bias.astype(np.float64) ** 2).mean())),
    }
