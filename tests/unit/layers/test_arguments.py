import numpy as np
import pytest
from keras import ops

from kreg import layers


@pytest.mark.parametrize("shape", [(3, 4, 5), (None, 3), (None,), (None, 1, 7)])
def test_a_noise_shape_that_does_not_fit_the_input_is_refused(shape):
    with pytest.raises(ValueError, match="`noise_shape`. Expected one size an axis"):
        layers.Dropout(0.5, noise_shape=shape)(ops.ones((2, 3, 4)), training=True)


@pytest.mark.parametrize("shape", ["ab", 3, (2.0,), (True,), (0,), (-1, 2)])
def test_an_impossible_noise_shape_is_refused(shape):
    with pytest.raises(ValueError, match="`noise_shape`"):
        layers.Dropout(0.5, noise_shape=shape)


def test_numpy_numbers_are_welcome_and_become_plain():
    layer = layers.Dropout(np.float32(0.5), seed=np.int64(3))
    config = layer.get_config()
    assert type(config["rate"]) is float and type(config["seed"]) is int


@pytest.mark.parametrize("make", [layers.SpatialDropout2D, layers.DropBlock2D])
def test_an_unknown_data_format_is_refused(make):
    with pytest.raises(ValueError, match="data_format.*Did you mean 'channels_last'"):
        make(0.1, data_format="channel_last")
