"""Keras's own tests of EarlyStopping judge ours, in compatibility settings.

They are private to Keras and change with it: this file runs them for the version that it was
written against, and is skipped for others.
"""

import functools
from unittest import mock

import keras
import pytest

import kreg

theirs = pytest.importorskip("keras.src.callbacks.early_stopping_test")
if not keras.__version__.startswith("3.15."):
    pytest.skip("written against the tests of Keras 3.15", allow_module_level=True)


class Compatible(kreg.EarlyStopping):
    """Keras's defaults, and the names that its tests look at."""

    def __init__(self, monitor="val_loss", patience=0, restore_best_weights=False, **arguments):
        super().__init__(
            monitor,
            patience=patience,
            restore_best_weights=restore_best_weights,
            verbose=0,
            rate_guard=0,
            **arguments,
        )

    @property
    def monitor_op(self):
        return keras.ops.less if self.mode == "min" else keras.ops.greater


def settable(name, write):
    """A property of `EarlyStopping` that Keras's tests assign to."""
    return property(getattr(kreg.EarlyStopping, name).fget, write)


Compatible.best = settable("best", lambda self, v: setattr(self.criterion, "best", v))
Compatible.wait = settable("wait", lambda self, v: setattr(self.criterion, "wait", v))
Compatible.best_epoch = settable(
    "best_epoch", lambda self, v: setattr(self.criterion, "best_epoch", v + 1)
)
Compatible.best_weights = settable(
    "best_weights", lambda self, v: self.snapshots.values.update({0: v})
)


class TestEarlyStopping(theirs.EarlyStoppingTest):
    """The tests of the class above run against `Compatible`."""

    def setUp(self):
        super().setUp()
        patch = mock.patch.object(theirs.callbacks, "EarlyStopping", Compatible)
        patch.start()
        self.addCleanup(patch.stop)


GOLDEN = [
    [3.0, 2.0, 1.0, 1.0, 1.0, 1.0, 0.5],
    [5.0, 4.0, 4.5, 3.9, 4.2, 4.1, 4.0, 3.0],
    [1.0, 2.0, 3.0, 4.0],
    [4.0, 3.0, 2.0, 1.0],
    [1.0, 1.0, 1.0, 1.0, 1.0],
    [2.0, 1.9, 1.85, 1.84, 1.83, 1.5, 1.6, 1.6],
    [0.9, 0.8, 0.7, 0.71, 0.72, 0.73],
]
SETTINGS = [
    {"patience": 0},
    {"patience": 1},
    {"patience": 2},
    {"patience": 3, "min_delta": 0.12},
    {"patience": 2, "min_delta": -0.12},
    {"patience": 3, "baseline": 1.0},
    {"patience": 2, "start_from_epoch": 2},
    {"patience": 2, "mode": "max", "monitor": "val_mse"},
]


class Weights:
    """Stands for a model whose weights are the epoch's number."""

    def __init__(self):
        self.stop_training, self.weights = False, [-1]

    def get_weights(self):
        return list(self.weights)

    def set_weights(self, weights):
        self.weights = list(weights)


def decisions(make, curve, settings):
    """Where it stopped, which epoch was the best, what was restored."""
    name = settings.get("monitor", "val_loss")
    callback, model = make(restore_best_weights=True, **settings), Weights()
    callback.set_model(model)
    callback.on_train_begin()
    last = None
    for last, value in enumerate(curve):
        model.weights = [last]
        callback.on_epoch_end(last, {name: value})
        if model.stop_training:
            break
    callback.on_train_end()
    return last, callback.stopped_epoch, callback.best_epoch, int(model.weights[0])


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("curve", GOLDEN, ids=lambda curve: f"{curve[0]}_{len(curve)}")
def test_the_same_decisions_as_keras(curve, settings):
    quiet = functools.partial(keras.callbacks.EarlyStopping, verbose=0)
    assert decisions(Compatible, curve, settings) == decisions(quiet, curve, settings)
