"""Plots of verification: pairs of images with their distances, and ROC curves."""

import numpy as np

from visualize.errors import VisualizeError
from visualize.plots.comparisons import LINE_STYLES
from visualize.plots.images import show_image, to_images
from visualize.style import FAINT, make_axes, make_panels, style_axes


def plot_pairs(pairs, threshold, ax=None):
    """Plot pairs of images with the distances of their embeddings, one row for each title.

    Args:
        pairs: {title: (first, second, distances)}. `first` and `second` are the images of the
            pairs, (pairs, height, width[, channels]) with 1 or 3 channels; distances are (pairs,).
            All images have the same shape and range.
        threshold: pairs with a smaller distance are predicted to have the same class.
        ax: matplotlib Axes to divide into panels; a new Figure when None.

    Returns:
        The matplotlib Figure.

    Raises:
        VisualizeError: if there are no pairs, or the shapes do not fit.
    """
    joined = {}
    for title, (first, second, distances) in pairs.items():
        if not len(first) == len(second) == len(distances) or not len(first):
            raise VisualizeError(
                f"{title}: {len(first)} and {len(second)} images, {len(distances)} distances; give "
                f"one of each for a pair."
            )
        joined[title] = np.concatenate([first, second])
    if not joined:
        raise VisualizeError("no pairs to plot: give {title: (first, second, distances)}.")
    shapes = {images.shape[1:] for images in joined.values()}
    if len(shapes) > 1:
        raise VisualizeError(f"images of the shapes {sorted(shapes)}: give images of one shape.")

    # All images are scaled together: a grey value means the same in each of them.
    images = to_images(np.concatenate(list(joined.values())), "pairs")
    columns = max(len(distances) for *_, distances in pairs.values())
    ratio = images.shape[1] / images.shape[2]
    ax = make_axes(ax, 1.5 * columns + 0.2, (0.75 * ratio + 0.5) * len(pairs) + 0.6)
    note = f"distance of each pair; below {threshold:.3g} the prediction is: same class"
    ax.set_title(note, fontsize=10, pad=36)
    panels = make_panels(ax, len(pairs), columns, (0.12, 0.5 / (0.75 * ratio)))

    place = 0
    for line, (title, (first, _, distances)) in zip(panels, pairs.items(), strict=True):
        count = len(first)
        for number, panel in enumerate(line):
            panel.set_axis_off()
            if number >= count:
                continue
            pair = images[place + number], images[place + count + number]
            for left, image in zip((0, 0.51), pair, strict=True):
                show_image(panel.inset_axes((left, 0, 0.49, 1)), image)
            panel.set_title(f"{distances[number]:.3g}", fontsize=9, pad=3)
        line[0].annotate(
            title,
            (0, 1),
            xytext=(0, 18),
            xycoords="axes fraction",
            textcoords="offset points",
            fontsize=9,
            fontweight="bold",
        )
        place += 2 * count
    return ax.figure


def plot_roc(curves, ax=None):
    """Plot ROC curves of pairs. A pair is accepted if its distance is below a threshold.

    Args:
        curves: {name: (false, true)}, at most 7: the false and true positive rates, that is, the
            fraction of the pairs of different classes, and of the same class, accepted at each
            threshold; rising from 0 to 1.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure. The legend has the area under each curve. A curve crosses the dotted
        diagonal at its equal error rate; the other diagonal is random guessing.

    Raises:
        VisualizeError: if there is no curve or too many, or a curve does not rise from 0 to 1.
    """
    if not 1 <= len(curves) <= len(LINE_STYLES):
        raise VisualizeError(f"{len(curves)} curves to plot: give 1 to {len(LINE_STYLES)}.")

    ax = make_axes(ax, 4.6, 4.9)
    ax.plot([0, 1], [0, 1], color=FAINT, linewidth=1)
    ax.plot([0, 1], [1, 0], color=FAINT, linewidth=1, linestyle=":")
    for style, (name, curve) in zip(LINE_STYLES, curves.items(), strict=False):
        false, true = (np.asarray(values, "float64") for values in curve)
        if false.shape != true.shape or not (_rises(false) and _rises(true)):
            raise VisualizeError(f"{name}: a ROC curve rises from 0 to 1 in both directions.")
        area = np.trapezoid(true, false)
        ax.plot(
            false,
            true,
            color=style["color"],
            linestyle=style["linestyle"],
            label=f"{name}: area {area:.3f}",
        )

    ax.set(
        xlabel="accepted fraction of pairs of different classes",
        ylabel="accepted fraction of pairs of the same class",
        xlim=(-0.02, 1.02),
        ylim=(-0.02, 1.02),
        aspect="equal",
    )
    ax.legend(frameon=False, fontsize=9, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0)
    style_axes(ax)
    return ax.figure


def _rises(values):
    """Whether values (points,) rise from 0 to 1."""
    ends = values.ndim == 1 and len(values) > 1 and (values[0], values[-1]) == (0, 1)
    return ends and (np.diff(values) >= 0).all()
