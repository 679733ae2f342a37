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
# # 02 Image to tensor
#
# After this notebook you can
#
# - turn one photo into the array that a network takes, and say what each number in it means,
# - load 3,000 photos in seconds, with memory that you can compute beforehand,
# - split the photos so that your final number is an honest one.
#
# **Time** 1 minute on a laptop. **Memory** 1 GB. **Needs** the images of notebook 01; fetches them if missing.

# %% tags=["setup"]
import importlib.util

if importlib.util.find_spec("course_utils") is None:
    raise ModuleNotFoundError("course_utils is missing: open the one-file copy of this notebook (see the README).")

# %% [markdown]
# ## Q2: How does a photo become numbers?
#
# A network computes with arrays of one fixed shape. We bring every photo to 150 x 150 pixels with three colour
# values each, so 3,000 photos of all sizes become one array.
#
# **Predict:** how many megabytes do 2,000 photos of 150 x 150 take, at one byte a colour value?

# %%
from course_utils import fetch_photos, photo_paths

data = fetch_photos("data")

# %%
dogs, cats = photo_paths(data / "dogs-train"), photo_paths(data / "cats-train")
print(len(dogs), "dogs and", len(cats), "cats to train on")

# %% [markdown]
# ## One photo by hand
#
# `cv2.imread` decodes the JPEG into a NumPy array: rows, columns, colours. Each value is a whole number from 0 to
# 255, one byte: `uint8`. An array with any number of axes is also called a *tensor*.

# %%
import cv2

photo = cv2.imread(str(cats[0]))
print(photo.shape, photo.dtype)
print("the pixel in the middle:", photo[photo.shape[0] // 2, photo.shape[1] // 2])

# %% [markdown]
# ## Mistake M1: blue cats
#
# OpenCV puts *blue* first, everyone else *red*. The published lesson uses the array as it is: its plots are blue,
# and a network that was trained on red-green-blue sees false colours.

# %%
from course_utils import show_photos

right = cv2.cvtColor(photo, cv2.COLOR_BGR2RGB)
figure = show_photos([photo, right], ["as OpenCV gives it (BGR)", "converted (RGB)"])

# %%
red_of_wrong, red_of_right = photo[..., 0].mean(), right[..., 0].mean()
difference = abs(photo.astype(int) - right).mean()
print(f"mean 'red' of the wrong one {red_of_wrong:.0f}, of the right one {red_of_right:.0f}")
print(f"mean difference of a colour value {difference:.0f} of 255")

# %% tags=["check"]
from course_utils import check

check(difference > 1, "BGR and RGB differ", "Is this photo grey? Choose another one: cats[1].")
check((right[..., ::-1] == photo).all(), "reversing the last axis turns one into the other", "Use right[..., ::-1].")

# %% [markdown]
# ## Resize is not reshape
#
# `reshape` computes nothing: it cuts the same row of numbers into lines of another length. It needs exactly 150 x 150
# pixels, so the others are thrown away, and the picture is torn. `resize` computes new pixels.

# %%
import numpy as np

reshaped = right.reshape(-1, 3)[: 150 * 150].reshape(150, 150, 3)
resized = cv2.resize(right, (150, 150), interpolation=cv2.INTER_AREA)
figure = show_photos([right, reshaped, resized], ["the photo", "reshape: torn", "resize"])

# %% [markdown]
# ### Which resize?
#
# Shrinking to a third means that nine pixels become one. *Area averaging* takes the mean of the nine. The published
# Lanczos filter, made for enlarging, weighs mostly the nearest ones, and fine patterns turn into false ones.

# %%
stripes = np.zeros((465, 465), np.uint8)
stripes[:, ::2] = 255
lanczos = cv2.resize(stripes, (150, 150), interpolation=cv2.INTER_LANCZOS4)
area = cv2.resize(stripes, (150, 150), interpolation=cv2.INTER_AREA)
print(f"spread of grey values: after Lanczos {lanczos.std():.0f}, after area averaging {area.std():.0f}")

# %% tags=["check"]
check(
    lanczos.std() > 2 * area.std(),
    "Lanczos leaves false stripes more than twice as strong as area averaging",
    "Were the stripes one pixel wide?",
)

# %% [markdown]
# ## All photos: Mistake M2, growing an array
#
# The published loop lists the folder anew for each photo, and glues the photo to the array with `np.concatenate`. That
# copies all earlier photos: twice the photos, four times the work. *Allocating* the array once copies each photo once.


# %%
def grow(image, number):
    images = np.empty((0, 150, 150, 3), np.uint8)
    for _ in range(number):
        images = np.concatenate([images, image[None]])
    return images


# %%
def allocate(image, number):
    images = np.empty((number, 150, 150, 3), np.uint8)
    for position in range(number):
        images[position] = image
    return images


# %%
import time


def seconds(function, number):
    start = time.perf_counter()
    function(resized, number)
    return time.perf_counter() - start


# %% tags=["nbval-ignore-output"]
numbers = [50, 100, 200, 400]
grown = [min(seconds(grow, number) for _ in range(2)) for number in numbers]
allocated = [min(seconds(allocate, number) for _ in range(2)) for number in numbers]
for number, slow, fast in zip(numbers, grown, allocated, strict=True):
    print(f"{number:4} photos: growing {slow:.3f} s, allocating {fast:.4f} s")

# %%
import matplotlib.pyplot as plt

plt.plot(numbers, grown, "-o", color="#D55E00", label="growing with concatenate")
plt.plot(numbers, allocated, "-s", color="#0072B2", label="allocating once")
plt.xlabel("number of photos"), plt.ylabel("seconds"), plt.legend(), plt.title("Building one array, without decoding")
plt.show()

# %% tags=["check"]
check((grow(resized, 3) == allocate(resized, 3)).all(), "both ways give the same array", "Run the cells above again.")
check(
    grown[-1] > 5 * allocated[-1],
    "at 400 photos growing takes at least 5 times as long",
    "Another program may have slowed this one down: run the timing again.",
)

# %% [markdown]
# ## Mistake M3: eight bytes for one
#
# `images / 255` turns every byte into a number of eight bytes (`float64`). The network can scale them itself, in
# its first layer, on 32 photos at a time; then the array can stay as it is.

# %%
from course_utils import load_photos

some = load_photos(dogs[:100])
scaled = some / 255
print(f"100 photos: {some.dtype} {some.nbytes / 1e6:.2f} MB, {scaled.dtype} {scaled.nbytes / 1e6:.2f} MB")
print(f"2,000 photos: {20 * some.nbytes / 1e6:,.0f} MB or {20 * scaled.nbytes / 1e6:,.0f} MB")

# %% tags=["check"]
check(scaled.nbytes == 8 * some.nbytes, "dividing by 255 takes eight times the memory", "Compare nbytes of both.")
del scaled

# %% [markdown]
# ## The whole set
#
# You have done every step by hand; `load_photos` does them for a list of files: decode (large photos straight to a
# smaller size), resize by area, RGB, one array allocated once, several threads. Dogs first, as in the lesson.

# %%
start = time.perf_counter()
x_train = load_photos(dogs + cats)
y_train = np.array([1] * len(dogs) + [0] * len(cats))
print(f"loaded in {time.perf_counter() - start:.1f} s, a tensor of shape {x_train.shape}")

# %% tags=["check"]
from course_utils import check_images, check_labels

check_images(x_train, 2000)
check_labels(y_train, cats=1000, dogs=1000)

# %% [markdown]
# Does each label stand beside its photo? A check of the form cannot tell. Look at some, taken at random.

# %%
chosen = np.random.default_rng(0).choice(2000, 12, replace=False)
figure = show_photos(x_train[chosen], [("cat", "dog")[label] for label in y_train[chosen]])

# %% [markdown]
# ## Three sets, and why: Mistake M6
#
# The published lesson tunes on its test set. Whoever tries often and reports the best score reports luck. See it
# happen: 200 "models" that toss a coin, and the best of them.

# %%
random = np.random.default_rng(0)
answers = random.integers(0, 2, (200, 1000))
truth = random.integers(0, 2, 1000)
scores = (answers[:, :500] == truth[:500]).mean(axis=1)
best = scores.argmax()

# %%
flattering, honest = scores[best], (answers[best, 500:] == truth[500:]).mean()
print(f"best of 200 coins, on the 500 photos used to choose it: {flattering:.3f}")
print(f"the same coin on 500 photos it has not seen:            {honest:.3f}")

# %% tags=["check"]
check(
    flattering - honest > 0.03,
    "choosing on a set flatters the score on that set",
    "Use the same random seed as above, and compare the two scores of the same coin.",
)

# %% [markdown]
# So there are three sets. We *train* on one, *choose* on the **validation** set, and open the **test** set once, at
# the end. Scikit-learn splits off 400 of the 2,000, with as many cats as dogs in each part.

# %%
from sklearn.model_selection import train_test_split

fit, validation = train_test_split(np.arange(2000), test_size=400, stratify=y_train, random_state=0)
print(len(fit), "to train on,", len(validation), "to choose on,", y_train[validation].sum(), "of them dogs")

# %% tags=["check"]
check(not set(fit) & set(validation), "no photo is in both sets", "Split positions, not photos, and split once.")

# %% [markdown]
# ## Summary
#
# - A photo is an array (height, width, 3) of bytes; say RGB, and convert OpenCV's BGR.
# - Resize by area when shrinking; never reshape.
# - Allocate once, keep `uint8`: 2,000 photos are 135 MB, not 1.08 GB.
# - Train, choose, test: three sets.

# %% [markdown]
# ## Exercises
#
# 1. Load the photos at 75 x 75. How much memory do 3,000 of them take? Compute first, then measure.
# 2. Half of all your photos are mirrored copies of the others. What goes wrong if you split at random?
#
# <details><summary>Solutions</summary>
#
# 1. 3,000 x 75 x 75 x 3 bytes = 50.6 MB; `load_photos(paths, size=75).nbytes` agrees.
# 2. A photo lands in one set and its copy in the other: the validation set then tests memory. Split the originals
#    first and mirror afterwards.
#
# </details>

# %% [markdown]
# ## Sources
#
# The steps and the published code: lesson L1, Q2. What that code costs, against `load_photos`: `make bench`. Next:
# `03_scratch_cnn`.
