"""Accuracy of a single logit."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kreg")
class LogitAccuracy(keras.metrics.Mean):
    """`mean((z > 0) == (y > 0.5))`: the accuracy of a binary model that returns its logit z.

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
