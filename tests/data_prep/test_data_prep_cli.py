"""The commands of data_prep: what they write and print, and what they refuse."""

import numpy as np
import pandas as pd
import pytest

from data_prep.__main__ import main
from data_prep.sources.named import NAMED

NAMES = "time,low,high,open,close,volume"


@pytest.fixture
def data_prep(command):
    """Run `python -m data_prep` with some arguments in an empty folder, in this process."""

    def run(*arguments, **options):
        return command(main, *arguments, **options)

    return run


@pytest.fixture
def prices(tmp_path):
    """Two price files without a header, of 2000 and 2001 minutes, with a gap of an hour."""
    generator = np.random.default_rng(0)
    for shift, name in enumerate(("BTC-USD.csv.gz", "LTC.csv")):
        rows = pd.DataFrame(generator.uniform(1, 2, (2000 + shift, 6)))
        minutes = np.arange(2000 + shift)
        rows[0] = 60 * minutes + 3600 * (minutes >= 500)
        rows.to_csv(tmp_path / name, index=False, header=False)
    return "BTC-USD.csv.gz", "LTC.csv"


def read(path):
    """The arrays of an .npz file, read without unpickling."""
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def test_errors_name_flags_and_the_folder_is_checked_first(data_prep, tmp_path):
    (tmp_path / "late.csv").write_text("time,price\n2,1\n1,2\n3,3\n")
    frames = ["frames", "late.csv", "--window", "1", "--time", "time"]
    errors = data_prep(*frames, "--out", "x.npz", code=2).stderr
    assert "--order sort sorts the rows by time" in errors
    assert "='" not in errors

    errors = data_prep(*frames, "--out", "none/x.npz", code=2).stderr
    assert "--out none/x.npz: no such folder; make it" in errors


def test_price_files_are_joined_cut_labelled_split_and_balanced(data_prep, prices, tmp_path):
    line = f"--columns {NAMES} --window 60 --horizon 3 --target BTC_close --label direction"
    done = data_prep("frames", *prices, *line.split(), "--test", 0.05, "--out", "frames.npz")
    out = done.stdout
    assert "joined on time: 2,000 rows that all 2 files have" in out
    assert "LTC: 2,001 rows, 1 not in all files" in out
    assert "60 rows of 4 features (BTC_close, BTC_volume, LTC_close, LTC_volume)" in out
    assert "label: direction of BTC_close, horizon 3" in out
    assert "dropped: 62 frames across a time gap" in out
    assert "left out to balance the classes" in out
    assert "no row that inputs or labels are made from is in two parts" in out

    arrays = read(tmp_path / "frames.npz")
    assert arrays["names"].tolist() == ["BTC_close", "BTC_volume", "LTC_close", "LTC_volume"]
    assert arrays["classes"].tolist() == ["down", "up"]
    assert len(set(np.bincount(arrays["y_train"]))) == 1
    assert arrays["x_train"].shape == (len(arrays["y_train"]), 60, 4)
    assert arrays["x_train"].dtype == np.float32
    assert not list(tmp_path.glob("*.part"))

    rows = pd.read_csv(tmp_path / "BTC-USD.csv.gz", header=None)
    close = rows[4].to_numpy(np.float32)
    test = range(1900, 2000 - 62)
    assert np.array_equal(arrays["x_test"][3, :, 0], close[1903:1963])
    assert arrays["y_test"].tolist() == [int(rows[4][n + 62] > rows[4][n + 59]) for n in test]


def test_one_file_with_a_header(data_prep, tmp_path):
    rows = pd.DataFrame({"time": np.arange(50), "a": np.arange(50) + 1.0})
    rows.to_csv(tmp_path / "rows.csv", index=False)
    line = "frames rows.csv --window 4 --out out.npz --scale log --test 10 --validation 0"
    done = data_prep(*line.split())
    assert "train: " in done.stdout
    arrays = read(tmp_path / "out.npz")
    np.testing.assert_allclose(arrays["x_test"][0, :, 0], np.log(np.arange(41, 45)), rtol=1e-6)
    assert len(arrays["x_validation"]) == 0
    assert arrays["classes"].size == 0


def test_ls_has_a_line_for_each_name(python):
    # In a fresh process: `python -m data_prep` itself works.
    lines = python("-m", "data_prep", "ls").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(NAMED)


BAD = {
    "no such file": "frames none.csv --window 4 --out out.npz",
    "a file that ends in .npz": "frames BTC-USD.csv.gz --window 4 --out out.txt",
    "holds numbers, not names": "frames LTC.csv --window 4 --out out.npz",
    "did you mean 'BTC_close'?": f"frames BTC-USD.csv.gz LTC.csv --columns {NAMES} --window 4 "
    "--target BTC_clos --out out.npz",
    "LTC.csv: which column is the target?": f"frames LTC.csv --columns {NAMES} --window 4 "
    "--out out.npz",
    "two files would be named LTC": f"frames LTC.csv LTC.csv --columns {NAMES} --window 4 "
    "--out out.npz",
    "name its column with --time": "frames BTC-USD.csv.gz LTC.csv --columns a,b,c,d,e,f "
    "--window 4 --out out.npz",
    "argument --test: 'half' is not a number; give a fraction": "frames LTC.csv --window 4 "
    "--test half --out out.npz",
    "the following arguments are required": "frames LTC.csv",
    "invalid choice: 'list'": "list",
}


@pytest.mark.parametrize("message", BAD)
def test_bad_commands_are_refused_in_one_sentence(message, data_prep, prices, tmp_path):
    error = data_prep(*BAD[message].split(), code=2).stderr
    assert message in error
    assert error.count("\n") == 1
    assert not list(tmp_path.glob("out*"))


def test_crypto_files(data_prep, data_folder, tmp_path):
    files = sorted((data_folder / "crypto").glob("*.csv.gz"))
    line = f"--columns {NAMES} --time time --window 60 --horizon 3 --target BTC_close"
    options = "--label direction --test 0.05 --out frames.npz"
    done = data_prep("frames", *files, *line.split(), *options.split())
    assert "54,420 rows that all 4 files have" in done.stdout
    assert "dropped: 62 frames across a time gap" in done.stdout
    arrays = read(tmp_path / "frames.npz")
    assert arrays["x_test"].shape == (2659, 60, 8)
    assert len(set(np.bincount(arrays["y_train"]))) == 1
