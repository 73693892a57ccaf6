"""Two layers in the place of a dense one whose kernel has a low rank: the same outputs."""

from dataclasses import dataclass

import keras
import numpy as np

from kreg import private_keras
from kreg.surgery import copying


@dataclass(frozen=True)
class Factors:
    """`kernel = first @ second`, of shapes `(inputs, rank)` and `(rank, units)`."""

    name: str
    first: np.ndarray
    second: np.ndarray

    @property
    def shape(self) -> tuple[int, int, int]:
        """Inputs, rank, units."""
        return (*self.first.shape, self.second.shape[1])

    @property
    def saved(self) -> int:
        """How many parameters there are less."""
        inputs, rank, units = self.shape
        return inputs * units - rank * (inputs + units)

    def __str__(self) -> str:
        inputs, rank, units = self.shape
        return (
            f"The kernel of {self.name!r} has rank {rank}: there are two layers now, "
            f"{first_name(self.name)!r} of shape {inputs, rank} and {self.name!r} of {rank, units}."
        )


def first_name(name: str) -> str:
    return f"{name}_low_rank"


def factorized(model: keras.Model) -> tuple[keras.Model, dict[int, Factors]]:
    """A model with two dense layers for each one where that takes fewer numbers.

    Args:
        model: A built Functional or Sequential model of plain Keras. It is not changed.

    Returns:
        The new model, and the factors by `id` of the layer; `model` itself where there are none.
    """
    layers = [one for one in private_keras.all_layers(model) if type(one) is keras.layers.Dense]
    found = {id(layer): factors for layer in layers if (factors := factors_of(layer))}
    if not found:
        return model, {}
    seconds: dict[int, keras.layers.Dense] = {}

    def make(layer: keras.Layer) -> keras.Layer:
        factors = found.get(id(layer))
        return copying.from_config(layer) if factors is None else first_layer(layer, factors)

    def after(layer: keras.Layer) -> keras.Layer | None:
        if id(layer) not in found:
            return None
        return seconds.setdefault(id(layer), copying.from_config(layer))

    smaller, pairs = copying.rebuild(model, make, after)
    for old, new in pairs:
        factors = found.get(id(old))
        if factors is None:
            copying.copy_weights(old, new)
        else:
            new.set_weights([factors.first])
            seconds[id(old)].set_weights([factors.second, *old.get_weights()[1:]])
    return smaller, found


def first_layer(layer: keras.layers.Dense, factors: Factors) -> keras.layers.Dense:
    policy, rank = layer.dtype_policy.name, factors.shape[1]
    return keras.layers.Dense(rank, use_bias=False, dtype=policy, name=first_name(layer.name))


def factors_of(layer: keras.layers.Dense) -> Factors | None:
    """The factors of a kernel that has more numbers other than zero than they have.

    The rank is the number of singular values above rounding: `max(shape) * eps * largest`. A layer
    with a constraint or a penalty of its own on the kernel stays whole: they would not be the same.
    """
    if layer.kernel_regularizer or layer.kernel_constraint or len(layer.weights) > 2:
        return None
    kernel = layer.kernel.numpy()
    if kernel.dtype not in ("float32", "float64"):
        return None
    left, values, right = np.linalg.svd(kernel.astype("float64"), full_matrices=False)
    rank = int(np.sum(values > max(kernel.shape) * np.finfo(kernel.dtype).eps * values[0]))
    if not 0 < rank * sum(kernel.shape) < np.count_nonzero(kernel):
        return None
    root = np.sqrt(values[:rank])
    first, second = left[:, :rank] * root, root[:, None] * right[:rank]
    return Factors(layer.name, first.astype(kernel.dtype), second.astype(kernel.dtype))
