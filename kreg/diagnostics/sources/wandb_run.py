"""W&B's local store: the folder of a run, offline or online, or the folder of all of them."""

import re
from collections.abc import Iterable
from pathlib import Path

from kreg.diagnostics.record import Record
from kreg.diagnostics.record_schema import bounded
from kreg.diagnostics.sources.build import numeric
from kreg.diagnostics.sources.event_runs import Logged, Points
from kreg.diagnostics.sources.points import OTHERS, named, record_of
from kreg.foreign import wandb_file

SUFFIX = ".wandb"
PATTERN = f"run-*{SUFFIX}"
FOLDERS = (f"*run-*/{PATTERN}", f"wandb/*run-*/{PATTERN}")  # below what `wandb.init(dir=)` made
HOW = "Name its folder to have it judged."
SHOWN = 3  # sentences about what was skipped


def logs(folder: Path) -> list[list[Path]]:
    """The logs of each run in a folder of W&B's, the run that was begun last first.

    A run that was resumed has a folder for each of its processes.
    """
    own = sorted(folder.glob(PATTERN))
    if own:
        return [parts(own[-1])]
    found = next((paths for below in FOLDERS if (paths := list(folder.glob(below)))), [])
    there = [path for path in found if not path.parent.is_symlink()]  # W&B's own `latest-run`
    runs: dict[str, list[Path]] = {}
    for path in sorted(there, key=begun):
        runs.setdefault(path.name, []).append(path)
    return sorted(runs.values(), key=lambda paths: begun(paths[-1]), reverse=True)


def parts(path: Path) -> list[Path]:
    """The logs of the run of which one is given, in the order in which they were begun."""
    beside = path.resolve().parent.parent.glob(f"*run-*/{path.name}")
    there = [other for other in beside if not other.parent.is_symlink()]
    return sorted(there, key=begun) or [path]


def begun(path: Path) -> tuple[str, str]:
    found = re.search(r"run-(\d{8}_\d{6})-", path.parent.name)
    return (found[1] if found else "", path.parent.name)


def read(path: Path) -> Record:
    """The record of a log, or of the last run in a folder; other runs are curves beside it.

    Raises:
        ValueError: If nothing was logged yet, or W&B is not installed, which reads its log.
    """
    skipped: list[str] = []
    there = logs(path) if path.is_dir() else [parts(path)]
    runs = [run for paths in there[: OTHERS + 1] if (run := joined(paths, skipped)) is not None]
    if not runs:
        raise ValueError(
            f"{path} has no curve yet." + "".join(f" {told}" for told in skipped[:SHOWN])
        )
    record = record_of(runs, HOW)
    record.warnings += skipped[:SHOWN]
    return record


def joined(paths: Iterable[Path], skipped: list[str]) -> Logged | None:
    """All that the processes of one run have logged; `None` without a curve."""
    whole = Logged("")
    for path in paths:
        name, rows = wandb_file.history(path, skipped.append)
        whole.name = name or path.stem
        whole.add(Logged(whole.name, points(rows)))
    return whole if named(whole.points) else None


def points(rows: Iterable[wandb_file.Row]) -> Points:
    found: Points = {}
    for step, row in rows:
        for name, value in row.items():
            number = None if isinstance(value, bool) else numeric(value)
            if number is not None:
                found.setdefault(name, {})[step] = bounded(number)
    return found
