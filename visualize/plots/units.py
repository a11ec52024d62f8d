"""Plots of the units of a network: which fire, which are dead, and which recover."""

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch

from visualize.errors import VisualizeError
from visualize.measures.units import dead_relu_shares
from visualize.style import BLUE, FAINT, INK, ORANGE, make_axes, make_panels

# The state of a unit in one epoch, and its colour: light, dark and medium in grey print.
FIRES, RECOVERS, DEAD = 0, 1, 2
STATE_COLORS = {"fires": "white", "dead, recovers later": BLUE, "dead until the end": ORANGE}


def plot_dead_relus(model, inputs, ax=None):
    """Plot, for each layer with ReLU, the fraction of units that never fire on these inputs.

    Args:
        model: a built keras.Model with one input.
        inputs: (samples, ...); the more of the data, the more reliable the result.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if there is no sample, or no layer with ReLU.
    """
    fractions = dead_relu_shares(model, inputs)
    names, dead = list(fractions), np.array(list(fractions.values()))
    heights = np.arange(len(names))

    ax = make_axes(ax, 5.6, 0.42 * len(names) + 1.2)
    ax.barh(heights, dead, color=ORANGE, hatch="///", edgecolor="white", label="never fires")
    ax.barh(heights, 1 - dead, left=dead, color=FAINT, label="fires")
    for height, fraction in zip(heights, dead, strict=True):
        ax.text(1.02, height, f"{fraction:.0%}", va="center")

    ax.set_yticks(heights, names, parse_math=False)
    ax.invert_yaxis()
    ax.set_xlim(0, 1)
    ax.set_xticks([0, 0.5, 1], ["0%", "50%", "100%"])
    ax.set_xlabel(f"fraction of units (for {len(inputs)} inputs)")
    ax.legend(
        frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0, fontsize=9
    )
    ax.spines[["top", "right"]].set_visible(False)
    return ax.figure


def plot_unit_deaths(networks, ax=None):
    """Plot the state of every unit in every epoch: it fires, is dead but recovers, or stays dead.

    Args:
        networks: {network: {layer: bool array (epochs, units)}}, from the first layer to the last:
            whether the unit fires for at least one input after the epoch, from `firing_units`.
        ax: matplotlib Axes to divide into panels; a new Figure when None.

    Returns:
        The matplotlib Figure, one panel per network. A row is a unit, a column an epoch. Within a
        layer, the units that fire least often come first.

    Raises:
        VisualizeError: if there is no layer, or the layers of a network differ in their epochs.
    """
    if not networks or not all(networks.values()):
        raise VisualizeError("no units to plot: give {network: {layer: (epochs, units) of bool}}.")

    ax = make_axes(ax, 4.3 * len(networks), 5.2)
    ax.set_axis_off()
    middle_part = ax.inset_axes((0.02, 0.18, 0.98, 0.67))  # titles above; axis and legend below
    panels = make_panels(middle_part, 1, len(networks), gap=(0.16, 0))[0]
    for panel, (name, layers) in zip(panels, networks.items(), strict=True):
        _draw_network(panel, name, layers)

    patches = [
        Patch(facecolor=color, edgecolor=INK, linewidth=0.5, label=state)
        for state, color in STATE_COLORS.items()
    ]
    ax.legend(handles=patches, frameon=False, ncols=len(patches), loc="lower center", borderpad=0)
    return ax.figure


def _draw_network(ax, name, layers):
    """Draw the units of one network: `layers` is {layer: bool array (epochs, units)}."""
    arrays = [np.asarray(fires, "bool") for fires in layers.values()]
    shapes = [fires.shape for fires in arrays]
    if any(fires.ndim != 2 or not fires.size or len(fires) != len(arrays[0]) for fires in arrays):
        raise VisualizeError(
            f"{name}: layers of shape {', '.join(map(str, shapes))}; give (epochs, units) for "
            f"each, with the same number of epochs."
        )

    states_by_layer = [_sorted_states(fires) for fires in arrays]
    states = np.concatenate(states_by_layer)  # (units of all layers, epochs)
    units, epochs = states.shape
    ax.imshow(
        states,
        cmap=ListedColormap(list(STATE_COLORS.values())),
        vmin=0,
        vmax=len(STATE_COLORS) - 1,
        aspect="auto",
        interpolation="nearest",
        extent=(0.5, epochs + 0.5, units, 0),
    )

    # A line between two layers, and the name of each in its middle.
    edges = np.cumsum([0] + [len(layer_states) for layer_states in states_by_layer])
    for edge in edges[1:-1]:
        ax.axhline(edge, color=INK, linewidth=1.2)
    middles = (edges[:-1] + edges[1:]) / 2
    ax.set_yticks(middles, list(layers), rotation=90, va="center", parse_math=False)
    ax.tick_params(axis="y", length=0)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set_xlabel("epoch")

    died = (states != FIRES).any(axis=1).sum()
    recovered = (states == RECOVERS).any(axis=1).sum()
    dead_at_end = (states[:, -1] == DEAD).sum()
    ax.set_title(
        f"{name}, {units} units:\n{died} die, {recovered} recover,\n{dead_at_end} are dead "
        f"at the end",
        fontsize=11,
        parse_math=False,
    )


def _sorted_states(fires):
    """Return the states (units, epochs) of one layer, the units that fire least often first.

    Args:
        fires: bool array (epochs, units).
    """
    fires_now_or_later = np.logical_or.accumulate(fires[::-1])[::-1]
    states = np.where(fires, FIRES, np.where(fires_now_or_later, RECOVERS, DEAD))

    # Among units that fire equally often, those that stay dead longer come first.
    order = np.lexsort((-states.sum(axis=0), fires.sum(axis=0)))
    return states.T[order]
