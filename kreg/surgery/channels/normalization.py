"""Layers with one set of numbers for each channel: BatchNormalization, PReLU."""

from typing import Any

import keras
import numpy as np

from kreg.surgery.channels.base import UNKNOWN, Masks, Resized, Tied, known


class BatchNorm(Tied):
    """`(x_i - mean_i) * scale_i + beta_i` in inference; constant where `scale_i` is zero."""

    def __init__(self, layer: keras.Layer, *sizes: Any):
        super().__init__(layer, *sizes)
        deviation = np.sqrt(layer.moving_variance.numpy().astype("float64") + layer.epsilon)
        self.scale = (layer.gamma.numpy() if layer.scale else 1.0) / deviation
        self.beta = layer.beta.numpy() if layer.center else np.zeros(self.size)

    def constants(self, inputs: list[np.ndarray]) -> np.ndarray:
        moved = (inputs[0] - self.layer.moving_mean.numpy()) * self.scale
        return np.where(self.scale == 0, 0.0, moved) + self.beta

    def needs(self, live: np.ndarray, constants: list[np.ndarray]) -> list[np.ndarray]:
        return [live & (self.scale != 0)]

    def resized(self, live: Masks, kept: Masks, constants: list[np.ndarray]) -> Resized:
        return Resized({}, [w[kept.output] for w in self.layer.get_weights()])


class ParametricReLU(Tied):
    """`max(x, 0) + alpha * min(x, 0)`, alpha of its own for each channel and place, or shared."""

    def __init__(self, layer: keras.Layer, *sizes: Any):
        super().__init__(layer, *sizes)
        self.alpha = layer.alpha.numpy()

    def constants(self, inputs: list[np.ndarray]) -> np.ndarray:
        slopes = self.alpha.reshape(-1, self.alpha.shape[-1])
        steady = (slopes == slopes[0]).all(axis=0) | (inputs[0] >= 0)
        value = np.where(inputs[0] < 0, inputs[0] * slopes[0], inputs[0])
        return np.where(known(inputs[0]) & steady, value, UNKNOWN)

    def resized(self, live: Masks, kept: Masks, constants: list[np.ndarray]) -> Resized:
        shared = self.alpha.shape[-1] == 1 and self.size != 1
        return Resized({}, [self.alpha if shared else self.alpha[..., kept.output]])
