"""``python -m tools.readme_picture``: draw the picture of README and start page, from a short training."""

import sys

from course_utils.errors import exit_code
from course_utils.files import written_whole
from tools.environment import checkout_root

EPOCHS = 10
# Drawings that show the whole animal, large.
SHOWN = {"cats-test": (1, 3, 4), "dogs-test": (0, 2, 6)}


def main():
    """Train the networks of 03 and 04 on the drawings in data/, and draw what a student will have built."""
    import keras
    import numpy as np
    from keras import layers
    from sklearn.model_selection import train_test_split

    from course_utils import fetch_photos, load_base, load_photos, photo_paths, record_features
    from course_utils.training import scratch_cnn

    data = fetch_photos(checkout_root() / "data")
    images = load_photos(photo_paths(data / "dogs-train") + photo_paths(data / "cats-train"))
    labels = np.array([1] * 1000 + [0] * 1000)
    fit, held_out = train_test_split(np.arange(2000), test_size=400, stratify=labels, random_state=0)
    keras.utils.set_random_seed(0)
    scratch = scratch_cnn()
    curves = {"your network from scratch (03)": fitted(scratch, images, labels, fit, held_out)}
    base = load_base("mini_vgg16")
    pooled = [layers.GlobalAveragePooling2D(), layers.Dense(2, activation="softmax", dtype="float32")]
    head = keras.Sequential([keras.Input(base.model.output_shape[1:]), *pooled])
    head.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    features = record_features(base, images)
    curves["your head on a pretrained base (04)"] = fitted(head, features, labels, fit, held_out)
    inputs = keras.Input((150, 150, 3))
    model = keras.Model(inputs, head(base.model(base.preprocess(inputs), training=False)))
    shown = load_photos([photo_paths(data / folder)[place] for folder, places in SHOWN.items() for place in places])
    file = checkout_root() / "docs" / "pictures" / "strip.png"
    draw(shown, curves, heat_of(model, shown), model.predict(shown, verbose=0), file)
    print(f"wrote {file}")


def fitted(model, inputs, labels, fit, held_out):
    """Train a model, and give its validation accuracy by epoch."""
    history = model.fit(
        inputs[fit], labels[fit], epochs=EPOCHS, verbose=0, validation_data=(inputs[held_out], labels[held_out])
    )
    return history.history["val_accuracy"]


def heat_of(model, images):
    """Say where in each image the model found its evidence, laid over the image."""
    from course_utils.explain import grad_cam, map_layers, overlay

    return overlay(images, grad_cam(model, images, map_layers(model)[-1]))


def draw(images, curves, heat, probabilities, file):
    """Draw images, curves and heat maps side by side.

    Parameters
    ----------
    images, heat : numpy.ndarray
        uint8 of shape (6, 150, 150, 3): the images, and the same with heat maps laid over them.
    curves : dict of str to list of float
        Name -> validation accuracy by epoch.
    probabilities : numpy.ndarray
        Of shape (6, 2): cat and dog.
    file : pathlib.Path
        Where the PNG goes.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(12, 3.9), layout="constrained", facecolor="white")
    left, middle, right = figure.subfigures(1, 3, width_ratios=(1, 1.05, 1))
    for part, pictures, title in ((left, images, "3,000 pictures"), (right, heat, "where it looks, how sure it is")):
        part.suptitle(title, fontsize=13)
        for place, (axes, picture) in enumerate(zip(part.subplots(2, 3).flat, pictures, strict=True)):
            axes.imshow(picture)
            axes.axis("off")
            if pictures is heat:
                answer = probabilities[place].argmax()
                axes.set_title(f"{('cat', 'dog')[answer]} {probabilities[place, answer]:.0%}", fontsize=10)
    middle.suptitle("two networks, trained by you", fontsize=13)
    axes = middle.subplots()
    # Okabe and Ito's colours, which colour-blind readers tell apart; the markers differ as well.
    for (name, values), colour, marker in zip(curves.items(), ("#D55E00", "#0072B2"), "os", strict=True):
        axes.plot(range(1, len(values) + 1), values, f"-{marker}", color=colour, label=name)
    axes.set(xlabel="epoch", ylabel="right, of 400 others", ylim=(0.45, 1))
    axes.legend(fontsize=9, loc="lower right")
    axes.grid(alpha=0.3)
    with written_whole(file) as part:
        figure.savefig(part, dpi=100, format="png")
    plt.close(figure)


if __name__ == "__main__":
    sys.exit(exit_code(main))
