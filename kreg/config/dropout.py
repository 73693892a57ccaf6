"""`dropout`: which noise in training, and how strong. Rates may be schedules."""

from dataclasses import dataclass

from kreg.config.fields import kind, ranged, scheduled

# what a kind acts on; the others act after every activation of a hidden layer
NEEDS = {"spatial": "conv", "dropblock": "conv", "stochastic_depth": "residual"}


def rate(default):
    return scheduled(default, low=0, high=1, high_open=True)


@dataclass
class NoNoise:
    kind: str = kind("none")


@dataclass
class Dropout:
    kind: str = kind("dropout")
    rate: object = rate(0.1)


@dataclass
class Spatial:
    kind: str = kind("spatial")
    rate: object = rate(0.1)


@dataclass
class DropBlock:
    kind: str = kind("dropblock")
    rate: object = rate(0.1)
    block_size: int = ranged(3, low=1)


@dataclass
class StochasticDepth:
    kind: str = kind("stochastic_depth")
    rate: float = ranged(0.2, low=0, high=1, high_open=True)


@dataclass
class Concrete:
    kind: str = kind("concrete")
    rate: float = ranged(0.1, low=0, low_open=True, high=1, high_open=True)
    strength: float = ranged(1e-5, low=0)
    temperature: float = ranged(0.1, low=0, low_open=True)


KINDS = {
    "none": NoNoise,
    "dropout": Dropout,
    "spatial": Spatial,
    "dropblock": DropBlock,
    "stochastic_depth": StochasticDepth,
    "concrete": Concrete,
}
