"""Capacity on paper, against scikit-learn's hat matrix and the textbook's limits."""

import json

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge

from kreg.surgery import capacity, degrees_of_freedom, linear_degrees_of_freedom

X = load_diabetes().data[:60]


def hat_trace(x, alpha, intercept=True):
    """The trace of the map from targets to fitted values, one unit vector at a time."""
    ridge = Ridge(alpha=alpha, fit_intercept=intercept, solver="svd")
    return sum(ridge.fit(x, e).predict(x)[i] for i, e in enumerate(np.eye(len(x))))


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("l2", [1e-6, 1e-4, 1e-2])
def test_the_trace_of_the_hat_matrix_is_scikit_learns(l2, intercept):
    expected = hat_trace(X, alpha=len(X) * l2, intercept=intercept)
    assert degrees_of_freedom(X, l2, intercept=intercept) == pytest.approx(expected, rel=1e-9)


def test_the_limits():
    assert degrees_of_freedom(X) == pytest.approx(11)
    assert degrees_of_freedom(X, 1e9) == pytest.approx(1, abs=1e-6)
    assert degrees_of_freedom(X, active=[]) == 1
    twice = np.hstack([X, X])
    assert degrees_of_freedom(twice) == pytest.approx(degrees_of_freedom(X)), "rank, not columns"


def test_a_keras_model_brings_its_strength_and_its_zeros():
    regularizer = keras.regularizers.L2(1e-4)
    model = keras.Sequential([keras.Input((10,)), layers.Dense(2, kernel_regularizer=regularizer)])
    kernel = np.ones((10, 2))
    kernel[3:, 1] = 0
    model.set_weights([kernel, np.zeros(2)])
    # mse averages over two outputs: the strength counts twice beside each
    expected = hat_trace(X, 60 * 2e-4) + hat_trace(X[:, :3], 60 * 2e-4)
    assert linear_degrees_of_freedom(model, X) == pytest.approx(expected, rel=1e-9)


def test_effective_parameters_leave_zeros_and_frozen_layers_out():
    frozen = layers.Dense(4, name="frozen")
    model = keras.Sequential([keras.Input((2,)), frozen, layers.Dense(1, name="head")])
    frozen.trainable = False
    model.layers[1].set_weights([np.array([[1.0], [0.0], [0.0], [2.0]]), np.ones(1)])
    found = capacity(model, examples=10)
    assert (found.parameters, found.effective) == (5, 3)
    assert found.effective_per_example == 0.3
    assert json.loads(json.dumps(found.as_dict()))["layers"][0]["weight"] == "head/kernel"
    assert "5 parameters, 3 of them not zero, for 10 examples: 0.50 and 0.30" in str(found)


def test_bad_arguments_are_answered_in_sentences():
    deep = keras.Sequential([keras.Input((2,)), layers.Dense(2), layers.Dense(1)])
    curved = keras.Sequential([keras.Input((2,)), layers.Dense(1, "relu")])
    for model in (deep, curved):
        with pytest.raises(ValueError, match="is not linear"):
            linear_degrees_of_freedom(model, X)
    with pytest.raises(ValueError, match="argument `examples`"):
        capacity(deep, 0)
    with pytest.raises(ValueError, match="argument `x`"):
        degrees_of_freedom(np.ones(3))
    with pytest.raises(ValueError, match="argument `l2`"):
        degrees_of_freedom(X, -1.0)
