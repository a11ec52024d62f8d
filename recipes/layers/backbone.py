"""Feature extractors for pixels from 0 to 1: a small CNN, the networks of keras.applications."""

import difflib
import os

import keras
from keras import layers, ops

from recipes.layers.sizes import check_shape

# How each family of networks had its images scaled in training, by the beginning of its name.
# The first entry that fits counts.
STYLES = {
    "ConvNeXt": "bytes",
    "EfficientNet": "bytes",
    "MobileNetV3": "bytes",
    "DenseNet": "torch",
    "VGG": "caffe",
    "ResNet50V2": "tf",
    "ResNet101V2": "tf",
    "ResNet152V2": "tf",
    "ResNet": "caffe",
    "Inception": "tf",
    "MobileNet": "tf",
    "NASNet": "tf",
    "Xception": "tf",
}

# (center, unit) of each style: a pixel becomes (pixel - center) / unit. Red, green, blue; 0 to 1.
SCALES = {
    "bytes": (0.0, 1 / 255),
    "tf": (0.5, 0.5),
    "torch": ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    "caffe": ([123.68 / 255, 116.779 / 255, 103.939 / 255], 1 / 255),
}


@keras.saving.register_keras_serializable(package="recipes")
class BackboneInput(layers.Layer):
    """Scale pixels from 0 to 1 as a network of keras.applications expects them.

    Shapes: (batch, height, width, 1 or 3) in, (batch, height, width, 3) out. A grey image becomes
    three equal channels.

    Args:
        style: "bytes" for pixels from 0 to 255; "tf" for -1 to 1; "torch" for red, green and blue,
            each minus its mean over ImageNet and divided by its standard deviation; "caffe" for
            blue, green and red from 0 to 255, each minus its mean.
    """

    def __init__(self, style="tf", **kwargs):
        super().__init__(**kwargs)
        self.style = style
        self.center, self.unit = SCALES[style]

    def call(self, images):
        """Scale a batch of images."""
        center = ops.convert_to_tensor(self.center, images.dtype)
        unit = ops.convert_to_tensor(self.unit, images.dtype)

        images = ops.repeat(images, 3 // images.shape[-1], axis=-1)
        images = (images - center) / unit
        if self.style == "caffe":
            images = ops.flip(images, axis=-1)  # blue, green, red
        return images

    def compute_output_shape(self, input_shape):
        """The shape of the output, with three channels."""
        return (*input_shape[:-1], 3)

    def get_config(self):
        """The arguments of the constructor."""
        return super().get_config() | {"style": self.style}


def small_cnn(input_shape=(16, 16, 1), filters=(16, 32, 128)):
    """A small CNN with random weights as a feature extractor.

    Args:
        input_shape: (height, width, channels) of an image; height and width may be None.
        filters: number of kernels in each convolution, from the first to the last.

    Returns:
        A keras.Sequential named "base", from images (batch, *input_shape) to features (batch,
        filters[-1]), the maximum of each of its last feature maps.

    Raises:
        ValueError: if the image is too small for the poolings, of which each halves height and
            width.
    """
    height, width, _ = input_shape
    smallest = 2 ** len(filters)
    if any(side is not None and side < smallest for side in (height, width)):
        raise ValueError(
            f"small_cnn: images of {height} x {width} with {len(filters)} poolings; give at least "
            f"{smallest} x {smallest} pixels, or fewer filters."
        )

    model = keras.Sequential([keras.Input(input_shape)], name="base")
    for number, count in enumerate(filters):
        kernel_size = 5 if number == 0 else 3
        model.add(layers.Conv2D(count, kernel_size, padding="same", use_bias=False))
        model.add(layers.MaxPooling2D())  # (batch, height / 2, width / 2, count)
        model.add(layers.BatchNormalization(momentum=0.9))
        model.add(layers.ReLU())
    model.add(layers.GlobalMaxPooling2D())  # (batch, filters[-1])
    return model


def open_backbone(backbone="MobileNetV2", weights="none", input_shape=(96, 96, 3)):
    """A network of keras.applications without its classifier, for pixels from 0 to 1.

    Args:
        backbone: its name, such as "MobileNetV2".
        weights: "imagenet" to download them once, the path of a file written by its save_weights,
            or "none" for random weights.
        input_shape: (height, width, channels) of an image, 1 channel or 3; height and width may be
            None.

    Returns:
        A keras.Model from images (batch, *input_shape) to features (batch, size), the mean of each
        of its last feature maps. Its first layer is a BackboneInput.

    Raises:
        ValueError: in one sentence, if there is no such network or file, if the download fails, or
            if the images or the weights do not fit the network.
    """
    check_shape(
        "open_backbone", input_shape, "height", "width", "channels", free=("height", "width")
    )
    names = {name.lower(): name for name in dir(keras.applications) if name[0].isupper()}
    if backbone not in names.values():
        close = difflib.get_close_matches(str(backbone).lower(), names, n=3)
        suggestions = " or ".join(names[name] for name in close) or "MobileNetV2"
        raise ValueError(
            f"keras.applications has no network {backbone!r}, with weights or without; "
            f"try {suggestions}."
        )
    height, width, channels = input_shape
    if channels not in (1, 3):
        raise ValueError(f"{backbone} takes images of 1 or 3 channels, not of {channels}.")
    if weights not in ("none", "imagenet") and not os.path.isfile(str(weights)):
        raise ValueError(
            f"weights {weights!r}: no such file; give the path of one, 'imagenet' or 'none'."
        )

    images = keras.Input(input_shape)
    style = next(style for start, style in STYLES.items() if backbone.startswith(start))
    try:
        network = getattr(keras.applications, backbone)(
            include_top=False,
            weights="imagenet" if weights == "imagenet" else None,
            input_shape=(height, width, 3),
            input_tensor=BackboneInput(style)(images),
            pooling="avg",
        )
    except Exception as error:  # Keras raises nothing more specific when a download fails
        reason = _first_line(error)
        if weights == "imagenet" and not isinstance(error, ValueError):
            raise ValueError(
                f"the weights 'imagenet' of {backbone} could not be downloaded ({reason}); give "
                f"the path of a file of them, or 'none'."
            ) from error
        raise ValueError(
            f"{backbone} cannot be made for images of {height} x {width} pixels ({reason})."
        ) from error

    if weights not in ("none", "imagenet"):
        try:
            network.load_weights(weights)
        except Exception as error:  # ValueError, OSError, KeyError: it depends on the file's format
            raise ValueError(
                f"weights {weights!r} are not those of {backbone} ({_first_line(error)}); give a "
                f"file that save_weights of keras.applications.{backbone} wrote."
            ) from error
    return keras.Model(images, network.output, name=network.name)


def unfreeze(base):
    """Make a trained base trainable, except its batch normalisation.

    A layer of batch normalisation that is not trainable keeps its statistics and uses them in
    training, too: those of a few images would be poor.

    Args:
        base: a keras.Model, the layers of which are not models themselves.
    """
    base.trainable = True
    for layer in base.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.trainable = False


def _first_line(error):
    """The first line of an error's message, or its class if it has none."""
    message = str(error).strip() or type(error).__name__
    return message.splitlines()[0].rstrip(".")
