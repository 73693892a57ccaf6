"""The laws of the noise, over at least 1e5 draws.

Every bound is five standard deviations of the estimate under the law that is claimed: a right
layer fails one such comparison with probability 6e-7 (the seeds are fixed), a wrong law at once.
"""

import keras
import numpy as np
import pytest
from keras import ops

from kreg import layers

SIGMAS = 5
RATES = [0.005, 0.1, 0.5, 0.9]


def noisy_ones(layer, shape):
    return np.asarray(ops.cast(layer(ops.ones(shape), training=True), "float32"), dtype="float64")


def close(estimate, expected, deviation):
    assert abs(estimate - expected) <= SIGMAS * deviation, (estimate, expected, deviation)


def uncorrelated(a, b):
    a, b = a.ravel(), b.ravel()
    close(np.corrcoef(a, b)[0, 1], 0.0, len(a) ** -0.5)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_dropout_rate_mean_and_variance(rate, dtype):
    n = 400_000
    z = noisy_ones(layers.Dropout(rate, seed=1, dtype=dtype), (400, 1000))
    close((z == 0).mean(), rate, (rate * (1 - rate) / n) ** 0.5)
    assert len(np.unique(z)) == 2
    rounding = {"float32": 1e-6, "bfloat16": 2**-8, "float16": 2**-11}[dtype]
    assert z.max() == pytest.approx(1 / (1 - rate), rel=rounding)
    variance = rate / (1 - rate)
    tolerance = SIGMAS * (variance / n) ** 0.5 + rounding
    assert abs(z.mean() - 1) <= tolerance


def test_scheduled_and_constant_rates_have_one_law():
    from kreg.schedules import Piecewise

    rate, n = 0.3, 200_000
    scheduled = layers.Dropout(Piecewise([1], [rate, 0.6]), seed=1)
    close((noisy_ones(scheduled, (200, 1000)) == 0).mean(), rate, (rate * 0.7 / n) ** 0.5)
    close((noisy_ones(scheduled, (200, 1000)) == 0).mean(), 0.6, (0.24 / n) ** 0.5)


def test_dropout_is_independent_across_units_samples_and_steps():
    layer = layers.Dropout(0.3, seed=2)
    one, two = noisy_ones(layer, (500, 400)), noisy_ones(layer, (500, 400))
    uncorrelated(one[:, :-1], one[:, 1:])
    uncorrelated(one[:-1], one[1:])
    uncorrelated(one, two)
    other = noisy_ones(layers.Dropout(0.3, seed=3), (500, 400))
    uncorrelated(one, other)


def test_noise_shape_shares_along_its_axes_only():
    z = noisy_ones(layers.Dropout(0.4, noise_shape=(None, 1, None), seed=4), (500, 3, 300))
    assert np.array_equal(z[:, 0], z[:, 2])
    uncorrelated(z[:-1, 0], z[1:, 0])
    close((z[:, 0] == 0).mean(), 0.4, (0.24 / 150_000) ** 0.5)


@pytest.mark.parametrize(
    ("make", "shape", "shared"),
    [
        (layers.SpatialDropout1D, (400, 3, 300), (1,)),
        (layers.SpatialDropout2D, (400, 3, 2, 300), (1, 2)),
        (layers.SpatialDropout3D, (400, 2, 3, 2, 300), (1, 2, 3)),
    ],
)
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_spatial_dropout_drops_whole_maps(make, shape, shared, data_format):
    if data_format == "channels_first":
        shape, shared = (shape[0], shape[-1], *shape[1:-1]), tuple(a + 1 for a in shared)
    z = noisy_ones(make(0.25, data_format=data_format, seed=5), shape)
    maps = z.max(axis=shared)
    assert np.array_equal(maps, z.min(axis=shared))
    close((maps == 0).mean(), 0.25, (0.25 * 0.75 / maps.size) ** 0.5)
    uncorrelated(maps[:-1], maps[1:])


@pytest.mark.parametrize("rate", RATES)
def test_gaussian_dropout_has_dropouts_variance(rate):
    n, variance = 200_000, rate / (1 - rate)
    z = noisy_ones(layers.GaussianDropout(rate, seed=6), (200, 1000))
    close(z.mean(), 1.0, (variance / n) ** 0.5)
    close(z.var(), variance, variance * (2 / n) ** 0.5)


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.6])
def test_alpha_dropout_keeps_mean_and_variance_of_a_standard_normal(rate):
    n = 400_000
    x = keras.random.normal((400, 1000), seed=8)
    z = np.asarray(layers.AlphaDropout(rate, seed=7)(x, training=True), dtype="float64")
    fourth = ((z - z.mean()) ** 4).mean()
    close(z.mean(), 0.0, n**-0.5)
    close(z.var(), 1.0, ((fourth - 1) / n) ** 0.5)


def test_stochastic_depth_drops_whole_samples():
    z = noisy_ones(layers.StochasticDepth(0.2, seed=9), (100_000, 2, 3))
    samples = z.reshape(100_000, -1)
    assert np.array_equal(samples.max(axis=1), samples.min(axis=1))
    close((samples[:, 0] == 0).mean(), 0.2, (0.16 / 100_000) ** 0.5)
    uncorrelated(samples[:-1, 0], samples[1:, 0])


def test_drop_connect_drops_weights_once_a_batch():
    dense = keras.layers.Dense(400, kernel_initializer="ones", use_bias=False)
    layer = layers.DropConnect(dense, 0.3, seed=10)
    kernel = np.asarray(layer(ops.eye(500), training=True))
    close((kernel == 0).mean(), 0.3, (0.21 / 200_000) ** 0.5)
    assert kernel.max() == pytest.approx(1 / 0.7, rel=1e-6)
    rows = np.asarray(layer(ops.ones((2, 500)), training=True))
    assert np.array_equal(rows[0], rows[1])


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_concrete_noise_is_nearly_bernoulli(rate):
    """A relaxed mask has not the mean of a hard one: at temperature 0.1 it is off by < 0.005."""
    layer = layers.ConcreteDropout(rate, seed=11)
    z = noisy_ones(layer, (400, 1000))
    deviation = (rate / (1 - rate) / z.size) ** 0.5
    assert abs(z.mean() - 1) <= 0.005 + SIGMAS * deviation
    near = (np.abs(z) < 0.02).mean() + (np.abs(z - 1 / (1 - rate)) < 0.02).mean()
    assert near > 0.7
