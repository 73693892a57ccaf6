"""What the JSON files of a run are made of: as much of it as kreg itself reads again."""

from typing import Any, Literal, NotRequired, TypedDict

Group = dict[str, Any]


class Configuration(TypedDict, total=False):
    """`config.json`: a group is an object, whatever keys it had in its version."""

    task: str
    seed: int
    resume: str
    allow: list[str]
    calibrate: bool
    distribute: str
    workers: int
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
    logger: Group
    callbacks: Group
    compress: Group
    finetune: Group


class Features(TypedDict, total=False):
    """Which columns of a table the model reads: since 0.2 objects with a weight, before names."""

    selected: list[Any]


class Ranks(TypedDict):
    """What a penalty of singular values has left, layer by layer, and as a line."""

    layers: list[dict[str, Any]]
    told: str


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
    metrics: dict[str, float | None]  # of the model as trained, before any calibration
    objective: float | None
    objective_name: str
    params: int
    sparsity: float
    seconds: float
    features: Features | None
    pictures: dict[str, Any] | None
    compressed: dict[str, Any] | None
    calibration: dict[str, Any] | None
    calibrated_metrics: dict[str, float] | None  # of best.keras; `metrics` is of it as trained
    low_rank: dict[str, Any] | None
    ranks: Ranks | None
    warnings: list[str]
    backend: str
    versions: dict[str, str]
    operating_point: Group | None
    plain_model: str | None
    procedure: str
    stacked: int  # jobs that were trained together; 0 for a run of its own
    weights: dict[str, float]  # of the models of an ensemble, 0 for one that is not in it
    models: dict[str, Group]  # of an ensemble: metrics, params and seconds of each


class TargetScale(TypedDict):
    """What the targets were divided by."""

    scale: list[float]


class DataFacts(TypedDict):
    """`data.json`, as far as a run goes on with it."""

    target: TargetScale


class TargetUnits(TypedDict):
    """The target is `output * scale + mean`; empty lists where it was not scaled."""

    mean: list[float]
    scale: list[float]


class NumericColumn(TypedDict):
    """A gap is filled with the median; the model reads `(value - mean) / scale`.

    A date is days since 1970 UTC. Of a circle the model also reads sine and cosine of the angle
    `2 pi (days mod length) / length`, of 365.2425 days (month) or 1 (hour); for each of the
    weekdays, Monday being 0, whether it is one: `(floor(days) + 3) mod 7`. All are 0 in a gap.
    """

    name: str
    median: float
    mean: float
    scale: float
    indicator: bool  # whether `<name> missing` is a column of its own
    low: NotRequired[float]  # of the training rows; since 0.2
    high: NotRequired[float]
    notation: NotRequired[str]
    circles: NotRequired[list[Literal["month", "hour"]]]  # of a date; since 0.2
    weekdays: NotRequired[list[Literal[0, 1, 2, 3, 4, 5, 6]]]


class LevelColumn(TypedDict):
    """A column of 0 and 1 for each level; `other`: the rare and the unseen ones have one."""

    name: str
    levels: list[str]
    other: bool


class FittedColumns(TypedDict):
    """Of a table, in this order: numbers, their gaps, what repeats in dates, levels."""

    kind: Literal["columns"]
    numeric: list[NumericColumn]
    categorical: list[LevelColumn]


class FittedStandard(TypedDict):
    """Of an array of numbers: `(x - mean) / scale`."""

    kind: Literal["standard"]
    mean: list[float]
    scale: list[float]
    names: list[str]
    low: NotRequired[list[float]]
    high: NotRequired[list[float]]


class Reading(TypedDict, total=False):
    """How the rows were read; `{}` where a data set came with a library, or from 0.1."""

    kind: Literal["table", "array", "pictures"]
    columns: dict[str, str]  # table: what the cells are, `kreg.data.cells.stored_as`
    target: list[str]  # table: the columns of the target
    label_separator: str | None
    comma: bool  # whether 1,5 is a number
    separator: str
    missing: list[str] | None  # cells that mean no value; None: pandas's own list
    names: list[str]  # array: of the columns
    levels: list[list[str | int | float] | None] | None  # array: of the codes of a column
    size: list[int]  # pictures: height and width to which they are resized, bilinear, antialiased
    resize: Literal["stretch", "crop", "pad"]
    channels: int
    bits: int  # of a value in grey pictures that have more than eight
    max_pixels: int


class Preparation(TypedDict):
    """`data.json`, whatever new rows need to become inputs and outputs to become words."""

    task: Literal["classification", "binary", "multilabel", "regression"]
    outputs: int
    class_names: list[str]
    target_names: NotRequired[list[str]]  # since 0.2
    feature_names: list[str]
    words: NotRequired[list[str]]  # classes, labels or targets as the user wrote them; since 0.2
    is_image: bool
    input_shape: list[int]
    input_type: NotRequired[str]  # since 0.2
    target: TargetUnits
    preprocessing: FittedColumns | FittedStandard | None
    reading: NotRequired[Reading]


class Conformal(TypedDict):
    """Scores of rows that neither trained nor chose anything, sorted, one list an output."""

    split: str
    rows: int
    scores: list[list[float]]


class OperatingPoint(TypedDict):
    """From which probability on a row is of the positive class, and what that gave."""

    threshold: float
    chosen: str
    positive: str
    rows: int
    precision: float
    recall: float
    f1: float


class Calibration(TypedDict):
    """`calibration.json`."""

    conformal: Conformal | None
    operating_point: OperatingPoint | None


class State(TypedDict, total=False):
    """What a run itself reads in a state; the rest is its saver's."""

    epoch: int
    batch: int
    stopped: bool
    logs: dict[str, int]
    facts: dict[str, Any]
