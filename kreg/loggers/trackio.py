"""Trackio: local first, in its own store."""

import contextlib
import io
import os
from pathlib import Path
from typing import Any, ClassVar

from kreg.loggers import words
from kreg.loggers.protocol import Document
from kreg.loggers.tracked import Tracked

STORE = Path("logs") / "trackio"


class Trackio(Tracked):
    """Keeps a run in Trackio's local store, `logs/trackio` unless `TRACKIO_DIR` says otherwise.

    Look at it with `TRACKIO_DIR=logs/trackio trackio show`. Curves have the names of `history.csv`,
    the configuration is flat, the verdict is an alert whose text has the advice (level WARN if it
    is a bad one, else INFO), a sweep is a group. Page and model stay in the run's directory.

    Args:
        project: Its name. Defaults to the task.
    """

    name: ClassVar[str] = "trackio"

    def __init__(self, project: str | None = None) -> None:
        self.project = project

    def open(self, config: dict[str, Any], known: str | None) -> str:
        os.environ.setdefault("TRACKIO_DIR", str(STORE.absolute()))
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        import trackio

        with quiet():
            self.tracked = trackio.init(
                project=self.project or self.run.task,
                name=known or self.run.name,
                group=self.run.group or None,
                config=config,
                resume="allow" if known else "never",
                embed=False,
                auto_log_gpu=False,
                auto_log_cpu=False,
            )
        return str(self.tracked.name)

    def numbers(self, epoch: int, values: dict[str, float]) -> None:
        self.tracked.log(values, step=epoch)

    def verdict(self, document: Document, tags: dict[str, str], note: str) -> None:
        from trackio import AlertLevel

        level = AlertLevel.WARN if words.is_alarming(document) else AlertLevel.INFO
        with quiet():
            self.tracked.alert(tags["verdict"], note, level=level)

    def close(self, status: str, numbers: dict[str, float]) -> None:
        import trackio

        with quiet():
            if numbers:
                self.tracked.log(numbers, step=self._last)
            trackio.finish()


def quiet() -> "contextlib.redirect_stdout[io.StringIO]":
    """Holds back what Trackio prints of itself."""
    return contextlib.redirect_stdout(io.StringIO())
