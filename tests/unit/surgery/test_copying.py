"""What a layer keeps beside its weights, a vocabulary say, is in every model that surgery makes."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

import kreg


def adapted(layer, data):
    layer.adapt(data)
    return layer


@keras.saving.register_keras_serializable("tests")
class Prices(keras.Layer):
    """A layer of somebody's own that keeps a table beside its weights."""

    prices = 1.0

    def call(self, x):
        return x * self.prices

    def save_assets(self, folder):
        Path(folder, "prices.txt").write_text(str(self.prices))

    def load_assets(self, folder):
        self.prices = float(Path(folder, "prices.txt").read_text())


@keras.saving.register_keras_serializable("tests")
class Inside(keras.Layer):
    """A layer of somebody's own that holds one with a vocabulary."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.lookup = layers.StringLookup(
            output_mode="one_hot", max_tokens=9, pad_to_max_tokens=True
        )

    def adapt(self, data):
        self.lookup.adapt(data)

    def call(self, x):
        return self.lookup(x)


def prices():
    layer = Prices()
    layer.prices = 3.0
    return layer


WORDS = np.array([["a b"], ["c\nd"], ["b"], ["b"]], dtype=object)
IDS = np.array([[7], [9], [9], [5]])
KEPT = {  # what a layer has learned that is none of its weights
    "StringLookup": lambda: adapted(layers.StringLookup(output_mode="one_hot"), WORDS),
    "tf-idf": lambda: adapted(layers.StringLookup(output_mode="tf_idf"), WORDS),
    "IntegerLookup": lambda: adapted(layers.IntegerLookup(output_mode="one_hot"), IDS),
    "TextVectorization": lambda: adapted(layers.TextVectorization(output_mode="tf_idf"), WORDS),
    "Discretization": lambda: adapted(
        layers.Discretization(num_bins=3, output_mode="one_hot"), IDS
    ),
    "Normalization": lambda: adapted(layers.Normalization(), IDS.astype("float32")),
    "assets": prices,
    "inside": lambda: adapted(Inside(), WORDS),
}


@pytest.mark.parametrize("name", KEPT)
def test_what_a_layer_keeps_beside_its_weights_is_kept(name):
    layer = KEPT[name]()
    words = name not in ("IntegerLookup", "Discretization", "Normalization", "assets")
    dtype = "string" if words else "int64" if name == "IntegerLookup" else "float32"
    data = keras.ops.convert_to_tensor(WORDS if words else IDS.astype(dtype))
    inputs = keras.Input((1,), dtype=dtype)
    hidden = layers.Dense(4, activation="relu")
    model = keras.Model(inputs, layers.Dense(1)(hidden(layer(inputs))))
    kernel, _ = hidden.get_weights()
    hidden.set_weights([np.where(np.arange(4) < 2, 0.0, kernel), np.zeros(4)])
    smaller, report = kreg.compress(model, data=data, latency=False)
    for other in (smaller, kreg.strip(model), kreg.with_dropout(model, 0.5)):
        np.testing.assert_allclose(other(data), model(data), atol=1e-6)
    assert report.after.parameters < report.before.parameters
