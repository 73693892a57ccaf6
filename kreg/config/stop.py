"""`stop`: when training ends, by which quantity, and what it goes back to."""

from dataclasses import dataclass

from kreg.config.fields import kind, one_of, ranged, switch, text


@dataclass
class NoStop:
    kind: str = kind("none")


@dataclass
class Stop:
    """Keys that all rules have."""

    kind: str = ""
    monitor: str = text("val_clean_loss")  # a name in history.csv
    mode: str = one_of("auto", "auto", "min", "max")
    restore: str = one_of("weights", "weights", "all", "none")
    start_from_epoch: int = ranged(0, low=0)
    smoothing: float = ranged(0.0, low=0, high=1, high_open=True)
    average: int = ranged(1, low=1)  # best epochs whose mean is restored
    rate_guard: int = ranged(10, low=0)  # epochs that a rising learning rate puts stops off
    dry_run: bool = switch(False)


@dataclass
class Patience(Stop):
    kind: str = kind("patience")
    patience: int = ranged(10, low=0)
    min_delta: str = text("0")  # a number, a percentage such as 0.5%, or auto
    baseline: float | None = ranged(None, type=float)


@dataclass
class Default(Stop):
    kind: str = kind("default")


@dataclass
class Careful(Stop):
    kind: str = kind("careful")


@dataclass
class GL(Stop):
    kind: str = kind("gl")
    alpha: float = ranged(2.0, low=0, low_open=True)  # percent


@dataclass
class PQ(Stop):
    kind: str = kind("pq")
    alpha: float = ranged(0.5, low=0, low_open=True)
    strip: int = ranged(5, low=2)


@dataclass
class UP(Stop):
    kind: str = kind("up")
    strips: int = ranged(2, low=1)
    strip: int = ranged(5, low=2)


@dataclass
class Trend(Stop):
    kind: str = kind("trend")
    window: int = ranged(8, low=4)
    z: float = ranged(1.645, low=0, low_open=True)


@dataclass
class Textbook(Stop):
    kind: str = kind("textbook")
    times: int = ranged(1, low=1)
    flat: float = ranged(1e-4, low=0)


KINDS = {
    "none": NoStop,
    "patience": Patience,
    "default": Default,
    "careful": Careful,
    "gl": GL,
    "pq": PQ,
    "up": UP,
    "trend": Trend,
    "textbook": Textbook,
}
