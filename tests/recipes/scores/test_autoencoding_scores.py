"""Scores of codes, and principal components to compare them with."""

import numpy as np
import pytest

import data_prep
from recipes import scores


def test_principal_components_rebuild_what_lies_in_a_plane_and_no_more():
    random = np.random.default_rng(0)
    plane = random.normal(size=(60, 2)) @ random.normal(size=(2, 6))
    inputs, labels = plane.reshape(60, 2, 3), (plane[:, 0] > 0).astype(int)
    part = data_prep.Part(inputs, labels)
    data = data_prep.Dataset("plane", "sampled", part, part, part, ("below", "above"))
    found = scores.autoencoding_baselines(data, {"PCA": 2})["PCA"]
    assert found["mean squared error"] == pytest.approx(0, abs=1e-12)
    assert found["accuracy of a linear probe"] > 0.9
    one = scores.autoencoding_baselines(data, {"PCA": 1})["PCA"]["mean squared error"]
    singular = np.linalg.svd(plane - plane.mean(axis=0), compute_uv=False)
    assert one == pytest.approx(singular[1] ** 2 / plane.size)
    codes = {"train": plane[:, :1], "test": plane[:, :1]}
    rebuilt = scores.autoencoding(data, codes, inputs + 0.5)
    assert rebuilt["mean squared error"] == pytest.approx(0.25)
    with pytest.raises(ValueError, match="does not have the inputs' shape"):
        scores.autoencoding(data, codes, plane)


def test_principal_components_may_be_given_other_inputs():
    inputs = np.random.default_rng(0).uniform(size=(100, 8, 8, 1)).astype("float32")
    part = data_prep.Part(inputs, np.arange(100) % 2)
    data = data_prep.Dataset("random", "here", part, part, part, ("a", "b"))
    same = {"train": inputs, "test": inputs}
    with_same = scores.autoencoding_baselines(data, {"PCA": 4}, same)
    assert with_same == scores.autoencoding_baselines(data, {"PCA": 4})

    other = {name: values + 0.5 for name, values in same.items()}
    changed = scores.autoencoding_baselines(data, {"PCA": 64}, other)["PCA"]
    # With all components the inputs come back as given, each 0.5 away from the wanted one.
    assert changed["mean squared error"] == pytest.approx(0.25, rel=1e-4)
