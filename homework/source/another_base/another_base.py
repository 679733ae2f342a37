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
# # Homework: another base
#
# Replace the base of notebook 04 with another one, and find out what it needs and what it gives. Fill in each line that
# says `your code here`; the checks tell you what is missing, not your mark. A `NameError` in a check means
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
    "assignment": "another_base",
    "number": 0,
    "base": "mini_mobilenet_v2",
    "unfreeze": 0,
    "learning_rates": [0.003],
    "subset": 400,
    "seed": 100,
}

# %% tags=["check"]
from course_utils.assignments.checks import check_variant

check_variant(variant, "another_base")

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
# ## The base, frozen
#
# It was trained to tell other animals apart, never cats or dogs. Its features are recorded once; none of it is trained
# here.

# %%
from course_utils import load_base

base = load_base(variant["base"])
base.model.trainable = False
print(base.name, f"{base.model.count_params():,} parameters, output", base.model.output_shape)

# %% [markdown]
# ## Record its features, with its own preprocessing
#
# Record the features of all photos in `x` as `features`, and those of `x_test` as `features_test`. A base knows photos
# only in the form that it was trained with. `record_features(base, photos)` first brings the photos into that form. To
# see it, print `np.min` and `np.max` of `base.preprocess(x[:100])`; a single photo need not reach both ends.

# %% tags=["recorded"]
from course_utils import record_features

# SOLUTION
features = record_features(base, x)
features_test = record_features(base, x_test)
# END SOLUTION

# %% tags=["check"]
from course_utils.assignments.checks import check_features

check_features(features, x, base)
check_features(features_test, x_test, base)

# %% [markdown]
# ## Train a pooled head
#
# Build a model called `head`: it averages each feature map (`GlobalAveragePooling2D`), then one Dense layer gives two
# outputs with softmax. Compile it with Adam at the learning rate of your variant, `variant["learning_rates"][0]`, the
# loss `"sparse_categorical_crossentropy"` and `metrics=["accuracy"]`.
#
# Train it on `features[fit]` with `epochs=epochs(10)`, which means ten, and give the photos in `validation` as
# `validation_data`. Keep what `fit` returns as `history`.

# %% tags=["seed"]
import keras
from keras import layers

from course_utils import epochs

seed = variant["seed"]

# %%
keras.utils.set_random_seed(seed)
# SOLUTION
pooled = [layers.GlobalAveragePooling2D(), layers.Dense(2, activation="softmax")]
head = keras.Sequential([keras.Input(features.shape[1:]), *pooled])
adam = keras.optimizers.Adam(variant["learning_rates"][0])
head.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
on_validation = (features[validation], y[validation])
history = head.fit(features[fit], y[fit], epochs=epochs(10), validation_data=on_validation, verbose=0)
# END SOLUTION

# %% tags=["check"]
from course_utils import check
from course_utils.assignments.checks import check_head, check_learning_rate

check_head(head, features, 2)
check_learning_rate(head, variant["learning_rates"][0])
check(
    "val_accuracy" in history.history,
    "the validation accuracy was measured",
    "Give fit validation_data, and compile metrics=['accuracy'].",
)

# %% [markdown]
# ## What if it gets x / 255?
#
# Many programs give every base values from 0 to 1. Measure what that costs. Three things are needed:
#
# - `features_divided`: what the base itself gives for `x / 255`, without its preprocessing. Use `base.model.predict`.
# - `head_divided`: a second head, built, compiled (with an Adam of its own) and trained like the first, but on these
#   features.
# - `history_divided`: what its `fit` returns.

# %%
keras.utils.set_random_seed(seed)
# SOLUTION
features_divided = base.model.predict(x / np.float32(255), verbose=0)
pooled = [layers.GlobalAveragePooling2D(), layers.Dense(2, activation="softmax")]
head_divided = keras.Sequential([keras.Input(features.shape[1:]), *pooled])
adam = keras.optimizers.Adam(variant["learning_rates"][0])
head_divided.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
on_validation = (features_divided[validation], y[validation])
history_divided = head_divided.fit(
    features_divided[fit], y[fit], epochs=epochs(10), validation_data=on_validation, verbose=0
)
# END SOLUTION

# %% tags=["check"]
check_head(head_divided, features_divided, 2)
two_divided = base.model.predict(x[[0, -1]] / np.float32(255), verbose=0)
check(
    features_divided.shape == features.shape and np.allclose(features_divided[[0, -1]], two_divided, atol=0.01),
    "the base itself got x / 255",
    "Give all of x / 255 to base.model.predict; record_features would prepare it once more.",
)
check(
    "val_accuracy" in history_divided.history,
    "x / 255 was measured too (this checks the form, not whether it is right)",
    "Keep what fit returns for the second head as history_divided.",
)

# %% [markdown]
# ## More than luck?
#
# The two heads answered the same 400 validation photos. Only the photos where one is right and the other wrong tell
# them apart. `gained_and_lost` counts these, and computes how often coins alone would split them at least as unevenly.

# %% tags=["nbval-ignore-output"]
from course_utils import gained_and_lost

right_divided = head_divided.predict(features_divided[validation], verbose=0).argmax(axis=1) == y[validation]
right_own = head.predict(features[validation], verbose=0).argmax(axis=1) == y[validation]
gained, lost, chance = gained_and_lost(right_divided, right_own)
print(f"validation accuracy: x / 255 {right_divided.mean():.3f}, own preprocessing {right_own.mean():.3f}")
print(f"right only with its own: {gained}, right only with x / 255: {lost}")
print(f"if both were equally good, a split this uneven would have probability {chance:.2g}")

# %% [markdown]
# ## The test photos, once
#
# Predict the test photos from `features_test` with `head`. Keep the two probabilities of each photo as `probabilities`,
# and the share of right answers as `accuracy`.

# %%
# SOLUTION
probabilities = head.predict(features_test, verbose=0)
accuracy = float((probabilities.argmax(axis=1) == y_test).mean())
# END SOLUTION

# %% tags=["nbval-ignore-output"]
print(f"test, with {base.name}: {accuracy:.3f}")

# %% tags=["check"]
from course_utils.assignments.checks import check_predictions

check_predictions(probabilities, len(x_test))

# %% [markdown]
# ## Your answer
#
# In three or four sentences: which input does this base want, and how do you know? How much did x / 255 cost on your
# validation photos, and is that more than luck?

# %% tags=["answer"]
answer = """
Write your answer here.
"""

# %% tags=["solution-only"]
answer = """
This base was trained on values from -1 to 1, so it wants its own preprocessing; the check compares features with
what the base itself gives. Of the 400 validation photos more are right only with its own preprocessing than only
with x / 255, and x / 255 cost about four points. If both were equally good, a split this uneven would have a
probability below 0.05, so I take it for more than luck.
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

histories = {"own preprocessing": history, "x / 255": history_divided}
packed = pack_submission(student, variant, head, base, histories, probabilities, {"answer": answer}, accuracy)
