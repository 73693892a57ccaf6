"""The rows that Diagnostics measures on both sides, and what must be said about them."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from kreg import private_keras
from kreg.measuring import class_weights, streams
from kreg.measuring.overhead import rows_for
from kreg.measuring.rows import FEW, KEPT, MOST, Rows, Source, count, take, take_if_any

FEW_ROWS = (
    "{} of {} validation rows are measured, so that measuring stays near {:.0%} of the training "
    "time; kreg.Diagnostics(..., rows=2048) takes more."
)
HEAVY_ROWS = (
    "{} rows of `{}` are measured, because they are held in memory and weigh {:.1f} MB each; "
    "kreg.Diagnostics(..., rows=2048) takes more."
)
GONE = (
    "`{}` is the generator that `fit` reads: its first batches were taken to be measured, and "
    "`fit` does not see them. Give kreg.Diagnostics a generator of its own, a data set or arrays."
)
SHUFFLED = (
    "`{}` is the shuffled data set that `fit` reads: to read it here has moved its order, so this "
    "training is not the one without kreg.Diagnostics. Give it the data set before `.shuffle`."
)
WEIGHTED = (
    "`fit` has class_weight and kreg.Diagnostics has none: the clean losses are unweighted and "
    "not comparable with `loss`. Pass class_weight= to both."
)


class Sides:
    """Draws the rows of both sides; the same ones each time.

    Args:
        train: As in `Diagnostics`.
        validation: As in `Diagnostics`.
        rows: Rows a side that were asked for, or `None` for what the budget allows.
        budget: Share of the training time.
        validate: Whether the validation rows stand for Keras's own pass over all of them.
        seed: Draws rows.
        class_weight: Checked weights, or `None`.
    """

    def __init__(
        self,
        train: Source,
        validation: Source,
        *,
        rows: int | None,
        budget: float,
        validate: bool,
        seed: int,
        class_weight: Mapping[int, float] | None,
    ) -> None:
        self.sources = {"train": train, "validation": validation}
        self.chosen, self.budget, self.validate = rows is not None, budget, validate
        self.limit = rows_for(count(train), budget) if rows is None else rows
        self.how: dict[str, Any] = {"seed": seed, "class_weight": class_weight}
        self.notes: list[str] = []

    def draw(self) -> tuple[Rows | None, Rows | None]:
        """The training and the validation side.

        All validation rows where they are few bytes, or where Keras's own pass over them is spared;
        as many training rows, but not more than the budget allows.
        """
        bounds: dict[str, Any] = {} if self.chosen else {"few": FEW, "most": MOST}
        all_rows = {**bounds, "few": MOST} if bounds and self.validate else bounds
        validation = take_if_any(
            "validation", self.sources["validation"], self.limit, **self.how, **all_rows
        )
        same = self.limit if validation is None else min(self.limit, len(validation))
        train = None
        if self.sources["train"] is not None:
            train = take("train", self.sources["train"], same, ceiling=same, **self.how, **bounds)
        self.notes = self._about(train, validation)
        return train, validation

    def draw_as_before(self, measured: int | None) -> tuple[Rows | None, Rows | None]:
        """What 0.1 drew: a run that it has begun goes on with the rows that it has measured.

        Args:
            measured: How many validation rows these are, or `None` where that is not known.
        """
        how, limit = {**self.how, "by_class": False}, measured or self.limit
        validation = take_if_any("validation", self.sources["validation"], limit, **how)
        same = limit if validation is None else len(validation)
        return take_if_any("train", self.sources["train"], same, **how), validation

    def can_be_drawn_again(self) -> bool:
        """Whether nothing was used up."""
        return not any(streams.is_iterator(source) for source in self.sources.values())

    def more(self, limit: int) -> Rows:
        """Training rows for what is asked once."""
        return take("train", self.sources["train"], limit, most=MOST, **self.how)

    def _about(self, train: Rows | None, validation: Rows | None) -> list[str]:
        """Sentences about the rows, the streams and the class weights."""
        rows = {"train": train, "validation": validation}
        sides = {name: side for name, side in rows.items() if side is not None}
        found = [note for side in sides.values() for note in side.notes]
        for name, side in sides.items():
            other = next((s.y for n, s in sides.items() if n != name), None)
            found += streams.order(name, side.y, side.total, other)
        targets = [self._targets(name, side) for name, side in sides.items()]
        if all(y is not None for y in targets):
            found += class_weights.agree(self.how["class_weight"], targets)
        return found + [self._fewer(name, side) for name, side in sides.items()]

    def _targets(self, name: str, side: Rows) -> Any:
        """The targets of all rows, or `None` where the stream goes on."""
        source = self.sources[name]
        if isinstance(source, tuple | list):
            return side.y if keras.tree.is_nested(source[1]) else np.asarray(source[1])
        return side.y if side.total is not None else None

    def _fewer(self, name: str, side: Rows) -> str:
        """Why not all rows are measured, where nobody asked for fewer."""
        if self.chosen or len(side) == side.total:
            return ""
        if len(side) < min(self.limit, side.total or KEPT) and side.bytes() > MOST / 2:
            return HEAVY_ROWS.format(len(side), name, side.bytes() / len(side) / 1e6)
        known = name == "validation" and side.total is not None and len(side) < KEPT
        return FEW_ROWS.format(len(side), side.total, self.budget) if known else ""

    def shared(self, given: Mapping[str, Any]) -> list[str]:
        """Sentences about what is given to `fit` as well.

        Args:
            given: The arguments of the running `fit`, by name; empty where they are not known.
        """
        found = []
        for name, source in self.sources.items():
            both = [
                n for n in ("x", "validation_data") if source is not None and given.get(n) is source
            ]
            if both and streams.is_iterator(source):
                found.append(GONE.format(name))
            elif "x" in both and private_keras.shuffles(source):
                found.append(SHUFFLED.format(name))
        if given.get("class_weight") and self.how["class_weight"] is None:
            found.append(WEIGHTED)
        return found
