"""NIfTI files and DICOM series for the tests of volumes."""

import nibabel
import numpy as np
import pydicom
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

DICOM_AFFINE = np.array([[0.5, 0, 0, -10], [0, 0.75, 0, -20], [0, 0, 2.5, 100], [0, 0, 0, 1]])


def write_nifti(path, values, affine=None):
    """Write values (i, j, k) with an affine; None for voxels of one millimetre."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = nibabel.Nifti1Image(values, np.eye(4) if affine is None else np.asarray(affine, float))
    nibabel.save(image, path)
    return path


def write_dicom(
    folder, values, affine, slope=1.0, intercept=0.0, order=None, series="1.2.3", **changes
):
    """Write values (column, row, slice), which are rescaled already, as one file per slice.

    `affine` leads from (column, row, slice) to millimetres to the left, back and up, as in DICOM.
    `changes` are attributes of single slices, {name: (number of the slice, value)}; None deletes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    directions = affine[:3, :3] / spacing
    for name, number in enumerate(order or range(values.shape[2])):
        stored = np.round((values[:, :, number].T - intercept) / slope).astype(np.int16)
        one = pydicom.Dataset()
        one.file_meta = pydicom.dataset.FileMetaDataset()
        one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        one.file_meta.MediaStorageSOPClassUID = one.SOPClassUID = CTImageStorage
        one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID = generate_uid()
        one.SeriesInstanceUID = series
        one.InstanceNumber = name + 1  # says nothing about the position
        one.ImagePositionPatient = (affine @ [0, 0, number, 1])[:3].tolist()
        one.ImageOrientationPatient = directions[:, :2].T.ravel().tolist()
        one.PixelSpacing = [float(spacing[1]), float(spacing[0])]
        one.Rows, one.Columns = stored.shape
        one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
        one.BitsAllocated = one.BitsStored = 16
        one.HighBit, one.PixelRepresentation = 15, 1
        one.RescaleSlope, one.RescaleIntercept = slope, intercept
        one.PixelData = stored.tobytes()
        for key, (which, value) in changes.items():
            if which == number:
                if value is None:
                    del one[key]
                else:
                    setattr(one, key, value)
        one.save_as(folder / f"slice{name}.dcm", enforce_file_format=True)
    return folder
