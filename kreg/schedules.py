"""Values that change during training: one `Schedule` for strengths, rates and magnitudes.

A schedule is a pure function of time. It holds no state and no tensor: whoever uses it supplies the
clock (an optimizer's iterations, a layer's own step counter, the epoch of an augmentation key) and
the array namespace (`numpy`, `keras.ops` or `tensorflow`), so that the same object is evaluated in
Python, inside a compiled training step, and inside `tf.data`, without a retrace.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, TypedDict, TypeVar, Unpack, overload

import numpy as np

from kreg import check

UNITS = ("step", "epoch")
Scalar: TypeAlias = Any  # a number, or a scalar tensor of any backend
Namespace: TypeAlias = Any  # the module that computes with it: `numpy`, `keras.ops`, `tensorflow`
Config: TypeAlias = dict[str, Any]  # JSON values
Constant = TypeVar("Constant", float, float | None)


class Clock(TypedDict, total=False):
    """The keyword arguments that every schedule has; see `Schedule`."""

    unit: str
    steps_per_epoch: int | None


class Schedule:
    """`value = shape(t)`, with `t` counted in optimizer steps or in epochs, from 0.

    Make one with `Linear`, `Cosine`, `Exponential` or `Piecewise`, or with `Schedule.from_config`.

    Args:
        unit: `"step"` or `"epoch"`. Defaults to `"step"`.
        steps_per_epoch: Whole number >= 1, or `None`. What turns a step counter into epochs; only
            an epoch schedule read by a step clock (a layer, an optimizer) needs it. kreg's app
            fills it in.

    >>> ramp = Linear(0.0, 0.5, duration=10)
    >>> ramp(0), ramp(5), ramp(10), ramp(99)
    (0.0, 0.25, 0.5, 0.5)
    """

    kind = ""

    def __init__(self, *, unit: str = "step", steps_per_epoch: int | None = None) -> None:
        self.unit = check.choice("unit", unit, UNITS)
        if steps_per_epoch is not None:
            steps_per_epoch = check.integer("steps_per_epoch", steps_per_epoch, low=1)
        self.steps_per_epoch = steps_per_epoch

    def value(self, t: Scalar, xp: Namespace) -> Scalar:
        """The value at time `t`, computed with the functions of the namespace `xp`."""
        raise NotImplementedError

    def bounds(self) -> tuple[float, float]:
        """The smallest and largest value ever taken: what a range check needs."""
        raise NotImplementedError

    @overload
    def __call__(self, t: float, xp: None = None) -> float: ...

    @overload
    def __call__(self, t: Scalar, xp: Namespace) -> Scalar: ...

    def __call__(self, t: Scalar, xp: Namespace = None) -> Scalar:
        """The value at time `t` of this schedule's own unit.

        Args:
            t: A number or scalar tensor >= 0.
            xp: The namespace of `t`: `None` for Python numbers (returns a float), else a module
                with `minimum`, `maximum`, `cos`, `exp` and `where`.
        """
        return float(self.value(float(t), np)) if xp is None else self.value(t, xp)

    def at_step(self, step: Scalar, xp: Namespace = None) -> Scalar:
        """The value at an optimizer step; an epoch schedule changes at epoch borders only.

        Raises:
            ValueError: If the unit is the epoch and `steps_per_epoch` is not known.
        """
        if self.unit == "step":
            return self(step, xp)
        self.require_steps_per_epoch()
        namespace = xp or np
        return self(namespace.floor(step / self.steps_per_epoch), xp)

    def require_steps_per_epoch(self) -> None:
        """Refuse a step clock for an epoch schedule of unknown epoch length."""
        if self.unit == "epoch" and self.steps_per_epoch is None:
            raise ValueError(
                "This schedule counts epochs but is read by a step counter, and the length of an "
                "epoch is not known. Pass `steps_per_epoch=` to the schedule, or count in steps."
            )

    def get_config(self) -> Config:
        return {"kind": self.kind, "unit": self.unit, "steps_per_epoch": self.steps_per_epoch}

    @staticmethod
    def from_config(config: Mapping[str, Any]) -> "Schedule":
        """The schedule that `get_config` described."""
        config = dict(config)
        kind = check.choice("kind", config.pop("kind", None), KINDS)
        return KINDS[kind](**config)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schedule) and self.get_config() == other.get_config()

    def __hash__(self) -> int:
        return hash(repr(self.get_config()))

    def __repr__(self) -> str:
        fields = ", ".join(f"{k}={v!r}" for k, v in self.get_config().items() if k != "kind")
        return f"{type(self).__name__}({fields})"


class Ramp(Schedule):
    """From `start` to `end` during `duration`, after a `delay`; constant before and after."""

    def __init__(
        self, start: float, end: float, duration: float, delay: float = 0.0, **clock: Unpack[Clock]
    ) -> None:
        super().__init__(**clock)
        self.start = check.number("start", start)
        self.end = check.number("end", end)
        self.duration = check.number("duration", duration, low=0, low_open=True)
        self.delay = check.number("delay", delay, low=0)

    def progress(self, t: Scalar, xp: Namespace) -> Scalar:
        return xp.minimum(xp.maximum((t - self.delay) / self.duration, 0.0), 1.0)

    def bounds(self) -> tuple[float, float]:
        return min(self.start, self.end), max(self.start, self.end)

    def get_config(self) -> Config:
        own = {k: getattr(self, k) for k in ("start", "end", "duration", "delay")}
        return {**super().get_config(), **own}


class Linear(Ramp):
    """`start + (end - start) * p` with `p = clip((t - delay) / duration, 0, 1)`.

    Args:
        start: Finite number: the value until `delay`.
        end: Finite number: the value from `delay + duration` on.
        duration: Number > 0, in the schedule's unit.
        delay: Number >= 0. Defaults to `0`.
        unit: `"step"` or `"epoch"`. Defaults to `"step"`.
        steps_per_epoch: See `Schedule`.

    >>> Linear(1.0, 3.0, duration=4, delay=2)(3)
    1.5
    """

    kind = "linear"

    def value(self, t: Scalar, xp: Namespace) -> Scalar:
        return self.start + (self.end - self.start) * self.progress(t, xp)


class Cosine(Ramp):
    """`end + (start - end) * (1 + cos(pi * p)) / 2` with `p` as in `Linear`.

    The arguments are those of `Linear`. Source: Loshchilov & Hutter, SGDR, 2017 (one period).

    >>> Cosine(0.0, 1.0, duration=10)(5)
    0.5
    """

    kind = "cosine"

    def value(self, t: Scalar, xp: Namespace) -> Scalar:
        half = 0.5 * (1.0 + xp.cos(math.pi * self.progress(t, xp)))
        return self.end + (self.start - self.end) * half


class Exponential(Ramp):
    """`start * (end / start) ** p` with `p` as in `Linear`; both ends > 0.

    >>> round(Exponential(1.0, 0.01, duration=2)(1), 12)
    0.1
    """

    kind = "exponential"

    def __init__(
        self, start: float, end: float, duration: float, delay: float = 0.0, **clock: Unpack[Clock]
    ) -> None:
        check.number("start", start, low=0, low_open=True)
        check.number("end", end, low=0, low_open=True)
        super().__init__(start, end, duration, delay, **clock)

    def value(self, t: Scalar, xp: Namespace) -> Scalar:
        return self.start * xp.exp(math.log(self.end / self.start) * self.progress(t, xp))


class Piecewise(Schedule):
    """`values[i]` from `boundaries[i-1]` (included) until `boundaries[i]` (excluded).

    Args:
        boundaries: Strictly increasing times > 0, one fewer than `values`.
        values: Finite numbers.
        unit: `"step"` or `"epoch"`. Defaults to `"step"`.
        steps_per_epoch: See `Schedule`.

    >>> steps = Piecewise([10, 20], [0.1, 0.2, 0.3])
    >>> steps(9), steps(10), steps(20)
    (0.1, 0.2, 0.3)
    """

    kind = "piecewise"

    def __init__(
        self, boundaries: Sequence[float], values: Sequence[float], **clock: Unpack[Clock]
    ) -> None:
        super().__init__(**clock)
        self.boundaries = [check.number("boundaries", b, low=0, low_open=True) for b in boundaries]
        self.values = [check.number("values", v) for v in values]
        if sorted(set(self.boundaries)) != self.boundaries:
            raise check.invalid("boundaries", "strictly increasing times", boundaries)
        if len(self.values) != len(self.boundaries) + 1:
            raise check.invalid("values", f"{len(self.boundaries) + 1} numbers", values)

    def value(self, t: Scalar, xp: Namespace) -> Scalar:
        result = self.values[0] + 0.0 * t
        for boundary, value in zip(self.boundaries, self.values[1:], strict=True):
            result = xp.where(t < boundary, result, value)
        return result

    def bounds(self) -> tuple[float, float]:
        return min(self.values), max(self.values)

    def get_config(self) -> Config:
        own = {"boundaries": list(self.boundaries), "values": list(self.values)}
        return {**super().get_config(), **own}


KINDS: dict[str, type[Schedule]] = {
    cls.kind: cls for cls in (Linear, Cosine, Exponential, Piecewise)
}


def get(name: str, value: object, **interval: Unpack[check.Interval]) -> float | Schedule:
    """A checked constant or schedule from what a user may pass: a number, a `Schedule`, its config.

    Args:
        name: The argument's name, for the error.
        value: Number, `Schedule` or a schedule's configuration.
        **interval: As in `check.number`; a schedule must stay inside it at all times.

    >>> get("rate", 0.5, low=0, high=1)
    0.5
    """
    if isinstance(value, dict):
        value = Schedule.from_config(value)
    if not isinstance(value, Schedule):
        return check.number(name, value, **interval)
    for bound in value.bounds():
        check.number(name, bound, **interval)
    return value


def serialize(value: Constant | Schedule) -> Constant | Config:
    """The plain form of what `get` returned, for `get_config`."""
    return value.get_config() if isinstance(value, Schedule) else value
