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
# # Homework: the learning rate
#
# How long should a step be? Try learning rates over seven orders of magnitude on recorded features, where a trial takes
# seconds, draw the result, and choose. Fill in each line that says `your code here`. A `NameError` in a check means
# that a gap above it is still empty. **Time** 1 minute to run.

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
    "assignment": "learning_rate",
    "number": 0,
    "base": "mini_vgg16",
    "unfreeze": 0,
    "learning_rates": [1e-06, 1e-05, 0.001, 0.1, 10.0],
    "subset": 600,
    "seed": 300,
}

# %% tags=["check"]
from course_utils.assignments.checks import check_variant

check_variant(variant, "learning_rate")

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
# The base stays frozen, so each photo goes through it only once, with the base's own preprocessing. The features of
# the test photos are recorded too, and wait until you have chosen.

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
# ## One head, always the same start
#
# Every trial begins with the same random weights, so that only the learning rate differs.


# %%
def new_head():
    keras.utils.set_random_seed(seed)
    pooled = [layers.GlobalAveragePooling2D(), layers.Dense(64, activation="relu")]
    return keras.Sequential([keras.Input(features.shape[1:]), *pooled, layers.Dense(2, activation="softmax")])


# %% [markdown]
# ## Try each learning rate of your variant
#
# For each rate in `variant["learning_rates"]`: take a `new_head()`, and compile it with Adam at this rate, the loss
# `"sparse_categorical_crossentropy"` and `metrics=["accuracy"]`. Train it on `features[fit]` with `epochs=epochs(6)`,
# which means six, and give the photos in `validation` as `validation_data`.
#
# Fill three dicts, each with the learning rate as key: `heads` with the trained heads, `histories` with what `fit`
# returns, and `accuracies` with the last value of `val_accuracy` in each history.

# %%
heads, histories, accuracies = {}, {}, {}
# SOLUTION
on_validation = (features[validation], y[validation])
for rate in variant["learning_rates"]:
    heads[rate] = new_head()
    heads[rate].compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    histories[rate] = heads[rate].fit(features[fit], y[fit], epochs=epochs(6), validation_data=on_validation, verbose=0)
    accuracies[rate] = histories[rate].history["val_accuracy"][-1]
# END SOLUTION

# %% tags=["check"]
from course_utils import check
from course_utils.assignments.checks import check_learning_rate, check_trials

check_trials(accuracies, variant)
for rate in variant["learning_rates"]:
    check_learning_rate(heads[rate], rate)

# %% [markdown]
# ## Draw it
#
# Draw `accuracies` over the learning rate. Use a logarithmic axis (`plt.semilogx`), since the rates lie powers of
# ten apart, and label both axes.

# %%
import matplotlib.pyplot as plt

# SOLUTION
plt.semilogx(list(accuracies), list(accuracies.values()), "-o", color="#0072B2")
plt.axhline(0.5, color="grey", linestyle=":", label="guessing")
plt.xlabel("learning rate"), plt.ylabel("validation accuracy"), plt.title("Which learning rate?"), plt.legend()
# END SOLUTION
plt.show()

# %% tags=["nbval-ignore-output"]
for rate, history in histories.items():
    print(f"learning rate {rate:g}: validation loss {history.history['val_loss'][-1]:.3g}")

# %% [markdown]
# ## Choose, and the test photos once
#
# Choose the learning rate by its validation accuracy, and call it `chosen`. Of several that are within a few photos of
# each other take any, and say so in your answer. Then predict `features_test` with its head,
# once: keep the two probabilities of each photo as `probabilities`, and the share of right answers as `accuracy`.

# %%
# SOLUTION
chosen = max(accuracies, key=accuracies.get)
probabilities = heads[chosen].predict(features_test, verbose=0)
accuracy = float((probabilities.argmax(axis=1) == y_test).mean())
# END SOLUTION

# %% tags=["nbval-ignore-output"]
print(f"learning rate {chosen:g}: validation {accuracies[chosen]:.3f}, test {accuracy:.3f}")

# %% tags=["check"]
from course_utils.assignments.checks import check_head, check_predictions

check(
    accuracies[chosen] > max(accuracies.values()) - 0.02,
    "the chosen rate is among the best on the validation photos",
    "Look at the plot: take one from its highest part.",
)
check_head(heads[chosen], features, 2)
check_predictions(probabilities, len(x_test))

# %% [markdown]
# ## Your answer
#
# In three or four sentences: what happens at the smallest and at the largest learning rate of your plot, and why? Look
# at the losses too. (An untrained head can be right less than half of the time: its random weights may point the wrong
# way.) Which rates are as good as the one that you chose?

# %% tags=["answer"]
answer = """
Write your answer here.
"""

# %% tags=["solution-only"]
answer = """
With the smallest step the head has hardly moved after six epochs: its accuracy is that of its random start, which may
lie above one half or far below, and its loss is still near ln 2 or above. With the largest it jumps across the valley
at each step: the accuracy falls, and the validation loss ends above that of the start, in some trials many times over.
Between 0.001 and 0.1 the accuracies lie within a few photos of each other, so I cannot say which of these is best.
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

runs = {f"{rate:g}": history for rate, history in histories.items()}
answers = {"answer": answer, "chosen": f"{chosen:g}"}
packed = pack_submission(student, variant, heads[chosen], base, runs, probabilities, answers, accuracy)
