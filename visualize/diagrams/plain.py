"""A plain layered drawing on matplotlib: the engine that is always there.

Calls lie in layers by how far they are from the inputs; edges that skip layers get places of their
own in between, so that they run around the boxes.
"""

import contextlib
import warnings
from dataclasses import dataclass

from visualize.diagrams.engines import LARGEST

GAP, LAYER_GAP, MARGIN = 16, 26, 18  # points: between boxes, between layers, around the picture
PADDING, LEADING = 5, 1.35  # points inside a box, line height in font sizes
GROUP = 9  # points between a frame and what is in it
SWEEPS = 12
SMALL, LARGE = 8.5, 10  # font sizes of lines and titles
INK, FAINT = "#1b1f24", "#5b6470"


@dataclass(frozen=True)
class Box:
    """What is drawn for a node: lines of (text, size, bold, color), and colours."""

    lines: tuple
    fill: str
    border: str
    width: float = 1


def draw(graph, boxes, titles, caption, rankdir, file, kind, dpi):
    """Draw a graph into a file.

    Args:
        graph: a Graph.
        boxes: {key of a node: Box}.
        titles: {key of a group: title}.
        caption: lines below the picture.
        rankdir: "TB" or "LR".
        file: path to write.
        kind: svg, png, pdf, jpg or gif.
        dpi: dots per inch of formats made of pixels.
    """
    import matplotlib
    from matplotlib.figure import Figure

    sizes = {key: _box_size(box) for key, box in boxes.items()}
    down = rankdir in ("TB", "BT")
    places, bends, extent = _layout(graph, sizes, down, titles)
    caption_height = len(caption) * SMALL * LEADING + MARGIN
    caption_width = max((_text_width(line, SMALL, False) for line in caption), default=0)
    width = max(extent[0], caption_width) + 2 * MARGIN
    height = extent[1] + 2 * MARGIN + (caption_height if caption else 0)
    figure = Figure(figsize=(width / 72, height / 72))
    ax = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    ax.set_axis_off()
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
        ax.text(MARGIN, y, line, fontsize=SMALL, color=FAINT, va="bottom", parse_math=False)
    settings = {"svg.fonttype": "none", "svg.hashsalt": "visualize", "font.family": "DejaVu Sans"}
    dpi = min(dpi, LARGEST / max(width / 72, height / 72))
    with matplotlib.rc_context(settings):
        if kind == "gif":  # not one of matplotlib's formats
            _save_gif(figure, file, dpi)
        else:
            metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
            with _letters_may_be_missing() if kind == "svg" else contextlib.nullcontext():
                figure.savefig(file, format=kind, dpi=dpi, metadata=metadata, facecolor="white")


def _save_gif(figure, file, dpi):
    from PIL import Image

    picture = file.with_suffix(".png")
    figure.savefig(picture, format="png", dpi=dpi, facecolor="white")
    with Image.open(picture) as image:
        image.convert("P").save(file)


def _text_width(text, size, bold):
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")
    with _letters_may_be_missing():
        return text_to_path.get_text_width_height_descent(text, font, ismath=False)[0]


@contextlib.contextmanager
def _letters_may_be_missing():
    """Where text stays text, the viewer's fonts have the letters that DejaVu Sans lacks."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        yield


def _box_size(box):
    width = max(_text_width(text, size, bold) for text, size, bold, _ in box.lines)
    height = sum(size * LEADING for _, size, _, _ in box.lines)
    return width + 4 * PADDING, height + 2 * PADDING


def _layout(graph, sizes, down, titles):
    """Where the middle of every box and every bend of an edge lies, and how large it all is."""
    ranks = _ranks(graph)
    keys = {node.key: node for node in graph.nodes}
    sizes = dict(sizes)
    links, chains = [], {}  # between neighbouring layers; the bends of long edges
    ranks_of = dict(ranks)
    for number, edge in enumerate(graph.edges):
        chain = [edge.source]
        for rank in range(ranks[edge.source] + 1, ranks[edge.target]):
            bend = (number, rank)
            ranks_of[bend] = rank
            sizes[bend] = (4, 4)
            chain.append(bend)
        chain.append(edge.target)
        links += zip(chain, chain[1:], strict=False)
        chains[edge] = chain[1:-1]
    layers = [[] for _ in range(max(ranks_of.values()) + 1)]
    for key, rank in ranks_of.items():
        layers[rank].append(key)
    above, below = _neighbours(links)
    _arrange(layers, above, below)
    levels = _levels(graph)
    widths = {key: size[0 if down else 1] for key, size in sizes.items()}
    for node in graph.nodes:  # room for the sides of its frames
        widths[node.key] += 2 * GROUP * levels[node.group]
    across = _across(layers, above, below, widths)
    # Frames need room for their title and border between the layers.
    room = [
        max((levels.get(keys[key].group, 0) for key in layer if key in keys), default=0)
        for layer in layers
    ]
    along, position = {}, 0
    for number, layer in enumerate(layers):
        thick = max(sizes[key][1 if down else 0] for key in layer)
        changed = abs(room[number] - (room[number - 1] if number else 0))
        position += changed * (GROUP + LARGE)
        for key in layer:
            along[key] = position + thick / 2
        position += thick + LAYER_GAP
    left = min(across[key] - sizes[key][0 if down else 1] / 2 for key in across)
    side = GROUP * (1 + max(room, default=0)) if any(room) else 0
    points = {}
    for key in across:
        x, y = across[key] - left + side, along[key]
        points[key] = (x, y) if down else (y + side, x + (LARGE if side else 0))
    right = max(points[key][0] + sizes[key][0] / 2 for key in points) + side
    bottom = max(points[key][1] + sizes[key][1] / 2 for key in points) + side
    titled = max((_text_width(title, SMALL, True) for title in titles.values()), default=0)
    bends = {edge: [points[bend] for bend in chain] for edge, chain in chains.items()}
    return {key: points[key] for key in keys}, bends, (max(right, titled + 2 * side), bottom)


def _ranks(graph):
    """How many calls lie before each; an input lies directly before its first use."""
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
    """How many frames lie around the nodes of each group."""
    levels = {None: 0}
    for key, group in graph.groups.items():
        level, parent = 1, group.parent
        while parent is not None:
            level, parent = level + 1, graph.groups[parent].parent
        levels[key] = level
    return levels


def _neighbours(links):
    above, below = {}, {}
    for source, target in links:
        below.setdefault(source, []).append(target)
        above.setdefault(target, []).append(source)
    return above, below


def _arrange(layers, above, below):
    """Order every layer by the middle of its neighbours, which undoes most crossings."""
    for sweep in range(SWEEPS):
        downwards = sweep % 2 == 0
        neighbours = above if downwards else below
        for number in range(len(layers)) if downwards else reversed(range(len(layers))):
            beside = number - 1 if downwards else number + 1
            if not 0 <= beside < len(layers):
                continue
            order = {key: place for place, key in enumerate(layers[beside])}
            here = {key: place for place, key in enumerate(layers[number])}

            def middle(key, order=order, here=here, neighbours=neighbours):
                found = [order[each] for each in neighbours.get(key, ()) if each in order]
                return sum(found) / len(found) if found else here[key]

            layers[number].sort(key=middle)


def _across(layers, above, below, widths):
    """Coordinates within the layers: near the middle of the neighbours, never overlapping."""
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
                beside = [*above.get(key, ()), *below.get(key, ())]
                mean = sum(places[each] for each in beside) / len(beside) if beside else places[key]
                wanted.append(mean)
            places.update(zip(layer, _apart(wanted, [widths[key] for key in layer]), strict=True))
    return places


def _apart(wanted, widths):
    """The places closest to those wanted, in this order and without overlap.

    Neighbours that would overlap move as one block to the mean of what they want.
    """
    offsets = [0.0]
    for before, after in zip(widths, widths[1:], strict=False):
        offsets.append(offsets[-1] + before / 2 + after / 2 + GAP)
    blocks = []  # [mean of wanted place less offset, how many]
    for place, offset in zip(wanted, offsets, strict=True):
        blocks.append([place - offset, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, count = blocks.pop()
            total = blocks[-1][1] + count
            blocks[-1] = [(blocks[-1][0] * blocks[-1][1] + mean * count) / total, total]
    starts = [mean for mean, count in blocks for _ in range(count)]
    return [start + offset for start, offset in zip(starts, offsets, strict=True)]


def _draw_box(ax, key, box, place, size):
    from matplotlib.patches import FancyBboxPatch

    (x, y), (width, height) = place, size
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

    def border(key, sign):
        (x, y), (width, height) = places[key], sizes[key]
        return (x, y + sign * height / 2) if down else (x + sign * width / 2, y)

    points = [border(edge.source, 1), *bends, border(edge.target, -1)]
    ax.add_patch(
        FancyArrowPatch(
            path=Path(points),
            arrowstyle="-" if edge.tree else "-|>",
            mutation_scale=7,
            shrinkA=0,
            shrinkB=0,
            color=FAINT,
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
            color=FAINT,
            ha="center",
            va="center",
            parse_math=False,
            backgroundcolor="white",
            zorder=2.5,
        )


def _draw_groups(ax, graph, places, sizes, titles):
    """Frames around the nodes of each group, the outer ones first."""
    from matplotlib.patches import FancyBboxPatch

    frames = {}

    def frame(key):
        if key not in frames:
            spans = [
                (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
                for node in graph.nodes
                if node.group == key
                for (x, y), (w, h) in [(places[node.key], sizes[node.key])]
            ]
            spans += [frame(each) for each, group in graph.groups.items() if group.parent == key]
            left, top, right, bottom = zip(*spans, strict=True)
            frames[key] = (
                min(left) - GROUP,
                min(top) - GROUP - LARGE,
                max(*right, min(left) + _text_width(titles[key], SMALL, True)) + GROUP,
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
                edgecolor=INK if folded else FAINT,
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
