"""Singular values as pure functions of matrices: what is zero, what is left, in which space."""

import keras
from keras import ops

from kreg.regularizers.prox import Tensor

EPSILON = {"bfloat16": 2**-7, "float16": 2**-10, "float32": 2**-23, "float64": 2**-52}


def epsilon(w: Tensor) -> float:
    """The distance from 1 to the next number of a tensor's dtype."""
    return EPSILON[keras.backend.standardize_dtype(w.dtype)]


def decomposition(w: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """`w = left @ diag(values) @ right`, in float32 at least: no backend has it in less."""
    dtype = keras.backend.standardize_dtype(w.dtype)
    wide = w if dtype == "float64" else ops.cast(w, "float32")
    left, values, right = ops.svd(wide, full_matrices=False)
    return left, values, right


def is_left(values: Tensor, shape: tuple[int, ...], eps: float) -> Tensor:
    """Which singular values are more than rounding: above `max(shape) * eps * largest`.

    The rule of LAPACK's users, as in `numpy.linalg.matrix_rank`.
    """
    return values > max(shape) * eps * values[0]


def rank_of(w: Tensor) -> Tensor:
    """How many singular values are more than rounding."""
    values = decomposition(w)[1]
    return ops.sum(ops.cast(is_left(values, w.shape, epsilon(w)), "int32"))


def singular(w: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The decomposition with zeros for all that belongs to singular values of rounding size."""
    left, values, right = decomposition(w)
    alive = ops.cast(is_left(values, w.shape, epsilon(w)), values.dtype)
    left, values, right = left * alive, values * alive, right * alive[:, None]
    return ops.cast(left, w.dtype), ops.cast(values, w.dtype), ops.cast(right, w.dtype)


def shortened(z: Tensor, threshold: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """`left @ diag(max(values - threshold, 0)) @ right`, and both factors without the dead parts.

    Source: Cai, Candes & Shen, A singular value thresholding algorithm for matrix completion, 2010.
    """
    left, values, right = decomposition(z)
    values = ops.maximum(values - ops.cast(threshold, values.dtype), 0.0)
    alive = ops.cast(values > 0, values.dtype)
    left, right = left * alive, right * alive[:, None]
    return ops.cast((left * values) @ right, z.dtype), left, right


def projector(left: Tensor, right: Tensor) -> Tensor:
    """On the space of what is left, on the side of the smaller axis: `(side, side)`."""
    factor = left if left.shape[0] <= right.shape[1] else ops.transpose(right)
    return factor @ ops.transpose(factor)


def projected(w: Tensor, space: Tensor) -> Tensor:
    """The part of a matrix that lies in a space of `projector`."""
    wide = ops.cast(w, space.dtype)
    inside = space @ wide if w.shape[0] <= w.shape[1] else wide @ space
    return ops.cast(inside, w.dtype)
