"""Train, validation and test parts of texts, in which no text occurs twice."""

import hashlib
import re

import numpy as np

from data_prep.dataset import stratified_split
from data_prep.errors import DataError

TEST_FRACTION = 0.2
PARTS = {  # the name of a part in a file or folder: the part
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}


def split_texts(where, classes, parts, keys, groups, seed, validation):
    """Divide texts into train, validation and test rows.

    Args:
        where: name of the data for error messages.
        classes: class of each row, (rows,).
        parts: "train", "validation" or "test" for rows whose part is given, otherwise "", (rows,).
        keys: rows with equal keys contain the same text, (rows,).
        groups: rows of one group come into the same part, (rows,).
        seed: selects the validation part.
        validation: fraction of the training groups for validation.

    Returns:
        ({part: rows}, number of rows left out). A training or validation row is left out if its
        text is also in a later part.
    """
    rows = np.arange(len(parts))
    test = rows[parts == "test"]
    given = rows[parts == "validation"]
    train = rows[~np.isin(parts, ["test", "validation"])]

    before = len(train) + len(given)
    if len(test):
        given = given[~np.isin(keys[given], keys[test])]
        later = np.concatenate([test, given])
        train = train[~np.isin(keys[train], keys[later])]
    left_out = before - len(train) - len(given)

    if not len(test):
        train, test = _cut_groups(where, train, classes, groups, TEST_FRACTION, 0, "test")
    if not len(given):
        train, given = _cut_groups(where, train, classes, groups, validation, seed, "validation")
    return {"train": train, "validation": given, "test": test}, left_out


def _cut_groups(where, rows, classes, groups, fraction, seed, what):
    """Cut off a fraction of the groups, the same in each class; returns (other rows, cut rows).

    The class of a group is the class of its first row.
    """
    _, first, group_of = np.unique(groups[rows], return_index=True, return_inverse=True)
    class_of_group = classes[rows][first]
    try:
        _, cut_groups = stratified_split(class_of_group, fraction, seed, what)
    except DataError as error:
        raise DataError(f"{where}: {error}") from error
    is_cut = np.isin(group_of, cut_groups)
    return rows[~is_cut], rows[is_cut]


def pair_groups(sources, targets):
    """Group number of each pair, (pairs,): pairs in one group are linked by shared texts.

    Two pairs that share a source or a target are in one group. So are pairs that are linked only
    through other pairs.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    # A graph whose nodes are the different sources and targets. Each pair is an edge.
    _, source_of = np.unique(text_keys(sources), return_inverse=True)
    _, target_of = np.unique(text_keys(targets), return_inverse=True)
    num_sources = source_of.max() + 1
    num_nodes = num_sources + target_of.max() + 1
    edges = coo_array(
        (np.ones(len(sources)), (source_of, num_sources + target_of)), shape=(num_nodes, num_nodes)
    )
    _, group_of_node = connected_components(edges, directed=False)
    return group_of_node[source_of]


def text_keys(texts):
    """One integer per text, (texts,), that ignores capitals, spaces and punctuation."""
    keys = np.zeros(len(texts), np.int64)
    for row, text in enumerate(texts):
        letters = "".join(re.findall(r"\w+", text.casefold()))
        content = letters or text  # punctuation alone is compared as it is
        digest = hashlib.blake2b(content.encode(), digest_size=8).digest()
        keys[row] = int.from_bytes(digest, "little", signed=True)
    return keys
