"""The published ways of L1 (ML-21, Q2-Q5), written anew, faithful to what they cost: the course is timed against them.

Nothing here is to be imitated: each function carries the mistakes that the notebooks show (M1-M3, M5, M6).
"""

import os

import cv2
import numpy as np


def photos_to_array(dogs, cats):
    """Q2: turn the photos of two folders into one array of floats, as published.

    The array is grown photo by photo, which copies all of it each time (M2); the folder is listed again for each
    photo (M2, M5); the channels stay in OpenCV's order (M1); the division makes 64-bit floats (M3).

    Parameters
    ----------
    dogs, cats : str
        The two folders.

    Returns
    -------
    numpy.ndarray
        float64, (n, 150, 150, 3), values 0-1, dogs first.
    """
    images = photo_to_tensor(os.path.join(dogs, os.listdir(dogs)[0]))
    for number in range(1, len(os.listdir(dogs))):
        images = np.concatenate([images, photo_to_tensor(os.path.join(dogs, os.listdir(dogs)[number]))])
    for number in range(len(os.listdir(cats))):
        images = np.concatenate([images, photo_to_tensor(os.path.join(cats, os.listdir(cats)[number]))])
    return images / 255


def photo_to_tensor(path):
    """One photo as an array (1, 150, 150, 3), resized by Lanczos's method, blue-green-red."""
    image = cv2.resize(cv2.imread(path), (150, 150), interpolation=cv2.INTER_LANCZOS4)
    return image.reshape(1, 150, 150, 3)


def plain_loop(paths):
    """Decode and resize photo by photo and keep nothing: the least that a loop without any mistake takes.

    Parameters
    ----------
    paths : list of str
        The photos.
    """
    for path in paths:
        photo_to_tensor(path)


def scratch_cnn():
    """Q3: the small network, for inputs of 0-1.

    Returns
    -------
    keras.Sequential
        3,453,634 parameters, compiled with Adam's default learning rate (M17).
    """
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((150, 150, 3))])
    for filters in (32, 64, 128, 128):
        model.add(layers.Conv2D(filters, 3, activation="relu"))
        model.add(layers.MaxPooling2D())
    model.add(layers.Flatten())
    model.add(layers.Dense(512, activation="relu"))
    model.add(layers.Dense(2, activation="softmax"))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def frozen_vgg16():
    """Q4: VGG16 frozen under a head, to be trained end to end in Q5: every epoch runs every photo through the base.

    Returns
    -------
    keras.Sequential
        18,910,530 parameters, 4,195,842 of them trainable; random weights, which take the same time.
    """
    import keras
    from keras import layers

    base = keras.applications.VGG16(weights=None, include_top=False, input_shape=(150, 150, 3))
    base.trainable = False
    model = keras.Sequential(
        [
            keras.Input((150, 150, 3)),
            base,
            layers.Flatten(),
            layers.Dense(512, activation="relu"),
            layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
