"""What a `report.json` is made of, for whoever reads one that somebody else has written.

`None` stands for a number that was not finite or not measured. Keys that a version did not know are
missing. `kreg.diagnostics.upgrade` holds every report against this before it is shown.
"""

from typing import Any, Literal, NotRequired, TypedDict

from kreg.diagnostics.evaluation_schema import (
    About,
    Calibrated,
    Evaluation,
    Number,
    Numbers,
)
from kreg.diagnostics.kept_schema import Compressed, LowRank, Scaled
from kreg.diagnostics.rows_schema import Features, InputFacts, Pictures


class Stretch(TypedDict):
    """Epochs in a row with one state."""

    state: str
    first: int
    last: int


class VerdictFields(TypedDict, total=False):
    """See `kreg.diagnostics.verdict.Verdict`."""

    state: str
    tone: Literal["good", "watch", "bad", "unknown"]
    meaning: str
    action: str
    headline: str
    honest: bool
    monitor: str
    epoch: int | None
    since: int | None
    best_epoch: int | None
    onset: int | None
    interval: list[int] | None
    best_loss: Number
    last_loss: Number
    lost: Number
    sure: Number
    gap: Number
    removed: Number
    timeline: list[Stretch]
    caveats: list[str]


class Metric(TypedDict):
    """A metric at the best and at the last epoch."""

    name: str
    best: Number
    last: Number
    train_best: NotRequired[Number]
    train_last: NotRequired[Number]


class Side(TypedDict):
    """One side of the ledger: from the clean loss, part by part, to the logged one."""

    logged: Number
    clean: float
    noise: NotRequired[Number]
    running_mean: NotRequired[Number]
    penalty: NotRequired[Number]
    rest: NotRequired[Number]


class Entry(TypedDict):
    """What the logged losses of one epoch are made of."""

    epoch: int
    train: Side
    validation: Side
    logged_gap: Number
    clean_gap: Number


class Ledger(TypedDict, total=False):
    """The ledger at the best and at the last epoch."""

    best: Entry | None
    last: Entry | None


class Calibration(TypedDict, total=False):
    """Both sides."""

    train: Calibrated
    validation: Calibrated


class Layer(TypedDict, total=False):
    """A row of the layer table."""

    name: str
    type: str
    params: int | None
    effective: int | None
    regularization: str | None
    unregularized: bool
    share: Number
    per_example: Number
    freedom: Number
    norm: Number
    spectral_norm: Number
    stable_rank: Number
    distance: Number
    update_ratio: Number
    dead: Number
    zeros: Number
    rank: int | None
    full_rank: int | None


class Totals(TypedDict):
    """Of all layers."""

    params: int
    effective: int | None
    unregularized_share: float


class Scores(TypedDict):
    """Of the final model."""

    metrics: dict[str, Number]
    units: dict[str, str]


class Advice(TypedDict):
    """One thing to do."""

    text: str
    code: str
    source: str


class Replayed(TypedDict):
    """Where a stopping rule would have ended the run."""

    rule: str
    stop_epoch: int | None
    best_epoch: int | None
    loss: Number
    saved: int | None
    regret: Number
    error: str | None


class Unchecked(TypedDict):
    """A check that did not run, and why."""

    check: str
    reason: str


class Compared(TypedDict):
    """A number of this run beside that of the baseline."""

    name: str
    here: Number
    there: Number
    difference: Number
    error: Number
    sure: Number
    better: Literal["here", "there"] | None


class Against(TypedDict):
    """Another run that this one was held against: see `kreg.diagnostics.against`."""

    name: str
    sentence: str
    state: str
    headline: str
    test: str
    rows: int | None
    numbers: list[Compared]
    notes: list[str]


class Guess(TypedDict):
    """What guessing costs."""

    loss: Number


class Happened(TypedDict):
    """An event."""

    epoch: int | None
    kind: str
    text: str
    mean: NotRequired[list[int]]  # since 0.2


class Report(TypedDict, total=False):
    """See `kreg.diagnostics.report_document.document`."""

    kreg: str | None
    created: str | None
    name: str
    task: str | None
    loss: str | None
    verdict: VerdictFields
    metrics: list[Metric]
    curves: dict[str, Numbers]
    ledger: Ledger
    calibration: Calibration
    resolution: dict[str, Number] | None
    layers: list[Layer]
    totals: Totals
    compressed: Compressed | None
    calibrated: Scaled | None
    low_rank: LowRank | None
    scores: Scores | None
    evaluation: Evaluation | None
    about: About | None
    features: Features | None
    pictures: Pictures | None
    advice: list[Advice]
    replay: list[Replayed]
    unchecked: list[Unchecked]
    against: Against | None
    sizes: dict[str, int]
    baseline: dict[str, Guess]
    restart: dict[str, Any]
    inputs: InputFacts
    events: list[Happened]
    settings: dict[str, Any]
    provenance: dict[str, Any]
