"""How a magnitude is drawn from one uniform number; each bound may be a schedule over epochs."""

from dataclasses import dataclass

import tensorflow as tf

from kreg import check, schedules
from kreg.schedules import Schedule

Bound = float | Schedule


def at(value: Bound, epoch):
    """A bound in this epoch: a Python number, or a scalar tensor where it is scheduled."""
    return value(tf.cast(epoch, tf.float32), tf) if isinstance(value, Schedule) else value


@dataclass(frozen=True)
class Uniform:
    """`low + (high - low) * u`."""

    low: Bound
    high: Bound

    def draw(self, u, epoch):
        low, high = at(self.low, epoch), at(self.high, epoch)
        return low + (high - low) * u


@dataclass(frozen=True)
class Symmetric:
    """`centre + scale * spread * (2 * u - 1)`: exactly the centre where the spread is zero."""

    spread: Bound
    centre: float = 0.0
    scale: float = 1.0

    def draw(self, u, epoch):
        return self.centre + self.scale * at(self.spread, epoch) * (2.0 * u - 1.0)


@dataclass(frozen=True)
class Signed:
    """`centre + size` or `centre - size`, each with probability one half (RandAugment's draw)."""

    magnitude: Bound
    centre: float = 0.0

    def draw(self, u, epoch):
        size = at(self.magnitude, epoch)
        return self.centre + tf.where(u < 0.5, -size, size)


Range = Uniform | Symmetric | Signed


def bound(name: str, value, **interval) -> Bound:
    """A checked number or epoch schedule."""
    value = schedules.get(name, value, **interval)
    if isinstance(value, Schedule) and value.unit != "epoch":
        raise check.invalid(
            name, "a schedule over epochs", value, 'Give the schedule `unit="epoch"`.'
        )
    return value


def symmetric(name: str, value, *, centre: float = 0.0, low=None, high=None) -> Range:
    """A range from what a user may pass: a spread around the centre, a pair, or a range."""
    if isinstance(value, Range):
        return value
    if isinstance(value, (tuple, list)):
        return pair(name, value, low=low, high=high)
    spread = bound(name, value, low=0, high=None if low is None else centre - low)
    return Symmetric(spread, centre)


def pair(name: str, value, *, low=None, high=None) -> Range:
    """A range from a pair (low, high) of numbers or schedules, or from one constant."""
    if isinstance(value, Range):
        return value
    if not isinstance(value, (tuple, list)):
        value = (value, value)
    if len(value) != 2:
        raise check.invalid(name, "a number or a pair (low, high)", value)
    first, second = (bound(name, v, low=low, high=high) for v in value)
    if not isinstance(first, Schedule) and not isinstance(second, Schedule) and first > second:
        raise check.invalid(name, "a pair (low, high) with low <= high", value)
    return Uniform(first, second)


def probability(name: str, value) -> Bound:
    """A number or epoch schedule in [0, 1]."""
    return bound(name, value, low=0, high=1)
