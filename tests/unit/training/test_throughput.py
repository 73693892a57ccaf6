"""How fast picture files are read and trained on."""

from types import SimpleNamespace

import numpy as np
import pytest

from kreg.training import throughput


def ticking(monkeypatch, seconds):
    """Each look at the clock is so many seconds after the one before."""
    clock = iter(np.arange(100) * seconds)
    monkeypatch.setattr(throughput, "time", SimpleNamespace(perf_counter=lambda: next(clock)))


BATCH = (np.zeros((3, 2)), np.zeros(3))


def test_rows_are_counted_over_the_time_that_they_take(monkeypatch):
    ticking(monkeypatch, 0.1)
    assert throughput.rate([BATCH] * 4) == pytest.approx(12 / 0.5)


def test_an_endless_slow_stream_is_left_after_a_second(monkeypatch):
    ticking(monkeypatch, 0.7)
    assert throughput.rate(BATCH for _ in iter(int, 1)) == pytest.approx(6 / 2.1)
