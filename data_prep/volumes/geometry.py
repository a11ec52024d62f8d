"""Volumes and the positions of their voxels: reorient, resample, crop, and show slices."""

from dataclasses import dataclass

import numpy as np

from data_prep.errors import DataError

MAX_VOXELS = 2**29  # per volume: 2 GB as float32


@dataclass(frozen=True)
class Volume:
    """One volume and the positions of its voxels.

    Attributes:
        values: (x, y, z). The axes run from left to right, from back to front and upwards (RAS).
        affine: (4, 4), from voxel indices to millimetres in the space of the scanner.
    """

    values: np.ndarray
    affine: np.ndarray

    @property
    def spacing(self):
        """Distance between neighbouring voxels along x, y and z in millimetres."""
        return tuple(float(size) for size in np.linalg.norm(self.affine[:3, :3], axis=0))


def slices_through(values, place):
    """One image with the three slices through a voxel, in the orientation that radiologists use.

    From left to right: the axial slice seen from the feet, the coronal slice seen from the front,
    the sagittal slice seen from the left. In the first two, the patient's right is on the left
    side. The front of the body, or the head, is at the top.

    Args:
        values: (x, y, z), with the axes of a Volume.
        place: (x, y, z) index of the voxel.

    Returns:
        An image (the larger of y and z, x + x + y + gaps). The space around the slices has the
        smallest value of the volume.
    """
    x, y, z = place
    axial = values[::-1, ::-1, z].T  # (y, x)
    coronal = values[::-1, y, ::-1].T  # (z, x)
    sagittal = values[x, ::-1, ::-1].T  # (z, y)
    slices = (axial, coronal, sagittal)

    gap = 1 + max(values.shape) // 24
    height = max(one.shape[0] for one in slices)
    width = sum(one.shape[1] for one in slices) + 2 * gap
    image = np.full((height, width), values.min(), values.dtype)

    left = 0
    for one in slices:
        top = (height - one.shape[0]) // 2
        image[top : top + one.shape[0], left : left + one.shape[1]] = one
        left += one.shape[1] + gap
    return image


def to_ras(values, affine):
    """The Volume with its axes swapped and flipped to RAS: right, front, up."""
    from nibabel import orientations

    axes = orientations.io_orientation(affine)
    reoriented = orientations.apply_orientation(values, axes)
    to_old = orientations.inv_ornt_aff(axes, values.shape)  # from new to old voxel indices
    return Volume(np.ascontiguousarray(reoriented), affine @ to_old)


def resample(volume, spacing, path):
    """Resample a volume to another spacing; extent and centre stay the same.

    The new grid has the number of voxels that fits the old extent best. Beyond the centres of the
    outermost old voxels, the nearest value is repeated. Integers are labels: they take the value of
    the nearest voxel and are never interpolated.

    Args:
        volume: a Volume.
        spacing: (x, y, z) in millimetres.
        path: name of the volume for error messages.

    Returns:
        The resampled Volume.

    Raises:
        DataError: if the volume would have too many voxels.
    """
    from scipy import ndimage

    ratio = np.asarray(spacing, float) / volume.spacing  # old voxels per new voxel
    old_shape = np.array(volume.values.shape)
    new_shape = np.maximum(1, np.round(old_shape / ratio)).astype(int)
    if np.prod(new_shape, dtype=float) > MAX_VOXELS:
        raise DataError(
            f"{path}: spacing {tuple(spacing)} would make {tuple(map(int, new_shape))} voxels; "
            f"choose a larger spacing"
        )
    if np.allclose(ratio, 1, rtol=0, atol=1e-4):
        return volume

    old_centre, new_centre = (old_shape - 1) / 2, (new_shape - 1) / 2
    offset = old_centre - new_centre * ratio
    is_labels = np.issubdtype(volume.values.dtype, np.integer)
    values = ndimage.affine_transform(
        volume.values,
        ratio,
        offset,
        output_shape=tuple(new_shape),
        order=0 if is_labels else 1,  # nearest or linear
        mode="nearest",
    )

    to_old = np.diag([*ratio, 1.0])  # from new to old voxel indices
    to_old[:3, 3] = offset
    return Volume(values, volume.affine @ to_old)


def crop_or_pad(volume, shape, fill):
    """Crop or pad a volume around its centre.

    Both ends of an axis lose or gain the same number of voxels. If the number is odd, one end
    loses or gains one voxel more.

    Args:
        volume: a Volume.
        shape: (x, y, z), the new number of voxels.
        fill: value of the added voxels.

    Returns:
        The Volume with the new shape.
    """
    values = np.full(shape, fill, volume.values.dtype)
    old_shape, new_shape = np.array(volume.values.shape), np.array(shape)
    first = (old_shape - new_shape) // 2  # old index of the new voxel 0; negative where padded

    size = np.minimum(old_shape, new_shape)
    old_start, new_start = np.maximum(first, 0), np.maximum(-first, 0)
    old_box = tuple(map(slice, old_start, old_start + size))
    new_box = tuple(map(slice, new_start, new_start + size))
    values[new_box] = volume.values[old_box]

    to_old = np.eye(4)  # from new to old voxel indices
    to_old[:3, 3] = first
    return Volume(values, volume.affine @ to_old)


def check_grid(shape, affine, path):
    """Refuse a shape or an affine that does not describe a volume."""
    if len(shape) < 3 or any(size != 1 for size in shape[3:]):
        raise DataError(
            f"{path}: has the shape {tuple(shape)}; a volume is (x, y, z); extract one volume"
        )
    if 0 in shape or np.prod(shape, dtype=float) > MAX_VOXELS:
        raise DataError(
            f"{path}: has the shape {tuple(shape)}, empty or over {MAX_VOXELS:,} voxels; crop it"
        )
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-9:
        raise DataError(
            f"{path}: its affine is not finite or not invertible; set spacing and orientation"
        )
