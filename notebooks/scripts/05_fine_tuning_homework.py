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
# # 05 Fine-tuning and homework
#
# After this notebook you can
#
# - compare two models photo by photo, and say whether the difference is more than luck,
# - unfreeze the last layers of a base, and prove which weights will be trained,
# - start the four homework tasks.
#
# **Time** 1 minute on two laptop cores. **Memory** 1.5 GB. **Needs** the models of 03 and 04; trains stand-ins.

# %% tags=["setup"]
import importlib.util

if importlib.util.find_spec("course_utils") is None:
    raise ModuleNotFoundError("course_utils is missing: open the one-file copy of this notebook (see the README).")

# %% [markdown]
# ## Q5: How much better is the borrowed base, and is it luck?
#
# Published on the real photos: 0.685 from scratch after 10 epochs of 17-18 s; 0.905 with a frozen VGG16 after 5
# epochs of 125-134 s.
#
# **Predict:** of 100 photos that the scratch CNN gets wrong, how many does the frozen base get right?

# %%
import numpy as np

from course_utils import fetch_photos, load_base, load_photos, photo_paths

data = fetch_photos("data")
x_train = load_photos(photo_paths(data / "dogs-train") + photo_paths(data / "cats-train"))
y_train = np.array([1] * 1000 + [0] * 1000)
x_test = load_photos(photo_paths(data / "dogs-test") + photo_paths(data / "cats-test"))
y_test = np.array([1] * 500 + [0] * 500)

# %% tags=["check"]
from course_utils import check, check_images, check_labels

check_images(x_train, 2000)
check_labels(y_train, cats=1000, dogs=1000)
check_images(x_test, 1000)
check_labels(y_test, cats=500, dogs=500)

# %% [markdown]
# ## The two models
#
# They come from the files that notebooks 03 and 04 saved. Whoever starts here gets stand-ins, trained more briefly:
# then the numbers are lower, and the line below says so.

# %%
import keras
from keras import layers

from course_utils import epochs, fastest_precision
from course_utils.training import earlier_model, scratch_cnn

keras.config.set_dtype_policy(fastest_precision())
keras.utils.set_random_seed(0)
base = load_base()


# %%
def train_scratch():
    model = scratch_cnn()
    model.fit(x_train, y_train, epochs=epochs(3), verbose=0)
    return model


# %%
def with_base(head):
    base.model.trainable = False
    inputs = keras.Input((150, 150, 3))
    model = keras.Model(inputs, head(base.model(base.preprocess(inputs), training=False)))
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def train_frozen_base():
    pooled = [layers.GlobalAveragePooling2D(), layers.Dense(2, activation="softmax", dtype="float32")]
    model = with_base(keras.Sequential(pooled))
    model.fit(x_train, y_train, epochs=epochs(2), verbose=0)
    return model


# %% tags=["nbval-ignore-output"]
scratch = earlier_model(data, "scratch", train_scratch)
frozen = earlier_model(data, "frozen_base", train_frozen_base)

# %% [markdown]
# ## Compare, photo by photo
#
# Both saw the same 1,000 test photos, so we need not compare two averages only. Count the photos that one gets right
# and the other wrong: if both were equally good, these two counts would be about the same.

# %%
right = {}
for name, model in (("scratch CNN", scratch), (f"frozen {base.name}", frozen)):
    right[name] = model.predict(x_test, verbose=0).argmax(axis=1) == y_test
scratch_right, frozen_right = right.values()

# %% tags=["nbval-ignore-output"]
print("photos that            base right   base wrong")
for words, which in (("scratch gets right", scratch_right), ("scratch gets wrong", ~scratch_right)):
    print(f"{words:20}{(which & frozen_right).sum():13}{(which & ~frozen_right).sum():13}")

# %%
from course_utils import plot_comparison

accuracies = {name: float(values.mean()) for name, values in right.items()}
figure = plot_comparison(accuracies, 1000, dict(zip(accuracies, (0.685, 0.905), strict=True)))

# %% tags=["check"]
from course_utils import check_accuracy

gap = accuracies[f"frozen {base.name}"] - accuracies["scratch CNN"]
check_accuracy("gain of the frozen base over the scratch CNN", max(gap, 0), 0.10)

# %% [markdown]
# If you toss a coin for each photo on which they differ, how often does the better one win by so much? That is the
# sign test (McNemar's, exact).

# %% tags=["nbval-ignore-output"]
from scipy.stats import binomtest

gained, lost = int((frozen_right & ~scratch_right).sum()), int((~frozen_right & scratch_right).sum())
chance = binomtest(gained, gained + lost).pvalue
print(f"{gained} photos gained, {lost} lost; by luck alone with probability {chance:.1g}")

# %% [markdown]
# ## Before the homework: which weights are trained?
#
# *Fine-tuning* unfreezes the last layers of the base, after the head has been trained, and trains on with a small
# step. Two published slips show how easily the wrong layers are unfrozen. VGG16 with random weights will do here.


# %%
def vgg16_with_head():
    vgg16 = keras.applications.VGG16(weights=None, include_top=False, input_shape=(150, 150, 3))
    vgg16.trainable = False
    head = [layers.Flatten(), layers.Dense(256, activation="relu"), layers.Dense(1, activation="sigmoid")]
    return vgg16, keras.Sequential([vgg16, *head])


def trainable(model):
    return len(model.trainable_weights), sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


# %% [markdown]
# ### Mistake M7: one layer is no slice
#
# `layers[-2]` is one layer, `layers[-2:]` the last two. Going through one layer is an error; and of the last two, one
# is the pooling, which has no weights.

# %%
vgg16, model = vgg16_with_head()
try:
    for layer in vgg16.layers[-2]:
        layer.trainable = True
except TypeError as error:
    print("layers[-2]: ", error)
print("layers[-2:]:", [layer.name for layer in vgg16.layers[-2:]])

# %% [markdown]
# ### Mistake M10: one convolution instead of three
#
# The published text unfreezes three convolutions, the published code one, and the scores belong to that one. Count
# *tensors* (a kernel and a bias for each layer) and *parameters* after every change.

# %%
vgg16.get_layer("block5_conv3").trainable = True
print("the published code: ", *trainable(model))
for name in ("block5_conv1", "block5_conv2"):
    vgg16.get_layer(name).trainable = True
print("the published words:", *trainable(model))

# %% tags=["check"]
check(
    trainable(model) == (10, 9_177_089),
    "three convolutions and the head: 10 tensors, 9,177,089 parameters (one convolution: 4,457,473)",
    "Unfreeze block5_conv1, block5_conv2 and block5_conv3 by name.",
)

# %% [markdown]
# ### Ask the whole model
#
# The base was frozen as a whole, and still says so: its own list is empty, though three of its layers will be
# trained. Only the list of the *whole* model tells the truth.

# %%
print("asked of the base: ", len(vgg16.trainable_weights), "tensors")
print("asked of the model:", len(model.trainable_weights), "tensors")

# %% tags=["check"]
check(
    len(vgg16.trainable_weights) == 0 and len(model.trainable_weights) == 10,
    "the base's own list hides what will be trained",
    "Your Keras shows both lists alike, so here nothing is hidden: go on with the next cell.",
)
del vgg16, model

# %% [markdown]
# ### Three rules
#
# 1. Train the head first: a random head sends large errors back, which ruin what the base has learned.
# 2. Compile *after* you change what is trainable, with a small step: Adam 5e-5.
# 3. Leave *batch normalization*, a layer that scales by running averages, frozen: then these stay as they were recorded
#    (see 08).

# %% [markdown]
# ## Homework
#
# Notebooks with gaps and checks, in `homework/practice/`; in a class, each student gets a variant.
#
# 1. `another_base`: give another base *its own* input.
# 2. `fine_tuning`: unfreeze the last convolutions, in order.
# 3. `learning_rate`: draw accuracy against it, and choose.
# 4. `conv_head`: add a convolution, compare fairly.

# %% [markdown]
# ## Summary
#
# - Compare on the same photos; count gains and losses.
# - Names, not positions; the whole model's list, not the base's; compile after every change.
# - `clean_photos("data")` removes the lesson's images when the course is over.

# %% [markdown]
# ## Exercises
#
# 1. `layers[-4:]` of VGG16's base: how many convolutions are these, and how many parameters?
# 2. Why is a small learning rate needed for fine-tuning, and not for the head alone?
#
# <details><summary>Solutions</summary>
#
# 1. Three convolutions (the fourth is the pooling): 3 x 2,359,808 = 7,079,424 parameters.
# 2. The head starts from nothing and has far to go. The base's weights are good already; large steps lose that.
#
# </details>

# %% [markdown]
# ## Sources
#
# Q5 and the homework: lessons L1 and L2; the order of fine-tuning and 9,177,089: lesson L3. The test: Q. McNemar,
# Psychometrika 12 (1947). Next: `06_three_ways_to_reuse_a_base`.
