"""Which models are compiled by XLA on the device that there is."""

import keras
import pytest

from kreg.training.options import TrainerOptions
from kreg.training.xla import jit_compile


def model_with(*layers):
    return keras.Sequential([keras.Input((8, 8, 1)), *layers])


def test_auto_keeps_xla_away_from_convolutions_on_a_processor():
    nested = model_with(model_with(keras.layers.Conv2D(2, 3)))
    for convolutional in (model_with(keras.layers.Conv2D(2, 3)), nested):
        assert jit_compile(TrainerOptions(device="cpu"), convolutional) is False


def test_auto_is_kerass_own_choice_for_dense_networks():
    dense = model_with(keras.layers.Flatten(), keras.layers.Dense(2))
    assert jit_compile(TrainerOptions(device="cpu"), dense) == "auto"


@pytest.mark.parametrize("asked", [True, False])
def test_what_was_asked_for_is_done(asked):
    convolutional = model_with(keras.layers.Conv2D(2, 3))
    assert jit_compile(TrainerOptions(jit_compile=asked), convolutional) is asked
