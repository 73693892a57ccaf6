"""Which weights a regularizer goes to: rules by layer name, layer type and weight name."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

import keras

from kreg import check, private_keras

# Keras asks no more of one than to be called
Regularizer: TypeAlias = Callable[[Any], Any] | None
# all layers; a pattern of names, a class, or several of these
LayerChoice: TypeAlias = str | type | tuple[str | type, ...] | None


@dataclass(frozen=True)
class Rule:
    """One regularizer and the weights that it is meant for.

    Args:
        regularizer: A `keras.Regularizer` (kreg's or Keras's), a name that Keras knows (`"l2"`),
            or `None`, which removes what is there.
        layers: `None` (all layers), a pattern of layer names such as `"dense_*"` (shell wildcards,
            also matched against the path, `"backbone/*"`), a layer class, or a tuple of these.
        weights: A pattern of weight names. Defaults to `"kernel"`, which also takes
            `"depthwise_kernel"`, `"recurrent_kernel"` and other names that end in it; biases and
            the weights of normalisation layers are left alone. `"*"` takes every trainable weight.

    >>> Rule(keras.regularizers.L2(1e-4), layers="dense_*").weights
    'kernel'
    """

    regularizer: Regularizer
    layers: LayerChoice = None
    weights: str = "kernel"

    def __post_init__(self) -> None:
        object.__setattr__(self, "regularizer", checked_regularizer(self.regularizer))
        check_layers(self.layers)
        if not isinstance(self.weights, str) or not self.weights:
            raise check.invalid("weights", "a pattern of weight names", self.weights)

    def takes_layer(self, layer: keras.Layer, path: str = "") -> bool:
        """Whether the rule speaks of this layer."""
        wanted = self.layers if isinstance(self.layers, tuple) else (self.layers,)
        return any(fits_layer(one, layer, path) for one in wanted)

    def takes_weight(self, name: str) -> bool:
        """Whether the rule speaks of weights of this name."""
        return fnmatchcase(name, self.weights) or fnmatchcase(name, f"*_{self.weights}")


def fits_layer(wanted: str | type | None, layer: keras.Layer, path: str) -> bool:
    if wanted is None:
        return True
    if isinstance(wanted, type):
        return isinstance(layer, wanted)
    return fnmatchcase(layer.name, wanted) or fnmatchcase(path, wanted)


def checked_regularizer(value: Any) -> Regularizer:
    """`value` as Keras understands it; the error names `Rule` and plain regularizers alike."""
    try:
        return keras.regularizers.get(value)
    except (ValueError, TypeError) as error:
        expected = "a keras.Regularizer, a name that Keras knows, or None"
        raise check.invalid("regularizer", expected, value) from error


def check_layers(layers: Any) -> None:
    for one in layers if isinstance(layers, tuple) else (layers,):
        if one is not None and not isinstance(one, str | type):
            expected = "None, a name pattern, a layer class, or a tuple of these"
            raise check.invalid("layers", expected, layers)


def as_rules(rules: Any) -> list[Rule]:
    """What a user may pass (one regularizer, one rule, or a list of rules) as a list of rules."""
    if isinstance(rules, Rule):
        return [rules]
    if isinstance(rules, list | tuple):
        if not rules or not all(isinstance(rule, Rule) for rule in rules):
            raise check.invalid("rules", "a regularizer, or a list of kreg.surgery.Rule", rules)
        return list(rules)
    return [Rule(rules)]


def weights_of(model: keras.Model) -> Iterator[tuple[keras.Layer, keras.Variable]]:
    """`(layer, weight)` for all weights made for training, with the layer that made them."""
    seen = set()
    for layer in private_keras.all_layers(model):
        for weight in private_keras.own_weights(layer):
            if id(weight) not in seen:
                seen.add(id(weight))
                yield layer, weight


def path_in(model: keras.Model, weight: keras.Variable) -> str:
    """The weight's path as seen from `model`: a Sequential puts its own name in front."""
    return weight.path.removeprefix(f"{model.name}/")
