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
# # 10 In your pocket
#
# After this notebook you can
#
# - put your own network into a file that a phone can run, and prove that it still gives the same answers,
# - make the file a quarter of its size, and say what that costs,
# - let it say *I am not sure*, and know how far to trust that.
#
# **Time** 3 minutes on two laptop cores. **Memory** 2 GB. **Needs** the models of 03 and 04, or trains replacements.

# %% tags=["setup"]
import importlib.util

if importlib.util.find_spec("course_utils") is None:
    raise ModuleNotFoundError(
        "This kernel has no course_utils. In a checkout of the course, choose the kernel of its .venv, or start "
        "Jupyter with .venv/bin/jupyter lab; elsewhere open the one-file copy of this notebook (see the README)."
    )

# %% [markdown]
# ## The last step
#
# A network that only runs in a notebook helps nobody. At the end of this one there is a web page: take a photo with
# your phone, and both your networks say what they see. There is no server that looks at the photo. The networks run
# in the phone's own browser.
#
# **Predict:** how many megabytes will the phone have to load for the first network, and how long will it think about
# one photo?

# %%
import numpy as np

from course_utils import fetch_photos, load_photos, photo_paths

data = fetch_photos("data")
x_test = load_photos(photo_paths(data / "dogs-test") + photo_paths(data / "cats-test"))
y_test = np.array([1] * 500 + [0] * 500)

# %% tags=["check"]
from course_utils import check_images, check_labels

check_images(x_test, 1000)
check_labels(y_test, cats=500, dogs=500)

# %% [markdown]
# ## Your two networks
#
# The scratch CNN of 03 and the frozen base of 04. If you start here, briefly trained replacements are used; the page
# will say which it shows.

# %%
import keras
from keras import layers

from course_utils import carry_models, earlier_model, epochs, load_base
from course_utils.training import scratch_cnn

carry_models()
keras.utils.set_random_seed(0)
replaced = set()


def some_training_photos():
    photos = load_photos(photo_paths(data / "dogs-train")[::4] + photo_paths(data / "cats-train")[::4])
    return photos, np.array([1] * 250 + [0] * 250)


# %%
def train_scratch():
    replaced.add("scratch")
    model = scratch_cnn()
    model.fit(*some_training_photos(), epochs=epochs(8), verbose=0)
    return model


def train_frozen_base():
    replaced.add("frozen")
    base = load_base()
    base.model.trainable = False
    hidden = [layers.Flatten(), layers.Dense(512, activation="relu")]
    head = keras.Sequential([*hidden, layers.Dense(2, activation="softmax", dtype="float32")])
    inputs = keras.Input((150, 150, 3))
    model = keras.Model(inputs, head(base.model(base.preprocess(inputs), training=False)))
    model.compile(keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(*some_training_photos(), epochs=epochs(5), verbose=0)
    return model


# %% tags=["nbval-ignore-output"]
networks = {
    "scratch": earlier_model(data, "scratch", train_scratch),
    "frozen": earlier_model(data, "frozen_base", train_frozen_base),
}

# %% [markdown]
# Now the answers that everything below is compared with, from Keras. As in 09, 400 test photos are there to choose on
# and 600 to report on.

# %%
from sklearn.model_selection import train_test_split

from_keras = {name: network.predict(x_test, verbose=0) for name, network in networks.items()}
choose, report = train_test_split(np.arange(1000), test_size=600, stratify=y_test, random_state=0)

# %% [markdown]
# ## A file without Python
#
# A phone has no Python and no Keras. *LiteRT* (once called TensorFlow Lite) is a small program that runs a network
# from one file, on phones, in browsers, on tiny computers. Keras writes such a file:
#
# ```python
# model.export("scratch.tflite", format="litert", input_signature=[...])
# ```
#
# The *signature* says what goes in: here one photo, 1 x 150 x 150 x 3. Preprocessing, base and head are all inside,
# so the file takes plain RGB of 0-255, as the model does.
#
# ### Your turn: how large will the file be?
# The first network has 3,453,634 parameters. Each is a 32-bit number.

# %% tags=["your-turn"]
megabytes = ...  # in millions of bytes

# %% tags=["check"]
from course_utils.your_turn import check_answer

check_answer("megabytes of the first network", megabytes)

# %% tags=["solution"] because="Eight bits make a byte, so 32 bits are four bytes; a megabyte is a million bytes."
megabytes = 3_453_634 * 4 / 1_000_000

# %% tags=["wrong-answer"] says="a million of them"
megabytes = 3_453_634 * 4

# %% tags=["wrong-answer"] says="32 bits are four bytes"
megabytes = 3_453_634 / 1_000_000

# %% [markdown]
# `export_model` is that line, with the signature filled in and the converter's chatter left out.

# %% tags=["nbval-ignore-output"]
from course_utils.pocket.exporting import export_model

folder = data.parent / "models"
files = {}
for name, network in networks.items():
    files[name, "float32"] = export_model(network, folder / f"{name}.tflite")
    print(f"{files[name, 'float32'].name:16} {files[name, 'float32'].stat().st_size / 1e6:5.1f} MB")

# %% [markdown]
# The second network has the smaller file, though it answers better: its base is small here, and fewer numbers reach its
# head. With VGG16 it would be the other way round.

# %% [markdown]
# ## The same answers?
#
# Another program computes them now, so we check: 100 photos through the file, one by one, as on a phone.

# %% tags=["nbval-ignore-output"]
import time

from course_utils.pocket.exporting import predict_exported

some = report[:100]
from_file, milliseconds = {}, {}
for key, file in files.items():
    start = time.perf_counter()
    from_file[key] = predict_exported(file, x_test[some])
    milliseconds[key] = 1000 * (time.perf_counter() - start) / len(some)
    print(f"{key[0]:8} {milliseconds[key]:4.0f} ms a photo")

# %% [markdown]
# ### Your turn: how far apart are they at most?
# Two arrays of 100 x 2 probabilities. One number says whether the file can be trusted.

# %% tags=["your-turn"]
ours, theirs = from_keras["scratch"][some], from_file["scratch", "float32"]
largest = ...  # one line

# %% tags=["check"]
check_answer("largest difference", largest, ours=ours, theirs=theirs)

# %% tags=["solution"] because="The mean would hide one photo that is far off; the largest difference hides nothing."
largest = np.abs(ours - theirs).max()

# %% tags=["wrong-answer"] says="that is the mean"
largest = np.abs(ours - theirs).mean()

# %% tags=["wrong-answer"] says="a distance is never below 0"
largest = -np.abs(ours - theirs).max()

# %% tags=["check"]
from course_utils import check

for name in networks:
    apart = np.abs(from_keras[name][some] - from_file[name, "float32"]).max()
    check(apart < 0.02, f"{name}: Keras and the file agree on 100 photos", "Was it trained further after its export?")

# %% [markdown]
# ## A quarter of the size
#
# Must a weight have 32 bits? Take a layer's largest weight, whatever its sign, and divide the range from minus to plus
# its size into 254 equal steps. Move each weight to the nearest end of a step. Then a whole
# number from -127 to 127 says which one it is, and that fits into 8 bits, one byte.
#
# ### Your turn: round the weights
# `weights` are those of the first layer, 3 x 3 x 3 x 32. Express each in steps, round, convert back.

# %% tags=["your-turn"]
weights = np.asarray(networks["scratch"].get_layer(index=1).kernel)
step = np.abs(weights).max() / 127
rounded = ...  # one line

# %% tags=["check"]
check_answer("weights rounded to 8 bits", rounded, weights=weights)

# %% tags=["solution"] because="Neighbours are one step apart, so rounding moves a weight by half a step at most."
rounded = np.round(weights / step) * step

# %% tags=["wrong-answer"] says="multiply by step again"
rounded = np.round(weights / step)

# %% tags=["wrong-answer"] says="count in steps first"
rounded = np.round(weights)

# %% alt="Twelve filters of the first layer above, and the same rounded to 8 bits below: no difference to be seen"
import matplotlib.pyplot as plt

figure, grid = plt.subplots(2, 12, figsize=(9.5, 2.1))
for row, (title, kernel) in enumerate((("32 bits", weights), ("8 bits", np.round(weights / step) * step))):
    for axes, number in zip(grid[row], range(12), strict=True):
        axes.imshow(0.5 + 0.5 * kernel[..., number] / np.abs(weights).max())
        axes.set(xticks=[], yticks=[])
    grid[row, 0].set_ylabel(title)
plt.show()

# %% [markdown]
# To the eye nothing has happened. The exporter does this in all large layers, with steps of its own for each filter.
#
# **Predict:** will the smaller files lose accuracy?

# %% tags=["nbval-ignore-output"]
for name, network in networks.items():
    files[name, "int8"] = export_model(network, folder / f"{name}_8bit.tflite", weights="int8")
    start = time.perf_counter()
    from_file[name, "int8"] = predict_exported(files[name, "int8"], x_test[report])
    milliseconds[name, "int8"] = 1000 * (time.perf_counter() - start) / len(report)

# %% tags=["nbval-ignore-output"]
print("network   weights       MB   ms a photo")
for name in networks:
    for kind in ("float32", "int8"):
        key = name, kind
        print(f"{name:10}{kind:9}{files[key].stat().st_size / 1e6:7.1f}{milliseconds[key]:10.0f}")

# %% [markdown]
# A quarter of the size; the milliseconds change from run to run. What does it cost? The paired test of 04 counts the
# photos that only one of the two gets right.

# %% tags=["nbval-ignore-output"]
from course_utils import gained_and_lost

for name in networks:
    before = from_keras[name][report].argmax(axis=1) == y_test[report]
    after = from_file[name, "int8"].argmax(axis=1) == y_test[report]
    gained, lost, chance = gained_and_lost(before, after)
    print(
        f"{name:8} accuracy {before.mean():.3f} -> {after.mean():.3f}: gained {gained}, lost {lost}, p = {chance:.2f}"
    )

# %% tags=["check"]
for name in networks:
    same = (from_file[name, "int8"].argmax(axis=1) == from_keras[name][report].argmax(axis=1)).mean()
    check(same > 0.95, f"{name}: with 8-bit weights at least 95 % of the answers stay", "Is it the same model's file?")

# %% [markdown]
# In this run one of 600 answers changes for each network. We put the small files on
# the phone.

# %% [markdown]
# ## It may say 'I am not sure'
#
# From 09: a temperature makes the confidence honest, so that of the answers at 80 % about 80 % are right. The page
# divides by this temperature, and below 80 % it refuses.

# %% tags=["nbval-ignore-output"]
from course_utils.explain import calibrated, fit_temperature

temperatures = {name: fit_temperature(given[choose], y_test[choose]) for name, given in from_keras.items()}
print({name: round(temperature, 2) for name, temperature in temperatures.items()})

# %% [markdown]
# ### Your turn: an answer, or none
# `probabilities` are two numbers, (cat, dog). Return `"cat"`, `"dog"`, or `"not sure"` where the larger one is below
# `sure_from`.


# %% tags=["your-turn"]
def answer(probabilities, sure_from):
    return ...  # one to three lines


# %% tags=["check"]
check_answer("answer, or not sure", answer)


# %% tags=["solution"] because="The larger probability is the confidence; where it falls short there is no answer."
def answer(probabilities, sure_from):
    if probabilities.max() < sure_from:
        return "not sure"
    return ("cat", "dog")[probabilities.argmax()]


# %% tags=["wrong-answer"] says="compare with sure_from"
def answer(probabilities, sure_from):
    return ("cat", "dog")[probabilities.argmax()]


# %% tags=["wrong-answer"] says="cat is place 0"
def answer(probabilities, sure_from):
    if probabilities.max() < sure_from:
        return "not sure"
    return ("dog", "cat")[probabilities.argmax()]


# %% [markdown]
# What does refusing buy? For each limit: how many of the 600 photos still get an answer, and how many of these
# answers are right?

# %% alt="Two panels over the confidence limit: fewer photos get an answer, and more of the answers are right"
from course_utils.plots import COLOURS

limits = np.linspace(0.5, 0.99, 50)
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.8), layout="constrained")
for name, colour in zip(networks, COLOURS, strict=False):
    given = calibrated(from_keras[name][report], temperatures[name])
    confidence, correct = given.max(axis=1), given.argmax(axis=1) == y_test[report]
    left.plot(limits, [(confidence >= limit).mean() for limit in limits], color=colour, label=name)
    kept = [limit for limit in limits if (confidence >= limit).sum() >= 20]
    right.plot(kept, [correct[confidence >= limit].mean() for limit in kept], color=colour, label=name)
left.set(title="Photos that get an answer", xlabel="confidence required for an answer", ylabel="share", ylim=(0, 1.03))
right.set(title="Answers that are right", xlabel="confidence required for an answer", ylabel="share", ylim=(0.6, 1.01))
for axes in (left, right):
    axes.axvline(0.8, color="grey", linestyle=":")
    axes.legend()
plt.show()

# %% [markdown]
# The dotted line is the page's limit. There the scratch CNN is right in 95 % of its answers instead of 70 %, but
# answers only a quarter of the photos. The frozen base answers nine in ten. On the right, scratch's curve ends where
# fewer than 20 photos are left.

# %% [markdown]
# ## Neither cat nor dog
#
# Somebody will point the phone at a fox. The network has two answers, and a fox is neither. We draw 100 foxes and 100
# cows.
#
# **Predict:** how many of them will it refuse?

# %%
import cv2

from course_utils.sandbox.drawing import draw_animal


def drawn(kind, count=100):
    pictures = [draw_animal(kind, 1, "pretrain", 40_000 + number) for number in range(count)]
    return np.stack([cv2.resize(picture, (150, 150), interpolation=cv2.INTER_AREA) for picture in pictures])


strangers = {"fox": drawn("fox"), "cow": drawn("cow")}

# %%
honest = {
    kind: calibrated(networks["frozen"].predict(pictures, verbose=0), temperatures["frozen"])
    for kind, pictures in strangers.items()
}

# %% alt="Three foxes and three cows, each with the frozen base's answer and its confidence above it"
from course_utils import show_photos

titles = [f"{kind}:\n{('cat', 'dog')[row.argmax()]} {row.max():.0%}" for kind in strangers for row in honest[kind][:3]]
figure = show_photos([picture for kind in strangers for picture in strangers[kind][:3]], titles, columns=3)

# %% [markdown]
# ### Your turn: how many foxes does it refuse?
# `honest["fox"]` holds 100 rows of two probabilities. What share of the foxes gets no answer?

# %% tags=["your-turn"]
sure_from = 0.8
refused = ...  # one line

# %% tags=["check"]
check_answer("share refused", refused, probabilities=honest["fox"], sure_from=sure_from)

# %% tags=["solution"] because="The mean of True and False is the share that is True."
refused = (honest["fox"].max(axis=1) < sure_from).mean()

# %% tags=["wrong-answer"] says="take the mean"
refused = (honest["fox"] < sure_from).sum()

# %% tags=["wrong-answer"] says="only the larger one counts"
refused = (honest["fox"] < sure_from).mean()

# %% tags=["nbval-ignore-output"]
known = calibrated(from_keras["frozen"][report], temperatures["frozen"])
print("frozen base              refused   called cat   called dog")
for words, given in (("600 cats and dogs", known), ("100 foxes", honest["fox"]), ("100 cows", honest["cow"])):
    sure = given.max(axis=1) >= 0.8
    called = [(given[sure].argmax(axis=1) == label).sum() / len(given) for label in (0, 1)]
    print(f"{words:22}{(~sure).mean():10.0%}{called[0]:13.0%}{called[1]:13.0%}")

# %% [markdown]
# Refusing catches 45 of the 100 foxes and 30 of the 100 cows. All others pass with a firm answer: most foxes as cats,
# perhaps for their pointed ears, nearly all cows as dogs. The price: of the cats and dogs that it knows, every ninth is
# refused as well.
#
# So a threshold helps, and is no cure. The network compares *cat* with *dog*; nothing in it measures how strange a
# picture is. And these strangers are mild ones: the base saw foxes and cows in training. What might help
# is a third class with pictures of everything else.

# %% [markdown]
# ## The page
#
# `write_page` puts the two small files, the program LiteRT.js, and a page of ours into `build/pocket`, and all of it
# into `pocket.zip`. The page shrinks a photo much as `load_photos` does; a network that gets other pixels than in
# training gives other answers.

# %% tags=["nbval-ignore-output"]
from course_utils import source_of
from course_utils.pocket.page import PocketModel, write_page

titles = {"scratch": "CNN from scratch (notebook 03)", "frozen": "Frozen base (notebook 04)"}
own = {name: "A briefly trained replacement." if name in replaced else "Your own network." for name in networks}
learned = {
    "photos": "These networks have learned from photos.",
    "sandbox": "These networks have learned from drawings.",
}
page = write_page(
    [PocketModel(titles[name], files[name, "int8"], own[name], temperatures[name]) for name in networks],
    sure_from,
    learned[source_of("data")],
    samples=[
        ("cat", draw_animal("cat", 1, "test", 3)),
        ("dog", draw_animal("dog", 1, "test", 11)),
        ("fox", draw_animal("fox", 1, "pretrain", 40_000)),
    ],
)

# %% [markdown]
# **On this computer:** in the course's folder run `python -m tools pocket`, and open the address that it prints.
#
# **On your phone:** `python -m tools pocket --lan`, with the phone on the same network, and point its camera at the
# terminal's QR code. Everyone on that network can then open the page, and no one sees your photos.
#
# **In Colab:** download `build/pocket.zip` from the *Files* panel on the left.
#
# **For everyone:** unzip `pocket.zip`, and upload what is in it to a new *public* repository on GitHub. In its
# *Settings*, under *Pages*, choose *Deploy from a branch* and `main`. A minute later the page is at
# `https://YOUR-NAME.github.io/REPOSITORY/`.
#
# Try a cat, a dog, a cushion, your teacher. If the networks learned from drawings, a photo is something new to them:
# what does the page say, and should it have refused?

# %% [markdown]
# ## Summary
#
# - An exported file runs in another program: compare its answers before you trust it.
# - 8-bit weights changed at most one of 600 answers here, and saved three quarters of the bytes.
# - Refusing below a confidence helps with hard cats and dogs. It does not make a network know what it has never seen.

# %% [markdown]
# ## Exercises
#
# 1. Put another base on the page: train a pooled head on `load_base("mini_mobilenet_v2")` as in 04, export it, and
#    add a third `PocketModel`. What do size and time say?
# 2. Which layer holds most of the scratch CNN's bytes, and which head would make its file ten times smaller?
# 3. Put the page on GitHub Pages, and ask five people to break it. Which photos fool it?
#
# <details><summary>Solutions</summary>
#
# 1. MobileNet was made for phones: fewer multiplications for the same accuracy. Its file is the smallest
#    of the three; time it with `predict_exported`.
# 2. The first Dense layer: 6,272 x 512 + 512 = 3,211,776 of 3,453,634 parameters. `GlobalAveragePooling2D` instead of
#    `Flatten` leaves 128 x 512 + 512 = 66,048 there, so the file has about a tenth of the bytes.
# 3. Usually photos of neither animal, of both, and of a cat in the far distance: what 150 x 150 pixels cannot show.
#
# </details>

# %% [markdown]
# ## Sources
#
# LiteRT and LiteRT.js: ai.google.dev/edge/litert. 8-bit weights: Jacob and others, arXiv 1712.05877. Temperature: Guo
# and others, arXiv 1706.04599. This is the last notebook: now show it to somebody.
