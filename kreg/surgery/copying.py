"""Build a model again with other layers in the same graph; the model itself is not touched."""

import tempfile
from collections.abc import Callable
from typing import Any, TypeAlias

import keras
from keras import ops

from kreg import lora, private_keras
from kreg.surgery import graph

Maker: TypeAlias = Callable[[keras.Layer], keras.Layer]
After: TypeAlias = Callable[[keras.Layer], keras.Layer | None]
CHANGE = ("lora_rank", "lora_alpha")


def rebuild(
    model: keras.Model,
    make: Maker,
    after: After | None = None,
    widths: dict[str, int] | None = None,
) -> tuple[keras.Model, list[tuple[keras.Layer, keras.Layer]]]:
    """A new, uncompiled model of the same graph.

    Args:
        model: Functional or Sequential model; nested ones are rebuilt too.
        make: `make(layer)` returns the new layer that stands in for `layer`.
        after: `after(layer)` returns a layer to put behind every call of `layer`, or `None`.
        widths: By name of an input of the model how many features it has now; `None` leaves all.

    Returns:
        The new model, and a list of pairs `(old layer, new layer)`, nested models excluded.
    """
    pairs = {}
    copies = {}

    def copy(layer: keras.Layer) -> keras.Layer:
        if id(layer) not in copies:
            copies[id(layer)] = again(layer) if graph.is_graph(layer) else make(layer)
            if not graph.is_graph(layer):
                pairs[id(layer)] = (layer, copies[id(layer)])
        return copies[id(layer)]

    def again(inner: keras.Model, widths: dict[str, int] | None = None) -> keras.Model:
        build = sequential if isinstance(inner, keras.Sequential) else functional
        return build(inner, copy, after, widths or {})

    return again(graph.checked(model), widths), list(pairs.values())


def new_inputs(model: keras.Model, widths: dict[str, int]) -> list[Any]:
    """Inputs like those of `model`, in flat order, with the number of features of `widths`."""
    names = graph.input_names(model)
    return [new_input(*pair, widths) for pair in zip(model.inputs, names, strict=True)]


def new_input(tensor: Any, name: str, widths: dict[str, int]) -> Any:
    shape = tensor.shape
    if name in widths:
        shape = (*shape[:-1], widths[name])
    return keras.Input(batch_shape=shape, dtype=tensor.dtype, name=name)


def sequential(
    model: keras.Model,
    copy: Maker,
    after: After | None,
    widths: dict[str, int],
) -> keras.Sequential:
    layers = new_inputs(model, widths)
    for layer in model.layers:
        extra = after(layer) if after else None
        layers += [copy(layer)] if extra is None else [copy(layer), extra]
    return keras.Sequential(layers, name=model.name)


def functional(
    model: keras.Model,
    copy: Maker,
    after: After | None,
    widths: dict[str, int],
) -> keras.Model:
    extras = {}

    def copy_with_extra(layer: keras.Layer) -> keras.Layer:
        new = copy(layer)
        extras[id(new)] = after(layer) if after else None
        return new

    def call(new: keras.Layer, *args: Any, **kwargs: Any) -> Any:
        outputs = new(*args, **kwargs)
        extra = extras[id(new)]
        return outputs if extra is None else extra(outputs)

    inputs = keras.tree.pack_sequence_as(model.input, new_inputs(model, widths))
    return keras.models.clone_model(
        graph.view(model), input_tensors=inputs, clone_function=copy_with_extra, call_function=call
    )


def from_config(layer: keras.Layer, config: dict[str, Any] | None = None) -> keras.Layer:
    """A new layer of the same class, not built, from `config` or its own configuration.

    It has no low-rank change: `copy_weights` merges that into the kernel.
    """
    config = graph.config_of(layer) if config is None else config
    if has_change(layer):
        config = without_change(config)
    if is_lambda(getattr(layer, "activation", None)):
        config = {**config, "activation": layer.activation}
    try:
        if isinstance(layer, keras.layers.Lambda):
            # The function comes from an object in memory, not from a file: nothing to distrust.
            return type(layer).from_config(config, safe_mode=False)
        return type(layer).from_config(config)
    except Exception as error:
        reason = str(error).strip().splitlines()[-1]
        raise ValueError(
            f"The layer {layer.name!r} of class {type(layer).__name__} cannot be made again from "
            f"its configuration ({reason}). Give the class a `get_config` that returns the "
            "arguments of its constructor."
        ) from error


def is_lambda(function: Any) -> bool:
    """Whether Keras could write the function to a configuration but not read it back."""
    return getattr(function, "__name__", "") == "<lambda>"


def copy_weights(old: keras.Layer, new: keras.Layer) -> None:
    """Copy the state of a layer into a layer of the same shape; operations have none."""
    if has_change(old):
        copy_merged(old, new)
    elif weight_count(old):
        new.set_weights(old.get_weights())
        if hasattr(new, "finalize_state"):  # Normalization derives constants from its weights
            new.finalize_state()
    if isinstance(old, keras.Layer):
        pairs = zip(keepers(old), keepers(new), strict=True)
        for pair in pairs:
            copy_kept(*pair)


def has_change(layer: Any) -> bool:
    """Whether a layer, or one inside it, has a low-rank change."""
    return isinstance(layer, keras.Layer) and bool(lora.holders(layer))


def without_change(config: Any) -> Any:
    """A configuration without low-rank changes, at any depth."""
    if isinstance(config, dict):
        rest = {key: value for key, value in config.items() if key not in CHANGE}
        return {key: without_change(value) for key, value in rest.items()}
    return [without_change(one) for one in config] if isinstance(config, list) else config


def copy_merged(old: keras.Layer, new: keras.Layer) -> None:
    """Copy by the hooks that Keras's files are written with: they merge low-rank changes."""
    inside = zip(private_keras.all_layers(old), private_keras.all_layers(new), strict=True)
    for source, target in inside:
        store: dict[str, Any] = {}
        source.save_own_variables(store)
        if store:  # JAX gives away the arrays of a model that predicts: two must not share them
            own = {name: ops.copy(ops.convert_to_tensor(value)) for name, value in store.items()}
            target.load_own_variables(own)


def keepers(layer: keras.Layer) -> list[keras.Layer]:
    """The layers, here and below, that keep something beside their weights: a vocabulary, say."""
    hooks = ("get_vocabulary", "save_assets")
    return [one for one in private_keras.all_layers(layer) if any(hasattr(one, h) for h in hooks)]


def copy_kept(old: keras.Layer, new: keras.Layer) -> None:
    """Copy what a layer keeps beside its weights, by the hooks that Keras's files are written with.

    A vocabulary goes from hand to hand: its file has a token a line, also where a token has two.
    """
    store: dict[str, Any] = {}
    if hasattr(old, "get_vocabulary"):
        vocabulary = old.get_vocabulary()
        if vocabulary != new.get_vocabulary():  # not one that the configuration has
            old.save_own_variables(store)  # idf_weights, where there are any
            new.set_vocabulary(vocabulary, **store)
        return
    with tempfile.TemporaryDirectory() as folder:
        if not weight_count(old):
            old.save_own_variables(store)
            new.load_own_variables(store)
        old.save_assets(folder)
        new.load_assets(folder)


def weight_count(layer: keras.Layer) -> int:
    """How many weights a layer has; a `keras.ops` operation of a graph has none."""
    return len(getattr(layer, "weights", ()))
