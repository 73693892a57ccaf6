"""One job of Hydra's: its checked configuration, its directory, and how it may end."""

import contextlib
import multiprocessing
import os
import traceback
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from kreg import files
from kreg.config.root import Config
from kreg.config.validate import validate
from kreg.launch import codes, commandline, directories, output, trust
from kreg.launch.checked import Checked
from kreg.launch.compose import refuse_addresses
from kreg.launch.launchers import IN_PROCESS, STACKED
from kreg.printable import say
from kreg.runs import ResumeError, RunDirectory
from kreg.runs.lock import Lock
from kreg.runs.ownership import LOCK, OUTPUT, RESULT
from kreg.sweeps import median_stopping

WORST = float("inf")  # what a failed job tells a search that minimises
UNFINISHED = float("nan")  # and what one tells that goes on when the machine lets it


class Job:
    """A context for the work itself: `with Job(cfg) as job: job.objective = ...`.

    A mistake of the user's ends in one sentence, not in a traceback. Alone, the process then leaves
    with the exit code of the contract; in a sweep the other jobs go on, and the failed one reports
    the worst objective. What a job of a sweep prints goes to `output.txt` in its directory.

    Args:
        cfg: What Hydra has composed.
        checked: What this process has checked; any other job checks its configuration now.
    """

    def __init__(self, cfg: DictConfig, checked: Checked):
        hydra = HydraConfig.get()
        self.sweeping = hydra.mode is RunMode.MULTIRUN
        self.directory = Path(hydra.runtime.output_dir)
        self.shares_process = self.sweeping and hydra.launcher.get("_target_") in IN_PROCESS
        number = hydra.job.num if self.shares_process else None
        known = checked.find(hydra.overrides.task, number)
        self.config: Config = known or check_again(cfg, list(hydra.overrides.task))
        self.stacks = self.sweeping and hydra.launcher.get("_target_") == STACKED
        self.sweep = Path(hydra.sweep.dir).name if self.sweeping else ""
        self.hopeless = None
        if self.sweeping:
            self.hopeless = median_stopping.rule(
                hydra.sweeper, hydra.sweep.dir, self.config.objective
            )
        self.objective = WORST
        self.output = contextlib.ExitStack()

    def __enter__(self) -> "Job":
        self.output.enter_context(output.patient())
        if self.sweeping:
            self._wait_for_orphan()
        if self.sweeping and self.config.trainer.verbose != "debug":
            self.directory.mkdir(parents=True, exist_ok=True)
            file = files.open_regular(self.directory / OUTPUT, files.APPEND)
            log = self.output.enter_context(open(file, "a", encoding="utf-8"))
            self.output.enter_context(contextlib.redirect_stdout(output.wrapped(log)))
            self.output.enter_context(contextlib.redirect_stderr(output.wrapped(log)))
        return self

    def _wait_for_orphan(self) -> None:
        """A launcher's process can outlive a killed sweep: its job ends, or goes on, in order."""
        lock = Lock(self.directory / LOCK)
        if not lock.is_free():
            say(
                f"{self.directory} is in use by a process of an earlier sweep; waiting for it to "
                "end."
            )
            lock.wait()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        try:
            with self.output:
                return self._ended(error)
        finally:
            if orphaned():
                os._exit(codes.INTERRUPTED)

    def _ended(self, error: BaseException | None) -> bool:
        if error is None:
            return False
        code = codes.of(error)
        if code in (codes.FAILED, codes.BAD_CONFIGURATION):
            self._fail(error)
        elif not isinstance(error, SystemExit):
            say("interrupted. The same command goes on.")
        if self.sweeping and code == codes.FAILED:
            return True
        raise SystemExit(code) from error

    def _fail(self, error: BaseException) -> None:
        """Say why; a run that has begun, and a sweep, keep it as the result.

        Where the machine refused a file, or the directory is another run's, there is no result:
        the run is unfinished, and the same command goes on from its last state. A result that is
        on the disk stays.
        """
        self._tell(error)
        if isinstance(error, OSError | ResumeError) or RunDirectory(self.directory).finished:
            self.objective = UNFINISHED
            return
        if self.sweeping or directories.has_begun(self.directory):
            with contextlib.suppress(OSError):
                files.write_json(self.directory / RESULT, failure(error))

    def _tell(self, error: BaseException) -> None:
        if codes.is_sentence(error) and self.config.trainer.verbose != "debug":
            say(error)
        else:
            traceback.print_exception(error)


def check_again(cfg: DictConfig, overrides: list[str]) -> Config:
    """The configuration of a job in a process that has checked nothing yet, a cluster's say."""
    raw: Any = OmegaConf.to_container(cfg, resolve=False)
    said = commandline.parse(overrides).overrides
    trust.check_allow(raw, said)
    refuse_addresses(plain(cfg), said)
    return validate(plain(cfg))


def plain(cfg: DictConfig) -> dict[str, Any]:
    """What Hydra has composed as plain data."""
    tree: Any = OmegaConf.to_container(cfg, resolve=True)
    return dict(tree)


def orphaned() -> bool:
    """Whether this is a launcher's worker whose sweep was killed: loky's would wait for ever."""
    parent = multiprocessing.parent_process()
    return parent is not None and os.getppid() != parent.pid


def failure(error: BaseException) -> dict[str, Any]:
    """`result.json` of a job that failed: it is not continued, and a sweep's table shows it."""
    begun = {"epochs": error.epochs} if hasattr(error, "epochs") else {}
    told = f"{type(error).__name__}: {error}"
    return {"status": "failed", "error": told, "metrics": {}, **begun}
