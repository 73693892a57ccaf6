"""`hparams_search=optuna`: the values of a sweep are a space, and a search chooses from it."""

import itertools
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override
from hydra.core.utils import JobReturn

from kreg import check
from kreg.config.root import AUTO
from kreg.foreign import csv_text
from kreg.metric_names import direction
from kreg.runs import RunDirectory
from kreg.sweeps import grid
from kreg.sweeps.job_progress import JobProgress
from kreg.sweeps.jobs import job_folder
from kreg.sweeps.launching_sweeper import LaunchingSweeper
from kreg.sweeps.median_stopping import JOURNAL
from kreg.sweeps.results import OBJECTIVE, REPLICATES
from kreg.sweeps.study import Choice, Interval, Space, Study, chosen

HISTORY, CURVE = "history.csv", "val_clean_loss"


class Search(LaunchingSweeper):
    """Asks for `jobs` settings at a time, launches them with any launcher, tells the results.

    Args:
        trials: Whole number >= 1: how many settings in all.
        seconds: Stop asking after so many seconds, or `None`.
        jobs: Whole number >= 1 of settings asked for at once: more than one for launchers that run
            jobs beside each other. `"auto"` is 8 under `hydra/launcher=stacked`, else 1.
        seed: Whole number >= 0.
        sampler: `"auto"`, `"tpe"` or `"random"`; see `kreg.sweeps.study.Study`.
        prune: Whether a training ends when half of the other settings were better by then; see
            `kreg.sweeps.median_stopping`. It is the clean validation loss that decides, so it needs
            `objective=auto` or `val_clean_loss`.
        space: Further dimensions in Hydra's grammar, `{"reg.l1": "tag(log, interval(1e-6, 1))"}`.
        params: The same under the name that Hydra's own sweeper has for it.
    """

    def __init__(
        self,
        trials: int = 20,
        seconds: float | None = None,
        jobs: int | str = AUTO,
        seed: int = 0,
        sampler: str = "auto",
        prune: bool = True,
        space: Mapping[str, object] | None = None,
        params: Mapping[str, object] | None = None,
    ) -> None:
        self.trials = check.integer("hydra.sweeper.trials", trials, low=1)
        self.seconds = seconds and check.number("hydra.sweeper.seconds", seconds, low=0)
        self.jobs = jobs if jobs == AUTO else several(jobs)
        self.seed = check.integer("hydra.sweeper.seed", seed, low=0)
        self.sampler = chosen(sampler)
        self.extra: dict[str, object] = {}
        for name, given in (("space", space), ("params", params)):
            if not isinstance(given or {}, Mapping):
                raise check.invalid(f"hydra.sweeper.{name}", "names with dimensions", given)
            self.extra |= given or {}
        self.prune = check.flag("hydra.sweeper.prune", prune)

    def sweep(self, arguments: list[str]) -> float | None:
        """Search until the trials or the time are used up; returns the best objective."""
        fixed, space, self.replicates = self.dimensions(arguments)
        folder = Path(str(self.config.hydra.sweep.dir))
        study = Study(space, folder / JOURNAL, self.seed, self.sampler)
        objective = self.config.get("objective", OBJECTIVE)
        self.sign = -1.0 if objective != AUTO and direction(objective) == "max" else 1.0
        if hasattr(self.launcher, "progress"):
            each = len(self.replicates)
            done = study.rounds_told(self.at_once)
            self.launcher.progress = JobProgress(self.trials * each, done * each)
        end = math.inf if self.seconds is None else time.monotonic() + self.seconds
        while len(study.trials) < self.trials and time.monotonic() < end:
            self.train_round(study, fixed, folder)
        return None if study.best is None else self.sign * study.best.value

    def dimensions(self, arguments: list[str]) -> tuple[list[str], Space, list[list[str]]]:
        """The overrides with one value, what the search chooses from, and the replicates.

        Seeds and folds are nothing to choose: each setting is trained with all of them.
        """
        told = [*(f"{k}={v}" for k, v in self.extra.items()), *arguments]
        fixed, space, replicates = taken_apart(told)
        if not space:
            raise ValueError(
                "The search has nothing to choose from. Give at least one key several values, "
                "for example 'reg.l1=tag(log, interval(1e-6, 1e-2))' or model=shallow,deep."
            )
        return fixed, space, replicates

    def jobs_in_all(self, arguments: list[str]) -> int:
        """How many trainings the search will be."""
        return self.trials * len(self.dimensions(arguments)[2])

    @property
    def at_once(self) -> int:
        """How many settings are asked for at once."""
        usual = getattr(self.launcher, "at_once", 1)
        return int(usual if self.jobs == AUTO else self.jobs)

    def train_round(self, study: Study, fixed: list[str], folder: Path) -> None:
        """Launch the next settings, and note what they are worth when all of them are finished.

        A round that an interruption has cut is launched whole: launchers pass over what is done,
        and jobs that train as one model need the others for the same numbers.
        """
        asked = study.ask_round(self.at_once, self.trials)
        told = [
            grid.fitting([*fixed, *(f"{k}={v}" for k, v in trial.params.items()), *replicate])
            for trial in asked
            for replicate in self.replicates
        ]
        each = len(self.replicates)
        first = asked[0].number * each
        results = self.launcher.launch(told, initial_job_idx=first)
        numbered = [(first + place, result) for place, result in enumerate(results)]
        require_finished(numbered, folder)
        for trial in asked[len(study.trials) - asked[0].number :]:
            place = (trial.number - asked[0].number) * each
            own = numbered[place : place + each]
            found = [
                worth(folder_of(result, folder, number), value_of(result, self.sign))
                for number, result in own
            ]
            study.tell(trial, **averaged(found))


def several(jobs: object) -> int:
    """How many settings a user asks for at once."""
    try:
        return check.integer("hydra.sweeper.jobs", jobs, low=1)
    except ValueError:
        allowed = "auto, or a whole number >= 1"
        raise check.invalid("hydra.sweeper.jobs", allowed, jobs) from None


def require_finished(jobs: list[tuple[int, JobReturn]], folder: Path) -> None:
    """Refuse to note a round with an unfinished job: it is asked for again, and known then."""
    for number, result in jobs:
        if is_unfinished(result):
            raise OSError(
                f"Job {number} of the search is not finished: the machine refused it a file, see "
                f"{folder}. The same command goes on with it."
            )


def averaged(found: list[dict[str, Any]]) -> dict[str, Any]:
    """What the replicates of a setting are worth together: the mean of values and of curves."""
    curves = zip(*(each["curve"] for each in found), strict=False)
    return {
        "value": sum(each["value"] for each in found) / len(found),
        "curve": [sum(values) / len(values) for values in curves],
        "pruned": any(each["pruned"] for each in found),
    }


def folder_of(result: JobReturn, sweep: Path, number: int) -> Path:
    """Where a job has written, whatever `hydra.sweep.subdir` calls it."""
    if result.hydra_cfg is not None:
        return Path(str(result.hydra_cfg.hydra.runtime.output_dir))
    if result.cfg is not None and "hydra" in result.cfg:  # what an earlier process has run
        return job_folder(result.cfg)
    return next(sweep.glob(f"{number}_*"), sweep / str(number))


def worth(folder: Path, value: float) -> dict[str, Any]:
    """What a search remembers of a job: value, curve, and whether it was pruned.

    Of a pruned job it is the smallest loss so far: an average of weights that has just begun says
    nothing about the setting.
    """
    result = RunDirectory(folder).result or {}
    pruned = result.get("stop_reason") == "pruned"
    reached = curve_of(folder, result.get("objective_name", CURVE)) if pruned else []
    return {"value": min(reached, default=value), "curve": curve_of(folder), "pruned": pruned}


def is_unfinished(result: JobReturn) -> bool:
    """Whether a job goes on with the same command: it knows no objective, not even a bad one."""
    value = result._return_value
    return isinstance(value, float) and math.isnan(value)


def value_of(result: JobReturn, sign: float = 1.0) -> float:
    """The objective that a job returned, to be minimised; a failed job ends no search."""
    value = result._return_value
    good = isinstance(value, int | float) and math.isfinite(value)
    return sign * float(value) if good else math.inf


def curve_of(folder: Path, name: str = CURVE) -> list[float]:
    """A column of a job's history, one number an epoch; empty where there is none."""
    try:
        header, *rows = csv_text.rows(csv_text.log(folder / HISTORY, follow=False)) or [[]]
    except (OSError, ValueError):
        return []
    place = header.index(name) if name in header else len(header)
    found = [csv_text.number(row[place]) for row in rows if place < len(row)]
    return [value for value in found if value is not None]


def taken_apart(arguments: list[str]) -> tuple[list[str], Space, list[list[str]]]:
    """The overrides with one value, the space of the others, all replicates as overrides."""
    overrides = OverridesParser.create().parse_overrides(arguments)
    swept = {str(o.input_line).split("=", 1)[0]: o for o in overrides if o.is_sweep_override()}
    fixed = [str(o.input_line) for o in overrides if not o.is_sweep_override()]
    space = {key: dimension(o) for key, o in swept.items() if key not in REPLICATES}
    chance = [
        [f"{key}={value}" for value in o.sweep_string_iterator()]
        for key, o in swept.items()
        if key in REPLICATES
    ]
    return fixed, space, [list(replicate) for replicate in itertools.product(*chance)]


def dimension(override: Override) -> Choice | Interval:
    """`a,b`, `choice(a, b)`, `range(1, 9)`, `interval(0, 1)`, `tag(log, interval(1e-6, 1))`."""
    value = override.value()
    if isinstance(value, IntervalSweep) and value.start is not None and value.end is not None:
        whole = isinstance(value.start, int) and isinstance(value.end, int)
        return Interval(value.start, value.end, "log" in value.tags, whole or "int" in value.tags)
    return Choice(tuple(override.sweep_string_iterator()))
