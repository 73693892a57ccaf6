"""What a batch consists of, in whichever form it comes, and how it gets a compiled size."""

from typing import Any, NamedTuple

import tensorflow as tf

from kreg.augment.engine import annotations
from kreg.augment.engine.annotations import Annotations

KEYS = ("images", "labels", "segmentation_masks", "sample_weights")
TARGETS = ("label", "mask")


class Batch(NamedTuple):
    """The parts of a batch; absent ones are `None`."""

    images: tf.Tensor
    labels: tf.Tensor | None = None
    masks: tf.Tensor | None = None
    weights: tf.Tensor | None = None
    annotations: Annotations | None = None


def unpack(x: Any, y: Any, weight: Any, target: str) -> Batch:
    """A batch from `(x, y, weight)`, or from a dictionary with the keys that Keras uses."""
    if not isinstance(x, dict):
        labels, masks = (None, y) if target == "mask" else (y, None)
        return Batch(tf.convert_to_tensor(x), tensor(labels), tensor(masks), tensor(weight))
    if "images" not in x:
        raise ValueError(
            f'A dictionary batch needs the key "images". Received the keys {sorted(x)}. '
            f"Known keys: {', '.join([*KEYS, *annotations.SIZES])}; all others pass unchanged."
        )
    images, labels, masks, weights = (tensor(x.get(key)) for key in KEYS)
    return Batch(images, labels, masks, weights, annotations.unpack(x))


def tensor(value: Any) -> tf.Tensor | None:
    return None if value is None else tf.convert_to_tensor(value)


def pack(batch: Batch, x: Any, y: Any, weight: Any, target: str) -> Any:
    """The batch in the form in which it came."""
    if isinstance(x, dict):
        own = {key: part for key, part in zip(KEYS, batch) if part is not None}
        return {**x, **own, **(batch.annotations or {})}
    parts = (batch.images, batch.masks if target == "mask" else batch.labels, batch.weights)
    given = [part for part, original in zip(parts, (x, y, weight)) if original is not None]
    return given[0] if len(given) == 1 else tuple(given)


def bucket(x: tf.Tensor) -> int | tf.Tensor:
    """How many records the compiled functions get for the batch `x`: a multiple of 8, or of 32.

    A last, smaller batch of an epoch is filled up to it, so that few shapes are ever compiled. A
    batch whose size is known when its graph is made stays as it is.
    """
    if x.shape[0] is not None:
        return x.shape[0]
    records = tf.shape(x)[0]
    step = tf.where(records > 32, 32, 8)
    return (records + step - 1) // step * step


def fill_up(x: tf.Tensor, size: int | tf.Tensor) -> tf.Tensor:
    """`x` with zeros appended to `size` records; untouched, without a copy, where it is full."""
    if x.shape[0] is not None and x.shape[0] == size:
        return x
    missing = size - tf.shape(x)[0]
    paddings = tf.pad([[0, missing]], [[0, len(x.shape) - 1], [0, 0]])
    filled = tf.cond(missing > 0, lambda: tf.pad(x, paddings), lambda: x)
    filled.set_shape([None, *x.shape[1:]])
    return filled


def cut_back(part: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
    """The first records of `part`, as many as `like` has."""
    if like.shape[0] is None:
        part = part[: tf.shape(like)[0]]
    part.set_shape([like.shape[0], *part.shape[1:]])
    return part


class Partner:
    """The partner of record i of a batch: record n - 1 - i; what fills the batch up has none."""

    def __init__(self, images: tf.Tensor):
        self.records = tf.shape(images)[0]
        self.order = tf.range(self.records - 1, -1, -1)

    def of(self, part: tf.Tensor) -> tf.Tensor:
        """The partners' values, filled up where `part` is."""
        return fill_up(tf.gather(part, self.order), tf.shape(part)[0])

    def cut(self, value: tf.Tensor) -> tf.Tensor:
        """A parameter without the entries that only fill up."""
        return value[: self.records]


def per_record(value: tf.Tensor, rank: int) -> tf.Tensor:
    """One number for each record, (records,), shaped to multiply a tensor of this rank."""
    return tf.reshape(value, [-1, *[1] * (rank - 1)])
