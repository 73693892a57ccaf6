"""The weights that will be used: where the optimizer averages them, `fit` ends with the average.

`keras.optimizers.Optimizer(use_ema=True)` trains raw weights and puts their moving average into the
model at the end of `fit`. What is measured, monitored and kept before that must be the same weights
that are kept in the end, or the history and the result have one name for two things.
"""

import math
from types import TracebackType
from typing import Any

import keras
from keras import ops

from kreg import private_keras
from kreg.schedules import Schedule

ATTRIBUTE = "_kreg_used_weights"
SHARE = 4  # an average that remembers more than a fourth of the training lags behind it
AVERAGED = "Its weights are the optimizer's moving average."
LAGS = (
    "The optimizer's moving average remembers about {:,.0f} steps (momentum {:g}), and this "
    "training has {:,} at most: the weights that are measured and kept lag behind. A momentum of "
    "{:.4g} or less suits it."
)


class UsedWeights:
    """Inside of its `with` block the model holds the weights that `fit` would end with now.

    `w = finalize(average)`: the average with the zeros and caps of kreg's penalties. Blocks may be
    nested; the outermost one puts the raw weights back. Where nothing is averaged nothing happens.
    The statistics of a BatchNormalization stay the training's own moving ones.

    Args:
        model: The model in training.
    """

    def __init__(self, model: keras.Model) -> None:
        self.model = model
        self.reset()

    def reset(self) -> None:
        """Forget blocks that an error has left open."""
        self.depth = 0
        self.raw: list[tuple[keras.Variable, Any]] = []

    def __enter__(self) -> "UsedWeights":
        self.depth += 1
        if self.depth == 1:
            for optimizer in ready(self.model):
                weights = private_keras.trained_weights(optimizer)
                self.raw += [(w, ops.copy(ops.convert_to_tensor(w))) for w in weights]
                optimizer.finalize_variable_values(weights)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self.depth:
            return
        self.depth -= 1
        if self.depth == 0:
            for weight, value in self.raw:
                weight.assign(value)
            self.raw = []


class UsesAverage(keras.callbacks.Callback):
    """For a callback that reads `val_loss`: Keras's own validation is of the weights in use, too.

    Keras's `SwapEMAWeights` does this by itself.
    """

    _validating = False

    def on_test_begin(self, logs: Any = None) -> None:
        given = private_keras.fit_arguments(self.model)
        self._validating = bool(given) and not swappers(given)
        if self._validating:
            used_weights(self.model).__enter__()

    def on_test_end(self, logs: Any = None) -> None:
        if self._validating:
            used_weights(self.model).__exit__(None, None, None)
        self._validating = False


def used_weights(model: keras.Model) -> UsedWeights:
    """The block of this model."""
    return private_keras.beside(model, ATTRIBUTE, lambda: UsedWeights(model))


def averages(model: keras.Model) -> list[keras.optimizers.Optimizer]:
    """The optimizers of the compiled one that keep a moving average."""
    compiled = getattr(model, "optimizer", None)
    found = [] if compiled is None else private_keras.unwrapped(compiled)
    return [one for one in found if getattr(one, "use_ema", False)]


def ready(model: keras.Model) -> list[keras.optimizers.Optimizer]:
    """Those whose average has begun and is not in the model already."""
    found = [
        one for one in averages(model) if one.built and ops.convert_to_numpy(one.iterations) > 0
    ]
    if found and any(map(private_keras.has_swapped, swappers(private_keras.fit_arguments(model)))):
        return []
    return found


def swappers(given: dict[str, Any]) -> list[keras.callbacks.Callback]:
    """Keras's own callbacks for this, among those of the running `fit`."""
    known = getattr(given.get("callbacks"), "callbacks", [])
    return [one for one in known if isinstance(one, keras.callbacks.SwapEMAWeights)]


def lagging(model: keras.Model, steps: int | None) -> str:
    """A sentence where an average remembers much of a training of so many steps, else nothing.

    Args:
        model: The model in training.
        steps: Optimizer steps at most, or `None` where nobody knows.
    """
    largest = max(map(longest, averages(model)), default=0.0)
    memory = 1 / (1 - largest) if largest < 1 else math.inf
    if not steps or memory <= max(steps / SHARE, 1):
        return ""
    return LAGS.format(memory, largest, steps, max(1 - SHARE / steps, 0.0))


def longest(optimizer: keras.optimizers.Optimizer) -> float:
    """The largest momentum of an optimizer's average: that of a schedule comes at some time."""
    numbers = getattr(optimizer, "numbers", None)  # a kreg optimizer's
    momentum = numbers()["ema_momentum"] if numbers else optimizer.ema_momentum
    return momentum.bounds()[1] if isinstance(momentum, Schedule) else float(momentum)
