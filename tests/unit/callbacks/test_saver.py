"""The saver: what it saves, when it does not, and what it refuses. Equality is in tests/faults."""

import keras
import numpy as np
import pytest

from kreg.callbacks.saver import Saver

X, Y = np.ones((12, 3), np.float32), np.ones((12, 1), np.float32)


class Store:
    def __init__(self, state=None):
        self.start, self.saved = state, []

    def read(self):
        return self.start

    def write(self, state):
        self.saved.append(state)

    def epoch_ended(self):
        pass


class At(keras.callbacks.Callback):
    """Does something at one batch; looks like kreg's Interrupt where `exit_code` is set."""

    exit_code = 0

    def __init__(self, batch, action):
        super().__init__()
        self.batch, self.action = batch, action

    def on_train_batch_end(self, batch, logs=None):
        if batch == self.batch:
            self.action(self)


def stop(callback):
    callback.model.stop_training = True


def told_to_go(callback):
    callback.exit_code = 143
    stop(callback)


def make_model(width=4, optimizer="adam"):
    layers = [keras.layers.Dense(width), keras.layers.Dropout(0.5), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((3,)), *layers])
    model.compile(optimizer, "mse")
    return model


def fit(store, *others, model=None, last=True, epochs=2, every=0.0, inside=False):
    callbacks = [keras.callbacks.History(), *others]
    saver = Saver(store, callbacks, every, inside)
    callbacks.insert(len(callbacks) if last else 0, saver)
    start = (store.read() or {"epoch": 0})["epoch"]
    options = {"batch_size": 4, "epochs": epochs, "initial_epoch": start, "verbose": 0}
    (model or make_model()).fit(X, Y, callbacks=callbacks, **options)
    return store.saved


def test_a_state_an_epoch_with_everything_in_it():
    saved = fit(Store(), keras.callbacks.ReduceLROnPlateau("loss"))
    assert [state["epoch"] for state in saved] == [1, 2]
    assert saved[1]["callbacks"]["0:History"]["epoch"] == [0, 1]
    assert "best" in saved[1]["callbacks"]["1:ReduceLROnPlateau"]
    kinds = {value.dtype.kind for value in saved[1]["variables"]["model"]}
    assert kinds & {"i", "u"}, "the seed generator of Dropout is missing"


def test_between_two_states_there_may_be_time():
    """The first epoch and the last one, and the one at which a rule stops."""
    assert [state["epoch"] for state in fit(Store(), epochs=5, every=1e6)] == [1, 5]

    class StopsAtThree(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 2

    saved = fit(Store(), StopsAtThree(), epochs=5, every=1e6)
    assert [(state["epoch"], state["stopped"]) for state in saved] == [(1, False), (3, True)]


def test_states_within_an_epoch_say_where_and_have_its_metrics(monkeypatch):
    monkeypatch.setattr("kreg.callbacks.saver.INSIDE", np.inf)
    saved = fit(Store(), inside=True)
    places = [(state["epoch"], state.get("batch", 0)) for state in saved]
    assert places == [(0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (2, 0)]
    counts = [state["metrics"][1] for state in saved if "batch" in state]  # of the mean loss
    assert counts == [4, 8, 4, 8] and "metrics" not in saved[2]


def test_the_clock_thins_out_states_within_an_epoch():
    assert [state["epoch"] for state in fit(Store(), epochs=3, every=1e6, inside=True)] == [1, 3]


def test_a_signal_leaves_a_state_within_the_epoch_and_a_rule_none():
    (state,) = fit(Store(), At(1, told_to_go), every=1e6, inside=True)
    assert (state["epoch"], state["batch"], state["stopped"]) == (0, 2, False)
    assert fit(Store(), At(1, stop), every=1e6, inside=True) == []


def test_an_epoch_that_was_cut_short_is_not_saved():
    assert fit(Store(), At(1, stop)) == []


@pytest.mark.parametrize(("action", "stopped"), [(stop, True), (told_to_go, False)])
def test_a_rule_ends_training_for_good_and_a_signal_does_not(action, stopped):
    saved = fit(Store(), At(2, action))
    assert [(state["epoch"], state["stopped"]) for state in saved] == [(1, stopped)]


def test_the_history_of_before_is_kept():
    first = fit(Store(), epochs=1)[0]
    second = fit(Store(first))[0]
    assert second["callbacks"]["0:History"]["epoch"] == [0, 1]
    assert len(second["callbacks"]["0:History"]["history"]["loss"]) == 2


def test_the_saver_must_be_last():
    with pytest.raises(ValueError, match="must be the last callback"):
        fit(Store(), last=False)


def test_another_model_is_refused():
    saved = fit(Store(), epochs=1)[0]
    with pytest.raises(ValueError, match=r"shape \(3, 4\).*\(3, 5\)"):
        fit(Store(saved), model=make_model(width=5))
    with pytest.raises(ValueError, match="optimizer variables"):
        fit(Store(saved), model=make_model(optimizer="sgd"))


def test_other_callbacks_are_refused():
    saved = fit(Store(), epochs=1)[0]
    with pytest.raises(ValueError, match="other callbacks: .*ReduceLROnPlateau"):
        fit(Store(saved), keras.callbacks.ReduceLROnPlateau("loss"))


def test_a_refused_state_changes_nothing():
    saved = fit(Store(), epochs=1)[0]
    model = make_model(width=5)
    before = [v.numpy().tobytes() for v in model.variables]
    with pytest.raises(ValueError, match="another model"):
        fit(Store(saved), model=model)
    assert before == [v.numpy().tobytes() for v in model.variables]


class Rule(keras.callbacks.Callback):
    """Stops after its second epoch, as EarlyStopping does."""

    stopped_epoch = 0

    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            self.stopped_epoch = epoch
            self.model.stop_training = True


@pytest.mark.parametrize(("others", "stopped"), [([], False), ([Rule], True)])
def test_a_signal_leaves_it_to_the_rules_whether_training_is_over(others, stopped):
    """Told to go with the last batch of an epoch: a rule that stops there has still stopped."""

    class Last(At):
        def on_epoch_begin(self, epoch, logs=None):
            self.batch = 2 if epoch == 1 else None

    saved = fit(Store(), Last(None, told_to_go), *[make() for make in others], epochs=4)
    assert [state["epoch"] for state in saved] == [1, 2]
    assert saved[-1]["stopped"] is stopped
