"""What the JSON files of a run are made of: as much of it as kreg itself reads again."""

from typing import Any, TypedDict

Group = dict[str, Any]


class Configuration(TypedDict, total=False):
    """`config.json`: a group is an object, whatever keys it had in its version."""

    task: str
    seed: int
    resume: str
    allow: list[str]
    calibrate: bool
    objective: str
    procedure: str
    arguments: Group
    model: Group
    reg: Group
    dropout: Group
    augment: Group
    data: Group
    optimizer: Group
    stop: Group
    trainer: Group
    diagnostics: Group
    compress: Group
    finetune: Group


class Features(TypedDict, total=False):
    """Which columns of a table the model reads: since 0.2 objects with a weight, before names."""

    selected: list[Any]


class Result(TypedDict, total=False):
    """`result.json`."""

    status: str
    error: str
    task: str
    units: dict[str, str]
    verdict: str | None
    headline: str | None
    tone: str | None
    stop_reason: str | None
    stop_sentence: str | None
    best_epoch: int | None
    restored: bool
    averaged_epochs: list[int]
    epochs: int
    metrics: dict[str, float | None]
    objective: float | None
    objective_name: str
    params: int
    sparsity: float
    seconds: float
    features: Features | None
    pictures: dict[str, Any] | None
    compressed: dict[str, Any] | None
    calibration: dict[str, Any] | None
    warnings: list[str]
    procedure: str


class TargetScale(TypedDict):
    """What the targets were divided by."""

    scale: list[float]


class DataFacts(TypedDict):
    """`data.json`."""

    target: TargetScale


class State(TypedDict, total=False):
    """What a run itself reads in a state; the rest is its saver's."""

    epoch: int
    stopped: bool
    logs: dict[str, int]
    facts: dict[str, Any]
