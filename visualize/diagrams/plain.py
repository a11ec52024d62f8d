"""A plain drawing in layers, with matplotlib: the engine that always works.

The layer of a call is the number of calls before it on the longest path. An edge that skips layers
gets a bend in each of them, so that it goes around the boxes.
"""

import contextlib
import warnings
from dataclasses import dataclass

from visualize.diagrams.engines import LARGEST
from visualize.style import GREY_TEXT, INK

GAP, LAYER_GAP, MARGIN = 16, 26, 18  # points: between boxes, between layers, around the picture
PADDING, LEADING = 5, 1.35  # points inside a box; line height in font sizes
GROUP = 9  # points between a frame and its content
SWEEPS = 12  # how often the order of the boxes is improved
SMALL, LARGE = 8.5, 10  # font sizes of lines and titles


@dataclass(frozen=True)
class Box:
    """The drawing of a node: lines of (text, size, bold, color), colours, and border width."""

    lines: tuple
    fill: str
    border: str
    width: float = 1


def draw(graph, boxes, titles, caption, rankdir, file, kind, dpi):
    """Draw a graph to a file.

    Args:
        graph: a Graph.
        boxes: {key of a node: Box}.
        titles: {key of a group: title}.
        caption: lines below the picture.
        rankdir: "TB" or "BT" draws from top to bottom, "LR" or "RL" from left to right.
        file: path to write.
        kind: svg, png, pdf, jpg or gif.
        dpi: dots per inch of png, jpg and gif.
    """
    import matplotlib
    from matplotlib.figure import Figure

    sizes = {key: _box_size(box) for key, box in boxes.items()}
    down = rankdir in ("TB", "BT")
    places, bends, extent = _layout(graph, sizes, down, titles)

    # The page holds the drawing, the caption below it, and a margin around both.
    caption_height = len(caption) * SMALL * LEADING + MARGIN
    caption_width = max((_text_width(line, SMALL, False) for line in caption), default=0)
    width = max(extent[0], caption_width) + 2 * MARGIN
    height = extent[1] + 2 * MARGIN + (caption_height if caption else 0)
    figure = Figure(figsize=(width / 72, height / 72))
    ax = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    ax.set_axis_off()

    # A drawing that is narrower than its caption is centred.
    shift = max(0, (width - 2 * MARGIN - extent[0]) / 2) + MARGIN
    places = {key: (x + shift, y + MARGIN) for key, (x, y) in places.items()}
    bends = {edge: [(x + shift, y + MARGIN) for x, y in points] for edge, points in bends.items()}

    _draw_groups(ax, graph, places, sizes, titles)
    for edge in graph.edges:
        _draw_edge(ax, edge, places, sizes, bends.get(edge, ()), down)
    for key, box in boxes.items():
        _draw_box(ax, key, box, places[key], sizes[key])
    for number, line in enumerate(caption):
        y = height - caption_height + (number + 1) * SMALL * LEADING
        ax.text(MARGIN, y, line, fontsize=SMALL, color=GREY_TEXT, va="bottom", parse_math=False)

    settings = {"svg.fonttype": "none", "svg.hashsalt": "visualize", "font.family": "DejaVu Sans"}
    dpi = min(dpi, LARGEST / max(width / 72, height / 72))
    with matplotlib.rc_context(settings):
        if kind == "gif":  # matplotlib cannot write it
            _save_gif(figure, file, dpi)
        else:
            metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
            with _ignore_missing_letters() if kind == "svg" else contextlib.nullcontext():
                figure.savefig(file, format=kind, dpi=dpi, metadata=metadata, facecolor="white")


def _save_gif(figure, file, dpi):
    from PIL import Image

    picture = file.with_suffix(".png")
    figure.savefig(picture, format="png", dpi=dpi, facecolor="white")
    with Image.open(picture) as image:
        image.convert("P").save(file)


def _text_width(text, size, bold):
    """Return the width of a text in points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")
    with _ignore_missing_letters():
        return text_to_path.get_text_width_height_descent(text, font, ismath=False)[0]


@contextlib.contextmanager
def _ignore_missing_letters():
    """Ignore matplotlib's warning about letters that DejaVu Sans lacks.

    In an SVG, text stays text: the viewer's fonts are used, which may have these letters.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        yield


def _box_size(box):
    """Return (width, height) of a box in points."""
    width = max(_text_width(text, size, bold) for text, size, bold, _ in box.lines)
    height = sum(size * LEADING for _, size, _, _ in box.lines)
    return width + 4 * PADDING, height + 2 * PADDING


def _layout(graph, sizes, down, titles):
    """Place the boxes and the bends of the edges.

    Args:
        graph: a Graph.
        sizes: {key of a node: (width, height)} in points.
        down: whether the layers follow each other from top to bottom, not from left to right.
        titles: {key of a group: title}.

    Returns:
        (places, bends, extent): {key of a node: (x, y) of its middle}, {edge: [(x, y)]}, and
        (width, height) of the drawing.
    """
    nodes = {node.key: node for node in graph.nodes}
    ranks, links, chains = _with_bends(graph)
    bend_size = (4, 4)
    sizes = {key: sizes.get(key, bend_size) for key in ranks}

    layers = [[] for _ in range(max(ranks.values()) + 1)]
    for key, rank in ranks.items():
        layers[rank].append(key)
    above, below = _neighbours(links)
    _arrange(layers, above, below)

    # "Across" is the direction within a layer, "along" the direction from layer to layer.
    side, depth = (0, 1) if down else (1, 0)
    levels = _levels(graph)
    widths = {key: size[side] for key, size in sizes.items()}
    for node in graph.nodes:  # with room for the sides of its frames
        widths[node.key] += 2 * GROUP * levels[node.group]
    across = _across(layers, above, below, widths)
    frames = [
        max((levels.get(nodes[key].group, 0) for key in layer if key in nodes), default=0)
        for layer in layers
    ]
    along = _along(layers, {key: size[depth] for key, size in sizes.items()}, frames)

    left = min(across[key] - sizes[key][side] / 2 for key in across)
    border = GROUP * (1 + max(frames, default=0)) if any(frames) else 0
    points = {}
    for key in across:
        if down:
            points[key] = (across[key] - left + border, along[key])
        else:
            title_height = LARGE if border else 0
            points[key] = (along[key] + border, across[key] - left + border + title_height)

    right = max(points[key][0] + sizes[key][0] / 2 for key in points) + border
    bottom = max(points[key][1] + sizes[key][1] / 2 for key in points) + border
    title_width = max((_text_width(title, SMALL, True) for title in titles.values()), default=0)
    extent = (max(right, title_width + 2 * border), bottom)

    places = {key: points[key] for key in nodes}
    bends = {edge: [points[bend] for bend in chain] for edge, chain in chains.items()}
    return places, bends, extent


def _with_bends(graph):
    """Cut each edge that skips layers into links between neighbouring layers.

    Returns:
        (ranks, links, chains): {key of a node or bend: number of its layer}, [(source, target)],
        and {edge: [its bends]}.
    """
    ranks = _ranks(graph)
    all_ranks = dict(ranks)
    links, chains = [], {}
    for number, edge in enumerate(graph.edges):
        bends = []
        for rank in range(ranks[edge.source] + 1, ranks[edge.target]):
            bend = (number, rank)
            all_ranks[bend] = rank
            bends.append(bend)

        chain = [edge.source, *bends, edge.target]
        links += zip(chain, chain[1:], strict=False)
        chains[edge] = bends
    return all_ranks, links, chains


def _along(layers, thicknesses, frames):
    """Return the coordinate of each key from layer to layer.

    Args:
        layers: lists of keys.
        thicknesses: {key: size in this direction}.
        frames: for each layer, the largest number of frames around one of its nodes.
    """
    along, position = {}, 0
    for number, layer in enumerate(layers):
        # Where frames begin or end, their titles and borders need room.
        before = frames[number - 1] if number else 0
        position += abs(frames[number] - before) * (GROUP + LARGE)

        thickness = max(thicknesses[key] for key in layer)
        for key in layer:
            along[key] = position + thickness / 2
        position += thickness + LAYER_GAP
    return along


def _ranks(graph):
    """Return the layer of each node: how many calls lie before it on the longest path.

    An input lies directly before its first use.
    """
    sources, targets = {}, {}
    for edge in graph.edges:
        sources.setdefault(edge.target, []).append(edge.source)
        targets.setdefault(edge.source, []).append(edge.target)
    ranks = {}
    for node in graph.nodes:
        ranks[node.key] = max((ranks[key] + 1 for key in sources.get(node.key, ())), default=0)

    for node in graph.nodes:
        if node.key not in sources and node.key in targets:
            ranks[node.key] = min(ranks[key] for key in targets[node.key]) - 1
    return ranks


def _levels(graph):
    """Return how many frames lie around the nodes of each group; None means no group."""
    levels = {None: 0}
    for key, group in graph.groups.items():
        level = 1
        parent = group.parent
        while parent is not None:
            level += 1
            parent = graph.groups[parent].parent
        levels[key] = level
    return levels


def _neighbours(links):
    """Return {key: neighbours in the layer before} and {key: neighbours in the layer after}."""
    above, below = {}, {}
    for source, target in links:
        below.setdefault(source, []).append(target)
        above.setdefault(target, []).append(source)
    return above, below


def _arrange(layers, above, below):
    """Sort each layer by the mean place of the neighbours, which removes most crossings."""
    for sweep in range(SWEEPS):
        downwards = sweep % 2 == 0
        neighbours = above if downwards else below
        pairs = list(zip(layers, layers[1:], strict=False))  # neighbouring layers
        if not downwards:
            pairs = [(after, before) for before, after in reversed(pairs)]

        for fixed, sorted_layer in pairs:
            fixed_places = {key: place for place, key in enumerate(fixed)}
            old_places = {key: place for place, key in enumerate(sorted_layer)}
            means = {}
            for key in sorted_layer:
                found = [
                    fixed_places[each] for each in neighbours.get(key, ()) if each in fixed_places
                ]
                means[key] = sum(found) / len(found) if found else old_places[key]
            sorted_layer.sort(key=means.get)


def _across(layers, above, below, widths):
    """Return the coordinate of each key within its layer: near its neighbours, without overlap."""
    # At first each layer is centred around 0.
    places = {}
    for layer in layers:
        position = 0
        for key in layer:
            places[key] = position + widths[key] / 2
            position += widths[key] + GAP
        for key in layer:
            places[key] -= (position - GAP) / 2

    for sweep in range(3 * SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            wanted = []
            for key in layer:
                neighbours = [*above.get(key, ()), *below.get(key, ())]
                if neighbours:
                    wanted.append(sum(places[each] for each in neighbours) / len(neighbours))
                else:
                    wanted.append(places[key])
            moved = _apart(wanted, [widths[key] for key in layer])
            places.update(zip(layer, moved, strict=True))
    return places


def _apart(wanted, widths):
    """Return the places closest to those wanted, in this order and without overlap.

    Neighbours that would overlap move together, as a block, to the mean of their wanted places.
    This is isotonic regression with the pool-adjacent-violators algorithm.
    """
    # Distance of each box from the first one if all boxes touch.
    offsets = [0.0]
    for before, after in zip(widths, widths[1:], strict=False):
        offsets.append(offsets[-1] + before / 2 + after / 2 + GAP)

    blocks = []  # [mean of (wanted place - offset), number of boxes]
    for place, offset in zip(wanted, offsets, strict=True):
        blocks.append([place - offset, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, count = blocks.pop()
            mean_before, count_before = blocks.pop()
            total = count_before + count
            blocks.append([(mean_before * count_before + mean * count) / total, total])

    starts = [mean for mean, count in blocks for _ in range(count)]
    return [start + offset for start, offset in zip(starts, offsets, strict=True)]


def _draw_box(ax, key, box, place, size):
    from matplotlib.patches import FancyBboxPatch

    x, y = place
    width, height = size
    ax.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - height / 2),
            width,
            height,
            boxstyle="round,pad=0,rounding_size=3",
            facecolor=box.fill,
            edgecolor=box.border,
            linewidth=box.width,
            gid=key,
            zorder=3,
        )
    )
    top = y - height / 2 + PADDING
    for text, font_size, bold, color in box.lines:
        ax.text(
            x,
            top + font_size * LEADING / 2,
            text,
            fontsize=font_size,
            fontweight="bold" if bold else "normal",
            color=color,
            ha="center",
            va="center_baseline",
            parse_math=False,
            zorder=4,
        )
        top += font_size * LEADING


def _draw_edge(ax, edge, places, sizes, bends, down):
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    def end(key, sign):
        """The point on the border of a box where the edge begins (1) or ends (-1)."""
        x, y = places[key]
        width, height = sizes[key]
        if down:
            return (x, y + sign * height / 2)
        return (x + sign * width / 2, y)

    points = [end(edge.source, 1), *bends, end(edge.target, -1)]
    ax.add_patch(
        FancyArrowPatch(
            path=Path(points),
            arrowstyle="-" if edge.tree else "-|>",
            mutation_scale=7,
            shrinkA=0,
            shrinkB=0,
            color=GREY_TEXT,
            linewidth=0.9,
            linestyle="--" if edge.tree else "-",
            gid=f"{edge.source}-{edge.target}",
            zorder=2,
        )
    )
    if edge.label:
        (x1, y1), (x2, y2) = points[-2:]
        ax.text(
            (x1 + x2) / 2,
            (y1 + y2) / 2,
            edge.label,
            fontsize=SMALL - 1,
            color=GREY_TEXT,
            ha="center",
            va="center",
            parse_math=False,
            backgroundcolor="white",
            zorder=2.5,
        )


def _draw_groups(ax, graph, places, sizes, titles):
    """Draw a frame around the nodes of each group, the outer frames first."""
    from matplotlib.patches import FancyBboxPatch

    frames = {}

    def frame(key):
        """Return (left, top, right, bottom) of a frame around its nodes and inner frames."""
        if key in frames:
            return frames[key]

        spans = [frame(each) for each, group in graph.groups.items() if group.parent == key]
        for node in graph.nodes:
            if node.group == key:
                x, y = places[node.key]
                width, height = sizes[node.key]
                spans.append((x - width / 2, y - height / 2, x + width / 2, y + height / 2))

        left, top, right, bottom = zip(*spans, strict=True)
        title_end = min(left) + _text_width(titles[key], SMALL, True)
        frames[key] = (
            min(left) - GROUP,
            min(top) - GROUP - LARGE,
            max(*right, title_end) + GROUP,
            max(bottom) + GROUP,
        )
        return frames[key]

    levels = _levels(graph)
    for key in sorted(graph.groups, key=levels.get):
        left, top, right, bottom = frame(key)
        folded = graph.groups[key].times > 1
        ax.add_patch(
            FancyBboxPatch(
                (left, top),
                right - left,
                bottom - top,
                boxstyle="round,pad=0,rounding_size=4",
                facecolor="#f7f8fa" if folded else "none",
                edgecolor=INK if folded else GREY_TEXT,
                linewidth=1.6 if folded else 0.9,
                linestyle="-" if folded else "--",
                gid=key,
                zorder=1,
            )
        )
        ax.text(
            left + 4,
            top + 3,
            titles[key],
            fontsize=SMALL,
            fontweight="bold",
            color=INK,
            va="top",
            parse_math=False,
            zorder=4,
        )
