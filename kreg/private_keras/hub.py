"""Layers of KerasHub that write a configuration which their own class does not take."""

import functools
import inspect
from typing import Any

import keras

from kreg.private_keras.layers import all_layers

OF_EVERY_LAYER = {"name", "dtype", "trainable", "activity_regularizer", "autocast"}
Plain = bool | int | float | str


def mend_configurations(model: keras.Model) -> None:
    """Let the layers of KerasHub in a model write what their classes take, from now on.

    `ViTPatchingAndEmbedding` of 0.32 writes `num_patches`, which its `__init__` refuses, and leaves
    out `use_patch_bias`: nobody can read a file of such a model, or copy it. `DeiTEmbeddings` is
    the same. A class that takes what it writes stays as it is.
    """
    for layer in all_layers(model):
        kind: Any = type(layer)
        of_hub = kind.__module__.startswith("keras_hub.") and not isinstance(layer, keras.Model)
        if of_hub and not written(layer).keys() <= taken(kind):
            kind.get_config = mended(kind)


def written(layer: keras.Layer) -> dict[str, Any]:
    """Its configuration; nothing of a part of another layer that has none of its own."""
    try:
        return dict(layer.get_config())
    except NotImplementedError:
        return {}


def taken(kind: type[keras.Layer]) -> set[str]:
    """The arguments of a class, and of those that it hands the rest to."""
    makers = [vars(one)["__init__"] for one in kind.__mro__ if "__init__" in vars(one)]
    return OF_EVERY_LAYER.union(*(inspect.signature(maker).parameters for maker in makers))


def mended(kind: type[keras.Layer]) -> Any:
    """A `get_config` of what the class takes, with what it has left out."""
    own, known = kind.get_config, taken(kind)

    @functools.wraps(own)
    def get_config(self: keras.Layer) -> dict[str, Any]:
        config = {name: value for name, value in own(self).items() if name in known}
        missing = inspect.signature(kind.__init__).parameters.keys() - config.keys()
        kept = {name: getattr(self, name, None) for name in sorted(missing)}
        return config | {name: value for name, value in kept.items() if isinstance(value, Plain)}

    return get_config
