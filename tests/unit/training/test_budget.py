"""How many steps a training makes, in which epochs."""

import itertools

import numpy as np
import pytest

from kreg.config.validate import ConfigError
from kreg.launch.compose import compose_job
from kreg.training import plan, start
from kreg.training.budget import EPOCH, EPOCHS, LINEAR, NETWORK, Budget, planned
from kreg.training.options import TrainerOptions

WINE = ["data=wine", "model=shallow", "model.width=8", "reg=l1"]


def made(*words):
    config = compose_job(list(words))
    start.prepare(config.trainer, config.seed)
    return plan.make(config)


@pytest.mark.parametrize("steps", [1, 3, 4, 39, 40, 41, 1875])
def test_auto_makes_enough_steps_in_epochs_that_are_worth_a_look(steps):
    found = planned(TrainerOptions(), steps)
    assert found.total >= NETWORK and found.steps >= EPOCH and found.epochs >= EPOCHS
    assert found.steps == found.passes * steps < EPOCH + steps
    assert planned(TrainerOptions(), steps, linear=True).total >= LINEAR


def test_a_number_of_epochs_means_what_it_means_in_keras():
    assert planned(TrainerOptions(epochs=7), 4) == Budget(7, 4)
    assert made(*WINE, "trainer.epochs=7").budget == Budget(7, 4)


@pytest.mark.parametrize(("asked", "total"), [(1, 4), (10, 12), (400, 400), (401, 440)])
def test_steps_end_with_a_whole_epoch(asked, total):
    assert planned(TrainerOptions(steps=asked), 4).total == total


def test_the_length_is_told_once():
    with pytest.raises(ConfigError, match=r"trainer.steps=100 and trainer.epochs=3 both say"):
        compose_job(["trainer.steps=100", "trainer.epochs=3"])
    assert compose_job(["trainer.steps=100", "trainer.epochs=auto"]).trainer.steps == 100


@pytest.mark.parametrize("epochs", ["0", "1.5", "many", "null", "true"])
def test_what_is_no_number_of_epochs_is_refused(epochs):
    with pytest.raises(ConfigError, match=r"trainer.epochs"):
        compose_job([f"trainer.epochs={epochs}"])


def test_a_later_epoch_of_several_passes_begins_where_the_one_before_ends():
    training = made(*WINE, "data.train_size=60")
    assert training.budget.passes > 1
    whole = list(itertools.islice(training.stream(), 2 * training.steps))
    later = list(itertools.islice(training.stream(1), training.steps))
    for (x, y), (other, target) in zip(whole[training.steps :], later, strict=True):
        assert np.array_equal(x, other) and np.array_equal(y, target)
    passes = [np.concatenate([y for _, y in whole[i : i + 2]]) for i in (0, 2)]
    assert not np.array_equal(*passes) and np.array_equal(*map(np.sort, passes))


def test_schedules_count_epochs_and_not_passes():
    noisy = made(*WINE, "dropout=scheduled", "dropout.rate.duration=2")
    layer = next(layer for layer in noisy.model.layers if "dropout" in layer.name)
    assert layer.get_config()["rate"]["steps_per_epoch"] == noisy.steps > 4
    words = ["data=digits", "data.train_size=64", "augment=standard"]
    images = made(*words)
    assert images.augmentation.passes == images.budget.passes == 20


def test_the_learning_rate_ends_with_the_training():
    training = made(*WINE)
    rate = training.model.optimizer.scaled_rate
    assert float(rate(training.budget.total)) == pytest.approx(0, abs=1e-9)
    assert float(rate(training.budget.total // 2)) == pytest.approx(1e-3, rel=1e-3)


def test_short_epochs_of_several_passes_are_one_call_and_others_are_not():
    assert made(*WINE).model.steps_per_execution == 40
    assert made(*WINE, "trainer.epochs=3").model.steps_per_execution == 1
    assert Budget(60, 300, 2).steps_at_once(epoch_by_epoch=False) == 1
    assert Budget(60, 300, 2).steps_at_once(epoch_by_epoch=True) == 300


def test_one_call_for_many_steps_trains_bit_for_bit_the_same():
    weights = []
    for at_once in (1, None):
        training = made(*WINE, "dropout=light", "trainer.steps=80")
        training.model.steps_per_execution = at_once or training.model.steps_per_execution
        training.model.fit(
            training.stream(), steps_per_epoch=training.steps, epochs=2, shuffle=False, verbose=0
        )
        weights.append(training.model.get_weights())
    assert all(np.array_equal(a, b) for a, b in zip(*weights, strict=True))
