"""How many texts a network writes in a second."""

import time

import keras


def texts_per_second(decoding, sources, batch_size=256):
    """Measure how fast a decoder writes, without the time to compile.

    Args:
        decoding: a recipes.layers.decoding.Decoding, or any Keras model.
        sources: inputs of the decoder, an array (texts, ...) or a list of such arrays. Texts after
            the last full batch are left out, unless there is no full batch.
        batch_size: number of texts in a batch.

    Returns:
        Texts per second.
    """
    count = len(keras.tree.flatten(sources)[0])
    if count > batch_size:
        count -= count % batch_size
    used = keras.tree.map_structure(lambda array: array[:count], sources)
    one_batch = keras.tree.map_structure(lambda array: array[:batch_size], used)

    decoding.predict(one_batch, batch_size=batch_size, verbose=0)  # compiles
    start = time.perf_counter()
    decoding.predict(used, batch_size=batch_size, verbose=0)
    return count / (time.perf_counter() - start)
