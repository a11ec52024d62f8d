"""Draw a convolutional network as a row of shrinking volumes, as in papers."""

import math

from visualize.diagrams import graph
from visualize.errors import VisualizeError
from visualize.style import GREY_TEXT, INK

SLANT, LIFT = 0.45, 0.36  # how far an edge of depth 1 goes to the right and up
TALLEST, THINNEST, GAP = 100.0, 3.0, 22.0
BOTTOM = -TALLEST * (1 + LIFT) / 2
LETTER = 5.2  # width of a letter of a label, in the units of the drawing


def plot_blocks(model, ax=None, *, input_shape=None):
    """Draw a convolutional network as a row of volumes: height, width and channels.

    Each volume is the output of a layer. Layers that keep the shape and the kind of the data
    (activation, normalisation, dropout) are left out. Sizes are drawn by their square root, so
    that a 7 x 7 image stays visible next to one of 224 x 224. A network with branches is drawn
    along its longest path.

    Args:
        model: a keras.Model with images inside.
        ax: matplotlib Axes to draw into; None makes a new Figure.
        input_shape: shape of the input without the batch axis, for a model that is not built.

    Returns:
        The matplotlib Figure.

    Raises:
        UnbuiltModelError: if the model is not built and input_shape is None.
        VisualizeError: if the model has no layer with images.
    """
    from matplotlib.figure import Figure

    volumes = _volumes(graph.read(model, input_shape=input_shape))
    if not any(len(shape) > 2 for _, shape, _ in volumes):
        raise VisualizeError(f"model {model.name!r} has no images inside: use plot_architecture.")

    sizes = _sizes([shape for _, shape, _ in volumes])
    labels = [_label(*volume) for volume in volumes]
    lefts, total_width = _positions(sizes, labels)

    if ax is None:
        figure = Figure(figsize=(max(4, total_width / 62), 2.9), layout="constrained")
        ax = figure.subplots()

    for (node, _, _), size, left, label in zip(volumes, sizes, lefts, labels, strict=True):
        depth, height, width = size
        _draw_volume(ax, left, depth, height, width, node.family)
        middle = left + (width + depth * SLANT) / 2
        ax.text(middle, BOTTOM - 6, label, ha="center", va="top", fontsize=8, color=INK)

    for number in range(len(sizes) - 1):
        depth, _, width = sizes[number]
        start = lefts[number] + width + depth * SLANT + 2
        end = lefts[number + 1] - 2
        arrow = {"arrowstyle": "-|>", "color": GREY_TEXT, "linewidth": 0.8}
        ax.annotate("", (end, 0), (start, 0), arrowprops=arrow)

    ax.set_xlim(-GAP, total_width)
    ax.set_ylim(BOTTOM - 46, -BOTTOM + 4)
    ax.set_aspect("equal")
    ax.set_axis_off()
    return ax.figure


def _positions(sizes, labels):
    """Return the left edge of each volume, and the width of the whole row.

    A volume takes as much room as its drawing or its label, whichever is wider.
    """
    lefts, position = [], 0.0
    for (depth, _, width), label in zip(sizes, labels, strict=True):
        drawing_width = width + depth * SLANT
        label_width = LETTER * max(map(len, label.split("\n")))
        room = max(drawing_width, label_width)

        lefts.append(position + (room - drawing_width) / 2)
        position += room + GAP
    return lefts, position


def _volumes(found):
    """List the calls on the longest path that change the data.

    Args:
        found: the Graph of a model.

    Returns:
        [[node, shape without batch, how many equal layers follow each other]].
    """
    volumes = []
    for node in _longest_path(found):
        if not node.outputs:
            continue

        shape = node.outputs[0].shape[1:]
        has_weights = node.family.name in ("convolution", "dense")
        if not volumes or shape != volumes[-1][1]:
            volumes.append([node, shape, 1])
        elif has_weights and node.kind == volumes[-1][0].kind:
            volumes[-1][2] += 1
        elif has_weights:
            volumes.append([node, shape, 1])
    return volumes


def _longest_path(found):
    """List the nodes on the longest path through a graph, from an input to the end."""
    sources = {}
    for edge in found.edges:
        sources.setdefault(edge.target, []).append(edge.source)

    # The nodes are in an order where every source comes before its targets.
    nodes = {node.key: node for node in found.nodes if not node.output}
    before, length = {}, {}
    for key in nodes:
        farthest = max(sources.get(key, ()), key=lambda each: length[each], default=None)
        before[key] = farthest
        length[key] = 0 if farthest is None else length[farthest] + 1

    path = []
    key = max(length, key=length.get)
    while key is not None:
        path.append(nodes[key])
        key = before[key]
    return path[::-1]


def _sizes(shapes):
    """Return (depth, height, width) of each volume on paper.

    The depth shows the width of an image, the height its height, and the width its channels.
    """
    sides = [size for shape in shapes if len(shape) > 1 for size in shape[-3:-1] if size]
    features = [shape[-1] for shape in shapes if shape and shape[-1]]
    largest_side = max(sides, default=1)
    most_features = max(features, default=1)

    def scaled(size, largest, room):
        """Scale a size by its square root; an unknown size counts as the largest one."""
        return THINNEST + room * math.sqrt((size or largest) / largest)

    sizes = []
    for shape in shapes:
        if len(shape) > 2:
            height = scaled(shape[-3], largest_side, TALLEST - THINNEST)
            depth = scaled(shape[-2], largest_side, TALLEST - THINNEST)
            width = scaled(shape[-1], most_features, 36)
        elif len(shape) == 2:  # a sequence: time steps, features
            height = scaled(shape[0], largest_side, TALLEST)
            depth = THINNEST
            width = scaled(shape[1], most_features, 36)
        else:  # a vector
            units = shape[-1] if shape else 1
            height = scaled(units, most_features, TALLEST - THINNEST)
            depth = THINNEST
            width = 2 * THINNEST
        sizes.append((depth, height, width))
    return sizes


def _label(node, shape, times):
    """Write the label of a volume: kind of layer, kernel or pool size, shape."""
    lines = [f"{node.kind} × {times}" if times > 1 else node.kind]
    kernel = _kernel(node.config)
    if kernel:
        lines.append(kernel)
    lines.append(" × ".join("?" if size is None else str(size) for size in shape))
    return "\n".join(lines)


def _kernel(config):
    """Write the kernel size or the pool size, "" if a layer has neither."""
    size = config.get("kernel_size", config.get("pool_size"))
    return " × ".join(map(str, size)) if isinstance(size, list | tuple) else ""


def _draw_volume(ax, left, depth, height, width, family):
    """Draw a box with its front, top and right side, each a little darker than the one before."""
    from matplotlib.patches import Polygon

    slant, lift = depth * SLANT, depth * LIFT
    right = left + width
    bottom = -(height + lift) / 2
    top = bottom + height

    front = [(left, bottom), (right, bottom), (right, top), (left, top)]
    lid = [(left, top), (right, top), (right + slant, top + lift), (left + slant, top + lift)]
    side = [
        (right, bottom),
        (right + slant, bottom + lift),
        (right + slant, top + lift),
        (right, top),
    ]
    for corners, shade in ((front, 1.0), (lid, 0.94), (side, 0.86)):
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
    """Multiply red, green and blue of a color "#rrggbb" by a factor."""
    channels = [int(color[place : place + 2], 16) for place in (1, 3, 5)]
    return "#" + "".join(f"{int(channel * factor):02x}" for channel in channels)
