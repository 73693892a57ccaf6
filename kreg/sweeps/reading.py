"""The runs below a directory as one table: what was varied, and what came out."""

import os
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from kreg import check
from kreg.config import renamed
from kreg.config.root import AUTO
from kreg.diagnostics.states import RENAMED
from kreg.foreign import csv_text, yaml_text
from kreg.metric_names import direction
from kreg.runs import RunDirectory, identity
from kreg.sweeps.results import (
    CONFIG,
    OBJECTIVE,
    REPLICATES,
    RESULT,
    objective_name,
    objective_of,
    read_json,
)

OVERRIDES = ".hydra/overrides.yaml"
WHOLE = re.compile(r"[+-]?\d{1,300}")
MEASURED = (
    "status",
    "verdict",
    "best_epoch",
    "epochs",
    "params",
    "sparsity",
    "seconds",
)


@dataclass
class Sweep:
    """Runs side by side.

    Args:
        path: The directory that was read.
        runs: One row a run, in the order of the job numbers: the factors under their own names,
            `run`, `path`, the fields of `result.json`, and its metrics under theirs.
        factors: What differs between the runs; seed and fold last if they do.
        objective: The name of what is compared; the column `objective` has its values.
        choose: `"min"` or `"1se"`; see `kreg.sweeps.settings.chosen`.
        warnings: Sentences of the finished runs' warnings -> how many of these runs have each.
    """

    path: Path
    runs: pd.DataFrame
    factors: list[str]
    objective: str = OBJECTIVE
    choose: str = "min"
    warnings: Counter[str] = field(default_factory=Counter)

    @property
    def done(self) -> pd.DataFrame:
        """The finished runs with a finite objective, the best first."""
        objective = pd.to_numeric(self.runs["objective"], errors="coerce")
        finite = objective.notna() & (objective.abs() != float("inf"))
        good = self.runs[finite & (self.runs["status"] == "done")]
        rising = direction(self.objective) == "min"
        return good.sort_values("objective", kind="stable", ascending=rising)

    @property
    def varied(self) -> list[str]:
        """The factors that a setting is made of: all but seed and fold."""
        return [factor for factor in self.factors if factor not in REPLICATES]

    @property
    def replicates(self) -> list[str]:
        """The factors that differ between the finished runs of one setting."""
        done = self.done
        found = (factor for factor in self.factors if factor in REPLICATES)
        return [factor for factor in found if done[factor].nunique(dropna=False) > 1]

    @property
    def repeated(self) -> int:
        """How many replicates there are: seeds, folds, or pairs of them."""
        return len(self.done[self.replicates].drop_duplicates()) if self.replicates else 1

    @property
    def over(self) -> str:
        """The replicates in words: `"5 folds"`, `"3 seeds"`, `"15 pairs of seed and fold"`."""
        kinds = [key.rpartition(".")[2] for key in self.replicates]
        unit = f"{kinds[0]}s" if len(kinds) == 1 else f"pairs of {' and '.join(kinds)}"
        return f"{self.repeated} {unit}"


def collect(directory: str | Path) -> Sweep:
    """Read every `result.json` below a directory.

    The trainings of an experiment, in folders of its own, belong to its run and are none of the
    sweep's.

    Raises:
        ValueError: If there is none.
    """
    directory = Path(directory)
    found = {p.parent for name in (RESULT, CONFIG) for p in directory.glob(f"**/{name}")}
    folders = sorted(outermost(found, directory), key=job_order)
    if not folders:
        raise check.invalid(
            "directory", f"a folder that holds runs ({RESULT} somewhere below it)", str(directory)
        )
    settings = [settings_of(folder) for folder in folders]
    results = [result_of(folder) for folder in folders]
    factors, objective = factors_of(settings), objective_of_all(folders, results)
    rows = [
        {
            **{factor: setting.get(factor) for factor in factors},
            **{"run": str(folder.relative_to(directory)), "path": folder},
            **measured(result, objective),
        }
        for folder, setting, result in zip(folders, settings, results, strict=True)
    ]
    choose = read_json(folders[0] / CONFIG).get("choose", "min")
    table = as_told(rows, factors)
    return Sweep(directory, table, factors, objective, str(choose), warned_of(results))


def outermost(found: set[Path], directory: Path) -> set[Path]:
    """The run directories that lie in no other one; the directory that was asked for is no run."""
    inside = found - {directory}
    return {one for one in found if inside.isdisjoint(one.parents)}


def warned_of(results: list[dict[str, Any]]) -> Counter[str]:
    """The warnings of the finished runs, and how many of these have each."""
    done = [result.get("warnings") for result in results if result.get("status") == "done"]
    told = [set(map(str, found)) for found in done if isinstance(found, list)]
    return Counter(sentence for sentences in told for sentence in sorted(sentences))


def as_told(rows: list[dict[str, Any]], factors: list[str]) -> pd.DataFrame:
    """The runs as a table in which a factor keeps its values: 8 is no 8.0 where a run has none."""
    told = {name: pd.Series([row.get(name) for row in rows], dtype=object) for name in factors}
    return pd.DataFrame(rows).assign(**told)


def result_of(folder: Path) -> dict[str, Any]:
    """What came out; a result that cannot be read costs its run, and no other one."""
    found = RunDirectory(folder).result
    damaged = {"status": "damaged"} if os.path.lexists(folder / RESULT) else {}
    return damaged if found is None else found


def job_order(folder: Path) -> tuple[str, int, str]:
    """Job 10 after job 9."""
    head = folder.name.split("_")[0]
    return str(folder.parent), int(head) if head.isdigit() else -1, folder.name


def settings_of(folder: Path) -> dict[str, Any]:
    """What the run was told: the command line's overrides, else its whole configuration."""
    try:
        told = map(str, yaml_text.read(folder / OVERRIDES, list[Any], follow=False))
        pairs = [override.split("=", 1) for override in told if "=" in override]
        return {renamed.present(key.lstrip("+")): plain(value) for key, value in pairs}
    except (OSError, ValueError):  # none, or damaged: the configuration says as much
        return configured(folder)


def configured(folder: Path) -> dict[str, Any]:
    """A run's whole configuration, key by key."""
    flat = identity.canonical(renamed.current(read_json(folder / CONFIG)))
    return {key: value if is_scalar(value) else str(value) for key, value in flat.items()}


def is_scalar(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float | str)


def plain(text: str) -> int | float | str:
    """`1e-4` as a number, `deep` as a string; nothing in it is looked up or resolved.

    >>> plain("1e-4"), plain("3"), plain("true"), plain("deep"), plain("'a b'")
    (0.0001, 3, True, 'deep', 'a b')
    """
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if text[:1] in ("'", '"') and text[-1:] == text[:1] and len(text) > 1:
        return text[1:-1]
    number = csv_text.number(text) if text.isprintable() else None
    if number is None:
        return text
    return int(text) if WHOLE.fullmatch(text) else number


def factors_of(settings: list[dict[str, Any]]) -> list[str]:
    """The keys that differ, in the order of their first appearance, seed and fold last."""
    keys = list(dict.fromkeys(key for setting in settings for key in setting))
    found = [k for k in keys if len({repr(setting.get(k)) for setting in settings}) > 1]
    return sorted(found, key=lambda key: key in REPLICATES)


def objective_of_all(folders: list[Path], results: list[dict[str, Any]]) -> str:
    """What the runs are compared by; where `auto` is not the same for all, the validation loss."""
    told = read_json(folders[0] / CONFIG).get("objective", OBJECTIVE)
    names = {objective_name(result, told) for result in results if result.get("status") == "done"}
    return names.pop() if len(names) == 1 else OBJECTIVE if told == AUTO else told


def measured(result: dict[str, Any], objective: str) -> dict[str, Any]:
    """What came out; a run without a result is unfinished."""
    row: dict[str, Any] = {name: result.get(name) for name in MEASURED}
    row["verdict"] = RENAMED.get(row["verdict"], row["verdict"])
    row["status"] = result.get("status", "unfinished")
    row["objective"] = objective_of(result, objective)
    smaller = result.get("compressed") or {}
    row["small"] = smaller.get("after", {}).get("parameters")
    own = {*row, "run", "path", *REPLICATES}  # whatever a stranger calls a metric
    return row | {k: v for k, v in result.get("metrics", {}).items() if k not in own}
