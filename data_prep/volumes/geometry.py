"""A volume and where its voxels are: turned, resampled, cropped, and cut into slices."""

from dataclasses import dataclass

import numpy as np

from data_prep.errors import DataError

MAX_VOXELS = 2**29  # of one volume: 2 GB as float32


@dataclass(frozen=True)
class Volume:
    """One volume and where its voxels are.

    Attributes:
        values: (x, y, z), running to the right, to the front and upwards (RAS).
        affine: (4, 4), from voxel numbers to millimetres in the scanner's space.
    """

    values: np.ndarray
    affine: np.ndarray

    @property
    def spacing(self):
        """Distance of neighbouring voxels along x, y and z in millimetres."""
        return tuple(float(size) for size in np.linalg.norm(self.affine[:3, :3], axis=0))


def slices_through(values, place):
    """One image of the three slices through a voxel, as a radiologist looks at them.

    From left to right: the axial slice seen from the feet, the coronal from the front, the
    sagittal from the left. The patient's right is on the left, the front or the head on top.

    Args:
        values: (x, y, z), running to the right, to the front and upwards, as of a Volume.
        place: (x, y, z) number of the voxel.

    Returns:
        An image (largest of y and z, x + x + y + gaps); around the slices it has the least value.
    """
    x, y, z = place
    slices = [
        values[::-1, ::-1, z].T,  # (y, x)
        values[::-1, y, ::-1].T,  # (z, x)
        values[x, ::-1, ::-1].T,  # (z, y)
    ]
    height = max(len(one) for one in slices)
    gap = 1 + max(values.shape) // 24
    image = np.full(
        (height, sum(one.shape[1] for one in slices) + 2 * gap), values.min(), values.dtype
    )
    left = 0
    for one in slices:
        top = (height - len(one)) // 2
        image[top : top + len(one), left : left + one.shape[1]] = one
        left += one.shape[1] + gap
    return image


def to_ras(values, affine):
    """Swap and flip the axes, so that they run to the right, to the front and upwards."""
    from nibabel import orientations

    axes = orientations.io_orientation(affine)
    turned = orientations.apply_orientation(values, axes)
    back = orientations.inv_ornt_aff(axes, values.shape)
    return Volume(np.ascontiguousarray(turned), affine @ back)


def resample(volume, spacing, path):
    """Resample to another spacing, over the same extent and around the same centre.

    The new grid has the number of voxels that fills the old extent best. Beyond the centres of
    the outermost old voxels, the value of the nearest one goes on.
    """
    from scipy import ndimage

    ratio = np.asarray(spacing, float) / volume.spacing  # old voxels per new voxel
    old = np.array(volume.values.shape)
    new = np.maximum(1, np.round(old / ratio)).astype(int)
    if np.prod(new, dtype=float) > MAX_VOXELS:
        raise DataError(
            f"{path}: spacing {tuple(spacing)} would make {tuple(map(int, new))} voxels; choose a "
            f"greater spacing"
        )
    if np.allclose(ratio, 1, rtol=0, atol=1e-4):
        return volume
    offset = (old - 1) / 2 - (new - 1) / 2 * ratio
    labels = np.issubdtype(volume.values.dtype, np.integer)
    values = ndimage.affine_transform(
        volume.values,
        ratio,
        offset,
        output_shape=tuple(new),
        order=0 if labels else 1,
        mode="nearest",
    )
    grid = np.diag([*ratio, 1.0])
    grid[:3, 3] = offset
    return Volume(values, volume.affine @ grid)


def crop_or_pad(volume, shape, fill):
    """Cut off or add the same number of voxels at both ends of each axis, or one more behind."""
    values = np.full(shape, fill, volume.values.dtype)
    old, new = np.array(volume.values.shape), np.array(shape)
    first = (old - new) // 2  # voxel of the old volume that becomes voxel 0; negative: padding
    size = np.minimum(old, new)
    source, target = np.maximum(first, 0), np.maximum(-first, 0)
    values[tuple(map(slice, target, target + size))] = volume.values[
        tuple(map(slice, source, source + size))
    ]
    move = np.eye(4)
    move[:3, 3] = first
    return Volume(values, volume.affine @ move)


def check_grid(shape, affine, path):
    """Refuse what is not a volume of voxels at known places."""
    if len(shape) < 3 or any(size != 1 for size in shape[3:]):
        raise DataError(
            f"{path}: has the shape {tuple(shape)}; a volume is (x, y, z); take one out of it"
        )
    if 0 in shape or np.prod(shape, dtype=float) > MAX_VOXELS:
        raise DataError(
            f"{path}: has the shape {tuple(shape)}, empty or over {MAX_VOXELS:,} voxels; crop it"
        )
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-9:
        raise DataError(f"{path}: its affine is not finite or flat; set spacing and orientation")
