"""The whole configuration: the keys at its top, and a checked dataclass for each group."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from kreg.augment.options import AugmentOptions
from kreg.config.custom import Custom
from kreg.config.procedures import PROCEDURES
from kreg.data.source_options import SourceOptions
from kreg.fields import Options, many, mapping, one_of, ranged, switch, text
from kreg.layers.options import NoiseOptions
from kreg.loggers.options import LoggerOptions
from kreg.models.options import ModelOptions
from kreg.optimizers.options import OptimizerOptions
from kreg.training.options import (
    CompressOptions,
    DiagnosticsOff,
    DiagnosticsOptions,
    FinetuneOptions,
    NoCallbacksOptions,
    TrainerOptions,
)
from kreg.training.stop_options import NoStopOptions, StopOptions

AUTO = "auto"  # `val_clean_rmse` of a regression, else `val_clean_loss`
OBJECTIVES = (
    "val_clean_loss",
    "val_clean_accuracy",
    "val_clean_rmse",
    "val_clean_mae",
    "fold_clean_loss",
    "fold_clean_accuracy",
    "fold_clean_rmse",
    "fold_clean_mae",
    "test_clean_loss",
    "test_clean_accuracy",
    "test_clean_rmse",
    "test_clean_mae",
    "clean_loss",
    "clean_accuracy",
    "clean_rmse",
    "clean_mae",
    "gap",
    "penalty",
    "sparsity",
    "params",
    "seconds",
)


@dataclass
class Root:
    """The keys at the top."""

    task: str = text("digits", "names the folder under logs/")
    seed: int = ranged(
        0, "of the split, the weights, the order and the noise", low=0, high=2**31 - 1
    )
    seeds: int = ranged(
        1, "so many trainings of every setting: seed, seed + 1, ...", low=1, high=1000
    )
    procedure: str = one_of(
        "train", ("train", *PROCEDURES), "what an experiment runs instead of a training"
    )
    arguments: dict[str, Any] = mapping({}, "the procedure's own")
    objective: str = one_of(
        AUTO, (AUTO, *OBJECTIVES), "what a sweep compares and a search minimises"
    )
    choose: str = one_of(
        "min",
        ("min", "1se"),
        "the setting of a sweep: the best mean over seeds and folds, or the simplest one within a "
        "standard error of it",
    )
    resume: str = text("auto", "auto | never | force | a run directory")
    calibrate: bool = switch(
        False, "best.keras divides its class scores by one temperature, fitted to validation rows"
    )
    distribute: str = one_of(
        "none",
        ("none", "mirrored", "data_parallel", "multiworker", "ray"),
        "one model, of every batch a share each. mirrored: the devices of this machine; "
        "data_parallel: the same on JAX; "
        "multiworker: the processes that TF_CONFIG names, or SLURM's tasks; ray: workers that a "
        "Ray cluster starts",
    )
    workers: int = ranged(2, "of distribute=ray, this machine's among them", low=2, high=1000)
    check: bool = switch(False, "compose, build, validate, do not train")
    allow: list[str] = many([], "packages whose components a `kind: package.module:Name` may name")


@dataclass(kw_only=True)
class Config(Root):
    """The whole configuration, checked: `config.seed`, `config.model.depth`, `config.reg.kind`."""

    model: ModelOptions | Custom
    reg: Options
    dropout: NoiseOptions | Custom
    augment: AugmentOptions | Custom
    data: SourceOptions | Custom
    optimizer: OptimizerOptions | Custom
    stop: StopOptions | NoStopOptions | Custom
    trainer: TrainerOptions
    diagnostics: DiagnosticsOptions | DiagnosticsOff | Custom
    logger: dict[str, LoggerOptions | Custom]
    callbacks: NoCallbacksOptions | Custom
    compress: CompressOptions
    finetune: FinetuneOptions

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for the run's own record and for comparing two runs."""
        return dataclasses.asdict(self)
