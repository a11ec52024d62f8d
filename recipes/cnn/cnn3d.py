"""A 3-D CNN that tells CT scans apart, with augmentation in three dimensions.

    volume (48, 48, 24, 1) -> 3 x (conv, pool) -> conv -> mean -> probabilities (2,)

A CT scan is a stack of slices, and what it shows goes through several of them. So the kernel is a
small cube that moves along three axes, and a pattern is known wherever it is in the body. Volumes
are few and large: each time one comes in training it is mirrored and moved at random in 3-D.
Pooling halves all three axes, which leaves an eighth of the work to the next convolution. Where
most patients are well, always answering the majority is often right; the AUC, how often an ill one
is ranked above a well one, says more. By default the scans are drawn phantoms, half of them ill.

Differs from cnn: three dimensions, volumes of CT scans (NIfTI, DICOM), augmentation.

Reference: Yang et al., "MedMNIST v2: a large-scale lightweight benchmark for 2D and 3D
biomedical image classification", 2023.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

import data_prep
import visualize
from data_prep.volumes import slices_through
from recipes import scores
from recipes.layers.augment3d import RandomVolume
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_cnn3d(
    input_shape=(48, 48, 24, 1), num_classes=2, filters=(8, 16, 32, 64), dropout=0.2, shift=0.1
):
    """Build the network, not compiled.

    Args:
        input_shape: (x, y, z, channels) of a volume, at least 8 voxels along each axis; values
            from 0 to 1.
        num_classes: number of classes, the size of the output.
        filters: number of patterns that each convolution looks for, from the first to the last.
        dropout: share of values dropped before the output layer.
        shift: greatest random move along each axis in training, as a share of its length.

    Returns:
        A keras.Sequential from volumes (batch, *input_shape) to probabilities (batch, num_classes).
    """
    model = keras.Sequential([keras.Input(input_shape)], name="cnn3d")
    model.add(RandomVolume(shift=shift))  # mirrored along all axes, too
    for number, count in enumerate(filters):
        model.add(layers.Conv3D(count, 3 if number else 5, padding="same", use_bias=False))
        if number < len(filters) - 1:
            model.add(layers.MaxPooling3D())  # half of x, y and z; count channels
        model.add(layers.BatchNormalization(momentum=0.9))
        model.add(layers.ReLU())
    model.add(layers.GlobalAveragePooling3D())  # (batch, filters[-1])
    model.add(layers.Dropout(dropout))
    model.add(layers.Dense(num_classes, activation="softmax"))
    return model


def run(
    data="phantoms",
    epochs=20,
    batch_size=16,
    seed=0,
    learning_rate=0.005,
    spacing=2.0,
    size=64,
    callbacks=(),
):
    """Train on volumes, report accuracy and AUC on test volumes.

    Args:
        data: phantoms; an .npz file in MedMNIST's form; or NIfTI files or DICOM series, as a CSV of
            path and label, the folder of one such CSV, or a folder of volumes by class.
        epochs: passes over the training volumes.
        batch_size: volumes per training step.
        seed: draws the first weights, the order of volumes, their changes and the validation part.
        learning_rate: the highest step size of Adam, reached after a third of the training.
        spacing: millimetres between voxels that volumes from files are brought to.
        size: voxels along each axis that volumes from files are cut or padded to.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.
    """
    volumes = data_prep.load_volumes(
        data, spacing=(spacing,) * 3, shape=(size,) * 3, seed=seed, min_shape=(8, 8, 8)
    )
    model = build_cnn3d(volumes.input_shape, len(volumes.classes))
    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(volumes.train), batch_size, epochs)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=16,
    )
    model.fit(
        volumes.train.inputs,
        volumes.train.labels,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(volumes.validation.inputs, volumes.validation.labels),
        callbacks=list(callbacks),
    )
    inputs, labels = volumes.test.inputs, volumes.test.labels
    probabilities = model.predict(inputs, batch_size=32, verbose=0)
    matrix = scores.confusion(labels, probabilities)
    hardest, titles = scores.hardest(labels, probabilities, volumes.classes)
    slices = _telling_slices(model, inputs[hardest], labels[hardest])
    pictures = {
        "confusion": visualize.plot_confusion_matrix(matrix, volumes.classes),
        "hardest": visualize.plot_images(slices, titles),
    }
    pictures["hardest"].suptitle("Through the most telling place: axial, coronal, sagittal")
    return Report(
        model=model,
        headline="accuracy",
        scores=scores.classification(labels, probabilities, volumes.classes),
        baselines=scores.classification_baselines(volumes, ["majority"]),
        comparisons=scores.classification_baselines(volumes, ["logistic regression"]),
        data=volumes.describe(),
        pictures=pictures,
    )


def _telling_slices(model, volumes, labels):
    """Of each volume the axial, coronal and sagittal slice through its most telling place.

    That is where the voxels count most for the probability of its class: each one's value times
    the slope there, its size averaged over 5 x 5 x 5 voxels (Shrikumar et al., 2017).
    """
    inputs = tf.constant(volumes)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        own = tf.math.log(tf.gather(model(inputs), labels, batch_dims=1) + 1e-20)
    weights = ops.abs(inputs * tape.gradient(own, inputs))
    weights = ops.average_pool(weights, 5, strides=1, padding="same")
    places = [np.unravel_index(np.argmax(one), one.shape)[:3] for one in weights.numpy()]
    pairs = zip(volumes[..., 0], places, strict=True)
    return np.stack([slices_through(volume, place) for volume, place in pairs])
