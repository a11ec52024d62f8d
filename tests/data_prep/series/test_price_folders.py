"""A folder of prices: a file for each market, joined on time."""

import numpy as np
import pandas as pd
import pytest

import data_prep


@pytest.fixture
def prices(tmp_path):
    """A folder with the minutes of two markets, the second without its first minute."""
    rng = np.random.default_rng(0)
    for name, first in (("AAA", 0), ("BBB", 1)):
        rows = np.arange(first, 300)
        table = rng.uniform(1, 2, (len(rows), 5)).round(4)
        table[50, 4] = 0  # a minute without trade
        table = np.column_stack([1_550_000_000 + 60 * rows, table])
        lines = [f"{int(row[0])}," + ",".join(f"{value:g}" for value in row[1:]) for row in table]
        (tmp_path / f"{name}-USD.csv").write_text("\n".join(reversed(lines)) + "\n")
    return tmp_path


def test_a_folder_of_prices_is_joined_on_time(prices):
    table = data_prep.load_series(prices)
    assert list(table.columns) == [
        *("AAA-USD_close", "AAA-USD_volume", "BBB-USD_close", "BBB-USD_volume")
    ]
    assert len(table) == 299
    assert table.index[0] == pd.Timestamp(1_550_000_060, unit="s")
    assert table.index.is_monotonic_increasing
    line = (prices / "AAA-USD.csv").read_text().splitlines()[-2].split(",")
    assert table.iloc[0, :2].tolist() == [float(line[4]), float(line[5])]
    (prices / "AAA-USD.csv").write_text("time,low,high,open,close,volume\n1,1,1,1,1,1\n")
    with pytest.raises(data_prep.DataError, match="is a header; leave columns= out"):
        data_prep.load_series(prices)
    (prices / "empty").mkdir()
    with pytest.raises(data_prep.DataError, match="no .csv or .csv.gz file in this folder"):
        data_prep.load_series(prices / "empty")
