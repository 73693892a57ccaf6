"""What is kreg's in a model, and what plain Keras has in its place."""

import keras

from kreg import layers as noise
from kreg.surgery import copying, shim


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


def worker(layer):
    """The layer that computes the outputs in inference: the wrapped one in a noisy wrapper.

    `None` for noise that wraps nothing: it computes nothing.
    """
    return getattr(layer, "layer", None) if isinstance(layer, noise.Noise) else layer


def plain_layer(layer, changes: dict | None = None):
    """A new layer of plain Keras that does in inference what `layer` does, not built.

    Noise becomes Keras's `Dropout` where that is the same, else `Identity`; a noisy wrapper
    becomes the layer inside. A layer of kreg that computes something of its own has no counterpart
    and is made again as it is.

    Args:
        layer: A Keras layer, or an operation of a graph.
        changes: Entries of the configuration to change; `None` for none.
    """
    inner = worker(layer)
    if inner is None:
        return plain_noise(layer)
    config = without_kreg(shim.config_of(inner))
    named = {"name": layer.name} if "name" in config else {}
    return copying.from_config(inner, {**config, **named, **(changes or {})})


def plain_noise(layer):
    rate = layer.get_config().get("rate")
    if type(layer) is not noise.Dropout or not isinstance(rate, float):
        return keras.layers.Identity(name=layer.name, dtype=layer.dtype_policy.name)
    return keras.layers.Dropout(
        rate, noise_shape=layer.noise_shape, name=layer.name, dtype=layer.dtype_policy.name
    )


def copy_worker_weights(old, new) -> None:
    """Copy the weights that the plain counterpart of a layer has: those of its worker."""
    inner = worker(old)
    if inner is not None:
        copying.copy_weights(inner, new)
