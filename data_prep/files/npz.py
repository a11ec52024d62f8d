"""Arrays from .npz files, read without unpickling anything."""

import zipfile
import zlib
from lzma import LZMAError
from pathlib import Path

import numpy as np

from data_prep.errors import DataError, first_line

TRAIN_AND_TEST = ("x_train", "y_train", "x_test", "y_test")

# What NumPy, zipfile and the decoders raise on files that are cut off, damaged or something else.
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    LZMAError,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,  # an encrypted member, or one compressed in a way that zipfile does not know
)


def read_npz(path, *forms, optional=()):
    """Read arrays from an .npz file.

    Args:
        path: the file.
        forms: tuples of names of arrays; the first of which the file has every array is read.
        optional: names of arrays that are read as well where the file has them.

    Returns:
        {name: array}, in the order of the names.

    Raises:
        DataError: naming the file and the array.
    """
    path = Path(path)
    if not zipfile.is_zipfile(path):
        raise DataError(
            f"{path}: not a readable .npz file (it is cut off, or something else); write it again "
            f"with numpy.savez."
        )
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            names = [*_find_form(archive.files, forms, path)]
            names += [name for name in optional if name in archive.files]
            return {name: _read_array(archive, name, path) for name in names}
    except DataError:
        raise
    except UNREADABLE as error:
        raise DataError(
            f"{path}: not a readable .npz file ({first_line(error)}); write it again with "
            f"numpy.savez."
        ) from error


def _find_form(held, forms, path):
    """The first of the forms whose arrays are all held."""
    missing = [[name for name in form if name not in held] for form in forms]
    for form, lacking in zip(forms, missing, strict=True):
        if not lacking:
            return form
    nearest = min(missing, key=len)
    wanted = ", or ".join(", ".join(form) for form in forms)
    raise DataError(
        f"{path}: no array {nearest[0]!r} (it holds {', '.join(held)}); name the arrays {wanted}."
    )


def _read_array(archive, name, path):
    try:
        array = archive[name]
    except UNREADABLE as error:
        if "pickle" in str(error):
            raise DataError(
                f"{path}: array {name!r} holds Python objects and would have to be unpickled, "
                f"which can run any code; save it as an array of numbers."
            ) from error
        raise DataError(
            f"{path}: array {name!r} is damaged ({first_line(error)}); get the file again."
        ) from error
    if not isinstance(array, np.ndarray):
        raise DataError(f"{path}: {name!r} is no array; write the file with numpy.savez.")
    return array
