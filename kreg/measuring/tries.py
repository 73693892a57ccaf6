"""Several descents of one small model at once, each with a state of its own.

A small model spends its time between operations, not in them: four descents of one batch after the
other take as long as one of them alone, and nothing is written into the model.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from kreg import private_keras
from kreg.measuring.descent import STEPS, Descent, stacked
from kreg.measuring.replicas import graph
from kreg.measuring.rows import Batch

Way = tuple[float, int]  # the rate at first, and after how many steps it is zero


class Tries:
    """The states in which descents from one state end.

    Args:
        model: A built model of the TensorFlow backend, on one device.
        descent: Its descent, whose batches are held at once.
    """

    def __init__(self, model: keras.Model, descent: Descent):
        self.descent = descent
        self.state = list(model.variables)
        self.variables = [*self.state, *descent.optimizer.variables]
        self._compute = graph(self._all)

    def __call__(
        self, batches: list[Batch], ways: Sequence[Way], begun: list[np.ndarray]
    ) -> list[Any]:
        """What `state` is after each descent: one tensor a variable, descents first.

        Args:
            batches: As many as the longest one has steps.
            ways: Of each its rate and its steps.
            begun: The values of `state` before.
        """
        given = [keras.utils.unpack_x_y_sample_weight(batch) for batch in batches]
        rest = STEPS - len(given)  # of one length, so that one trace serves them all
        joined = keras.tree.map_structure(stacked, *given, *given[-1:] * rest)
        falling = np.zeros((len(ways), STEPS), "float32")
        for row, (rate, steps) in zip(falling, ways, strict=True):
            row[:steps] = [rate * (1 - i / steps) for i in range(steps)]
        counts = np.array([steps for _, steps in ways], "int32")
        values = [np.stack([value] * len(ways)) for value in begun]
        found: list[Any] = self._compute(values, falling, counts, *joined)
        return found

    def _all(self, begun: list[Any], rates: Any, counts: Any, *rows: Any) -> list[Any]:
        """All steps of all descents; one that has ended keeps its state."""
        import tensorflow as tf

        count = len(self.variables)

        def one(i: Any, *values: Any) -> tuple[Any, ...]:
            batch = keras.tree.map_structure(lambda a: None if a is None else a[i], rows)
            moved = tf.vectorized_map(
                lambda own: self._step(own[:count], own[count], batch),
                [*values, rates[:, i]],
                fallback_to_while_loop=True,  # random numbers know no vectorised form
            )
            pairs = zip(moved, values, strict=True)
            return (i + 1, *(tf.where(beside(i < counts, new), new, old) for new, old in pairs))

        zeros = [
            tf.zeros((rates.shape[0], *v.shape), v.dtype) for v in self.descent.optimizer.variables
        ]
        start = (tf.constant(0), *map(tf.convert_to_tensor, begun), *zeros)
        ended = tf.while_loop(lambda i, *_: i < tf.reduce_max(counts), one, start)
        return list(ended[1 : 1 + len(self.state)])

    def _step(self, values: list[Any], rate: Any, batch: tuple[Any, ...]) -> list[Any]:
        """One step of one descent, as a function of its state."""
        optimizer, mapping = self.descent.optimizer, zip(self.variables, values, strict=True)
        with (
            private_keras.pure_steps(optimizer),
            keras.StatelessScope(list(mapping)) as scope,
        ):
            optimizer.learning_rate.assign(rate)
            self.descent.take_step(*batch)
            return [scope.get_current_value(variable) for variable in self.variables]


def beside(flags: Any, values: Any) -> Any:
    """Flags of shape `(n,)` that go with values of shape `(n, ...)`."""
    import tensorflow as tf

    return tf.reshape(flags, [-1] + [1] * (len(values.shape) - 1))
