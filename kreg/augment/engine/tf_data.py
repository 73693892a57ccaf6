"""A pipeline on any batched `tf.data.Dataset`, with record indices and epochs if it has none."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from kreg import check

if TYPE_CHECKING:
    from kreg.augment.pipeline import Pipeline


def apply(
    pipeline: "Pipeline",
    dataset: tf.data.Dataset,
    *,
    indexed: bool = False,
    epochs: int | None = None,
    first_epoch: int = 0,
) -> tf.data.Dataset:
    """The dataset with augmented batches, in the same order and of the same structure.

    Each iteration is one epoch: `model.fit(pipeline.apply(ds), epochs=...)` sees a new draw in
    each. The epoch number counts the iterations that were begun.

    Args:
        pipeline: `Pipeline`.
        dataset: Batched dataset of `x`, `(x, y)`, `(x, y, weight)` or dictionaries.
        indexed: `True` if the elements are `(index, element)`, as `ds.enumerate()` before shuffling
            and batching makes them. Then a record keeps its draw wherever shuffling, sharding or
            another batch size puts it. Otherwise its position in the iteration is its index.
        epochs: Whole number or `None`. With a number, the result runs through the dataset that
            many times, for `fit(..., steps_per_epoch=...)`; it then holds no state, so that its
            iterator can be saved. Defaults to `None`.
        first_epoch: Whole number >= 0: the epoch of the first iteration. Defaults to `0`.
    """
    first_epoch = check.integer("first_epoch", first_epoch, low=0)
    if not indexed:
        refuse_unbatched(dataset.element_spec)
        dataset = number_records(dataset)
    refuse_mismatched(pipeline, dataset)

    def one_epoch(epoch: tf.Tensor) -> tf.data.Dataset:
        return dataset.map(
            lambda index, element: augmented(pipeline, index, element, epoch),
            num_parallel_calls=tf.data.AUTOTUNE,
            deterministic=True,
        )

    if epochs is not None:
        epochs = check.integer("epochs", epochs, low=1)
        return tf.data.Dataset.range(first_epoch, first_epoch + epochs).flat_map(one_epoch)
    return counted(one_epoch, first_epoch, dataset.cardinality())


def counted(
    one_epoch: Callable[[tf.Tensor], tf.data.Dataset], first_epoch: int, length: tf.Tensor
) -> tf.data.Dataset:
    """One epoch for each iteration, numbered by a counter that moves when one really begins."""
    with tf.init_scope():
        counter = tf.Variable(first_epoch, dtype=tf.int64, trainable=False)
    begin = tf.data.Dataset.from_tensors(0).map(lambda _: counter.assign_add(1) - 1)
    result = begin.flat_map(one_epoch).apply(tf.data.experimental.assert_cardinality(length))
    result.epoch_counter = counter  # the map holds a handle only: the variable must live as long
    return result.prefetch(tf.data.AUTOTUNE)


def number_records(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """`(index, element)` with positions counted over batches of any size."""

    def step(before: tf.Tensor, element: Any) -> tuple[tf.Tensor, Any]:
        records = tf.cast(tf.shape(tf.nest.flatten(element)[0])[0], tf.int64)
        return before + records, (before + tf.range(records, dtype=tf.int64), element)

    return dataset.scan(
        tf.constant(0, tf.int64), lambda before, *parts: step(before, joined(parts))
    )


def joined(parts: tuple[Any, ...]) -> Any:
    return parts[0] if len(parts) == 1 else parts


def augmented(pipeline: "Pipeline", index: tf.Tensor, element: Any, epoch: tf.Tensor) -> Any:
    """One batch, whatever its structure."""
    parts = element if isinstance(element, tuple) else (element,)
    return pipeline(*parts, index=index, epoch=epoch)


def refuse_unbatched(element_spec: Any) -> None:
    for part in tf.nest.flatten(element_spec):
        if part.shape.rank == 0:
            raise ValueError(
                "kreg.augment works on batches: a component of the dataset is a scalar. "
                "Call `.batch(...)` before `.apply(...)`."
            )


def images_of(element: Any) -> Any:
    first = element[0] if isinstance(element, tuple) else element
    return first.get("images") if isinstance(first, dict) else first


def refuse_mismatched(pipeline: "Pipeline", dataset: tf.data.Dataset) -> None:
    """Build the plan and hold the first batch against the value range: mistakes surface here."""
    images = images_of(dataset.element_spec[1])
    if images is None:
        return
    pipeline.plan(images)
    if pipeline.value_range is None or not images.dtype.is_floating:
        return
    for _, element in dataset.take(1):
        batch = images_of(element)
        low, high = float(tf.reduce_min(batch)), float(tf.reduce_max(batch))
        if low < 0 or high > pipeline.value_range[1]:
            raise check.invalid(
                "value_range",
                f"a range that holds the images, whose values go from {low:g} to {high:g}",
                pipeline.value_range,
            )
