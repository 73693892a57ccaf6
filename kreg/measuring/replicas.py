"""How an evaluation step is compiled and spread over the devices of a distribution strategy."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, TypeAlias

import keras
import numpy as np
from keras import ops

from kreg.measuring.rows import Nest

Step: TypeAlias = Callable[..., dict[str, Any]]  # `(x, y, weight)` to tensors by name
MEANS = ("loss", "other")


class Replicas:
    """The replicas on which a model's variables live: one, unless TensorFlow distributes it.

    Args:
        model: A compiled `keras.Model`.
    """

    def __init__(self, model: keras.Model) -> None:
        strategy = getattr(model, "distribute_strategy", None)
        self.strategy: Any = strategy if getattr(strategy, "num_replicas_in_sync", 1) > 1 else None
        self.eager = bool(getattr(model, "run_eagerly", False))

    @property
    def has_workers(self) -> bool:
        """Whether other processes have replicas, too: then no step can be taken by one alone."""
        resolver = getattr(self.strategy, "cluster_resolver", None)
        return resolver is not None and len(resolver.cluster_spec().as_dict().get("worker", ())) > 1

    def compile(self, step: Step) -> Step:
        """`step(x, y, weight) -> dict of tensors` as a fast function of host arrays."""
        if self.strategy is not None:
            return self._distributed(step)
        fast = graph(step, self.eager)
        return lambda *batch: to_host(fast(*batch))

    def scope(self) -> AbstractContextManager[Any]:
        """Inside, variables are made for all replicas."""
        return nullcontext() if self.strategy is None else self.strategy.scope()

    def on_each(self, step: Callable[..., Any]) -> Callable[..., Any]:
        """`step`, which each replica takes with the whole batch: their sum is what one computes."""
        if self.strategy is None:
            return step
        return lambda *batch: self.strategy.run(step, args=batch)

    def _distributed(self, step: Step) -> Step:
        """Every replica gets its share of the rows; of fewer rows than replicas some get none."""
        strategy, count = self.strategy, self.strategy.num_replicas_in_sync
        fast = graph(lambda *batch: strategy.run(step, args=batch), self.eager)

        def run(*batch: Nest) -> dict[str, Any]:
            rows = len(keras.tree.flatten(batch)[0])
            ends = [rows * place // count for place in range(count + 1)]
            shards = keras.tree.map_structure(lambda leaf: self._shard(leaf, ends), batch)
            return self._gather(fast(*shards), np.diff(ends) * count / rows)

        return run

    def _shard(self, leaf: np.ndarray | None, ends: list[int]) -> Any:
        if leaf is None:
            return None
        parts = np.split(leaf, ends[1:-1])
        return self.strategy.experimental_distribute_values_from_function(
            lambda context: ops.convert_to_tensor(parts[context.replica_id_in_sync_group])
        )

    def _gather(self, result: dict[str, Any], says: np.ndarray) -> dict[str, Any]:
        """Vectors one after the other; of means those that count as much as they have rows.

        Keras divides a replica's mean by the number of replicas.
        """
        local = self.strategy.experimental_local_results
        parts = {name: [np.asarray(v) for v in local(value)] for name, value in result.items()}
        return {
            name: sum(part * say for part, say in zip(found, says, strict=True) if say)
            if name in MEANS
            else np.concatenate(found)
            for name, found in parts.items()
        }


def graph(step: Callable[..., Any], eager: bool = False) -> Callable[..., Any]:
    """`step` as a TensorFlow graph; as it is on other backends, or where the model runs eagerly.

    TensorFlow warns of a function that is traced too often. It counts by the function's source, so
    every model of a search would count as one more tracing of the same method; a `partial` has no
    source, and each is counted for itself.
    """
    if eager or keras.backend.backend() != "tensorflow":
        return step
    import tensorflow as tf

    own = partial(step)
    compiled: Callable[..., Any] = tf.function(own, reduce_retracing=True, autograph=False)
    return compiled


def over_states(
    compute: Callable[..., Nest], variables: Sequence[keras.Variable]
) -> Callable[..., Nest]:
    """`compute(*arguments)` for several states of a model at once, with TensorFlow.

    Args:
        compute: Reads the variables, and leaves them as they were.
        variables: What a state consists of.

    Returns:
        A function of the states, one tensor a variable with the states first, and of the arguments.
        Its results have the states first too.
    """
    import tensorflow as tf

    def mapped(values: list[Any], *arguments: Any) -> Nest:
        def of_a_state(state: list[Any]) -> Nest:
            with keras.StatelessScope(list(zip(variables, state, strict=True))):
                return tensors(compute(*arguments))

        return tf.vectorized_map(of_a_state, values, fallback_to_while_loop=True)

    return mapped


def tensors(nest: Nest) -> Nest:
    """Host arrays as the backend's tensors; `None` stays."""
    return keras.tree.map_structure(lambda a: a if a is None else ops.convert_to_tensor(a), nest)


def to_host(nest: Nest) -> Nest:
    """The backend's tensors as NumPy arrays."""
    return keras.tree.map_structure(ops.convert_to_numpy, nest)
