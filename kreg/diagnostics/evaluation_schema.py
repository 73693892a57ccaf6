"""What `evaluation` and `about` of a `report.json` are made of; `kreg.scoring.evaluation` has both.

`None` stands for a number that was not finite or that there is not.
"""

from typing import NotRequired, TypedDict

Number = float | None
Numbers = list[float | None]


class Bin(TypedDict):
    """Examples of about one confidence."""

    count: int
    confidence: Number
    accuracy: Number


class Calibrated(TypedDict):
    """One side's calibration."""

    count: int
    ece: Number
    ece_equal_mass: Number
    confidence: Number
    accuracy: Number
    bins: list[Bin]


class Interval(TypedDict):
    """A number and its 95 % interval."""

    value: Number
    low: Number
    high: Number


class ScoreFields(Interval):
    """A score with its name and its unit."""

    name: str
    unit: str


class ClassFields(TypedDict):
    """A class or a label; see `kreg.scoring.classes.ClassScore`."""

    name: str
    rows: int
    precision: Number
    recall: Number
    f1: Number


class Pair(TypedDict):
    """Rows of one class that are told to be of another."""

    truth: str
    told: str
    rows: int


class Roc(TypedDict):
    """The ROC curve of two classes; `at`: false and true positive rate at the threshold."""

    false_positive_rate: list[float]
    true_positive_rate: list[float]
    threshold: float
    at: list[float]


class Quantiles(TypedDict):
    """How large the absolute errors of half of the rows are at most, of nine tenths, of all."""

    half: Number
    nine_tenths: Number
    all: Number


class Target(TypedDict):
    """Predictions against truth of one target, in its units; some rows as points."""

    name: str
    truth: Numbers
    predicted: Numbers
    bias: Interval
    error_quantiles: Quantiles


class Hard(TypedDict):
    """A row that the model is far from: the truth, what was told, and the row itself."""

    row: int
    loss: Number
    truth: str | float | None
    told: str | float | None
    chance: Number
    cells: NotRequired[dict[str, str | float | None]]
    columns: NotRequired[int]
    picture: NotRequired[str]
    file: NotRequired[str | None]


class Measure(TypedDict):
    """What a column's values are dealt to other rows for."""

    name: str
    unit: str


class ColumnImportance(TypedDict):
    """Mean change of each measure, and its deviation over the deals."""

    name: str
    change: Numbers
    spread: Numbers


class Importance(TypedDict):
    """Permutation importance, the largest first; see `kreg.scoring.importance`."""

    split: str
    rows: int
    repeats: int
    total: int
    used: int
    measures: list[Measure]
    columns: list[ColumnImportance]


class Evaluation(TypedDict):
    """What the model that was kept is worth."""

    task: str
    split: str
    rows: int
    total: int
    target: list[str]
    names: list[str]
    scores: list[ScoreFields]
    classes: list[ClassFields]
    confusion: list[list[int]] | None
    pairs: list[Pair]
    roc: Roc | None
    reliability: Calibrated | None
    targets: list[Target]
    hardest: list[Hard]
    hardest_of: str
    importance: Importance | None


class About(TypedDict):
    """What was trained, on what, and how the rows were prepared."""

    line: str
    model: str
    parameters: int
    data: str
    task: str
    sizes: dict[str, int]
    target: list[str]
    classes: list[str]
    inputs: list[int]
    preprocessing: list[str]
    fingerprint: str
    epochs: int
    best_epoch: int | None
    averaged_epochs: list[int]
    stopped: str | None
    versions: dict[str, str]
    warnings: list[str]
