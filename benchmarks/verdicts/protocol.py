"""What a rule sees of a run, and what it answers. The test set is not among it, nor the future.

A *verdict rule* is a function of a run up to an epoch:

    def rule(seen: Seen) -> bool | int:
        loss = seen.curves["val_loss"]
        return loss[-1] > 1.1 * loss.min()

`False` is "not overfitting", `True` is "overfitting", and a number of an epoch is "overfitting
since that epoch". It is called after every epoch. A rule that is slow that way answers all epochs
of a run at once, as a list: mark it with `whole`.

A *stopping rule* is a function of the epochs as they come. It pays for each one that it takes and
returns the number of the epoch whose weights it keeps, one of those that it took:

    def rule(epochs: Iterator[Epoch]) -> int:
        best, kept = math.inf, 0
        for epoch in epochs:
            if epoch.values["val_loss"] < best:
                best, kept = epoch.values["val_loss"], epoch.number
            elif epoch.number - kept >= 10:
                break
        return kept

Epochs count from 1. Where the iterator ends, the training is over. Instead of an epoch a rule may
keep `Mean(epoch, 5)`, the mean of the weights of the last five epochs up to that one, where the
suite has measured it: `epoch.values["val_clean_loss_mean5"]` is its loss.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from benchmarks.verdicts.suite import Run
from kreg.diagnostics import Record

FACTS = ("kind", "loss", "train", "validation", "measured", "classes")
HELD_AT = 10  # of so many runs one is cut in the middle, to see whether a rule looks ahead


@dataclass(frozen=True)
class Seen:
    """A run up to an epoch.

    Args:
        run: The recorded run; a rule uses the properties instead.
        epoch: The last epoch that is known, from 1.
    """

    run: Run = field(repr=False)
    epoch: int

    @property
    def curves(self) -> dict[str, np.ndarray]:
        """Name to float array of shape (epoch,), not to be written to; NaN: not measured."""
        return {name: _read_only(curve[: self.epoch]) for name, curve in self.run.seen.items()}

    @property
    def examples(self) -> np.ndarray:
        """Validation losses of the same n rows, shape (epoch, n)."""
        return _read_only(self.run.examples[: self.epoch])

    @property
    def correct(self) -> np.ndarray:
        """Which of those rows are right, shape (epoch, n); (epoch, 0) for regression."""
        return _read_only(self.run.correct[: self.epoch])

    @property
    def facts(self) -> dict[str, Any]:
        """`kind` of task, `loss`, `classes`; rows that are `train`, `validation`, `measured`."""
        return {name: self.run.meta[name] for name in FACTS}

    def record(self) -> Record:
        """The same as a `kreg.diagnostics.Record`."""
        parts = (self.run.examples[: self.epoch], self.run.correct[: self.epoch])
        return Run(self.run.meta, self.curves, *parts).record()


@dataclass(frozen=True)
class Epoch:
    """One epoch, as a stopping rule meets it.

    Args:
        number: From 1.
        values: Curve name to number.
        examples: Validation losses of the same n rows each time, shape (n,).
    """

    number: int
    values: dict[str, float]
    examples: np.ndarray


@dataclass(frozen=True)
class Mean:
    """The mean of the weights of consecutive epochs, for a stopping rule to keep.

    Args:
        epoch: The last of them, from 1.
        count: How many; fewer where there are not so many yet.
    """

    epoch: int
    count: int

    def of(self, curve: str) -> str:
        """The name of a curve that was measured on means.

        >>> Mean(9, 5).of("test_loss")
        'test_loss_mean5'
        """
        return f"{curve}_mean{self.count}"


Kept = int | Mean
VerdictRule = Callable[[Seen], bool | int | list[bool | int]]
StoppingRule = Callable[[Iterator[Epoch]], Kept]
AnyRule = TypeVar("AnyRule", bound=Callable[..., Any])


def whole(rule: AnyRule) -> AnyRule:
    """Mark a verdict rule that answers all epochs of `seen` at once, as a list."""
    rule.whole = True  # type: ignore[attr-defined]
    return rule


def answers(rule: VerdictRule, run: Run, *, held: bool = False) -> tuple[np.ndarray, int | None]:
    """(alarm after each epoch as booleans, date or `None`).

    A rule that gives no dates is dated by its first alarm, one that does by its answer after the
    last epoch: there is none where that is no alarm.

    Args:
        rule: The rule.
        run: The run.
        held: Whether a `whole` rule is also asked about the first half of the run alone.

    Raises:
        TypeError: If an answer is not one.
        ValueError: If a `whole` rule looks ahead, or answers for another number of epochs.
    """
    said = _all(rule, run, len(run.examples))
    if held and hasattr(rule, "whole"):
        half = len(said) // 2
        if _all(rule, run, half) != said[:half]:
            raise ValueError(
                f"{_named(rule)} is marked `whole` and looks ahead: of the first {half} epochs of "
                f"{run.meta['name']} alone it says something else than of all {len(said)}."
            )
    alarms = np.array([answer is not False for answer in said])
    if any(not isinstance(answer, bool) for answer in said):
        return alarms, None if isinstance(said[-1], bool) else said[-1]
    return alarms, int(alarms.argmax()) + 1 if alarms.any() else None


def _all(rule: VerdictRule, run: Run, epochs: int) -> list[bool | int]:
    if not hasattr(rule, "whole"):
        found = [rule(Seen(run, epoch)) for epoch in range(1, epochs + 1)]
    else:
        found = list(rule(Seen(run, epochs)))  # type: ignore[arg-type]
        if len(found) != epochs:
            raise ValueError(
                f"{_named(rule)} is marked `whole`: it answers for each epoch that it sees, "
                f"{epochs} here. Received {len(found)} answers for {run.meta['name']}."
            )
    return [_answer(rule, run, number, value) for number, value in enumerate(found, 1)]


def _answer(rule: VerdictRule, run: Run, epoch: int, value: Any) -> bool | int:
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer) and 1 <= value <= epoch:
        return int(value)
    raise TypeError(
        f"A verdict rule answers True, False or the epoch since when, from 1 to the last one "
        f"known. Received {value!r} from {_named(rule)} after epoch {epoch} of {run.meta['name']}."
    )


def stopped(rule: StoppingRule, run: Run) -> tuple[int, Kept]:
    """(epochs that were paid for, what is kept), both from 1.

    Raises:
        TypeError: If the rule keeps no epoch that it has taken.
        ValueError: If it keeps a mean that this run has not measured.
    """
    taken = 0

    def epochs() -> Iterator[Epoch]:
        nonlocal taken
        seen = run.seen
        for t in range(len(run.examples)):
            taken = t + 1
            values = {name: float(curve[t]) for name, curve in seen.items()}
            yield Epoch(taken, values, _read_only(run.examples[t]))

    kept = rule(epochs())
    epoch = kept.epoch if isinstance(kept, Mean) else kept
    if (
        isinstance(epoch, bool)
        or not isinstance(epoch, int | np.integer)
        or not 1 <= epoch <= taken
    ):
        raise TypeError(
            f"A stopping rule returns the number of the epoch that it keeps, from 1 to the last "
            f"one taken, {taken}. Received {kept!r} from {_named(rule)} on {run.meta['name']}."
        )
    if isinstance(kept, Mean):
        _check_measured(kept, run)
        return taken, kept
    return taken, int(epoch)


def _check_measured(kept: Mean, run: Run) -> None:
    if kept.of("test_loss") not in run.curves:
        names = [name.removeprefix("test_loss_mean") for name in run.curves]
        counts = ", ".join(sorted((name for name in names if name.isdigit()), key=int))
        raise ValueError(
            f"The means that {run.meta['name']} has measured: {counts or 'none'}. "
            f"Received {kept!r}."
        )


def _read_only(values: np.ndarray) -> np.ndarray:
    view = values.view()
    view.flags.writeable = False
    return view


def _named(rule: Callable[..., Any]) -> str:
    return str(getattr(rule, "__name__", rule))
