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
# Train a head on a frozen base, unfreeze the last convolutions of this base, and continue with small steps. The order
# matters, and so does proving what is trained. Fill in each line that says `your code here`. A `NameError` in a check
# means that a gap above it is still empty. **Time** 2 minutes to run.

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
# Compile `model` with Adam at the first learning rate of your variant, `variant["learning_rates"][0]`, the loss
# `"sparse_categorical_crossentropy"` and `metrics=["accuracy"]`. Train it on `x[fit]` with `epochs=epochs(4)`, which
# means four, and give the photos in `validation` as `validation_data`. Keep what `fit` returns as `first`.

# %%
# SOLUTION
adam = keras.optimizers.Adam(variant["learning_rates"][0])
model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
on_validation = (x[validation], y[validation])
first = model.fit(x[fit], y[fit], epochs=epochs(4), validation_data=on_validation, verbose=0)
# END SOLUTION

# %% tags=["check"]
from course_utils.assignments.checks import check_learning_rate, check_unfrozen

check_unfrozen(model, base, 0)
check_learning_rate(model, variant["learning_rates"][0])

# %% [markdown]
# For the comparison later, this notes which validation photos the head alone gets right.

# %%
right_before = model.predict(x[validation], verbose=0).argmax(axis=1) == y[validation]

# %% [markdown]
# ## Step 2: unfreeze the last convolutions
#
# `convolutions` lists the convolutions of a base, first to last. Unfreeze the last ones, as many as
# `variant["unfreeze"]` says, and nothing else. Then ask the *whole model* what is trainable;
# `base.model.trainable_weights` stays empty.

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
# ## Step 3: continue, with small steps
#
# Compile again, or the change has no effect: as in step 1, but with the second learning rate of your variant. Train on
# the same photos with `epochs=epochs(2)`, and validate as before. Keep what `fit` returns as `second`.

# %%
# SOLUTION
adam = keras.optimizers.Adam(variant["learning_rates"][1])
model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
second = model.fit(x[fit], y[fit], epochs=epochs(2), validation_data=on_validation, verbose=0)
# END SOLUTION

# %% tags=["check"]
check_learning_rate(model, variant["learning_rates"][1])
check_unfrozen(model, base, variant["unfreeze"])

# %% [markdown]
# ## More than luck?
#
# Both models answered the same 400 validation photos. Only the photos where one is right and the other wrong tell them
# apart. `gained_and_lost` counts these, and computes how often coins alone would split them at least as unevenly.

# %% tags=["nbval-ignore-output"]
from course_utils import gained_and_lost

right_after = model.predict(x[validation], verbose=0).argmax(axis=1) == y[validation]
gained, lost, chance = gained_and_lost(right_before, right_after)
print(f"validation accuracy: head alone {right_before.mean():.3f}, fine-tuned {right_after.mean():.3f}")
print(f"right only when fine-tuned: {gained}, right only before: {lost}")
print(f"if both were equally good, a split this uneven would have probability {chance:.2g}")

# %% [markdown]
# ## The test photos, once
#
# Predict `x_test` with the fine-tuned model. Keep the two probabilities of each photo as `probabilities`, and the share
# of right answers as `accuracy`.

# %%
# SOLUTION
probabilities = model.predict(x_test, verbose=0)
accuracy = float((probabilities.argmax(axis=1) == y_test).mean())
# END SOLUTION

# %% tags=["nbval-ignore-output"]
print(f"test accuracy, fine-tuned: {accuracy:.3f}")

# %% tags=["check"]
from course_utils.assignments.checks import check_predictions

check_predictions(probabilities, len(x_test))

# %% [markdown]
# ## Your answer
#
# In three or four sentences: why was the head trained first, and why with a larger learning rate? Did fine-tuning help
# on your validation photos, and by more than luck would explain? (The fine-tuned model also trained longer: what would
# a fair comparison need?)

# %% tags=["answer"]
answer = """
Write your answer here.
"""

# %% tags=["solution-only"]
answer = """
A head with random weights sends large errors back, which would spoil what the base has learned; so it is trained
first, with long steps, since it starts from nothing, and the base then moves with short ones. Some of the 400
validation photos were gained and some lost; only where luck alone has a probability below 0.05 do I say that
fine-tuning helped, and otherwise that it was not shown, which does not mean that it made no difference. In a fair
comparison the head alone would be trained for just as many epochs.
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

histories = {"head": first, "fine-tuned": second}
packed = pack_submission(student, variant, model, base, histories, probabilities, {"answer": answer}, accuracy)
