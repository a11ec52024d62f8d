"""A convolution of large kernels by Fourier transform, which saves most of the multiplications.

When images and kernels are written as sums of waves, a convolution becomes a product. Each
frequency then needs only one matrix product, (batch, channels) with (channels, filters).
"""

import keras
import numpy as np
from keras import layers, ops


@keras.saving.register_keras_serializable(package="recipes")
class FourierConv2D(layers.Conv2D):
    """A Conv2D without padding that uses the Fourier transform where this is much faster.

    Weights and outputs are those of keras.layers.Conv2D, which is used for other padding than
    "valid", for dilation, for groups and for images without a fixed size. For a kernel of 9 x 9 on
    features of 20 x 20 with strides of 2, the transform needs a fifth of the multiplications. For
    small kernels, and images much larger than the kernel, Conv2D is used.
    """

    def call(self, inputs):
        """Return features (batch, rows, columns, filters) of images (batch, ..., channels)."""
        settings = (self.padding, self.dilation_rate, self.groups, self.data_format)
        is_plain = settings == ("valid", (1, 1), 1, "channels_last")
        image_size = inputs.shape[1:3]
        if not is_plain or None in image_size:
            return super().call(inputs)
        if not saves_work(image_size, self.kernel_size, self.strides):
            return super().call(inputs)

        outputs = fourier_convolution(inputs, self.kernel, self.strides)
        if self.use_bias:
            outputs = outputs + self.bias
        return self.activation(outputs)


def saves_work(image_size, kernel_size, strides):
    """Whether the Fourier transform saves at least half of the multiplications.

    To save memory, the transformed kernels must be at most eight times as large as the kernels.
    The multiplications of the transforms themselves are not counted.

    Args:
        image_size: (height, width), integers.
        kernel_size: (height, width) of the kernels.
        strides: (rows, columns) from one position to the next.
    """
    outputs, _, sizes = _grid(image_size, kernel_size, strides)
    frequencies = len(_frequencies(sizes)) * np.prod(strides)
    direct = np.prod(outputs) * np.prod(kernel_size)
    return 2 * 3 * frequencies <= direct and 2 * frequencies <= 8 * np.prod(kernel_size)


def fourier_convolution(images, kernels, strides):
    """Convolve images with kernels, without padding, by Fourier transform.

    With strides of 2, an image is split into four, by even and odd rows and columns, which become
    channels; over these the kernels move by 1. A product of complex numbers is computed with three
    real products (Gauss).

    Args:
        images: (batch, height, width, channels).
        kernels: (rows, columns, channels, filters).
        strides: (rows, columns) from one position to the next.

    Returns:
        A tensor (batch, output rows, output columns, filters), as from keras.ops.conv.
    """
    _, height, width, channels = images.shape
    *kernel_size, _, filters = kernels.shape
    outputs, taps, sizes = _grid((height, width), kernel_size, strides)
    channels = channels * strides[0] * strides[1]

    # As matrices, with a row for each pixel: then a transform is a matrix product.
    images = _by_stride(images, 1, sizes, strides)  # (batch, rows, r, columns, c, channels)
    images = ops.reshape(ops.transpose(images, (1, 3, 0, 2, 4, 5)), (sizes[0] * sizes[1], -1))
    kernels = _by_stride(kernels, 0, taps, strides)  # (rows, r, columns, c, channels, filters)
    kernels = ops.reshape(ops.transpose(kernels, (0, 2, 1, 3, 4, 5)), (taps[0] * taps[1], -1))

    # Real and imaginary parts by frequency: (frequencies, batch, channels) for the images, and
    # (frequencies, channels, filters) for the kernels.
    cosines, sines = _waves(sizes, sizes)
    image_real = ops.reshape(_multiply(cosines, images), (len(cosines), -1, channels))
    image_imaginary = ops.reshape(_multiply(-sines, images), (len(cosines), -1, channels))
    cosines, sines = _waves(sizes, taps)
    kernel_real = ops.reshape(_multiply(cosines, kernels), (len(cosines), channels, filters))
    kernel_imaginary = ops.reshape(_multiply(sines, kernels), (len(cosines), channels, filters))

    # Images times the complex conjugate of the kernels: their sines above have no minus.
    first = ops.matmul(image_real + image_imaginary, kernel_real)
    second = ops.matmul(image_real, kernel_imaginary - kernel_real)
    third = ops.matmul(image_imaginary, kernel_real + kernel_imaginary)
    real = ops.reshape(first - third, (len(cosines), -1))  # (frequencies, batch * filters)
    imaginary = ops.reshape(first + second, (len(cosines), -1))

    # Back to pixels. Each frequency also stands for its opposite, unless both are the same.
    opposite = -_frequencies(sizes) % sizes
    is_pair = (opposite != _frequencies(sizes)).any(axis=1)
    weights = (1 + is_pair) / np.prod(sizes)
    cosines, sines = _waves(sizes, outputs)
    features = _multiply(cosines.T * weights, real) - _multiply(sines.T * weights, imaginary)
    features = ops.reshape(features, (*outputs, -1, filters))
    return ops.transpose(features, (2, 0, 1, 3))


def _grid(image_size, kernel_size, strides):
    """(output size, kernel size after _by_stride, transform size), each (rows, columns)."""
    axes = list(zip(image_size, kernel_size, strides, strict=True))
    outputs = [(size - kernel) // stride + 1 for size, kernel, stride in axes]
    taps = [-(-kernel // stride) for _, kernel, stride in axes]
    sizes = [output + tap - 1 for output, tap in zip(outputs, taps, strict=True)]
    return outputs, taps, sizes


def _frequencies(sizes):
    """One of each pair of opposite frequencies of a transform: (frequencies, 2) integers."""
    every = np.indices(sizes).reshape(2, -1).T
    opposite = -every % sizes
    numbers = every @ (sizes[1], 1), opposite @ (sizes[1], 1)
    return every[numbers[0] <= numbers[1]]


def _waves(sizes, pixels):
    """Cosines and sines of all waves at the first pixels, each (frequencies, rows * columns).

    Args:
        sizes: size of the transform, (rows, columns).
        pixels: number of pixels, (rows, columns).
    """
    positions = np.indices(pixels).reshape(2, -1) / np.reshape(sizes, (2, 1))
    angles = 2 * np.pi * _frequencies(sizes) @ positions
    return np.cos(angles), np.sin(angles)


def _multiply(matrix, values):
    """The product of a NumPy matrix and a tensor."""
    return ops.matmul(ops.convert_to_tensor(matrix, values.dtype), values)


def _by_stride(tensor, axis, sizes, strides):
    """Split two pixel axes into (rows, stride, columns, stride), cropped or padded with zeros."""
    shape = list(tensor.shape)
    padding = [(0, 0)] * len(shape)
    for place, size, stride in zip((axis, axis + 1), sizes, strides, strict=True):
        padding[place] = (0, max(0, size * stride - shape[place]))
    tensor = ops.pad(tensor, padding)

    rows, columns = sizes[0] * strides[0], sizes[1] * strides[1]
    tensor = tensor[:, :rows, :columns] if axis else tensor[:rows, :columns]
    before = [-1] * axis
    after = shape[axis + 2 :]
    return ops.reshape(tensor, (*before, sizes[0], strides[0], sizes[1], strides[1], *after))
