"""Numbers of a layer or an optimizer that a compiled step reads from a variable."""

from typing import Any

import keras
import numpy as np


class UntrackedNumbers:
    """Numbers that can change without a retrace, out of sight of Keras's tracking.

    A constant costs a compiled step nothing, but belongs to it: another value needs another trace.
    Trainings that share one compiled step (`kreg.training.shared_steps`) keep their constants here
    instead. They stay configuration: they are no weights, are not saved with them and not part of
    any state. Under JAX a step reads only what Keras tracks, so there a step does not notice a
    change.

    Args:
        *numbers: Finite numbers; float32 in the step.

    Attributes:
        variable: What holds them, float32, of shape `(numbers,)`.

    >>> rates = UntrackedNumbers(0.5, 2.0)
    >>> rates.assign(0.25, 4.0)
    >>> [float(number) for number in rates.read()]
    [0.25, 4.0]
    """

    def __init__(self, *numbers: float):
        values = np.asarray(numbers, dtype="float32")
        self.variable = keras.Variable(
            values, trainable=False, dtype="float32", autocast=False, name="untracked"
        )

    def assign(self, *numbers: float) -> None:
        """Other numbers, as many, from the next step on."""
        self.variable.assign(np.asarray(numbers, dtype="float32"))

    def read(self) -> list[Any]:
        """The numbers as float32 scalar tensors."""
        return keras.ops.unstack(keras.ops.convert_to_tensor(self.variable))
