"""One decision for all workers of a distributed training: the chief's."""

from typing import Any

import keras


def chief_says(model: keras.Model, decision: bool) -> bool:
    """`decision` of the chief worker; the same as the argument where there is one process.

    Every worker must call it at the same point of the training. Clocks and rounding differ between
    workers; a worker that stops alone would leave the others waiting for ever.
    """
    strategy: Any = getattr(model, "distribute_strategy", None)
    resolver = getattr(strategy, "cluster_resolver", None)
    if resolver is None or len(resolver.cluster_spec().as_dict().get("worker", ())) < 2:
        return decision
    import tensorflow as tf

    vote = float(decision and is_chief(resolver))
    # every replica of the chief votes
    votes = strategy.run(lambda: tf.constant(vote))
    return bool(strategy.reduce(tf.distribute.ReduceOp.SUM, votes, axis=None) > 0)


def is_chief(resolver: Any) -> bool:
    """Whether this process is worker 0 (or the one called chief)."""
    return resolver.task_type in (None, "chief") or resolver.task_id == 0
