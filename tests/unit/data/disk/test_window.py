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


def ask(window, *blocks):
    """What is read when rows of these blocks are asked for."""
    window.noted.clear()
    window.take(10 * np.array(blocks))
    return [len(rows) for rows in window.noted]


@pytest.fixture
def full(window):
    """With blocks 0 to 3, of which 1 was not used for the longest time."""
    assert ask(window, 0, 1, 2) == [3]  # one call says nothing
    assert ask(window, 0, 1, 2) == [1, 10, 10, 10]  # the first row says what a row is
    assert ask(window, 0, 2, 3) == [10] and ask(window, 0) == []
    return window


def test_a_block_is_read_once_while_it_is_used(full):
    assert ask(full, 0, 1, 2, 3) == ask(full, 3, 1) == []


def test_the_block_that_was_not_used_for_the_longest_time_makes_room(full):
    assert ask(full, 0, 10) == [3]  # the last block is a short one
    assert ask(full, 0, 2, 3, 10) == [] and ask(full, 0, 1) == [10]


def test_a_call_that_comes_late_replaces_nothing(full):
    assert ask(full, 7, 8) == [2]
    assert ask(full, 0, 1, 2, 3) == []
    assert ask(full, 7, 8) == [2] and ask(full, 7, 8) == [10, 10]
    assert ask(full, 2, 3, 7, 8) == []


def test_more_blocks_than_are_held_are_read_row_by_row(full):
    assert ask(full, 0, 1, 2, 3, 4) == [5] and ask(full, 0, 1, 2, 3) == []


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
