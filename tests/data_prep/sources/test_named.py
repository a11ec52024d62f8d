"""Named data: shapes, seeds, sources and contents."""

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import data_prep
from data_prep.sources import docstrings as docstring_source
from data_prep.sources import named, synthetic

# name: (loader, shapes of train, validation and test inputs, shape of test labels)
ARRAYS = {
    "digits": (data_prep.load_images, (1293, 144, 360), (8, 8, 1), (360,)),
    "faces": (data_prep.load_images, (144, 16, 40), (25, 25, 1), (40,)),
    "textures": (data_prep.load_images, (518, 58, 192), (32, 32, 1), (192,)),
    "control_charts": (data_prep.load_labelled_series, (270, 30, 300), (60, 1), (300,)),
    "diabetes": (data_prep.load_table, (317, 36, 89), (10,), (89,)),
    "breast_cancer": (data_prep.load_table, (409, 46, 114), (30,), (114,)),
    "moving_digits": (
        lambda name, seed: data_prep.load_clips(name, length=11, seed=seed),
        (1080, 120, 300),
        (11, 24, 24, 1),
        (300, 2),
    ),
    "phantoms": (
        lambda name, seed: data_prep.load_volumes(name, seed=seed),
        (216, 24, 120),
        (48, 48, 24, 1),
        (120,),
    ),
    "dates": (data_prep.load_text_pairs, (7200, 800, 2000), (), (2000,)),
}


@pytest.fixture(scope="module")
def loaded():
    """A function that loads named data with seeds 0, 0 and 1; the raw data are read once."""
    kept = {}

    def load(name):
        entry = named.NAMED[name]
        if name not in kept:
            kept[name] = cheap_phantoms() if name == "phantoms" else entry.load()
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(named.NAMED, name, replace(entry, read=lambda: kept[name]))
            return [ARRAYS[name][0](name, seed=seed) for seed in (0, 0, 1)]

    return load


def cheap_phantoms():
    """The named data with random voxels in place of chests."""

    def voxels(nodule, random):
        return random.integers(-1000, 400, (48, 48, 24), np.int16)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(synthetic, "phantom", voxels)
        return synthetic.phantoms()


@pytest.fixture(scope="module")
def docstrings():
    return named.NAMED["docstrings"].load()


@pytest.fixture
def load_docstrings(docstrings, monkeypatch):
    """The loaders of text, with docstrings that are read once for all tests."""
    entry = replace(named.NAMED["docstrings"], read=lambda: docstrings)
    monkeypatch.setitem(named.NAMED, "docstrings", entry)


def rows_of(inputs):
    return {row if isinstance(row, str) else row.tobytes() for row in inputs}


def test_every_entry_is_complete_and_its_loader_exists():
    offline = {"digits", "faces", "textures", "co2", "elnino", "sunspots", "diabetes", "dates"}
    offline |= {"breast_cancer", "docstrings", "shapes", "phantoms", "control_charts"}
    assert set(named.NAMED) == offline | {"moving_digits", "mnist", "fashion_mnist", "imdb"}
    for entry in named.NAMED.values():
        assert entry.kind == entry.kinds[0]
        assert set(entry.kinds) <= set(named.LOADERS)
        assert entry.source
        assert entry.licence
        assert entry.shapes
        assert entry.source in entry.full_source()
        assert entry.licence in entry.full_source()
        for package in entry.packages:
            assert re.search(rf"{package} \d", entry.full_source())
    for loader in named.LOADERS.values():
        assert callable(getattr(data_prep, loader))


@pytest.mark.parametrize("name", ["control_charts", "shapes", "moving_digits", "phantoms", "dates"])
def test_generated_data_say_that_they_are_synthetic(name):
    assert "synthetic" in named.NAMED[name].source


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_have_their_shapes_and_equal_seeds_give_equal_data(name, loaded):
    _, sizes, input_shape, label_shape = ARRAYS[name]
    first, again, other = loaded(name)
    assert [len(part) for part in first.parts().values()] == list(sizes)
    assert first.input_shape == input_shape
    assert first.test.labels.shape == label_shape
    for part in first.parts():
        mine, same = getattr(first, part), getattr(again, part)
        assert np.array_equal(mine.inputs, same.inputs)
        assert np.array_equal(mine.labels, same.labels)
    # Only the labels: the inputs of tables are standardised by the training rows of the seed.
    np.testing.assert_array_equal(first.test.labels, other.test.labels)
    assert rows_of(first.validation.inputs) != rows_of(other.validation.inputs)
    assert first.fingerprint == again.fingerprint == other.fingerprint
    assert re.fullmatch("[0-9a-f]{64}", first.fingerprint)
    assert json.loads(json.dumps(first.describe()))["name"] == name


@pytest.mark.parametrize("name", ARRAYS)
def test_no_example_is_in_two_parts(name, loaded):
    train, validation, test = (rows_of(part.inputs) for part in loaded(name)[0].parts().values())
    assert not train & validation
    assert not train & test
    assert not validation & test


@pytest.mark.parametrize("name", ["faces", "textures", "control_charts", "breast_cancer"])
def test_classes_are_named(name, loaded):
    data = loaded(name)[0]
    assert (
        data.classes
        == {
            "faces": ("face", "no face"),
            "textures": ("brick", "grass", "gravel"),
            "control_charts": synthetic.CHARTS,
            "breast_cancer": ("benign", "malignant"),
        }[name]
    )
    assert set(data.test.labels) == set(range(len(data.classes)))


def test_synthetic_data_are_equal_in_two_calls():
    def scene():
        return synthetic.scene(np.random.default_rng(0))

    def phantom():
        return [synthetic.phantom(True, np.random.default_rng(0))]

    for make in (synthetic.control_charts, synthetic.moving_digits, scene, phantom):
        for first, second in zip(make(), make(), strict=True):
            np.testing.assert_array_equal(first, second)


def test_series_have_a_time_index_and_known_values():
    co2 = data_prep.load_series("co2")
    assert co2.index.freqstr == "W-SAT"
    assert co2.loc["1958-03-29", "co2"] == 316.1
    assert co2.loc["2001-12-29", "co2"] == 371.5
    assert co2["co2"].isna().sum() == 59
    elnino = data_prep.load_series("elnino")
    assert elnino.index.freqstr == "MS"
    assert len(elnino) == 61 * 12
    assert elnino.loc["1950-01-01", "temperature"] == 23.11
    assert elnino.loc["2010-12-01", "temperature"] == 22.07
    sunspots = data_prep.load_series("sunspots")
    assert sunspots.index.freqstr == "YS-JAN"
    assert sunspots.loc["1700-01-01", "sunspots"] == 5.0
    assert sunspots.loc["2008-01-01", "sunspots"] == 2.9
    for series in (co2, elnino, sunspots):
        assert series.index.is_monotonic_increasing
        assert series.index.name == "time"
        assert len(series.attrs["fingerprint"]) == 64


def test_tables_are_standardised_by_training_rows_and_taken_back(loaded):
    for name in ("diabetes", "breast_cancer"):
        data = loaded(name)[0]
        np.testing.assert_allclose(data.train.inputs.mean(axis=0), 0, atol=1e-4)
        np.testing.assert_allclose(data.train.inputs.std(axis=0), 1, atol=1e-4)
    diabetes = loaded("diabetes")[0]
    assert diabetes.classes == ()
    assert diabetes.train.labels.dtype == np.float32
    assert 25 <= diabetes.test.labels.min() < diabetes.test.labels.max() <= 346
    ages = diabetes.to_original(diabetes.test.inputs)[:, 0]  # 19 to 79 years
    assert 18.99 < ages.min() < ages.max() < 79.01


def test_texture_parts_are_separate_regions_of_the_photos():
    import skimage.data

    x_train, y_train, x_test, y_test = named.NAMED["textures"].load()
    for name in ("brick", "grass", "gravel"):
        photo = getattr(skimage.data, name)()
        np.testing.assert_array_equal(x_train[y_train == name][0], photo[:32, :32])
        np.testing.assert_array_equal(x_train[y_train == name][-1], photo[352:384, 480:])
        np.testing.assert_array_equal(x_test[y_test == name][0], photo[384:416, :32])


class Middle:
    """A random generator that always returns the middle of the range."""

    def uniform(self, low, high, size=None):
        middle = (low + high) / 2
        return middle if size is None else np.full(size, middle)


def test_control_charts_follow_the_published_equations():
    t = np.arange(1, 61)
    after = t >= 30  # the middle of 20 and 40
    expected = {
        "normal": 30 + 0 * t,
        "cyclic": 30 + 12.5 * np.sin(2 * np.pi * t / 12.5),
        "increasing trend": 30 + 0.35 * t,
        "decreasing trend": 30 - 0.35 * t,
        "upward shift": 30 + 13.75 * after,
        "downward shift": 30 - 13.75 * after,
    }
    assert set(expected) == set(synthetic.CHARTS)
    for kind, values in expected.items():
        np.testing.assert_allclose(synthetic.chart(kind, Middle()), values)
    x_train, y_train, _, _ = synthetic.control_charts()
    assert abs(x_train[y_train == "normal"] - 30).max() <= 6
    assert abs(x_train[y_train == "normal"] - 30).max() > 5.5
    assert np.bincount(np.unique(y_train, return_inverse=True)[1]).tolist() == [50] * 6


@settings(deadline=None)
@given(st.integers(-500, 500), st.integers(1, 40))
def test_bouncing_stays_inside_and_never_jumps(position, space):
    here, there = synthetic.bounce(position, space), synthetic.bounce(position + 1, space)
    assert 0 <= here <= space
    assert abs(there - here) == 1
    if 0 <= position <= space:
        assert here == position


def test_moving_digits_show_two_digits_of_their_own_part(loaded):
    data = loaded("moving_digits")[0]
    assert data.train.inputs.dtype == np.float32
    assert data.train.inputs.max() == 1
    x_train, _, x_test, y_test = synthetic.digits()
    train = {np.round(image * (255 / 16)).astype(np.uint8).tobytes() for image in x_train}
    frame = np.round(data.to_original(data.test.inputs[0, :, :, :, 0])).astype(np.uint8)
    windows = np.lib.stride_tricks.sliding_window_view(frame, (8, 8), axis=(1, 2))
    seen = {window.tobytes() for window in windows.reshape(-1, 8, 8)}
    shown = [
        int(label)
        for image, label in zip(x_test, y_test, strict=True)
        if np.round(image * (255 / 16)).astype(np.uint8).tobytes() in seen
    ]
    assert set(shown) == set(data.test.labels[0])
    assert not train & seen


def test_captions_and_masks_agree_with_the_scene():
    random = np.random.default_rng(5)
    relations = set()
    for _ in range(60):
        image, mask, caption = synthetic.scene(random)
        assert image.shape == (64, 64, 3)
        found = re.findall(r"a (large|small) (\w+) (\w+)", caption)
        values = [synthetic.FIGURES.index(figure) + 1 for _, _, figure in found]
        assert set(np.unique(mask)) == {0, *values}
        if len(set(values)) < len(values):
            continue  # two of one figure: the mask does not tell which is which
        centres = []
        for value, (size, colour, _) in zip(values, found, strict=True):
            inside = mask == value
            centres.append(np.argwhere(inside).mean(axis=0))
            assert (size == "large") == (inside.sum() > 160)
            shown = image[inside].mean(axis=0)
            distances = {name: np.abs(shown - rgb).sum() for name, rgb in synthetic.COLOURS.items()}
            assert min(distances, key=distances.get) == colour
        if len(centres) == 2:
            down, right = centres[0] - centres[1]
            sideways = abs(right) > abs(down)
            relation = ("left of" if right < 0 else "right of") if sideways else None
            relation = relation or ("above" if down < 0 else "below")
            assert f" {relation} " in caption
            relations.add(relation)
    assert relations == {"left of", "right of", "above", "below"}


def test_scenes_are_scaled_and_split(monkeypatch):
    scenes = synthetic.shapes()
    entry = replace(named.NAMED["shapes"], read=lambda: scenes)
    monkeypatch.setitem(named.NAMED, "shapes", entry)
    first, other = (data_prep.load_scenes("shapes", seed=seed) for seed in (0, 1))
    assert [len(part) for part in first.parts().values()] == [1440, 160, 400]
    assert first.input_shape == (64, 64, 3)
    assert first.train.inputs.max() <= 1
    assert first.classes[first.test.labels["masks"].max()] == "triangle"
    assert first.test.labels["captions"][0].startswith("a ")
    assert first.fingerprint == other.fingerprint
    np.testing.assert_array_equal(first.test.inputs, other.test.inputs)
    train, validation, test = (rows_of(part.inputs) for part in first.parts().values())
    assert len(train | validation | test) == 2000


def test_phantoms_differ_by_a_round_nodule_alone():
    from scipy import ndimage

    for seed in range(4):
        empty, full = (
            synthetic.phantom(nodule, np.random.default_rng(seed)).astype(int)
            for nodule in (False, True)
        )
        assert empty.shape == (48, 48, 24)
        corners = empty[::47, ::47]
        assert abs(corners + 1000).max() < 120  # air, and noise of 22 Hounsfield units
        blobs, number = ndimage.label(full - empty > 350)
        assert number == 1
        extents = [part.stop - part.start for part in ndimage.find_objects(blobs)[0]]
        assert min(extents) >= 2
        assert max(extents) - min(extents) <= 2


def test_half_of_the_phantoms_have_a_nodule(loaded):
    data = loaded("phantoms")[0]
    assert data.classes == ("no nodule", "nodule")
    assert np.bincount(data.test.labels).tolist() == [60, 60]


def test_phantoms_keep_hounsfield_units(monkeypatch):
    random = np.random.default_rng(0)
    labels = np.array(["nodule", "no nodule"] * 10)
    volumes = np.stack([synthetic.phantom(label == "nodule", random) for label in labels])
    entry = replace(named.NAMED["phantoms"], read=lambda: (volumes, labels, volumes, labels))
    monkeypatch.setitem(named.NAMED, "phantoms", entry)
    data = data_prep.load_volumes("phantoms")
    np.testing.assert_array_equal(data.test.labels, labels == "nodule")
    values = data.to_original(data.test.inputs[0])
    assert -1000 <= values.min() < -990
    assert values.max() <= 400
    lungs = ((values > -950) & (values < -600)).mean()
    assert 0.05 < lungs < 0.25


def test_dates_are_readable_and_disjoint_as_texts_and_days(loaded):
    data = loaded("dates")[0]
    for column in ("inputs", "labels"):
        train, validation, test = (set(getattr(part, column)) for part in data.parts().values())
        assert not (train & validation) | (train & test) | (validation & test)
        assert len(train | validation | test) == 10_000
    for written, iso in zip(data.test.inputs, data.test.labels, strict=True):
        year, _, day = iso.split("-")
        numbers = set(map(int, re.findall(r"\d+", written)))
        assert {int(year), int(day)} <= numbers
    scripts = "".join(data.test.inputs)
    assert all(word in scripts for word in ("März", "Μαρτίου", "марта", "août", "maaliskuuta"))


def test_data_prep_and_docstrings_import_no_framework(python):
    code = (
        "import sys, data_prep\n"
        "heavy = {'keras', 'tensorflow', 'skimage', 'statsmodels', 'babel', 'tokenizers'}\n"
        "assert not heavy & set(sys.modules)\n"
        "from data_prep.sources import docstrings\n"
        "before = set(sys.modules)\n"
        "docstrings.PER_LIBRARY = 50\n"
        "frame = data_prep.NAMED['docstrings'].load()\n"
        "new = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "assert not {'keras', 'matplotlib', 'tensorflow', 'numpy'} & new, new\n"
        "assert not {'keras', 'matplotlib', 'tensorflow'} & set(sys.modules)\n"
        "print(frame['library'].nunique(), len(frame))\n"
    )
    assert python("-c", code).stdout == "6 300\n"


def test_docstrings_are_balanced_and_new(docstrings):
    assert docstrings["library"].value_counts().to_dict() == dict.fromkeys(
        docstring_source.LIBRARIES, docstring_source.PER_LIBRARY
    )
    texts = docstrings["text"][docstrings["text"] != ""]
    assert not texts.str.contains(r"\b(?:numpy|keras|pandas|scipy|sklearn)\b", case=False).any()
    sentences = [
        "".join(re.findall(r"[^\W\d_]+", sentence.lower()))
        for text in texts
        for sentence in re.split(r"(?<=[.!?])\s+(?=[A-Z])", text)
    ]
    assert len(set(sentences)) > 0.999 * len(sentences)
    by_module = docstrings.groupby("module")["part"].nunique()
    assert (by_module == 1).all()
    assert 0.1 < (docstrings["part"] == "test").mean() < 0.35


@pytest.mark.usefixtures("load_docstrings")
def test_docstrings_as_text_pairs_and_long_text(docstrings):
    module_of = dict(zip(docstrings["text"], docstrings["module"], strict=True))
    first, again, other = (data_prep.load_text("docstrings", seed=seed) for seed in (0, 0, 1))
    assert first.classes == docstring_source.LIBRARIES
    assert first.test.inputs.tolist() == other.test.inputs.tolist()
    assert first.validation.inputs.tolist() == again.validation.inputs.tolist()
    assert first.validation.inputs.tolist() != other.validation.inputs.tolist()
    modules = [{module_of[text] for text in part.inputs} for part in first.parts().values()]
    assert not modules[0] & modules[1]
    assert not modules[0] & modules[2]
    assert not modules[1] & modules[2]
    assert np.bincount(first.train.labels).min() > 400
    pairs = data_prep.load_text_pairs("docstrings")
    assert len(pairs.train) > 2000
    assert all(len(body.split()) >= 15 for body in pairs.test.inputs)
    assert not set(pairs.train.inputs) & set(pairs.test.inputs)
    assert not set(pairs.train.labels) & set(pairs.test.labels)
    long = data_prep.load_long_text("docstrings")
    assert long.train.inputs[0].split("\n") == first.train.inputs.tolist()


def test_docstring_modules_have_the_same_order_on_every_machine(monkeypatch):
    from pathlib import Path

    monkeypatch.setattr(docstring_source, "LIBRARIES", ("pandas",))
    monkeypatch.setattr(docstring_source, "PER_LIBRARY", 100)
    usual = docstring_source.docstrings()
    rglob = Path.rglob
    monkeypatch.setattr(Path, "rglob", lambda *given: reversed(list(rglob(*given))))
    pd.testing.assert_frame_equal(docstring_source.docstrings(), usual)
    assert not usual["module"].str.contains("/tests/").any()


def test_a_docstring_is_read_as_sentences_summary_and_body():
    docstring = (
        "Return the mean of `values`.\n\nIt is the sum over :func:`~a.b.len`. "
        "NumPy does the same.\n\nParameters\n----------\n"
        "values : array of numbers that are to be added up\n"
        "    With shape (n,), in any order that you like.\n\n>>> mean([1])\n1\n"
    )
    seen = set()
    text, summary, body = docstring_source.read_docstring(docstring, seen)
    assert summary == "Return the mean of values."
    assert text == "Return the mean of values. It is the sum over a.b.len."
    assert body.startswith("It is the sum over a.b.len. NumPy does the same. Parameters values :")
    assert ">>>" not in body
    assert docstring_source.read_docstring("Return the MEAN of values!", seen) is None
    assert docstring_source.read_docstring("Args:\n  a: first", seen) is None


def fake_imdb(monkeypatch):
    import keras

    # 1 starts a review, 2 is unknown; the word numbered n is written n + 3.
    train = [[1, 4 + n, 5] for n in range(20)], np.array([0, 1] * 10)
    test = [[1, 30, 2, 31], [1, 31, 30]], np.array([1, 0])
    index = {f"word{n}": n for n in range(1, 40)}
    monkeypatch.setattr(keras.datasets.imdb, "load_data", lambda **options: (train, test))
    monkeypatch.setattr(keras.datasets.imdb, "get_word_index", lambda: index)


def test_imdb_numbers_become_words(monkeypatch):
    fake_imdb(monkeypatch)
    data = data_prep.load_text("imdb")
    assert data.classes == ("negative", "positive")
    assert data.test.inputs.tolist() == ["word27 word28", "word28 word27"]
    assert data.test.labels.tolist() == [1, 0]
    assert len(data.train) + len(data.validation) == 20


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "imdb"])
def test_without_network_a_download_says_how_to_give_a_file(name, monkeypatch):
    import keras

    def no_network(*arguments, **options):
        raise Exception("URL fetch failure on https://... : None -- refused")

    monkeypatch.setattr(getattr(keras.datasets, name), "load_data", no_network)
    loader = data_prep.load_text if name == "imdb" else data_prep.load_images
    with pytest.raises(data_prep.DataError, match=f"'{name}' could not be .*--data path/to/{name}"):
        loader(name)
    if name == "imdb":
        fake_imdb(monkeypatch)
        monkeypatch.setattr(keras.datasets.imdb, "get_word_index", no_network)
        with pytest.raises(data_prep.DataError, match="'imdb' could not be downloaded"):
            loader(name)


REFUSED = {
    "'co2' is of the kind 'series', not 'images': load it with data_prep.load_series('co2').": (
        lambda: data_prep.load_images("co2")
    ),
    "'digits' is of the kind 'images', not 'series': "
    "load it with data_prep.load_images('digits').": (lambda: data_prep.load_series("digits")),
    "'dates' is of the kind 'pairs', not 'text': "
    "load it with data_prep.load_text_pairs('dates').": (lambda: data_prep.load_text("dates")),
    "'docstrings' is of the kind 'text', not 'clips': "
    "load it with data_prep.load_text('docstrings').": (
        lambda: data_prep.load_clips("docstrings", length=3)
    ),
    "'shapes' is of the kind 'scenes', not 'volumes': "
    "load it with data_prep.load_scenes('shapes').": (lambda: data_prep.load_volumes("shapes")),
    "nothing of the kind 'series' is named 'sunspot' (did you mean 'sunspots'?): "
    "use one of co2, elnino, sunspots, or the path of a CSV or Parquet file.": lambda: (
        data_prep.load_series("sunspot")
    ),
    "nothing of the kind 'scenes' is named 'moving_digit' (did you mean 'moving_digits'?): "
    "use shapes, or the path of an .npz file.": (lambda: data_prep.load_scenes("moving_digit")),
    "data/table.csv: no such file; give the path of a .csv, .csv.gz or .parquet file.": (
        lambda: data_prep.load_table("data/table.csv")
    ),
    "no such .npz file; labelled series are read from one with x_train": (
        lambda: data_prep.load_labelled_series("charts/none.npz")
    ),
    "window is None": lambda: data_prep.load_volumes("phantoms", window=None),
}


@pytest.mark.parametrize("message", REFUSED)
def test_a_wrong_name_gets_the_right_loader_or_the_nearest_name(message):
    with pytest.raises(data_prep.DataError) as caught:
        REFUSED[message]()
    assert message in str(caught.value)


def test_a_missing_library_is_named():
    def read():
        import no_such_library  # noqa: F401

    entry = named.NamedData(("series",), "someone", "none", "none", read, ("statsmodels",))
    with pytest.raises(data_prep.DataError, match="come with statsmodels.*pip install statsmodels"):
        entry.load()
