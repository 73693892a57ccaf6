"""A training of a search ends when it is asked to, not too early, and remembers it."""

import keras

from kreg.callbacks import Saver, TrialStopping
from tests.unit.callbacks.early_stopping.test_early_stopping import Scripted

CURVE = [3.0, 2.5, 2.4, 2.3]


def fit(trial, model, data, curve=CURVE):
    (x, y), _ = data
    callbacks = [Scripted(val_clean_loss=curve), trial]
    return model.fit(x, y, epochs=len(curve), verbose=0, callbacks=callbacks)


def test_it_stops_at_the_first_epoch_that_may_be_the_last(model, data):
    trial = TrialStopping(lambda curve: min(curve) > 2.0, earliest=3)
    assert len(fit(trial, model, data).epoch) == 3
    assert trial.ended
    assert "Ended as hopeless after epoch 3" in trial.sentence and "2.4" in trial.sentence


def test_it_lets_the_others_go_on_and_keeps_their_curve(model, data):
    trial = TrialStopping(lambda curve: False)
    assert len(fit(trial, model, data).epoch) == len(CURVE)
    assert (trial.curve, trial.ended, trial.sentence) == (CURVE, False, "")


def test_a_loss_that_is_not_finite_ends_training_and_is_no_part_of_the_curve(model, data):
    trial = TrialStopping()
    fit(trial, model, data, [1.0, float("nan"), 0.5])
    assert trial.curve == [1.0] and not trial.ended


def test_a_resumed_training_goes_on_with_the_curve(model, data):
    first, second = TrialStopping(), TrialStopping(lambda curve: len(curve) == 3)
    fit(first, model, data, CURVE[:2])
    second.set_state(first.get_state())
    second.set_model(model)
    second.on_epoch_end(2, {"val_clean_loss": CURVE[2]})
    assert second.ended and second.curve == CURVE[:3]
    assert second.get_state() == {"curve": CURVE[:3], "pruned": True}


def test_states_know_it_by_its_first_name():
    saver = Saver(store=None, callbacks=[keras.callbacks.History(), TrialStopping()])
    assert list(saver.peers) == ["0:History", "1:Pruner"]
