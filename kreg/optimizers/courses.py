"""Courses of the learning rate that Keras has no schedule for: of height 1, for `Scaled`."""

import math
from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from kreg import check
from kreg.schedules import Schedule

COUNT: check.Bounds = {"low": 1}
SHARE: check.Interval = {"low": 0, "high": 1, "high_open": True}
HEIGHT: check.Interval = {"low": 0, "low_open": True}


@keras.saving.register_keras_serializable(package="kreg")
class LogCosine(keras.optimizers.schedules.LearningRateSchedule):
    """`1/2 - 1/2 cos(2 pi log2(1 + (2^cycles - 1) t))` with `t = step / steps`.

    Cosine cycles from 0 over 1 back to 0, each about twice as long as the one before: a fast start,
    restarts, a slow end. With four cycles this is the `coslog4` of RealMLP (Holzmueller et al.,
    2024).

    Args:
        steps: Whole number >= 1: the length of the training. After it the rate is 0.
        cycles: Whole number >= 1. Defaults to `4`.

    >>> [round(float(LogCosine(150)(step)), 2) for step in (0, 10, 15, 30, 150)]
    [0.0, 0.0, 0.72, 0.0, 0.0]
    """

    def __init__(self, steps: int, cycles: int = 4):
        self.steps = check.integer("steps", steps, **COUNT)
        self.cycles = check.integer("cycles", cycles, **COUNT)

    def __call__(self, step: Any) -> Any:
        t = share(step, self.steps)
        turns = ops.log(1.0 + (2.0**self.cycles - 1.0) * t) / math.log(2.0)
        return 0.5 - 0.5 * ops.cos(2.0 * math.pi * turns)

    def get_config(self) -> dict[str, Any]:
        return {"steps": self.steps, "cycles": self.cycles}


@keras.saving.register_keras_serializable(package="kreg")
class FlatCosine(keras.optimizers.schedules.LearningRateSchedule):
    """1 until `t = flat`, then `1/2 + 1/2 cos(pi (t - flat) / (1 - flat))`; `t = step / steps`.

    Args:
        steps: Whole number >= 1: the length of the training. After it the rate is 0.
        flat: Share in [0, 1) of the training at the full rate. Defaults to `0.5`.
        warmup: Whole number >= 0 of steps in which the rate rises linearly from 0, and which come
            before `t = 0`. Defaults to `0`.

    >>> [round(float(FlatCosine(100)(step)), 6) for step in (0, 50, 75, 100)]
    [1.0, 1.0, 0.5, 0.0]
    """

    def __init__(self, steps: int, flat: float = 0.5, warmup: int = 0):
        self.steps = check.integer("steps", steps, **COUNT)
        self.flat = check.number("flat", flat, **SHARE)
        self.warmup = check.integer("warmup", warmup, low=0)

    def __call__(self, step: Any) -> Any:
        step = ops.cast(step, "float32")
        falling = ops.maximum(share(step - self.warmup, self.steps) - self.flat, 0.0)
        value = 0.5 + 0.5 * ops.cos(math.pi * falling / (1.0 - self.flat))
        return ops.minimum(value, step / self.warmup) if self.warmup else value

    def get_config(self) -> dict[str, Any]:
        return {"steps": self.steps, "flat": self.flat, "warmup": self.warmup}


@keras.saving.register_keras_serializable(package="kreg")
class InTwo(keras.optimizers.schedules.LearningRateSchedule):
    """`first(step)` before `change`, `height * second(step - change)` from there on.

    Args:
        first: A `keras.optimizers.schedules.LearningRateSchedule`.
        second: Another one, whose steps begin at 0.
        change: Whole number >= 1 of steps.
        height: Number in (0, 1]. Defaults to `1`.

    >>> constant = keras.optimizers.schedules.PiecewiseConstantDecay([0], [1.0, 1.0])
    >>> [round(float(InTwo(constant, constant, 10, 0.1)(step)), 6) for step in (0, 9, 10)]
    [1.0, 1.0, 0.1]
    """

    def __init__(self, first: Any, second: Any, change: int, height: float = 1.0):
        self.first, self.second = first, second
        self.change = check.integer("change", change, **COUNT)
        self.height = check.number("height", height, low=0, high=1, low_open=True)

    def __call__(self, step: Any) -> Any:
        step = ops.cast(step, "float32")
        later = self.second(ops.maximum(step - self.change, 0.0))
        return ops.where(step < self.change, self.first(step), self.height * later)

    def get_config(self) -> dict[str, Any]:
        parts = {"first": self.first, "second": self.second}
        written = {n: keras.optimizers.schedules.serialize(part) for n, part in parts.items()}
        return {**written, "change": self.change, "height": self.height}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "InTwo":
        read = keras.optimizers.schedules.deserialize
        parts = {name: read(config[name]) for name in ("first", "second")}
        return cls(**{**config, **parts})


@keras.saving.register_keras_serializable(package="kreg")
class Scheduled(keras.optimizers.schedules.LearningRateSchedule):
    """`rate(step) = heights(step) * course(step)`: a course whose height moves, too.

    Args:
        heights: A `kreg.Schedule` with positive values, of steps or of epochs whose length it
            knows; or its configuration.
        course: A `keras.optimizers.schedules.LearningRateSchedule` of height 1, or `None` for 1
            throughout. Defaults to `None`.

    >>> from kreg.schedules import Piecewise
    >>> heights = Piecewise([2], [0.2, 0.05], unit="epoch", steps_per_epoch=10)
    >>> [round(float(Scheduled(heights)(step)), 6) for step in (0, 19, 20)]
    [0.2, 0.2, 0.05]
    """

    def __init__(self, heights: Schedule | Mapping[str, Any], course: Any = None):
        known = heights if isinstance(heights, Schedule) else Schedule.from_config(heights)
        for bound in known.bounds():
            check.number("heights", bound, **HEIGHT)
        known.require_steps_per_epoch()
        self.heights, self.course = known, course

    def __call__(self, step: Any) -> Any:
        step = ops.cast(step, "float32")
        height = self.heights.at_step(step, ops)
        return height if self.course is None else height * self.course(step)

    def get_config(self) -> dict[str, Any]:
        course = self.course and keras.optimizers.schedules.serialize(self.course)
        return {"heights": self.heights.get_config(), "course": course}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Scheduled":
        course = config["course"] and keras.optimizers.schedules.deserialize(config["course"])
        return cls(config["heights"], course)


def share(step: Any, steps: int) -> Any:
    """How much of the training is over, from 0 to 1."""
    return ops.clip(ops.cast(step, "float32") / steps, 0.0, 1.0)
