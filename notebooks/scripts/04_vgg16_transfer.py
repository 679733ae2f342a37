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
# - record its features once and train heads in seconds, and say by a paired test whether one is better,
# - give a base the input it was trained with, and show what happens otherwise.
#
# **Time** 1 to 3 minutes on two laptop cores; 5 to 15 with VGG16, on photos. **Memory** 2 GB.
# **Needs** notebook 03's model; trains a replacement if it is missing.

# %% tags=["setup"]
import importlib.util

if importlib.util.find_spec("course_utils") is None:
    raise ModuleNotFoundError(
        "This kernel has no course_utils. In a checkout of the course, choose the kernel of its .venv, or start "
        "Jupyter with .venv/bin/jupyter lab; elsewhere open the one-file copy of this notebook (see the README)."
    )

# %% [markdown]
# ## What if the network could already see?
#
# The network of notebook 03 had to learn everything from 2,000 photos, even what an edge is. *VGG16* is a convolutional
# network that others trained on 1.2 million photos of 1,000 kinds of things. Its first layers find edges and textures,
# which help with any photo. Can we borrow them?
#
# This notebook tells VGG16's story. Where its weights cannot be had, or the images are drawn, a smaller network runs in
# its place, and the second cell below says which one runs here.

# %%
from course_utils import carry_models, fastest_precision, fetch_photos

carry_models()
data = fetch_photos("data")
precision = fastest_precision()

# %%
import keras
import numpy as np

from course_utils import load_base

keras.config.set_dtype_policy(precision)
base = load_base()
print(f"Running here: {base.name}, {base.origin}.")
print(f"It has {base.model.count_params():,} parameters and gives {base.model.output_shape[1:]} numbers per photo.")

# %% [markdown]
# In the stored run the images are drawings; the base is VGG16 with an eighth of its filters, trained on other drawn
# animals.
#
# **Predict:** notebook 03 got about seven in ten of the test photos right. What will this one get?

# %%
from course_utils import load_photos, photo_paths

x_train = load_photos(photo_paths(data / "dogs-train") + photo_paths(data / "cats-train"))
y_train = np.array([1] * 1000 + [0] * 1000)

# %% tags=["check"]
from course_utils import check_images, check_labels

check_images(x_train, 2000)
check_labels(y_train, cats=1000, dogs=1000)

# %% [markdown]
# ## VGG16, without its top
#
# Keras has VGG16 ready. `weights=None` draws random weights and downloads nothing; enough for counting.
# `include_top=False` leaves out the last layers, which name the 1,000 kinds. What remains,
# thirteen convolutions in five blocks, is the *base*. What we put on it is the *head*.
#
# **Guess:** the whole of VGG16 has 138 million parameters. How many do we keep?

# %%
vgg16 = keras.applications.VGG16(weights=None, include_top=False, input_shape=(150, 150, 3))
print(f"{vgg16.count_params():,} parameters, output {vgg16.output_shape}")

# %% [markdown]
# ### Freeze the base, put a head on it
#
# *Freezing* means that training leaves these weights alone. 2,000 photos could spoil them. Only the head learns.

# %%
from keras import layers

vgg16.trainable = False
model = keras.Sequential(
    [vgg16, layers.Flatten(), layers.Dense(512, activation="relu"), layers.Dense(2, activation="softmax")]
)

# %% [markdown]
# ### Your turn: how many numbers does the head learn?
#
# Flatten has nothing to learn. The first Dense layer gets 4 x 4 x 512 numbers and has 512 units, the second has 2. Each
# unit has a weight for each of its inputs, and a bias.

# %% tags=["your-turn"]
head_parameters = ...  # two products, added

# %% tags=["check"]
from course_utils import check_answer

check_answer("parameters of the head", head_parameters)

# %% tags=["solution"] because="8,192 inputs for each of 512 units, then 512 inputs for each of 2."
head_parameters = (4 * 4 * 512 + 1) * 512 + (512 + 1) * 2

# %% tags=["wrong-answer"] says="each unit also has a bias"
head_parameters = 4 * 4 * 512 * 512 + 512 * 2

# %% tags=["wrong-answer"] says="last layer is missing"
head_parameters = (4 * 4 * 512 + 1) * 512

# %% tags=["wrong-answer"] says="a number is needed"
head_parameters = "4,195,842"

# %% alt="Four boxes: the base vgg16, frozen; Flatten; two Dense layers, which learn."
from course_utils import show_parts

figure = show_parts(model)

# %% [markdown]
# ### Your turn: count what training will change
#
# `model.trainable_weights` is the list of all arrays that training changes. Count the numbers in them, so that you can
# check any model that you freeze. (`weight.shape` is one's shape; `np.prod` multiplies.)


# %% tags=["your-turn"]
def trainable_numbers(model):
    return ...


# %% tags=["check"]
check_answer("count what training changes", trainable_numbers)


# %% tags=["solution"] because="For VGG16 with this head 4,195,842. Freeze first, then compile."
def trainable_numbers(model):
    return sum(np.prod(weight.shape) for weight in model.trainable_weights)


# %% tags=["wrong-answer"] says="counts the arrays"
def trainable_numbers(model):
    return len(model.trainable_weights)


# %% tags=["wrong-answer"] says="the frozen ones too"
def trainable_numbers(model):
    return model.count_params()


# %% tags=["wrong-answer"] says="returns nothing"
def trainable_numbers(model):
    sum(np.prod(weight.shape) for weight in model.trainable_weights)


# %% [markdown]
# ## Through the base in each epoch, or once?
#
# In each epoch all photos pass through the whole base, though frozen weights always give the same answer. What does
# that cost? We time one epoch over 640 photos, and multiply by five.
#
# `training=False` runs layers as in prediction. Some behave differently in training: *dropout* switches units off at
# random, *batch normalization* uses the averages of the batch at hand. In a frozen base neither may happen.
#
# A small head will do: *global average pooling* takes each map's mean over all its places, and one Dense layer answers.

# %%
base.model.trainable = False


def pooled_head():
    return keras.Sequential(
        [
            keras.Input(base.model.output_shape[1:]),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2, activation="softmax", dtype="float32"),
        ]
    )


def with_base(head):
    # One model from photo to answer: brought into the form that the base expects (more below), base, head.
    photos = keras.Input((150, 150, 3))
    return keras.Model(photos, head(base.model(base.preprocess(photos), training=False)))


def compiled(model, learning_rate):
    optimizer = keras.optimizers.Adam(learning_rate)
    model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


# %%
import time

some = np.random.default_rng(0).permutation(2000)[:640]
keras.utils.set_random_seed(0)
head = pooled_head()
first_weights = head.get_weights()
end_to_end = compiled(with_base(head), 3e-3)
start = time.perf_counter()
end_to_end.fit(x_train[some], y_train[some], shuffle=False, verbose=0)
seconds_end_to_end = time.perf_counter() - start
answers_end_to_end = end_to_end.predict(x_train[some[:200]], verbose=0)
del end_to_end, head

# %% [markdown]
# The quick way: send each photo through the base *once*, keep what comes out, its *features*, and train the head on
# these: one pass instead of five. With the same starting weights and order of photos the answers must be the same, up
# to rounding.

# %%
from course_utils import record_features

start = time.perf_counter()
features = record_features(base, x_train)
seconds_recording = (time.perf_counter() - start) * 640 / 2000
print("features:", features.shape, features.dtype)

# %%
head = compiled(pooled_head(), 3e-3)
head.set_weights(first_weights)
start = time.perf_counter()
head.fit(features[some], y_train[some], shuffle=False, verbose=0)
seconds_head = time.perf_counter() - start
answers_recorded = head.predict(features[some[:200]], verbose=0)
del head, first_weights

# %% tags=["nbval-ignore-output"]
ratio = 5 * seconds_end_to_end / (seconds_recording + 5 * seconds_head)
print(f"five epochs on 640 photos: {ratio:.1f} times as fast with recorded features")

# %% tags=["check"]
from course_utils import check

apart = np.abs(answers_end_to_end - answers_recorded).mean()
check(apart < 0.03, "both ways give the same probabilities", "Same first weights and the same order? See above.")

# %% [markdown]
# ## Which head?
#
# *Flatten* keeps every feature at every place; its head has about four thousand times as many parameters. After
# pooling, it no longer matters where the animal sits. We choose on validation photos.

# %%
from sklearn.model_selection import train_test_split

fit, validation = train_test_split(np.arange(2000), test_size=400, stratify=y_train, random_state=0)


def flatten_head():
    return keras.Sequential(
        [
            keras.Input(base.model.output_shape[1:]),
            layers.Flatten(),
            layers.Dense(512, activation="relu"),
            layers.Dense(2, activation="softmax", dtype="float32"),
        ]
    )


# %%
from course_utils import epochs

histories, right = {}, {}
for name, make, rate in (("Flatten, Dense 512", flatten_head, 1e-4), ("pooled", pooled_head, 3e-3)):
    keras.utils.set_random_seed(0)
    head = compiled(make(), rate)
    held_out = features[validation], y_train[validation]
    history = head.fit(features[fit], y_train[fit], epochs=epochs(5), validation_data=held_out, verbose=0)
    histories[name] = history
    right[name] = head.predict(features[validation], verbose=0).argmax(axis=1) == y_train[validation]

# %% alt="Accuracy by epoch of the two heads, on training and on validation photos."
from course_utils import plot_history

figure = plot_history(histories)

# %% tags=["nbval-ignore-output"]
for name, answers in right.items():
    print(f"{name}: validation accuracy {answers.mean():.3f}")
del head, history, histories, held_out

# %% [markdown]
# On 400 photos the two are close. Is one better, or just lucky?
#
# ## More than luck? Compare photo by photo
#
# Both heads got most of the 400 photos right. Only photos that *one* of them got right tell them apart.
#
# ### Your turn: the paired count
#
# `first` and `second` hold True or False for each photo: was the model right? Return two numbers: how many photos only
# the first got right, and how many only the second.


# %% tags=["your-turn"]
def only_one_right(first, second):
    return ...  # for arrays of booleans & is "and", ~ is "not"


# %% tags=["check"]
check_answer("the paired count", only_one_right)


# %% tags=["solution"] because="first & ~second is True where the first was right and the second was not."
def only_one_right(first, second):
    return (first & ~second).sum(), (second & ~first).sum()


# %% tags=["wrong-answer"] says="both got right"
def only_one_right(first, second):
    return first.sum(), second.sum()


# %% tags=["wrong-answer"] says="other way round"
def only_one_right(first, second):
    return (second & ~first).sum(), (first & ~second).sum()


# %% tags=["wrong-answer"] says="two numbers"
def only_one_right(first, second):
    return (first != second).sum()


# %% [markdown]
# If both heads were equally good, a fair coin would decide each of these photos. So toss coins: how often is the split
# at least as uneven as ours?

# %% tags=["nbval-ignore-output"]
first, second = right["pooled"], right["Flatten, Dense 512"]
gained, lost = (second & ~first).sum(), (first & ~second).sum()
tosses = np.random.default_rng(0).binomial(gained + lost, 0.5, 100_000)
as_uneven = np.abs(tosses - (gained + lost) / 2) >= abs(gained - lost) / 2
print(f"only Flatten right: {gained}, only pooled right: {lost}")
print(f"coins at least as uneven: {as_uneven.mean():.4f} of the tries")

# %% tags=["nbval-ignore-output"]
from course_utils import gained_and_lost

print("gained {}, lost {}, probability {:.4f}".format(*gained_and_lost(first, second)))

# %% [markdown]
# `gained_and_lost` computes the same probability exactly (the *sign test*, or McNemar's test). Below 0.05 one usually
# stops believing in luck. Above it, no difference is shown on these photos, which is not the same as equal heads. We
# keep Flatten, as the published lesson did; 05, 09 and 10 load this model.

# %% [markdown]
# ## The wrong input
#
# A base knows photos only in the form that it was trained with. VGG16 wants the channels in the order blue, green, red,
# and the mean colour of its own photos subtracted: numbers from about -124 to 151. `base.preprocess` does that. Many
# lessons divide by 255 instead, whatever the base. **Guess:** what does that do?
#
# ### Your turn: how much do the features differ between photos?
#
# If a feature is the same for every photo, it tells nothing. For an array (photos, features) take the standard
# deviation of each feature over the photos, and the mean of these.


# %% tags=["your-turn"]
def spread(features):
    return ...


# %% tags=["check"]
check_answer("the spread between photos", spread)


# %% tags=["solution"] because="axis=0 runs over the photos, so that each feature is compared with itself."
def spread(features):
    return features.std(axis=0).mean()


# %% tags=["wrong-answer"] says="within one photo"
def spread(features):
    return features.std(axis=1).mean()


# %% tags=["wrong-answer"] says="all numbers at once"
def spread(features):
    return features.std()


# %% tags=["wrong-answer"] says="one number"
def spread(features):
    return features.std(axis=0)


# %% [markdown]
# Four inputs, the same photos: 400 to learn from, 400 to validate on. Each feature is averaged over its places. The
# classifier, a *logistic regression*, is one Dense layer again; before it each feature is *standardised*, brought to
# mean 0 and spread 1, so that small features are no handicap.

# %%
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

learn = fit[:400]


def pooled_features(prepare, photos):
    maps = [base.model.predict_on_batch(prepare(batch)) for batch in np.split(photos, len(photos) // 20)]
    return np.concatenate(maps).astype(np.float32).mean(axis=(1, 2))


# %% tags=["nbval-ignore-output"]
inputs = {
    "its own preprocessing": base.preprocess,
    "its own, red and blue swapped": lambda photos: base.preprocess(photos[..., ::-1]),
    "x / 255": lambda photos: photos / np.float32(255),
    "x / 255, red and blue swapped": lambda photos: photos[..., ::-1] / np.float32(255),
}
for name, prepare in inputs.items():
    seen, unseen = pooled_features(prepare, x_train[learn]), pooled_features(prepare, x_train[validation])
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)).fit(seen, y_train[learn])
    score = classifier.score(unseen, y_train[validation])
    print(f"{name:30} spread {unseen.std(axis=0).mean():6.4f}   validation accuracy {score:.3f}")

# %% [markdown]
# With x / 255 the features differ between photos nearly a thousand times less. The base expects numbers from -124 to
# 151, with 0 for the mean colour; now all lie between 0 and 1, and to its filters every photo looks like one even sheet
# of that colour. What they answer is mostly their bias, so nearly every ReLU is on, or off, for all photos alike.
#
# Small numbers alone would do no harm, since the classifier standardises them. But it gets 0.64 right instead of 0.92:
# with the ReLUs fixed, the base hardly sees shapes. Red and blue swapped costs nothing here, where a dog may have any
# colour.

# %% [markdown]
# ## The final model, and the test photos
#
# The choice is made, so the head with Flatten is trained on all 2,000 photos. (03's test photos; nothing was chosen on
# them.)

# %%
del x_train
keras.utils.set_random_seed(0)
head = compiled(flatten_head(), 1e-4)
head.fit(features, y_train, epochs=epochs(5), verbose=0)
model = with_base(head)
del features

# %%
x_test = load_photos(photo_paths(data / "dogs-test") + photo_paths(data / "cats-test"))
y_test = np.array([1] * 500 + [0] * 500)
probabilities = model.predict(x_test, verbose=0)
right_here = probabilities.argmax(axis=1) == y_test

# %% tags=["nbval-ignore-output"]
from course_utils import accuracy_interval

accuracy = float(right_here.mean())
low, high = accuracy_interval(accuracy, len(y_test))
print(f"test accuracy {accuracy:.3f}, 95 % interval {low:.3f} to {high:.3f}")

# %% tags=["check"]
from course_utils import check_accuracy

check_accuracy("frozen base, test accuracy", accuracy, 0.85)

# %%
from course_utils import keep_model

keep_model(model, "frozen_base", data)

# %% [markdown]
# The file holds preprocessing, base and head: like the model of 03 it takes plain photos of 0 to 255.
#
# ## Compared with 03
#
# We load your model from 03, or, if you start here, a briefly trained replacement.

# %%
from course_utils import earlier_model
from course_utils.training import scratch_cnn


def train_scratch():
    photos = load_photos(photo_paths(data / "dogs-train") + photo_paths(data / "cats-train"))
    replacement = scratch_cnn()
    replacement.fit(photos, y_train, epochs=epochs(3), verbose=0)
    return replacement


# %% tags=["nbval-ignore-output"]
scratch = earlier_model(data, "scratch", train_scratch)
right_scratch = scratch.predict(x_test, verbose=0).argmax(axis=1) == y_test
print("gained {}, lost {}, probability {:.2g}".format(*gained_and_lost(right_scratch, right_here)))

# %% alt="Two bars with their intervals: the network from scratch, and below it, much longer, the frozen base."
from course_utils import plot_comparison

measured = {"scratch CNN (03)": float(right_scratch.mean()), f"frozen {base.name}": accuracy}
published = {"scratch CNN (03)": 0.685, f"frozen {base.name}": 0.905}
figure = plot_comparison(measured, 1000, published)

# %% [markdown]
# The diamonds are the published figures of a lesson that did both on the real photos, with VGG16. Images, base and
# number of photos (1,600 in 03) differ; what agrees is the gap: borrowing is worth far more than these photos
# alone.

# %% [markdown]
# ## Look at what is left
#
# The most confident mistakes. How many of all mistakes did 03 also make? `(~right_here & ~right_scratch).sum()`

# %% alt="Twelve test photos that the frozen base got wrong with great confidence, with its answers."
from course_utils import show_mistakes

figure = show_mistakes(x_test, y_test, probabilities)

# %% [markdown]
# ### On the real photos
#
# There a smaller published network, MobileNetV2 with 35 % of its filters, ran in VGG16's place. Over three seeds its
# frozen base with the head above got 0.942, 0.935 and 0.935 of the test photos right, the network from scratch 0.740,
# 0.714 and 0.741.

# %% [markdown]
# ## Summary
#
# - The first layers of a base help with any photo; its top names other things, and is left out.
# - Frozen means the same features each time: record them once, and train heads in seconds.
# - Two models that saw the same photos are compared photo by photo.
# - A base gets its own preprocessing. Under x / 255 its features hardly differ, and much is lost.
#
# ## Exercises
#
# 1. Why can features not be recorded once if the photos are augmented (turned, shifted) anew in each epoch?
# 2. The boxes above add up to 18,910,530. After training, a summary says 27,302,216, since *Adam* keeps two numbers per
#    trained weight, and two more. Check the sum.
# 3. One head is right on 372 of 400 photos, another on 364. Can you say from that whether it is luck?
#
# <details><summary>Solutions</summary>
#
# 1. Other photos go in each time, so other features come out. The same holds for a base that is not frozen.
# 2. 18,910,530 + 2 x 4,195,842 + 2 (the step count and the learning rate) = 27,302,216. The model has not grown: print
#    a summary before training, or ask `model.count_params()`.
# 3. No: only photos that just one of them got right can tell. 8 to 0 has the probability 0.008, 24 to 16 has 0.27, and
#    both give 372 and 364.
#
# </details>
#
# ## Sources
#
# VGG16: Simonyan and Zisserman (2014). The paired test: McNemar (1947). The figures 0.685 and 0.905 come from the
# lesson that notebook 03 names. Next: `05_fine_tuning_homework`.
