"""Several devices train the model of one; `tests/app/test_devices.py` has the whole app."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from kreg.callbacks.together import OneState
from kreg.launch.compose import compose_job
from kreg.training import mirrored, plan, shares, throughput
from kreg.training.plan import Plan
from tests import two_cpus

two_cpus.split()
WORDS = ["data=wine", "model=linear", "reg=l1", "reg.l1=0.1", "optimizer.clipnorm=0.5"]
WORDS += ["optimizer=sgd", "optimizer.learning_rate=0.5", "optimizer.warmup=0"]
WORDS += ["trainer.batch_size=33", "trainer.epochs=4"]


@pytest.fixture
def two():
    found = tf.config.list_logical_devices("CPU")
    if len(found) < 2:
        pytest.skip("TensorFlow was running before its CPU could be split in two")
    return mirrored.Devices([one.name for one in found[:2]])


def made(devices: mirrored.Devices, *words: str) -> Plan:
    config = compose_job([*WORDS, *words])
    keras.utils.set_random_seed(0)
    with devices.scope():
        training = plan.make(config)
    devices.join(training)
    return training


def trained(training: Plan) -> keras.Model:
    stream = training.stream()
    training.model.fit(
        training.spread(stream) if training.spread else stream,
        steps_per_epoch=training.steps, epochs=4, shuffle=False, verbose=0,
    )  # fmt: skip
    return training.model


def test_two_devices_train_the_weights_of_one(two):
    ours = trained(made(two, "distribute=mirrored"))
    theirs = trained(made(mirrored.Devices(["cpu"], asked=False), "trainer.jit_compile=false"))
    for left, right in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(left, right, rtol=0, atol=1e-5)
        np.testing.assert_array_equal(left == 0, right == 0)
    assert any((weight == 0).any() for weight in ours.get_weights())
    for name, values in theirs.history.history.items():
        np.testing.assert_allclose(ours.history.history[name], values, rtol=1e-5)


def test_what_the_sums_of_gradients_take_is_measured_and_told(two):
    training = made(two, "distribute=mirrored")
    found = throughput.of(training, training.stream(), epochs=2, seconds=10.0)
    assert 0 < found["sum_seconds"] < 10 and 0 < found["sum_share"] <= 1
    assert "the sums of the devices' gradients, measured alone" in found["told"]
    training.seconds_of_a_sum = None  # as on JAX
    assert "gradients take is not measured" in throughput.of(
        training, training.stream(), epochs=2, seconds=10.0
    )["told"]  # fmt: skip


def test_an_epoch_begins_with_one_state_on_all_devices(two):
    training = made(two, "distribute=mirrored")
    kernel = training.model.trainable_variables[0]
    first, second = kernel.value.values
    second.assign(second + 1.0)
    callback = OneState()
    callback.set_model(training.model)
    callback.on_epoch_begin(0)
    np.testing.assert_array_equal(first.numpy(), second.numpy())


def test_a_state_knows_how_many_devices_have_trained(two):
    training = made(two, "distribute=mirrored", "trainer.epochs=auto")
    assert shares.company(training) == "on 2 devices" and not training.data.warnings
    alone = made(mirrored.Devices(["CPU:0"]), "trainer.epochs=auto")
    assert training.model.steps_per_execution == 1 < alone.model.steps_per_execution
    assert shares.company(alone) == "alone" and alone.spread is None


def test_one_device_is_a_sentence_and_nothing_else():
    training = made(mirrored.Devices(["CPU:0"]))
    assert training.data.warnings == [mirrored.ONE.format(name="CPU:0")]
    assert not made(mirrored.Devices(["CPU:0"], asked=False)).data.warnings


def test_a_batch_without_a_row_for_each_device_is_refused(two):
    training = SimpleNamespace(data=SimpleNamespace(train=range(9)), batch_size=4)
    with pytest.raises(ValueError, match="distribute=mirrored: the last batch of 9 rows has 1"):
        two.join(training)


def test_only_who_asks_has_several_devices(two):
    assert mirrored.devices(compose_job([*WORDS]), "cpu").count == 1
    assert mirrored.devices(compose_job([*WORDS, "distribute=mirrored"]), "cpu").count >= 2
    checked = compose_job([*WORDS, "distribute=mirrored", "check=true"])
    assert mirrored.devices(checked, "cpu").count == 1
