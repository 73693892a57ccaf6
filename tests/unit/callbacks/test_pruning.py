"""A training of a search ends when it is asked to, not too early, and remembers it."""

from kreg.callbacks import Pruner
from tests.unit.callbacks.test_stopping import Scripted

CURVE = [3.0, 2.5, 2.4, 2.3]


def fit(pruner, model, data, curve=CURVE):
    (x, y), _ = data
    callbacks = [Scripted(val_clean_loss=curve), pruner]
    return model.fit(x, y, epochs=len(curve), verbose=0, callbacks=callbacks)


def test_it_stops_at_the_first_epoch_that_may_be_the_last(model, data):
    pruner = Pruner(lambda curve: min(curve) > 2.0, earliest=3)
    assert len(fit(pruner, model, data).epoch) == 3
    assert pruner.pruned
    assert "Pruned after epoch 3" in pruner.sentence and "2.4" in pruner.sentence


def test_it_lets_the_others_go_on_and_keeps_their_curve(model, data):
    pruner = Pruner(lambda curve: False)
    assert len(fit(pruner, model, data).epoch) == len(CURVE)
    assert (pruner.curve, pruner.pruned, pruner.sentence) == (CURVE, False, "")


def test_a_loss_that_is_not_finite_ends_training_and_is_no_part_of_the_curve(model, data):
    pruner = Pruner()
    fit(pruner, model, data, [1.0, float("nan"), 0.5])
    assert pruner.curve == [1.0] and not pruner.pruned


def test_a_resumed_training_goes_on_with_the_curve(model, data):
    first, second = Pruner(), Pruner(lambda curve: len(curve) == 3)
    fit(first, model, data, CURVE[:2])
    second.set_state(first.get_state())
    second.set_model(model)
    second.on_epoch_end(2, {"val_clean_loss": CURVE[2]})
    assert second.pruned and second.curve == CURVE[:3]
    assert second.get_state() == {"curve": CURVE[:3], "pruned": True}
