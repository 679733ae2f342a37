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


def better_cnn(steps):
    """Build the network of notebook 07 that is trained from scratch in the time of 03's, compiled as it is there.

    Parameters
    ----------
    steps : int
        How many steps the training will take, which the learning-rate schedule has to know.

    Returns
    -------
    keras.Model
        386,602 parameters; takes RGB 0-255 (n, 88, 88, 3), gives probabilities (cat, dog); its labels are one-hot.
    """
    import keras
    from keras import layers

    def normalised_relu(x):
        return layers.Activation("relu")(layers.BatchNormalization()(x))

    inputs = keras.Input((88, 88, 3))
    x = layers.RandomCrop(80, 80)(layers.RandomFlip("horizontal")(inputs))
    x = layers.Rescaling(1 / 127.5, offset=-1)(x)
    for filters in (24, 48, 96, 128):
        x = layers.MaxPooling2D()(layers.Conv2D(filters, 3, padding="same", use_bias=False)(x))
        x = normalised_relu(x)
    x = normalised_relu(layers.Conv2D(192, 3, padding="same", use_bias=False)(x))
    x = layers.Dropout(0.3)(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, layers.Dense(2, activation="softmax", dtype="float32")(x), name="better_cnn")
    warmup = steps // 10
    schedule = keras.optimizers.schedules.CosineDecay(3e-4, steps - warmup, warmup_target=3e-3, warmup_steps=warmup)
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
    model.compile(keras.optimizers.AdamW(schedule, weight_decay=0.01), loss, metrics=["accuracy"])
    return model


def scratch_cnn():
    """Build the network of notebook 03, compiled as it is there.

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
    optimizer = keras.optimizers.Adam(3e-4, use_ema=True)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
