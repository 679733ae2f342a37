"""What `peers.py` times: the same work by the course and by what people would use instead.

``python peer_tasks.py NAME ARGUMENTS`` is one measurement in a process of its own. The arguments are one JSON object;
the last line printed is one, too. It imports the course only where the course is measured: the other ways run in an
environment without it.
"""

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

SIZE, BATCH, EPOCHS = 150, 32, 5
VGG16 = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))


def main():
    name, arguments = sys.argv[1], json.loads(sys.argv[2])
    print(json.dumps(TASKS[name](**arguments)))


def seconds_of(work):
    """Time some work."""
    begun = time.perf_counter()
    work()
    return {"seconds": time.perf_counter() - begun}


def photos_to_array(way, folder):
    """Seconds to load all photos of a folder, which holds one folder for each class, into one array."""
    with tempfile.TemporaryDirectory() as few:
        # One photo of each class first: the imports and the start of the decoders are not what is timed.
        for kind in Path(folder).iterdir():
            (Path(few) / kind.name).mkdir()
            shutil.copy(next(kind.glob("*.jpg")), Path(few) / kind.name)
        LOADERS[way](few)
    return seconds_of(lambda: LOADERS[way](folder))


# Each loader gives uint8 (n, 150, 150, 3): class by class, in the order of the names.


def load_by_the_course(folder):
    """By `load_photos`."""
    from course_utils import load_photos

    return load_photos(sorted(Path(folder).glob("*/*.jpg")))


def load_by_keras(folder):
    """By Keras's own loader of folders."""
    import keras

    photos = keras.utils.image_dataset_from_directory(
        folder, image_size=(SIZE, SIZE), batch_size=BATCH, shuffle=False, verbose=False
    )
    return np.concatenate([batch.numpy().astype(np.uint8) for batch, _ in photos])


def load_by_tf_data(folder):
    """By tf.data, decoding in parallel."""
    import tensorflow as tf

    def read(path):
        photo = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
        return tf.cast(tf.round(tf.image.resize(photo, (SIZE, SIZE), method="area")), tf.uint8)

    paths = tf.data.Dataset.list_files(f"{folder}/*/*.jpg", shuffle=False)
    batches = paths.map(read, num_parallel_calls=tf.data.AUTOTUNE).batch(BATCH).prefetch(tf.data.AUTOTUNE)
    return np.concatenate([batch.numpy() for batch in batches])


def load_by_torchvision(folder):
    """By torchvision's `ImageFolder` and a loader with two workers."""
    from torch.utils.data import DataLoader
    from torchvision import transforms
    from torchvision.datasets import ImageFolder

    steps = transforms.Compose([transforms.Resize((SIZE, SIZE)), transforms.PILToTensor()])
    batches = DataLoader(ImageFolder(folder, steps), batch_size=BATCH, num_workers=2)
    return np.concatenate([batch.permute(0, 2, 3, 1).numpy() for batch, _ in batches])


def load_by_pillow(folder):
    """By a loop over Pillow, as it is usually written."""
    from PIL import Image

    photos = []
    for path in sorted(Path(folder).glob("*/*.jpg")):
        with Image.open(path) as photo:
            photos.append(np.asarray(photo.convert("RGB").resize((SIZE, SIZE))))
    return np.array(photos)


LOADERS = {
    "course": load_by_the_course,
    "keras": load_by_keras,
    "tf.data": load_by_tf_data,
    "torchvision": load_by_torchvision,
    "pillow": load_by_pillow,
}


# An epoch of the scratch CNN, on random photos: what is in them does not change the time.


def photos_and_labels(count):
    """Random photos, uint8 (n, 150, 150, 3), and labels, int64 (n,)."""
    return np.random.default_rng(0).integers(0, 256, (count, SIZE, SIZE, 3), np.uint8), np.arange(count) % 2


def epoch_ours(photos):
    """The course's network in float32: Keras on TensorFlow."""
    import keras

    from course_utils.training import scratch_cnn

    keras.config.set_dtype_policy("float32")
    return keras_epoch(scratch_cnn(), photos)


def epoch_keras(photos):
    """The same network with Keras on the backend of KERAS_BACKEND."""
    return keras_epoch(keras_scratch_cnn(), photos)


def keras_scratch_cnn():
    """Notebook 03's network, in Keras on any backend."""
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((SIZE, SIZE, 3)), layers.Rescaling(1 / 127.5, offset=-1)])
    for filters in (32, 64, 128, 128):
        model.add(layers.Conv2D(filters, 3, activation="relu"))
        model.add(layers.MaxPooling2D(2))
    model.add(layers.Flatten())
    model.add(layers.Dense(512, activation="relu"))
    model.add(layers.Dense(2, activation="softmax"))
    model.compile(keras.optimizers.Adam(3e-4), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def keras_epoch(model, count):
    """Seconds of one epoch, after two steps."""
    x, y = photos_and_labels(count)
    model.fit(x[: 2 * BATCH], y[: 2 * BATCH], batch_size=BATCH, verbose=0)
    return seconds_of(lambda: model.fit(x, y, batch_size=BATCH, verbose=0))


def epoch_torch(photos, channels_last):
    """The same network in PyTorch, as it is usually written, or with the channels last in memory."""
    import torch

    model = torch_scratch_cnn()
    x, y = photos_and_labels(photos)
    x = torch.from_numpy(x).permute(0, 3, 1, 2).float() / 127.5 - 1
    x = x.contiguous()
    if channels_last:
        model, x = model.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    train = torch_trainer(model, 3e-4)
    y = torch.from_numpy(y)
    train(x[: 2 * BATCH], y[: 2 * BATCH])
    return seconds_of(lambda: train(x, y))


def torch_scratch_cnn():
    """Notebook 03's network, in PyTorch."""
    from torch import nn

    parts, channels = [], 3
    for filters in (32, 64, 128, 128):
        parts += [nn.Conv2d(channels, filters, 3), nn.ReLU(), nn.MaxPool2d(2)]
        channels = filters
    return nn.Sequential(*parts, nn.Flatten(), nn.Linear(7 * 7 * 128, 512), nn.ReLU(), nn.Linear(512, 2))


def torch_trainer(model, rate):
    """A function that trains a model for one epoch of shuffled batches."""
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    learning = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer, loss = torch.optim.Adam(learning, rate), torch.nn.CrossEntropyLoss()

    def train(x, y):
        for photos, labels in DataLoader(TensorDataset(x, y), batch_size=BATCH, shuffle=True):
            optimizer.zero_grad()
            loss(model(photos), labels).backward()
            optimizer.step()

    return train


# Five epochs of a head on the frozen VGG16, with random weights.


def frozen_ours(photos):
    """Features recorded once, then the head: the course's way."""
    import keras

    from course_utils.bases import record_features
    from tools.benchmarks.seeds import head_layers
    from tools.benchmarks.tasks import random_vgg16

    keras.config.set_dtype_policy("float32")
    base = random_vgg16()
    shape = base.model.output_shape[1:]
    x, y = photos_and_labels(photos)
    record_features(base, x[:BATCH])

    def head():
        made = keras.Sequential([keras.Input(shape), *head_layers()])
        made.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return made

    head().fit(np.zeros((BATCH, *shape), np.float32), y[:BATCH], verbose=0)
    return seconds_of(lambda: head().fit(record_features(base, x), y, batch_size=BATCH, epochs=EPOCHS, verbose=0))


def frozen_torch(photos, recorded):
    """The same in PyTorch: every photo through the base in every epoch, or features recorded once."""
    import torch
    from torch import nn

    parts, channels = [], 3
    for block in VGG16:
        for filters in block:
            parts += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU()]
            channels = filters
        parts.append(nn.MaxPool2d(2))
    base = nn.Sequential(*parts).to(memory_format=torch.channels_last).eval()
    base.requires_grad_(False)
    head = nn.Sequential(nn.Flatten(), nn.Linear(4 * 4 * 512, 512), nn.ReLU(), nn.Linear(512, 2))
    x, y = photos_and_labels(photos)
    x = (torch.from_numpy(x).permute(0, 3, 1, 2).float() - 120).contiguous(memory_format=torch.channels_last)
    y = torch.from_numpy(y)

    def record():
        with torch.no_grad():
            return torch.cat([base(batch) for batch in x.split(BATCH)])

    def work():
        if recorded:
            train, seen = torch_trainer(head, 1e-3), record()
        else:
            train, seen = torch_trainer(nn.Sequential(base, head), 1e-3), x
        for _ in range(EPOCHS):
            train(seen, y)

    base(x[:BATCH])
    return seconds_of(work)


# From the start of the process to the end of the first training step.


def start_ours():
    """The course."""
    import course_utils  # noqa: F401 -- as every notebook begins

    epoch_of_a_batch(keras_scratch_cnn())
    return since_start()


def start_keras():
    """Keras on the backend of KERAS_BACKEND."""
    epoch_of_a_batch(keras_scratch_cnn())
    return since_start()


def epoch_of_a_batch(model):
    """Train one step."""
    model.fit(*photos_and_labels(BATCH), batch_size=BATCH, verbose=0)


def start_torch():
    """PyTorch."""
    import torch

    x, y = photos_and_labels(BATCH)
    train = torch_trainer(torch_scratch_cnn(), 3e-4)
    train(torch.from_numpy(x).permute(0, 3, 1, 2).float() / 255, torch.from_numpy(y))
    return since_start()


def since_start():
    """Seconds since this process was started."""
    return {"seconds": time.time() - psutil.Process().create_time()}


def versions(packages):
    """The versions of some packages."""
    from importlib.metadata import version

    return {package: version(package) for package in packages}


TASKS = {
    task.__name__: task
    for task in (
        photos_to_array,
        epoch_ours,
        epoch_keras,
        epoch_torch,
        frozen_ours,
        frozen_torch,
        start_ours,
        start_keras,
        start_torch,
        versions,
    )
}

if __name__ == "__main__":
    main()
