"""`.keras` files of earlier versions: the same outputs and penalty, and training goes on."""

import subprocess
import sys

import keras
import numpy as np
import pytest

import kreg
from tests.compat import make_models
from tests.compat.archives import members, unpack

CLOSE = {"rtol": 1e-5, "atol": 1e-6}
MODELS = members("models", ".keras")
FAST = ("penalties", "vectors")  # a training step is compiled for each: the rest is slow


def each(is_fast):
    """Every model of every version, those marked that are not fast."""
    return [pytest.param(*m, marks=() if is_fast(m[1]) else pytest.mark.slow) for m in MODELS]


@pytest.mark.parametrize(("version", "name"), each(lambda name: "optimizer" not in name))
def test_outputs_and_penalty_are_the_same(version, name, tmp_path):
    folder = unpack(version, "models", tmp_path).folder
    expected = np.load(folder / f"{name}.npz")
    model = kreg.load_model(folder / f"{name}.keras")
    np.testing.assert_allclose(np.asarray(model(expected["x"])), expected["outputs"], **CLOSE)
    np.testing.assert_allclose(sum(map(float, model.losses)), expected["penalty"], **CLOSE)


@pytest.mark.parametrize(("version", "name"), each(lambda name: name in FAST))
def test_training_goes_on_as_if_it_had_not_been_saved(version, name, tmp_path):
    """Weights, moments, the position in every schedule and the draws of every noise layer."""
    folder = unpack(version, "models", tmp_path).folder
    expected = np.load(folder / f"{name}.npz")
    model = kreg.load_model(folder / f"{name}.keras")
    if "loss" not in expected:
        assert not model.compiled and name == "stripped"
        return
    loss = model.train_on_batch(expected["x"], expected["y"])
    np.testing.assert_allclose(loss, expected["loss"], **CLOSE)
    keys = [key for key in expected.files if key.startswith("weight_")]
    for weight, key in zip(model.get_weights(), keys, strict=True):
        np.testing.assert_allclose(weight, expected[key], err_msg=key, **CLOSE)
        assert np.array_equal(weight == 0, expected[key] == 0), key


def test_every_penalty_is_in_a_model_of_the_next_fixtures():
    models = (make_models.penalties(), make_models.bounds_and_unshrunk())
    found = {type(w.regularizer).__name__ for m in models for w in m.weights if w.regularizer}
    assert found == {*kreg.regularizers.__all__} - {"Penalty"}


@pytest.mark.slow
def test_a_model_of_the_next_fixtures_goes_on_as_if_it_had_not_been_saved(tmp_path):
    keras.utils.set_random_seed(make_models.SEED)
    model = make_models.bounds_and_unshrunk()
    make_models.write(model, tmp_path, "now")
    expected = np.load(tmp_path / "now.npz")
    loss = model.train_on_batch(expected["x"], expected["y"])
    np.testing.assert_allclose(loss, expected["loss"], **CLOSE)
    for index, weight in enumerate(model.get_weights()):
        np.testing.assert_allclose(weight, expected[f"weight_{index:03d}"], **CLOSE)


PLAIN = """
import sys, keras, numpy
model = keras.models.load_model("stripped.keras")
expected = numpy.load("stripped.npz")
numpy.testing.assert_allclose(model.predict(expected["x"], verbose=0), expected["outputs"], 1e-5)
assert "kreg" not in sys.modules
"""


@pytest.mark.slow
def test_a_stripped_model_loads_without_kreg(unpacked):
    folder = unpacked("models").folder
    subprocess.run([sys.executable, "-c", PLAIN], cwd=folder, check=True)
