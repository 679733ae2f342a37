"""Pretrain one of the small bases: `python -m course_utils.sandbox.small_bases.pretrain NAME [--again]`.

Draws animals of the kinds that are neither cats nor dogs, trains the base to tell them apart, writes the weights
beside this file, and records in scores.json how it was done and how well it went. mini_vgg16 comes first: the other two
also learn to imitate its feature maps, without which they hardly start on so few images. `--again` goes on from the
weights that are there, for as many epochs as the first time, with other shuffles.
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

from course_utils import settings
from course_utils.sandbox import drawing, scenes, small_bases

SIZE = 150
SEED = 77
IMAGES = 16_800
VALIDATION_IMAGES = 700
BATCH = 64
# Height and width in pixels, and epochs: an epoch on the small images takes less than half the time.
STAGES = {
    "mini_vgg16": ((96, 6), (SIZE, 2)),
    # At 128 pixels, a multiple of 32, their maps have the same sizes as the teacher's.
    "mini_mobilenet_v2": ((128, 6),),
    "mini_xception": ((128, 6),),
}
LEARNING_RATES = {"mini_vgg16": 4e-3, "mini_mobilenet_v2": 2e-3, "mini_xception": 2e-3}
# The teacher's layers with maps of an 8th, a 16th and a 32nd of the image's height, and the pupils' last layers there.
TEACHER = "mini_vgg16"
TEACHER_LAYERS = ("block3_pool", "block4_pool", "block5_pool")
PUPIL_LAYERS = {
    "mini_mobilenet_v2": ("block_6_expand_relu", "block_13_expand_relu", "out_relu"),
    "mini_xception": ("block4_sepconv2_bn", "block11_sepconv2_bn", "block12_sepconv2_act"),
}
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
        Position of the kind in `course_utils.sandbox.drawing.PRETRAINING_KINDS`.
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


def differences_from_teacher(network, name, images, inputs):
    """Build what a pupil's feature maps still lack of the teacher's, to be trained towards zero.

    Parameters
    ----------
    network : keras.Model
        The pupil, without top.
    name : str
        A key of `PUPIL_LAYERS`.
    images : uint8 (n, height, width, 3), RGB
        Some images, to learn the mean and the spread of the teacher's maps.
    inputs : keras.KerasTensor (None, height, width, 3)
        RGB, 0-255.

    Returns
    -------
    maps : list of keras.KerasTensor
        The pupil's maps; the last is its output.
    differences : list of keras.KerasTensor
        For each map its best linear guess at the teacher's standardized one, minus that one.
    """
    import keras
    from keras import layers

    teacher, preprocess = small_bases.build_small_base(TEACHER, images.shape[1])
    teacher = keras.Model(teacher.input, [teacher.get_layer(layer).output for layer in TEACHER_LAYERS])
    teacher.trainable = False
    measured = teacher.predict_on_batch(preprocess(images))
    pupil = keras.Model(network.input, [network.get_layer(layer).output for layer in PUPIL_LAYERS[name]])
    maps = pupil(small_bases.preprocessing(name)(inputs))
    differences = []
    for own, theirs, some in zip(maps, teacher(preprocess(inputs)), measured, strict=True):
        # A twentieth of the whole spread more: a channel that is nearly always zero must not count for much.
        spread = some.std((0, 1, 2)) + 0.05 * some.std()
        standardized = (theirs - some.mean((0, 1, 2))) / spread
        differences.append(layers.Conv2D(theirs.shape[-1], 1)(own) - standardized)
    return maps, differences


def train(network, name, images, labels, validation_images, validation_labels, seed):
    """Train a network without top on the drawn kinds; returns its validation accuracy."""
    import keras
    from keras import layers, ops

    first_size = STAGES[name][0][0]
    inputs = keras.Input((None, None, 3), dtype="uint8")
    if name in PUPIL_LAYERS:
        maps, differences = differences_from_teacher(network, name, resized(images[:512], first_size), inputs)
        x = maps[-1]
    else:
        x, differences = network(small_bases.preprocessing(name)(inputs)), []

    class Batches(keras.utils.PyDataset):
        """Shuffled batches, each image mirrored or not; the differences from a teacher have no label."""

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
            return batch, (labels[chosen], *[labels[chosen]] * len(differences))

        def on_epoch_end(self):
            self.order = self.rng.permutation(len(self.images))

    for layer in network.layers:
        if isinstance(layer, layers.BatchNormalization):
            # Keras's 0.99 and MobileNetV2's 0.999 average over more steps than there are.
            layer.momentum = 0.95
    outputs = layers.Dense(len(drawing.PRETRAINING_KINDS), name="kinds")(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, [outputs, *differences])
    steps = sum(epochs for _, epochs in STAGES[name]) * (len(images) // BATCH)
    warm_up = steps // 15
    rate = keras.optimizers.schedules.CosineDecay(
        1e-4, steps - warm_up, 0.01, warmup_target=LEARNING_RATES[name], warmup_steps=warm_up
    )
    losses = [keras.losses.SparseCategoricalCrossentropy(from_logits=True)]
    losses += [lambda _, difference: ops.mean(ops.square(difference), axis=(1, 2, 3))] * len(differences)
    model.compile(keras.optimizers.Adam(rate), losses, metrics=[["accuracy"], *[[]] * len(differences)])
    for stage, (size, epochs) in enumerate(STAGES[name]):
        model.fit(Batches(resized(images, size), seed + stage), epochs=epochs, verbose=2)
    scores = keras.Model(inputs, outputs).predict(resized(validation_images, SIZE), verbose=0)
    return float((scores.argmax(axis=1) == validation_labels).mean())


def pretrain(name, again=False):
    """Pretrain one small base, write its weights and add its entry to scores.json."""
    import keras
    import tensorflow

    begin = time.time()
    images, labels = pretraining_images("pretrain", IMAGES)
    validation = pretraining_images("pretrain-validation", VALIDATION_IMAGES)
    drawn = time.time()
    print(f"{IMAGES + VALIDATION_IMAGES} images after {drawn - begin:.0f} s", flush=True)
    scores_path = small_bases.FOLDER / "scores.json"
    scores = json.loads(scores_path.read_text()) if scores_path.exists() else {}
    before = scores[name] if again else {"rounds": 0, "seconds_training": 0}
    seed = SEED + 10 * before["rounds"]
    keras.utils.set_random_seed(seed)
    base = small_bases.build_architecture(name, SIZE)
    network = with_batch_normalization(base) if name == "mini_vgg16" else small_bases.build_architecture(name, None)
    if again:
        network.load_weights(small_bases.weights_path(name))
    accuracy = train(network, name, images, labels, *validation, seed)
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

    scores[name] = {
        "date": datetime.date.today().isoformat(),
        "seed": SEED,
        "images": IMAGES,
        "kinds": list(drawing.PRETRAINING_KINDS),
        "stages": [{"size": size, "epochs": epochs} for size, epochs in STAGES[name]],
        "rounds": before["rounds"] + 1,
        "seconds_drawing": round(drawn - begin),
        "seconds_training": before["seconds_training"] + round(time.time() - drawn),
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
    parser.add_argument("--again", action="store_true", help="go on from the weights that are there (not mini_vgg16)")
    arguments = parser.parse_args()
    if arguments.again and arguments.name == TEACHER:
        # Its batch normalization is folded away, and with it what such a training would go on from.
        parser.error(f"{TEACHER} can only be trained from the start")
    pretrain(arguments.name, arguments.again)
