"""A small table in four files, with numbers, words, dates and gaps."""

import numpy as np
import pandas as pd
import pytest

ROWS, FILES = 500, 4


def rows_of(seed, rows=ROWS):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(rows, 2)).astype("float32"), columns=["a", "b"])
    frame["large"] = rng.normal(1e9, 1.0, rows)
    frame["count"] = rng.integers(0, 1000, rows).astype("int16")
    frame["word"] = rng.choice(["red", "green", "blue"], rows, p=[0.6, 0.3, 0.1])
    frame["day"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 999, rows), "D")
    frame.loc[rng.random(rows) < 0.1, "b"] = np.nan
    frame.loc[rng.random(rows) < 0.1, "word"] = None
    frame["person"] = rng.integers(0, 200, rows)
    frame["y"] = np.where(frame["a"] + rng.normal(size=rows) > 0, "yes", "no")
    return frame


def write(frame, path):
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path, index=False)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The folder of all kept tables."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "kreg" / "tables"


@pytest.fixture
def files(tmp_path):
    """A function that writes the table and returns its pattern."""

    def make(ending="parquet", **changed):
        folder = tmp_path / "table"
        folder.mkdir(exist_ok=True)
        for seed in range(FILES):
            name = f"part-{seed}"
            write(changed.get(name.replace("-", "_"), rows_of(seed)), folder / f"{name}.{ending}")
        return str(folder / f"part-*.{ending}")

    return make
