"""The recorded suite: its format, and the quality of the verdict on it."""

import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture(scope="module")
def modules():
    sys.path.insert(0, str(BENCHMARKS))
    import bench_verdict
    import suite

    yield suite, bench_verdict
    sys.path.remove(str(BENCHMARKS))


def test_what_is_saved_is_loaded(modules, tmp_path):
    suite, _ = modules
    rng = np.random.default_rng(0)
    losses = rng.exponential(1.0, (6, 9)).astype(np.float32)
    right = rng.random((6, 9)) < 0.5
    meta = {"name": "a", "kind": "classification"}
    curves = {"test_loss": np.linspace(2, 1, 6), "loss": np.full(6, np.nan)}
    regression = suite.Run(meta, curves, losses * 20, np.zeros((6, 0), bool))
    suite.save([suite.Run(meta, curves, losses, right), regression], tmp_path / "suite.npz")
    first, second = suite.load(tmp_path / "suite.npz")
    np.testing.assert_allclose(first.examples, losses, atol=suite.STEP / 2 + 1e-6)
    np.testing.assert_allclose(second.examples, losses * 20, atol=suite.STEP / 2 + 1e-4)
    np.testing.assert_array_equal(first.correct, right)
    assert second.correct.shape == (6, 0)
    np.testing.assert_allclose(first.curves["test_loss"], curves["test_loss"], rtol=1e-4)


def test_the_suite_is_what_it_says(modules):
    suite, _ = modules
    runs = suite.load()
    assert len(runs) >= 96
    assert len({run.meta["task"] for run in runs}) == 13
    assert {run.meta["half"] for run in runs} == {"design", "held out"}
    assert "test_loss" not in runs[0].record().curves
    assert suite.PATH.stat().st_size < 2e6


@pytest.mark.slow
def test_the_verdict_keeps_its_quality(modules):
    suite, bench = modules
    precision, _, _, false_alarms, flips, onset, _ = bench.score(bench.kreg, suite.load())
    assert precision >= 0.95
    assert false_alarms <= 0.02
    assert flips <= 2
    assert onset <= 3
