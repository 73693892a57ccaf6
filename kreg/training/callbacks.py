"""The callbacks of one training, in the one order that works."""

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kreg.config.backends import TENSORFLOW
from kreg.config.custom import Custom
from kreg.config.root import Config
from kreg.factories import diagnostics
from kreg.fields import Options
from kreg.training import (
    class_weights,
    low_rank,
    own_callbacks,
    samples,
    stopping,
    telling,
    units,
    within_epoch,
)
from kreg.training.options import GradualOptions
from kreg.training.plan import Plan

if TYPE_CHECKING:
    import keras
    import numpy as np

    from kreg import callbacks as room
    from kreg.diagnostics.record import Inputs
    from kreg.runs import Checkpoint, RunDirectory
    from kreg.training.duality_gap import DualityGap

    Columns = Callable[[keras.Model], Mapping[str, Mapping[str, float]]]

Hopeless = Callable[[Sequence[float]], bool]  # clean validation losses so far -> whether to end
SHRINKING = ("none", "l1", "l2", "elasticnet", "l2sp")  # where degrees of freedom have a formula


@dataclass
class TrainingCallbacks:
    """The callbacks by role.

    Args:
        in_order: All of them: who measures comes before who decides, who decides before who
            writes, and the saver is last.
        diagnostics: `kreg.Diagnostics`, or `None` with diagnostics=off.
        stopping: `kreg.EarlyStopping`; with stop=none it only watches.
        interrupt: Notices Ctrl-C and SIGTERM.
        non_finite: Notices numbers that are not finite.
        progress: The progress bar.
        gap: Measures how far a linear model is from its optimum; `None` for all others.
        trial: Ends a hopeless trial of a search; `None` elsewhere.
        loggers: Tells the loggers that were chosen.
        own: The user's, of the group `callbacks`.
    """

    in_order: "list[keras.callbacks.Callback]"
    diagnostics: "room.Diagnostics | None"
    stopping: "room.EarlyStopping"
    interrupt: "room.Interrupt"
    non_finite: "room.NonFinite"
    progress: "room.ProgressBar"
    loggers: "room.Loggers"
    own: "list[keras.callbacks.Callback]"
    gap: "DualityGap | None" = None
    trial: "room.TrialStopping | None" = None

    @property
    def validates(self) -> bool:
        """Whether Diagnostics writes `val_loss` and its like, so that `fit` need not."""
        return self.diagnostics is not None and self.diagnostics.validate

    @contextlib.contextmanager
    def best_model(self) -> "Iterator[keras.Model]":
        """The best model that there was; what `stop=none` has trained on comes back afterwards."""
        from kreg.callbacks.early_stopping import snapshots

        model, stopping = self.stopping.model, self.stopping
        best = stopping.best_weights if stopping.dry_run else None
        if best is None:
            yield model
            return
        final = snapshots.read(model, stopping.snapshots.what)
        snapshots.write(model, best, stopping.snapshots.what)
        try:
            yield model
        finally:
            snapshots.write(model, final, stopping.snapshots.what)


def assemble(
    plan: Plan,
    config: Config,
    place: "RunDirectory | None" = None,
    store: "Checkpoint | None" = None,
    hopeless: Hopeless | None = None,
    sweep: str = "",
) -> TrainingCallbacks:
    """The callbacks of a training in the run directory `place`, whose state is in `store`.

    Without these nothing is written, and no signal is caught.

    Args:
        plan: The training.
        config: The checked configuration.
        place: The open run directory, or `None`.
        store: Where the run's state is kept, or `None`.
        hopeless: In a search, a function of the clean validation losses so far; `True` ends it.
        sweep: The name of the sweep of which this is a job; empty for a single run.
    """
    import keras

    from kreg import callbacks as room
    from kreg.callbacks.together import OneState, SharedMetrics, Together

    epochs = plan.budget.epochs
    gap = stopping.proving(plan, config)
    rule = stopping.stopping_rule(config, plan, gap)
    measure = measuring(plan, config, name=place.path.name if place else plan.data.name)
    stops = stopping.stopper(stopping.after_the_thaw(rule, plan), plan, measure)
    trial = None if hopeless is None else room.TrialStopping(hopeless, stopping.earliest(epochs))
    interrupt, non_finite = room.Interrupt(), room.NonFinite(verbose=0)
    told = telling.callback(plan, config, place, sweep)
    own = own_callbacks.of(config, plan.data)
    bar = progress_bar(epochs, store.epoch if store else 0, config.trainer.verbose)
    members = [
        phases(plan, config),  # before what looks at the weights that are trained
        interrupt if place else None,
        non_finite,
        gap,  # before what records the logs
        measure,
        stops,
        trial,
        rate_log(plan.model),
        low_rank.callback(config.finetune),
        keras.callbacks.History(),
        room.HistoryFile(place.file("history.csv")) if place else None,
        told,
        *own,
        bar,
    ]
    members = [member for member in members if member is not None]
    if plan.workers:
        members = [SharedMetrics(plan.workers), *members, Together(plan.workers, interrupt)]
    if plan.spread:
        members.append(OneState())
    if store:
        inside = within_epoch.has_states(plan)
        members.append(room.Saver(store, members, config.trainer.save_every, inside))
    return TrainingCallbacks(
        members, measure, stops, interrupt, non_finite, bar, told, own, gap, trial
    )


def progress_bar(epochs: int, done: int, verbose: str) -> "room.ProgressBar":
    """The bar of a training; `trainer.verbose=quiet` has it show nothing."""
    from rich.console import Console

    from kreg.callbacks import ProgressBar

    return ProgressBar(epochs, done, Console(stderr=True, quiet=verbose == "quiet"))


def measuring(plan: Plan, config: Config, name: str) -> "room.Diagnostics | None":
    """The `Diagnostics` of a training, told what its report is about."""
    return diagnostics.callback(
        config.diagnostics,
        plan,
        seed=config.seed,
        name=name,
        settings=config.to_dict(),
        inputs=facts(plan),
        columns=layer_columns(plan, config.reg),
        verbose=0,
    )


def facts(plan: Plan) -> "Inputs":
    """What the report says about the inputs."""
    found: Inputs = {
        "image": plan.data.is_image,
        "augmented": plan.pipeline is not None,
        "steps": plan.steps,
        "columns": [] if plan.data.is_image else list(plan.data.feature_names),
        "class_names": list(plan.data.class_names),
        "found": list(plan.data.warnings),
        "units": units.of(plan.data),
        "target": plan.data.to_target(),
    }
    if weights := class_weights.by_name(plan.class_weight, plan.data):
        found["class_weight"] = weights
    if plan.shows_samples:
        found["samples"] = samples.sheet(plan)
    return found


def phases(plan: Plan, config: Config) -> "room.Finetune | None":
    """What trains the head before the rest; `None` where all layers are always trained."""
    from kreg import callbacks as room

    if plan.alone == 0:
        return None
    gradual = config.finetune if isinstance(config.finetune, GradualOptions) else GradualOptions()
    own_rate = isinstance(config.optimizer, Custom)  # kreg's follow the course of the plan
    rate = gradual.rate if own_rate else 1.0
    found = room.Finetune(
        plan.alone,
        rate=rate,
        layer_decay=gradual.layer_decay,
        lowest=gradual.lowest,
        norms=gradual.norms,
    )
    if config.trainer.backend != TENSORFLOW:  # the others build the optimizer before all callbacks
        found.prepare(plan.model)
    return found


def rate_log(model: "keras.Model") -> "keras.callbacks.Callback | None":
    """A callback that adds `rate/<layer>` to the logs where rates move; `None` where none does."""
    import keras

    from kreg.layers import noise_rates

    if not noise_rates(model):
        return None
    return keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: logs.update(noise_rates(model))
    )


def layer_columns(plan: Plan, reg: Options) -> "Columns | None":
    """A function `model -> {layer name: {"freedom": value}}` for the layer table, or `None`.

    A linear regression has effective degrees of freedom: the trace of its hat matrix on the rows
    that it is trained on, at the optimum of the penalised loss. With weighted or augmented rows or
    a strength that moves, the fit is another than the formula's, and the column is left out.

    Args:
        plan: The training.
        reg: The checked `reg` group.
    """
    import numpy as np

    from kreg.data.dataset import on_disk

    data = plan.data
    plain = plan.pipeline is None and data.train.weight is None
    known = reg.kind in SHRINKING and isinstance(getattr(reg, "l2", 0.0), int | float)
    if data.task != "regression" or not (plain and known) or on_disk(data.train.x):
        return None
    return functools.partial(freedom, x=np.asarray(data.train.x))


def freedom(model: "keras.Model", x: "np.ndarray") -> dict[str, dict[str, float]]:
    """The degrees of freedom of a model of one linear layer on its training rows, else nothing."""
    from kreg.surgery.model_capacity import linear_degrees_of_freedom, linear_layer

    layer = linear_layer(model)
    return {layer.name: {"freedom": linear_degrees_of_freedom(model, x)}} if layer else {}
