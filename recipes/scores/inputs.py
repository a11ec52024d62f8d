"""The inputs of a data set as rows of numbers, for models that take no images."""

import math

import numpy as np


def flat_inputs(data, needed=True):
    """Inputs of each part as (examples, features); a single zero each if they are not needed."""
    features = math.prod(data.input_shape)  # not -1, which an empty part has no answer for
    return {
        name: np.reshape(part.inputs, (len(part), features)) if needed else np.zeros((len(part), 1))
        for name, part in data.parts().items()
    }
