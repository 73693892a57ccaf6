"""Kill and resume at every epoch: the same stop, the same best, the same weights, bit for bit."""

import copy

import keras
import numpy as np
import pytest

import kreg
from kreg import archive
from kreg.callbacks import HistoryFile, Saver, stateful
from tests.unit.callbacks.early_stopping.test_early_stopping import Scripted
from tests.unit.measuring.conftest import classifier

EPOCHS = 9


class Memory:
    """A store that keeps a copy of every state, and begins with one."""

    def __init__(self, state=None):
        self.begin, self.states = state, []

    def read(self):
        return self.begin

    def write(self, state):
        self.states.append(copy.deepcopy(state))


CURVE = [5.0, 4.0, 3.0, 3.5, 2.9, 3.1, 3.2, 3.3, 3.4]


def ordered(data, first=0):
    """Batches whose order is a function of the epoch, as kreg's epoch stream makes them."""
    import tensorflow as tf

    (x, y), _ = data

    def epoch(e):
        order = tf.random.experimental.stateless_shuffle(
            tf.range(len(x)), seed=[3, tf.cast(e, tf.int32)]
        )
        return tf.data.Dataset.from_tensor_slices(order).batch(32)

    rows = tf.data.Dataset.range(first, EPOCHS).flat_map(epoch)
    return rows.map(lambda i: (tf.gather(x, i), tf.gather(y, i)))


def kreg_callbacks(data, folder):
    watch = kreg.Diagnostics(*data, adapt=False, verbose=0)
    stop = kreg.EarlyStopping(patience=3, average=2, restore="all", verbose=0)
    return [watch, Scripted(val_clean_loss=CURVE), stop, HistoryFile(folder / "history.csv")]


def paired_callbacks(data, folder):
    watch = kreg.Diagnostics(*data, adapt=False, verbose=0)
    stop = kreg.EarlyStopping(patience=2, min_delta="auto", directory=folder / "best", verbose=0)
    return [watch, stop, HistoryFile(folder / "history.csv")]


def keras_callbacks(data, folder):
    return [
        Scripted(val_loss=CURVE),
        keras.callbacks.EarlyStopping("val_loss", patience=2, restore_best_weights=True),
        keras.callbacks.ReduceLROnPlateau("val_loss", patience=1, factor=0.5, min_delta=0.02),
        keras.callbacks.ModelCheckpoint(
            folder / "best.weights.h5", "val_loss", save_best_only=True, save_weights_only=True
        ),
        HistoryFile(folder / "history.csv"),
    ]


def train(data, make, folder, state=None):
    """One training, with a copy of every state that was written."""
    folder.mkdir(exist_ok=True)
    store, first = Memory(state), 0 if state is None else state["epoch"]
    model = classifier(optimizer=keras.optimizers.Adam(0.02))
    callbacks = [keras.callbacks.History(), *make(data, folder)]
    callbacks.append(Saver(store, callbacks))
    history = model.fit(
        ordered(data, first),
        steps_per_epoch=3,
        shuffle=False,
        epochs=EPOCHS,
        initial_epoch=first,
        validation_data=data[1],
        verbose=0,
        callbacks=callbacks,
    )
    weights = [np.array(v) for v in (*model.variables, *model.optimizer.variables)]
    return store.states, weights, callbacks, history


def same_file(a, b):
    return (a / "history.csv").read_text() == (b / "history.csv").read_text()


@pytest.mark.parametrize(
    "make",
    [kreg_callbacks, paired_callbacks, pytest.param(keras_callbacks, marks=pytest.mark.slow)],
)
def test_kill_and_resume_at_every_epoch(make, data, tmp_path):
    states, weights, callbacks, history = train(data, make, tmp_path / "whole")
    assert 3 <= len(states) <= EPOCHS
    stop = next(c for c in callbacks if hasattr(c, "stopped_epoch"))
    if make is not paired_callbacks:
        assert stop.stopped_epoch > 0
    for state in states[:-1]:
        folder = tmp_path / f"resumed{state['epoch']}"
        # what was on disk when the run was killed, and more: the killed epoch wrote as well
        folder.mkdir()
        for path in (tmp_path / "whole").rglob("*.npz"):
            (folder / "best").mkdir(exist_ok=True)
            (folder / "best" / path.name).write_bytes(path.read_bytes())
        later, again, peers, rest = train(data, make, folder, state)
        ours = next(c for c in peers if hasattr(c, "stopped_epoch"))
        for name in ("stopped_epoch", "best_epoch", "best"):
            assert getattr(ours, name) == getattr(stop, name), (state["epoch"], name)
        for old, new in zip(weights, again, strict=True):
            np.testing.assert_array_equal(old, new, err_msg=f"resumed after {state['epoch']}")
        assert rest.history == history.history and rest.epoch == history.epoch
        assert same_file(tmp_path / "whole", folder)
        assert [s["epoch"] for s in later] == [s["epoch"] for s in states[state["epoch"] :]]


def test_a_state_can_come_before_or_during_the_training():
    one = kreg.EarlyStopping(patience=3, verbose=0)
    two = kreg.EarlyStopping(patience=3, verbose=0)
    for stopper in (one, two):
        stopper.set_model(classifier())
        stopper.on_train_begin()
        for epoch, value in enumerate([3.0, 2.0, 2.5]):
            stopper.on_epoch_end(epoch, {"val_clean_loss": value})
    state = one.get_state()
    fresh = kreg.EarlyStopping(patience=3, verbose=0)
    fresh.set_model(two.model)
    fresh.set_state(state)
    fresh.on_train_begin()
    assert (fresh.wait, fresh.best, fresh.best_epoch) == (1, 2.0, 1)
    again = kreg.EarlyStopping(patience=3, verbose=0)
    again.set_model(two.model)
    again.on_train_begin()
    again.set_state(state)
    assert (again.wait, again.best, again.best_epoch) == (1, 2.0, 1)


def test_states_are_json_and_arrays(data, tmp_path):
    states, *_ = train(data, kreg_callbacks, tmp_path)
    plain, arrays = archive.flatten(states[-1])  # raises for anything else
    assert archive.restore(plain, arrays).keys() == states[-1].keys()


def test_keras_min_delta_is_not_turned_twice():
    plateau = keras.callbacks.ReduceLROnPlateau("val_loss", min_delta=0.5, patience=2)
    plateau.set_model(classifier())
    plateau.on_train_begin()
    for epoch in range(3):
        plateau.on_epoch_end(epoch, {"val_loss": 1.0})
    state = stateful(plateau).get_state()
    assert set(state) == {"wait", "best", "cooldown_counter"}
