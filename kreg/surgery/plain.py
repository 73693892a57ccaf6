"""What is kreg's in a model, and what plain Keras has in its place."""

import keras

from kreg import layers as noise
from kreg.surgery import copying


def without_kreg(config):
    """A layer's configuration with every regularizer of kreg removed, at any depth."""
    if isinstance(config, dict):
        return {
            key: None if key.endswith("regularizer") and is_kreg(value) else without_kreg(value)
            for key, value in config.items()
        }
    if isinstance(config, list | tuple):
        return type(config)(map(without_kreg, config))
    return config


def is_kreg(value) -> bool:
    """Whether a serialised object is an instance of a class of kreg."""
    if not isinstance(value, dict):
        return False
    registered = str(value.get("registered_name") or "")
    module = str(value.get("module") or "")
    return registered.startswith("kreg>") or module.split(".")[0] == "kreg"


def kreg_inside(config) -> list[str]:
    """The registered names of all objects of kreg in a configuration."""
    found = [config["registered_name"] or config["class_name"]] if is_kreg(config) else []
    parts = config.values() if isinstance(config, dict) else config
    if isinstance(parts, str) or not hasattr(parts, "__iter__"):
        return found
    return found + [name for part in parts for name in kreg_inside(part)]


def plain_layer(layer):
    """A new layer of plain Keras that does in inference what `layer` does, not built.

    Noise becomes Keras's `Dropout` where that is the same, else `Identity`. A layer of kreg that
    computes something of its own has no counterpart and is made again as it is.
    """
    if isinstance(layer, noise.Noise):
        return plain_noise(layer)
    return copying.from_config(layer, without_kreg(layer.get_config()))


def plain_noise(layer):
    rate = layer.get_config().get("rate")
    if type(layer) is not noise.Dropout or not isinstance(rate, float):
        return keras.layers.Identity(name=layer.name, dtype=layer.dtype_policy.name)
    return keras.layers.Dropout(
        rate, noise_shape=layer.noise_shape, name=layer.name, dtype=layer.dtype_policy.name
    )
