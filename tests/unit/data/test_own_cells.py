"""Back from what a model reads to the cells of the user."""

import numpy as np
import pandas as pd
import pytest

from kreg.data import own_cells
from kreg.data.preprocessing import Columns, Standard


def table() -> pd.DataFrame:
    return pd.DataFrame({
        "size": [120_000.0, 80_000.5, np.nan, 95_000.0],
        "age": [1.0, 2.0, 3.0, 4.0],
        "job": ["cook", None, "nurse", "cook"],
    })  # fmt: skip


def test_cells_come_back_as_they_stood():
    frame = table()
    fitted = Columns.fit(frame)
    for row, cells in zip(fitted(frame), frame.to_dict("records"), strict=True):
        found = own_cells.cells(fitted, fitted.names, row)
        assert list(found) == ["size", "age", "job"]
        for name, cell in cells.items():
            expected = None if pd.isna(cell) else cell
            assert found[name] == (pytest.approx(expected) if name != "job" else expected)


def test_a_level_that_no_training_row_had_is_other():
    fitted = Columns.fit(table())
    new = table().assign(job="pilot")
    assert own_cells.cells(fitted, fitted.names, fitted(new)[0])["job"] == "other"


def test_columns_of_an_array_are_put_back_in_their_units():
    rows = np.array([[1.0, 2_000.0], [3.0, 4_000.0]])
    fitted = Standard.fit(rows, ["a", "b"])
    found = own_cells.cells(fitted, ["a", "b"], fitted(rows)[1])
    assert found == {"a": pytest.approx(3.0), "b": pytest.approx(4_000.0)}
    assert own_cells.cells(None, [], np.array([0.5])) == {"0": 0.5}


def test_every_place_belongs_to_one_column():
    frame = table()
    fitted = Columns.fit(frame)
    width = fitted(frame).shape[1]
    places = np.concatenate(list(own_cells.groups(fitted, fitted.names, width).values()))
    assert sorted(places.tolist()) == list(range(width))
