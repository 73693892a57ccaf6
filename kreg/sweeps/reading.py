"""The runs below a directory as one table: what was varied, and what came out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import OmegaConf

from kreg import check
from kreg.config import renamed
from kreg.config.root import AUTO
from kreg.diagnostics.states import RENAMED
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
    """

    path: Path
    runs: pd.DataFrame
    factors: list[str]
    objective: str = OBJECTIVE
    choose: str = "min"

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

    Raises:
        ValueError: If there is none.
    """
    directory = Path(directory)
    folders = sorted(
        {p.parent for name in (RESULT, CONFIG) for p in directory.glob(f"**/{name}")}, key=job_order
    )
    if not folders:
        raise check.invalid(
            "directory", f"a folder that holds runs ({RESULT} somewhere below it)", str(directory)
        )
    settings = [settings_of(folder) for folder in folders]
    results = [RunDirectory(folder).result or {} for folder in folders]
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
    return Sweep(directory, pd.DataFrame(rows), factors, objective, str(choose))


def job_order(folder: Path) -> tuple[str, int, str]:
    """Job 10 after job 9."""
    head = folder.name.split("_")[0]
    return str(folder.parent), int(head) if head.isdigit() else -1, folder.name


def settings_of(folder: Path) -> dict[str, Any]:
    """What the run was told: the command line's overrides, else its whole configuration."""
    overrides = folder / OVERRIDES
    if overrides.is_file():
        told = map(str, OmegaConf.load(overrides))
        pairs = [override.split("=", 1) for override in told if "=" in override]
        return {renamed.present(key.lstrip("+")): plain(value) for key, value in pairs}
    return identity.canonical(renamed.current(read_json(folder / CONFIG)))


def plain(text: str) -> int | float | str:
    """`1e-4` as a number, `deep` and `off` as strings."""
    value = OmegaConf.create({"value": None})
    value.merge_with_dotlist([f"value={text}"])
    known = isinstance(value.value, int | float | str) and not isinstance(value.value, bool)
    return value.value if known else text


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
    return {**row, **result.get("metrics", {})}
