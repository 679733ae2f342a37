"""Of which layers a homework's model may be made, and how each is computed: one list, for packing and for scoring.

A model is a flat list of steps, each after those whose values it takes. The sizes of a step follow from its weights,
never from a setting, and every photo is computed alone: there is no batch that a step could look at.
"""

import re
from dataclasses import dataclass, field

import numpy as np

from course_utils.errors import CourseError

MOST_STEPS = 300
LONGEST_CONSTANT = 100_000
_WORD = re.compile("[a-z_0-9]{1,40}")

ACTIVATIONS = {
    "linear", "relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "swish", "softplus", "softsign", "tanh",
    "sigmoid", "hard_sigmoid", "hard_silu", "hard_swish", "mish", "softmax", "log_softmax", "log_sigmoid",
    "exponential", "celu", "glu", "tanh_shrink", "hard_tanh", "hard_shrink", "soft_shrink", "squareplus",
}  # fmt: skip
_CONVOLUTION = "strides padding dilation_rate activation"
# Layer -> its settings that count when it computes; all else (how it was started or trained) is not kept.
LAYERS = {
    "Dense": "activation",
    "Conv1D": _CONVOLUTION,
    "Conv2D": _CONVOLUTION,
    "DepthwiseConv2D": _CONVOLUTION,
    "SeparableConv2D": _CONVOLUTION,
    "Conv2DTranspose": "strides padding output_padding activation",
    "BatchNormalization": "axis epsilon",
    "LayerNormalization": "axis epsilon",
    "GroupNormalization": "groups axis epsilon",
    "PReLU": "",
    "UnitNormalization": "axis",
    "Activation": "activation",
    "ReLU": "max_value negative_slope threshold",
    "LeakyReLU": "negative_slope",
    "ELU": "alpha",
    "Softmax": "axis",
    "MaxPooling1D": "pool_size strides padding",
    "MaxPooling2D": "pool_size strides padding",
    "AveragePooling1D": "pool_size strides padding",
    "AveragePooling2D": "pool_size strides padding",
    "GlobalAveragePooling1D": "keepdims",
    "GlobalAveragePooling2D": "keepdims",
    "GlobalMaxPooling1D": "keepdims",
    "GlobalMaxPooling2D": "keepdims",
    "Flatten": "",
    "Reshape": "target_shape",
    "Permute": "dims",
    "RepeatVector": "n",
    "Rescaling": "scale offset",
    "Resizing": "height width interpolation crop_to_aspect_ratio pad_to_aspect_ratio",
    "CenterCrop": "height width",
    "ZeroPadding2D": "padding",
    "Cropping2D": "cropping",
    "UpSampling2D": "size interpolation",
    "Add": "", "Subtract": "", "Multiply": "", "Average": "", "Maximum": "", "Minimum": "",
    "Concatenate": "axis",
    "Dot": "axes normalize",
}  # fmt: skip
# Operation of keras.ops -> (function, its settings).
OPERATIONS = {
    "Add": ("add", ""), "Subtract": ("subtract", ""), "Multiply": ("multiply", ""), "Divide": ("divide", ""),
    "TrueDivide": ("true_divide", ""), "Power": ("power", ""), "Negative": ("negative", ""), "Abs": ("abs", ""),
    "Absolute": ("absolute", ""), "Square": ("square", ""), "Sqrt": ("sqrt", ""), "Exp": ("exp", ""),
    "Log": ("log", ""), "Maximum": ("maximum", ""), "Minimum": ("minimum", ""), "Clip": ("clip", "x_min x_max"),
    "Flip": ("flip", "axis"), "Mean": ("mean", "axis keepdims"), "Sum": ("sum", "axis keepdims"),
    "Max": ("max", "axis keepdims"), "Min": ("min", "axis keepdims"), "Std": ("std", "axis keepdims"),
    "Var": ("var", "axis keepdims"), "Stack": ("stack", "axis"), "Concatenate": ("concatenate", "axis"),
    "ExpandDims": ("expand_dims", "axis"), "Squeeze": ("squeeze", "axis"), "Reshape": ("reshape", "newshape"),
    "Sigmoid": ("sigmoid", ""), "Softmax": ("softmax", "axis"), "LogSoftmax": ("log_softmax", "axis"),
    "Relu": ("relu", ""), "Tanh": ("tanh", ""), "Gelu": ("gelu", "approximate"), "Silu": ("silu", ""),
    "Normalize": ("normalize", "axis order epsilon"), "GetItem": (None, ""),
}  # fmt: skip
# They act in training only, or not at all.
IDENTITIES = {
    "Identity", "Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianNoise", "GaussianDropout", "AlphaDropout",
    "ActivityRegularization", "RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomContrast",
    "RandomBrightness", "RandomHue", "RandomSaturation", "RandomShear", "RandomPerspective", "RandomErasing",
    "RandomColorJitter", "RandomColorDegeneration", "RandomSharpness", "RandomGrayscale", "RandomGaussianBlur",
    "RandomPosterization", "RandomInvert", "RandomElasticTransform", "RandAugment", "AugMix", "MixUp", "CutMix",
}  # fmt: skip
# They change where a photo's pixels are, and not what they are.
GEOMETRY = {"Resizing", "CenterCrop", "Cropping2D", "ZeroPadding2D"}
CONVOLUTIONS = ("Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Conv2DTranspose", "Conv1D")
# Layer -> the weights that it cannot do without, and those that it may have.
WEIGHTS = {
    "Dense": ("kernel", "bias"),
    "Conv1D": ("kernel", "bias"),
    "Conv2D": ("kernel", "bias"),
    "Conv2DTranspose": ("kernel", "bias"),
    "DepthwiseConv2D": ("kernel", "bias"),
    "SeparableConv2D": ("depthwise_kernel pointwise_kernel", "bias"),
    "BatchNormalization": ("moving_mean moving_variance", "gamma beta"),
    "LayerNormalization": ("", "gamma beta"),
    "GroupNormalization": ("", "gamma beta"),
    "PReLU": ("alpha", ""),
}


class NotScored(CourseError):
    """A model, or a part of one, that cannot be scored: one sentence that says what and why."""


@dataclass(frozen=True)
class Value:
    """What a step gives: the step's position in the list; -1 is the first input of all, -2 the second."""

    position: int


@dataclass
class Step:
    """One layer or operation.

    Attributes
    ----------
    kind : str
        A key of `LAYERS`; operations have ``"ops."`` before a key of `OPERATIONS`.
    name : str
        The student's name for it.
    settings : dict
        Plain values by name.
    inputs : list
        What it is called with: Values, numbers, arrays, slices, or lists of these.
    weights : dict of str to numpy.ndarray
        By the names of `WEIGHTS`, float32.
    """

    kind: str
    name: str
    settings: dict
    inputs: list
    weights: dict = field(default_factory=dict)

    def values(self):
        """List the Values among the inputs, those in lists too."""
        found = []
        put_in(self.inputs, found.append)
        return found


def put_in(argument, give):
    """Put something else in the place of each Value in what a step is called with.

    Parameters
    ----------
    argument : object
        A Value, a list of what a step may be called with, or anything else, which stays.
    give : callable
        Value -> what takes its place.

    Returns
    -------
    object
    """
    if isinstance(argument, Value):
        return give(argument)
    return [put_in(part, give) for part in argument] if isinstance(argument, list) else argument


def written_steps(steps):
    """Bring steps into what JSON can hold, and their weights into one dict.

    Parameters
    ----------
    steps : list of Step

    Returns
    -------
    description : list of dict
    weights : dict of str to numpy.ndarray
        ``"POSITION/NAME"`` -> float32.
    """

    def plain(one):
        if isinstance(one, Value):
            return {"value": one.position}
        if isinstance(one, list):
            return [plain(part) for part in one]
        if isinstance(one, np.ndarray):
            return {"array": one.tolist()}
        if isinstance(one, slice):
            return {"slice": [one.start, one.stop, one.step]}
        return {"all": True} if one is Ellipsis else one

    description = [
        {"kind": step.kind, "name": step.name, "settings": step.settings, "inputs": plain(step.inputs)}
        for step in steps
    ]
    weights = {f"{i}/{name}": array for i, step in enumerate(steps) for name, array in step.weights.items()}
    return description, weights


def read_steps(description, weights, inputs, kinds=None):
    """Read what `written_steps` wrote, believing nothing of it.

    Parameters
    ----------
    description : object
        From JSON.
    weights : dict of str to numpy.ndarray
    inputs : int
        How many inputs there are.
    kinds : collection of str, optional
        Only these are taken; by default all.

    Returns
    -------
    list of Step

    Raises
    ------
    NotScored
        Where it is no such list, or holds anything that is not on the list of this module.
    """
    if not isinstance(description, list) or len(description) > MOST_STEPS:
        raise NotScored(f"The model's layers are no list of at most {MOST_STEPS} layers.")
    steps, left = [], dict(weights)
    for position, one in enumerate(description):
        if not isinstance(one, dict) or not all(isinstance(one.get(key), str) for key in ("kind", "name")):
            raise NotScored(f"Layer {position} of the model has no kind or no name.")
        kind, name = one["kind"], short_text(one["name"])
        if kind not in (kinds or {*LAYERS, *(f"ops.{key}" for key in OPERATIONS)}):
            raise NotScored(f"The layer {name!r} is a {short_text(kind)!r}, which is not on the list of layers.")
        names = OPERATIONS[kind[4:]][1] if kind.startswith("ops.") else LAYERS[kind]
        settings = one.get("settings")
        if not isinstance(settings, dict) or not set(settings) <= set(names.split()):
            raise NotScored(f"The layer {name!r} has settings that a {kind} does not have.")
        settings = {key: _read_setting(value, name) for key, value in settings.items()}
        if settings.get("activation") not in [None, *ACTIVATIONS]:
            raise NotScored(f"The layer {name!r} has the activation {settings['activation']!r}, not on the list.")
        given = one.get("inputs")
        if not isinstance(given, list) or not 1 <= len(given) <= 3:
            raise NotScored(f"The layer {name!r} is called with no value, or with too many.")
        arguments = [_read_input(argument, position, inputs, name) for argument in given]
        step = Step(kind, name, settings, arguments)
        if not step.values() or (kind in LAYERS and len(arguments) > 1):
            raise NotScored(f"The layer {name!r} is called with no value, or with too many.")
        needed, optional = (words.split() for words in WEIGHTS.get(kind, ("", "")))
        step.weights = {key: left.pop(f"{position}/{key}") for key in needed + optional if f"{position}/{key}" in left}
        missing = [key for key in needed if key not in step.weights]
        if missing:
            raise NotScored(f"The layer {name!r} lacks its weights {missing[0]!r}.")
        steps.append(step)
    if left:
        raise NotScored(f"There are weights {short_text(min(left))!r}, which belong to no layer.")
    return steps


def _read_setting(value, name):
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float) and abs(value) <= 1e6:
        return value
    if isinstance(value, str) and _WORD.fullmatch(value):
        return value
    if isinstance(value, list) and len(value) <= 4096:
        return [_read_setting(one, name) for one in value]
    raise NotScored(f"The layer {name!r} has a setting {short_text(value)!r}, which is beyond reason.")


def _read_input(given, position, inputs, name):
    if isinstance(given, list):
        if len(given) > MOST_STEPS:
            raise NotScored(f"The layer {name!r} is called with {len(given):,} values, which is too many.")
        return [_read_input(one, position, inputs, name) for one in given]
    if given is None or (isinstance(given, int | float) and abs(given) <= 1e30):
        return given
    if isinstance(given, dict) and len(given) == 1:
        ((key, value),) = given.items()
        if key == "value" and type(value) is int and -inputs <= value < position:
            return Value(value)
        if key == "all" and value is True:
            return Ellipsis
        whole = isinstance(value, list) and all(one is None or (type(one) is int and abs(one) <= 1e6) for one in value)
        if key == "slice" and whole and len(value) == 3:
            return slice(*value)
        if key == "array":
            return _read_array(value, name)
    raise NotScored(f"The layer {name!r} is called with {short_text(given)!r}, which is no value before it.")


def _read_array(value, name):
    try:
        array = np.asarray(value, np.float32)
    except (TypeError, ValueError, OverflowError):
        array = np.zeros(0, np.float32)
    if not 0 < array.size <= LONGEST_CONSTANT or array.ndim > 6 or not np.isfinite(array).all():
        raise NotScored(f"The layer {name!r} is called with a constant that is no array of numbers.")
    return array


def short_text(text):
    """Make text from elsewhere fit for a sentence: one line of at most 100 printable characters."""
    text = str(text)[:200].encode("utf-8", "replace").decode("utf-8")
    text = "".join(letter if letter.isprintable() else " " for letter in text.split("\n")[0])
    return text[:100]
