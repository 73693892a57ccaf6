"""Golden table: scripted curves, and the epoch (from 1) at which each rule stops; None is never."""

import math

import numpy as np
import pytest

from kreg.diagnostics import criteria

NAN = math.nan
VALLEY = [
    5,
    4,
    3,
    2,
    1,
    1.01,
    1.03,
    1.06,
    1.1,
    1.15,
    1.2,
    1.3,
    1.4,
    1.5,
    1.6,
    1.7,
    1.8,
    1.9,
    2,
    2.1,
]
FALLING = [1 / t for t in range(1, 21)]
FLAT = [1.0] * 20
TRAIN = [1 - 0.04 * t for t in range(20)]


def stopped_at(criterion, validation, train=TRAIN, examples=None):
    for epoch, value in enumerate(validation, 1):
        values = {"val_clean_loss": value, "clean_loss": train[epoch - 1]}
        rows = None if examples is None else examples[epoch - 1]
        if criterion.update(epoch, values, rows).stop:
            return epoch
    return None


@pytest.mark.parametrize(
    ("rule", "valley", "falling", "flat"),
    [
        ("patience:0", 6, None, 2),
        ("patience:1", 6, None, 2),
        ("patience:3", 8, None, 4),
        ("patience:10", 15, None, 11),
        ("fast", 8, None, 4),
        ("careful", None, None, None),
        ("gl:2", 7, None, None),
        ("gl:12", 10, None, None),
        ("up:1", 10, None, None),
        ("up:2", 15, None, None),
        ("up:3", 20, None, None),
        ("trend:8", 12, None, None),
        ("textbook:1", 6, None, None),
        ("textbook:3", 8, None, None),
        ("budget:4", 4, 4, 4),
        ("threshold:1", 5, 1, 1),
        ("divergence", None, None, None),
        ("gl:2+patience:5", 10, None, None),
        ("gl:50|patience:5", 10, None, 6),
        ("patience:3~0.5", 12, None, 4),
    ],
)
def test_golden_table(rule, valley, falling, flat):
    assert stopped_at(criteria.parse(rule), VALLEY) == valley
    assert stopped_at(criteria.parse(rule), FALLING) == falling
    assert stopped_at(criteria.parse(rule), FLAT) == flat


def test_textbook_calls_two_flat_curves_converged():
    rule = criteria.Textbook(2)
    for epoch in (1, 2):
        assert not rule.update(epoch, {"val_clean_loss": 1.0, "clean_loss": 0.5}).stop
    decision = rule.update(3, {"val_clean_loss": 1.0, "clean_loss": 0.5})
    assert decision.reason == "converged"


def test_gl_by_hand():
    rule = criteria.GL(6.25)
    assert not rule.update(1, {"val_clean_loss": 2.0}).stop
    assert not rule.update(2, {"val_clean_loss": 2.125}).stop  # exactly 6.25 %
    decision = rule.update(3, {"val_clean_loss": 2.126})
    assert decision.stop
    assert decision.reason == "gl"
    assert "6.3 % above its best 2 at epoch 1" in decision.sentence


def test_pq_by_hand():
    """At epoch 5: GL = 10 %, P_5 = 1000 (mean/min - 1) of 1.2 1.1 1 .9 .8 = 250; quotient 0.04."""
    train, validation = [1.2, 1.1, 1.0, 0.9, 0.8], [1.2, 1.0, 1.05, 1.08, 1.1]
    assert stopped_at(criteria.PQ(0.0399), validation, train) == 5
    assert stopped_at(criteria.PQ(0.0401), validation, train) is None


def test_progress_stops_when_the_training_loss_rests():
    rule = criteria.Progress(0.1)
    for epoch in range(1, 5):
        assert not rule.update(epoch, {"clean_loss": 1.0}).stop
    assert rule.update(5, {"clean_loss": 1.0}).reason == "progress"


def test_paired_sees_a_small_common_shift_and_no_noise():
    rng = np.random.default_rng(0)
    base = rng.exponential(1.0, 100)
    shift = [base, base + 0.02 + 0.01 * rng.normal(size=100), base + 0.03]
    noise = [base] + [base + rng.normal(size=100) for _ in range(2)]
    means = [1.0, 1.02, 1.03]
    assert stopped_at(criteria.Paired(2.33, times=2), means, examples=shift) == 3
    assert stopped_at(criteria.Paired(2.33, times=2), means, examples=noise) is None


def test_past_best_wants_both_the_loss_and_the_evidence():
    base = np.linspace(0, 2, 100)
    jitter = np.random.default_rng(0).normal(size=100)
    jitter -= jitter.mean()
    for step, spread, epochs in ((0.05, 0.01, 9), (0.05, 5.0, None), (0.015, 0.0, None)):
        rows = [base] * 8 + [base + step + spread * jitter] * 8
        means = [1.0] * 8 + [1.0 + step] * 8
        assert stopped_at(criteria.PastBest(window=1, times=1), means, examples=rows) == epochs


def test_one_jump_of_the_loss_is_no_past_best():
    base = np.linspace(0.5, 1.5, 100)
    for levels, epochs in (
        ([1.0] * 10 + [3.0] + [1.0] * 9, None),  # in five means of five
        ([1.0] * 10 + [3.0, NAN] + [1.0] * 9, None),
        ([1.0] * 8 + [3.0, 3.0, 3.0, 0.9] + [1.0] * 7, None),  # three jumps, then better than ever
        ([1.0] * 10 + [1.1] * 10, 17),  # 1.02 in the first mean is not above 2 %
        ([1.0] * 10 + [1.1, 1.1, NAN] + [1.1] * 10, 18),  # a NaN neither counts nor begins anew
    ):
        rows = [level * base for level in levels]
        assert stopped_at(criteria.PastBest(), levels, TRAIN * 3, rows) == epochs


def test_a_past_best_of_an_older_state_goes_on():
    criterion = criteria.PastBest()
    criterion.update(1, {"val_clean_loss": 1.0}, np.ones(4))
    older = {name: value for name, value in criterion.get_state().items() if name != "hits"}
    criterion.set_state(older)
    assert criterion.hits == 0 and criterion.best == 1.0


def test_default_is_the_verdicts_test_or_patience():
    base = np.linspace(0, 2, 100)
    worse = [base] * 8 + [base * 1.1] * 12
    means = [1.0] * 8 + [1.1] * 12
    assert stopped_at(criteria.preset("default"), means, examples=worse) == 15
    noisy = [base] + [np.random.default_rng(e).permutation(base) for e in range(19)]
    assert stopped_at(criteria.preset("default"), [1.0] * 20, examples=noisy) is None
    assert stopped_at(criteria.preset("default", examples=False), FLAT + [1.0] * 5, TRAIN * 2) == 21


@pytest.mark.parametrize("rule", ["patience:2", "gl:2", "pq:0.1", "up:1", "trend:4", "textbook:1"])
def test_a_nan_first_epoch_poisons_nothing(rule):
    criterion = criteria.parse(rule)
    curve = [NAN, 3, 2, 1, 0.5, 0.4, 0.3, 0.2, 0.15, 0.12]
    assert stopped_at(criterion, curve) is None
    assert criterion.best == 0.12


def test_nan_for_ever_ends_by_patience_and_at_once_by_divergence():
    assert stopped_at(criteria.Patience(3), [1, NAN, NAN, NAN, NAN]) == 4
    assert stopped_at(criteria.Divergence(), [1, NAN, NAN]) == 2
    assert stopped_at(criteria.Divergence(10), [1, 11, 1]) == 2
    assert stopped_at(criteria.Trend(4), [1, NAN, NAN, NAN, NAN, NAN]) is None


def test_epochs_without_the_monitor_do_not_count():
    rule = criteria.Patience(2)
    rule.update(1, {"val_clean_loss": 1.0})
    for epoch in range(2, 9):
        assert not rule.update(epoch, {"loss": 1.0}).stop
    assert not rule.update(9, {"val_clean_loss": 1.0}).stop
    assert rule.update(10, {"val_clean_loss": 1.0}).stop


def test_larger_is_better():
    rule = criteria.Patience(2, monitor="val_clean_accuracy", mode="max")
    stops = [
        rule.update(t, {"val_clean_accuracy": v}).stop for t, v in enumerate([0.5, 0.9, 0.8, 0.7])
    ]
    assert stops == [False, False, False, True]
    assert rule.best == 0.9
    for kind in (criteria.GL, criteria.PQ):
        with pytest.raises(ValueError, match="ratios of a positive loss"):
            kind(mode="max")


def test_min_delta_in_three_units():
    curve = [1.0, 0.995, 0.99, 0.985]
    assert stopped_at(criteria.Patience(3, min_delta=0.02), curve) == 4
    assert stopped_at(criteria.Patience(3, min_delta=0.001), curve) is None
    assert stopped_at(criteria.Patience(3, min_delta="2%"), curve) == 4
    assert stopped_at(criteria.Patience(3, min_delta="0.1%"), curve) is None
    rng = np.random.default_rng(0)
    rows = [np.full(50, v) + 0.5 * rng.normal(size=50) for v in curve]
    assert stopped_at(criteria.Patience(3, min_delta="auto"), curve, examples=rows) == 4
    same = [np.full(50, v) for v in curve]
    assert stopped_at(criteria.Patience(3, min_delta="auto"), curve, examples=same) is None


def test_baseline_keeps_the_waiting_going_until_it_is_beaten():
    assert stopped_at(criteria.Patience(3, baseline=0.5), [1.0, 0.9, 0.8, 0.85]) == 4
    assert stopped_at(criteria.Patience(3, baseline=0.5), [1.0, 0.9, 0.4, 0.45, 0.45]) is None


def test_ratios_of_a_negative_loss_warn_and_never_stop():
    rule = criteria.GL(2)
    rule.update(1, {"val_clean_loss": -1.0})
    decision = rule.update(2, {"val_clean_loss": 5.0})
    assert not decision.stop
    assert "cannot judge" in decision.warning


def test_budgets():
    rule = criteria.Budget(steps=100, seconds=60)
    assert not rule.update(1, {"step": 50, "seconds": 10}).stop
    assert rule.update(2, {"step": 100, "seconds": 20}).reason == "steps"
    assert rule.update(3, {"step": 50, "seconds": 60}).reason == "seconds"
