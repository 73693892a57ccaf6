"""Choices for each record: apply or not, one of several, RandAugment, TrivialAugment.

A choice is a gate on the parameters, not on the pixels: a stage that is not chosen for a record
gets its neutral setting there, and the planner merges chosen and unchosen stages alike. So ten
geometric operations to choose from cost one gather, not ten.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from kreg import check
from kreg.augment import ranges
from kreg.augment.color import RandomBrightness, RandomContrast, RandomSaturation
from kreg.augment.filters import RandomSharpness
from kreg.augment.geometry import RandomTranslation
from kreg.augment.options import OPERATIONS, SHARE
from kreg.augment.pixels import AutoContrast, Equalize, RandomPosterize, RandomSolarize
from kreg.augment.ranges import Magnitude, Range, Signed
from kreg.augment.resampling import RandomRotation, RandomShear
from kreg.augment.stage import AnyStage, Branch, Policy, Recipe


def listed(stages: AnyStage | Sequence[AnyStage]) -> list[AnyStage]:
    return list(stages) if isinstance(stages, (list, tuple)) else [cast(AnyStage, stages)]


@dataclass(eq=False)
class RandomApply(Policy):
    """All of the stages with probability p, for each record.

    Args:
        stages: A stage or a list of stages.
        p: Number or epoch schedule in [0, 1]. Defaults to `0.5`.
    """

    stages: AnyStage | Sequence[AnyStage]
    p: ranges.BoundSetting = ranges.fraction(0.5)

    def branches(self) -> list[Branch]:
        return [(0.0, self.p, listed(self.stages))]


@dataclass(eq=False)
class RandomChoice(Policy):
    """Exactly one of the stages, for each record.

    Args:
        stages: List of stages, or of lists of stages.
        weights: List of numbers >= 0, or `None` for equal ones. Defaults to `None`.
    """

    stages: Sequence[AnyStage | Sequence[AnyStage]]
    weights: Sequence[float] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.stages, (list, tuple)) or not self.stages:
            raise check.invalid("stages", "a list of at least one stage", self.stages)
        weights = [1.0] * len(self.stages) if self.weights is None else list(self.weights)
        weights = [check.number("weights", w, low=0) for w in weights]
        if len(weights) != len(self.stages) or sum(weights) == 0:
            raise check.invalid("weights", "one number >= 0 per stage, not all 0", self.weights)
        self.shares = [w / sum(weights) for w in weights]

    def branches(self) -> list[Branch]:
        return intervals(self.stages, self.shares)


def intervals(
    stages: Sequence[AnyStage | Sequence[AnyStage]], shares: Sequence[float]
) -> list[Branch]:
    """Neighbouring intervals of [0, 1) with the given lengths."""
    low = 0.0
    result: list[Branch] = []
    for stage, share in zip(stages, shares):
        result.append((low, low + share, listed(stage)))
        low += share
    return [*result[:-1], (result[-1][0], max(low, sum(shares)), result[-1][2])]


@dataclass(eq=False)
class OneOf(RandomChoice):
    """With probability p one of the stages, else none, for each record.

    Args:
        stages: List of stages, or of lists of stages.
        weights: List of numbers >= 0, or `None` for equal ones. Defaults to `None`.
        p: Number in [0, 1]. Defaults to `0.5`.
    """

    p: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        self.p = check.number("p", self.p, low=0, high=1)

    def branches(self) -> list[Branch]:
        return intervals(self.stages, [share * self.p for share in self.shares])


class Identity(Recipe):
    """No stage at all: the choice to leave a record as it is."""

    def stages(self) -> Sequence[AnyStage]:
        return []


def operations(
    draw: Callable[[float], Range],
    posterize: Magnitude,
    solarize: Magnitude,
    tone_p: float = 1.0,
    channels: int = 3,
) -> list[AnyStage]:
    """The operations of the policies, geometry first so that neighbours merge.

    `draw(largest)` makes the range of a signed magnitude.
    """
    color: list[AnyStage] = [RandomSaturation(draw(0.9))] if channels == 3 else []
    return [
        RandomShear(draw(0.3), 0.0),
        RandomShear(0.0, draw(0.3)),
        RandomTranslation(0.0, draw(0.45)),
        RandomTranslation(draw(0.45), 0.0),
        RandomRotation(draw(30 / 360)),
        RandomBrightness(draw(0.9), mode="scale"),
        RandomContrast(draw(0.9)),
        *color,
        RandomPosterize(posterize, p=1.0),
        RandomSolarize(solarize, p=1.0),
        RandomSharpness(draw(0.9)),
        AutoContrast(p=tone_p),
        Equalize(p=tone_p),
        Identity(),
    ]


@dataclass(eq=False)
class RandAugment(Recipe):
    """`num_ops` times: one of fourteen operations, chosen anew for each image (Cubuk et al., 2020).

    The operations and their ranges are torchvision's; signs are random.

    Args:
        num_ops: Whole number >= 1. Defaults to `2`.
        magnitude: Number in [0, 1] (torchvision's 0 to 30, divided by 30). Defaults to `0.3`.
        channels: 3, or 1 for gray images, which have no saturation. Defaults to `3`.
    """

    num_ops: int = 2
    magnitude: float = 0.3
    channels: int = 3

    def __post_init__(self) -> None:
        self.num_ops = check.integer("num_ops", self.num_ops, **OPERATIONS)
        self.magnitude = check.number("magnitude", self.magnitude, **SHARE)
        self.channels = check.integer("channels", self.channels, low=1)

    def stages(self) -> Sequence[AnyStage]:
        return [self.choice() for _ in range(self.num_ops)]

    def choice(self) -> RandomChoice:
        m = self.magnitude
        return RandomChoice(
            operations(
                lambda largest: Signed(largest * m),
                posterize=8 - round(4 * m),
                solarize=1.0 - m,
                tone_p=float(m > 0),
                channels=self.channels,
            )
        )


@dataclass(eq=False)
class TrivialAugment(Recipe):
    """One of fourteen operations of random magnitude, for each image (Mueller & Hutter, 2021).

    Args:
        channels: 3, or 1 for gray images, which have no saturation. Defaults to `3`.
        magnitude: Number in [0, 1]: the largest share of the full ranges. Defaults to `1.0`.
    """

    channels: int = 3
    magnitude: float = 1.0

    def __post_init__(self) -> None:
        self.channels = check.integer("channels", self.channels, low=1)
        self.magnitude = check.number("magnitude", self.magnitude, **SHARE)

    def stages(self) -> Sequence[AnyStage]:
        m = self.magnitude
        return [
            RandomChoice(
                operations(
                    lambda largest: ranges.Symmetric(largest * m),
                    posterize=ranges.Uniform(8 - 6 * m, 8),
                    solarize=ranges.Uniform(1.0 - m, 1.0),
                    tone_p=float(m > 0),
                    channels=self.channels,
                )
            )
        ]
