"""Losses that smooth labels in training alone: what is measured stays the loss of the labels."""

from typing import Any

import keras
from keras import ops

from kreg import check, measured

SMOOTHING: check.Interval = {"low": 0, "high": 1, "high_open": True}


class Smoothing:
    """Mixin for a cross-entropy of Keras: `label_smoothing` counts wherever a model is trained.

    Inside `evaluate`, in the validation of `fit`, and in every clean loss of kreg it is the loss of
    the labels as they are: a validation loss is comparable between all amounts of smoothing.

    Args:
        label_smoothing: Number in [0, 1): the share of a label that is spread evenly over all
            classes (of a label of 0 or 1: over both). Defaults to `0.0`.
    """

    def __init__(self, *args: Any, label_smoothing: float = 0.0, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.label_smoothing = check.number("label_smoothing", label_smoothing, **SMOOTHING)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        if not self.label_smoothing or measured.is_measured():
            return super().call(y_true, y_pred)  # type: ignore[misc]
        return self.smoothed(y_true, y_pred)

    def smoothed(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each row with smoothed labels."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        known: dict[str, Any] = super().get_config()  # type: ignore[misc]
        return known | {"label_smoothing": self.label_smoothing}


@keras.saving.register_keras_serializable(package="kreg")
class SparseCategoricalCrossentropy(Smoothing, keras.losses.SparseCategoricalCrossentropy):
    """Keras's, of class ids, with label smoothing: `(1 - e) (-log p_y) + e mean_c(-log p_c)`.

    Args:
        from_logits: Whether the predictions are logits. Defaults to `False`.
        label_smoothing: Number e in [0, 1); it counts in training alone. Defaults to `0.0`.

    Source: Szegedy et al., Rethinking the Inception Architecture, 2016.

    >>> loss = SparseCategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    >>> round(float(loss(keras.ops.array([1]), keras.ops.array([[0.0, 2.0]]))), 6)
    0.226928
    """

    def __init__(self, from_logits: bool = False, label_smoothing: float = 0.0, **kwargs: Any):
        if kwargs.pop("ignore_class", None) is not None:
            raise ValueError("`ignore_class` cannot be combined with label smoothing.")
        super().__init__(from_logits=from_logits, label_smoothing=label_smoothing, **kwargs)
        self.from_logits = from_logits

    def smoothed(self, y_true: Any, y_pred: Any) -> Any:
        of_label = keras.losses.SparseCategoricalCrossentropy.call(self, y_true, y_pred)
        y_pred = ops.cast(y_pred, of_label.dtype)
        logs = ops.log_softmax(y_pred) if self.from_logits else ops.log(normalised(y_pred))
        share = self.label_smoothing
        return (1.0 - share) * of_label - share * ops.mean(logs, axis=-1)


def normalised(chances: Any) -> Any:
    """Probabilities that sum up to one, none of them zero, as Keras's losses read them."""
    chances = chances / ops.sum(chances, axis=-1, keepdims=True)
    return ops.clip(chances, keras.config.epsilon(), 1.0 - keras.config.epsilon())


@keras.saving.register_keras_serializable(package="kreg")
class CategoricalCrossentropy(Smoothing, keras.losses.CategoricalCrossentropy):
    """Keras's, of rows of class weights; its label smoothing counts in training alone.

    Args:
        from_logits: Whether the predictions are logits. Defaults to `False`.
        label_smoothing: Number in [0, 1). Defaults to `0.0`.
    """

    def __init__(self, from_logits: bool = False, label_smoothing: float = 0.0, **kwargs: Any):
        super().__init__(from_logits=from_logits, label_smoothing=label_smoothing, **kwargs)

    def smoothed(self, y_true: Any, y_pred: Any) -> Any:
        return spread(keras.losses.CategoricalCrossentropy, self, y_true, y_pred, y_pred.shape[-1])


@keras.saving.register_keras_serializable(package="kreg")
class BinaryCrossentropy(Smoothing, keras.losses.BinaryCrossentropy):
    """Keras's, of labels of 0 and 1; its label smoothing counts in training alone.

    Args:
        from_logits: Whether the predictions are logits. Defaults to `False`.
        label_smoothing: Number in [0, 1): labels become `(1 - e) y + e / 2`. Defaults to `0.0`.
    """

    def __init__(self, from_logits: bool = False, label_smoothing: float = 0.0, **kwargs: Any):
        super().__init__(from_logits=from_logits, label_smoothing=label_smoothing, **kwargs)

    def smoothed(self, y_true: Any, y_pred: Any) -> Any:
        return spread(keras.losses.BinaryCrossentropy, self, y_true, y_pred, 2)


def spread(loss: Any, self: Any, y_true: Any, y_pred: Any, over: int) -> Any:
    """Keras's loss of targets of which a share is spread evenly over so many outcomes."""
    share = self.label_smoothing
    y_pred = ops.convert_to_tensor(y_pred)
    targets = ops.cast(y_true, y_pred.dtype) * (1.0 - share) + share / over
    return loss.call(self, targets, y_pred)
