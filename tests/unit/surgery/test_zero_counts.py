"""kreg.sparsity counts exact zeros and zero groups, and nothing that is merely small."""

import json

import keras
import numpy as np
from keras import layers

from kreg.measuring.penalties import WeightEvaluator
from kreg.surgery import sparsity
from kreg.surgery.refit import KeepZeros, keeping_zeros


def test_only_exact_zeros_count():
    model = keras.Sequential([keras.Input((2,)), layers.Dense(2)])
    model.set_weights([np.array([[0.0, 1e-38], [-0.0, 1.0]]), np.zeros(2)])
    found = sparsity(model)
    assert (found.zeros, found.size, found.fraction) == (2, 4, 0.5)


def test_groups_of_a_convolution_are_channels():
    model = keras.Sequential([keras.Input((5, 5, 3)), layers.Conv2D(4, 3)])
    kernel = np.ones((3, 3, 3, 4))
    kernel[:, :, 1] = 0
    kernel[..., 2:] = 0
    model.set_weights([kernel, np.zeros(4)])
    row = sparsity(model).layers[0]
    assert (row.zero_inputs, row.inputs, row.zero_outputs, row.outputs) == (1, 3, 2, 4)


def test_groups_of_a_depthwise_kernel_are_its_channels():
    inputs = keras.Input((5, 5, 3))
    x = layers.DepthwiseConv2D(3, depth_multiplier=2)(inputs)
    model = keras.Model(inputs, layers.SeparableConv2D(2, 2)(x))
    weights = [np.ones(w.shape) for w in model.weights]
    weights[0][:, :, 1] = 0
    weights[2][:, :, :4] = 0
    model.set_weights(weights)
    rows = {row.weight.rpartition("/")[2]: row for row in sparsity(model).layers}
    assert (rows["kernel"].zero_inputs, rows["kernel"].zero_outputs) == (1, 1)
    assert (rows["depthwise_kernel"].zero_inputs, rows["depthwise_kernel"].inputs) == (4, 6)


def fresh_with_wide_biases() -> keras.Model:
    """A fresh model whose biases of two axes are all zero, and no kernel is."""
    inputs = keras.Input((4, 6))
    x = layers.MultiHeadAttention(2, 3)(inputs, inputs)
    return keras.Model(inputs, layers.Dense(1)(layers.GRU(5)(x)))


def test_biases_that_start_at_zero_do_not_count():
    model = fresh_with_wide_biases()
    wide = [w for w in model.weights if w.name == "bias" and len(w.shape) > 1]
    assert len(wide) == 4 and not any(np.any(w) for w in wide)
    assert sparsity(model).zeros == 0
    assert WeightEvaluator(model)().sparsity == 0.0


def test_a_refit_leaves_biases_that_are_zero_free():
    model = fresh_with_wide_biases()
    with keeping_zeros(model):
        assert {w.name for w in model.weights if isinstance(w.constraint, KeepZeros)} == {
            "kernel", "recurrent_kernel",
        }  # fmt: skip


def test_a_model_without_kernels_and_the_plain_form():
    model = keras.Sequential([keras.Input((2,)), layers.BatchNormalization()])
    assert sparsity(model).fraction == 0.0
    dense = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    found = sparsity(dense)
    assert json.loads(json.dumps(found.as_dict()))["fraction"] == 0.0
    assert "0 of 2 weights are exactly zero (0.0%)" in str(found)
