"""Rows of a window come from blocks that are held, and are the rows that were asked for."""

import numpy as np
import pytest

from kreg.data import Splitting, assemble, epoch_stream
from kreg.data.disk import rows as disk_rows
from kreg.data.disk.window import Window
from kreg.data.sources.csv_parquet import parquet

TABLE = np.random.default_rng(0).normal(size=(103, 3)).astype("float32")


@pytest.fixture
def window():
    """Four of the eleven blocks of ten rows, with what was read."""

    def read(rows):
        noted.append(TABLE[rows])
        return noted[-1]

    noted = []
    found = Window(read, len(TABLE), block=10, blocks=4)
    found.noted = noted
    return found


def test_it_gives_the_rows_whatever_is_held(window):
    rng = np.random.default_rng(1)
    for _ in range(200):
        blocks = rng.choice(11, size=rng.integers(1, 7), replace=False)
        rows = np.flatnonzero(np.isin(np.arange(len(TABLE)) // 10, blocks))
        rows = rng.permutation(rows)[: rng.integers(1, 20)]
        assert np.array_equal(window.take(rows), TABLE[rows])


def test_a_block_is_read_once_while_it_is_used(window):
    window.take(np.array([0]))
    window.noted.clear()
    for _ in range(3):
        window.take(np.array([5, 15, 25, 102]))
    assert [len(rows) for rows in window.noted] == [10, 10, 3]  # block 0 was there already


def test_the_block_that_was_used_last_stays(window):
    for block in (0, 1, 2, 3, 0, 4):  # 4 takes the place of 1
        window.take(np.array([10 * block]))
    window.noted.clear()
    window.take(np.array([0, 20, 30, 40]))
    assert not window.noted
    window.take(np.array([10]))
    assert len(window.noted) == 1


@pytest.mark.parametrize("most", [0, disk_rows.WINDOW_BYTES])
def test_the_rows_of_an_epoch_are_the_same_held_or_not(files, monkeypatch, most):
    data = assemble(parquet(files(), "y", cache="disk"), Splitting())
    x = data.train.x
    x.block, x.window = 64, 256
    monkeypatch.setattr(disk_rows, "WINDOW_BYTES", most)

    def number(rows, y, *, index, epoch):
        return rows, index

    for found, index in epoch_stream(data.train, batch_size=50, seed=2, epochs=1, augment=number):
        assert np.array_equal(found.numpy(), x[index.numpy()])
