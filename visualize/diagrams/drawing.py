"""Diagrams of models: `plot_model` in the look of Keras, `plot_architecture` in our own."""

import sys
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from visualize.diagrams import dot, engines, folding, graph, plain
from visualize.diagrams.html import write_page
from visualize.errors import UnsupportedFormatError, VisualizeError
from visualize.measures.layer_count import count_layers
from visualize.style import INK

DRAWN = ("svg", "png", "pdf", "jpg", "gif")  # formats that an engine draws
WRITTEN = ("dot", "mmd", "html")  # formats that are text
ENGINES = ("auto", "dot", "pygraphviz", "matplotlib")
RANKDIRS = ("TB", "LR", "BT", "RL")
SHOW = ("name", "details", "shape", "parameters", "trainable")


def plot_model(
    model,
    to_file="model.png",
    show_shapes=False,
    show_dtype=False,
    show_layer_names=False,
    rankdir="TB",
    expand_nested=False,
    dpi=200,
    show_layer_activations=False,
    show_trainable=False,
    splines="ortho",
    **kwargs,
):
    """Draw a Keras model to a file, like `keras.utils.plot_model`, and always write a picture.

    Each box is one call of a layer, so a layer that is called twice has two boxes. If Graphviz is
    not installed, the package pygraphviz draws the picture; if that is not installed either,
    matplotlib does.

    Args:
        model: a built keras.Model.
        to_file: path of the picture. Its ending gives the format: svg, png, pdf, jpg, gif, dot
            (Graphviz), mmd (Mermaid) or html.
        show_shapes: whether to show input and output shapes.
        show_dtype: whether to show data types.
        show_layer_names: whether to show layer names.
        rankdir: "TB" draws from top to bottom, "LR" from left to right.
        expand_nested: whether to draw the layers inside nested models and wrappers.
        dpi: dots per inch of png, jpg and gif.
        show_layer_activations: whether to show activations.
        show_trainable: whether to show which layers are trained.
        splines: how edges are drawn: "ortho", "polyline", "spline", "curved" or "line".
        **kwargs: not allowed; Keras has the same parameter.

    Returns:
        The path of the picture; in a Jupyter notebook the picture itself, as Keras returns it.

    Raises:
        UnbuiltModelError: if the model is not built.
        UnsupportedFormatError: if the ending is none of the above.
        ValueError: if an unknown argument is given.
    """
    if kwargs.pop("layer_range", None) is not None:
        raise ValueError("Argument `layer_range` is no longer supported.")
    if kwargs:
        raise ValueError(f"Unrecognized keyword arguments: {kwargs}")

    levels = 1_000 if expand_nested else 0
    found = graph.read(model, depth=levels, expand_wrappers=expand_nested)

    # Keras draws no boxes for outputs. Outputs in a dictionary keep theirs, to show the keys.
    if not any(node.output and node.outputs[0].key for node in found.nodes):
        found = _without(found, {node.key for node in found.nodes if node.output})

    look = _KerasLook(
        {
            "show_shapes": show_shapes,
            "show_dtype": show_dtype,
            "show_layer_names": show_layer_names,
            "show_layer_activations": show_layer_activations,
            "show_trainable": show_trainable,
        }
    )
    diagram = Diagram(found, found, look, rankdir=rankdir, splines=splines, dpi=dpi)
    path = diagram.save(to_file)
    return _notebook_picture(path) or path


def plot_architecture(
    model,
    to_file=None,
    *,
    input_shape=None,
    show=SHOW,
    rankdir="TB",
    depth=1,
    expand_wrappers=True,
    fold_repeats="auto",
    hide=(),
    style="color",
    engine="auto",
    splines="spline",
    dpi=150,
):
    """Draw the architecture of a model: one box for each call of a layer, coloured by kind.

    A block that repeats is drawn once. The caption gives the number of parameters and the layer
    count. A subclassed model is traced through its `call`. If it cannot be traced, the layers
    that it holds are drawn.

    Args:
        model: a keras.Model, or a Graph of one.
        to_file: path of the picture. Its ending gives the format: svg, png, pdf, jpg, gif, html
            (with pan, zoom, and blocks that open), dot (Graphviz) or mmd (Mermaid). None writes
            nothing.
        input_shape: shape of one input without the batch axis, or a list or dictionary of them,
            for a model that is not built. The model is built with it.
        show: what to write into the boxes, besides the kind: "name", "details" (units, kernel,
            strides, activation), "shape", "parameters", "dtype", "trainable".
        rankdir: "TB" draws from top to bottom, "LR" from left to right.
        depth: how many levels of nested models to open.
        expand_wrappers: whether to draw the layers inside Bidirectional, TimeDistributed and other
            wrappers.
        fold_repeats: whether to draw a repeated block only once; "auto" does so in large models.
        hide: names or classes of layers to leave out, such as "Dropout".
        style: "color", or "plain" for black on white.
        engine: "dot", "pygraphviz" or "matplotlib"; "auto" uses the first of these that works.
        splines: how edges are drawn: "spline", "ortho", "polyline", "curved" or "line".
        dpi: dots per inch of png, jpg and gif.

    Returns:
        A Diagram.

    Raises:
        UnbuiltModelError: if the model is not built and input_shape is None.
        UnsupportedFormatError: if the ending is none of the above.
        GraphvizNotFoundError: if the requested engine is not installed.
        GraphvizFailedError: if the requested engine failed.
    """
    _one_of("style", style, dot.STYLES)
    _one_of("fold_repeats", fold_repeats, ("auto", True, False))
    show = (show,) if isinstance(show, str) else tuple(show)
    for name in show:
        _one_of("show", name, dot.SHOWN)

    caption = ()
    if isinstance(model, graph.Graph):
        found = model
    else:
        found = graph.read(
            model, input_shape=input_shape, depth=depth, expand_wrappers=expand_wrappers
        )
        parameters = f"{model.count_params():,} parameters"
        caption = (f"{model.name} · {parameters} · layers: {count_layers(model)}",)
    if found.note:
        caption = (*(caption or (found.name,)), found.note)

    found = _hide(found, (hide,) if isinstance(hide, str) else tuple(hide))
    folded = folding.fold(found, fold_repeats)
    diagram = Diagram(
        folded,
        found,
        _OurLook(show, style),
        caption=caption or (found.name,),
        rankdir=rankdir,
        splines=splines,
        engine=engine,
        dpi=dpi,
    )

    if to_file is not None:
        diagram.save(to_file)
    return diagram


@dataclass
class Diagram:
    """A diagram that can be written in any format.

    Attributes:
        graph: the Graph that is drawn.
        opened: the same Graph without folded blocks.
        look: writes the text of the boxes.
        caption: lines below the picture.
        rankdir: direction of the drawing, one of RANKDIRS.
        splines: how edges are drawn.
        engine: one of ENGINES.
        dpi: dots per inch of png, jpg and gif.
        path: the last file that was written; None before the first.
    """

    graph: graph.Graph
    opened: graph.Graph
    look: object = field(repr=False)
    caption: tuple = ()
    rankdir: str = "TB"
    splines: str = "spline"
    engine: str = "auto"
    dpi: int = 150
    path: Path | None = None

    def __post_init__(self):
        _one_of("engine", self.engine, ENGINES)
        _one_of("rankdir", self.rankdir, RANKDIRS)

    def save(self, to_file):
        """Write the diagram to a file and return its path; the file's ending gives the format."""
        path = Path(to_file)
        kind = path.suffix.lstrip(".").lower()
        if kind not in (*DRAWN, *WRITTEN):
            raise UnsupportedFormatError(
                f"{path}: cannot write {path.suffix or 'a file without an ending'}; "
                f"use {', '.join('.' + name for name in (*DRAWN, *WRITTEN))}."
            )

        if kind in DRAWN:
            self._render(path, kind, self.graph)
        else:
            write = {"dot": self.dot, "mmd": self.mermaid, "html": self.html}[kind]
            text = write()
            try:
                path.write_text(text, encoding="utf-8")
            except OSError as error:
                raise OSError(error.errno, f"cannot write {path}: {error.strerror}") from error
        self.path = path
        return path

    def dot(self):
        """Return the diagram in the DOT language."""
        return self._source(self.graph)(self.splines, 72)

    def mermaid(self):
        """Return the diagram in the language of Mermaid."""
        return dot.write_mermaid(self.graph, self.look.lines, self.rankdir, self.look.style)

    def svg(self):
        """Return the diagram as SVG."""
        return self._svg(self.graph)

    def html(self):
        """Return the diagram as one self-contained HTML page."""
        opened = None if self.opened is self.graph else self._svg(self.opened)
        return write_page(self.graph.name, self.svg(), opened)

    def _repr_svg_(self):  # Jupyter shows this
        return self.svg()

    def _svg(self, drawn):
        """Draw a Graph as SVG."""
        with tempfile.TemporaryDirectory(prefix="visualize-") as folder:
            path = Path(folder, "model.svg")
            self._render(path, "svg", drawn)
            return path.read_text(encoding="utf-8")

    def _source(self, drawn):
        """Return a function (splines, dpi) -> a Graph in the DOT language."""

        def write(splines, dpi):
            return self.look.source(drawn, self.caption, self.rankdir, splines, dpi)

        return write

    def _render(self, path, kind, drawn):
        """Draw a Graph to a file with the first engine that works."""

        def draw_plain(file, kind, dpi):
            """Draw with matplotlib."""
            boxes = {node.key: self.look.box(node) for node in drawn.nodes}
            titles = {key: dot.clean(dot.group_title(each)) for key, each in drawn.groups.items()}
            caption = [dot.clean(line) for line in self.caption]
            plain.draw(drawn, boxes, titles, caption, self.rankdir, file, kind, dpi)

        engines.render(
            self._source(drawn),
            path,
            kind,
            engine=self.engine,
            splines=self.splines,
            # With another resolution Graphviz clips the page of a vector file.
            dpi=72 if kind in ("svg", "pdf") else self.dpi,
            draw_plain=draw_plain,
        )


@dataclass(frozen=True)
class _OurLook:
    """The text of the boxes of `plot_architecture`."""

    show: tuple
    style: str

    def source(self, drawn, caption, rankdir, splines, dpi):
        return dot.write_dot(
            drawn,
            show=self.show,
            rankdir=rankdir,
            style=self.style,
            caption=caption,
            splines=splines,
            dpi=dpi,
        )

    def lines(self, node):
        kind, name, texts = dot.lines(node, self.show)
        return [dot.clean(line) for line in (f"{kind} {name}".rstrip(), *texts)]

    def box(self, node):
        first, *others = self.lines(node)
        lines = [(first, plain.LARGE, True, INK)]
        lines += [(line, plain.SMALL, False, INK) for line in others]

        colored = self.style == "color"
        return plain.Box(
            tuple(lines),
            node.family.fill if colored else "white",
            node.family.border if colored else INK,
            1.6 if node.parameters else 0.9,
        )


@dataclass(frozen=True)
class _KerasLook:
    """The text of the boxes of `plot_model`."""

    show: dict
    style: str = "plain"

    def source(self, drawn, caption, rankdir, splines, dpi):
        return dot.write_keras_dot(drawn, rankdir=rankdir, splines=splines, dpi=dpi, **self.show)

    def lines(self, node):
        title, rest, texts, cells = dot.keras_lines(node, **self.show)
        written = [title + rest, *(label + value for label, value in (*texts, *cells))]
        return [dot.clean(line) for line in written]

    def box(self, node):
        first, *others = self.lines(node)
        lines = [(first, plain.LARGE, True, "black")]
        lines += [(line, plain.SMALL, False, "black") for line in others]
        return plain.Box(tuple(lines), "white", "black", 1.2)


def _one_of(name, value, allowed):
    """Raise an error unless a value is one of those allowed; 1 does not count as True."""
    if not any(value is each or (value == each and type(value) is type(each)) for each in allowed):
        raise VisualizeError(f"{name}={value!r}: use {', '.join(map(repr, allowed))}.")


def _without(found, keys):
    """Leave out the nodes with these keys, and connect the nodes before and after them."""
    incoming = {}
    for edge in found.edges:
        incoming.setdefault(edge.target, []).append(edge)

    def origins(edge):
        """The nodes that stay from which an edge comes, directly or through nodes left out."""
        if edge.source not in keys:
            return [edge.source]
        return [key for before in incoming.get(edge.source, ()) for key in origins(before)]

    edges = {}
    for edge in found.edges:
        if edge.target in keys:
            continue
        for source in origins(edge):
            edges[source, edge.target, edge.label] = replace(edge, source=source)

    nodes = tuple(node for node in found.nodes if node.key not in keys)
    groups = folding.needed(found.groups, {node.group for node in nodes})
    return replace(found, nodes=nodes, edges=tuple(edges.values()), groups=groups)


def _hide(found, hidden):
    """Leave out the nodes whose name or class is in `hidden`."""
    keys = {
        node.key
        for node in found.nodes
        if node.name in hidden or node.kind in hidden or node.kind.split("(")[0] in hidden
    }
    return _without(found, keys) if keys else found


def _notebook_picture(path):
    """Return the picture as an object that a notebook shows; None outside a notebook."""
    ipython = sys.modules.get("IPython")
    shell = getattr(ipython, "get_ipython", lambda: None)()
    if getattr(shell, "kernel", None) is None:
        return None

    from IPython import display

    ending = path.suffix.lower()
    if ending == ".svg":
        return display.SVG(filename=str(path))
    if ending in (".png", ".jpg", ".gif"):
        return display.Image(filename=str(path))
    return None
