"""What a `report.json` says of the rows: of those that went in, and of the columns that count.

`None` stands for a number that was not finite or not measured.
"""

from typing import NotRequired, TypedDict

from kreg.diagnostics.evaluation_schema import Number, Numbers


class Hard(TypedDict):
    """A training example with a large loss."""

    index: int
    loss: Number
    label: int | float | str | None
    right: bool | None


class Samples(TypedDict, total=False):
    """Augmented pictures, as a `data:` address."""

    picture: str
    captions: list[str]


class Scale(TypedDict):
    """What the targets were divided by."""

    mean: list[float]
    scale: list[float]


class Weak(TypedDict):
    """A row of weak evidence."""

    name: str
    value: Number
    note: str


class OtherRun(TypedDict):
    """A training that was logged beside the one of the report."""

    name: str
    epochs: list[int]
    curve: str
    values: Numbers


class UsedColumn(TypedDict):
    """A column of a table that the model reads."""

    name: str
    weight: Number | dict[str, Number]
    size: Number


class Features(TypedDict):
    """Which columns of a table the model reads."""

    total: int
    count: int
    linear: bool
    weight_is: str | None
    selected: list[UsedColumn]


class Pictures(TypedDict):
    """How fast rows were read and trained on that are not in memory, or that several train on."""

    of: NotRequired[str]  # what they are: "pictures" or "rows"; since 0.2
    peak_memory: NotRequired[int]  # bytes of the process, of rows on the disk
    sum_seconds: NotRequired[Number]  # of one sum of the gradients of several workers
    sum_share: NotRequired[Number]  # of the training, that these sums take
    per_second: Number
    input_per_second: Number
    share: Number
    told: str


class InputFacts(TypedDict, total=False):
    """See `kreg.diagnostics.record.Inputs`."""

    class_names: list[str] | None
    found: list[str] | None
    units: dict[str, str]
    validation_rows: str
    target: Scale | dict[str, None] | None
    balance: dict[str, dict[str, int]] | None
    hardest: list[Hard] | None
    samples: Samples | None
    weak_evidence: list[Weak] | None
    class_weight: dict[str, float] | None
    other_runs: list[OtherRun] | None
