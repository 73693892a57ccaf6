"""One quick training for a search: no run directory, no report, the clean losses only."""

from typing import Any

import numpy as np

from kreg.callbacks import EarlyStopping, TrialStopping
from kreg.config.root import Config
from kreg.factories import stop
from kreg.measuring import clean_evaluator, take
from kreg.sweeps.median_stopping import Rule
from kreg.training import plan, result, start
from kreg.training.shared_steps import SharedSteps
from kreg.training.stacks import Stacks
from kreg.training.stopping import earliest, proving, stopping_rule


def train(
    config: Config, seed: int | None = None, steps: SharedSteps | None = None
) -> dict[str, float]:
    """Fit a configuration; returns its clean metrics on all three splits.

    Args:
        config: A checked configuration.
        seed: That of the weights and the noise, if not that of the split.
        steps: What this training shares with the others of the search, or `None`.

    Raises:
        FloatingPointError: If the validation loss is not finite.
    """
    metrics = result.metrics(fit(config, seed=seed, steps=steps)[0])
    finite(metrics["val_clean_loss"])
    return metrics


def attempt(
    config: Config,
    hopeless: Rule | None = None,
    steps: SharedSteps | None = None,
    stacks: Stacks | None = None,
) -> dict[str, Any]:
    """Fit a configuration for a search, which looks at the validation rows and at no others.

    Args:
        config: A checked configuration.
        hopeless: As for `fit`.
        steps: As for `fit`.
        stacks: Of the round in which the search asked for it, or `None`.

    Returns:
        `value`, `curve` and `pruned`. The value is the clean validation loss of the final model; of
        a training that was cut short it is the smallest so far, because an average of weights that
        has just begun says nothing about the setting.

    Raises:
        FloatingPointError: If the validation loss is not finite.
    """
    member = stacks.take(config, steps) if stacks is not None and steps is not None else None
    training, trial = fit(config, hopeless, steps=steps, member=member)
    if trial.ended:
        value = min(trial.curve)
    else:
        held_out = training.held_out()
        rows = take("validation", held_out, len(held_out[1]))
        value = finite(clean_evaluator(training.model)(rows).loss)
    return {"value": value, "curve": trial.curve, "pruned": trial.ended}


def finite(loss: float | None) -> float:
    if loss is None or not np.isfinite(loss):
        raise FloatingPointError("The validation loss is not finite.")
    return loss


def fit(
    config: Config,
    hopeless: Rule | None = None,
    seed: int | None = None,
    steps: SharedSteps | None = None,
    member: plan.Plan | None = None,
) -> tuple[plan.Plan, TrialStopping]:
    """Fit a configuration; returns its plan, with the trained model, and who kept its curve.

    Args:
        config: A checked configuration.
        hopeless: Asked after every epoch with the losses so far; `True` ends the training.
        seed: That of the weights and the noise, if not that of the split.
        steps: What this training shares with the others of the search, or `None`.
        member: The plan of a setting that is trained in a stack. Defaults to one of its own.
    """
    if member is None:
        start.prepare(config.trainer, config.seed if seed is None else seed, steps)
    training = member or plan.make(config, steps, whole_epochs=True)
    held_out = training.held_out()
    gap = proving(training, config)
    options = stopping_rule(config, training, gap)
    rule = stop.callback(options, validation=held_out, verbose=0)
    rule = rule or EarlyStopping(dry_run=True, restore_best=False, validation=held_out, verbose=0)
    trial = TrialStopping(hopeless, earliest(training.budget.epochs))
    training.model.fit(
        training.stream(),
        steps_per_epoch=training.steps,
        epochs=training.budget.epochs,
        callbacks=[rule, trial] if gap is None else [gap, rule, trial],
        shuffle=False,
        verbose=0,
    )
    return training, trial
