"""Tests of the drawn images: same bytes, right numbers, varied sizes, and no leak of the class by simple statistics."""

import hashlib
import subprocess
import sys
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import cv2
import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from course_utils.sandbox.drawing import (
    DEFAULT_SEED,
    FOLDERS,
    KINDS,
    PRETRAINING_KINDS,
    borrowed_parts,
    draw_animal,
    draw_photos,
    draw_with_own_parts,
)

LEAK_LIMIT = 0.60


def thumbnails(kind, seed, split, indices):
    """The pictures as the lesson sees them, uint8 (n, 150, 150, 3)."""
    cv2.setNumThreads(1)
    pictures = [draw_animal(kind, seed, split, index) for index in indices]
    return np.stack([cv2.resize(picture, (150, 150), interpolation=cv2.INTER_AREA) for picture in pictures])


def cats_and_dogs(seed, train_count, test_count):
    """Drawn images and labels (1 is dog) for training and testing, with as many cats as dogs."""
    parts = []
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        for split, count in (("train", train_count), ("test", test_count)):
            halves = list(pool.map(thumbnails, ("cat", "dog"), (seed, seed), (split, split), [range(count // 2)] * 2))
            parts += [np.concatenate(halves), np.repeat([0, 1], count // 2)]
    return parts


def pixels(images):
    """8 x 8 pixels of each image, float (n, 192)."""
    return np.stack([cv2.resize(image, (8, 8), interpolation=cv2.INTER_AREA).ravel() for image in images]) / 255


def colour_histograms(images):
    """Counts of colours in 4 x 4 x 4 bins and of each channel in 16, float (n, 112)."""
    rows = []
    for image in images:
        joint = cv2.calcHist([image], [0, 1, 2], None, [4, 4, 4], [0, 256] * 3).ravel()
        single = [cv2.calcHist([image], [channel], None, [16], [0, 256]).ravel() for channel in range(3)]
        rows.append(np.concatenate([joint, *single]))
    return np.stack(rows) / images[0].size


def simple_statistics(images):
    """Brightness, contrast, amount of edges, and of very bright and very dark pixels, float (n, 13)."""
    rows = []
    for image in images:
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        fine = cv2.Laplacian(grey, cv2.CV_32F)
        slopes = [np.abs(cv2.Sobel(grey, cv2.CV_32F, dx, 1 - dx)).mean() for dx in (0, 1)]
        extremes = [(grey < 12).mean(), (grey < 30).mean(), (grey > 235).mean(), (grey > 250).mean()]
        rows.append([*image.mean((0, 1)), *image.std((0, 1)), np.abs(fine).mean(), fine.std(), *slopes, *extremes])
    return np.array(rows)


def leak(describe, train, train_labels, test, test_labels):
    """Test accuracy of a logistic regression on a description of the images."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=300))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(describe(train), train_labels)
    return model.score(describe(test), test_labels)


@pytest.fixture(scope="module")
def leak_images():
    return cats_and_dogs(seed=1, train_count=600, test_count=300)


@pytest.fixture(scope="module")
def photo_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn images Å")
    draw_photos(folder)
    return folder


def test_a_picture_is_rgb_bytes():
    picture = draw_animal("cat", 3, "train", 0)
    assert picture.dtype == np.uint8
    assert picture.ndim == 3 and picture.shape[2] == 3


def test_another_process_draws_the_same_bytes():
    keys = [("cat", 5, "train", 7), ("dog", 5, "test", 8), ("cow", 5, "pretrain", 9)]
    program = (
        "import hashlib; from course_utils.sandbox.drawing import draw_animal\n"
        f"for key in {keys[::-1]}: print(hashlib.sha256(draw_animal(*key).tobytes()).hexdigest())"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    here = [hashlib.sha256(draw_animal(*key).tobytes()).hexdigest() for key in keys[::-1]]
    assert run.stdout.split() == here


@pytest.mark.parametrize(
    "other", [("dog", 5, "train", 7), ("cat", 6, "train", 7), ("cat", 5, "test", 7), ("cat", 5, "train", 8)]
)
def test_kind_seed_split_and_index_each_change_the_picture(other):
    first, second = draw_animal("cat", 5, "train", 7), draw_animal(*other)
    assert first.shape != second.shape or (first != second).mean() > 0.5


def test_there_are_at_least_12_pretraining_kinds_without_cats_and_dogs():
    assert len(PRETRAINING_KINDS) >= 12
    assert not {"cat", "dog"} & set(PRETRAINING_KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_drawn_many_times(kind):
    split = "train" if kind in ("cat", "dog") else "pretrain"
    for index in range(12):
        assert draw_animal(kind, 11, split, index).std() > 5


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError):
        draw_animal("unicorn", 0, "train", 0)


def test_sizes_are_mixed_like_those_of_the_photos():
    sizes = np.array([draw_animal("cat", 2, "train", index).shape[1::-1] for index in range(150)])
    width, height = np.median(sizes, axis=0)
    assert 400 <= width <= 500 and 330 <= height <= 400
    assert 0.05 < (sizes[:, 0] < sizes[:, 1]).mean() < 0.4
    assert len(Counter(map(tuple, sizes))) >= 8


@pytest.mark.parametrize("describe", [pixels, colour_histograms, simple_statistics])
def test_simple_statistics_do_not_tell_cats_from_dogs(leak_images, describe):
    assert leak(describe, *leak_images) < LEAK_LIMIT


@pytest.mark.parametrize("describe", [pixels, colour_histograms, simple_statistics])
def test_the_leak_detector_finds_a_planted_leak(leak_images, describe):
    train, train_labels, test, test_labels = leak_images

    def plant(images, labels):
        # The dogs a little brighter: far less than the eye would notice among such pictures.
        images = images.astype(np.int16)
        images[labels == 1] += 30
        return np.clip(images, 0, 255).astype(np.uint8)

    assert leak(describe, plant(train, train_labels), train_labels, plant(test, test_labels), test_labels) > LEAK_LIMIT


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_no_leak_on_five_full_sets(seed):
    images = cats_and_dogs(seed, train_count=2000, test_count=1000)
    assert max(leak(describe, *images) for describe in (pixels, colour_histograms, simple_statistics)) < LEAK_LIMIT


@pytest.mark.slow
def test_the_four_folders_hold_the_numbers_of_the_photos(photo_folder):
    assert sorted(path.name for path in photo_folder.iterdir()) == sorted(name for name, *_ in FOLDERS)
    for name, kind, _, first, count in FOLDERS:
        expected = {f"{kind}.{number}.jpg" for number in range(first, first + count)}
        assert {path.name for path in (photo_folder / name).iterdir()} == expected


@pytest.mark.slow
def test_a_file_holds_the_picture_of_its_number(photo_folder):
    data = np.fromfile(photo_folder / "dogs-test" / "dog.2007.jpg", np.uint8)
    stored = cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1].astype(float)
    drawn = draw_animal("dog", DEFAULT_SEED, "test", 2007).astype(float)
    assert stored.shape == drawn.shape
    assert np.abs(stored - drawn).mean() < 6


def test_the_cat_with_the_ears_of_a_dog_has_borrowed_only_these():
    assert borrowed_parts("cat", DEFAULT_SEED, "train", 841) == ["ears"]


def test_an_animal_that_borrows_nothing_is_drawn_as_it_is_with_its_own_parts():
    cat = ("cat", DEFAULT_SEED, "train", 60)
    assert borrowed_parts(*cat) == []
    assert (draw_animal(*cat) == draw_with_own_parts(*cat)).all()
