"""`optimizer`: Keras's optimizers with kreg's proximal step, and the learning rate over time."""

from dataclasses import dataclass
from typing import Any

from kreg.check import Interval
from kreg.fields import (
    Number,
    Options,
    by_task,
    columns,
    kind,
    mapping,
    one_of,
    ranged,
    scheduled,
    switch,
    table,
)

POSITIVE: Interval = {"low": 0, "low_open": True}
SHARE: Interval = {"low": 0, "high": 1, "high_open": True}


def rate(default: float) -> Any:
    meaning = (
        "the largest; or {classification: ..., regression: ...}, by the task of the data; or a "
        "schedule, times optimizer.schedule"
    )
    return by_task(default, meaning, **POSITIVE)


def decay(default: float) -> Any:
    meaning = "w -= learning_rate * weight_decay * w, on the weights of decay_on; or a schedule"
    return scheduled(default, meaning, low=0, high=1)


@dataclass
class OptimizerOptions(Options):
    """The keys that every optimizer has."""

    learning_rate: Number = rate(2e-3)
    schedule: str = one_of(
        "auto",
        ("auto", "cosine", "constant", "flat_cos", "coslog4"),
        "cosine: down to zero; flat_cos: from the middle on; coslog4: four waves, each longer; "
        "auto: cosine, constant with stop=gap",
    )
    warmup: float = ranged(0.0, "share of all steps in which the rate rises from zero", **SHARE)
    weight_decay: Number = decay(0.0)
    decay_on: str | list[str] = columns(
        "all", "which weights decay: all, kernels (no biases, scales, norms), or their names"
    )
    rates: dict[str, float] = mapping(
        {}, "weight names -> factors on the learning rate, {bias: 0.1, hidden_1/*: 2}"
    )
    clipnorm: float | None = ranged(
        None, "largest norm of each weight's gradient", type=float, **POSITIVE
    )
    accumulate: int = ranged(1, "batches for one step", low=1)
    ema: Number | None = scheduled(
        None,
        "momentum of an average of the weights, 0.99 say, measured and kept; or a schedule",
        **SHARE,
    )

    def arguments(self) -> dict[str, Any]:
        """Keras's, but for the learning rate, which depends on the length of the training."""
        found = super().arguments()
        for own in ("learning_rate", "schedule", "warmup", "accumulate", "ema"):
            del found[own]
        found["weight_decay"] = self.weight_decay or None  # none is cheaper than zero
        found["gradient_accumulation_steps"] = self.accumulate if self.accumulate > 1 else None
        return found if self.ema is None else found | {"use_ema": True, "ema_momentum": self.ema}


def memory_of_squares() -> Any:
    return ranged(0.999, "memory of the squared gradients", **SHARE)


@dataclass
class AdamOptions(OptimizerOptions, component="kreg.optimizers:Adam"):
    kind: str = kind("adam")
    beta_2: float = memory_of_squares()


@dataclass
class AdamWOptions(OptimizerOptions, component="kreg.optimizers:AdamW"):
    kind: str = kind("adamw")
    weight_decay: Number = decay(4e-3)
    beta_2: float = memory_of_squares()

    def arguments(self) -> dict[str, Any]:
        return super().arguments() | {"weight_decay": self.weight_decay}  # it insists on a number


@dataclass
class SGDOptions(OptimizerOptions, component="kreg.optimizers:SGD"):
    kind: str = kind("sgd")
    learning_rate: Number = rate(0.05)
    momentum: float = ranged(0.9, "0 for none", **SHARE)
    nesterov: bool = switch(True, "look ahead before the step")


@dataclass
class RMSpropOptions(OptimizerOptions, component="kreg.optimizers:RMSprop"):
    kind: str = kind("rmsprop")
    learning_rate: Number = rate(1e-3)


@dataclass
class AdagradOptions(OptimizerOptions, component="kreg.optimizers:Adagrad"):
    kind: str = kind("adagrad")
    learning_rate: Number = rate(0.02)


@dataclass
class AdamaxOptions(OptimizerOptions, component="kreg.optimizers:Adamax"):
    kind: str = kind("adamax")


@dataclass
class NadamOptions(OptimizerOptions, component="kreg.optimizers:Nadam"):
    kind: str = kind("nadam")


@dataclass
class LionOptions(OptimizerOptions, component="kreg.optimizers:Lion"):
    kind: str = kind("lion")
    learning_rate: Number = rate(3e-4)


@dataclass
class LambOptions(OptimizerOptions, component="kreg.optimizers:Lamb"):
    kind: str = kind("lamb")
    learning_rate: Number = rate(5e-3)


@dataclass
class AdafactorOptions(OptimizerOptions, component="kreg.optimizers:Adafactor"):
    kind: str = kind("adafactor")
    learning_rate: Number = rate(5e-3)


@dataclass
class MuonOptions(OptimizerOptions, component="kreg.optimizers:Muon"):
    kind: str = kind("muon")


KINDS = table(
    AdamOptions,
    AdamWOptions,
    SGDOptions,
    RMSpropOptions,
    AdagradOptions,
    AdamaxOptions,
    NadamOptions,
    LionOptions,
    LambOptions,
    AdafactorOptions,
    MuonOptions,
)
