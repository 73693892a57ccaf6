import keras
import numpy as np
import pytest

import kreg
from kreg import layers
from kreg.layers.monte_carlo import output_of
from kreg.schedules import Linear

X = np.random.default_rng(0).normal(size=(20, 5)).astype("float32")


def linear_model(dropout):
    dense = keras.layers.Dense(1, use_bias=False)
    return keras.Sequential([keras.Input((5,)), dropout, dense]), dense


def classifier(dropout, activation=None, classes=3):
    head = keras.layers.Dense(classes, activation=activation, name="head")
    return keras.Sequential([keras.Input((5,)), dropout, head])


@pytest.mark.parametrize("make", [layers.Dropout, keras.layers.Dropout])
def test_mean_and_deviation_of_a_linear_model_are_the_closed_form(make):
    model, dense = linear_model(make(0.2))
    w = dense.kernel.numpy()[:, 0]
    result = kreg.mc_predict(model, X, samples=20_000, verbose=0)
    std = np.sqrt(0.25 * ((X * w) ** 2).sum(axis=1))
    assert np.all(np.abs(result.mean[:, 0] - X @ w) < 5 * std / 20_000**0.5)
    np.testing.assert_allclose(result.std[:, 0], std, rtol=0.05)
    assert result.entropy is None and result.samples is None


def test_the_same_seed_gives_the_same_result_and_another_seed_another():
    model, _ = linear_model(layers.Dropout(0.3))
    first = kreg.mc_predict(model, X, samples=5, seed=1, verbose=0)
    assert np.array_equal(first.std, kreg.mc_predict(model, X, 5, seed=1, verbose=0).std)
    assert not np.array_equal(first.std, kreg.mc_predict(model, X, 5, seed=2, verbose=0).std)


def test_no_state_of_the_model_moves():
    inputs = keras.Input((5,))
    x = keras.layers.BatchNormalization()(inputs)
    x = layers.Dropout(Linear(0.2, 0.5, duration=3))(x)
    x = keras.layers.Dropout(0.5)(x)
    model = keras.Model(inputs, keras.layers.Dense(2)(x))
    before = [v.numpy() for v in model.variables]
    kreg.mc_predict(model, X, samples=4, verbose=0)
    after = [v.numpy() for v in model.variables]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert all("call" not in vars(layer) for layer in model.layers)


def test_batch_normalization_stays_in_inference_mode():
    """With BN in training mode, rows of one batch would move each other; here they do not."""
    inputs = keras.Input((5,))
    x = keras.layers.BatchNormalization()(keras.layers.Dropout(0.5)(inputs))
    model = keras.Model(inputs, x)
    model.layers[-1].set_weights([np.full(5, v, "float32") for v in (1.0, 0.0, 3.0, 4.0)])
    result = kreg.mc_predict(model, np.ones((6, 5)), samples=3, keep_samples=True, verbose=0)
    allowed = (np.array([0.0, 2.0]) - 3.0) / np.sqrt(4.0 + 1e-3)
    assert np.allclose(np.unique(result.samples.round(4)), allowed.round(4))


def sequence(make):
    inputs = keras.Input((6, 5))
    return keras.Model(inputs, make(inputs))


KERAS_NOISE = {
    "dropout": lambda x: keras.layers.Dropout(0.4)(x),
    "spatial": lambda x: keras.layers.SpatialDropout1D(0.4)(x),
    "gaussian_dropout": lambda x: keras.layers.GaussianDropout(0.4)(x),
    "gaussian_noise": lambda x: keras.layers.GaussianNoise(0.4)(x),
    "alpha": lambda x: keras.layers.AlphaDropout(0.4)(x),
    "lstm": lambda x: keras.layers.LSTM(4, dropout=0.4)(x),
    "gru_recurrent": lambda x: keras.layers.GRU(4, recurrent_dropout=0.4)(x),
    "bidirectional": lambda x: keras.layers.Bidirectional(keras.layers.LSTM(4, dropout=0.4))(x),
    "rnn_of_cells": lambda x: keras.layers.RNN(
        [keras.layers.LSTMCell(3), keras.layers.LSTMCell(4, dropout=0.4)]
    )(x),
    "attention": lambda x: keras.layers.MultiHeadAttention(2, 3, dropout=0.4)(x, x),
    "plain_attention": lambda x: keras.layers.Attention(dropout=0.4)([x, x]),
    "nested": lambda x: keras.Sequential([keras.layers.Dropout(0.4), keras.layers.Dense(2)])(x),
    "time_distributed": lambda x: keras.layers.TimeDistributed(keras.layers.Dropout(0.4))(x),
}


@pytest.mark.parametrize("name", KERAS_NOISE)
def test_noise_of_kerass_own_is_switched_on(name):
    model = sequence(KERAS_NOISE[name])
    x = np.random.default_rng(1).normal(size=(3, 6, 5)).astype("float32")
    result = kreg.mc_predict(model, x, samples=6, keep_samples=True, verbose=0)
    assert result.samples.shape[:2] == (3, 6)
    assert (result.std > 0).any()
    again = kreg.mc_predict(model, x, samples=6, keep_samples=True, verbose=0)
    assert np.array_equal(result.samples, again.samples)
    assert np.array_equal(model.predict(x, verbose=0), model.predict(x, verbose=0))


@pytest.mark.parametrize("name", ["dropblock", "stochastic_depth", "dropconnect", "concrete"])
def test_noise_of_kregs_own_is_switched_on(name):
    make = {
        "dropblock": lambda x: layers.DropBlock1D(0.4, 2)(x),
        "stochastic_depth": lambda x: keras.layers.Add()([x, layers.DropPath(0.4)(x)]),
        "dropconnect": lambda x: layers.DropConnect(keras.layers.Dense(3), 0.4)(x),
        "concrete": lambda x: layers.ConcreteDropout(0.4)(x),
    }[name]
    result = kreg.mc_predict(sequence(make), np.ones((3, 6, 5)), samples=8, verbose=0)
    assert (result.std > 0).any()


def test_entropy_splits_into_what_the_noise_causes_and_what_it_does_not():
    model = classifier(layers.Dropout(0.5))
    result = kreg.mc_predict(model, 5 * X, samples=64, output="logits", verbose=0)
    assert np.allclose(result.mean.sum(axis=1), 1, atol=1e-5)
    assert np.all(result.entropy <= np.log(3) + 1e-6)
    assert np.all(result.mutual_information >= 0)
    assert np.all(result.mutual_information <= result.entropy) and result.entropy.max() > 0.1
    model.get_layer("head").set_weights([np.zeros((5, 3)), np.array([0.0, 1.0, 2.0])])
    certain = kreg.mc_predict(model, X, samples=8, output="logits", verbose=0)
    assert np.all(certain.mutual_information < 1e-6)
    p = np.exp([0, 1, 2]) / np.exp([0, 1, 2]).sum()
    np.testing.assert_allclose(certain.entropy, -(p * np.log(p)).sum(), rtol=1e-5)


def test_logits_and_probabilities_agree_also_for_one_logit():
    for classes, activation in ((3, "softmax"), (1, "sigmoid")):
        logits = classifier(layers.Dropout(0.5, name="noise"), None, classes)
        ready = classifier(layers.Dropout(0.5, name="noise"), activation, classes)
        ready.set_weights(logits.get_weights())
        one = kreg.mc_predict(logits, X, samples=8, output="logits", verbose=0)
        two = kreg.mc_predict(ready, X, samples=8, verbose=0)
        np.testing.assert_allclose(one.mean, two.mean, atol=1e-5)
        np.testing.assert_allclose(one.mutual_information, two.mutual_information, atol=1e-5)
        assert one.entropy.shape == (20,)


def test_auto_reads_the_activation_and_the_loss():
    assert output_of(classifier(layers.Dropout(0.1), "softmax")) == "probabilities"
    assert output_of(classifier(layers.Dropout(0.1))) == "values"
    model = classifier(layers.Dropout(0.1))
    model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    assert output_of(model) == "logits"


def test_datasets_and_structures_are_predicted_too():
    import tensorflow as tf

    model, _ = linear_model(layers.Dropout(0.3))
    dataset = tf.data.Dataset.from_tensor_slices(X).batch(8)
    assert kreg.mc_predict(model, dataset, samples=3, verbose=0).mean.shape == (20, 1)
    a, b = keras.Input((2,), name="a"), keras.Input((2,), name="b")
    two = keras.Model({"a": a, "b": b}, layers.Dropout(0.5)(keras.layers.Add()([a, b])))
    result = kreg.mc_predict(two, {"a": X[:, :2], "b": X[:, 2:4]}, samples=3, verbose=0)
    assert result.mean.shape == (20, 2)


def test_a_model_in_half_precision_gives_float32_statistics():
    keras.config.set_dtype_policy("mixed_bfloat16")
    model, _ = linear_model(layers.Dropout(0.3))
    result = kreg.mc_predict(model, X, samples=4, verbose=0)
    assert result.mean.dtype == np.float32 and (result.std > 0).all()


def test_a_layer_of_ones_own_counts_when_it_is_named():
    class Shake(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.draws = keras.random.SeedGenerator(1)

        def call(self, x, training=False):
            return x + keras.random.normal(x.shape[1:], seed=self.draws) if training else x

    model, _ = linear_model(Shake())
    with pytest.raises(ValueError, match="no noise layer"):
        kreg.mc_predict(model, X, verbose=0)
    assert (kreg.mc_predict(model, X, samples=4, also=(Shake,), verbose=0).std > 0).all()


def test_a_model_without_noise_is_told_what_counts():
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dropout(0.0), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match="no noise layer.*keras.layers.Dropout.*with_dropout"):
        kreg.mc_predict(model, X)


def test_a_model_with_two_outputs_is_told_what_to_do():
    inputs = keras.Input((5,))
    x = layers.Dropout(0.5)(inputs)
    model = keras.Model(inputs, [keras.layers.Dense(1)(x), keras.layers.Dense(2)(x)])
    with pytest.raises(ValueError, match="needs a model with one output"):
        kreg.mc_predict(model, X, samples=2, verbose=0)


@pytest.mark.parametrize(
    "arguments",
    [{"samples": 1}, {"samples": 2.5}, {"batch_size": 0}, {"seed": -1}, {"output": "softmax"}],
)
def test_an_impossible_argument_is_refused(arguments):
    model, _ = linear_model(layers.Dropout(0.3))
    with pytest.raises(ValueError, match=f"`{next(iter(arguments))}`"):
        kreg.mc_predict(model, X, **arguments)
