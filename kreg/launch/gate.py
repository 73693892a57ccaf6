"""The gate of the command line: every mistake ends here, in a sentence and exit code 2."""

import contextlib
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from hydra.errors import HydraException

from kreg import sweeps
from kreg.config import cluster
from kreg.config.procedures import PROCEDURES
from kreg.config.root import Config
from kreg.config.validate import ConfigError
from kreg.launch import (
    catalogue,
    codes,
    commandline,
    directories,
    file_sweeps,
    folders_of_options,
    launchers,
    output,
    ray_workers,
    replicates,
    searches,
    sizes,
    unsaid,
)
from kreg.launch.checked import Checked
from kreg.launch.commandline import CommandLine, one_by_one
from kreg.launch.compose import check_job, compose_trusted, prepare
from kreg.printable import say, shortened, without_middle
from kreg.runs import RunDirectory, resume
from kreg.sweeps import jobs as _  # noqa: F401  # the resolver in the names of jobs' folders
from kreg.sweeps.templates import Templates

FULL = "HYDRA_FULL_ERROR"
GOES_ON = "What is unfinished goes on with the same command."

Train = Callable[[Checked], None]


def run(train: Train, arguments: list[str] | None = None) -> int:
    """Check the command line, then let Hydra call `train`; returns the exit code.

    Args:
        train: Calls a function decorated with `hydra.main`, which reads `sys.argv`. It gets what
            was checked, and leaves with `SystemExit(code)`.
        arguments: What follows the program's name. Defaults to `sys.argv[1:]`.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    with output.patient():
        try:
            return _run(train, arguments)
        except KeyboardInterrupt:
            return codes.INTERRUPTED
        except (ConfigError, HydraException, OSError) as error:
            if os.environ.get(FULL):
                raise
            say(told(error))
            return codes.BAD_CONFIGURATION


def told(error: Exception) -> str:
    """An error as a sentence; the system's own has a path that may be very long."""
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    if error.filename is None:  # a sentence of kreg's own, with the path in it
        return f"{without_middle(error.strerror)}."
    return f"{shortened(str(error.filename))}: {error.strerror}."


def _run(train: Train, arguments: list[str]) -> int:
    line = commandline.parse(arguments)
    if line.help:
        print(catalogue.usage())
        return codes.DONE
    if line.passes_to_hydra:
        compose_trusted(one_by_one(line), line.config_dir)
        return _hand_over(train, line.arguments, Checked(line))
    line, chosen = with_model(file_sweeps.joined(line))
    checked = check_all(line)
    line = checked.line
    if line.shows_only:
        return _hand_over(train, line.arguments, checked)
    searches.check(line)
    if checked.first.trainer.verbose != "quiet":
        for sentence in filter(None, (chosen, *checked.told())):
            say(sentence, sys.stdout)
    return _sweep(train, line, checked) if line.multirun else _train(train, line, checked)


def with_model(line: CommandLine) -> tuple[CommandLine, str]:
    """The command line with what `model=auto` stands for, and a sentence that says it."""
    spelt, sentence = unsaid.spelt_out(line)
    same = spelt.overrides == line.overrides
    if same or line.shows_only or not directories.may_hold_runs_of_0_1(line):
        return spelt, sentence
    try:
        before = check_all(line)
    except ConfigError:  # said of the line that is trained, if it is true of that
        return spelt, sentence
    goes_on = directories.begun_by_0_1(before.line, before)
    return (line, "") if goes_on else (spelt, sentence)


def check_all(line: CommandLine) -> Checked:
    """Compose and check every job of the command line, a sweep's before its first job.

    Where there are seeds or folds to write out, it is the line with these that is checked.
    """
    searching = searches.option_of(line) is not None
    if not searching:
        sizes.refuse_enormous(line, lambda job: check_job(job, line.config_dir))
    start, templates = commandline.each_once(line)[0], Templates()
    first = check_job(start, line.config_dir, templates=templates)
    with_replicates = None if line.shows_only else replicates.expanded(line, first.config)
    if with_replicates is not None and not line.replicated:
        return check_all(with_replicates)
    jobs = sizes.of_search(line) if searching else commandline.jobs(line)
    checked = Checked(line)
    for number, overrides in enumerate(sizes.with_progress(jobs)):
        known = first if overrides == start and not number else None
        job = known or check_job(overrides, line.config_dir, templates=templates)
        checked.add(overrides, job, number)
    if not line.shows_only:
        replicates.check(line, checked.configs.values())
        checked.refuse_unheard()
    if line.multirun:  # what Hydra starts the sweep with
        tree = compose_trusted(one_by_one(line), line.config_dir)
        checked.sweeper, checked.launcher = launchers.sweeper_of(tree), launchers.launcher_of(tree)
        checked.refuse_backends()
    if searching and len(jobs) == 1:  # its trials differ in their numbers alone
        checked.add(jobs[0], check_job(jobs[0], line.config_dir), 1)
    if searching:  # which settings its trials will have, nobody knows yet
        checked.folders.clear()
    return checked


def page_of(run: RunDirectory, procedure: str) -> Path:
    """The page of a finished run: of a training its report, of an experiment its own."""
    pages = [run.file(f"{name}.html") for name in (procedure, "report")]
    return next((page for page in pages if page.is_file()), run.path)


def going_on(reason: str, procedure: str) -> str:
    """What is said of a run that was interrupted, and of an experiment that keeps nothing of it."""
    if procedure not in PROCEDURES or PROCEDURES[procedure].resumes:
        return reason
    return f"{reason}: experiment={procedure} keeps nothing of an interrupted run and begins anew"


def _train(train: Train, line: CommandLine, checked: Checked) -> int:
    """One run: a new one, or one that goes on, or one that only checks and leaves nothing."""
    if ray_workers.gathers(checked.first):
        return ray_workers.run(line, checked.first)
    if shares_only(checked.first):
        return _told(lambda: work(checked.first))
    decision = directories.for_run(line, checked)
    if decision.directory is None or decision.action == resume.FINISHED:
        page = decision.directory and page_of(decision.directory, checked.first.procedure)
        say(f"{decision.reason}: {page}", sys.stdout)
        return codes.DONE
    if checked.first.check:
        with tempfile.TemporaryDirectory(prefix="kreg_") as folder:
            where = directories.setting(directories.RUN_DIR, Path(folder))
            return _hand_over(train, [*line.arguments, where], checked)
    if decision.action == resume.CONTINUE:
        say(going_on(decision.reason, checked.first.procedure), sys.stdout)
    place = decision.directory
    footprint = directories.Footprint(place.path)
    try:
        place.probe()
        where = directories.setting(directories.RUN_DIR, place.path)
        return _hand_over(train, [*line.arguments, where], checked)
    finally:
        footprint.take_back()


def _sweep(train: Train, line: CommandLine, checked: Checked) -> int:
    """Run what is missing of a sweep; its table comes also after failures and interruptions."""
    launchers.check(line)
    refuse_shared(checked)
    more = launchers.grid(checked.sweeper)
    more += launchers.environment(checked.launcher, checked.first.trainer.backend)
    if checked.first.check:  # every job is built, none trained: there will be nothing to compare
        with directories.scratch(checked.first) as folder:
            where = directories.setting(directories.SWEEP_DIR, folder)
            return _hand_over(train, [*line.arguments, where, *more], checked)
    with directories.for_sweep(line, checked) as sweep:
        try:
            # the workers of a cluster do not start where we are
            where = directories.setting(directories.SWEEP_DIR, sweep.path.absolute())
            _hand_over(train, [*line.arguments, where, *more], checked)
        finally:
            choose = checked.first.choose
            code = sweeps.compare(sweep.path, choose=choose) if sweep.has_runs else codes.FAILED
    return code


def _hand_over(train: Train, arguments: list[str], checked: Checked) -> int:
    prepare()
    launchers.register()
    sys.argv[1:] = folders_of_options.absolute(arguments)
    return _told(lambda: train(checked))


def refuse_shared(checked: Checked) -> None:
    """A sweep's jobs are trained by one process and device each.

    Raises:
        ConfigError: If one is to be trained by several.
    """
    asked = {config.distribute for config in checked.configs.values()} - {"none"}
    if asked:
        raise ConfigError(
            f"distribute={min(asked)} trains one model, and this is a sweep of several. Train "
            "them one by one, or spread the sweep: hydra/launcher=joblib, ray or submitit_slurm."
        )


def shares_only(config: Config) -> bool:
    """Whether this process is a worker that has no directory: another one has it."""
    shared = config.distribute in cluster.SEVERAL and not config.check
    return shared and not cluster.of_environment().is_first


def work(config: Config) -> None:
    """The part of a worker that is not the first."""
    from kreg.training import distributed  # starts TensorFlow, after everything was checked

    distributed.work(config)


def _told(job: Callable[[], None]) -> int:
    """Do it; what ends it is told in a sentence, where it is one."""
    try:
        with _errors_come_through():
            job()
    except (ConfigError, HydraException):
        raise
    except Exception as error:
        if codes.is_sentence(error) and not os.environ.get(FULL):
            say(f"{told(error)} {GOES_ON}" if isinstance(error, OSError) else told(error))
        else:
            traceback.print_exception(error)
        raise SystemExit(codes.FAILED) from error
    return codes.DONE


@contextlib.contextmanager
def _errors_come_through() -> Iterator[None]:
    """Hydra would print a traceback of its own and leave; its switch for that is on inside."""
    before = os.environ.get(FULL)
    os.environ[FULL] = "1"
    try:
        yield
    finally:
        os.environ.pop(FULL) if before is None else os.environ.update({FULL: before})
