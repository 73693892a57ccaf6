"""Where the optimizer averages the weights, the average is what is measured, kept and reported."""

import csv

import keras
import numpy as np
import pytest

import kreg
from kreg.launch.compose import compose_job
from kreg.measuring.used_weights import lagging, used_weights
from kreg.runs import RunDirectory
from kreg.training import app
from tests.unit.measuring.conftest import classifier

AVERAGING = {"use_ema": True, "ema_momentum": 0.9}


def fitted(data, optimizer, callbacks=(), epochs=3, **arguments):
    (x, y), validation = data
    model = classifier(optimizer=optimizer, **arguments)
    history = model.fit(
        x, y, validation_data=validation, epochs=epochs, verbose=0, callbacks=list(callbacks)
    )
    return model, history.history


class Raw(keras.callbacks.Callback):
    """The raw weights and the optimizer's averages at the end of the last epoch."""

    def on_epoch_end(self, epoch, logs=None):
        self.raw = self.model.get_weights()
        with used_weights(self.model) as outer:
            with used_weights(self.model):
                self.inside = self.model.get_weights()
            assert outer.depth == 1
        self.after = self.model.get_weights()


def equal(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("optimizer", [keras.optimizers.Adam, kreg.optimizers.Adam])
def test_inside_the_block_are_the_weights_with_which_fit_ends(data, optimizer):
    look = Raw()
    model, _ = fitted(data, optimizer(0.01, **AVERAGING), [look])
    assert equal(look.inside, model.get_weights())
    assert equal(look.raw, look.after) and not equal(look.raw, look.inside)


def test_without_an_average_and_before_the_first_step_nothing_happens(data):
    look = Raw()
    model, _ = fitted(data, keras.optimizers.Adam(0.01), [look])
    assert equal(look.raw, look.inside) and equal(look.raw, model.get_weights())
    fresh = classifier(optimizer=keras.optimizers.Adam(0.01, **AVERAGING))
    fresh.optimizer.build(fresh.trainable_variables)
    before = fresh.get_weights()
    with used_weights(fresh):
        assert equal(before, fresh.get_weights()), "an average that has not begun is all zeros"


def test_the_training_itself_is_that_without_kreg(data):
    plain, alone = fitted(data, keras.optimizers.Adam(0.01, **AVERAGING))
    watch = [
        kreg.Diagnostics(*data, verbose=0, probe_training=False),
        kreg.EarlyStopping(restore_best=False, verbose=0),
    ]
    watched, history = fitted(data, keras.optimizers.Adam(0.01, **AVERAGING), watch)
    assert equal(plain.get_weights(), watched.get_weights())
    assert history["loss"] == alone["loss"]


@pytest.mark.parametrize("measured", [True, False])
def test_curves_monitor_and_best_epoch_are_of_the_average(data, measured):
    stop = kreg.EarlyStopping(patience=50, verbose=0)
    callbacks = [kreg.Diagnostics(*data, verbose=0, probe_training=False)] if measured else []
    optimizer = keras.optimizers.Adam(0.05, **AVERAGING)
    model, history = fitted(data, optimizer, [*callbacks, stop], epochs=12)
    curve = history["val_clean_loss"]
    assert stop.best == min(curve) and stop.best_epoch == int(np.argmin(curve)) < 11
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    x, y = data[1]
    assert float(loss(y, model(x, training=False))) == pytest.approx(stop.best, rel=1e-5)
    penalty = sum(float(value) for value in model.losses)
    logged = history["val_loss"][stop.best_epoch]
    assert logged == pytest.approx(stop.best + penalty, rel=1e-5)
    (text,) = [e["text"] for e in events(model) if e["kind"] == "restore"]
    assert "moving average" in text


def events(model):
    from kreg.callbacks.shared_values import shared

    return shared(model).events


@pytest.mark.parametrize(("on_epoch", "first"), [(True, True), (False, False)])
def test_beside_the_callback_of_keras_for_it(data, on_epoch, first):
    swap = keras.callbacks.SwapEMAWeights(swap_on_epoch=on_epoch)
    watch = kreg.Diagnostics(*data, verbose=0, probe_training=False)
    order = [swap, watch] if first else [watch, swap]
    model, history = fitted(data, keras.optimizers.Adam(0.05, **AVERAGING), order)
    twin, expected = fitted(data, keras.optimizers.Adam(0.05, **AVERAGING), [watch])
    assert history["val_clean_loss"] == pytest.approx(expected["val_clean_loss"], rel=1e-5)
    for one, other in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_an_average_that_remembers_the_start_is_said(data):
    model = classifier(optimizer=keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.9999))
    assert "10,000 steps (momentum 0.9999)" in lagging(model, 2400)
    assert "0.9983 or less" in lagging(model, 2400)
    assert not lagging(model, 41_000) and not lagging(model, None)
    assert not lagging(classifier(), 10)
    rising = kreg.schedules.Linear(0.5, 0.9999, duration=10)
    moving = classifier(optimizer=kreg.optimizers.Adam(0.01, use_ema=True, ema_momentum=rising))
    assert "10,000 steps (momentum 0.9999)" in lagging(moving, 2400)
    watch = kreg.Diagnostics(*data, verbose=0, probe_training=False)
    fitted(data, model.optimizer, [watch], epochs=1)
    assert any("lag behind" in note for note in watch.notes)


def test_history_and_result_of_a_run_are_of_the_same_weights(tmp_path):
    """Under `optimizer.ema` they were 0.57 and 0.27 under one name."""
    settings = ["data=wine", "model=linear", "optimizer.ema=0.97", "trainer.epochs=8", "reg=l1"]
    more = ["trainer.verbose=quiet", "logger=none", "stop.patience=20"]
    app.run(compose_job([*settings, *more, "diagnostics.probe_training=false"]), tmp_path / "run")
    result = RunDirectory(tmp_path / "run").result
    with open(tmp_path / "run" / "history.csv") as file:
        rows = list(csv.DictReader(file))
    best = rows[result["best_epoch"] - 1]
    for name in ("clean_loss", "val_clean_loss", "val_clean_accuracy"):
        assert float(best[name]) == pytest.approx(result["metrics"][name], rel=1e-5), name
    assert float(best["sparsity"]) == pytest.approx(result["sparsity"], abs=1e-6)
