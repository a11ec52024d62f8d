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
    """Accuracy over all examples and within each class; with two classes also the AUC.

    Args:
        labels: true classes, integers (examples,).
        probabilities: scores of the classes, (examples, classes); the class with the highest score
            is predicted. With two classes, the probability of class 1 alone will do: (examples,)
            or (examples, 1).
        classes: names of the classes, in label order.

    Returns:
        {"accuracy": fraction predicted correctly, "AUC": area under the ROC curve of class 1,
        "accuracy of NAME": fraction of that class predicted correctly, ...}, 0 to 1. A class
        without test examples is left out, and then the AUC too.
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
    """The examples whose true class has the lowest probability: what to look at first.

    Args:
        labels: true classes, integers (examples,).
        probabilities: as for `classification`.
        classes: names of the classes, in label order.
        count: number of examples.

    Returns:
        (rows, titles): row numbers, the worst first, (count,) or fewer; and for each row a title
        of two lines: the true and the predicted class, then the probability of the latter.
    """
    labels, probabilities = _class_scores(labels, probabilities)
    of_true_class = probabilities[np.arange(len(labels)), labels]
    rows = np.argsort(of_true_class, kind="stable")[:count]

    titles = []
    for row in rows:
        true = classes[labels[row]]
        predicted = classes[probabilities[row].argmax()]
        highest = probabilities[row].max()
        titles.append(f"true {true}, predicted {predicted}\n(p = {highest:.2f})")
    return rows, titles


def classification_baselines(data, names=("majority", "nearest centroid")):
    """Fit simple classifiers on the training part and score them on the test part.

    Args:
        data: a data_prep.Dataset with array inputs, which are flattened for the baselines, and
            labels (examples,). For "majority" the inputs may be anything.
        names: names from CLASSIFIERS. "majority" always predicts the most frequent class, "nearest
            centroid" the class with the nearest mean input, "1-nearest neighbour" the class of the
            nearest training input. "logistic regression" is more than a baseline: the linear model
            to compare a network with.

    Returns:
        {name: {"accuracy": fraction predicted correctly}}, 0 to 1; with two classes also {"AUC"}
        for the classifiers that give probabilities.
    """
    scores = {}
    for name in names:
        inputs = flat_inputs(data, needed=name != "majority")
        with warnings.catch_warnings():  # a pixel that is constant within its class is no fault
            warnings.filterwarnings("ignore", "self.within_class_std_dev_ has at least 1 zero")
            classifier = CLASSIFIERS[name]().fit(inputs["train"], data.train.labels)

        predicted = classifier.predict(inputs["test"])
        scores[name] = {"accuracy": float(accuracy_score(data.test.labels, predicted))}

        has_probabilities = name in ("majority", "logistic regression")
        if has_probabilities and len(np.unique(data.test.labels)) == 2:
            probabilities = classifier.predict_proba(inputs["test"])
            if probabilities.shape[1] == 2:
                scores[name]["AUC"] = float(roc_auc_score(data.test.labels, probabilities[:, 1]))
    return scores


def _class_scores(labels, probabilities):
    """Labels (examples,) and scores (examples, classes), checked; class 0 is added if missing."""
    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    if labels.ndim == 1 and probabilities.shape in (labels.shape, (*labels.shape, 1)):
        of_class_1 = probabilities.reshape(-1)
        probabilities = np.stack([1 - of_class_1, of_class_1], axis=1)

    if probabilities.ndim != 2 or labels.shape != (len(probabilities),):
        raise ValueError(
            f"labels {labels.shape} and probabilities {probabilities.shape} do not fit: "
            f"they are (examples,) and (examples, classes)."
        )
    return labels, probabilities
