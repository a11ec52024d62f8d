"""Write a graph in the DOT language of Graphviz, and as Mermaid."""

import html
import re
from collections import Counter

from visualize.diagrams import describe
from visualize.style import GREY_TEXT, INK

FONT = "Helvetica,Arial,sans-serif"
SHOWN = ("name", "details", "shape", "parameters", "dtype", "trainable")
STYLES = ("color", "plain")


def clean(text):
    """Replace line breaks, and characters that are not allowed in labels and in XML, by spaces."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]+", " ", str(text))


def safe(text):
    """Escape text for an HTML-like label, where Graphviz would replace \\N by the node's name."""
    return html.escape(clean(text), quote=True).replace("\\", "\\\\")


def quoted(text):
    """Write a string of the DOT language, with quotes and backslashes escaped."""
    return '"' + clean(text).replace("\\", "\\" * 4).replace('"', '\\"') + '"'


def lines(node, show):
    """Write the text of a box: its kind, its name, then lines of text.

    Args:
        node: a Node.
        show: which of SHOWN to write.

    Returns:
        (kind, name, [lines]).
    """
    name = node.name if "name" in show else ""
    if node.calls > 1 and not node.framed:
        name = f"{name} · call {node.call} of {node.calls}".removeprefix(" · ")

    texts = []
    if "details" in show and describe.details(node.config):
        texts.append(", ".join(describe.details(node.config)))

    facts = []
    if "shape" in show and node.outputs:
        facts.append(_output_shapes(node))
    if "dtype" in show and node.outputs:
        facts.append(", ".join(dict.fromkeys(tensor.dtype for tensor in node.outputs)))
    if "parameters" in show and node.parameters:
        facts.append("shared weights" if node.call > 1 else f"{node.parameters:,} parameters")
    if "trainable" in show and node.trainable is False:
        facts.append("frozen")
    if facts:
        texts.append(" · ".join(facts))
    return node.kind, name, texts


def _output_shapes(node):
    """Write the output shapes of a call; several outputs are named by their keys."""
    shapes = []
    for tensor in node.outputs:
        shape = describe.shape_text(tensor.shape)
        if tensor.key and len(node.outputs) > 1:
            shape = f"{tensor.key}: {shape}"
        shapes.append(shape)
    return "; ".join(shapes)


def write_dot(graph, *, show, rankdir, style, caption, splines, dpi):
    """Write a diagram of a graph in the DOT language.

    Args:
        graph: a Graph.
        show: which of SHOWN to write into the boxes.
        rankdir: "TB", "LR", "BT" or "RL".
        style: one of STYLES.
        caption: lines below the picture.
        splines: how Graphviz draws edges.
        dpi: dots per inch of png, jpg and gif.

    Returns:
        The text.
    """
    caption_text = "".join(f'{safe(line)}<br align="left"/>' for line in ("", *caption))
    head = [
        f"digraph {quoted(graph.name)} {{",
        f'graph [rankdir={quoted(rankdir)}, splines={quoted(splines)}, dpi="{dpi}", '
        f'fontname="{FONT}", fontsize="11", fontcolor="{GREY_TEXT}", ranksep="0.28", '
        f'nodesep="0.3", pad="0.15", bgcolor="white", labelloc="b", labeljust="l", '
        f"label=<{caption_text}>];",
        f'node [shape="plain", fontname="{FONT}", fontsize="11", fontcolor="{INK}"];',
        f'edge [color="{GREY_TEXT}", arrowsize="0.6", fontname="{FONT}", fontsize="9", '
        f'fontcolor="{GREY_TEXT}"];',
    ]

    def box(node):
        return f"{node.key} [{_shared_attributes(node)}, label=<{_table(node, show, style)}>];"

    outgoing = Counter(edge.source for edge in graph.edges)
    incoming = Counter(edge.target for edge in graph.edges)
    edges = [
        _edge(edge, in_chain=outgoing[edge.source] == 1 and incoming[edge.target] == 1)
        for edge in graph.edges
    ]
    return "\n".join([*head, *_body(graph, box, _frame), *edges, "}", ""])


def _table(node, show, style):
    """Write the label of a box in our look, as a table."""
    kind, name, texts = lines(node, show)
    fill, border = node.family.fill, node.family.border
    if style == "plain":
        fill, border = "white", INK

    title = f"<b>{safe(kind)}</b>"
    if name:
        title += f' <font color="{GREY_TEXT}">{safe(name)}</font>'
    rows = [title, *(f'<font point-size="10">{safe(line)}</font>' for line in texts)]
    text = "".join(f"<tr><td>{row}</td></tr>" for row in rows)

    # The outer table draws the rounded border, the inner one holds the text.
    return (
        f'<table border="{2 if node.parameters else 1}" cellborder="0" cellspacing="0" '
        f'style="rounded" color="{border}" bgcolor="{fill}"><tr><td cellpadding="4">'
        f'<table border="0" cellspacing="0" cellpadding="1">{text}</table></td></tr></table>'
    )


def _frame(group):
    """Write the attributes of a frame in our look."""
    folded = group.times > 1
    title = safe(group_title(group))
    style = "rounded,filled" if folded else "rounded,dashed"
    return (
        f'graph [style="{style}", color="{INK if folded else GREY_TEXT}", fillcolor="#f7f8fa", '
        f'penwidth="{2 if folded else 1}", margin="10", labelloc="t", labeljust="l", '
        f'fontsize="11", fontcolor="{INK}", label=<<b>{title}</b>>];'
    )


def group_title(group):
    """Return the title of a frame, with the number of the call if there are several."""
    if group.calls > 1:
        return f"{group.title} · call {group.call} of {group.calls}"
    return group.title


def _edge(edge, in_chain):
    """Write an edge in our look; `in_chain` if it is the only one of both its nodes."""
    attributes = [f"id={quoted(f'{edge.source}-{edge.target}')}"]
    if in_chain:
        attributes.append('weight="10"')  # keeps the edge straight and the picture narrow
    if edge.label:
        attributes.append(f"label=<{safe(edge.label)}>")
    if edge.tree:
        attributes.append('style="dashed", arrowhead="none"')
    return f"{edge.source} -> {edge.target} [{', '.join(attributes)}];"


def write_keras_dot(graph, *, rankdir, splines, dpi, **show):
    """Write a graph in the look of `keras.utils.plot_model`, in the DOT language.

    Args:
        graph: a Graph.
        rankdir: "TB", "LR", "BT" or "RL".
        splines: how Graphviz draws edges.
        dpi: dots per inch of png, jpg and gif.
        **show: the arguments of `keras.utils.plot_model` that start with show_.

    Returns:
        The text.
    """

    def box(node):
        return f"{node.key} [{_shared_attributes(node)}, label=<{_keras_table(node, **show)}>];"

    def frame(group):
        title = safe(group_title(group))
        return f'graph [style="dashed", labeljust="l", fontname="{FONT}", label=<{title}>];'

    edges = [f"{edge.source} -> {edge.target} [{_keras_edge(edge)}];" for edge in graph.edges]
    return "\n".join(
        [
            f"digraph {quoted(graph.name)} {{",
            f'graph [rankdir={quoted(rankdir)}, splines={quoted(splines)}, dpi="{dpi}"];',
            f'node [shape="plain", fontname="{FONT}"];',
            f'edge [penwidth="2", fontname="{FONT}"];',
            *_body(graph, box, frame),
            *edges,
            "}",
            "",
        ]
    )


def _keras_edge(edge):
    """Write the attributes of an edge in Keras's look."""
    dashed = ', style="dashed", arrowhead="none"' if edge.tree else ""
    label = f", xlabel=<{safe(edge.label)}>" if edge.label else ""
    return f"id={quoted(f'{edge.source}-{edge.target}')}{label}{dashed}"


def keras_lines(
    node,
    show_shapes,
    show_dtype,
    show_layer_names,
    show_layer_activations,
    show_trainable,
):
    """Write the text of a box in the look of `keras.utils.plot_model`.

    Args:
        node: a Node.
        show_shapes: whether to write input and output shapes.
        show_dtype: whether to write data types.
        show_layer_names: whether to write layer names.
        show_layer_activations: whether to write activations.
        show_trainable: whether to write which layers are trained.

    Returns:
        (title, rest of the title, lines, cells). `lines` and `cells` are lists of (label, value);
        cells stand side by side.
    """
    title, rest = node.kind, ""
    if node.name and (show_layer_names or node.output):
        title, rest = node.name, f" ({node.kind})"
    if node.calls > 1 and not node.framed:
        rest += f" · call {node.call} of {node.calls}"

    texts, cells = [], []
    if show_layer_activations and node.config.get("activation"):
        texts.append(("Activation: ", describe.activation(node.config) or "linear"))
    if show_shapes and not node.output:
        if node.kind != "InputLayer":
            cells.append(("Input shape: ", _shapes(node.inputs)))
        cells.append(("Output shape: ", _shapes(node.outputs)))
    if show_dtype and not node.output:
        types = ", ".join(dict.fromkeys(tensor.dtype for tensor in node.outputs))
        cells.append(("Output dtype: ", types or "?"))
    if show_trainable and node.trainable is not None:
        cells.append(("", "Trainable" if node.trainable else "Non-trainable"))
    return title, rest, texts, cells


def _keras_table(node, **show):
    """Write the label of a box in Keras's look, as a table."""
    title, rest, texts, cells = keras_lines(node, **show)
    span = f'colspan="{max(1, len(cells))}"'
    rows = (
        f'<tr><td {span} bgcolor="black"><font point-size="16" color="white">'
        f"<b>{safe(title)}</b>{safe(rest)}</font></td></tr>"
    )
    for label, value in texts:
        rows += f'<tr><td {span} bgcolor="white">{_keras_text(label, value, INK)}</td></tr>'
    if cells:
        rows += "<tr>"
        for label, value in cells:
            fill = {"Trainable": "forestgreen", "Non-trainable": "firebrick"}.get(value, "white")
            ink = "black" if label else "white"
            rows += f'<td bgcolor="{fill}">{_keras_text(label, value, ink)}</td>'
        rows += "</tr>"
    return f'<table border="0" cellborder="1" cellspacing="0" cellpadding="10">{rows}</table>'


def _keras_text(label, value, ink):
    return f'<font point-size="14" color="{ink}">{safe(label)}<b>{safe(value)}</b></font>'


def _shapes(tensors):
    """Write shapes as Keras does: (None, 4), several in brackets, those of a dictionary by key."""
    texts = [
        (f"{tensor.key}: " if tensor.key else "") + str(tuple(tensor.shape)) for tensor in tensors
    ]
    if len(texts) > 1 and not tensors[0].key:
        return f"[{', '.join(texts)}]"
    return ", ".join(texts) or "?"


def _shared_attributes(node):
    return f'id="{node.key}", class="{node.family.name}", tooltip={quoted(node.name or node.kind)}'


def _body(graph, box, frame):
    """Write the nodes; those of a group stand inside its cluster.

    Args:
        graph: a Graph.
        box: function that writes a Node.
        frame: function that writes the attributes of a Group.

    Returns:
        The lines.
    """
    children, members = _contents(graph)

    def inside(key):
        written = [box(node) for node in members.get(key, ())]
        for group in children.get(key, ()):
            written.append(f"subgraph {quoted(f'cluster_{group.key}')} {{")
            written.append(f'id="{group.key}"; {frame(group)}')
            written += inside(group.key)
            written.append("}")
        return written

    return inside(None)


def _contents(graph):
    """Return the groups in each group and the nodes in each group; None is the whole graph."""
    children, members = {}, {}
    for group in graph.groups.values():
        children.setdefault(group.parent, []).append(group)
    for node in graph.nodes:
        members.setdefault(node.group, []).append(node)
    return children, members


def write_mermaid(graph, lines_of, rankdir, style):
    """Write a diagram of a graph in the language of Mermaid.

    Args:
        graph: a Graph.
        lines_of: function that returns the lines of text of a Node.
        rankdir: "TB", "LR", "BT" or "RL".
        style: one of STYLES.

    Returns:
        The text.
    """
    children, members = _contents(graph)

    def inside(key, indent):
        written = []
        for node in members.get(key, ()):
            text = "<br>".join(map(_mermaid, lines_of(node)))
            written.append(f'{indent}{node.key}["{text}"]')
        for group in children.get(key, ()):
            written.append(f'{indent}subgraph {group.key}["{_mermaid(group_title(group))}"]')
            written += inside(group.key, indent + "  ")
            written.append(f"{indent}end")
        return written

    text = [f"flowchart {rankdir}", *inside(None, "  ")]
    for edge in graph.edges:
        label = f'|"{_mermaid(edge.label)}"|' if edge.label else ""
        arrow = "-.-" if edge.tree else "-->"
        text.append(f"  {edge.source} {arrow}{label} {edge.target}")
    if style == "color":
        families = {node.family.name: node.family for node in graph.nodes}
        for name, family in families.items():
            text.append(f"  classDef {name} fill:{family.fill},stroke:{family.border},color:{INK}")
            keys = ",".join(node.key for node in graph.nodes if node.family.name == name)
            text.append(f"  class {keys} {name}")
    return "\n".join([*text, ""])


def _mermaid(text):
    """Escape text for Mermaid, which writes a special character by its code: #35; for #."""
    special = '#"&<>`|[]{}();\\'
    return "".join(f"#{ord(letter)};" if letter in special else letter for letter in clean(text))
