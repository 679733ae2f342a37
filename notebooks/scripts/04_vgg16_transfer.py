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
# # 04 Transfer from VGG16
#
# After this notebook you can
#
# - take a convolutional base that others have trained, freeze it, and put your own head on it,
# - give it the input it was trained with, and show what happens otherwise,
# - record its features once, and train heads in seconds.
#
# **Time** 1 to 3 minutes on two laptop cores; 5 to 15 with VGG16, on photos. **Memory** 1.5 GB, on photos up to 3.
# **Needs** notebook 03's model; trains one if missing.

# %% tags=["setup"]
import importlib.util

if importlib.util.find_spec("course_utils") is None:
    raise ModuleNotFoundError("course_utils is missing: open the one-file copy of this notebook (see the README).")

# %% [markdown]
# ## Q4: What if the network could already see?
#
# VGG16 learned from 1.2 million photos of 1,000 kinds. Its first layers find edges and textures, which help with
# any photo; its last layers name those 1,000 kinds, which we do not need.
#
# **Predict:** of its 138 million parameters, how many are in the part that we keep?

# %%
from course_utils import fastest_precision

precision = fastest_precision()

# %% tags=["nbval-ignore-output"]
import keras
import numpy as np

keras.config.set_dtype_policy(precision)
print("precision:", precision)

# %% [markdown]
# ## VGG16, without its top
#
# Three arguments: `weights` says which (`None` draws random ones, and downloads nothing), `include_top=False` leaves
# the naming layers out, `input_shape` can then be ours. Thirteen convolutions in five blocks remain: the *base*. What
# we put on it is the *head*.

# %%
vgg16 = keras.applications.VGG16(weights=None, include_top=False, input_shape=(150, 150, 3))
vgg16.summary()

# %% tags=["check"]
from course_utils import check

check(vgg16.count_params() == 14_714_688, "VGG16's base has 14,714,688 parameters", "Is include_top=False set?")
check(vgg16.output_shape == (None, 4, 4, 512), "it gives 4 x 4 x 512 numbers a photo", "Is the input 150 x 150?")

# %% [markdown]
# ### A head on top
#
# *Freezing* means: training leaves these weights alone. Only the head learns. With the published head of 512 units,
# 4.2 of 18.9 million parameters are trained.

# %%
from keras import layers

vgg16.trainable = False
full = keras.Sequential(
    [vgg16, layers.Flatten(), layers.Dense(512, activation="relu"), layers.Dense(2, activation="softmax")]
)
full.compile("adam", "sparse_categorical_crossentropy")
trainable = sum(int(np.prod(weight.shape)) for weight in full.trainable_weights)
print(f"whole model {full.count_params():,}, trainable {trainable:,}")

# %% [markdown]
# **Mistake M8 again.** The published lesson prints 27,302,216 as the total here. Its summary was made after training
# and counts the optimizer's state too.

# %%
full.optimizer.build(full.trainable_variables)
state = sum(int(np.prod(variable.shape)) for variable in full.optimizer.variables)
print(f"{full.count_params():,} + {state:,} = {full.count_params() + state:,}")

# %% tags=["check"]
check(
    # In 16-bit floats, as on some GPUs, Keras keeps four numbers more.
    (trainable, full.count_params()) == (4_195_842, 18_910_530) and 18_910_530 + state in (27_302_216, 27_302_220),
    "4,195,842 of 18,910,530 are trained, and 27,302,216 is not the model",
    "Freeze the base before you compile; the head is Flatten, Dense 512, Dense 2.",
)
del vgg16, full

# %% [markdown]
# ## The base that we use here
#
# `load_base` takes VGG16 where its weights can be had, and says so when it must take another. With the model come
# *its own* preprocessing and where its weights are from. On drawn images the base has learned from drawn animals.

# %%
from course_utils import fetch_photos, load_base, load_photos, photo_paths

data = fetch_photos("data")
base = load_base()
print(base.name, base.model.output_shape, base.origin)

# %%
x_train = load_photos(photo_paths(data / "dogs-train") + photo_paths(data / "cats-train"))
y_train = np.array([1] * 1000 + [0] * 1000)

# %% tags=["check"]
from course_utils import check_images, check_labels

check_images(x_train, 2000)
check_labels(y_train, cats=1000, dogs=1000)

# %% [markdown]
# ## The published way: through the base, every time
#
# Photo → preprocessing → frozen base → head. In each epoch all 2,000 photos pass through all convolutions, though
# the frozen base gives the same answer every time. We take one epoch, and the time.

# %%
base.model.trainable = False


def flatten_head(units):
    return keras.Sequential(
        [
            keras.Input(base.model.output_shape[1:]),
            layers.Flatten(),
            layers.Dense(units, activation="relu"),
            layers.Dense(2, activation="softmax", dtype="float32"),
        ]
    )


# %%
def with_base(head):
    inputs = keras.Input((150, 150, 3))
    features = base.model(base.preprocess(inputs), training=False)
    model = keras.Model(inputs, head(features))
    model.compile(keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


# %%
import time

order = np.random.default_rng(0).permutation(2000)
keras.utils.set_random_seed(0)
end_to_end = with_base(flatten_head(512))
start_weights = end_to_end.get_weights()[-4:]
start = time.perf_counter()
end_to_end.fit(x_train[order], y_train[order], shuffle=False, epochs=1)
seconds_end_to_end = time.perf_counter() - start

# %%
sample = order[:200]
probabilities_end_to_end = end_to_end.predict(x_train[sample], verbose=0)
del end_to_end  # its head alone has millions of weights, and Adam keeps two more numbers for each

# %% [markdown]
# ## The quick way: record, then train the head
#
# Send each photo through the base *once*, keep the features, and train the head on them. With the same first
# weights and the same order of photos it must come to the same result.

# %%
from course_utils import record_features

start = time.perf_counter()
features_train = record_features(base, x_train)
seconds_recording = time.perf_counter() - start
print("features:", features_train.shape, features_train.dtype)

# %%
head = flatten_head(512)
head.set_weights(start_weights)
head.compile(keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy", metrics=["accuracy"])
start = time.perf_counter()
head.fit(features_train[order], y_train[order], shuffle=False, epochs=1)
seconds_head = time.perf_counter() - start

# %% tags=["nbval-ignore-output"]
ratio = 5 * seconds_end_to_end / (seconds_recording + 5 * seconds_head)
print(f"five epochs: {ratio:.1f} times as fast with recorded features")

# %% tags=["check"]
apart = np.abs(probabilities_end_to_end - head.predict(features_train[sample], verbose=0))
check(apart.mean() < 0.03, "both ways give the same probabilities", "Same first weights and the same order? See above.")
check(ratio > 1, "recording is faster over five epochs", "Another program may have slowed this one down: run again.")
del head

# %% [markdown]
# ## Train the head
#
# Five epochs, as published. The published heads have 512 or 256 units after *Flatten*. A *pooled* head takes each
# feature's mean over all places instead: far fewer parameters, and the place in the photo no longer matters.


# %%
def pooled_head():
    return keras.Sequential(
        [
            keras.Input(base.model.output_shape[1:]),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2, activation="softmax", dtype="float32"),
        ]
    )


# %% [markdown]
# Which head is best? That is a choice, so it is made on the validation split: 1,600 to train on, 400 to choose on.

# %%
from sklearn.model_selection import train_test_split

fit, validation = train_test_split(np.arange(2000), test_size=400, stratify=y_train, random_state=0)


def trained(head, features, labels, learning_rate, **arguments):
    head.compile(keras.optimizers.Adam(learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = head.fit(features, labels, verbose=0, **arguments)
    history.set_model(None)  # or each history would keep its whole model in memory
    return history


# %%
from course_utils import epochs

histories = {}
for name, make, rate in (
    ("Dense 512", lambda: flatten_head(512), 1e-4),
    ("Dense 256", lambda: flatten_head(256), 1e-4),
    ("pooled", pooled_head, 3e-3),
):
    keras.utils.set_random_seed(0)
    held_out = (features_train[validation], y_train[validation])
    histories[name] = trained(
        make(), features_train[fit], y_train[fit], rate, epochs=epochs(5), validation_data=held_out
    )

# %%
from course_utils import plot_history

figure = plot_history(histories)

# %% tags=["nbval-ignore-output"]
for name, history in histories.items():
    print(f"{name:10} last validation accuracy {history.history['val_accuracy'][-1]:.3f}")

# %% [markdown]
# ## Mistakes M1 and M4: the wrong input
#
# A base knows photos only in the form it was trained with. The published lessons divide by 255 whatever the base,
# and hand over blue for red. Four cells: both orders, both scalings; the same photos, the same head.

# %%
from dataclasses import replace

cells = {
    ("RGB", "own preprocessing"): base.preprocess,
    ("BGR", "own preprocessing"): lambda images: base.preprocess(images[..., ::-1]),
    ("RGB", "x / 255"): lambda images: images / np.float32(255),
    ("BGR", "x / 255"): lambda images: images[..., ::-1] / np.float32(255),
}
some, held_out = fit[:800], validation

# %%
measured = {}
for cell, preprocess in cells.items():
    features = record_features(replace(base, preprocess=preprocess), x_train[np.concatenate([some, held_out])])
    keras.utils.set_random_seed(0)
    history = trained(
        pooled_head(),
        features[:800],
        y_train[some],
        3e-3,
        epochs=10,
        validation_data=(features[800:], y_train[held_out]),
    )
    measured[cell] = float(np.mean(history.history["val_accuracy"][-3:]))

# %% tags=["nbval-ignore-output"]
print("validation accuracy   own preprocessing   x / 255")
for order_of_channels in ("RGB", "BGR"):
    own, divided = (measured[order_of_channels, scaling] for scaling in ("own preprocessing", "x / 255"))
    print(f"{order_of_channels:20}{own:15.3f}{divided:15.3f}")

# %% tags=["check"]
right = measured["RGB", "own preprocessing"]
check(
    right - measured["BGR", "x / 255"] > 0.01,
    "the base's own input gives better features than swapped channels and x / 255",
    "Print measured. Does preprocess get RGB images of 0-255, not yet divided?",
)

# %% [markdown]
# VGG16 wants BGR, and its own preprocessing swaps the channels; so the published *order* was right by luck, the *scale*
# was not. For a base trained on RGB both are wrong. On 400 photos, rows less than 3 points apart may be luck.

# %% [markdown]
# ## The final model, and the test set once
#
# Heads within 3 points on 400 photos cannot be told apart, so we keep the published one, Dense 512, and train it on
# all 2,000 photos.

# %%
keras.utils.set_random_seed(0)
head = flatten_head(512)
history = trained(head, features_train, y_train, 1e-4, epochs=epochs(5))
model = with_base(head)

# %%
x_test = load_photos(photo_paths(data / "dogs-test") + photo_paths(data / "cats-test"))
y_test = np.array([1] * 500 + [0] * 500)
probabilities = model.predict(x_test, verbose=0)
accuracy = float((probabilities.argmax(axis=1) == y_test).mean())

# %% tags=["nbval-ignore-output"]
from course_utils import accuracy_interval

low, high = accuracy_interval(accuracy, len(y_test))
print(f"test accuracy {accuracy:.3f}, 95 % interval {low:.3f} to {high:.3f}; published, VGG16 on photos: 0.905")

# %% tags=["check"]
from course_utils import check_accuracy

check_accuracy("frozen base, test accuracy", accuracy, 0.90)

# %% [markdown]
# ## Keep it, and compare with 03
#
# The saved file contains preprocessing, base and head: it takes plain RGB photos of 0-255, like the model of
# notebook 03. If that one is missing here, a brief training stands in for it.

# %%
models = data.parent / "models"
models.mkdir(exist_ok=True)
model.save(models / "frozen_base.keras")
again = keras.saving.load_model(models / "frozen_base.keras", compile=False)

# %% tags=["check"]
check(
    np.allclose(again.predict(x_test[:100], verbose=0), probabilities[:100], atol=1e-2),
    "the saved model, loaded again, predicts the same",
    "Was the model trained on after it was saved?",
)

# %%
from course_utils.training import earlier_model, scratch_cnn


def train_scratch():
    scratch = scratch_cnn()
    scratch.fit(x_train, y_train, epochs=epochs(3), verbose=0)
    return scratch


# %% tags=["nbval-ignore-output"]
scratch = earlier_model(data, "scratch", train_scratch)
scratch_accuracy = float((scratch.predict(x_test, verbose=0).argmax(axis=1) == y_test).mean())

# %%
from course_utils import plot_comparison

measured_now = {"scratch CNN (03)": scratch_accuracy, f"frozen {base.name}": accuracy}
figure = plot_comparison(measured_now, 1000, {"scratch CNN (03)": 0.685, f"frozen {base.name}": 0.905})

# %% [markdown]
# The diamonds are the published figures: the same network on the real photos, and VGG16 with its ImageNet weights.
# Other images or another base give other numbers; the story is the distance between the bars.

# %% [markdown]
# ## Look at what is left
#
# The most confident mistakes again. Are these the photos that 03 got wrong, or others?

# %%
from course_utils import show_mistakes

figure = show_mistakes(x_test, y_test, probabilities)

# %% [markdown]
# ## Summary
#
# - The top of a base is not reused: it names other classes. Its early layers serve any photo.
# - Give a base its own preprocessing and channel order.
# - Frozen means the same features each time: record them once.

# %% [markdown]
# ## Exercises
#
# 1. Why may we not record features once if the photos are augmented, or if the base is not frozen?
# 2. How many parameters has the pooled head of the full VGG16?
#
# <details><summary>Solutions</summary>
#
# 1. Then the features change from epoch to epoch: other photos go in, or other weights compute them.
# 2. 512 means x 2 classes + 2 = 1,026, against 4,195,842 of the head with Dense 512.
#
# </details>

# %% [markdown]
# ## Sources
#
# Architecture and published accuracies (0.905 with Dense 512, 0.895 with Dense 256): lessons L1 and L2, Q4-Q5. VGG16:
# Simonyan and Zisserman (2014). Next: `05_fine_tuning_homework`.
