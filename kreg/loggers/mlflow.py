"""MLflow: parameters, curves, verdict, report and model in its store, by default a file here."""

import contextlib
import logging
import os
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from filelock import FileLock

from kreg.loggers.protocol import Document
from kreg.loggers.tracked import Tracked

if TYPE_CHECKING:
    from mlflow import MlflowClient

SQLITE = "sqlite:///"
STATUS = {"done": "FINISHED", "failed": "FAILED", "interrupted": "KILLED"}
SWEEP = "kreg.sweep"
LONGEST_PARAM, LONGEST_NOTE = 6000, 5000  # characters that its store takes
SCHEME = re.compile(r"[A-Za-z][\w+.-]+:")  # of two letters or more: no drive
REFUSED = re.compile(r"[^\w\-. /:]")  # in names of metrics


class MLflow(Tracked):
    """Keeps a run in an MLflow store: `mlflow ui --backend-store-uri sqlite:///logs/mlflow.db`.

    The configuration becomes flat parameters, each epoch metrics under the names of `history.csv`,
    the verdict the tags `kreg.verdict` and `kreg.onset_epoch`, its sentence and the advice the note
    of the run, the page and the model artifacts. The jobs of a sweep are nested below one run.
    Nothing goes over the network unless `uri` names a server; MLflow's own telemetry is off.

    Args:
        uri: An MLflow tracking URI. Defaults to `sqlite:///logs/mlflow.db`, below where the
            training was started; its artifacts lie beside it.
        experiment: Its name. Defaults to the task.
        artifacts: Whether to keep page and model in the store. Defaults to `True`.
    """

    name: ClassVar[str] = "mlflow"

    def __init__(
        self,
        uri: str = "sqlite:///logs/mlflow.db",
        experiment: str | None = None,
        artifacts: bool = True,
    ) -> None:
        self.uri = uri
        self.experiment = experiment
        self.artifacts = artifacts

    def open(self, config: dict[str, Any], known: str | None) -> str:
        with self._alone():
            self.client = client(self.uri)
            self.id = known or self._create()
        if known:
            self.client.update_run(known, status="RUNNING")
        self._parameters(config)
        return self.id

    def numbers(self, epoch: int, values: dict[str, float]) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        found = [Metric(REFUSED.sub("_", n), value, now, epoch) for n, value in values.items()]
        self.client.log_batch(self.id, metrics=found)

    def verdict(self, document: Document, tags: dict[str, str], note: str) -> None:
        for name, value in tags.items():
            self.client.set_tag(self.id, f"kreg.{name}", value)
        self.client.set_tag(self.id, "mlflow.note.content", note[:LONGEST_NOTE])

    def close(self, status: str, numbers: dict[str, float], kept: Sequence[Path]) -> None:
        self.numbers(self._last, numbers)
        elsewhere = self._elsewhere() if kept else ""
        for path in [] if elsewhere else kept:
            self.client.log_artifact(self.id, str(path))
        self.client.set_terminated(self.id, STATUS.get(status, "FAILED"))
        if elsewhere:
            raise ValueError(
                f"page and model are not sent: {self.uri} is a file here, but its experiment keeps "
                f"artifacts at {elsewhere}. Name the server in logger.mlflow.uri, another "
                "logger.mlflow.experiment, or say logger.mlflow.artifacts=false"
            )

    def _elsewhere(self) -> str:
        """Where a store that is a file would send artifacts; empty for a folder here.

        The file may be anybody's, and nothing goes over the network unless `uri` names a server.
        """
        place = str(self.client.get_run(self.id).info.artifact_uri)
        local = not SCHEME.match(place) or place.startswith("file:")
        return "" if local or not self.uri.startswith(SQLITE) else place

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time makes the tables of a file, and what the jobs of a sweep share."""
        if not self.uri.startswith(SQLITE):
            yield
            return
        place = self._place()
        place.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{place}.lock"):
            yield

    def _place(self) -> Path:
        return Path(self.uri.removeprefix(SQLITE)).absolute()

    def _create(self) -> str:
        experiment = self._experiment()
        tags = {"kreg.directory": str(self.run.directory)}
        if group := self.run.group:
            tags |= {SWEEP: group, "mlflow.parentRunId": self._parent(experiment, group)}
        return self._new_run(experiment, self.run.name, tags)

    def _new_run(self, experiment: str, name: str, tags: dict[str, str]) -> str:
        return str(self.client.create_run(experiment, run_name=name, tags=tags).info.run_id)

    def _experiment(self) -> str:
        name = self.experiment or self.run.task
        known = self.client.get_experiment_by_name(name)
        if known is not None:
            return str(known.experiment_id)
        beside = str(self._place().parent / "mlartifacts") if self.uri.startswith(SQLITE) else None
        return str(self.client.create_experiment(name, artifact_location=beside))

    def _parent(self, experiment: str, group: str) -> str:
        """The run under which those of a sweep are nested."""
        group = group.replace("'", "_")
        found = self.client.search_runs([experiment], f"tags.`kreg.sweep_itself` = '{group}'")
        if found:
            return str(found[0].info.run_id)
        made = self._new_run(experiment, group, {"kreg.sweep_itself": group})
        self.client.set_terminated(made)
        return made

    def _parameters(self, config: dict[str, Any]) -> None:
        """MLflow's parameters never change: what a longer training has changed becomes a tag."""
        from mlflow.entities import Param

        known = self.client.get_run(self.id).data.params
        told = {key: str(value)[:LONGEST_PARAM] for key, value in config.items()}
        new = [Param(key, value) for key, value in told.items() if key not in known]
        for start in range(0, len(new), 100):  # at most as many at once
            self.client.log_batch(self.id, params=new[start : start + 100])
        for key, value in told.items():
            if known.get(key, value) != value:
                self.client.set_tag(self.id, f"now.{key}", value)


def client(uri: str) -> "MlflowClient":
    """MLflow's client of a store. It writes no lines of its own, and reports to nobody."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    from mlflow import MlflowClient

    logging.getLogger("mlflow").setLevel(logging.WARNING)  # its import sets it anew
    return MlflowClient(tracking_uri=uri)
