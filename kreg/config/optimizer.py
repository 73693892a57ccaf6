"""`optimizer`: Keras's optimizers with kreg's proximal step, and the learning rate over time."""

from dataclasses import dataclass

from kreg.config.fields import kind, one_of, ranged, switch


def rate(default: float):
    return ranged(default, low=0, low_open=True)


def decay(default: float):
    return ranged(default, low=0, high=1)


@dataclass
class Adam:
    kind: str = kind("adam")
    learning_rate: float = rate(2e-3)
    schedule: str = one_of("cosine", "cosine", "constant")
    warmup: float = ranged(0.0, low=0, high=1, high_open=True)  # share of all steps
    weight_decay: float = decay(0.0)  # decoupled: w -= learning_rate * weight_decay * w
    clipnorm: float | None = ranged(None, type=float, low=0, low_open=True)
    accumulate: int = ranged(1, low=1)  # batches for one step
    ema: float | None = ranged(None, type=float, low=0, high=1, high_open=True)


@dataclass
class AdamW(Adam):
    kind: str = kind("adamw")
    weight_decay: float = decay(4e-3)


@dataclass
class Sgd(Adam):
    kind: str = kind("sgd")
    learning_rate: float = rate(0.05)
    momentum: float = ranged(0.9, low=0, high=1, high_open=True)
    nesterov: bool = switch(True)


@dataclass
class RMSprop(Adam):
    kind: str = kind("rmsprop")
    learning_rate: float = rate(1e-3)


@dataclass
class Adagrad(Adam):
    kind: str = kind("adagrad")
    learning_rate: float = rate(0.02)


@dataclass
class Adamax(Adam):
    kind: str = kind("adamax")


@dataclass
class Nadam(Adam):
    kind: str = kind("nadam")


@dataclass
class Lion(Adam):
    kind: str = kind("lion")
    learning_rate: float = rate(3e-4)


@dataclass
class Lamb(Adam):
    kind: str = kind("lamb")
    learning_rate: float = rate(5e-3)


@dataclass
class Adafactor(Adam):
    kind: str = kind("adafactor")
    learning_rate: float = rate(5e-3)


@dataclass
class Muon(Adam):
    kind: str = kind("muon")


KINDS = {
    "adam": Adam,
    "adamw": AdamW,
    "sgd": Sgd,
    "rmsprop": RMSprop,
    "adagrad": Adagrad,
    "adamax": Adamax,
    "nadam": Nadam,
    "lion": Lion,
    "lamb": Lamb,
    "adafactor": Adafactor,
    "muon": Muon,
}
