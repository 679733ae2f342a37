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
# # Homework 3: the learning rate
#
# How long should a step be? Try learning rates over five orders of magnitude on recorded features, where a trial
# takes seconds, draw the result, and choose. Fill in each line that says `your code here`.

# %% tags=["setup"]
import importlib.util

if importlib.util.find_spec("course_utils") is None:
    raise ModuleNotFoundError("course_utils is missing: open the one-file copy of this notebook (see the README).")

# %%
import keras
import numpy as np
from keras import layers
from sklearn.model_selection import train_test_split

from course_utils import check, epochs, fastest_precision, fetch_photos, load_base, load_photos, photo_paths

# %%
data = fetch_photos("data")
x_train = load_photos(photo_paths(data / "dogs-train") + photo_paths(data / "cats-train"))
y_train = np.array([1] * 1000 + [0] * 1000)
fit, validation = train_test_split(np.arange(2000), test_size=400, stratify=y_train, random_state=0)
keras.config.set_dtype_policy(fastest_precision())

# %%
from course_utils import record_features

base = load_base()
features = record_features(base, x_train)


def new_head():
    keras.utils.set_random_seed(0)
    parts = [
        layers.Flatten(),
        layers.Dense(64, activation="relu"),
        layers.Dense(2, activation="softmax", dtype="float32"),
    ]
    return keras.Sequential([keras.Input(features.shape[1:]), *parts])


# %% [markdown]
# ## Try six learning rates
#
# From 1e-6 to 1e-1, three epochs each, on the photos in `fit`. Put the validation accuracy of each into the dict
# `accuracies`: learning rate → accuracy.

# %%
rates = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1]
accuracies = {}
# SOLUTION
for rate in rates:
    head = new_head()
    head.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    held_out = (features[validation], y_train[validation])
    history = head.fit(features[fit], y_train[fit], epochs=epochs(3), validation_data=held_out, verbose=0)
    accuracies[rate] = history.history["val_accuracy"][-1]
# END SOLUTION

# %% tags=["check"]
check(sorted(accuracies) == sorted(rates), "every learning rate was tried", "Loop over rates; a new head each time.")
check(
    max(accuracies.values()) - min(accuracies.values()) > 0.05,
    "the learning rate makes a difference",
    "Does every rate start with a new head, and does compile get that rate?",
)

# %% [markdown]
# ## Draw it
#
# Accuracy over learning rate, with a logarithmic axis, since the rates differ by factors of ten.

# %%
import matplotlib.pyplot as plt

# SOLUTION
plt.semilogx(list(accuracies), list(accuracies.values()), "-o", color="#0072B2")
plt.axhline(0.5, color="grey", linestyle=":", label="guessing")
plt.xlabel("learning rate"), plt.ylabel("validation accuracy"), plt.title("Which learning rate?"), plt.legend()
# END SOLUTION
plt.show()

# %% [markdown]
# ## Choose
#
# Put your choice into `chosen`.

# %%
# SOLUTION
chosen = max(accuracies, key=accuracies.get)
# END SOLUTION

# %% tags=["check"]
check(
    accuracies[chosen] > max(accuracies.values()) - 0.02,
    "the chosen rate is among the best on the validation photos",
    "Look at the plot: take one from its highest part.",
)

# %% [markdown]
# ## Your answer
#
# What happens at both ends, and why? How does the right end resemble the dead start of notebook 03?

# %% [markdown] tags=["solution-only"]
# Too small a step has not arrived after three epochs; too large a step jumps over the valley, and ReLU units that
# are thrown far below zero never answer again: the loss stands at ln 2.
