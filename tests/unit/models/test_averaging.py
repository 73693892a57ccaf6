"""Several models as one: by hand, saved, and as plain Keras."""

import keras
import numpy as np
import pytest

import kreg
from kreg import models

X = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")


def softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


def by_hand(task, shares, answers):
    if task == "regression":
        return sum(s * z for s, z in zip(shares, answers, strict=True))
    if task == "classification":
        return np.log(sum(s * softmax(z) for s, z in zip(shares, answers, strict=True)))
    chance = sum(s / (1 + np.exp(-z)) for s, z in zip(shares, answers, strict=True))
    return np.log(chance / (1 - chance))


@pytest.mark.parametrize(
    "task, outputs",
    [("classification", 3), ("binary", 1), ("multilabel", 2), ("regression", 2)],
)
def test_the_mean_by_hand_saved_and_stripped(task, outputs, tmp_path):
    targets = {"targets": np.zeros((20, 2)) + [[-1], [1]] * 10} if task == "regression" else {}
    parts = {
        "tabm": models.tabm((3,), outputs, task, members=2, width=4, rows=X, **targets),
        "forest": models.forest((3,), outputs, task, trees=3, depth=2),
        "linear": models.linear((3,), outputs, task),
    }
    mean = models.weighted_mean(parts, {"linear": 1, "tabm": 2, "forest": 1}, task)
    answers = [np.asarray(model(X)) for model in parts.values()]
    want = by_hand(task, [0.5, 0.25, 0.25], answers)
    np.testing.assert_allclose(np.asarray(mean(X)), want, atol=1e-5)
    plain = kreg.strip(mean)
    plain.save(tmp_path / "plain.keras")
    loaded = keras.models.load_model(tmp_path / "plain.keras")
    np.testing.assert_allclose(np.asarray(loaded(X)), want, atol=1e-5)


@pytest.mark.parametrize("weights", [{"a": 1}, {"a": 1, "b": 1, "c": 1}, {"a": 1, "b": 0}])
def test_every_model_has_a_weight(weights):
    parts = {name: models.linear((3,), 2, "classification") for name in "ab"}
    with pytest.raises(ValueError, match="weights"):
        models.weighted_mean(parts, weights, "classification")


def test_models_of_other_rows_have_no_mean():
    parts = {"a": models.linear((3,), 2, "classification"),
             "b": models.linear((4,), 2, "classification")}  # fmt: skip
    with pytest.raises(ValueError, match="models of the same inputs and outputs"):
        models.weighted_mean(parts, {"a": 1, "b": 1}, "classification")
