"""The recorded suite: its format, and the quality of the verdict on it."""

import numpy as np
import pytest

from benchmarks.verdicts import suite
from benchmarks.verdicts.verdict_rules import kreg
from benchmarks.verdicts.verdict_score import score
from kreg.diagnostics import diagnose
from kreg.diagnostics.rest import STOPPED
from kreg.diagnostics.verdict import NO_RATES


def test_what_is_saved_is_loaded(tmp_path):
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


def test_the_suite_is_what_it_says():
    runs = suite.load()
    assert len(runs) >= 96
    assert len({run.meta["task"] for run in runs}) == 13
    assert {run.meta["half"] for run in runs} == {"design", "held out"}
    assert "test_loss" not in runs[0].record().curves
    assert suite.PATH.stat().st_size < 2e6


def test_a_schedule_that_ended_is_never_a_convergence():
    """Recorded without a restart: the learning rates alone are the evidence."""
    runs = suite.load(suite.DECAYED)
    assert {run.meta["schedule"] for run in runs} == {"constant", "cosine", "early", "step"}
    under = [r for r in runs if r.curves["test_loss"][-1] > 1.1 * r.meta["reachable"]]
    words = {run.meta["name"]: diagnose(run.record()).state for run in runs}
    assert len(under) >= 12
    assert not {words[run.meta["name"]] for run in under} & {"CONVERGED", "MEMORISING"}
    ended = [r for r in runs if r.meta["rate"] == 1e-3 and r.meta["schedule"] != "constant"]
    assert {words[run.meta["name"]] for run in ended} == {"SCHEDULE ENDED"}
    free = [r for r in runs if r.meta["schedule"] == "constant"]
    assert "SCHEDULE ENDED" not in {words[run.meta["name"]] for run in free}


def test_without_its_rates_a_decayed_run_gets_the_caveat():
    record = suite.load(suite.DECAYED)[5].record()
    del record.curves["learning_rate"]
    found = diagnose(record)
    assert found.state in STOPPED and NO_RATES in found.caveats


@pytest.mark.slow
def test_the_verdict_keeps_its_quality():
    found = score(kreg, suite.load())
    assert found.precision >= 0.95
    assert found.false_alarms <= 0.02
    assert found.flips <= 2
    assert found.onset <= 3
