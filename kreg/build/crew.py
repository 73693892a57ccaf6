"""The callbacks of one training, in the one order that works."""

from dataclasses import dataclass

from kreg.build import capacity, diagnostics, dropout, preview, pruning, stop


@dataclass
class Crew:
    """The callbacks by role.

    Args:
        callbacks: All of them, in order: who measures comes before who decides, who decides before
            who writes, and the saver is last.
        diagnostics: `kreg.Diagnostics`, or `None` with diagnostics=off.
        stopping: `kreg.EarlyStopping`; with stop=none it only watches.
        interrupt: Notices Ctrl-C and SIGTERM.
        health: Notices numbers that are not finite.
        bar: The progress bar.
        pruner: Ends a hopeless training of a search; `None` elsewhere.
        events: Writes for TensorBoard; `None` where nothing is written.
    """

    callbacks: list
    diagnostics: object
    stopping: object
    interrupt: object
    health: object
    bar: object
    pruner: object = None
    events: object = None

    @property
    def validates(self) -> bool:
        """Whether Diagnostics writes `val_loss` and its like, so that `fit` need not."""
        return bool(getattr(self.diagnostics, "validate", False))

    def save_best(self, path) -> None:
        """Write the best model that there was; what `stop=none` has trained on is left as it is."""
        from kreg.callbacks import export, snapshots

        model, stopping = self.stopping.model, self.stopping
        best = stopping.best_weights if stopping.dry_run else None
        if best is None:
            export(model, path)
            return
        final = snapshots.read(model, stopping.snapshots.what)
        snapshots.write(model, best, stopping.snapshots.what)
        export(model, path)
        snapshots.write(model, final, stopping.snapshots.what)


def assemble(plan, config, place, store, hopeless=None) -> Crew:
    """The crew for a training in the run directory `place`, whose state is in `store`.

    Args:
        plan: The `kreg.build.plan.Plan`.
        config: The checked configuration.
        place: The open `kreg.runs.RunDirectory`.
        store: The `kreg.runs.Checkpoint`.
        hopeless: In a search, a function of the clean validation losses so far; `True` ends it.
    """
    import keras

    from kreg import callbacks as room

    measure = diagnostics.callback(
        config.diagnostics,
        plan.data,
        seed=config.seed,
        soft_labels=plan.soft_labels,
        name=place.path.name,
        settings=config.to_dict(),
        inputs=facts(plan),
        validate=plan.measures_all(config.diagnostics),
        columns=capacity.columns(plan, config.reg),
        verbose=0,
    )
    stopping = stopper(config, plan, measure)
    pruner = pruning.callback(hopeless, config.trainer.epochs)
    interrupt, health = room.Interrupt(), room.NonFinite()
    samples = plan.samples if plan.shows_samples else None
    events = diagnostics.tensorboard(config.diagnostics, place.tensorboard, samples=samples)
    bar = room.ProgressBar(config.trainer.epochs, store.epoch)
    history = room.HistoryFile(place.file("history.csv"))
    members = [
        interrupt,
        health,
        measure,
        stopping,
        pruner,
        dropout.rate_log(plan.model),
        keras.callbacks.History(),
        history,
        events,
        bar,
    ]
    members = [member for member in members if member is not None]
    members.append(room.Saver(store, members, config.trainer.save_every))
    return Crew(members, measure, stopping, interrupt, health, bar, pruner, events)


def facts(plan) -> dict:
    """What the report says about the inputs."""
    found = {"image": plan.data.is_image, "augmented": plan.pipeline is not None}
    found |= {"class_names": list(plan.data.class_names), "found": list(plan.data.warnings)}
    return found | ({"samples": preview.sheet(plan)} if plan.shows_samples else {})


def stopper(config, plan, measure):
    """The stopping rule; where none is asked for, one that watches and lets training go on."""
    held_out = None if measure is not None else plan.held_out()
    rule = stop.callback(config.stop, validation=held_out, verbose=0)
    if rule is not None:
        return rule
    from kreg.callbacks import EarlyStopping

    return EarlyStopping(dry_run=True, validation=held_out, verbose=0)
