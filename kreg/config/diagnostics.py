"""`diagnostics`: what is measured beside the training, and what is made of it."""

from dataclasses import dataclass

from kreg.config.fields import kind, ranged, switch


@dataclass
class Off:
    kind: str = kind("off")


@dataclass
class Default:
    kind: str = kind("default")
    rows: int = ranged(2048, low=1, high=2048)  # rows measured on each side
    adapt: bool = switch(True)  # measure less of the training side where it takes too long
    budget: float = ranged(0.05, low=0, low_open=True)  # share of the training time
    tensorboard: bool = switch(True)
    histograms: int = ranged(5, low=0)  # every how many epochs; 0 for none


@dataclass
class Full(Default):
    kind: str = kind("full")
    adapt: bool = switch(False)
    histograms: int = ranged(1, low=0)
    sharpness: bool = switch(True)  # weak evidence: says little about generalisation
    gradient_noise: bool = switch(True)  # weak evidence
    random_labels: bool = switch(True)  # weak evidence; one more short training


KINDS = {"off": Off, "default": Default, "full": Full}
