"""A small base with a head that tells drawn cats from drawn dogs: the model that notebook 01 opens with.

`python -m course_utils.sandbox.small_bases.cat_or_dog FOLDER` trains the head again, on the drawings in a data folder.
"""

import sys
from pathlib import Path

import cv2
import numpy as np

from course_utils.sandbox.small_bases import FOLDER, build_small_base

WEIGHTS = FOLDER / "cat_or_dog.weights.h5"
SIZE = 150
SEED = 0


def build_cat_or_dog():
    """Build the model with its trained weights.

    Returns
    -------
    keras.Model
        Takes RGB images 0-255, (n, 150, 150, 3), and gives the probabilities of cat and dog, (n, 2).
    """
    import keras

    base, preprocess = build_small_base("mini_vgg16", SIZE)
    head = _head(base.output_shape[1:])
    head.load_weights(WEIGHTS)
    inputs = keras.Input((SIZE, SIZE, 3))
    return keras.Model(inputs, head(base(preprocess(inputs), training=False)), name="cat_or_dog")


def train_head(data, file=WEIGHTS):
    """Train the head on the features of the 2,000 drawn training images, and save its weights.

    Parameters
    ----------
    data : str or pathlib.Path
        A data folder with ``cats-train`` and ``dogs-train`` of drawings.
    file : str or pathlib.Path
        Where the weights go; the name ends in ``.weights.h5``.
    """
    import keras

    paths = [sorted((Path(data) / f"{kind}s-train").glob("*.jpg")) for kind in ("cat", "dog")]
    labels = np.repeat([0, 1], [len(paths[0]), len(paths[1])])
    images = np.stack([_small(cv2.imread(str(path))[..., ::-1]) for path in paths[0] + paths[1]])
    base, preprocess = build_small_base("mini_vgg16", SIZE)
    starts = range(0, len(images), 32)
    features = np.concatenate([base.predict_on_batch(preprocess(images[start : start + 32])) for start in starts])
    keras.utils.set_random_seed(SEED)
    head = _head(features.shape[1:])
    head.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    head.fit(features, labels, epochs=30, verbose=2)
    head.save_weights(file)


def _head(feature_shape):
    import keras
    from keras import layers

    pooled = [layers.GlobalAveragePooling2D(), layers.Dense(2, activation="softmax")]
    return keras.Sequential([keras.Input(feature_shape), *pooled])


def _small(image):
    return cv2.resize(image, (SIZE, SIZE), interpolation=cv2.INTER_AREA)


if __name__ == "__main__":
    train_head(sys.argv[1])
