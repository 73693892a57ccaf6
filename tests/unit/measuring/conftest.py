"""Small models and data for the tests of what measures and of the callbacks."""

import keras
import numpy as np
import pytest


@pytest.fixture
def data():
    """Two noisy classes: 96 training and 64 validation rows of 6 features."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(160, 6)).astype("float32")
    y = (x[:, 0] + 0.8 * rng.normal(size=160) > 0).astype("int32")
    return (x[:96], y[:96]), (x[96:], y[96:])


@pytest.fixture
def model():
    return classifier()


def classifier(l2: float = 1e-2, dropout: float = 0.3, **compiled):
    """Dense 16 with dropout and L2, two logits."""
    keras.utils.set_random_seed(1)
    layers = [
        keras.Input((6,)),
        keras.layers.Dense(16, activation="relu", kernel_regularizer=keras.regularizers.L2(l2)),
        keras.layers.Dropout(dropout, seed=3),
        keras.layers.Dense(2),
    ]
    model = keras.Sequential(layers)
    settings = {
        "optimizer": keras.optimizers.Adam(0.01),
        "loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "metrics": ["accuracy"],
    }
    model.compile(**{**settings, **compiled})
    return model
