"""Evaluators are traced once for a model, and again as soon as they would be wrong."""

import logging

import keras
import numpy as np
import pytest
from keras import ops

from kreg.callbacks import NonFinite
from kreg.callbacks.non_finite import all_finite
from kreg.factories import optimizer
from kreg.launch.compose import compose_job
from kreg.measuring import Rows, clean_evaluator, evaluators, keras_numbers, weight_evaluator


@pytest.fixture
def model():
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(2, kernel_regularizer="l2", name="head")]
    )
    model.compile("sgd", loss="mse")
    return model


ROWS = Rows(np.ones((8, 3), "float32"), np.zeros((8, 2), "float32"))


def test_one_model_has_one_evaluator(model):
    assert clean_evaluator(model) is clean_evaluator(model)
    assert weight_evaluator(model) is weight_evaluator(model)


def test_weights_are_read_anew_and_rows_are_let_go(model):
    before = clean_evaluator(model)(ROWS).loss
    model.set_weights([2 * w for w in model.get_weights()])
    found = clean_evaluator(model)
    assert not found._on_device
    assert found(ROWS).loss == pytest.approx(4 * before)


def test_one_evaluator_takes_every_number_of_rows(model):
    x = np.random.default_rng(0).normal(size=(2100, 3)).astype("float32")
    y, measure = np.zeros((2100, 2), "float32"), clean_evaluator(model)
    for count in (300, 1100, 200, 2100, 1100, 40):
        measured = measure(Rows(x[:count], y[:count]))
        assert measured.loss == pytest.approx(float(np.square(model(x[:count])).mean()), 1e-5)


def test_a_new_loss_a_new_penalty_and_a_frozen_layer_are_noticed(model):
    first = clean_evaluator(model)
    penalty = weight_evaluator(model)().penalty
    model.compile("sgd", loss="mae")
    second = clean_evaluator(model)
    assert second is not first
    assert second(ROWS).loss == pytest.approx(float(np.abs(model(ROWS.x)).mean()), rel=1e-5)
    model.get_layer("head").kernel.regularizer = keras.regularizers.L2(0.02)
    assert weight_evaluator(model)().penalty == pytest.approx(2 * penalty)
    model.get_layer("head").trainable = False
    assert clean_evaluator(model) is not second


class Heard(logging.Handler):
    def __init__(self):
        super().__init__()
        self.said = []

    def emit(self, record):
        self.said.append(record.getMessage())


def test_the_models_of_a_search_are_not_said_to_be_traced_again():
    heard, logger = Heard(), logging.getLogger("tensorflow")
    logger.addHandler(heard)
    try:
        for _ in range(8):
            model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
            model.compile("sgd", loss="mse")
            clean_evaluator(model)(ROWS), weight_evaluator(model)()
    finally:
        logger.removeHandler(heard)
    assert heard.said == []


def test_a_model_that_is_not_built_costs_no_tracing(monkeypatch):
    evaluator = weight_evaluator(keras.Sequential([keras.layers.Dense(2)]))
    monkeypatch.setattr(evaluator, "_compute", None)
    assert evaluator().penalties == {} and evaluator().sparsity == 0.0


def test_the_rate_of_a_schedule_is_compiled_once_and_follows_its_height():
    config = compose_job(["optimizer=adam", "optimizer.schedule=cosine"])
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(optimizer.optimizer(config.optimizer, 10), "mse")
    model.optimizer.build(model.trainable_variables)
    scaled = model.optimizer.scaled_rate
    for step, height in ((0, 1e-3), (3, 1e-3), (3, 0.5), (9, 0.5)):
        model.optimizer.iterations.assign(step)
        scaled.set_height(height)
        expected = float(ops.convert_to_numpy(model.optimizer.learning_rate))
        assert keras_numbers.learning_rate(model) == pytest.approx(expected, rel=1e-5)  # float32
        evaluators.kept(model, (keras_numbers.learning_rate,), pytest.fail, scaled)  # it is there


def test_the_check_for_broken_weights_is_compiled_once_for_a_model():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    checks = []
    for _ in range(2):
        guard = NonFinite(verbose=0)
        model.fit(np.ones((4, 2)), np.ones(4), callbacks=[guard], verbose=0)
        checks.append(evaluators.kept(model, (all_finite,), pytest.fail))
    assert checks[0] is checks[1] and not guard.failure
    model.layers[0].kernel.assign([[np.nan], [0.0]])
    assert not bool(checks[0]())
