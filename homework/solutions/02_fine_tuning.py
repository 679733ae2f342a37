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
# # Homework 2: fine-tuning
#
# Train a head on the frozen base, unfreeze the last three convolutions of this base, and train on with small steps.
# The order matters, and so does proving what is trained. Fill in each line that says `your code here`.

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
# ## The model, with the base frozen
#
# `training=False` keeps batch normalization, where the base has any, at its recorded averages.

# %%
base = load_base()
base.model.trainable = False
keras.utils.set_random_seed(0)
inputs = keras.Input((150, 150, 3))
features = base.model(base.preprocess(inputs), training=False)
pooled = layers.GlobalAveragePooling2D()(features)
model = keras.Model(inputs, layers.Dense(2, activation="softmax", dtype="float32")(pooled))

# %% [markdown]
# ## Step 1: the head alone
#
# Compile with Adam 3e-3 and train for three epochs on the photos in `fit`, validated on those in `validation`.

# %%
# SOLUTION
model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
held_out = (x_train[validation], y_train[validation])
first = model.fit(x_train[fit], y_train[fit], epochs=epochs(3), validation_data=held_out, verbose=0)
# END SOLUTION
head_weights = len(model.trainable_weights)

# %% tags=["check"]
check(head_weights == 2, "only the head's kernel and bias are trained", "Freeze the base before you compile.")

# %% [markdown]
# ## Step 2: unfreeze the last three convolutions
#
# In VGG16 these are `block5_conv1` to `block5_conv3`; in another base, its last three `Conv2D` layers. Unfreeze these
# and nothing else, then ask the *whole model* what is trainable.

# %%
# SOLUTION
last_three = [layer for layer in base.model.layers if isinstance(layer, layers.Conv2D)][-3:]
for layer in last_three:
    layer.trainable = True
# END SOLUTION
for weight in model.trainable_weights:
    print(weight.path, tuple(weight.shape))

# %% tags=["check"]
convolutions = [layer for layer in base.model.layers if isinstance(layer, layers.Conv2D)]
expected = sum(len(layer.weights) for layer in convolutions[-3:]) + 2
check(
    len(model.trainable_weights) == expected and all(layer.trainable for layer in convolutions[-3:]),
    "the last three convolutions and the head are trainable, and nothing else",
    "Did you write layers[-3] for a slice (M7), or unfreeze pooling or batch normalization layers?",
)

# %% [markdown]
# ## Step 3: train on, with small steps
#
# Compile again (without it, the change has no effect), with Adam 5e-5; two epochs.

# %%
# SOLUTION
model.compile(keras.optimizers.Adam(5e-5), "sparse_categorical_crossentropy", metrics=["accuracy"])
second = model.fit(x_train[fit], y_train[fit], epochs=epochs(2), validation_data=held_out, verbose=0)
# END SOLUTION

# %% tags=["check"]
check(
    abs(float(model.optimizer.learning_rate) - 5e-5) < 1e-9,
    "the second training used Adam with 5e-5",
    "Compile after the change, with keras.optimizers.Adam(5e-5).",
)

# %% tags=["nbval-ignore-output"]
before, after = first.history["val_accuracy"][-1], second.history["val_accuracy"][-1]
print(f"validation accuracy: head alone {before:.3f}, fine-tuned {after:.3f}")

# %% [markdown]
# ## Your answer
#
# Did fine-tuning help, and by more than luck on 400 photos would explain? Why was the head trained first?

# %% [markdown] tags=["solution-only"]
# A random head would send large errors back and spoil the base. A gain below about 3 points is within luck here.
