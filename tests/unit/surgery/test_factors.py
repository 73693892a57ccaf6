"""Kernels of low rank become two layers with the same outputs; all others stay."""

import keras
import numpy as np
import pytest

import kreg
from kreg.surgery import factors
from kreg.surgery.rules import Rule

RNG = np.random.default_rng(0)


def kernel(inputs, units, rank):
    found = RNG.normal(size=(inputs, rank)) @ RNG.normal(size=(rank, units))
    return found.astype("float32")


def network(rank=2, **options):
    """Inputs of 12, a hidden layer of 10 whose kernel has a rank, an output of 3."""
    layers = keras.layers
    inputs = keras.Input((12,), name="x")
    hidden = layers.Dense(10, "relu", name="hidden", **options)(inputs)
    model = keras.Model(inputs, layers.Dense(3, name="out")(hidden))
    model.get_layer("hidden").set_weights([kernel(12, 10, rank), RNG.normal(size=10)])
    return model


def test_a_layer_of_low_rank_becomes_two_with_the_same_outputs():
    model = network(rank=2)
    smaller, report = kreg.compress(model, latency=False)
    assert [layer.name for layer in smaller.layers] == ["x", "hidden_low_rank", "hidden", "out"]
    assert smaller.get_layer("hidden_low_rank").kernel.shape == (12, 2)
    assert not smaller.get_layer("hidden_low_rank").use_bias
    assert report.difference < 1e-6
    x = RNG.normal(size=(40, 12)).astype("float32")
    np.testing.assert_allclose(smaller(x), model(x), atol=1e-5)
    row = report.layers[0]
    assert (row.shape, row.new_shape) == ((12, 10), (12, 2, 10))
    assert (row.parameters, row.new_parameters) == (130, 2 * 22 + 10)
    assert report.after.parameters == smaller.count_params() == 2 * 22 + 10 + 33
    assert "The kernel of 'hidden' has rank 2: there are two layers now" in str(report)
    assert "(12, 2, 10)" in str(report)


@pytest.mark.parametrize("rank", [6, 10])  # 12 * 10 / 22 = 5.5
def test_above_the_break_even_a_layer_stays_whole(rank):
    smaller, report = kreg.compress(network(rank), latency=False)
    assert smaller.count_params() == report.before.parameters


def test_a_kernel_of_many_zeros_stays_whole():
    """What single zeros save is not given away."""
    sparse = np.zeros((12, 10), "float32")
    sparse[np.arange(12), np.arange(12) % 4] = 1.0  # rank 4, and 12 numbers: no fewer than factors
    dense = keras.layers.Dense(10)
    dense.build((None, 12))
    dense.kernel.assign(sparse)
    assert factors.factors_of(dense) is None


def test_a_constraint_or_a_penalty_of_keras_keeps_it_whole():
    for options in (
        {"kernel_regularizer": keras.regularizers.L2(0.1)},
        {"kernel_constraint": keras.constraints.NonNeg()},
    ):
        smaller, _ = kreg.compress(network(**options), latency=False)
        assert len(smaller.layers) == 3


def test_inside_a_nested_model_and_a_sequential():
    inner = keras.Sequential([keras.Input((12,)), keras.layers.Dense(10, name="wide")], name="in")
    inner.layers[0].kernel.assign(kernel(12, 10, 3))
    model = keras.Sequential([keras.Input((12,)), inner, keras.layers.Dense(2)])
    smaller, report = kreg.compress(model, latency=False)
    assert [layer.name for layer in smaller.layers[0].layers] == ["wide_low_rank", "wide"]
    assert report.layers[0].new_shape == (12, 3, 10) and report.difference < 1e-6


def test_from_the_penalty_to_the_smaller_model(tmp_path):
    """The rank that training has chosen is the rank of the factors."""
    x = RNG.normal(size=(64, 12)).astype("float32")
    y = np.tanh(x @ kernel(12, 10, 2) / 5)
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(10, "tanh", name="hidden"), keras.layers.Dense(10)]
    model = keras.Sequential([keras.Input((12,)), *layers])
    penalty = kreg.NuclearNorm(0.03, every=2)
    kreg.regularize(model, Rule(penalty, layers="hidden"))
    model.compile(kreg.optimizers.Adam(0.02), "mse")
    model.fit(x, y, epochs=60, batch_size=64, verbose=0)
    rank = penalty.rank(model.layers[0].kernel)
    assert 0 < rank <= 5
    smaller, report = kreg.compress(model, latency=False)
    assert report.layers[0].new_shape == (12, rank, 10) and report.difference < 1e-5
    kreg.strip(smaller).save(tmp_path / "small.keras")
    np.testing.assert_allclose(
        keras.models.load_model(tmp_path / "small.keras")(x), model(x), atol=1e-5
    )
