"""RandomVolume: rotates, shifts, zooms, mirrors and brightens training volumes at random."""

import math

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="recipes")
class RandomVolume(layers.Layer):
    """Augment volumes: in training each volume of a batch is changed in its own random way.

    Shapes: (batch, x, y, z, channels) in and out. All random numbers are uniform. In prediction
    the layer does nothing.

    A rotation is made of three: in the plane (x, y), then (y, z), then (z, x). Each is one affine
    map of images with linear interpolation, the same map for all slices across the third axis.
    The angles are right for cubic voxels. Voxels that come in from outside the volume are 0.

    Args:
        flips: for x, y and z, whether the axis is mirrored in half of the volumes.
        rotation: largest angle in each plane, in degrees.
        shift: largest shift along each axis, as a fraction of its length.
        zoom: largest change of size along each axis, as a fraction of it.
        intensity: largest change of the values. They are multiplied by a factor between
            1 - intensity and 1 + intensity, then a number between -intensity and intensity is
            added.
        seed: an integer for the same random changes in every run, or None.

    Raises:
        ValueError: if a largest change is below 0, or if there are not three flips.
    """

    def __init__(
        self,
        flips=(True, True, True),
        rotation=0.0,
        shift=0.0,
        zoom=0.0,
        intensity=0.0,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if min(rotation, shift, zoom, intensity) < 0:
            raise ValueError(
                f"RandomVolume: rotation={rotation}, shift={shift}, zoom={zoom}, "
                f"intensity={intensity}; give numbers >= 0."
            )
        if len(flips) != 3:
            raise ValueError(f"RandomVolume: flips={flips}; give three, for x, y and z.")

        self.flips = tuple(flips)
        self.rotation = rotation
        self.shift = shift
        self.zoom = zoom
        self.intensity = intensity
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_jit = False  # XLA cannot compile affine_transform

    def call(self, inputs, training=None):
        """Change a batch of volumes; in prediction return it as it is."""
        if not training:
            return inputs

        volumes = inputs
        for axis in range(3):
            volumes = self._change_axis(volumes, axis)
            volumes = ops.transpose(volumes, (0, 2, 3, 1, 4))  # the next axis comes first

        if self.intensity:
            factor = 1 + self._sample(volumes, self.intensity)
            volumes = volumes * factor[:, None, None, None, None]
            volumes += self._sample(volumes, self.intensity)[:, None, None, None, None]
        return volumes

    def _change_axis(self, volumes, axis):
        """Mirror, shift and scale the first axis; rotate in the plane of the first two.

        Args:
            volumes: (batch, rows, columns, depth, channels), where the rows are the axis to change.
            axis: its number, 0 for x.

        Returns:
            The volumes in the same shape.
        """
        if not (self.flips[axis] or self.rotation or self.shift or self.zoom):
            return volumes
        batch, rows, columns, depth, channels = ops.shape(volumes)

        angle = self._sample(volumes, self.rotation * math.pi / 180)
        scale = 1 + self._sample(volumes, self.zoom)
        if self.flips[axis]:
            scale = scale * ops.sign(self._sample(volumes, 1.0))

        height = ops.cast(
            rows, volumes.dtype
        )  # a tensor of integers if the volumes are of any size
        width = ops.cast(columns, volumes.dtype)
        # A shift by whole voxels needs no interpolation, which would blur.
        shift = ops.round(self._sample(volumes, self.shift) * height)

        # For each voxel of the result, its place in the input. With both counted from the centre:
        # row -> scale * (cos * row - sin * column) + shift, column -> sin * row + cos * column.
        cos = ops.cos(angle)
        sin = ops.sin(angle)
        center_row = (height - 1) / 2
        center_column = (width - 1) / 2
        zero = ops.zeros_like(cos)
        maps = ops.stack(
            [
                cos,
                sin,
                center_column - cos * center_column - sin * center_row,
                -scale * sin,
                scale * cos,
                center_row + shift + scale * (sin * center_column - cos * center_row),
                zero,
                zero,
            ],
            axis=1,
        )  # (batch, 8): three numbers for the column, three for the row

        # The map is the same for all slices, so depth and channels can share one axis.
        slices = ops.reshape(volumes, (batch, rows, columns, depth * channels))
        slices = ops.image.affine_transform(
            slices, maps, "bilinear", "constant", data_format="channels_last"
        )
        return ops.reshape(slices, (batch, rows, columns, depth, channels))

    def _sample(self, volumes, limit):
        """A random number between -limit and limit for each volume: (batch,)."""
        shape = (ops.shape(volumes)[0],)
        return keras.random.uniform(shape, -limit, limit, volumes.dtype, self.seed_generator)

    def get_config(self):
        """The arguments of the constructor."""
        return super().get_config() | {
            "flips": self.flips,
            "rotation": self.rotation,
            "shift": self.shift,
            "zoom": self.zoom,
            "intensity": self.intensity,
            "seed": self.seed,
        }
