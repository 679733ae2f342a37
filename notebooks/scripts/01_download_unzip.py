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
# # 01 Download and unzip
#
# After this notebook you can
#
# - download a file in pieces, and know whether you got the right one,
# - unzip it, count what is inside, and list it in an order that never changes,
# - name three ways in which careless file handling goes wrong.
#
# **Time** 2 minutes on a laptop, plus the download. **Memory** 1.1 GB. **Needs** nothing.
#
# In all ten notebooks: run the cells in order, each once. If something goes wrong, choose *Restart and run all*.

# %% tags=["setup"]
import importlib.util

if importlib.util.find_spec("course_utils") is None:
    raise ModuleNotFoundError(
        "This kernel has no course_utils. In a checkout of the course, choose the kernel of its .venv, or start "
        "Jupyter with .venv/bin/jupyter lab; elsewhere open the one-file copy of this notebook (see the README)."
    )

# %% [markdown]
# ## Where this is going
#
# Run the next cell: six drawn animals. Which are cats, and which are dogs? You know most of them at once. Now write
# down the rule that tells them apart, for a computer that sees nothing but colour values. Ears? Noses? From which side?
#
# Nobody has written such a rule for the model below. It was trained on other drawn animals first, then on 2,000 cats
# and dogs, but on none of these six.

# %% alt="Six drawn animals without names: cats and dogs, some sitting, some lying, in rooms and landscapes."
from course_utils import show_photos
from course_utils.practice import new_animals

animals = new_animals()
figure = show_photos(animals)

# %% alt="The same six drawn animals, three cats and three dogs, each with the model's answer above it."
from course_utils.sandbox.small_bases.cat_or_dog import build_cat_or_dog

model = build_cat_or_dog()
probabilities = model.predict(animals, verbose=0)
titles = [f"cat {cat:.0%}" if cat > dog else f"dog {dog:.0%}" for cat, dog in probabilities]
figure = show_photos(animals, titles)

# %% [markdown]
# The model answers with two *probabilities* that add up to 1. It is right five times out of six. The last dog holds its
# ears up like a cat, and the model takes it for one; but at 52 % even the model is hardly sure.
#
# **By notebook 04 you will have built such a model yourself.** First it needs something to learn from.

# %% [markdown]
# ## How do four zip files become 3,000 photos?
#
# The photos are from *Asirra*, a test from 2007 that asked visitors to a web page to tell cats from dogs, to keep
# robots out. Kaggle has 25,000 with labels; we use 3,000. A model learns from the *training* photos, and the *test*
# photos tell whether it has learned anything.
#
# | zip file | photos in each |
# |---|---|
# | `cats-train.zip`, `dogs-train.zip` | 1,000 |
# | `cats-test.zip`, `dogs-test.zip` | 500 |
#
# **Predict:** a server no longer has the file that you ask for. What does your program save under its name?

# %% [markdown]
# ### Ask, and look at the answer
#
# We practise on a small zip of drawn cats. A server inside this notebook hands it out, so this works offline too.
#
# A web server first sends a *status*: 200 means "here it is", 404 "not found". With `stream=True`, the file is not read
# yet.

# %%
import requests

from course_utils.practice import PRACTICE_ZIP, PracticeServer

server = PracticeServer()
response = requests.get(f"{server.address}/{PRACTICE_ZIP}", stream=True, timeout=10)
print("status", response.status_code)
print("type  ", response.headers["Content-Type"])

# %% [markdown]
# ### Save it piece by piece
#
# 64 KB at a time go to the disk, so even a huge zip needs little memory. The name ends in `.part` until we know that
# the file is complete.

# %%
from pathlib import Path

practice = Path("practice-of-notebook-01")
practice.mkdir(exist_ok=True)
part = practice / (PRACTICE_ZIP + ".part")
with open(part, "wb") as file:
    for piece in response.iter_content(64 * 1024):
        file.write(piece)

# %% [markdown]
# ### Is it the right file?
#
# A *checksum* is a short number computed from all bytes. Change one letter, and it becomes a completely different
# number:

# %%
import hashlib

for text in (b"cat", b"car"):
    print(text, hashlib.sha256(text).hexdigest()[:32], "...")

# %% [markdown]
# ### Your turn: the checksum of the file
#
# Compute the whole checksum of the file `part`, all 64 digits: `part.read_bytes()` gives the bytes. (`part` is renamed
# a few cells below. If you come back later, choose *Restart*, and run the cells from the top to here.)

# %% tags=["your-turn"]
checksum = ...  # one line

# %% tags=["check"]
from course_utils import check_answer

check_answer("checksum of a file", checksum, file=part)

# %% tags=["solution"] because="All bytes go in, and 64 digits come out, however large the file is."
checksum = hashlib.sha256(part.read_bytes()).hexdigest()

# %% tags=["wrong-answer"] says=".hexdigest(), not .digest()"
checksum = hashlib.sha256(part.read_bytes()).digest()

# %% tags=["wrong-answer"] says="the checksum of the file's name"
checksum = hashlib.sha256(part.name.encode()).hexdigest()

# %% tags=["wrong-answer"] says="read the whole file"
checksum = hashlib.sha256(part.read_bytes()[:1000]).hexdigest()

# %% [markdown]
# The publisher of a file prints its checksum beside the download; here it is `server.checksum`. Only a file with
# that checksum gets its final name.

# %%
import os

if hashlib.sha256(part.read_bytes()).hexdigest() == server.checksum:
    os.replace(part, practice / PRACTICE_ZIP)

# %% tags=["check"]
from course_utils import check

check(
    (practice / PRACTICE_ZIP).exists() and not part.exists(),
    "the file passed, and has its final name",
    "The download was cut short, or is another file: choose Restart and run all.",
)

# %% [markdown]
# ### Your turn: change one byte
#
# Does one wrong byte really matter? Make `spoilt`: the same bytes as `content`, but with another byte at
# place 1000. Bytes are cut and joined like text, and `bytes([7])` is the single byte 7.

# %% tags=["your-turn"]
content = (practice / PRACTICE_ZIP).read_bytes()
spoilt = ...  # the bytes before place 1000, a new byte, and the bytes after it

# %% tags=["check"]
check_answer("one byte changed", spoilt, content=content)

# %% tags=["solution"] because="255 minus the old value is never the old value, since 255 is odd."
spoilt = content[:1000] + bytes([255 - content[1000]]) + content[1001:]

# %% tags=["wrong-answer"] says="leave out exactly the byte"
spoilt = content[:1000] + bytes([7]) + content[1000:]

# %% tags=["wrong-answer"] says="nothing has changed"
spoilt = content[:1000] + content[1000:]

# %% tags=["wrong-answer"] says="a text is not bytes"
spoilt = "7"

# %% [markdown]
# ### Unzip and count
#
# A zip holds a checksum of each file in it. `testzip` compares them all; `None` means that no file is damaged.

# %%
import zipfile

with zipfile.ZipFile(practice / PRACTICE_ZIP) as archive:
    print("damaged files:", archive.testzip())
    unzipped = archive.namelist()
    archive.extractall(practice)
print(len(unzipped), "files, such as", unzipped[0])

# %% [markdown]
# ## Saving without checking the status
#
# Back to your prediction. The server has no file `cats-train.zip`. Many programs save whatever comes:

# %%
gone = requests.get(f"{server.address}/cats-train.zip", timeout=10)
wrong = practice / "wrong.zip"
wrong.write_bytes(gone.content)
print("saved as a zip:", gone.content[:15])
print("is it a zip?  ", zipfile.is_zipfile(wrong))

# %% [markdown]
# An error *page* now bears the name of a zip. Unzipping it fails, perhaps days later, with a message that says nothing
# about the cause. One line would have stopped it at once:

# %%
try:
    gone.raise_for_status()
except requests.HTTPError as error:
    print(str(error).split(" for url")[0])

# %% [markdown]
# ## Any order, any file
#
# `os.listdir` gives whatever lies in a folder, in whatever order the disk has it. A Mac leaves `.DS_Store` there,
# you leave notes, and a file whose name ends in `.jpg` need not be a photo.

# %%
cats = practice / "cats-practice"
(cats / "notes.txt").write_text("Cat 7 is my favourite.")
(cats / "cat.20.jpg").write_text("This is no photo.")
names = os.listdir(cats)
print(len(names), "names; the first five in alphabetical order:", sorted(names)[:5])

# %% [markdown]
# ### Your turn: `.jpg` only, in order
#
# Make a list of the names that end in `.jpg`, sorted by their number: `cat.2.jpg` before `cat.10.jpg`.

# %% tags=["your-turn"]
photo_names = ...  # sorted(..., key=...) of those names that you keep

# %% tags=["check"]
check_answer("photo names in order", photo_names, names=names)

# %% tags=["solution"] because="split('.') cuts cat.10.jpg into three texts; the middle one is its number."
photo_names = [name for name in names if name.endswith(".jpg")]
photo_names = sorted(photo_names, key=lambda name: int(name.split(".")[1]))

# %% tags=["wrong-answer"] says="cat.10 stands before cat.2"
photo_names = sorted(name for name in names if name.endswith(".jpg"))

# %% tags=["wrong-answer"] says="a file that is no photo is still there"
photo_names = sorted(names)

# %% tags=["wrong-answer"] says="these are the numbers"
photo_names = sorted(int(name.split(".")[1]) for name in names if name.endswith(".jpg"))

# %% [markdown]
# The course's `photo_paths` does the same. `readable_photos` then opens each file, *decodes* it into pixels, and says
# which are not photos:

# %%
from course_utils import photo_paths, readable_photos

good, bad = readable_photos(photo_paths(cats))
print(len(good), "photos, from", good[0].name, "to", good[-1].name)
for path, reason in bad.items():
    print("not", path.name, "because", reason)

# %% [markdown]
# ## Deleting what is not yours
#
# To tidy up, a program may delete whatever it finds in the folder, and your notes with it. Ours deletes what the zip
# brought, name by name:

# %%
for name in unzipped:
    (practice / name).unlink()
print("still there:", sorted(path.name for path in cats.iterdir()))

# %% tags=["check"]
check(
    (cats / "notes.txt").exists() and not (cats / "cat.7.jpg").exists(),
    "the photos are gone, and your notes are not",
    "Run the notebook from the top: the folder must hold notes.txt before the clean-up.",
)

# %% [markdown]
# The practice is over. This notebook made the whole folder `practice-of-notebook-01`, so it may remove all of it.

# %%
import shutil

server.close()
shutil.rmtree(practice)

# %% [markdown]
# ## The real thing: four folders
#
# `fetch_photos` does for all four zips what you have just done. If no photos can be had, or `COURSE_DATA=sandbox` is
# set, it draws cats and dogs instead, and says so.

# %%
from course_utils import fetch_photos

data = fetch_photos("data")

# %%
counts = {name: len(photo_paths(data / name)) for name in ("cats-train", "dogs-train", "cats-test", "dogs-test")}
for name, count in counts.items():
    print(f"{name:12}{count:6,}")

# %% tags=["check"]
check(
    list(counts.values()) == [1000, 1000, 500, 500],
    "1,000 + 1,000 photos to train on, 500 + 500 to test",
    "Run fetch_photos again; if the count stays wrong, remove the folder that is short and run it once more.",
)

# %% [markdown]
# ## Look at your data
#
# Always look before you compute. What tells the two apart: colour, size, place or shape? Write your answer down.

# %% alt="Twelve training images in two rows: six cats above, six dogs below, in different rooms and landscapes."
import cv2

shown = photo_paths(data / "cats-train")[60:66] + photo_paths(data / "dogs-train")[60:66]
photos = [cv2.imread(str(path))[..., ::-1] for path in shown]
figure = show_photos(photos, [path.name for path in shown])

# %% [markdown]
# (Notebook 02 explains `[..., ::-1]`.) The photos differ in size. How many sizes are there, and which are common?

# %%
from collections import Counter

from PIL import Image

training = photo_paths(data / "cats-train") + photo_paths(data / "dogs-train")
sizes = Counter(Image.open(path).size for path in training)
print(f"{len(training):,} images, {len(sizes):,} sizes")

# %% alt="Bars: how many training images have each of the ten most common sizes, and all others."
import matplotlib.pyplot as plt

common = sizes.most_common(10)
labels = [f"{width} x {height}" for (width, height), _ in common] + ["all others"]
numbers = [number for _, number in common]
numbers.append(len(training) - sum(numbers))
bars = plt.barh(labels, numbers, color="#0072B2")
plt.bar_label(bars, padding=3), plt.margins(x=0.12)
plt.gca().invert_yaxis()
plt.xlabel("number of images"), plt.ylabel("width x height in pixels"), plt.title("Sizes of the training images")
plt.show()

# %% [markdown]
# A network needs all images in one size. Resizing them is the first task of notebook 02.
#
# ### Some drawings are mixed on purpose
#
# In nature, no single sign is reliable. So each drawn animal may have its ears, muzzle, pupils or tail from the other
# kind: each part with a chance of 2 to 6 %. In 275 of the 2,000 training drawings at least one part is borrowed. Here
# is one of them. Its label says *cat*. What would you have said?

# %% alt="The same drawn striped cat twice: with the hanging ears of a dog, and with a cat's pointed ears."
from course_utils.practice import mixed_cat

figure = show_photos(mixed_cat(), ["cat.841, with a dog's ears", "the same cat, with its own"], width=4)

# %% [markdown]
# So do not expect 100 % from any model on the drawings: it must weigh several signs against each other.
#
# ### On the real photos
#
# The 2,000 training photos have 1,165 different sizes, from 59 to 1,023 pixels wide; the two most common ones,
# 500 x 374 and 499 x 375, make up 448 of them. No part is borrowed there, but many photos are hard for other reasons:
# an animal behind bars, half out of the picture, or together with its owner.

# %% [markdown]
# ## Summary
#
# - Check the status, save in pieces as `.part`, compare the checksum, then rename.
# - List image files only, in a fixed order, and count them.
# - Delete only what you made. `clean_photos("data")` removes the course's images and nothing else.

# %% [markdown]
# ## Exercises
#
# 1. You changed one byte of the zip. Would `testzip` have noticed as well? At which places would it not?
# 2. Somebody else's zip of cats is complete and undamaged. Which of the checks above tells you that it is the wrong
#    one?
#
# <details><summary>Solutions</summary>
#
# 1. At place 1000 yes: that byte belongs to a file, and its checksum no longer fits. A byte of the list of names and
#    dates at the end of the zip is in no file; `testzip` may miss it. The checksum of the whole zip misses nothing.
# 2. Only the checksum, and only if you have it from the publisher. `testzip` compares a zip with itself.
#
# </details>

# %% [markdown]
# ## Sources
#
# Photos: Asirra (Microsoft Research and Petfinder.com, 2007), from Kaggle's *Dogs vs. Cats*. See the README for terms.
# Next: `02_image_to_tensor`.
