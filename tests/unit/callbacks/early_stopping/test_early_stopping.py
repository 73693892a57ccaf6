"""EarlyStopping: decisions on scripted curves, what it restores, and what it refuses."""

import math
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

import kreg
from kreg.callbacks.early_stopping import snapshots
from kreg.callbacks.shared_values import shared
from kreg.diagnostics import criteria
from tests.unit.measuring.conftest import classifier

NAN, INF = math.nan, math.inf


class Scripted(keras.callbacks.Callback):
    """Writes a scripted curve into the logs; place it before EarlyStopping."""

    def __init__(self, **curves):
        super().__init__()
        self.curves = curves

    def on_epoch_end(self, epoch, logs=None):
        logs.update({name: curve[epoch] for name, curve in self.curves.items()})


def tiny(optimizer=None):
    """One weight that is the number of training steps: which epoch was restored can be read."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(
        optimizer or keras.optimizers.SGD(1.0), loss=lambda y, p: -p[:, 0], run_eagerly=True
    )
    model.set_weights([np.zeros((1, 1))])
    return model


def run(curve, *, name="val_clean_loss", model=None, before=(), **arguments):
    """The stopper after a training with one step per epoch, and the model."""
    model = tiny() if model is None else model
    stop = kreg.EarlyStopping(monitor=name, verbose=0, **arguments)
    callbacks = [*before, Scripted(**{name: curve}), stop]
    x = np.ones((1, 1), "float32")
    model.fit(x, x, epochs=len(curve), verbose=0, callbacks=callbacks)
    return stop, model


def steps(model) -> float:
    return float(model.get_weights()[0][0, 0])


GOLDEN = [  # curve, patience -> (stopped epoch, best epoch), as Keras numbers them
    ([3, 2, 1, 1, 1, 1], 2, (4, 2)),
    ([3, 2, 1, 1.5, 0.5, 1, 1, 1], 2, (6, 4)),
    ([1, 2, 3, 4], 0, (1, 0)),
    ([1, 2, 3, 4], 1, (1, 0)),
    ([4, 3, 2, 1], 1, (0, 3)),
    ([NAN, 5, 4, 3, 2, 1], 3, (0, 5)),
    ([NAN, 3, 2, 1, 0.5, 0.4], 3, (0, 5)),
    ([3, NAN, NAN, NAN, 1], 2, (2, 0)),
    ([3, -INF, 2, 2.5, 2.6, 1], 2, (4, 2)),
    ([INF, 3, 2, 2, 2], 2, (4, 2)),
]


@pytest.mark.parametrize(("curve", "patience", "expected"), GOLDEN)
def test_golden_table(curve, patience, expected):
    stop, model = run(curve, patience=patience)
    assert (stop.stopped_epoch, stop.best_epoch) == expected
    assert steps(model) == expected[1] + 1  # the restored weights are those of the best epoch


def test_larger_is_better():
    stop, model = run([0.1, 0.5, 0.4, 0.3], name="val_accuracy", patience=2)
    assert (stop.stopped_epoch, stop.best_epoch, steps(model)) == (3, 1, 2)


@pytest.mark.parametrize(
    ("arguments", "stopped"),
    [
        ({"min_delta": 0.5}, 3),
        ({"min_delta": "40%"}, 3),
        ({"baseline": 1.9}, 2),
        ({"start_from_epoch": 2}, 0),
        ({"smoothing": 0.9}, 0),
    ],
)
def test_variants_of_patience(arguments, stopped):
    stop, _ = run([4, 2, 1.8, 1.6, 1.4, 1.3], patience=2, **arguments)
    if "baseline" in arguments:
        assert stop.best_epoch == 5  # improvement below the baseline does not stop by itself
    else:
        assert stop.stopped_epoch == stopped


def test_warm_up_counts_from_the_start_of_the_training():
    stop, _ = run([1, 2, 3, 4, 5, 6], patience=1, start_from_epoch=3)
    assert (stop.stopped_epoch, stop.best_epoch) == (4, 3)


@pytest.mark.parametrize(
    ("criterion", "reason", "stopped"),
    [
        ("gl:5", "gl", 3),
        ("patience:2", "patience", 4),
        ("threshold:1.2", "threshold", 2),
        ("budget:4", "epochs", 3),
        ("careful|divergence:3", "divergence", 5),
        (criteria.UP(1, 2), "up", 5),
        ("textbook", "overfitting", 3),
    ],
)
def test_every_family_of_criteria_stops(criterion, reason, stopped):
    curve = [3, 2, 1, 1.2, 1.3, 4, 5]
    train = Scripted(clean_loss=[7, 6, 5, 4, 3, 2, 1])
    stop, _ = run(curve, criterion=criterion, before=[train])
    assert (stop.stop_reason, stop.stopped_epoch) == (reason, stopped)
    assert stop.sentence.endswith(".")


def test_the_default_needs_no_arguments_and_no_rows(data):
    train, validation = data
    model = classifier()
    stop = kreg.EarlyStopping(verbose=0)
    history = model.fit(
        *train, validation_data=validation, epochs=3, verbose=0, callbacks=[stop]
    ).history
    penalty = np.array(history["val_loss"]) - history["val_clean_loss"]
    assert (penalty > 0.01).all()
    assert stop.stop_reason == "completed" and stop.best == min(history["val_clean_loss"])


def test_its_own_rows_give_per_example_losses(data):
    train, validation = data
    model = classifier()
    stop = kreg.EarlyStopping(criterion="paired:1.5", validation=validation, verbose=0)
    history = model.fit(*train, epochs=2, verbose=0, callbacks=[stop]).history
    assert "val_clean_loss" in history
    assert stop.criterion.best_examples.shape == (64,)


def test_with_rows_of_its_own_a_training_step_is_traced_once(data, traces):
    """The variables of the metrics, made inside of a step, cost a second trace."""
    train, validation = data
    model = classifier()
    stop = kreg.EarlyStopping(patience=5, validation=validation, verbose=0)
    model.fit(*train, epochs=1, verbose=0, callbacks=[stop])
    assert sum(traces) == 1


def test_diagnostics_lend_theirs(data):
    train, validation = data
    model = classifier()
    watch = kreg.Diagnostics(train, validation, verbose=0)
    stop = kreg.EarlyStopping(patience=3, min_delta="auto", verbose=0)
    model.fit(*train, epochs=2, verbose=0, callbacks=[watch, stop])
    np.testing.assert_array_equal(stop.criterion.best_examples, watch.record.examples[-1])


def test_a_paired_rule_without_rows_is_refused_before_the_first_epoch():
    with pytest.raises(ValueError, match="single validation rows"):
        run([1, 2, 3], criterion="paired:2")


def test_a_misspelt_monitor_is_an_error_with_the_names(data):
    train, validation = data
    stop = kreg.EarlyStopping(monitor="val_los", mode="min", verbose=0)
    with pytest.raises(ValueError, match="Did you mean 'val_loss'"):
        classifier().fit(*train, validation_data=validation, verbose=0, callbacks=[stop])


def test_no_validation_is_an_error_that_says_what_to_do(data):
    train, _ = data
    with pytest.raises(ValueError, match="Without validation data"):
        classifier().fit(*train, verbose=0, callbacks=[kreg.EarlyStopping()])


def test_validations_every_few_epochs(data):
    train, validation = data
    stop = kreg.EarlyStopping(monitor="val_loss", patience=1, validation_freq=2, verbose=0)
    model = classifier()
    model.optimizer.learning_rate = 0.0
    model.fit(
        *train, validation_data=validation, validation_freq=2, epochs=9, verbose=0, callbacks=[stop]
    )
    assert stop.stopped_epoch == 3  # the second validation brought nothing


def test_restoring_everything_rolls_the_optimizer_back():
    curve = [3, 2, 1, 2, 3]
    stop, model = run(curve, patience=2, restore="all", model=tiny(keras.optimizers.Adam(0.1)))
    assert int(model.optimizer.iterations) == 3
    _, weights_only = run(curve, patience=2, model=tiny(keras.optimizers.Adam(0.1)))
    assert int(weights_only.optimizer.iterations) == 5
    np.testing.assert_array_equal(model.get_weights()[0], weights_only.get_weights()[0])


def test_restoring_everything_rolls_the_seeds_back(data):
    train, _ = data
    model = classifier()
    stop = kreg.EarlyStopping("val_clean_loss", patience=9, restore="all", verbose=0)
    seeds = []

    class Seeds(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seeds.append(np.array(model.layers[1].seed_generator.state))

    script = Scripted(val_clean_loss=[3, 1, 2, 2])
    model.fit(*train, epochs=4, verbose=0, callbacks=[script, stop, Seeds()])
    assert not np.array_equal(seeds[1], seeds[3])
    np.testing.assert_array_equal(model.layers[1].seed_generator.state, seeds[1])


def test_keeping_the_last_weights():
    _, model = run([3, 1, 2, 2, 2], patience=2, restore_best=False)
    assert steps(model) == 4
    _, keras_name = run([3, 1, 2, 2, 2], patience=2, restore_best_weights=False)
    assert steps(keras_name) == 4


def test_best_on_disk_and_exported(tmp_path):
    export = tmp_path / "best.keras"
    stop, model = run([4, 3, 2, 3, 3, 3], patience=3, directory=tmp_path / "best")
    assert steps(model) == 3 and stop.snapshots.values == {}
    assert sorted(p.name for p in (tmp_path / "best").iterdir()) == [
        "best-000001.npz",
        "best-000002.npz",
    ]
    model = classifier()
    stop = kreg.EarlyStopping(patience=9, export=export, verbose=0)
    x, y = np.ones((4, 6), "float32"), np.zeros(4)
    script = Scripted(val_clean_loss=[2, 1, 3])
    model.fit(x, y, epochs=3, verbose=0, callbacks=[script, stop])
    np.testing.assert_array_equal(kreg.load_model(export).get_weights()[0], model.get_weights()[0])
    assert [p.name for p in tmp_path.glob("*.keras")] == ["best.keras"]


def test_a_snapshot_of_the_version_before_the_archive_is_restored(tmp_path):
    """`best_of_0a925ca.npz` was written by that commit's `Snapshots.take`."""
    kept = snapshots.Snapshots(directory=tmp_path)
    shutil.copy(Path(__file__).parent / "best_of_0a925ca.npz", tmp_path / "best-000001.npz")
    kept.set_state({"epochs": [1], "values": {}})
    matrix, count, halves = kept.load(1)
    np.testing.assert_array_equal(matrix, np.arange(6, dtype="float32").reshape(2, 3))
    np.testing.assert_array_equal(halves, np.array([0.5, 1.5], dtype="float16"))
    assert count.shape == () and count == 3


def test_a_failed_export_leaves_the_old_file(tmp_path, monkeypatch):
    export = tmp_path / "best.keras"
    export.write_bytes(b"old")
    monkeypatch.setattr(keras.Model, "save", lambda self, path: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run([1.0, 2.0], patience=1, export=export)
    assert export.read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 1


def test_the_mean_of_the_best_epochs():
    _, model = run([4, 3, 2, 3, 3, 3], patience=3, average=2)
    assert steps(model) == 2.5


def test_the_mean_is_dropped_when_it_measures_worse(data):
    train, validation = data
    model = classifier()
    stop = kreg.EarlyStopping(patience=9, average=3, validation=validation, verbose=0)
    model.fit(*train, epochs=5, verbose=0, callbacks=[stop])
    assert stop.clean_validation.score() <= stop.best + 1e-6


def test_dry_run_only_talks(capsys):
    model = tiny()
    stop = kreg.EarlyStopping(patience=2, dry_run=True)
    x = np.ones((1, 1), "float32")
    curve = [3, 2, 2.5, 2.6, 2.7, 2.8]
    model.fit(x, x, epochs=6, verbose=0, callbacks=[Scripted(val_clean_loss=curve), stop])
    assert steps(model) == 6 and (stop.would_stop_epoch, stop.stopped_epoch) == (3, 0)
    assert "would have stopped after epoch 4" in capsys.readouterr().out


def test_the_sentence_at_the_end(capsys):
    model = tiny()
    x = np.ones((1, 1), "float32")
    stop = kreg.EarlyStopping(patience=1)
    model.fit(x, x, epochs=4, verbose=0, callbacks=[Scripted(val_clean_loss=[1, 2, 3, 4]), stop])
    out = capsys.readouterr().out
    assert "stopped after epoch 2" in out and "Restored epoch 1." in out
    assert shared(model).events[0]["kind"] == "stop"


class Rates(keras.callbacks.Callback):
    def __init__(self, rates):
        super().__init__()
        self.rates = rates

    def on_epoch_end(self, epoch, logs=None):
        self.model.optimizer.learning_rate = self.rates[epoch]


def test_a_rising_learning_rate_puts_the_stop_off():
    curve = [1, 2, 3, 4, 5, 6, 7, 8]
    warm = Rates([1.0, 2.0, 3.0, 4.0, 4.0, 4.0, 4.0, 4.0])
    stop, _ = run(curve, patience=1, before=[warm], rate_guard=2)
    assert stop.stopped_epoch == 5
    stop, _ = run(curve, patience=1, before=[warm], rate_guard=0)
    assert stop.stopped_epoch == 1


def test_a_restart_that_comes_back_reopens_the_way():
    rates = Rates([0.1, 1.0, 0.5, 0.1, 0.1])
    stop, _ = run([1, 2, 3, 4, 5], patience=1, before=[rates], rate_guard=10)
    assert stop.stopped_epoch == 3


COSINE = [0.5 * (1 + math.cos(math.pi * t / 20)) for t in range(1, 21)]
FLAT = [1.0 - 0.04 * min(t, 14) for t in range(20)]  # falls as long as the rate is not small


def test_the_end_of_a_schedule_is_no_reason_to_stop():
    """The loss rests because the rate goes to zero; whether it has converged nobody knows."""
    stop, _ = run(FLAT, patience=2, before=[Rates(COSINE)])
    assert stop.stop_reason == "completed"
    stop, _ = run(FLAT, patience=2, before=[Rates([0.1] * 20)])
    assert (stop.stop_reason, stop.stopped_epoch) == ("patience", 16)
    stop, _ = run(FLAT, patience=2, before=[Rates(COSINE)], rate_guard=0)
    assert stop.stop_reason == "patience"


def test_a_loss_that_gets_worse_at_the_end_of_a_schedule_is_one():
    worse = [*FLAT[:15], *(FLAT[14] * (1 + 0.03 * t) for t in range(1, 6))]
    stop, _ = run(worse, patience=2, before=[Rates(COSINE)])
    assert stop.stop_reason == "patience"


def test_a_rate_that_was_lowered_on_a_plateau_is_no_end():
    stop, _ = run(FLAT, patience=4, before=[Rates([1.0] * 15 + [0.01] * 5)])
    assert (stop.stop_reason, stop.stopped_epoch) == ("patience", 18)


def test_a_second_valley_is_noted():
    curve = [1.0, 2.0, 3.0, 2.9, 2.8, 2.7]
    stop, _ = run(curve, patience=5)
    assert any("double descent" in note for note in stop.notes)


def test_a_half_epoch_does_not_count():
    model = tiny()

    class Cut(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            shared(self.model).partial = epoch == 1
            self.model.stop_training = epoch == 1

    stop, _ = run([2, 1, 3], patience=5, model=model, before=[Cut()])
    assert stop.best_epoch == 0 and stop.stop_reason == "interrupted"


@pytest.mark.parametrize(
    "arguments",
    [
        {"patience": -1},
        {"patience": 2.5},
        {"patience": 3, "criterion": "gl:2"},
        {"patience": 3, "min_delta": "some"},
        {"min_delta": 0.1},
        {"monitor": "val_loss", "mode": "max"},
        {"monitor": "val_accuracy", "mode": "min"},
        {"monitor": "val_thing"},
        {"mode": "down"},
        {"criterion": "gll:2"},
        {"smoothing": 1.0},
        {"average": 0},
        {"restore": "half"},
        {"export": "best.h5"},
        {"start_from_epoch": -1},
        {"restore_best": "yes"},
    ],
    ids=str,
)
def test_wrong_arguments_are_refused_at_once(arguments):
    with pytest.raises(ValueError, match="Invalid value received"):
        kreg.EarlyStopping(**arguments)
