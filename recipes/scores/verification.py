"""Scores for verification (have two inputs the same class?) and for one-shot tasks.

The classes may be new. Inputs are embedded as vectors and compared by Euclidean distance. A Siamese
network is scored like any other function from inputs to vectors, such as one that flattens images.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import auc

from data_prep.pairs import episode_rows, pair_rows
from recipes.scores.inputs import flat_inputs

PAIRS_PER_EXAMPLE = 2  # of the test part
VALIDATION_PAIRS = 10_000
EPISODES = 400
MOST_WAYS = 20
BOOTSTRAP_SAMPLES = 300


@dataclass(frozen=True)
class Verification:
    """The results of one embedding on the test part.

    Attributes:
        rows: row numbers of the test pairs, (pairs, 2).
        same: 1 for a pair of the same class, 0 for different classes, (pairs,).
        distances: distance of each pair, (pairs,).
        threshold: pairs with a smaller distance are predicted to have the same class.
        ways: number of classes in the one-shot tasks.
        scores: {name: value}, as `verification` describes them.
    """

    rows: np.ndarray
    same: np.ndarray
    distances: np.ndarray
    threshold: float
    ways: int
    scores: dict


def verification(data, embed):
    """Score an embedding on pairs and on one-shot tasks of the test part.

    The test pairs and tasks depend on the test part alone; they are the same for every embedding.
    Each score has a 95% interval, by bootstrap over the pairs or over the tasks. Pairs share
    images, so the interval over pairs is a little too narrow.

    Args:
        data: a data_prep.NewClasses with array inputs.
        embed: a function from inputs (examples, ...) to vectors (examples, size).

    Returns:
        A Verification. Its scores, each with "NAME, 95% from" and "NAME, 95% to":

        - "one-shot accuracy": a task gives one example of each of N classes. A query is predicted
          to have the class of the nearest of them; the score is the fraction predicted correctly.
          N is 20, or the number of classes in the test part (in its smallest group) if this is
          less. There are 400 sampled tasks, or the fixed runs of the data.
        - "one-shot accuracy, other groups": if the data have fixed runs, the same on 400 sampled
          tasks of the groups that are not in the runs.
        - "AUC": area under the ROC curve, the probability that a pair of the same class has a
          smaller distance than a pair of different classes.
        - "equal error rate": the error rate at the threshold where it is the same for pairs of the
          same class and of different classes.
        - "accuracy": fraction of the pairs predicted correctly, with the threshold that is best on
          pairs of the validation part.

        "threshold" has no interval.
    """
    test = embed(data.test.inputs)
    rows, same = pair_rows(data.test.labels, PAIRS_PER_EXAMPLE * len(data.test))
    distances = pair_distances(test, rows)

    validation = embed(data.validation.inputs)
    pairs = min(VALIDATION_PAIRS, 10 * len(data.validation))
    validation_rows, validation_same = pair_rows(data.validation.labels, pairs)
    threshold = best_threshold(pair_distances(validation, validation_rows), validation_same)

    sampled = _sample_tasks(data, test)
    tasks = sampled if data.runs is None else _embed_runs(data.runs, embed)
    scores = one_shot(tasks)
    if data.runs is not None:
        scores |= one_shot(sampled, "one-shot accuracy, other groups")
    scores |= pair_scores(distances, same, threshold)
    return Verification(rows, same, distances, threshold, tasks[0].shape[1], scores)


def compare_embeddings(data, embed):
    """Score an embedding, and two others that need no network, for comparison.

    Args:
        data: a data_prep.NewClasses with array inputs.
        embed: a function from inputs (examples, ...) to vectors (examples, size).

    Returns:
        {name: Verification} of "this recipe"; of "pixel distance", the flattened inputs; and of
        "linear discriminant analysis", fitted on the training part: a linear projection in which
        the training classes are compact and far apart (its covariance is shrunk by the formula of
        Ledoit and Wolf, 2004).
    """
    inputs = flat_inputs(data)["train"]
    linear = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto")
    linear.fit(inputs, data.train.labels)

    def flat(values):
        return np.reshape(values, (len(values), -1))

    embeddings = {
        "this recipe": embed,
        "pixel distance": flat,
        "linear discriminant analysis": lambda values: linear.transform(flat(values)),
    }
    return {name: verification(data, function) for name, function in embeddings.items()}


def random_guess(result):
    """The expected scores of random predictions, on the tasks and pairs of a Verification."""
    return {
        "one-shot accuracy": 1 / result.ways,
        "AUC": 0.5,
        "equal error rate": 0.5,
        "accuracy": 0.5,
    }


def comparison_scores(data, found):
    """Return {name: scores} of everything but this recipe, for the `comparisons` of a Report.

    Args:
        data: a data_prep.NewClasses.
        found: the result of `compare_embeddings`.

    Returns:
        The scores of the embeddings that need no network. If the data have fixed runs, also the
        scores of the modified Hausdorff distance on these runs.
    """
    scores = {name: result.scores for name, result in found.items() if name != "this recipe"}
    if data.runs is not None:
        hausdorff = hausdorff_scores(data.runs_ink, data.runs.labels)
        scores["modified Hausdorff distance"] = hausdorff
    return scores


def hardest_pairs(result, count=5):
    """The hardest test pairs: same or different class, predicted right or wrong.

    Args:
        result: a Verification.
        count: number of pairs of each kind.

    Returns:
        {title: (first rows, second rows, distances)} for each of the four kinds, `count` pairs or
        fewer. Pairs of the same class start with the largest distance, pairs of different classes
        with the smallest. A kind without pairs is left out.
    """
    predicted_same = result.distances < result.threshold
    found = {}
    for same, name in ((1, "same class"), (0, "different classes")):
        for is_right, outcome in ((True, "right"), (False, "wrong")):
            chosen = (result.same == same) & ((predicted_same == same) == is_right)
            rows = np.flatnonzero(chosen)
            sign = -1 if same else 1
            rows = rows[np.argsort(sign * result.distances[rows], kind="stable")][:count]
            if len(rows):
                first, second = result.rows[rows].T
                found[f"{name}, {outcome}"] = (first, second, result.distances[rows])
    return found


def roc(result):
    """The ROC curve of a Verification, for visualize.plot_roc.

    Returns:
        (false, true): the false and true positive rate at each threshold, that is, the fraction of
        the pairs of different classes, and of the same class, that have a smaller distance.
    """
    order = np.argsort(result.distances)
    return roc_points(result.distances, result.same, order, np.ones(len(order)))


def roc_points(distances, same, order, counts):
    """The points of a ROC curve in which a pair may count several times.

    Args:
        distances: (pairs,).
        same: 1 for a pair of the same class, 0 for different classes, (pairs,).
        order: row numbers of the pairs, sorted by rising distance, (pairs,).
        counts: how often each pair counts, (pairs,).

    Returns:
        (false, true): false and true positive rates, from 0 to 1, one point for each distinct
        distance.
    """
    distances, same, counts = distances[order], same[order], counts[order]
    last_of_equals = np.append(np.diff(distances) > 0, True)
    curve = []
    for kind in (1 - same, same):
        total = np.cumsum(kind * counts)
        curve.append(np.concatenate([[0], total[last_of_equals] / total[-1]]))
    return curve


def pair_scores(distances, same, threshold):
    """AUC, equal error rate and accuracy on pairs, with their intervals.

    Args:
        distances: (pairs,).
        same: 1 for a pair of the same class, 0 for different classes, (pairs,). Both must occur.
        threshold: pairs with a smaller distance are predicted to have the same class.

    Returns:
        {name: value}, as `verification` describes them.
    """
    distances, same = np.asarray(distances), np.asarray(same)
    right = (distances < threshold) == same

    def measure(counts):
        false, true = roc_points(distances, same, order, counts)
        error = equal_error_rate(false, true)
        return auc(false, true), error, np.average(right, weights=counts)

    pairs = len(same)
    order = np.argsort(distances)  # sorted only once, for all bootstrap samples
    random = np.random.default_rng(0)
    samples = []
    for _ in range(BOOTSTRAP_SAMPLES):
        rows = random.integers(pairs, size=pairs)
        samples.append(measure(np.bincount(rows, minlength=pairs)))
    low, high = np.quantile(samples, (0.025, 0.975), axis=0)

    scores = {}
    names = ("AUC", "equal error rate", "accuracy")
    for name, value, least, most in zip(names, measure(np.ones(pairs)), low, high, strict=True):
        scores |= _with_interval(name, value, least, most)
    return scores | {"threshold": float(threshold)}


def one_shot(tasks, name="one-shot accuracy"):
    """Accuracy of predicting the class of the nearest example, with its interval over tasks.

    Args:
        tasks: (support, query, targets): vectors (tasks, ways, size); vectors
            (tasks, queries, size); and for each query the position of its class in the support,
            (tasks, queries).
        name: name of the score.

    Returns:
        {name: accuracy, "NAME, 95% from", "NAME, 95% to"}.
    """
    support, query, targets = tasks
    nearest = [cdist(*task).argmin(axis=1) for task in zip(query, support, strict=True)]
    return _one_shot_scores(nearest == targets, name)


def best_threshold(distances, same):
    """The threshold with the highest accuracy: smaller distances are predicted as the same class.

    Args:
        distances: (pairs,).
        same: 1 for a pair of the same class, 0 for different classes, (pairs,).
    """
    order = np.argsort(distances)
    distances, same = np.asarray(distances)[order], np.asarray(same)[order]

    # With the threshold between distances k - 1 and k, the first k pairs are predicted as same.
    # `right` counts the correct predictions, up to a constant.
    right = np.concatenate([[0], np.cumsum(2 * same - 1)])
    edges = np.concatenate([[0], (distances[1:] + distances[:-1]) / 2, [distances[-1] + 1]])

    # No threshold divides pairs of equal distance.
    is_possible = np.concatenate([[True], distances[1:] > distances[:-1], [True]])
    return float(edges[is_possible][right[is_possible].argmax()])


def equal_error_rate(false, true):
    """The error rate of a ROC curve where it is the same for both kinds of pairs.

    Args:
        false: false positive rate: fraction of the pairs of different classes that are predicted
            as the same class, rising, (points,).
        true: true positive rate: fraction of the pairs of the same class that are predicted so,
            rising, (points,).

    Returns:
        A number from 0 to 1, interpolated between the points of the curve.
    """
    missed = 1 - np.asarray(true)
    excess = false - missed  # rises from -1 to 1
    return float(np.interp(0, excess, false))


def pair_distances(vectors, rows):
    """Euclidean distances (pairs,) between vectors (examples, size), for row numbers (pairs, 2)."""
    return np.linalg.norm(vectors[rows[:, 0]] - vectors[rows[:, 1]], axis=1)


def hausdorff_scores(runs_ink, targets):
    """Score the modified Hausdorff distance on fixed runs, as the Omniglot benchmark does.

    Args:
        runs_ink: (support, query), booleans (tasks, images, height, width), True for ink.
        targets: for each query the position of its class in the support, (tasks, queries).

    Returns:
        {"one-shot accuracy", ...}, as from `one_shot`.
    """
    right = []
    for support, query, target in zip(*runs_ink, targets, strict=True):
        support = [_ink_points(ink) for ink in support]
        query = [_ink_points(ink) for ink in query]
        distances = [[modified_hausdorff(points, other) for other in support] for points in query]
        right.append(np.argmin(distances, axis=1) == target)
    return _one_shot_scores(right, "one-shot accuracy")


def modified_hausdorff(points, others):
    """The modified Hausdorff distance of two sets of points.

    For each set, the mean distance from its points to the nearest point of the other set; then the
    larger of the two means. Source: Dubuisson and Jain, "A modified Hausdorff distance for object
    matching", 1994.

    Args:
        points: (points, 2).
        others: (other points, 2).
    """
    distances = cdist(points, others)
    return max(distances.min(axis=1).mean(), distances.min(axis=0).mean())


def _ink_points(ink):
    """The coordinates (points, 2) of the ink in an image, relative to their mean."""
    points = np.argwhere(ink).astype("float64")
    return points - points.mean(axis=0)


def _sample_tasks(data, vectors):
    """Sample one-shot tasks from the test part, as `one_shot` takes them."""
    labels = data.test.labels
    groups = np.zeros(len(labels), int) if data.groups is None else data.groups
    usable = np.flatnonzero(groups >= 0)
    labels, groups = labels[usable], groups[usable]

    # A class needs two examples: one to be given, one to be predicted.
    ways = MOST_WAYS
    for group in np.unique(groups):
        _, counts = np.unique(labels[groups == group], return_counts=True)
        ways = min(ways, max(2, int((counts >= 2).sum())))
    support, query, targets = episode_rows(labels, EPISODES, ways, groups=groups)
    return vectors[usable[support[:, :, 0]]], vectors[usable[query]], targets


def _embed_runs(runs, embed):
    """Embed the images of fixed tasks, as `one_shot` takes them."""
    support, query = runs.inputs
    support = support[:, :, 0]  # one shot
    size = support.shape[2:]
    return (
        embed(support.reshape(-1, *size)).reshape(*support.shape[:2], -1),
        embed(query.reshape(-1, *size)).reshape(*query.shape[:2], -1),
        runs.labels,
    )


def _one_shot_scores(right, name):
    """The mean of booleans (tasks, queries), with its bootstrap interval over the tasks."""
    accuracies = np.mean(right, axis=1)
    random = np.random.default_rng(0)
    chosen = random.integers(len(accuracies), size=(2000, len(accuracies)))
    low, high = np.quantile(accuracies[chosen].mean(axis=1), (0.025, 0.975))
    return _with_interval(name, accuracies.mean(), low, high)


def _with_interval(name, value, low, high):
    return {name: float(value), f"{name}, 95% from": float(low), f"{name}, 95% to": float(high)}
