"""Metrics that a user reads: accuracy of logits, errors in the target's own units."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kreg.untracked import UntrackedNumbers


@keras.saving.register_keras_serializable(package="kreg")
class LogitAccuracy(keras.metrics.Mean):
    """`mean((z > 0) == (y > 0.5))`: the accuracy of a model that returns the logits z of labels.

    Keras's `BinaryAccuracy` takes probabilities only: its threshold must lie in (0, 1).

    >>> metric = LogitAccuracy(name="accuracy")
    >>> metric.update_state([[1.0], [0.0]], [[2.5], [0.3]])
    >>> float(metric.result())
    0.5
    """

    def __init__(self, name: str = "accuracy", dtype: Any = None):
        super().__init__(name=name, dtype=dtype)
        self._direction = "up"

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        logits = ops.convert_to_tensor(y_pred)
        targets = ops.reshape(ops.convert_to_tensor(y_true), ops.shape(logits))
        right = ops.equal(logits > 0, ops.cast(targets, "float32") > 0.5)
        right = ops.mean(ops.cast(right, self.dtype), axis=-1)
        super().update_state(right, sample_weight)


@keras.saving.register_keras_serializable(package="kreg")
class ExactMatch(keras.metrics.Mean):
    """The share of rows whose labels are all right, from logits: scikit-learn's `accuracy_score`.

    >>> metric = ExactMatch()
    >>> metric.update_state([[1.0, 0.0], [0.0, 1.0]], [[2.5, -0.3], [1.0, 1.0]])
    >>> float(metric.result())
    0.5
    """

    def __init__(self, name: str = "exact_match", dtype: Any = None):
        super().__init__(name=name, dtype=dtype)
        self._direction = "up"

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        right = ops.equal(ops.convert_to_tensor(y_pred) > 0, ops.cast(y_true, "float32") > 0.5)
        super().update_state(ops.cast(ops.all(right, axis=-1), self.dtype), sample_weight)


class InTargetUnits:
    """An error of Keras in the units that the target had before it was divided by `scale`.

    The scale is a number beside the compiled step, see `UntrackedNumbers`: trainings that share a
    step may have targets of other scales. What is summed up stays of the size of the scaled
    targets, so that very large and very small units cost no precision.

    Args:
        scale: What each target was divided by: numbers > 0, one a target or one for all.
        target: Whole number from 0: the one target that is measured. `None` measures all together.
    """

    scale: UntrackedNumbers

    def __init__(self, scale: Sequence[float] = (1.0,), *, target: int | None = None, **named: Any):
        super().__init__(**named)
        self.target = target
        self.divisors = tuple(float(number) for number in scale)
        self.scale = UntrackedNumbers(*self.divisors)

    def rescale(self, scale: Sequence[float]) -> None:
        """The same metric for targets that were divided by other numbers."""
        self.divisors = tuple(float(number) for number in scale)
        self.scale.assign(*self.divisors)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_pred, y_true = ops.cast(y_pred, "float32"), ops.cast(y_true, "float32")
        if self.target is None:
            scale = ops.stack(self.scale.read())
            relative = scale / ops.max(scale)
            y_pred, y_true = y_pred * relative, y_true * relative
        else:
            y_pred, y_true = y_pred[:, self.target], y_true[:, self.target]
        super().update_state(y_true, y_pred, sample_weight)  # type: ignore[misc]

    def result(self) -> Any:
        scale = ops.stack(self.scale.read())
        size = ops.max(scale) if self.target is None else scale[self.target]
        return super().result() * size  # type: ignore[misc]

    def get_config(self) -> dict[str, Any]:
        known = super().get_config()  # type: ignore[misc]
        return {**known, "scale": list(self.divisors), "target": self.target}


@keras.saving.register_keras_serializable(package="kreg")
class UnscaledRootMeanSquaredError(InTargetUnits, keras.metrics.RootMeanSquaredError):
    """`sqrt(mean((scale * (y - f(x)))^2))` over all rows and targets.

    >>> metric = UnscaledRootMeanSquaredError(scale=[10.0])
    >>> metric.update_state([[0.0], [1.0]], [[3.0], [5.0]])
    >>> round(float(metric.result()), 4)
    35.3553
    """

    def __init__(
        self,
        scale: Sequence[float] = (1.0,),
        name: str = "rmse",
        dtype: Any = None,
        target: int | None = None,
    ):
        super().__init__(scale, target=target, name=name, dtype=dtype)


@keras.saving.register_keras_serializable(package="kreg")
class UnscaledMeanAbsoluteError(InTargetUnits, keras.metrics.MeanAbsoluteError):
    """`mean(scale * |y - f(x)|)` over all rows and targets.

    >>> metric = UnscaledMeanAbsoluteError(scale=[10.0])
    >>> metric.update_state([[0.0], [1.0]], [[3.0], [5.0]])
    >>> float(metric.result())
    35.0
    """

    def __init__(
        self,
        scale: Sequence[float] = (1.0,),
        name: str = "mae",
        dtype: Any = None,
        target: int | None = None,
    ):
        super().__init__(scale, target=target, name=name, dtype=dtype)
