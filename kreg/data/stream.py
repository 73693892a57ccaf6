"""The epoch stream: order and augmentation as a pure function of (seed, epoch, index).

Keras's `fit(shuffle=True)` on arrays repeats one permutation in every epoch after
`set_random_seed`, and `Dataset.shuffle` has a position that cannot be restored through `fit`. Here
nothing has a position: batch `b` of epoch `e` is computed from `(seed, e, b)`, so a run that
starts again at `first_epoch` sees exactly what the uninterrupted run saw.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kreg import check
from kreg.data.dataset import Split, is_lazy

if TYPE_CHECKING:
    import tensorflow as tf


def steps_per_epoch(rows: int, batch_size: int) -> int:
    """`ceil(rows / batch_size)`: the last batch of an epoch may be short.

    >>> steps_per_epoch(1000, 128)
    8
    """
    return -(-rows // batch_size)


def epoch_stream(
    split: Split,
    *,
    batch_size: int,
    seed: int,
    first_epoch: int = 0,
    epochs: int | None = None,
    augment: Callable[..., Any] | None = None,
    shuffle: bool = True,
) -> "tf.data.Dataset":
    """A `tf.data.Dataset` of batches for `model.fit(steps_per_epoch=steps_per_epoch(...))`.

    Args:
        split: Rows in memory, or a lazy image source.
        batch_size: Whole number >= 1. The ragged last batch stays inside its epoch.
        seed: Whole number >= 0. Two streams of one seed are equal, batch for batch.
        first_epoch: Epoch of the first batch; what a resumed run passes as `initial_epoch`.
        epochs: The epoch before which the stream ends, or `None` for an endless stream.
        augment: `None`, or a pure function `augment(x, y, weight=None, *, index, epoch)` of a
            batch that returns what `fit` shall see; `index` are the batch's row numbers, `(batch,)`
            int64, and `epoch` is an int64 scalar.
        shuffle: Whether each epoch has an order of its own. Defaults to `True`.

    Returns:
        A dataset of `(x, y)` or, where the split is weighted, `(x, y, weight)`.
    """
    import tensorflow as tf

    batch_size = check.integer("batch_size", batch_size, low=1)
    seed = check.integer("seed", seed, low=0)
    if not len(split):
        raise check.invalid("split", "at least one row", split.y.shape)
    last = tf.int64.max if epochs is None else epochs
    order = ordering(len(split), seed, shuffle)
    fetch = _fetching(split)

    def batches(epoch: "tf.Tensor") -> "tf.data.Dataset":
        rows = tf.data.Dataset.from_tensor_slices(order(epoch)).batch(batch_size)
        return rows.map(lambda index: (index, epoch))

    def load(index: "tf.Tensor", epoch: "tf.Tensor") -> Any:
        batch = fetch(index)
        return batch if augment is None else augment(*batch, index=index, epoch=epoch)

    stream = tf.data.Dataset.range(first_epoch, last).flat_map(batches)
    stream = stream.map(load, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    return stream.prefetch(tf.data.AUTOTUNE)


def ordered(split: Split, batch_size: int) -> "tf.data.Dataset":
    """One pass over a split in its own order, for `evaluate` and `predict`."""
    return epoch_stream(split, batch_size=batch_size, seed=0, epochs=1, shuffle=False)


def ordering(
    rows: int, seed: "int | tf.Tensor", shuffle: bool = True
) -> "Callable[[tf.Tensor], tf.Tensor]":
    """A function of an epoch, int64: the row numbers in the order of that epoch, `(rows,)`."""
    import tensorflow as tf

    def order(epoch: "tf.Tensor") -> "tf.Tensor":
        index = tf.range(rows, dtype=tf.int64)
        if not shuffle:
            return index
        key = tf.stack([tf.convert_to_tensor(seed, tf.int64), epoch])
        return tf.random.experimental.stateless_shuffle(index, seed=key)

    return order


def _fetching(split: Split) -> "Callable[[tf.Tensor], tuple[tf.Tensor, ...]]":
    """Row numbers to a batch; the arrays stay on the CPU, where the stream runs."""
    import tensorflow as tf

    with tf.device("CPU:0"):
        parts = [split.y] if split.weight is None else [split.y, split.weight]
        constants = [tf.constant(part) for part in parts]
        x = None if is_lazy(split.x) else tf.constant(split.x)

    def fetch(index: "tf.Tensor") -> "tuple[tf.Tensor, ...]":
        inputs = split.x.load(index) if is_lazy(split.x) else tf.gather(x, index)
        return (inputs, *(tf.gather(part, index) for part in constants))

    return fetch
