"""The hash behind every draw: a pure function, uniform, independent in each of its arguments."""

import numpy as np
import pytest

from kreg.augment.engine import random_numbers

RECORDS, COLUMNS = 20_000, 6


def mix(h):
    with np.errstate(over="ignore"):
        h = (h ^ (h >> np.uint32(16))) * np.uint32(0x21F0AAAD)
        h = (h ^ (h >> np.uint32(15))) * np.uint32(0xD35A2D97)
    return h ^ (h >> np.uint32(15))


def reference(seed, epoch, index, columns):
    """The same numbers in NumPy, record by record: a second implementation of the key."""
    golden, low_half, high_half = (
        np.uint32(random_numbers.GOLDEN),
        np.uint32(seed & random_numbers.MASK),
        seed >> 32,
    )
    out = np.empty((len(index), columns), np.float32)
    with np.errstate(over="ignore"):
        start = mix(mix(low_half) ^ np.uint32(high_half & random_numbers.MASK))
        for part in (epoch & random_numbers.MASK, epoch >> 32):
            start = mix((start ^ np.uint32(part)) + golden)
        for row, record in enumerate(index):
            low, high = (np.uint32(int(record) >> s & random_numbers.MASK) for s in (0, 32))
            first = mix(mix(low ^ start) ^ high)
            second = mix(mix(low + start + golden) ^ high)
            column = np.arange(columns, dtype=np.uint32) * golden + np.uint32(1)
            bits = mix(mix(first + second + column) ^ (second + np.uint32(1)))
            out[row] = (bits >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)
    return out


@pytest.mark.parametrize("seed, epoch", [(0, 0), (7, 3), (2**40 + 1, 2**33), (-1, 0)])
def test_the_numbers_are_those_of_a_numpy_loop(seed, epoch):
    index = np.array([0, 1, 2, 1000, 2**31, 2**40 + 5])
    got = random_numbers.uniforms(seed, epoch, index, 4).numpy()
    np.testing.assert_array_equal(got, reference(seed, epoch, index, 4))


@pytest.fixture(scope="module")
def drawn():
    return {
        key: random_numbers.uniforms(*key, np.arange(RECORDS), COLUMNS).numpy()
        for key in [(0, 0), (0, 1), (1, 0)]
    }


def test_each_column_is_uniform(drawn):
    """Chi-square with 63 degrees of freedom: mean 63, standard deviation 11.2."""
    for u in drawn.values():
        assert u.min() >= 0 and u.max() < 1
        for column in u.T:
            counts, _ = np.histogram(column, 64, (0, 1))
            chi2 = ((counts - RECORDS / 64) ** 2 / (RECORDS / 64)).sum()
            assert 25 < chi2 < 120


def test_columns_records_epochs_and_seeds_are_independent(drawn):
    """The correlation of n independent pairs has standard deviation 1/sqrt(n)."""
    limit = 5 / np.sqrt(RECORDS)
    together = np.concatenate(list(drawn.values()), axis=1)
    correlation = np.corrcoef(together.T) - np.eye(3 * COLUMNS)
    assert np.abs(correlation).max() < limit
    for u in drawn.values():
        lagged = [np.corrcoef(c[:-1], c[1:])[0, 1] for c in u.T]
        assert np.abs(lagged).max() < limit


def test_a_seed_and_an_epoch_do_not_trade_places(drawn):
    assert (drawn[0, 1] != drawn[1, 0]).mean() > 0.999


def test_fields_are_uniform_and_differ_between_records():
    key = random_numbers.field_keys(random_numbers.uniforms(0, 0, np.arange(50), 2))
    field = random_numbers.field(key, 400).numpy()
    assert abs(field.mean() - 0.5) < 5 / np.sqrt(12 * field.size)
    assert np.abs(np.corrcoef(field) - np.eye(50)).max() < 6 / np.sqrt(400)
