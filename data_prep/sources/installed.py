"""Data that come with installed libraries and need no network."""

import numpy as np

from data_prep.dataset import stratified_split

TEXTURES = ("brick", "grass", "gravel")
PATCH = 32  # pixels


def digits():
    """8 x 8 handwritten digits with grey levels 0 to 16, a fifth of each class as test part."""
    from sklearn.datasets import load_digits

    data = load_digits()
    return _cut_test(data.images, data.target)


def faces():
    """25 x 25 grey photos, 0 to 1: 100 faces and 100 pieces of background."""
    from skimage.data import lfw_subset

    return _cut_test(lfw_subset(), np.repeat(["face", "no face"], 100))


def textures():
    """32 x 32 patches of three photos that do not overlap; the lowest quarter is the test part."""
    import skimage.data

    parts = {"train": [], "test": []}
    for texture in TEXTURES:
        photo = getattr(skimage.data, texture)()  # (512, 512), bytes
        rows = photo.shape[0] // PATCH
        patches = photo.reshape(rows, PATCH, -1, PATCH).swapaxes(1, 2)  # (row, column, 32, 32)
        border = rows * 3 // 4
        parts["train"].append(patches[:border].reshape(-1, PATCH, PATCH))
        parts["test"].append(patches[border:].reshape(-1, PATCH, PATCH))
    arrays = []
    for patches in parts.values():
        arrays += [np.concatenate(patches), np.repeat(TEXTURES, [len(group) for group in patches])]
    return tuple(arrays)


def co2():
    """Weekly CO2 in the air over Mauna Loa, in parts per million; 59 weeks are missing (NaN)."""
    from statsmodels.datasets import co2

    frame = co2.load_pandas().data
    return frame.asfreq("W-SAT").rename_axis("time")


def elnino():
    """Monthly temperature of the sea surface off Peru, in degrees Celsius."""
    import pandas as pd
    from statsmodels.datasets import elnino

    years = elnino.load_pandas().data.set_index("YEAR")  # a row per year, a column per month
    start = f"{int(years.index[0])}-01-01"
    index = pd.date_range(start, periods=years.size, freq="MS", name="time")
    return pd.DataFrame({"temperature": years.to_numpy().ravel()}, index=index)


def sunspots():
    """Yearly mean number of sunspots."""
    import pandas as pd
    from statsmodels.datasets import sunspots

    frame = sunspots.load_pandas().data
    start = f"{int(frame['YEAR'].iloc[0])}-01-01"
    index = pd.date_range(start, periods=len(frame), freq="YS", name="time")
    return pd.DataFrame({"sunspots": frame["SUNACTIVITY"].to_numpy()}, index=index)


def diabetes():
    """Ten measurements of a patient in their units; the target is the disease's progress."""
    from sklearn.datasets import load_diabetes

    return load_diabetes(as_frame=True, scaled=False).frame


def breast_cancer():
    """Thirty measurements of cell nuclei; the target is "benign" or "malignant"."""
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer(as_frame=True)
    return data.frame.assign(target=data.target_names[data.target])


def _cut_test(images, labels):
    rows, test_rows = stratified_split(labels, 0.2, seed=0, what="test")
    return images[rows], labels[rows], images[test_rows], labels[test_rows]
