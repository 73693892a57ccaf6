"""Real fits are recorded as Diagnostics measured them, once, and scored by the yardstick."""

import itertools

import numpy as np
import pytest

from benchmarks import record_keras_suite as recorder
from benchmarks.record_suite import TASKS
from benchmarks.verdicts import stopping_rules, stopping_score, suite, verdict_rules, verdict_score


def test_every_pair_of_factors_meets_in_every_combination():
    settings = recorder.design()
    assert len(settings) == 12
    for one, other in itertools.combinations(recorder.FACTORS, 2):
        meetings = [(setting[one], setting[other]) for setting in settings]
        assert {meetings.count(meeting) for meeting in set(meetings)} == {3}
        assert len(set(meetings)) == 4


def test_the_held_out_half_has_other_data_and_other_seeds():
    held = recorder.HALVES["held out"].keys()
    assert not held & (recorder.HALVES["development"].keys() | TASKS.keys())
    assert len(set(recorder.SEEDS.values())) == len(recorder.HALVES)
    assert sum(len(list(recorder.planned(half))) for half in recorder.HALVES) == 216


@pytest.mark.slow
@pytest.mark.parametrize(("task", "number"), [("spirals", 0), ("shapes", 5)])
def test_a_fit_is_recorded_once_and_scored(task, number, tmp_path, monkeypatch):
    monkeypatch.setattr(recorder, "planned", lambda half: [(task, number)])
    assert recorder.record(tmp_path, "held out", 9, epochs=4) == 1
    assert recorder.record(tmp_path, "held out", 9, epochs=4) == 0
    (run,) = suite.load(recorder.pack(tmp_path, "held out"))
    assert {"val_refined_loss", "val_loss", "clean_loss", "val_clean_accuracy"} <= run.seen.keys()
    np.testing.assert_allclose(run.examples.mean(1), run.curves["val_clean_loss"], atol=0.003)
    np.testing.assert_allclose(run.correct.mean(1), run.curves["val_clean_accuracy"], atol=1e-3)
    # a temperature fitted on other rows may cost a little on these, and never gains without reason
    ratio = run.curves["test_calibrated_loss"] / run.curves["test_loss"]
    assert (ratio < 1.05).all()
    assert run.record().baseline["train"]["loss"] == pytest.approx(np.log(5), rel=0.02)
    assert verdict_score.score(verdict_rules.kreg, [run]).flips >= 0
    found = stopping_score.score(stopping_rules.RULES["kreg refine"], [run])
    assert found.epochs == 1 and found.calibrated >= 0
    assert stopping_score.oracle("test_calibrated_loss", [run]).calibrated == 0
