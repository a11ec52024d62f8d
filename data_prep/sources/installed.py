"""Data that come with installed libraries. They need no network."""

import numpy as np

from data_prep.dataset import stratified_split

TEXTURES = ("brick", "grass", "gravel")
PATCH = 32  # pixels


def digits():
    """Handwritten digits (images, 8, 8), grey levels 0 to 16; the test part is a fifth."""
    from sklearn.datasets import load_digits

    data = load_digits()
    return _cut_test(data.images, data.target)


def faces():
    """Grey photos (images, 25, 25), 0 to 1: 100 faces and 100 pieces of background."""
    from skimage.data import lfw_subset

    return _cut_test(lfw_subset(), np.repeat(["face", "no face"], 100))


def textures():
    """Patches (patches, 32, 32) of three photos, without overlap.

    The test patches come from the lowest quarter of each photo.
    """
    import skimage.data

    train, test = [], []  # the patches of each texture
    for texture in TEXTURES:
        photo = getattr(skimage.data, texture)()  # (512, 512), bytes
        rows = photo.shape[0] // PATCH
        patches = photo.reshape(rows, PATCH, -1, PATCH).swapaxes(1, 2)  # (row, column, 32, 32)
        border = rows * 3 // 4
        train.append(patches[:border].reshape(-1, PATCH, PATCH))
        test.append(patches[border:].reshape(-1, PATCH, PATCH))

    y_train = np.repeat(TEXTURES, [len(patches) for patches in train])
    y_test = np.repeat(TEXTURES, [len(patches) for patches in test])
    return np.concatenate(train), y_train, np.concatenate(test), y_test


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
    """Ten measurements per patient, not scaled; the target is the progress of the disease."""
    from sklearn.datasets import load_diabetes

    return load_diabetes(as_frame=True, scaled=False).frame


def breast_cancer():
    """Thirty measurements of cell nuclei; the target is "benign" or "malignant"."""
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer(as_frame=True)
    return data.frame.assign(target=data.target_names[data.target])


def _cut_test(images, labels):
    """(x_train, y_train, x_test, y_test): a fifth of each class is the test part."""
    rows, test_rows = stratified_split(labels, 0.2, seed=0, what="test")
    return images[rows], labels[rows], images[test_rows], labels[test_rows]
