"""EarlyStopping: stop by the clean validation loss, go back to the best epoch, and say why."""

from pathlib import Path

import numpy as np

from kreg import check, files
from kreg.callbacks.early_stopping.chief_worker import chief_says
from kreg.callbacks.early_stopping.clean_validation import NAME
from kreg.callbacks.early_stopping.messages import SECOND_VALLEY, falls_again, no_examples, summary
from kreg.callbacks.early_stopping.monitored import Monitored
from kreg.callbacks.early_stopping.progress import Progress
from kreg.callbacks.early_stopping.rate_guard import RateGuard
from kreg.callbacks.early_stopping.restoration import Restoration
from kreg.callbacks.early_stopping.snapshots import Snapshots
from kreg.callbacks.early_stopping.stop_rule import Quantity, StopRule
from kreg.callbacks.shared_values import rate_after, shared
from kreg.diagnostics.criteria import Criterion, Decision
from kreg.diagnostics.record import Event
from kreg.measuring import refining
from kreg.measuring.keras_numbers import Logs
from kreg.measuring.rows import Source
from kreg.measuring.used_weights import AVERAGED, averages, used_weights
from kreg.metric_names import direction
from kreg.silent_distribution import refuse_silent_distribution

REFINE = "refine"
# a goal, a budget and a broken loss are not matters of the learning rate
FINAL = {"threshold", "divergence", "non_finite", "epochs", "steps", "seconds"}


class EarlyStopping(Progress):
    """Stop when a criterion on the monitored quantity says so, and restore the best epoch.

    The default monitors the *clean* validation loss: no penalties, no dropout, no augmentation.
    Keras's `val_loss` contains the penalties and can fall for ever while the model gets worse. The
    clean loss comes from a `kreg.Diagnostics` earlier in the list, else from `validation`, else
    from `val_loss` minus the weights' penalties, or from the rows that `fit` validates on where a
    model computes its own loss. Where it cannot be had, a sentence says so: `val_loss` then decides
    when to stop, and no epoch is restored by it. Under an optimizer with `use_ema`, the average of
    the weights is what is monitored, kept and restored. Epochs in which `kreg.finetune` trains the
    head alone are not looked at: the best one is one of the whole model.

    The arguments of `keras.callbacks.EarlyStopping` are understood. What differs: a value that is
    not finite is never the best; a missing monitor is an error; `start_from_epoch` counts from the
    first epoch of this training, also after a resume; the best weights are restored by default.

    Args:
        monitor: Name in the logs. Defaults to `"val_clean_loss"`.
        min_delta: With `patience` only. What counts as an improvement: a number >= 0, a percentage
            of the best value such as `"0.5%"`, or `"auto"`, the standard error of the paired
            difference to the best epoch. Defaults to `0`.
        patience: Whole number >= 0: stop after so many *validations* without improvement. Not
            together with `criterion`.
        verbose: `0` silent, `1` one sentence at the end. Defaults to `1`.
        mode: `"min"`, `"max"` or `"auto"` (from the name). Defaults to `"auto"`.
        baseline: With `patience` only. The wait restarts only by an improvement that also beats
            this value.
        restore_best: Whether to end with the best epoch's variables, however the training ended.
            Defaults to `True`.
        start_from_epoch: Whole number >= 0 of first epochs that are not looked at. Defaults to `0`.
        criterion: A rule such as `"default"`, `"careful"`, `"gl:2"`, `"patience:5|budget:100"`
            (see `kreg.diagnostics.criteria.parse`), or a `Criterion`. Defaults to `"default"`.
            `"refine"` monitors `val_refined_loss`, the loss after one temperature: it keeps the
            epoch that is best once it is calibrated, see `kreg.calibrate`.
        validation: `(x, y)`, `(x, y, sample_weight)` or batches, un-augmented. Not needed where a
            `Diagnostics` runs.
        restore: `"weights"`, or `"all"`: optimizer, moving averages and random seeds as well, so
            that training can go on from the best epoch. Defaults to `"weights"`.
        smoothing: Number in [0, 1), memory of the moving average on which the criterion decides.
            The best epoch is that of the raw values. Defaults to `0`.
        average: Whole number >= 1. With k > 1 the mean of k consecutive validations with the best
            one is tried (up to it, around it, from it on), and the best of these is restored if it
            measures no worse than the best epoch alone; where nothing can be measured, the first.
            A mean has the zeros of the best epoch; BatchNormalization's statistics are measured
            again. Keeps up to 3 k - 2 copies of the
            weights. Defaults to `1`.
        directory: Where the best variables are kept. Defaults to `None`, in memory.
        export: A path ending in `.keras`: the best model so far, replaced in one piece.
        dry_run: Whether to only say where training would have stopped. Defaults to `False`.
        rate_guard: Whole number >= 0 of epochs for which a rise of the learning rate (warm-up,
            restart) puts stops off; where it is not 0, a loss that only rests is no reason to stop
            at the end of a schedule. Defaults to `10`.
        validation_freq: As in `fit`. Defaults to `1`.
        restore_best_weights: Keras's name for `restore_best`.

    After training: `stop_reason` (`"patience"`, `"gl"`, ..., `"completed"`, `"interrupted"`),
    `sentence`, `best`, `best_epoch` and `stopped_epoch` (both from 0, as in Keras),
    `would_stop_epoch` (of a dry run), `restoration` (what was put back, a sentence) and
    `averaged_epochs` (from 0; empty where one epoch was put back).

    Raises:
        ValueError: For contradicting arguments; at the first validation, for a missing monitor.

    >>> stop = EarlyStopping(patience=5)
    >>> stop.monitor, stop.mode
    ('val_clean_loss', 'min')
    """

    def __init__(
        self,
        monitor: str = NAME,
        min_delta: float | str = 0,
        patience: int | None = None,
        verbose: int = 1,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best: bool = True,
        start_from_epoch: int = 0,
        *,
        criterion: str | Criterion | None = None,
        validation: Source = None,
        restore: str = "weights",
        smoothing: float = 0.0,
        average: int = 1,
        directory: files.AnyPath | None = None,
        export: files.AnyPath | None = None,
        dry_run: bool = False,
        rate_guard: int = 10,
        validation_freq: int = 1,
        restore_best_weights: bool | None = None,
    ) -> None:
        if criterion == REFINE and monitor == NAME:
            monitor = refining.NAME
        self.mode = direction(monitor, mode)
        self.verbose = int(verbose)
        self.restore_best = check.flag(
            "restore_best", restore_best if restore_best_weights is None else restore_best_weights
        )
        self.start_from_epoch = check.integer("start_from_epoch", start_from_epoch, low=0)
        self.validation = validation
        self.dry_run = check.flag("dry_run", dry_run)
        self.validation_freq = check.integer("validation_freq", validation_freq, low=1)
        self.export = _model_path(export)
        quantity: Quantity = {"monitor": monitor, "mode": self.mode}
        super().__init__(
            StopRule(quantity, criterion, patience, min_delta, baseline, smoothing),
            Monitored(monitor, self.validation_freq),
            RateGuard(check.integer("rate_guard", rate_guard, low=0)),
            Snapshots(average, restore, directory),
        )

    @property
    def restored(self) -> bool:
        """Whether training ends, or has ended, with the best epoch's variables."""
        return self.restore_best and not self.dry_run and self.snapshots.best is not None

    # --- training -----------------------------------------------------------------------------

    def on_train_begin(self, logs: Logs | None = None) -> None:
        refuse_silent_distribution()
        self._reset()
        used_weights(self.model).reset()
        self.clean_validation = self.monitored.begin(self.model, self.validation)
        examples = self.clean_validation.has_examples()
        self.criterion = self.rule.make(examples)
        if self.criterion.needs_examples and not examples:
            raise no_examples(self.rule)
        shared(self.model).decisive.update(self.criterion.monitors)
        self._begin()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        if self.first_epoch is None:
            self.first_epoch = epoch
        shared(self.model).partial = False

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = {} if logs is None else logs
        if self.first_epoch is None:
            self.first_epoch = epoch
        if not shared(self.model).partial:
            with used_weights(self.model):
                self._look(epoch, logs, self.first_epoch)

    def _look(self, epoch: int, logs: Logs, first: int) -> None:
        """At this epoch's numbers, with the weights that would be kept in the model."""
        examples = self.monitored.measure(epoch, logs)
        if self.best is None and not self.recent and (why := self.monitored.instead(epoch, logs)):
            self._follow_logged()
            self.notes.append(why)
        early = epoch - first < self.start_from_epoch or epoch < shared(self.model).alone
        if early or logs.get(self.monitor) is None:
            self.guard.update(rate_after(self.model, epoch), best=False)
            return
        self._decide(epoch, self.monitored.values(logs, self.seconds), examples)

    def _follow_logged(self) -> None:
        """Stop by Keras's `val_loss`; a criterion of the user's own looks at what it looks at."""
        self.monitored.replace()
        self.criterion = self.rule.make(examples=False, monitor=self.monitor)
        if self.criterion.needs_examples:
            raise no_examples(self.rule)

    def _decide(self, epoch: int, values: dict[str, float], examples: np.ndarray | None) -> None:
        self.recent = [*self.recent, values[self.monitor]][-6:]
        decision = self.criterion.update(epoch + 1, values, examples)
        if self.restore_best and not self.monitored.replaced:
            self.snapshots.see(epoch, self.model, decision.improved)
        if decision.improved and self.export is not None and not self.monitored.replaced:
            files.save_model(self.model, self.export)
        if decision.warning and decision.warning not in self.notes:
            self.notes.append(decision.warning)
        held = self.guard.update(rate_after(self.model, epoch), decision.improved)
        held = held or self.guard.ending(values[self.monitor], self.best)
        guarded = held and not set(decision.reason.split("+")) & FINAL
        stop = chief_says(self.model, decision.stop and not guarded and epoch > 0)
        if stop:
            self._stop(epoch, decision)

    def _stop(self, epoch: int, decision: Decision) -> None:
        if self.would_stop_epoch is not None:
            return
        self.would_stop_epoch = epoch
        self.stop_reason = decision.reason or "chief"
        self.sentence = decision.sentence or "The chief worker decided to stop."
        if falls_again(self.recent, self.mode):
            self.notes.append(SECOND_VALLEY.format(self.monitor))
        stop: Event = {"epoch": epoch + 1, "kind": "stop", "text": self.summary()}
        shared(self.model).events.append(stop)
        if not self.dry_run:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    # --- the end ------------------------------------------------------------------------------

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._end()
        if not self.stop_reason:
            self.stop_reason = "interrupted" if shared(self.model).partial else "completed"
        restored = ""
        if self.restored:
            restored = self.restoration = self._restore()
            mean = [epoch + 1 for epoch in self.averaged_epochs]
            back: Event = {"epoch": self.best_epoch + 1, "kind": "restore", "text": restored}
            shared(self.model).events.append({**back, "mean": mean})
        if self.verbose:
            print(" ".join(part for part in (self.summary(), restored, *self.notes) if part))

    def summary(self) -> str:
        """One sentence: where it stopped, or would have, and why."""
        return summary(self)

    def _restore(self) -> str:
        """Put the best variables back; says what was restored."""
        restoration = Restoration(self.model, self.snapshots, self.monitored.score, self.best)
        text = restoration.run()
        self.averaged_epochs = restoration.epochs
        return f"{text} {AVERAGED}" if averages(self.model) else text


def _model_path(path: files.AnyPath | None) -> Path | None:
    """A path ending in `.keras`, or `None`."""
    if path is None:
        return None
    if Path(path).suffix != ".keras":
        raise check.invalid("export", "a path ending in .keras", str(path))
    return Path(path)
