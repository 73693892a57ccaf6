"""Criteria made of criteria: any of them, all of them, one of them on a smoothed curve."""

import numpy as np

from kreg import check
from kreg.archive import State
from kreg.diagnostics.criteria.base import Criterion, Decision, Values


class Combination(Criterion):
    """Several criteria that look at the same epochs. The first one's best is the best.

    Args:
        criteria: One `Criterion` or more.
    """

    def __init__(self, *criteria: Criterion):
        if not criteria or not all(isinstance(c, Criterion) for c in criteria):
            raise check.invalid("criteria", "one criterion or more", criteria)
        self.criteria = criteria
        # limits such as a budget monitor nothing of their own
        self.leader = next((c for c in criteria if c.monitors), criteria[0])
        self.monitor, self.mode = self.leader.monitor, self.leader.mode
        self.follow()

    @property
    def needs_examples(self) -> bool:
        return any(c.needs_examples for c in self.criteria)

    @property
    def monitors(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for c in self.criteria for name in c.monitors))

    def follow(self) -> None:
        self.best, self.best_epoch = self.leader.best, self.leader.best_epoch

    def reset(self) -> None:
        super().reset()
        for criterion in self.criteria:
            criterion.reset()

    def update(self, epoch: int, values: Values, examples: np.ndarray | None = None) -> Decision:
        decisions = [c.update(epoch, values, examples) for c in self.criteria]
        self.follow()
        said = [d for d in decisions if d.stop]
        improved = decisions[self.criteria.index(self.leader)].improved
        warning = " ".join(d.warning for d in decisions if d.warning)
        if not self.agreed(said):
            return Decision(improved=improved, warning=warning)
        reason = "+".join(d.reason for d in said)
        sentence = " ".join(d.sentence for d in said)
        return Decision(True, reason, sentence, improved, warning)

    def agreed(self, said: list[Decision]) -> bool:
        """Whether those that want to stop are enough."""
        raise NotImplementedError

    def get_state(self) -> State:
        return {str(i): c.get_state() for i, c in enumerate(self.criteria)}

    def set_state(self, state: State) -> None:
        for i, criterion in enumerate(self.criteria):
            criterion.set_state(state[str(i)])
        self.follow()


class AnyOf(Combination):
    """`stop as soon as one of the criteria says stop`."""

    def agreed(self, said: list[Decision]) -> bool:
        return bool(said)


class AllOf(Combination):
    """`stop when all of the criteria say stop at the same epoch`."""

    def agreed(self, said: list[Decision]) -> bool:
        return len(said) == len(self.criteria)


class Smoothed(Criterion):
    """`the criterion on s(t) = weight s(t-1) + (1 - weight) E(t)`; the best stays the raw curve's.

    Args:
        criterion: What decides.
        weight: Memory in [0, 1). Defaults to `0.6`.
    """

    def __init__(self, criterion: Criterion, weight: float = 0.6):
        self.criterion = criterion
        self.weight = check.number("weight", weight, low=0, high=1, high_open=True)
        super().__init__(monitor=criterion.monitor, mode=criterion.mode)

    @property
    def needs_examples(self) -> bool:
        return self.criterion.needs_examples

    @property
    def monitors(self) -> tuple[str, ...]:
        return self.criterion.monitors

    def reset(self) -> None:
        super().reset()
        self.criterion.reset()
        self.smooth: dict[str, float] = {}

    def update(self, epoch: int, values: Values, examples: np.ndarray | None = None) -> Decision:
        value = values.get(self.monitor)
        improved = value is not None and self.take_best(epoch, float(value))
        for name in self.monitors:
            new = values.get(name)
            if new is not None:
                old = self.smooth.get(name, float(new))
                # a NaN must not poison the average for ever
                self.smooth[name] = (
                    self.weight * old + (1 - self.weight) * float(new) if new == new else old
                )
        decision = self.criterion.update(epoch, {**values, **self._seen(values)}, examples)
        return Decision(
            decision.stop, decision.reason, decision.sentence, improved, decision.warning
        )

    def _seen(self, values: Values) -> dict[str, float]:
        """Smoothed values of those names that this epoch has."""
        return {n: v for n, v in self.smooth.items() if values.get(n) is not None}

    def get_state(self) -> State:
        return {
            **super().get_state(),
            "smooth": dict(self.smooth),
            "criterion": self.criterion.get_state(),
        }

    def set_state(self, state: State) -> None:
        super().set_state(state)
        self.smooth = {name: float(value) for name, value in state["smooth"].items()}
        self.criterion.set_state(state["criterion"])


def any_of(*criteria: Criterion) -> AnyOf:
    """Stop as soon as one of the criteria says stop."""
    return AnyOf(*criteria)


def all_of(*criteria: Criterion) -> AllOf:
    """Stop when all of the criteria say stop at the same epoch."""
    return AllOf(*criteria)
