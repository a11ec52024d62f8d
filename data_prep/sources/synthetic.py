"""Data generated from a fixed seed: control charts, scenes, moving digits, phantoms."""

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
    """Six kinds of control charts with 60 values each: 50 of each kind to train, 50 to test.

    The equations, for t = 1 to 60, m = 30, s = 2, and r uniform in [-3, 3], new for each t:

        normal            m + r s
        cyclic            m + r s + a sin(2 pi t / T), a and T in [10, 15]
        increasing trend  m + r s + g t, g in [0.2, 0.5]
        decreasing trend  m + r s - g t
        upward shift      m + r s + k x, x in [7.5, 20], k = 0 before t3 and 1 from t3 on,
        downward shift    m + r s - k x                  t3 in [60 / 3, 2 * 60 / 3]

    Reference: Alcock and Manolopoulos, "Time-series similarity queries employing a feature-based
    approach", 1999. Their data set has 600 charts; the split into halves is that of UCR.

    Returns:
        (x_train, y_train, x_test, y_test): values (300, 60), and a string of CHARTS for each.
    """
    random = np.random.default_rng(0)
    arrays = []
    for _ in ("train", "test"):
        labels = np.repeat(CHARTS, 50)
        values = np.stack([chart(kind, random) for kind in labels])
        arrays += [values, labels]
    return tuple(arrays)


def chart(kind, random):
    """One control chart of a kind, (60,)."""
    t = np.arange(1, CHART_LENGTH + 1)
    values = 30 + 2 * random.uniform(-3, 3, CHART_LENGTH)
    if kind == "normal":
        return values
    if kind == "cyclic":
        amplitude, period = random.uniform(10, 15, 2)
        return values + amplitude * np.sin(2 * np.pi * t / period)

    sign = 1 if kind in ("increasing trend", "upward shift") else -1
    if kind.endswith("trend"):
        slope = random.uniform(0.2, 0.5)
        return values + sign * slope * t

    size, start = random.uniform(7.5, 20), random.uniform(20, 40)
    return values + sign * size * (t >= start)


def shapes():
    """Scenes of one or two figures, each with a mask and a caption: 1,600 to train, 400 to test.

    Returns:
        {"train": scenes, "test": scenes}. Each is a dict of "images" (scenes, 64, 64, 3) bytes,
        "masks" (scenes, 64, 64) bytes (0 background, 1 circle, 2 square, 3 triangle) and
        "captions" (scenes,) strings.
    """
    random = np.random.default_rng(0)
    parts = {}
    for part, number in (("train", 1600), ("test", 400)):
        scenes = [scene(random) for _ in range(number)]
        images, masks, captions = zip(*scenes, strict=True)
        parts[part] = {
            "images": np.stack(images),
            "masks": np.stack(masks),
            "captions": np.array(captions, dtype=object),
        }
    return parts


def scene(random):
    """One scene: image (64, 64, 3) bytes, mask (64, 64) bytes, caption."""
    image = _background(random)
    mask = np.zeros((SCENE_SIZE, SCENE_SIZE), np.uint8)
    centres, relation = _place_figures(random)

    phrases, seen = [], set()
    for centre in centres:
        figure, colour, is_large = _new_figure(random, seen)
        radius = random.uniform(8.5, 9.8) if is_large else random.uniform(4.5, 6)
        coverage = _coverage(figure, centre, radius)  # (64, 64), 0 to 1
        shade = np.clip(np.array(COLOURS[colour]) + random.normal(0, 14, 3), 0, 255)

        image += coverage[..., None] * (shade - image)
        mask[coverage > 0.5] = FIGURES.index(figure) + 1
        size = "large" if is_large else "small"
        phrases.append(f"a {size} {colour} {figure}")

    image += random.normal(0, 6, image.shape)
    caption = f" {relation} ".join(phrases)
    return np.clip(image, 0, 255).astype(np.uint8), mask, caption


def _place_figures(random):
    """The centres of one or two figures, (figures, 2) as (row, column), and their relation.

    Two figures are far apart along one axis, so the relation is clear. On the other axis they are
    almost level.
    """
    if random.random() < 0.25:
        return random.uniform(16, SCENE_SIZE - 16, (1, 2)), ""

    low, high = random.uniform(16, 18), random.uniform(45, 47)
    level = random.uniform(20, 44) + random.uniform(-4, 4, 2)
    apart = random.permutation([low, high])
    if random.random() < 0.5:
        relation = "left of" if apart[0] < apart[1] else "right of"
        return np.stack([level, apart], axis=1), relation

    relation = "above" if apart[0] < apart[1] else "below"
    return np.stack([apart, level], axis=1), relation


def _new_figure(random, seen):
    """(figure, colour, whether it is large); figure and colour are new in the scene."""
    while True:
        figure = FIGURES[random.integers(len(FIGURES))]
        colour = list(COLOURS)[random.integers(len(COLOURS))]
        is_large = bool(random.integers(2))
        if (figure, colour) not in seen:
            seen.add((figure, colour))
            return figure, colour, is_large


def _background(random):
    """A gradient between two muted colours, (64, 64, 3)."""
    ends = random.uniform(70, 160) + random.uniform(-25, 25, (2, 3))
    angle = random.uniform(0, 2 * np.pi)

    positions = np.linspace(-1, 1, SCENE_SIZE)
    gradient = np.cos(angle) * positions[:, None] + np.sin(angle) * positions
    gradient = (gradient / np.sqrt(2) + 1)[..., None] / 2  # (64, 64, 1), 0 to 1
    return ends[0] + gradient * (ends[1] - ends[0])


def _coverage(figure, centre, radius):
    """Fraction of each pixel that a figure covers, (64, 64). Its edge is one pixel wide.

    All figures with the same radius have the same area.
    """
    rows, columns = np.ogrid[:SCENE_SIZE, :SCENE_SIZE]
    down, right = rows - centre[0], columns - centre[1]
    if figure == "circle":
        distance = np.hypot(down, right) - radius
    elif figure == "square":
        distance = np.maximum(abs(down), abs(right)) - 0.886 * radius
    else:
        # Upright, with equal sides; each side is 0.778 radii from the centre.
        distance = np.maximum(down, (1.732 * abs(right) - down) / 2) - 0.778 * radius
    return np.clip(0.5 - distance, 0, 1)


def moving_digits():
    """Clips of two digits that move in straight lines and bounce: 1,200 to train, 300 to test.

    Each clip has 11 frames of 24 x 24 pixels. Training clips show digits of the training part of
    `digits`, test clips digits of its test part.

    Returns:
        (x_train, y_train, x_test, y_test): bytes (clips, 11, 24, 24), where 0 is background, and
        the two digits of each clip (clips, 2).
    """
    x_train, y_train, x_test, y_test = digits()
    random = np.random.default_rng(0)
    train_clips, train_labels = _clips(x_train, y_train, 1200, random)
    test_clips, test_labels = _clips(x_test, y_test, 300, random)
    return train_clips, train_labels, test_clips, test_labels


def _clips(images, labels, number, random):
    """(clips, labels) of pairs of moving images."""
    images = np.round(images * (255 / 16)).astype(np.uint8)  # (images, 8, 8)
    side = images.shape[1]
    space = CANVAS - side  # how far an image can move
    pairs = np.stack([random.choice(len(images), 2, replace=False) for _ in range(number)])

    clips = np.zeros((number, CLIP_LENGTH, CANVAS, CANVAS), np.uint8)
    for clip, pair in zip(clips, pairs, strict=True):
        for image in images[pair]:
            start = random.integers(0, space + 1, 2)
            velocity = random.choice([-3, -2, -1, 1, 2, 3], 2)  # pixels per frame
            for time, frame in enumerate(clip):
                top, left = bounce(start + time * velocity, space)
                window = frame[top : top + side, left : left + side]
                np.maximum(window, image, out=window)
    return clips, labels[pairs]


def bounce(position, space):
    """The position of a point that moves in a straight line and is reflected at 0 and `space`."""
    return space - abs(position % (2 * space) - space)


def phantoms():
    """Chest CT volumes, half of them with a nodule in a lung: 240 to train, 120 to test.

    The body consists of fat, tissue and bone, with two lungs. The lungs contain vessels that have
    the density of a nodule and, in any single slice, look like one. Only a nodule is round in all
    three directions. All volumes are generated at random; they show no real patient.

    Returns:
        (x_train, y_train, x_test, y_test): int16 (volumes, 48, 48, 24) in Hounsfield units, with
        voxels of 7 mm. The axes run to the right, to the front and upwards. Labels are "nodule" and
        "no nodule".
    """
    random = np.random.default_rng(0)
    arrays = []
    for number in (240, 120):
        has_nodule = np.arange(number) % 2 == 1
        volumes = np.stack([phantom(nodule, random) for nodule in has_nodule])
        arrays += [volumes, np.where(has_nodule, "nodule", "no nodule")]
    return tuple(arrays)


def phantom(nodule, random):
    """One chest volume, int16 (48, 48, 24) in Hounsfield units.

    Each organ is a depth: the distance of a voxel below its surface, negative outside.
    """
    # Distances from the centre in voxels: z down from the head, y to the back, x to the left.
    z, y, x = _distances(np.ogrid[tuple(map(slice, CHEST))])
    half_width, half_depth = random.uniform(20, 22.5), random.uniform(14.5, 17)
    size = random.uniform(0.9, 1.08)

    volume = np.full(CHEST, AIR, "float32")
    body = np.sqrt((y / half_depth) ** 2 + (x / half_width) ** 2)  # 1 on the skin
    _paint(volume, (1 - body) * half_depth, FAT)
    _paint(volume, (0.92 - body) * half_depth, TISSUE)

    # Ribs are slanted rings, two voxels thick and four voxels apart.
    slant = z + y / 3 + random.uniform(0, 4)
    ribs = np.minimum(0.9 - abs(0.86 - body) * half_depth, 1 - abs(slant % 4 - 2))
    spine = 2.2 - np.sqrt((y - half_depth * 0.72) ** 2 + x**2)
    _paint(volume, ribs, BONE)
    _paint(volume, spine, BONE)

    lungs = np.full(CHEST, -np.inf, "float32")
    for side in (-1, 1):
        radii = size * np.array([11.5, half_depth * 0.68, half_width * 0.33])
        distance = (z + 0.5) ** 2 / radii[0] ** 2 + y**2 / radii[1] ** 2
        distance = distance + (x - side * half_width * 0.42) ** 2 / radii[2] ** 2
        np.maximum(lungs, (1 - np.sqrt(distance)) * radii.min(), out=lungs)
    _paint(volume, lungs, LUNG + random.normal(0, 25))

    vessels = np.full(CHEST, -np.inf, "float32")
    for side in (-1, 1):
        root = np.array([0, 1, side * half_width * 0.17])
        for _ in range(random.integers(5, 9)):
            _add_vessel(vessels, side, root, random)
    _paint(volume, np.minimum(vessels, lungs + 0.5), TISSUE - 10)

    heart = np.sqrt(0.64 * (z - 4) ** 2 + (y + half_depth * 0.22) ** 2 + 0.64 * (x - 3) ** 2)
    heart = 6.2 * size - heart
    _paint(volume, heart, TISSUE)

    if nodule:
        free = np.argwhere((lungs > 2.2) & (heart < -3) & (vessels < -1.2))
        centre = free[random.integers(len(free))] + random.uniform(-0.5, 0.5, 3)
        centre -= (np.array(CHEST) - 1) / 2
        distance = np.sqrt((z - centre[0]) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2)
        radius = random.uniform(1.7, 2.6)
        _paint(volume, radius - distance, TISSUE + random.normal(-10, 15))

    volume += random.normal(0, 22, CHEST)
    volume = np.clip(volume, -1024, 1500).astype(np.int16)
    return volume.T[::-1, ::-1, ::-1]


def _distances(grid):
    """Distances from the centre of the chest along each axis, from an open grid of indices."""
    distances = []
    for indices, size in zip(grid, CHEST, strict=True):
        distances.append(indices.astype("float32") - (size - 1) / 2)
    return distances


def _add_vessel(vessels, side, point, random):
    """Add one vessel that starts at the root of a lung, bends and becomes thinner.

    Args:
        vessels: depths below the surface of the vessels, changed in place.
        side: -1 or 1, the lung.
        point: (z, y, x), the start, in voxels from the centre of the chest.
        random: the random generator.
    """
    direction = random.normal(0, 1, 3) + np.array([0, 0, 1.3 * side])
    radius = random.uniform(1.1, 1.7)
    for _ in range(6):
        direction += random.normal(0, 0.35, 3)
        along = direction / np.linalg.norm(direction)

        # A piece 3 voxels long, computed in a box around its centre.
        centre = point + 1.5 * along + (np.array(CHEST) - 1) / 2
        corner = np.maximum(np.round(centre).astype(int) - 4, 0)
        box = tuple(slice(start, start + 9) for start in corner)
        offset = [axis - middle for axis, middle in zip(np.ogrid[box], centre, strict=True)]

        forward = sum(axis * part for axis, part in zip(offset, along, strict=True))
        squared_distance = sum(axis**2 for axis in offset)
        squared_across = np.maximum(squared_distance - forward**2, 0)
        squared_beyond = np.maximum(abs(forward) - 1.5, 0) ** 2  # beyond the ends of the piece
        depth = radius - np.sqrt(squared_across + squared_beyond)

        piece = vessels[box]
        np.maximum(piece, depth[tuple(map(slice, piece.shape))], out=piece)
        point, radius = point + 3 * along, radius * random.uniform(0.82, 0.98)


def _paint(volume, depth, value):
    """Set the voxels below a surface to a value, and mix the value into voxels on the surface."""
    coverage = np.clip(depth + 0.5, 0, 1)
    volume += coverage * (value - volume)
