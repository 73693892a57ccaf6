"""Weights & Biases: offline into `logs/wandb`, or online where it is asked for."""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from kreg.loggers import words
from kreg.loggers.protocol import Document
from kreg.loggers.tracked import Tracked

FOLDER = Path("logs")  # not the run's own: it lays links, and kreg follows none there
EXIT = {"done": 0, "failed": 1, "interrupted": 130}


class WandB(Tracked):
    """Keeps a run as one of Weights & Biases.

    The configuration is flat with dotted keys, curves have the names of `history.csv` over `epoch`,
    the verdict is a tag and stands in the summary, its sentence and the advice are the notes, page
    and model are artifacts, and a sweep is a group. A bad verdict is an alert. Offline, which is
    the default, everything lies in `logs/wandb`: `wandb sync logs/wandb/offline-run-*` sends it.

    Args:
        mode: `"offline"` or `"online"`. Defaults to `"offline"`.
        project: Its name. Defaults to the task.
        entity: User or team. Defaults to your own.
        artifacts: Whether to keep page and model there, too. Defaults to `True`.
    """

    name: ClassVar[str] = "wandb"

    def __init__(
        self,
        mode: str = "offline",
        project: str | None = None,
        entity: str | None = None,
        artifacts: bool = True,
    ) -> None:
        self.mode = mode
        self.project = project
        self.entity = entity
        self.artifacts = artifacts

    def open(self, config: dict[str, Any], known: str | None) -> str:
        os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
        FOLDER.mkdir(exist_ok=True)
        import wandb

        quiet = wandb.Settings(silent=True, console="off", disable_git=True, save_code=False)
        self.tracked = wandb.init(
            project=self.project or self.run.task,
            entity=self.entity,
            name=self.run.name,
            group=self.run.group or None,
            id=known or secrets.token_hex(4),
            resume="allow",
            mode=self.mode,
            dir=str(FOLDER),
            config=config,
            settings=quiet,
        )
        self.tracked.define_metric("*", step_metric="epoch")
        return str(self.tracked.id)

    def numbers(self, epoch: int, values: dict[str, float]) -> None:
        self.tracked.log({"epoch": epoch, **values}, step=epoch)

    def verdict(self, document: Document, tags: dict[str, str], note: str) -> None:
        self.tracked.tags = (tags["verdict"],)
        self.tracked.notes = note
        self.tracked.summary.update(tags)
        if words.is_alarming(document):
            self.tracked.alert(tags["verdict"], document["verdict"]["headline"], level="WARN")

    def close(self, status: str, numbers: dict[str, float], kept: Sequence[Path]) -> None:
        self.tracked.summary.update(numbers)
        for kind, paths in words.by_kind(kept).items():
            self._keep(kind, paths)
        self.tracked.finish(exit_code=EXIT.get(status, 1))

    def _keep(self, kind: str, paths: Sequence[Path]) -> None:
        import wandb

        artifact = wandb.Artifact(words.artifact_name(kind, self.run.name), type=kind)
        for path in paths:
            artifact.add_file(str(path))
        self.tracked.log_artifact(artifact)
