"""What a batch consists of, in whichever form it comes, and how labels become probabilities."""

from typing import NamedTuple

import tensorflow as tf

from kreg import check
from kreg.augment import places

KEYS = ("images", "labels", "segmentation_masks", "sample_weights")
TARGETS = ("label", "mask")


class Batch(NamedTuple):
    """The parts of a batch; absent ones are `None`."""

    images: object
    labels: object = None
    masks: object = None
    weights: object = None
    places: dict | None = None


def unpack(x, y, weight, target: str) -> Batch:
    """A batch from `(x, y, weight)`, or from a dictionary with the keys that Keras uses."""
    if not isinstance(x, dict):
        labels, masks = (None, y) if target == "mask" else (y, None)
        return Batch(tf.convert_to_tensor(x), tensor(labels), tensor(masks), tensor(weight))
    if "images" not in x:
        raise ValueError(
            f'A dictionary batch needs the key "images". Received the keys {sorted(x)}. '
            f"Known keys: {', '.join([*KEYS, *places.SIZES])}; all others pass unchanged."
        )
    return Batch(*(tensor(x.get(key)) for key in KEYS), places=places.unpack(x))


def tensor(value):
    return None if value is None else tf.convert_to_tensor(value)


def pack(batch: Batch, x, y, weight, target: str):
    """The batch in the form in which it came."""
    if isinstance(x, dict):
        parts = {key: part for key, part in zip(KEYS, batch) if part is not None}
        return {**x, **parts, **(batch.places or {})}
    target = batch.masks if target == "mask" else batch.labels
    parts = (batch.images, target, batch.weights)
    given = [part for part, original in zip(parts, (x, y, weight)) if original is not None]
    return given[0] if len(given) == 1 else tuple(given)


def probabilities(labels, classes: int | None, who: str):
    """Labels as rows of probabilities, float (records, classes).

    Class ids need `classes`: without it, mixing would average the ids themselves. One class means
    a probability, as of binary labels; floating-point targets pass as they are.
    """
    if labels is None:
        raise ValueError(f"{who} changes the targets, but the batch has none. Pass (x, y).")
    if labels.dtype.is_floating and (classes is None or labels.shape[-1] == classes):
        return labels
    if classes == 1:
        return tf.cast(labels, tf.float32)
    if classes is None:
        raise ValueError(
            f"{who} turns class ids into probabilities, so it must know how many classes there "
            f"are. Pass Pipeline(..., num_classes=...), or one-hot labels as floating point. "
            f"Received: labels of dtype {labels.dtype.name} and shape {labels.shape}."
        )
    if labels.shape.rank == 2 and labels.shape[1] == classes:
        return tf.cast(labels, tf.float32)
    if labels.shape.rank == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.shape.rank != 1:
        raise ValueError(
            f"{who} expects class ids of shape (batch,) or (batch, 1), or one-hot rows of shape "
            f"(batch, {classes}). Received: shape={labels.shape}."
        )
    return tf.one_hot(tf.cast(labels, tf.int32), classes)


def class_count(value) -> int | None:
    return None if value is None else check.integer("num_classes", value, low=1)
