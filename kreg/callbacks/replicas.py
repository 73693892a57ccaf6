"""How an evaluation step is compiled and spread over the devices of a distribution strategy."""

import keras
import numpy as np
from keras import ops

MEANS = ("loss", "other")


class Replicas:
    """The replicas on which a model's variables live: one, unless TensorFlow distributes it.

    Args:
        model: A compiled `keras.Model`.
    """

    def __init__(self, model):
        strategy = getattr(model, "distribute_strategy", None)
        self.strategy = strategy if getattr(strategy, "num_replicas_in_sync", 1) > 1 else None
        self.eager = bool(getattr(model, "run_eagerly", False))

    def compile(self, step):
        """`step(x, y, weight) -> dict of tensors` as a fast function of host arrays."""
        if keras.backend.backend() != "tensorflow":
            return lambda *batch: _to_host(step(*batch))
        if self.strategy is not None:
            return self._distributed(step)
        fast = _graph(step, self.eager)
        return lambda *batch: _to_host(fast(*_tensors(batch)))

    def _distributed(self, step):
        """Every replica gets its share of the rows; rows that do not fill a share are left out."""
        strategy, count = self.strategy, self.strategy.num_replicas_in_sync
        fast = _graph(lambda *batch: strategy.run(step, args=batch), self.eager)

        def run(*batch):
            shards = keras.tree.map_structure(lambda leaf: self._shard(leaf, count), batch)
            return self._gather(fast(*shards))

        return run

    def _shard(self, leaf, count: int):
        if leaf is None:
            return None
        parts = np.split(leaf[: len(leaf) // count * count], count)
        return self.strategy.experimental_distribute_values_from_function(
            lambda context: ops.convert_to_tensor(parts[context.replica_id_in_sync_group])
        )

    def _gather(self, result: dict) -> dict:
        """Vectors one after the other. Keras divides a replica's mean by the number of replicas."""
        parts = {k: self.strategy.experimental_local_results(v) for k, v in result.items()}
        parts = {name: [np.asarray(v) for v in values] for name, values in parts.items()}
        return {k: np.sum(v) if k in MEANS else np.concatenate(v) for k, v in parts.items()}


def _graph(step, eager: bool):
    import tensorflow as tf

    return step if eager else tf.function(step, reduce_retracing=True, autograph=False)


def _tensors(batch):
    return keras.tree.map_structure(lambda a: a if a is None else ops.convert_to_tensor(a), batch)


def _to_host(result: dict) -> dict:
    return {name: ops.convert_to_numpy(value) for name, value in result.items()}
