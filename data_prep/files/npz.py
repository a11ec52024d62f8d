"""Arrays from .npz files, read without unpickling."""

import zipfile
import zlib
from lzma import LZMAError
from pathlib import Path

import numpy as np

from data_prep.errors import DataError, first_line

TRAIN_AND_TEST = ("x_train", "y_train", "x_test", "y_test")

# The errors of NumPy, zipfile and the decoders for a file that is incomplete, damaged or of another
# kind.
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    LZMAError,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,  # an encrypted member, or a compression that zipfile does not know
)


def read_npz(path, *forms, optional=()):
    """Read arrays from an .npz file.

    Args:
        path: the file.
        forms: tuples of names of arrays. The first tuple whose arrays are all in the file is read.
        optional: names of arrays that are read too if the file has them.

    Returns:
        {name: array}, in the order of the names.

    Raises:
        DataError: names the file and the array.
    """
    path = Path(path)
    if not zipfile.is_zipfile(path):
        raise DataError(
            f"{path}: not a readable .npz file (it is incomplete, or of another kind); write it "
            f"again with numpy.savez."
        )

    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            names = list(_find_form(archive.files, forms, path))
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
    """The first of the forms whose arrays are all in the file, which holds the names `held`."""
    missing_of_forms = []
    for form in forms:
        missing = [name for name in form if name not in held]
        if not missing:
            return form
        missing_of_forms.append(missing)

    fewest_missing = min(missing_of_forms, key=len)
    wanted = ", or ".join(", ".join(form) for form in forms)
    raise DataError(
        f"{path}: no array {fewest_missing[0]!r} (it holds {', '.join(held)}); name the arrays "
        f"{wanted}."
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
        raise DataError(f"{path}: {name!r} is not an array; write the file with numpy.savez.")
    return array
