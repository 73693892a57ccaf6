"""Real fits are recorded as Diagnostics measured them, once, and scored by the yardstick."""

import itertools

import keras
import numpy as np
import pytest

from benchmarks import record_keras_suite as recorder
from benchmarks.keras_suite_truth import Truth
from benchmarks.record_suite import TASKS
from benchmarks.verdicts import (
    averaging_rules,
    stopping_rules,
    stopping_score,
    suite,
    verdict_rules,
    verdict_score,
)


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


def test_half_of_the_plan_is_balanced():
    """Six settings a task: each setting at as many tasks as any other, and none twice."""
    for half, tasks in recorder.HALVES.items():
        first = list(recorder.planned(half, 6))
        counts = [[setting for _, setting in first].count(k) for k in range(12)]
        assert set(counts) == {len(tasks) // 2}
        every = list(recorder.planned(half))
        assert every[: len(first)] == first
        assert len(set(every)) == len(every) == 12 * len(tasks)


def test_the_halves_are_recorded_in_turn_and_what_is_there_is_left(tmp_path):
    halves = list(recorder.HALVES)
    wanted = recorder.missing(tmp_path, halves, 6)
    assert [half for half, _, _ in wanted[:4]] == halves * 2
    path = recorder.file_of(tmp_path, *wanted[0])
    path.parent.mkdir()
    path.touch()
    assert recorder.missing(tmp_path, halves, 6) == wanted[1:]


@pytest.mark.parametrize("rarest", range(3))
def test_a_class_may_be_in_one_part_alone(rarest):
    parts = [(np.zeros((2, 1)), np.array([0, 7 if part == rarest else 1])) for part in range(3)]
    assert recorder.classes(parts) == 8


def test_the_truth_of_an_epoch_and_of_the_mean_of_the_last():
    """Of a linear model the mean of the weights predicts the mean of the predictions."""
    model, twin = (keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]) for _ in "ab")
    x, y = np.array([[1.0], [2.0]], "float32"), np.array([[0.0], [0.0]], "float32")
    truth = Truth(twin, [(x, y), (x[:1], y[:1]), (x[1:], y[1:])], classifies=False)
    truth.set_model(model)
    for epoch, slope in enumerate([1.0, 3.0, 2.0, 4.0]):
        model.set_weights([np.array([[slope]]), np.zeros(1)])
        truth.on_epoch_end(epoch)
    assert truth.curves["test_loss"] == pytest.approx([4, 36, 16, 64])  # (2 slope)^2
    assert truth.curves["test_loss_mean3"] == pytest.approx([4, 16, 16, 36])
    assert truth.curves["val_clean_loss_mean5"] == pytest.approx([1, 4, 4, 6.25])
    assert "val_clean_loss" not in truth.curves  # Diagnostics has it
    assert model.get_weights()[0].item() == 4


def test_statistics_of_a_mean_are_those_of_the_training_rows():
    normalization = keras.layers.BatchNormalization
    model, twin = (keras.Sequential([keras.Input((1,)), normalization(epsilon=0)]) for _ in "ab")
    x = np.array([[1.0], [3.0], [5.0]], "float32")
    truth = Truth(twin, [(x, x), (x, x), (x, x)], classifies=False)
    truth.set_model(model)
    truth.on_epoch_end(0)
    np.testing.assert_allclose(twin.layers[0].moving_mean, [3])
    np.testing.assert_allclose(twin.layers[0].moving_variance, [8 / 3], rtol=1e-5)
    np.testing.assert_allclose(model.layers[0].moving_mean, [0])
    assert truth.curves["test_loss"] == pytest.approx([0])
    scaled = (x - 3) / np.sqrt(8 / 3)
    assert truth.curves["test_loss_mean3"] == pytest.approx([np.square(scaled - x).mean()])


@pytest.mark.slow
@pytest.mark.parametrize(("task", "number"), [("spirals", 0), ("shapes", 5)])
def test_a_fit_is_recorded_once_and_scored(task, number, tmp_path, monkeypatch):
    monkeypatch.setattr(recorder, "planned", lambda half, settings=12: [(task, number)])
    assert recorder.record(tmp_path, ["held out"], 9, epochs=4) == 1
    assert recorder.record(tmp_path, ["held out"], 9, epochs=4) == 0
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
    for name, rule in averaging_rules.RULES.items():
        assert np.isfinite(stopping_score.score(rule, [run]).calibrated), name
