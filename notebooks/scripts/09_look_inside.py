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
# # 09 Look inside
#
# After this notebook you can
#
# - show what each block of a network answers to, and where in a photo it found its evidence,
# - write an error analysis, and see photos as the network arranges them,
# - try your own photo, and say how much a confidence of 95 % is worth.
#
# **Time** 2 minutes on two laptop cores. **Memory** 1.5 GB. **Needs** the models of 03 and 04; trains stand-ins.

# %% tags=["setup"]
import importlib.util

if importlib.util.find_spec("course_utils") is None:
    raise ModuleNotFoundError("course_utils is missing: open the one-file copy of this notebook (see the README).")

# %% [markdown]
# ## What does it look at?
#
# A network that is right may be right for a wrong reason: the sofa under the cat, the lawn under the dog.
#
# **Predict:** of the twelve most confident mistakes, six of each model, in how many does it look at the animal at all?

# %%
import numpy as np

from course_utils import fetch_photos, load_photos, photo_paths

data = fetch_photos("data")
test_paths = photo_paths(data / "dogs-test") + photo_paths(data / "cats-test")
x_test = load_photos(test_paths)
y_test = np.array([1] * 500 + [0] * 500)

# %% tags=["check"]
from course_utils import check, check_images, check_labels

check_images(x_test, 1000)
check_labels(y_test, cats=500, dogs=500)

# %% [markdown]
# ## The two models
#
# From the files that notebooks 03 and 04 saved. Whoever starts here gets stand-ins, trained on 500 photos for a few
# epochs: the methods are the same, the mistakes more.

# %%
import keras
from keras import layers

from course_utils import epochs, fastest_precision, load_base
from course_utils.training import earlier_model, scratch_cnn

keras.config.set_dtype_policy(fastest_precision())
keras.utils.set_random_seed(0)


def some_training_photos():
    photos = load_photos(photo_paths(data / "dogs-train")[::4] + photo_paths(data / "cats-train")[::4])
    return photos, np.array([1] * 250 + [0] * 250)


# %%
def train_scratch():
    model = scratch_cnn()
    model.fit(*some_training_photos(), epochs=epochs(8), verbose=0)
    return model


def train_frozen_base():
    base = load_base()
    base.model.trainable = False
    hidden = [layers.Flatten(), layers.Dense(512, activation="relu")]
    head = keras.Sequential([*hidden, layers.Dense(2, activation="softmax", dtype="float32")])
    inputs = keras.Input((150, 150, 3))
    model = keras.Model(inputs, head(base.model(base.preprocess(inputs), training=False)))
    model.compile(keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(*some_training_photos(), epochs=epochs(5), verbose=0)
    return model


# %% tags=["nbval-ignore-output"]
scratch = earlier_model(data, "scratch", train_scratch)
frozen = earlier_model(data, "frozen_base", train_frozen_base)

# %%
base = next(layer for layer in frozen.layers if isinstance(layer, keras.Model))
print("the base inside the frozen model:", base.name, base.output_shape)

# %% tags=["check"]
check(scratch.output_shape == frozen.output_shape == (None, 2), "both models answer (cat, dog)", "Load 03's and 04's.")
check(base.output_shape[-1] >= 64, "the base lies inside the other model, as one of its layers", "Print frozen.layers.")

# %% [markdown]
# ## Filters: what each block multiplies with
#
# A filter of the first block is a tiny colour picture: edges, spots, colours. A filter of a later block has a weight
# for each map before it; we show their mean, which says little. So we shall ask the filters differently.

# %%
import matplotlib.pyplot as plt

convolutions = [layer for layer in scratch.layers if isinstance(layer, layers.Conv2D)]
figure, grid = plt.subplots(len(convolutions), 12, figsize=(10, 3.6))
for row, (cells, layer) in enumerate(zip(grid, convolutions, strict=True)):
    kernel = np.asarray(layer.kernel)
    kernel = kernel if row == 0 else kernel.mean(axis=2, keepdims=True)
    kernel = (kernel - kernel.min()) / np.ptp(kernel)
    for channel, axes in enumerate(cells):
        axes.imshow(kernel[..., channel], cmap="gray")
        axes.axis("off")
figure.suptitle("Scratch CNN: 12 filters of each block (rows)")
plt.show()

# %% [markdown]
# ## Feature maps: what each block answers
#
# One photo, four maps of each block. Early maps still look like the photo; later ones are coarse, and light up for
# parts. `layer_outputs` watches a layer while the model runs.

# %%
from course_utils.explain import layer_outputs, map_layers

names = map_layers(scratch)[-4:]
figure, grid = plt.subplots(4, 5, figsize=(8, 6.5))
for cells, name in zip(grid, names, strict=True):
    maps = layer_outputs(scratch, x_test[:1], name)[0]
    strongest = np.argsort(-maps.mean(axis=(0, 1)))[:4]
    cells[0].imshow(x_test[0])
    cells[0].set_title(f"{maps.shape[0]} x {maps.shape[1]} maps", fontsize=8)
    for axes, channel in zip(cells[1:], strongest, strict=True):
        axes.imshow(maps[..., channel], cmap="viridis")
for axes in grid.flat:
    axes.axis("off")
plt.show()

# %% [markdown]
# The same for the base: the last layer of each size, though they lie in a model inside the model.

# %%
last_of_size = {base.get_layer(name).output.shape[1]: name for name in map_layers(base) if not name.endswith("_pad")}
blocks = list(last_of_size.values())
figure, grid = plt.subplots(1, len(blocks), figsize=(10, 2.3))
for axes, name in zip(grid, blocks, strict=True):
    maps = layer_outputs(frozen, x_test[:1], name)[0]
    axes.imshow(maps[..., maps.mean(axis=(0, 1)).argmax()], cmap="viridis")
    axes.set_title(f"{name}\n{maps.shape[0]} x {maps.shape[1]} x {maps.shape[2]}", fontsize=8)
    axes.axis("off")
plt.show()

# %% [markdown]
# ## What excites a filter most?
#
# *Gradient ascent*: the *gradient* says how each pixel would change the filter's answer. Start from grey noise and
# change the pixels, not the weights, so that it answers more and more. Fine grain in the first blocks, larger patterns
# later?

# %%
from course_utils.explain import most_exciting

figure, grid = plt.subplots(len(blocks), 6, figsize=(8, 7))
for cells, name in zip(grid, blocks, strict=True):
    for axes, image in zip(cells, most_exciting(frozen, name, range(6), steps=epochs(30)), strict=True):
        axes.imshow(image)
        axes.axis("off")
    cells[0].set_title(name, fontsize=8, loc="left")
plt.show()

# %% [markdown]
# ## Grad-CAM: where is the evidence?
#
# Take the last maps. Ask by how much the score of the *answered* class would rise if each map rose. Add the maps up,
# weighted so, and keep what is positive: what shines speaks for the answer. The usual recipe needs a model from input
# to maps:

# %% tags=["nbval-ignore-output"]
last = {"scratch": map_layers(scratch)[-1], "frozen": map_layers(frozen)[-1]}
try:
    keras.Model(frozen.inputs, [base.get_layer(last["frozen"]).output, frozen.output])
    print("this Keras builds it")
except (ValueError, KeyError) as error:
    print("the usual recipe fails:", type(error).__name__)

# %% [markdown]
# Most versions of Keras refuse: the base was built with an input of its own, and its layers know only that one; the
# model around it calls the base as a whole. `grad_cam` instead lets the whole model run and keeps what the layer gives
# on the way.

# %%
from course_utils import show_photos
from course_utils.explain import grad_cam, overlay

some = [0, 1, 2, 500, 501, 502]
shown = [*x_test[some]]
for name, model in (("scratch", scratch), ("frozen", frozen)):
    shown += [*overlay(x_test[some], grad_cam(model, x_test[some], last[name]))]
figure = show_photos(shown, ["photo"] * 6 + ["scratch CNN"] * 6 + ["frozen base"] * 6, columns=6)

# %% tags=["check"]
heat = grad_cam(frozen, x_test[some], last["frozen"])
check(heat.shape == (6, 150, 150), "one heat map for each photo, as large as the photo", "Print heat.shape.")
check(
    float(np.ptp(heat, axis=(1, 2)).max()) > 0.5,
    "the heat is not the same everywhere",
    "Does the answer depend on the layer that you named?",
)

# %% [markdown]
# Yellow is where the answer came from. Each map is scaled to its own maximum: compare places, not brightness. The
# scratch CNN has 15 x 15 maps, so its spots are finer. Fine does not mean right: is it the animal?

# %% [markdown]
# ## The most confident mistakes, with Grad-CAM beside them
#
# Notebooks 03 and 04 ended with these photos, 05 counted them. Now we see what was looked at.


# %%
def worst(model, count=6):
    probabilities = model.predict(x_test, verbose=0)
    answers = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(answers != y_test)
    return probabilities, wrong[np.argsort(-probabilities[wrong, answers[wrong]])][:count]


# %%
def show_worst(model, layer, worst_photos, probabilities):
    photos = x_test[worst_photos]
    titles = [
        f"{('cat', 'dog')[1 - y_test[i]]} {probabilities[i].max():.0%}\n{test_paths[i].name}" for i in worst_photos
    ]
    heated = overlay(photos, grad_cam(model, photos, layer))
    return show_photos([*photos, *heated], titles + ["looked here"] * len(photos), columns=len(photos))


# %%
p_scratch, worst_scratch = worst(scratch)
figure = show_worst(scratch, last["scratch"], worst_scratch, p_scratch)

# %%
p_frozen, worst_frozen = worst(frozen)
figure = show_worst(frozen, last["frozen"], worst_frozen, p_frozen)

# %% tags=["nbval-ignore-output"]
wrong = {name: given.argmax(axis=1) != y_test for name, given in (("scratch", p_scratch), ("frozen", p_frozen))}
both = wrong["scratch"] & wrong["frozen"]
print(f"wrong: scratch {wrong['scratch'].sum()}, frozen base {wrong['frozen'].sum()}, both {both.sum()} of 1,000")

# %% [markdown]
# ### Your error analysis
#
# Copy this table, and fill in one row for each of the twelve. Causes: pose, size, light, hidden, two animals, label
# wrong, other. Count them: the most frequent one is where work pays off. How many looked at the animal?
#
# | photo | answer | where it looked | cause | what might help |
# |---|---|---|---|---|
# | cat.2... | dog | ... | ... | ... |

# %% [markdown]
# ## Embeddings: how the network arranges the photos
#
# Before the last layer each photo is a row of numbers; lesson L2 calls these 512 numbers an *embedding*. Photos that
# the head treats alike lie near each other. *t-SNE* draws 512 dimensions in two: near stays near, far distances mean
# little.

# %%
dense = [layer for part in frozen.layers if hasattr(part, "layers") for layer in part.layers]
hidden = [layer for layer in dense if isinstance(layer, layers.Dense)][-2]
embeddings = layer_outputs(frozen, x_test, hidden.name)
print("embeddings:", embeddings.shape)

# %% tags=["check"]
check(embeddings.shape == (1000, 512), "a row of 512 numbers for each photo", "The Dense layer before the last one.")

# %%
from sklearn.manifold import TSNE

flat = TSNE(perplexity=30, init="pca", max_iter=500, random_state=0).fit_transform(embeddings)

# %%
from course_utils.plots import COLOURS

figure, axes = plt.subplots(figsize=(7, 5.5))
for label, name in enumerate(("cat", "dog")):
    axes.scatter(*flat[y_test == label].T, s=9, color=COLOURS[label], label=name)
axes.scatter(*flat[wrong["frozen"]].T, s=40, facecolors="none", edgecolors="k", label="mistake")
axes.legend()
axes.set(xticks=[], yticks=[], title="1,000 test photos, each a point")
plt.show()

# %%
figure, pictures = plt.subplots(figsize=(7, 5.5))
chosen = np.random.default_rng(0).permutation(1000)[:120]
for number in chosen:
    (x, y), (wide, high) = flat[number], 0.03 * np.ptp(flat, axis=0)
    pictures.imshow(x_test[number], extent=(x - wide, x + wide, y - high, y + high), aspect="auto")
pictures.set(xlim=axes.get_xlim(), ylim=axes.get_ylim(), xticks=[], yticks=[], title="120 of them as photos")
plt.show()

# %% [markdown]
# ## Nearest neighbours
#
# For three photos, the five whose embeddings point most nearly the same way. What do they share: the animal, the pose,
# the colour of the fur, or the background?

# %%
from sklearn.neighbors import NearestNeighbors

near = NearestNeighbors(n_neighbors=6, metric="cosine").fit(embeddings)
asked = [0, 500, int(worst_frozen[0])]
_, found = near.kneighbors(embeddings[asked])
titles = [
    ("this one: " if column == 0 else "") + ("cat", "dog")[y_test[i]] for row in found for column, i in enumerate(row)
]
figure = show_photos(x_test[found.ravel()], titles, columns=6)

# %% tags=["check"]
check(
    [row[0] for row in found.tolist()] == asked,
    "each photo is its own nearest neighbour",
    "Are there two photos with the same bytes? Then look at the second neighbour.",
)

# %% [markdown]
# ## How much is 95 % worth?
#
# Of the photos on which a model is 95 % sure, 95 % should be right; then it is *calibrated*. Networks are often too
# sure. The *reliability plot* compares: group the photos by confidence, and count how many are right.


# %%
def reliability(probabilities, labels, groups=10):
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    group = np.minimum(((confidence - 0.5) * 2 * groups).astype(int), groups - 1)
    filled = [number for number in range(groups) if (group == number).sum() >= 5]
    return [(confidence[group == n].mean(), right[group == n].mean(), (group == n).sum()) for n in filled]


def calibration_error(rows):
    number = sum(count for _, _, count in rows)
    return sum(abs(sure - right) * count for sure, right, count in rows) / number


# %% [markdown]
# One number mends much of it: divide the scores by a *temperature* T before the softmax. T above 1 makes answers less
# sure, and changes none of them. The models have seen all training photos, so T is fitted on a validation split of 500
# test photos, and judged on the other 500.

# %%
from sklearn.model_selection import train_test_split

fit, judge = train_test_split(np.arange(1000), test_size=500, stratify=y_test, random_state=0)


def tempered(probabilities, temperature):
    # Up to a constant, which softmax cancels, the logarithm of a probability is its score.
    scores = np.log(np.clip(probabilities, 1e-7, 1)) / temperature
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


# %%
from scipy.optimize import minimize_scalar


def loss(log_temperature, probabilities, labels):
    given = tempered(probabilities, np.exp(log_temperature))
    return -np.log(np.clip(given[np.arange(len(labels)), labels], 1e-12, 1)).mean()


temperatures = {}
for name, given in (("scratch", p_scratch), ("frozen", p_frozen)):
    best = minimize_scalar(loss, bounds=(-2, 2), args=(given[fit], y_test[fit]), method="bounded")
    temperatures[name] = float(np.exp(best.x))

# %%
figure, grid = plt.subplots(1, 2, figsize=(9, 4))
for axes, (name, given) in zip(grid, (("scratch", p_scratch), ("frozen", p_frozen)), strict=True):
    axes.plot([0.5, 1], [0.5, 1], ":", color="grey", label="calibrated")
    for words, temperature, colour in (("as trained", 1.0, COLOURS[1]), ("with T", temperatures[name], COLOURS[0])):
        sure, right, _ = zip(*reliability(tempered(given[judge], temperature), y_test[judge]), strict=True)
        axes.plot(sure, right, "-o", color=colour, label=words)
    axes.set(xlabel="confidence", ylabel="share that is right", title=name, xlim=(0.5, 1.02), ylim=(0.2, 1.05))
    axes.legend()
plt.show()

# %% tags=["nbval-ignore-output"]
print("model      T     calibration error: as trained, with T (500 photos)")
for name, given in (("scratch", p_scratch), ("frozen", p_frozen)):
    errors = [calibration_error(reliability(tempered(given[judge], t), y_test[judge])) for t in (1, temperatures[name])]
    print(f"{name:8}{temperatures[name]:5.2f}{errors[0]:18.3f}{errors[1]:13.3f}")

# %% tags=["check"]
for name, given in (("scratch", p_scratch), ("frozen", p_frozen)):
    before, after = (loss(np.log(t), given[judge], y_test[judge]) for t in (1, temperatures[name]))
    check(
        after < before + 0.01,
        f"{name}: on photos that T was not fitted on, the loss with T is at most 0.01 larger",
        "Was T fitted on the other half, with the labels of that half?",
    )

# %% [markdown]
# So, how much is 95 % worth? Of the 500 photos, those on which a model is at least 95 % sure: how many of them are
# right, before and after? Where T is near 1, there was little to mend.

# %% tags=["nbval-ignore-output"]
for name, given in (("scratch", p_scratch), ("frozen", p_frozen)):
    for words, temperature in (("as trained", 1), ("with T", temperatures[name])):
        now = tempered(given[judge], temperature)
        sure = now.max(axis=1) >= 0.95
        right = (now.argmax(axis=1) == y_test[judge])[sure]
        print(f"{name:8}{words:11}{sure.sum():4} photos at least 95 % sure, {right.sum()} of them right")

# %% [markdown]
# ## Your own photo
#
# Run the next cell and choose files with its button, or copy them into the folder `own_photos` beside `data`. Then run
# the cells below it. Any photo will do: greyscale, transparent, turned by the phone, or huge. A file that is not an
# image is skipped, with a message.

# %% tags=["nbval-ignore-output"]
from course_utils.own_photos import open_own_photo, own_photo_paths, upload_button

upload_button()

# %% tags=["nbval-ignore-output"]
import cv2

from course_utils import CourseError

own = []
for path in own_photo_paths():
    try:
        own.append(cv2.resize(open_own_photo(path), (150, 150), interpolation=cv2.INTER_AREA))
    except CourseError as problem:
        print(problem)
print(len(own), "photos of your own")

# %% [markdown]
# ## Neither cat nor dog
#
# The model knows two answers and must give one of them: the probabilities always add up to 1. We draw a fox, a cow, a
# sheep, a rabbit, and an empty room, and put them before it, with your own photos.

# %%
from course_utils.sandbox import drawing, scenes

others = [drawing.draw_animal(kind, 1, "pretrain", 40_000) for kind in ("fox", "cow", "sheep", "rabbit")]
room = np.empty((300, 400, 3), np.uint8)
scenes.room(np.random.default_rng(3), room, 180)
strange = [cv2.resize(image, (150, 150), interpolation=cv2.INTER_AREA) for image in [*others, room]]

# %%
strange = np.stack([*strange, *own])
answers = frozen.predict(strange, verbose=0)
given = tempered(answers, temperatures["frozen"])
titles = [f"{('cat', 'dog')[row.argmax()]} {row.max():.0%}" for row in given]
heated = overlay(strange, grad_cam(frozen, strange, last["frozen"]))
figure = show_photos([*strange, *heated], titles + ["looked here"] * len(strange), columns=len(strange))

# %% tags=["nbval-ignore-output"]
print(f"surest answer to something strange: {given.max():.0%}")

# %% [markdown]
# A calibrated confidence holds for photos *like those it was fitted on*. For anything else it promises nothing: a
# softmax cannot say 'I do not know'. A third class of other things, or a threshold on the distance to the nearest
# embeddings, may help: exercise 2 measures the second.

# %% [markdown]
# ## Summary
#
# - A heat map shows where the evidence lay, not whether it was good evidence.
# - Error analysis is writing, not watching: causes, counted.
# - Confidence needs calibration, and ends where the training photos end.

# %% [markdown]
# ## Exercises
#
# 1. Call `grad_cam` for the *other* class on the six photos. What speaks for it?
# 2. For the strange images, print the cosine distance to the nearest test embedding. Does it tell them apart?
# 3. Why does dividing by T never change the answer?
#
# <details><summary>Solutions</summary>
#
# 1. `grad_cam(frozen, x_test[some], last["frozen"], classes=[0, 0, 0, 1, 1, 1])`: often the
#    background, or an ear. How *much* evidence there is, a map scaled to its own maximum cannot say.
# 2. `near.kneighbors(layer_outputs(frozen, strange, hidden.name))[0][:, 0]`, beside `near.kneighbors()[0][:, 0]` of the
#    test photos. Look at both before you choose a threshold, and choose it on other photos than you judge it on.
# 3. Dividing all scores by the same positive number keeps their order.
#
# </details>

# %% [markdown]
# ## Sources
#
# Grad-CAM: Selvaraju et al. (2017). Gradient ascent: Erhan et al. (2009). t-SNE: van der Maaten and Hinton (2008).
# Temperature: Guo et al. (2017). The embedding of 512 numbers: lesson L2.
