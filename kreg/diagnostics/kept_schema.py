"""What a `report.json` says of the model that is kept: what made it smaller, surer or of low rank.

`None` stands for a number that was not finite or not measured.
"""

from typing import Required, TypedDict

from kreg.diagnostics.evaluation_schema import Bin, Number, Numbers


class Changed(TypedDict):
    """A layer before and after compression."""

    layer: str
    shape: list[int]
    new_shape: list[int]
    new_parameters: int


class Compressed(TypedDict):
    """The smaller network; pairs of before and after."""

    parameters: list[int]
    operations: list[int]
    latency_ms: list[float] | None
    metrics: dict[str, Numbers]
    layers: list[Changed] | None
    difference: float
    refit_epochs: int
    notes: list[str]


class Reliability(TypedDict, total=False):
    """A model's cross-entropy and calibration on one side."""

    loss: Required[Number]
    count: int
    ece: Number
    ece_equal_mass: Number
    confidence: Number
    accuracy: Number
    bins: list[Bin]


class BeforeAndAfter(TypedDict):
    """One side, as trained and calibrated."""

    before: Reliability
    after: Reliability


class Scaled(TypedDict, total=False):
    """The temperature of the model that was kept, and what it changes."""

    temperature: Required[float]
    rows: Required[int]
    validation: Required[BeforeAndAfter]
    test: BeforeAndAfter


class RankOfLayer(TypedDict):
    """The rank of a layer's low-rank change, and the most that it could be."""

    layer: str
    rank: int
    most: int


class LowRank(TypedDict):
    """What the group lasso of `finetune=lora` has left; `rank` is the sum."""

    layers: list[RankOfLayer]
    rank: int
