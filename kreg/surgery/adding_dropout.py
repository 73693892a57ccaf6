"""Put noise into a model that already exists."""

from collections.abc import Iterator
from typing import Any, NoReturn

import keras

from kreg import check, schedules
from kreg import layers as noise
from kreg.surgery import copying, graph
from kreg.surgery.rules import LayerChoice, check_layers, fits_layer

ACTIVATIONS = (keras.layers.Activation, keras.layers.ReLU, keras.layers.LeakyReLU,
               keras.layers.PReLU, keras.layers.ELU)  # fmt: skip
CONVOLUTIONS = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)


def with_dropout(
    model: keras.Model, rate: Any, where: LayerChoice = None, seed: int | None = None
) -> keras.Model:
    """A copy of `model` with dropout behind the chosen layers and the same outputs in inference.

    Args:
        model: A built Functional or Sequential `keras.Model`, nested models included. It is not
            changed.
        rate: Number in [0, 1) or `kreg.Schedule`: the rate of a `kreg.Dropout`; or a function
            `rate(layer)` that returns the noise layer to put behind `layer`.
        where: The layers that get noise behind them: a name pattern such as `"block*_relu"`, a
            layer class, or a tuple of these. Defaults to all `Dense` layers except those that
            make the model's outputs. Where the activation is a layer of its own, name that layer.
        seed: `None`, or a whole number in [0, 2**31); the n-th noise layer gets `seed + n`.

    Returns:
        A new model, not compiled, with the same weights.

    Raises:
        ValueError: If the rate is out of range, the model is subclassed, or no layer is chosen.

    >>> import keras
    >>> dense = keras.layers.Dense
    >>> model = keras.Sequential([keras.Input((4,)), dense(8, "relu"), dense(2)])
    >>> [type(layer).__name__ for layer in with_dropout(model, 0.5).layers]
    ['Dense', 'Dropout', 'Dense']
    """
    make_noise = noise_maker(rate, seed)
    chosen = {id(layer) for layer in chosen_layers(graph.checked(model), where)}
    made = {}

    def after(layer: keras.Layer) -> keras.Layer | None:
        if id(layer) in chosen and id(layer) not in made:
            made[id(layer)] = make_noise(layer)
        return made.get(id(layer))

    noisy, pairs = copying.rebuild(model, copying.from_config, after)
    for old, new in pairs:
        copying.copy_weights(old, new)
    return noisy


def noise_maker(rate: Any, seed: int | None) -> copying.Maker:
    """`layer -> noise layer`, named after the layer that it follows."""
    if callable(rate) and not isinstance(rate, schedules.Schedule):
        return rate
    rate = schedules.get("rate", rate, low=0, high=1, high_open=True)
    if seed is not None:
        check.integer("seed", seed, low=0)
    count = iter(range(2**31))

    def make(layer: keras.Layer) -> keras.Layer:
        own = None if seed is None else seed + next(count)
        return noise.Dropout(rate, seed=own, name=f"{layer.name}_dropout")

    return make


def chosen_layers(model: keras.Model, where: LayerChoice) -> list[keras.Layer]:
    """The layers that get noise behind them."""
    check_layers(where)
    layers = list(leaves(model))
    if where is None:
        final = set(output_layers(model))
        hidden = [x for x in layers if isinstance(x, keras.layers.Dense) and x not in final]
        return hidden or no_hidden_dense(layers)
    wanted = where if isinstance(where, tuple) else (where,)
    found = [layer for layer in layers if any(fits_layer(one, layer, "") for one in wanted)]
    if not found:
        near = check.did_you_mean(where, [layer.name for layer in layers])
        advice = f"{near} {kinds_of(layers)}".strip()
        raise check.invalid("where", "names or classes of layers of the model", where, advice)
    return found


def no_hidden_dense(layers: list[keras.Layer]) -> NoReturn:
    """What to write where the usual places are not there: a network of convolutions, say."""
    raise ValueError(
        "The model has no hidden Dense layer to put dropout behind, so say `where=`: "
        f"{suggestion(layers)}. {kinds_of(layers)}"
    )


def suggestion(layers: list[keras.Layer]) -> str:
    """The activations that are layers of their own, else the convolutions, else any class."""
    for kinds in ACTIVATIONS, CONVOLUTIONS:
        found = list(dict.fromkeys(type(one) for one in layers if isinstance(one, kinds)))
        if found:
            names = ", ".join(f"keras.layers.{kind.__name__}" for kind in found)
            return f"where={names}" if len(found) == 1 else f"where=({names})"
    return "a class of layers, or a pattern of names such as where='block*'"


def kinds_of(layers: list[keras.Layer], limit: int = 8) -> str:
    """`The model has 3 Conv2D ('stem', ...), 1 Dense ('out').`, at most `limit` classes."""
    names: dict[str, list[str]] = {}
    for layer in layers:
        names.setdefault(type(layer).__name__, []).append(layer.name)
    shown = [
        f"{len(own)} {kind} ({own[0]!r}{', ...' if len(own) > 1 else ''})"
        for kind, own in list(names.items())[:limit]
    ]
    more = " and others" if len(names) > limit else ""
    return f"The model has {', '.join(shown)}{more}."


def leaves(model: keras.Model) -> Iterator[keras.Layer]:
    """All layers, nested models opened."""
    for layer in model.layers:
        if graph.is_graph(layer):
            yield from leaves(layer)
        elif not isinstance(layer, keras.layers.InputLayer):
            yield layer


def output_layers(model: keras.Model) -> list[keras.Layer]:
    """The layers that make the outputs, nested models opened."""
    names = {ref.layer for ref in graph.read(model).outputs}
    found = []
    for layer in model.layers:
        if layer.name in names:
            found += output_layers(layer) if graph.is_graph(layer) else [layer]
    return found
