"""Volumes from NIfTI files and DICOM series."""
