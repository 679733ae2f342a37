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
# - unzip it, count what is inside, and show it,
# - name three ways in which a careless download goes wrong.
#
# **Time** 1 minute on a laptop, plus the download. **Memory** 0.5 GB. **Needs** nothing.
#
# Here as in all nine notebooks: run the cells in order, each once. After an error or a pause, *Restart and run all*.

# %% tags=["setup"]
import importlib.util

if importlib.util.find_spec("course_utils") is None:
    raise ModuleNotFoundError("course_utils is missing: open the one-file copy of this notebook (see the README).")

# %% [markdown]
# ## Q1: How do four zip files become 3,000 photos?
#
# The photos are from *Asirra*, a test of 2007 that asked visitors of a web page to tell cats from dogs, to keep
# robots out. The full set has 25,000 photos; the lesson uses 3,000 of them.
#
# | zip file | photos |
# |---|---|
# | `cats-train.zip`, `dogs-train.zip` | 1,000 each |
# | `cats-test.zip`, `dogs-test.zip` | 500 each |
#
# **Predict:** a server no longer has the file that you ask for. What does your program save under its name?

# %% [markdown]
# ### A server to practise with
#
# We do it once by hand, on a zip file of 20 drawn cats. A small server inside this notebook hands it out, so that
# the steps work without the internet too. A real address would start with `https://`.

# %%
from course_utils.practice import PRACTICE_ZIP, PracticeServer

server = PracticeServer()
url = f"{server.address}/{PRACTICE_ZIP}"

# %% [markdown]
# ### Ask, and look at the answer
#
# A web server answers with a *status* first: 200 means "here it is", 404 "not found". The *headers* tell the type
# and the length before the content arrives. With `stream=True` nothing more is read yet.

# %%
import requests

response = requests.get(url, stream=True, timeout=10)
print("status", response.status_code)
print("type  ", response.headers["Content-Type"])

# %% [markdown]
# ### Save it piece by piece
#
# A piece of 64 KB at a time goes to the disk, so a zip of any size needs little memory. The name ends in `.part`
# until the file is complete: whoever sees `cats-practice.zip` can rely on it.

# %%
from pathlib import Path

practice = Path("practice")
practice.mkdir(exist_ok=True)
part = practice / (PRACTICE_ZIP + ".part")
with open(part, "wb") as file:
    for piece in response.iter_content(64 * 1024):
        file.write(piece)

# %% [markdown]
# ### Is it the right file?
#
# A *checksum* is a short number computed from every byte. The publisher prints it, here as `server.checksum`, and you
# compute it again: one changed bit gives quite another number. Only a file that passes gets its final name.

# %% tags=["nbval-ignore-output"]
import hashlib
import os

checksum = hashlib.sha256(part.read_bytes()).hexdigest()
print("computed  ", checksum[:16], "...")
print("published ", server.checksum[:16], "...")
if checksum == server.checksum:
    os.replace(part, practice / PRACTICE_ZIP)

# %% tags=["check"]
from course_utils import check

check(
    (practice / PRACTICE_ZIP).exists() and not part.exists(),
    "the file passed, and has its final name",
    "The download was cut short, or is another file: run the notebook again from the first cell.",
)

# %% [markdown]
# ### Unzip and count
#
# `testzip` reads every file and compares it with the checksum that the zip itself holds; `None` means that all
# are good. The names show what comes out, and where it will go.

# %%
import zipfile

with zipfile.ZipFile(practice / PRACTICE_ZIP) as archive:
    print("damaged files:", archive.testzip())
    names = archive.namelist()
    archive.extractall(practice)
print(len(names), "files, such as", names[0])

# %% [markdown]
# ## Mistake M15: save first, ask never
#
# (The README lists the mistakes M1 to M20.) The published lesson reads the whole answer into memory and saves it
# without a look at the status. Here is what that does when the file is gone from the server.

# %%
gone = requests.get(f"{server.address}/cats-train.zip", timeout=10)
wrong = practice / "wrong.zip"
wrong.write_bytes(gone.content)
print("saved as a zip:", gone.content[:15])
print("is it a zip?  ", zipfile.is_zipfile(wrong))

# %% [markdown]
# It saved an error *page* under the name of a zip, and the unzipping, perhaps days later, fails with a message
# that says nothing about the cause. The right way stops at once and names it.

# %%
try:
    gone.raise_for_status()
    stopped = "not stopped"
except requests.HTTPError as error:
    stopped = str(error).split(" for url")[0]
print(stopped)

# %% tags=["check"]
check(
    not zipfile.is_zipfile(wrong) and stopped.startswith("404"),
    "a 404 page was saved as a zip the wrong way, and refused by name the right way",
    "Run the two cells above again: the server must be running.",
)

# %% [markdown]
# ## Mistake M5: any order, any file
#
# `os.listdir` gives names in whatever order the disk has them, and everything that lies there. A Mac leaves
# `.DS_Store`, Windows `Thumbs.db`; and a file that only calls itself `.jpg` is no photo.

# %%
cats = practice / "cats-practice"
(cats / "notes.txt").write_text("Cat 7 is my favourite.")
(cats / "cat.20.jpg").write_text("This is no photo.")
listed = os.listdir(cats)
print(len(listed), "names in the folder")
print(sorted(listed)[:5])

# %% [markdown]
# Even sorted, `cat.10` stands before `cat.2`, since text is compared letter by letter. And OpenCV does not
# complain about a file that it cannot read: it returns `None`.

# %%
import cv2

image = cv2.imread(str(cats / "cat.20.jpg"))
print("OpenCV returns", image)

# %% [markdown]
# The course's helper does what you would write once you know this: image files only, in natural order. A second
# one separates the photos that decode from those that do not, with the reason.

# %%
from course_utils import photo_paths, readable_photos

paths = photo_paths(cats)
good, bad = readable_photos(paths)
print([path.name for path in good[:4]], "...", len(good), "photos")
for path, reason in bad.items():
    print("bad:", path.name, "because", reason)

# %% tags=["check"]
check(
    (len(listed), len(paths), len(good)) == (23, 21, 20) and image is None,
    "23 names, 21 image names, 20 photos",
    "Did you add or remove a file in practice/cats-practice? Run the notebook from the top.",
)

# %% [markdown]
# ## Mistake M16: tidy up with a broom
#
# The published clean-up walks through `data/` and deletes what it finds. On a copy of our folder, see what happens
# to the notes. The right way removes only what the zip brought.

# %%
import shutil

broom = shutil.copytree(cats, practice / "broom", dirs_exist_ok=True)
for path in broom.iterdir():
    path.unlink()
print("left by the broom:", sorted(path.name for path in broom.iterdir()))

# %%
for name in names:
    (practice / name).unlink()
left = sorted(path.name for path in cats.iterdir())
print("left by the list: ", left)

# %% tags=["check"]
check(
    not any(broom.iterdir()) and "notes.txt" in left,
    "the broom took your notes, the list left them",
    "Run the notebook from the top: the folder must hold notes.txt before the clean-up.",
)

# %% [markdown]
# The practice is over: the server ends, and the practice folder goes. This time the whole folder may go, since
# this notebook made it and all that is in it.

# %%
server.close()
shutil.rmtree(practice)

# %% [markdown]
# ## The real thing: four folders
#
# `fetch_photos` does all this for the four zips: it resumes a broken download, verifies, unpacks beside and moves
# into place. Where no photo can be had it draws cats and dogs instead. It says which.

# %%
from course_utils import fetch_photos

data = fetch_photos("data")

# %%
folders = ["cats-train", "dogs-train", "cats-test", "dogs-test"]
counts = {name: len(photo_paths(data / name)) for name in folders}
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
# Always look before you compute. What tells the two apart: colour, size, place, or shape? Remember your answer for
# notebook 03.

# %%
from course_utils import show_photos

shown = photo_paths(data / "cats-train")[:6] + photo_paths(data / "dogs-train")[:6]
photos = [cv2.imread(str(path))[..., ::-1] for path in shown]
figure = show_photos(photos, [path.name for path in shown])

# %% [markdown]
# The photos differ in size. A network wants all of one size, so notebook 02 will have to resize them.

# %%
import matplotlib.pyplot as plt
from PIL import Image

for colour, name in (("#0072B2", "cats-train"), ("#D55E00", "dogs-train")):
    sizes = [Image.open(path).size for path in photo_paths(data / name)[:300]]
    plt.scatter(*zip(*sizes, strict=True), s=8, alpha=0.5, color=colour, label=name)
plt.xlabel("width (pixels)"), plt.ylabel("height (pixels)"), plt.legend(), plt.title("Sizes of 600 images")
plt.show()

# %% [markdown]
# ## Summary
#
# - Look at the status, save in pieces as `.part`, compare the checksum, then rename.
# - List image files only, in a fixed order; count; and expect `None` from OpenCV.
# - Delete only what you made. `clean_photos("data")` removes the lesson's images and nothing else.

# %% [markdown]
# ## Exercises
#
# 1. Change one byte of a downloaded zip. Which of the checks above notices?
# 2. Why is `testzip` not enough to know that you have the *right* zip?
#
# <details><summary>Solutions</summary>
#
# 1. The checksum always; `testzip` only if the byte belongs to a packed file and not to the zip's list of names.
# 2. It compares the zip with itself. Another publisher's zip, complete and undamaged, passes too; only a checksum
#    that you got elsewhere tells them apart.
#
# </details>

# %% [markdown]
# ## Sources
#
# Photos: Asirra (Microsoft Research and Petfinder.com, 2007), from Kaggle's *Dogs vs. Cats*; the selection of 3,000
# is that of the published lesson L1. See the README for terms. Next: `02_image_to_tensor`.
