"""A search's rule, from `curve -> bool` to the callback that ends a hopeless training."""

LEAST, SHARE = 3, 5  # epochs, and one epoch in so many of all, before a training may be hopeless


def earliest(epochs: int) -> int:
    """The first epoch that may be the last.

    >>> earliest(60), earliest(5)
    (12, 3)
    """
    return max(LEAST, epochs // SHARE)


def callback(hopeless, epochs: int):
    """The `Pruner`, or `None` where nothing is searched.

    Args:
        hopeless: A function of the clean validation losses so far, or `None`.
        epochs: Epochs of the whole training.
    """
    if hopeless is None:
        return None
    from kreg.callbacks import Pruner

    return Pruner(hopeless, earliest(epochs))
