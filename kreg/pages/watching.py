"""`kreg report RUN --watch`: the verdict so far, again whenever the run has gone on."""

import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from kreg.diagnostics.sources import load
from kreg.files import AnyPath
from kreg.pages import terminal
from kreg.pages.sections import view_of

CONFIG = "config.json"  # a run of kreg's has it from its start on
RESULT = "result.json"  # ... and has ended when it has this
EVERY = 2.0  # seconds between two looks
LOGS = ("*.csv", "*.json", "*.npz", "*.db", "*.db-wal", "**/*tfevents*", "**/*.wandb",
        "checkpoint-*/trainer_state.json")  # fmt: skip
NO_END = "This log does not say when its training has ended: Ctrl-C ends the watch."

Signature = tuple[tuple[str, int, int], ...]


def until_the_end(path: AnyPath, wait: Callable[[float], object] = time.sleep) -> None:
    """Show the verdict so far whenever the logs have changed; returns when the run has ended.

    What is no run directory of kreg's has no end that could be seen: Ctrl-C ends the watch.

    Args:
        path: Whatever `kreg.report` reads; it may not be there yet.
        wait: Called with the seconds between two looks.
    """
    console, seen = Console(), None
    if Path(path).exists() and not (Path(path) / CONFIG).is_file():
        console.print(terminal.words(NO_END, "dim"))
    while not (Path(path) / RESULT).is_file():
        now = signature(Path(path))
        if now != seen:
            seen = now
            look(path, console)
        wait(EVERY)


def look(path: AnyPath, console: Console) -> None:
    """The head of the report as if the run ended now; a sentence while there is none."""
    try:
        document, _ = load(newest(Path(path)))
    except (ValueError, OSError) as error:
        console.print(terminal.words(f"{error}", "dim"))
        return
    epochs = document["curves"]["epochs"]
    console.print(terminal.words(f"after epoch {epochs[-1]}" if epochs else "no epoch yet", "dim"))
    console.print(terminal.panel(view_of(document).head))


def newest(path: Path) -> Path:
    """The history of a run that goes on, where its report is that of an earlier end."""
    report, history = path / "report.json", path / "history.csv"
    if not (report.is_file() and history.is_file()):
        return path
    return history if last_epoch(history) != last_epoch(report) else path


def last_epoch(file: Path) -> int | None:
    """The last epoch that a history or a report knows; `None` where it cannot be read."""
    try:
        epochs = load(file)[0]["curves"]["epochs"]
    except (ValueError, OSError):
        return None
    return int(epochs[-1]) if epochs else None


def signature(path: Path) -> Signature:
    """Names, sizes and times of the logs: what changes when a run goes on.

    What stands behind a file is a run in a tracker's store: the file is what changes, or what
    SQLite writes beside it.
    """
    alone = [path, path.parent, Path(f"{path}-wal"), Path(f"{path.parent}-wal")]
    files = [f for pattern in LOGS for f in path.glob(pattern)] if path.is_dir() else alone
    there = [(file, file.stat()) for file in sorted(files) if file.is_file()]
    return tuple((str(file), stat.st_size, stat.st_mtime_ns) for file, stat in there)
