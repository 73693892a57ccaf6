"""How a magnitude is drawn from one uniform number; each bound may be a schedule over epochs."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, overload

import tensorflow as tf

from kreg import check, schedules
from kreg.schedules import Schedule

Bound = float | Schedule


def at(value: Bound, epoch: tf.Tensor) -> float | tf.Tensor:
    """A bound in this epoch: a Python number, or a scalar tensor where it is scheduled."""
    return value(tf.cast(epoch, tf.float32), tf) if isinstance(value, Schedule) else value


def toss(u: tf.Tensor, p: Bound, epoch: tf.Tensor) -> tf.Tensor:
    """True with probability `p`, from uniform numbers."""
    return u < at(p, epoch)


@dataclass(frozen=True)
class Uniform:
    """`low + (high - low) * u`."""

    low: Bound
    high: Bound

    def draw(self, u: tf.Tensor, epoch: tf.Tensor) -> tf.Tensor:
        low, high = at(self.low, epoch), at(self.high, epoch)
        return low + (high - low) * u


@dataclass(frozen=True)
class Symmetric:
    """`scale * spread * (2 * u - 1)`: exactly zero where the spread is zero."""

    spread: Bound
    scale: float = 1.0

    def draw(self, u: tf.Tensor, epoch: tf.Tensor) -> tf.Tensor:
        return self.scale * at(self.spread, epoch) * (2.0 * u - 1.0)


@dataclass(frozen=True)
class Signed:
    """`size` or `-size`, each with probability one half (RandAugment's draw)."""

    magnitude: Bound

    def draw(self, u: tf.Tensor, epoch: tf.Tensor) -> tf.Tensor:
        size = at(self.magnitude, epoch)
        return tf.where(u < 0.5, -size, size)


Range = Uniform | Symmetric | Signed
Magnitude = Bound | tuple[Bound, Bound] | list[Bound] | Range  # what a user may pass for a range

Given = TypeVar("Given")
Kept = TypeVar("Kept")


class Setting(Generic[Given, Kept]):
    """A field of a stage's dataclass that is checked and converted whenever it is set.

    So the constructor takes what a user writes, `0.2` or `(0.1, 0.3)`, and the stage reads what it
    draws from. With it, `factor: RangeSetting = symmetric(0.2)` is a whole argument.

    Args:
        convert: From a field's name and a user's value to what the stage keeps, or a `ValueError`.
        default: What the constructor takes where the user says nothing.
    """

    def __init__(self, convert: Callable[[str, Given], Kept], default: Given):
        self.convert = convert
        self.default = default

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, stage: None, owner: type) -> Given: ...
    @overload
    def __get__(self, stage: object, owner: type) -> Kept: ...
    def __get__(self, stage: object | None, owner: type) -> Given | Kept:
        """What was kept; for `dataclass`, which asks the class, the default."""
        return self.default if stage is None else vars(stage)[self.name]

    def __set__(self, stage: object, value: Given) -> None:
        vars(stage)[self.name] = self.convert(self.name, value)


RangeSetting = Setting[Magnitude, Range]
OptionalRangeSetting = Setting[Magnitude | None, Range | None]
BoundSetting = Setting[Bound, Bound]


def symmetric(
    default: Magnitude, *, low: float | None = None, high: float | None = None
) -> RangeSetting:
    """An argument that is a spread around zero, a pair, or a range."""
    return Setting(lambda name, value: as_symmetric(name, value, low=low, high=high), default)


def optional(*, low: float | None = None, high: float | None = None) -> OptionalRangeSetting:
    """As `symmetric`, or `None`, which is the default."""

    def convert(name: str, value: Magnitude | None) -> Range | None:
        return None if value is None else as_symmetric(name, value, low=low, high=high)

    return Setting(convert, None)


def pair(
    default: Magnitude, *, low: float | None = None, high: float | None = None
) -> RangeSetting:
    """An argument that is a pair (low, high) of numbers or schedules, one constant, or a range."""
    return Setting(lambda name, value: as_pair(name, value, low=low, high=high), default)


def fraction(default: Bound) -> BoundSetting:
    """An argument that is a number or an epoch schedule in [0, 1]."""
    return Setting(lambda name, value: bound(name, value, low=0, high=1), default)


def bound(name: str, value: Bound, **interval: Any) -> Bound:
    """A checked number or epoch schedule."""
    checked: Bound = schedules.get(name, value, **interval)
    if isinstance(checked, Schedule) and checked.unit != "epoch":
        raise check.invalid(
            name, "a schedule over epochs", checked, 'Give the schedule `unit="epoch"`.'
        )
    return checked


def as_symmetric(
    name: str, value: Magnitude, *, low: float | None = None, high: float | None = None
) -> Range:
    """A range from what a user may pass: a spread around zero, a pair, or a range."""
    if isinstance(value, Range):
        return value
    if isinstance(value, (tuple, list)):
        return as_pair(name, value, low=low, high=high)
    return Symmetric(bound(name, value, low=0, high=None if low is None else -low))


def as_pair(
    name: str, value: Magnitude, *, low: float | None = None, high: float | None = None
) -> Range:
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


def log_uniform(name: str, value: tuple[float, float]) -> Uniform:
    """The range of the logarithm of a positive number from a pair (low, high)."""
    low, high = (check.number(name, side, low=0, low_open=True) for side in value)
    return Uniform(math.log(low), math.log(high))
