"""What of a model is frozen, and what its optimizer trains, as places for a file, and back.

A model or layer whose configuration is its arguments, one of your own or of KerasHub, comes back
from a file with all of its weights trained: its optimizer then has another number of them, and
Keras leaves the optimizer's state out.
"""

from collections.abc import Iterable
from typing import TypedDict

import keras

from kreg import private_keras
from kreg.surgery.rules import weights_of


class Frozen(TypedDict):
    """Places among all layers, and among all weights that were made for training.

    Args:
        layers: How many layers there are.
        weights: How many weights there are.
        frozen_layers: Those with `trainable=False`.
        frozen_weights: Those with `trainable=False`.
        optimizer: The weights that the built optimizer trains; `None` where there is none.
    """

    layers: int
    weights: int
    frozen_layers: list[int]
    frozen_weights: list[int]
    optimizer: list[int] | None


def written(model: keras.Model) -> Frozen | None:
    """What `restore` puts back; `None` where nothing is frozen and the optimizer trains all.

    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dense(1)])
    >>> written(model) is None
    True
    >>> model.layers[0].trainable = False
    >>> written(model)["frozen_layers"], written(model)["frozen_weights"]
    ([2], [0, 1])
    """
    layers, weights = parts(model)
    found = Frozen(
        layers=len(layers),
        weights=len(weights),
        frozen_layers=[i for i, layer in enumerate(layers) if not layer.trainable],
        frozen_weights=[i for i, weight in enumerate(weights) if not weight.trainable],
        optimizer=places_of(trained_by_optimizer(model), weights),
    )
    all_of_it = [*range(len(weights))]
    same = found["optimizer"] in (None, all_of_it)
    return None if same and not found["frozen_layers"] + found["frozen_weights"] else found


def fits(model: keras.Model, record: Frozen) -> bool:
    """Whether the loaded model has as many layers and weights as the one that was written."""
    counts = [len(part) for part in parts(model)]
    last = [max(record["frozen_layers"], default=-1)]
    last += [max(record["frozen_weights"] + (record["optimizer"] or []), default=-1)]
    known = counts == [record["layers"], record["weights"]]
    return known and all(one < count for one, count in zip(last, counts, strict=True))


def train_as_the_optimizer(model: keras.Model, record: Frozen) -> None:
    """Let just those weights be trained that the optimizer had, for it to be built on them."""
    layers, weights = parts(model)
    for layer in layers:
        layer.trainable = True
    for place, weight in enumerate(weights):
        weight.trainable = place in set(record["optimizer"] or [])


def restore(model: keras.Model, record: Frozen) -> None:
    """Freeze what was frozen, and nothing else."""
    layers, weights = parts(model)
    frozen = set(record["frozen_layers"])
    for place, layer in enumerate(layers):  # setting it sets it for all inside, which come after
        layer.trainable = place not in frozen
    frozen = set(record["frozen_weights"])
    for place, weight in enumerate(weights):
        weight.trainable = place not in frozen


def parts(model: keras.Model) -> tuple[list[keras.Layer], list[keras.Variable]]:
    """All layers, each before those inside it, and all weights that were made for training."""
    return private_keras.layers_in_order(model), [weight for _, weight in weights_of(model)]


def trained_by_optimizer(model: keras.Model) -> list[keras.Variable] | None:
    """In the optimizer's order; `None` where it is not built."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or not optimizer.built:
        return None
    inner = private_keras.unwrapped(optimizer)
    return [weight for one in inner for weight in private_keras.trained_weights(one)]


def places_of(
    some: Iterable[keras.Variable] | None, weights: list[keras.Variable]
) -> list[int] | None:
    """Places among `weights`; `None` where one of `some` is not among them."""
    places = {id(weight): place for place, weight in enumerate(weights)}
    found = None if some is None else [places.get(id(weight)) for weight in some]
    return None if found is None or None in found else sorted(p for p in found if p is not None)
