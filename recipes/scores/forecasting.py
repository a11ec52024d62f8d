"""Scores of forecasts, of directions and of predicted frames, and simple forecasts."""

import numpy as np

from recipes.scores.classification import CLASSIFIERS
from recipes.scores.inputs import flat_inputs


def frame_prediction(truth, predictions):
    """Errors of predicted frames of clips, over all steps and for each step ahead.

    Args:
        truth: the true frames, (clips, horizon, height, width, channels).
        predictions: the same shape.

    Returns:
        {"mean squared error", "mean squared error 1 ahead", ...}, per pixel.
    """
    truth, predictions = np.asarray(truth, "float64"), np.asarray(predictions, "float64")
    if truth.ndim != 5 or predictions.shape != truth.shape:
        raise ValueError(
            f"truth {truth.shape} and predictions {predictions.shape} do not fit: both are "
            f"(clips, horizon, height, width, channels)."
        )

    errors = np.mean((truth - predictions) ** 2, axis=(0, 2, 3, 4))  # (horizon,)
    scores = {"mean squared error": float(errors.mean())}
    for step, error in enumerate(errors, start=1):
        scores[f"mean squared error {step} ahead"] = float(error)
    return scores


def forecast(part, predictions):
    """Errors of forecasts of the next rows.

    Args:
        part: data_prep.Frames with labels of the kind "next", scaled.
        predictions: forecasts of all its frames, scaled, (frames, steps, targets).

    Returns:
        {"mean squared error", "mean absolute error"} over all frames, steps and targets in scaled
        units, as in published results; and for each target in its own unit {"mean absolute error
        of NAME", "root mean squared error of NAME"}.
    """
    targets = part.table.target_names
    labels = part.labels.reshape(len(part), -1, len(targets))
    if predictions.shape != labels.shape:
        raise ValueError(f"forecasts {predictions.shape} for labels {labels.shape} do not fit.")

    scaled_errors = predictions - labels
    scores = {
        "mean squared error": float(np.mean(np.square(scaled_errors), dtype="float64")),
        "mean absolute error": float(np.mean(np.abs(scaled_errors), dtype="float64")),
    }

    original = part.labels_to_original(predictions.reshape(part.labels.shape))
    errors = original - part.labels_to_original(part.labels)
    by_target = errors.reshape(-1, len(targets)).T
    for name, target_errors in zip(targets, by_target, strict=True):
        mean_square = np.square(target_errors).mean()
        scores[f"mean absolute error of {name}"] = float(np.abs(target_errors).mean())
        scores[f"root mean squared error of {name}"] = float(mean_square**0.5)
    return scores


def forecast_baselines(data, season, names=("persistence", "seasonal naive")):
    """Simple forecasts of the test part.

    Args:
        data: a data_prep.Dataset of Frames with labels of the kind "next", scaled, whose targets
            are its features.
        season: rows after which the series is expected to repeat, at most the window.
        names: "persistence" repeats the last row of the frame, "seasonal naive" the last season.
            "linear" is more than a baseline: ridge regression, the linear model to compare a
            network with. It forecasts the change from the last row as a weighted sum of the
            frame's rows, with the same weights for all targets. Its penalty is the best one on the
            validation part.

    Returns:
        {name: scaled forecasts (frames, steps, targets)}.
    """
    frames = data.test
    labelling = frames.labelling
    if frames.features != frames.table.target_names or labelling.horizon != 1:
        raise ValueError(f"{data.name}: give frames of horizon 1 that forecast all their features.")

    # The row of the frame that is repeated in each step.
    steps = labelling.steps
    rows = {
        "persistence": np.full(steps, labelling.window - 1),
        "seasonal naive": labelling.window - season + np.arange(steps) % season,
    }

    inputs = frames.inputs
    forecasts = {}
    for name in names:
        if name == "linear":
            forecasts[name] = _linear_forecast(data)
        else:
            forecasts[name] = inputs[:, rows[name]]
    return forecasts


def forecast_examples(part, forecasts, count=3):
    """Some forecasts of the last target in its own unit, as `visualize.plot_forecasts` draws them.

    Args:
        part: data_prep.Frames with labels of the kind "next", scaled, that forecast all features.
        forecasts: {name: scaled forecasts (frames, steps, targets)}.
        count: number of frames, evenly spaced from the first to the last.

    Returns:
        {"times", "history", "truth", "forecasts", "quantity"}.
    """
    numbers = np.unique(np.linspace(0, len(part) - 1, count).astype(int))
    inputs, labels = part.gather(numbers)
    targets = len(part.table.target_names)
    steps = part.labelling.steps

    def in_own_unit(values):
        """The last target, (frames, steps)."""
        original = part.labels_to_original(values.reshape(labels.shape), numbers)
        return original.reshape(len(numbers), steps, targets)[:, :, -1]

    rows = part.starts[numbers][:, None] + np.arange(part.window + steps)
    return {
        "times": part.table.index.to_numpy()[rows],
        "history": part.inputs_to_original(inputs, numbers)[:, :, -1],
        "truth": in_own_unit(labels),
        "forecasts": {name: in_own_unit(values[numbers]) for name, values in forecasts.items()},
        "quantity": str(part.table.target_names[-1]),
    }


def direction_baselines(data, names=("majority", "persistence", "reversal")):
    """Simple predictions of whether the target goes up or down.

    Args:
        data: a data_prep.Dataset of Frames with labels of the kind "direction", up or down.
        names: "majority" always predicts the most frequent class of the training part,
            "persistence" the direction of the last `horizon` rows of the frame, "reversal" the
            opposite. "logistic regression" is more than a baseline: the linear model to compare a
            network with.

    Returns:
        {name: predicted classes of the test part, integers (frames,)}.
    """
    test = data.test
    targets = test.table.targets[:, 0]
    last = test.starts + (test.window - 1)
    went_up = targets[last] > targets[last - test.labelling.horizon]

    predicted = {}
    for name in names:
        if name == "persistence":
            predicted[name] = went_up.astype(int)
        elif name == "reversal":
            predicted[name] = (~went_up).astype(int)
        else:
            inputs = flat_inputs(data, needed=name != "majority")
            classifier = CLASSIFIERS[name]().fit(inputs["train"], data.train.labels)
            predicted[name] = classifier.predict(inputs["test"])
    return predicted


def balanced_accuracy(labels, predicted, block):
    """Balanced accuracy, in which every class counts the same, with its confidence interval.

    Args:
        labels: true classes, integers (examples,), in time order.
        predicted: predicted classes, (examples,).
        block: number of successive values in a block of `block_bootstrap`; choose it larger than
            the number of successive values that are correlated.

    Returns:
        {"balanced accuracy": mean of the accuracies within the classes (always predicting the same
        class gives 1 / classes), "low end of 95%", "high end of 95%": its confidence interval,
        "accuracy": fraction predicted correctly}.
    """
    hits = np.equal(labels, predicted)
    # Classes numbered 0, 1, ...: the class of each example, and the examples of each class.
    _, numbers, counts = np.unique(labels, return_inverse=True, return_counts=True)
    accuracies = np.bincount(numbers, hits) / counts  # (classes,)
    balanced = accuracies.mean()

    # The contribution of each example: their mean is the balanced accuracy, and to first order
    # also in each bootstrap sample.
    surplus = hits - accuracies[numbers]
    contributions = balanced + surplus * len(hits) / (len(counts) * counts[numbers])
    low, high = block_bootstrap(contributions, block)
    return {
        "balanced accuracy": float(balanced),
        "low end of 95%": low,
        "high end of 95%": high,
        "accuracy": float(hits.mean()),
    }


def block_bootstrap(values, block, confidence=0.95, samples=2000, seed=0):
    """Confidence interval of the mean of a series whose successive values are correlated.

    Each bootstrap sample is a series of about the same length, made of blocks of successive values,
    so that the correlation of successive values stays (circular block bootstrap; Politis and
    Romano, 1992).

    Args:
        values: (examples,) in time order, such as 1 for a hit and 0 for a miss.
        block: number of successive values in a block; choose it larger than the number of
            successive values that are correlated.
        confidence: confidence level, 0 to 1.
        samples: number of bootstrap samples.
        seed: equal seeds give equal intervals.

    Returns:
        (low, high).
    """
    values = np.asarray(values, "float64")
    if values.ndim != 1 or not 1 <= block <= len(values):
        raise ValueError(f"blocks of {block} do not fit into values {values.shape}.")

    # The mean of the block that begins at each value. After the last value comes the first again.
    circle = np.concatenate([values, values[: block - 1]])
    sums = np.concatenate([[0], np.cumsum(circle)])
    block_means = (sums[block:] - sums[:-block]) / block

    blocks = max(1, round(len(values) / block))  # in a sample
    starts = np.random.default_rng(seed).integers(len(values), size=(samples, blocks))
    sample_means = block_means[starts].mean(axis=1)

    ends = [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = np.quantile(sample_means, ends)
    return float(low), float(high)


def _linear_forecast(data):
    """Forecasts of the test part by ridge regression on the differences from the last row."""
    train_xx, train_xy = _least_squares_sums(data.train)
    validation_xx, validation_xy = _least_squares_sums(data.validation)

    # With the eigenvectors V of X'X, the weights are V (eigenvalues + penalty)^-1 V' X'Y.
    eigenvalues, eigenvectors = np.linalg.eigh(train_xx)
    rotated_xy = eigenvectors.T @ train_xy

    best_error = np.inf
    best_weights = None
    for penalty in eigenvalues.mean() * np.logspace(-8, 0, 17):
        denominators = np.maximum(eigenvalues, 0) + penalty
        weights = eigenvectors @ (rotated_xy / denominators[:, None])

        # The squared error on the validation part, without the constant Y'Y.
        error = np.sum(weights * (validation_xx @ weights - 2 * validation_xy))
        if error < best_error:
            best_error = error
            best_weights = weights

    forecasts = []
    for inputs, _, last in _differences(data.test):
        changes = (inputs @ best_weights).reshape(len(last), last.shape[-1], -1)
        forecasts.append(changes.transpose(0, 2, 1) + last)
    return np.concatenate(forecasts).astype("float32")


def _least_squares_sums(part):
    """X'X and X'Y over all frames and targets, from which least squares are solved."""
    sum_xx = 0
    sum_xy = 0
    for inputs, labels, _ in _differences(part):
        sum_xx = sum_xx + inputs.T @ inputs
        sum_xy = sum_xy + inputs.T @ labels
    return sum_xx, sum_xy


def _differences(part, block=1024):
    """Blocks of inputs and labels as differences from the last row of the frame, and that row.

    Yields:
        Inputs with a last column of 1 (frames * targets, window + 1), labels (frames * targets,
        steps) and last rows (frames, 1, targets).
    """
    for first in range(0, len(part), block):
        inputs, labels = part.gather(slice(first, first + block))
        last = inputs[:, -1:].astype("float64")

        changes = inputs.astype("float64") - last  # (frames, window, targets)
        changes = changes.transpose(0, 2, 1).reshape(-1, part.window)
        rows = np.concatenate([changes, np.ones((len(changes), 1))], axis=1)

        label_changes = labels.reshape(len(labels), -1, last.shape[-1]) - last
        label_rows = label_changes.transpose(0, 2, 1).reshape(len(rows), -1)
        yield rows, label_rows, last
