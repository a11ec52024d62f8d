"""What the code of an autoencoder keeps, compared with principal components."""

import numpy as np
from sklearn.decomposition import PCA

from recipes.scores.classification import CLASSIFIERS
from recipes.scores.inputs import flat_inputs


def autoencoding(data, codes, rebuilt):
    """How well codes reconstruct the test inputs, and how well they tell the classes apart.

    Args:
        data: a data_prep.Dataset whose labels are classes.
        codes: {"train", "test"} codes of the inputs of these parts, (examples, ...).
        rebuilt: reconstructions of the test inputs, with the same shape.

    Returns:
        {"mean squared error": per value of an input, "accuracy of a linear probe": test accuracy
        of a logistic regression on the standardised codes, fitted to the training codes}.
    """
    truth, rebuilt = np.asarray(data.test.inputs), np.asarray(rebuilt)
    if rebuilt.shape != truth.shape:
        raise ValueError(f"rebuilt {rebuilt.shape} does not have the inputs' shape {truth.shape}.")

    train_codes = np.reshape(codes["train"], (len(codes["train"]), -1))
    test_codes = np.reshape(codes["test"], (len(codes["test"]), -1))
    probe = CLASSIFIERS["logistic regression"]().fit(train_codes, data.train.labels)
    return {
        "mean squared error": float(np.mean(np.square(rebuilt - truth), dtype="float64")),
        "accuracy of a linear probe": float(probe.score(test_codes, data.test.labels)),
    }


def autoencoding_baselines(data, sizes, seen=None):
    """Score principal components (PCA), the best linear code of a given size.

    Args:
        data: a data_prep.Dataset whose labels are classes. PCA is fitted to its training inputs.
        sizes: {name: numbers in a code}. A size above the number of components means all of them.
        seen: {"train", "test"} inputs to encode instead of the data's own, such as noisy ones.

    Returns:
        {name: the scores of `autoencoding`}.
    """
    inputs = flat_inputs(data)
    seen = inputs if seen is None else seen

    scores = {}
    for name, size in sizes.items():
        pca = PCA(min(size, *inputs["train"].shape), random_state=0).fit(inputs["train"])
        codes = {
            part: pca.transform(np.reshape(seen[part], inputs[part].shape))
            for part in ("train", "test")
        }

        rebuilt = pca.inverse_transform(codes["test"])
        scores[name] = autoencoding(data, codes, rebuilt.reshape(np.shape(data.test.inputs)))
    return scores
