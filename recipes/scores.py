"""Scores of predictions on test data, and the trivial baselines to hold them against."""

import warnings

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.metrics import accuracy_score, confusion_matrix
from sklearn.neighbors import NearestCentroid

CLASSIFIERS = {
    "majority": lambda: DummyClassifier(strategy="most_frequent"),
    "nearest centroid": NearestCentroid,
}


def classification(labels, probabilities, classes):
    """Accuracy over all examples and within each class.

    Args:
        labels: true classes, integers (examples,).
        probabilities: scores of the classes, the greatest wins, (examples, classes).
        classes: names of the classes, in label order.

    Returns:
        {"accuracy": share right, "accuracy of NAME": share of that class found, ...}, 0 to 1. A
        class without test examples is left out.
    """
    predicted = _predicted(labels, probabilities)
    scores = {"accuracy": float(accuracy_score(labels, predicted))}
    for number, name in enumerate(classes):
        of_class = labels == number
        if of_class.any():
            scores[f"accuracy of {name}"] = float(np.mean(predicted[of_class] == number))
    return scores


def confusion(labels, probabilities):
    """Counts of true class (row) against predicted class (column), (classes, classes)."""
    predicted = _predicted(labels, probabilities)
    return confusion_matrix(labels, predicted, labels=np.arange(probabilities.shape[1]))


def classification_baselines(data, names=("majority", "nearest centroid")):
    """Fit trivial classifiers on the training part and score them on the test part.

    Args:
        data: a data_prep.Dataset with array inputs, flattened for the baselines, and labels
            (examples,).
        names: of CLASSIFIERS: "majority" always answers the most frequent class, "nearest
            centroid" the class whose mean input is nearest.

    Returns:
        {name: {"accuracy": share right}}, 0 to 1.
    """
    inputs = {name: part.inputs.reshape(len(part), -1) for name, part in data.parts().items()}
    scores = {}
    for name in names:
        with warnings.catch_warnings():  # a pixel that never changes within its class is no fault
            warnings.filterwarnings("ignore", "self.within_class_std_dev_ has at least 1 zero")
            classifier = CLASSIFIERS[name]().fit(inputs["train"], data.train.labels)
        predicted = classifier.predict(inputs["test"])
        scores[name] = {"accuracy": float(accuracy_score(data.test.labels, predicted))}
    return scores


def _predicted(labels, probabilities):
    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    if probabilities.ndim != 2 or labels.shape != (len(probabilities),):
        raise ValueError(
            f"labels {labels.shape} and probabilities {probabilities.shape} do not fit: "
            f"they are (examples,) and (examples, classes)."
        )
    return probabilities.argmax(axis=1)
