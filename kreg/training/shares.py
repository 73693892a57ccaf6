"""What several workers or devices of one training have in common: their shares of a batch."""

from typing import TYPE_CHECKING, Any

from kreg.config import cluster

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from kreg.training.plan import Plan


def is_shared(distribute: str) -> bool:
    """Whether the model that is made now will be trained by several."""
    if distribute != "mirrored":
        return distribute in cluster.SEVERAL
    import tensorflow as tf

    return bool(tf.distribute.has_strategy())


def part(
    optimizer: "keras.Optimizer", rows: int, batch_size: int, index: Any, count: int
) -> "tf.Tensor":
    """`n_i / n`, which part of the rows of the next step one of several has; a float32 scalar.

    Args:
        optimizer: Its step number tells which batch of a pass comes next.
        rows: Of a pass, which has `ceil(rows / batch_size)` batches.
        batch_size: Of all together.
        index: Which one, a number or an int64 tensor.
        count: Of how many.
    """
    import tensorflow as tf

    from kreg.data import share_of, steps_per_epoch

    steps = steps_per_epoch(rows, batch_size)
    last = tf.cast(optimizer.iterations.value, tf.int64) % steps == steps - 1
    in_batch = tf.where(last, tf.constant(rows - (steps - 1) * batch_size, tf.int64), batch_size)
    start, stop = share_of(in_batch, index, count)
    return tf.cast(stop - start, tf.float32) / tf.cast(in_batch, tf.float32)


def even(rows: tuple[Any, ...], count: int) -> tuple[Any, ...]:
    """Rows without the last ones, of which several devices would not have as many each.

    >>> even((list("abcde"), [1, 2, 3, 4, 5]), 2)
    (['a', 'b', 'c', 'd'], [1, 2, 3, 4])
    """
    most = len(rows[1]) // count * count
    return tuple(part[:most] for part in rows)


def refuse_uneven(training: "Plan", count: int, distribute: str, who: str) -> None:
    """Refuse what several do not train as one does.

    Args:
        training: What is to be trained.
        count: By how many.
        distribute: What the user has asked for.
        who: What they are, `"workers"` say.

    Raises:
        ValueError: If one of them would have no row of a batch, or the model keeps something
            beside its weights.
    """
    from kreg import private_keras  # starts Keras

    rows, size = len(training.data.train), training.batch_size
    last = rows % size or size
    if last < count:
        raise ValueError(
            f"distribute={distribute}: the last batch of {rows} rows has {last}, fewer than there "
            f"are {who} ({count}). Choose another trainer.batch_size than {size}."
        )
    if private_keras.own_states(training.model):
        raise ValueError(
            f"distribute={distribute}: the model keeps averages or random numbers beside its "
            f"weights, which each of the {who} would have of its own rows. Choose model=deep, say."
        )


def company(training: "Plan") -> str:
    """With whom a model is trained by one process, as the run's state remembers it."""
    if training.devices > 1:
        return f"on {training.devices} devices"
    return f"in a stack of {training.stacked} jobs" if training.stacked else "alone"
