"""Cats, dogs and other animals, drawn by OpenCV from a seed: the course's images where no photos can be had.

The kinds differ by the shapes of their parts (ears, muzzle, pupils, tail, horns, mane), while coat, scene, light,
size and place come from the same distributions for all. Every picture has a random generator of its own, keyed by
seed, split, index and kind, so that any picture can be drawn alone, in any order and in parallel, and always with
the same bytes on one version of OpenCV.
"""

import math
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
from tqdm import tqdm

from course_utils.sandbox import scenes
from course_utils.sandbox.scenes import Pen, curve, ellipse, hull, leaf, mix, pick, tube

DEFAULT_SEED = 2024
SPLITS = {"train": 0, "test": 1, "pretrain": 2, "pretrain-validation": 3}
JPEG_QUALITY = 88

# Folder, kind, split, number of the first picture, number of pictures: the numbers of the photos' filtered set.
FOLDERS = [
    ("cats-train", "cat", "train", 0, 1000),
    ("dogs-train", "dog", "train", 0, 1000),
    ("cats-test", "cat", "test", 2000, 500),
    ("dogs-test", "dog", "test", 2000, 500),
]

# Width, height and share: like the photos (median 442 x 374), mostly landscape, a few of them small or upright.
SIZES = [
    ((500, 374), 0.18),
    ((499, 375), 0.17),
    ((375, 499), 0.07),
    ((320, 240), 0.07),
    ((500, 333), 0.06),
    ((399, 300), 0.06),
    ((480, 359), 0.05),
    ((500, 499), 0.04),
    ((333, 499), 0.05),
    ((240, 319), 0.03),
    ((350, 346), 0.05),
    ((275, 223), 0.05),
    ((461, 412), 0.06),
    ((300, 281), 0.03),
    ((200, 199), 0.03),
]


@dataclass(frozen=True)
class Kind:
    """The parts of one kind of animal.

    ears, muzzle, pupils, tail : the shapes, by the names that the functions below know
    whiskers, horns, beard, mask : probability of having them; a mask is dark fur around the eyes
    mane : None, "full", "wool" or "strip"
    horn_shape : "horn" or "antler"
    hooves : dark feet instead of paws
    """

    ears: str
    muzzle: str
    pupils: str
    tail: str
    whiskers: float = 0.0
    horns: float = 0.0
    horn_shape: str = "horn"
    beard: float = 0.0
    mask: float = 0.15
    mane: str | None = None
    hooves: bool = False


KINDS = {
    "cat": Kind("pointed", "short", "slit", "long", whiskers=0.9),
    "dog": Kind("floppy", "broad", "round", "sabre", whiskers=0.08),
    "fox": Kind("pointed", "tapered", "slit", "bushy", whiskers=0.3),
    "rabbit": Kind("long", "short", "round", "puff", whiskers=0.6),
    "lop rabbit": Kind("lop", "short", "round", "puff", whiskers=0.6),
    "bear": Kind("round", "blunt", "round", "stub"),
    "cow": Kind("side", "wide", "level", "tuft", horns=0.7, hooves=True),
    "pig": Kind("bent", "disc", "round", "curl", hooves=True),
    "horse": Kind("upright", "tall", "level", "hair", mane="strip", hooves=True),
    "mouse": Kind("big round", "thin", "round", "thin", whiskers=0.9),
    "lion": Kind("round", "short", "slit", "tuft", whiskers=0.7, mane="full"),
    "sheep": Kind("side", "blunt", "level", "puff", mane="wool", hooves=True),
    "goat": Kind("lop", "tapered", "level", "stub", horns=0.9, beard=0.8, hooves=True),
    "raccoon": Kind("small pointed", "thin", "round", "ringed", whiskers=0.7, mask=0.9),
    "squirrel": Kind("upright", "short", "round", "plume", whiskers=0.6),
    "deer": Kind("side", "tapered", "round", "stub", horns=0.8, horn_shape="antler", hooves=True),
}
PRETRAINING_KINDS = tuple(name for name in KINDS if name not in ("cat", "dog"))

# What cats and dogs may have from each other.
BORROWED = ("ears", "muzzle", "pupils", "tail")

# Length, radius at the eyes and radius at the tip, in units of the head's radius.
MUZZLES = {
    "broad": (0.52, 0.40, 0.31),
    "tapered": (0.60, 0.38, 0.13),
    "blunt": (0.34, 0.36, 0.29),
    "thin": (0.42, 0.32, 0.08),
    "wide": (0.42, 0.38, 0.44),
    "tall": (0.95, 0.40, 0.33),
}

COATS = [
    (44, 40, 40),
    (92, 90, 92),
    (166, 164, 162),
    (112, 78, 50),
    (76, 54, 40),
    (186, 144, 100),
    (204, 130, 68),
    (228, 204, 168),
    (238, 234, 226),
    (200, 162, 116),
    (122, 128, 136),
    (150, 104, 66),
    (216, 184, 140),
    (140, 128, 112),
]
IRISES = [
    (196, 150, 60),
    (150, 160, 70),
    (116, 76, 44),
    (90, 60, 40),
    (120, 150, 110),
    (110, 150, 180),
    (176, 120, 50),
]

# Every picture has its own difficulty between 0 and 1, and each of these runs from its easy to its hard value with
# it. Three of five drawn photos are easy, which lets a network start to learn; the hard ones hold its score down.
EASY = {
    "smallest": 0.165,  # radius of the head, as a share of the shorter side
    "largest": 0.235,
    "tilt": 0.1,  # radians by which the head may lean
    "turn": 0.6,  # of the face to the side, up to 1
    "things": 2.0,
    "in_front": 0.0,  # things in front of the body
    "noise": 3.0,
    "blur": 0.15,  # probability
    "low_contrast": 0.0,  # probability that the coat's colour may be like the surroundings'
    "swap": 0.02,  # probability for each part to be borrowed from the other class
    "face": 0.55,  # probability of a portrait
    "light": 0.25,
}
HARD = {
    "smallest": 0.08,
    "largest": 0.135,
    "tilt": 0.45,
    "turn": 1.0,
    "things": 11.0,
    "in_front": 2.2,
    "noise": 13.0,
    "blur": 0.5,
    "low_contrast": 0.3,
    "swap": 0.06,
    "face": 0.1,
    "light": 0.75,
}
EASY_RANGE = (0.0, 0.25)
HARD_RANGE = (0.85, 1.0)
SHARE_EASY = 0.6


def draw_animal(kind, seed, split, index):
    """Draw one animal in its surroundings.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    seed : int
        Seed of the whole set of pictures, 0 or larger.
    split : str
        One of `SPLITS`; pictures of different splits share nothing.
    index : int
        Number of the picture within its split, 0 or larger.

    Returns
    -------
    numpy.ndarray
        RGB, uint8 (height, width, 3); the size is one of `SIZES`.
    """
    return _draw(kind, seed, split, index)[0]


def draw_with_own_parts(kind, seed, split, index):
    """Draw the animal that `draw_animal` draws, but with no part borrowed from the other class.

    Parameters
    ----------
    kind, seed, split, index
        As in `draw_animal`.

    Returns
    -------
    numpy.ndarray
        RGB, uint8 (height, width, 3).
    """
    return _draw(kind, seed, split, index, borrows=False)[0]


def borrowed_parts(kind, seed, split, index):
    """List the parts that the animal of `draw_animal` has from the other class.

    Parameters
    ----------
    kind, seed, split, index
        As in `draw_animal`.

    Returns
    -------
    list of str
        Of `BORROWED`; mostly empty.
    """
    animal = _draw(kind, seed, split, index)[1]
    return [part for part in BORROWED if getattr(animal, part) != getattr(KINDS[kind], part)]


def _draw(kind, seed, split, index, borrows=True):
    """Draw one animal; give the picture, and what the animal looks like."""
    rng = np.random.default_rng([seed, SPLITS[split], index, list(KINDS).index(kind)])
    if split.startswith("pretrain"):
        low, high = 0.0, 1.0
    else:
        low, high = EASY_RANGE if rng.random() < SHARE_EASY else HARD_RANGE
    difficulty = rng.uniform(low, high)
    level = SimpleNamespace(**{name: EASY[name] + (HARD[name] - EASY[name]) * difficulty for name in EASY})
    if not borrows:
        level.swap = 0.0
    width, height = _size(rng)
    image = np.zeros((height, width, 3), np.uint8)

    pose = "face" if rng.random() < level.face else pick(rng, ("sit", "sit", "stand", "stand", "lie"))
    unit = min(width, height)
    head = (
        unit
        * math.exp(rng.uniform(math.log(level.smallest), math.log(level.largest)))
        * (1.25 if pose == "face" else 1.0)
    )
    place = _place(rng, width, height, head, pose)

    scene, indoor = pick(rng, scenes.SCENES)
    scene(rng, image, place.horizon)
    things = scenes.INDOOR_THINGS if indoor else scenes.OUTDOOR_THINGS
    for _ in range(int(round(level.things * rng.uniform(0.3, 1.0)))):
        x, y = rng.uniform(0, width), rng.uniform(0.9 * place.horizon, 1.05 * height)
        _thing(rng, image, things, x, y, unit * rng.uniform(0.06, 0.22))
    if rng.random() < 0.6:
        image = scenes.blurred(image, unit * rng.uniform(0.0, 0.012))

    animal = _look(rng, KINDS[kind], kind, level, image)
    _shadow(rng, image, place, head, pose)
    pen = Pen(
        image,
        place.x,
        place.y,
        head,
        rng.uniform(-0.4, 0.4) * level.tilt,
        place.flip,
        animal.outline,
        animal.line,
    )
    _draw_body(rng, pen, animal, pose)

    for _ in range(int(round(level.in_front * rng.random()))):
        # In front of the body or beside it, with its top below the face.
        size = head * rng.uniform(0.5, 1.3)
        x, y = (
            place.x + rng.uniform(-3.5, 3.5) * head,
            place.y + 1.0 * head + 1.25 * size + rng.uniform(0, 1.5) * head,
        )
        _thing(rng, image, things, x, y, size)
    return _camera(rng, image, level), animal


def _size(rng):
    point = rng.random() * sum(share for _, share in SIZES)
    for size, share in SIZES:
        point -= share
        if point < 0:
            return size
    return SIZES[0][0]


def _place(rng, width, height, head, pose):
    """Where the head's centre, the feet and the horizon lie; ears always stay inside the picture."""
    feet = {"face": 2.6, "sit": 2.9, "stand": 2.35, "lie": 1.35}[pose]
    side, top, bottom = 1.75 * head, 1.85 * head, 1.3 * head
    x = rng.uniform(side, max(width - side, side + 1))
    lowest = min(height - bottom, height - 0.6 * feet * head)
    y = rng.uniform(min(top, lowest - 1), lowest)
    if pose == "face":
        # The chest reaches down to the picture's edge: not too far, or it becomes a pillar.
        y = min(max(y, height - 2.7 * head), lowest)
    # A standing or lying body points to where there is more room for it.
    flip = 1 if x < width / 2 else -1
    if pose in ("face", "sit"):
        flip = pick(rng, (-1, 1))
    ground = min(y + feet * head, 1.1 * height)
    horizon = rng.uniform(0.25 * height, min(0.72 * height, max(ground - 0.05 * height, 0.3 * height)))
    return SimpleNamespace(x=x, y=y, flip=flip, ground=ground, horizon=horizon)


def _thing(rng, image, things, x, y, size):
    draw = pick(rng, things)
    colour = scenes.vary(rng, pick(rng, scenes.TOYS + scenes.FABRICS))
    line = mix(colour, (20, 18, 18), 0.6)
    pen = Pen(image, x, y, size, rng.uniform(-0.25, 0.25), pick(rng, (-1, 1)), int(rng.random() < 0.5), line)
    draw(rng, pen, colour)


def _shadow(rng, image, place, head, pose):
    height, width = image.shape[:2]
    wide = {"face": 1.2, "sit": 1.3, "stand": 2.0, "lie": 2.3}[pose] * head * 1.15
    middle = place.x + place.flip * {"face": 0, "sit": 0.1, "stand": 1.6, "lie": 1.7}[pose] * head
    top, bottom = (int(np.clip(place.ground + d * head, 0, height)) for d in (-0.8, 0.8))
    left, right = (int(np.clip(middle + d * (wide + 0.5 * head), 0, width)) for d in (-1, 1))
    strength = rng.uniform(0.2, 0.5)
    if bottom - top < 4 or right - left < 4:
        return
    shade = np.full((bottom - top, right - left, 3), 255, np.uint8)
    dark = 255 * (1 - strength)
    Pen(shade, middle - left, place.ground - top, 1).ellipse(0, 0, wide, 0.28 * head, (dark, dark, dark))
    area = image[top:bottom, left:right]
    area[:] = cv2.multiply(area, scenes.blurred(shade, 0.16 * head), scale=1 / 255)


def _look(rng, kind, name, level, background):
    """Choose everything that one animal looks like: its coat, its proportions and the parts of its kind."""
    coat = scenes.vary(rng, pick(rng, COATS), 12)
    behind = background[::16, ::16].reshape(-1, 3).mean(0)
    if rng.random() >= level.low_contrast:
        for _ in range(4):
            if sum(abs(a - b) for a, b in zip(coat, behind, strict=True)) > 110:
                break
            coat = scenes.vary(rng, pick(rng, COATS), 12)
    second = mix(scenes.vary(rng, pick(rng, COATS), 12), coat, rng.uniform(0, 0.25))
    pale = mix(coat, (246, 240, 230), rng.uniform(0.45, 0.9))
    dark = mix(coat, (34, 28, 26), rng.uniform(0.4, 0.75))
    pattern = pick(
        rng,
        ("plain", "plain", "striped", "striped", "spotted", "patched", "pointed", "white-chested", "saddled"),
    )
    muzzle = {"white-chested": pale, "pointed": dark, "saddled": second}.get(
        pattern, pick(rng, (coat, coat, pale, mix(coat, pale, 0.4)))
    )
    ear = {"pointed": dark}.get(pattern, pick(rng, (coat, coat, second, dark)))
    paw = {"white-chested": pale, "pointed": dark}.get(pattern, pick(rng, (coat, coat, pale)))
    skin = pick(rng, ((226, 162, 156), (206, 140, 132), mix(coat, (60, 40, 40), 0.5)))

    # Cats and dogs borrow a part from each other now and then, so that no single part tells them apart.
    other = KINDS[{"cat": "dog", "dog": "cat"}.get(name, name)]
    parts = {part: getattr(other if rng.random() < level.swap else kind, part) for part in BORROWED}
    light = rng.uniform(-2.4, -0.7)
    height, width = background.shape[:2]
    return SimpleNamespace(
        kind=kind,
        coat=coat,
        second=second,
        pale=pale,
        dark=dark,
        pattern=pattern,
        muzzle_colour=muzzle,
        ear_colour=ear,
        paw=mix(dark, (30, 26, 24), 0.6) if kind.hooves else paw,
        tail_colour=dark if pattern == "pointed" else coat,
        skin=skin,
        mane_colour=mix(second, dark, rng.uniform(0, 0.5)),
        outline=pick(rng, (0, 1, 1, 2)),
        line=mix(coat, (22, 18, 18), 0.72),
        hair=scenes.texture(rng, "hair", height, width),
        roughness=rng.uniform(3, 11),
        light=(math.cos(light), math.sin(light)),
        shading=rng.uniform(0.1, 0.24),
        iris=scenes.vary(rng, pick(rng, IRISES), 16),
        closed=rng.random() < 0.1,
        nose=pick(rng, ((52, 44, 44), (96, 70, 62), (122, 88, 78), (202, 128, 124))),
        tongue=rng.random() < 0.25,
        blaze=rng.random() < 0.2,
        mask=rng.random() < kind.mask,
        turn=rng.uniform(-1, 1) * level.turn,
        nod=rng.uniform(-1, 1) * level.tilt,
        wide=rng.uniform(0.92, 1.1),
        high=rng.uniform(0.82, 0.98),
        jaw=rng.uniform(0.62, 0.88),
        eye_x=rng.uniform(0.36, 0.46),
        eye_y=rng.uniform(-0.24, -0.08),
        eye=rng.uniform(0.15, 0.22),
        eye_shape=rng.uniform(0.8, 1.05),
        ear_length=rng.uniform(0.85, 1.15),
        ear_width=rng.uniform(0.88, 1.15),
        ear_spread=rng.uniform(-1, 1),
        ear_jitter=(rng.uniform(-0.15, 0.15), rng.uniform(-0.15, 0.15)),
        muzzle_length=rng.uniform(0.85, 1.2),
        muzzle_size=rng.uniform(0.88, 1.14),
        nose_size=rng.uniform(0.85, 1.2),
        stout=rng.uniform(0.88, 1.15),
        whiskers=rng.random() < kind.whiskers,
        horns=rng.random() < kind.horns,
        beard=rng.random() < kind.beard,
        hair_ink=mix((250, 248, 244) if sum(coat) < 430 else (60, 52, 48), coat, 0.35),
        **parts,
    )


def _fur(pen, animal, points, coat):
    """Fill an outline with hair in a colour or a picture of the coat, lit from one side."""
    fixed = pen.fixed(points)
    height, width = pen.image.shape[:2]
    left, top = np.maximum(fixed.min((0, 1)) // 16 - 1, 0)
    right, bottom = np.minimum(fixed.max((0, 1)) // 16 + 2, (width, height))
    if right <= left or bottom <= top:
        return
    window = (slice(top, bottom), slice(left, right))
    mask = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillPoly(mask, [fixed - (left * 16, top * 16)], 255, cv2.LINE_AA, scenes.SUBPIXEL_BITS)
    across = np.linspace(-1, 1, right - left, dtype=np.float32) * animal.light[0]
    down = np.linspace(-1, 1, bottom - top, dtype=np.float32) * animal.light[1]
    shade = 1 + animal.shading * (down[:, None] + across[None])
    hair, roughness = animal.hair[window], animal.roughness
    if isinstance(coat, np.ndarray):
        fur = cv2.multiply(coat[window], cv2.merge([shade] * 3), dtype=cv2.CV_32F)
        fur = cv2.addWeighted(fur, 1, cv2.merge([hair] * 3), roughness, 0, dtype=cv2.CV_8U)
    else:
        fur = cv2.merge([cv2.addWeighted(shade, c, hair, roughness, 0, dtype=cv2.CV_8U) for c in coat])
    weight = mask.astype(np.float32) / 255
    pen.image[window] = cv2.blendLinear(fur, np.ascontiguousarray(pen.image[window]), weight, 1 - weight)
    if pen.outline:
        cv2.polylines(pen.image, [fixed], True, pen.line, pen.outline, cv2.LINE_AA, scenes.SUBPIXEL_BITS)


def _coat(rng, pen, animal, part):
    """The coat's colour, or a picture of its pattern, placed for the body or for the head."""
    head = part == "head"
    if animal.pattern == "plain" and not (head and animal.blaze):
        return animal.coat
    coat = np.empty_like(pen.image)
    cv2.rectangle(coat, (0, 0), coat.shape[1::-1], animal.coat, -1)
    brush = Pen(coat, 0, 0, pen.scale)
    brush.matrix, brush.origin = pen.matrix, pen.origin
    mark = mix(animal.second, animal.dark, 0.35)
    if animal.pattern == "striped":
        mark = animal.dark if rng.random() < 0.8 else mark
        if head:
            for x in (-0.28, 0, 0.28):
                brush.shape(
                    tube(
                        curve((x, -0.42), (x, -0.6), (x * 1.2, -0.8), (x * 1.3, -1.1), 8),
                        np.linspace(0.03, 0.08, 8),
                    ),
                    mark,
                )
            for side in (-1, 1):
                for y in (0.1, 0.36):
                    brush.shape(
                        tube(
                            curve(
                                (side * 0.6, y),
                                (side * 0.8, y),
                                (side * 1.0, y - 0.05),
                                (side * 1.2, y - 0.12),
                                8,
                            ),
                            np.linspace(0.02, 0.08, 8),
                        ),
                        mark,
                    )
        else:
            step = rng.uniform(0.32, 0.55)
            for x in np.arange(-1.5, 4.6, step):
                bend = rng.uniform(-0.2, 0.2)
                stripe = curve((x, -0.9), (x + bend, 0), (x - bend, 0.6), (x + bend, 2.6 * rng.uniform(0.4, 1)), 10)
                brush.shape(tube(stripe, np.linspace(0.13, 0.03, 10) * rng.uniform(0.7, 1.2)), mark)
    elif animal.pattern == "spotted":
        for _ in range(12 if head else 60):
            x, y, size = (
                rng.uniform(-1.2, 1.2 if head else 4),
                rng.uniform(-1, 1 if head else 3),
                rng.uniform(0.05, 0.15),
            )
            brush.ellipse(x, y, size, size * rng.uniform(0.6, 1), mark)
    elif animal.pattern == "patched":
        for _ in range(2 if head else 7):
            x, y = rng.uniform(-1.1, 1.1 if head else 4), rng.uniform(-1, 0.6 if head else 3)
            patch = ellipse(x, y, rng.uniform(0.35, 0.7), rng.uniform(0.3, 0.6), rng.uniform(0, 3))
            brush.shape(patch, animal.second)
    elif animal.pattern == "white-chested" and not head:
        brush.ellipse(rng.uniform(-0.1, 0.1), 1.3, 0.5, 1.0, animal.pale)
    elif animal.pattern == "saddled":
        if head:
            brush.ellipse(0, 0.5, 0.85, 0.75, animal.second)
        else:
            brush.ellipse(1.5, 2.3, 4, 0.9, animal.second)
    elif animal.pattern == "pointed" and head:
        brush.ellipse(animal.turn * 0.3, 0.35, 0.6, 0.6, mix(animal.coat, animal.dark, 0.7))
    if head and animal.blaze:
        brush.ellipse(animal.turn * 0.3, -0.2, 0.15, 0.7, animal.pale)
    return cv2.blur(coat, (3, 3))


# The frame of a body has its origin at the centre of the head, which has a radius of about 1.


def _draw_body(rng, pen, animal, pose):
    coat = _coat(rng, pen, animal, "body")
    stout = animal.stout
    wool = animal.kind.mane == "wool"
    coat_or_wool = animal.mane_colour if wool else coat

    def leg(x, top, foot, width, lean=0.0, shade=0.0):
        outline = hull(ellipse(x, top, width * 1.25, width), ellipse(x + lean, foot, width * 0.85, width * 0.8))
        _fur(pen, animal, outline, coat if shade == 0 else mix(animal.coat, (24, 20, 20), shade))
        _fur(
            pen,
            animal,
            ellipse(x + lean - 0.08, foot + 0.1, width * 1.15, width * 0.72),
            animal.paw if shade == 0 else mix(animal.paw, (24, 20, 20), shade),
        )

    if pose == "face":
        bottom = max((pen.image.shape[0] - pen.origin[1]) / pen.scale + 0.6, 2.6)
        _fur(
            pen,
            animal,
            hull(
                ellipse(0, 0.55, 0.62, 0.5),
                ellipse(0, 1.5, 0.98 * stout, 0.6),
                ellipse(0, bottom, 1.15 * stout, 0.6),
            ),
            coat_or_wool,
        )
        neck = (0.0, 0.0)
    elif pose == "sit":
        _tail(rng, pen, animal, 0.72 * stout, 2.45)
        _fur(
            pen,
            animal,
            hull(ellipse(0, 0.75, 0.6, 0.5), ellipse(0.05, 2.1, 0.95 * stout, 0.75)),
            coat_or_wool,
        )
        if wool:
            _wool(rng, pen, animal, 0, 1.7, 0.9, 0.95)
        for x in (-0.68 * stout, 0.72 * stout):
            _fur(pen, animal, ellipse(x, 2.35, 0.34, 0.48), coat)
            _fur(pen, animal, ellipse(x * 1.1, 2.78, 0.4, 0.2), animal.paw)
        for x in (-0.25, 0.27):
            leg(x, 1.7, 2.7, 0.2)
        neck = (rng.uniform(-0.15, 0.15), 0.0)
    elif pose == "stand":
        length, foot = rng.uniform(2.4, 3.1), rng.uniform(1.95, 2.2)
        _tail(rng, pen, animal, length + 0.55, 0.55)
        for x in (0.75, length - 0.1):
            leg(x, 1.1, foot - 0.06, 0.2, rng.uniform(-0.25, 0.25), 0.2)
        _fur(
            pen,
            animal,
            hull(
                ellipse(0.15, 0.35, 0.5, 0.5),
                ellipse(0.7, 0.85, 0.62 * stout, 0.62 * stout),
                ellipse(length, 0.85, 0.6 * stout, 0.58 * stout),
            ),
            coat_or_wool,
        )
        if wool:
            _wool(rng, pen, animal, 0.5 * length + 0.3, 0.85, 0.5 * length + 0.4, 0.75)
        for x in (0.5, length + 0.15):
            leg(x, 1.15, foot, 0.22, rng.uniform(-0.25, 0.25))
        neck = (0.0, rng.uniform(-0.2, 0.2))
        animal.turn = -abs(animal.turn) if rng.random() < 0.75 else animal.turn
    else:
        length = rng.uniform(2.4, 3.0)
        _tail(rng, pen, animal, length + 0.55, 0.95)
        _fur(
            pen,
            animal,
            hull(
                ellipse(0.3, 0.7, 0.62, 0.5),
                ellipse(0.8, 0.85, 0.6, 0.45),
                ellipse(length, 0.6, 0.78 * stout, 0.72),
            ),
            coat_or_wool,
        )
        if wool:
            _wool(rng, pen, animal, 0.5 * length + 0.4, 0.65, 0.5 * length + 0.3, 0.65)
        _fur(pen, animal, ellipse(length + 0.05, 0.95, 0.55, 0.36), coat)
        _fur(pen, animal, ellipse(length - 0.3, 1.22, 0.5, 0.15), animal.paw)
        for shift in (0.35, 0.0):
            _fur(
                pen,
                animal,
                hull(ellipse(0.7 + shift, 1.12, 0.24, 0.2), ellipse(-0.25 + shift, 1.2, 0.2, 0.16)),
                coat,
            )
            _fur(pen, animal, ellipse(-0.3 + shift, 1.21, 0.22, 0.16), animal.paw)
        neck = (0.0, rng.uniform(-0.1, 0.1))
    if not animal.whiskers:
        _shaggy(rng, pen, animal)
    _draw_head(rng, pen.inner(*neck, 1.0, animal.nod), animal)


def _shaggy(rng, pen, animal):
    """Loose hairs on the chest, in the whiskers' ink: fine lines alone must not tell the kinds apart."""
    for _ in range(8):
        x, y, lean = rng.uniform(-0.5, 0.6), rng.uniform(0.85, 1.7), rng.uniform(-0.3, 0.3)
        reach = rng.uniform(0.4, 0.7)
        pen.stroke(
            curve((x, y), (x, y + 0.3 * reach), (x + 0.5 * lean, y + 0.6 * reach), (x + lean, y + reach), 6),
            animal.hair_ink,
            0.018,
        )


def _wool(rng, pen, animal, x, y, radius_x, radius_y):
    for angle in np.linspace(0, 2 * np.pi, 13, endpoint=False):
        _fur(
            pen,
            animal,
            ellipse(x + radius_x * math.cos(angle), y + radius_y * math.sin(angle), 0.3, 0.3),
            animal.mane_colour,
        )
    pen.ellipse(x, y, radius_x, radius_y, mix(animal.mane_colour, (255, 255, 255), 0.04), 0, False)


def _tail(rng, pen, animal, x, y):
    """A tail that starts at (x, y) and points to the right."""
    up, colour = rng.uniform(0.7, 1.3), animal.tail_colour
    root = (x - 0.25, y)

    def draw(path, radii, fill=colour):
        _fur(pen, animal, tube(path, radii), fill)

    if animal.tail == "long":
        end = pick(rng, ((x + 1.2, y - 1.7 * up), (x + 0.7, y - 1.9 * up), (x + 1.9, y - 0.9 * up)))
        draw(curve(root, (x + 0.8, y + 0.25), (x + 1.3, y - 0.5), end), np.linspace(0.17, 0.11, 14))
    elif animal.tail == "sabre":
        draw(
            curve(root, (x + 0.35, y), (x + 0.6, y - 0.3), (x + 0.75, y - 1.1 * up)),
            np.linspace(0.22, 0.05, 14),
        )
    elif animal.tail == "bushy":
        path = curve(root, (x + 0.6, y + 0.1), (x + 1.0, y - 0.1), (x + 1.5, y - 0.7 * up))
        draw(path, 0.1 + 0.3 * np.sin(np.linspace(0.1, 2.9, 14)))
        draw(path[10:], 0.1 + 0.24 * np.sin(np.linspace(1.5, 2.9, 4)), animal.pale)
    elif animal.tail == "ringed":
        path = curve(root, (x + 0.6, y + 0.1), (x + 1.0, y - 0.1), (x + 1.6, y - 0.9 * up), 21)
        draw(path, 0.12 + 0.18 * np.sin(np.linspace(0.1, 2.9, 21)))
        for start in (6, 10, 14, 18):
            draw(path[start : start + 3], np.full(3, 0.29 if start in (10, 14) else 0.24), animal.dark)
    elif animal.tail == "plume":
        draw(
            curve(root, (x + 1.1, y + 0.2), (x + 0.9, y - 1.4), (x + 1.3, y - 2.0 * up)),
            0.14 + 0.32 * np.sin(np.linspace(0.1, 2.6, 14)),
        )
    elif animal.tail == "puff":
        _fur(pen, animal, ellipse(x + 0.05, y - 0.05, 0.3, 0.3), mix(colour, (255, 255, 255), 0.4))
    elif animal.tail == "stub":
        draw(curve(root, (x + 0.1, y), (x + 0.2, y - 0.1), (x + 0.3, y - 0.2 * up)), np.linspace(0.2, 0.12, 14))
    elif animal.tail == "tuft":
        path = curve(root, (x + 0.5, y), (x + 0.6, y + 0.4), (x + 0.6, y + 0.9))
        draw(path, np.full(14, 0.07))
        _fur(pen, animal, ellipse(x + 0.6, y + 1.0, 0.15, 0.24), animal.mane_colour)
    elif animal.tail == "curl":
        turn = np.linspace(0, 4.2 * math.pi, 30)
        pen.stroke(
            np.stack([x + 0.1 + turn * 0.04 + 0.14 * np.cos(turn), y - 0.15 + 0.14 * np.sin(turn)], 1),
            colour,
            0.08,
        )
    elif animal.tail == "hair":
        path = curve(root, (x + 0.4, y - 0.2), (x + 0.6, y + 0.4), (x + 0.55, y + 1.2))
        draw(path, 0.08 + 0.16 * np.sin(np.linspace(0.2, 2.8, 14)), animal.mane_colour)
    elif animal.tail == "thin":
        draw(
            curve(root, (x + 0.8, y + 0.3), (x + 1.1, y - 0.5), (x + 1.9, y - 0.3 * up)),
            np.linspace(0.08, 0.03, 14),
            animal.skin,
        )


def _draw_head(rng, pen, animal):
    kind, turn = animal.kind, animal.turn
    if kind.mane in ("full", "wool"):
        radius = 1.28 if kind.mane == "full" else 0.95
        for angle in np.linspace(0, 2 * np.pi, 13, endpoint=False) + rng.random():
            _fur(
                pen,
                animal,
                ellipse(radius * 0.85 * math.cos(angle), radius * 0.85 * math.sin(angle) - 0.1, 0.42, 0.42),
                animal.mane_colour,
            )
        pen.ellipse(0, -0.1, radius * 0.95, radius * 0.95, animal.mane_colour, 0, False)
    if animal.horns:
        _horns(pen, animal)
    for side in (-1, 1):
        _ear_behind(pen, animal, side)
    skull = ellipse(0, -0.05, animal.wide, animal.high)
    _fur(
        pen,
        animal,
        hull(skull, ellipse(turn * 0.12, 0.35, animal.jaw, 0.58)),
        _coat(rng, pen, animal, "head"),
    )
    if kind.mane == "strip":
        _fur(
            pen,
            animal,
            tube(
                curve((0.05, -1.1), (-turn * 0.2, -0.9), (-turn * 0.3, -0.6), (-turn * 0.35, -0.3)),
                np.linspace(0.25, 0.1, 14),
            ),
            animal.mane_colour,
        )
    for side in (-1, 1):
        _eye(pen, animal, side)
    if animal.beard:
        pen.shape([(turn * 0.5 - 0.16, 0.85), (turn * 0.5 + 0.16, 0.85), (turn * 0.6, 1.45)], animal.mane_colour)
    _muzzle(rng, pen, animal)
    for side in (-1, 1):
        _ear_in_front(pen, animal, side)


def _horns(pen, animal):
    colour = mix((214, 200, 170), animal.dark, 0.15)
    for side in (-1, 1):
        if animal.kind.horn_shape == "horn":
            path = curve((side * 0.35, -0.75), (side * 0.55, -1.15), (side * 0.85, -1.1), (side * 0.75, -1.6), 10)
            pen.shape(tube(path, np.linspace(0.14, 0.03, 10)), colour)
        else:
            path = curve((side * 0.3, -0.8), (side * 0.5, -1.2), (side * 0.9, -1.3), (side * 0.7, -1.8), 10)
            pen.shape(tube(path, np.linspace(0.09, 0.04, 10)), colour)
            for step, tip in ((4, (0.25, -1.5)), (6, (1.1, -1.5))):
                branch = curve(path[step], path[step], (side * tip[0], tip[1]), (side * tip[0], tip[1]), 6)
                pen.shape(tube(branch, np.linspace(0.07, 0.03, 6)), colour)


def _ear_pen(pen, animal, side, around, tilt, out):
    """A pen at the skull's edge, `around` radians from the top, whose ear points `tilt` radians outwards."""
    x, y = side * math.sin(around) * out * animal.wide, -math.cos(around) * out * animal.high
    return pen.inner(x, y, 1.0, side * tilt, side)


def _ear_behind(pen, animal, side):
    """The ears that stand behind the skull."""
    shape, spread = animal.ears, animal.ear_spread
    jitter = animal.ear_jitter[(side + 1) // 2]
    long, wide = animal.ear_length, animal.ear_width
    if shape in ("pointed", "small pointed", "upright"):
        length, half, around = {
            "pointed": (1.0, 0.38, 0.64),
            "small pointed": (0.6, 0.30, 0.72),
            "upright": (0.72, 0.2, 0.45),
        }[shape]
        ear = _ear_pen(pen, animal, side, around + 0.08 * spread, 0.24 + 0.15 * spread + jitter, 0.70)
        length, half = length * long, half * wide
        outline = np.concatenate(
            [
                curve(
                    (-half, 0.1),
                    (-0.8 * half, -0.4 * length),
                    (-0.35 * half, -0.85 * length),
                    (0, -length),
                    8,
                ),
                curve(
                    (0, -length),
                    (0.3 * half, -0.85 * length),
                    (0.9 * half, -0.4 * length),
                    (1.05 * half, 0.1),
                    8,
                ),
            ]
        )
        _fur(ear, animal, outline, animal.ear_colour)
        ear.shape(outline * (0.58, 0.7) + (0, -0.04 * length), animal.skin, False)
    elif shape in ("round", "big round"):
        radius = (0.36 if shape == "round" else 0.6) * long
        ear = _ear_pen(pen, animal, side, 0.78 + 0.08 * spread, 0, 1.0)
        _fur(ear, animal, ellipse(0, 0, radius, radius * 0.95), animal.ear_colour)
        ear.ellipse(0, 0.05, radius * 0.6, radius * 0.58, animal.skin, 0, False)
    elif shape in ("long", "side"):
        length, half, around, tilt = {
            "long": (1.5, 0.25, 0.35, 0.2 + 0.25 * spread),
            "side": (0.78, 0.22, 1.1, 1.7 + 0.25 * spread),
        }[shape]
        ear = _ear_pen(pen, animal, side, around, tilt + jitter, 0.82)
        outline = leaf(length * long, half * wide, 0.85, 0.15 * spread)
        _fur(ear, animal, outline, animal.ear_colour)
        ear.shape(outline * (0.5, 0.82) + (0, -0.07), animal.skin, False)


def _ear_in_front(pen, animal, side):
    """The ears that hang or fold over the skull."""
    shape, spread = animal.ears, animal.ear_spread
    jitter = animal.ear_jitter[(side + 1) // 2]
    long, wide = animal.ear_length, animal.ear_width
    if shape in ("floppy", "lop"):
        length, half = {"floppy": (1.05, 0.32), "lop": (1.35, 0.24)}[shape]
        ear = _ear_pen(pen, animal, side, 0.82 + 0.1 * spread, 2.75 - 0.3 * abs(spread) + jitter, 0.86)
        _fur(ear, animal, leaf(length * long, half * wide, 1.4, 0.15 * spread), animal.ear_colour)
    elif shape == "bent":
        ear = _ear_pen(pen, animal, side, 0.68 + 0.08 * spread, 0.2 + jitter, 0.78)
        length, half = 0.55 * long, 0.34 * wide
        _fur(
            ear,
            animal,
            [(-half, 0.1), (-half * 0.7, -length * 0.8), (half * 0.7, -length * 0.8), (half, 0.1)],
            animal.ear_colour,
        )
        ear.shape(
            [(-half * 0.8, -length * 0.75), (half * 0.8, -length * 0.75), (0.4 * half, 0.15 * length)],
            mix(animal.ear_colour, (24, 20, 20), 0.2),
        )


def _eye(pen, animal, side):
    turn, radius = animal.turn, animal.eye
    x, y = side * animal.eye_x * (1 - 0.25 * abs(turn)) + turn * 0.34, animal.eye_y
    narrow = 1 - 0.35 * max(0.0, side * turn)
    tall = radius * animal.eye_shape
    if animal.mask:
        pen.ellipse(x, y, radius * 1.7 * narrow, radius * 1.6, mix(animal.coat, animal.dark, 0.7), 0, False)
    black = (24, 20, 22)
    if animal.closed:
        t = np.linspace(0.15, math.pi - 0.15, 8)
        pen.stroke(np.stack([x + radius * np.cos(t) * narrow, y + 0.6 * radius * np.sin(t)], 1), black, 0.07)
        return
    pen.ellipse(x, y, radius * narrow * 1.16, tall * 1.14, black, 0, False)
    pen.ellipse(x, y, radius * narrow, tall, animal.iris, 0, False)
    centre = x + 0.03 * turn
    if animal.pupils == "slit":
        pen.ellipse(centre, y, radius * 0.22 * narrow, tall * 0.88, black, 0, False)
    elif animal.pupils == "level":
        pen.ellipse(centre, y, radius * 0.72 * narrow, radius * 0.28, black, 0, False)
    else:
        pen.ellipse(centre, y, radius * 0.64 * narrow, radius * 0.64, black, 0, False)
    pen.ellipse(x - 0.3 * radius, y - 0.35 * radius, radius * 0.2, radius * 0.2, (250, 250, 250), 0, False)


def _muzzle(rng, pen, animal):
    turn, colour, nose = animal.turn, animal.muzzle_colour, animal.nose
    mouth = mix(animal.dark, (30, 22, 22), 0.7)
    x, y = turn * 0.42, 0.34
    smile = np.linspace(0.1, math.pi - 0.1, 8)
    if animal.muzzle == "short":
        size = 0.24 * animal.muzzle_size
        tip_x, tip_y = x, y
        _fur(pen, animal, ellipse(x, y + 0.24, size * 0.7, size * 0.6), colour)
        for side in (-1, 1):
            _fur(pen, animal, ellipse(x + side * size * 0.72, y + 0.08, size, size * 0.78), colour)
        small = 0.12 * animal.nose_size
        pen.shape(
            [
                (x - small, y - 0.13),
                (x + small, y - 0.13),
                (x + 0.2 * small, y + 0.02),
                (x - 0.2 * small, y + 0.02),
            ],
            nose,
        )
        pen.stroke([(x, y), (x, y + 0.14)], mouth, 0.04)
        for side in (-1, 1):
            pen.stroke(
                np.stack([x + side * 0.12 + 0.12 * np.cos(smile), y + 0.13 + 0.09 * np.sin(smile)], 1),
                mouth,
                0.04,
            )
        if animal.tongue:
            pen.ellipse(x, y + 0.3, 0.08, 0.1, (214, 112, 118), 0, False)
    elif animal.muzzle == "disc":
        tip_x, tip_y = x * 1.3, y + 0.05
        _fur(
            pen,
            animal,
            ellipse(tip_x, tip_y, 0.4 * animal.muzzle_size, 0.3 * animal.muzzle_size),
            mix(colour, animal.skin, 0.4),
        )
        for side in (-1, 1):
            pen.ellipse(tip_x + side * 0.14, tip_y, 0.07, 0.11, mouth, 0, False)
        pen.stroke(np.stack([x + 0.25 * np.cos(smile), y + 0.38 + 0.1 * np.sin(smile)], 1), mouth, 0.04)
    else:
        length, back, front = MUZZLES[animal.muzzle]
        length, back, front = (
            length * animal.muzzle_length,
            back * animal.muzzle_size,
            front * animal.muzzle_size,
        )
        tip_x, tip_y = x + turn * length * 0.9, y + 0.05 + length * (0.6 - 0.35 * abs(turn))
        if animal.tongue and front > 0.15:
            _fur(
                pen,
                animal,
                hull(
                    ellipse(tip_x, tip_y + front * 0.7, front * 0.42, 0.1),
                    ellipse(tip_x, tip_y + front * 1.35, front * 0.38, 0.12),
                ),
                (214, 112, 118),
            )
        _fur(
            pen,
            animal,
            hull(ellipse(x * 0.7, y - 0.1, back, back), ellipse(tip_x, tip_y, front, front * 0.9)),
            colour,
        )
        if animal.muzzle in ("wide", "tall"):
            for side in (-1, 1):
                pen.ellipse(tip_x + side * front * 0.45, tip_y - 0.05, 0.07, 0.1, mouth, 0, False)
            pen.stroke(
                np.stack(
                    [tip_x + 0.5 * front * np.cos(smile), tip_y + 0.35 * front + 0.2 * front * np.sin(smile)],
                    1,
                ),
                mouth,
                0.05,
            )
        else:
            nose_x, nose_y, size = (
                tip_x + turn * front * 0.3,
                tip_y - front * 0.4,
                0.19 * animal.nose_size * (0.65 if front < 0.18 else 1),
            )
            pen.ellipse(nose_x, nose_y, size, size * 0.74, nose, 0)
            pen.ellipse(
                nose_x - 0.3 * size,
                nose_y - 0.3 * size,
                size * 0.24,
                size * 0.18,
                mix(nose, (255, 255, 255), 0.75),
                0,
                False,
            )
            if front > 0.18:
                pen.stroke([(nose_x, nose_y + size * 0.7), (nose_x, tip_y + front * 0.35)], mouth, 0.045)
                for side in (-1, 1):
                    pen.stroke(
                        np.stack(
                            [
                                tip_x + side * front * 0.38 + front * 0.38 * np.cos(smile),
                                tip_y + front * 0.3 + front * 0.25 * np.sin(smile),
                            ],
                            1,
                        ),
                        mouth,
                        0.045,
                    )
    if animal.whiskers:
        for side in (-1, 1):
            for slope in (-0.16, 0.02, 0.2):
                x, y = tip_x + side * 0.22, tip_y + 0.06 + slope * 0.4
                reach = rng.uniform(0.7, 0.95)
                bend = (x + side * 0.3 * reach, y + slope * 0.4 - 0.04), (x + side * 0.7 * reach, y + slope * 0.9)
                pen.stroke(curve((x, y), *bend, (x + side * reach, y + slope * 1.3 + 0.05), 8), animal.hair_ink, 0.018)


def _camera(rng, image, level):
    """Light that falls unevenly, a cast of colour, a shot out of focus or shaken, and noise."""
    height, width = image.shape[:2]
    light = rng.uniform(0.8, 1.12) + (rng.random((3, 3, 1)) - 0.5) * rng.uniform(0.08, level.light)
    light = (light * rng.uniform(0.93, 1.07, 3)).astype(np.float32)
    light = cv2.resize(light, (width, height), interpolation=cv2.INTER_CUBIC)
    image = cv2.multiply(image, light, dtype=cv2.CV_8U)
    if rng.random() < level.blur:
        size = min(width, height) / 240
        if rng.random() < 0.75:
            image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.6, 1.9) * size)
        else:
            shake = 2 * int(2 * size) + 1
            image = cv2.blur(image, pick(rng, ((shake, 1), (1, shake), (3, 3))))
    grain = cv2.merge([scenes.texture(rng, "grain", height, width)] * 3)
    return cv2.addWeighted(image.astype(np.float32), 1, grain, rng.uniform(1, level.noise), 0, dtype=cv2.CV_8U)


def _end_with_parent():
    """Let a worker process end when the program that started it was killed, instead of waiting for work for ever."""

    def watch():
        wait([multiprocessing.parent_process().sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _without_ctrl_c():
    """Start processes that Ctrl-C does not reach, not even while they start: who started them ends them."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def draw_in_processes(draw_files, tasks, *arguments):
    """Draw many pictures with a worker process for each core, and show the progress.

    Parameters
    ----------
    draw_files : callable
        Draws some of the tasks and gives how many; a function of a module, which a new process can import.
    tasks : list
        One for each picture.
    *arguments
        What draw_files gets after its tasks.

    Raises
    ------
    OSError
        Where a picture cannot be written.
    concurrent.futures.process.BrokenProcessPool
        Where a process was ended from outside.
    """
    batches = [tasks[start : start + 50] for start in range(0, len(tasks), 50)]
    # "spawn" is the only way on Windows, and safe beside TensorFlow's threads everywhere.
    pool = ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn"), initializer=_end_with_parent)
    try:
        with _without_ctrl_c():
            waiting = [pool.submit(draw_files, batch, *arguments) for batch in batches]
        with tqdm(total=len(tasks), desc="Drawing", unit=" images", mininterval=0.5) as progress:
            for done in as_completed(waiting):
                progress.update(done.result())
    finally:
        # After Ctrl-C or an error, what has not begun is dropped; what runs ends within a second.
        pool.shutdown(wait=True, cancel_futures=True)


def _draw_files(tasks, folder, seed):
    """Draw some pictures into their files; runs in a worker process."""
    # One thread: the processes already share the cores, and OpenCV's threads would compete for them.
    cv2.setNumThreads(1)
    for folder_name, kind, split, number in tasks:
        image = draw_animal(kind, seed, split, number)
        done, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        if not done:
            raise RuntimeError(f"OpenCV could not encode {kind}.{number}.jpg")
        # Written by Python, since cv2.imwrite cannot open every Unicode path on Windows.
        (Path(folder) / folder_name / f"{kind}.{number}.jpg").write_bytes(data)
    return len(tasks)


def draw_photos(folder, seed=DEFAULT_SEED):
    """Draw the 3,000 pictures of the course into its four folders, with worker processes.

    Parameters
    ----------
    folder : path-like
        Gets cats-train, dogs-train (1,000 JPEGs each), cats-test and dogs-test (500 each).
    seed : int
        Seed of the whole set; the same seed gives the same files on one version of OpenCV.

    Raises
    ------
    OSError
        Where the folder cannot be written.
    """
    folder = Path(folder)
    tasks = []
    for name, kind, split, first, count in FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
        tasks += [(name, kind, split, number) for number in range(first, first + count)]
    draw_in_processes(_draw_files, tasks, folder, seed)
