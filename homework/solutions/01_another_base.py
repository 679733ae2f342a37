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
# # Homework 1: another base
#
# Replace the base of notebook 04 by another one, and find out what it needs and what it gives. Fill in each line that
# says `your code here`; the checks tell you what is missing.

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

# %% [markdown]
# ## Choose a base
#
# On drawn images take `"mini_mobilenet_v2"` or `"mini_xception"`; on photos `"Xception"` if you are online, else
# `"MobileNetV2-0.35"`.

# %%
# SOLUTION
from course_utils import source_of

name = "mini_mobilenet_v2" if source_of(data) == "sandbox" else "MobileNetV2-0.35"
# END SOLUTION
base = load_base(name)
base.model.trainable = False
print(base.name, f"{base.model.count_params():,} parameters, output", base.model.output_shape)

# %% tags=["check"]
check(base.name not in ("VGG16", "mini_vgg16"), "this is another base than in notebook 04", "Choose another name.")

# %% [markdown]
# ## Record its features, with its own preprocessing
#
# You need the features of all 2,000 training photos, in their order.

# %%
from course_utils import record_features

# SOLUTION
features = record_features(base, x_train)
# END SOLUTION
print(features.shape)

# %% tags=["check"]
check(
    features.shape == (2000, *base.model.output_shape[1:]),
    "one set of feature maps for each photo (this checks the form, not whether the preprocessing is right)",
    "Use record_features(base, x_train): it applies the base's own preprocessing.",
)

# %% [markdown]
# ## Train a pooled head
#
# Average each feature map, then one Dense layer with softmax; Adam 3e-3, five epochs, 1,600 photos to train on and
# 400 to validate.

# %%
# SOLUTION
keras.utils.set_random_seed(0)
head = keras.Sequential(
    [
        keras.Input(features.shape[1:]),
        layers.GlobalAveragePooling2D(),
        layers.Dense(2, activation="softmax", dtype="float32"),
    ]
)
head.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
held_out = (features[validation], y_train[validation])
history = head.fit(features[fit], y_train[fit], epochs=epochs(5), validation_data=held_out, verbose=0)
# END SOLUTION

# %% tags=["check"]
check(
    head.count_params() == 2 * features.shape[-1] + 2,
    "the head has two weights for each feature map, and two more",
    "Is the first layer GlobalAveragePooling2D, and the only other one Dense(2)?",
)
check(
    "val_accuracy" in history.history,
    "the validation accuracy was measured",
    "Give fit validation_data, and compile metrics=['accuracy'].",
)

# %% tags=["nbval-ignore-output"]
print(f"validation accuracy with {base.name}: {history.history['val_accuracy'][-1]:.3f}")

# %% [markdown]
# ## What if it gets x / 255?
#
# Measure it: record the features of `x_train / 255` *without* the base's preprocessing, and train the same head.
# Keep its validation accuracy as `accuracy_divided`.

# %%
# SOLUTION
from dataclasses import replace

wrong_base = replace(base, preprocess=lambda images: images / np.float32(255))
wrong_features = record_features(wrong_base, x_train)
keras.utils.set_random_seed(0)
wrong_head = keras.models.clone_model(head)
wrong_head.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
held_out = (wrong_features[validation], y_train[validation])
wrong = wrong_head.fit(wrong_features[fit], y_train[fit], epochs=epochs(5), validation_data=held_out, verbose=0)
accuracy_divided = wrong.history["val_accuracy"][-1]
# END SOLUTION

# %% tags=["check"]
check(0 <= accuracy_divided <= 1, "x / 255 was measured too", "accuracy_divided is a share between 0 and 1.")

# %% [markdown]
# ## Your answer
#
# In three sentences: which base, which input, which accuracy, and how sure are you, given 400 validation photos?

# %% [markdown] tags=["solution-only"]
# The base's own preprocessing is better; on 400 photos two accuracies of 0.9 must lie about 4 points apart before
# luck is an unlikely explanation.
