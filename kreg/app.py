"""One training, from a checked configuration to its report. Read it from top to bottom."""

import time
from pathlib import Path

from kreg.build import compression, experiment, outcome, plan, preview, trainer
from kreg.build import crew as crews
from kreg.config import renamed
from kreg.pages import write_all
from kreg.runs import Checkpoint, RunDirectory, differences, resume, summary


def run(config, directory: Path, hopeless=None) -> float:
    """Train, diagnose and report in `directory`; returns what a sweep compares.

    Args:
        config: A checked `kreg.config.validate.Config`.
        directory: The run's own directory. A state that an earlier process of the same
            configuration has left there is continued.
        hopeless: In a search, a function of the clean validation losses so far; `True` ends the
            training.

    Raises:
        SystemExit: With 130 or 143 after Ctrl-C or SIGTERM; the same command goes on.
        FloatingPointError: If the loss or a weight is not finite.
    """
    began = time.perf_counter()
    device = trainer.prepare(config.trainer, config.seed)
    if config.procedure != "train":
        return conduct(config, directory)
    with RunDirectory(directory) as place:
        if is_finished(place, config):
            return outcome.objective(place.result, config.objective)
        training = plan.make(config)
        summary.announce(training.facts() | {"device": device}, config.trainer.verbose)
        if config.check:
            return 0.0
        if getattr(config.augment, "preview", False):
            print(f"kreg: {preview.write(training, place.path)}")
            return 0.0
        place.reopen()
        place.write_json(resume.CONFIG, config.to_dict())
        place.write_json("data.json", training.data.to_dict())
        result = train(training, config, place, hopeless)
        result["seconds"] = round(time.perf_counter() - began, 3)
        place.write_json("result.json", result)
        summary.show(result, place.path, config.trainer.verbose)
    return outcome.objective(result, config.objective)


def conduct(config, directory: Path) -> float:
    """Run a procedure that is not one training: a published table, a path, a search."""
    with RunDirectory(directory) as place:
        result = experiment.run(config, place.path)
        place.write_json("result.json", result)
    print(f"kreg: results in {directory}")
    return float(result.get("objective", 0.0))


def is_finished(place: RunDirectory, config) -> bool:
    """Whether this very training has its result: with more epochs to train it has not."""
    known = place.read_json(resume.CONFIG)
    return place.finished and (
        known is None or not differences(renamed.current(known), config.to_dict())
    )


def train(training: plan.Plan, config, place: RunDirectory, hopeless=None) -> dict:
    """Fit from wherever the run's state is; then measure, save and report."""
    facts = {"data": training.data.fingerprint()}
    store = Checkpoint(place, facts, force=config.resume == "force")
    summary.continued(store.epoch, config.trainer.verbose)
    crew = crews.assemble(training, config, place, store, hopeless)
    began = time.perf_counter()
    with crew.interrupt, crew.bar:
        fit(training, config, crew, store)
    seconds = time.perf_counter() - began
    if crew.interrupt.exit_code:
        raise SystemExit(crew.interrupt.exit_code)
    if crew.health.failure:
        save_report(crew, place)
        raise FloatingPointError(f"{crew.health.failure} The last good state is kept.")
    result = outcome.of(training, crew)
    result["training_seconds"] = round(seconds, 3)
    result["compressed"] = compression.compress(training, config, place)
    if crew.events is not None:
        crew.events.result(result["epochs"], result["metrics"] | {"sparsity": result["sparsity"]})
    crew.save_best(place.file("best.keras"))
    save_report(crew, place, compression.section(result, config.compress.refit_epochs))
    return result


def fit(training: plan.Plan, config, crew: crews.Crew, store: Checkpoint) -> None:
    """Keras's own `fit` on the epoch stream; nothing of kreg stands inside the training step."""
    training.model.fit(
        training.stream(store.epoch),
        steps_per_epoch=training.steps,
        initial_epoch=store.epoch,
        epochs=store.epoch if store.stopped else max(config.trainer.epochs, store.epoch),
        # Diagnostics measures the same rows anyway, and writes Keras's names as well
        validation_data=None if crew.validates else training.held_out(),
        validation_batch_size=1024,
        shuffle=False,  # the stream is shuffled, by (seed, epoch)
        callbacks=crew.callbacks,
        verbose=0,
    )


def save_report(crew: crews.Crew, place: RunDirectory, compressed: dict | None = None) -> None:
    """Page and record of the run: a file that fails costs that file and nothing else."""
    if crew.diagnostics is not None and crew.diagnostics.document is not None:
        pages = ("report.json", "report.html")  # `kreg report RUN` makes the others
        record = crew.diagnostics.record  # what `kreg replay RUN` reads
        document = crew.diagnostics.document | {"compressed": compressed}
        for problem in write_all(document, place.path, pages, record)[1]:
            print(f"kreg: {problem}")
