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
# each line that says `your code here`; the checks tell you what is missing, not your mark. **Time** 1 minute to run.

# %% tags=["setup"]
import importlib.util

if importlib.util.find_spec("course_utils") is None:
    raise ModuleNotFoundError("course_utils is missing: open the one-file copy of this notebook (see the README).")

# %% [markdown]
# ## Your variant
#
# Each student has their own: another base, other photos, other numbers. Leave this cell as it is; what you hand in
# is graded for the variant that belongs to your student id.

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
# Everyone works on the same drawings, kept apart from the photos of the lesson. `training_subset` says which of the
# 2,000 training photos are yours: as many dogs as cats, dogs first. A fifth of them is kept for validation.

# %%
import os

import numpy as np

from course_utils import fetch_photos, load_photos, photo_paths

os.environ["COURSE_DATA"] = "sandbox"
data = fetch_photos("drawings")

# %%
from sklearn.model_selection import train_test_split

from course_utils.assignments.variant import training_subset

subset = training_subset(variant)
x = load_photos(photo_paths(data / "dogs-train") + photo_paths(data / "cats-train"))[subset]
y = np.array([1] * 1000 + [0] * 1000)[subset]
fit, validation = train_test_split(np.arange(len(x)), test_size=0.2, stratify=y, random_state=variant["seed"])

# %%
x_test = load_photos(photo_paths(data / "dogs-test") + photo_paths(data / "cats-test"))
y_test = np.array([1] * 500 + [0] * 500)

# %% tags=["check"]
from course_utils import check_images, check_labels

check_images(x, variant["subset"])
check_labels(y, cats=len(y) // 2, dogs=len(y) // 2)
check_images(x_test, 1000)

# %% [markdown]
# ## Features, recorded once
#
# The published comparison was not fair (mistake M18): one head was trained on a base whose last convolution was still
# unfrozen. Here both heads get the features of the same fresh, frozen base.

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
# `flat_head`: Flatten, Dense 256 with ReLU, Dense 1 with sigmoid. `conv_head`: the same, with a Conv2D of 32 filters of
# 3 x 3 and ReLU before Flatten. Compute how many parameters each must have before you run the check.

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
# RMSprop with the learning rate of your variant, binary crossentropy, ten epochs, on the photos in `fit`, validated on
# those in `validation`. Put what `fit` returns into the dict `histories`, under `"flat"` and `"conv"`.

# %%
histories = {}
# SOLUTION
held_out = (features[validation], y[validation])
for name, head in (("flat", flat_head), ("conv", conv_head)):
    head.compile(keras.optimizers.RMSprop(variant["learning_rates"][0]), "binary_crossentropy", metrics=["accuracy"])
    histories[name] = head.fit(features[fit], y[fit], epochs=epochs(10), validation_data=held_out, verbose=0)
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
# Curves that rise together tell more than two last numbers. Where does each head begin to overfit?

# %%
from course_utils import plot_history

# SOLUTION
figure = plot_history(histories)
figure = plot_history(histories, "loss")
# END SOLUTION

# %% [markdown]
# ## The test photos, once
#
# Predict them with the convolutional head. Keep the probabilities of a dog as `probabilities` and the share of right
# answers as `accuracy`.

# %%
# SOLUTION
probabilities = conv_head.predict(features_test, verbose=0)
accuracy = float(((probabilities[:, 0] > 0.5) == y_test).mean())
# END SOLUTION

# %% tags=["nbval-ignore-output"]
for name, run in histories.items():
    print(f"{name}: validation accuracy {run.history['val_accuracy'][-1]:.3f}")
print(f"convolutional head, test accuracy {accuracy:.3f}")

# %% tags=["check"]
from course_utils.assignments.checks import check_predictions

check_predictions(probabilities, len(x_test))

# %% [markdown]
# ## Your answer
#
# In three or four sentences: how many parameters has each head and why, which one is better, is that more than luck on
# your validation photos, and where does each begin to overfit?

# %% tags=["answer"]
answer = """
Write your answer here.
"""

# %% tags=["solution-only"]
answer = """
The convolution turns many feature maps into 32 and takes two pixels off each side, so that the dense layer after it
has far fewer inputs; nearly all parameters of the flat head lie in its dense layer. On so few validation photos a
difference of a few points is within luck, so I call neither better. A head begins to overfit where its validation
loss rises while its training loss still falls; the second plot shows where, if at all, within these epochs.
"""

# %% tags=["check"]
from course_utils.assignments.checks import check_text_answer

check_text_answer(answer)

# %% [markdown]
# ## Hand it in
#
# This writes one zip file beside the notebook. Upload that file. It tells you what is missing before it writes, and
# names what it packed; your points come from the weights in it, recomputed on photos that you have not seen.

# %% tags=["submission"]
from course_utils.assignments.packing import pack_submission

pack_submission(student, variant, conv_head, base, histories, probabilities, {"answer": answer}, accuracy)
