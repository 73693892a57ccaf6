"""Many small networks trained side by side in one model."""

import keras
from keras import ops

from kreg.regularizers import L2


class StackedDense(keras.layers.Layer):
    """A `Dense` for each network of a stack: `(stack, batch, inputs) -> (stack, batch, units)`."""

    def __init__(self, stack: int, units: int, penalty: float, activation, **kwargs):
        super().__init__(**kwargs)
        self.stack = stack
        self.units = units
        self.penalty = penalty
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        limit = (6.0 / (input_shape[-1] + self.units)) ** 0.5  # Glorot's, for one network
        self.kernel = self.add_weight(
            shape=(self.stack, input_shape[-1], self.units),
            initializer=keras.initializers.RandomUniform(-limit, limit),
            regularizer=L2(self.penalty),
            name="kernel",
        )
        self.bias = self.add_weight(
            shape=(self.stack, 1, self.units), initializer="zeros", name="bias"
        )

    def call(self, inputs):
        return self.activation(ops.matmul(inputs, self.kernel) + self.bias)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)
