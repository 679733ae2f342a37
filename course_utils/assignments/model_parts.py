"""Take a student's model apart: what stands between photo and base, the base, and the head after it."""

from dataclasses import dataclass, field, replace

import numpy as np

from course_utils.assignments.accepted_layers import (
    ACTIVATIONS,
    GEOMETRY,
    IDENTITIES,
    LAYERS,
    OPERATIONS,
    WEIGHTS,
    NotScored,
    Step,
    Value,
    put_in,
)

# TensorFlow's own functions, where their names differ from Keras's.
_OF_TENSORFLOW = {"softmax_v2": "softmax", "log_softmax_v2": "log_softmax", "gelu_v2": "gelu"}


@dataclass
class Parts:
    """A student's model in named parts.

    Attributes
    ----------
    head : list of Step
        What follows the base; Value -1 is what the base gives for the first view of the photo, -2 for the second.
    before : list of (list of Step)
        For each view what stands between the model's input and the base.
    base_weights : dict of str to numpy.ndarray
        ``"LAYER/WEIGHT"`` -> the weights of the base's layers that are in the model.
    starts_after : str or None
        The base's layer whose recorded values the model takes; None where it takes photos, ``""`` where it takes what
        the whole base gives.
    """

    head: list
    before: list = field(default_factory=lambda: [[]])
    base_weights: dict = field(default_factory=dict)
    starts_after: str | None = None


def steps_of(model):
    """List the steps of a model, those of the models in it too; what acts in training only is left out.

    Parameters
    ----------
    model : keras.Model
        Functional or Sequential, with one input.

    Returns
    -------
    list of Step
    Value
        The model's output.

    Raises
    ------
    NotScored
        Where it has several inputs or outputs, or holds layers that are not on the list: each is named.
    """
    recorder = _Recorder()
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise NotScored(f"the model has {len(model.inputs)} inputs and {len(model.outputs)} outputs (give it one each)")
    output = recorder.through(model, Value(-1))
    if recorder.problems:
        raise NotScored("; ".join(dict.fromkeys(recorder.problems)))
    return recorder.steps, output


def base_weights_of(model):
    """Give the weights of a base by the names of its layers.

    Parameters
    ----------
    model : keras.Model
        A base of the course, without its top: flat.

    Returns
    -------
    dict of str to numpy.ndarray
        ``"LAYER/WEIGHT"`` -> float32.
    """
    return {f"{layer.name}/{weight.name}": plain_array(weight) for layer in model.layers for weight in layer.weights}


def plain_array(weight):
    """Give a weight as float32: NumPy itself has no bfloat16."""
    import keras

    values = weight.value if hasattr(weight, "value") else weight
    return np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(values, "float32")), np.float32)


def is_of_keras(layer):
    """Say whether a layer, model or operation is of one of Keras's own classes."""
    return type(layer).__module__.split(".")[0] == "keras"


def split(model, base):
    """Take a student's model apart at the base.

    Parameters
    ----------
    model : keras.Model
    base : keras.Model
        The base as released: only its layers' names and settings count.

    Returns
    -------
    Parts

    Raises
    ------
    NotScored
        Where the model has layers that are not on the list, where the base is not in it as a whole, or where the head
        takes more than what the base gives.
    """
    steps, output = steps_of(model)
    base_steps, base_output = steps_of(base)
    shape, features = tuple(model.input_shape[1:]), tuple(base.output_shape[1:])
    places = _places(steps, base_steps, base_output)
    if not places:
        if len(shape) == 3 and shape[-1] == 3:
            raise NotScored(
                f"the model does not hold {base.name} as a whole, with its own layers (build it on base.model, from "
                "its input to its output)"
            )
        if shape != features and shape not in ((int(np.prod(features)),), features[-1:]):
            raise NotScored(f"the model takes an input of shape {shape}: neither photos nor features of {base.name}")
        return Parts(_needed(steps, output, {-1: Value(-1)}), starts_after="")
    weights = _weights_of(steps, places[0][1])
    if any(not _equal_weights(weights, _weights_of(steps, found)) for _, found, _ in places[1:]):
        raise NotScored(f"the model holds {base.name} twice, with other weights (only one can be scored)")
    ends = {found[base_output.position]: Value(-1 - number) for number, (_, found, _) in enumerate(places)}
    inside = {there for _, found, _ in places for there in found.values()} - set(ends)
    named = {base_steps[here].name: here for here in places[0][1]}
    base_weights = {
        f"{name}/{key}": array for name, here in named.items() for key, array in weights.get(here, {}).items()
    }
    starts = places[0][2]
    head = _needed(steps, output, ends, inside, base.name)
    before = [_needed(steps, Value(start), {-1: Value(-1)}) if start >= 0 else [] for start, _, _ in places]
    return Parts(head, before, base_weights, None if starts is None else base_steps[starts].name)


def view_of(before):
    """Find what moves a photo's pixels before the base: crops, mirror images, other sizes.

    Parameters
    ----------
    before : list of Step
        What stands between the model's input and the base.

    Returns
    -------
    list of Step
        In order, each on what the one before gives.
    """
    kept = [step for step in before if _is_geometry(step)]
    return [replace(step, inputs=[Value(number - 1), *step.inputs[1:]]) for number, step in enumerate(kept)]


def _is_geometry(step):
    if step.kind in GEOMETRY:
        return True
    if step.kind == "ops.Flip":
        axes = step.settings.get("axis")
        axes = axes if isinstance(axes, list | tuple) else [axes]
        return all(axis in (1, 2, -2, -3) for axis in axes)
    if step.kind == "ops.GetItem":
        index = step.inputs[1]
        return isinstance(index, list) and index[0] == slice(None) and len(index) in (2, 3)
    return False


class _Recorder:
    """Goes through a model as Keras does when it is called, and writes down each layer and operation."""

    def __init__(self):
        self.steps, self.problems = [], []

    def through(self, model, value):
        function = getattr(model, "_functional", None) or model
        found = function._run_through_graph(value, operation_fn=self._recorded)
        while isinstance(found, list | tuple | dict):
            found = next(iter(found.values() if isinstance(found, dict) else found))
        return found

    def _recorded(self, operation):
        def record(*arguments, **more):
            inputs = [*arguments, *(value for key, value in more.items() if key not in ("training", "mask"))]
            while inputs and inputs[-1] is None:
                inputs.pop()
            return self._called(operation, inputs)

        return record

    def _called(self, operation, inputs):
        kind = type(operation).__name__
        if not is_of_keras(operation):
            return self._problem(
                f"the layer {operation.name!r} is of your own class {kind} (use Keras's layers)", inputs
            )
        if kind in ("Functional", "Sequential"):
            return self.through(operation, inputs[0])
        if kind == "Pipeline":
            for layer in operation.layers:
                inputs = [self._called(layer, inputs[:1])]
            return inputs[0]
        if kind == "Lambda":
            why = "whose Python code cannot be graded (call base.preprocess(inputs) directly, or use a layer such as"
            return self._problem(f"the layer {operation.name!r} is a Lambda layer, {why} Rescaling)", inputs)
        if ".ops." in type(operation).__module__:
            return self._operation(kind, operation, inputs)
        return self._layer(kind, operation, inputs)

    def _operation(self, kind, operation, inputs):
        if kind == "Cast":
            return inputs[0]
        if kind not in OPERATIONS:
            return self._problem(
                f"the operation {operation.name!r} is a {kind}, which the scorer does not take", inputs
            )
        _, names = OPERATIONS[kind]
        settings = {name: _plain(getattr(operation, name)) for name in names.split() if hasattr(operation, name)}
        if kind == "Squeeze" and settings.get("axis") is None:
            # Of one photo alone the batch would go too.
            settings["axis"] = -1
        if kind == "GetItem":
            index = inputs[1] if isinstance(inputs[1], tuple | list) else [inputs[1]]
            inputs = [inputs[0], list(index)]
        if "newshape" in settings:
            settings["newshape"] = [-1 if size is None else size for size in settings["newshape"]]
        return self._add(Step(f"ops.{kind}", operation.name, settings, [_input(one) for one in inputs]))

    def _layer(self, kind, layer, inputs):
        config, given = layer.get_config(), _input(inputs[0])
        if kind in IDENTITIES:
            return inputs[0]
        if kind == "RandomCrop":
            # Outside of training it takes the middle.
            kind = "CenterCrop"
        if kind == "Normalization":
            return self._normalization(layer, given)
        if kind not in LAYERS:
            return self._problem(f"the layer {layer.name!r} is a {kind}, which the scorer does not take", inputs)
        if config.get("data_format") not in (None, "channels_last"):
            return self._problem(f"the layer {layer.name!r} has its channels first (the course has them last)", inputs)
        settings = {name: _plain(config[name]) for name in LAYERS[kind].split() if name in config}
        after = None
        if "activation" in settings or kind == "Activation":
            settings["activation"], after = self._activation(layer)
        weights = {weight.name: plain_array(weight) for weight in layer.weights} if kind in WEIGHTS else {}
        value = self._add(Step(kind, layer.name, settings, [given], weights))
        if after is not None:
            value = self._called(after, [value])
        return value

    def _normalization(self, layer, given):
        mean, variance = (plain_array(one) for one in (layer.mean, layer.variance))
        spread = np.maximum(np.sqrt(variance), 1e-7)
        if getattr(layer, "invert", False):
            scaled = self._add(Step("ops.Multiply", layer.name, {}, [given, spread]))
            return self._add(Step("ops.Add", f"{layer.name}_mean", {}, [scaled, mean]))
        centred = self._add(Step("ops.Subtract", f"{layer.name}_mean", {}, [given, mean]))
        return self._add(Step("ops.Divide", layer.name, {}, [centred, spread]))

    def _activation(self, layer):
        """Give a layer's activation by name, or as a layer to be called after it."""
        import keras

        activation = layer.activation
        if isinstance(activation, keras.layers.Layer):
            return None, activation
        name = getattr(activation, "__name__", None)
        name = _OF_TENSORFLOW.get(name, name)
        known = getattr(activation, "__module__", "").split(".")[0] in ("keras", "tensorflow")
        if activation is None or (known and name in ACTIVATIONS):
            return name, None
        what = f"the activation {name or activation!r}, which the scorer does not take (use one of Keras's by its name)"
        return self._problem(f"the layer {layer.name!r} has {what}", [None]), None

    def _problem(self, sentence, inputs):
        self.problems.append(sentence)
        return inputs[0]

    def _add(self, step):
        self.steps.append(step)
        return Value(len(self.steps) - 1)


def _input(value):
    import keras

    if isinstance(value, tuple | list):
        return [_input(one) for one in value]
    if isinstance(value, Value | slice | bool | int | float) or value is None or value is Ellipsis:
        return value
    array = np.asarray(keras.ops.convert_to_numpy(value), np.float32)
    return float(array) if array.ndim == 0 else array


def _plain(value):
    if isinstance(value, dict) and value.get("class_name") in ("__numpy__", "__tensor__"):
        value = value["config"]["value"]
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    return [_plain(one) for one in value] if isinstance(value, tuple | list) else value


def _places(steps, base_steps, base_output):
    """Find each place of the base in a model: (its input, base's step -> model's step, step after which it starts)."""
    last = base_steps[base_output.position]
    found = []
    for position, step in enumerate(steps):
        if (step.kind, step.name) == (last.kind, last.name):
            place = _follow_back(steps, base_steps, base_output.position, position)
            if place is not None:
                found.append(place)
    return found


def _follow_back(steps, base_steps, last, position):
    mapping, start, after, waiting = {}, None, None, [(last, position)]
    while waiting:
        here, there = waiting.pop()
        if here < 0 or there < 0:
            # The start of the base; or recorded values of one of its layers, where the model itself starts.
            if start not in (None, there) or (here >= 0 and after not in (None, here)):
                return None
            start, after = there, here if here >= 0 else after
            continue
        if mapping.get(here, there) != there:
            return None
        one, other = base_steps[here], steps[there]
        if (one.kind, one.name, one.settings) != (other.kind, other.name, other.settings):
            # Another input than the base's own: the head of a model that is no base.
            return None
        if here not in mapping:
            mapping[here] = there
            waiting += [(a.position, b.position) for a, b in zip(one.values(), other.values(), strict=False)]
    return start, mapping, after


def _weights_of(steps, found):
    return {here: steps[there].weights for here, there in found.items() if steps[there].weights}


def _equal_weights(one, other):
    return all(np.array_equal(array, other[here][key]) for here, kept in one.items() for key, array in kept.items())


def _needed(steps, output, ends, inside=(), base=""):
    """Give the steps on which a value depends, up to known ends, numbered anew."""
    needed, waiting = set(), [output.position]
    while waiting:
        position = waiting.pop()
        if position in ends or position in needed:
            continue
        if position in inside:
            raise NotScored(
                f"the head also takes what the layer {steps[position].name!r} inside {base} gives (build it on the "
                "base's output alone)"
            )
        if position < 0:
            raise NotScored(f"photos reach the head by a way around {base} (build it on the base's output alone)")
        needed.add(position)
        waiting += [value.position for value in steps[position].values()]
    numbers = {position: Value(number) for number, position in enumerate(sorted(needed))} | ends
    kept = [steps[position] for position in sorted(needed)]
    return [replace(step, inputs=put_in(step.inputs, lambda value: numbers[value.position])) for step in kept]
