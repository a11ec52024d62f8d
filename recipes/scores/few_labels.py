"""Accuracy against the number of labelled examples, for networks trained with few labels."""

import itertools

import numpy as np


def mean_accuracies(accuracies):
    """Means over the sampled training sets.

    Args:
        accuracies: {number of labels: [accuracy with each sampled training set]}; the last number
            is that of all labels.

    Returns:
        {"accuracy": with all labels, "accuracy with 100 labels": mean of its samples, ...}.
    """
    *few, all_labels = accuracies
    means = {f"accuracy with {count} labels": float(np.mean(accuracies[count])) for count in few}
    return {"accuracy": float(np.mean(accuracies[all_labels]))} | means


def accuracy_curve(accuracies):
    """What visualize.plot_lines needs to plot accuracy against the number of labels.

    Args:
        accuracies: {network: {number of labels: [accuracy with each sampled training set]}}, with
            the same numbers of labels for all networks.

    Returns:
        (numbers of labels, {network: (samples, numbers of labels)}, name of the horizontal axis,
        name of the vertical axis). A number with fewer samples than others is filled with NaN.
    """
    lines = {}
    for network, by_count in accuracies.items():
        runs = itertools.zip_longest(*by_count.values(), fillvalue=np.nan)
        lines[network.replace("_", " ")] = list(runs)

    counts = list(next(iter(accuracies.values())))
    return counts, lines, "labelled texts", "test accuracy"
