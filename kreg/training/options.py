"""`trainer`, `diagnostics`, `compress`, `finetune`: how long, and what is made of it."""

from dataclasses import dataclass

from kreg.check import Bounds, Interval
from kreg.fields import (
    Options,
    kind,
    one_of,
    ranged,
    switch,
    table,
    words_or_mapping,
    words_or_number,
)

COUNT: Bounds = {"low": 1}
NOT_NEGATIVE: Interval = {"low": 0}
POSITIVE: Interval = {"low": 0, "low_open": True}
BETWEEN: Interval = {"low": 0, "high": 1, "low_open": True, "high_open": True}
BACKENDS = ("tensorflow", "jax", "torch")  # of Keras, on which the program trains


@dataclass
class TrainerOptions(Options):
    kind: str = kind("default")
    epochs: int | str = ranged(
        "auto",
        "passes over the rows at most; auto: what suits their number",
        type=int,
        low=1,
        high=10**9,
    )
    steps: int | None = ranged(
        None, "in place of epochs: optimizer steps, in whole epochs", type=int, low=1, high=10**9
    )
    batch_size: int = ranged(32, "rows a step", **COUNT)
    class_weight: str | dict[str, float] = words_or_mapping(
        "none",
        ("none", "balanced"),
        "none | balanced | {class: number}: in the training loss; scores stay unweighted",
    )
    operating_point: str | float = words_or_number(
        "none",
        ("none", "f1"),
        "binary: none (0.5) | f1 | a recall to reach: the threshold, chosen on validation rows",
        low=0,
        high=1,
        low_open=True,
    )
    label_smoothing: float = ranged(
        0.0,
        "share of each label spread over all classes, in the training loss; scores are without it",
        low=0,
        high=1,
        high_open=True,
    )
    device: str = one_of("auto", ("auto", "cpu", "gpu"))
    backend: str = one_of(
        "auto",
        ("auto", *BACKENDS),
        "what Keras trains on; auto: what KERAS_BACKEND or keras.json say",
    )
    precision: str = one_of("float32", ("float32", "mixed_bfloat16", "mixed_float16"))
    jit_compile: bool | str = one_of(
        "auto",
        ("auto", True, False),
        "XLA, which auto keeps away from convolutions on a CPU",
    )
    deterministic: bool = switch(False, "the same operations in the same order, also on a GPU")
    save_every: float = ranged(
        2.0,
        "seconds between two resumable states at most, of rows on the disk also within an epoch",
        **NOT_NEGATIVE,
    )
    verbose: str = one_of("info", ("quiet", "info", "debug"))


@dataclass
class DiagnosticsOff(Options):
    kind: str = kind("off")


@dataclass
class DiagnosticsOptions(Options):
    kind: str = kind("default")
    rows: int = ranged(2048, "rows measured on each side", low=1, high=2048)
    adapt: bool = switch(
        True, "measure fewer training rows where all would cost more than `budget`"
    )
    budget: float = ranged(0.05, "share of the training, by sizes, not by the clock", **POSITIVE)
    probe_training: bool = switch(True, "train a copy on at the end: do both losses fall on?")

    @property
    def probes(self) -> tuple[str, ...]:
        """What is measured although it says little about generalisation."""
        return ()


@dataclass
class FullDiagnosticsOptions(DiagnosticsOptions):
    kind: str = kind("full")
    adapt: bool = switch(
        False, "measure fewer training rows where all would cost more than `budget`"
    )
    sharpness: bool = switch(True, "weak evidence: loss under small noise on the weights")
    gradient_noise: bool = switch(True, "weak evidence: noise of the gradient over its size")
    random_labels: bool = switch(True, "weak evidence: one short training on shuffled labels")

    @property
    def probes(self) -> tuple[str, ...]:
        names = ("sharpness", "gradient_noise", "random_labels")
        return tuple(name for name in names if getattr(self, name))


@dataclass
class NoCallbacksOptions(Options):
    kind: str = kind("none")


@dataclass
class CompressOptions(Options):
    kind: str = kind("default")
    enabled: bool = switch(False, "remove what the penalties have zeroed")
    refit_epochs: int = ranged(5, "unpenalised epochs on the smaller model", **NOT_NEGATIVE)


@dataclass
class FinetuneOptions(Options):
    """Which layers are trained, and when: `finetune=full`, all of them always."""

    kind: str = kind("full")

    def alone(self, epochs: int) -> int | None:
        """How many of the epochs train the head alone; `None` for all."""
        return 0


@dataclass
class HeadOptions(FinetuneOptions):
    kind: str = kind("head")
    keep_features: bool = switch(
        True, "compute what is frozen once where nothing varies it; up to 1 GiB"
    )

    def alone(self, epochs: int) -> int | None:
        return None


@dataclass
class GradualOptions(FinetuneOptions):
    kind: str = kind("gradual")
    share: float = ranged(0.2, "of the epochs, that train the head alone", **BETWEEN)
    rate: float = ranged(
        1.0,
        "what the learning rate is multiplied by when all are trained",
        low=0,
        high=1,
        low_open=True,
    )
    layer_decay: float = ranged(
        0.385,
        "each layer's share then of the next one's rate, down from the head",
        low=0,
        high=1,
        low_open=True,
    )
    lowest: float = ranged(
        0.01, "the smallest share of the head's rate", low=0, high=1, low_open=True
    )
    norms: bool = switch(False, "train batch normalisations, too; else they stay as they were")

    def alone(self, epochs: int) -> int | None:
        return max(1, round(self.share * epochs))


@dataclass
class LoraOptions(FinetuneOptions):
    kind: str = kind("lora")
    rank: int = ranged(16, "the most that the rank of a layer's change can be", low=1)
    l1: float = ranged(5e-4, "strength, times the root of the outputs; chooses the rank", low=0)


TRAINER = table(TrainerOptions)
DIAGNOSTICS = table(DiagnosticsOff, DiagnosticsOptions, FullDiagnosticsOptions)
CALLBACKS = table(NoCallbacksOptions)
COMPRESS = table(CompressOptions)
FINETUNE = table(FinetuneOptions, HeadOptions, GradualOptions, LoraOptions)
