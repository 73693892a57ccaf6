"""`stop`: until when a training goes on."""

from dataclasses import dataclass
from typing import Any

from kreg.check import Bounds, Interval
from kreg.fields import Options, kind, one_of, ranged, switch, table, text

COUNT: Bounds = {"low": 1}
NOT_NEGATIVE: Interval = {"low": 0}
POSITIVE: Interval = {"low": 0, "low_open": True}
AUTO = "auto"


@dataclass
class StopOptions(Options):
    """The keys that all rules have; the others are its own."""

    monitor: str = text(
        "val_clean_loss",
        "a column of history.csv; the clean loss has no penalty and no noise in it",
    )
    mode: str = one_of(
        "auto", ("auto", "min", "max"), "whether less is better; auto knows it of kreg's own"
    )
    restore: str = one_of(
        "weights",
        ("weights", "all", "none"),
        "of the best epoch; all: optimizer and seeds too; none: keep the last",
    )
    start_from_epoch: int = ranged(0, "first epochs that are not looked at", **NOT_NEGATIVE)
    smoothing: float = ranged(
        0.0, "memory of the moving average that decides", low=0, high=1, high_open=True
    )
    average: int | str = ranged(
        AUTO,
        "so many validations around the best: their mean, where it measures better; auto: 5 with "
        "patience and refine where their copies fit, else 1",
        type=int,
        **COUNT,
    )
    rate_guard: int = ranged(
        10, "epochs that a rising learning rate puts stops off", **NOT_NEGATIVE
    )
    dry_run: bool = switch(False, "only say where it would have stopped")

    def shared(self) -> dict[str, Any]:
        """The arguments of `kreg.EarlyStopping` that all rules have.

        An `auto` that `kreg.training.averaging` has not settled is no average.
        """
        names = ("monitor", "mode", "start_from_epoch", "smoothing", "rate_guard", "dry_run")
        found = {name: getattr(self, name) for name in names}
        restores = self.restore != "none"
        return found | {
            "average": 1 if self.average == AUTO else self.average,
            "restore_best": restores,
            "restore": self.restore if restores else "weights",
        }

    def arguments(self) -> dict[str, Any]:
        """Of the criterion, or where there is no class for it, of `kreg.EarlyStopping`."""
        shared = {"restore", *self.shared()}
        return {k: v for k, v in super().arguments().items() if k not in shared}


@dataclass
class NoStopOptions(Options):
    kind: str = kind("none")


@dataclass
class PatienceOptions(StopOptions):
    kind: str = kind("patience")
    patience: int = ranged(10, "validations", **NOT_NEGATIVE)
    min_delta: str = text(
        "0", "a number, a percentage such as 0.5%, or auto (the paired standard error)"
    )
    baseline: float | None = ranged(
        None, "a value that must be beaten before the waiting restarts", type=float
    )

    def arguments(self) -> dict[str, Any]:
        found = super().arguments()
        try:
            return found | {"min_delta": float(self.min_delta)}
        except ValueError:  # a percentage, auto, or for the criterion to refuse
            return found


@dataclass
class RefineOptions(PatienceOptions):
    """Patience on the loss after one temperature; see `kreg.diagnostics.refinement`."""

    kind: str = kind("refine")
    monitor: str = text(
        "val_refined_loss", "the clean loss after one temperature; of a classification"
    )


@dataclass
class AutoStopOptions(PatienceOptions):
    """Until `automatic.chosen` has put another kind in its place."""

    kind: str = kind("auto")


@dataclass
class GapOptions(StopOptions, component="kreg.diagnostics.criteria:Threshold"):
    """Until the optimum of a convex problem is proved to be near; then its weights are kept.

    They are those of exact steps on all rows. The gap is measured against what guessing costs, as
    scikit-learn's lasso does it: see `kreg.training.duality_gap`.
    """

    kind: str = kind("gap")
    share: float = ranged(
        3e-4, "of what guessing costs: at this gap exact steps end it", **POSITIVE
    )
    monitor: str = text("duality_gap_share", "the proved share")
    mode: str = one_of("min", ("min",))
    restore: str = one_of("none", ("weights", "all", "none"), "the last weights are the best")

    def arguments(self) -> dict[str, Any]:
        return {"value": super().arguments()["share"]}


@dataclass
class PresetOptions(StopOptions):
    """A rule that `kreg.EarlyStopping` knows by its name."""

    def arguments(self) -> dict[str, Any]:
        return {"criterion": self.kind}


@dataclass
class DefaultStopOptions(PresetOptions):
    kind: str = kind("default")


@dataclass
class CarefulOptions(PresetOptions):
    kind: str = kind("careful")


@dataclass
class GLOptions(StopOptions, component="kreg.diagnostics.criteria:GL"):
    kind: str = kind("gl")
    alpha: float = ranged(2.0, "percent", **POSITIVE)


@dataclass
class PQOptions(StopOptions, component="kreg.diagnostics.criteria:PQ"):
    kind: str = kind("pq")
    alpha: float = ranged(0.5, "loss of generality over progress", **POSITIVE)
    strip: int = ranged(5, "validations that are looked at together", low=2)


@dataclass
class UPOptions(StopOptions, component="kreg.diagnostics.criteria:UP"):
    kind: str = kind("up")
    strips: int = ranged(2, "rises in a row", **COUNT)
    strip: int = ranged(5, "validations in a strip", low=2)


@dataclass
class TrendOptions(StopOptions, component="kreg.diagnostics.criteria:Trend"):
    kind: str = kind("trend")
    window: int = ranged(8, "validations that are looked at", low=4)
    z: float = ranged(1.645, "one-sided critical value, 5 %", **POSITIVE)


@dataclass
class TextbookOptions(StopOptions, component="kreg.diagnostics.criteria:Textbook"):
    kind: str = kind("textbook")
    times: int = ranged(1, "epochs in a row; 3 is as good as any rule", **COUNT)
    flat: float = ranged(1e-4, "relative change that counts as none", **NOT_NEGATIVE)


STOP = table(
    NoStopOptions,
    PatienceOptions,
    RefineOptions,
    AutoStopOptions,
    GapOptions,
    DefaultStopOptions,
    CarefulOptions,
    GLOptions,
    PQOptions,
    UPOptions,
    TrendOptions,
    TextbookOptions,
)
