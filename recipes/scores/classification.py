"""Scores of predicted classes, and simple classifiers to compare them with."""

import warnings

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    roc_auc_score,
)
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from recipes.scores.inputs import flat_inputs

CLASSIFIERS = {
    "majority": lambda: DummyClassifier(strategy="most_frequent"),
    "nearest centroid": NearestCentroid,
    "1-nearest neighbour": lambda: KNeighborsClassifier(1, algorithm="brute"),
    "logistic regression": lambda: make_pipeline(
        StandardScaler(), LogisticRegression(max_iter=1000)
    ),
}


def classification(labels, probabilities, classes):
    """Accuracy over all examples and within each class; of two classes also the AUC.

    Args:
        labels: true classes, integers (examples,).
        probabilities: scores of the classes, the greatest wins, (examples, classes). Of two
            classes also the probability of class 1 alone, (examples,) or (examples, 1).
        classes: names of the classes, in label order.

    Returns:
        {"accuracy": share right, "AUC": area under the ROC curve of class 1, "accuracy of NAME":
        share of that class found, ...}, 0 to 1. A class without test examples is left out, and
        then the AUC too.
    """
    labels, probabilities = _class_scores(labels, probabilities)
    predicted = probabilities.argmax(axis=1)
    scores = {"accuracy": float(accuracy_score(labels, predicted))}
    if len(classes) == 2 and len(np.unique(labels)) == 2:
        scores["AUC"] = float(roc_auc_score(labels, probabilities[:, 1]))
    for number, name in enumerate(classes):
        of_class = labels == number
        if of_class.any():
            scores[f"accuracy of {name}"] = float(np.mean(predicted[of_class] == number))
    return scores


def confusion(labels, probabilities):
    """Counts of true class (row) against predicted class (column), (classes, classes)."""
    labels, probabilities = _class_scores(labels, probabilities)
    predicted = probabilities.argmax(axis=1)
    return confusion_matrix(labels, predicted, labels=np.arange(probabilities.shape[1]))


def hardest(labels, probabilities, classes, count=12):
    """The examples whose own class got the least probability: what to look at first.

    Args:
        labels: true classes, integers (examples,).
        probabilities: as for `classification`.
        classes: names of the classes, in label order.
        count: how many.

    Returns:
        (rows, titles): row numbers, the worst first, (count,) or fewer; and of each row a text of
        two lines: its class, then the class answered with its probability.
    """
    labels, probabilities = _class_scores(labels, probabilities)
    rows = np.argsort(probabilities[np.arange(len(labels)), labels], kind="stable")[:count]
    titles = [
        f"{classes[labels[row]]},\nsaid {classes[probabilities[row].argmax()]} "
        f"{probabilities[row].max():.2f}"
        for row in rows
    ]
    return rows, titles


def classification_baselines(data, names=("majority", "nearest centroid")):
    """Fit simple classifiers on the training part and score them on the test part.

    Args:
        data: a data_prep.Dataset with array inputs, flattened for the baselines, and labels
            (examples,). For "majority" the inputs may be anything.
        names: of CLASSIFIERS: "majority" always answers the most frequent class, "nearest
            centroid" the class whose mean input is nearest, "1-nearest neighbour" that of the
            nearest training input; "logistic regression" is no trivial baseline, but the linear
            model to show beside a network.

    Returns:
        {name: {"accuracy": share right}}, 0 to 1; of two classes and with probabilities also
        {"AUC"}.
    """
    scores = {}
    for name in names:
        inputs = flat_inputs(data, needed=name != "majority")
        with warnings.catch_warnings():  # a pixel that never changes within its class is no fault
            warnings.filterwarnings("ignore", "self.within_class_std_dev_ has at least 1 zero")
            classifier = CLASSIFIERS[name]().fit(inputs["train"], data.train.labels)
        predicted = classifier.predict(inputs["test"])
        scores[name] = {"accuracy": float(accuracy_score(data.test.labels, predicted))}
        ranks = name in ("majority", "logistic regression")  # the others give classes alone
        if ranks and len(np.unique(data.test.labels)) == 2:
            probabilities = classifier.predict_proba(inputs["test"])
            if probabilities.shape[1] == 2:
                scores[name]["AUC"] = float(roc_auc_score(data.test.labels, probabilities[:, 1]))
    return scores


def _class_scores(labels, probabilities):
    """Labels (examples,) and scores (examples, classes), checked, of two classes filled up."""
    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    if labels.ndim == 1 and probabilities.shape in (labels.shape, (*labels.shape, 1)):
        second = probabilities.reshape(-1)
        probabilities = np.stack([1 - second, second], axis=1)
    if probabilities.ndim != 2 or labels.shape != (len(probabilities),):
        raise ValueError(
            f"labels {labels.shape} and probabilities {probabilities.shape} do not fit: "
            f"they are (examples,) and (examples, classes)."
        )
    return labels, probabilities
