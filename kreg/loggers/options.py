"""`logger`: where a run is told to. Several at once: `logger=[tensorboard,mlflow]`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from kreg.fields import Options, kind, one_of, ranged, switch, table, text


@dataclass
class LoggerOptions(Options):
    """A logger's keys; `package` is what it needs beside kreg, and the name of kreg's extra."""

    package: ClassVar[str] = ""


@dataclass
class NoLoggerOptions(LoggerOptions):
    kind: str = kind("none")


@dataclass
class TensorBoardOptions(LoggerOptions, component="kreg.loggers:TensorBoard"):
    kind: str = kind("tensorboard")
    histograms: int = ranged(5, "of the weights, every so many epochs; 0 for none", low=0)


@dataclass
class CSVOptions(LoggerOptions, component="kreg.loggers:CSV"):
    kind: str = kind("csv")


@dataclass
class MLflowOptions(LoggerOptions, component="kreg.loggers:MLflow"):
    package: ClassVar[str] = "mlflow"
    local: ClassVar[Mapping[str, str]] = {"uri": r"sqlite:///[^?#\r\n]*"}
    kind: str = kind("mlflow")
    uri: str = text(
        "sqlite:///logs/mlflow.db", "where it keeps runs: a file here, or the URI of a server"
    )
    experiment: str | None = text(None, "its name; null: the task")
    artifacts: bool = switch(True, "keep the report and the model there, too")


@dataclass
class WandBOptions(LoggerOptions, component="kreg.loggers:WandB"):
    package: ClassVar[str] = "wandb"
    local: ClassVar[Mapping[str, str]] = {"mode": "offline", "entity": ""}
    kind: str = kind("wandb")
    mode: str = one_of(
        "offline", ("offline", "online"), "offline: into logs/wandb, for `wandb sync`"
    )
    project: str | None = text(None, "its name; null: the task")
    entity: str | None = text(None, "user or team; null: your own")
    artifacts: bool = switch(True, "keep the report and the model there, too")


@dataclass
class TrackioOptions(LoggerOptions, component="kreg.loggers:Trackio"):
    package: ClassVar[str] = "trackio"
    kind: str = kind("trackio")
    project: str | None = text(None, "its name; null: the task")
    artifacts: bool = switch(True, "keep the report and the model there, too")


LOGGERS = table(
    TensorBoardOptions,
    CSVOptions,
    MLflowOptions,
    WandBOptions,
    TrackioOptions,
    NoLoggerOptions,
)
