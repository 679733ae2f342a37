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
# # Homework: fine-tuning
#
# Train a head on a frozen base, unfreeze the last convolutions of this base, and train on with small steps. The order
# matters, and so does proving what is trained. Fill in each line that says `your code here`. **Time** 2 minutes to run.

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
    "assignment": "fine_tuning",
    "number": 0,
    "base": "mini_vgg16",
    "unfreeze": 2,
    "learning_rates": [0.003, 5e-05],
    "subset": 400,
    "seed": 200,
}

# %% tags=["check"]
from course_utils.assignments.checks import check_variant

check_variant(variant, "fine_tuning")

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
# ## The model, with the base frozen
#
# The whole model takes photos of 0-255: preprocessing, base, mean of each feature map, two outputs. Batch
# normalization, where the base has any, stays frozen, and so keeps its recorded averages.

# %% tags=["recorded"]
import keras
from keras import layers

from course_utils import epochs, load_base

# %% tags=["seed"]
seed = variant["seed"]

# %%
base = load_base(variant["base"])
base.model.trainable = False
keras.utils.set_random_seed(seed)
inputs = keras.Input((150, 150, 3))
maps = base.model(base.preprocess(inputs), training=False)
outputs = layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling2D()(maps))
model = keras.Model(inputs, outputs)

# %% [markdown]
# ## Step 1: the head alone
#
# Compile with Adam and the first learning rate of your variant; train for four epochs on the photos in `fit`, validated
# on those in `validation`. Keep what `fit` returns as `first`.

# %%
# SOLUTION
adam = keras.optimizers.Adam(variant["learning_rates"][0])
model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
held_out = (x[validation], y[validation])
first = model.fit(x[fit], y[fit], epochs=epochs(4), validation_data=held_out, verbose=0)
# END SOLUTION

# %% tags=["check"]
from course_utils.assignments.checks import check_learning_rate, check_unfrozen

check_unfrozen(model, base, 0)
check_learning_rate(model, variant["learning_rates"][0])

# %% [markdown]
# ## Step 2: unfreeze the last convolutions
#
# `convolutions` lists those of a base, first to last. Unfreeze the last ones, as many as `variant["unfreeze"]` says,
# and nothing else. Then ask the *whole model* what is trainable; the base's own list stays empty.

# %%
from course_utils.assignments.variant import convolutions

print([layer.name for layer in convolutions(base.model)])

# %%
# SOLUTION
base.model.trainable = False
for layer in convolutions(base.model)[-variant["unfreeze"] :]:
    layer.trainable = True
# END SOLUTION
for weight in model.trainable_weights:
    print(weight.path, tuple(weight.shape))

# %% tags=["check"]
check_unfrozen(model, base, variant["unfreeze"])

# %% [markdown]
# ## Step 3: train on, with small steps
#
# Compile again (without it, the change has no effect), with Adam and the second learning rate; two epochs. Keep what
# `fit` returns as `second`.

# %%
# SOLUTION
adam = keras.optimizers.Adam(variant["learning_rates"][1])
model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
second = model.fit(x[fit], y[fit], epochs=epochs(2), validation_data=held_out, verbose=0)
# END SOLUTION

# %% tags=["check"]
check_learning_rate(model, variant["learning_rates"][1])
check_unfrozen(model, base, variant["unfreeze"])

# %% [markdown]
# ## The test photos, once
#
# Predict them with the fine-tuned model. Keep the probabilities as `probabilities` and the share of right answers as
# `accuracy`.

# %%
# SOLUTION
probabilities = model.predict(x_test, verbose=0)
accuracy = float((probabilities.argmax(axis=1) == y_test).mean())
# END SOLUTION

# %% tags=["nbval-ignore-output"]
before, after = first.history["val_accuracy"][-1], second.history["val_accuracy"][-1]
print(f"validation accuracy: head alone {before:.3f}, fine-tuned {after:.3f}; test {accuracy:.3f}")

# %% tags=["check"]
from course_utils.assignments.checks import check_predictions

check_predictions(probabilities, len(x_test))

# %% [markdown]
# ## Your answer
#
# In three or four sentences: why was the head trained first, and why with a larger learning rate? Did fine-tuning help,
# and by more than luck on your validation photos would explain?

# %% tags=["answer"]
answer = """
Write your answer here.
"""

# %% tags=["solution-only"]
answer = """
A head with random weights sends large errors back, which would spoil what the base has learned; so it is trained
first, with long steps, since it starts from nothing, and the base then moves with short ones. On 80 validation
photos a gain below about 7 points is within luck, so from these alone I cannot say that fine-tuning helped.
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

histories = {"head": first, "fine-tuned": second}
pack_submission(student, variant, model, base, histories, probabilities, {"answer": answer}, accuracy)
