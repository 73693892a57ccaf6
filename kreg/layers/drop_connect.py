"""Dropout of single weights."""

from typing import Any, Self

import keras
from keras import ops

from kreg import check
from kreg.layers.arguments import Rate, Shape
from kreg.layers.dropout import drop
from kreg.layers.noise import Noise, Number

WRAPPED = (keras.layers.Dense, keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)


@keras.saving.register_keras_serializable(package="kreg")
class DropConnect(Noise):
    """A `Dense` or `Conv` layer whose kernel is `W * m / (1 - rate)` in training, `W` otherwise.

    Every step draws one mask `m` for the kernel, shared by the samples of the batch; the bias is
    kept. The variables are those of the wrapped layer, and its penalties still count.
    Source: Wan et al., DropConnect, 2013 (which draws a mask for each sample).

    Args:
        layer: A `Dense`, `Conv1D`, `Conv2D` or `Conv3D`, built or not, without
            `activity_regularizer` and not quantized.
        rate: Number in [0, 1), the fraction of weights that is set to zero; or a `kreg.Schedule`.
        seed: `None` or a whole number in [0, 2**31).
        **kwargs: `name`, `dtype`, `trainable`. The dtype defaults to that of `layer`.

    >>> layer = DropConnect(keras.layers.Dense(2), 0.5)
    >>> layer(keras.ops.ones((1, 3))).shape
    TensorShape([1, 2])
    """

    def __init__(
        self, layer: keras.layers.Layer, rate: Rate, seed: int | None = None, **kwargs: Any
    ):
        check_wrapped(layer)
        kwargs.setdefault("dtype", layer.dtype_policy)
        super().__init__(rate, seed=seed, **kwargs)
        self.layer = layer

    def build(self, input_shape: Shape) -> None:
        if not self.layer.built:
            self.layer.build(input_shape)

    def call(self, inputs: keras.KerasTensor, training: bool | None = False) -> keras.KerasTensor:
        if self.is_off(training):
            return self.layer(inputs)
        return self.noise(inputs, *self.next_numbers(inputs.shape))

    def numbers(self, rate: Number, shape: Shape) -> tuple[Number, ...]:
        return rate, 1.0 / (1.0 - rate)

    def noise(self, inputs: keras.KerasTensor, rate: Number, scale: Number) -> keras.KerasTensor:
        kernel = ops.cast(self.layer.kernel, self.compute_dtype)
        kernel = drop(kernel, self.uniform(kernel.shape) >= rate, scale)
        if isinstance(self.layer, keras.layers.Dense):
            outputs = ops.matmul(inputs, kernel)
        else:
            outputs = convolve(self.layer, inputs, kernel)
        return self.layer.activation(self._with_bias(outputs))

    def _with_bias(self, outputs: keras.KerasTensor) -> keras.KerasTensor:
        if not self.layer.use_bias:
            return outputs
        shape = [1] * len(outputs.shape)
        first = getattr(self.layer, "data_format", "channels_last") == "channels_first"
        shape[1 if first else -1] = -1
        return outputs + ops.reshape(self.layer.bias, shape)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return self.layer.compute_output_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "layer": keras.saving.serialize_keras_object(self.layer)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        layer = keras.saving.deserialize_keras_object(config["layer"])
        return cls(**{**config, "layer": layer})


def convolve(
    layer: keras.layers.Layer, inputs: keras.KerasTensor, kernel: keras.KerasTensor
) -> keras.KerasTensor:
    """The convolution of a `Conv` layer, without bias and activation, with another kernel."""
    padding = layer.padding
    if padding == "causal":
        before = layer.dilation_rate[0] * (layer.kernel_size[0] - 1)
        time = 1 if layer.data_format == "channels_last" else 2
        inputs = ops.pad(inputs, [(before if axis == time else 0, 0) for axis in range(3)])
        padding = "valid"
    return ops.conv(
        inputs,
        kernel,
        strides=list(layer.strides),
        padding=padding,
        data_format=layer.data_format,
        dilation_rate=layer.dilation_rate,
    )


def check_wrapped(layer: keras.layers.Layer) -> None:
    """Refuse what cannot be wrapped."""
    expected = "a Dense, Conv1D, Conv2D or Conv3D layer"
    if not isinstance(layer, WRAPPED):
        raise check.invalid("layer", expected, layer)
    if layer.activity_regularizer is not None:
        advice = "Put a keras.layers.ActivityRegularization after the wrapped layer instead."
        raise check.invalid("layer", f"{expected} without activity_regularizer", layer, advice)
    if layer.dtype_policy.quantization_mode is not None:
        raise check.invalid("layer", f"{expected} that is not quantized", layer)
