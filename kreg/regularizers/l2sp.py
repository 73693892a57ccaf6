"""Stay near the pretrained weights."""

import keras
from keras import ops

from kreg.regularizers import prox
from kreg.regularizers.penalty import Penalty, Strengths
from kreg.regularizers.prox import Tensor
from kreg.regularizers.strength import NumberOrSchedule, Strength


@keras.saving.register_keras_serializable(package="kreg")
class L2SP(Penalty):
    """`l2 * sum((w - w_start)^2)`: fine-tuning that remembers where it started.

    The start is the weight at the first step of the kreg optimizer that trains it. The optimizer
    keeps it as a variable, so that it is saved and loaded with the optimizer's state. Source:
    Li, Grandvalet & Davoine, Explicit inductive bias for transfer learning, 2018.

    Args:
        l2: Number >= 0 or `kreg.Schedule`. Defaults to `0.01`.

    Raises:
        ValueError: When a model trains with an optimizer that cannot keep the start.
    """

    has_smooth = True
    needs_start = True
    needs_proximal = "that keeps the pretrained weights"
    l2 = Strength()

    def __init__(self, l2: NumberOrSchedule = 0.01):
        self.l2 = l2

    def smooth(self, w: Tensor, s: Strengths) -> Tensor:
        return s["l2"] * prox.squared_length(w - ops.cast(s["start"], w.dtype))

    def smooth_gradient(self, w: Tensor, s: Strengths) -> Tensor:
        return 2.0 * s["l2"] * (w - s["start"])

    def value(self, w: Tensor, start: Tensor = 0.0) -> Tensor:
        """`l2 * sum((w - start)^2)`."""
        w = ops.convert_to_tensor(w)
        return self.smooth(w, {**self.strengths(), "start": ops.convert_to_tensor(start)})

    def prox(self, w: Tensor, step: float = 1.0, start: Tensor = 0.0) -> Tensor:
        """`(w + 2 * step * l2 * start) / (1 + 2 * step * l2)`."""
        pull = 2.0 * step * self.strengths()["l2"]
        w = ops.convert_to_tensor(w)
        return (w + pull * ops.cast(start, w.dtype)) / (1.0 + pull)

    def subgradient(self, w: Tensor, start: Tensor = 0.0) -> Tensor:
        """`2 * l2 * (w - start)`."""
        s = {**self.strengths(), "start": start}
        return self.smooth_gradient(ops.convert_to_tensor(w), s)
