"""Arrays as PNG."""

import io

import numpy as np
import pytest
from matplotlib.image import imread

from kreg.pages.png import encode


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_comes_back_as_it_was(channels):
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, channels), dtype=np.uint8)
    read = (imread(io.BytesIO(encode(picture)), format="png") * 255).round().astype(np.uint8)
    np.testing.assert_array_equal(read.reshape(picture.shape), picture)
