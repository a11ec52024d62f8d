"""A convolutional network as the row of shrinking volumes that papers draw."""

import math

from visualize.diagrams import graph
from visualize.errors import VisualizeError

INK, FAINT = "#1b1f24", "#5b6470"
SLANT, LIFT = 0.45, 0.36  # how far the receding edges go right and up
TALLEST, THINNEST, GAP = 100.0, 3.0, 22.0
BOTTOM = -TALLEST * (1 + LIFT) / 2


def plot_blocks(model, ax=None, *, input_shape=None):
    """Draw a convolutional network as a row of volumes: height and width of the image, channels.

    A volume is what a layer gives; layers that leave shape and kind of data as they were
    (activation, normalisation, dropout) are left out. Sizes are drawn by their square root, so
    that a 7 x 7 image is still seen beside one of 224 x 224. Branches are drawn by their longest
    path.

    Args:
        model: a keras.Model with images inside.
        ax: matplotlib Axes to draw into; a new Figure when None.
        input_shape: shape of the input without the batch axis, of a model that has no shapes yet.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if the model has no layer with images.
    """
    from matplotlib.figure import Figure

    volumes = _volumes(graph.read(model, input_shape=input_shape))
    if not any(len(shape) > 2 for _, shape, _ in volumes):
        raise VisualizeError(f"model {model.name!r} has no images inside: use plot_architecture.")
    sizes = _sizes([shape for _, shape, _ in volumes])
    labels = [_label(*volume) for volume in volumes]
    steps, position = [], 0.0
    for (depth, _, width), label in zip(sizes, labels, strict=True):
        drawn = width + depth * SLANT
        needed = max(drawn, 5.2 * max(map(len, label.split("\n"))))
        steps.append(position + (needed - drawn) / 2)
        position += needed + GAP
    if ax is None:
        figure = Figure(figsize=(max(4, position / 62), 2.9), layout="constrained")
        ax = figure.subplots()
    for (node, _, _), (depth, height, width), left, label in zip(
        volumes, sizes, steps, labels, strict=True
    ):
        _draw_volume(ax, left, depth, height, width, node.family)
        middle = left + (width + depth * SLANT) / 2
        ax.text(middle, BOTTOM - 6, label, ha="center", va="top", fontsize=8, color=INK)
    for number in range(len(sizes) - 1):
        start = steps[number] + sizes[number][2] + sizes[number][0] * SLANT + 2
        ax.annotate(
            "",
            (steps[number + 1] - 2, 0),
            (start, 0),
            arrowprops={"arrowstyle": "-|>", "color": FAINT, "linewidth": 0.8},
        )
    ax.set_xlim(-GAP, position)
    ax.set_ylim(BOTTOM - 46, -BOTTOM + 4)
    ax.set_aspect("equal")
    ax.set_axis_off()
    return ax.figure


def _volumes(found):
    """[node, shape without batch, times] of the calls on the longest path that change the data."""
    sources = {}
    for edge in found.edges:
        sources.setdefault(edge.target, []).append(edge.source)
    nodes = {node.key: node for node in found.nodes if not node.output}
    before, length = {}, {}
    for key in nodes:
        best = max(sources.get(key, ()), key=lambda each: length[each], default=None)
        before[key] = best
        length[key] = length[best] + 1 if best is not None else 0
    key = max(length, key=length.get)
    path = []
    while key is not None:
        path.append(nodes[key])
        key = before[key]
    kept = []  # [node, shape, how many alike follow each other]
    for node in reversed(path):
        if not node.outputs:
            continue
        shape = node.outputs[0].shape[1:]
        if not kept or shape != kept[-1][1]:
            kept.append([node, shape, 1])
        elif node.family.name in ("convolution", "dense") and node.kind == kept[-1][0].kind:
            kept[-1][2] += 1
        elif node.family.name in ("convolution", "dense"):
            kept.append([node, shape, 1])
    return kept


def _sizes(shapes):
    """(depth, height, width) on paper of each shape: width of the image, its height, channels."""
    sides = [size for shape in shapes if len(shape) > 1 for size in shape[-3:-1] if size]
    features = [shape[-1] for shape in shapes if shape and shape[-1]]
    largest, most = max(sides, default=1), max(features, default=1)

    def scaled(size, top, room):
        return THINNEST + room * math.sqrt((size or top) / top)

    sizes = []
    for shape in shapes:
        if len(shape) > 2:
            height = scaled(shape[-3], largest, TALLEST - THINNEST)
            depth = scaled(shape[-2], largest, TALLEST - THINNEST)
            sizes.append((depth, height, scaled(shape[-1], most, 36)))
        elif len(shape) == 2:  # a sequence: time steps, features
            sizes.append((THINNEST, scaled(shape[0], largest, TALLEST), scaled(shape[1], most, 36)))
        else:  # a vector
            length = scaled(shape[-1] if shape else 1, most, TALLEST - THINNEST)
            sizes.append((THINNEST, length, 2 * THINNEST))
    return sizes


def _label(node, shape, times):
    sizes = " × ".join("?" if size is None else str(size) for size in shape)
    said = [_kernel(node.config)] if _kernel(node.config) else []
    return "\n".join([node.kind + (f" × {times}" if times > 1 else ""), *said, sizes])


def _kernel(config):
    """Say the size of the patterns or of the pool, "" where a layer has neither."""
    size = config.get("kernel_size", config.get("pool_size"))
    return " × ".join(map(str, size)) if isinstance(size, list | tuple) else ""


def _draw_volume(ax, left, depth, height, width, family):
    from matplotlib.patches import Polygon

    slant, lift = depth * SLANT, depth * LIFT
    x, y = left, -(height + lift) / 2
    front = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    top = [
        front[3],
        front[2],
        (x + width + slant, y + height + lift),
        (x + slant, y + height + lift),
    ]
    side = [front[1], (x + width + slant, y + lift), top[2], front[2]]
    for corners, shade in ((front, 1.0), (top, 0.94), (side, 0.86)):
        ax.add_patch(
            Polygon(
                corners,
                closed=True,
                facecolor=_darker(family.fill, shade),
                edgecolor=family.border,
                linewidth=0.9,
                joinstyle="round",
            )
        )


def _darker(color, factor):
    parts = [int(color[place : place + 2], 16) for place in (1, 3, 5)]
    return "#" + "".join(f"{int(part * factor):02x}" for part in parts)
