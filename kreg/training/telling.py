"""The loggers of a training: which run they are told of, and that they hear how it ended."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kreg.config.root import Config
from kreg.factories.loggers import loggers
from kreg.loggers.protocol import Run
from kreg.training.plan import Plan

if TYPE_CHECKING:
    from kreg.callbacks import Loggers
    from kreg.runs import RunDirectory

QUIET = ("none", "tensorboard")  # what nobody misses where no file is written


def callback(
    plan: Plan, config: Config, place: "RunDirectory | None", sweep: str = ""
) -> "Loggers":
    """The callback that tells the loggers; the end of the run comes after that of `fit`.

    Args:
        plan: The training.
        config: The checked configuration.
        place: The open run directory; without it nobody is told.
        sweep: The name of the sweep of which this is a job; empty for a single run.
    """
    from kreg.callbacks import Loggers

    shown = plan.samples if plan.shows_samples else None
    run = Run(place.path if place else Path(), task=config.task, group=sweep, samples=shown)
    if place is None and (missed := [name for name in config.logger if name not in QUIET]):
        plan.data.warnings.append(
            f"logger={missed[0]} is told nothing: this training has no directory."
        )
    chosen = loggers(config.logger) if place else []
    return Loggers(chosen, run, config=config.to_dict(), ends=False)


@contextlib.contextmanager
def the_end(loggers: "Loggers") -> Iterator[dict[str, Any]]:
    """The loggers are told how it ended, whatever happens; the block fills the result."""
    result: dict[str, Any] = {}
    try:
        yield result
    except BaseException as error:
        failed = isinstance(error, Exception)
        loggers.end({"status": "failed" if failed else "interrupted"})
        raise
    loggers.end(result)
    result["warnings"] += loggers.problems
