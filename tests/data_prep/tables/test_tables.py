"""Tables of independent examples: what a file may hold, what is refused, and the split."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer

import data_prep
from data_prep import DataError

SIZES = [36, 4, 10]  # of 50 rows: a fifth for testing, a tenth of the rest for validation


def table(target, rows=50, **columns):
    """Rows with their row number in the first column, to find them again in the parts."""
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"row": np.arange(rows), "size": 1e6 + generator.normal(0, 3, rows), "flag": True}
    )
    return frame.assign(**columns, target=target)


def written(frame, folder, name="mine.csv"):
    path = folder / name
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False)
    return path


def rows_of(data, part):
    """The row numbers of a part, from the first column of its inputs."""
    return np.rint(data.to_original(part.inputs.astype("float64"))[:, 0]).astype(int)


NUMBERS = np.linspace(5, 80, 50)


@pytest.mark.parametrize("name", ["mine.csv", "mine.csv.gz", "mine.parquet"])
def test_every_row_is_in_one_part_with_its_own_label(name, tmp_path):
    path = written(table(NUMBERS), tmp_path, name)
    data = data_prep.load_table(path)
    assert (data.name, data.source, data.classes) == ("mine", f"file {path}", ())
    assert [len(part) for part in data.parts().values()] == SIZES
    assert data.input_shape == (3,)
    found = [rows_of(data, part) for part in data.parts().values()]
    assert sorted(np.concatenate(found)) == list(range(50))
    for rows, part in zip(found, data.parts().values(), strict=True):
        assert part.inputs.dtype == part.labels.dtype == np.float32
        np.testing.assert_allclose(part.labels, NUMBERS[rows], rtol=1e-6)


def test_features_are_standardised_by_the_training_rows_alone(tmp_path):
    frame = table(NUMBERS)
    data = data_prep.load_table(written(frame, tmp_path))
    train = rows_of(data, data.train)
    for part in data.parts().values():
        given = frame[["row", "size"]].to_numpy()
        wanted = (given[rows_of(data, part)] - given[train].mean(0)) / given[train].std(0)
        np.testing.assert_allclose(part.inputs[:, :2], wanted, rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(part.inputs[:, 2], 0)  # the column is constant
    original = data.to_original(data.test.inputs.astype("float64"))
    given = frame.iloc[rows_of(data, data.test), :3].astype("float64")
    np.testing.assert_allclose(original, given, rtol=1e-6, atol=1e-5)


def test_the_seed_changes_the_validation_part_but_not_the_test_part(tmp_path):
    path = written(table(np.arange(50) % 2), tmp_path)
    first, again, other = (data_prep.load_table(path, seed=seed) for seed in (0, 0, 1))
    for data in (again, other):
        np.testing.assert_array_equal(rows_of(first, first.test), rows_of(data, data.test))
        assert first.fingerprint == data.fingerprint
    validation = [set(rows_of(data, data.validation)) for data in (first, again, other)]
    assert validation[0] == validation[1] != validation[2]
    assert len(data_prep.load_table(path, validation=0.3).validation) == 12
    changed = written(table(np.arange(50) % 2, size=1.5), tmp_path, "changed.csv")
    assert data_prep.load_table(changed).fingerprint != first.fingerprint


def test_a_file_and_the_same_named_table_give_equal_data(tmp_path):
    data = load_breast_cancer(as_frame=True)
    frame = data.frame.assign(target=data.target_names[data.target])
    named, read = map(data_prep.load_table, ("breast_cancer", written(frame, tmp_path)))
    assert read.classes == named.classes == ("benign", "malignant")
    assert read.fingerprint == named.fingerprint
    for mine, same in zip(read.parts().values(), named.parts().values(), strict=True):
        np.testing.assert_array_equal(mine.inputs, same.inputs)
        np.testing.assert_array_equal(mine.labels, same.labels)


ODD = np.arange(50) % 2 == 1
CLASSES = {
    "integers": (np.where(ODD, 10, 9), ("9", "10")),
    "negative numbers": (np.where(ODD, 1, -1), ("-1", "1")),
    "text": (np.where(ODD, "sick", "healthy"), ("healthy", "sick")),
    "booleans": (ODD, ("False", "True")),
}


@pytest.mark.parametrize("name", ["mine.csv", "mine.parquet"])
@pytest.mark.parametrize("kind", CLASSES)
def test_classes_are_integers_text_or_booleans(kind, name, tmp_path):
    target, names = CLASSES[kind]
    data = data_prep.load_table(written(table(target), tmp_path, name))
    assert data.classes == names
    for part in data.parts().values():
        assert part.labels.dtype == np.int64
        numbers = rows_of(data, part)
        assert [names[label] for label in part.labels] == [str(target[row]) for row in numbers]
    assert np.bincount(data.test.labels).tolist() == [5, 5]
    assert np.bincount(data.validation.labels).tolist() == [2, 2]


def test_types_that_only_parquet_has(tmp_path):
    texts = np.where(ODD, "b", "a")
    for target in (
        pd.Series(texts, dtype="category"),
        pd.Series(texts, dtype="string"),
        pd.Series(ODD, dtype="boolean"),
        pd.Series(ODD.astype(int), dtype="Int8"),
        pd.Series(ODD.astype(int), dtype="category"),
    ):
        columns = {"nullable": pd.Series(np.arange(50), dtype="Int32"), "text": "1.5"}
        data = data_prep.load_table(written(table(target, **columns), tmp_path, "mine.parquet"))
        assert len(data.classes) == 2
        assert data.input_shape == (5,)
        np.testing.assert_array_equal(data.test.labels, ODD[rows_of(data, data.test)])
    whole = pd.Series(np.arange(50.0), dtype="Float32")
    assert data_prep.load_table(written(table(whole), tmp_path, "mine.parquet")).classes == ()


def test_integers_with_a_decimal_point_are_numbers_to_predict(tmp_path):
    path = tmp_path / "ages.csv"
    path.write_text("size,target\n" + "".join(f"{row},{row % 7}.0\n" for row in range(30)))
    data = data_prep.load_table(path)
    assert data.classes == ()
    assert set(data.train.labels) <= set(range(7))


def test_a_column_that_is_constant_in_training_is_only_shifted(tmp_path):
    data = data_prep.load_table(written(table(NUMBERS), tmp_path))
    test = rows_of(data, data.test)
    size = np.where(np.isin(np.arange(50), test), 0.3, 0.1)
    data = data_prep.load_table(written(table(NUMBERS, size=size), tmp_path))
    np.testing.assert_allclose(data.train.inputs[:, 1], 0, atol=1e-6)
    np.testing.assert_allclose(data.test.inputs[:, 1], 0.2, rtol=1e-6)


BINARY = np.arange(50) % 2
TEST_ROW = 9  # in the test part of 50 rows with numbers to predict
RARE = np.where(np.arange(50) < 4, "rare", "usual")
REFUSED = {
    "no column 'target', the one to predict; rename one of row, size, flag, outcome.": (
        table(BINARY).rename(columns={"target": "outcome"})
    ),
    "no column 'target', the one to predict; rename 'Target', or one of row, size, flag, Target.": (
        table(BINARY).rename(columns={"target": "Target"})
    ),
    "'target' is the only column; add columns to predict it from.": table(BINARY)[["target"]],
    "column 'city' holds 'Oslo' at row 3, not a number; correct it, or leave it out": (
        table(BINARY, city=np.where(np.arange(50) == 3, "Oslo", "7"))
    ),
    "column 'size' is missing in row 17 (the first is row 0); fill it in, or leave": (
        table(BINARY).assign(size=np.where(np.arange(50) == 17, np.nan, 1.0))
    ),
    "column 'size' is infinite in row 5 ": (
        table(BINARY, size=np.where(np.arange(50) == 5, -np.inf, 1.0))
    ),
    "column 'target' is missing in row 8 ": (
        table(np.where(np.arange(50) == 8, np.nan, BINARY.astype(float)))
    ),
    "column 'target' is missing in row 9 ": table(np.where(np.arange(50) == 9, "", "a")),
    "column 'target' is infinite in row 2 ": table(np.where(np.arange(50) == 2, np.inf, 1.5)),
    "19 rows cannot be divided into training, validation and test rows; give at least 20.": (
        table(np.arange(19) % 2, rows=19)
    ),
    "class rare of the target has 4 of the 5 rows that a class needs; give more, or": table(RARE),
    "or write numbers to predict with a decimal point.": table(np.arange(50)),
    "the target of every training row is 3; give rows with other targets too.": table(3),
    "the target of every training row is 2.5; give": table(2.5),
    "the target of every training row is 5.5; give": table(
        np.where(np.arange(50) == TEST_ROW, 1.5, 5.5)
    ),
    "cannot cut a stratified validation part of 10% from 40 examples of 10 classes": (
        table(np.arange(50) % 10)
    ),
    "column 0 has no name; name it, or leave it out if it numbers the rows": (
        table(BINARY).rename(columns={"row": ""})
    ),
    "has two columns named 'row'; rename one of them.": (
        table(BINARY).rename(columns={"size": "row"})
    ),
}


@pytest.mark.parametrize("message", REFUSED)
def test_a_table_that_cannot_be_used_is_refused_by_name(message, tmp_path):
    path = written(REFUSED[message], tmp_path)
    with pytest.raises(DataError) as caught:
        data_prep.load_table(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(path))


DAYS = pd.date_range("2024-01-01", periods=50)
REFUSED_PARQUET = {
    "column 'day' holds datetime64": table(BINARY, day=DAYS),
    "column 'target' holds Timestamp; give classes as integers or text, numbers to": (table(DAYS)),
    "column 'target' holds bytes; give classes": table([b"a", b"b"] * 25),
    "column 'target' is missing in row 1 ": table(pd.Series([True, None] * 25, dtype="boolean")),
    "column 'size' is missing in row 0 ": table(BINARY, size=pd.Series([None] * 50, dtype="Int8")),
}


@pytest.mark.parametrize("message", REFUSED_PARQUET)
def test_a_parquet_file_that_cannot_be_used_is_refused_by_name(message, tmp_path):
    path = written(REFUSED_PARQUET[message], tmp_path, "mine.parquet")
    with pytest.raises(DataError) as caught:
        data_prep.load_table(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_the_names_of_the_columns_are_needed(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("1.5,2,0\n" * 30)
    with pytest.raises(DataError, match="holds numbers, not names; write the names of the columns"):
        data_prep.load_table(path)


def test_wrong_paths_and_names_say_what_to_give(tmp_path):
    (tmp_path / "mine.xlsx").write_text("no table")
    for given, message in {
        tmp_path / "none.csv": "no such file; give the path of a .csv, .csv.gz or .parquet file.",
        tmp_path: "is a folder; give a .csv",
        tmp_path / "mine.xlsx": "tables are read from .csv, .csv.gz or .parquet files.",
        "diabetis": "did you mean 'diabetes'?): use one of diabetes, breast_cancer, or the path "
        "of a CSV or Parquet file.",
        "digits": "load it with data_prep.load_images('digits').",
    }.items():
        with pytest.raises(DataError, match=re.escape(message)):
            data_prep.load_table(given)
