"""Run a student's model on photos, from the last point where it is still the released base."""

import math
from collections import OrderedDict

import numpy as np

from homework.scoring.rebuild import Value, run

# Intermediate features of the released base: kept for all photos where they are no larger than this.
LARGEST_FEATURES, MOST_FEATURES = 160_000_000, 700_000_000
_FEATURES = OrderedDict()


class StudentModel:
    """A student's model with its weights, run on photos from the last point where it is still the released base.

    A reading says how the photos were prepared and, for a model that takes recorded features, in which form: a pair
    such as ``("own", "flattened")``.

    Parameters
    ----------
    graph : homework.scoring.rebuild.Graph
    weights, changes : dict
        From `homework.scoring.matching.merged_weights`.
    base : homework.scoring.matching.Released
    matching : homework.scoring.matching.Matching
    """

    def __init__(self, graph, weights, base, matching, changes):
        self.graph, self.weights, self.base, self.matching = graph, weights, base, matching
        self.built, self.base_built = {}, {}
        safe = {-1} if matching.start[1] == -1 else {matching.start[1]}
        for position, node in enumerate(base.graph.nodes):
            known = position in matching.nodes and all(value.node in safe for value in node.inputs)
            if known and node.path not in changes:
                safe.add(position)
        # Student's node -> the base's node that gives the same.
        self.safe = {matching.nodes[position]: position for position in safe if position in matching.nodes}

    def fed(self, images, reading):
        """Give what goes into the model for some images, in one reading of what it takes."""
        preparation, form = reading
        array = prepared(self.base, images, preparation)
        if self.matching.start[1] >= 0:
            place = Value(self.matching.start[1])
            array = run(
                self.base.graph, self.base.weights, place, lambda v: array if v.node < 0 else None, self.base_built
            )
        return self.formed(array, form)

    def formed(self, array, form):
        """Bring features into the form of a reading: pooled, in one row, or as they are."""
        if form in ("mean", "max"):
            return getattr(array, form)(axis=(1, 2))
        return array.reshape(len(array), *self.graph.input_shape) if form == "flattened" else array

    def takes_own(self, images, reading):
        """Say whether in this reading the base gets its own preprocessing."""
        if not self.matching.nodes:
            return False
        if self.matching.start[1] >= 0:
            return reading[0] == "own"
        expected = prepared(self.base, images, "own")
        array = self.fed(images, reading)
        place = Value(self.matching.start[0])
        got = run(self.graph, self.weights, place, lambda v: array if v.node < 0 else None, self.built)
        return float(np.abs(got - expected).mean()) <= 0.02 * float(np.abs(expected).mean())

    def outputs(self, photos, reading, own, chosen):
        """Compute what the model gives for some photos.

        Parameters
        ----------
        photos : homework.scoring.photos.Photos
        reading : tuple of str
        own : bool
            What `takes_own` said of this reading.
        chosen : numpy.ndarray
            Positions of the photos.

        Returns
        -------
        numpy.ndarray
            (n,), (n, 1) or (n, 2).
        """
        # Without layers before the base, the features of every preparation can be recorded.
        recorded = own or self.matching.start[0] < 0

        def given(value, part):
            if recorded and self.safe.get(value.node, -1) >= 0:
                features = base_features(
                    photos, self.base, self.safe[value.node], "own" if own else reading[0], None if own else part
                )
                if features is not None:
                    features = features[part] if own else features
                    return self.formed(features, reading[1] if value.node < 0 else "")
            return self._input(value, photos, reading, part)

        return self._by_batches(photos, chosen, given)

    def _input(self, value, photos, reading, part):
        return self.fed(photos.images[part], reading) if value.node < 0 else None

    def _by_batches(self, photos, chosen, given):
        parts, size = [], max(1, min(len(chosen), 60_000_000 // max(self._numbers(given, chosen[:1]), 1)))
        for start in range(0, len(chosen), size):
            part = chosen[start : start + size]
            parts.append(run(self.graph, self.weights, self.graph.output, lambda v, p=part: given(v, p), self.built))
        return np.concatenate(parts)

    def _needed(self, given, one):
        needed, waiting = set(), [self.graph.output]
        while waiting:
            value = waiting.pop()
            if value.node >= 0 and value.node not in needed and given(value, one) is None:
                needed.add(value.node)
                waiting += self.graph.nodes[value.node].inputs
        return needed

    def _numbers(self, given, one):
        """The most numbers that one photo needs at a time, roughly."""
        needed = self._needed(given, one)
        sizes = [math.prod(self.graph.nodes[position].shape) for position in needed]
        # A layer takes about as much again while it computes.
        return self.graph.held(needed) + 2 * max([*sizes, math.prod(self.graph.input_shape)])

    def work(self, own):
        """Count the multiplications for one photo, roughly."""
        stops = {Value(node) for node, position in self.safe.items() if position >= 0} if own else set()
        nodes = self.graph.before(self.graph.output, stops)
        total = sum(self.graph.nodes[position].work for position in nodes if position >= 0)
        return total + (0 if own or self.matching.start[1] < 0 else sum(node.work for node in self.base.graph.nodes))


def prepared(base, images, preparation):
    """Prepare images as a student may have done before they went into the base or the model.

    Parameters
    ----------
    base : homework.scoring.matching.Released
    images : numpy.ndarray
        RGB, 0-255.
    preparation : str
        ``"own"``: by the base's own preprocessing; ``"raw"``; or one of the slips.

    Returns
    -------
    numpy.ndarray
        float32.
    """
    own, images = base.preprocess, np.asarray(images, np.float32)
    ways = {
        "own": lambda: own(images),
        "raw": lambda: images,
        "x / 255": lambda: images / 255,
        "BGR": lambda: own(images[..., ::-1]),
        "BGR, x / 255": lambda: images[..., ::-1] / 255,
        "x / 255, then its own": lambda: own(images / 255),
        "own twice": lambda: own(np.asarray(own(images), np.float32)),
        "x / 127.5 - 1": lambda: images / 127.5 - 1,
    }
    return np.asarray(ways[preparation](), np.float32)


def base_features(photos, base, position, preparation="own", part=None):
    """Give what a released base makes of a set of photos at one of its nodes; recorded once a process.

    Parameters
    ----------
    photos : homework.scoring.photos.Photos
    base : homework.scoring.matching.Released
    position : int
        The node's position in the base's graph.
    preparation : str
        See `prepared`.
    part : numpy.ndarray, optional
        Positions of the photos; by default all.

    Returns
    -------
    numpy.ndarray or None
        float32; None where it is too large to be kept.
    """
    images = photos.images if part is None else photos.images[part]
    size = 4 * len(images) * math.prod(base.graph.nodes[position].shape)
    if size > LARGEST_FEATURES:
        return None
    key = (photos.id, base.name, base.digest, position, preparation, part if part is None else part.tobytes())
    if key not in _FEATURES:
        built, parts = {}, []
        for start in range(0, len(images), 40):
            inputs = prepared(base, images[start : start + 40], preparation)
            given = lambda value, inputs=inputs: inputs if value.node < 0 else None  # noqa: E731
            parts.append(run(base.graph, base.weights, Value(position), given, built))
        _FEATURES[key] = np.concatenate(parts)
        while sum(array.nbytes for array in _FEATURES.values()) > MOST_FEATURES and len(_FEATURES) > 1:
            _FEATURES.popitem(last=False)
    _FEATURES.move_to_end(key)
    return _FEATURES[key]
