"""The published networks that our recipes are timed against, as their sources describe them.

Each function returns (compiled model, options of `fit` in its source). What the source does not set
has the default of Keras.
"""

import keras
from keras import layers


def mnist_convnet():
    """Return Keras's simple MNIST convnet: https://keras.io/examples/vision/mnist_convnet/ ."""
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, {"batch_size": 128, "epochs": 15, "validation_split": 0.1}


def mnist_mlp():
    """Return the MNIST multilayer perceptron of Keras 2 (source in published.toml)."""
    model = keras.Sequential(
        [
            keras.Input((784,)),
            layers.Dense(512, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(512, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, {"batch_size": 128, "epochs": 20}


def atienza_rnn():
    """Return Atienza's simple RNN for MNIST rows: Advanced Deep Learning with Keras, chapter 1."""
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.SimpleRNN(256, dropout=0.2),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, {"batch_size": 128, "epochs": 20}


def atienza_lstm():
    """Return Atienza's LSTM for MNIST rows.

    Source: https://github.com/roatienza/Deep-Learning-Experiments
    """
    model = keras.Sequential(
        [keras.Input((28, 28)), layers.LSTM(256), layers.Dense(10, activation="softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, {"batch_size": 128, "epochs": 20}


# (recipe, name of the data) -> its reference.
REFERENCES = {
    ("mlp_classifier", "mnist"): mnist_mlp,
    ("cnn", "mnist"): mnist_convnet,
    ("simple_rnn", "mnist"): atienza_rnn,
    ("gru", "mnist"): atienza_lstm,
    ("lstm_stack", "mnist"): atienza_lstm,
}
