"""The restart probe: it says whether the losses were free to fall, and leaves nothing behind."""

import random

import keras
import numpy as np
import pytest

import kreg
from kreg.diagnostics.rest import falls_on
from kreg.measuring import Rows, clean_evaluator, descent, restart_probe, weight_evaluator
from tests.unit.measuring.conftest import classifier

RNG = np.random.default_rng(0)
X = RNG.normal(size=(128, 2)).astype("float32")
Y = (X @ np.array([1.0, -2.0]) + 0.5 + 0.1 * RNG.normal(size=128)).astype("float32")
HALVES = Rows(X[:96], Y[:96]), Rows(X[96:], Y[96:])


def line(weights=None):
    """A linear regression that is compiled and measured once."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    if weights is not None:
        model.set_weights(weights)
    clean = clean_evaluator(model)
    clean(HALVES[0])
    return model, clean


def probed(weights=None, **more):
    model, clean = line(weights)
    return restart_probe.restart(model, clean, HALVES, HALVES[0], **more)


def least_squares():
    design = np.c_[HALVES[0].x, np.ones(96)]
    found = np.linalg.lstsq(design, HALVES[0].y, rcond=None)[0]
    return [found[:2, None], found[2:]]


def test_before_and_after_are_the_clean_losses():
    weights = [np.zeros((2, 1)), np.zeros(1)]
    found = probed(weights)
    assert found["train"][0] == pytest.approx(np.mean(HALVES[0].y ** 2), rel=1e-5)
    assert found["validation"][0] == pytest.approx(np.mean(HALVES[1].y ** 2), rel=1e-5)
    assert found["steps"] == restart_probe.STEPS and found["rate"] == 1e-2
    assert falls_on(found) and found["z"] < -3


def test_at_the_optimum_nothing_falls():
    found = probed(least_squares())
    assert not falls_on(found)
    assert found["train"][1] >= found["train"][0] - 1e-7, "no weights are better than the best"


def test_it_is_the_same_each_time():
    assert probed(least_squares()) == probed(least_squares())


def test_a_bad_training_is_told_from_a_bad_problem():
    model, clean = line([np.full((2, 1), 300.0), np.zeros(1)])  # too far for so few steps
    first = {model.weights[0].path: np.zeros((2, 1), "float32")}
    found = restart_probe.restart(model, clean, HALVES, HALVES[0], first=first)
    assert not falls_on(found)
    assert falls_on(found["fresh"]) and found["fresh"]["validation"][1] < 10
    assert found["free"]["validation"][1] < 10


def everything(model):
    """All that a training goes on with: weights, averages, seeds, the optimizer, random streams."""
    streams = [np.random.get_state()[1].copy(), np.array(random.getstate()[1])]
    streams.append(np.array(keras.random.normal((3,), seed=keras.random.SeedGenerator(7))))
    values = [np.array(v) for v in (*model.variables, *model.optimizer.variables)]
    return values, streams


def test_everything_is_put_back_bit_for_bit(data):
    train, validation = data
    model = classifier(dropout=0.4)
    model.add(keras.layers.BatchNormalization())
    model.compile(kreg.optimizers.Adam(0.01), model.loss, metrics=["accuracy"])
    model.fit(*train, epochs=1, verbose=0)
    clean, sides = clean_evaluator(model), (Rows(*train), Rows(*validation))
    clean(sides[0])
    random.seed(1)
    np.random.seed(1)
    values, streams = everything(model)
    first = {v.path: np.array(v) for v in model.trainable_variables if "kernel" in v.name}
    restart_probe.restart(model, clean, sides, sides[0], first=first)
    for before, after in zip((values, streams), everything(model), strict=True):
        for a, b in zip(before, after, strict=True):
            np.testing.assert_array_equal(a, b)


def test_an_error_in_the_middle_puts_the_weights_back(monkeypatch):
    model, clean = line()
    before = model.get_weights()

    def broken(self, batches, rate):
        model.set_weights([w + 1 for w in before])
        raise RuntimeError("no memory")

    monkeypatch.setattr(restart_probe.Descent, "__call__", broken)
    with pytest.raises(RuntimeError, match="no memory"):
        restart_probe.restart(model, clean, HALVES, HALVES[0])
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_its_cost_is_bounded(monkeypatch):
    steps, call = [], restart_probe.Descent.__call__

    def counting(self, batches, rate):
        steps.append(len(batches))
        assert all(len(batch[0]) <= restart_probe.BATCH for batch in batches)
        call(self, batches, rate)

    monkeypatch.setattr(restart_probe.Descent, "__call__", counting)
    model, clean = line(least_squares())
    first = {model.weights[0].path: np.zeros((2, 1), "float32")}
    restart_probe.restart(model, clean, HALVES, HALVES[0], first=first)
    once = len(restart_probe.RATES) * sum(restart_probe.LENGTHS)
    assert sum(steps) == 3 * once


def test_what_is_not_keras_own_step_is_left_alone(monkeypatch):
    class Own(keras.Sequential):
        def train_step(self, data):
            return super().train_step(data)

    own = Own([keras.Input((2,)), keras.layers.Dense(1)])
    own.compile("sgd", "mse")
    assert not restart_probe.possible(own, clean_evaluator(own))
    model, clean = line()
    assert restart_probe.possible(model, clean)
    monkeypatch.setattr(restart_probe, "MAX_COPY", 2)
    assert not restart_probe.possible(model, clean)


@pytest.mark.parametrize("switch", [True, False])
def test_the_switch(switch, monkeypatch, data):
    asked = []
    found = {"train": [1, 1], "validation": [1, 1], "penalty": [0, 0], "z": 0.0}
    monkeypatch.setattr(
        restart_probe, "restart", lambda *args, **more: asked.append(1) or dict(found)
    )
    train, validation = data
    model = classifier()
    model.optimizer.learning_rate.assign(0.0)  # the losses rest
    watch = kreg.Diagnostics(train, validation, probe_training=switch, verbose=0)
    model.fit(*train, epochs=9, verbose=0, callbacks=[watch])
    assert bool(asked) is switch and bool(watch.record.restart) is switch


def noisy(strength):
    """A small classifier with noise and a penalty, the same one each time."""
    model = classifier(dropout=0.4)
    kreg.regularize(model, kreg.L2(strength))
    model.compile(kreg.optimizers.Adam(0.01), model.loss, metrics=["accuracy"])
    return model


def probe_of(model, data):
    sides = [Rows(*side) for side in data]
    first = {v.path: np.array(v.numpy()) for v in model.trainable_variables if "kernel" in v.name}
    penalty = weight_evaluator(model)
    return restart_probe.restart(
        model,
        clean_evaluator(model),
        sides,
        sides[0],
        first=first,
        penalty=lambda: penalty().penalty,
    )


@pytest.mark.parametrize("most", [2**26, pytest.param(0, marks=pytest.mark.slow)])
def test_a_compiled_descent_sees_other_strengths_and_is_compiled_once(data, most, monkeypatch):
    monkeypatch.setattr(descent, "MOST_BYTES", most)  # in one call, or one by one
    model = noisy(1e-4)
    weak = probe_of(model, data)
    made = []
    monkeypatch.setattr(restart_probe, "Descent", lambda *told: made.append(told))
    model.optimizer.set_strengths(None, l2=10.0)
    strong = probe_of(model, data)
    assert not made
    monkeypatch.undo()
    assert weak == probe_of(noisy(1e-4), data)  # in one call, also where the first one was not
    assert strong == probe_of(noisy(10.0), data)
    assert strong["penalty"][0] > 1e4 * weak["penalty"][0]


def test_without_penalties_the_way_from_the_same_weights_is_gone_once(data, monkeypatch):
    monkeypatch.setattr(restart_probe, "falls_on", lambda found: False)  # causes are looked for
    model, gone = noisy(1e-4), []
    model.optimizer.build(model.trainable_variables)  # as in a training: strengths are its own
    descend = descent.Descent.__call__
    monkeypatch.setattr(
        descent.Descent, "__call__", lambda *told: (gone.append(told), descend(*told))
    )
    weak = probe_of(model, data)
    first = len(gone)
    model.optimizer.set_strengths(None, l2=10.0)
    strong = probe_of(model, data)
    assert (first, len(gone) - first) == (12, 8)
    assert strong["free"]["train"][1] == weak["free"]["train"][1]
    assert strong["free"]["penalty"][1] > 1e4 * weak["free"]["penalty"][1]
    probe_of(model, (data[0], data[0]))  # other rows on the validation side
    assert len(gone) - first == 20
