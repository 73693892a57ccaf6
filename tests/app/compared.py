"""Two trainings that must be one: their weights, zeros, numbers of every epoch, and end."""

import csv

import numpy as np
import pytest

import kreg
from kreg.runs import RunDirectory

CLOSE = 1e-5  # what sums in another order may differ by


def weights(folder):
    return [np.asarray(w) for w in kreg.load_model(folder / "best.keras").get_weights()]


def history(folder):
    with open(folder / "history.csv") as file:
        return list(csv.DictReader(file))


def same_bits(ours, theirs):
    """The weights of two runs, to the last bit."""
    for left, right in zip(weights(ours), weights(theirs), strict=True):
        np.testing.assert_array_equal(left, right)


def same_model(ours, theirs):
    """The weights of two runs, as far as sums in another order go; the same zeros."""
    for left, right in zip(weights(ours), weights(theirs), strict=True):
        np.testing.assert_allclose(left, right, rtol=0, atol=CLOSE)
        np.testing.assert_array_equal(left == 0, right == 0)


def same_training(ours, theirs, before):
    """The model, the numbers of every epoch, and an end before so many epochs."""
    same_model(ours, theirs)
    assert len(history(ours)) == len(history(theirs)) < before
    for left, right in zip(history(ours), history(theirs), strict=True):
        assert left.keys() == right.keys() and "loss" in left and "accuracy" in left
        for name in left:
            close = pytest.approx(float(right[name]), rel=CLOSE, abs=CLOSE)
            assert float(left[name]) == close, name
    results = [RunDirectory(folder).result for folder in (ours, theirs)]
    for key in ("verdict", "stop_reason", "best_epoch", "epochs", "sparsity", "averaged_epochs"):
        assert results[0][key] == results[1][key], key
