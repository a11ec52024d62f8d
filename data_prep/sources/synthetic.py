"""Data that we draw ourselves from a fixed seed: charts, scenes, moving digits, phantoms."""

import numpy as np

from data_prep.sources.installed import digits

# Synthetic Control Chart Time Series
CHARTS = (
    "cyclic",
    "decreasing trend",
    "downward shift",
    "increasing trend",
    "normal",
    "upward shift",
)
CHART_LENGTH = 60

# Scenes
SCENE_SIZE = 64  # pixels
COLOURS = {
    "red": (200, 50, 45),
    "green": (60, 160, 70),
    "blue": (50, 90, 200),
    "yellow": (225, 195, 60),
    "white": (235, 235, 235),
}
FIGURES = ("circle", "square", "triangle")  # mask values 1, 2, 3; 0 is the background

# Moving digits
CANVAS = 24  # pixels
CLIP_LENGTH = 11  # frames

# Phantoms
CHEST = (24, 48, 48)  # slices, rows, columns, each voxel 7 mm
AIR, LUNG, FAT, TISSUE, BONE = -1000, -820, -90, 45, 500  # Hounsfield units


def control_charts():
    """Six kinds of control charts, 60 values each: 50 of a kind to train, 50 to test.

    The equations, for t = 1 to 60, m = 30, s = 2, r uniform in [-3, 3] and new for each t:

        normal            m + r s
        cyclic            m + r s + a sin(2 pi t / T), a and T in [10, 15]
        increasing trend  m + r s + g t, g in [0.2, 0.5]
        decreasing trend  m + r s - g t
        upward shift      m + r s + k x, x in [7.5, 20], k = 0 before t3 and 1 from t3 on,
        downward shift    m + r s - k x                  t3 in [60 / 3, 2 * 60 / 3]

    Reference: Alcock and Manolopoulos, "Time-series similarity queries employing a feature-based
    approach", 1999. The published set has 600 charts; 300 to train and 300 to test is UCR's split.
    """
    random = np.random.default_rng(0)
    arrays = []
    for _ in ("train", "test"):
        labels = np.repeat(CHARTS, 50)
        arrays += [np.stack([chart(kind, random) for kind in labels]), labels]
    return tuple(arrays)


def chart(kind, random):
    """One control chart of a kind, (60,)."""
    t = np.arange(1, CHART_LENGTH + 1)
    values = 30 + 2 * random.uniform(-3, 3, CHART_LENGTH)
    if kind == "cyclic":
        amplitude, period = random.uniform(10, 15, 2)
        values += amplitude * np.sin(2 * np.pi * t / period)
    elif kind != "normal":
        sign = 1 if kind in ("increasing trend", "upward shift") else -1
        if kind.endswith("trend"):
            values += sign * random.uniform(0.2, 0.5) * t
        else:
            shift, start = random.uniform(7.5, 20), random.uniform(20, 40)
            values += sign * shift * (t >= start)
    return values


def shapes():
    """Scenes of one or two figures, each with a mask and a caption: 1,600 to train, 400 to test.

    Returns:
        {"train": scenes, "test": scenes}, each a dict of "images" (scenes, 64, 64, 3) bytes,
        "masks" (scenes, 64, 64) bytes (0 background, 1 circle, 2 square, 3 triangle) and
        "captions" (scenes,) strings.
    """
    random = np.random.default_rng(0)
    parts = {}
    for part, number in (("train", 1600), ("test", 400)):
        images, masks, captions = zip(*(scene(random) for _ in range(number)), strict=True)
        parts[part] = {
            "images": np.stack(images),
            "masks": np.stack(masks),
            "captions": np.array(captions, dtype=object),
        }
    return parts


def scene(random):
    """One scene: image (64, 64, 3), mask (64, 64), caption."""
    image = _background(random)
    mask = np.zeros((SCENE_SIZE, SCENE_SIZE), np.uint8)
    if random.random() < 0.25:
        centres = random.uniform(16, SCENE_SIZE - 16, (1, 2))
        relation = ""
    else:
        # Apart along one axis by enough that the relation is plain, and about level on the other.
        first, second = random.uniform(16, 18), random.uniform(45, 47)
        level = random.uniform(20, 44) + random.uniform(-4, 4, 2)
        order = random.permutation([first, second])
        if random.random() < 0.5:
            centres = np.stack([level, order], axis=1)  # (row, column)
            relation = "left of" if order[0] < order[1] else "right of"
        else:
            centres = np.stack([order, level], axis=1)
            relation = "above" if order[0] < order[1] else "below"
    phrases, seen = [], set()
    for centre in centres:
        figure, colour, large = _new_figure(random, seen)
        radius = random.uniform(8.5, 9.8) if large else random.uniform(4.5, 6)
        cover = _cover(figure, centre, radius)  # (64, 64), 0 to 1
        shade = np.clip(np.array(COLOURS[colour]) + random.normal(0, 14, 3), 0, 255)
        image += cover[..., None] * (shade - image)
        mask[cover > 0.5] = FIGURES.index(figure) + 1
        phrases.append(f"a {'large' if large else 'small'} {colour} {figure}")
    image += random.normal(0, 6, image.shape)
    caption = f" {relation} ".join(phrases)
    return np.clip(image, 0, 255).astype(np.uint8), mask, caption


def _new_figure(random, seen):
    """Figure, colour and size, other than those already in the scene."""
    while True:
        figure = FIGURES[random.integers(len(FIGURES))]
        colour = list(COLOURS)[random.integers(len(COLOURS))]
        large = bool(random.integers(2))
        if (figure, colour) not in seen:
            seen.add((figure, colour))
            return figure, colour, large


def _background(random):
    """A slope between two muted colours, (64, 64, 3)."""
    ends = random.uniform(70, 160) + random.uniform(-25, 25, (2, 3))
    angle = random.uniform(0, 2 * np.pi)
    across = np.linspace(-1, 1, SCENE_SIZE)
    slope = np.cos(angle) * across[:, None] + np.sin(angle) * across
    slope = (slope / np.sqrt(2) + 1)[..., None] / 2  # 0 to 1
    return ends[0] + slope * (ends[1] - ends[0])


def _cover(figure, centre, radius):
    """Share of each pixel that a figure covers, (64, 64): its edge is one pixel wide."""
    rows, columns = np.ogrid[:SCENE_SIZE, :SCENE_SIZE]
    down, right = rows - centre[0], columns - centre[1]
    if figure == "circle":
        distance = np.hypot(down, right) - radius
    elif figure == "square":
        distance = np.maximum(abs(down), abs(right)) - 0.886 * radius  # as large as the circle
    else:
        # Upright, three equal sides, 0.778 radii from the middle: as large as the circle.
        distance = np.maximum(down, (1.732 * abs(right) - down) / 2) - 0.778 * radius
    return np.clip(0.5 - distance, 0, 1)


def moving_digits():
    """Clips of two digits that move straight on and bounce: 1,200 to train, 300 to test.

    Each clip is 11 frames of 24 x 24 pixels. Training clips show digits of the training part of
    `digits`, test clips those of its test part.

    Returns:
        (x_train, y_train, x_test, y_test): bytes (clips, 11, 24, 24), 0 is background, and the
        two digits of each clip (clips, 2).
    """
    x_train, y_train, x_test, y_test = digits()
    random = np.random.default_rng(0)
    return *_clips(x_train, y_train, 1200, random), *_clips(x_test, y_test, 300, random)


def _clips(images, labels, number, random):
    images = np.round(images * (255 / 16)).astype(np.uint8)  # (images, 8, 8)
    clips = np.zeros((number, CLIP_LENGTH, CANVAS, CANVAS), np.uint8)
    space = CANVAS - images.shape[1]
    chosen = np.stack([random.choice(len(images), 2, replace=False) for _ in range(number)])
    for clip, pair in zip(clips, chosen, strict=True):
        for image in images[pair]:
            start = random.integers(0, space + 1, 2)
            velocity = random.choice([-3, -2, -1, 1, 2, 3], 2)  # pixels per frame
            for time, frame in enumerate(clip):
                top, left = bounce(start + time * velocity, space)
                window = frame[top : top + 8, left : left + 8]
                np.maximum(window, image, out=window)
    return clips, labels[chosen]


def bounce(position, space):
    """Where a point is that moves freely to `position` but is thrown back at 0 and `space`."""
    return space - abs(position % (2 * space) - space)


def phantoms():
    """Chest CT volumes, half of them with a nodule in a lung: 240 to train, 120 to test.

    A body of fat, tissue and bone, two lungs, and in the lungs vessels with the density and, in
    any one slice, the look of a nodule: what tells them apart is that a nodule is round in all
    three directions. Everything is drawn at random; no patient is behind it.

    Returns:
        (x_train, y_train, x_test, y_test): int16 (volumes, 48, 48, 24) in Hounsfield units, the
        axes running to the right, to the front and upwards, voxels 7 mm apart; labels "nodule"
        and "no nodule".
    """
    random = np.random.default_rng(0)
    arrays = []
    for number in (240, 120):
        has_nodule = np.arange(number) % 2 == 1
        arrays += [
            np.stack([phantom(nodule, random) for nodule in has_nodule]),
            np.where(has_nodule, "nodule", "no nodule"),
        ]
    return tuple(arrays)


def phantom(nodule, random):
    """One chest volume, int16 (48, 48, 24) in Hounsfield units."""
    # Distances from the middle, in voxels: z from the head down, y backwards, x to the left.
    z, y, x = (
        axis.astype("float32") - (size - 1) / 2
        for axis, size in zip(np.ogrid[tuple(map(slice, CHEST))], CHEST, strict=True)
    )
    wide, deep = random.uniform(20, 22.5), random.uniform(14.5, 17)
    size = random.uniform(0.9, 1.08)

    volume = np.full(CHEST, AIR, "float32")
    body = np.sqrt((y / deep) ** 2 + (x / wide) ** 2)
    _paint(volume, (1 - body) * deep, FAT)
    _paint(volume, (0.92 - body) * deep, TISSUE)
    # Ribs are slanted rings, two voxels thick and four apart.
    slant = z + y / 3 + random.uniform(0, 4)
    ribs = np.minimum(0.9 - abs(0.86 - body) * deep, 1 - abs(slant % 4 - 2))
    _paint(volume, ribs, BONE)
    _paint(volume, 2.2 - np.sqrt((y - deep * 0.72) ** 2 + x**2), BONE)  # spine

    inside = np.full(CHEST, -np.inf, "float32")  # depth below the lungs' surface
    for side in (-1, 1):
        radii = size * np.array([11.5, deep * 0.68, wide * 0.33])
        away = (z + 0.5) ** 2 / radii[0] ** 2 + y**2 / radii[1] ** 2
        away = away + (x - side * wide * 0.42) ** 2 / radii[2] ** 2
        np.maximum(inside, (1 - np.sqrt(away)) * radii.min(), out=inside)
    _paint(volume, inside, LUNG + random.normal(0, 25))

    vessels = np.full(CHEST, -np.inf, "float32")  # depth below the vessels' surface
    for side in (-1, 1):
        for _ in range(random.integers(5, 9)):
            _vessel(vessels, side, np.array([0, 1, side * wide * 0.17]), random)
    _paint(volume, np.minimum(vessels, inside + 0.5), TISSUE - 10)

    heart = np.sqrt(0.64 * (z - 4) ** 2 + (y + deep * 0.22) ** 2 + 0.64 * (x - 3) ** 2)
    heart = 6.2 * size - heart
    _paint(volume, heart, TISSUE)
    if nodule:
        free = np.argwhere((inside > 2.2) & (heart < -3) & (vessels < -1.2))
        middle = free[random.integers(len(free))] + random.uniform(-0.5, 0.5, 3)
        middle -= (np.array(CHEST) - 1) / 2
        away = np.sqrt((z - middle[0]) ** 2 + (y - middle[1]) ** 2 + (x - middle[2]) ** 2)
        _paint(volume, random.uniform(1.7, 2.6) - away, TISSUE + random.normal(-10, 15))
    volume += random.normal(0, 22, CHEST)
    return np.clip(volume, -1024, 1500).astype(np.int16).T[::-1, ::-1, ::-1]


def _vessel(vessels, side, point, random):
    """Draw one vessel from the root of a lung outwards, bending and growing thinner."""
    direction = random.normal(0, 1, 3) + np.array([0, 0, 1.3 * side])
    radius = random.uniform(1.1, 1.7)
    for _ in range(6):
        direction += random.normal(0, 0.35, 3)
        along = direction / np.linalg.norm(direction)
        # A piece 3 voxels long, drawn in a box around its middle.
        middle = point + 1.5 * along + (np.array(CHEST) - 1) / 2
        low = np.maximum(np.round(middle).astype(int) - 4, 0)
        box = tuple(slice(start, start + 9) for start in low)
        offset = [axis - centre for axis, centre in zip(np.ogrid[box], middle, strict=True)]
        forward = sum(axis * part for axis, part in zip(offset, along, strict=True))
        square = sum(axis**2 for axis in offset)
        forward_square = np.maximum(abs(forward) - 1.5, 0) ** 2
        depth = radius - np.sqrt(np.maximum(square - forward**2, 0) + forward_square)
        piece = vessels[box]
        np.maximum(piece, depth[tuple(map(slice, piece.shape))], out=piece)
        point, radius = point + 3 * along, radius * random.uniform(0.82, 0.98)


def _paint(volume, depth, value):
    """Set the voxels below a surface to a value; those that it cuts, to a mixture."""
    share = np.clip(depth + 0.5, 0, 1)
    volume += share * (value - volume)
