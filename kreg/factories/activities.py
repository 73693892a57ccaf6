"""`reg.activity`: a penalty on what the hidden units of a network put out."""

from typing import TYPE_CHECKING

from kreg.config.validate import ConfigError
from kreg.fields import Options
from kreg.regularizers.options import PenaltyOptions

if TYPE_CHECKING:
    import keras


def penalise(model: "keras.Model", cfg: Options) -> None:
    """Give the hidden layers of a model an `activity_regularizer`, before it is compiled.

    Args:
        model: Built and not compiled.
        cfg: The checked `reg` group.

    Raises:
        ConfigError: If the model has no hidden layer with an activation.
    """
    if not isinstance(cfg, PenaltyOptions) or not cfg.activity:
        return
    from kreg.layers import ActivityPenalty

    found = hidden_layers(model)
    if not found:
        raise ConfigError(
            f"reg.activity={cfg.activity:g} penalises what hidden units put out, but the model "
            f"{model.name!r} has no hidden layer with an activation. Leave it out."
        )
    settings = {cfg.activity_form: cfg.activity, "target": cfg.activity_target}
    for layer in found:
        layer.activity_regularizer = ActivityPenalty(**settings)


def hidden_layers(model: "keras.Model") -> "list[keras.layers.Layer]":
    """The layers that end in an activation, but for those that make the model's outputs."""
    from kreg.surgery import graph
    from kreg.surgery.adding_dropout import leaves, output_layers

    outputs = output_layers(model) if graph.is_graph(model) else []
    return [layer for layer in leaves(model) if bends(layer) and layer not in outputs]


def bends(layer: "keras.layers.Layer") -> bool:
    """Whether a layer puts out activities: a function of sums that is not linear."""
    import keras

    from kreg.surgery.adding_dropout import ACTIVATIONS

    own = getattr(layer, "activation", None)
    if own is None:
        return isinstance(layer, ACTIVATIONS)
    return own is not keras.activations.linear
