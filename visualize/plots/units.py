"""The life of each unit of a network: when it fires, when it is dead, whether it comes back."""

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch

from visualize.errors import VisualizeError
from visualize.measures.units import dead_relu_shares
from visualize.style import BLUE, FAINT, INK, ORANGE, make_axes, make_panels

# What a unit may be doing in an epoch, and its colour; light, dark and between in grey print.
FATES = {"fires": "white", "dead, fires again later": BLUE, "dead to the end": ORANGE}


def plot_dead_relus(model, inputs, ax=None):
    """Draw, for each layer with ReLU, the share of units that never fire on these inputs.

    Args:
        model: a built keras.Model with one input.
        inputs: (samples, ...) what to look at; the more of the data, the surer.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if there is no sample, or no layer with ReLU.
    """
    shares = dead_relu_shares(model, inputs)
    ax = make_axes(ax, 5.6, 0.42 * len(shares) + 1.2)
    names, dead = list(shares), np.array(list(shares.values()))
    rows = np.arange(len(names))
    ax.barh(rows, dead, color=ORANGE, hatch="///", edgecolor="white", label="never fires")
    ax.barh(rows, 1 - dead, left=dead, color=FAINT, label="fires")
    for row, share in zip(rows, dead, strict=True):
        ax.text(1.02, row, f"{share:.0%}", va="center")
    ax.set_yticks(rows, names, parse_math=False)
    ax.invert_yaxis()
    ax.set_xlim(0, 1)
    ax.set_xticks([0, 0.5, 1], ["0%", "50%", "100%"])
    ax.set_xlabel(f"share of units, on {len(inputs)} inputs")
    ax.legend(
        frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0, fontsize=9
    )
    ax.spines[["top", "right"]].set_visible(False)
    return ax.figure


def plot_unit_deaths(networks, ax=None):
    """Draw for every unit when it fires, when it is dead, and whether it comes back.

    Args:
        networks: {network: {layer: (epochs, units) of bool}}, which units fire for at least one
            input after each epoch, as `firing_units` gives it; layers from the first to the last.
        ax: matplotlib Axes to divide into a panel for each network; a new Figure when None.

    Returns:
        The matplotlib Figure: a row per unit, in each layer those above that fire least often, and
        a column per epoch.

    Raises:
        VisualizeError: if there is nothing to draw, or the layers of a network differ in epochs.
    """
    if not networks or not all(networks.values()):
        raise VisualizeError("no units to draw: give {network: {layer: (epochs, units) of bool}}.")
    ax = make_axes(ax, 4.3 * len(networks), 5.2)
    ax.set_axis_off()
    room = ax.inset_axes((0.02, 0.18, 0.98, 0.67))  # titles above; axis and legend below
    panels = make_panels(room, 1, len(networks), gap=(0.16, 0))[0]
    for panel, (name, layers) in zip(panels, networks.items(), strict=True):
        _draw_network(panel, name, layers)
    patches = [
        Patch(facecolor=color, edgecolor=INK, linewidth=0.5, label=fate)
        for fate, color in FATES.items()
    ]
    ax.legend(handles=patches, frameon=False, ncols=len(FATES), loc="lower center", borderpad=0)
    return ax.figure


def _draw_network(ax, name, layers):
    """Draw the units of one network."""
    parts = [np.asarray(fires, "bool") for fires in layers.values()]
    shapes = [part.shape for part in parts]
    if any(part.ndim != 2 or not part.size or len(part) != len(parts[0]) for part in parts):
        raise VisualizeError(
            f"{name}: layers of shape {', '.join(map(str, shapes))}; give (epochs, units) for "
            f"each, with the same number of epochs."
        )
    rows = []
    for fires in parts:
        later = np.logical_or.accumulate(fires[::-1])[::-1]  # at this epoch or a later one
        fates = np.where(fires, 0, np.where(later, 1, 2))  # (epochs, units), places in FATES
        rows.append(fates.T[np.lexsort((-fates.sum(axis=0), fires.sum(axis=0)))])
    fates = np.concatenate(rows)  # (units of all layers, epochs)
    units, epochs = fates.shape
    ax.imshow(
        fates,
        cmap=ListedColormap(list(FATES.values())),
        vmin=0,
        vmax=len(FATES) - 1,
        aspect="auto",
        interpolation="nearest",
        extent=(0.5, epochs + 0.5, units, 0),
    )
    edges = np.cumsum([0] + [len(row) for row in rows])
    for edge in edges[1:-1]:
        ax.axhline(edge, color=INK, linewidth=1.2)
    ax.set_yticks(
        (edges[:-1] + edges[1:]) / 2, list(layers), rotation=90, va="center", parse_math=False
    )
    ax.tick_params(axis="y", length=0)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set_xlabel("epoch")
    died, again = (fates > 0).any(axis=1).sum(), (fates == 1).any(axis=1).sum()
    ax.set_title(
        f"{name}, {units} units:\n{died} die, {again} fire again,\n"
        f"{(fates[:, -1] == 2).sum()} are dead at the end",
        fontsize=11,
        parse_math=False,
    )
