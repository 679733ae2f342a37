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
# # Homework: a convolutional head
#
# Put one more convolution between the base and the dense layers, and compare fairly with a head that has none. Fill in
# each line that says `your code here`; the checks tell you what is missing, not your mark. A `NameError` in a check
# means that a gap above it is still empty. **Time** 1 minute to run.

# %% tags=["setup"]
import importlib.util

if importlib.util.find_spec("course_utils") is None:
    raise ModuleNotFoundError(
        "This kernel has no course_utils. In a checkout of the course, choose the kernel of its .venv, or start "
        "Jupyter with .venv/bin/jupyter lab; elsewhere open the one-file copy of this notebook (see the README)."
    )

# %% [markdown]
# ## Your variant
#
# Each student has their own: a different base, different photos, different numbers. Leave this cell as it is; what you
# hand in is graded for the variant that belongs to your student id.

# %% tags=["variant"]
student = "practice"
variant = {
    "assignment": "conv_head",
    "number": 0,
    "base": "mini_vgg16",
    "unfreeze": 0,
    "learning_rates": [0.001],
    "subset": 400,
    "seed": 400,
}

# %% tags=["check"]
from course_utils.assignments.checks import check_variant

check_variant(variant, "conv_head")

# %% [markdown]
# ## The photos of your variant
#
# Everyone works on the same drawings, kept apart from the photos of the lesson. The first time, the next cell draws
# 3,000 of them into the folder `drawings` beside this notebook: one to two minutes, and 103 MB. Afterwards they are
# there; delete the folder once you have handed in your work.
#
# `training_subset` says which of the 2,000 training photos you train on. Of the others, 400 are for validation: with
# fewer, luck could explain most differences. `x` holds your photos and then the 400; `fit` and `validation` are their
# positions in `x`.

# %%
import os

import numpy as np

from course_utils import fetch_photos, load_photos, photo_paths

os.environ["COURSE_DATA"] = "sandbox"
data = fetch_photos("drawings")

# %%
from sklearn.model_selection import train_test_split

from course_utils.assignments.variant import training_subset

paths = photo_paths(data / "dogs-train") + photo_paths(data / "cats-train")
labels = np.array([1] * 1000 + [0] * 1000)
subset = training_subset(variant)
others = np.setdiff1d(np.arange(2000), subset)
_, held_out = train_test_split(others, test_size=400, stratify=labels[others], random_state=variant["seed"])

# %%
chosen_photos = np.concatenate([subset, held_out])
x, y = load_photos([paths[position] for position in chosen_photos]), labels[chosen_photos]
fit, validation = np.arange(len(subset)), np.arange(len(subset), len(x))

# %%
x_test = load_photos(photo_paths(data / "dogs-test") + photo_paths(data / "cats-test"))
y_test = np.array([1] * 500 + [0] * 500)

# %% tags=["check"]
from course_utils import check_images, check_labels

check_images(x, variant["subset"] + 400)
check_labels(y, cats=len(y) // 2, dogs=len(y) // 2)
check_images(x_test, 1000)

# %% [markdown]
# ## Features, recorded once
#
# A fair comparison changes one thing at a time. So both heads get the features of the same frozen base, recorded once:
# `features` of the photos in `x`, `features_test` of the test photos.

# %% tags=["recorded"]
from course_utils import load_base, record_features

base = load_base(variant["base"])
base.model.trainable = False
features = record_features(base, x)
features_test = record_features(base, x_test)

# %% tags=["check"]
from course_utils.assignments.checks import check_features

check_features(features, x, base)
check_features(features_test, x_test, base)

# %% tags=["seed"]
import keras
from keras import layers

from course_utils import epochs

seed = variant["seed"]

# %% [markdown]
# ## Two heads
#
# Build two models that take `keras.Input(features.shape[1:])`. `flat_head`: Flatten, Dense 256 with ReLU, Dense 1 with
# sigmoid. `conv_head`: the same, with a Conv2D of 32 filters of 3 x 3 and ReLU before Flatten. How many parameters will
# each have? Compute it before you run the cell.

# %%
keras.utils.set_random_seed(seed)
# SOLUTION
convolution = layers.Conv2D(32, 3, activation="relu")
flat_head = keras.Sequential([keras.Input(features.shape[1:]), layers.Flatten()])
conv_head = keras.Sequential([keras.Input(features.shape[1:]), convolution, layers.Flatten()])
for head in (flat_head, conv_head):
    head.add(layers.Dense(256, activation="relu"))
    head.add(layers.Dense(1, activation="sigmoid"))
# END SOLUTION
print("flat:", f"{flat_head.count_params():,}", "convolutional:", f"{conv_head.count_params():,}")

# %% tags=["check"]
from course_utils import check
from course_utils.assignments.checks import check_head
from course_utils.assignments.variant import convolutions

check_head(flat_head, features, 1)
check_head(conv_head, features, 1)
check(
    [layer.filters for layer in convolutions(conv_head)] == [32] and not convolutions(flat_head),
    "one head has a convolution of 32 filters, the other none (this checks the form, not whether it is right)",
    "Put Conv2D(32, 3, activation='relu') before Flatten, in conv_head only.",
)

# %% [markdown]
# ## Train both in the same way
#
# Compile each with `keras.optimizers.RMSprop`, a relative of Adam, at the learning rate of your variant,
# `variant["learning_rates"][0]`, the loss `"binary_crossentropy"` and `metrics=["accuracy"]`; each needs an optimizer
# of its own. Train it on `features[fit]` with `epochs=epochs(10)`, which means ten, and give the photos in `validation`
# as `validation_data`. Put what `fit` returns into the dict `histories`, under `"flat"` and `"conv"`.

# %%
histories = {}
# SOLUTION
on_validation = (features[validation], y[validation])
for name, head in (("flat", flat_head), ("conv", conv_head)):
    head.compile(keras.optimizers.RMSprop(variant["learning_rates"][0]), "binary_crossentropy", metrics=["accuracy"])
    histories[name] = head.fit(features[fit], y[fit], epochs=epochs(10), validation_data=on_validation, verbose=0)
# END SOLUTION

# %% tags=["check"]
from course_utils.assignments.checks import check_learning_rate

check_learning_rate(flat_head, variant["learning_rates"][0])
check_learning_rate(conv_head, variant["learning_rates"][0])
check(
    sorted(histories) == ["conv", "flat"] and all("val_accuracy" in run.history for run in histories.values()),
    "both heads have a history with validation accuracy",
    "Compile metrics=['accuracy'], give fit validation_data, and name the runs flat and conv.",
)

# %% [markdown]
# ## Draw loss and accuracy of both
#
# Write `figure = plot_history(histories)` for the accuracies, and below it
# `figure = plot_history(histories, "loss")` for the losses. A head begins
# to overfit in the epoch in which its validation loss starts to rise while its training loss still falls; that may
# be as early as the second. Where is it?

# %%
from course_utils import plot_history

# SOLUTION
figure = plot_history(histories)
figure = plot_history(histories, "loss")
# END SOLUTION

# %% [markdown]
# ## More than luck?
#
# The two heads answered the same 400 validation photos. Only the photos where one is right and the other wrong tell
# them apart. `gained_and_lost` counts these, and computes how often coins alone would split them at least as unevenly.

# %% tags=["nbval-ignore-output"]
from course_utils import gained_and_lost

right_flat = (flat_head.predict(features[validation], verbose=0)[:, 0] > 0.5) == y[validation]
right_conv = (conv_head.predict(features[validation], verbose=0)[:, 0] > 0.5) == y[validation]
gained, lost, chance = gained_and_lost(right_flat, right_conv)
print(f"validation accuracy: flat {right_flat.mean():.3f}, convolutional {right_conv.mean():.3f}")
print(f"right only with the convolution: {gained}, right only without: {lost}")
print(f"if both were equally good, a split this uneven would have probability {chance:.2g}")

# %% [markdown]
# ## The test photos, once
#
# Predict `features_test` with the convolutional head. Keep the probabilities of a dog as `probabilities`, and the share
# of right answers as `accuracy`: the answer is "dog" where `probabilities[:, 0]` is above 0.5.

# %%
# SOLUTION
probabilities = conv_head.predict(features_test, verbose=0)
accuracy = float(((probabilities[:, 0] > 0.5) == y_test).mean())
# END SOLUTION

# %% tags=["nbval-ignore-output"]
print(f"convolutional head, test accuracy {accuracy:.3f}")

# %% tags=["check"]
from course_utils.assignments.checks import check_predictions

check_predictions(probabilities, len(x_test))

# %% [markdown]
# ## Your answer
#
# In three or four sentences: how many parameters does each head have, and why? Which one is better on your validation
# photos, and is that more than luck? Where does each begin to overfit?

# %% tags=["answer"]
answer = """
Write your answer here.
"""

# %% tags=["solution-only"]
answer = """
The convolution turns many feature maps into 32 and takes one place off each side, so that the dense layer after it
has far fewer inputs; nearly all parameters of the flat head lie in its dense layer. The heads disagree on some of the
400 validation photos; I call one better only where luck alone has a probability below 0.05, and otherwise say that no
difference was shown. A head begins to overfit where its validation loss rises while its training loss still falls; the
second plot shows where, if at all, within these epochs.
"""

# %% tags=["check"]
from course_utils.assignments.checks import check_text_answer

check_text_answer(answer)

# %% [markdown]
# ## Hand it in
#
# Save the notebook first (Ctrl+S). This cell tells you what is missing, then writes one zip file beside the notebook
# and names what it packed. Upload that file; most points come from the weights in it, tried on photos that you have not
# seen.

# %% tags=["submission"]
from course_utils.assignments.packing import pack_submission

packed = pack_submission(student, variant, conv_head, base, histories, probabilities, {"answer": answer}, accuracy)
