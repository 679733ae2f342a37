"""Load a pretrained convolutional base with the preprocessing it was trained with, and record its features."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from course_utils import settings
from course_utils.errors import CourseError
from course_utils.photos import source_of
from course_utils.sandbox.small_bases import SMALL_BASES, build_small_base
from course_utils.sources.download import download, fetch_weights, is_verified, weights_checksum

_KERAS = "https://storage.googleapis.com/tensorflow/keras-applications/"
_KERNELS = "weights_tf_dim_ordering_tf_kernels"

# Name -> (function in keras.applications, its module with preprocess_input, further arguments, address, hash).
# Addresses and md5 are those in keras.applications 3.15. For MobileNetV2 Keras has none: that of width 0.35, which
# stands in for VGG16, has a SHA-256 of ours.
REAL_BASES = {
    "VGG16": (
        "VGG16",
        "vgg16",
        {},
        f"{_KERAS}vgg16/vgg16_{_KERNELS}_notop.h5",
        "6d6bbae143d832006294945121d1f1fc",
    ),
    "Xception": (
        "Xception",
        "xception",
        {},
        f"{_KERAS}xception/xception_{_KERNELS}_notop.h5",
        "b0042744bf5b25fce3cb969f33bebb97",
    ),
    "InceptionV3": (
        "InceptionV3",
        "inception_v3",
        {},
        f"{_KERAS}inception_v3/inception_v3_{_KERNELS}_notop.h5",
        "bcbd6486424b2319ff4ef7d526e38f63",
    ),
    "MobileNetV2": (
        "MobileNetV2",
        "mobilenet_v2",
        {"alpha": 1.0},
        f"{_KERAS}mobilenet_v2/mobilenet_v2_{_KERNELS}_1.0_224_no_top.h5",
        None,
    ),
    "MobileNetV2-0.35": (
        "MobileNetV2",
        "mobilenet_v2",
        {"alpha": 0.35},
        f"{_KERAS}mobilenet_v2/mobilenet_v2_{_KERNELS}_0.35_224_no_top.h5",
        "d43c70f8ea04b1087170401b2f4739f41b94200e30892ea8d050ac65779146c6",
    ),
}

# Base -> (layer, side of it) at which its last block begins. In Keras's InceptionV3 the layers that follow are unnamed.
_LAST_BLOCKS = {
    "VGG16": ("block5_conv1", "input"),
    "Xception": ("block14_sepconv1", "input"),
    "InceptionV3": ("mixed9", "output"),
    "MobileNetV2": ("block_16_expand", "input"),
    "MobileNetV2-0.35": ("block_16_expand", "input"),
    "mini_vgg16": ("block5_conv1", "input"),
    "mini_xception": ("block12_sepconv1", "input"),
    "mini_mobilenet_v2": ("block_16_expand", "input"),
}


@dataclass(frozen=True)
class Base:
    """A pretrained convolutional base and what belongs to it.

    Attributes
    ----------
    name : str
        Such as ``"VGG16"`` or ``"mini_vgg16"``.
    model : keras.Model
        Without its top; takes preprocessed images (n, size, size, 3), gives feature maps (n, h, w, channels).
    preprocess : callable
        Turns RGB images 0-255, as an array or as a Keras tensor, into what ``model`` takes.
    origin : str
        Where the weights are from, in words.
    """

    name: str
    model: Any
    preprocess: Callable
    origin: str


def load_base(name=None, size=150):
    """Load a pretrained base: the one asked for, or the best one that can be had here.

    Without a name COURSE_BASE decides. Where that is unset too, drawn images get ``mini_vgg16``, which was
    pretrained on drawings; photos get VGG16 where its weights can be had, else MobileNetV2 of width 0.35. What
    was taken instead of VGG16 is printed in one line.

    Parameters
    ----------
    name : str, optional
        One of `REAL_BASES` or `SMALL_BASES`, such as ``"VGG16"``, ``"MobileNetV2-0.35"`` or ``"mini_vgg16"``.
    size : int
        Height and width of the images in pixels.

    Returns
    -------
    Base

    Raises
    ------
    CourseError
        For an unknown name or too small a size, or where the weights cannot be had.
    """
    asked = name or settings.base_name()
    if asked:
        return _build(known_base(asked, "The base" if name else "COURSE_BASE"), size)
    if _images_are_drawn():
        return _instead(_build("mini_vgg16", size), "the images are drawn, and so were those it was pretrained on")
    try:
        return _build("VGG16", size)
    except CourseError as missing:
        reason = str(missing)
    try:
        return _instead(_build("MobileNetV2-0.35", size), reason)
    except CourseError as missing:
        return _instead(_build("mini_vgg16", size), f"{reason.rstrip('.')}; {missing}")


def record_features(base, images, batch_size=32):
    """Run images through a base once and keep what comes out.

    Parameters
    ----------
    base : Base
        From `load_base`.
    images : numpy.ndarray
        RGB 0-255, (n, height, width, 3), uint8 or float.
    batch_size : int
        Images at a time.

    Returns
    -------
    numpy.ndarray
        float32 features, (n, h, w, channels), in the order of the images.

    Raises
    ------
    CourseError
        Where the images have another shape than the base takes.
    """
    expected = base.model.input_shape[1:]
    if np.shape(images)[1:] != expected or len(images) == 0:
        raise CourseError(
            f"{base.name} takes images of shape {expected}, these are {np.shape(images)}; "
            "load them with load_photos at the base's size."
        )
    features = np.empty((len(images), *base.model.output_shape[1:]), np.float32)
    for start in tqdm(range(0, len(images), batch_size), desc=f"features of {base.name}", unit="batch", leave=False):
        batch = base.preprocess(images[start : start + batch_size])
        features[start : start + batch_size] = base.model.predict_on_batch(batch)
    return features


def cut_before_last_block(base):
    """Cut a copy of a base in two, in front of its last block, so that the last block can be trained by itself.

    Parameters
    ----------
    base : Base
        From `load_base`; it stays as it is.

    Returns
    -------
    lower : Base
        All layers before the last block, frozen; its features can be recorded.
    last_block : keras.Model
        The rest: takes the features of ``lower`` (n, h, w, channels), gives those of ``base``. It is frozen too, until
        it is unfrozen.
    """
    import keras

    copy = keras.models.clone_model(base.model)
    copy.set_weights(base.model.get_weights())
    copy.trainable = False
    layer, side = _LAST_BLOCKS[base.name]
    cut = getattr(copy.get_layer(layer), side)
    lower = Base(f"{base.name} below its last block", keras.Model(copy.input, cut), base.preprocess, base.origin)
    return lower, keras.Model(cut, copy.output, name="last_block")


def unfreeze(part):
    """Let training change a part of a base, except its batch normalization, which keeps its recorded averages.

    Parameters
    ----------
    part : keras.Model
        Such as the last block from `cut_before_last_block`. A model that contains it must be compiled again.
    """
    import keras

    for layer in part.layers:
        layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)


def on_photos(base, *parts):
    """Build the whole model out of a base and what follows it: it takes plain photos.

    Parameters
    ----------
    base : Base
        The first part, with the preprocessing that belongs to it; used in prediction mode.
    *parts : keras.Model
        What follows, in order, such as a head, or a last block and a head.

    Returns
    -------
    keras.Model
        Takes RGB 0-255 (n, size, size, 3), gives what the last part gives; not compiled.
    """
    import keras

    inputs = keras.Input(base.model.input_shape[1:])
    x = base.model(base.preprocess(inputs), training=False)
    for part in parts:
        x = part(x)
    return keras.Model(inputs, x)


def known_base(asked, asked_by="The base"):
    """Find a base by its name, however that is capitalised.

    Parameters
    ----------
    asked : str
        The name.
    asked_by : str
        What an error calls the one who gave it, such as ``"COURSE_BASE"``.

    Returns
    -------
    str
        The name as in `REAL_BASES` or `SMALL_BASES`.

    Raises
    ------
    CourseError
        Where there is no such base.
    """
    names = [*REAL_BASES, *SMALL_BASES]
    for name in names:
        if name.lower() == asked.lower():
            return name
    raise CourseError(f"{asked_by} is {asked!r}, and there is no base of that name; choose one of {', '.join(names)}.")


def _images_are_drawn():
    try:
        return source_of("data") == "sandbox"
    except CourseError:
        # Nothing fetched yet: what will be, as far as that is settled.
        return settings.data_source() == "sandbox"


def _instead(base, reason):
    print(f"Base: {base.name} instead of VGG16, so numbers differ from the published ones ({reason.rstrip('.')}).")
    return base


def _build(name, size):
    if name in SMALL_BASES:
        model, preprocess = build_small_base(name, size)
        return Base(name, model, preprocess, "pretrained on drawn animals, comes with the course")
    import keras

    function, module, arguments, url, file_hash = REAL_BASES[name]
    path, origin = _weights(url, file_hash)
    try:
        model = getattr(keras.applications, function)(
            include_top=False, weights=None, input_shape=(size, size, 3), **arguments
        )
        model.load_weights(path)
        if not all(np.isfinite(weight).all() for weight in model.get_weights()):
            raise ValueError("some of its numbers are none")
    except (ValueError, OSError) as error:
        if "Input size must be at least" in str(error) or "negative dimension" in str(error).lower():
            raise CourseError(f"{name} cannot take images of {size} x {size} pixels; choose a larger size.") from None
        raise CourseError(f"{path} does not hold the weights of {name} ({error}); delete it and run again.") from None
    return Base(name, model, _on_a_copy(getattr(keras.applications, module).preprocess_input), origin)


def _weights(url, file_hash):
    """Find the weights: Keras's own folder, the mirror, Keras's address; verified where there is a hash."""
    file_name = url.rsplit("/", 1)[1]
    kept, checksum = settings.keras_home() / "models" / file_name, weights_checksum(file_hash)
    if kept.is_file() and (checksum is None or is_verified(kept, checksum)):
        return kept, "ImageNet weights from Keras's own folder"
    mirror = settings.mirror()
    if mirror and mirror.startswith("http"):
        try:
            path = download(f"{mirror}/keras/models/{file_name}", kept, checksum=checksum)
            return path, "ImageNet weights from the mirror"
        except CourseError:
            # The mirror need not hold every base; Keras's own address is next.
            pass
    elif mirror:
        path = Path(mirror) / "keras" / "models" / file_name
        if path.is_file() and (checksum is None or is_verified(path, checksum)):
            return path, "ImageNet weights from the mirror"
    try:
        return fetch_weights(url, file_name, file_hash), "ImageNet weights from Keras's address"
    except CourseError as error:
        if not kept.is_file():
            raise
        raise CourseError(
            f"{kept} does not hold the weights that it should (its checksum is another), and they could not be had "
            f"elsewhere ({str(error).rstrip('.')}); delete it and run again."
        ) from None


def _on_a_copy(preprocess_input):
    def preprocess(images):
        # Keras's function changes a NumPy array of floats in place, and the images are the student's.
        if isinstance(images, np.ndarray):
            images = images.astype(np.float32)
        return preprocess_input(images)

    return preprocess
