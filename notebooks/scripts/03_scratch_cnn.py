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
# # 03 A CNN from scratch
#
# After this notebook you can
#
# - compute a convolution by hand, and count what a network of convolutions learns,
# - say what a loss, a gradient and a learning rate are, and notice within a minute that a network is not learning,
# - read training curves, recognise overfitting, and report one test accuracy with its uncertainty.
#
# **Time** 4 to 10 minutes on two laptop cores. **Memory** 2.1 GB. **Needs** the images of notebook 01; fetches them.

# %% tags=["setup"]
import importlib.util

if importlib.util.find_spec("course_utils") is None:
    raise ModuleNotFoundError(
        "This kernel has no course_utils. In a checkout of the course, choose the kernel of its .venv, or start "
        "Jupyter with .venv/bin/jupyter lab; elsewhere open the one-file copy of this notebook (see the README)."
    )

# %% [markdown]
# ## How well can a small network tell cats from dogs, with 2,000 photos and nothing else?
#
# Half of the photos show cats, so a coin is right half the time.
#
# **Predict:** what share will the network get right?
#
# The line `carry_models()` keeps what you train for the next notebooks; in Colab it asks to use your Google Drive.

# %%
import numpy as np

from course_utils import carry_models, fetch_photos, load_photos, photo_paths

carry_models()
data = fetch_photos("data")
x_train = load_photos(photo_paths(data / "dogs-train") + photo_paths(data / "cats-train"))
y_train = np.array([1] * 1000 + [0] * 1000)  # 1 is a dog, 0 a cat

# %% tags=["check"]
from course_utils import check_images, check_labels

check_images(x_train, 2000)
check_labels(y_train, cats=1000, dogs=1000)

# %% [markdown]
# ## Convolution, by hand
#
# To a computer a photo is a table of numbers. What can it find out from nine neighbouring ones? Put a small table of
# 3 x 3 weights, a *filter*, over them, multiply each number by the weight above it, and add the nine products.
#
# **Guess:** what does the filter below give on a patch of one uniform grey? And where dark meets bright?

# %%
grey = x_train[1003].mean(axis=2)  # one photo, its three colours averaged: 150 x 150 numbers from 0 to 255
vertical = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]])
flat = np.full((3, 3), 200)
edge = np.array([[20, 20, 200], [20, 20, 200], [20, 20, 200]])
print("flat:", (flat * vertical).sum(), " dark to bright:", (edge * vertical).sum())

# %% [markdown]
# On the flat patch left and right cancel. At the edge they do not: the answer is large. This filter finds places where
# it gets brighter from left to right.
#
# ### Your turn: the sum of nine products
#
# Write it for any place: `row` and `column` say where the patch has its upper left corner.


# %% tags=["your-turn"]
def filter_answer(image, weights, row, column):
    return ...  # cut the 3 x 3 patch out, multiply, add


# %% tags=["check"]
from course_utils import check_answer

check_answer("the sum of nine products", filter_answer)


# %% tags=["solution"] because="* multiplies number by number; @ would be the product of two matrices."
def filter_answer(image, weights, row, column):
    return (image[row : row + 3, column : column + 3] * weights).sum()


# %% tags=["wrong-answer"] says="9 products are not added yet"
def filter_answer(image, weights, row, column):
    return image[row : row + 3, column : column + 3] * weights


# %% tags=["wrong-answer"] says="row and column are swapped"
def filter_answer(image, weights, row, column):
    return (image[column : column + 3, row : row + 3] * weights).sum()


# %% tags=["wrong-answer"] says="@ multiplies matrices"
def filter_answer(image, weights, row, column):
    return (image[row : row + 3, column : column + 3] @ weights).sum()


# %% tags=["wrong-answer"] says="their sum is needed"
def filter_answer(image, weights, row, column):
    return (image[row : row + 3, column : column + 3] * weights).mean()


# %% [markdown]
# A *convolution* slides the filter over the whole photo and writes down the answer at each place. The answers form a
# new picture, a *feature map*. It is 148 numbers wide: a patch of 3 fits into a row of 150 at 148 places.


# %%
def convolution(image, weights):
    rows, columns = image.shape[0] - 2, image.shape[1] - 2
    answers = np.zeros((rows, columns))
    for row in range(rows):
        for column in range(columns):
            answers[row, column] = (image[row : row + 3, column : column + 3] * weights).sum()
    return answers


# %% alt="A photo in grey, and its maps of vertical and of horizontal edges, in red and blue."
from course_utils import show_maps

horizontal = vertical.T  # the same filter, turned by 90 degrees
by_hand = np.stack([convolution(grey, vertical), convolution(grey, horizontal)])
figure = show_maps(by_hand, ["vertical edges", "horizontal edges"], photo=grey)

# %% [markdown]
# White is zero, red positive: brighter to the right (or downwards); blue negative: darker.
#
# ### The same from Keras
#
# A network is a chain of *layers*: each computes with the numbers of the one before. `Conv2D(2, 3)` is one with two
# filters of 3 x 3. Usually it finds its weights in training; here we put ours in.

# %%
import keras
from keras import layers

two_filters = layers.Conv2D(2, 3, use_bias=False, dtype="float32")  # bias: see below
two_filters.build((None, 150, 150, 1))
two_filters.set_weights([np.stack([vertical, horizontal], axis=-1).reshape(3, 3, 1, 2)])
from_keras = np.asarray(two_filters(grey.reshape(1, 150, 150, 1)))
print("shape:", from_keras.shape)

# %% tags=["check"]
from course_utils import check

check(
    np.allclose(from_keras[0].transpose(2, 0, 1), by_hand, atol=0.01),
    "Conv2D gives the same 2 x 148 x 148 numbers as the loops",
    "Run the cells of this section again, from grey = ... on.",
)

# %% [markdown]
# Keras always works on several photos at once, so its arrays have four axes: photos, rows, columns, channels (colours,
# or maps). In `(None, 150, 150, 1)` the `None` means *any number* of photos.
#
# ### Two more steps: ReLU and pooling
#
# *ReLU* replaces each negative answer by zero. *Max pooling* keeps the largest of each block of 2
# x 2 answers: what was found still counts, its exact place no longer does, and the map has a quarter of the numbers.

# %% alt="One feature map: all answers; only the red ones after ReLU; coarser after pooling."
found = np.maximum(by_hand[0], 0)
pooled = found.reshape(74, 2, 74, 2).max(axis=(1, 3))
figure = show_maps([by_hand[0], found, pooled], ["convolution 148 x 148", "ReLU 148 x 148", "pooling 74 x 74"])

# %% [markdown]
# ## The network: four times these three steps
#
# The first convolution sees colours. The next ones see the maps of the layer before, so that they can combine edges
# into corners, corners into ears. There are more such parts than kinds of edges, hence more filters: from 32 to 128.
# Such a network is a *convolutional neural network* (CNN).
#
# At the end *Flatten* puts all numbers of the last maps in one row, the first *Dense* makes 512 sums of them (each
# *unit* adds up all inputs, each times a weight, and one number), the second two scores, and *softmax* turns these into
# probabilities, cat and dog: `exp` of each, divided by their sum. The first layer, *Rescaling*, maps 0 to 255 to the
# range -1 to 1, inside the model, so that the photos can stay bytes.


# %%
def scratch_cnn():
    return keras.Sequential(
        [
            keras.Input((150, 150, 3)),
            layers.Rescaling(1 / 127.5, offset=-1),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(128, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(128, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(512, activation="relu"),
            layers.Dense(2, activation="softmax", dtype="float32"),
        ],
        name="scratch_cnn",
    )


# %% [markdown]
# ### Your turn: how many numbers does the first convolution learn?
#
# Each of its 32 filters looks at 3 x 3 pixels in each of 3 colours, and adds one number, the *bias*.

# %% tags=["your-turn"]
learned = ...  # one line: a product and a sum

# %% tags=["check"]
check_answer("parameters of the first layer", learned)

# %% tags=["solution"] because="27 weights and one bias for each filter: 28 times 32 is 896."
learned = (3 * 3 * 3 + 1) * 32

# %% tags=["wrong-answer"] says="also has a bias"
learned = 3 * 3 * 3 * 32

# %% tags=["wrong-answer"] says="has 3 x 3 weights for each of them"
learned = (3 * 3 + 1) * 32

# %% tags=["wrong-answer"] says="a number is needed"
learned = "896"

# %% [markdown]
# ### Your turn: and the other layers?
#
# What training finds are the *parameters*. Write two functions that count them: for a convolution of 3 x 3 on
# `channels` maps, and for a Dense layer with `inputs` numbers coming in.


# %% tags=["your-turn"]
def parameters_of_convolution(channels, filters):
    return ...


def parameters_of_dense(inputs, units):
    return ...


# %% tags=["check"]
check_answer("parameters of any layer", (parameters_of_convolution, parameters_of_dense))


# %% tags=["solution"] because="A unit of a Dense layer has a weight for each input, and a bias."
def parameters_of_convolution(channels, filters):
    return (3 * 3 * channels + 1) * filters


def parameters_of_dense(inputs, units):
    return (inputs + 1) * units


# %% tags=["wrong-answer"] says="convolution: each filter looks at all"
def parameters_of_convolution(channels, filters):
    return (3 * 3 + 1) * filters


# %% tags=["wrong-answer"] says="convolution: you count one bias"
def parameters_of_convolution(channels, filters):
    return 3 * 3 * channels * filters + 1


# %% tags=["wrong-answer"] says="Dense: each unit also has a bias"
def parameters_of_convolution(channels, filters):
    return (3 * 3 * channels + 1) * filters


def parameters_of_dense(inputs, units):
    return inputs * units


# %%
model = scratch_cnn()
model.summary()

# %% [markdown]
# Read the shapes downwards. A convolution takes 2 pixels off, pooling halves and rounds down: 150 → 148 → 74
# → 72 → 36 → 34 → 17 → 15 → 7. So 7 x 7 x 128 = 6,272 numbers reach the Dense layer.
#
# ## How it learns, with one weight instead of 3,453,634
#
# ### How wrong is an answer?
#
# The network gives each class a probability. Its *loss* on a photo, the *cross-entropy*, is minus the logarithm of the
# probability that it gave to the true class. **Guess:** what does it cost to be sure and wrong?

# %%
for probability in (0.99, 0.9, 0.5, 0.1, 0.01):
    print(f"{probability:.2f} for the true class costs {-np.log(probability):.3f}")
cross_entropy = keras.losses.SparseCategoricalCrossentropy()
print("Keras, for a dog (label 1) with 0.10:", cross_entropy(np.array([1]), np.array([[0.9, 0.1]])).numpy().round(3))

three_answers = np.array([[0.2, 0.8], [0.9, 0.1], [0.5, 0.5]])
three_labels = np.array([1, 0, 0])  # a dog, a cat, a cat

# %% [markdown]
# Right and sure costs nearly nothing, wrong and sure a lot. A network that says 50 : 50 to everything pays
# ln 2 = 0.693 a photo. **Remember this number.**
#
# ### Your turn: the loss of three photos
#
# In `three_answers` above the first column is the probability of a cat, the second that of a dog; `three_labels` holds
# the true classes. The loss of several photos is the mean of their losses.

# %% tags=["your-turn"]
mean_loss = ...  # one line, with np.log

# %% tags=["check"]
check_answer("the loss of three photos", mean_loss)

# %% tags=["solution"] because="The true classes got these; three_answers[range(3), three_labels] picks them."
mean_loss = -np.log([0.8, 0.9, 0.5]).mean()

# %% tags=["wrong-answer"] says="second column for all three"
mean_loss = -np.log(three_answers[:, 1]).mean()

# %% tags=["wrong-answer"] says="minus sign"
mean_loss = np.log([0.8, 0.9, 0.5]).mean()

# %% tags=["wrong-answer"] says="the sum"
mean_loss = -np.log([0.8, 0.9, 0.5]).sum()

# %% [markdown]
# ### Downhill
#
# A tiny network: one number about an animal, how floppy its ears are, and one weight. From these it makes the
# probability of a dog. Four animals, one of them a cat with floppy ears:

# %%
floppy = np.array([2.0, 1.0, 0.5, -1.0])
is_dog = np.array([1, 1, 0, 0])


def tiny_loss(weight):
    dog = 1 / (1 + np.exp(-weight * floppy))  # softmax of two scores, weight * floppy and 0
    return -np.log(np.where(is_dog == 1, dog, 1 - dog)).mean()


def slope(weight):
    return (tiny_loss(weight + 0.0001) - tiny_loss(weight - 0.0001)) / 0.0002


print(f"weight 0: it costs {tiny_loss(0):.3f}, and the slope there is {slope(0):.3f}")

# %% [markdown]
# With the weight 0 the tiny network says 50 : 50, and pays ln 2. The slope is negative: a larger weight costs less. Go
# a step in that direction, and measure the slope again. A step is as long as the slope times the *learning rate*.
#
# ### Your turn: one step downhill
#
# Give the new weight after one step. It goes against the slope.


# %% tags=["your-turn"]
def one_step(weight, slope_here, learning_rate):
    return ...


# %% tags=["check"]
check_answer("one step downhill", one_step)


# %% tags=["solution"] because="Minus, because the slope points uphill. This one line is gradient descent."
def one_step(weight, slope_here, learning_rate):
    return weight - learning_rate * slope_here


# %% tags=["wrong-answer"] says="uphill"
def one_step(weight, slope_here, learning_rate):
    return weight + learning_rate * slope_here


# %% tags=["wrong-answer"] says="where you were"
def one_step(weight, slope_here, learning_rate):
    return -learning_rate * slope_here


# %% tags=["wrong-answer"] says="learning rate"
def one_step(weight, slope_here, learning_rate):
    return weight - slope_here


# %% alt="The loss as a valley: short steps run down into it, long ones, numbered, jump across and land high."
import matplotlib.pyplot as plt

weights = np.linspace(-1, 19, 200)
plt.figure(figsize=(7, 3.5))
plt.plot(weights, [tiny_loss(weight) for weight in weights], color="grey")
for learning_rate, style in ((1, "o-"), (40, "s:")):
    path = [0.0]
    for _ in range(6):
        path.append(path[-1] - learning_rate * slope(path[-1]))
    plt.plot(path, [tiny_loss(weight) for weight in path], style, label=f"learning rate {learning_rate}")
for step, weight in enumerate(path[1:], 1):
    plt.annotate(step, (weight, tiny_loss(weight)), xytext=(-4, -15), textcoords="offset points")
plt.title("Six steps downhill, from weight 0")
plt.xlabel("weight")
plt.ylabel("loss")
plt.legend()
plt.show()

# %% [markdown]
# Overlong steps jump across the valley, land higher, come back, and jump again. With millions of weights there is one
# slope for each; all together are the *gradient*. *Backpropagation* finds them in one pass back through the layers. A
# *batch* of 32 photos is enough to estimate them and make one step; one pass over all photos is an *epoch*. *Adam*, our
# *optimizer*, also makes the steps longer or shorter for each weight, by its recent slopes.

# %% [markdown]
# ## Choose the learning rate, not on the test photos
#
# 400 of the 2,000 photos are set aside to choose on: the *validation split*. The test photos stay closed until the end.
#
# `compile` sets optimizer and loss, `fit` trains, and `evaluate` gives the loss and the share of right answers
# (*accuracy*). Training starts from random weights; the *seed* fixes them. Some processors compute faster with 16-bit
# numbers; `fastest_precision` tests yours.

# %%
from sklearn.model_selection import train_test_split

from course_utils import fastest_precision

x_fit, x_validation, y_fit, y_validation = train_test_split(
    x_train, y_train, test_size=400, stratify=y_train, random_state=0
)
del x_train  # the two parts are copies
print(len(x_fit), "photos to train on,", len(x_validation), "to choose on")
keras.config.set_dtype_policy(fastest_precision())


def compiled(learning_rate):
    keras.utils.set_random_seed(0)
    model = scratch_cnn()
    optimizer = keras.optimizers.Adam(learning_rate)
    model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


# %% tags=["nbval-ignore-output"]
for learning_rate in (1e-2, 3e-4, 1e-5):
    trial = compiled(learning_rate)
    trial.fit(x_fit[:800], y_fit[:800], verbose=0)
    loss, accuracy = trial.evaluate(x_validation, y_validation, verbose=0)
    print(f"learning rate {learning_rate:g}: validation loss {loss:.3f}, {loss - np.log(2):+.3f} from ln 2")

# %% [markdown]
# Twenty-five steps (800 / 32) show whether something moves. Overlong steps can throw a network to where it
# says 50 : 50 to every photo, at ln 2, and often it never gets away: a *dead start*. The other two lie below it, so the
# trial rules one rate out and crowns none. We take the larger: fewer steps.
#
# ## Train, and watch both curves
#
# `fit` calls two *callbacks* after each epoch. `EarlyStopping` looks at the validation loss, stops when it has not
# improved for three epochs, and brings the weights of the best epoch back. `BackupAndRestore` saves: after a
# disconnection, run the notebook again, and training goes on there, though `EarlyStopping` forgets the epochs before.
# (To start afresh, delete `models/backup`.)

# %% tags=["nbval-ignore-output"]
from course_utils import epochs  # epochs(12) is 12, or 1 in a quick test

stop = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
backup = keras.callbacks.BackupAndRestore(data.parent / "models" / "backup")
model = compiled(3e-4)
history = model.fit(
    x_fit, y_fit, epochs=epochs(12), validation_data=(x_validation, y_validation), callbacks=[stop, backup]
)

# %% alt="Accuracy and loss by epoch: both improve on training photos; on validation photos the loss turns up."
from course_utils import plot_history

figure = plot_history(history)
figure = plot_history(history, "loss")

# %% tags=["nbval-ignore-output"]
last = {name: values[-1] for name, values in history.history.items()}
print(f"last epoch, training photos:   accuracy {last['accuracy']:.3f}, loss {last['loss']:.3f}")
print(f"last epoch, validation photos: accuracy {last['val_accuracy']:.3f}, loss {last['val_loss']:.3f}")
print("the model keeps the weights of epoch", stop.best_epoch + 1)

# %% [markdown]
# The training curves go on improving, while the validation loss turns around, before the accuracy does, since loss also
# counts how sure the wrong answers are. The network begins to learn single photos by heart: *overfitting*.
# 3,453,634 parameters have room for 1,600 photos, so training accuracy says little about new ones. Three remedies come
# later: more photos, or altered copies of them (*augmentation*, notebooks 06 and 07); a network that can remember less
# (*dropout*, fewer parameters, 07); and filters learned from other photos (04). `EarlyStopping` cures nothing; it only
# goes back to before the damage. (Training is measured during an epoch, validation after it: hence the lower validation
# loss at first.)
#
# ## Open the test set, once
#
# 1,000 photos: no weight was fitted to them, and nothing was chosen on them. Most later
# notebooks will open the same 1,000 again. Each further look makes it easier to fool oneself; up to 07, choices are
# made on validation photos.

# %%
x_test = load_photos(photo_paths(data / "dogs-test") + photo_paths(data / "cats-test"))
y_test = np.array([1] * 500 + [0] * 500)
probabilities = model.predict(x_test, verbose=0)
print(probabilities.shape, "probabilities: cat, dog")

# %% [markdown]
# ### Your turn: the accuracy
#
# The network's answer is the class with the larger probability. What share of the answers is right?

# %% tags=["your-turn"]
share_right = ...  # from probabilities and y_test

# %% tags=["check"]
check_answer("the test accuracy", share_right, probabilities=probabilities, labels=y_test)

# %% tags=["solution"] because="argmax gives the place of the largest number in each row: 0 for a cat, 1 for a dog."
share_right = (probabilities.argmax(axis=1) == y_test).mean()

# %% tags=["wrong-answer"] says="how many are right"
share_right = (probabilities.argmax(axis=1) == y_test).sum()

# %% tags=["wrong-answer"] says="the share of errors"
share_right = (probabilities.argmax(axis=1) != y_test).mean()

# %% tags=["wrong-answer"] says="one for each photo"
share_right = probabilities.argmax(axis=1) == y_test

# %% tags=["nbval-ignore-output"]
from course_utils import accuracy_interval

accuracy = float((probabilities.argmax(axis=1) == y_test).mean())
low, high = accuracy_interval(accuracy, len(y_test))
print(f"test accuracy {accuracy:.3f}, 95 % interval {low:.3f} to {high:.3f}")

# %% tags=["check"]
from course_utils import check_accuracy

check_accuracy("scratch CNN, test accuracy", accuracy, 0.60, 0.82)

# %% [markdown]
# ## Two kinds of luck
#
# Another 1,000 test photos would give another number. The *95 % interval* covers this luck: 19 times in 20 it holds
# the accuracy on all such photos, here within about 3 points. But training involves luck as well: its random start, and
# the order of the photos. That shows only when the network is trained again:
#
# | seed | 0 | 1 | 2 |
# |---|---|---|---|
# | test accuracy on the real photos | 0.740 | 0.714 | 0.741 |
#
# (10 epochs on all 2,000 photos, then the mean of the last steps' weights.) They lie up
# to 2.7 points apart: as much as the interval allows to each side. Two *trained models* can be compared on test photos;
# to compare two *ways of training*, train each several times.
#
# ## Which mistakes?
#
# The *confusion matrix* counts each true class against each answer. Which animal is mistaken for the other more often?

# %% alt="How many cats and dogs among the test photos were called cat, and how many dog."
from sklearn.metrics import ConfusionMatrixDisplay

answers = probabilities.argmax(axis=1)
ConfusionMatrixDisplay.from_predictions(y_test, answers, display_labels=["cat", "dog"], cmap="Blues", colorbar=False)
plt.title("Test photos by class and answer")
plt.show()

# %% [markdown]
# Now the most confident mistakes. Write down for each what may have misled the network: pose, size, light, a hidden
# ear?

# %% alt="Twelve test photos with the network's confident wrong answers and the true classes."
from course_utils import show_mistakes

figure = show_mistakes(x_test, y_test, probabilities)

# %% [markdown]
# ## Keep the model
#
# The file holds the layers, the weights and the scaling. Most later notebooks load it.

# %%
from course_utils import keep_model

keep_model(model, "scratch", data)

# %% [markdown]
# ### On the real photos
#
# There the three seeds above got 0.71 to 0.74 of the test photos right. The same training on six sets of drawings, each
# with a seed of its own, gave about 4 points more (0.73 to 0.79). Trained as above, on 1,600 real photos and stopped
# early, seed 0 got 0.697.

# %% [markdown]
# ## Summary
#
# - A convolution is a sum of products at every place; a CNN finds its parameters itself, 3,453,634 of them here.
# - It finds them downhill: the loss says how wrong, the gradient which way, the learning rate how far. A loss that
#   stays at 0.693 = ln 2 means that nothing is being learned.
# - Training accuracy says what the network remembers. Choose on validation photos, report on test photos.
# - 2,000 photos are few for 3 million parameters: notebook 04 borrows what others have learned.
#
# ## Exercises
#
# 1. Give the four convolutions `padding="same"`, so that they take no pixels off. How many parameters has the network
#    then? Compute before you look.
# 2. A network for three classes says 1/3 to each. Which loss tells you that it has learned nothing?
# 3. Leave the Dense layer with 512 units out. How many parameters are left? Train it as `smaller`, not `model`. Is its
#    best validation loss lower?
#
# <details><summary>Solutions</summary>
#
# 1. 150 → 75 → 37 → 18 → 9, so 81 x 128 = 10,368 numbers reach the Dense layer, and it has 5,308,928 parameters
#    instead of 3,211,776: 5,550,786 in all. The convolutions keep theirs, since a filter is as large as before.
# 2. ln 3 = 1.099; with ten classes ln 10 = 2.303.
# 3. 240,832 in the convolutions and 12,546 in the last layer: 253,378, a fourteenth. On our drawings, seed 0, its
#    validation loss turned after epoch 8 instead of 5, and was 0.511 at its best instead of 0.512: as good with far
#    fewer parameters, and it overfits later.
#
# </details>
#
# ## Sources
#
# The network is that of the lesson *ML-21*, which trained it for 10 epochs with the learning rate 1e-3 and pixels from
# 0 to 1, and reached 0.685 on the photos; its first three epochs stood at ln 2. Convolutional networks: LeCun and
# others (1998). Adam: Kingma and Ba (2015). The interval: Wilson (1927). Next: `04_vgg16_transfer`.
