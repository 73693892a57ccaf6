"""The columns of a table as a sequence of vectors, which a transformer can read."""

import keras
from keras import ops

from kreg import check


@keras.saving.register_keras_serializable(package="kreg")
class FeatureTokens(keras.layers.Layer):
    """`token_j = x_j * kernel_j + bias_j`, after one learned token that gathers the answer.

    Source: Gorishniy et al., Revisiting deep learning models for tabular data, 2021.

    Args:
        width: Whole number >= 1: the length of a token.
        kernel_regularizer: A regularizer of the tokens' directions.

    Input shape `(batch, features)`, output shape `(batch, 1 + features, width)`.

    >>> FeatureTokens(8)(keras.ops.ones((2, 3))).shape
    TensorShape([2, 4, 8])
    """

    def __init__(self, width: int, kernel_regularizer=None, **kwargs):
        super().__init__(**kwargs)
        self.width = check.integer("width", width, low=1)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, input_shape):
        # uniform in 1/sqrt(width), as in the paper: tokens of unit length whatever their number
        bound = self.width**-0.5
        uniform = keras.initializers.RandomUniform
        self.kernel = self.add_weight(
            shape=(input_shape[-1], self.width),
            initializer=uniform(-bound, bound),
            regularizer=self.kernel_regularizer,
            name="kernel",
        )
        self.bias = self.add_weight(
            shape=(1 + input_shape[-1], self.width), initializer=uniform(-bound, bound), name="bias"
        )

    def call(self, inputs):
        columns = ops.expand_dims(inputs, -1) * self.kernel
        answer = ops.zeros_like(columns[:, :1])
        return ops.concatenate([answer, columns], axis=1) + self.bias

    def compute_output_shape(self, input_shape):
        return (input_shape[0], 1 + input_shape[-1], self.width)

    def get_config(self):
        regularizer = keras.regularizers.serialize(self.kernel_regularizer)
        return {**super().get_config(), "width": self.width, "kernel_regularizer": regularizer}
