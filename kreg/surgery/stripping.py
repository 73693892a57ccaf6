"""Plain Keras in the place of kreg: the model that production loads has the same outputs."""

from typing import Any

import keras

from kreg import layers as noise
from kreg.surgery import copying, graph

GOES = ("regularizer", "initializer")


def strip(model: keras.Model) -> keras.Model:
    """A copy of `model` with the same outputs and no object of kreg inside.

    Penalties go, noise layers become Keras's (they do nothing in inference), weights are copied
    exactly. The copy is not compiled, because its optimizer could be kreg's. `keras.models.
    load_model` loads its file in a process that has never heard of kreg.

    Args:
        model: A built Functional or Sequential `keras.Model`, nested models included. It is not
            changed.

    Returns:
        A new model.

    Raises:
        ValueError: If the model is subclassed, or has a layer of kreg that Keras has no
            counterpart for.

    >>> import keras
    >>> from kreg.surgery import attached, regularize
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    >>> plain_model = strip(regularize(model, keras.regularizers.L1(0.1)))
    >>> len(plain_model.losses)  # Keras's own penalties stay
    1
    """
    stripped = plain_copy(model)
    left = kreg_left(stripped)
    if left:
        raise ValueError(
            f"The model {model.name!r} cannot be stripped: plain Keras has no counterpart for "
            f"{', '.join(left)}. Save it as it is and load it with `kreg.load_model`."
        )
    return stripped


def plain_copy(model: keras.Model) -> keras.Model:
    """A copy with everything of kreg replaced that plain Keras has a counterpart for."""
    copied, pairs = copying.rebuild(model, counterpart)
    for old, new in pairs:
        copy_plain_weights(old, new)
    return copied


def counterpart(layer: keras.Layer) -> keras.Layer:
    """What does the same in plain Keras; a layer of kreg may say it, in `plain_keras`."""
    made: keras.Layer = layer.plain_keras() if hasattr(layer, "plain_keras") else plain_layer(layer)
    return made


def kreg_left(model: keras.Model) -> list[str]:
    """The classes of kreg that are still in a model."""
    return sorted(set(kreg_inside(graph.config_of(model))))


def without_kreg(config: Any) -> Any:
    """A layer's configuration with kreg's regularizers and initializers removed, at any depth.

    The weights are copied, so that nobody asks what they started from.
    """
    if isinstance(config, dict):
        return {
            key: None if key.endswith(GOES) and is_kreg(value) else without_kreg(value)
            for key, value in config.items()
        }
    if isinstance(config, list | tuple):
        return type(config)(map(without_kreg, config))
    return config


def is_kreg(value: Any) -> bool:
    """Whether a serialised object is an instance of a class of kreg."""
    if not isinstance(value, dict):
        return False
    registered = str(value.get("registered_name") or "")
    module = str(value.get("module") or "")
    return registered.startswith("kreg>") or module.split(".")[0] == "kreg"


def kreg_inside(config: Any) -> list[str]:
    """The registered names of all objects of kreg in a configuration."""
    found = [config["registered_name"] or config["class_name"]] if is_kreg(config) else []
    parts = config.values() if isinstance(config, dict) else config
    if isinstance(parts, str) or not hasattr(parts, "__iter__"):
        return found
    return found + [name for part in parts for name in kreg_inside(part)]


def inference_layer(layer: keras.Layer) -> keras.Layer | None:
    """The layer that computes the outputs in inference: the wrapped one in a noisy wrapper.

    `None` for noise that wraps nothing, and for a penalty on activities: they compute nothing.
    """
    idle = isinstance(layer, noise.Noise | noise.ActivityRegularization)
    return getattr(layer, "layer", None) if idle else layer


def plain_layer(layer: keras.Layer, changes: dict[str, Any] | None = None) -> keras.Layer:
    """A new layer of plain Keras that does in inference what `layer` does, not built.

    Noise becomes Keras's `Dropout` where that is the same, else `Identity`; a noisy wrapper
    becomes the layer inside. A layer of kreg that computes something of its own has no counterpart
    and is made again as it is.

    Args:
        layer: A Keras layer, or an operation of a graph.
        changes: Entries of the configuration to change; `None` for none.
    """
    inner = inference_layer(layer)
    if inner is None:
        return plain_noise(layer)
    config = without_kreg(graph.config_of(inner))
    named = {"name": layer.name} if "name" in config else {}
    return copying.from_config(inner, {**config, **named, **(changes or {})})


def plain_noise(layer: keras.Layer) -> keras.Layer:
    rate = layer.get_config().get("rate")
    if type(layer) is not noise.Dropout or not isinstance(rate, float):
        return keras.layers.Identity(name=layer.name, dtype=layer.dtype_policy.name)
    return keras.layers.Dropout(
        rate, noise_shape=layer.noise_shape, name=layer.name, dtype=layer.dtype_policy.name
    )


def copy_plain_weights(old: keras.Layer, new: keras.Layer) -> None:
    """Copy the weights that the plain counterpart of a layer has: those of its worker."""
    inner = inference_layer(old)
    if inner is not None:
        copying.copy_weights(inner, new)
