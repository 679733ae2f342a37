# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 07 What does each idea add?
#
# After this notebook you can
#
# - explain six ideas that make a small network better, and compute four of them by hand,
# - change one thing at a time, and tell what a change did from what luck did,
# - train a network from scratch that beats the one of notebook 03 with a ninth of its parameters.
#
# **Time** 6 minutes on two laptop cores. **Memory** 2 GB. **Needs** the images of notebook 01 (fetched here if they are
# missing) and your model from notebook 03 (else a briefly trained replacement).

# %% tags=["setup"]
import importlib.util

if importlib.util.find_spec("course_utils") is None:
    raise ModuleNotFoundError(
        "This kernel has no course_utils. In a checkout of the course, choose the kernel of its .venv, or start "
        "Jupyter with .venv/bin/jupyter lab; elsewhere open the one-file copy of this notebook (see the README)."
    )

# %% [markdown]
# ## Four models, and no answer
#
# A published lesson trained these four on real photos of cats and dogs:
#
# | model | new in it | validation accuracy |
# |---|---|---|
# | 1 | 2 convolutions, dropout; pixels 0 to 255 | 0.58 to 0.61 |
# | 2 | mirrored and turned photos; twice the filters and units | 0.63 to 0.68 |
# | 3 | pixels -1 to 1; one Dense layer | 0.74 to 0.77 |
# | 4 | MobileNetV2, frozen, instead of the convolutions | 0.98 |
#
# Each is better than the one before, but changes several things at once. *Which* change helped? We take smaller steps:
# one change, one training, one look.
#
# **Predict:** which helps most: scaled pixels, more layers, batch normalization, or mirrored photos?

# %%
import math

import numpy as np

from course_utils import carry_models, check_answer, fetch_photos, load_photos, photo_paths

data = fetch_photos("data")
carry_models()
train_paths = photo_paths(data / "dogs-train") + photo_paths(data / "cats-train")
photos = load_photos(train_paths, 44)
photo = photos[1007]
labels = np.array([1] * 1000 + [0] * 1000)

# %% [markdown]
# Photos of 44 x 44 pixels save time. Are the animals still recognisable?

# %% alt="Three dogs and three cats in photos of only 44 by 44 pixels, coarse but still recognisable."
from course_utils import show_photos

figure = show_photos(photos[[1, 9, 10, 1003, 1009, 1010]], ["dog"] * 3 + ["cat"] * 3)

# %% [markdown]
# ## A split that is drawn anew
#
# To choose between networks we need validation photos that none trains on. The lesson shuffled a dataset and cut it
# with `take` and `skip`. But it is shuffled again *each time it is read*. We try that with numbers.

# %% tags=["nbval-ignore-output"]
import tensorflow as tf

shuffled = tf.data.Dataset.range(1000).shuffle(1000, seed=0)
test = set(shuffled.take(192).as_numpy_iterator())
validation = set(shuffled.skip(192).as_numpy_iterator())
print(len(test & validation), "of the 192 test photos are validation photos too")

# %% [markdown]
# About 155 are expected, since 81 % of all numbers are drawn for validation. Split once, by file, and shuffle only what
# you train on.

# %%
from sklearn.model_selection import train_test_split

fit, held_out = train_test_split(np.arange(2000), test_size=400, stratify=labels, random_state=0)
print(len(fit), "photos to train on,", len(held_out), "to choose on, shared:", len(set(fit) & set(held_out)))

# %% [markdown]
# ## The first network
#
# Two convolutions and a Dense layer, as in model 1. *Dropout* silences a fifth of the numbers in each training step,
# a different fifth each time, so that no answer depends on a single one. At prediction nothing is silenced.

# %%
import keras
from keras import layers

from course_utils import epochs


def two_convolutions():
    return [
        layers.Conv2D(16, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(16, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(32, activation="relu"),
    ]


histories = {}


def train(name, *parts, rate=1e-3, number=10):
    keras.utils.set_random_seed(0)
    answer = [layers.Dropout(0.2), layers.Dense(2, activation="softmax")]
    model = keras.Sequential([keras.Input((44, 44, 3)), *parts, *answer])
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    seen, unseen = (photos[fit], labels[fit]), (photos[held_out], labels[held_out])
    histories[name] = model.fit(*seen, validation_data=unseen, epochs=epochs(number), verbose=0)


# %% [markdown]
# ## Change 1: scaled pixels
#
# The weights of a new network are made for numbers around 0 and 1. What happens with raw bytes, 0-255?
#
# ### Your turn: from 0..255 to -1..1
#
# `photo` holds bytes. Write one line that maps 0 to -1, and 255 to 1.

# %% tags=["your-turn"]
scaled = ...  # one line

# %% tags=["check"]
check_answer("pixels from -1 to 1", scaled, photo=photo)

# %% tags=["solution"] because="This is what `Rescaling(1 / 127.5, offset=-1)` does inside the model, for every photo."
scaled = photo / 127.5 - 1

# %% tags=["wrong-answer"] says="from 0 to 1"
scaled = photo / 255

# %% tags=["wrong-answer"] says="whole numbers"
scaled = (photo / 127.5 - 1).astype("int64")

# %% tags=["wrong-answer"] says="bytes cannot be negative"
scaled = photo - 128

# %% tags=["nbval-ignore-output"]
# All train on 40 x 40 of the 44 pixels: the middle here, random places later.
crop, scale = layers.CenterCrop(40, 40), layers.Rescaling(1 / 127.5, offset=-1)
train("raw pixels", crop, *two_convolutions())
train("scaled", crop, scale, *two_convolutions())
for name, history in histories.items():
    print(f"{name:11} training loss, epoch by epoch:", np.round(history.history["loss"], 2).tolist())

# %% [markdown]
# Guessing has the loss ln 2 = 0.69. A first loss of several times that is the sign of unscaled pixels: they make the
# two scores lie far apart, softmax turns that into near certainty, and half of the certain answers are wrong.

# %% [markdown]
# ## Changes 2 and 3: deeper, and averaged
#
# Four convolutions, with more filters, see more of the animal. `Flatten` keeps every place of every map; *global
# average pooling* takes the mean of each: how much of a pattern there is, not where. One Dense layer is then enough.

# %%
maps = np.random.default_rng(0).normal(2, 3, (8, 5, 5, 4)).astype("float32")  # 8 photos, 4 maps of 5 x 5 for each
by_hand = maps.mean(axis=(1, 2))
by_keras = np.asarray(layers.GlobalAveragePooling2D()(maps))
print("one mean a map:", by_hand.shape, "the same as Keras's:", np.allclose(by_hand, by_keras, atol=1e-5))


# %%
def four_convolutions(normalised=False):
    parts = []
    for filters in (16, 32, 64, 96):
        parts.append(layers.Conv2D(filters, 3, padding="same"))
        parts += [layers.BatchNormalization()] if normalised else []
        parts += [layers.Activation("relu"), layers.MaxPooling2D()]
    return parts


flat = [layers.Flatten(), layers.Dense(32, activation="relu")]
train("deeper", crop, scale, *four_convolutions(), *flat)
train("averaged", crop, scale, *four_convolutions(), layers.GlobalAveragePooling2D())

# %% [markdown]
# ## Change 4: batch normalization
#
# While a network learns, the numbers in its maps drift and spread. *Batch normalization* brings each filter's numbers
# back to mean 0 and spread 1, over all photos and places of the batch (then scales and shifts them by two learned
# numbers), so larger steps do no harm. (At prediction it uses averages kept during training, since there may be one
# photo only.)
#
# ### Your turn: batch normalization by hand
#
# From `maps`, for each of the 4 filters: subtract its mean, divide by its standard deviation.

# %% tags=["your-turn"]
normalised = ...  # one or two lines

# %% tags=["check"]
check_answer("batch normalization", normalised, maps=maps)

# %% tags=["solution"] because="Mean and spread belong to a filter, so the other three axes go: photos, height, width."
normalised = (maps - maps.mean(axis=(0, 1, 2))) / maps.std(axis=(0, 1, 2))

# %% tags=["wrong-answer"] says="one mean for all filters"
normalised = (maps - maps.mean()) / maps.std()

# %% tags=["wrong-answer"] says="only subtracted"
normalised = maps - maps.mean(axis=(0, 1, 2))

# %%
by_keras = np.asarray(layers.BatchNormalization(epsilon=1e-7)(maps, training=True))
by_hand = (maps - maps.mean(axis=(0, 1, 2))) / maps.std(axis=(0, 1, 2))
print("the same as Keras's:", np.allclose(by_hand, by_keras, atol=1e-4))
train("normalised", crop, scale, *four_convolutions(normalised=True), layers.GlobalAveragePooling2D(), number=20)

# %% [markdown]
# ## Change 5: augmentation
#
# A mirrored cat is a cat. *Augmentation* changes the photos a little in every epoch, so that the network seldom sees
# the same one twice.
#
# ### Your turn: mirror a photo by hand
#
# Left becomes right. Rows and colours stay.

# %% tags=["your-turn"]
mirrored = ...  # one line, from photo

# %% tags=["check"]
check_answer("mirror a photo", mirrored, photo=photo)

# %% tags=["solution"] because="The second axis is the width, read from its end. `RandomFlip` does so half the time."
mirrored = photo[:, ::-1]

# %% tags=["wrong-answer"] says="upside down"
mirrored = photo[::-1]

# %% tags=["wrong-answer"] says="blue for red"
mirrored = photo[:, :, ::-1]

# %% [markdown]
# `RandomCrop` cuts 40 x 40 pixels out of 44 x 44, at a new place for each batch. Beside it, the lesson's
# `RandomRotation(0.2)`, up to 72 degrees to either side. Which look like real photos?

# %% alt="One photo, then three gentle copies, mirrored or cut a little differently, and three copies turned far over."
mirror_and_cut = [layers.RandomFlip("horizontal"), layers.RandomCrop(40, 40)]
turned = layers.RandomRotation(0.2)
copies = [mirror_and_cut[1](mirror_and_cut[0](photo[None], training=True), training=True)[0] for _ in range(3)]
copies += [turned(photo[None], training=True)[0] for _ in range(3)]
shown = [photo, *(np.asarray(copy).astype("uint8") for copy in copies)]
figure = show_photos(shown, ["photo"] + ["mirror and cut"] * 3 + ["rotation 0.2"] * 3, columns=7)

# %% [markdown]
# And at prediction? Then nothing is random. Does `RandomCrop` cut out the middle? Ask it:

# %%
print("training:  ", tuple(mirror_and_cut[1](photo[None], training=True).shape))
print("prediction:", tuple(mirror_and_cut[1](photo[None], training=False).shape))

# %% [markdown]
# No: it hands on the whole photo, 44 x 44. That works since the network ends in averages, which take maps of
# any size. `Flatten` needs the size that it was built for.

# %% alt="Accuracy over 20 epochs with and without augmentation; without it, training accuracy runs away."
from course_utils import plot_history

augmented = [*mirror_and_cut, scale, *four_convolutions(normalised=True), layers.GlobalAveragePooling2D()]
train("augmented", *augmented, number=20)
figure = plot_history({name: histories[name] for name in ("normalised", "augmented")})

# %% [markdown]
# Look at the gap between solid and dashed. Without augmentation the network soon knows its training photos: it
# overfits. With it training accuracy rises slowly, but validation accuracy goes on rising: *more epochs* still pay.

# %% [markdown]
# ## Change 6: a learning-rate schedule
#
# Large steps find the right region, small steps settle there: the rate falls to zero along half a cosine. Before that
# it rises for a tenth of training (*warm-up*), since large steps throw fresh weights off. Its peak is three times the
# rate so far: two changes in one.
#
# ### Your turn: a cosine
#
# Write the falling part, `rate(share)`: 3e-3 at share 0, half of that at 0.5, 0 at 1.
# `np.cos` goes from 1 to -1 between 0 and `np.pi`.


# %% tags=["your-turn"]
def rate(share):
    return ...


# %% tags=["check"]
check_answer("a rate that falls along a cosine", rate)


# %% tags=["solution"] because="The cosine runs from 1 to -1; plus 1 and halved it runs from 1 to 0."
def rate(share):
    return 3e-3 * (1 + np.cos(np.pi * share)) / 2


# %% tags=["wrong-answer"] says="below zero"
def rate(share):
    return 3e-3 * np.cos(np.pi * share)


# %% tags=["wrong-answer"] says="straight line"
def rate(share):
    return 3e-3 * (1 - share)


# %% alt="The learning rate over the training: up in the first tenth, then down to zero along half a cosine wave."
import matplotlib.pyplot as plt


def schedule_for(number_of_photos, number):
    steps = math.ceil(number_of_photos / 32) * epochs(number)
    warmup = steps // 10
    return keras.optimizers.schedules.CosineDecay(3e-4, steps - warmup, warmup_target=3e-3, warmup_steps=warmup)


schedule = schedule_for(1600, 20)
figure, axes = plt.subplots(figsize=(6.5, 2.6))
axes.plot([float(schedule(step)) for step in range(50 * epochs(20))])
axes.set(xlabel="training step", ylabel="learning rate", title="Up in the first tenth, then down a cosine")
figure.tight_layout()

# %%
scheduled = [*mirror_and_cut, scale, *four_convolutions(normalised=True), layers.GlobalAveragePooling2D()]
train("scheduled", *scheduled, rate=schedule, number=20)

# %% [markdown]
# ## What did each change add?
#
# The last three epochs are averaged, since one epoch jumps about.

# %% tags=["nbval-ignore-output"]
for name, history in histories.items():
    values = history.history["val_accuracy"]
    early = f"{np.mean(values[:10][-3:]):.3f}" if name != "scheduled" else "     "
    late = f"{np.mean(values[-3:]):.3f}" if len(values) > 10 else ""
    print(f"{name:11} after 10 epochs {early}  after 20 {late}")

# %% [markdown]
# One run cannot settle a few points. Three other runs, each with its own seed and split:
#
# | change (10 epochs down to *averaged*, then 20 unless named) | mean (lowest-highest) |
# |---|---|
# | raw pixels | 0.526 (0.498-0.576) |
# | scaled | 0.610 (0.602-0.619) |
# | deeper | 0.667 (0.652-0.688) |
# | averaged | 0.675 (0.645-0.694) |
# | normalised, 10 epochs | 0.646 (0.620-0.670) |
# | normalised | 0.632 (0.601-0.678) |
# | augmented | 0.698 (0.649-0.765) |
# | scheduled | 0.801 (0.790-0.811) |
#
# Scaling, depth, augmentation (at 20 epochs) and the schedule help with every seed; on average the schedule does most.
# Batch normalization alone does not: it speeds up learning, and learning by heart too.

# %% [markdown]
# ## The better network
#
# All six changes together, wider (up to 192 filters), on 80 of 88 pixels, and with all 2,000 photos. The choices are
# made, so no validation photos are needed.
#
# *Label smoothing* asks for 0.95 instead of 1, so each label becomes a pair of numbers. *Weight decay* (in AdamW) pulls
# every weight a little towards zero at each step.


# %%
def convolution(filters):
    return layers.Conv2D(filters, 3, padding="same", use_bias=False)


def normalised_relu(x):
    return layers.Activation("relu")(layers.BatchNormalization()(x))


def better_cnn():
    inputs = keras.Input((88, 88, 3))
    x = layers.RandomCrop(80, 80)(layers.RandomFlip("horizontal")(inputs))
    x = layers.Rescaling(1 / 127.5, offset=-1)(x)
    for filters in (24, 48, 96, 128):
        x = normalised_relu(layers.MaxPooling2D()(convolution(filters)(x)))
    x = layers.GlobalAveragePooling2D()(normalised_relu(convolution(192)(x)))
    x = layers.Dropout(0.3)(x)
    return keras.Model(inputs, layers.Dense(2, activation="softmax", dtype="float32")(x), name="better_cnn")


# %%
import time

keras.utils.set_random_seed(0)
better = better_cnn()
better.compile(
    keras.optimizers.AdamW(schedule_for(2000, 12), weight_decay=0.01),
    keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
    metrics=["accuracy"],
)
print(f"{better.count_params():,} parameters; notebook 03 had 3,453,634")
start = time.perf_counter()
better.fit(load_photos(train_paths, 88), keras.utils.to_categorical(labels), epochs=epochs(12), verbose=0)
seconds = {"better CNN": time.perf_counter() - start}

# %% [markdown]
# ## Model 4: transfer
#
# A frozen MobileNetV2 (for drawings the course's small one), its features recorded as in 04. *Global max pooling* keeps
# the largest number of each of the 1,280 maps. Then dropout and two units: 2,562 numbers are trained.

# %%
from course_utils import load_base, record_features, source_of

base = load_base("MobileNetV2-0.35" if source_of("data") == "photos" else "mini_mobilenet_v2", 160)
start = time.perf_counter()
features = record_features(base, load_photos(train_paths, 160)).max(axis=(1, 2))
keras.utils.set_random_seed(0)
transfer = keras.Sequential([keras.Input((1280,)), layers.Dropout(0.2), layers.Dense(2, activation="softmax")])
transfer.compile("adam", "sparse_categorical_crossentropy")
transfer.fit(features, labels, epochs=epochs(20), verbose=0)
seconds["frozen base"] = time.perf_counter() - start

# %% [markdown]
# ## Open the test set
#
# The 1,000 test photos of 03 to 06. We choose nothing on them, and count what the better network gained and lost
# against that of 03.

# %% tags=["nbval-ignore-output"]
from course_utils import earlier_model
from course_utils.training import scratch_cnn


def stand_in():
    model = scratch_cnn()
    model.fit(load_photos(train_paths[::4], 150), labels[::4], epochs=epochs(8), verbose=0)
    return model


scratch = earlier_model(data, "scratch", stand_in)

# %%
test_paths = photo_paths(data / "dogs-test") + photo_paths(data / "cats-test")
truth = np.array([1] * 500 + [0] * 500)
test_features = record_features(base, load_photos(test_paths, 160)).max(axis=(1, 2))
answers = {
    "notebook 03": scratch.predict(load_photos(test_paths, 150), verbose=0),
    "better CNN": better.predict(load_photos(test_paths, 88), verbose=0),
    "frozen base": transfer.predict(test_features, verbose=0),
}
right = {name: given.argmax(axis=1) == truth for name, given in answers.items()}

# %% alt="Bars of test accuracy with 95 percent intervals: notebook 03, the better CNN, the frozen base."
from course_utils import plot_comparison

accuracies = {name: float(answered.mean()) for name, answered in right.items()}
figure = plot_comparison(accuracies, 1000)

# %% tags=["check"]
from course_utils import check_accuracy

check_accuracy("better CNN, test accuracy", accuracies["better CNN"], 0.75)
check_accuracy("frozen base, test accuracy", accuracies["frozen base"], 0.85)

# %% tags=["nbval-ignore-output"]
from course_utils import gained_and_lost

gained, lost, chance = gained_and_lost(right["notebook 03"], right["better CNN"])
print(
    f"{gained} gained, {lost} lost; if both were equally good, a split this uneven would have probability {chance:.1g}"
)

# %% [markdown]
# The better network even does as well as this frozen base (0.905), though not as well as that of 04 (0.954). The count
# compares two *trained networks*, not two recipes; for these you need several seeds.

# %% [markdown]
# ### On the real photos
#
# Test accuracy over three seeds: the better network, with 24 epochs instead of 12, reached 0.854, 0.848 and 0.866; that
# of notebook 03 (10 epochs) reached 0.740, 0.714 and 0.741 (`docs/results/seeds.md`). With 12 epochs, as here, one run
# reached 0.815. Every seed favours the better network.

# %%
from course_utils import keep_results

trainable = {"better CNN": 385_626, "frozen base": 2_562}
rows = [
    {"model": name, "accuracy": accuracies[name], "photos": 1000, "published": published}
    | {"seconds": round(seconds[name], 1), "trainable": trainable[name]}
    for name, published in (("better CNN", None), ("frozen base", 0.9896))
]
keep_results("07_regularise_normalise_transfer", source_of("data"), base.name, rows)

# %% [markdown]
# ## Summary
#
# - Change one thing, train, look.
# - Below a few points, one run shows luck as well as the change: use several seeds.
# - Dropout, batch normalization and random changes behave differently in training and at prediction.

# %% [markdown]
# ## Exercises
#
# 1. Take one change *out* of the `scheduled` network, such as batch normalization, and keep the rest (an *ablation*).
#    Why may this cost more or less than adding the change had gained?
# 2. The lesson calls models at 0.606 and 0.682 'essentially the same'. Each was measured on 808 photos. Do their
#    intervals (`accuracy_interval`) overlap? What is still missing before you may say that one *recipe* is better?
# 3. Which layers of the better network hold numbers that training does not change by gradient? How many are there?
#
# <details><summary>Solutions</summary>
#
# 1. The changes work together. Without batch normalization the schedule's largest rate may be too large for the
#    network, so taking it out costs more than it added; a change whose work another one also does costs less.
# 2. 0.572 to 0.640 and 0.649 to 0.713 do not overlap: these two *trained networks* differ. The interval covers the luck
#    of the photos, not that of the first weights; for the recipes you need several seeds of each.
# 3. Batch normalization: a running mean and a running variance for each of 488 filters, 976 numbers.
#
# </details>

# %% [markdown]
# ## Sources
#
# Batch normalization: Ioffe and Szegedy (2015). Global average pooling: Lin and others (2013). Warm-up: Goyal and
# others (2017). Cosine: Loshchilov and Hutter (2017). Next: `08_flowers`.
