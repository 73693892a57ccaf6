"""One training, from a checked configuration to its report. Read it from top to bottom."""

import importlib
import inspect
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kreg.augment.options import AugmentOptions
from kreg.config import automatic, earlier_defaults
from kreg.config.procedures import PROCEDURES, refuse_without_data
from kreg.config.root import Config
from kreg.foreign import json_text
from kreg.pages import write_all
from kreg.printable import say
from kreg.runs import Checkpoint, RunDirectory, summary
from kreg.runs.ownership import CONFIG
from kreg.training import (
    about,
    compression,
    data_parallel,
    distributed,
    earlier_run,
    keeping,
    kept_features,
    lines,
    low_rank,
    mirrored,
    own_callbacks,
    plan,
    reading,
    samples,
    shares,
    start,
    telling,
    temperature,
    throughput,
    units,
    within_epoch,
)
from kreg.training import callbacks as ordered
from kreg.training import result as results
from kreg.training.callbacks import Hopeless, TrainingCallbacks
from kreg.training.plan import Plan
from kreg.training.shared_steps import SharedSteps
from kreg.training.stacks import Stacks
from kreg.training.trained import NonFiniteError, Trained, state_kept


def run(
    config: Config,
    directory: Path,
    hopeless: Hopeless | None = None,
    steps: SharedSteps | None = None,
    sweep: str = "",
    stacks: Stacks | None = None,
) -> float:
    """Train, diagnose and report in `directory`; returns what a sweep compares.

    Args:
        config: The checked configuration.
        directory: The run's own directory. A state that an earlier process of the same
            configuration has left there is continued.
        hopeless: In a search, a function of the clean validation losses so far; `True` ends the
            training.
        steps: What this training shares with earlier ones of the process, or `None`.
        sweep: The name of the sweep of which it is a job; empty for a single run.
        stacks: Of the sweep whose jobs are trained at once where they can be, or `None`.

    Raises:
        SystemExit: With 130 or 143 after Ctrl-C or SIGTERM; the same command goes on.
        FloatingPointError: If the loss or a weight is not finite.
    """
    began = time.perf_counter()
    if config.procedure != "train":
        return 0.0 if config.check else conduct(config, directory)
    workers = distributed.connected(config)
    device = start.prepare(config.trainer, config.seed, steps)
    if config.check:
        lines.announce(plan.make(config, steps), device, config)
        return 0.0
    with RunDirectory(directory) as place, data_parallel.devices(config, device) as names:
        if place.result is not None and earlier_run.is_finished(place, config):
            return results.objective(place.result, config.objective)
        earlier_run.refuse_changed(place, config)
        begun = place.read_json(CONFIG)
        config = earlier_defaults.as_begun(config, begun)
        devices = mirrored.devices(config, device)
        with devices.scope():
            training = make(config, steps, stacks)
        devices.join(training)
        data_parallel.join(training, config, names)
        config = automatic.for_task(config, training.data.task)
        if workers:
            distributed.join(training, workers)
        lines.announce(training, device, config)
        if isinstance(config.augment, AugmentOptions) and config.augment.preview:
            say(samples.write(training, place.path), sys.stdout)
            return 0.0
        recorded = earlier_defaults.record(config, begun)
        result = train_and_record(training, config, place, recorded, hopeless, began, sweep).result
        lines.show(result, place, config)
    return float(result["objective"])


def make(config: Config, steps: SharedSteps | None, stacks: Stacks | None) -> Plan:
    """The plan of a training: a job's part of a stack, or one that is trained alone."""
    found = stacks.take(config, steps) if stacks is not None and steps is not None else None
    return found or plan.make(config, steps)


def train_and_record(
    training: Plan,
    config: Config,
    place: RunDirectory,
    recorded: dict[str, Any],
    hopeless: Hopeless | None = None,
    began: float | None = None,
    sweep: str = "",
) -> Trained:
    """Train in an open run directory, and leave there what was asked for and what came of it.

    Args:
        training: What is trained.
        config: The checked configuration.
        place: The open run directory.
        recorded: The configuration as `config.json` has it.
        hopeless: As for `run`.
        began: When the run began, of `time.perf_counter`. Defaults to now.
        sweep: As for `run`.
    """
    began = time.perf_counter() if began is None else began
    place.reopen()
    place.write_json(CONFIG, recorded)
    place.write_json("data.json", training.data.to_dict())
    trained = train(training, config, place, began, hopeless, sweep)
    place.refuse_gone()
    place.write_json("result.json", trained.result)
    return trained


def conduct(config: Config, directory: Path) -> float:
    """Run a procedure that is not one training: a published table, a path, a search."""
    chosen = PROCEDURES[config.procedure]
    refuse_without_data(config.procedure)
    if chosen.trains:
        start.prepare(config.trainer, config.seed)
    procedure = importlib.import_module(chosen.module)
    whole = {"config": config} if "config" in inspect.signature(procedure.run).parameters else {}
    with RunDirectory(directory) as place:
        earlier_run.refuse_changed(place, config)
        place.reopen()
        place.write_json(CONFIG, config.to_dict())
        result = procedure.run(place.path, **whole, **config.arguments)
        result = {"status": "done", "procedure": config.procedure, **result}
        place.write_json("result.json", json_text.parse(json.dumps(result, default=float)))
    say(f"results in {directory}", sys.stdout)
    return float(result.get("objective", 0.0))


def train(
    training: Plan,
    config: Config,
    place: RunDirectory,
    began: float,
    hopeless: Hopeless | None = None,
    sweep: str = "",
) -> Trained:
    """Fit from wherever the run's state is; then measure, save and report."""
    facts = {"data": training.data.fingerprint(), units.FACT: units.OWN}
    facts["its training"] = shares.company(training)
    store = Checkpoint(place, facts, force=config.resume == "force")
    summary.continued(store.epoch, store.batch, config.trainer.verbose)
    training.data.warnings += units.kept(training, store)
    callbacks = ordered.assemble(training, config, place, store, hopeless, sweep)
    with telling.the_end(callbacks.loggers) as told, reading.damage_told():
        trained = fit_and_report(training, config, place, callbacks, store)
        trained.result["seconds"] = round(time.perf_counter() - began, 3)
        trained.result.update(results.compared(trained.result, config.objective))
        told |= trained.result  # what the trackers keep is what `result.json` will say
    return trained


def fit_and_report(
    training: Plan,
    config: Config,
    place: RunDirectory,
    callbacks: TrainingCallbacks,
    store: Checkpoint,
) -> Trained:
    """The training itself, its result, its model and its page."""
    stream, first = training.stream(store.epoch, store.batch), store.epoch
    began = time.perf_counter()
    named = own_callbacks.named(callbacks.own, place.path)
    together = distributed.together(training, config, *epochs_left(training, store))
    with callbacks.interrupt, callbacks.progress, named, together:
        fit(training, callbacks, stream, store)
    seconds = time.perf_counter() - began
    place.refuse_gone()
    if callbacks.interrupt.exit_code:
        raise SystemExit(callbacks.interrupt.exit_code)
    if callbacks.non_finite.failure:
        save_report(callbacks, place)
        epochs = len(training.model.history.epoch)
        raise NonFiniteError(f"{callbacks.non_finite.failure} {state_kept(place)}", epochs)
    units.rescale(training.model, training.data.target_scale)
    result = results.of(training, callbacks)
    result["training_seconds"] = round(seconds, 3)
    trained = len(training.model.history.epoch) - first - store.batch / training.steps
    result["pictures"] = throughput.of(training, stream, trained, seconds)
    result["compressed"] = compression.compress(training, config, place)
    place.refuse_gone()
    of_kept = keeping.keep(training, config, callbacks, place, result)
    smaller = compression.section(result, config.compress.refit_epochs)
    scores = {key: result[key] for key in ("metrics", "units")}
    sections = {key: result[key] for key in ("features", "pictures")} | of_kept
    sections |= {"about": about.of(training, store.facts["data"], result)}
    save_report(callbacks, place, compressed=smaller, scores=scores, **sections)
    return Trained(training, callbacks, result)


def train_in_memory(training: Plan, config: Config) -> Trained:
    """The same training, of which no file is left; Ctrl-C ends it as it ends any program.

    Args:
        training: What is trained.
        config: The checked configuration.

    Raises:
        FloatingPointError: If the loss or a weight is not finite.
    """
    callbacks = ordered.assemble(training, config)
    began = time.perf_counter()
    with callbacks.progress:
        fit(training, callbacks, training.stream(0))
    seconds = time.perf_counter() - began
    if callbacks.non_finite.failure:
        raise FloatingPointError(callbacks.non_finite.failure)
    result = results.of(training, callbacks)
    result["training_seconds"] = round(seconds, 3)
    result["warnings"] += [temperature.OF_FILES] if config.calibrate else []
    result["low_rank"] = low_rank.chosen(training.model)
    return Trained(training, callbacks, result | results.compared(result, config.objective))


def fit(
    training: Plan,
    callbacks: TrainingCallbacks,
    stream: Iterator[Any],
    store: Checkpoint | None = None,
) -> None:
    """Keras's own `fit` on the epoch stream; nothing of kreg stands inside the training step."""
    first, last = epochs_left(training, store)
    how = {
        "steps_per_epoch": training.steps,
        "initial_epoch": first,
        "epochs": last,
        # Diagnostics measures the same rows anyway, and writes Keras's names as well
        "validation_data": None if callbacks.validates else training.held_out(),
        "validation_batch_size": 1024 // training.devices * training.devices,
        "shuffle": False,  # the stream is shuffled, by (seed, epoch)
        "callbacks": callbacks.in_order,
        "verbose": 0,
    }
    if training.frozen is not None:
        kept_features.fit(training, training.frozen, store, first, how)
    elif store and store.batch and first < last:
        within_epoch.fit(training, stream, store.batch, how)
    else:
        training.model.fit(training.spread(stream) if training.spread else stream, **how)


def epochs_left(training: Plan, store: Checkpoint | None) -> tuple[int, int]:
    """The epochs that are done, and after how many the training ends at most."""
    first, stopped = (store.epoch, store.stopped) if store else (0, False)
    return first, first if stopped else max(training.budget.epochs, first)


def save_report(
    callbacks: TrainingCallbacks, place: RunDirectory, **sections: dict[str, Any] | None
) -> None:
    """Page and record of the run: a file that fails costs that file and nothing else.

    Args:
        callbacks: Of the training.
        place: Its directory.
        **sections: What the document has of `compressed`, `scores`, `features`, `pictures`,
            `calibrated`, `evaluation` and `about`.
    """
    if callbacks.diagnostics is not None and callbacks.diagnostics.document is not None:
        pages = ("report.json", "report.html", "card.md")  # `kreg report RUN` makes the others
        record = callbacks.diagnostics.record  # what `kreg replay RUN` reads
        document = callbacks.diagnostics.document | sections
        for problem in write_all(document, place.path, pages, record)[1]:
            say(problem, sys.stdout)
