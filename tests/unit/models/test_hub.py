"""How pictures enter a network of KerasHub: in its size, and in its scale."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from kreg.models import hub

USUAL = {
    "interpolation": "bilinear", "antialias": False, "crop_to_aspect_ratio": True,
    "pad_to_aspect_ratio": False,
}  # fmt: skip


def converter(**more):
    """What of an `ImageConverter` is looked at; `tests/app/test_hub.py` has real ones."""
    return SimpleNamespace(**{**USUAL, "scale": None, "offset": None, **more})


def applied(function, x, *arguments):
    inputs = keras.Input(x.shape[1:])
    return np.asarray(keras.Model(inputs, function(inputs, *arguments))(x))


def test_pictures_are_scaled_channel_by_channel():
    x = np.random.default_rng(0).integers(0, 256, (2, 4, 4, 3)).astype("float32")
    how = converter(scale=[0.1, 0.2, 0.3], offset=[-1.0, 0.0, 1.0])
    expected = x * [0.1, 0.2, 0.3] + [-1, 0, 1]
    np.testing.assert_allclose(applied(hub.scaled, x, how), expected, rtol=1e-6)
    np.testing.assert_allclose(applied(hub.scaled, x, converter(scale=0.5)), x / 2)
    np.testing.assert_allclose(applied(hub.scaled, x, converter(offset=-3)), x - 3)
    for nothing in (None, converter()):
        inputs = keras.Input((4, 4, 3))
        assert hub.scaled(inputs, nothing) is inputs


def test_pictures_are_cropped_as_the_preset_has_it():
    x = np.zeros((1, 4, 8, 3), "float32")
    x[:, :, 2:6] = 1  # the middle square
    cropped = applied(hub.resized, x, (4, 4), converter())
    assert cropped.shape == (1, 4, 4, 3) and np.all(cropped == 1)
    squeezed = applied(hub.resized, x, (4, 4), converter(crop_to_aspect_ratio=False))
    assert squeezed.min() == 0
    inputs = keras.Input((4, 8, 3))
    assert hub.resized(inputs, (4, 8), None) is inputs


def network(shape):
    inputs = keras.Input(shape)
    return keras.Model(inputs, keras.layers.Conv2D(2, 3)(inputs))


@pytest.mark.parametrize(
    ("shape", "wish", "own", "size"),
    [
        ((None, None, 3), None, (224, 224), (224, 224)),
        ((None, None, 3), 64, (224, 224), (64, 64)),
        ((None, None, 3), None, None, (8, 10)),
        ((32, 32, 3), None, (224, 224), (32, 32)),
        ((32, 32, 3), 32, None, (32, 32)),
    ],
)
def test_the_size_is_the_networks_the_wish_the_presets_or_the_pictures(shape, wish, own, size):
    assert hub.target(keras.Input((8, 10, 1)), network(shape), wish, own) == size


def test_sizes_that_the_network_cannot_see_are_refused():
    with pytest.raises(ValueError, match=r"model.size.*this network sees \(32, 32\) alone"):
        hub.target(keras.Input((8, 8, 1)), network((32, 32, 3)), 64, None)
    with pytest.raises(ValueError, match="pictures that are large enough"):
        hub.features(network((None, None, 3)), keras.Input((2, 2, 3)))


def test_tokens_become_their_mean():
    inputs = keras.Input((8, 8, 3))
    tokens = keras.Model(inputs, keras.layers.Reshape((16, 12))(inputs))
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype("float32")
    found = applied(lambda one: hub.features(tokens, one), x)
    np.testing.assert_allclose(found, x.reshape(2, 16, 12).mean(axis=1), atol=1e-6)
