"""Where a command writes: a new directory, or the one that the same command left unfinished."""

import contextlib
import functools
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from kreg import files, sweeps
from kreg.config import earlier_defaults
from kreg.config.root import Config
from kreg.config.validate import ConfigError
from kreg.launch import commandline, searches, sizes
from kreg.launch.checked import Checked
from kreg.launch.commandline import CommandLine
from kreg.printable import say
from kreg.runs import RunDirectory, new_name, resume
from kreg.runs.ownership import CONFIG, HYDRA, LOCK, RESULT, ForeignError, refuse_foreign

RUN_DIR, SWEEP_DIR = "hydra.run.dir", "hydra.sweep.dir"


def setting(key: str, path: Path) -> str:
    """`key=path` in Hydra's grammar, whatever signs are in the path.

    >>> setting("hydra.run.dir", Path("a, b's"))
    "hydra.run.dir='a, b\\\\'s'"
    """
    text = str(path).replace("\\", "\\\\").replace("'", "\\'").replace("${", "\\${")
    return f"{key}='{text}'"


def is_named(line: CommandLine, key: str, path: Path, parent: Path) -> bool:
    """Whether the command line or an option file has chosen a directory itself."""
    told = any(override.key_or_group == key for override in line.overrides)
    return told or path.parent != parent or os.path.lexists(path)


def for_run(line: CommandLine, checked: Checked) -> resume.Decision:
    """What a single run does, and where.

    Raises:
        ConfigError: If the directory that is named cannot be continued with this configuration.
        ForeignError: If it is not kreg's.
    """
    config, own = checked.first, checked.run_directory
    wanted = config.resume
    parent = Path("logs") / config.task / "runs"
    begun = (own / CONFIG).exists()
    if is_named(line, RUN_DIR, own, parent) and wanted in ("auto", "force", "never"):
        refuse_foreign(own)
        if begun and wanted == "never":
            raise ConfigError(f"{own} holds a run already, and resume=never asks for a new one.")
        if begun and wanted == "force":
            return resume.Decision(resume.CONTINUE, RunDirectory(own), f"continuing {own}")
        if not begun:
            return resume.Decision(resume.NEW, RunDirectory(own), "the command names a directory")
        wanted = str(own)
    try:
        current = functools.partial(earlier_defaults.current, config=config)
        decision = resume.decide(wanted, parent, config.to_dict(), current=current, warn=say)
    except resume.ResumeError as error:
        raise ConfigError(str(error)) from error
    new = resume.Decision(resume.NEW, RunDirectory(own), decision.reason)
    return new if decision.directory is None else decision


def for_sweep(line: CommandLine, checked: Checked) -> sweeps.SweepDirectory:
    """The directory of a sweep: the one that the same command left unfinished, or a new one.

    Raises:
        ConfigError: If the runs in the directory that is named are of other configurations.
    """
    jobs = [
        own_words(map(commandline.told, job))
        for job in ([line.overrides] if sizes.is_enormous(line) else commandline.jobs(line))
    ]
    search = searches.asked(line)
    words = [] if search is None else own_words(searches.search_words(line))
    config, own = checked.first, checked.sweep_directory
    parent = Path("logs") / config.task / "sweeps"
    if is_named(line, SWEEP_DIR, own, parent):
        sweep = sweeps.SweepDirectory(own, jobs, search=words)
        sweep.refuse_foreign()
        refuse_others(own, checked)
        return sweep
    return sweeps.choose(
        parent,
        jobs,
        anew=config.resume == "never",
        total=None if search is None else search.jobs_in_all(searches.search_words(line)),
        search=words,
        fits=lambda folder: fits(folder, checked),
    )


def own_words(words: Iterable[str]) -> list[str]:
    """Overrides without those that are Hydra's."""
    return [word for word in words if not word.startswith("hydra")]


def fits(folder: Path, checked: Checked) -> bool:
    """Whether the jobs that lie in a sweep's directory have the configurations of these."""
    try:
        refuse_others(folder, checked)
    except ConfigError:
        return False
    return True


def refuse_others(folder: Path, checked: Checked) -> None:
    """Refuse a sweep's directory with runs in it that are not those of its jobs.

    Raises:
        ConfigError: With the keys that differ.
    """
    for below, config in checked.folders.items():
        run = RunDirectory(folder / below)
        saved = run.read_json(CONFIG)
        if saved is None or config.resume == "force":
            continue
        try:
            resume.refuse_changed(run, config.to_dict(), earlier_defaults.current(saved, config))
        except resume.ResumeError as error:
            raise ConfigError(
                f"{error} A sweep needs a directory of its own: hydra.sweep.dir=..."
            ) from error


def may_hold_runs_of_0_1(line: CommandLine) -> bool:
    """Whether anything unfinished of 0.1 is below `logs`, or the command names a directory."""
    if any(o.key_or_group in (RUN_DIR, SWEEP_DIR, "resume") for o in line.overrides):
        return True
    found = (p for depth in ("*/runs/*", "*/sweeps/*/*") for p in Path("logs").glob(depth))
    runs = (RunDirectory(path) for path in found if not (path / RESULT).exists())
    return any(earlier_defaults.is_of_0_1(run.read_json(CONFIG)) for run in runs)


def begun_by_0_1(line: CommandLine, checked: Checked) -> bool:
    """Whether 0.1, which knew no `model=auto`, has begun what this command means as it stands."""
    try:
        if line.multirun:
            sweep = for_sweep(line, checked).path
            runs = [RunDirectory(sweep / below) for below in checked.folders]
        else:
            begun = for_run(line, checked)
            runs = [begun.directory] if begun.action != resume.NEW and begun.directory else []
    except (ConfigError, ForeignError):  # nothing there that this command could go on with
        return False
    return any(earlier_defaults.is_of_0_1(run.read_json(CONFIG)) for run in runs)


def has_begun(folder: Path) -> bool:
    """Whether there is more in a run's directory than what Hydra and the lock put there."""
    return os.path.isdir(folder) and not {entry.name for entry in folder.iterdir()} <= {HYDRA, LOCK}


class Footprint:
    """What a process makes of a directory, to be taken back where no run has begun.

    Args:
        folder: Where the process is about to write.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.missing = [p for p in (self.folder, *self.folder.parents) if not os.path.lexists(p)]
        self.known = {entry.name for entry in folder.iterdir()} if folder.is_dir() else set()

    def take_back(self) -> None:
        """Remove what was not there before, and nothing of a run that has begun."""
        if has_begun(self.folder):
            return
        if HYDRA not in self.known and files.is_folder(self.folder / HYDRA):
            shutil.rmtree(self.folder / HYDRA, ignore_errors=True)
        if LOCK not in self.known:
            with contextlib.suppress(OSError):  # a name that is too long, say
                (self.folder / LOCK).unlink(missing_ok=True)
        self.leave()

    def leave(self) -> None:
        """Remove the folders that this process has made and that are empty."""
        for empty in self.missing:
            with contextlib.suppress(OSError):  # not made after all, or not empty
                empty.rmdir()


@contextlib.contextmanager
def scratch(config: Config) -> Iterator[Path]:
    """A new directory for a sweep that only checks, where a cluster's workers see it too."""
    folder = Path("logs").absolute() / config.task / "sweeps" / new_name()
    footprint = Footprint(folder)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        footprint.leave()
