"""`keras.distribution` under TensorFlow does nothing, silently: kreg says so where it is asked."""

import keras
import numpy as np
import pytest

import kreg

X, Y = np.zeros((8, 2), "float32"), np.zeros(8, "float32")


@pytest.fixture
def two_devices():
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=["cpu:0", "cpu:1"]))
    yield
    keras.distribution.set_distribution(None)


def model():
    made = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    made.compile("sgd", "mse")
    return made


USES = {
    "regularize": lambda made: kreg.regularize(made, kreg.L1(0.1)),
    "fit": lambda made: kreg.fit(made, X, Y, validation_split=0.5, verbose=0),
    "early stopping": lambda made: made.fit(
        X, Y, validation_data=(X, Y), callbacks=[kreg.EarlyStopping(verbose=0)], verbose=0
    ),
}


@pytest.mark.parametrize("use", USES)
def test_a_distribution_without_an_effect_is_refused(two_devices, use):
    with pytest.raises(ValueError, match=r"set_distribution\(DataParallel\) has no effect"):
        USES[use](model())


@pytest.mark.parametrize("use", USES)
def test_without_one_nothing_is_said(use):
    USES[use](model())


def test_it_is_still_silent_in_keras(two_devices):
    """When Keras spreads variables under TensorFlow, the refusal goes."""
    made = model()
    made.fit(X, Y, verbose=0)
    assert {weight.value.device.split(":", 1)[1] for weight in made.weights} == {
        "localhost/replica:0/task:0/device:CPU:0"
    }
