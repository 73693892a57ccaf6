"""A saved and loaded model goes on as if it had never stopped, bit for bit, in every precision."""

import keras
import numpy as np
import pytest

from kreg import layers
from kreg.schedules import Linear

X = np.random.default_rng(0).normal(size=(24, 6, 6, 2)).astype("float32")
Y = np.random.default_rng(1).normal(size=(24, 1)).astype("float32")
MODES = {
    "eager": {"run_eagerly": True},
    "graph": {"jit_compile": False},
    "xla": {"jit_compile": True},
}


def dense_family():
    return [
        keras.Input((6, 6, 2)),
        keras.layers.Flatten(),
        layers.Dropout(Linear(0.1, 0.5, duration=8)),
        layers.DropConnect(keras.layers.Dense(6, activation="selu"), 0.3),
        layers.GaussianDropout(0.2),
        layers.AlphaDropout(0.2),
        layers.ConcreteDropout(0.2),
        keras.layers.Dense(1),
    ]


def image_family():
    return [
        keras.Input((6, 6, 2)),
        layers.SpatialDropout2D(0.3),
        layers.DropBlock2D(Linear(0.0, 0.3, duration=8), 3),
        layers.StochasticDepth(0.3),
        keras.layers.Flatten(),
        keras.layers.Dense(1),
    ]


def made(family, mode):
    keras.utils.set_random_seed(5)
    model = keras.Sequential(family())
    model.compile(keras.optimizers.Adam(0.01), "mse", **MODES[mode])
    return model


def fit(model, epochs):
    model.fit(X, Y, batch_size=8, epochs=epochs, shuffle=False, verbose=0)


def resumed_equals_uninterrupted(family, mode, policy, folder):
    keras.config.set_dtype_policy(policy)
    whole = made(family, mode)
    fit(whole, 2)
    part = made(family, mode)
    fit(part, 1)
    part.save(folder / "part.keras")
    keras.utils.set_random_seed(99)
    again = keras.models.load_model(folder / "part.keras")
    again.compile(again.optimizer, "mse", **MODES[mode])
    fit(again, 1)
    pairs = list(zip(whole.variables, again.variables, strict=True))
    assert pairs and all(np.array_equal(a.numpy(), b.numpy()) for a, b in pairs)
    assert all(np.isfinite(a.numpy()).all() for a, _ in pairs)


@pytest.mark.parametrize("family", [dense_family, image_family])
def test_resume_is_exact(family, tmp_path):
    resumed_equals_uninterrupted(family, "graph", "float32", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("family", [dense_family, image_family])
def test_resume_is_exact_in_every_precision_and_mode(family, mode, policy, tmp_path):
    resumed_equals_uninterrupted(family, mode, policy, tmp_path)


def test_kerass_own_dropout_does_not_resume(tmp_path):
    """The control: the same comparison tells a layer whose state is not saved."""

    def plain():
        return [
            keras.Input((6, 6, 2)),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(1),
        ]

    with pytest.raises(AssertionError):
        resumed_equals_uninterrupted(plain, "graph", "float32", tmp_path)
