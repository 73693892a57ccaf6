"""thin: the strength grows until the model is small enough; the model itself is untouched."""

import keras
import numpy as np
import pytest
from keras import layers

import kreg
import kreg.optimizers
from kreg.surgery import compress, thin
from kreg.surgery.shrink import parameters_left
from tests.unit.surgery.random_models import random_model


def trained(optimizer=None):
    keras.utils.set_random_seed(0)
    dense = [layers.Dense(24, "relu", kernel_regularizer="l2"), layers.Dense(24, "relu")]
    model = keras.Sequential([keras.Input((6,)), *dense, layers.Dense(1)])
    model.compile(optimizer or kreg.optimizers.Adam(0.01), "mse")
    x = np.random.default_rng(0).normal(size=(512, 6)).astype("float32")
    y = (x[:, :1] - 2 * np.maximum(x[:, 1:2], 0)).astype("float32")
    model.fit(x, y, batch_size=16, epochs=2, verbose=0)
    return model, x, y


def test_training_ends_at_the_wanted_size_and_the_model_is_untouched():
    model, x, y = trained()
    before = [w.copy() for w in model.get_weights()]
    thinned, path = thin(model, x, y, keep=0.4, epochs=8, batch_size=16)
    assert all(map(np.array_equal, before, model.get_weights()))
    assert path[-1][1] <= 0.4 < path[0][1]
    assert [strength for strength, _ in path] == sorted(strength for strength, _ in path)
    smaller, report = compress(thinned, latency=False)
    assert report.ratio == pytest.approx(path[-1][1])
    assert model.layers[0].kernel.regularizer is not None
    assert float(keras.ops.mean((smaller(x) - y) ** 2)) < 0.6 * float(np.var(y)), "before a refit"


def test_too_few_epochs_leave_more_and_say_so():
    model, x, y = trained()
    _, path = thin(model, x, y, keep=0.01, epochs=1, batch_size=64)
    assert path[-1][1] > 0.01


@pytest.mark.parametrize("seed", range(12))
def test_the_parameters_left_are_those_of_compress(seed):
    model = random_model(seed)
    assert parameters_left(model) == compress(model, latency=False)[0].count_params()


def test_bad_arguments_are_sentences():
    model, x, y = trained()
    for arguments, named in (({"keep": 0.0}, "keep"), ({"epochs": 0}, "epochs")):
        with pytest.raises(ValueError, match=f"`{named}`"):
            thin(model, x, y, **arguments)
    model, x, y = trained(keras.optimizers.SGD(0.01))
    with pytest.raises(ValueError, match="reaches exact zeros"):
        thin(model, x, y)
