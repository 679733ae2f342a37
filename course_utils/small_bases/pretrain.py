"""Pretrain one of the small bases: `python -m course_utils.small_bases.pretrain NAME`.

Draws animals of the kinds that are neither cats nor dogs, trains the base to tell them apart, mostly on small images
and at the end at full size, writes the weights beside this file, and records in scores.json how it was done and how
well it went.
"""

import argparse
import datetime
import hashlib
import json
import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from course_utils import drawing, scenes, settings, small_bases

SIZE = 150
SEED = 77
IMAGES = 16_800
VALIDATION_IMAGES = 700
BATCH = 64
# Height and width in pixels, and epochs: an epoch on the small images takes less than half the time.
STAGES = {
    "mini_vgg16": ((96, 6), (SIZE, 2)),
    "mini_mobilenet_v2": ((96, 5), (SIZE, 1)),
    "mini_xception": ((96, 5), (SIZE, 1)),
}
LEARNING_RATE = 4e-3
# VGG16's preprocessing leaves values of up to 152; the network is trained on a sixtieth of them, and the sixtieth is
# folded into the kernel of the first layer afterwards.
VGG16_SCALE = 60.0


def _draw(split, indices):
    cv2.setNumThreads(1)
    images = np.empty((len(indices), SIZE, SIZE, 3), np.uint8)
    for row, index in enumerate(indices):
        kind = drawing.PRETRAINING_KINDS[index % len(drawing.PRETRAINING_KINDS)]
        picture = drawing.draw_animal(kind, SEED, split, index)
        images[row] = cv2.resize(picture, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    return images


def pretraining_images(split, count):
    """Draw a pretraining split with worker processes, and keep it in the cache folder for the other bases.

    Parameters
    ----------
    split : str
        "pretrain" or "pretrain-validation".
    count : int
        Number of images; their kinds take turns.

    Returns
    -------
    images : uint8 (count, 150, 150, 3), RGB
    labels : int64 (count,)
        Position of the kind in `course_utils.drawing.PRETRAINING_KINDS`.
    """
    labels = np.arange(count) % len(drawing.PRETRAINING_KINDS)
    source = b"".join(Path(module.__file__).read_bytes() for module in (drawing, scenes))
    path = settings.cache_folder() / f"{split}-{SEED}-{count}-{hashlib.sha256(source).hexdigest()[:12]}.npy"
    if path.exists():
        return np.load(path), labels
    batches = [range(start, min(start + 100, count)) for start in range(0, count, 100)]
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        images = np.concatenate(list(pool.map(_draw, [split] * len(batches), batches)))
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{os.getpid()}-{path.name}")
    np.save(part, images)
    os.replace(part, path)
    return images, labels


def resized(images, size):
    """The images at another size, uint8 (n, size, size, 3)."""
    if images.shape[1] == size:
        return images
    return np.stack([cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA) for image in images])


def with_batch_normalization(base):
    """The mini-VGG16 for pretraining: batch normalization after every convolution, and inputs divided by 60."""
    import keras
    from keras import layers

    inputs = keras.Input((None, None, 3))
    x = layers.Rescaling(1 / VGG16_SCALE)(inputs)
    for layer in base.layers[1:]:
        if isinstance(layer, layers.MaxPooling2D):
            x = layers.MaxPooling2D(2)(x)
            continue
        x = layers.Conv2D(
            layer.filters, 3, padding="same", use_bias=False, kernel_initializer="he_normal", name=layer.name
        )(x)
        x = layers.BatchNormalization(name=f"{layer.name}_bn")(x)
        x = layers.ReLU()(x)
    return keras.Model(inputs, x)


def fold(trained, base):
    """Put each batch normalization of the trained network into the plain convolution before it."""
    first = True
    for layer in base.layers:
        if not layer.weights:
            continue
        normalization = trained.get_layer(f"{layer.name}_bn")
        kernel, gamma, beta, mean, variance = (
            np.asarray(value, np.float64)
            for value in (
                trained.get_layer(layer.name).kernel,
                normalization.gamma,
                normalization.beta,
                normalization.moving_mean,
                normalization.moving_variance,
            )
        )
        scale = gamma / np.sqrt(variance + normalization.epsilon)
        kernel = kernel * scale / (VGG16_SCALE if first else 1.0)
        layer.set_weights([kernel.astype(np.float32), (beta - mean * scale).astype(np.float32)])
        first = False


def train(network, name, images, labels, validation_images, validation_labels):
    """Train a network without top on the drawn kinds; returns its validation accuracy."""
    import keras
    from keras import layers

    class Batches(keras.utils.PyDataset):
        """Shuffled batches, each image mirrored or not."""

        def __init__(self, images, seed):
            super().__init__(workers=1)
            self.images, self.rng = images, np.random.default_rng(seed)
            self.on_epoch_end()

        def __len__(self):
            return len(self.images) // BATCH

        def __getitem__(self, number):
            chosen = np.sort(self.order[number * BATCH : (number + 1) * BATCH])
            batch = self.images[chosen]
            mirrored = self.rng.random(BATCH) < 0.5
            batch[mirrored] = batch[mirrored, :, ::-1]
            return batch, labels[chosen]

        def on_epoch_end(self):
            self.order = self.rng.permutation(len(self.images))

    for layer in network.layers:
        if isinstance(layer, layers.BatchNormalization):
            # Keras's 0.99 and MobileNetV2's 0.999 average over more steps than there are.
            layer.momentum = 0.95
    inputs = keras.Input((None, None, 3), dtype="uint8")
    x = network(small_bases.preprocessing(name)(inputs))
    outputs = layers.Dense(len(drawing.PRETRAINING_KINDS))(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, outputs)
    steps = sum(epochs for _, epochs in STAGES[name]) * (len(images) // BATCH)
    warm_up = steps // 15
    rate = keras.optimizers.schedules.CosineDecay(
        1e-4, steps - warm_up, 0.01, warmup_target=LEARNING_RATE, warmup_steps=warm_up
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    for stage, (size, epochs) in enumerate(STAGES[name]):
        batches = Batches(resized(images, size), SEED + stage)
        validation = (resized(validation_images, size), validation_labels)
        history = model.fit(batches, epochs=epochs, validation_data=validation, verbose=2)
    return history.history["val_accuracy"][-1]


def pretrain(name):
    """Pretrain one small base, write its weights and add its entry to scores.json."""
    import keras
    import tensorflow

    begin = time.time()
    images, labels = pretraining_images("pretrain", IMAGES)
    validation = pretraining_images("pretrain-validation", VALIDATION_IMAGES)
    drawn = time.time()
    print(f"{IMAGES + VALIDATION_IMAGES} images after {drawn - begin:.0f} s", flush=True)
    keras.utils.set_random_seed(SEED)
    base = small_bases.build_architecture(name, SIZE)
    network = with_batch_normalization(base) if name == "mini_vgg16" else small_bases.build_architecture(name, None)
    accuracy = train(network, name, images, labels, *validation)
    if name == "mini_vgg16":
        fold(network, base)
        test = small_bases.preprocessing(name)(validation[0][:50])
        difference = np.abs(base.predict(test, verbose=0) - network.predict(test, verbose=0)).max()
        print(f"largest difference after folding: {difference:.1e}")
    else:
        base.set_weights(network.get_weights())
    path = small_bases.weights_path(name)
    part = path.with_name(f"part-{path.name}")
    base.save_weights(part)
    os.replace(part, path)

    scores_path = small_bases.FOLDER / "scores.json"
    scores = json.loads(scores_path.read_text()) if scores_path.exists() else {}
    scores[name] = {
        "date": datetime.date.today().isoformat(),
        "seed": SEED,
        "images": IMAGES,
        "kinds": list(drawing.PRETRAINING_KINDS),
        "stages": [{"size": size, "epochs": epochs} for size, epochs in STAGES[name]],
        "seconds_drawing": round(drawn - begin),
        "seconds_training": round(time.time() - drawn),
        "validation_accuracy": round(accuracy, 4),
        "parameters": base.count_params(),
        "bytes": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "versions": {
            "tensorflow": tensorflow.__version__,
            "keras": keras.__version__,
            "opencv": cv2.__version__,
            "numpy": np.__version__,
        },
    }
    scores_path.write_text(json.dumps(scores, indent=2) + "\n")
    print(json.dumps(scores[name], indent=2))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Pretrain one of the small bases on drawn animals.")
    parser.add_argument("name", choices=small_bases.ARCHITECTURES)
    pretrain(parser.parse_args().name)
