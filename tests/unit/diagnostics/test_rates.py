"""Marks of the learning rate: drops and restarts, not smooth schedules."""

import numpy as np
import pytest

from kreg.diagnostics.rates import rate_jump


def marks(rates) -> list[int]:
    """Epochs (from 1) that get a mark, each judged from the past alone."""
    return [t + 1 for t in range(len(rates)) if rate_jump(np.array(rates[: t + 1]))]


def cosine(epochs: int) -> list[float]:
    return [0.05 * (1 + np.cos(np.pi * t / epochs)) for t in range(epochs)]


@pytest.mark.parametrize("epochs", [4, 8, 30, 100])
def test_smooth_schedules_have_no_marks(epochs):
    assert marks(cosine(epochs)) == []
    assert marks([0.5**t for t in range(epochs)]) == []
    assert marks([0.1] * epochs) == []


def test_drops_and_restarts_have_one_each():
    assert marks([0.1] * 5 + [0.01] * 5 + [0.001] * 5) == [6, 11]
    assert marks(cosine(10) + cosine(10)) == [11]


def test_a_missing_or_zero_rate_is_no_jump():
    assert marks([np.nan, np.nan, 0.1]) == marks([0.1, 0.1, 0.0]) == marks([]) == []
