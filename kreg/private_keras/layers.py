"""Layers below layers, their weights, and what they write while they run."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras


def all_layers(layer: keras.Layer) -> list[keras.Layer]:
    """`layer` and every layer below it, once each: nested models, wrappers and attributes too.

    `Model.layers` stops above the layers that a layer holds as attributes: the projections and the
    `Dropout` inside a `MultiHeadAttention`, the cell of a recurrent layer.
    """
    return list(dict.fromkeys(layer._flatten_layers(include_self=True, recursive=True)))


def layers_in_order(layer: keras.Layer) -> list[keras.Layer]:
    """`all_layers` from the first one to the last, each before the layers inside it.

    Keras's own walk turns those inside another layer around: the last block of a nested network
    comes first.
    """
    found: dict[keras.Layer, None] = {}

    def visit(one: keras.Layer) -> None:
        if one not in found:
            found[one] = None
            for inside in one._layers:
                visit(inside)

    visit(layer)
    return list(found)


def own_weights(layer: keras.Layer) -> list[keras.Variable]:
    """The weights that `layer` itself made for training, frozen or not, without its sublayers'.

    `trainable_weights` is empty for a frozen layer, and `weights` has moving averages in it.
    """
    return list(layer._trainable_variables)


def own_states(model: keras.Model) -> list[keras.Variable]:
    """What layers write to while they run: moving averages, random seeds, whatever a layer counts.

    `non_trainable_variables` has these and the weights of every frozen layer: gigabytes of them.
    """
    found = [state for layer in all_layers(model) for state in states_of(layer)]
    return list({id(v): v for v in found}.values())


def states_of(layer: keras.Layer) -> list[keras.Variable]:
    """The same of one layer, without the layers below it."""
    return [*layer._non_trainable_variables, *(s.state for s in layer._seed_generators)]


def global_seeds() -> list[keras.Variable]:
    """The state behind `keras.random` without a seed; empty before anything has drawn from it."""
    from keras.src.backend.common import global_state

    generator = global_state.get_global_attribute("global_seed_generator")
    return [] if generator is None else [generator.state]


@contextmanager
def same_global_seeds() -> Iterator[None]:
    """Keras's own global numbers, and TensorFlow's, go on as if nobody had set a seed.

    Both can be set in public, and neither can be asked how far it is.
    """
    from keras.src.backend.common import global_state

    names = ("global_random_seed", "global_seed_generator")
    kept = {name: global_state.get_global_attribute(name) for name in names}
    eager = sys.modules.get("tensorflow.python.eager.context")
    context: Any = eager.context() if eager else None
    seed, numbers = getattr(context, "_seed", None), getattr(context, "_rng", None)
    state = numbers and numbers.getstate()
    try:
        yield
    finally:
        for name, value in kept.items():
            global_state.set_global_attribute(name, value)
        if context:
            context._set_global_seed(seed)  # forgets the kernels, which have states of their own
            if state:
                context._rng.setstate(state)


def adds_losses(model: keras.Model) -> bool:
    """Whether a layer has used `add_loss`, or has an activity regularizer, when it last ran.

    `model.losses` cannot tell on JAX, where a step is a pure function; it computes all penalties.
    """
    return any(layer._losses or layer._loss_ids for layer in all_layers(model))


@contextmanager
def watched(
    layers: Sequence[keras.Layer], see: Callable[[keras.Layer, Any], None]
) -> Iterator[None]:
    """`see(layer, outputs)` after each call of these layers, whoever calls them.

    `layer.output` knows one call only, and nothing in a model of one's own class; a model that
    begins in the middle of a graph does not lead to it.
    """

    def watching(layer: keras.Layer, call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            outputs = call(*args, **kwargs)
            see(layer, outputs)
            return outputs

        return run

    try:
        for layer in layers:
            object.__setattr__(layer, "call", watching(layer, layer.call))
        yield
    finally:
        for layer in layers:
            vars(layer).pop("call", None)


def operation_of(function: Callable[..., Any]) -> type:
    """The class that a function of `keras.ops` of one argument is in a graph: it has no name."""
    return type(function(keras.KerasTensor((1, 1)))._keras_history.operation)
