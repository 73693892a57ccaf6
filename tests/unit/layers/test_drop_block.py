import keras
import numpy as np
import pytest
from keras import ops

from kreg import layers
from kreg.layers import block_rate
from kreg.schedules import Linear

SIGMAS = 5
MAKE = {1: layers.DropBlock1D, 2: layers.DropBlock2D, 3: layers.DropBlock3D}
GEOMETRIES = [  # map, block
    ((12,), (3,)),
    ((8, 8), (3, 3)),
    ((5, 9), (3, 2)),
    ((9, 5), (1, 4)),
    ((7, 7), (1, 1)),
    ((4, 5, 6), (2, 3, 2)),
]
COVERING = [((4, 6), (7, 7)), ((5,), (5,)), ((3, 3, 3), (9, 3, 4))]


def drawn(size, block, rate, maps, data_format="channels_last", seed=1):
    """The noise on ones for `maps` maps of one channel, as `(maps, *size)`."""
    layer = MAKE[len(size)](rate, block, data_format=data_format, seed=seed)
    shape = (maps, *size, 1) if data_format == "channels_last" else (maps, 1, *size)
    return np.asarray(layer(ops.ones(shape), training=True)).reshape(maps, *size)


@pytest.mark.parametrize(("size", "block"), GEOMETRIES)
@pytest.mark.parametrize("rate", [0.05, 0.3])
def test_the_expected_dropped_fraction_is_the_rate(size, block, rate):
    maps = max(4000, 100_000 // int(np.prod(size)))
    fractions = (drawn(size, block, rate, maps) == 0).reshape(maps, -1).mean(axis=1)
    deviation = fractions.std() / maps**0.5  # maps are independent, positions of one are not
    assert abs(fractions.mean() - rate) <= SIGMAS * deviation


@pytest.mark.parametrize(("size", "block"), COVERING)
def test_a_block_that_covers_the_map_drops_it_whole_and_keeps_the_mean(size, block):
    rate, maps = 0.3, 100_000
    z = drawn(size, block, rate, maps).reshape(maps, -1)
    assert np.array_equal(z.min(axis=1), z.max(axis=1))
    assert abs((z[:, 0] == 0).mean() - rate) <= SIGMAS * (0.21 / maps) ** 0.5
    assert z.max() == pytest.approx(1 / 0.7, rel=1e-6)


@pytest.mark.parametrize(("size", "block"), GEOMETRIES)
def test_the_mean_of_a_constant_map_does_not_change(size, block):
    z = drawn(size, block, 0.2, 2000).reshape(2000, -1)
    left = z.max(axis=1) > 0
    np.testing.assert_allclose(z[left].mean(axis=1), 1.0, rtol=1e-5)
    assert left.mean() > 0.99


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_what_is_dropped_is_made_of_whole_blocks(data_format):
    z = drawn((8, 11), (3, 2), 0.3, 200, data_format)
    dropped = z == 0
    starts = np.stack([dropped[:, i : i + 6, j : j + 10] for i in range(3) for j in range(2)])
    starts = starts.all(axis=0)
    rebuilt = np.zeros_like(dropped)
    for i in range(3):
        for j in range(2):
            rebuilt[:, i : i + 6, j : j + 10] |= starts
    assert dropped.any() and np.array_equal(rebuilt, dropped)


def test_both_data_formats_draw_the_same_blocks():
    x = np.random.default_rng(0).normal(size=(4, 6, 5, 3)).astype("float32")
    last = layers.DropBlock2D(0.3, 2, data_format="channels_last", seed=1)(x, training=True)
    first = layers.DropBlock2D(0.3, 2, data_format="channels_first", seed=1)
    first = first(np.moveaxis(x, -1, 1), training=True)
    np.testing.assert_allclose(np.moveaxis(np.asarray(first), 1, -1), np.asarray(last), rtol=1e-6)


def test_maps_of_one_sample_and_of_two_are_independent():
    layer = layers.DropBlock2D(0.3, 3, seed=4)
    z = np.asarray(layer(ops.ones((2000, 6, 6, 2)), training=True)) == 0
    at = z[:, 3, 3, :].astype(float)
    assert abs(np.corrcoef(at[:, 0], at[:, 1])[0, 1]) < SIGMAS * 2000**-0.5
    assert abs(np.corrcoef(at[:-1, 0], at[1:, 0])[0, 1]) < SIGMAS * 2000**-0.5
    neighbour = z[:, 3, 4, 0].astype(float)
    assert np.corrcoef(at[:, 0], neighbour)[0, 1] > 0.4, "blocks are contiguous"


def test_gamma_is_exact_where_a_closed_form_exists():
    assert block_rate.gamma(0.2, (6, 7), (1, 1)) == pytest.approx(0.2, abs=1e-12)
    assert block_rate.gamma(0.2, (4, 7), (4, 7)) == pytest.approx(0.2, abs=1e-12)
    # two starts in a row of three with blocks of two: positions are covered 1, 2, 1 times
    g = float(block_rate.gamma(0.3, (3,), (2,)))
    assert (2 * g + 1 - (1 - g) ** 2) / 3 == pytest.approx(0.3, abs=1e-12)


def test_gamma_is_the_papers_for_small_rates_and_larger_for_large_ones():
    def paper(rate, size, block):
        return rate / block**2 * size**2 / (size - block + 1) ** 2

    for rate, tolerance in ((1e-4, 1e-3), (0.1, 0.1)):
        exact = float(block_rate.gamma(rate, (20, 20), (5, 5)))
        assert exact == pytest.approx(paper(rate, 20, 5), rel=tolerance)
        assert exact > paper(rate, 20, 5)


def test_a_scheduled_rate_interpolates_the_exact_gamma():
    schedule = Linear(0.0, 0.4, duration=100)
    layer = layers.DropBlock2D(schedule, 3)
    for step in (0, 1, 37, 99, 100, 500):
        rate = schedule(step)
        found = float(layer._gamma(ops.convert_to_tensor(rate, "float32"), (8, 9), (3, 3)))
        exact = float(block_rate.gamma(rate, (8, 9), (3, 3)))
        assert found == pytest.approx(exact, abs=2e-6)


@pytest.mark.parametrize("size", [0, -1, 2.5, "3", True, (3,), (3, 0), (3, 3, 3)])
def test_an_impossible_block_size_is_refused(size):
    with pytest.raises(ValueError, match="`block_size`"):
        layers.DropBlock2D(0.1, size)


def test_an_unknown_map_size_is_told_in_a_sentence():
    import tensorflow as tf

    layer = layers.DropBlock2D(0.1)

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3))])
    def call(x):
        return layer(x, training=True)

    with pytest.raises(ValueError, match="needs to know the spatial size"):
        call(tf.ones((1, 4, 4, 3)))


def test_a_fully_convolutional_model_trains_on_batches_of_one_size():
    inputs = keras.Input((None, None, 3))
    x = layers.DropBlock2D(0.2, 3)(keras.layers.Conv2D(4, 3)(inputs))
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(x))
    model.compile("sgd", "mse")
    history = model.fit(np.ones((4, 8, 8, 3)), np.zeros((4, 4)), batch_size=4, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
