"""Dense layers with dropout, then a softmax: the classifier without convolutions.

    image (8, 8, 1) -> 64 pixels -> dense 512 -> dense 256 -> probabilities (10,)

Every unit of a dense layer looks at all values of the layer before. Head and loss follow from the
question. For one class out of several the head is a softmax, whose outputs are positive and add up
to 1, and the loss is the cross-entropy, -log(probability of the true class); mlp_binary and
mlp_regressor have the other two heads. Dropout silences units at random in training, so that none
can rely on another. To dense layers a digit one pixel further to the right is a new picture, which
a convolution would know again: small random shifts show them that it is the same.

Reference: Srivastava et al., "Dropout: a simple way to prevent neural networks from
overfitting", 2014.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import keras
from keras import layers

import data_prep
import visualize
from recipes import scores
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_mlp_classifier(
    input_shape=(8, 8, 1), num_classes=10, units=(512, 256), dropout=0.2, shift=0.04
):
    """Build the network, not compiled.

    Args:
        input_shape: (height, width, channels) of an image; pixels from 0 to 1.
        num_classes: number of classes, the size of the output.
        units: width of each dense layer, from the first to the last.
        dropout: share of values dropped behind each dense layer.
        shift: greatest random shift in training, as a share of height and width; 0 for none.

    Returns:
        A keras.Sequential from images (batch, *input_shape) to probabilities (batch, num_classes).
    """
    model = keras.Sequential([keras.Input(input_shape)], name="mlp_classifier")
    if shift:
        model.add(layers.RandomTranslation(shift, shift, fill_mode="nearest"))  # the same shape
    model.add(layers.Flatten())  # (batch, height * width * channels)
    for size in units:
        model.add(layers.Dense(size, use_bias=False))  # (batch, size); the next layer has a bias
        model.add(layers.BatchNormalization(momentum=0.9))
        model.add(layers.ReLU())
        model.add(layers.Dropout(dropout))
    # One probability per class. Logits are numerically safer to train on: no activation here, and
    # from_logits=True in the loss, which then takes logarithms before a small probability is
    # rounded to 0. Keras on TensorFlow does so behind a softmax by itself; on JAX and PyTorch it
    # cuts probabilities off at 1e-7. The page keeps the softmax, so that predictions can be read.
    model.add(layers.Dense(num_classes, activation="softmax"))
    return model


def run(data="digits", epochs=20, batch_size=64, seed=0, learning_rate=0.005, callbacks=()):
    """Train on images, report accuracy on test images.

    Args:
        data: digits, mnist, another name of images, an .npz file, or a folder of images by class.
        epochs: passes over the training images.
        batch_size: images per training step.
        seed: draws the first weights, the order of images and the validation part.
        learning_rate: the highest step size of Adam, reached after a third of the training.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.
    """
    images = data_prep.load_images(data, seed=seed)
    model = build_mlp_classifier(images.input_shape, len(images.classes))
    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(images.train), batch_size, epochs)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        # Labels are class numbers; one-hot rows would need categorical_crossentropy.
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=16,
    )
    model.fit(
        images.train.inputs,
        images.train.labels,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(images.validation.inputs, images.validation.labels),
        callbacks=list(callbacks),
    )
    probabilities = model.predict(images.test.inputs, batch_size=256, verbose=0)
    matrix = scores.confusion(images.test.labels, probabilities)
    return Report(
        model=model,
        headline="accuracy",
        scores=scores.classification(images.test.labels, probabilities, images.classes),
        baselines=scores.classification_baselines(images),
        data=images.describe(),
        pictures={"confusion": visualize.plot_confusion_matrix(matrix, images.classes)},
    )
