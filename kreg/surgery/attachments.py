"""Which weight has which regularizer: in the variable, in the configuration, and as a table."""

from dataclasses import dataclass
from typing import Any

import keras

from kreg.surgery import graph
from kreg.surgery.rules import Regularizer, path_in, weights_of
from kreg.surgery.table import text_table


@dataclass(frozen=True)
class Attachment:
    """One weight and its regularizer.

    Args:
        weight: The weight's path, `"backbone/conv/kernel"` say.
        shape: Its shape.
        regularizer: What is attached, as text.
        active: Whether training feels it: `False` for a frozen layer.
        saved: Whether the layer's configuration, and so `clone_model`, keeps it. `kreg.save_model`
            keeps all.
    """

    weight: str
    shape: tuple[int, ...]
    regularizer: str
    active: bool
    saved: bool


class Attachments(list[Attachment]):
    """A list of `Attachment` that prints as a table."""

    def __str__(self) -> str:
        header = ("weight", "shape", "regularizer", "active", "saved")
        return text_table(header, [(a.weight, a.shape, a.regularizer, *flags(a)) for a in self])


def flags(row: Attachment) -> tuple[str, str]:
    return "yes" if row.active else "no: frozen", "yes" if row.saved else "no"


def attached(model: keras.Model) -> Attachments:
    """Every weight of `model` that has a regularizer, kreg's or Keras's.

    Args:
        model: A built `keras.Model`.

    >>> import keras
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, name="out")])
    >>> from kreg.surgery import regularize
    >>> print(attached(regularize(model, keras.regularizers.L2(0.5))))
    weight      shape   regularizer  active  saved
    ----------  ------  -----------  ------  -----
    out/kernel  (3, 1)  L2(l2=0.5)   yes     yes
    """
    return Attachments(
        Attachment(
            weight=path_in(model, weight),
            shape=tuple(weight.shape),
            regularizer=describe(weight.regularizer),
            active=weight.trainable,
            saved=is_saved(layer, weight, model),
        )
        for layer, weight in weights_of(model)
        if weight.regularizer is not None
    )


def describe(regularizer: Any) -> str:
    """`L2(l2=0.5)`: the class and what makes it different from others of the class."""
    config = regularizer.get_config() if hasattr(regularizer, "get_config") else {}
    fields = ", ".join(f"{key}={value!r}" for key, value in config.items())
    return f"{getattr(type(regularizer), '__name__', regularizer)}({fields})"


def attribute(layer: keras.Layer, weight_name: str) -> str | None:
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


def set_regularizer(layer: keras.Layer, weight: keras.Variable, regularizer: Regularizer) -> None:
    """Set the regularizer of a built weight, in the variable and in the configuration."""
    weight.regularizer = regularizer
    if keras.backend.backend() == "tensorflow" and not getattr(regularizer, "supports_xla", True):
        layer.supports_jit = False  # Keras asks each layer before it compiles with XLA
    name = attribute(layer, weight.name)
    if name is not None:
        setattr(layer, name, regularizer)


def is_saved(layer: keras.Layer, weight: keras.Variable, model: keras.Model) -> bool:
    """Whether the configuration of `model` keeps the regularizer of `weight`.

    A layer must have an attribute for it, and everything between the model and the layer must
    write that layer's configuration into its own. A subclassed model does not, nor does a
    composite layer such as `MultiHeadAttention`, which makes its projections anew.
    """
    if attribute(layer, weight.name) is None or not graph.is_graph(model):
        return False
    return layer in written_layers(model)


def written_layers(model: keras.Model) -> set[keras.Layer]:
    """The layers whose configuration is part of the model's."""
    written = set()
    for layer in model.layers:
        if graph.is_graph(layer):
            written |= written_layers(layer)
        else:
            written |= {layer, *written_parts(layer)}
    return written


def written_parts(layer: keras.Layer) -> set[keras.Layer]:
    """The wrapped layer of a wrapper, the cell of a recurrent layer: what their configs contain."""
    names = ("layer", "cell", "forward_layer", "backward_layer")
    parts = {p for p in (getattr(layer, name, None) for name in names) if hasattr(p, "get_config")}
    parts |= set(getattr(getattr(layer, "cell", None), "cells", ()))
    return parts.union(*(written_parts(part) for part in parts)) if parts else parts
