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
# - say how large the difference between two models may be, not only whether there is one,
# - fine-tune a base: unfreeze its last block in the right order, and prove which weights are trained,
# - start the four homework tasks.
#
# **Time** 3 minutes on two laptop cores. **Memory** 2 GB. **Needs** your models from 03 and 04. If you start here,
# briefly trained replacements are used.

# %% tags=["setup"]
import importlib.util

if importlib.util.find_spec("course_utils") is None:
    raise ModuleNotFoundError(
        "This kernel has no course_utils. In a checkout of the course, choose the kernel of its .venv, or start "
        "Jupyter with .venv/bin/jupyter lab; elsewhere open the one-file copy of this notebook (see the README)."
    )

# %% [markdown]
# ## How much better is the borrowed base?
#
# In 03 you trained a network from nothing. In 04 you borrowed a base, froze it and trained a head.
#
# **Predict:** of 100 test photos that your first network gets wrong, how many does the frozen base get right?

# %%
from course_utils import carry_models, fastest_precision, fetch_photos, load_base, load_photos, photo_paths

data = fetch_photos("data")
carry_models()

# %%
import keras
import numpy as np
from keras import layers

keras.config.set_dtype_policy(fastest_precision())
x_train = load_photos(photo_paths(data / "dogs-train") + photo_paths(data / "cats-train"))
y_train = np.array([1] * 1000 + [0] * 1000)
x_test = load_photos(photo_paths(data / "dogs-test") + photo_paths(data / "cats-test"))
y_test = np.array([1] * 500 + [0] * 500)

# %% tags=["check"]
from course_utils import check_images, check_labels

check_images(x_train, 2000)
check_labels(y_train, cats=1000, dogs=1000)
check_images(x_test, 1000)
check_labels(y_test, cats=500, dogs=500)

# %% [markdown]
# ### Your two models
#
# `earlier_model` loads the model that you saved, or trains a replacement with the function that stands beside its name,
# and says which of the two it did.

# %%
from course_utils import earlier_model, epochs, on_photos
from course_utils.training import scratch_cnn

keras.utils.set_random_seed(0)
base = load_base()
base.model.trainable = False


# %%
def pooled_head(shape):
    pooled = [layers.GlobalAveragePooling2D(), layers.Dense(2, activation="softmax", dtype="float32")]
    return keras.Sequential([keras.Input(shape), *pooled])


def train_frozen_base():
    model = on_photos(base, pooled_head(base.model.output_shape[1:]))
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=epochs(2), verbose=0)
    return model


def train_scratch():
    model = scratch_cnn()
    model.fit(x_train, y_train, epochs=epochs(3), verbose=0)
    return model


# %% tags=["nbval-ignore-output"]
scratch = earlier_model(data, "scratch", train_scratch)
frozen = earlier_model(data, "frozen_base", train_frozen_base)


# %% [markdown]
# Both answer the same 1,000 photos. As in 04, `gained_and_lost` counts the photos on which only one of them is right,
# and says how probable a split at least this uneven would be if both models were equally good.


# %%
def right_answers(model, images):
    return model.predict(images, verbose=0).argmax(axis=1) == y_test


scratch_right, frozen_right = right_answers(scratch, x_test), right_answers(frozen, x_test)

# %% tags=["nbval-ignore-output"]
from course_utils import gained_and_lost

gained, lost, chance = gained_and_lost(scratch_right, frozen_right)
print(f"{gained} photos gained, {lost} lost; if both were equally good, so uneven a split has probability {chance:.1g}")
print(
    f"of 100 photos that the first network gets wrong, the base gets {100 * gained / (~scratch_right).sum():.0f} right"
)

# %% alt="Two bars: the accuracy of the frozen base lies well above that of the network from scratch."
from course_utils import plot_comparison

figure = plot_comparison({"from scratch (03)": scratch_right.mean(), "frozen base (04)": frozen_right.mean()}, 1000)

# %% [markdown]
# Nobody needs a test to see this difference. The next one will be small. Then we need a second number: *how large* may
# the difference be?
#
# Think of every photo on which the models differ as a step: +1 if gained, -1 if lost. The sum of k random steps
# typically ends about the square root of k away from 0, and within twice that in 95 % of the cases.
#
# ### Your turn: the interval of a difference
#
# Return both ends of the interval of the difference between the accuracies, as shares of `number` photos.


# %% tags=["your-turn"]
def interval(gained, lost, number):
    return ...  # two numbers: difference minus and plus two roots, divided by the number of photos


# %% tags=["check"]
from course_utils import check_answer

check_answer("the interval of a difference", interval)


# %% tags=["solution"] because="Photos on which the models agree enter only through the 1,000 in the denominator."
def interval(gained, lost, number):
    difference, spread = gained - lost, 2 * np.sqrt(gained + lost)
    return (difference - spread) / number, (difference + spread) / number


# %% tags=["wrong-answer"] says="the sum of 84 coins spreads by the root of 84"
def interval(gained, lost, number):
    return (gained - lost - 2 * (gained + lost)) / number, (gained - lost + 2 * (gained + lost)) / number


# %% tags=["wrong-answer"] says="divide by the number of photos"
def interval(gained, lost, number):
    return gained - lost - 2 * np.sqrt(gained + lost), gained - lost + 2 * np.sqrt(gained + lost)


# %% tags=["wrong-answer"] says="return two numbers"
def interval(gained, lost, number):
    return (gained - lost) / number


# %% [markdown]
# ## What if the base may learn too?
#
# The base learned from other images. Its early layers find edges, which are the same everywhere. Its last block finds
# parts of other things. *Fine-tuning* trains this last block a little further, on our photos.
#
# **Predict:** will that help, and what could go wrong?

# %% alt="Three rows of boxes: step 1 trains the head alone, steps 2 and 3 the last block and the head."
import matplotlib.pyplot as plt

from course_utils.plots import COLOURS

figure, axes = plt.subplots(figsize=(8, 2.4), layout="constrained")
steps = ["1. train the head", "2. unfreeze, compile", "3. small steps"]
parts = {"blocks 1-4": (0, 4, ()), "last block": (4, 2, (1, 2)), "head": (6, 1, (0, 1, 2))}
for name, (start, width, trained) in parts.items():
    for row in range(3):
        colour = COLOURS[4] if row in trained else "lightgrey"
        axes.barh(row, width, left=start, color=colour, edgecolor="white", linewidth=3)
        axes.text(start + width / 2, row, name, ha="center", va="center")
axes.set_yticks(range(3), steps)
axes.invert_yaxis()
axes.set(xticks=[], title="Grey is frozen, orange may learn")
axes.spines[:].set_visible(False)

# %% [markdown]
# ### Your turn: unfreeze by name
#
# In VGG16 the last block is `block5_conv1`, `block5_conv2`, `block5_conv3` and a pooling. Counting from the end
# misleads: a loop over `layers[-2]` fails, since that is a single layer, not a list, and `layers[-2:]` is one
# convolution and the pooling. So go by name. Freeze the whole base, then set `trainable` of the three layers;
# `base.get_layer(name)` finds one.


# %% tags=["your-turn"]
def unfreeze_last_block(base):
    ...  # three lines or four
    return ...  # the base


# %% tags=["check"]
check_answer("unfreeze the last block", unfreeze_last_block)


# %% tags=["solution"] because="`base.trainable = False` reaches every layer in it, so it comes first."
def unfreeze_last_block(base):
    base.trainable = False
    for name in ("block5_conv1", "block5_conv2", "block5_conv3"):
        base.get_layer(name).trainable = True
    return base


# %% tags=["wrong-answer"] says="only block5_conv3 is trained"
def unfreeze_last_block(base):
    base.trainable = False
    for layer in base.layers[-2:]:
        layer.trainable = True
    return base


# %% tags=["wrong-answer"] says="freeze the base first"
def unfreeze_last_block(base):
    for name in ("block5_conv1", "block5_conv2", "block5_conv3"):
        base.get_layer(name).trainable = True
    base.trainable = False
    return base


# %% tags=["wrong-answer"] says="all thirteen convolutions are trained"
def unfreeze_last_block(base):
    for name in ("block5_conv1", "block5_conv2", "block5_conv3"):
        base.get_layer(name).trainable = True
    return base


# %% [markdown]
# ### Your turn: how much is unfrozen?
#
# Each of VGG16's last three convolutions has 512 filters of 3 x 3, which look at the 512 maps of the layer before. How
# many parameters are in the block?

# %% tags=["your-turn"]
parameters = ...  # one line

# %% tags=["check"]
check_answer("parameters of the last block", parameters)

# %% tags=["solution"] because="One filter has 3 x 3 x 512 weights and a bias."
parameters = 3 * (3 * 3 * 512 + 1) * 512

# %% tags=["wrong-answer"] says="also has a bias"
parameters = 3 * 3 * 3 * 512 * 512

# %% tags=["wrong-answer"] says="the block has three"
parameters = (3 * 3 * 512 + 1) * 512

# %% tags=["wrong-answer"] says="the 512 maps of the layer before"
parameters = 3 * (3 * 3 * 3 + 1) * 512

# %% [markdown]
# ## Fine-tune, step by step
#
# What lies below the last block stays frozen, so we record its features once, as in 04. `cut_before_last_block` cuts a
# copy of our base in two there. The validation photos are those of 04.

# %%
from sklearn.model_selection import train_test_split

from course_utils import cut_before_last_block, record_features

lower, last_block = cut_before_last_block(base)
features_train, features_test = record_features(lower, x_train), record_features(lower, x_test)
fit, validation = train_test_split(np.arange(2000), test_size=400, stratify=y_train, random_state=0)
print("below the last block:", features_train.shape)


# %% [markdown]
# ### Step 1: the head alone


# %%
def train(model, rate):
    adam = keras.optimizers.Adam(rate)
    model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
    held_out = (features_train[validation], y_train[validation])
    return model.fit(features_train[fit], y_train[fit], epochs=epochs(5), validation_data=held_out, verbose=0)


# %%
keras.utils.set_random_seed(0)
head = pooled_head(base.model.output_shape[1:])
model = keras.Sequential([keras.Input(features_train.shape[1:]), last_block, head])
first = train(model, 3e-3)
after_step_1 = model.get_weights()
print("trained in step 1:", [tuple(weight.shape) for weight in model.trainable_weights])

# %% [markdown]
# To be fair, we also train the *head alone* for five more epochs. Otherwise we would not know whether a gain came from
# the last block or from the longer training.

# %%
head_alone = train(model, 3e-3)
head_alone_right = right_answers(model, features_test)

# %% [markdown]
# ### Steps 2 and 3: unfreeze, compile, small steps
#
# We go back to the end of step 1. `unfreeze` does for any base what you wrote above. It leaves *batch normalization*
# frozen, a layer with running averages (see 07) that a few photos would spoil. `train` compiles again; without that,
# Keras would go on with the old list of weights. The learning rate is thirty times smaller: the head had far to go, the
# last block is good already.

# %%
from course_utils import unfreeze

model.set_weights(after_step_1)
unfreeze(last_block)
print("trained now:", len(model.trainable_weights), "arrays of weights")

# %% tags=["check"]
from course_utils import check

check(
    len(model.trainable_weights) > 2 and not lower.model.trainable_weights,
    "the head and the last block are trained, and nothing below",
    "Run the cells from 'Fine-tune, step by step' again, in order.",
)

# %%
before = [weight.numpy() for weight in last_block.trainable_weights]
fine_tuned = train(model, 1e-4)
after = [weight.numpy() for weight in last_block.trainable_weights]
fine_tuned_right = right_answers(model, features_test)

# %% alt="Accuracy by epoch for the head alone and fine-tuned, training solid and validation dashed."
from course_utils import plot_history

figure = plot_history({"head alone": head_alone, "fine-tuned": fine_tuned})
_ = figure.axes[0].set(ylim=(0.9, 1), title="Five more epochs: the head alone, or with the last block")

# %% [markdown]
# ### The wrong order, with large steps
#
# Now everything at once: a new head, the block unfrozen from the start, the head's large learning rate. A new head
# guesses, so its corrections are large and random, and they go into the block. How far do its weights move?

# %%
_, hurried_block = cut_before_last_block(base)
unfreeze(hurried_block)
keras.utils.set_random_seed(0)
head = pooled_head(base.model.output_shape[1:])
hurried_model = keras.Sequential([keras.Input(features_train.shape[1:]), hurried_block, head])
hurried = train(hurried_model, 3e-3)


# %%
def way(old_weights, new_weights):
    return [np.linalg.norm(new - old) / np.linalg.norm(old) for old, new in zip(old_weights, new_weights, strict=True)]


kernels = [number for number, weight in enumerate(before) if weight.ndim > 1]
ways = {
    "right order, rate 0.0001": way(before, after),
    "at once, rate 0.003": way(before, [weight.numpy() for weight in hurried_block.trainable_weights]),
}

# %% alt="Bars for each convolution of the last block: the weights move much further when all is trained at once."
figure, axes = plt.subplots(figsize=(8, 3.2), layout="constrained")
for shift, (name, moved) in enumerate(ways.items()):
    places = np.arange(len(kernels)) + 0.4 * shift
    axes.bar(places, [moved[number] for number in kernels], 0.38, label=name, color=COLOURS[shift])
axes.set_xticks(np.arange(len(kernels)) + 0.2, [f"convolution {number + 1}" for number in range(len(kernels))])
axes.set(ylabel="distance moved / size of the weights", title="How far the last block has moved from what it knew")
_ = axes.legend()

# %% tags=["nbval-ignore-output"]
for name, history in {"head alone": head_alone, "fine-tuned": fine_tuned, "at once": hurried}.items():
    print(f"{name:10}: validation accuracy {history.history['val_accuracy'][-1]:.3f}")

# %% [markdown]
# The block was pushed far from what it knew. On these drawings that does not show in the accuracy: everything at once
# comes within a point of the right order on the validation photos. So the right order with small steps is a precaution,
# not a promise: it keeps what the block knows, and costs five short epochs (ten against five here).

# %% [markdown]
# ## Does it pay? The test photos
#
# We compare the fine-tuned model with the head alone. These are the same 1,000 photos as in 03 and 04. Every look at
# them makes it a little easier to choose what suits just these photos. So choose rates and epochs on the
# validation photos, and once the next cell has run, change nothing.

# %% tags=["nbval-ignore-output"]
from course_utils import difference_interval

gained, lost, chance = gained_and_lost(head_alone_right, fine_tuned_right)
low, high = difference_interval(gained, lost, 1000)
print(f"head alone {head_alone_right.mean():.3f}, fine-tuned {fine_tuned_right.mean():.3f}")
print(f"{gained} gained, {lost} lost; if equally good, so uneven a split has probability {chance:.2f}")
print(f"95 % interval of the difference: {low:+.3f} to {high:+.3f}")

# %% [markdown]
# One run has its own luck: first weights and the order of the photos. So here are three seeds, trained as above. Each
# has its own exact test. The test photos are the same in all three, so adding the counts up would count each photo
# three times.
#
# | seed | head alone | fine-tuned | gained | lost | probability | 95 % interval of the difference |
# |---|---|---|---|---|---|---|
# | 0 | 0.952 | 0.954 | 11 | 9 | 0.82 | -0.007 to +0.011 |
# | 1 | 0.956 | 0.955 | 8 | 9 | 1.00 | -0.009 to +0.007 |
# | 2 | 0.955 | 0.958 | 8 | 5 | 0.58 | -0.004 to +0.010 |
#
# No seed shows a difference. That does *not* show that both are equal. It shows how small the difference must be:
# hardly more than a point either way. For these drawings fine-tuning does not pay. A likely reason: the base learned
# from drawings of other animals in the same style, and its last block has little left to learn from 1,600 more.

# %% [markdown]
# ### On the real photos
#
# The same with a MobileNetV2 that has 35 % of its filters:
#
# | seed | head alone | fine-tuned | gained | lost | probability | 95 % interval of the difference |
# |---|---|---|---|---|---|---|
# | 0 | 0.935 | 0.920 | 18 | 33 | 0.05 | -0.029 to -0.001 |
# | 1 | 0.938 | 0.944 | 11 | 5 | 0.21 | -0.002 to +0.014 |
# | 2 | 0.932 | 0.938 | 12 | 6 | 0.24 | -0.002 to +0.014 |
#
# Whoever ran only seed 0 would report a loss; the other two lean the other way. One run is one sample of the luck in
# training, which the test over photos does not count. The verdict: no gain is shown, and one should look at three seeds
# at the very least.

# %% [markdown]
# ## Homework
#
# Four notebooks with gaps and checks are in the course's folder `homework/practice/`: start `jupyter lab` there (in
# Colab upload `homework_*.ipynb`). In a class each student gets a variant.
#
# 1. `another_base`: give another base *its own* input.
# 2. `fine_tuning`: what you did here, with a base and numbers of your own.
# 3. `learning_rate`: plot the accuracy against the learning rate, and choose.
# 4. `conv_head` (after 06): add a convolution to the head, and compare fairly.
#
# Wherever you are asked 'more than luck?', use `gained_and_lost`.

# %% [markdown]
# ## Summary
#
# - Head first, then unfreeze the last block by name, compile, and take small steps.
# - Ask the whole model what is trained, not the base alone; leave batch normalization frozen.
# - Compare on the same photos, against a model trained for just as long. Give the interval of the difference.
# - `clean_photos("data")` removes the lesson's images when the course is over.

# %% [markdown]
# ## Exercises
#
# 1. Two models differ on 10 photos of 1,000 (5 gained, 5 lost), two others on 200 (100 gained, 100 lost). Which pair
#    may be further apart?
# 2. Change `1e-4` to `3e-3` in step 3, and run again from `model.set_weights(after_step_1)`. How far do the weights
#    move now? (Do not run the test cell again.)
# 3. Why can the features *above* the last block not be recorded when it is fine-tuned?
#
# <details><summary>Solutions</summary>
#
# 1. The second: 2 x sqrt(200) / 1000 = 2.8 points to each side, against 0.6. Equal counts do not make models equal.
# 2. They move many times further than with the small rate: the rate matters even when the head is already trained.
# 3. They change with every step, since the weights that compute them do.
#
# </details>

# %% [markdown]
# ## Sources
#
# The test: Q. McNemar, Psychometrika 12 (1947). Fine-tuning the last block of VGG16: F. Chollet, *Deep Learning with
# Python* (2017), chapter 5. Next: `06_three_ways_to_reuse_a_base`.
