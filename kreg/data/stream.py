"""The epoch stream: order and augmentation as a pure function of (seed, epoch, index).

Keras's `fit(shuffle=True)` on arrays repeats one permutation in every epoch after
`set_random_seed`, and `Dataset.shuffle` has a position that cannot be restored through `fit`. Here
nothing has a position: batch `b` of epoch `e` is computed from `(seed, e, b)`, so a run that
starts again at `first_epoch` sees exactly what the uninterrupted run saw.

Rows on the disk are shuffled in two steps, because a disk reads neighbours: blocks of neighbouring
rows are drawn in an order of the epoch's own, and the rows of `window` / `block` such blocks are
shuffled among each other. With no more rows than a window this is a shuffle of all rows.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kreg import check
from kreg.data.dataset import Array, LazyRows, Split, is_lazy, on_disk

if TYPE_CHECKING:
    import tensorflow as tf

LARGE = 2**28  # bytes of an array from which TensorFlow is not given a copy of it


def steps_per_epoch(rows: int, batch_size: int) -> int:
    """`ceil(rows / batch_size)`: the last batch of an epoch may be short.

    >>> steps_per_epoch(1000, 128)
    8
    """
    return -(-rows // batch_size)


def share_of(rows: Any, index: int, count: int) -> tuple[Any, Any]:
    """The first row of a batch that the worker `index` of `count` has, and the first after it.

    Args:
        rows: Of the batch, a number or an integer tensor.
        index: Of the worker, from 0.
        count: Of the workers.

    >>> [share_of(7, index, 3) for index in range(3)]
    [(0, 2), (2, 4), (4, 7)]
    """
    return rows * index // count, rows * (index + 1) // count


def epoch_stream(
    split: Split,
    *,
    batch_size: int,
    seed: int,
    first_epoch: int = 0,
    first_batch: int = 0,
    epochs: int | None = None,
    augment: Callable[..., Any] | None = None,
    shuffle: bool = True,
    share: tuple[int, int] | None = None,
    parts: int = 1,
) -> "tf.data.Dataset":
    """A `tf.data.Dataset` of batches for `model.fit(steps_per_epoch=steps_per_epoch(...))`.

    Args:
        split: Rows in memory, or a lazy source.
        batch_size: Whole number >= 1. The ragged last batch stays inside its epoch.
        seed: Whole number >= 0. Two streams of one seed are equal, batch for batch.
        first_epoch: Epoch of the first batch; what a resumed run passes as `initial_epoch`.
        first_batch: Batches of that epoch that are left out: a run that was killed within an epoch
            has trained on them. Defaults to `0`.
        epochs: The epoch before which the stream ends, or `None` for an endless stream.
        augment: `None`, or a pure function `augment(x, y, weight=None, *, index, epoch)` of a
            batch that returns what `fit` shall see; `index` are the batch's row numbers, `(batch,)`
            int64, and `epoch` is an int64 scalar.
        shuffle: Whether each epoch has an order of its own. Defaults to `True`.
        share: `(index, count)`: only the rows of each batch that the worker `index` of `count`
            trains on, see `share_of`. Defaults to `None`, all of them.
        parts: Into so many shares, one after the other, each batch is divided. Defaults to `1`.

    Returns:
        A dataset of `(x, y)` or, where the split is weighted, `(x, y, weight)`.
    """
    import tensorflow as tf

    batch_size = check.integer("batch_size", batch_size, low=1)
    seed = check.integer("seed", seed, low=0)
    first_batch = check.integer("first_batch", first_batch, low=0)
    if not len(split):
        raise check.invalid("split", "at least one row", split.y.shape)
    last = tf.int64.max if epochs is None else epochs
    as_it_is = tf.autograph.experimental.do_not_convert  # or TensorFlow rewrites what is ours
    order = _ordering(split, batch_size, seed, shuffle)
    fetch = as_it_is(_fetching(split, whole=shuffle and share is None))

    def batches(epoch: "tf.Tensor") -> "tf.data.Dataset":
        rows = order(epoch)
        if first_batch:
            rows = rows.skip(tf.where(epoch == first_epoch, tf.constant(first_batch, tf.int64), 0))
        if share is not None:
            rows = rows.map(lambda index: one_share(index, *share))
        if parts > 1:
            rows = rows.flat_map(as_it_is(several))
        return rows.map(lambda index: (index, epoch))

    def several(index: "tf.Tensor") -> "tf.data.Dataset":
        return tf.data.Dataset.range(parts).map(lambda place: one_share(index, place, parts))

    def load(index: "tf.Tensor", epoch: "tf.Tensor") -> Any:
        batch = fetch(index)
        return batch if augment is None else augment(*batch, index=index, epoch=epoch)

    stream = tf.data.Dataset.range(first_epoch, last).flat_map(as_it_is(batches))
    stream = stream.map(load, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    return untuned(stream.prefetch(tf.data.AUTOTUNE))


def untuned(stream: "tf.data.Dataset") -> "tf.data.Dataset":
    """The stream without the thread that tunes it: calls and buffers have TensorFlow's first sizes.

    That thread misses about one in ten times that its iterator is deleted, and the deletion waits
    for it: as long as the training took, and up to a minute.
    """
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return stream.with_options(options)


def one_share(index: "tf.Tensor", place: Any, count: int) -> "tf.Tensor":
    """Of the row numbers of a batch those of `share_of`."""
    import tensorflow as tf

    start, stop = share_of(tf.size(index, tf.int64), place, count)
    return index[start:stop]


def unread(split: Split) -> "tf.data.Dataset":
    """What a `fit` is handed that looks at no batch of it: the first row, endlessly."""
    import tensorflow as tf

    return tf.data.Dataset.from_tensors((split.x[:1], split.y[:1])).repeat()


def ordered(split: Split, batch_size: int) -> "tf.data.Dataset":
    """One pass over a split in its own order, for `evaluate` and `predict`."""
    return epoch_stream(split, batch_size=batch_size, seed=0, epochs=1, shuffle=False)


def _ordering(
    split: Split, batch_size: int, seed: int, shuffle: bool
) -> "Callable[[tf.Tensor], tf.data.Dataset]":
    """The row numbers of an epoch, batch by batch."""
    import tensorflow as tf

    rows = len(split)
    if shuffle and on_disk(split.x):
        return _windows(rows, split.x.block, split.x.window, batch_size, seed)

    def order(epoch: "tf.Tensor") -> "tf.data.Dataset":
        index = shuffled(tf.range(rows, dtype=tf.int64), seed, epoch)
        return tf.data.Dataset.from_tensors(index).rebatch(batch_size)

    def in_order(epoch: "tf.Tensor") -> "tf.data.Dataset":
        return tf.data.Dataset.range(0, rows, batch_size).map(
            lambda begin: tf.range(begin, tf.minimum(begin + batch_size, rows))
        )

    return order if shuffle else in_order


def _windows(
    rows: int, block: int, window: int, batch_size: int, seed: int
) -> "Callable[[tf.Tensor], tf.data.Dataset]":
    """Blocks of neighbouring rows in an order of the epoch's own, shuffled within a window."""
    import tensorflow as tf

    blocks = -(-rows // block)
    several = max(window // block, 1)

    def order(epoch: "tf.Tensor") -> "tf.data.Dataset":
        drawn = shuffled(tf.range(blocks, dtype=tf.int64), seed, epoch)

        def within(place: "tf.Tensor", chosen: "tf.Tensor") -> "tf.Tensor":
            index = tf.reshape(chosen[:, None] * block + tf.range(block, dtype=tf.int64), [-1])
            index = tf.boolean_mask(index, index < rows)  # the last block is a short one
            # each window of each epoch has a key of its own
            return shuffled(index, seed, (epoch + 1) * (blocks + 1) + place)

        windows = tf.data.Dataset.from_tensor_slices(drawn).batch(several).enumerate()
        return windows.map(within).rebatch(batch_size)

    return order


def shuffled(index: "tf.Tensor", seed: "int | tf.Tensor", epoch: "tf.Tensor") -> "tf.Tensor":
    """Row numbers in the order of (seed, epoch), both int64."""
    import tensorflow as tf

    key = tf.stack([tf.convert_to_tensor(seed, tf.int64), epoch])
    return tf.random.experimental.stateless_shuffle(index, seed=key)


def _fetching(split: Split, whole: bool) -> "Callable[[tf.Tensor], tuple[tf.Tensor, ...]]":
    """Row numbers to a batch; the arrays stay on the CPU, where the stream runs.

    `whole` is whether all rows of a window are asked for: a worker reads its own ones alone.
    """
    parts = [split.y] if split.weight is None else [split.y, split.weight]
    most = 0 if on_disk(split.x) else LARGE  # no second copy where memory is short
    targets = [_gathering(part, most) for part in parts]
    inputs = _reading(split.x, whole) if is_lazy(split.x) else _gathering(split.x, most)
    return lambda index: (inputs(index), *(part(index) for part in targets))


def _reading(x: LazyRows, whole: bool) -> "Callable[[tf.Tensor], tf.Tensor]":
    return x.load_blocks if whole and on_disk(x) else x.load


def _gathering(array: Array, most: int) -> "Callable[[tf.Tensor], tf.Tensor]":
    """Rows of an array; of one with `most` bytes or more they are taken where it lies."""
    import tensorflow as tf

    if array.nbytes < most:
        with tf.device("CPU:0"):
            constant = tf.constant(array)
        return lambda index: tf.gather(constant, index)

    def take(index: "tf.Tensor") -> "tf.Tensor":
        rows = tf.numpy_function(array.__getitem__, [index], array.dtype)
        return tf.ensure_shape(rows, (None, *array.shape[1:]))

    return take
