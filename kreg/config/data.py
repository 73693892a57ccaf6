"""`data`: where the rows come from, and how they are split."""

from dataclasses import dataclass

from kreg.config.fields import kind, ranged, switch, text


@dataclass
class Splits:
    """The keys that every source has; see `kreg.data.Splitting`."""

    validation: float = ranged(0.15, low=0, low_open=True, high=1, high_open=True)
    test: float = ranged(0.15, low=0, high=1, high_open=True)
    train_size: float | None = ranged(None, type=float, low=0, low_open=True)
    label_noise: float = ranged(0.0, low=0, high=1, high_open=True)
    folds: int = ranged(0, low=0, high=1000)
    fold: int = ranged(0, low=0, high=999)
    group: str | None = text(None)
    time: str | None = text(None)
    scale_target: bool = switch(True)


@dataclass
class Digits(Splits):
    kind: str = kind("digits")
    images = True


@dataclass
class BreastCancer(Splits):
    kind: str = kind("breast_cancer")
    images = False


@dataclass
class Wine(Splits):
    kind: str = kind("wine")
    images = False


@dataclass
class Diabetes(Splits):
    kind: str = kind("diabetes")
    images = False


KINDS = {
    "digits": Digits,
    "breast_cancer": BreastCancer,
    "wine": Wine,
    "diabetes": Diabetes,
}
