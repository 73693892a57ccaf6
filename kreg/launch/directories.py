"""Where a command writes: a new directory, or the one that the same command left unfinished."""

import functools
import shutil
from pathlib import Path

from kreg import sweeps
from kreg.config import earlier_defaults
from kreg.config.root import Config
from kreg.config.validate import ConfigError
from kreg.launch import commandline, searches
from kreg.launch.commandline import CommandLine
from kreg.runs import resume
from kreg.runs.directory import RunDirectory

RUN_DIR, SWEEP_DIR = "hydra.run.dir", "hydra.sweep.dir"
HYDRA, LOCK = ".hydra", "run.lock"
EMPTY = (HYDRA, LOCK)  # what lies in the directory of a run that never began


def named(line: CommandLine, key: str) -> Path | None:
    """The directory that the command line itself names, or `None`."""
    values = [o.value() for o in line.overrides if o.key_or_group == key]
    return Path(str(values[-1])) if values else None


def for_run(line: CommandLine, config: Config) -> resume.Decision:
    """What a single run does, and where.

    Raises:
        ConfigError: If the directory that is named cannot be continued with this configuration.
    """
    own = named(line, RUN_DIR)
    wanted = config.resume
    if own is not None and wanted == "auto":
        if not (own / resume.CONFIG).exists():
            return resume.Decision(resume.NEW, RunDirectory(own), "the command names a directory")
        wanted = str(own)
    try:
        parent = Path("logs") / config.task / "runs"
        current = functools.partial(earlier_defaults.current, config=config)
        return resume.decide(wanted, parent, config.to_dict(), current=current)
    except resume.ResumeError as error:
        raise ConfigError(str(error)) from error


def for_sweep(line: CommandLine, config: Config) -> sweeps.SweepDirectory:
    """The directory of a sweep: the one that the same command left unfinished, or a new one."""
    jobs = [
        [word for word in map(commandline.told, job) if not word.startswith("hydra")]
        for job in commandline.jobs(line)
    ]
    own = named(line, SWEEP_DIR)
    if own is not None:
        return sweeps.SweepDirectory(own, jobs)
    parent = Path("logs") / config.task / "sweeps"
    search = searches.asked(line)
    total = None if search is None else search.trials
    return sweeps.choose(parent, jobs, anew=config.resume == "never", total=total)


def has_begun(folder: Path) -> bool:
    """Whether there is more in a run's directory than what Hydra and the lock put there."""
    return not {entry.name for entry in folder.iterdir()} <= set(EMPTY)


def discard_unbegun(folder: Path) -> None:
    """Remove the directory of a run that never began, and what is then empty above it."""
    if not folder.is_dir() or has_begun(folder):
        return
    shutil.rmtree(folder / HYDRA, ignore_errors=True)
    (folder / LOCK).unlink(missing_ok=True)
    home = Path.cwd()
    above = [parent for parent in folder.parents if parent.is_relative_to(home) and parent != home]
    for empty in (folder, *above):
        try:
            empty.rmdir()
        except OSError:  # not empty, or not ours
            return
