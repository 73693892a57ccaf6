"""What every stopping criterion is: numbers of one epoch in, a decision out."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias, TypedDict

import numpy as np

from kreg import check
from kreg.archive import State

MODES = ("min", "max")
MONITOR = "val_clean_loss"
REFINED = "val_refined_loss"
Values: TypeAlias = Mapping[str, float | None]  # what an epoch measured, by name


class Quantity(TypedDict, total=False):
    """The keyword arguments of every criterion; see `Criterion`."""

    monitor: str
    mode: str


@dataclass(frozen=True)
class Decision:
    """What a criterion says after one epoch.

    Args:
        stop: Whether training should stop now.
        reason: Machine-readable: `"patience"`, `"gl"`, `"pq"`, `"up"`, `"progress"`, `"trend"`,
            `"paired"`, `"past_best"`, `"threshold"`, `"divergence"`, `"non_finite"`, `"epochs"`,
            `"steps"`, `"seconds"`, `"overfitting"`, `"converged"`; empty while training goes on.
        sentence: One sentence for people; empty while training goes on.
        improved: Whether this epoch is the criterion's new best.
        warning: A sentence that should be shown once, or empty.
    """

    stop: bool = False
    reason: str = ""
    sentence: str = ""
    improved: bool = False
    warning: str = ""


class Criterion:
    """Base of all criteria: one monitored quantity, one direction, named state.

    Epochs without the monitored quantity change nothing: a criterion counts *validations*.
    A value that is not finite is never the best.

    Args:
        monitor: Name in `values`. Defaults to `"val_clean_loss"`.
        mode: `"min"` or `"max"`, the better direction. Defaults to `"min"`.
    """

    state: ClassVar[tuple[str, ...]] = ("best", "best_epoch")  # the attributes that change

    def __init__(self, *, monitor: str = MONITOR, mode: str = "min"):
        self.monitor = monitor
        self.mode = check.choice("mode", mode, MODES)
        self.reset()

    @property
    def needs_examples(self) -> bool:
        """Whether `update` needs per-example losses."""
        return False

    @property
    def monitors(self) -> tuple[str, ...]:
        """Names that must be in `values` at a validated epoch."""
        return (self.monitor,)

    def reset(self) -> None:
        """Forget everything seen."""
        self.best: float | None = None
        self.best_epoch: int | None = None

    def update(self, epoch: int, values: Values, examples: np.ndarray | None = None) -> Decision:
        """Look at one epoch.

        Args:
            epoch: The epoch's number, as it should be printed.
            values: Names to numbers; the monitored name may be missing.
            examples: Array of shape (n,), clean losses of the same validation rows each time, for
                criteria with `needs_examples`.
        """
        value = values.get(self.monitor)
        if value is None:
            return Decision()
        if self.needs_examples and examples is None:
            raise ValueError(
                f"{type(self).__name__} needs the per-example validation losses, and epoch {epoch} "
                "has none. Use kreg.EarlyStopping or kreg.Diagnostics, which compute them, or "
                "choose a rule that works on means, such as `gl:2`."
            )
        rows = np.asarray([] if examples is None else examples)
        return self.judge(epoch, float(value), values, rows)

    def judge(self, epoch: int, value: float, values: Values, examples: np.ndarray) -> Decision:
        """The decision for a validated epoch; subclasses write this.

        `examples` is empty where there are none and the criterion does not need them.
        """
        raise NotImplementedError

    def cost(self, value: float) -> float:
        """The value with its sign turned where larger is better: lower cost is better."""
        return value if self.mode == "min" else -value

    def take_best(self, epoch: int, value: float, margin: float = 0.0) -> bool:
        """Keep the value as the best if it is finite and better by more than `margin`."""
        better = self.best is None or self.cost(value) < self.cost(self.best) - margin
        if not math.isfinite(value) or not better:
            return False
        self.best, self.best_epoch = value, int(epoch)
        return True

    def best_so_far(self) -> str:
        """`best 0.31 at epoch 7`, for sentences."""
        if self.best is None:
            return "no finite value yet"
        return f"best {self.best:.4g} at epoch {self.best_epoch}"

    def get_state(self) -> State:
        """The attributes that change, as JSON values or arrays."""
        return {name: _copy(getattr(self, name)) for name in self.state}

    def set_state(self, state: State) -> None:
        """Continue from what `get_state` returned."""
        for name in self.state:
            setattr(self, name, _copy(state[name]))


def _copy(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.copy()
    return list(value) if isinstance(value, (list, tuple)) else value


def positive_loss(name: str, criterion: Criterion) -> None:
    """Refuse `mode="max"` for a criterion that compares ratios of a loss."""
    if criterion.mode != "min":
        raise check.invalid(
            "mode",
            f"'min' for {name}, which compares ratios of a positive loss",
            criterion.mode,
            "Use Patience or Trend for a quantity that should grow.",
        )
