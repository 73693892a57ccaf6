"""What is minimised and what is measured, by task: classification, binary or regression."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


def loss(task: str, soft_labels: bool = False) -> "keras.losses.Loss":
    """The loss on logits.

    Args:
        task: `"classification"`, `"binary"` or `"regression"`.
        soft_labels: Whether the targets are rows of class weights, as mixing stages make them.
    """
    import keras

    if task == "classification":
        if soft_labels:
            return keras.losses.CategoricalCrossentropy(from_logits=True)
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    if task == "binary":
        return keras.losses.BinaryCrossentropy(from_logits=True)
    return keras.losses.MeanSquaredError()


def metrics(task: str, soft_labels: bool = False) -> "list[keras.metrics.Metric | str]":
    """The metrics of a task; the first is the one that the summary shows."""
    import keras

    if task == "classification":
        return [keras.metrics.CategoricalAccuracy(name="accuracy") if soft_labels else "accuracy"]
    if task == "binary":
        from kreg.models import LogitAccuracy

        return [LogitAccuracy(name="accuracy")]
    return [keras.metrics.RootMeanSquaredError(name="rmse")]
