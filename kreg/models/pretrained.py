"""Weights that others have trained, into a network: by layer, where names and shapes agree."""

import os
from pathlib import Path
from typing import Any

import keras

from kreg.foreign import weights_file

LEAST = 0.5  # of a network's layers with weights: with fewer, the file is another network's
SHOWN = 3  # layers that a sentence names
Arrays = list[Any]


def load_layers(model: keras.Model, path: str | os.PathLike[str], what: str) -> list[str]:
    """Put the weights of a file into the layers of a model that have the same name and shapes.

    Args:
        model: Built.
        path: A `.keras`, `.weights.h5` or `.h5` file of this network, with whatever head.
        what: What the file is called in sentences: `model.weights=...`.

    Returns:
        A sentence that says what was left out, or nothing.

    Raises:
        ValueError: If fewer than half of the layers agree: the file is another network's.
    """
    file = weights_file.layers(path)
    wanted = {layer.name: layer for layer in model.layers if layer.weights}
    loaded = [name for name, layer in wanted.items() if put(layer, file.get(name, []))]
    if len(loaded) < LEAST * len(wanted):
        raise ValueError(
            f"{what} holds the weights of another network: of the {len(wanted)} layers of "
            f"{model.name} that have weights, {len(loaded)} are there under the same name and with "
            f"the same shapes. It has {listed(list(file))}; {model.name} has "
            f"{listed(list(wanted))}. Choose the model.name that it was trained with."
        )
    unfilled = [name for name in wanted if name not in loaded]
    unused = [name for name in file if name not in loaded]
    parts = [f"the file's {listed(unused)} found no place"] if unused else []
    parts += [f"{listed(unfilled)} starts at random"] if unfilled else []
    return [f"{what}: {len(loaded)} layers loaded; {'; '.join(parts)}."] if parts else []


def put(layer: keras.Layer, arrays: Arrays) -> bool:
    """Give a layer its weights, if they are its: as many, of the same shapes."""
    own: dict[str, Any] = {}
    layer.save_own_variables(own)
    shapes = [tuple(keras.ops.shape(value)) for value in own.values()]
    if not own or shapes != [tuple(array.shape) for array in arrays]:
        return False
    layer.load_own_variables(dict(zip(own, arrays, strict=True)))
    return True


def listed(names: list[str]) -> str:
    """The first few names, and how many more there are."""
    shown = ", ".join(map(repr, names[:SHOWN])) or "nothing"
    return f"{shown} and {len(names) - SHOWN} more" if len(names) > SHOWN else shown


def without_network(name: str, error: Exception) -> ValueError:
    """The sentence for weights that could not be downloaded: where to put the file.

    Args:
        name: The network.
        error: What Keras said: `URL fetch failure on https://...: ...`.
    """
    address = next((word.rstrip(":") for word in str(error).split() if "://" in word), "")
    home = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "models"
    where = f"Put {address} into {home}" if address else f"Put its file into {home}"
    return ValueError(
        f"The ImageNet weights of {name} could not be downloaded: is there a network connection? "
        f"{where}, or name a file with model.weights=FILE."
    )
