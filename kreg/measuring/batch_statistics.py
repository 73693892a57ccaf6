"""The statistics of every BatchNormalization, measured again for weights that no step has made."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras
from keras import ops

from kreg import private_keras
from kreg.measuring.replicas import tensors
from kreg.measuring.rows import Rows
from kreg.randomness import same_randomness


def normalizations(model: keras.Model) -> list[keras.layers.BatchNormalization]:
    """The layers whose moving statistics training moves; frozen ones are left alone."""
    layers = private_keras.all_layers(model)
    found = [one for one in layers if isinstance(one, keras.layers.BatchNormalization)]
    return [layer for layer in found if layer.trainable]


def measure_again(model: keras.Model, rows: Rows) -> None:
    """Put the mean of the batches' statistics in the place of the moving ones.

    The rows go through the model as in training, with its noise. Seeds and all other states are
    given back. Source: Izmailov et al. 2018 (SWA).

    Args:
        model: The model with its new weights.
        rows: Training rows.
    """
    layers = normalizations(model)
    moving = {id(v) for layer in layers for v in (layer.moving_mean, layer.moving_variance)}
    states = [*private_keras.own_states(model), *private_keras.global_seeds()]
    others = [(v, ops.copy(v)) for v in states if id(v) not in moving]
    with own_momentum(layers), same_randomness():
        for i, (x, _, _) in enumerate(rows.batches()):
            for layer in layers:
                layer.momentum = i / (i + 1)  # a plain mean over the batches so far
            model(tensors(x), training=True)
    for variable, value in others:
        variable.assign(value)


@contextmanager
def own_momentum(layers: list[keras.layers.BatchNormalization]) -> Iterator[None]:
    """Afterwards every layer has the momentum that it had."""
    before = [layer.momentum for layer in layers]
    try:
        yield
    finally:
        for layer, momentum in zip(layers, before, strict=True):
            layer.momentum = momentum
