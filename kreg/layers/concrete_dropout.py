"""Dropout whose rate is learned."""

import math
from typing import Any, Self

import keras
from keras import ops

from kreg import check
from kreg.layers import arguments
from kreg.layers.arguments import Shape
from kreg.layers.noise import Noise, Number
from kreg.layers.options import STRENGTH, TEMPERATURE
from kreg.schedules import Schedule


@keras.saving.register_keras_serializable(package="kreg")
class ConcreteDropout(Noise):
    """Dropout with a trainable rate `p`, through a relaxed mask, and the penalty that guides it.

    In training `x * (1 - z) / (1 - p)` with
    `z = sigmoid((logit(p) + logit(u)) / temperature)`, `u` uniform. The layer adds to the loss
    `dropout_regularizer * features * (p log p + (1 - p) log(1 - p))`, which draws `p` to 0.5, and,
    where it wraps a layer, `weight_regularizer * sum(kernel ** 2) / (1 - p)`, which draws it to 0.
    With `N` training rows, model precision tau and prior length scale l the paper has
    `weight_regularizer = l**2 / (tau * N)` and `dropout_regularizer = 2 / (tau * N)` (mean squared
    error). Source: Gal, Hron & Kendall, Concrete Dropout, 2017.

    Args:
        rate: Number in (0, 1): where `p` starts. Defaults to `0.1`.
        layer: `None` (only the noise), or the layer with a `kernel` that reads the noisy input: the
            output is then `layer(noisy x)`.
        dropout_regularizer: Number >= 0. Defaults to `1e-5`.
        weight_regularizer: Number >= 0, used with `layer`. Defaults to `1e-6`.
        temperature: Number > 0 of the relaxation; 0 would be a hard mask. Defaults to `0.1`.
        seed: `None` or a whole number in [0, 2**31).
        **kwargs: `name`, `dtype`, `trainable`.

    >>> round(ConcreteDropout(0.3).current_rate, 6)
    0.3
    """

    def __init__(
        self,
        rate: float = 0.1,
        layer: keras.layers.Layer | None = None,
        dropout_regularizer: float = 1e-5,
        weight_regularizer: float = 1e-6,
        temperature: float = 0.1,
        seed: int | None = None,
        **kwargs: Any,
    ):
        self.start = check_start(rate)
        super().__init__(self.start, seed=seed, **kwargs)
        self.layer = layer
        self.dropout_regularizer = check.number(
            "dropout_regularizer", dropout_regularizer, **STRENGTH
        )
        self.weight_regularizer = check.number("weight_regularizer", weight_regularizer, **STRENGTH)
        self.temperature = check.number("temperature", temperature, **TEMPERATURE)

    def build(self, input_shape: tuple[int, ...]) -> None:
        self.features = input_shape[-1]
        self.logit = self.add_weight(
            shape=(),
            initializer=keras.initializers.Constant(math.log(self.start / (1.0 - self.start))),
            regularizer=self.penalty,
            dtype="float32",
            autocast=False,
            name="logit",
        )
        if self.layer is not None and not self.layer.built:
            self.layer.build(input_shape)

    @property
    def current_rate(self) -> float:
        """The learned rate; before the layer is built, where it starts."""
        if not self.built:
            return self.start
        return float(ops.convert_to_numpy(ops.sigmoid(self.logit.value)))

    def hold_rate(self) -> None:
        """Nothing: the rate is a weight."""

    @property
    def is_held(self) -> bool:
        return True

    def call(self, inputs: keras.KerasTensor, training: bool | None = False) -> keras.KerasTensor:
        outputs = self.noise(inputs, ops.sigmoid(self.logit.value)) if training else inputs
        return outputs if self.layer is None else self.layer(outputs)

    def noise(self, inputs: keras.KerasTensor, rate: Number) -> keras.KerasTensor:
        u = ops.clip(self.uniform(ops.shape(inputs)), 1e-7, 1.0 - 1e-7)
        logit_u = ops.log(u) - ops.log1p(-u)
        dropped = ops.sigmoid((self.logit.value + logit_u) / self.temperature)
        return inputs * ops.cast((1.0 - dropped) / (1.0 - rate), inputs.dtype)

    def penalty(self, logit: keras.KerasTensor) -> keras.KerasTensor:
        """The float32 scalar that the layer adds to the loss, as the regularizer of `logit`."""
        logit = ops.convert_to_tensor(logit)
        rate = ops.sigmoid(logit)
        # p log p + (1 - p) log(1 - p), stable for a rate near 0 or 1
        entropy = -rate * ops.softplus(-logit) - (1.0 - rate) * ops.softplus(logit)
        total = self.dropout_regularizer * self.features * entropy
        if self.layer is None:
            return total
        squares = ops.sum(ops.square(ops.cast(self.layer.kernel, "float32")))
        return total + self.weight_regularizer * squares / (1.0 - rate)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape if self.layer is None else self.layer.compute_output_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        own = ("dropout_regularizer", "weight_regularizer", "temperature")
        layer = keras.saving.serialize_keras_object(self.layer) if self.layer else None
        config = {**super().get_config(), **{key: getattr(self, key) for key in own}}
        return {**config, "layer": layer}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        layer = config["layer"] and keras.saving.deserialize_keras_object(config["layer"])
        return cls(**{**config, "layer": layer})


def check_start(rate: float) -> float:
    """The start must be a number inside (0, 1): at 0 the learned rate has no gradient."""
    start = arguments.rate(rate)
    if isinstance(start, Schedule) or start == 0.0:
        raise check.invalid("rate", "a number in (0, 1): the rate is learned from there", start)
    return start
