"""RandomVolume: each training volume turned, moved, scaled, mirrored and brightened at random."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="recipes")
class RandomVolume(layers.Layer):
    """Change each volume of a batch in its own random way; in training only.

    Shapes: (batch, x, y, z, channels) in and out. All numbers are drawn uniformly.

    The turn is three turns after each other, in the planes (x, y), (y, z) and (z, x): all slices
    across the third axis are turned alike, so each is an affine map of images, linearly
    interpolated. Angles are true where the voxels are cubes. What comes in from outside is 0.

    Args:
        flips: for x, y and z, whether the axis is mirrored in half of the volumes.
        rotation: greatest turn in each plane, in degrees.
        shift: greatest move along each axis, as a share of its length.
        zoom: greatest change of the size along each axis, as a share of it.
        intensity: greatest change of the values: they are multiplied by 1 - intensity to
            1 + intensity, then between -intensity and intensity is added.
        seed: an integer for the same draws every time, or None.
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
        self.flips = tuple(flips)
        self.rotation = rotation
        self.shift = shift
        self.zoom = zoom
        self.intensity = intensity
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_jit = False  # XLA knows no affine map of images

    def call(self, inputs, training=None):
        """Change a batch of volumes; at prediction hand it on as it is."""
        if not training:
            return inputs
        volumes = inputs
        for axis in range(3):
            volumes = self._change_axis(volumes, axis)
            volumes = ops.transpose(volumes, (0, 2, 3, 1, 4))  # the next axis comes first
        if self.intensity:
            factor = 1 + self._draw(volumes, self.intensity)
            volumes = volumes * factor[:, None, None, None, None]
            volumes += self._draw(volumes, self.intensity)[:, None, None, None, None]
        return volumes

    def _change_axis(self, volumes, axis):
        """Mirror, move and scale the first axis, turn the first two: (batch, 1st, 2nd, 3rd, c)."""
        if not (self.flips[axis] or self.rotation or self.shift or self.zoom):
            return volumes
        batch, rows, columns, depth, channels = ops.shape(volumes)
        turn = self._draw(volumes, self.rotation * 3.14159265 / 180)
        scale = 1 + self._draw(volumes, self.zoom)
        if self.flips[axis]:
            scale = scale * ops.sign(self._draw(volumes, 1.0))
        move = ops.round(self._draw(volumes, self.shift) * rows)  # whole voxels blur nothing
        # From a voxel of the result to its place in the input, both from the middle:
        # row -> scale (cos row - sin column) + move, column -> sin row + cos column.
        cos, sin = ops.cos(turn), ops.sin(turn)
        row, column = (rows - 1) / 2, (columns - 1) / 2
        zero = ops.zeros_like(cos)
        maps = ops.stack(
            [
                cos,
                sin,
                column - cos * column - sin * row,
                -scale * sin,
                scale * cos,
                row + move + scale * (sin * column - cos * row),
                zero,
                zero,
            ],
            axis=1,
        )  # (batch, 8), x being the column
        slices = ops.reshape(volumes, (batch, rows, columns, depth * channels))
        slices = ops.image.affine_transform(
            slices, maps, "bilinear", "constant", data_format="channels_last"
        )
        return ops.reshape(slices, (batch, rows, columns, depth, channels))

    def _draw(self, volumes, most):
        """A number from -most to most for each volume: (batch,)."""
        shape = (ops.shape(volumes)[0],)
        return keras.random.uniform(shape, -most, most, volumes.dtype, self.seed_generator)

    def get_config(self):
        """The arguments of the constructor."""
        return {
            **super().get_config(),
            "flips": self.flips,
            "rotation": self.rotation,
            "shift": self.shift,
            "zoom": self.zoom,
            "intensity": self.intensity,
            "seed": self.seed,
        }
