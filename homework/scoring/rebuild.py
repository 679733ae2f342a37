"""Rebuild a model from its JSON with an allow-list of Keras layers, flat, and run the part of it that is needed.

No class is looked up by a name from the file other than in the tables below, no function of a student's is called, and
nothing is allocated before the shapes, the number of parameters and the work for one photo were computed and bounded.
A nested model and a flat one with the same layers become the same graph.
"""

import math
import re
from dataclasses import dataclass

import numpy as np

from homework.collecting.bundle import BundleError, clean_text

MOST_NODES = 1500
DEEPEST_NESTING = 8
MOST_PARAMETERS = 40_000_000
# For one photo: VGG16's first convolution gives 1.4 million numbers, and all its layers 7 billion multiplications.
MOST_NUMBERS = 3_000_000
MOST_WORK = 12_000_000_000
# Measured with TensorFlow on one core: a number that a layer gives takes the time of so many multiplications, beside
# those of a convolution itself; in some layers five times as many.
WORK_PER_NUMBER = 300
_SLOW = {
    "LayerNormalization", "GroupNormalization", "UnitNormalization", "Softmax", "LogSoftmax", "Resizing", "softmax",
    "log_softmax",
}  # fmt: skip
# For one photo: what must be held while the layers are computed one after the other.
MOST_AT_ONCE = 30_000_000

ACTIVATIONS = {
    "linear", "relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "swish", "softplus", "softsign", "tanh",
    "sigmoid", "hard_sigmoid", "hard_silu", "hard_swish", "mish", "softmax", "log_softmax", "exponential", "celu",
}  # fmt: skip
# TensorFlow's own functions, where their names differ from Keras's.
_OF_TENSORFLOW = {"softmax_v2": "softmax", "log_softmax_v2": "log_softmax"}
# Layer -> what of its config counts when it computes; all else (how it was started or trained) is not read.
LAYERS = {
    "Dense": "units activation use_bias",
    "Conv2D": "filters kernel_size strides padding data_format dilation_rate groups activation use_bias",
    "DepthwiseConv2D": "kernel_size strides padding depth_multiplier data_format dilation_rate activation use_bias",
    "SeparableConv2D": (
        "filters kernel_size strides padding data_format dilation_rate depth_multiplier activation use_bias"
    ),
    "BatchNormalization": "axis epsilon center scale",
    "LayerNormalization": "axis epsilon center scale",
    "GroupNormalization": "groups axis epsilon center scale",
    "UnitNormalization": "axis",
    "Normalization": "axis invert mean variance",
    "Activation": "activation",
    "ReLU": "max_value negative_slope threshold",
    "LeakyReLU": "negative_slope",
    "ELU": "alpha",
    "PReLU": "shared_axes",
    "Softmax": "axis",
    "MaxPooling2D": "pool_size strides padding data_format",
    "AveragePooling2D": "pool_size strides padding data_format",
    "GlobalAveragePooling2D": "data_format keepdims",
    "GlobalMaxPooling2D": "data_format keepdims",
    "Flatten": "data_format",
    "Reshape": "target_shape",
    "Permute": "dims",
    "Rescaling": "scale offset",
    "Resizing": "height width interpolation crop_to_aspect_ratio pad_to_aspect_ratio",
    "CenterCrop": "height width",
    "ZeroPadding2D": "padding data_format",
    "Cropping2D": "cropping data_format",
    "Add": "",
    "Subtract": "",
    "Multiply": "",
    "Average": "",
    "Maximum": "",
    "Minimum": "",
    "Concatenate": "axis",
}
# They act in training only.
IDENTITIES = {
    "Identity", "Dropout", "SpatialDropout2D", "SpatialDropout1D", "GaussianNoise", "GaussianDropout", "AlphaDropout",
    "ActivityRegularization", "RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomContrast",
    "RandomBrightness", "RandomHue", "RandomSaturation", "RandomShear", "RandomPerspective", "RandomErasing",
    "RandomColorJitter", "RandomColorDegeneration", "RandomSharpness", "RandomGrayscale", "RandomGaussianBlur",
    "RandomPosterization", "RandomInvert", "RandomElasticTransform",
}  # fmt: skip
# Operation -> (function in keras.ops, what of its config counts).
OPERATIONS = {
    "Add": ("add", ""),
    "Subtract": ("subtract", ""),
    "Multiply": ("multiply", ""),
    "Divide": ("divide", ""),
    "TrueDivide": ("true_divide", ""),
    "Negative": ("negative", ""),
    "Abs": ("abs", ""),
    "Absolute": ("absolute", ""),
    "Square": ("square", ""),
    "Sqrt": ("sqrt", ""),
    "Maximum": ("maximum", ""),
    "Minimum": ("minimum", ""),
    "Clip": ("clip", "x_min x_max"),
    "Flip": ("flip", "axis"),
    "Mean": ("mean", "axis keepdims"),
    "Sum": ("sum", "axis keepdims"),
    "Max": ("max", "axis keepdims"),
    "Stack": ("stack", "axis"),
    "Concatenate": ("concatenate", "axis"),
    "ExpandDims": ("expand_dims", "axis"),
    "Squeeze": ("squeeze", "axis"),
    "Sigmoid": ("sigmoid", ""),
    "Softmax": ("softmax", "axis"),
    "LogSoftmax": ("log_softmax", "axis"),
    "Relu": ("relu", ""),
    "Tanh": ("tanh", ""),
}
MODELS = {"Functional", "Sequential"}
MERGES = {"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"}
# May stand in a config, and are not read: how weights were started, punished and bounded, and in which precision.
_HARMLESS_MODULES = ("keras.initializers", "keras.regularizers", "keras.constraints", "keras.dtype_policies")
_SPECIAL = {"__keras_tensor__", "__tensor__", "__numpy__", "__ellipsis__", "__slice__"}
CONVOLUTIONS = ("Conv2D", "DepthwiseConv2D", "SeparableConv2D")
_WORDS = re.compile("[a-z_0-9]{1,40}")


@dataclass(frozen=True)
class Value:
    """What one node gives: the node's position in the graph, -1 for the model's input."""

    node: int


@dataclass
class Node:
    """One layer or operation of a flat graph.

    Attributes
    ----------
    path : str
        Names of the models around it and its own: ``"mini_vgg16/block1_conv1"``.
    kind : str
        Its class, such as ``"Conv2D"``; operations have ``"ops."`` before it.
    config : dict
        What of its config counts.
    arguments : list
        Its inputs: Values, numbers, arrays, slices, or lists of these.
    shape : tuple
        Of its output for one photo.
    weights : dict of str to tuple
        Name -> shape.
    work : int
        How long it takes for one photo, roughly, in multiplications.
    inputs : list of Value
        Those among the arguments.
    input_shapes : list of tuple
        Of the inputs for one photo.
    """

    path: str
    kind: str
    config: dict
    arguments: list
    shape: tuple
    weights: dict
    work: int
    inputs: list
    input_shapes: list


@dataclass
class Graph:
    """A model as a list of nodes, each after those that it needs.

    Attributes
    ----------
    nodes : list of Node
    input_shape : tuple
        Of one photo or of its features.
    output : Value
    """

    nodes: list
    input_shape: tuple
    output: Value

    def shape(self, value):
        """Shape of a value for one photo."""
        return self.input_shape if value.node < 0 else self.nodes[value.node].shape

    def weighted(self):
        """Positions of the nodes that hold weights; a layer that is used twice is listed once."""
        positions, seen = [], set()
        for position, node in enumerate(self.nodes):
            if node.weights and node.path not in seen:
                positions.append(position)
                seen.add(node.path)
        return positions

    def parameters(self):
        """How many numbers the weights hold."""
        return sum(math.prod(shape) for p in self.weighted() for shape in self.nodes[p].weights.values())

    def held(self, positions):
        """How many numbers for one photo are held at once while these nodes are computed, each after the one before."""
        positions = sorted(positions)
        last_use = {value.node: position for position in positions for value in self.nodes[position].inputs}
        sizes = {node: math.prod(self.shape(Value(node))) for node in {*positions, *last_use}}
        now = sum(sizes[node] for node in last_use.keys() - set(positions))
        most = now
        for position in positions:
            now += sizes[position]
            most = max(most, now)
            now -= sum(sizes[node] for node in {value.node for value in self.nodes[position].inputs}
                       if last_use[node] == position)  # fmt: skip
        return most

    def before(self, value, stops=frozenset()):
        """All nodes on which a value depends, without looking behind the values in stops."""
        found, waiting = set(), [value]
        while waiting:
            value = waiting.pop()
            if value.node in found or value in stops:
                continue
            found.add(value.node)
            if value.node >= 0:
                waiting += self.nodes[value.node].inputs
        return found


def parse(config):
    """Read a model's config into a graph, with all bounds checked and nothing allocated.

    Parameters
    ----------
    config : dict
        From ``model.to_json()``.

    Returns
    -------
    Graph

    Raises
    ------
    BundleError
        Where it holds anything that is not in the tables, or is too large; the sentence says what.
    """
    reader = _Reader()
    try:
        _refuse_unknown(config)
        shape = _input_shape(config)
        reader.input_shape = shape
        output = reader.model(config, Value(-1), "", 0)
    except (BundleError, MemoryError):
        raise
    except Exception as error:
        # Keras and NumPy have many kinds; whatever they raise here is about the description.
        raise BundleError(
            f"model.json does not describe a model ({type(error).__name__}: {clean_text(error, 120)})."
        ) from None
    graph = Graph(reader.nodes, shape, output)
    if graph.parameters() > MOST_PARAMETERS:
        raise BundleError(
            f"The model would have {graph.parameters():,} parameters; at most {MOST_PARAMETERS:,} are built."
        )
    held = graph.held(position for position in graph.before(output) if position >= 0)
    if held > MOST_AT_ONCE:
        raise BundleError(f"The model holds {held:,} numbers a photo at once; at most {MOST_AT_ONCE:,} are kept.")
    work = sum(node.work for node in graph.nodes)
    if work > MOST_WORK:
        raise BundleError(f"The model needs {work:,} multiplications a photo; at most {MOST_WORK:,} are computed.")
    return graph


def run(graph, weights, wanted, given, built=None):
    """Compute a value of a graph from values that are known, node by node, and nothing that it does not need.

    Parameters
    ----------
    graph : Graph
    weights : dict of (str, str) to numpy.ndarray
        (path of the layer, name of the weight) -> float32.
    wanted : Value
        What to compute.
    given : callable
        Takes a Value and gives its array for all photos of the batch, or None where it must be computed.
    built : dict, optional
        Keeps the layers from one batch to the next; start with an empty one for each graph and weights.

    Returns
    -------
    numpy.ndarray
        float32.

    Raises
    ------
    BundleError
        Where a layer refuses what it is given.
    """
    needed, known, waiting = set(), {}, [wanted]
    while waiting:
        value = waiting.pop()
        if value in known or value.node in needed:
            continue
        array = given(value)
        if array is not None:
            known[value] = array
            continue
        if value.node < 0:
            raise BundleError("The model needs its input for this value, which is not known.")
        needed.add(value.node)
        waiting += graph.nodes[value.node].inputs
    last_use = {value: position for position in sorted(needed) for value in graph.nodes[position].inputs}
    layers = {} if built is None else built
    for position in sorted(needed):
        node = graph.nodes[position]
        try:
            known[Value(position)] = _compute(node, weights, known, layers)
            got, expected = tuple(known[Value(position)].shape), (known[node.inputs[0]].shape[0], *node.shape)
            if got != expected:
                raise ValueError(f"it gives {got} numbers, and {expected} were expected")
        except BundleError:
            raise
        except Exception as error:
            # Keras and TensorFlow have many kinds; whatever they raise here is about this layer.
            raise BundleError(
                f"The layer {clean_text(node.path, 80)!r} ({node.kind}) cannot be computed ({type(error).__name__}: "
                f"{clean_text(str(error).split(chr(10))[0], 120)})."
            ) from None
        for value in node.inputs:
            if last_use[value] == position and value != wanted:
                known.pop(value, None)
    return np.asarray(known[wanted], np.float32)


def _compute(node, weights, known, layers):
    import keras

    def fill(argument):
        if isinstance(argument, Value):
            return known[argument]
        return [fill(one) for one in argument] if isinstance(argument, list) else argument

    arguments = [fill(argument) for argument in node.arguments]
    if node.kind == "identity":
        return arguments[0]
    if node.kind == "ops.GetItem":
        return keras.ops.convert_to_tensor(arguments[0])[arguments[1]]
    if node.kind.startswith("ops."):
        return getattr(keras.ops, OPERATIONS[node.kind[4:]][0])(*arguments, **node.config)
    if node.kind in ("Dense", "Conv2D"):
        return _products(node, weights, arguments[0], layers)
    if node.path not in layers:
        layer = _layer(node.kind, node.config)
        if node.weights:
            layer.build((None, *node.input_shapes[0]))
            layer.set_weights([weights[node.path, weight.name] for weight in layer.weights])
            if node.kind == "Normalization":
                layer.finalize_state()
        layers[node.path] = layer
    return layers[node.path](arguments[0])


def _products(node, weights, inputs, layers):
    """Compute what Dense and Conv2D do, without the layer: to build one takes longer than its work on 400 photos."""
    import keras

    if node.path not in layers:
        arrays = [weights[node.path, name] for name in node.weights]
        layers[node.path] = [keras.ops.convert_to_tensor(array, "float32") for array in arrays]
    kernel, *bias = layers[node.path]
    inputs = keras.ops.convert_to_tensor(inputs, "float32")
    if node.kind == "Dense":
        outputs = keras.ops.matmul(inputs, kernel)
    else:
        settings = {key: node.config[key] for key in ("strides", "padding", "dilation_rate") if key in node.config}
        outputs = keras.ops.conv(inputs, kernel, data_format="channels_last", **settings)
    for addend in bias:
        outputs = keras.ops.add(outputs, addend)
    return keras.activations.get(node.config.get("activation"))(outputs)


def _layer(kind, config):
    import keras

    settings = dict(config, dtype="float32", name="layer")
    return getattr(keras.layers, kind)(**settings)


def _refuse_unknown(config):
    """Look at every class that the config names anywhere, also where it is not read."""
    waiting = [config]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            if "class_name" in part:
                _refuse_class(part)
            waiting += [value for key, value in part.items() if key != "compile_config"]


def _refuse_class(part):
    name, module, registered = part["class_name"], part.get("module"), part.get("registered_name")
    shown = repr(clean_text(name, 60))
    if name in ("Lambda", "__lambda__"):
        raise BundleError("The model contains a Lambda, that is Python code, which is never run.")
    if not isinstance(name, str):
        raise BundleError(f"The model names a class {shown}, which is no name.")
    if name in _SPECIAL:
        return
    if name == "function":
        function = part.get("config")
        known = isinstance(function, str) and (function in ACTIVATIONS or function in _OF_TENSORFLOW)
        if not known or module != "builtins" or registered not in (None, "function", function):
            raise BundleError(
                f"The model contains a function {clean_text(function, 60)!r} of its own, which is never run."
            )
        return
    of_keras = isinstance(module, str) and module.split(".")[0] == "keras" and registered in (None, name)
    if not of_keras:
        raise BundleError(
            f"The model contains a class {shown} that does not come with Keras (registered as "
            f"{clean_text(registered, 60)!r} in {clean_text(module, 60)!r}); its code is never run."
        )
    allowed = name in LAYERS or name in IDENTITIES or name in OPERATIONS or name in MODELS
    if allowed or name in ("InputLayer", "Cast", "GetItem", "DTypePolicy") or module in _HARMLESS_MODULES:
        return
    raise BundleError(f"The model contains {shown} of Keras, which is not on the list of layers that are rebuilt.")


def _input_shape(config):
    """Find the shape of one photo that a model takes; where height and width are open, the course's 150."""
    inner = config["config"]
    layers = inner["layers"]
    if config["class_name"] == "Sequential":
        first = layers[0]
        if first["class_name"] == "InputLayer":
            shape = first["config"].get("batch_shape") or first["config"]["batch_input_shape"]
        elif inner.get("build_input_shape"):
            shape = inner["build_input_shape"]
        elif first["class_name"] in MODELS:
            return _input_shape(first)
        else:
            raise BundleError("The model does not say what shape its input has; start it with keras.Input.")
    else:
        name = _single(inner["input_layers"], "input")[0]
        entry = next(layer for layer in layers if layer["config"].get("name", layer.get("name")) == name)
        shape = entry["config"].get("batch_shape") or entry["config"]["batch_input_shape"]
    shape = list(shape[1:])
    if len(shape) == 3 and shape[2] == 3:
        shape = [150 if size is None else size for size in shape]
    return _checked_shape(tuple(shape), "The model's input")


def _checked_shape(shape, what):
    if not all(type(size) is int and size > 0 for size in shape) or len(shape) > 6:
        raise BundleError(f"{what} has the shape {clean_text(shape, 80)}, which is none.")
    if math.prod(shape) > MOST_NUMBERS:
        raise BundleError(
            f"{what} would hold {math.prod(shape):,} numbers a photo; at most {MOST_NUMBERS:,} are computed."
        )
    return shape


def _single(places, what):
    """Take the one place out of ["name", 0, 0], [["name", 0, 0]] or {"name": ["name", 0, 0]}."""
    for _ in range(3):
        if isinstance(places, dict) and len(places) == 1:
            places = next(iter(places.values()))
        elif isinstance(places, list) and len(places) == 1:
            places = places[0]
    if isinstance(places, list) and len(places) == 3 and isinstance(places[0], str):
        return places
    raise BundleError(f"The model has several {what}s, or none; one is needed.")


class _Reader:
    """Collects the nodes of a model and of the models in it."""

    def __init__(self):
        self.nodes = []
        self.input_shape = None

    def model(self, config, value, path, depth):
        """Add a model's nodes, called on a value; give what it returns."""
        if depth > DEEPEST_NESTING:
            raise BundleError(f"The model nests models more than {DEEPEST_NESTING} deep.")
        kind = config["class_name"]
        if kind == "Sequential":
            names = set()
            for layer in config["config"]["layers"]:
                name = self._new_name(layer, names)
                if layer["class_name"] != "InputLayer":
                    value = self.call(layer, f"{path}{name}", [value], depth)
            return value
        if kind == "Functional":
            return self._functional(config["config"], value, path, depth)
        raise BundleError(f"The model is of the class {clean_text(kind, 60)!r}, not Functional or Sequential.")

    def _new_name(self, layer, names):
        name = layer["config"].get("name", layer.get("name"))
        if not isinstance(name, str) or not 0 < len(name) <= 200:
            raise BundleError("A layer of the model has no name, or one of more than 200 letters.")
        if "/" in name:
            raise BundleError(f"A layer of the model has the name {clean_text(name, 60)!r}; Keras allows no '/' in it.")
        if name in names:
            raise BundleError(f"Two layers of the model have the name {clean_text(name, 60)!r}.")
        names.add(name)
        return name

    def _functional(self, config, value, path, depth):
        names, calls, outputs = set(), [], {}
        for layer in config["layers"]:
            name = self._new_name(layer, names)
            if layer["class_name"] == "InputLayer":
                outputs[name, 0] = value if name == _single(config["input_layers"], "input")[0] else None
            for number, call in enumerate(layer.get("inbound_nodes") or []):
                calls.append((name, number, layer, call, list(_sources(call))))
                if len(calls) > MOST_NODES:
                    raise BundleError(f"The model has more than {MOST_NODES:,} layers.")
        while calls:
            left = []
            for name, number, layer, call, sources in calls:
                if any(source not in outputs for source in sources):
                    left.append((name, number, layer, call, sources))
                    continue
                arguments = self._arguments(call, outputs)
                outputs[name, number] = self.call(layer, f"{path}{name}", arguments, depth)
            if len(left) == len(calls):
                raise BundleError("The model's layers are not connected, or in a circle.")
            calls = left
        name, number, _ = _single(config["output_layers"], "output")
        kinds = {layer["config"].get("name", layer.get("name")): layer["class_name"] for layer in config["layers"]}
        # Keras counts the calls of a Functional model from 1 here, and only here.
        number -= kinds.get(name) == "Functional"
        if outputs.get((name, number)) is None:
            raise BundleError("The model's output is not connected.")
        return outputs[name, number]

    def _arguments(self, call, outputs):
        """What a layer or an operation is called with; whether it trains, and masks, do not count."""
        arguments = [_argument(one, outputs) for one in call["args"]]
        for key, value in call.get("kwargs", {}).items():
            if key not in ("training", "mask") and value is not None:
                arguments.append(_argument(value, outputs))
        return arguments

    def call(self, layer, path, arguments, depth):
        """Add the node or nodes of one call; give what it returns."""
        kind, module = layer["class_name"], layer.get("module") or ""
        if "ops" in module.split("."):
            return self._operation(kind, layer["config"], path, arguments)
        if kind in MODELS:
            if len(arguments) != 1 or not isinstance(arguments[0], Value):
                raise BundleError(f"The model {clean_text(path, 80)!r} is called with more than one input.")
            return self.model(layer, arguments[0], f"{path}/", depth + 1)
        if kind not in LAYERS and kind not in IDENTITIES:
            raise BundleError(f"{clean_text(kind, 60)!r} stands where a layer is needed.")
        arguments = arguments[:1]
        inputs = _values(arguments)
        if not inputs or any(value is None for value in inputs):
            raise BundleError(f"The layer {clean_text(path, 80)!r} has no input.")
        if isinstance(arguments[0], list) and kind not in MERGES:
            raise BundleError(f"The layer {clean_text(path, 80)!r} is called on a list, and takes one value.")
        if kind in IDENTITIES:
            return self._add(path, "identity", {}, arguments, self._shape(inputs[0]), {}, 0)
        config = _settings(kind, layer["config"], path)
        shapes = [(None, *self._shape(value)) for value in inputs]
        computed = _layer(kind, config).compute_output_shape(shapes if isinstance(arguments[0], list) else shapes[0])
        shape = _checked_shape(_without_batch(computed, path), f"The layer {clean_text(path, 80)!r}")
        _check_photo_by_photo(kind, config, shape, max(len(one) for one in shapes), path)
        if kind in CONVOLUTIONS:
            _check_dilation(config, shapes[0][1:], path)
        weights, factor = _weights(kind, config, shapes[0][1:])
        return self._add(path, kind, config, arguments, shape, weights, _work(kind, config, shape, factor))

    def _operation(self, kind, config, path, arguments):
        import keras

        if kind == "Cast":
            if config.get("dtype") not in ("float16", "float32", "float64", "bfloat16"):
                raise BundleError(f"The model turns its numbers into {clean_text(config.get('dtype'), 40)!r}.")
            return self._add(path, "identity", {}, arguments[:1], self._shape(_values(arguments)[0]), {}, 0)
        if kind not in OPERATIONS and kind != "GetItem":
            raise BundleError(f"{clean_text(kind, 60)!r} is not on the list of operations that are computed.")

        def symbol(argument):
            if isinstance(argument, Value):
                return keras.KerasTensor((None, *self._shape(argument)))
            return [symbol(one) for one in argument] if isinstance(argument, list) else argument

        if not _values(arguments) or any(value is None for value in _values(arguments)):
            raise BundleError(f"The operation {clean_text(path, 80)!r} has no input.")
        symbols = [symbol(argument) for argument in arguments]
        rank = 1 + max(len(self._shape(value)) for value in _values(arguments))
        if kind == "GetItem":
            arguments[1] = tuple(arguments[1]) if isinstance(arguments[1], list) else (arguments[1],)
            if not _keeps_photos(arguments[1], rank):
                raise _mixing(path)
            settings, computed = {}, symbols[0][arguments[1]]
        else:
            name, counted = OPERATIONS[kind]
            settings = {key: _setting(config[key], path) for key in counted.split() if key in config}
            if kind == "Squeeze" and settings.get("axis") is None:
                # A batch of one photo stays a batch.
                sizes = self._shape(_values(arguments)[0])
                settings["axis"] = [place for place, size in enumerate(sizes, 1) if size == 1]
            if "axis" in settings:
                _check_axis(settings["axis"], rank + (kind in ("Stack", "ExpandDims")), path)
            computed = getattr(keras.ops, name)(*symbols, **settings)
        shape = _checked_shape(_without_batch(computed.shape, path), f"The operation {clean_text(path, 80)!r}")
        return self._add(path, f"ops.{kind}", settings, arguments, shape, {}, _work(kind, {}, shape, 1))

    def _add(self, path, kind, config, arguments, shape, weights, work):
        if len(self.nodes) >= MOST_NODES:
            raise BundleError(f"The model has more than {MOST_NODES:,} layers.")
        inputs = _values(arguments)
        self.nodes.append(
            Node(path, kind, config, arguments, shape, weights, work, inputs, [self._shape(one) for one in inputs])
        )
        return Value(len(self.nodes) - 1)

    def _shape(self, value):
        return self.input_shape if value.node < 0 else self.nodes[value.node].shape


def _sources(part):
    """The calls whose outputs a call takes, as (layer, number of the call)."""
    waiting = [part]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if part.get("class_name") == "__keras_tensor__":
                name, number, output = part["config"]["keras_history"]
                if output != 0 or not isinstance(name, str) or type(number) is not int:
                    raise BundleError("The model takes a second output of a layer; no layer on the list has one.")
                yield name, number
            else:
                waiting += part.values()
        elif isinstance(part, list):
            waiting += part


def _argument(part, outputs):
    if isinstance(part, list):
        return [_argument(one, outputs) for one in part]
    if not isinstance(part, dict):
        return part
    kind, inner = part.get("class_name"), part.get("config")
    if kind == "__keras_tensor__":
        return outputs[tuple(inner["keras_history"][:2])]
    if kind in ("__tensor__", "__numpy__"):
        array = np.asarray(inner["value"], np.float32)
        if not np.isfinite(array).all():
            raise BundleError("The model computes with a number that is none (NaN or infinity).")
        return array
    if kind == "__ellipsis__":
        return Ellipsis
    if kind == "__slice__":
        return slice(*(inner[key] if type(inner[key]) is int else None for key in ("start", "stop", "step")))
    raise BundleError(f"The model calls a layer with {clean_text(kind, 60)!r}, which is no tensor and no number.")


def _values(arguments):
    found = []
    for argument in arguments:
        if isinstance(argument, Value):
            found.append(argument)
        elif isinstance(argument, list):
            found += _values(argument)
    return found


def _without_batch(shape, path):
    if not shape or shape[0] is not None:
        raise _mixing(path)
    return tuple(shape[1:])


def _work(kind, config, shape, factor):
    """Multiplications for one photo, roughly: so many for each number, and the time that the number itself takes."""
    activation = config.get("activation")
    slow = kind in _SLOW or (isinstance(activation, str) and activation in _SLOW)
    return math.prod(shape) * (factor + WORK_PER_NUMBER * (5 if slow else 1))


def _mixing(path):
    return BundleError(f"{clean_text(path, 80)!r} mixes the photos of a batch; each must be answered by itself.")


def _check_photo_by_photo(kind, config, shape, rank, path):
    """Look for settings by which a photo's answer would depend on its place in the batch, or on the other photos."""
    if "axis" in config:
        _check_axis(config["axis"], rank, path)
    activation = config.get("activation")
    axis = -1 if activation in ("softmax", "log_softmax") else getattr(activation, "axis", None)
    if axis is not None:
        _check_axis(axis, 1 + len(shape), path)
    if kind == "Rescaling":
        for given in (np.shape(config.get("scale")), np.shape(config.get("offset", 0))):
            extra = max(0, len(given) - len(shape))
            if set(given[:extra]) - {1} or np.broadcast_shapes(given[extra:], shape) != shape:
                raise BundleError(f"The layer {clean_text(path, 80)!r} rescales {shape} by numbers of shape {given}.")


def _check_dilation(config, inputs, path):
    # TensorFlow pads its input by what a dilated kernel reaches.
    for size, dilation in zip(_pair(config["kernel_size"]), _pair(config.get("dilation_rate", 1)), strict=True):
        if dilation > 1 and (size - 1) * dilation > 2 * max(inputs[:2]):
            raise BundleError(
                f"The layer {clean_text(path, 80)!r} is dilated by {dilation:,}, far beyond the size of its input."
            )


def _check_axis(axis, rank, path):
    axes = axis if isinstance(axis, list | tuple) else [axis]
    if any(one is None or one in (0, -rank) for one in axes):
        raise _mixing(path)


def _keeps_photos(index, rank):
    """Whether an index takes something of each photo, and leaves the photos and their order as they are."""
    if not all(one is None or one is Ellipsis or type(one) is int or isinstance(one, slice) for one in index):
        return False
    taken = sum(one is not None and one is not Ellipsis for one in index)
    return index[0] == slice(None) or (index[0] is Ellipsis and taken < rank)


def _settings(kind, config, path):
    settings = {key: _setting(config[key], path) for key in LAYERS[kind].split() if key in config}
    if "activation" in settings or kind == "Activation":
        settings["activation"] = _activation(config.get("activation"), path)
    if settings.get("data_format") not in (None, "channels_last"):
        raise BundleError(f"The layer {clean_text(path, 80)!r} has its channels first; the course has them last.")
    return settings


def _setting(value, path):
    if isinstance(value, dict) and value.get("class_name") in ("__numpy__", "__tensor__"):
        return _setting(value["config"]["value"], path)
    if isinstance(value, dict) and "class_name" in value:
        return None
    if isinstance(value, list) and len(value) <= 4096:
        return [_setting(one, path) for one in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float) and abs(value) <= 1e6:
        return value
    if isinstance(value, str) and _WORDS.fullmatch(value):
        return value
    raise BundleError(
        f"The layer {clean_text(path, 80)!r} has a setting {clean_text(value, 40)!r}, which is beyond reason."
    )


def _activation(value, path):
    if value is None or (isinstance(value, str) and value in ACTIVATIONS):
        return value
    if isinstance(value, dict) and value.get("class_name") == "function" and isinstance(value.get("config"), str):
        name = _OF_TENSORFLOW.get(value["config"], value["config"])
        if name in ACTIVATIONS:
            return name
    if isinstance(value, dict) and value.get("class_name") in ("ReLU", "LeakyReLU", "ELU", "Softmax"):
        return _layer(value["class_name"], _settings(value["class_name"], value["config"], path))
    raise BundleError(
        f"The layer {clean_text(path, 80)!r} has the activation {clean_text(value, 40)!r}, which is not on the list."
    )


def _weights(kind, config, inputs):
    """Say which weights a layer has, by name, and how many multiplications it makes for each number it gives."""
    channels = inputs[-1] if inputs else 1
    bias = config.get("use_bias", True)
    if kind == "Dense":
        return _with_bias({"kernel": (channels, config["units"])}, bias, config["units"]), channels
    if kind in CONVOLUTIONS:
        height, width = _pair(config["kernel_size"])
        multiplier = config.get("depth_multiplier", 1)
        if kind == "Conv2D":
            kernel = (height, width, channels // config.get("groups", 1), config["filters"])
            return _with_bias({"kernel": kernel}, bias, config["filters"]), math.prod(kernel[:3])
        each = (height, width, channels, multiplier)
        if kind == "DepthwiseConv2D":
            return _with_bias({"kernel": each}, bias, channels * multiplier), height * width
        both = {"depthwise_kernel": each, "pointwise_kernel": (1, 1, channels * multiplier, config["filters"])}
        wide = channels * multiplier
        return _with_bias(both, bias, config["filters"]), wide + -(-height * width * wide // config["filters"])
    if kind in ("BatchNormalization", "LayerNormalization", "GroupNormalization"):
        shape = _along(config.get("axis", -1), inputs)
        names = [name for name, used in (("gamma", "scale"), ("beta", "center")) if config.get(used, True)]
        if kind == "BatchNormalization":
            names += ["moving_mean", "moving_variance"]
        return dict.fromkeys(names, shape), 2
    if kind == "PReLU":
        shared = config.get("shared_axes") or []
        shape = tuple(1 if axis + 1 in shared else size for axis, size in enumerate(inputs))
        return {"alpha": shape}, 1
    if kind == "Normalization" and config.get("mean") is None:
        shape = _along(config.get("axis", -1), inputs)
        return {"mean": shape, "variance": shape, "count": ()}, 2
    if kind in ("MaxPooling2D", "AveragePooling2D"):
        return {}, math.prod(_pair(config["pool_size"]))
    if kind in ("GlobalAveragePooling2D", "GlobalMaxPooling2D"):
        return {}, math.prod(inputs[:-1])
    return {}, 1


def _along(axes, inputs):
    """The sizes of one photo along some axes, which count the batch as the first."""
    return tuple(inputs[axis if axis < 0 else axis - 1] for axis in (axes if isinstance(axes, list) else [axes]))


def _with_bias(weights, bias, size):
    return weights | ({"bias": (size,)} if bias else {})


def _pair(value):
    return tuple(value) if isinstance(value, list) else (value, value)
