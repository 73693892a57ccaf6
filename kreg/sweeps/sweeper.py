"""`hparams_search=optuna`: the values of a sweep are a space, and a search chooses from it."""

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from kreg import check
from kreg.config.root import AUTO
from kreg.foreign import csv_text
from kreg.metric_names import direction
from kreg.runs import RunDirectory
from kreg.sweeps.job_progress import JobProgress
from kreg.sweeps.median_stopping import JOURNAL
from kreg.sweeps.results import OBJECTIVE, RESULT
from kreg.sweeps.study import Choice, Interval, Space, Study, chosen

HISTORY, CURVE = "history.csv", "val_clean_loss"


class Search(Sweeper):
    """Asks for `jobs` settings at a time, launches them with any launcher, tells the results.

    Args:
        trials: Whole number >= 1: how many settings in all.
        seconds: Stop asking after so many seconds, or `None`.
        jobs: Whole number >= 1 of settings asked for at once; more than one for parallel launchers.
        seed: Whole number >= 0.
        sampler: `"auto"`, `"tpe"` or `"random"`; see `kreg.sweeps.study.Study`.
        prune: Whether a training ends when half of the other settings were better by then; see
            `kreg.sweeps.median_stopping`. It is the clean validation loss that decides, so it needs
            `objective=auto` or `val_clean_loss`.
        space: Further dimensions in Hydra's grammar, `{"reg.l1": "tag(log, interval(1e-6, 1))"}`.
    """

    config: DictConfig
    launcher: Launcher

    def __init__(
        self,
        trials: int = 20,
        seconds: float | None = None,
        jobs: int = 1,
        seed: int = 0,
        sampler: str = "auto",
        prune: bool = True,
        space: Mapping[str, object] | None = None,
    ) -> None:
        self.trials = check.integer("hydra.sweeper.trials", trials, low=1)
        self.seconds = seconds and check.number("hydra.sweeper.seconds", seconds, low=0)
        self.jobs = check.integer("hydra.sweeper.jobs", jobs, low=1)
        self.seed = check.integer("hydra.sweeper.seed", seed, low=0)
        self.sampler, self.extra = chosen(sampler), space or {}
        if not isinstance(self.extra, Mapping):
            raise check.invalid("hydra.sweeper.space", "names with dimensions", space)
        self.prune = check.flag("hydra.sweeper.prune", prune)

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        self.config = config
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> float | None:
        """Search until the trials or the time are used up; returns the best objective."""
        fixed, space = self.dimensions(arguments)
        folder = Path(str(self.config.hydra.sweep.dir))
        study = Study(space, folder / JOURNAL, self.seed, self.sampler)
        objective = self.config.get("objective", OBJECTIVE)
        self.sign = -1.0 if objective != AUTO and direction(objective) == "max" else 1.0
        if hasattr(self.launcher, "progress"):
            self.launcher.progress = JobProgress(self.trials, len(study.trials))
        end = math.inf if self.seconds is None else time.monotonic() + self.seconds
        while len(study.trials) < self.trials and time.monotonic() < end:
            self.batch(study, fixed, folder)
        return None if study.best is None else self.sign * study.best.value

    def dimensions(self, arguments: list[str]) -> tuple[list[str], Space]:
        """The overrides with one value, and what the search chooses from."""
        fixed, space = taken_apart([*(f"{k}={v}" for k, v in self.extra.items()), *arguments])
        if not space:
            raise ValueError(
                "The search has nothing to choose from. Give at least one key several values, "
                "for example 'reg.l1=tag(log, interval(1e-6, 1e-2))' or model=shallow,deep."
            )
        return fixed, space

    def batch(self, study: Study, fixed: list[str], folder: Path) -> None:
        """Launch the next settings and note what they are worth."""
        count = min(self.jobs, self.trials - len(study.trials))
        asked = [study.ask(pending) for pending in range(count)]
        told = [[*fixed, *(f"{k}={v}" for k, v in trial.params.items())] for trial in asked]
        results = self.launcher.launch(told, initial_job_idx=asked[0].number)
        for trial, result in zip(asked, results, strict=True):
            if is_unfinished(result):  # the trials after it are asked for again, and known then
                raise OSError(
                    f"Job {trial.number} of the search is not finished: the machine refused it a "
                    f"file, see {folder}. The same command goes on with it."
                )
            study.tell(trial, **worth(folder, trial.number, value_of(result, self.sign)))


def worth(folder: Path, number: int, value: float) -> dict[str, Any]:
    """What a search remembers of a job: value, curve, and whether it was pruned.

    Of a pruned job it is the smallest loss so far: an average of weights that has just begun says
    nothing about the setting.
    """
    paths = folder.glob(f"{number}_*/{RESULT}")
    results = [RunDirectory(path.parent).result or {} for path in paths]
    pruned = [result for result in results if result.get("stop_reason") == "pruned"]
    names = [result.get("objective_name", CURVE) for result in pruned]
    reached = [least for name in names for least in curve_of(folder, number, name)]
    curve = curve_of(folder, number)
    return {"value": min(reached, default=value), "curve": curve, "pruned": bool(pruned)}


def is_unfinished(result: JobReturn) -> bool:
    """Whether a job goes on with the same command: it knows no objective, not even a bad one."""
    value = result._return_value
    return isinstance(value, float) and math.isnan(value)


def value_of(result: JobReturn, sign: float = 1.0) -> float:
    """The objective that a job returned, to be minimised; a failed job ends no search."""
    value = result._return_value
    good = isinstance(value, int | float) and math.isfinite(value)
    return sign * float(value) if good else math.inf


def curve_of(folder: Path, number: int, name: str = CURVE) -> list[float]:
    """A column of a job's history, one number an epoch; empty where there is none."""
    for path in folder.glob(f"{number}_*/{HISTORY}"):
        try:
            header, *rows = csv_text.rows(csv_text.log(path, follow=False)) or [[]]
        except (OSError, ValueError):
            return []
        place = header.index(name) if name in header else len(header)
        found = [csv_text.number(row[place]) for row in rows if place < len(row)]
        return [value for value in found if value is not None]
    return []


def taken_apart(arguments: list[str]) -> tuple[list[str], Space]:
    """The overrides with one value, and the space of the others."""
    overrides = OverridesParser.create().parse_overrides(arguments)
    swept = [override for override in overrides if override.is_sweep_override()]
    fixed = [str(o.input_line) for o in overrides if not o.is_sweep_override()]
    return fixed, {str(o.input_line).split("=", 1)[0]: dimension(o) for o in swept}


def dimension(override: Override) -> Choice | Interval:
    """`a,b`, `choice(a, b)`, `range(1, 9)`, `interval(0, 1)`, `tag(log, interval(1e-6, 1))`."""
    value = override.value()
    if isinstance(value, IntervalSweep) and value.start is not None and value.end is not None:
        whole = isinstance(value.start, int) and isinstance(value.end, int)
        return Interval(value.start, value.end, "log" in value.tags, whole or "int" in value.tags)
    return Choice(tuple(override.sweep_string_iterator()))
