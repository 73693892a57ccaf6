"""What is minimised and what is measured, by task."""


def loss(task: str, soft_labels: bool = False):
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


def metrics(task: str, soft_labels: bool = False) -> list:
    """The metrics of a task; the first is the one that the summary shows."""
    import keras

    if task == "classification":
        kind = keras.metrics.CategoricalAccuracy if soft_labels else "accuracy"
        return [kind if isinstance(kind, str) else kind(name="accuracy")]
    if task == "binary":
        from kreg.models import LogitAccuracy

        return [LogitAccuracy(name="accuracy")]
    return [keras.metrics.RootMeanSquaredError(name="rmse")]
