"""Keras's private names that the callbacks lean on still mean what we think."""

import keras
import numpy as np
import pytest

from kreg.callbacks import shim

X, Y = np.random.default_rng(0).normal(size=(8, 3)).astype("float32"), np.arange(8) % 2


def compiled():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, metrics=["accuracy"])
    return model


def variables(model) -> list:
    return [v for metric in model.metrics for v in metric.variables]


def test_building_makes_every_variable_that_an_evaluation_needs():
    model = compiled()
    before = len(variables(model))
    shim.build_metrics(model, (X, Y, None))
    built = variables(model)
    assert len(built) > before
    model.evaluate(X, Y, verbose=0)
    assert [id(v) for v in variables(model)] == [id(v) for v in built]


def test_building_twice_changes_nothing():
    model = compiled()
    model.evaluate(X, Y, verbose=0)
    before = [np.array(v) for v in variables(model)]
    shim.build_metrics(model, (X, Y, None))
    for old, new in zip(before, variables(model), strict=True):
        np.testing.assert_array_equal(old, np.array(new))


def test_settings_of_a_loss_are_those_of_its_function():
    loss = keras.losses.Huber(delta=0.5)
    assert loss.fn is keras.losses.huber and shim.settings_of(loss) == {"delta": 0.5}
    model = compiled()
    model.evaluate(X, Y, verbose=0)
    (part,) = shim.output_losses(shim.compiled_loss(model))
    assert tuple(part.path) == () and part.loss is model.loss


def test_the_compiled_loss_is_the_loss_without_penalties():
    model = compiled()
    model.evaluate(X, Y, verbose=0)
    model.layers[0].kernel.regularizer = keras.regularizers.L2(0.1)
    y_pred = model(X)
    expected = float(model.loss(Y, y_pred))
    assert float(shim.compiled_loss(model)(Y, y_pred)) == pytest.approx(expected, rel=1e-6)
    each = np.asarray(shim.example_loss(shim.compiled_loss(model))(Y, y_pred, None))
    assert each.shape == (8,) and each.mean() == pytest.approx(expected, rel=1e-6)
