"""Exploit and explore: who copies whom, and what the copied numbers become.

A generation is the training between two exploits. All that follows from its losses is a function
of them and of (seed, generation), so that a population that goes on decides as it would have.
Source: Jaderberg et al., Population based training of neural networks, 2017: truncation selection,
perturbation and resampling.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kreg.procedures.population.numbers import Ranges, Setting, moved


@dataclass(frozen=True)
class Rules:
    """How a population goes on after a generation.

    Args:
        interval: Whole number >= 1 of epochs of a generation; the last one may be shorter.
        quantile: Share in (0, 0.5] of the members that are replaced, and of those that are copied.
        factor: Number >= 1 with which a copied number is multiplied, or divided.
        resample: Share in [0, 1] of the copied numbers that are drawn anew.
    """

    interval: int
    quantile: float
    factor: float
    resample: float


@dataclass(frozen=True)
class Generation:
    """What the members have done between two exploits.

    Args:
        epoch: How many epochs have ended by its end.
        numbers: Those of each member.
        losses: The clean validation loss of each at the end; NaN where it is not finite.
        copied: With whose state each member goes on; its own place where it stays.
    """

    epoch: int
    numbers: list[Setting]
    losses: list[float]
    copied: list[int]

    @property
    def exploits(self) -> dict[int, int]:
        """The members that were replaced, each with the one that it copies."""
        return {place: source for place, source in enumerate(self.copied) if place != source}


def ended(
    epoch: int, numbers: list[Setting], losses: Sequence[float], last: bool, rules: Rules, seed: int
) -> Generation:
    """A generation whose losses are known, with its exploits; after the last one there are none.

    Raises:
        ValueError: If no loss is finite.
    """
    if not any(map(math.isfinite, losses)):
        raise ValueError(
            f"No member of the population has a finite validation loss after epoch {epoch}, so "
            "that there is none to copy. Say smaller numbers, a learning rate above all: "
            "arguments.numbers='{optimizer.learning_rate: [1e-4, 1e-2]}'."
        )
    told = [loss if math.isfinite(loss) else math.nan for loss in losses]
    copied = list(range(len(told)))
    for place, source in {} if last else exploits(told, rules, seed, epoch):
        copied[place] = source
    return Generation(epoch, numbers, told, copied)


def exploits(losses: Sequence[float], rules: Rules, seed: int, epoch: int) -> list[tuple[int, int]]:
    """`(member, whom it copies)` of those that are replaced: the worst, and all that are broken."""
    ranked = sorted(range(len(losses)), key=lambda place: (rank(losses[place]), place))
    finite = sum(map(math.isfinite, losses))
    count = max(int(len(ranked) * rules.quantile), 1)
    best, worst = ranked[: min(count, finite)], ranked[-max(count, len(ranked) - finite) :]
    generator = np.random.default_rng([seed, epoch, 0])
    sources = generator.integers(len(best), size=len(worst))
    pairs = zip(sorted(worst), sources, strict=True)
    return [(place, best[source]) for place, source in pairs if place not in best]


def rank(loss: float) -> float:
    return loss if math.isfinite(loss) else math.inf


def explored(generation: Generation, ranges: Ranges, rules: Rules, seed: int) -> list[Setting]:
    """The numbers of the next generation: those of the copies are changed, the others stay."""
    generator = np.random.default_rng([seed, generation.epoch, 1])
    found = list(generation.numbers)
    for place, source in generation.exploits.items():
        found[place] = changed(generation.numbers[source], ranges, rules, generator)
    return found


def changed(
    setting: Setting, ranges: Ranges, rules: Rules, generator: np.random.Generator
) -> Setting:
    """Each number drawn anew, or multiplied with the factor, or divided by it.

    Of an average it is what its momentum lacks to 1: see `kreg.procedures.population.numbers`.
    """
    found = {}
    for key, interval in ranges.items():
        anew, up, drawn = generator.random(), generator.random(), interval.draw(generator)
        factor = rules.factor if up < 0.5 else 1 / rules.factor
        found[key] = drawn if anew < rules.resample else moved(setting[key], factor, interval)
    return found


# --- what a member was before it was itself -------------------------------------------------------


def line(generations: Sequence[Generation], member: int) -> list[int]:
    """Whose place the state of a last member had in each generation, the first one first."""
    found = [member]
    for generation in reversed(generations[:-1]):
        found.append(generation.copied[found[-1]])
    return found[::-1]


def losses_of(generations: Sequence[Generation], places: Sequence[int]) -> list[float]:
    """The validation losses along a line."""
    return [one.losses[place] for one, place in zip(generations, places, strict=True)]


def best_line(generations: Sequence[Generation]) -> list[int]:
    """The line with the least validation loss on its way, of those that live to the end."""
    last = generations[-1].losses
    alive = [member for member, loss in enumerate(last) if math.isfinite(loss)]
    lines = [line(generations, member) for member in alive]
    return min(lines, key=lambda one: (min(losses_of(generations, one)), last[one[-1]]))


def by_epoch(generations: Sequence[Generation], places: Sequence[int]) -> list[int]:
    """Whose state a line has after each epoch."""
    found: list[int] = []
    for generation, place in zip(generations, places, strict=True):
        found += [place] * (generation.epoch - len(found))
    return found


def schedule(
    generations: Sequence[Generation], places: Sequence[int], key: str
) -> tuple[list[int], list[float]]:
    """A number along a line: `(boundaries, values)`, as `kreg.schedules.Piecewise` has them."""
    boundaries: list[int] = []
    values: list[float] = []
    begun = 0
    for generation, place in zip(generations, places, strict=True):
        value = generation.numbers[place][key]
        if not values or value != values[-1]:
            boundaries += [begun] if values else []
            values.append(value)
        begun = generation.epoch
    return boundaries, values
