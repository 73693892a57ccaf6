"""Time: what is measured less often when measuring costs too much."""

import pytest

from kreg.measuring.overhead import Overhead


def test_thinning_goes_step_by_step_and_ends():
    overhead, seen = Overhead(rows=1024, budget=0.05), []
    for _ in range(60):
        overhead.add(measuring=1.0, training=1.0)
        overhead.adapt()
        seen.append((overhead.rows, overhead.every))
    steps = list(dict.fromkeys(seen))
    assert steps == [(1024, 1), (512, 1), (256, 1), (256, 2), (256, 4), (256, 8)]
    assert overhead.exceeded
    assert overhead.sentence().startswith(
        "To save time the clean training curve uses 256 of 1024 rows and is measured every 8 "
        "epochs."
    )
    assert "still takes 100%" in overhead.sentence()


def test_cheap_measuring_is_never_thinned():
    overhead = Overhead(rows=1024, budget=0.05)
    overhead.add(measuring=9.0, training=1.0)  # the first epoch compiles
    for _ in range(20):
        overhead.add(measuring=0.01, training=1.0)
        overhead.adapt()
    assert overhead.sentence() == "" and overhead.rows == 1024
    assert overhead.share == pytest.approx(0.01)
