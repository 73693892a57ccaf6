"""`criterion="refine"`: the epoch with the smallest loss after one temperature is kept."""

import csv

import keras
import numpy as np
import pytest

import kreg
from kreg.diagnostics.stopping_replay import replay
from kreg.launch.compose import compose_job
from kreg.runs import RunDirectory
from kreg.training import app


def fitted(*callbacks, loss=None, targets=2, rows=140, epochs=25, **given):
    """A training that becomes too sure long before it gets worse."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(rows, 20)).astype("float32")
    y = (x[:, 0] + rng.normal(size=rows) > 0).astype("int32")
    keras.utils.set_random_seed(0)
    layers = [keras.Input((20,)), keras.layers.Dense(64, "relu"), keras.layers.Dense(targets)]
    model = keras.Sequential(layers)
    loss = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.02), loss)
    held_out = x[60:], y[60:]
    made = [make((x[:60], y[:60]), held_out) for make in callbacks]
    data = {"validation_data": held_out} if given.get("validates") else {}
    history = model.fit(x[:60], y[:60], epochs=epochs, verbose=0, callbacks=made, **data)
    return model, history.history, made[-1]


def watch(train, validation):
    return kreg.Diagnostics(train, validation, verbose=0, probe_training=False)


def refine(train, validation):
    return kreg.EarlyStopping(criterion="refine", verbose=0)


def refine_alone(train, validation):
    return kreg.EarlyStopping(criterion="refine", validation=validation, verbose=0)


WAYS = {
    "Diagnostics": ((watch, refine), False),
    "rows of its own": ((refine_alone,), False),
    "the rows of fit": ((refine,), True),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_epoch_of_the_smallest_refined_loss_is_kept(way):
    callbacks, validates = WAYS[way]
    model, history, stop = fitted(*callbacks, validates=validates)
    curve = history["val_refined_loss"]
    assert stop.monitor == "val_refined_loss"
    assert stop.best_epoch == int(np.argmin(curve)) and stop.best == min(curve)
    assert stop.stopped_epoch == stop.best_epoch + 10, "ten validations of patience"
    clean, epoch = history["val_clean_loss"], int(np.argmin(history["val_clean_loss"]))
    assert clean[stop.best_epoch] >= clean[epoch] and curve[epoch] >= curve[stop.best_epoch]
    assert "val_refined_loss has not improved" in stop.sentence


def test_where_nothing_can_be_refined_it_is_refused_with_the_reason():
    with pytest.raises(ValueError, match="of a classification by a cross-entropy"):
        fitted(refine_alone, loss="mse", targets=1)
    with pytest.raises(ValueError, match="takes 30"):
        fitted(refine_alone, rows=80)
    with pytest.raises(ValueError, match="val_refined_loss is monitored and was not measured"):
        fitted(watch, refine, loss="mse", targets=1)


def test_its_replay_is_the_patience_on_that_curve():
    _, _, diagnostics = fitted(watch)
    row, same = replay(diagnostics.record, "refine,patience:10")
    refined = diagnostics.record.curve("val_refined_loss")
    assert row["stop_epoch"] in (None, int(np.nanargmin(refined)) + 11)
    assert row["rule"] == "refine" and same["error"] is None


SMALL = ["model=shallow", "trainer.epochs=14", "trainer.verbose=quiet", "stop=refine", "reg=none"]
BARE = ["logger=none", "diagnostics.probe_training=false", "stop.patience=3"]


@pytest.mark.slow
def test_from_the_command_line(tmp_path):
    app.run(compose_job([*SMALL, *BARE, "data=breast_cancer"]), tmp_path / "run")
    result = RunDirectory(tmp_path / "run").result
    with open(tmp_path / "run" / "history.csv") as file:
        curve = [float(row["val_refined_loss"]) for row in csv.DictReader(file)]
    assert result["best_epoch"] == int(np.argmin(curve)) + 1 and result["restored"]


@pytest.mark.slow
def test_a_regression_stops_by_patience_and_says_so(tmp_path):
    size = ["data.train_size=40", "trainer.epochs=2"]
    app.run(compose_job([*SMALL, *BARE, "data=diabetes", *size]), tmp_path / "run")
    result = RunDirectory(tmp_path / "run").result
    assert any("no classes to be calibrated" in text for text in result["warnings"])
    assert result["restored"]
