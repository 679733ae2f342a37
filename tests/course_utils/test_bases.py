"""Which pretrained base is loaded, from where, and what is said where it is another than VGG16."""

import inspect
import shutil

import numpy as np
import pytest
from loopback import loopback, status

from course_utils import bases
from course_utils.bases import REAL_BASES, cut_before_last_block, load_base, on_photos, record_features, unfreeze
from course_utils.errors import CourseError
from course_utils.sandbox.small_bases import SMALL_BASES

SMALLEST = "MobileNetV2-0.35"
FILE = REAL_BASES[SMALLEST][3].rsplit("/", 1)[1]


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """Keras's folder of weights, empty; the images are photos, and no address answers."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(bases, "source_of", lambda folder: "photos")
    unreachable = {name: (*entry[:3], f"http://nowhere.invalid/{entry[3].rsplit('/', 1)[1]}", entry[4])
                   for name, entry in REAL_BASES.items()}  # fmt: skip
    monkeypatch.setattr(bases, "REAL_BASES", unreachable)
    folder = tmp_path / "keras" / "models"
    folder.mkdir(parents=True)
    return folder


def test_drawn_images_get_the_base_that_was_pretrained_on_drawings(kept, monkeypatch, capsys):
    monkeypatch.setattr(bases, "source_of", lambda folder: "sandbox")
    assert load_base().name == "mini_vgg16"
    assert "mini_vgg16 instead of VGG16" in capsys.readouterr().out


def test_photos_get_the_smallest_real_base_where_vgg16_cannot_be_had(kept, mirror, capsys):
    shutil.copy(mirror / "keras" / "models" / FILE, kept)
    base = load_base(size=96)
    assert base.name == SMALLEST and base.origin == "ImageNet weights from Keras's own folder"
    said = capsys.readouterr().out
    assert f"{SMALLEST} instead of VGG16" in said and "vgg16" in said and "does not answer" in said
    images = np.random.default_rng(0).integers(0, 256, (2, 96, 96, 3), dtype=np.uint8)
    features = record_features(base, images)
    assert features.shape == (2, 3, 3, 1280) and features.std() > 0


def test_the_mirror_in_a_folder_has_the_weights(kept, mirror, monkeypatch):
    monkeypatch.setenv("COURSE_MIRROR", str(mirror))
    assert load_base(SMALLEST, 96).origin == "ImageNet weights from the mirror"


def test_without_any_weights_the_courses_own_base_is_taken_and_both_reasons_are_said(kept, capsys):
    assert load_base().name == "mini_vgg16"
    said = capsys.readouterr().out
    assert "vgg16_weights" in said and FILE in said


@pytest.mark.fault("downloader")
def test_kept_weights_that_are_cut_off_are_named_with_what_to_do(kept, mirror, capsys):
    (kept / FILE).write_bytes((mirror / "keras" / "models" / FILE).read_bytes()[:1_000_000])
    with pytest.raises(CourseError, match=f"{FILE} does not hold the weights.*delete it and run again"):
        load_base(SMALLEST, 96)
    assert load_base(size=96).name == "mini_vgg16"
    assert f"{kept / FILE} does not hold the weights" in capsys.readouterr().out
    assert (kept / FILE).is_file()


@pytest.mark.fault("downloader")
@pytest.mark.parametrize("damage", [b"\xff" * 4000, bytes(16)], ids=["no numbers", "a few zeros"])
def test_weights_that_are_damaged_in_the_middle_are_refused(kept, mirror, damage):
    content = bytearray((mirror / "keras" / "models" / FILE).read_bytes())
    content[len(content) // 2 : len(content) // 2 + len(damage)] = damage
    (kept / FILE).write_bytes(content)
    with pytest.raises(CourseError, match=f"{FILE} does not hold the weights.*delete it and run again"):
        load_base(SMALLEST, 96)
    assert load_base(size=96).name == "mini_vgg16"


@pytest.mark.fault("downloader")
def test_damaged_weights_are_left_for_the_mirrors(kept, mirror, monkeypatch):
    monkeypatch.setenv("COURSE_MIRROR", str(mirror))
    (kept / FILE).write_bytes(b"damaged")
    assert load_base(SMALLEST, 96).origin == "ImageNet weights from the mirror"


@pytest.mark.fault("downloader")
def test_a_mirror_without_the_base_is_no_hindrance(kept, mirror, monkeypatch):
    shutil.copy(mirror / "keras" / "models" / FILE, kept.parent / FILE)
    with loopback() as site:
        monkeypatch.setenv("COURSE_MIRROR", site.address)
        site.put(f"keras/models/{FILE}", status(404))
        address = site.put_folder(kept.parent, below="elsewhere/")
        entry = REAL_BASES[SMALLEST]
        monkeypatch.setitem(bases.REAL_BASES, SMALLEST, (*entry[:3], f"{address}/elsewhere/{FILE}", None))
        assert load_base(SMALLEST, 96).origin == "ImageNet weights from Keras's address"


def test_an_unknown_base_is_refused_by_name():
    with pytest.raises(CourseError, match="VGG61"):
        load_base("VGG61")


def test_images_of_another_size_than_the_bases_are_refused(kept, mirror):
    shutil.copy(mirror / "keras" / "models" / FILE, kept)
    base = load_base(SMALLEST, 96)
    with pytest.raises(CourseError, match="takes images of shape"):
        record_features(base, np.zeros((2, 150, 150, 3), np.uint8))


@pytest.mark.parametrize("name", ["mini_vgg16", "mini_xception", "mini_mobilenet_v2"])
def test_a_base_cut_in_two_gives_the_features_of_the_whole(name):
    base = load_base(name, 64)
    images = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    lower, last_block = cut_before_last_block(base)
    features = last_block.predict(record_features(lower, images), verbose=0)
    np.testing.assert_allclose(features, record_features(base, images), rtol=1e-3, atol=1e-3)
    assert last_block.count_params() < base.model.count_params()


@pytest.mark.parametrize("name", list(REAL_BASES))
def test_addresses_and_checksums_are_those_of_the_installed_keras(name):
    import keras

    function, _, _, address, checksum = REAL_BASES[name]
    module = inspect.getmodule(getattr(keras.applications, function))
    source = inspect.getsource(module)
    if hasattr(module, "WEIGHTS_PATH_NO_TOP"):
        assert address == module.WEIGHTS_PATH_NO_TOP and checksum in source
    else:
        assert address.startswith(getattr(module, "BASE_WEIGHT_PATH", None) or module.BASE_WEIGHTS_PATH)
        # A SHA-256 is ours, where Keras has no checksum.
        assert checksum is None or len(checksum) == 64 or checksum in source


def test_where_the_last_block_of_a_base_begins_is_known_for_each():
    missing = {*REAL_BASES, *SMALL_BASES} - set(bases._LAST_BLOCKS)
    assert not missing, f"add {', '.join(missing)} to _LAST_BLOCKS in course_utils/bases.py"


def test_the_page_of_settings_names_every_base(checkout):
    page = (checkout / "docs" / "settings.md").read_text(encoding="utf-8")
    (row,) = (line for line in page.splitlines() if line.startswith("| `COURSE_BASE` |"))
    assert set(row.split("|")[2].replace("`", "").replace(" ", "").split(",")) == {*REAL_BASES, *SMALL_BASES}


@pytest.mark.parametrize("name", list(REAL_BASES))
def test_the_last_block_of_every_real_base_is_found(name, monkeypatch):
    import keras

    function, module, arguments, *_ = REAL_BASES[name]
    model = getattr(keras.applications, function)(include_top=False, weights=None, input_shape=(96, 96, 3), **arguments)
    base = bases.Base(name, model, lambda images: images, "random weights")
    lower, last_block = cut_before_last_block(base)
    assert lower.model.count_params() + last_block.count_params() == model.count_params()
    assert 0 < last_block.count_params() < model.count_params()


def test_the_last_block_of_vgg16_has_three_convolutions():
    _, last_block = cut_before_last_block(load_base("mini_vgg16", 64))
    unfreeze(last_block)
    assert [weight.path.split("/")[-2] for weight in last_block.trainable_weights[::2]] == [
        "block5_conv1",
        "block5_conv2",
        "block5_conv3",
    ]


def test_unfreezing_leaves_batch_normalization_frozen():
    _, last_block = cut_before_last_block(load_base("mini_mobilenet_v2", 64))
    assert not last_block.trainable_weights
    unfreeze(last_block)
    assert last_block.trainable_weights
    assert not any("BN" in weight.path or "bn" in weight.path for weight in last_block.trainable_weights)


def test_training_the_last_block_leaves_the_loaded_base_as_it_was():
    base = load_base("mini_vgg16", 64)
    before = base.model.get_weights()
    _, last_block = cut_before_last_block(base)
    unfreeze(last_block)
    last_block.set_weights([weight + 1 for weight in last_block.get_weights()])
    assert all(map(np.array_equal, before, base.model.get_weights()))


def test_a_whole_model_takes_plain_photos():
    base = load_base("mini_vgg16", 64)
    lower, last_block = cut_before_last_block(base)
    images = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    whole = on_photos(lower, last_block).predict(images, verbose=0)
    np.testing.assert_allclose(whole, record_features(base, images), rtol=1e-3, atol=1e-3)
