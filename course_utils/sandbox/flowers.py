"""Five kinds of flowers, drawn by OpenCV from a seed: notebook 08's images where no photos can be had.

The kinds differ by the shapes of their heads and leaves, while colour, scene, light, number and place overlap. As for
the animals, every picture has a random generator of its own, keyed by seed, index and kind.
"""

import math
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np

from course_utils.sandbox import drawing, scenes
from course_utils.sandbox.drawing import DEFAULT_SEED, JPEG_QUALITY
from course_utils.sandbox.scenes import Pen, curve, ellipse, leaf, mix, pick, tube, vary

# How many of each kind are drawn: the counts of the photos, 633, 898, 641, 699 and 799, times 0.38.
COUNTS = {"daisy": 241, "dandelion": 341, "roses": 244, "sunflowers": 266, "tulips": 304}
# What the photos have too, for the notebook to find: a picture in two classes, one in the wrong class, one without any
# flower, and one saved twice, the second time smaller and with fewer bytes.
IN_TWO_CLASSES = (("roses", 120), ("tulips", 150))
MISFILED, IN_ITS_PLACE = ("roses", 40), ("tulips", 1039)
WITHOUT_FLOWER = ("roses", 77)
SAVED_AGAIN = (("dandelion", 200), ("dandelion", 201))

GREENS = [(72, 112, 56), (98, 134, 66), (58, 96, 60), (112, 140, 84), (84, 120, 92)]
PETALS = {
    "daisy": [(244, 242, 236), (240, 240, 244), (240, 214, 224), (214, 120, 168), (240, 206, 70), (190, 160, 214)],
    "dandelion": [(244, 204, 40), (238, 190, 30), (248, 216, 72)],
    "roses": [(196, 36, 48), (226, 120, 140), (240, 232, 224), (240, 200, 90), (150, 20, 50), (232, 140, 96)],
    "sunflowers": [(244, 196, 36), (238, 176, 28), (246, 212, 80), (206, 110, 40), (244, 230, 170)],
    "tulips": [(206, 40, 50), (238, 196, 60), (226, 130, 160), (240, 236, 230), (120, 50, 120), (236, 130, 60)],
}
# Radius of a head as a share of the shorter side, easy and hard; the rest as for the animals.
EASY = {"smallest": 0.16, "largest": 0.34, "alone": 0.6, "in_front": 0.0, "noise": 3.0, "blur": 0.12, "light": 0.25}
HARD = {"smallest": 0.06, "largest": 0.13, "alone": 0.15, "in_front": 5.0, "noise": 15.0, "blur": 0.55, "light": 0.8}
SHARE_EASY = 0.62


def draw_flower(kind, seed, index):
    """Draw flowers of one kind in their surroundings.

    Parameters
    ----------
    kind : str
        A key of `COUNTS`.
    seed : int
        Seed of the whole set of pictures, 0 or larger.
    index : int
        Number of the picture within its kind, 0 or larger.

    Returns
    -------
    numpy.ndarray
        RGB, uint8 (height, width, 3); the size is one of `drawing.SIZES`.
    """
    rng = _generator(kind, seed, index)
    difficulty = rng.uniform(0.0, 0.3) if rng.random() < SHARE_EASY else rng.uniform(0.8, 1.0)
    level = SimpleNamespace(**{name: EASY[name] + (HARD[name] - EASY[name]) * difficulty for name in EASY})
    image, things = _surroundings(rng)
    height, width = image.shape[:2]
    unit = min(height, width)
    head = unit * math.exp(rng.uniform(math.log(level.smallest), math.log(level.largest)))
    look = SimpleNamespace(
        colour=vary(rng, pick(rng, PETALS[kind]), 12),
        green=vary(rng, pick(rng, GREENS)),
        seeded=kind == "dandelion" and rng.random() < 0.45,
        outline=pick(rng, (0, 0, 1)),
        squash=rng.uniform(0.55, 1.0),
    )
    number = 1 if rng.random() < level.alone else int(rng.integers(2, 4 + 0.6 * unit / head / 2))
    places = _places(rng, width, height, head, min(number, 9))
    in_vase = number > 1 and rng.random() < 0.15
    foot = None
    if in_vase:
        foot = (width * rng.uniform(0.4, 0.6), height * rng.uniform(0.75, 0.9))
        places = [(x + 0.4 * (foot[0] - x), min(y, foot[1] - 2.2 * head)) for x, y in places]
    for x, y in places:
        _stem(rng, image, kind, look, x, y, head, foot)
    if in_vase:
        _vase(rng, image, *foot, head)
    for x, y in places:
        size = head * rng.uniform(0.85, 1.1)
        pen = Pen(image, x, y, size, rng.uniform(-0.35, 0.35), pick(rng, (-1, 1)), look.outline, _line(look.colour))
        HEADS[kind](rng, pen, look)
    for _ in range(int(round(level.in_front * rng.random()))):
        drawing._thing(rng, image, things, rng.uniform(0, width), height * rng.uniform(0.85, 1.1), head * 1.2)
    return drawing._camera(rng, image, level)


def _generator(kind, seed, index):
    # 4 is none of the numbers of the animals' splits.
    return np.random.default_rng([seed, 4, index, list(COUNTS).index(kind)])


def _line(colour):
    return mix(colour, (40, 30, 30), 0.55)


def _surroundings(rng):
    """A scene, a bed of leaves, or a blurred background, and the things that may stand in it."""
    width, height = drawing._size(rng)
    image = np.zeros((height, width, 3), np.uint8)
    unit = min(height, width)
    if rng.random() < 0.4:
        _leaves(rng, image)
        indoor = False
    else:
        scene, indoor = pick(rng, scenes.SCENES)
        scene(rng, image, rng.uniform(0.25, 0.7) * height)
    if rng.random() < 0.7:
        image = scenes.blurred(image, unit * rng.uniform(0.0, 0.03))
    return image, scenes.INDOOR_THINGS if indoor else scenes.OUTDOOR_THINGS


def _leaves(rng, image):
    """Leaves and blades all over, darker behind."""
    height, width = image.shape[:2]
    unit = min(height, width)
    green = vary(rng, pick(rng, GREENS + scenes.LEAVES), 20)
    scenes.gradient(image, 0, height, mix(green, (16, 24, 16), rng.uniform(0.3, 0.8)), mix(green, (20, 30, 20), 0.4))
    for _ in range(int(rng.integers(30, 110))):
        pen = Pen(image, rng.uniform(0, width), rng.uniform(0, 1.2 * height), unit * rng.uniform(0.08, 0.35))
        blade = pen.inner(0, 0, 1, rng.uniform(-1.2, 1.2))
        shade = mix(vary(rng, green, 26), (20, 30, 18), rng.uniform(0, 0.45))
        blade.shape(leaf(1, rng.uniform(0.04, 0.3), rng.uniform(0.7, 1.3), rng.uniform(-0.3, 0.3)), shade, False)


def _places(rng, width, height, head, number):
    """Centres of the heads: inside the picture, and apart from each other where that can be had."""
    places = []
    for _ in range(number):
        for _ in range(12):
            x = rng.uniform(min(1.05 * head, 0.45 * width), max(width - 1.05 * head, 0.55 * width))
            y = rng.uniform(min(1.05 * head, 0.4 * height), max(0.8 * height - 0.6 * head, 0.55 * height))
            if all((x - a) ** 2 + (y - b) ** 2 > (1.5 * head) ** 2 for a, b in places):
                places.append((x, y))
                break
    return sorted(places, key=lambda place: place[1]) or [(width / 2, height / 2)]


def _petal(length, width, sharp, bend=0.0, count=12):
    """The outline of a petal from (0, 0) up to (0, -length): round where `sharp` is small, pointed where large."""
    t = np.linspace(0, 1, count)
    half = width * t**0.6 * (1 - t**4) ** sharp
    middle = bend * t * t
    left, right = np.stack([middle - half, -length * t], 1), np.stack([middle + half, -length * t], 1)
    return np.concatenate([left, right[::-1]])


def _tilted(pen, squash):
    """A pen for a head that is seen from the side by so much that a circle becomes an ellipse."""
    tilted = pen.inner(0, 0)
    tilted.matrix = np.diag([1.0, squash]) @ tilted.matrix
    return tilted


def _ring(rng, pen, number, inside, length, width, sharp, colour):
    """A ring of petals, each a little different, with a line along its middle."""
    for angle in np.linspace(0, 2 * math.pi, number, endpoint=False) + rng.random():
        angle += rng.uniform(-0.08, 0.08)
        petal = pen.inner(inside * math.sin(angle), -inside * math.cos(angle), 1, angle)
        shade = mix(vary(rng, colour, 9), (40, 34, 30), rng.uniform(0, 0.14))
        reach = length * rng.uniform(0.85, 1.05)
        petal.shape(_petal(reach, width * rng.uniform(0.85, 1.15), sharp, rng.uniform(-0.08, 0.08)), shade)
        petal.stroke([(0, -0.15 * reach), (0, -0.75 * reach)], mix(shade, (60, 50, 40), 0.18), 0.02)


def _dots(rng, pen, radius, number, size, inner, outer):
    """Seeds in spirals, as on a sunflower's disc (the golden angle between one and the next)."""
    for step in range(number):
        share = math.sqrt((step + 0.5) / number)
        angle = step * 2.39996
        colour = vary(rng, mix(inner, outer, share), 10)
        centre = pen.fixed([(radius * share * math.cos(angle), radius * share * math.sin(angle))])[0, 0].tolist()
        thick = round(size * pen.scale * (1 << scenes.SUBPIXEL_BITS))
        cv2.circle(pen.image, centre, thick, colour, -1, cv2.LINE_AA, scenes.SUBPIXEL_BITS)


def _daisy(rng, pen, look):
    pen = _tilted(pen, look.squash)
    number = int(rng.integers(13, 22))
    if rng.random() < 0.5:
        _ring(rng, pen, number, 0.15, 0.8, 1.6 / number, 0.25, mix(look.colour, (60, 60, 60), 0.15))
    _ring(rng, pen, number, 0.15, 0.84, 1.9 / number, 0.25, look.colour)
    yellow, radius = vary(rng, (232, 180, 40)), rng.uniform(0.24, 0.32)
    pen.ellipse(0, 0, radius, radius, mix(yellow, (90, 60, 20), 0.45))
    _dots(rng, pen, radius * 0.95, 45, 0.045, mix(yellow, (255, 240, 160), 0.3), yellow)


def _dandelion(rng, pen, look):
    if look.seeded:
        _clock(rng, pen)
        return
    if look.squash < 0.75:
        for angle in np.linspace(-1.0, 1.0, 7):
            pen.inner(0, 0.1, 1, math.pi + angle * 0.6).shape(_petal(0.62, 0.13, 1.0), vary(rng, look.green, 16))
    pen = _tilted(pen, look.squash)
    for ring in range(6):
        reach = 1.0 - 0.155 * ring
        number = 34 - 3 * ring
        shade = mix(mix(look.colour, (190, 110, 10), 0.45), mix(look.colour, (255, 244, 130), 0.35), ring / 5)
        for angle in np.linspace(0, 2 * math.pi, number, endpoint=False) + rng.random():
            floret = pen.inner(0, 0, 1, angle + rng.uniform(-0.08, 0.08))
            tip, half = -reach * rng.uniform(0.82, 1.05), 0.055
            outline = [(-0.02, 0), (-half, tip), (-0.3 * half, tip * 0.95), (0, tip), (half, tip * 0.97), (0.02, 0)]
            floret.shape(outline, vary(rng, mix(shade, (120, 70, 10), rng.uniform(0, 0.25)), 8), False)


def _clock(rng, pen):
    """A dandelion's head of seeds: a ball of fine rays that one can look through."""
    haze = pen.image.copy()
    Pen(haze, *pen.origin, pen.scale).ellipse(0, 0, 0.95, 0.95, (232, 232, 228), 0, False)
    share = rng.uniform(0.25, 0.5)
    pen.image[:] = cv2.addWeighted(haze, share, pen.image, 1 - share, 0)
    gone = rng.uniform(0, 2 * math.pi) if rng.random() < 0.3 else None
    for _ in range(int(rng.integers(70, 110))):
        angle, reach = rng.uniform(0, 2 * math.pi), math.sqrt(rng.uniform(0.08, 1)) * 0.92
        if gone is not None and abs((angle - gone + math.pi) % (2 * math.pi) - math.pi) < 0.6:
            continue
        x, y = reach * math.cos(angle), reach * math.sin(angle)
        white = vary(rng, (236, 236, 232), 16)
        pen.stroke([(0.12 * x, 0.12 * y), (x, y)], mix(white, (110, 104, 96), 0.4), 0.012)
        for turn in np.linspace(-1.3, 1.3, 7):
            a = angle + turn
            pen.stroke([(x, y), (x + 0.16 * math.cos(a), y + 0.16 * math.sin(a))], white, 0.012)
    pen.ellipse(0, 0, 0.13, 0.13, vary(rng, (126, 106, 78)), 0, False)
    _dots(rng, pen, 0.2, 24, 0.025, (90, 70, 50), (110, 84, 60))


def _rose(rng, pen, look):
    """Broad petals, each with a lighter rim, laid over each other towards a spiral."""
    squash = rng.uniform(0.7, 1.0)
    colour = look.colour
    if squash < 0.85:
        for angle in (-0.9, -0.3, 0.3, 0.9):
            pen.inner(0, 0.45, 1, math.pi + angle).shape(_petal(0.75, 0.14, 1.1), vary(rng, look.green))
        pen.ellipse(0, 0.35, 0.68, 0.55, mix(colour, (30, 10, 16), 0.35))
    pen = _tilted(pen, squash)
    for offset, size, number, depth in ((0.5, 0.5, 6, 0.05), (0.36, 0.42, 5, 0.16), (0.23, 0.33, 4, 0.28)):
        for angle in np.linspace(0, 2 * math.pi, number, endpoint=False) + rng.uniform(0, 2):
            angle += rng.uniform(-0.15, 0.15)
            x, y = offset * math.cos(angle), offset * math.sin(angle)
            wide = size * rng.uniform(0.92, 1.12)
            rim = mix(vary(rng, colour, 8), (255, 240, 236), 0.22)
            pen.shape(ellipse(x, y, wide, wide * 0.86, angle + math.pi / 2), rim)
            inside = mix(colour, (36, 6, 14), depth + rng.uniform(0, 0.12))
            pen.shape(ellipse(x * 0.8, y * 0.8, wide * 0.9, wide * 0.76, angle + math.pi / 2), inside, False)
    turns = np.linspace(0.4, 5.2 * math.pi, 50)
    start = rng.uniform(0, 6)
    radius = 0.03 + 0.3 * turns / turns[-1]
    spiral = np.stack([radius * np.cos(turns + start), radius * np.sin(turns + start)], 1)
    pen.ellipse(0, 0, 0.34, 0.34, mix(colour, (36, 6, 14), 0.25), 0, False)
    pen.stroke(spiral, mix(colour, (30, 4, 10), 0.55), 0.05)
    pen.stroke(spiral * 0.9, mix(colour, (255, 236, 230), 0.25), 0.03)


def _sunflower(rng, pen, look):
    pen = _tilted(pen, max(look.squash, 0.65))
    number, radius = int(rng.integers(15, 22)), rng.uniform(0.42, 0.56)
    for shade, shift in ((mix(look.colour, (120, 60, 10), 0.35), 0.02), (look.colour, 0.0)):
        _ring(rng, pen, number, radius * 0.85, 1.08 - radius * 0.85 + shift, 2.3 / number, 1.1, shade)
    brown = vary(rng, pick(rng, [(74, 46, 26), (50, 34, 24), (104, 72, 36), (92, 92, 40)]))
    pen.ellipse(0, 0, radius, radius, mix(brown, (150, 104, 40), 0.35))
    pen.ellipse(0, 0, radius * 0.82, radius * 0.82, brown, 0, False)
    _dots(rng, pen, radius * 0.96, 110, 0.028, mix(brown, (120, 130, 60), 0.45), mix(brown, (206, 150, 60), 0.6))


def _tulip(rng, pen, look):
    """A cup seen from the side; its petals end in points."""
    colour, spread = look.colour, rng.uniform(0.25, 0.62)
    dark = mix(colour, (50, 20, 30), 0.35)
    for x in (-0.45, 0.4):
        pen.inner(x * 0.2, 0.85, 1, x * spread).shape(_petal(1.75, 0.42, 0.8), dark)
    pen.inner(0, 0.85, 1, rng.uniform(-0.1, 0.1)).shape(_petal(1.7, 0.44, 0.8), mix(colour, dark, 0.6))
    for side in (-1, 1):
        outer = pen.inner(side * 0.1, 0.88, 1, side * spread * 0.75)
        shade = mix(vary(rng, colour, 8), (50, 20, 30), 0.1)
        outer.shape(_petal(1.6, 0.46, 0.75, -side * 0.1), shade)
        for x in (-0.14, 0.12):
            outer.stroke([(x * 0.6, -0.3), (x, -1.15)], mix(shade, (60, 20, 30), 0.14), 0.03)
    if rng.random() < 0.75:
        front = pen.inner(0, 0.9, 1, rng.uniform(-0.12, 0.12))
        shade = mix(vary(rng, colour, 8), (255, 246, 236), 0.12)
        front.shape(_petal(1.5, 0.44, 0.7), shade)
        front.stroke([(0, -0.2), (0, -1.2)], mix(shade, (70, 20, 30), 0.16), 0.03)
    pen.ellipse(0, 0.86, 0.2, 0.1, mix(colour, look.green, 0.6), 0, False)


HEADS = {"daisy": _daisy, "dandelion": _dandelion, "roses": _rose, "sunflowers": _sunflower, "tulips": _tulip}


def _stem(rng, image, kind, look, x, y, head, foot):
    """The stem from the head down to the vase or out of the picture, with the leaves of its kind."""
    height = len(image)
    end = foot or (x + rng.uniform(-0.8, 0.8) * head, height + head)
    if not foot and rng.random() < 0.5:
        end = (end[0], min(y + rng.uniform(4, 9) * head, height + head))
    start = (x, y + 0.2 * head)
    bend = rng.uniform(-0.4, 0.4) * head
    path = curve(start, (x + bend, y + 1.5 * head), (end[0] + bend, (y + 2 * end[1]) / 3), end, 16)
    thick = head * {"daisy": 0.06, "dandelion": 0.07, "roses": 0.09, "sunflowers": 0.12, "tulips": 0.1}[kind]
    colour = mix(look.green, (150, 120, 90), 0.35) if kind == "dandelion" and rng.random() < 0.4 else look.green
    pen = Pen(image, 0, 0, 1, outline=look.outline, line=_line(look.green))
    pen.shape(tube(path, np.full(16, max(thick, 1.0))), vary(rng, colour))
    pen.stroke(path + (thick * 0.4, 0), mix(colour, (230, 240, 200), 0.25), max(thick * 0.4, 1))
    if foot is not None and kind != "roses":
        return
    for side in (-1, 1):
        LEAVES[kind](rng, image, look, path, side, head)


def _blade(rng, image, look, at, scale, angle, outline):
    shade = mix(vary(rng, look.green, 18), (24, 34, 20), rng.uniform(0, 0.25))
    pen = Pen(image, *at, scale, angle, 1, look.outline, _line(look.green))
    pen.shape(outline, shade)
    pen.stroke([(0, 0), (0, -0.8)], mix(shade, (220, 230, 190), 0.3), 0.03)


def _small_leaves(rng, image, look, path, side, head):
    for step in (7, 11):
        _blade(rng, image, look, path[step], head * rng.uniform(0.5, 0.8), side * rng.uniform(0.6, 1.1), leaf(1, 0.1))


def _jagged_leaves(rng, image, look, path, side, head):
    """Leaves with teeth that point back, in a rosette at the stem's foot."""
    t = np.linspace(0, 1, 13)
    half = 0.05 + 0.2 * np.sin(math.pi * t) * (np.arange(13) % 2)
    outline = np.concatenate([np.stack([-half, -t], 1), np.stack([half, -t], 1)[::-1]])
    for angle in (0.5, 1.1, 1.6):
        _blade(rng, image, look, path[-1], head * rng.uniform(1.6, 2.6), side * angle + rng.uniform(-0.2, 0.2), outline)


def _rose_leaves(rng, image, look, path, side, head):
    """Three saw-edged leaflets together, and thorns."""
    t = np.linspace(0, 1, 17)
    half = 0.36 * np.sin(math.pi * t**0.9) ** 0.8 * (1 - 0.12 * (np.arange(17) % 2))
    outline = np.concatenate([np.stack([-half, -t], 1), np.stack([half, -t], 1)[::-1]])
    for step in (6, 10):
        x, y = path[step]
        for angle, reach in ((0.4, 0.5), (1.2, 0.8), (2.0, 0.5)):
            at = (x + side * head * 0.35 * reach, y - head * 0.1)
            _blade(rng, image, look, at, head * rng.uniform(0.6, 0.85), side * angle, outline)
    pen = Pen(image, 0, 0, 1)
    for step in (4, 8, 12):
        x, y = path[step]
        pen.shape([(x, y - 0.08 * head), (x + side * 0.22 * head, y - 0.05 * head), (x, y + 0.08 * head)], look.green)


def _heart_leaves(rng, image, look, path, side, head):
    t = np.linspace(0, 1, 14)
    half = 0.52 * t**0.35 * (1 - t) ** 0.8 * 1.6
    outline = np.concatenate([np.stack([-half, 0.12 - 1.12 * t], 1), np.stack([half, 0.12 - 1.12 * t], 1)[::-1]])
    for step in (6, 10):
        angle = side * rng.uniform(1.2, 2.0)
        _blade(rng, image, look, path[step], head * rng.uniform(0.9, 1.4), angle, outline)


def _long_leaves(rng, image, look, path, side, head):
    outline = leaf(1, rng.uniform(0.07, 0.12), 0.9, side * rng.uniform(0.05, 0.3))
    _blade(rng, image, look, path[-1], head * rng.uniform(3.0, 4.5), side * rng.uniform(0.12, 0.4), outline)


LEAVES = {
    "daisy": _small_leaves,
    "dandelion": _jagged_leaves,
    "roses": _rose_leaves,
    "sunflowers": _heart_leaves,
    "tulips": _long_leaves,
}


def _vase(rng, image, x, y, head):
    colour = vary(rng, pick(rng, scenes.TOYS + scenes.FABRICS))
    pen = Pen(image, x, y, head * rng.uniform(1.0, 1.5), 0, 1, 1, _line(colour))
    bulge, neck = rng.uniform(0.45, 0.75), rng.uniform(0.3, 0.5)
    side = curve((neck, -0.3), (neck * 0.8, 0.1), (bulge * 1.3, 0.5), (bulge * 0.7, 1.4))
    pen.shape(np.concatenate([side, side[::-1] * (-1, 1)]), colour)
    pen.ellipse(0, -0.3, neck, 0.09, mix(colour, (20, 16, 16), 0.4))
    pen.ellipse(-0.25 * bulge, 0.5, 0.08, 0.35, mix(colour, (255, 255, 255), 0.4), 0.1, False)


def _picture(kind, seed, index):
    """The picture that is filed under a kind and a number, and its JPEG quality."""
    if (kind, index) == WITHOUT_FLOWER:
        rng = _generator(kind, seed, index)
        image = np.zeros((374, 500, 3), np.uint8)
        scenes.bed(rng, image, 150)
        return image, JPEG_QUALITY
    if (kind, index) == MISFILED:
        return draw_flower(*_key(IN_ITS_PLACE, seed)), JPEG_QUALITY
    if (kind, index) == IN_TWO_CLASSES[1]:
        return draw_flower(*_key(IN_TWO_CLASSES[0], seed)), JPEG_QUALITY
    if (kind, index) == SAVED_AGAIN[1]:
        image = draw_flower(*_key(SAVED_AGAIN[0], seed))
        return cv2.resize(image, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA), 60
    return draw_flower(kind, seed, index), JPEG_QUALITY


def _key(filed, seed):
    kind, index = filed
    return kind, seed, index


def _draw_files(tasks, folder, seed):
    """Draw some pictures into their files; runs in a worker process."""
    cv2.setNumThreads(1)  # the processes already share the cores
    for kind, index in tasks:
        image, quality = _picture(kind, seed, index)
        done, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
        if not done:
            raise RuntimeError(f"OpenCV could not encode {kind}.{index}.jpg")
        (Path(folder) / kind / f"{kind}.{index}.jpg").write_bytes(data)
    return len(tasks)


def draw_flowers(folder, seed=DEFAULT_SEED):
    """Draw the flowers of the course into five class folders, with worker processes.

    Parameters
    ----------
    folder : path-like
        Gets ``daisy``, ``dandelion``, ``roses``, ``sunflowers`` and ``tulips`` with as many JPEGs as `COUNTS` says.
    seed : int
        Seed of the whole set; the same seed gives the same files on one version of OpenCV.

    Raises
    ------
    OSError
        Where the folder cannot be written.
    """
    folder = Path(folder)
    for kind in COUNTS:
        (folder / kind).mkdir(parents=True, exist_ok=True)
    tasks = [(kind, index) for kind, count in COUNTS.items() for index in range(count)]
    drawing.draw_in_processes(_draw_files, tasks, folder, seed)
