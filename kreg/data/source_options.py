"""`data`: the keys that every source has, which say how its rows are split."""

from dataclasses import dataclass
from typing import Any, ClassVar

from kreg.check import Bounds, Interval
from kreg.fields import Options, one_of, ranged, switch, text

SHARE: Interval = {"low": 0, "high": 1, "high_open": True}
FOLDS: Bounds = {"low": 0, "high": 1000}
TRAIN_SIZE: Interval = {"low": 0, "low_open": True}
SPLITTING = ("validation", "test", "train_size", "label_noise", "folds", "fold")
COLUMNS = ("group", "time")


@dataclass
class SourceOptions(Options):
    """The keys that every source has; see `kreg.data.Splitting`.

    `images` and `fixed_task` say what is known before the rows are loaded: models and augmentations
    ask for the one, the objective for the other. `names_columns` is whether the rows can be grouped
    and ordered by a column, `needs` the package of an extra, `seeded` whether the rows are drawn.
    """

    paths: ClassVar[tuple[str, ...]] = ("path", "test_path")  # keys that name files
    images: ClassVar[bool | None] = None
    fixed_task: ClassVar[str] = "auto"
    names_columns: ClassVar[bool] = False
    needs: ClassVar[str | None] = None
    seeded: ClassVar[bool] = False

    validation: float = ranged(0.15, "fraction of all rows", **SHARE | {"low_open": True})
    test: float = ranged(0.15, "fraction of all rows", **SHARE)
    train_size: float | None = ranged(
        None,
        "training rows to keep: a fraction below 1, or a number of rows",
        type=float,
        **TRAIN_SIZE,
    )
    label_noise: float = ranged(0.0, "fraction of training labels that are made wrong", **SHARE)
    folds: int = ranged(0, "k of k-fold beside the test rows: one training each", **FOLDS)
    fold: int | None = ranged(
        None, "only this fold is held out, from 0; null: each in turn", type=int, low=0, high=999
    )
    group: str | None = text(None, "column whose rows must stay in one split (a person, a device)")
    time: str | None = text(None, "column that orders the rows: the last ones are the test")
    standardise: str = one_of(
        "none",
        ("none", "channel", "pixel"),
        "pictures: mean 0 and deviation 1 on the training rows; none: bytes are divided by 255",
    )
    scale_target: bool = switch(True, "regression: train on the target in units of its deviation")

    @property
    def known_task(self) -> str:
        """The task, as far as it is known before the rows are loaded; else `"auto"`."""
        return str(getattr(self, "task", self.fixed_task))

    def splitting(self) -> dict[str, Any]:
        """The arguments of `kreg.data.Splitting`, but for its seed."""
        return {name: getattr(self, name) for name in SPLITTING} | {"fold": self.fold or 0}

    def arguments(self) -> dict[str, Any]:
        left_out = {
            *SPLITTING,
            "scale_target",
            "standardise",
            *(() if self.names_columns else COLUMNS),
        }
        return {k: v for k, v in super().arguments().items() if k not in left_out}
