import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted import EPOCHS, FALLING, FLAT, RISING, VALLEY, run

from kreg.diagnostics import STATES, Record, diagnose, series
from kreg.diagnostics.judge import walk
from kreg.diagnostics.series import judged
from kreg.diagnostics.states import TABLE
from kreg.diagnostics.statistics import paired_se
from kreg.diagnostics.thresholds import Thresholds
from kreg.diagnostics.verdict import NO_RATES

SLOW_RISE = 0.5 + 0.0002 * EPOCHS


@pytest.mark.parametrize(
    ("train", "validation", "state"),
    [
        (FALLING, FALLING + 0.1, "LEARNING"),
        (FALLING, FLAT, "MEMORISING"),
        (FALLING, VALLEY, "OVERFITTING"),
        (FLAT, 2 - 0.03 * EPOCHS, "LATE GAIN"),
        (FLAT, FLAT + 0.1, "CONVERGED"),
        (FLAT * 0.99, RISING, "DRIFT"),
        (RISING / 2, 2 - 0.03 * EPOCHS, "SETTLING"),
        (RISING / 2, FLAT + 1, "TOO STRONG"),
        (RISING / 4, RISING, "UNSTABLE"),
    ],
)
def test_the_nine_states(train, validation, state):
    verdict = diagnose(run(train, validation))
    assert verdict.state == state
    assert (verdict.tone, verdict.meaning) == (STATES[state].tone, STATES[state].meaning)


def test_every_state_of_the_table_exists():
    assert set(TABLE.values()) <= STATES.keys()
    assert len(TABLE) == 9


def test_overrides_in_their_order():
    assert diagnose(Record()).state == "NO VALIDATION"
    assert diagnose(run(FALLING[:5], VALLEY[:5])).state == "TOO EARLY"
    nan = VALLEY.copy()
    nan[-1] = math.nan
    assert diagnose(run(FALLING, nan)).state == "NON-FINITE"
    assert diagnose(run(FALLING, np.full(30, math.nan))).state == "NON-FINITE"
    assert diagnose(run(FLAT + 1, FALLING)).state == "SUSPICIOUS"


def test_a_nan_in_the_past_is_forgotten():
    curve = FALLING.copy()
    curve[0] = math.nan
    assert diagnose(run(FALLING, curve + 0.1)).state == "LEARNING"


def test_underfitting_is_convergence_at_a_high_loss():
    flat = np.full(30, 2.0)
    fields = {"baseline": {"train": {"loss": math.log(10)}}}
    assert diagnose(run(flat, flat + 0.1, **fields)).state == "UNDERFITTING"
    assert diagnose(run(flat / 10, flat / 10 + 0.1, **fields)).state == "CONVERGED"
    below_zero = {"baseline": {"train": {"loss": -1.0}}}
    assert diagnose(run(-flat, flat, **below_zero)).state == "CONVERGED"
    assert diagnose(run(-flat / 4, flat, **below_zero)).state == "UNDERFITTING"


def test_without_a_baseline_convergence_is_said_with_a_caveat():
    flat = np.full(30, 2.0)
    caveats = diagnose(run(flat, flat + 0.1)).caveats
    assert any("cannot be told from UNDERFITTING" in line for line in caveats)
    record = run(flat, flat + 0.1, baseline={"train": {"loss": 50.0}})
    assert diagnose(record).caveats == [NO_RATES]
    record.curves["learning_rate"] = [0.1] * 30
    assert diagnose(record).state == "CONVERGED" and diagnose(record).caveats == []


def test_overconfident_when_the_decisions_hold():
    steady, worse = np.full(30, 0.8), 0.8 - 0.02 * np.maximum(EPOCHS - 10, 0)
    assert diagnose(run(FALLING, VALLEY, correct=steady)).state == "OVERCONFIDENT"
    assert diagnose(run(FALLING, VALLEY, correct=worse)).state == "OVERFITTING"


def test_a_model_that_never_beat_guessing_is_not_called_overconfident():
    steady = np.full(30, 0.5)
    for accuracy, state in ((0.3, "OVERCONFIDENT"), (0.5, "OVERFITTING")):
        baseline = {"validation": {"loss": 0.7, "accuracy": accuracy}}
        assert diagnose(run(FALLING, VALLEY, correct=steady, baseline=baseline)).state == state


def test_a_heavy_tail_on_the_training_side_is_not_suspicious():
    record = run(FLAT + 1, FALLING)
    record.curves["train_standard_error"] = [0.9] * 30
    assert diagnose(record).state != "SUSPICIOUS"
    record.curves["train_standard_error"] = [0.01] * 30
    assert diagnose(record).state == "SUSPICIOUS"


def test_a_rise_within_the_noise_of_the_examples_is_undecided():
    # 4 % worse in the mean, but every example jumps by its own size
    verdict = diagnose(run(FALLING, 0.5 + 0.001 * np.maximum(EPOCHS - 10, 0), rows=20, noise=1.0))
    assert verdict.state == "UNDECIDED"
    assert verdict.onset is None


def test_date_interval_cost_and_evidence():
    verdict = diagnose(run(FALLING, VALLEY))
    assert (verdict.onset, verdict.best_epoch, verdict.epoch) == (10, 10, 30)
    first, last = verdict.interval
    assert first <= 10 <= last < 16
    assert verdict.lost == pytest.approx(80)
    assert verdict.sure > 0.99
    assert verdict.headline.startswith("OVERFITTING since epoch 10")
    assert verdict.gap == pytest.approx(VALLEY[-1] - FALLING[-1])
    stretches = verdict.timeline
    assert [s["first"] for s in stretches[1:]] == [s["last"] + 1 for s in stretches[:-1]]


def test_logged_losses_only_are_labelled():
    record = Record()
    for i, (t, v) in enumerate(zip(FALLING, VALLEY)):
        record.append(i + 1, {"loss": t, "val_loss": v})
    verdict = diagnose(record)
    assert verdict.state == "OVERFITTING"
    assert not verdict.honest
    assert verdict.caveats[0].startswith("logged losses only: biased")
    assert verdict.sure is None


def test_validation_in_some_epochs_only():
    record = Record()
    for epoch in range(1, 61):
        values = {"clean_loss": 1 / epoch}
        if epoch % 2 == 0:
            values["val_clean_loss"] = VALLEY[epoch // 2 - 1]
        record.append(epoch, values)
    verdict = diagnose(record)
    assert (verdict.state, verdict.onset) == ("OVERFITTING", 20)
    assert "Validated at 30 of 60 epochs." in verdict.caveats


def test_a_loss_without_training_side_is_judged_with_a_caveat():
    record = Record()
    for epoch, value in enumerate(VALLEY, 1):
        record.append(epoch, {"val_loss": value})
    verdict = diagnose(record)
    assert verdict.state in STATES
    assert any("training loss" in line for line in verdict.caveats)


def test_negative_losses_are_judged():
    assert diagnose(run(FALLING - 3, VALLEY - 2)).past_best


# --- noise ----------------------------------------------------------------------------------------


def plateau(seed: int):
    """Both losses learn quickly, then jitter by one per cent and go nowhere."""
    jitter = 1 + 0.01 * np.random.default_rng(seed).normal(size=(2, 60))
    learnt = 1 + np.exp(-np.arange(60.0))
    return judged(run(0.3 * learnt * jitter[0], 0.5 * learnt * jitter[1]))


def shares(limits=None) -> tuple[float, float]:
    """How often the word on a plateau is CONVERGED, and how often one that calls for action."""
    runs = [walk(plateau(seed), limits=limits)[15:] for seed in range(10)]
    words = [check.state for checks in runs for check in checks]
    wrong = {"UNSTABLE", "TOO STRONG", "SETTLING", "OVERFITTING", "DRIFT"}
    return words.count("CONVERGED") / len(words), sum(w in wrong for w in words) / len(words)


def test_jitter_on_a_plateau_is_neither_trend_nor_trouble():
    converged, wrong = shares()
    careless, trouble = shares(Thresholds(rises=0, falls=0))
    assert converged > careless + 0.2
    assert wrong < 0.05 < trouble


def test_one_validation_does_not_change_the_word():
    validation = np.concatenate([2 - 0.03 * EPOCHS[:20], np.full(10, 1.4)])
    states = [check.state for check in walk(judged(run(FALLING, validation)))]
    first = states.index("MEMORISING")
    assert set(states[7:first]) == {"LEARNING"}
    assert set(states[first:]) == {"MEMORISING"}


def test_a_walk_computes_the_error_of_an_epoch_once(monkeypatch):
    asked = []
    monkeypatch.setattr(series, "paired_se", lambda rows: asked.append(1) or paired_se(rows))
    assert len(walk(judged(run(FALLING, VALLEY)))) == len(asked) == len(FALLING)


def test_an_alarm_is_said_at_once():
    checks = walk(judged(run(FALLING, VALLEY)))
    first = next(i for i, check in enumerate(checks) if check.confirmed)
    assert checks[first].state == "OVERFITTING"


@pytest.mark.parametrize(
    ("penalty", "state"), [(0.1, "UNSTABLE"), (5 - 0.1 * EPOCHS, "TOO STRONG")]
)
def test_a_loss_that_the_penalty_pays_for_is_not_unstable(penalty, state):
    record = run(RISING / 4, RISING)
    record.curves["penalty"] = list(np.broadcast_to(penalty, EPOCHS.shape))
    assert diagnose(record).state == state


@pytest.mark.parametrize(("guess", "state"), [(1.1, "TOO STRONG"), (110.0, "CONVERGED")])
@pytest.mark.parametrize("validation", [FLAT, RISING])
def test_a_penalty_that_raises_a_loss_by_next_to_nothing_is_not_too_strong(
    validation, guess, state
):
    """wine with a lasso: all is right, and 0.0006 of training loss became 0.0018 of 1.1 nats."""
    record = run(RISING / 10, validation, baseline={"train": {"loss": guess}})
    record.curves["penalty"] = list(5 - 0.1 * EPOCHS)
    verdict = diagnose(record)
    assert verdict.state == state and (verdict.tone == "good") == (state == "CONVERGED")


@pytest.mark.parametrize("validation", [2 - 0.03 * EPOCHS, VALLEY])
def test_the_logged_loss_stands_for_a_clean_one_that_nobody_measured(validation):
    """`Diagnostics()` beside `fit(validation_data=...)`: the training loss falls, and is known."""
    measured = run(FALLING, validation)
    record = run(FALLING, validation)
    del record.curves["clean_loss"]
    verdict = diagnose(record)
    assert verdict.state == diagnose(measured).state != "LATE GAIN"
    assert verdict.gap is None and verdict.honest
    assert any("stands for it" in text for text in verdict.caveats)


def test_without_any_training_loss_nothing_is_said_of_it():
    record = run(FALLING, 2 - 0.03 * EPOCHS)
    del record.curves["clean_loss"], record.curves["loss"]
    verdict = diagnose(record)
    assert verdict.state == "LEARNING"
    assert verdict.meaning == "The validation loss falls. Nothing is known of the training loss."


def test_a_record_of_diagnostics_is_not_told_to_use_diagnostics():
    """A distilled model, say, of which no clean loss could be measured."""
    record = run(FALLING, VALLEY)
    del record.curves["clean_loss"], record.curves["val_clean_loss"]
    assert "use kreg.Diagnostics" in diagnose(record).caveats[0]
    record.provenance = {"kreg": "0.2.0"}
    assert "could not be measured" in diagnose(record).caveats[0]
    assert not any("use kreg.Diagnostics" in text for text in diagnose(record).caveats)


def test_a_training_loss_of_every_second_epoch_is_tested_as_measured():
    record = run(FALLING, FALLING + 0.1)
    kept = record.curves["clean_loss"]
    record.curves["clean_loss"] = [v if i % 2 else None for i, v in enumerate(kept)]
    assert diagnose(record).state == "LEARNING"


# --- properties ---------------------------------------------------------------------------------

steps = st.lists(st.floats(0.001, 0.3), min_size=12, max_size=25)


@settings(max_examples=40, deadline=None)
@given(rises=steps, falls=steps)
def test_a_rising_curve_is_never_learning(rises, falls):
    n = min(len(rises), len(falls))
    rising, train = 0.2 + np.cumsum(rises[:n]), 5 - 0.1 * np.cumsum(falls[:n])
    states = {check.state for check in walk(judged(run(train / 50, rising)))}
    assert not states & {"LEARNING", "LATE GAIN", "SETTLING"}


@settings(max_examples=40, deadline=None)
@given(falls=steps)
def test_a_falling_curve_is_never_past_its_best(falls):
    falling = 0.1 + np.cumsum(falls)[::-1]
    checks = walk(judged(run(falling * 0.9, falling)))
    assert not any(check.confirmed for check in checks)
    assert checks[-1].best == len(falling) - 1


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), power=st.integers(-6, 6))
def test_the_unit_of_the_loss_is_irrelevant(seed, power):
    rng = np.random.default_rng(seed)
    train, validation = FALLING * 0.5, VALLEY + 0.02 * rng.normal(size=30)
    a, b = (run(s * train, s * validation, seed=seed) for s in (1.0, 2.0**power))
    a, b = diagnose(a), diagnose(b)
    assert (a.state, a.onset, a.interval, a.timeline) == (b.state, b.onset, b.interval, b.timeline)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000))
def test_the_order_of_the_examples_is_irrelevant(seed):
    record = run(FALLING, VALLEY, seed=seed)
    order = np.random.default_rng(seed).permutation(200)
    shuffled = run(FALLING, VALLEY, seed=seed)
    shuffled.examples = [row[order] for row in shuffled.examples]
    a, b = diagnose(record), diagnose(shuffled)
    assert (a.state, a.onset, a.interval) == (b.state, b.onset, b.interval)
    assert a.sure == pytest.approx(b.sure, rel=1e-4)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), cut=st.integers(8, 29))
def test_the_verdict_of_an_epoch_does_not_know_the_future(seed, cut):
    rng = np.random.default_rng(seed)
    validation = VALLEY + 0.05 * rng.normal(size=30)
    whole = walk(judged(run(FALLING, validation)))
    part = run(FALLING, validation)
    short = Record()
    for i in range(cut):
        values = {name: curve[i] for name, curve in part.curves.items()}
        short.append(i + 1, values, examples=part.examples[i])
    assert [c.state for c in walk(judged(short))] == [c.state for c in whole[:cut]]


def test_the_epochs_that_cannot_be_told_apart_hold_the_best_one():
    """Four epochs of a falling loss: the middle of the best stretch is 2, the smallest loss 4."""
    rng = np.random.default_rng(0)
    record = Record(sizes={"train": 100, "validation": 60, "measured": 60})
    for epoch, level in enumerate((1.0, 0.9, 0.8, 0.3), 1):
        rows = level + 0.01 * rng.normal(size=60)
        record.append(epoch, {"clean_loss": level, "val_clean_loss": rows.mean()}, examples=rows)
    found = diagnose(record)
    assert found.best_epoch == 4 and found.interval[0] <= 4 <= found.interval[1]
