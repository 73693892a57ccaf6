"""The numbers of a training that a population varies: which, in what range, and where they go."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from kreg import check
from kreg.config.root import Config
from kreg.config.validate import ConfigError
from kreg.sweeps.study import Interval
from kreg.training import shared_steps

if TYPE_CHECKING:
    import keras

Setting = dict[str, float]  # key of the configuration -> number
Ranges = dict[str, Interval]

RATE, DECAY, NOISE = "optimizer.learning_rate", "optimizer.weight_decay", "dropout.rate"
AVERAGE = "optimizer.ema"
WITHIN = 10.0  # without a range of the user's: a tenth of the command's number to ten times it
HIGHEST = {DECAY: 1.0, NOISE: 0.8}
GROUPS = ("optimizer", "reg", "dropout")  # in the order of the tables


class Momentum(Interval):
    """A range of an average's momentum: what is drawn and multiplied is `1 - momentum`.

    Its memory is `1 / (1 - momentum)` steps: of 0.99 and 0.999 ten times as long.

    >>> round(Momentum(0.9, 0.999).moved(0.99, 2.0), 4)
    0.98
    """

    def draw(self, generator: np.random.Generator) -> float:
        short = Interval(1 - self.high, 1 - self.low, log=True).draw(generator)
        return clipped(1 - short, self)

    def moved(self, value: float, factor: float) -> float:
        return clipped(1 - (1 - value) * factor, self)


def moved(value: float, factor: float, interval: Interval) -> float:
    """A number multiplied with a factor, inside of its range."""
    if isinstance(interval, Momentum):
        return interval.moved(value, factor)
    return clipped(value * factor, interval)


def switched_on(config: Config) -> Setting:
    """The numbers of a configuration that the compiled step of a stack reads from variables.

    What is 0 is switched off: a factor would leave it there.
    """
    tree = config.to_dict()
    found = {
        f"{group}.{name}": tree[group].get(name)
        for group in GROUPS
        for name in shared_steps.NUMBERS[group]
    }
    return {key: float(value) for key, value in found.items() if is_positive(value)}


def is_positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def ranges(own: Setting, given: Mapping[str, Any] | None) -> Ranges:
    """The range of every number that is varied.

    Args:
        own: What the command has switched on.
        given: Key -> `[low, high]` of those that are varied. Defaults to all, each from a tenth of
            the command's number to ten times it.

    Raises:
        ConfigError: If a key names none of these numbers, or a range leaves what it may be.
    """
    if given is None:
        return {key: around(key, value) for key, value in own.items()}
    for key in given:
        if key not in own:
            expected = f"numbers that this command has switched on: {', '.join(own)}"
            advice = "A strength or a rate of 0 is off: say what it begins with."
            raise ConfigError(str(check.invalid("arguments.numbers", expected, key, advice)))
    return {key: bounds(key, *given[key]) for key in own if key in given}


def around(key: str, value: float) -> Interval:
    """From a tenth of a number to ten times it, as far as it may go; of an average its memory."""
    if key == AVERAGE:
        return Momentum(max(1 - (1 - value) * WITHIN, 0.0), 1 - (1 - value) / WITHIN)
    highest = HIGHEST.get(key, float("inf"))
    return Interval(value / WITHIN, max(min(value * WITHIN, highest), value), log=True)


def bounds(key: str, low: float, high: float) -> Interval:
    """A range of the user's, inside of what the number may be."""
    if key in (NOISE, AVERAGE):
        check.number(f"arguments.numbers.{key}", high, low=0, high=1, high_open=True)
    elif key == DECAY:
        check.number(f"arguments.numbers.{key}", high, low=0, high=1)
    if key == AVERAGE:
        return Momentum(float(low), float(high))
    return Interval(float(low), float(high), log=True)


def first(own: Setting, found: Ranges, members: int, seed: int) -> list[Setting]:
    """What the members begin with: the first with the command's numbers, the others drawn.

    Args:
        own: What the command has switched on.
        found: Their ranges.
        members: How many.
        seed: Of the draws.
    """
    generator = np.random.default_rng([seed, 0])
    given = {key: clipped(own[key], interval) for key, interval in found.items()}
    drawn = [
        {key: interval.draw(generator) for key, interval in found.items()}
        for _ in range(members - 1)
    ]
    return [given, *drawn]


def clipped(value: float, interval: Interval) -> float:
    return min(max(value, interval.low), interval.high)


def put(model: "keras.Model", setting: Setting) -> None:
    """Give a compiled model these numbers, from its next step on, without a retrace."""
    optimizer: Any = shared_steps.proximal(model)
    strengths = {key.split(".")[1]: v for key, v in setting.items() if key.startswith("reg.")}
    if RATE in setting:
        scaled = getattr(optimizer, "scaled_rate", None)
        if scaled is None:
            optimizer.learning_rate = setting[RATE]
        else:
            scaled.set_height(setting[RATE])
    if DECAY in setting:
        optimizer.weight_decay = setting[DECAY]
    if AVERAGE in setting:
        optimizer.ema_momentum = setting[AVERAGE]
    if strengths:
        optimizer.set_strengths(None, **strengths)
    for layer in shared_steps.noise_layers(model) if NOISE in setting else []:
        layer.set_rate(setting[NOISE])
