"""One quick training for a search: no run directory, no report, the clean losses only."""

import numpy as np

from kreg.build import outcome, plan, pruning, stop, trainer
from kreg.callbacks import EarlyStopping, Pruner


def train(config, hopeless=None, start: int | None = None) -> tuple[dict, list[float]]:
    """Fit a configuration; returns its clean metrics and its curve of clean validation losses.

    Raises:
        FloatingPointError: If the validation loss is not finite.
    """
    training, curve = fit(config, hopeless, start)
    metrics = outcome.metrics(training)
    if not np.isfinite(metrics["val_clean_loss"]):
        raise FloatingPointError("The validation loss is not finite.")
    return metrics, curve


def fit(config, hopeless=None, start: int | None = None) -> tuple[plan.Plan, list[float]]:
    """Fit a configuration; returns its plan, with the trained model, and its curve.

    Args:
        config: A checked configuration.
        hopeless: Asked after every epoch with the losses so far; `True` ends the training.
        start: The seed of the weights and the noise, if not that of the split.
    """
    trainer.prepare(config.trainer, config.seed if start is None else start)
    training = plan.make(config)
    held_out = training.held_out()
    rule = stop.callback(config.stop, validation=held_out, verbose=0)
    rule = rule or EarlyStopping(dry_run=True, validation=held_out, verbose=0)
    pruner = Pruner(hopeless, pruning.earliest(config.trainer.epochs))
    training.model.fit(
        training.stream(),
        steps_per_epoch=training.steps,
        epochs=config.trainer.epochs,
        callbacks=[rule, pruner],
        shuffle=False,
        verbose=0,
    )
    return training, pruner.curve
