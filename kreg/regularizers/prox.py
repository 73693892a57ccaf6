"""Proximal maps and norms as pure functions of arrays; every penalty is put together from these.

`prox_f(z) = argmin_w f(w) + ||w - z||^2 / 2`. Everything is written in `keras.ops`, so it works on
NumPy arrays and on tensors of each backend, and inside a compiled training step.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

from keras import ops

Tensor: TypeAlias = Any  # a tensor of any backend, a NumPy array, a Keras variable: no common type


def soft_threshold(z: Tensor, threshold: Tensor) -> Tensor:
    """`sign(z) * max(|z| - threshold, 0)`: the proximal map of `threshold * sum|w|`."""
    return z - ops.clip(z, -threshold, threshold)  # in this form no zero has a minus sign


def squared_length(w: Tensor) -> Tensor:
    """`sum w^2` of all elements: the value of a ridge.

    XLA on a CPU knows this sum by sight, and has a kernel for it that takes three times as long as
    the sum of anything else. So the squares are held against 0 first.
    """
    return ops.sum(ops.maximum(ops.square(w), 0.0))


def sum_of_squares(z: Tensor, axes: Sequence[int]) -> Tensor:
    """Squared Euclidean norm of each group; `axes` are reduced and kept with size 1."""
    return ops.sum(ops.square(z), axis=axes, keepdims=True)


def group_norm(z: Tensor, axes: Sequence[int]) -> Tensor:
    """Euclidean norm of each group, with gradient 0 instead of NaN where a group is zero."""
    squared = sum_of_squares(z, axes)
    alive = squared > 0
    return ops.where(alive, ops.sqrt(ops.where(alive, squared, 1.0)), 0.0)


def direction(z: Tensor, axes: Sequence[int], length: Tensor = 1.0) -> Tensor:
    """`length * z / ||z||` by group, and 0 where a group is zero."""
    norm = group_norm(z, axes)
    return z * (length / ops.where(norm > 0, norm, 1.0))  # one division a group


def group_soft_threshold(z: Tensor, threshold: Tensor, axes: Sequence[int]) -> Tensor:
    """`z * max(1 - threshold / ||z||, 0)` by group: the prox of `threshold * sum_g ||w_g||`.

    Source: Yuan & Lin, Model selection and estimation in regression with grouped variables, 2006.
    """
    norm = group_norm(z, axes)
    alive = norm > threshold
    share = ops.where(alive, threshold / ops.where(alive, norm, 1.0), 1.0)
    return z - share * z  # in this form no zero has a minus sign
