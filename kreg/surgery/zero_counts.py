"""What is exactly zero in a model: weights, rows (incoming units) and columns (outgoing units)."""

from dataclasses import asdict, dataclass
from typing import Any

import keras
import numpy as np
from keras import layers

from kreg.surgery.rules import path_in, weights_of
from kreg.surgery.table import html_table, text_table
from kreg.weight_names import is_kernel

HEADER = ("weight", "shape", "zeros", "of", "zero inputs", "zero outputs")
DEPTHWISE = (layers.DepthwiseConv1D, layers.DepthwiseConv2D)


@dataclass(frozen=True)
class LayerSparsity:
    """The zeros of one weight.

    Args:
        weight: Path of the weight.
        shape: Its shape.
        zeros: How many entries are exactly `0.0`.
        size: How many there are.
        zero_inputs: Input units (or channels) whose every weight is zero.
        inputs: How many input units there are.
        zero_outputs: Output units (or channels) whose every weight is zero.
        outputs: How many output units there are.
    """

    weight: str
    shape: tuple[int, ...]
    zeros: int
    size: int
    zero_inputs: int
    inputs: int
    zero_outputs: int
    outputs: int

    @property
    def fraction(self) -> float:
        """Zeros over size, in [0, 1]."""
        return self.zeros / self.size


@dataclass(frozen=True)
class Sparsity:
    """The zeros of a model: `layers` (a tuple of `LayerSparsity`) and their sums."""

    layers: tuple[LayerSparsity, ...]

    @property
    def zeros(self) -> int:
        return sum(row.zeros for row in self.layers)

    @property
    def size(self) -> int:
        return sum(row.size for row in self.layers)

    @property
    def fraction(self) -> float:
        """Exact zeros over all counted weights, in [0, 1]; 0 for a model that has none."""
        return self.zeros / self.size if self.size else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {"fraction": self.fraction, "layers": [asdict(row) for row in self.layers]}

    def __str__(self) -> str:
        return f"{text_table(HEADER, self._rows())}\n{self._total()}"

    def _repr_html_(self) -> str:
        """In a notebook."""
        return html_table(HEADER, self._rows(), self._total())

    def _rows(self) -> list[tuple[object, ...]]:
        return [
            (r.weight, r.shape, f"{r.fraction:.1%}", r.size,
             f"{r.zero_inputs}/{r.inputs}", f"{r.zero_outputs}/{r.outputs}")
            for r in self.layers
        ]  # fmt: skip

    def _total(self) -> str:
        return f"{self.zeros} of {self.size} weights are exactly zero ({self.fraction:.1%})"


def sparsity(model: keras.Model) -> Sparsity:
    """Exact zeros and zero groups of every kernel (weights with two axes or more, no biases).

    A weight counts as zero only when it is `0.0`: no threshold is applied.

    Args:
        model: A built `keras.Model`.

    >>> import keras
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, name="out")])
    >>> model.set_weights([np.array([[1.0, 0.0, 2.0], [0.0, 0.0, 0.0]]), np.zeros(3)])
    >>> row = sparsity(model).layers[0]
    >>> row.zeros, row.zero_inputs, row.zero_outputs
    (4, 1, 1)
    """
    kernels = ((layer, w) for layer, w in weights_of(model) if is_kernel(w))
    return Sparsity(tuple(row_of(layer, w, path_in(model, w)) for layer, w in kernels))


def row_of(layer: keras.Layer, weight: keras.Variable, path: str) -> LayerSparsity:
    alive = weight.numpy() != 0
    input_axis, output_axis = unit_axes(layer, weight)
    live_in, live_out = any_along(alive, input_axis), any_along(alive, output_axis)
    return LayerSparsity(
        weight=path,
        shape=tuple(weight.shape),
        zeros=int(alive.size - alive.sum()),
        size=alive.size,
        zero_inputs=int((~live_in).sum()),
        inputs=live_in.size,
        zero_outputs=int((~live_out).sum()),
        outputs=live_out.size,
    )


def unit_axes(layer: keras.Layer, weight: keras.Variable) -> tuple[int, int]:
    """The axes of incoming and outgoing units; a depthwise kernel has its channels in axis -2."""
    depthwise = weight.name == "depthwise_kernel" or isinstance(layer, DEPTHWISE)
    return (-2, -2) if depthwise else (-2, -1)


def any_along(alive: np.ndarray, axis: int) -> np.ndarray:
    others = tuple(i for i in range(alive.ndim) if i != alive.ndim + axis)
    return np.logical_or.reduce(alive, axis=others)
