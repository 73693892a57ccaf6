"""What measuring may cost: sizes decide how many rows are measured, and no clock."""

import math

import keras
import numpy as np
import pytest

from kreg.measuring.overhead import CHEAP, LEAST, PASSES, operations, sentence, training_rows
from kreg.measuring.rows import Rows

DEAR = 2.0 * CHEAP


def model(*layers, shape=(8, 8, 3)):
    return keras.Sequential([keras.Input(shape), *layers])


def test_what_is_cheap_is_measured_whole_however_short_the_training_is():
    assert training_rows(2048, beside=0, trained=49, operations=CHEAP / 2048, budget=0.05) == 2048


@pytest.mark.parametrize("trained", [200, 1000, 5000, 50_000])
def test_measuring_stays_within_the_budget_down_to_the_fewest_rows(trained):
    rows = training_rows(2048, beside=0, trained=trained, operations=DEAR, budget=0.05)
    assert rows <= max(LEAST, 0.05 * PASSES * trained) and LEAST <= rows <= 2048


def test_validation_rows_count_and_are_never_thinned_themselves():
    rows = training_rows(500, beside=600, trained=5000, operations=DEAR, budget=0.05)
    assert rows == 750 - 600
    assert training_rows(50, beside=9999, trained=50, operations=DEAR, budget=0.05) == 50


def test_an_endless_training_is_measured_whole():
    assert training_rows(2048, beside=0, trained=None, operations=math.inf, budget=0.05) == 2048


def test_operations_count_each_weight_in_each_place():
    conv = model(keras.layers.Conv2D(4, 3, padding="same"))
    assert operations(conv) == 2 * (3 * 3 * 3 * 4 + 4) * 64
    dense = model(keras.layers.Dense(5), keras.layers.ReLU(), shape=(10,))
    assert operations(dense) == 2 * 55
    assert operations(model(conv, keras.layers.Flatten(), keras.layers.Dense(2))) == (
        operations(conv) + 2 * (8 * 8 * 4 * 2 + 2)
    )


def test_where_the_sizes_are_open_nothing_is_called_cheap():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(2)

        def call(self, x):
            return self.dense(x)

    own = Own()
    own(np.zeros((1, 3), "float32"))
    assert operations(own) == math.inf
    assert operations(model(keras.layers.Conv2D(4, 3), shape=(None, None, 3))) == math.inf


def test_rows_are_spread_over_all_of_them():
    rows = Rows(np.arange(10), np.repeat([0, 1], 5), total=10, index=np.arange(10))
    assert rows.spread(4).x.tolist() == [0, 2, 5, 7] and rows.spread(4).index.tolist() == [
        0,
        2,
        5,
        7,
    ]
    assert rows.spread(10) is rows


def test_thinning_is_a_sentence():
    assert sentence(5, 5) == ""
    said = "To save time the clean training curve uses 256 of {} training rows."
    assert sentence(256, 1024) == said.format("1,024")
    assert sentence(256, 1024, 6000) == said.format("6,000")
