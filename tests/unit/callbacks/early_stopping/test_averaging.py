"""`average=k`: consecutive validations, the best epoch's zeros, fresh statistics, the better."""

import keras
import numpy as np
import pytest

import kreg
from kreg.callbacks.early_stopping.restoration import averaged
from kreg.callbacks.early_stopping.snapshots import Snapshots
from kreg.launch.compose import compose_job
from kreg.measuring import take
from kreg.measuring.batch_statistics import measure_again
from kreg.runs import RunDirectory, summary
from kreg.training import app
from tests.unit.callbacks.early_stopping.test_early_stopping import run, steps, tiny


def seen(curve, count, directory=None):
    """Snapshots of a model whose weight is the number of the epoch, from 1."""
    model, kept = tiny(), Snapshots(count, directory=directory)
    best = np.inf
    for epoch, value in enumerate(curve):
        model.set_weights([np.full((1, 1), epoch + 1.0)])
        kept.see(epoch, model, improved=value < best)
        best = min(best, value)
    return model, kept


def test_the_windows_are_consecutive_and_hold_the_best(tmp_path):
    curve = [5, 4, 3, 3.5, 2, 2.5, 2.6, 2.7, 2.8, 2.9]
    for directory in (None, tmp_path):
        _, kept = seen(curve, 3, directory)
        assert kept.best == 4
        assert kept.windows() == [[2, 3, 4], [3, 4, 5], [4, 5, 6]]
        assert float(kept.load(6)[0][0, 0]) == 7
    assert len(kept.numbers) <= 3 * 3 - 2


def test_at_the_edges_there_are_as_many_as_there_are():
    assert seen([3, 2, 1], 4)[1].windows() == [[0, 1, 2], [1, 2]]
    assert seen([1, 2, 3], 2)[1].windows() == [[0, 1]]
    assert seen([1], 3)[1].windows() == [] == seen([2, 1], 1)[1].windows()


def test_a_state_goes_on_with_the_same_windows():
    curve = [5, 4, 3, 3.5, 2, 2.5, 2.6, 2.7]
    model, kept = seen(curve[:5], 3)
    other = Snapshots(3)
    other.set_state(kept.get_state())
    for epoch in range(5, 8):
        model.set_weights([np.full((1, 1), epoch + 1.0)])
        other.see(epoch, model, improved=False)
    assert other.windows() == seen(curve, 3)[1].windows()
    old = {"epochs": [3, 7], "values": {"3": {"0": np.ones((1, 1))}, "7": {"0": np.ones((1, 1))}}}
    other.set_state(old)
    assert other.best == 7, "0.1 kept the best epochs, the best one last"


def test_on_disk_the_files_of_the_state_before_are_kept(tmp_path):
    seen([3, 2, 1], 1, tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["best-000001.npz", "best-000002.npz"]


def test_without_anything_to_measure_the_mean_up_to_the_best_is_taken():
    stop, model = run([4, 3, 2, 3, 3, 3], patience=3, average=2)
    assert steps(model) == 2.5 and stop.averaged_epochs == [1, 2]
    assert stop.restoration == "Restored the mean of epochs 2, 3."


def test_the_record_knows_which_epochs_a_mean_is_of(data):
    watch = kreg.Diagnostics(*data, verbose=0)
    stop = kreg.EarlyStopping("val_loss", patience=2, average=2, verbose=0)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(2)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    given = {"validation_data": data[1], "callbacks": [watch, stop], "verbose": 0}
    model.fit(*data[0], epochs=2, **given)
    (back,) = (event for event in watch.document["events"] if event["kind"] == "restore")
    assert back["mean"] == [1, 2] == [epoch + 1 for epoch in stop.averaged_epochs]


class Breaking(keras.callbacks.Callback):
    """All weights are NaN from the second epoch on."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch:
            self.model.set_weights([value * np.nan for value in self.model.get_weights()])


@pytest.mark.parametrize("monitor", ["val_clean_loss", "val_loss"])
def test_a_mean_with_a_broken_epoch_is_never_restored(data, monitor):
    """One is measured and has no finite loss; of the other nothing can be measured."""
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(2)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(kreg.optimizers.SGD(0.1), loss)
    stop = kreg.EarlyStopping(monitor, patience=3, average=5, validation=data[1], verbose=0)
    given = {"validation_data": data[1], "callbacks": [Breaking(), stop]}
    model.fit(*data[0], epochs=4, verbose=0, **given)
    assert all(np.isfinite(value).all() for value in model.get_weights())
    assert stop.best_epoch == 0 and stop.averaged_epochs == []
    assert stop.restoration.startswith("Restored epoch 1")


def test_what_has_not_moved_stays_the_same_to_the_last_bit():
    frozen = keras.layers.Dense(300, trainable=False)
    model, kept = keras.Sequential([keras.Input((3,)), frozen]), Snapshots(5)
    for epoch in range(5):
        kept.see(epoch, model, improved=True)
    for mean, weight in zip(averaged(model, kept, range(5)), model.get_weights(), strict=True):
        np.testing.assert_array_equal(mean, weight)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float64"])
def test_weights_of_every_precision_are_averaged(dtype):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, dtype=dtype)])
    kept = Snapshots(3)
    for epoch in range(3):
        model.set_weights([np.full(v.shape, epoch, v.dtype) for v in model.get_weights()])
        kept.see(epoch, model, improved=True)
    for mean, weight in zip(averaged(model, kept, range(3)), model.get_weights(), strict=True):
        assert mean.dtype == weight.dtype and (mean == 1).all()


def noisy(data, average, rate=0.3, regularizer=None, normalized=False, **stopping):
    """A training at a rate that is too high: its weights jump around their mean."""
    keras.utils.set_random_seed(0)
    (x, y), validation = data
    middle = [keras.layers.BatchNormalization(momentum=0.5)] if normalized else []
    head = keras.layers.Dense(2, kernel_regularizer=regularizer)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(8, "relu"), *middle, head])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(kreg.optimizers.SGD(rate), loss)
    rule = stopping or {"patience": 50}
    stop = kreg.EarlyStopping(average=average, validation=validation, verbose=0, **rule)
    model.fit(x, y, epochs=12, batch_size=8, verbose=0, callbacks=[stop])
    return model, stop


@pytest.mark.parametrize("criterion", [None, "refine"])
def test_the_better_of_best_epoch_and_mean_is_restored_and_said(data, criterion):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    x, y = data[1]
    for rate in (0.3, 0.003):
        stopping = {"criterion": criterion} if criterion else {}
        model, stop = noisy(data, 3, rate, **stopping)
        score = stop.clean_validation.score()
        assert score <= stop.best * (1 + 1e-6)
        if criterion is None:
            assert float(loss(y, model(x))) == pytest.approx(score, rel=1e-5)
        mean = stop.restoration.startswith("Restored the mean of epochs")
        assert mean == bool(stop.averaged_epochs)
        if mean:
            assert stop.best_epoch in stop.averaged_epochs and len(stop.averaged_epochs) in (2, 3)
            assert f"{score:.4g}" in stop.restoration
        else:
            told = (
                f"Restored epoch {stop.best_epoch + 1}: it measures {stop.best:.4g}, the mean of "
            )
            assert stop.restoration.startswith(told)


def test_a_mean_has_the_zeros_of_the_best_epoch_and_stays_in_its_set(data):
    model, stop = noisy(data, 3, regularizer=kreg.L1(0.05))
    kernel = model.layers[-1].kernel
    best = stop.best_weights[2]
    for window in stop.snapshots.windows():
        mean = averaged(model, stop.snapshots, window)[2]
        np.testing.assert_array_equal(mean == 0, best == 0)
        plain = np.mean([stop.snapshots.load(e)[2] for e in window], axis=0)
        np.testing.assert_allclose(mean[best != 0], plain[best != 0], rtol=1e-5)
    assert (best == 0).any() and kernel.shape == best.shape
    model, stop = noisy(data, 3, regularizer=kreg.NonNegative())
    assert all((averaged(model, stop.snapshots, w)[2] >= 0).all() for w in stop.snapshots.windows())


def test_batch_statistics_are_those_of_the_rows(data):
    model, stop = noisy(data, 3, normalized=True)
    norm = model.layers[1]
    x = data[0][0]
    seeds = keras.utils.set_random_seed(5)
    measure_again(model, take("x", data[0], 96))
    inside = np.asarray(model.layers[0](x))
    np.testing.assert_allclose(norm.moving_mean.numpy(), inside.mean(axis=0), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(norm.moving_variance.numpy(), inside.var(axis=0), rtol=1e-3)
    assert norm.momentum == 0.5 and seeds is None
    if stop.averaged_epochs:
        assert "were measured again" in stop.restoration


@pytest.mark.slow
def test_from_the_command_line_the_stop_sentence_says_which(tmp_path):
    words = ["data=breast_cancer", "model=shallow", "reg=none", "trainer.epochs=8", "stop=patience"]
    more = ["stop.average=3", "trainer.verbose=quiet", "logger=none"]
    app.run(compose_job([*words, *more, "diagnostics.probe_training=false"]), tmp_path / "run")
    result = RunDirectory(tmp_path / "run").result
    assert "Restored " in result["stop_sentence"]
    told = dict(summary.lines(result, tmp_path / "run"))["best epoch"]
    assert ("the mean of epochs" in told) == bool(result["averaged_epochs"])
