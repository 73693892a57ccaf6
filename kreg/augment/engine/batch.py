"""How a batch gets a compiled size, and who the partner of each record is."""

import tensorflow as tf


def bucket(x: tf.Tensor) -> int | tf.Tensor:
    """How many records the compiled functions get for the batch `x`: a multiple of 8, or of 32.

    A last, smaller batch of an epoch is filled up to it, so that few shapes are ever compiled. A
    batch whose size is known when its graph is made stays as it is.
    """
    return rounded(tf.shape(x)[0]) if x.shape[0] is None else x.shape[0]


def rounded(number: int | tf.Tensor) -> int | tf.Tensor:
    """The next multiple of 8, or of 32 for more than 32 records."""
    many = tf.cast(number > 32, tf.int32) if tf.is_tensor(number) else int(number > 32)
    step = 8 + 24 * many
    return (number + step - 1) // step * step


def fill_up(x: tf.Tensor, size: int | tf.Tensor) -> tf.Tensor:
    """`x` with zeros appended to `size` records; untouched, without a copy, where it is full."""
    known = size if isinstance(size, int) else None
    if known is not None and x.shape[0] == known:
        return x
    missing = size - tf.shape(x)[0]
    paddings = tf.pad([[0, missing]], [[0, len(x.shape) - 1], [0, 0]])
    filled = tf.cond(missing > 0, lambda: tf.pad(x, paddings), lambda: x)
    filled.set_shape([known, *x.shape[1:]])
    return filled


def records(x: tf.Tensor) -> int | tf.Tensor:
    """How many records `x` has: a plain number where that is known when the graph is made."""
    known: int | None = x.shape[0]
    return tf.shape(x)[0] if known is None else known


def cut_back(part: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
    """The first records of `part`, as many as `like` has."""
    if like.shape[0] is None or part.shape[0] != like.shape[0]:
        part = part[: tf.shape(like)[0]]
    part.set_shape([like.shape[0], *part.shape[1:]])
    return part


class Partner:
    """The partner of record i of a batch: record n - 1 - i; what fills the batch up has none."""

    def __init__(self, images: tf.Tensor):
        self.records = records(images)
        self.order = tf.range(self.records - 1, -1, -1)

    def of(self, part: tf.Tensor) -> tf.Tensor:
        """The partners' values, filled up where `part` is."""
        return fill_up(tf.gather(part, self.order), records(part))

    def cut(self, value: tf.Tensor) -> tf.Tensor:
        """A parameter without the entries that only fill up."""
        return value[: self.records]


def per_record(value: tf.Tensor, rank: int) -> tf.Tensor:
    """One number for each record, (records,), shaped to multiply a tensor of this rank."""
    return tf.reshape(value, [-1, *[1] * (rank - 1)])
