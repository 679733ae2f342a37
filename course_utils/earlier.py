"""What an earlier notebook left: its saved model, or a stand-in for those who run a later notebook alone."""

from course_utils.settings import course_path


def earlier_model(data, name, train):
    """Load a model that an earlier notebook saved, or train a stand-in, and say in one line which.

    A saved model that is older than the images was trained on others, and is not used.

    Parameters
    ----------
    data : str or pathlib.Path
        The data folder; the model is looked for in ``models`` beside it.
    name : str
        The model's name, such as ``"scratch"`` for ``models/scratch.keras``.
    train : callable
        Called without arguments where there is no such model; gives a trained one.

    Returns
    -------
    keras.Model
    """
    import keras

    data = course_path(data)
    saved = data.parent / "models" / f"{name}.keras"
    images_since = max(path.stat().st_mtime for path in data.glob("*s-t*"))
    if saved.is_file() and saved.stat().st_mtime >= images_since:
        print(f"The {name} model is the one that an earlier notebook saved.")
        return keras.saving.load_model(saved, compile=False)
    print(f"No earlier notebook has saved a {name} model for these images: one is trained here, more briefly.")
    return train()


def scratch_cnn():
    """Build the network of notebook 03, compiled with the learning rate that was chosen there.

    Returns
    -------
    keras.Sequential
        3,453,634 parameters; takes RGB 0-255 (n, 150, 150, 3), gives probabilities (cat, dog).
    """
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((150, 150, 3)), layers.Rescaling(1 / 127.5, offset=-1)])
    for filters in (32, 64, 128, 128):
        model.add(layers.Conv2D(filters, 3, activation="relu"))
        model.add(layers.MaxPooling2D())
    model.add(layers.Flatten())
    model.add(layers.Dense(512, activation="relu"))
    model.add(layers.Dense(2, activation="softmax", dtype="float32"))
    model.compile(keras.optimizers.Adam(3e-4), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
