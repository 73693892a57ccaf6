"""A search: ask for the next setting, tell what it was worth, lose nothing when killed.

Every answer is one line of a journal, so a search that is started again knows all finished trials
and asks for the same next one: the sampler of trial k is seeded by (seed, k) and sees the trials
before it, or before its round where several are trained together, and nothing else.
"""

import importlib.util
import json
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kreg import check, files
from kreg.foreign.content import DamagedError
from kreg.sweeps import journal as journals
from kreg.sweeps import median_stopping

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

STARTUP = 10  # trials drawn at random before a model of the objective is worth anything


@dataclass(frozen=True)
class Choice:
    """One of a list of values."""

    options: tuple[Any, ...]

    def draw(self, generator: np.random.Generator) -> Any:
        return self.options[int(generator.integers(len(self.options)))]

    def allows(self, value: object) -> bool:
        return value in self.options


@dataclass(frozen=True)
class Interval:
    """A number between two bounds, both included; on a logarithmic scale if `log`."""

    low: float
    high: float
    log: bool = False
    integer: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high or (self.log and self.low <= 0):
            positive = "0 < low < high on a logarithmic scale" if self.log else "low < high"
            raise check.invalid("interval", positive, (self.low, self.high))

    def allows(self, value: object) -> bool:
        return isinstance(value, int | float) and self.low <= value <= self.high

    def draw(self, generator: np.random.Generator) -> float:
        low, high = (math.log(b) if self.log else b for b in (self.low, self.high))
        value = generator.uniform(low, high)
        value = min(max(math.exp(value) if self.log else value, self.low), self.high)
        return round(value) if self.integer else float(value)


Space = dict[str, Choice | Interval]
Setting = dict[str, Any]  # the names of a space, each with a value that its dimension allows


@dataclass
class Trial:
    """A setting, its objective (NaN while unknown), the curve that led there, whether all of it.

    The objective of a pruned trial guides the search; the trial itself is never the best.
    """

    number: int
    params: Setting
    value: float = math.nan
    curve: list[float] = field(default_factory=list)
    pruned: bool = False

    @property
    def good(self) -> bool:
        return math.isfinite(self.value)


class Study:
    """The trials of one search; smaller objectives are better.

    Args:
        space: Name to `Choice` or `Interval`.
        journal: File to which every finished trial is appended; read first where it exists.
        seed: Whole number >= 0.
        sampler: `"tpe"` (Bergstra et al., 2011; needs the extra `optuna`), `"random"`, or `"auto"`:
            the first where it is installed.
        first: Settings to begin with, before anything is drawn.

    Raises:
        ValueError: If the journal belongs to a search over another space, or optuna is missing.
    """

    def __init__(
        self,
        space: Space,
        journal: str | Path,
        seed: int = 0,
        sampler: str = "auto",
        first: Iterable[Setting] = (),
    ) -> None:
        self.space = dict(space)
        self.first = list(first)
        self.journal = Path(journal)
        self.seed = check.integer("seed", seed, low=0)
        self.sampler = chosen(sampler)
        self.trials = self._read()

    def ask(self) -> Trial:
        """The next setting, with all that is known by now."""
        return self._asked(len(self.trials), self.trials)

    def ask_round(self, size: int, most: int) -> list[Trial]:
        """The settings that are trained together; none of them knows what another was worth.

        Round `r` has the trials from `r * size` on and knows those before it. So the settings are
        the same after an interruption, which may have come while they were told: the trials that
        are known already are returned as well.

        Args:
            size: Whole number >= 1 of settings in a round.
            most: Whole number >= 1 of trials in all; the last round may be a short one.
        """
        begun = self.rounds_told(size)
        numbers = range(begun, min(begun + size, most))
        known, before = self.trials, self.trials[:begun]
        return [known[n] if n < len(known) else self._asked(n, before) for n in numbers]

    def rounds_told(self, size: int) -> int:
        """How many trials the rounds have that are known to their last one."""
        return len(self.trials) // size * size

    def _asked(self, number: int, known: list[Trial]) -> Trial:
        """The setting of a trial that has seen those before it."""
        if number < len(self.first):
            return Trial(number, dict(self.first[number]))
        draw = draw_tpe if self.sampler == "tpe" and number >= STARTUP else draw_random
        generator = np.random.default_rng([self.seed, number])
        return Trial(number, draw(self.space, known, generator))

    def tell(
        self, trial: Trial, value: float, curve: Sequence[float] = (), pruned: bool = False
    ) -> None:
        """Note what a setting was worth; what is not finite is a failure and never the best."""
        trial.value, trial.curve = float(value), [float(v) for v in curve]
        trial.pruned = bool(pruned)
        self.trials.append(trial)
        self._write(vars(trial))

    @property
    def best(self) -> Trial | None:
        """The trial of the smallest finite objective among those that ran to their end."""
        whole = (trial for trial in self.trials if trial.good and not trial.pruned)
        return min(whole, key=lambda trial: trial.value, default=None)

    def hopeless(self, curve: Sequence[float]) -> bool:
        """Whether a running trial is not worth its time; see `kreg.sweeps.median_stopping`."""
        return median_stopping.worse_than_half(curve, [t.curve for t in self.trials if t.good])

    def _read(self) -> list[Trial]:
        if not os.path.lexists(self.journal):
            self.journal.parent.mkdir(parents=True, exist_ok=True)
            self._write({"space": self._signature()})
            return []
        try:
            content = self._whole_lines()
            known, lines = journals.head(content), journals.trials(content)
            trials = [self._trial(line) for line in lines] if known == self._signature() else []
        except DamagedError as error:
            raise ValueError(
                f"{self.journal} cannot be used: {error}. Put a good copy there, or start anew "
                "with resume=never."
            ) from error
        if known != self._signature():
            raise check.invalid(
                "space", f"the space of the search in {self.journal}", sorted(self.space)
            )
        return trials

    def _trial(self, line: journals.Line) -> Trial:
        """A line as a trial, whose setting this space allows."""
        params, space = line["params"], self.space
        if params.keys() != space.keys() or not all(space[k].allows(v) for k, v in params.items()):
            raise DamagedError(f"trial {line['number']} has a setting that is none of the space")
        return Trial(line["number"], params, line["value"], line["curve"], line["pruned"])

    def _whole_lines(self) -> str:
        """What was written to its end; a kill may have cut the last line, which goes."""
        content = journals.whole(self.journal)
        if len(content.encode()) != self.journal.stat().st_size:
            files.write(self.journal, content)
        return content

    def _signature(self) -> dict[str, str]:
        return {name: repr(dimension) for name, dimension in self.space.items()}

    def _write(self, line: dict[str, Any]) -> None:
        with open(self.journal, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())


def chosen(sampler: str) -> str:
    """`"auto"` resolved, `"tpe"` held against what is installed."""
    check.choice("sampler", sampler, ("auto", "tpe", "random"))
    installed = importlib.util.find_spec("optuna") is not None
    if sampler == "tpe" and not installed:
        raise ValueError("sampler=tpe needs optuna. Install it with: pip install 'kreg[optuna]'")
    return ("tpe" if installed else "random") if sampler == "auto" else sampler


def draw_random(space: Space, trials: list[Trial], generator: np.random.Generator) -> Setting:
    """Every dimension for itself."""
    return {name: dimension.draw(generator) for name, dimension in space.items()}


def draw_tpe(space: Space, trials: list[Trial], generator: np.random.Generator) -> Setting:
    """The tree-structured Parzen estimator on the good trials so far."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(
        n_startup_trials=STARTUP, seed=int(generator.integers(2**31))
    )
    study = optuna.create_study(sampler=sampler)
    distributions = {name: distribution(dimension) for name, dimension in space.items()}
    for trial in trials:
        if trial.good:
            params = {name: encoded(space[name], v) for name, v in trial.params.items()}
            study.add_trial(
                optuna.trial.create_trial(
                    params=params, distributions=distributions, value=trial.value
                )
            )
    asked = study.ask(fixed_distributions=distributions).params
    return {name: decoded(space[name], asked[name]) for name in space}


def distribution(dimension: Choice | Interval) -> "BaseDistribution":
    """The dimension in optuna's words; options go by their places, whatever they are."""
    from optuna import distributions as kinds

    if isinstance(dimension, Choice):
        return kinds.CategoricalDistribution(tuple(range(len(dimension.options))))
    low, high, log = dimension.low, dimension.high, dimension.log
    if dimension.integer:
        return kinds.IntDistribution(int(low), int(high), log=log)
    return kinds.FloatDistribution(low, high, log=log)


def encoded(dimension: Choice | Interval, value: Any) -> Any:
    return dimension.options.index(value) if isinstance(dimension, Choice) else value


def decoded(dimension: Choice | Interval, value: Any) -> Any:
    return dimension.options[value] if isinstance(dimension, Choice) else value
