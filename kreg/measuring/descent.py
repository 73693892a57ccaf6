"""Steps of Adam whose rate falls linearly to zero, on an objective, in one compiled function."""

from collections.abc import Callable
from typing import Any, TypeAlias

import keras
import numpy as np
from keras import ops

from kreg.gradients import Gradient
from kreg.measuring.replicas import Replicas, graph, tensors
from kreg.measuring.rows import Batch

Objective: TypeAlias = Callable[[Any, Any, Any], Any]  # of `(x, y, weight)`, a scalar

RATES = (1e-2, 1e-3)  # of Adam, which moves each weight by about so much a step
STEPS = 60
MOST_BYTES = 2**26  # of the batches of all steps, which small models take in one call


class Descent:
    """Adam with the run's weight decay, on an objective; one compiled function for all its rates.

    Args:
        model: Whose trainable weights it moves.
        objective: A function of `(x, y, weight)` that reads the model's variables.
        decay: The weight decay, or `None`.
    """

    def __init__(self, model: keras.Model, objective: Objective, decay: float | None = None):
        self.weights, self.decay = model.trainable_variables, decay
        self.gradient = Gradient(objective, self.weights, model.non_trainable_variables)
        replicas = Replicas(model)
        with replicas.scope():
            self.optimizer = keras.optimizers.Adam(RATES[0], weight_decay=decay or None)
            self.optimizer.build(self.weights)
        eager = bool(model.run_eagerly) or keras.backend.backend() != "tensorflow"
        self.step = graph(replicas.on_each(self._step), eager)
        self.steps = None if eager or replicas.strategy else graph(self._steps)

    def __call__(self, batches: list[Batch], rate: float) -> None:
        """One step for each batch, the rate falling linearly to zero."""
        for variable in self.optimizer.variables:
            variable.assign(ops.zeros(variable.shape, variable.dtype))
        rates = [rate * (1 - i / len(batches)) for i in range(len(batches))]
        given = [keras.utils.unpack_x_y_sample_weight(batch) for batch in batches]
        if self.steps is not None and are_alike(given):
            rest = STEPS - len(given)  # of one length, so that one trace serves them all
            joined = keras.tree.map_structure(stacked, *given, *given[-1:] * rest)
            self.steps(np.array(rates + [0.0] * rest, "float32"), np.int32(len(given)), *joined)
            return
        for each, batch in zip(rates, given, strict=True):
            self.optimizer.learning_rate.assign(each)
            self.step(*tensors(batch))

    def _steps(self, rates: Any, count: Any, x: Any, y: Any, weight: Any) -> None:
        """All steps in one call of TensorFlow: a small model spends its time between calls."""
        import tensorflow as tf

        def one(i: Any) -> tuple[Any]:
            at = keras.tree.map_structure(lambda a: None if a is None else a[i], (x, y, weight))
            self.optimizer.learning_rate.assign(rates[i])
            self._step(*at)
            return (i + 1,)

        tf.while_loop(lambda i: i < count, one, (tf.constant(0),), parallel_iterations=1)

    def _step(self, x: Any, y: Any, weight: Any) -> None:
        found = self.gradient(x, y, weight)
        pairs = [(g, v) for g, v in zip(found, self.weights, strict=True) if g is not None]
        self.optimizer.apply([g for g, _ in pairs], [v for _, v in pairs])


def are_alike(batches: list[Batch]) -> bool:
    """Whether batches of equal shapes can be held at once."""
    leaves = [[np.shape(leaf) for leaf in keras.tree.flatten(batch)] for batch in batches]
    size = sum(
        np.asarray(leaf).nbytes for leaf in keras.tree.flatten(batches[0]) if leaf is not None
    )
    return size * STEPS <= MOST_BYTES and all(shapes == leaves[0] for shapes in leaves)


def stacked(*leaves: Any) -> Any:
    """A leaf of all batches as one array, one batch a row; `None` stays."""
    return None if leaves[0] is None else np.stack([np.asarray(leaf) for leaf in leaves])
