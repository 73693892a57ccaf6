"""kreg.strip: same outputs, no kreg inside, loadable where kreg does not exist."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers, ops

import kreg.layers
from kreg.surgery import attached, regularize, strip
from kreg.surgery.copying import from_config


@keras.saving.register_keras_serializable(package="kreg")
class Penalty(keras.Regularizer):
    """Stands for any penalty of kreg."""

    def __call__(self, x):
        return ops.sum(ops.abs(x))

    def get_config(self):
        return {}


def model_with_everything():
    keras.utils.set_random_seed(1)
    inputs = keras.Input((6, 6, 2), name="image")
    block = keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            layers.Conv2D(3, 3, name="conv", activity_regularizer=Penalty()),
            kreg.layers.Dropout(0.3, name="noise"),
        ]
    )
    x = layers.Rescaling(0.5)(inputs)
    x = layers.Normalization(name="scale")(x)
    x = layers.Flatten()(block(x))
    x = kreg.layers.Dropout(0.0, name="silent")(x * 2.0)
    outputs = {"a": layers.Dense(3, name="a")(x), "b": layers.Dense(1, name="b")(x)}
    model = keras.Model(inputs, outputs)
    model.get_layer("scale").adapt(np.random.default_rng(0).normal(3, 2, size=(50, 6, 6, 2)))
    model.compile("adam", "mse")
    return regularize(model, Penalty())


def test_same_outputs_and_the_model_is_not_touched():
    model = model_with_everything()
    x = np.random.default_rng(0).normal(size=(5, 6, 6, 2)).astype("float32")
    config, before = model.to_json(), model(x)
    stripped = strip(model)
    after = stripped(x)
    assert all(np.array_equal(before[key], after[key]) for key in ("a", "b"))
    assert model.to_json() == config and model.compiled and not stripped.compiled
    assert attached(stripped) == [] and stripped.losses == []
    assert "kreg" not in stripped.to_json()
    assert stripped.layers[-1].name == model.layers[-1].name


FRESH = """
import sys
sys.modules["kreg"] = None  # importing it would fail
import keras, numpy as np
model = keras.models.load_model(sys.argv[1])
out = model(np.load(sys.argv[2]))
np.savez(sys.argv[3], **{k: keras.ops.convert_to_numpy(v) for k, v in out.items()})
"""


def test_a_process_without_kreg_loads_it(tmp_path):
    model = model_with_everything()
    x = np.random.default_rng(0).normal(size=(2, 6, 6, 2)).astype("float32")
    strip(model).save(tmp_path / "plain.keras")
    np.save(tmp_path / "x.npy", x)
    paths = [str(tmp_path / name) for name in ("plain.keras", "x.npy", "out.npz")]
    subprocess.run([sys.executable, "-c", FRESH, *paths], check=True, cwd=tmp_path)
    found = np.load(paths[2])
    expected = model(x)
    assert all(np.allclose(found[k], expected[k], rtol=1e-6, atol=1e-6) for k in expected)


def test_noise_becomes_keras_dropout_where_it_is_the_same_else_identity():
    schedule = kreg.layers.Dropout({"kind": "linear", "start": 0.1, "end": 0.5, "duration": 9})
    model = keras.Sequential([keras.Input((3,)), kreg.layers.Dropout(0.2), schedule])
    assert [type(layer).__name__ for layer in strip(model).layers] == ["Dropout", "Identity"]
    assert strip(model).layers[0].rate == 0.2


def test_sequential_stays_sequential_and_shared_layers_stay_shared():
    assert isinstance(
        strip(keras.Sequential([keras.Input((2,)), layers.Dense(1)])), keras.Sequential
    )
    inputs = keras.Input((3,))
    shared = layers.Dense(3, kernel_regularizer=Penalty())
    model = strip(keras.Model(inputs, shared(shared(inputs))))
    assert len(model.weights) == 2


def test_lambdas_are_copied_but_not_loaded_from_anywhere():
    model = keras.Sequential([keras.Input((2,)), layers.Lambda(lambda x: x * 3.0)])
    assert np.array_equal(strip(model)(np.ones((1, 2))), [[3.0, 3.0]])


@keras.saving.register_keras_serializable(package="kreg")
class OwnLayer(layers.Layer):
    def call(self, x):
        return x + 1.0


def test_a_layer_of_kreg_without_a_counterpart_is_refused():
    model = keras.Sequential([keras.Input((2,)), OwnLayer()])
    with pytest.raises(ValueError, match="no counterpart for kreg>OwnLayer"):
        strip(model)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(1)

    def call(self, x):
        return self.dense(x)


class NoConfig(layers.Layer):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def get_config(self):
        return {}


def test_bad_models_are_answered_in_sentences():
    model = Subclassed()
    model(np.ones((1, 2)))
    with pytest.raises(ValueError, match="is subclassed.*functional API"):
        strip(model)
    with pytest.raises(ValueError, match="is not built"):
        strip(keras.Sequential([layers.Dense(1)]))
    with pytest.raises(ValueError, match="argument `model`"):
        strip(3)
    with pytest.raises(ValueError, match="cannot be made again.*get_config"):
        from_config(NoConfig(abs))
