"""Score a submission from what it holds, without running a line of its code.

The student's weights are put on the released base itself, the accuracy is computed again on hidden photos, and a rubric
of six items comes out: each with points, a verdict, the evidence and one sentence of reason.
"""

import hashlib
import hmac
import io
import json
import math
import tempfile
import time
import unicodedata
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from course_utils.errors import CourseError
from homework.bundle import BundleError, clean_text, read_bundle
from homework.rebuild import Value, parse, run

SCORER_VERSION = "1.1"
ITEMS = {
    "right variant": 1.0,
    "right layers changed": 2.0,
    "base left as released": 1.0,
    "accuracy recomputed": 2.0,
    "level reached": 3.0,
    "consistent record": 1.0,
}
SIZE = 150
DOG, CAT = 1, 0
PUBLIC_TEST = 1000
CONVOLUTIONS = ("Conv2D", "DepthwiseConv2D", "SeparableConv2D")
# Standard deviations: an honest claim is doubted once in a thousand times.
Z = 3.29
# Beyond the luck of the samples: other precisions, other decoders of JPEG.
SLACK = 0.01
# A model agrees with predictions when it gives the same answer for so many of the photos; 16-bit training moves a few.
AGREEMENT = 0.95
# A validation split has about a hundred photos or more: further from the recomputed accuracy than this it is no luck.
RECORD_TOLERANCE = 0.15
# Multiplications for all hidden photos together; a model that changes a large base from its start gets fewer photos.
MOST_WORK = 600_000_000_000
# And for each slip in the preprocessing that is tried: some 25 photos with a small base, 8 with a large one.
WORK_FOR_SLIPS = 2_700_000_000
SKETCH, SKETCH_TAKES = 32, 20_000
NEARLY_THE_SAME, MOST_PAIRS = 0.9995, 2000
# Intermediate features of the released base: kept for all photos where they are no larger than this.
LARGEST_FEATURES, MOST_FEATURES = 160_000_000, 700_000_000
_FEATURES = OrderedDict()


@dataclass(frozen=True)
class Photos:
    """Labelled photos.

    Attributes
    ----------
    images : numpy.ndarray
        uint8, (n, 150, 150, 3), RGB.
    labels : numpy.ndarray
        1 dog, 0 cat.
    id : str
        Hash of both.
    """

    images: np.ndarray
    labels: np.ndarray
    id: str

    @classmethod
    def of(cls, images, labels):
        """Make a set and its hash."""
        images, labels = np.ascontiguousarray(images, np.uint8), np.asarray(labels, np.int64)
        return cls(images, labels, hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()[:16])


@dataclass(frozen=True)
class PublicSample:
    """Some of the public test photos, to see which input a student's predictions belong to.

    Attributes
    ----------
    photos : Photos
    positions : numpy.ndarray
        Where they stand among the 1,000 predictions (500 dogs, then 500 cats).
    """

    photos: Photos
    positions: np.ndarray

    @classmethod
    def drawn(cls, count=60):
        """Draw some of the public test drawings.

        Parameters
        ----------
        count : int
            Even.

        Returns
        -------
        PublicSample
        """
        from course_utils.drawing import DEFAULT_SEED

        half = (np.arange(count // 2) * (500 // (count // 2))).tolist()
        images = [_drawing(kind, DEFAULT_SEED, 2000 + i) for kind in ("dog", "cat") for i in half]
        positions = np.array(half + [500 + i for i in half])
        return cls(Photos.of(np.stack(images), positions < 500), positions)

    @classmethod
    def from_folder(cls, folder, count=60):
        """Take some of the public test photos from the course's own folders.

        Parameters
        ----------
        folder : str or pathlib.Path
            Holds ``dogs-test`` and ``cats-test``, 500 files each.
        count : int
            Even.

        Returns
        -------
        PublicSample

        Raises
        ------
        CourseError
            Where a folder is missing, or does not hold 500 photos.
        """
        from course_utils.images import load_photos, photo_paths

        half, paths = (np.arange(count // 2) * (500 // (count // 2))).tolist(), []
        for name in ("dogs-test", "cats-test"):
            found = photo_paths(Path(folder).resolve() / name)
            if len(found) != 500:
                raise CourseError(
                    f"{folder}/{name} holds {len(found)} photos, not the 500 public ones; fetch them again."
                )
            paths += [found[i] for i in half]
        positions = np.array(half + [500 + i for i in half])
        return cls(Photos.of(load_photos(paths, SIZE), positions < 500), positions)


@dataclass(frozen=True)
class HiddenSet:
    """The photos on which accuracies are computed again; no student sees them.

    Attributes
    ----------
    photos : Photos
    origin : str
        In words, without anything that would give them away.
    public : PublicSample or None
        Public test photos, where the instructor's machine has them.
    """

    photos: Photos
    origin: str
    public: PublicSample | None = None

    @property
    def id(self):
        """Hash of the photos and their labels."""
        return self.photos.id

    @property
    def images(self):
        """uint8, (n, 150, 150, 3)."""
        return self.photos.images

    @property
    def labels(self):
        """1 dog, 0 cat."""
        return self.photos.labels

    @classmethod
    def from_seed(cls, secret, count=400, public=None):
        """Draw hidden photos from a seed that follows from the course's secret, and some of the public ones.

        Parameters
        ----------
        secret : bytes
            The course's secret.
        count : int
            Even; half of them dogs.
        public : PublicSample, optional
            By default `PublicSample.drawn`.

        Returns
        -------
        HiddenSet
        """
        digest = hmac.new(secret, b"hidden photos", hashlib.sha256).digest()
        seed = int.from_bytes(digest[:8], "big")
        images = [_drawing(kind, seed, i) for kind in ("dog", "cat") for i in range(count // 2)]
        labels = np.arange(count) < count // 2
        origin = f"{count} drawings made from the course's secret"
        return cls(Photos.of(np.stack(images), labels), origin, public or PublicSample.drawn())

    @classmethod
    def from_folder(cls, folder, public=None):
        """Load an instructor's own photos, which should be of the same kind as those of the course.

        Parameters
        ----------
        folder : str or pathlib.Path
            Holds folders whose names begin with ``cats`` and ``dogs``.
        public : PublicSample, optional
            Some of the public test photos of the class.

        Returns
        -------
        HiddenSet

        Raises
        ------
        CourseError
            Where there are no such folders, or a photo cannot be read.
        """
        from course_utils.images import load_photos, photo_paths

        folder, paths, labels = Path(folder).expanduser().resolve(), [], []
        for kind, label in (("dogs", DOG), ("cats", CAT)):
            found = [path for path in sorted(folder.glob(f"{kind}*")) if path.is_dir()]
            if not found:
                raise CourseError(f"{folder} has no folder whose name begins with {kind}; it needs cats and dogs.")
            for one in found:
                photos = photo_paths(one)
                paths += photos
                labels += [label] * len(photos)
        return cls(Photos.of(load_photos(paths, SIZE), labels), f"{len(paths)} photos of the instructor's", public)


@dataclass(frozen=True)
class Released:
    """A base as it was released: its graph, weights and preprocessing."""

    name: str
    graph: object
    weights: dict
    preprocess: object
    digest: str
    convolutions: list


@dataclass(frozen=True)
class Matching:
    """Where the layers of a released base stand in a student's model.

    Attributes
    ----------
    nodes : dict of int to int
        Position in the base's graph -> position in the student's; -1 stands for the input of each.
    start : tuple of int
        The pair from which the others follow; (-1, -1) where the base takes the model's input itself.
    complete : bool
        Whether the base's output is among them.
    """

    nodes: dict
    start: tuple
    complete: bool


def score(bundle_path, student, variant, hidden, threshold):
    """Score one submission.

    Parameters
    ----------
    bundle_path : str or pathlib.Path
        The zip file that pack_submission wrote, or anything else.
    student : str
        Who handed it in.
    variant : dict
        The variant that this student was given.
    hidden : HiddenSet
    threshold : float
        The accuracy on hidden photos that this variant asks for.

    Returns
    -------
    dict
        Plain JSON: ``status`` is ``"scored"``, ``"refused"`` (unreadable or hostile; ``refusal`` says why) or
        ``"failed"`` (the fault is on the grading side; ``refusal`` says which). Never raises for anything in a bundle.
    """
    began = time.perf_counter()
    result = {
        "student": student,
        "assignment": variant["assignment"],
        "variant_number": variant["number"],
        "status": "scored",
        "points": 0.0,
        "out_of": sum(ITEMS.values()),
        "items": [],
        "refusal": None,
        "fingerprints": {"weights": "", "history": "", "sketch": []},
        "history": {},
        "answers": {},
        "bundle_sha256": _file_digest(bundle_path),
        "scorer_version": SCORER_VERSION,
        "seconds": 0.0,
    }
    try:
        _fill(result, bundle_path, student, variant, hidden, threshold)
    except BundleError as error:
        result |= _nothing("refused", str(error))
    except (CourseError, MemoryError) as error:
        result |= _nothing("failed", f"The scorer could not work: {clean_text(error, 300)}")
    except Exception as error:
        # One submission must not stop the others; it is named for the instructor, not scored 0 in silence.
        place = error.__traceback__
        while place.tb_next:
            place = place.tb_next
        where = f"{Path(place.tb_frame.f_code.co_filename).name}, line {place.tb_lineno}"
        words = clean_text(str(error).split("\n")[0], 200)
        result |= _nothing("failed", f"The scorer met {type(error).__name__} in {where}: {words}")
    result["seconds"] = round(time.perf_counter() - began, 3)
    return result


def warm(hidden, base_name):
    """Load a base and record its features of the hidden photos, so that the first submission need not wait for it.

    Parameters
    ----------
    hidden : HiddenSet
    base_name : str
    """
    base = released_base(base_name)
    for photos in (hidden.photos, hidden.public.photos) if hidden.public else (hidden.photos,):
        base_features(photos, base, base.graph.output.node)


def _nothing(status, sentence):
    items = [_item(name, 0, "no", {}, "Nothing could be computed from this bundle.") for name in ITEMS]
    return {"status": status, "points": 0.0, "items": items, "refusal": sentence}


def _fill(result, bundle_path, student, variant, hidden, threshold):
    bundle = read_bundle(bundle_path)
    about = bundle.about
    if about.get("format") != 1:
        raise BundleError(f"submission.json has the format {clean_text(about.get('format'), 20)}, not 1.")
    history, history_faults = _history(about.get("history"))
    result["history"] = history
    answers = about.get("answers")
    if isinstance(answers, dict):
        result["answers"] = {
            clean_text(key, 60): clean_text(text, 20_000)
            for key, text in list(answers.items())[:20]
            if text is not None
        }
    graph = parse(bundle.model)
    base, matching = _find_base(graph, variant["base"], about.get("base"))
    weights, changes, broken = _weights(graph, bundle.weights, base, matching)
    result["fingerprints"] = _fingerprints(bundle.weights, history)
    look = _look(graph, weights, base, matching, changes, broken, bundle.predictions, hidden)
    items = [
        _right_variant(about, student, variant, base, matching),
        _right_layers(variant, look),
        _base_left(about, variant, look),
        _accuracy_recomputed(about, look),
        _level_reached(variant, look, threshold),
        _consistent_record(about, variant, history, history_faults, look, bundle.remarks),
    ]
    result["items"] = items
    result["points"] = round(sum(item["points"] for item in items), 2)


def _item(name, points, verdict, evidence, reason):
    return {
        "name": name,
        "points": round(float(points), 2),
        "out_of": ITEMS[name],
        "verdict": verdict,
        "evidence": evidence,
        "reason": reason,
    }


# The released base, and where it is in a student's model


@lru_cache(maxsize=4)
def released_base(name):
    """Load a base as it was released, once a process.

    Parameters
    ----------
    name : str

    Returns
    -------
    Released

    Raises
    ------
    CourseError
        Where it cannot be had on this machine.
    """
    from course_utils.bases import load_base
    from course_utils.submission import layers_with_weights, weights_digest

    base = load_base(name, SIZE)
    graph = parse(json.loads(base.model.to_json()))
    weights = {
        (path, weight.name): np.asarray(weight.numpy(), np.float32)
        for path, layer in layers_with_weights(base.model)
        for weight in layer.weights
    }
    names = [layer.name for layer in base.model.layers if type(layer).__name__ in CONVOLUTIONS]
    return Released(base.name, graph, weights, base.preprocess, weights_digest(base.model), names)


def _find_base(graph, assigned, stated):
    """Find the base in the student's model: the assigned one, else the one that the bundle names."""
    base = released_base(assigned)
    matching = _match(graph, base.graph)
    if matching.nodes or stated == assigned or not isinstance(stated, str):
        return base, matching
    try:
        other = released_base(stated)
    except CourseError:
        return base, matching
    other_matching = _match(graph, other.graph)
    return (other, other_matching) if other_matching.nodes else (base, matching)


def _match(graph, base):
    """Follow the base's graph through the student's, from every place where it could begin, and keep the best."""
    shapes = [graph.input_shape] + [node.shape for node in graph.nodes]
    starts = [(position - 1, -1) for position, shape in enumerate(shapes) if shape == base.input_shape]
    maps = base.shape(base.output)
    if graph.input_shape in (maps, (math.prod(maps),), maps[-1:]):
        # The head alone, trained on recorded features: as they are, in one row, or pooled.
        return Matching({base.output.node: -1}, (-1, base.output.node), True)
    if graph.input_shape != base.input_shape:
        starts += [(-1, position) for position, node in enumerate(base.nodes) if node.shape == graph.input_shape]
    places = {}
    for position, node in enumerate(graph.nodes):
        places.setdefault(_signature(node, lambda value: value.node), []).append(position)
    best = Matching({}, (-1, -1), False)
    for start in starts:
        found = _follow(places, graph, base, start)
        complete = base.output.node in found
        if (complete, len(found)) > (best.complete, len(best.nodes)):
            best = Matching(found, start, complete)
    weighted = [position for position in base.weighted() if position in best.nodes]
    if best.complete and (best.start[1] == -1 or weighted):
        return best
    # A part of the base counts as the base cut short; a few layers that happen to be alike do not.
    return best if 2 * len(weighted) >= len(base.weighted()) and best.start[1] == -1 else Matching({}, (-1, -1), False)


def _follow(places, graph, base, start):
    found, used = {start[1]: start[0]}, set()
    for position, node in enumerate(base.nodes):
        if position == start[1] or any(value.node not in found for value in node.inputs):
            continue
        name = node.path.rpartition("/")[2]
        here = [p for p in places.get(_signature(node, lambda value: found[value.node]), ()) if p not in used]
        named = [p for p in here if graph.nodes[p].path.rpartition("/")[2] == name]
        # In the middle of a base only the names tell its layers from those of a head.
        chosen = named or (here if start[1] == -1 else [])
        if chosen:
            found[position] = chosen[0]
            used.add(chosen[0])
    return found if len(found) > 1 else {}


def _signature(node, translate):
    def plain(argument):
        if isinstance(argument, Value):
            return translate(argument)
        return [plain(one) for one in argument] if isinstance(argument, list) else repr(argument)

    config = {key: value for key, value in node.config.items() if value is not None}
    return json.dumps([node.kind, config, plain(node.arguments)], sort_keys=True, default=repr)


def _weights(graph, arrays, base, matching):
    """Put the weights together: the student's where they were handed in, else the released base's.

    Gives them, the base's layers that differ from the released ones (name -> largest difference), and the weights
    that are no numbers.
    """
    of_base = {there: here for here, there in matching.nodes.items()}
    left, weights, changes, broken = set(arrays), {}, {}, []
    for position in graph.weighted():
        node = graph.nodes[position]
        original = base.graph.nodes[of_base[position]] if of_base.get(position, -1) >= 0 else None
        for name, shape in node.weights.items():
            key = f"{node.path}/{name}"
            released = base.weights[original.path, name] if original else None
            if key not in arrays:
                if released is None:
                    raise BundleError(
                        f"weights.npz lacks the weights {clean_text(key, 80)!r} of the model, and they are none of the "
                        f"released {base.name}'s in their place."
                    )
                weights[node.path, name] = released
                continue
            left.discard(key)
            array = arrays[key]
            if array.shape != shape:
                raise BundleError(
                    f"The weights {clean_text(key, 80)!r} have the shape {array.shape}, and the layer needs {shape}."
                )
            if not np.isfinite(array).all():
                broken.append(key)
            weights[node.path, name] = array
            if original and not _same(array, released):
                largest = float(np.max(np.abs(array - released))) if np.isfinite(array).all() else None
                changes[original.path] = max(changes.get(original.path) or 0, largest or 0)
    if left:
        raise BundleError(f"weights.npz holds {clean_text(min(left), 80)!r}, which the model does not have.")
    return weights, changes, broken


def _same(array, released):
    """Whether weights are the released ones, possibly rounded to 16 bits on the way."""
    if np.array_equal(array, released):
        return True
    with np.errstate(over="ignore"):
        if np.array_equal(array, released.astype(np.float16).astype(np.float32)):
            return True
    bits = released.view(np.uint32)
    # bfloat16 is the upper half of a float32, rounded to even.
    rounded = ((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000).astype(np.uint32).view(np.float32)
    return np.array_equal(array, rounded)


# What the model does with photos


@dataclass
class _Look:
    """What was found out about a model; accuracies are None where it could not be computed."""

    graph: object
    base: Released
    matching: Matching
    changes: dict
    broken: list
    input: str
    own_input: bool
    agreement: float | None
    accuracy: float | None
    photos: int
    prediction_accuracy: float | None
    around: bool
    used: bool
    head: list
    head_convolutions: list

    def guessing(self):
        """Whether the accuracy could be that of tossing a coin."""
        return self.accuracy is None or self.accuracy <= 0.5 + 2 * math.sqrt(0.25 / self.photos)


class _Model:
    """A student's model with its weights, run on photos from the last point where it is still the released base."""

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
        """What goes into the model for some images, in one reading of what it takes."""
        preparation, form = reading
        array = prepared(self.base, images, preparation)
        if self.matching.start[1] >= 0:
            place = Value(self.matching.start[1])
            array = run(
                self.base.graph, self.base.weights, place, lambda v: array if v.node < 0 else None, self.base_built
            )
        return self.formed(array, form)

    def formed(self, array, form):
        if form in ("mean", "max"):
            return getattr(array, form)(axis=(1, 2))
        return array.reshape(len(array), *self.graph.input_shape) if form == "flattened" else array

    def takes_own(self, images, reading):
        """Whether in this reading the base gets its own preprocessing."""
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
        """The model's answers for some photos, (n, 1) or (n, 2)."""
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
        sizes = [math.prod(self.graph.nodes[position].shape) for position in self._needed(given, one)]
        return 3 * max([*sizes, math.prod(self.graph.input_shape)])

    def work(self, own):
        """Multiplications for one photo."""
        stops = {Value(node) for node, position in self.safe.items() if position >= 0} if own else set()
        nodes = self.graph.before(self.graph.output, stops)
        total = sum(self.graph.nodes[position].work for position in nodes if position >= 0)
        return total + (0 if own or self.matching.start[1] < 0 else sum(node.work for node in self.base.graph.nodes))


def prepared(base, images, preparation):
    """Images as a student may have prepared them before they went into the base or the model.

    Parameters
    ----------
    base : Released
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
    """What a released base gives for a set of photos at one of its nodes; recorded once a process.

    Parameters
    ----------
    photos : Photos
    base : Released
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


def _look(graph, weights, base, matching, changes, broken, predictions, hidden):
    columns = graph.shape(graph.output)
    if columns not in ((), (1,), (2,)):
        raise BundleError(f"The model gives {columns} numbers a photo; 1 or 2 are needed, for cat and dog.")
    output = base.graph.output.node
    maps = matching.nodes.get(output)
    behind = graph.before(graph.output, {Value(maps)} if matching.complete else set())
    nodes = [graph.nodes[position] for position in sorted(behind) if position >= 0]
    base_nodes = {there for there in matching.nodes.values() if there >= 0}
    head = [graph.nodes[position] for position in graph.weighted() if position in behind and position not in base_nodes]
    all_before = graph.before(graph.output)
    stops = {Value(there) for here, there in matching.nodes.items() if here >= 0}
    around = bool(matching.nodes) and -1 in graph.before(graph.output, stops)
    look = _Look(
        graph=graph,
        base=base,
        matching=matching,
        changes=changes,
        broken=broken,
        input="unknown",
        own_input=False,
        agreement=None,
        accuracy=None,
        photos=0,
        prediction_accuracy=_accuracy(predictions, None),
        around=around,
        used=bool(matching.nodes) and any(there in all_before for there in matching.nodes.values()),
        head=head,
        head_convolutions=[node.path for node in nodes if node.kind in CONVOLUTIONS and node in head],
    )
    if not broken:
        model = _Model(graph, weights, base, matching, changes)
        _choose_reading(look, model, predictions, hidden)
    return look


def _choose_reading(look, model, predictions, hidden):
    """Find out which input the model takes, and compute the accuracy with it."""
    readings = _readings(look)
    few = hidden.images[:: max(1, len(hidden.images) // 4)][:4]
    own = [reading for reading in readings if model.takes_own(few, reading)]
    usable = hidden.public if len(predictions) == PUBLIC_TEST and np.isfinite(predictions).all() else None
    fits = {}
    for reading in own:
        fits[reading] = _fit(model, reading, True, predictions, hidden, usable, MOST_WORK)
        if fits[reading].agrees:
            break
    right = max(fits, key=lambda reading: fits[reading].rank(), default=None)
    if right is None or not fits[right].surely():
        # Slips in the preprocessing are looked for on few photos: everything goes through the whole base.
        for reading in readings:
            if reading not in own:
                fits[reading] = _fit(model, reading, False, predictions, hidden, usable, WORK_FOR_SLIPS)
    reading = max(fits, key=lambda one: fits[one].rank())
    if right is not None and not fits[reading].beats(fits[right]):
        reading = right
    look.own_input = reading in own
    look.input = _in_words(look, reading)
    if usable is not None:
        look.agreement = round(fits[reading].agreement, 4)
    outputs, chosen = _answers(model, reading, reading in own, hidden.photos, MOST_WORK)
    if np.isfinite(outputs).all():
        right_ones = _dogs(outputs, _cut(outputs, predictions)) == hidden.labels[chosen]
        look.accuracy, look.photos = float(right_ones.mean()), len(chosen)
    else:
        look.broken.append("the model's answers")


@dataclass(frozen=True)
class _Fit:
    """How well one reading of the input agrees with the student's predictions.

    ``distance`` is the mean difference in units of the predictions' spread, where both are numbers of the same kind.
    """

    agrees: bool
    agreement: float
    distance: float | None

    def rank(self):
        return self.agrees, -1.0 if self.distance is None else -self.distance, self.agreement

    def surely(self):
        return self.agrees and (self.distance is None or self.distance < 0.05)

    def beats(self, right):
        """Whether this is the student's input rather than the right one."""
        if not self.agrees:
            return False
        nearer = self.distance is not None and right.distance is not None and self.distance < 0.25 * right.distance
        return nearer or not right.agrees


def _readings(look):
    """The ways in which a student may have prepared what goes into the model, the right ones first."""
    shape, maps = look.graph.input_shape, look.base.graph.shape(look.base.graph.output)
    slips = ["x / 255", "BGR", "BGR, x / 255", "x / 255, then its own", "own twice", "x / 127.5 - 1"]
    if look.matching.start[1] < 0:
        if len(shape) != 3 or shape[-1] != 3 or shape[:2] != (SIZE, SIZE):
            raise BundleError(
                f"The model takes an input of shape {shape}: neither photos of {SIZE} x {SIZE} nor features of a base."
            )
        return [(way, "") for way in ("raw", "own", *slips)]
    if shape == maps or len(shape) == 3:
        forms = [""]
    elif shape == (math.prod(maps),):
        forms = ["flattened"]
    else:
        forms = ["mean", "max"]
    return [(way, form) for way in ("own", "raw", *slips) for form in forms]


def _in_words(look, reading):
    preparation, form = reading
    if look.matching.start[1] >= 0:
        words = {"": "recorded features", "flattened": "recorded features in one row"}
        return f"{words.get(form, f'recorded features, {form} of each map')}, {preparation}"
    return {"raw": "photos 0-255", "own": "preprocessed photos"}.get(preparation, f"photos as {preparation}")


def _answers(model, reading, own, photos, budget):
    """The model's outputs for all photos, or for as many as the budget of multiplications allows."""
    most = max(8, budget // max(1, model.work(own)))
    chosen = np.arange(len(photos.images))
    if most < len(chosen):
        # Evenly, so that both classes are there.
        chosen = np.linspace(0, len(chosen) - 1, int(most)).astype(int)
    return model.outputs(photos, reading, own, chosen), chosen


def _fit(model, reading, own, predictions, hidden, public, budget):
    photos = public.photos if public else hidden.photos
    outputs, chosen = _answers(model, reading, own, photos, budget)
    if not np.isfinite(outputs).all():
        return _Fit(False, 0.0, None)
    answers = _dogs(outputs, _cut(outputs, predictions))
    if public:
        theirs = predictions[public.positions[chosen]]
        stated = _dogs(theirs, _cut(predictions, predictions))
        agreement = float((answers == stated).mean())
        # A model that answers always the same fits predictions that do, and proves no slip by it.
        both = all((answers[stated == label] == label).mean() > 0.8 for label in (CAT, DOG) if (stated == label).any())
        distance = None
        # Zeros and ones, or another number of columns, tell only the answer.
        if outputs.size == theirs.size and not np.isin(predictions, (0, 1)).all():
            distance = float(np.abs(outputs.reshape(theirs.shape) - theirs).mean() / (theirs.std() + 1e-6))
        proves = own or (both and 0 < stated.mean() < 1)
        return _Fit(bool(agreement >= AGREEMENT and proves), agreement, distance)
    accuracy, stated = float((answers == photos.labels[chosen]).mean()), _accuracy(predictions, None)
    if stated is None:
        return _Fit(own, accuracy, None)
    return _Fit(abs(accuracy - stated) <= _bound(stated, len(chosen)), 1 - abs(accuracy - stated), None)


def _dogs(outputs, cut):
    """0 or 1 for each photo, from one or two numbers."""
    outputs = np.asarray(outputs)
    if outputs.ndim == 2 and outputs.shape[1] == 2:
        return outputs.argmax(axis=1)
    return (outputs.reshape(len(outputs)) > cut).astype(int)


def _cut(outputs, predictions):
    """Where one number a photo separates cats from dogs: 0.5 for probabilities, 0 for logits."""
    if outputs.size == 0 or (outputs.min() >= 0 and outputs.max() <= 1):
        return 0.5
    # A head without sigmoid may have learned the labels 0 and 1 themselves: then the student's predictions tell.
    one_each = len(predictions) == PUBLIC_TEST == predictions.size and np.isfinite(predictions).all()
    if one_each and (predictions.min() < 0 or predictions.max() > 1):
        return max((0.0, 0.5), key=lambda cut: _accuracy(predictions, cut) or 0)
    return 0.0


def _accuracy(predictions, cut):
    """The accuracy that follows from predictions for the public test photos, 500 dogs and 500 cats."""
    fits = len(predictions) == PUBLIC_TEST and predictions.size in (PUBLIC_TEST, 2 * PUBLIC_TEST)
    if not fits or not np.isfinite(predictions).all():
        return None
    cut = _cut(predictions, predictions) if cut is None else cut
    return float((_dogs(predictions, cut) == (np.arange(PUBLIC_TEST) < 500)).mean())


def _bound(share, photos, other=PUBLIC_TEST):
    """How far two measured accuracies of one model may lie apart by luck."""
    share = min(max(share, 0.02), 0.98)
    return Z * math.sqrt(share * (1 - share) * (1 / photos + 1 / other)) + SLACK


# The six items


def _right_variant(about, student, variant, base, matching):
    stated = about.get("variant") if isinstance(about.get("variant"), dict) else {}
    evidence = {
        "student": clean_text(about.get("student"), 80),
        "assignment": clean_text(about.get("assignment"), 40),
        "stated variant": {key: _shown(stated.get(key)) for key in variant},
        "assigned variant": variant,
        "base found": base.name if matching.nodes else None,
    }
    wrong = [key for key in variant if not _equal(stated.get(key), variant[key])]
    reason = None
    if not _equal_ids(about.get("student"), student):
        reason = f"The bundle is that of {evidence['student']!r}, not of {student!r}."
    elif about.get("assignment") != variant["assignment"]:
        reason = f"The bundle belongs to {evidence['assignment']!r}, not to {variant['assignment']!r}."
    elif wrong:
        reason = f"The stated variant differs from the assigned one in {', '.join(wrong)}."
    elif not matching.nodes:
        reason = f"The model does not contain {variant['base']}, which was assigned."
    elif base.name != variant["base"]:
        reason = f"The model contains {base.name}, and {variant['base']} was assigned."
    if reason:
        return _item("right variant", 0, "no", evidence, reason)
    return _item(
        "right variant", 1, "yes", evidence, f"The stated variant is the assigned one, and the model has {base.name}."
    )


def _right_layers(variant, look):
    convolutions, changes = look.base.convolutions, look.changes
    expected = convolutions[-variant["unfreeze"] :] if variant["unfreeze"] else []
    changed = [name for name in convolutions if name in changes] + [
        name for name in changes if name not in convolutions
    ]
    evidence = {
        "expected": expected,
        "changed": changed[:40],
        "largest changes": {name: _number(changes[name]) for name in changed[:40]},
        "layers of the head": [clean_text(node.path, 60) for node in look.head][:40],
    }

    def item(points, verdict, reason):
        return _item("right layers changed", points, verdict, evidence, reason)

    if not look.matching.nodes or not look.used:
        return item(0, "no", f"The model does not use {look.base.name}, so none of its layers was trained or kept.")
    if look.broken:
        return item(0, "no", f"The weights hold NaN or infinity ({clean_text(look.broken[0], 80)}).")
    if not look.head:
        return item(0, "no", "The model has no layer of its own with weights after the base.")
    if look.guessing():
        return item(0, "no", "The model is no better than guessing, so nothing shows that any layer was trained.")
    if variant["assignment"] == "conv_head":
        evidence["convolutions in the head"] = [clean_text(path, 60) for path in look.head_convolutions]
        if not look.head_convolutions:
            return item(0, "no", "The head has no convolution, which this assignment asks for.")
    if set(changed) == set(expected):
        what = f"the last {len(expected)} convolutions and the head" if expected else "the head alone"
        return item(2, "yes", f"What differs from the released base is {what}.")
    if not expected:
        return item(
            0, "no", f"The base was to stay frozen, and {len(changed)} of its layers differ ({changed[0]} first)."
        )
    right, both = set(changed) & set(expected), set(changed) | set(expected)
    points = 2 * len(right) / len(both)
    missing, extra = [name for name in expected if name not in right], [name for name in changed if name not in right]
    told = [f"unchanged: {', '.join(missing)}"] * bool(missing) + [f"changed too: {', '.join(extra[:5])}"] * bool(extra)
    reason = f"{len(right)} of the {len(expected)} layers to be unfrozen were changed ({'; '.join(told)})."
    return item(points, "partly" if right else "no", reason)


def _base_left(about, variant, look):
    expected = look.base.convolutions[-variant["unfreeze"] :] if variant["unfreeze"] else []
    extra = [name for name in look.changes if name not in expected]
    layers = look.base.graph.weighted()
    found = sum(position in look.matching.nodes for position in layers)
    evidence = {
        "base": look.base.name,
        "released base": look.base.digest[:16],
        "stated base": clean_text(about.get("base_sha256"), 64)[:16],
        "layers of the base found": None if look.matching.start[1] >= 0 else f"{found} of {len(layers)}",
        "changed without being asked": extra[:40],
        "what the base was given": look.input,
    }
    name = "base left as released"
    if not look.matching.nodes or not look.used:
        return _item(name, 0, "no", evidence, f"The model does not use {look.base.name}.")
    if not look.matching.complete:
        return _item(
            name, 0, "no", evidence, f"Only {found} of the {len(layers)} layers of {look.base.name} are there."
        )
    if extra:
        reason = f"{len(extra)} layers of the base that were to stay as released differ ({', '.join(extra[:3])})."
        return _item(name, 0, "no", evidence, reason)
    if about.get("base_sha256") != look.base.digest:
        reason = "The bundle was packed with another base than the released one, by its checksum."
        return _item(name, 0, "no", evidence, reason)
    if look.broken:
        return _item(
            name, 0, "no", evidence, "The weights hold NaN or infinity, so nothing can be computed with the base."
        )
    if not look.own_input:
        reason = f"The base did not get its own preprocessing: the model agrees best with {look.input} (M4)."
        return _item(name, 0, "no", evidence, reason)
    if look.around:
        return _item(name, 0.5, "partly", evidence, "Photos also reach the head by a way around the base.")
    return _item(name, 1, "yes", evidence, "All other layers are the released ones, with their own preprocessing.")


def _accuracy_recomputed(about, look):
    claimed = _share(about.get("claimed_accuracy"))
    evidence = {
        "claimed": claimed,
        "recomputed": _number(look.accuracy),
        "hidden photos": look.photos,
        "from the predictions": _number(look.prediction_accuracy),
        "agreement with the predictions": look.agreement,
        "input": look.input,
    }
    name = "accuracy recomputed"
    if look.broken:
        return _item(
            name, 0, "no", evidence, f"No accuracy can be computed: {clean_text(look.broken[0], 80)} is no number."
        )
    if claimed is None:
        return _item(name, 0, "no", evidence, "The bundle claims no accuracy that is a share between 0 and 1.")
    bound = _bound((claimed + look.accuracy) / 2, look.photos)
    evidence["allowed difference"] = round(bound, 4)
    apart = abs(claimed - look.accuracy)
    numbers = f"{claimed:.3f} is claimed and {look.accuracy:.3f} was computed on {look.photos} hidden photos"
    if apart > bound:
        points, verdict = (1, "partly") if apart <= 1.5 * bound else (0, "no")
        return _item(name, points, verdict, evidence, f"{numbers}, which is further apart than luck explains.")
    if look.guessing():
        return _item(name, 1, "partly", evidence, f"{numbers}, but that is no better than guessing.")
    return _item(name, 2, "yes", evidence, f"{numbers}, which agree within the luck of such samples.")


def _level_reached(variant, look, threshold):
    evidence = {
        "recomputed": _number(look.accuracy),
        "hidden photos": look.photos,
        "level of this variant": threshold,
        "base": look.base.name if look.matching.nodes else None,
    }
    name = "level reached"
    if look.broken or look.accuracy is None:
        return _item(name, 0, "no", evidence, "No accuracy could be computed.")
    if look.base.name != variant["base"] or not look.used:
        reason = f"The level holds for {variant['base']}, which the model does not use."
        return _item(name, 0, "no", evidence, reason)
    numbers = f"{look.accuracy:.3f} on hidden photos, and the level is {threshold:.3f}"
    if look.accuracy >= threshold:
        return _item(name, 3, "yes", evidence, f"{numbers}: reached.")
    if 1 - look.accuracy >= threshold:
        return _item(
            name, 1.5, "partly", evidence, f"{numbers}: reached with the classes swapped (0 is cat, 1 is dog)."
        )
    share = (look.accuracy - 0.5) / max(threshold - 0.5, 0.01)
    points = 0 if look.guessing() else round(2 * share**2, 2)
    if points <= 0:
        return _item(name, 0, "no", evidence, f"{numbers}: no better than guessing.")
    return _item(name, points, "partly", evidence, f"{numbers}: {share:.0%} of the way from guessing to the level.")


def _consistent_record(about, variant, history, faults, look, remarks):
    faults = list(faults)
    claimed = _share(about.get("claimed_accuracy"))
    finals = [run[key][-1] for run in history.values() for key in run if _is_validation_accuracy(key)]
    evidence = {
        "runs": len(history),
        "epochs": {name: len(next(iter(run.values()))) for name, run in history.items()},
        "final validation accuracies": [_number(value) for value in finals][:40],
        "claimed": claimed,
        "from the predictions": _number(look.prediction_accuracy),
        "agreement with the predictions": look.agreement,
        "notebook": bool(about.get("notebook")),
        "versions": _versions(about.get("versions")),
        "remarks": remarks[:5],
    }
    if look.prediction_accuracy is None:
        faults.append("the predictions are not finite numbers for the 1,000 public test photos")
    elif claimed is not None and abs(claimed - look.prediction_accuracy) > 0.006:
        faults.append(f"{claimed:.3f} is claimed, and the predictions give {look.prediction_accuracy:.3f}")
    if look.agreement is not None and look.agreement < AGREEMENT - 0.05:
        faults.append(f"the model answers {1 - look.agreement:.0%} of the public photos otherwise than the predictions")
    if look.accuracy is not None and finals:
        numbers = [value for value in finals if value is not None]
        best = [max(v for v in run[key] if v is not None) for run in history.values() for key in run
                if _is_validation_accuracy(key) and any(v is not None for v in run[key])]  # fmt: skip
        if not numbers or min(abs(value - look.accuracy) for value in [*numbers, *best]) > RECORD_TOLERANCE:
            faults.append(f"no run of the history comes near the recomputed accuracy of {look.accuracy:.3f}")
        if numbers and min(numbers) > look.accuracy + RECORD_TOLERANCE:
            faults.append("the history is better than the weights")
    few = variant["assignment"] == "learning_rate" and 0 < len(history) < len(variant["learning_rates"])
    name = "consistent record"
    if faults:
        return _item(name, 0, "no", evidence, f"The record contradicts itself or the weights: {faults[0]}.")
    if few:
        told = f"{len(history)} of {len(variant['learning_rates'])} learning rates"
        return _item(name, 0.5, "partly", evidence, f"The history shows {told}; the rest is as claimed.")
    return _item(
        name, 1, "as claimed", evidence, "History, order of training and learning rates are as claimed, and consistent."
    )


def _is_validation_accuracy(key):
    return key.startswith("val_") and "acc" in key


def _history(value):
    """Check the form of a training history; give what can be drawn, and what is wrong with it."""
    if not isinstance(value, dict) or not value:
        return {}, ["the history is missing"]
    if all(isinstance(series, list) for series in value.values()):
        value = {"training": value}
    runs, faults = {}, []
    for name, series_of in list(value.items())[:60]:
        name = clean_text(name, 60)
        if not isinstance(series_of, dict) or not series_of:
            faults.append(f"the run {name!r} of the history has no numbers")
            continue
        kept = {}
        for key, series in list(series_of.items())[:40]:
            key = clean_text(key, 60)
            numbers = isinstance(series, list) and all(
                one is None or (isinstance(one, int | float) and not isinstance(one, bool)) for one in series
            )
            if not numbers or not series or len(series) > 5000:
                faults.append(f"{key!r} of the run {name!r} is no list of numbers by epoch")
                continue
            kept[key] = [None if one is None else float(one) for one in series]
            real = [one for one in kept[key] if one is not None]
            if "acc" in key and any(not 0 <= one <= 1 for one in real):
                faults.append(f"{key!r} of the run {name!r} leaves the range of an accuracy")
            if key in ("loss", "val_loss") and any(one < 0 for one in real):
                faults.append(f"{key!r} of the run {name!r} is negative")
        if kept and len({len(series) for series in kept.values()}) > 1:
            faults.append(f"the run {name!r} has series of different lengths")
        if kept:
            runs[name] = kept
    if len(value) > 60:
        faults.append(f"the history has {len(value)} runs")
    return runs, faults


# Similarity


def _fingerprints(arrays, history):
    # By shape and content, not by name: renamed layers stay the same work.
    ordered = sorted(arrays.values(), key=lambda array: (array.shape, array.tobytes()[:64]))
    digest = hashlib.sha256()
    for array in ordered:
        digest.update(str(array.shape).encode() + array.tobytes())
    values = sorted(
        json.dumps({key: [None if v is None else round(v, 6) for v in run[key]] for key in sorted(run)})
        for run in history.values()
    )
    return {
        "weights": digest.hexdigest()[:32] if any(_tells_its_origin(array) for array in ordered) else "",
        "history": hashlib.sha256("\n".join(values).encode()).hexdigest()[:32] if values else "",
        "sketch": _sketch(ordered),
    }


def _tells_its_origin(array):
    """Whether an array holds two different numbers: a training that failed leaves everyone the same NaN or zeros."""
    numbers = array[np.isfinite(array)]
    return bool(numbers.size) and bool(numbers.min() != numbers.max())


def _sketch(ordered):
    """A few rounded numbers that stay nearly the same when weights are changed a little: sums over random signs."""
    total = sum(array.size for array in ordered)
    if not total:
        return []
    flat = np.concatenate([array.ravel() for array in ordered])
    taken = flat[np.linspace(0, total - 1, min(total, SKETCH_TAKES)).astype(np.int64)].astype(np.float64)
    norm = float(np.linalg.norm(taken))
    if not math.isfinite(norm) or norm == 0:
        return []
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (SKETCH, len(taken)))
    return [float(total), *(round(float(value), 4) for value in signs @ (taken / norm))]


def similarity_hints(results):
    """Compare the fingerprints of many results, for the instructor to look at; no score changes by it.

    Parameters
    ----------
    results : list of dict
        From `score`.

    Returns
    -------
    list of dict
        ``students`` (two names), ``assignment``, ``what`` (``"weights"`` or ``"history"``) and ``sentence``.
    """
    hints = []
    for what in ("weights", "history"):
        groups = {}
        for result in results:
            mark = result["fingerprints"].get(what)
            if mark:
                groups.setdefault((result["assignment"], mark), []).append(result)
        for group in groups.values():
            for first, second in _pairs(group):
                hints.append(_hint(first, second, what, f"have exactly the same {what}"))
    groups = {}
    for result in results:
        sketch = result["fingerprints"].get("sketch")
        if sketch:
            groups.setdefault((result["assignment"], sketch[0]), []).append(result)
    for group in groups.values():
        sketches = np.array([result["fingerprints"]["sketch"][1:] for result in group])
        sketches /= np.maximum(np.linalg.norm(sketches, axis=1, keepdims=True), 1e-12)
        near = np.argwhere(np.triu(sketches @ sketches.T > NEARLY_THE_SAME, 1))
        for i, j in near[:MOST_PAIRS]:
            first, second = sorted((group[i], group[j]), key=lambda result: result["student"])
            alike = first["fingerprints"]["weights"] == second["fingerprints"]["weights"]
            if first["student"] != second["student"] and not alike:
                hints.append(_hint(first, second, "weights", "have nearly the same weights"))
    return hints


def _pairs(group):
    group = sorted(group, key=lambda result: result["student"])
    if len(group) > 10:
        # So many alike need no list of all pairs.
        pairs = zip(group, group[1:], strict=False)
    else:
        pairs = ((first, second) for i, first in enumerate(group) for second in group[i + 1 :])
    return [(first, second) for first, second in pairs if first["student"] != second["student"]]


def _hint(first, second, what, words):
    sentence = f"{first['student']} and {second['student']} {words} in {first['assignment']}"
    if first["variant_number"] == second["variant_number"]:
        sentence += "; both have the same variant and seed, so honest work on like machines can come out alike"
    else:
        sentence += ", though their variants differ"
    return {
        "students": [first["student"], second["student"]],
        "assignment": first["assignment"],
        "what": what,
        "sentence": f"{sentence}.",
    }


# Small things


def _equal(stated, assigned):
    if isinstance(assigned, list):
        return (
            isinstance(stated, list)
            and len(stated) == len(assigned)
            and all(_equal(*pair) for pair in zip(stated, assigned, strict=True))
        )
    if isinstance(assigned, int | float) and isinstance(stated, int | float) and not isinstance(stated, bool):
        return math.isclose(stated, assigned, rel_tol=1e-6)
    return stated == assigned


def _equal_ids(stated, student):
    def form(text):
        return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).strip().casefold())

    return isinstance(stated, str) and form(clean_text(stated, 500)) == form(student)


def _share(value):
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Some write 93.5 for 0.935.
    value = value / 100 if 1 < value <= 100 else float(value)
    return float(value) if 0 <= value <= 1 else None


def _number(value):
    return None if value is None or not math.isfinite(value) else round(float(value), 6)


def _shown(value):
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list):
        return [_shown(one) for one in value[:20]]
    return clean_text(value, 60)


def _versions(value):
    if not isinstance(value, dict):
        return {}
    return {clean_text(key, 40): clean_text(text, 40) for key, text in list(value.items())[:20]}


def _file_digest(path):
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _drawing(kind, seed, index):
    """One drawing as a student's notebook has it: drawn, kept as a JPEG, loaded and resized."""
    import cv2

    from course_utils.drawing import JPEG_QUALITY, draw_animal
    from course_utils.images import load_photos

    image = draw_animal(kind, seed, "test", index)
    _, content = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    with tempfile.TemporaryDirectory(prefix="course-") as folder:
        path = Path(folder) / "drawing.jpg"
        path.write_bytes(io.BytesIO(content).getvalue())
        return load_photos([path], SIZE)[0]
