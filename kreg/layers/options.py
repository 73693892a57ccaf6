"""`dropout`: which noise in training, and how strong. Rates may be schedules."""

from dataclasses import dataclass
from typing import Any, ClassVar

from kreg.check import Bounds, Interval
from kreg.fields import Number, Options, kind, ranged, scheduled, table

RATE: Interval = {"low": 0, "high": 1, "high_open": True}
OPEN_RATE: Interval = {**RATE, "low_open": True}
STRENGTH: Interval = {"low": 0}
SHARE: Interval = {"low": 0, "high": 1, "low_open": True, "high_open": True}
TEMPERATURE: Interval = {"low": 0, "low_open": True}
BLOCK: Bounds = {"low": 1}


def rate(default: float, meaning: str) -> Any:
    return scheduled(default, f"in [0, 1): {meaning}, or a schedule, see dropout=scheduled", **RATE)


@dataclass
class NoiseOptions(Options):
    """`place` is the kind of place that the noise acts at; "any" is after every activation.

    Where `{rank}` stands in a component, the rank of the feature map at the place goes.
    """

    place: ClassVar[str] = "any"


@dataclass
class NoNoiseOptions(NoiseOptions):
    kind: str = kind("none")


@dataclass
class DropoutOptions(NoiseOptions, component="kreg.layers:Dropout"):
    kind: str = kind("dropout")
    rate: Number = rate(0.1, "the fraction of units set to zero, at hidden layers")


@dataclass
class SpatialOptions(NoiseOptions, component="kreg.layers:SpatialDropout{rank}D"):
    place = "conv"
    kind: str = kind("spatial")
    rate: Number = rate(0.1, "the fraction of maps")


@dataclass
class DropBlockOptions(NoiseOptions, component="kreg.layers:DropBlock{rank}D"):
    place = "conv"
    kind: str = kind("dropblock")
    rate: Number = rate(0.1, "expected fraction of a map")
    block_size: int = ranged(
        3, "side of a block, cut to the map; the paper has 7 on large images", **BLOCK
    )


@dataclass
class StochasticDepthOptions(NoiseOptions, component="kreg.layers:StochasticDepth"):
    place = "residual"
    kind: str = kind("stochastic_depth")
    rate: float = ranged(
        0.2, "in [0, 1): of the last branch; grows linearly with depth to it", **RATE
    )


@dataclass
class ConcreteOptions(NoiseOptions, component="kreg.layers:ConcreteDropout"):
    kind: str = kind("concrete")
    rate: float = ranged(0.1, "in (0, 1): where the rates start", **OPEN_RATE)
    strength: float = ranged(
        1e-5,
        "of the penalty that draws the rates to 0.5; the paper: 2 / training rows",
        **STRENGTH,
    )
    temperature: float = ranged(0.1, "> 0; smaller: closer to an on-off mask", **TEMPERATURE)

    def arguments(self) -> dict[str, Any]:
        found = super().arguments()
        return found | {"dropout_regularizer": found.pop("strength")}


KINDS = table(
    NoNoiseOptions,
    DropoutOptions,
    SpatialOptions,
    DropBlockOptions,
    StochasticDepthOptions,
    ConcreteOptions,
)
