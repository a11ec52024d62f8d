"""Image classifier for CT scans: convolution and pooling in three dimensions.

    volume (48, 48, 24, 1) -> 3 x (conv, pool) -> conv -> mean -> probabilities (2,)

Take it for volumes such as CT and MRI scans, with one label each. A scan is a stack of slices. An
organ reaches through several slices, so each slice alone tells too little.

A 3-D convolution moves a small cube of weights along three axes and recognises a pattern anywhere
in the body. Pooling halves all three axes, which leaves an eighth of the work for the next
convolution. Volumes are few, so in training each is mirrored and shifted at random in 3-D.

In the report: slices through the scans that the network got most wrong, at the voxels that count
most for the probability of the true class. Compare the accuracy with that of "majority": where
most patients are healthy, always predicting "healthy" is often right. The AUC says more: it is the
probability that a diseased scan gets a higher score than a healthy one.

Differs from cnn: three dimensions, volumes of CT scans (NIfTI, DICOM), random changes in training,
and the mean over all positions instead of a dense layer.

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
from data_prep.volumes.geometry import slices_through
from recipes import scores
from recipes.layers.augment3d import RandomVolume
from recipes.layers.sizes import check_integers, check_shape, check_tuples
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_cnn3d(
    input_shape=(48, 48, 24, 1), num_classes=2, filters=(8, 16, 32, 64), dropout=0.2, shift=0.1
):
    """Build the network, not compiled.

    Args:
        input_shape: (x, y, z, channels) of a volume, at least 8 voxels along each axis; values
            from 0 to 1. x, y and z may be None, for volumes of any size.
        num_classes: number of classes, the size of the output.
        filters: number of kernels in each convolution, from the first to the last.
        dropout: fraction of values dropped before the output layer.
        shift: largest random shift along each axis in training, as a fraction of its length.

    Returns:
        A keras.Sequential from volumes (batch, *input_shape) to probabilities (batch, num_classes).

    Raises:
        ValueError: if a size is not an integer >= 1, if the volume is too small for the poolings,
            of which each halves all axes, or if the shift is not between 0 and 1.

    Example:
        import numpy as np

        volumes = np.random.rand(16, 32, 32, 16, 1)
        labels = np.random.randint(2, size=16)

        model = build_cnn3d(input_shape=(32, 32, 16, 1), num_classes=2)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(volumes, labels, batch_size=8, epochs=1)
        probabilities = model.predict(volumes)  # (16, 2)
    """
    check_shape("build_cnn3d", input_shape, "x", "y", "z", "channels", free=("x", "y", "z"))
    check_tuples("build_cnn3d", filters=filters)
    check_integers("build_cnn3d", num_classes=num_classes)
    if not 0 <= shift <= 1:
        raise ValueError(f"build_cnn3d: shift={shift}; give a fraction from 0 to 1.")

    poolings = len(filters) - 1
    smallest = 2**poolings
    x, y, z, _ = input_shape
    if any(side is not None and side < smallest for side in (x, y, z)):
        raise ValueError(
            f"build_cnn3d: volumes of {x} x {y} x {z} with {poolings} poolings; give at least "
            f"{smallest} voxels along each axis, or fewer filters."
        )

    model = keras.Sequential([keras.Input(input_shape)], name="cnn3d")
    model.add(RandomVolume(shift=shift))  # it also mirrors along each axis
    for number, count in enumerate(filters):
        kernel_size = 5 if number == 0 else 3
        model.add(layers.Conv3D(count, kernel_size, padding="same", use_bias=False))
        if number < poolings:
            model.add(layers.MaxPooling3D())  # (batch, x / 2, y / 2, z / 2, count)
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
    """Train on volumes and report accuracy and AUC on test volumes.

    Args:
        data: phantoms (made volumes, half of them with a nodule); an .npz file in MedMNIST's form;
            or NIfTI files or DICOM series, as a CSV of path and label, the folder of one such CSV,
            or a folder of volumes by class.
        epochs: passes over the training volumes.
        batch_size: volumes per training step.
        seed: sets the initial weights, the order of the volumes, their random changes and the
            validation part.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        spacing: distance between voxels in millimetres, to which volumes from files are resampled.
        size: voxels along each axis, to which volumes from files are cropped or padded.
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
        steps_per_execution=16,  # several batches per call: faster for a small model
    )
    model.fit(
        volumes.train.inputs,
        volumes.train.labels,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(volumes.validation.inputs, volumes.validation.labels),
        callbacks=list(callbacks),
    )

    # The only use of the test volumes.
    probabilities = model.predict(volumes.test.inputs, batch_size=32, verbose=0)
    return Report(
        model=model,
        headline="accuracy",
        scores=scores.classification(volumes.test.labels, probabilities, volumes.classes),
        baselines=scores.classification_baselines(volumes, ["majority"]),
        comparisons=scores.classification_baselines(volumes, ["logistic regression"]),
        data=volumes.describe(),
        pictures=_pictures(model, volumes, probabilities),
    )


def _pictures(model, volumes, probabilities):
    """Which classes are confused, and slices of the hardest test volumes."""
    labels = volumes.test.labels
    matrix = scores.confusion(labels, probabilities)
    hardest, titles = scores.hardest(labels, probabilities, volumes.classes)

    slices = _important_slices(model, volumes.test.inputs[hardest], labels[hardest])
    figure = visualize.plot_images(slices, titles)
    figure.suptitle("Slices through the most important voxels: axial, coronal, sagittal")

    return {
        "confusion": visualize.plot_confusion_matrix(matrix, volumes.classes),
        "hardest": figure,
    }


def _important_slices(model, volumes, labels):
    """The axial, coronal and sagittal slice of each volume through its most important place.

    The importance of a voxel is its value times the gradient of the logarithm of the probability
    of the volume's true class (Shrikumar et al., 2017). Its absolute value is averaged over
    5 x 5 x 5 voxels, and the slices go through the maximum.
    """
    inputs = tf.constant(volumes)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        probabilities = model(inputs)
        of_true_class = tf.gather(probabilities, labels, batch_dims=1)
        log_probability = tf.math.log(of_true_class + 1e-20)
    gradient = tape.gradient(log_probability, inputs)

    importance = ops.abs(inputs * gradient)
    importance = ops.average_pool(importance, 5, strides=1, padding="same")
    slices = []
    for volume, values in zip(volumes, importance.numpy(), strict=True):
        x, y, z, _ = np.unravel_index(np.argmax(values), values.shape)
        slices.append(slices_through(volume[..., 0], (x, y, z)))
    return np.stack(slices)
