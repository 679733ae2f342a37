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
# - turn a photo into the array that a network takes, and say what each number in it means,
# - load 2,000 photos in seconds, yourself or with Keras, in memory that you can compute beforehand,
# - split the photos so that your final number is an honest one.
#
# **Time** 2 minutes on a laptop. **Memory** 1.1 GB. **Needs** the images of notebook 01; fetches them if missing.

# %% tags=["setup"]
import importlib.util

if importlib.util.find_spec("course_utils") is None:
    raise ModuleNotFoundError(
        "This kernel has no course_utils. In a checkout of the course, choose the kernel of its .venv, or start "
        "Jupyter with .venv/bin/jupyter lab; elsewhere open the one-file copy of this notebook (see the README)."
    )

# %% [markdown]
# ## How does a photo become numbers?
#
# A network computes with arrays of one fixed shape. So every photo, whatever its size, becomes 150 x 150 pixels with
# three colour values each; a wide one is squeezed.
#
# **Predict:** one colour value takes one byte. How many megabytes do 2,000 such photos take?

# %%
from course_utils import fetch_photos, photo_paths

data = fetch_photos("data")

# %%
dogs, cats = photo_paths(data / "dogs-train"), photo_paths(data / "cats-train")
print(len(dogs), "dogs and", len(cats), "cats to train on")

# %% [markdown]
# ## One photo by hand
#
# `cv2.imread` decodes a JPEG file into a NumPy array: rows, columns, colours. Each value is a whole number from 0 (none
# of this colour) to 255, which fits into one byte: `uint8`. An array is also called a *tensor*.

# %% tags=["nbval-ignore-output"]
import cv2

photo = cv2.imread(str(cats[300]))
print(photo.shape, photo.dtype)
print("the pixel in the middle:", photo[photo.shape[0] // 2, photo.shape[1] // 2])

# %% [markdown]
# ## Blue for red
#
# Most others store a pixel as red, green, blue (*RGB*). OpenCV stores blue, green, red (*BGR*), and nothing in
# the array tells you. What does a cat look like if you forget?
#
# ### Your turn: put red first
#
# Reverse the last axis of `photo`, and leave rows and columns as they are. Slices work as with lists: `[::-1]`
# reverses.

# %% tags=["your-turn"]
red_first = ...  # one slice of photo

# %% tags=["check"]
from course_utils import check_answer

check_answer("blue becomes red", red_first, photo=photo)

# %% tags=["solution"] because="The three dots stand for 'all other axes as they are'; [:, :, ::-1] does the same."
red_first = photo[..., ::-1]

# %% tags=["wrong-answer"] says="stands on its head"
red_first = photo[::-1]

# %% tags=["wrong-answer"] says="nothing has changed"
red_first = photo

# %% tags=["wrong-answer"] says="an array is needed"
red_first = "red, green, blue"

# %%
right = cv2.cvtColor(photo, cv2.COLOR_BGR2RGB)
print("OpenCV's own conversion gives the same:", (right == photo[..., ::-1]).all())

# %% alt="The same cat twice: with red and blue exchanged, and in its right colours."
from course_utils import show_photos

figure = show_photos([photo, right], ["BGR, shown as if it were RGB", "RGB"], width=4.5)

# %% [markdown]
# If you forget, a network trained on RGB sees the left cat. It still answers, perhaps worse, and no error tells you.

# %% [markdown]
# ## Resize is not reshape
#
# `reshape` computes nothing. It cuts the same long row of numbers into lines of another length: here we keep the first
# 22,500 pixels, and the picture is torn. `resize` computes new pixels from the old ones.

# %% alt="Three pictures: the cat, its torn pixels after reshape, and the whole cat at 150 by 150 pixels after resize."
reshaped = right.reshape(-1, 3)[: 150 * 150].reshape(150, 150, 3)
resized = cv2.resize(right, (150, 150), interpolation=cv2.INTER_AREA)
figure = show_photos([right, reshaped, resized], ["the photo", "reshape", "resize"], width=3)

# %% [markdown]
# ### Your turn: shrink to a third
#
# Now nine pixels, 3 x 3, must become one. The natural choice is their mean, called *area averaging*. A grey
# image with `h` rows and `w` columns, seen as `grey.reshape(h // 3, 3, w // 3, 3)`, has each block of nine on two
# axes of its own. Which two?


# %% tags=["your-turn"]
def shrink(grey):
    h, w = grey.shape
    return ...  # grey.reshape(h // 3, 3, w // 3, 3), and its mean over two of the four axes


# %% tags=["check"]
check_answer("mean of nine pixels", shrink)


# %% tags=["solution"] because="Axes 1 and 3 have the length 3: the place within a block. Axes 0 and 2 say which block."
def shrink(grey):
    h, w = grey.shape
    return grey.reshape(h // 3, 3, w // 3, 3).mean(axis=(1, 3))


# %% tags=["wrong-answer"] says="average over the two of length 3"
def shrink(grey):
    h, w = grey.shape
    return grey.reshape(h // 3, 3, w // 3, 3).mean(axis=(0, 2))


# %% tags=["wrong-answer"] says="throw eight away"
def shrink(grey):
    return grey[::3, ::3]


# %% tags=["wrong-answer"] says="divide by 9"
def shrink(grey):
    h, w = grey.shape
    return grey.reshape(h // 3, 3, w // 3, 3).sum(axis=(1, 3))


# %% [markdown]
# OpenCV's `INTER_AREA` does just that, also for factors that are not whole. A check, on a piece of the photo:

# %%
import numpy as np

grey = cv2.cvtColor(right, cv2.COLOR_RGB2GRAY)[:300, :300]
by_hand = grey.reshape(100, 3, 100, 3).mean(axis=(1, 3))
by_opencv = cv2.resize(grey, (100, 100), interpolation=cv2.INTER_AREA)
print("they differ by no more than rounding:", np.abs(by_hand - by_opencv).max() <= 0.5)

# %% [markdown]
# ### Why not a finer filter?
#
# *Lanczos* is known as the best filter, so many programs ask OpenCV for it. OpenCV's weighs 8 x 8 old pixels around
# each new one. **Predict:** stripes one pixel wide, black and white, shrink to about a third. What colour should come
# out?

# %%
from PIL import Image

stripes = np.zeros((465, 465), np.uint8)
stripes[:, ::2] = 255
small = {
    "OpenCV, Lanczos": cv2.resize(stripes, (150, 150), interpolation=cv2.INTER_LANCZOS4),
    "OpenCV, area": cv2.resize(stripes, (150, 150), interpolation=cv2.INTER_AREA),
    "Pillow, Lanczos": np.asarray(Image.fromarray(stripes).resize((150, 150), Image.LANCZOS)),
}
for name, image in small.items():
    print(f"{name:16} spread of the grey values {image.std():5.1f}")

# %% alt="Shrunk stripes: strong false stripes with OpenCV's Lanczos, faint ones with area, grey with Pillow."
figure = show_photos([image[:50, :50] for image in small.values()], list(small), width=3)

# %% [markdown]
# An even grey is right: spread 0. Lanczos is not at fault: Pillow's is the best of the three. The fault is that
# OpenCV's filter stays 8 pixels wide however much you shrink, while Pillow's widens with the factor. Too narrow a
# filter picks single pixels, and fine patterns turn into false ones. Even on these stripes area leaves
# a spread of 24 in place of 90, and OpenCV offers it: we use it. Fur and loose hairs are fine patterns too:

# %% alt="The cat enlarged: with OpenCV's Lanczos its loose hairs break into dots, with area they stay lines."
lanczos = cv2.resize(right, (150, 150), interpolation=cv2.INTER_LANCZOS4)
figure = show_photos([lanczos[25:, 40:], resized[25:, 40:]], ["OpenCV, Lanczos", "OpenCV, area"], width=4.5)

# %% [markdown]
# ## All photos: growing or allocating
#
# A tempting loop starts with an empty array and glues each photo to it with `np.concatenate`. But an array cannot grow:
# each time a new one is made, and everything is copied into it, old photos and new.
#
# ### Your turn: how many copies?
#
# The first time one photo is copied, the second time two, the third time three ... How many copies of photos are made
# until there are 2,000?

# %% tags=["your-turn"]
copies = ...  # one number, or a line that computes it

# %% tags=["check"]
check_answer("copies of photos", copies)

# %% tags=["solution"] because="Twice the photos mean four times the copies: the work grows with the square."
copies = sum(range(1, 2001))

# %% tags=["wrong-answer"] says="copies all earlier photos again"
copies = 2000

# %% tags=["wrong-answer"] says="2,000 photos each time"
copies = 2000 * 2000

# %% tags=["wrong-answer"] says="a number is needed"
copies = range(1, 2001)

# %% [markdown]
# *Allocating* makes an array of the final size once, and then copies each photo into its place. We time both:

# %%
import time


def grow(number):
    images = np.empty((0, 150, 150, 3), np.uint8)
    for _ in range(number):
        images = np.concatenate([images, resized[None]])


def allocate(number):
    images = np.empty((number, 150, 150, 3), np.uint8)
    for position in range(number):
        images[position] = resized


# %%
def seconds(function, number):
    start = time.perf_counter()
    function(number)
    return time.perf_counter() - start


numbers = [50, 100, 200, 400]
grown = [min(seconds(grow, number) for _ in range(2)) for number in numbers]
allocated = [min(seconds(allocate, number) for _ in range(2)) for number in numbers]
print(f"400 photos: growing takes {grown[-1] / allocated[-1]:.0f} times as long as allocating")

# %% alt="Seconds over the number of photos: growing curves upwards, allocating once stays near zero."
import matplotlib.pyplot as plt

plt.plot(numbers, grown, "-o", color="#D55E00", label="growing")
plt.plot(numbers, allocated, "-s", color="#0072B2", label="allocating once")
plt.xlabel("number of photos"), plt.ylabel("seconds"), plt.title("Building one array, without decoding"), plt.legend()
plt.show()

# %% [markdown]
# ## Eight bytes for one
#
# Networks like small numbers, so 0-255 is often scaled with `images / 255`. NumPy then makes each byte a number of
# eight bytes, a `float64`. We keep the bytes: the network can scale them itself, a few photos at a time.

# %%
from course_utils import load_photos

some = load_photos(dogs[:100])
for images in (some, some / 255):
    print(
        f"{images.dtype!s:8} 100 photos {images.nbytes / 1e6:6.2f} MB, 2,000 photos {images.nbytes / 1e6 * 20:6,.0f} MB"
    )

# %% [markdown]
# ## The whole set
#
# `load_photos` does what you have done by hand: decode, put red first, resize by area, allocate once.
# `y_train` holds the *labels*, one for each photo: 1 for a dog, 0 for a cat.

# %%
start = time.perf_counter()
x_train = load_photos(dogs + cats)
loading = time.perf_counter() - start
y_train = np.array([1] * len(dogs) + [0] * len(cats))
print(f"loaded in {loading:.1f} s, a tensor of shape {x_train.shape}")

# %% tags=["check"]
from course_utils import check_images, check_labels

check_images(x_train, 2000)
check_labels(y_train, cats=1000, dogs=1000)

# %% [markdown]
# Does each label stand beside its photo? No check of a shape can tell. Look at some, chosen at random.

# %% alt="Twelve training images chosen at random, in two rows, each with its label cat or dog above it."
chosen = np.random.default_rng(0).choice(2000, 12, replace=False)
figure = show_photos(x_train[chosen], [("cat", "dog")[label] for label in y_train[chosen]])

# %% [markdown]
# ## The same with Keras
#
# Most courses use `image_dataset_from_directory`. It reads 32 photos at a time, a *batch*, decodes them when the
# network asks for them, and forgets them again. A photo's label is the place of its folder in `class_names`: 0 for
# cats, 1 for dogs.

# %%
import keras

folders = ["cats-train", "dogs-train"]
dataset = keras.utils.image_dataset_from_directory(
    data, class_names=folders, image_size=(150, 150), interpolation="area", batch_size=32, shuffle=False
)

# %% [markdown]
# Is it the same? It goes through the cats first, and in another order, so we look each photo up in ours.

# %%
from pathlib import Path

place = {path.name: position for position, path in enumerate(dogs + cats)}
ours = np.array([place[Path(path).name] for path in dataset.file_paths])
labels = np.concatenate([labels for _, labels in dataset])
print("same labels:", (labels == y_train[ours]).all())

# %%
batch = next(iter(dataset))[0].numpy()
apart = np.abs(batch - x_train[ours[:32]]).mean()
print(batch.dtype, batch.shape, "between", batch.min().round(), "and", batch.max().round())
print(f"a colour value differs by {apart:.0f} of 255, on average over this batch")

# %% tags=["check"]
from course_utils import check

check(
    (labels == y_train[ours]).all() and apart < 5,
    "the same labels and, up to decoding and resizing, the same pixels",
    "Are class_names in the order of the labels, cats first, and is shuffle=False?",
)

# %% [markdown]
# The small difference has two reasons: our helper decodes large photos straight to a smaller size, and the two
# libraries round differently. When should you use which? Measure: one pass over all photos is an *epoch*, and training
# takes several of them.

# %%
start = time.perf_counter()
for _ in dataset:
    pass
from_files = time.perf_counter() - start

start = time.perf_counter()
for first in range(0, 2000, 32):
    batch_images = x_train[first : first + 32].astype("float32")
from_array = time.perf_counter() - start
print(f"reading an epoch from the files takes {from_files / from_array:.0f} times as long as from the array")
print(f"in memory: the array {x_train.nbytes / 1e6:.0f} MB, a batch {batch.nbytes / 1e6:.1f} MB")

# %% [markdown]
# The array is decoded once, and reading it again is nearly free; but it must fit into memory. The dataset decodes all
# photos again in each epoch, but needs memory for only a few batches, for 3,000 photos or for three million. So: the
# array while it fits, the dataset when it no longer does. This course uses the array.

# %% [markdown]
# ## Three sets, and why
#
# Suppose you try 200 models, measure all on the test set, and report the best. What is wrong with that? Let the
# "models" toss a coin for each photo: none of them knows anything.

# %%
random = np.random.default_rng(0)
truth = random.integers(0, 2, 1000)
answers = random.integers(0, 2, (200, 1000))
scores = (answers[:, :500] == truth[:500]).mean(axis=1)
best = scores.argmax()
again = (answers[best, 500:] == truth[500:]).mean()
print(f"the best of 200 coins on 500 photos: {scores[best]:.3f}; the same coin on 500 other photos: {again:.3f}")

# %% alt="The scores of 200 coins, a bell around 0.5; the best one far right, and its score on other photos."
plt.hist(scores, bins=20, color="#56B4E9", label="200 coins, on the same 500 photos")
plt.axvline(scores[best], color="#D55E00", label="the best of them")
plt.axvline(again, color="#0072B2", linestyle="--", label="the same coin, on 500 other photos")
plt.xlabel("share of right answers"), plt.ylabel("number of coins"), plt.title("Choosing the best of many")
plt.legend(loc="upper left", bbox_to_anchor=(1, 1))
plt.show()

# %% [markdown]
# The best coin looks better than guessing, because we looked for luck and found it. On other photos its luck is
# gone. So there are three sets: *train* on one, *choose* on the **validation** set, and open the **test** set once, at
# the end.
#
# ### Your turn: split off a validation set
#
# Split the positions 0 to 1999 into 1,600 to train on and 400 to choose on, shuffled, each with as many cats as dogs.
# `train_test_split` takes `test_size=` (how many) and `stratify=` (the labels whose shares it keeps).

# %% tags=["your-turn"]
from sklearn.model_selection import train_test_split

positions = np.arange(2000)
my_fit, my_validation = ..., ...  # what train_test_split returns

# %% tags=["check"]
check_answer("validation split", (my_fit, my_validation), labels=y_train)

# %% tags=["solution"] because="random_state fixes the shuffling, so that you get the same split tomorrow."
my_fit, my_validation = train_test_split(positions, test_size=400, stratify=y_train, random_state=0)

# %% tags=["wrong-answer"] says="all 400 are of one kind"
my_fit, my_validation = positions[400:], positions[:400]

# %% tags=["wrong-answer"] says="stratify=y_train makes it 200"
my_fit, my_validation = train_test_split(positions, test_size=400, random_state=1)

# %% tags=["wrong-answer"] says="partly test memory"
my_fit, my_validation = positions, positions[800:1200]

# %% [markdown]
# ### On the real photos
#
# Photo 300 is a close-up of a grey tabby kitten. In grey, red and blue are nearly equal, so exchanging them changes
# less than in the drawn cat. Its whiskers break into dots under OpenCV's Lanczos filter just the same. Ours and Keras's
# pixels differ by 2 of 255 here too. Reading an epoch from the files took 21 times as long as from the array, measured
# on two busy processor cores.

# %% [markdown]
# ## Summary
#
# - A photo is an array (height, width, 3) of bytes. OpenCV gives BGR; the world expects RGB.
# - Shrink by area averaging; `reshape` alone does not shrink.
# - Allocate once and keep `uint8`: 2,000 photos are 135 MB, not 1,080 MB.
# - An array while it fits into memory, a dataset when it does not.
# - Train, choose, test: three sets.

# %% [markdown]
# ## Exercises
#
# 1. How much memory do 3,000 photos of 75 x 75 pixels take? Compute first, then measure with `load_photos(paths,
#    size=75)`, where `paths` lists all four folders.
# 2. Half of your photos are mirrored copies of the others. What goes wrong if you split at random?
#
# <details><summary>Solutions</summary>
#
# 1. 3,000 x 75 x 75 x 3 bytes = 50.6 MB, and `.nbytes` agrees: a quarter of the 202.5 MB at 150 x 150.
# 2. A photo lands in one set and its copy in the other, so the validation set partly tests memory. Split the originals
#    first, and mirror afterwards.
#
# </details>
#
# Next: `03_scratch_cnn`.
