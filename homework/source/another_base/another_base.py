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
# Replace the base of notebook 04 by another one, and find out what it needs and what it gives. Fill in each line that
# says `your code here`; the checks tell you what is missing, not your mark. **Time** 1 minute to run.

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
# ## The base, frozen
#
# It was trained to tell other animals apart, never cats or dogs. Its features are recorded once; nothing of it is
# trained here.

# %%
from course_utils import load_base

base = load_base(variant["base"])
base.model.trainable = False
print(base.name, f"{base.model.count_params():,} parameters, output", base.model.output_shape)

# %% [markdown]
# ## Record its features, with its own preprocessing
#
# You need the features of your training photos, as `features`, and those of the test photos, as `features_test`, each
# in the order of the photos. A base knows photos only in the form that it was trained with.

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
# Average each feature map, then one Dense layer with two outputs and softmax, called `head`. Adam with the learning
# rate of your variant, ten epochs, trained on the photos in `fit` and validated on those in `validation`.

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
held_out = (features[validation], y[validation])
history = head.fit(features[fit], y[fit], epochs=epochs(10), validation_data=held_out, verbose=0)
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
# Measure it: record features of `x / 255` *without* the base's preprocessing, train the same head on them, and keep
# its last validation accuracy as `accuracy_divided`.

# %%
keras.utils.set_random_seed(seed)
# SOLUTION
from dataclasses import replace

divided = record_features(replace(base, preprocess=lambda images: images / np.float32(255)), x)
other = keras.models.clone_model(head)
adam = keras.optimizers.Adam(variant["learning_rates"][0])
other.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
held_out = (divided[validation], y[validation])
history_divided = other.fit(divided[fit], y[fit], epochs=epochs(10), validation_data=held_out, verbose=0)
accuracy_divided = history_divided.history["val_accuracy"][-1]
# END SOLUTION

# %% tags=["check"]
check(
    0 <= accuracy_divided <= 1,
    "x / 255 was measured too (this checks the form, not whether it is right)",
    "accuracy_divided is a share between 0 and 1.",
)

# %% [markdown]
# ## The test photos, once
#
# Predict the test photos from `features_test` with the head that got the right input. Keep the probabilities as
# `probabilities` and the share of right answers as `accuracy`.

# %%
# SOLUTION
probabilities = head.predict(features_test, verbose=0)
accuracy = float((probabilities.argmax(axis=1) == y_test).mean())
# END SOLUTION

# %% tags=["nbval-ignore-output"]
print(f"validation: {history.history['val_accuracy'][-1]:.3f}, with x / 255: {accuracy_divided:.3f}")
print(f"test, with {base.name}: {accuracy:.3f}")

# %% tags=["check"]
from course_utils.assignments.checks import check_predictions

check_predictions(probabilities, len(x_test))

# %% [markdown]
# ## Your answer
#
# In three or four sentences: which input does this base want, and how do you know? How much did x / 255 cost, and is
# that more than luck on your validation photos?

# %% tags=["answer"]
answer = """
Write your answer here.
"""

# %% tags=["solution-only"]
answer = """
This base was trained on values from -1 to 1, so it wants its own preprocessing; the check compares features with
what the base itself gives. On 80 validation photos two accuracies near 0.9 must lie about 9 points apart
before luck is an unlikely explanation, so a smaller difference proves nothing.
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

histories = {"own preprocessing": history, "x / 255": history_divided}
pack_submission(student, variant, head, base, histories, probabilities, {"answer": answer}, accuracy)
