"""Three small convolutional bases, pretrained on drawn animals other than cats and dogs (README.md beside this file).

They stand in for VGG16, MobileNetV2 and Xception where the ImageNet weights cannot be had, with the same preprocessing.
"""

from pathlib import Path

from course_utils.errors import CourseError

ARCHITECTURES = ("mini_vgg16", "mini_mobilenet_v2", "mini_xception")
FOLDER = Path(__file__).parent
# Those that `pretrain` has trained: only their weights can be loaded.
SMALL_BASES = tuple(name for name in ARCHITECTURES if (FOLDER / f"{name}.weights.h5").is_file())

# VGG16's thirteen convolutions, block by block, each an eighth as wide.
VGG16_WIDTHS = ((8, 8), (16, 16), (32, 32, 32), (64, 64, 64), (64, 64, 64))
MOBILENET_ALPHA = 0.25
# Xception's widths (32, 64; 128, 256, 728; 728; 1024, 1536, 2048), narrowed.
XCEPTION_ENTRY, XCEPTION_BLOCKS, XCEPTION_MIDDLE, XCEPTION_EXIT = (8, 16), (24, 40, 72), 6, (96, 128, 192)


def weights_path(name):
    """The file with the committed weights of a small base."""
    return FOLDER / f"{name}.weights.h5"


def build_small_base(name, size=150):
    """Build a small base with its pretrained weights, without the classifying layers on top.

    Parameters
    ----------
    name : str
        One of `SMALL_BASES`.
    size : int
        Height and width of its input in pixels, at least 32.

    Returns
    -------
    base : keras.Model
        Takes preprocessed float (n, size, size, 3) and gives float feature maps (n, height, width, channels).
    preprocess : callable
        Turns RGB 0-255, an array or a tensor, into what the base expects; works inside a Keras model too.

    Raises
    ------
    CourseError
        Where the name is none of `SMALL_BASES`, or where its weights are missing or unreadable.
    """
    base, preprocess = build_architecture(name, size), preprocessing(name)
    path = weights_path(name)
    try:
        base.load_weights(path)
    except (OSError, ValueError) as error:
        raise CourseError(
            f"The weights of {name} could not be read from {path}; install the course again to restore the file."
        ) from error
    return base, preprocess


def build_architecture(name, size):
    """The layers of a small base, without its pretrained weights."""
    if name == "mini_vgg16":
        return _vgg16(size)
    if name == "mini_mobilenet_v2":
        import keras

        return keras.applications.MobileNetV2(
            input_shape=(size, size, 3), alpha=MOBILENET_ALPHA, include_top=False, weights=None, name=name
        )
    if name == "mini_xception":
        return _xception(size)
    raise CourseError(f"There is no small base {name!r}; choose one of {', '.join(SMALL_BASES)}.")


def preprocessing(name):
    """The preprocessing that belongs to a small base, as in keras.applications."""
    return subtract_imagenet_mean if name == "mini_vgg16" else scale_to_one


def subtract_imagenet_mean(images):
    """Preprocess as VGG16 does: RGB becomes BGR, and the mean colour of ImageNet is subtracted.

    Parameters
    ----------
    images : array or tensor (..., 3)
        RGB, 0-255, of any number type.

    Returns
    -------
    tensor (..., 3)
        BGR, float32, about -124 to 152. The means are those of `keras.applications.vgg16.preprocess_input`.
    """
    from keras import ops

    return ops.flip(ops.cast(images, "float32"), -1) - ops.array([103.939, 116.779, 123.68], "float32")


def scale_to_one(images):
    """Preprocess as MobileNetV2 and Xception do: 0-255 becomes -1 to 1.

    Parameters
    ----------
    images : array or tensor (..., 3)
        RGB, 0-255, of any number type.

    Returns
    -------
    tensor (..., 3)
        RGB, float32, as by `keras.applications.mobilenet_v2.preprocess_input`.
    """
    from keras import ops

    return ops.cast(images, "float32") / 127.5 - 1.0


def _vgg16(size):
    import keras
    from keras import layers

    inputs = x = keras.Input((size, size, 3))
    for block, widths in enumerate(VGG16_WIDTHS, 1):
        for number, width in enumerate(widths, 1):
            name = f"block{block}_conv{number}"
            x = layers.Conv2D(width, 3, padding="same", activation="relu", name=name)(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    return keras.Model(inputs, x, name="mini_vgg16")


def _xception(size):
    import keras
    from keras import layers

    def separable(x, width, name, activation_first=True):
        if activation_first:
            x = layers.ReLU(name=f"{name}_act")(x)
        x = layers.SeparableConv2D(width, 3, padding="same", use_bias=False, name=name)(x)
        return layers.BatchNormalization(name=f"{name}_bn")(x)

    def shortcut(x, width, name):
        x = layers.Conv2D(width, 1, strides=2, padding="same", use_bias=False, name=name)(x)
        return layers.BatchNormalization(name=f"{name}_bn")(x)

    inputs = x = keras.Input((size, size, 3))
    for number, width in enumerate(XCEPTION_ENTRY, 1):
        name = f"block1_conv{number}"
        x = layers.Conv2D(width, 3, strides=3 - number, use_bias=False, name=name)(x)
        x = layers.BatchNormalization(name=f"{name}_bn")(x)
        x = layers.ReLU(name=f"{name}_act")(x)
    for block, width in enumerate(XCEPTION_BLOCKS, 2):
        residual = shortcut(x, width, f"block{block}_shortcut")
        x = separable(x, width, f"block{block}_sepconv1", activation_first=block > 2)
        x = separable(x, width, f"block{block}_sepconv2")
        x = layers.MaxPooling2D(3, 2, padding="same", name=f"block{block}_pool")(x)
        x = layers.Add(name=f"block{block}_add")([x, residual])
    width, block = XCEPTION_BLOCKS[-1], len(XCEPTION_BLOCKS) + 1
    for _ in range(XCEPTION_MIDDLE):
        block, residual = block + 1, x
        for number in (1, 2, 3):
            x = separable(x, width, f"block{block}_sepconv{number}")
        x = layers.Add(name=f"block{block}_add")([x, residual])
    block += 1
    residual = shortcut(x, XCEPTION_EXIT[0], f"block{block}_shortcut")
    x = separable(x, width, f"block{block}_sepconv1")
    x = separable(x, XCEPTION_EXIT[0], f"block{block}_sepconv2")
    x = layers.MaxPooling2D(3, 2, padding="same", name=f"block{block}_pool")(x)
    x = layers.Add(name=f"block{block}_add")([x, residual])
    for number, width in enumerate(XCEPTION_EXIT[1:], 1):
        x = separable(x, width, f"block{block + 1}_sepconv{number}", activation_first=False)
        x = layers.ReLU(name=f"block{block + 1}_sepconv{number}_act")(x)
    return keras.Model(inputs, x, name="mini_xception")
