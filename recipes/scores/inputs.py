"""The inputs of a data set as rows of numbers, for models that take no images."""

import math

import numpy as np


def flat_inputs(data, needed=True):
    """Inputs of each part as (examples, features); a single zero each if they are not needed."""
    features = math.prod(data.input_shape)  # reshape cannot work out -1 for an empty part
    inputs = {}
    for name, part in data.parts().items():
        if needed:
            inputs[name] = np.reshape(part.inputs, (len(part), features))
        else:
            inputs[name] = np.zeros((len(part), 1))
    return inputs
