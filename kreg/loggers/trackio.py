"""Trackio: local first, in its own store."""

import contextlib
import io
import os
from collections.abc import Sequence
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
    is a bad one, else INFO), a sweep is a group, page and model are artifacts.

    Args:
        project: Its name. Defaults to the task.
        artifacts: Whether to keep page and model there, too. Defaults to `True`.
    """

    name: ClassVar[str] = "trackio"

    def __init__(self, project: str | None = None, artifacts: bool = True) -> None:
        self.project = project
        self.artifacts = artifacts

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

    def close(self, status: str, numbers: dict[str, float], kept: Sequence[Path]) -> None:
        import trackio

        with quiet():
            if numbers:
                self.tracked.log(numbers, step=self._last)
            for kind, paths in words.by_kind(kept).items():
                self._keep(kind, paths)
            trackio.finish()

    def _keep(self, kind: str, paths: Sequence[Path]) -> None:
        import trackio

        artifact = trackio.Artifact(words.artifact_name(kind, self.run.name), type=kind)
        for path in paths:
            artifact.add_file(path)
        self.tracked.log_artifact(artifact)


def quiet() -> "contextlib.redirect_stdout[io.StringIO]":
    """Holds back what Trackio prints of itself."""
    return contextlib.redirect_stdout(io.StringIO())
