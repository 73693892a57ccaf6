"""Intervals and sets hold the truth as often as they promise, and no more rows than that asks."""

import numpy as np
import pytest
from scipy import stats

from kreg.prediction import conformal

LEVELS = (0.5, 0.8, 0.9, 0.95)


def test_the_bound_is_the_rank_of_the_theorem():
    known = list(np.random.default_rng(0).permutation(np.arange(1.0, 100.0)))  # 1 to 99
    assert [conformal.bound(known, level) for level in LEVELS] == [50, 80, 90, 95]


def test_a_promise_needs_enough_rows():
    assert conformal.bound(range(9), 0.9) == 8
    with pytest.raises(ValueError, match="8 calibration rows cannot promise 0.9: it takes at le"):
        conformal.bound(range(8), 0.9)
    for wrong in (0, 1, -0.5, "much"):
        with pytest.raises(ValueError, match="level"):
            conformal.bound(range(9), wrong)


@pytest.mark.parametrize("level", LEVELS)
def test_over_200_splits_one_new_row_each_is_covered_within_the_binomial_interval(level):
    generator = np.random.default_rng(1)
    x = generator.normal(size=(200, 100))
    y = x + generator.standard_t(3, size=x.shape) * (1 + np.abs(x))  # nothing that a model fits
    scores = np.abs(y - 0.5 * x)
    covered = sum(row[-1] <= conformal.bound(row[:-1], level) for row in scores)
    low, high = stats.binom.ppf([0.001, 0.999], 200, level)
    assert low <= covered <= high


def test_sets_over_200_splits_hold_the_class_within_the_binomial_interval():
    generator = np.random.default_rng(2)
    logits = 1.5 * generator.normal(size=(200, 100, 4))
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    truth = (p.cumsum(-1) < generator.random((200, 100, 1))).sum(-1)
    wrong = p**2 / (p**2).sum(-1, keepdims=True)  # an overconfident model
    covered = 0
    for rows, ids in zip(wrong, truth, strict=True):
        each = conformal.scores(rows, ids, "classification")[:, 0]
        found = conformal.sets(rows[-1:], conformal.bound(each[:-1], 0.8))
        covered += found[0, ids[-1]]
    low, high = stats.binom.ppf([0.001, 0.999], 200, [0.8, 0.8 + 0.05])  # the set is never empty
    assert low <= covered <= high


def test_scores_of_several_targets_stay_apart():
    found = conformal.scores([[1.0, 10.0], [2.0, 20.0]], [[0.0, 10.0], [2.0, 25.0]], "regression")
    assert found.tolist() == [[1, 0], [0, 5]]
