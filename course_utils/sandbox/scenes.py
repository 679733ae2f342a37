"""Drawn rooms, gardens and things: the surroundings of the animals of `course_utils.sandbox.drawing`.

All shapes are drawn with OpenCV in RGB on uint8 images of shape (height, width, 3). Every random choice comes from
the `numpy.random.Generator` that the caller hands in, so a picture depends on its own seed alone.
"""

import functools
import math

import cv2
import numpy as np

SUBPIXEL_BITS = 4
TEXTURE_SIZE = 768

WALLS = [
    (228, 216, 198),
    (200, 210, 214),
    (214, 198, 178),
    (184, 192, 176),
    (234, 230, 224),
    (166, 146, 126),
    (150, 166, 178),
    (208, 182, 164),
    (122, 132, 140),
    (190, 170, 150),
]
WOODS = [(168, 124, 82), (142, 98, 62), (196, 158, 114), (108, 78, 54), (188, 152, 120), (84, 64, 50)]
FABRICS = [
    (172, 70, 62),
    (70, 96, 132),
    (206, 186, 150),
    (110, 118, 92),
    (90, 84, 92),
    (192, 132, 72),
    (226, 218, 204),
    (126, 82, 70),
    (128, 146, 158),
    (196, 156, 150),
    (60, 66, 74),
    (154, 140, 120),
]
TOYS = [
    (200, 62, 52),
    (58, 104, 160),
    (230, 184, 60),
    (86, 140, 84),
    (236, 232, 224),
    (222, 128, 60),
    (140, 92, 132),
    (60, 60, 66),
    (206, 150, 156),
    (150, 112, 74),
    (120, 160, 176),
]
GRASSES = [(104, 138, 66), (128, 150, 76), (86, 116, 60), (150, 156, 88), (166, 154, 94), (112, 126, 84)]
LEAVES = [(64, 104, 54), (92, 126, 62), (52, 84, 58), (126, 132, 66), (158, 110, 54), (140, 76, 48)]
SANDS = [(222, 202, 160), (206, 184, 146), (196, 178, 150), (232, 216, 184)]
STONES = [(150, 146, 140), (176, 172, 166), (122, 116, 110), (168, 150, 130), (98, 96, 96)]
SKIES = [
    ((112, 164, 214), (208, 228, 242)),
    ((150, 186, 216), (228, 234, 238)),
    ((150, 160, 174), (208, 210, 212)),
    ((232, 176, 132), (250, 224, 186)),
    ((92, 134, 190), (190, 214, 232)),
]
UNIT_CIRCLE = np.stack([np.cos(np.linspace(0, 2 * np.pi, 36, False)), np.sin(np.linspace(0, 2 * np.pi, 36, False))], 1)


def pick(rng, options):
    """One of the options, each equally likely."""
    return options[int(rng.random() * len(options))]


def mix(first, second, share):
    """The colour that lies `share` of the way from the first to the second."""
    return tuple(a * (1 - share) + b * share for a, b in zip(first, second, strict=True))


def vary(rng, colour, amount=14.0):
    """The colour, a little lighter or darker and a little shifted."""
    light = rng.uniform(-amount, amount)
    return tuple(min(max(c + light + rng.uniform(-0.4, 0.4) * amount, 0.0), 255.0) for c in colour)


def ellipse(x, y, radius_x, radius_y, angle=0.0):
    """The outline of an ellipse, float64 (36, 2); the angle in radians."""
    points = UNIT_CIRCLE * (radius_x, radius_y)
    if angle:
        cosine, sine = math.cos(angle), math.sin(angle)
        points = points @ np.array([[cosine, sine], [-sine, cosine]])
    return points + (x, y)


def hull(*outlines):
    """The convex outline around several outlines, float32 (n, 2)."""
    return cv2.convexHull(np.concatenate(outlines).astype(np.float32)).reshape(-1, 2)


def curve(start, control_1, control_2, end, count=14):
    """Points on a cubic Bezier curve, float64 (count, 2)."""
    t = np.linspace(0, 1, count)[:, None]
    start, control_1, control_2, end = (np.asarray(p, float) for p in (start, control_1, control_2, end))
    return (1 - t) ** 3 * start + 3 * (1 - t) ** 2 * t * control_1 + 3 * (1 - t) * t * t * control_2 + t**3 * end


def tube(path, radii):
    """The outline of a path (n, 2) that is as thick as its radii (n,) say, with a round end."""
    direction = np.gradient(path, axis=0)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True) + 1e-9
    normal = np.stack([-direction[:, 1], direction[:, 0]], 1)
    radii = np.asarray(radii, float)[:, None]
    turn = np.linspace(np.pi / 2, -np.pi / 2, 7)[1:-1, None]
    cap = path[-1] + radii[-1] * (np.cos(turn) * direction[-1] + np.sin(turn) * normal[-1])
    return np.concatenate([path + normal * radii, cap, (path - normal * radii)[::-1]])


def leaf(length, width, widest=1.0, bend=0.0, count=18):
    """The outline of a leaf from (0, 0) up to (0, -length); `widest` above 1 puts its belly near the tip."""
    t = np.linspace(0, 1, count)
    half = width * np.sin(np.pi * t**widest) ** 0.8
    middle = bend * t * t
    left, right = np.stack([middle - half, -length * t], 1), np.stack([middle + half, -length * t], 1)
    return np.concatenate([left, right[::-1]])


@functools.cache
def textures():
    """Noise of mean 0 and deviation 1, float32 (768, 768): fine grain, hair and soft patches."""
    rng = np.random.default_rng(20240)
    grain = rng.standard_normal((TEXTURE_SIZE, TEXTURE_SIZE), np.float32)
    hair = cv2.GaussianBlur(grain, (0, 0), sigmaX=0.8, sigmaY=3.2)
    soft = cv2.resize(cv2.GaussianBlur(grain[:192, :192], (0, 0), 1.6), (TEXTURE_SIZE, TEXTURE_SIZE))
    return {name: (n - n.mean()) / n.std() for name, n in (("grain", grain), ("hair", hair), ("soft", soft))}


def texture(rng, name, height, width):
    """A random window of one of the textures, float32 (height, width)."""
    noise = textures()[name]
    y, x = int(rng.random() * (TEXTURE_SIZE - height)), int(rng.random() * (TEXTURE_SIZE - width))
    return noise[y : y + height, x : x + width]


class Pen:
    """Draws shapes given in a frame of their own, which is scaled, turned, mirrored and moved on the image.

    Parameters
    ----------
    image : uint8 (height, width, 3)
    x, y : where the frame's origin lies on the image, in pixels
    scale : pixels per unit of the frame
    angle : radians, clockwise
    flip : 1, or -1 to mirror left and right
    outline : width of the line around filled shapes in pixels; 0 draws none
    line : colour of that line
    """

    def __init__(self, image, x, y, scale, angle=0.0, flip=1, outline=0, line=(40, 32, 30)):
        self.image = image
        cosine, sine = math.cos(angle) * scale, math.sin(angle) * scale
        self.matrix = np.array([[cosine * flip, sine * flip], [-sine, cosine]])
        self.origin = np.array([x, y], float)
        self.scale, self.outline, self.line = scale, outline, line

    def inner(self, x, y, scale=1.0, angle=0.0, flip=1):
        """A pen whose frame lies inside this one's."""
        pen = Pen(self.image, 0, 0, scale, angle, flip, self.outline, self.line)
        pen.matrix = pen.matrix @ self.matrix
        pen.origin = np.array([x, y]) @ self.matrix + self.origin
        pen.scale = self.scale * scale
        return pen

    def on_image(self, points):
        """The points in pixels, float64 (n, 2)."""
        return np.asarray(points, float) @ self.matrix + self.origin

    def fixed(self, points):
        """The points as OpenCV's fixed-point numbers, int32 (n, 1, 2)."""
        return np.round(self.on_image(points) * (1 << SUBPIXEL_BITS)).astype(np.int32).reshape(-1, 1, 2)

    def shape(self, points, colour, outline=True):
        """Fill an outline."""
        points = self.fixed(points)
        cv2.fillPoly(self.image, [points], colour, cv2.LINE_AA, SUBPIXEL_BITS)
        if outline and self.outline:
            cv2.polylines(self.image, [points], True, self.line, self.outline, cv2.LINE_AA, SUBPIXEL_BITS)

    def ellipse(self, x, y, radius_x, radius_y, colour, angle=0.0, outline=True):
        """Fill an ellipse."""
        self.shape(ellipse(x, y, radius_x, radius_y, angle), colour, outline)

    def stroke(self, points, colour, width):
        """Draw an open line; the width in units of the frame."""
        thickness = max(1, int(round(width * self.scale)))
        cv2.polylines(self.image, [self.fixed(points)], False, colour, thickness, cv2.LINE_AA, SUBPIXEL_BITS)


def gradient(image, top, bottom, colour_top, colour_bottom):
    """Fill the rows from `top` to `bottom` with a vertical gradient."""
    top, bottom = max(int(top), 0), min(int(bottom), len(image))
    if bottom > top:
        share = np.linspace(0, 1, bottom - top)[:, None]
        rows = (np.array(colour_top) * (1 - share) + np.array(colour_bottom) * share).astype(np.uint8)
        size = (image.shape[1], bottom - top)
        image[top:bottom] = cv2.resize(rows[:, None], size, interpolation=cv2.INTER_NEAREST)


def roughen(rng, image, top, name, strength):
    """Add texture to all rows below `top`."""
    top = max(int(top), 0)
    if top < len(image):
        rows = image[top:]
        noise = cv2.merge([texture(rng, name, *rows.shape[:2])] * 3)
        rows[:] = cv2.addWeighted(rows.astype(np.float32), 1, noise, strength, 0, dtype=cv2.CV_8U)


def rectangle(pen, left, top, right, bottom, colour, outline=True):
    """Fill an upright rectangle."""
    pen.shape([(left, top), (right, top), (right, bottom), (left, bottom)], colour, outline)


# -------------------------------------------------------------------- scenes


def sky(rng, image, horizon):
    """Sky, clouds, hills and trees down to the horizon."""
    height, width = image.shape[:2]
    high, low = pick(rng, SKIES)
    gradient(image, 0, horizon + 1, vary(rng, high), vary(rng, low, 8))
    unit = min(height, width)
    for _ in range(int(rng.integers(0, 4))):
        pen = Pen(image, rng.uniform(0, width), rng.uniform(0, 0.7) * horizon, unit * rng.uniform(0.05, 0.13))
        for _ in range(4):
            pen.ellipse(
                rng.uniform(-1.2, 1.2),
                rng.uniform(-0.2, 0.2),
                rng.uniform(0.5, 1.1),
                rng.uniform(0.25, 0.5),
                mix(low, (255, 255, 255), 0.7),
            )
    if rng.random() < 0.6:
        colour = mix(pick(rng, GRASSES), low, rng.uniform(0.35, 0.7))
        x = np.linspace(-0.05 * width, 1.05 * width, 24)
        y = horizon - unit * (
            0.05 + 0.05 * np.sin(x / width * rng.uniform(3, 9) + rng.uniform(0, 6)) + rng.uniform(0, 0.1)
        )
        cv2.fillPoly(
            image,
            [np.stack([np.r_[x, x[::-1]], np.r_[y, np.full(24, horizon + 2)]], 1).astype(np.int32)],
            colour,
            cv2.LINE_AA,
        )
    for _ in range(int(rng.integers(0, 6))):
        tree(rng, Pen(image, rng.uniform(0, width), horizon + unit * 0.02, unit * rng.uniform(0.12, 0.4)))


def tree(rng, pen):
    """A tree with its foot at the origin, one unit high."""
    colour, trunk = vary(rng, pick(rng, LEAVES)), vary(rng, pick(rng, WOODS[:4]))
    rectangle(pen, -0.05, -0.4, 0.05, 0, trunk)
    if rng.random() < 0.35:
        for level in range(3):
            base, half = -0.18 - 0.24 * level, 0.34 - 0.07 * level
            pen.shape([(-half, base), (0, base - 0.42), (half, base)], mix(colour, (20, 30, 30), 0.25 - 0.1 * level))
    else:
        for _ in range(6):
            shade = mix(colour, pick(rng, [(30, 40, 30), (240, 236, 190)]), rng.uniform(0, 0.22))
            pen.ellipse(
                rng.uniform(-0.22, 0.22),
                rng.uniform(-0.85, -0.45),
                rng.uniform(0.14, 0.26),
                rng.uniform(0.12, 0.22),
                shade,
            )


def grass(rng, image, top, colour, count):
    """Tufts of grass below `top`, larger towards the viewer."""
    height, width = image.shape[:2]
    unit = min(height, width)
    for _ in range(count):
        y = rng.uniform(top, height * 1.02)
        near = (y - top) / max(height - top, 1)
        tuft(rng, Pen(image, rng.uniform(0, width), y, unit * (0.03 + 0.07 * near)), vary(rng, colour, 22))


def tuft(rng, pen, colour):
    """A tuft of grass with its foot at the origin, one unit high."""
    for blade in range(int(rng.integers(3, 7))):
        foot, lean = (blade - 2.5) * 0.12, rng.uniform(-0.5, 0.5)
        length = rng.uniform(0.6, 1.1)
        pen.shape(
            [(foot - 0.05, 0), (foot + lean * 0.4, -length * 0.6), (foot + lean, -length), (foot + 0.06, 0)],
            vary(rng, colour, 10),
            False,
        )


def meadow(rng, image, horizon):
    """A meadow, sometimes with a fence, a path, or flowers."""
    height, width = image.shape[:2]
    unit = min(height, width)
    sky(rng, image, horizon)
    colour = vary(rng, pick(rng, GRASSES))
    if rng.random() < 0.25:
        fence(rng, Pen(image, 0, horizon + 0.03 * unit, unit * rng.uniform(0.14, 0.28)), width)
    gradient(image, horizon, height, mix(colour, (230, 230, 190), 0.25), mix(colour, (30, 36, 20), 0.12))
    roughen(rng, image, horizon, "soft", rng.uniform(3, 9))
    if rng.random() < 0.3:
        middle, shift = rng.uniform(0.2, 0.8) * width, rng.uniform(-0.3, 0.3) * width
        path = [
            (middle - 0.04 * width, horizon),
            (middle + 0.04 * width, horizon),
            (middle + shift + 0.3 * width, height),
            (middle + shift - 0.25 * width, height),
        ]
        Pen(image, 0, 0, 1).shape(path, vary(rng, pick(rng, SANDS + STONES)))
    grass(
        rng,
        image,
        horizon,
        mix(colour, pick(rng, [(40, 50, 20), (220, 220, 150)]), 0.2),
        int(rng.integers(15, 60)),
    )
    if rng.random() < 0.4:
        petals = pick(rng, TOYS)
        for _ in range(int(rng.integers(4, 16))):
            y = rng.uniform(horizon, height)
            flower(
                rng,
                Pen(image, rng.uniform(0, width), y, unit * (0.01 + 0.035 * (y - horizon) / height)),
                petals,
            )


def fence(rng, pen, width):
    """A fence from the left to the right edge, its foot at y = 0, one unit high."""
    colour = vary(rng, pick(rng, WOODS + [(232, 230, 224)]))
    for y in (-0.75, -0.35):
        rectangle(pen, 0, y, width / pen.scale, y + 0.12, mix(colour, (30, 20, 10), 0.15))
    for x in np.arange(rng.random() * 0.5, width / pen.scale, 0.5):
        pen.shape([(x, 0.05), (x, -0.9), (x + 0.1, -1.02), (x + 0.2, -0.9), (x + 0.2, 0.05)], colour)


def beach(rng, image, horizon):
    """Sea and sand."""
    height, width = image.shape[:2]
    sky(rng, image, horizon * 0.75)
    water = vary(rng, pick(rng, [(86, 140, 160), (96, 130, 158), (110, 150, 150)]))
    gradient(image, horizon * 0.75, horizon + 1, water, mix(water, (240, 245, 240), 0.35))
    colour = vary(rng, pick(rng, SANDS), 8)
    gradient(image, horizon, height, mix(colour, (120, 100, 80), 0.15), colour)
    roughen(rng, image, horizon, "grain", rng.uniform(2, 6))
    unit = min(height, width)
    for _ in range(int(rng.integers(0, 10))):
        stone(
            rng,
            Pen(image, rng.uniform(0, width), rng.uniform(horizon, height), unit * rng.uniform(0.01, 0.04)),
            vary(rng, pick(rng, STONES + SANDS)),
        )


def snow(rng, image, horizon):
    """A snowy field."""
    height = len(image)
    sky(rng, image, horizon)
    gradient(image, horizon, height, vary(rng, (222, 228, 236), 6), vary(rng, (240, 242, 246), 6))
    roughen(rng, image, horizon, "soft", rng.uniform(2, 6))
    grass(rng, image, horizon, (150, 140, 110), int(rng.integers(0, 12)))


def terrace(rng, image, horizon):
    """Paving in front of a brick wall, a hedge or boards."""
    height, width = image.shape[:2]
    unit = min(height, width)
    kind = rng.random()
    if kind < 0.4:
        brick, mortar = (
            vary(rng, pick(rng, [(160, 88, 66), (176, 120, 92), (150, 140, 130)])),
            vary(rng, (196, 188, 176)),
        )
        image[: int(horizon) + 1] = np.array(mortar, np.uint8)
        step = unit * rng.uniform(0.05, 0.1)
        for row, y in enumerate(np.arange(0, horizon, step)):
            for x in np.arange(-(row % 2) * step, width, 2 * step):
                shade = vary(rng, brick, 12)
                cv2.rectangle(
                    image,
                    (int(x), int(y)),
                    (int(x + 1.85 * step), int(min(y + 0.85 * step, horizon))),
                    shade,
                    -1,
                )
    elif kind < 0.75:
        colour = vary(rng, pick(rng, LEAVES))
        gradient(image, 0, horizon + 1, mix(colour, (230, 235, 190), 0.2), mix(colour, (20, 30, 20), 0.3))
        for _ in range(140):
            pen = Pen(
                image,
                rng.uniform(0, width),
                rng.uniform(0, horizon),
                unit * rng.uniform(0.03, 0.07),
                rng.uniform(-3, 3),
            )
            pen.shape(leaf(1, 0.3), vary(rng, colour, 26))
    else:
        colour = vary(rng, pick(rng, WOODS))
        for x in np.arange(0, width, unit * 0.11):
            cv2.rectangle(image, (int(x), 0), (int(x + unit * 0.105), int(horizon)), vary(rng, colour, 10), -1)
    floor(rng, image, horizon, "tiles", vary(rng, pick(rng, STONES)))


def floor(rng, image, horizon, kind, colour):
    """Planks or tiles in perspective, or a plain carpet, below the horizon."""
    height, width = image.shape[:2]
    gradient(image, horizon, height, mix(colour, (40, 32, 28), 0.2), mix(colour, (255, 250, 240), 0.08))
    if kind == "carpet":
        roughen(rng, image, horizon, "grain", rng.uniform(2, 7))
        return
    seam = mix(colour, (30, 24, 20), 0.35)
    middle = rng.uniform(0.2, 0.8) * width
    step = width * rng.uniform(0.12, 0.3)
    for x in np.arange(-3 * width, 4 * width, step):
        top = middle + (x - middle) * 0.35
        cv2.line(image, (int(top), int(horizon)), (int(x), height), seam, 1, cv2.LINE_AA)
    if kind == "tiles":
        depth = 1.0
        while depth > 0.05:
            y = int(horizon + (height - horizon) * depth)
            cv2.line(image, (0, y), (width, y), seam, 1, cv2.LINE_AA)
            depth *= 0.7
    roughen(rng, image, horizon, "soft", 3)


def room(rng, image, horizon):
    """A room: wall, window, picture, sofa, shelf, floor and rug."""
    height, width = image.shape[:2]
    unit = min(height, width)
    wall = vary(rng, pick(rng, WALLS))
    gradient(image, 0, horizon + 1, mix(wall, (255, 255, 250), 0.12), mix(wall, (60, 50, 46), 0.1))
    if rng.random() < 0.3:
        other, step = mix(wall, pick(rng, FABRICS), rng.uniform(0.08, 0.25)), unit * rng.uniform(0.05, 0.14)
        for x in np.arange(0, width, 2 * step):
            cv2.rectangle(image, (int(x), 0), (int(x + step), int(horizon)), other, -1)
    if rng.random() < 0.4:
        window(
            rng,
            Pen(
                image,
                rng.uniform(0.1, 0.9) * width,
                rng.uniform(0.1, 0.5) * horizon,
                unit * rng.uniform(0.18, 0.34),
            ),
        )
    for _ in range(int(rng.integers(0, 3))):
        frame = Pen(image, rng.uniform(0, width), rng.uniform(0.1, 0.6) * horizon, unit * rng.uniform(0.06, 0.14))
        half = rng.uniform(0.6, 1.3)
        rectangle(frame, -half, -1, half, 1, vary(rng, pick(rng, WOODS + [(240, 238, 232)])))
        rectangle(
            frame,
            -half + 0.15,
            -0.85,
            half - 0.15,
            0.85,
            mix(pick(rng, TOYS + FABRICS), (240, 236, 226), 0.5),
        )
        frame.ellipse(0, 0.2, 0.35 * half, 0.4, pick(rng, TOYS))
    skirting = unit * rng.uniform(0.02, 0.05)
    cv2.rectangle(image, (0, int(horizon - skirting)), (width, int(horizon)), mix(wall, (250, 248, 244), 0.6), -1)
    kind = pick(rng, ["planks", "planks", "carpet", "tiles"])
    colour = pick(rng, {"planks": WOODS, "carpet": FABRICS, "tiles": STONES + WALLS}[kind])
    floor(rng, image, horizon, kind, vary(rng, colour))
    if rng.random() < 0.2:
        shelf(rng, Pen(image, rng.uniform(0, 1) * width, horizon + 0.02 * unit, unit * rng.uniform(0.3, 0.5)))
    if rng.random() < 0.35:
        sofa(rng, Pen(image, rng.uniform(0, 1) * width, horizon + 0.08 * unit, unit * rng.uniform(0.3, 0.55)))
    if rng.random() < 0.5:
        y = rng.uniform(horizon, height)
        rug, x, half = (
            vary(rng, pick(rng, FABRICS)),
            rng.uniform(0.2, 0.8) * width,
            rng.uniform(0.3, 0.7) * width,
        )
        deep = max((height - horizon) * rng.uniform(0.2, 0.5), 4)
        for shrink, colour in (
            (1, rug),
            (0.85, mix(rug, pick(rng, FABRICS), 0.6)),
            (0.75, vary(rng, rug, 6)),
        ):
            Pen(image, x, y, 1).ellipse(0, 0, half * shrink, deep * shrink, colour)


def window(rng, pen):
    """A window around the origin, two units high, sometimes with a curtain."""
    high, low = pick(rng, SKIES)
    rectangle(pen, -0.85, -1.05, 0.85, 1.05, vary(rng, (238, 236, 230), 8))
    for part in range(6):
        rectangle(pen, -0.75, -0.95 + part * 0.32, 0.75, -0.63 + part * 0.32, mix(high, low, part / 5))
    pen.ellipse(
        rng.uniform(-0.4, 0.4),
        0.95,
        rng.uniform(0.3, 0.6),
        rng.uniform(0.2, 0.5),
        mix(pick(rng, GRASSES), low, 0.3),
    )
    rectangle(pen, -0.85, 0.95, 0.85, 1.05, (236, 234, 228))
    rectangle(pen, -0.04, -1, 0.04, 1, (232, 230, 224))
    rectangle(pen, -0.8, -0.1, 0.8, -0.03, (232, 230, 224))
    if rng.random() < 0.6:
        colour = vary(rng, pick(rng, FABRICS))
        for side in (-1, 1):
            for fold in range(3):
                x = side * (0.75 + 0.13 * fold)
                rectangle(pen, x - 0.08, -1.2, x + 0.08, 1.2, mix(colour, (30, 24, 24), 0.1 * (fold % 2)))


def sofa(rng, pen):
    """A sofa with its foot at the origin, one unit high."""
    colour = vary(rng, pick(rng, FABRICS))
    dark = mix(colour, (24, 20, 20), 0.22)
    pen.shape(
        hull(*[ellipse(x, y, 0.12, 0.12) for x in (-1.2, 1.2) for y in (-0.9, -0.2)]),
        mix(colour, (24, 20, 20), 0.1),
    )
    for x in (-0.58, 0.58):
        pen.shape(hull(*[ellipse(x + dx, y, 0.1, 0.1) for dx in (-0.48, 0.48) for y in (-0.8, -0.45)]), colour)
        pen.shape(
            hull(*[ellipse(x + dx, y, 0.1, 0.08) for dx in (-0.48, 0.48) for y in (-0.38, -0.24)]),
            mix(colour, (255, 250, 240), 0.1),
        )
    rectangle(pen, -1.25, -0.2, 1.25, 0, dark)
    for x in (-1.3, 1.3):
        pen.shape(hull(ellipse(x, -0.55, 0.16, 0.14), ellipse(x, -0.05, 0.15, 0.08)), dark)
    if rng.random() < 0.6:
        cushion(rng, pen.inner(rng.uniform(-0.9, 0.9), -0.3, 0.35), vary(rng, pick(rng, FABRICS)))


def shelf(rng, pen):
    """A shelf full of books with its foot at the origin, 1.4 units high."""
    colour = vary(rng, pick(rng, WOODS))
    rectangle(pen, -0.5, -1.4, 0.5, 0, mix(colour, (20, 16, 14), 0.4))
    for y in (-1.4, -0.95, -0.5, -0.05):
        rectangle(pen, -0.5, y, 0.5, y + 0.05, colour)
        x = -0.45
        while y > -1.4 and x < 0.4:
            wide, high = rng.uniform(0.05, 0.1), rng.uniform(0.24, 0.38)
            rectangle(pen, x, y - high, x + wide, y, vary(rng, pick(rng, TOYS + FABRICS)))
            x += wide + (rng.uniform(0.1, 0.3) if rng.random() < 0.15 else 0)


def bed(rng, image, horizon):
    """A blanket with folds, pillows behind it, and a wall."""
    height, width = image.shape[:2]
    unit = min(height, width)
    gradient(image, 0, horizon + 1, vary(rng, pick(rng, WALLS)), vary(rng, pick(rng, WALLS)))
    for _ in range(int(rng.integers(1, 4))):
        cushion(
            rng,
            Pen(image, rng.uniform(0, width), horizon + 0.05 * unit, unit * rng.uniform(0.2, 0.4)),
            vary(rng, pick(rng, FABRICS)),
        )
    colour = vary(rng, pick(rng, FABRICS))
    gradient(image, horizon, height, mix(colour, (255, 250, 244), 0.15), mix(colour, (20, 18, 20), 0.08))
    if rng.random() < 0.4:
        other, step = mix(colour, pick(rng, FABRICS), 0.5), unit * rng.uniform(0.08, 0.2)
        for x in np.arange(-width, 2 * width, 2 * step):
            band = [
                (0.5 * width + (x - 0.5 * width) * 0.5, horizon),
                (0.5 * width + (x + step - 0.5 * width) * 0.5, horizon),
                (x + step, height),
                (x, height),
            ]
            Pen(image, 0, 0, 1).shape(band, other)
    for _ in range(int(rng.integers(3, 9))):
        x, y = rng.uniform(0, width), rng.uniform(horizon, height)
        fold = curve(
            (x, y),
            (x + rng.uniform(-0.2, 0.2) * width, y + 0.05 * height),
            (x + rng.uniform(-0.3, 0.3) * width, y + 0.1 * height),
            (x + rng.uniform(-0.4, 0.4) * width, y + rng.uniform(0, 0.25) * height),
        )
        tone = pick(rng, [(255, 250, 244), (30, 26, 26)])
        Pen(image, 0, 0, 1).shape(
            tube(fold, np.sin(np.linspace(0.1, 3, len(fold))) * unit * 0.02), mix(colour, tone, 0.12)
        )
    roughen(rng, image, horizon, "grain", 3)


def backdrop(rng, image, horizon):
    """Soft patches of colour, as behind a portrait."""
    height, width = image.shape[:2]
    colours = [
        vary(rng, c)
        for c in (
            pick(rng, WALLS + GRASSES + WOODS),
            pick(rng, WALLS + LEAVES + STONES),
            pick(rng, FABRICS + GRASSES),
        )
    ]
    corners = np.array([[pick(rng, colours) for _ in range(4)] for _ in range(3)], np.uint8)
    image[:] = cv2.resize(corners, (width, height), interpolation=cv2.INTER_CUBIC)
    ground = pick(rng, colours)
    gradient(image, horizon, height, mix(ground, (30, 26, 24), 0.1), mix(ground, (255, 252, 244), 0.1))
    unit = min(height, width)
    for _ in range(int(rng.integers(0, 14))):
        Pen(image, rng.uniform(0, width), rng.uniform(0, horizon), unit * rng.uniform(0.03, 0.12)).ellipse(
            0, 0, 1, 1, vary(rng, pick(rng, colours), 30)
        )
    image[:] = blurred(image, unit * rng.uniform(0.02, 0.05))


# A scene, and whether it lies indoors; those listed twice are drawn twice as often.
SCENES = [
    (room, True),
    (room, True),
    (room, True),
    (bed, True),
    (meadow, False),
    (meadow, False),
    (beach, False),
    (snow, False),
    (terrace, False),
    (backdrop, True),
    (backdrop, False),
]


def blurred(image, sigma):
    """The image out of focus; the sigma of the Gaussian in pixels."""
    if sigma < 0.3:
        return image
    if sigma < 4:
        return cv2.GaussianBlur(image, (0, 0), sigma)
    height, width = image.shape[:2]
    step = sigma / 2
    small = cv2.resize(image, (max(int(width / step), 2), max(int(height / step), 2)), interpolation=cv2.INTER_AREA)
    return cv2.resize(cv2.GaussianBlur(small, (0, 0), 2), (width, height), interpolation=cv2.INTER_CUBIC)


# -------------------------------------------------------------------- things
# Each thing stands on the origin and is about one unit high.


def ball(rng, pen, colour):
    pen.ellipse(0, -0.5, 0.5, 0.5, colour)
    pen.shape(ellipse(0, -0.5, 0.5, 0.16, rng.uniform(-1, 1)), mix(colour, pick(rng, TOYS), 0.6), False)
    pen.ellipse(-0.16, -0.68, 0.12, 0.09, mix(colour, (255, 255, 255), 0.6), 0, False)


def block(rng, pen, colour):
    rectangle(pen, -0.5, -1, 0.5, 0, colour)
    pen.shape([(-0.5, -1), (-0.3, -1.2), (0.7, -1.2), (0.5, -1)], mix(colour, (255, 255, 255), 0.3))
    pen.shape([(0.5, -1), (0.7, -1.2), (0.7, -0.2), (0.5, 0)], mix(colour, (20, 16, 16), 0.3))


def roof(rng, pen, colour):
    half = rng.uniform(0.4, 0.7)
    pen.shape([(-half, 0), (0, -rng.uniform(0.8, 1.2)), (half, 0)], colour)
    if rng.random() < 0.5:
        pen.shape([(-half * 0.5, -0.08), (0, -0.65), (half * 0.5, -0.08)], mix(colour, pick(rng, TOYS), 0.6), False)


def cushion(rng, pen, colour):
    bow = rng.uniform(0.1, 0.2)
    side = curve((-0.7, -1), (-0.3, -1 + bow), (0.3, -1 + bow), (0.7, -1))
    outline = np.concatenate(
        [
            side,
            curve((0.7, -1), (0.7 - bow, -0.7), (0.7 - bow, -0.3), (0.7, 0)),
            curve((0.7, 0), (0.3, -bow), (-0.3, -bow), (-0.7, 0)),
            curve((-0.7, 0), (bow - 0.7, -0.3), (bow - 0.7, -0.7), (-0.7, -1)),
        ]
    )
    pen.shape(outline, colour)
    pen.stroke([(-0.5, -0.8), (-0.2, -0.66)], mix(colour, (20, 20, 20), 0.2), 0.03)
    pen.stroke([(0.5, -0.2), (0.25, -0.35)], mix(colour, (20, 20, 20), 0.2), 0.03)


def bowl(rng, pen, colour):
    pen.shape([(-0.7, -0.5), (0.7, -0.5), (0.5, 0), (-0.5, 0)], colour)
    pen.ellipse(0, -0.5, 0.7, 0.16, mix(colour, (20, 16, 16), 0.35))
    pen.ellipse(0, -0.5, 0.5, 0.1, pick(rng, WOODS + [(120, 160, 190)]), 0, False)


def mug(rng, pen, colour):
    pen.shape(tube(curve((0.35, -0.75), (0.85, -0.8), (0.85, -0.2), (0.35, -0.25)), np.full(14, 0.07)), colour)
    rectangle(pen, -0.4, -0.9, 0.4, 0, colour)
    pen.ellipse(0, -0.9, 0.4, 0.1, mix(colour, (30, 20, 16), 0.5))


def books(rng, pen, colour):
    y = 0.0
    for _ in range(int(rng.integers(2, 5))):
        wide, high, shift = rng.uniform(0.5, 0.8), rng.uniform(0.16, 0.28), rng.uniform(-0.1, 0.1)
        rectangle(pen, shift - wide, y - high, shift + wide, y, colour)
        colour = vary(rng, pick(rng, TOYS + FABRICS))
        y -= high


def plant(rng, pen, colour):
    green = vary(rng, pick(rng, LEAVES))
    narrow, widest = rng.uniform(0.08, 0.2), rng.uniform(0.7, 1.5)
    for angle in np.linspace(-1.2, 1.2, int(rng.integers(4, 9))):
        pen.inner(0, -0.4, 1, angle + rng.uniform(-0.15, 0.15)).shape(
            leaf(rng.uniform(0.6, 1), narrow, widest, rng.uniform(-0.2, 0.2)), vary(rng, green, 18)
        )
    pen.shape([(-0.34, -0.5), (0.34, -0.5), (0.25, 0), (-0.25, 0)], colour)


def lamp(rng, pen, colour):
    rectangle(pen, -0.04, -0.7, 0.04, 0, (70, 60, 54))
    pen.ellipse(0, -0.02, 0.28, 0.06, (70, 60, 54))
    pen.shape([(-0.22, -1.15), (0.22, -1.15), (0.42, -0.6), (-0.42, -0.6)], mix(colour, (250, 236, 196), 0.5))


def stone(rng, pen, colour):
    points = ellipse(0, -0.3, rng.uniform(0.5, 0.8), 0.4)
    pen.shape(points * rng.uniform(0.88, 1.1, (len(points) // 4, 1)).repeat(4, 0), colour)
    pen.ellipse(-0.15, -0.45, 0.3, 0.12, mix(colour, (255, 255, 250), 0.25), -0.2, False)


def flower(rng, pen, colour):
    pen.stroke([(0, 0), (0.05, -0.7)], pick(rng, LEAVES[:4]), 0.07)
    count = int(rng.integers(5, 8))
    for angle in np.linspace(0, 2 * np.pi, count, endpoint=False):
        pen.ellipse(0.05 + 0.2 * math.cos(angle), -0.8 + 0.2 * math.sin(angle), 0.14, 0.14, colour, 0, False)
    pen.ellipse(0.05, -0.8, 0.12, 0.12, (228, 190, 80), 0, False)


def bush(rng, pen, colour):
    green = vary(rng, pick(rng, LEAVES))
    for _ in range(9):
        pen.ellipse(
            rng.uniform(-0.6, 0.6),
            rng.uniform(-0.7, -0.15),
            rng.uniform(0.2, 0.4),
            rng.uniform(0.18, 0.34),
            mix(green, pick(rng, [(24, 34, 24), (236, 232, 180)]), rng.uniform(0, 0.25)),
            0,
            False,
        )


def log(rng, pen, colour):
    wood = vary(rng, pick(rng, WOODS))
    pen.shape(hull(ellipse(-0.8, -0.3, 0.2, 0.3), ellipse(0.8, -0.3, 0.2, 0.3)), wood)
    for radius in (1, 0.6, 0.25):
        pen.ellipse(
            0.8,
            -0.3,
            0.2 * radius,
            0.3 * radius,
            mix(wood, (240, 216, 170), 0.5 if radius != 0.6 else 0.2),
            0,
            False,
        )


def mushroom(rng, pen, colour):
    pen.shape([(-0.14, -0.55), (0.14, -0.55), (0.2, 0), (-0.2, 0)], (232, 220, 196))
    pen.shape(hull(ellipse(0, -0.6, 0.55, 0.1), ellipse(0, -0.75, 0.36, 0.25)), colour)


def reeds(rng, pen, colour):
    green = vary(rng, pick(rng, LEAVES + GRASSES))
    for _ in range(int(rng.integers(4, 9))):
        foot = rng.uniform(-0.35, 0.35)
        pen.inner(foot, 0, 1, rng.uniform(-0.5, 0.5)).shape(
            leaf(rng.uniform(0.7, 1.3), rng.uniform(0.04, 0.1), 0.7, rng.uniform(-0.4, 0.4)),
            vary(rng, green, 16),
            False,
        )


def cord(rng, pen, colour):
    path = curve((-0.8, 0), (-0.3, rng.uniform(-1.2, 0.6)), (0.3, rng.uniform(-1.2, 0.6)), (0.8, -0.1), 18)
    pen.shape(tube(path, np.linspace(rng.uniform(0.05, 0.14), rng.uniform(0.03, 0.12), 18)), colour)


def straws(rng, pen, colour):
    pale = mix(pick(rng, [(240, 236, 226), (60, 54, 50), (214, 190, 130)]), colour, 0.15)
    turn = rng.uniform(-0.4, 0.4)
    for _ in range(6):
        a, x, y = (
            turn + rng.uniform(-0.3, 0.3) + (math.pi if rng.random() < 0.5 else 0),
            rng.uniform(-0.2, 0.2),
            rng.uniform(-0.25, 0),
        )
        pen.stroke([(x, y), (x + 0.6 * math.cos(a), y + 0.6 * math.sin(a))], pale, 0.02)


INDOOR_THINGS = [ball, block, roof, cushion, bowl, mug, books, plant, plant, lamp, cord, straws]
OUTDOOR_THINGS = [stone, flower, bush, log, mushroom, reeds, reeds, ball, roof, stone, plant, straws]
