"""Where the layers of the released base stand in a student's model, and which weights each layer there has."""

import json
import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from course_utils.errors import CourseError
from homework.collecting.bundle import BundleError, clean_text
from homework.handing_out.variants import VARIANTS
from homework.scoring.photos import SIZE
from homework.scoring.rebuild import CONVOLUTIONS, Value, parse

_ASSIGNED = [variant["base"] for variants in VARIANTS.values() for variant in variants]


def _as_float16(array):
    with np.errstate(over="ignore"):
        return array.astype(np.float16).astype(np.float32)


def _as_bfloat16(array):
    # The upper half of a float32, rounded to even.
    bits = array.view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000).astype(np.uint32).view(np.float32)


_ROUNDED = (_as_float16, _as_bfloat16)


@dataclass(frozen=True)
class Released:
    """A base as it was released: its graph, weights and preprocessing.

    ``digests`` holds its checksum in each precision in which a student's Keras may have loaded it, ``digest`` that of
    the weights as they are.
    """

    name: str
    graph: object
    weights: dict
    preprocess: object
    digest: str
    digests: tuple
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
    from course_utils.assignments.packing import layers_with_weights, weights_digest
    from course_utils.bases import load_base

    base = load_base(name, SIZE)
    graph = parse(json.loads(base.model.to_json()))
    weights = {
        (path, weight.name): np.asarray(weight.numpy(), np.float32)
        for path, layer in layers_with_weights(base.model)
        for weight in layer.weights
    }
    names = [layer.name for layer in base.model.layers if type(layer).__name__ in CONVOLUTIONS]
    arrays = [np.asarray(array, np.float32) for array in base.model.get_weights()]
    digests = tuple(weights_digest([form(array) for array in arrays]) for form in (np.asarray, *_ROUNDED))
    return Released(base.name, graph, weights, base.preprocess, digests[0], digests, names)


def find_base(graph, assigned, stated):
    """Find the base in the student's model: the assigned one, else the one that the bundle names.

    Parameters
    ----------
    graph : homework.scoring.rebuild.Graph
        The student's model.
    assigned : str
        The base of the student's variant.
    stated : object
        What the bundle names as its base.

    Returns
    -------
    Released
        The base that was found; the assigned one where there is none.
    Matching
        Where it stands; without nodes where there is none.

    Raises
    ------
    CourseError
        Where the assigned base cannot be had on this machine.
    """
    base = released_base(assigned)
    matching = _match(graph, base.graph)
    # Only a base that some variant asks for: of any other the weights might have to be fetched first.
    if matching.nodes or stated == assigned or stated not in _ASSIGNED:
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


def merged_weights(graph, arrays, base, matching):
    """Put the weights together: the student's where they were handed in, else the released base's.

    Parameters
    ----------
    graph : homework.scoring.rebuild.Graph
        The student's model.
    arrays : dict of str to numpy.ndarray
        What was handed in, by the weight's path.
    base : Released
    matching : Matching
        From `find_base`.

    Returns
    -------
    weights : dict of (str, str) to numpy.ndarray
        (path of the layer, name of the weight) -> float32.
    changes : dict of str to float
        The base's layers that differ from the released ones -> the largest difference.
    broken : list of str
        The weights that are no numbers.

    Raises
    ------
    BundleError
        Where a weight is missing, has another shape than its layer needs, or belongs to no layer.
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
                if released is None and matching.nodes:
                    # Another copy of the base: pack_submission leaves out whatever is as released.
                    copied = base.weights.get((node.path.rpartition("/")[2], name))
                    released = copied if copied is not None and copied.shape == shape else None
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
    return np.array_equal(array, released) or any(np.array_equal(array, form(released)) for form in _ROUNDED)
