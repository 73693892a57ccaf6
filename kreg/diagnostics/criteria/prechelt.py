"""Prechelt's three families of criteria: loss of generalization, its quotient, rising strips."""

from collections.abc import Sequence
from typing import ClassVar, Unpack

import numpy as np

from kreg import check
from kreg.diagnostics.criteria.base import (
    Criterion,
    Decision,
    Quantity,
    Values,
    positive_loss,
)

TRAIN = "clean_loss"


def generalization_loss(value: float, best: float) -> float:
    """`GL = 100 (E / E_opt - 1)`, in percent, for losses > 0.

    >>> round(generalization_loss(1.05, 1.0), 6)
    5.0
    """
    return 100 * (value / best - 1)


def progress(strip: Sequence[float]) -> float:
    """`P_k = 1000 (mean E_tr / min E_tr - 1)` over a strip of training losses > 0, in per mille.

    >>> round(progress([1.1, 1.0, 0.9]), 3)
    111.111
    """
    return 1000 * (float(np.mean(strip)) / min(strip) - 1)


class GL(Criterion):
    """`stop when GL(t) = 100 (E(t) / min_{t' <= t} E(t') - 1) > alpha`.

    Args:
        alpha: Percent > 0. Defaults to `2`.

    Source: Prechelt 1998, "Early Stopping - But When?".
    """

    def __init__(self, alpha: float = 2.0, **quantity: Unpack[Quantity]):
        self.alpha = check.number("alpha", alpha, low=0, low_open=True)
        super().__init__(**quantity)
        positive_loss("GL", self)

    def judge(self, epoch: int, value: float, values: Values, examples: np.ndarray) -> Decision:
        improved = self.take_best(epoch, value)
        if improved or self.best is None:
            return Decision(improved=improved)
        if self.best <= 0:
            return Decision(warning=not_positive("GL", self.monitor))
        lost = generalization_loss(value, self.best)
        if not lost > self.alpha:
            return Decision()
        return Decision(
            stop=True,
            reason="gl",
            sentence=f"{self.monitor} is {lost:.1f} % above its {self.best_so_far()} "
            f"(limit {self.alpha:g} %).",
        )


class Strips(Criterion):
    """Base of criteria that look at the end of every strip of k validations."""

    state: ClassVar[tuple[str, ...]] = ("best", "best_epoch", "count", "train_strip")

    def __init__(self, strip: int = 5, train: str | None = None, **quantity: Unpack[Quantity]):
        self.strip = check.integer("strip", strip, low=2)
        self.train = train
        super().__init__(**quantity)

    @property
    def monitors(self) -> tuple[str, ...]:
        return (self.monitor,) if self.train is None else (self.monitor, self.train)

    def reset(self) -> None:
        super().reset()
        self.count = 0
        self.train_strip: list[float] = []

    def judge(self, epoch: int, value: float, values: Values, examples: np.ndarray) -> Decision:
        improved = self.take_best(epoch, value)
        self.count += 1
        if self.train is not None:
            self.keep(epoch, self.train, values)
        if self.count % self.strip:
            return Decision(improved=improved)
        decision = self.judge_strip(value)
        return Decision(improved=True) if improved and not decision.stop else decision

    def keep(self, epoch: int, train: str, values: Values) -> None:
        loss = values.get(train)
        if loss is None:
            raise ValueError(
                f"{type(self).__name__} needs the training loss `{train}`, and epoch {epoch} "
                f"has none. Measured: {', '.join(sorted(values)) or 'nothing'}."
            )
        self.train_strip = [*self.train_strip, float(loss)][-self.strip :]

    def judge_strip(self, value: float) -> Decision:
        raise NotImplementedError


class PQ(Strips):
    """`stop at the end of a strip with GL(t) / P_k(t) > alpha`.

    Overfitting is forgiven while the training loss still falls fast.

    Args:
        alpha: Number > 0. Defaults to `0.5`.
        strip: Validations in a strip, k >= 2. Defaults to `5`.
        train: Name of the training loss. Defaults to `"clean_loss"`.

    Source: Prechelt 1998.
    """

    def __init__(
        self,
        alpha: float = 0.5,
        strip: int = 5,
        *,
        train: str = TRAIN,
        **quantity: Unpack[Quantity],
    ):
        self.alpha = check.number("alpha", alpha, low=0, low_open=True)
        super().__init__(strip, train, **quantity)
        positive_loss("PQ", self)

    def judge_strip(self, value: float) -> Decision:
        if self.best is None or not np.isfinite([value, *self.train_strip]).all():
            return Decision()
        if self.best <= 0 or min(self.train_strip) <= 0:
            return Decision(warning=not_positive("PQ", self.monitor))
        lost, moved = generalization_loss(value, self.best), progress(self.train_strip)
        if not lost > self.alpha * moved:
            return Decision()
        return Decision(
            stop=True,
            reason="pq",
            sentence=f"{self.monitor} is {lost:.1f} % above its {self.best_so_far()} while the "
            f"training loss still moves by {moved:.1f} per mille (limit of the ratio "
            f"{self.alpha:g}).",
        )


class Progress(Strips):
    """`stop at the end of a strip with P_k(t) < limit`: the training loss has come to rest.

    Args:
        limit: Per mille > 0. Defaults to `0.1`, as in Prechelt's study.
        strip: Measurements in a strip, k >= 2. Defaults to `5`.
        monitor: The training loss itself. Defaults to `"clean_loss"`.

    Source: Prechelt 1998.
    """

    def __init__(
        self,
        limit: float = 0.1,
        strip: int = 5,
        *,
        monitor: str = TRAIN,
        mode: str = "min",
    ):
        self.limit = check.number("limit", limit, low=0, low_open=True)
        super().__init__(strip, monitor, monitor=monitor, mode=mode)
        positive_loss("Progress", self)

    @property
    def monitors(self) -> tuple[str, ...]:
        return (self.monitor,)

    def judge_strip(self, value: float) -> Decision:
        if not np.isfinite(self.train_strip).all() or min(self.train_strip) < 0:
            return Decision()
        # at a loss of exactly zero nothing is left to move
        moved = progress(self.train_strip) if min(self.train_strip) > 0 else 0.0
        if not moved < self.limit:
            return Decision()
        return Decision(
            stop=True,
            reason="progress",
            sentence=f"{self.monitor} moved by only {moved:.2g} per mille in {self.strip} "
            f"validations (limit {self.limit:g}).",
        )


class UP(Strips):
    """`stop when E rose over s successive strips: E(t) > E(t-k) > ... > E(t-sk)`.

    Args:
        strips: How many in a row, s >= 1. Defaults to `2`.
        strip: Validations in a strip, k >= 2. Defaults to `5`.

    Source: Prechelt 1998.
    """

    state: ClassVar[tuple[str, ...]] = ("best", "best_epoch", "count", "last", "rises")

    def __init__(self, strips: int = 2, strip: int = 5, **quantity: Unpack[Quantity]):
        self.strips = check.integer("strips", strips, low=1)
        super().__init__(strip, **quantity)

    def reset(self) -> None:
        super().reset()
        self.last: float | None = None
        self.rises = 0

    def judge_strip(self, value: float) -> Decision:
        worse = self.last is not None and (
            not np.isfinite(value) or self.cost(value) > self.cost(self.last)
        )
        self.rises = self.rises + 1 if worse else 0
        self.last = value
        if self.rises < self.strips:
            return Decision()
        return Decision(
            stop=True,
            reason="up",
            sentence=f"{self.monitor} got worse over {self.rises} successive strips of "
            f"{self.strip} validations ({self.best_so_far()}).",
        )


def not_positive(name: str, monitor: str) -> str:
    """The warning for a loss that ratios cannot judge."""
    return (
        f"{name} compares ratios and cannot judge {monitor} <= 0; it will not stop this training. "
        "Use `patience`, `trend` or `paired` for a loss that can be negative."
    )
