"""Everything that is derived from a record, computed once: what advice and document read."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from kreg.diagnostics import calibration, layer_table, ledger, phases
from kreg.diagnostics.record import Record
from kreg.diagnostics.resolution import Resolution, resolution
from kreg.diagnostics.series import Series, judged
from kreg.diagnostics.verdict import Verdict, diagnose


@dataclass(frozen=True)
class Findings:
    """A record and what follows from it.

    Args:
        record: What the run has measured.
        judged: Its verdict where that is known already.
    """

    record: Record
    judged: Verdict | None = None

    @cached_property
    def verdict(self) -> Verdict:
        return self.judged or diagnose(self.record)

    @cached_property
    def phase(self) -> Record:
        """The epochs that the verdict is about."""
        return phases.last(self.record)

    @cached_property
    def series(self) -> Series:
        """The judged curves of these epochs."""
        return judged(self.phase)

    @cached_property
    def resolution(self) -> Resolution | None:
        return resolution(self.series, self.record.sizes.get("validation"))

    @cached_property
    def ledger(self) -> dict[str, ledger.Ledger | None]:
        """The bias ledger at the best and at the last epoch."""
        epochs = {"best": self.verdict.best_epoch, "last": self.verdict.epoch}
        return {
            name: ledger.latest(self.record, epoch) if epoch else None
            for name, epoch in epochs.items()
        }

    @cached_property
    def calibration(self) -> dict[str, calibration.Summary]:
        return {
            side: calibration.summary(values["confidence"], values["correct"])
            for side, values in self.record.calibration.items()
            if np.size(values["confidence"])
        }

    @cached_property
    def layers(self) -> list[dict[str, Any]]:
        return layer_table.table(self.record.layers, self.record.sizes.get("train"))

    @cached_property
    def totals(self) -> layer_table.Totals:
        return layer_table.totals(self.layers)

    def at(self, name: str, epoch: int | None) -> float | None:
        """A curve's value at an epoch, or `None` where it is missing or not finite."""
        if epoch is None or epoch not in self.record.epochs:
            return None
        value = float(self.record.curve(name)[self.record.epochs.index(epoch)])
        return value if np.isfinite(value) else None

    def until(self, name: str, epoch: int | None) -> float | None:
        """The last finite value up to an epoch: the training side may be measured more rarely."""
        values = [
            value
            for at, value in zip(self.record.epochs, self.record.curve(name))
            if epoch is not None and at <= epoch and np.isfinite(value)
        ]
        return float(values[-1]) if values else None

    @cached_property
    def metrics(self) -> list[dict[str, Any]]:
        """Each validated metric at the best epoch and now, with its training side."""
        side = "clean_" if self.series.honest else ""
        prefix, found = f"val_{side}", []
        for name in self.record.curves:
            metric = name.removeprefix(prefix)
            if not name.startswith(prefix) or metric == "loss" or metric.startswith("clean_"):
                continue
            row: dict[str, Any] = {"name": metric}
            for when, epoch in (("best", self.verdict.best_epoch), ("last", self.verdict.epoch)):
                row[when] = self.at(name, epoch)
                row[f"train_{when}"] = self.until(f"{side}{metric}", epoch)
            found.append(row)
        return found
