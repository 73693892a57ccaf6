"""Where a layer keeps the regularizer of a weight, so that its configuration tells of it."""

from kreg.surgery import shim


def attribute(layer, weight_name: str) -> str | None:
    """The attribute of `layer` that configures the regularizer of `weight_name`, if it has one.

    Keras names them after the weight (`kernel_regularizer`), after its first word
    (`depthwise_kernel` -> `depthwise_regularizer`), or, for the kernel of a depthwise layer,
    after the layer.
    """
    first = weight_name.removesuffix("_kernel")
    candidates = [f"{weight_name}_regularizer", f"{first}_regularizer"]
    if weight_name == "kernel":
        candidates.append("depthwise_regularizer")
    return next((name for name in candidates if hasattr(layer, name)), None)


def attach(layer, weight, regularizer) -> None:
    """Set the regularizer of a built weight, in the variable and in the configuration."""
    weight.regularizer = regularizer
    name = attribute(layer, weight.name)
    if name is not None:
        setattr(layer, name, regularizer)


def is_saved(layer, weight, model) -> bool:
    """Whether saving and cloning `model` keeps the regularizer of `weight`.

    A layer must have an attribute for it, and everything between the model and the layer must
    write that layer's configuration into its own. A subclassed model does not, nor does a
    composite layer such as `MultiHeadAttention`, which makes its projections anew.
    """
    if attribute(layer, weight.name) is None or not shim.is_graph(model):
        return False
    return layer in written_layers(model)


def written_layers(model) -> set:
    """The layers whose configuration is part of the model's."""
    written = set()
    for layer in model.layers:
        if shim.is_graph(layer):
            written |= written_layers(layer)
        else:
            written |= {layer, *written_parts(layer)}
    return written


def written_parts(layer) -> set:
    """The wrapped layer of a wrapper, the cell of a recurrent layer: what their configs contain."""
    names = ("layer", "cell", "forward_layer", "backward_layer")
    parts = {p for p in (getattr(layer, name, None) for name in names) if hasattr(p, "get_config")}
    parts |= set(getattr(getattr(layer, "cell", None), "cells", ()))
    return parts.union(*(written_parts(part) for part in parts)) if parts else parts
