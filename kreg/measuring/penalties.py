"""What the weights alone tell: penalties and exact zeros, per layer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import ops

from kreg.measuring.replicas import graph
from kreg.weight_names import is_kernel


@dataclass
class WeightNumbers:
    """Numbers of the weights at one moment.

    Args:
        penalties: Layer path to the sum of its weight penalties, for layers that have any.
        zeros: Layer path to `(exact zeros, weights)` of its kernels.
    """

    penalties: dict[str, float] = field(default_factory=dict)
    zeros: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def penalty(self) -> float:
        """The sum over all layers."""
        return sum(self.penalties.values())

    @property
    def sparsity(self) -> float:
        """Exact zeros over all weights of kernels, in [0, 1]; 0 for a model without any."""
        size = sum(size for _, size in self.zeros.values())
        return sum(zero for zero, _ in self.zeros.values()) / size if size else 0.0


class WeightEvaluator:
    """`weights() -> WeightNumbers`, computed by one compiled function for the whole model.

    Args:
        model: A built model.
        keep: Variables whose values the same call copies into `kept`, without a way to the host.
    """

    def __init__(self, model: keras.Model, keep: Sequence[keras.Variable] = ()) -> None:
        self.keep = list(keep)
        self.kept: list[Any] = []
        self.penalised = [v for v in model.trainable_variables if v.regularizer is not None]
        self.kernels = [v for v in model.weights if is_kernel(v)]
        self.penalised_layers = [layer_of(v, model) for v in self.penalised]
        self.kernel_layers = [layer_of(v, model) for v in self.kernels]
        self.sizes = [int(np.prod(v.shape)) for v in self.kernels]
        self._compute = graph(self._tensors, bool(getattr(model, "run_eagerly", False)))

    def __call__(self) -> WeightNumbers:
        if not (self.penalised or self.kernels or self.keep):  # a model that is not built yet
            return WeightNumbers()
        values, counts, self.kept = self._compute()
        return self.numbers(values, counts)

    def numbers(self, values: Any, counts: Any) -> WeightNumbers:
        """What `sums` has computed, layer by layer."""
        found = WeightNumbers()
        for name, value in zip(self.penalised_layers, _floats(values), strict=True):
            found.penalties[name] = found.penalties.get(name, 0.0) + value
        for name, zero, size in zip(self.kernel_layers, _floats(counts), self.sizes, strict=True):
            old_zero, old_size = found.zeros.get(name, (0, 0))
            found.zeros[name] = old_zero + int(zero), old_size + size
        return found

    def _tensors(self) -> tuple[Any, Any, list[Any]]:
        """The sums and the copies."""
        return (*self.sums(), [ops.copy(v) for v in self.keep])

    def sums(self) -> tuple[Any, Any]:
        """A penalty for each penalised variable, a count of zeros for each kernel."""
        penalties = [ops.cast(v.regularizer(v), "float32") for v in self.penalised]
        counts = [ops.sum(ops.cast(ops.equal(v, 0), "int32")) for v in self.kernels]
        return _stacked(penalties), _stacked(counts)


def layer_of(variable: keras.Variable, model: keras.Model) -> str:
    """The path of the layer that owns a variable: `"dense"` for `"sequential/dense/kernel"`."""
    path: str = variable.path.removeprefix(f"{model.name}/")
    return path.rpartition("/")[0] or path


def _stacked(numbers: list[Any]) -> Any:
    return ops.stack(numbers) if numbers else ops.zeros((0,))


def _floats(vector: Any) -> list[float]:
    return ops.convert_to_numpy(vector).tolist() if len(vector) else []
