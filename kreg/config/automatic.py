"""What `auto` stands for: how a training stops, how its learning rate goes, and on what it runs.

A linear model is trained to its proved optimum, at a constant rate: nobody knows beforehand when it
is there. Every other one stops by patience, and its rate falls to zero along a cosine.
"""

from dataclasses import asdict, replace
from typing import Any

from kreg.config import backends
from kreg.config.custom import Custom
from kreg.config.root import Config
from kreg.fields import CLASSIFICATION, REGRESSION, is_by_task
from kreg.training.stop_options import AutoStopOptions, GapOptions, PatienceOptions

CONVEX = ("l1", "l2", "elasticnet")
STRENGTHS = ("l1", "l2")


def chosen(config: Config) -> Config:
    """The configuration with what `auto` stands for; what is recorded of a run."""
    return with_backend(with_schedule(with_rule(config)))


def with_backend(config: Config) -> Config:
    """`trainer.backend=auto` by its name: a run that goes on must know on what it was trained."""
    if config.trainer.backend != "auto":
        return config
    return replace(config, trainer=replace(config.trainer, backend=backends.of_process()))


def for_task(config: Config, task: str) -> Config:
    """A learning rate that depends on the task by its number, once the rows have said the task.

    Args:
        config: The checked configuration.
        task: Of the data: `"regression"`, or one of classes or labels.
    """
    rate: Any = getattr(config.optimizer, "learning_rate", None)
    if isinstance(config.optimizer, Custom) or not is_by_task(rate):
        return config
    number = rate[REGRESSION if task == REGRESSION else CLASSIFICATION]
    return replace(config, optimizer=replace(config.optimizer, learning_rate=number))


def with_schedule(config: Config) -> Config:
    """`optimizer.schedule=auto` by its name."""
    if isinstance(config.optimizer, Custom) or config.optimizer.schedule != "auto":
        return config
    course = "constant" if isinstance(config.stop, GapOptions) else "cosine"
    return replace(config, optimizer=replace(config.optimizer, schedule=course))


def with_rule(config: Config) -> Config:
    """`stop=auto` by its name."""
    if not isinstance(config.stop, AutoStopOptions):
        return config
    untouched = config.stop == AutoStopOptions() and config.trainer.epochs == "auto"
    if untouched and config.trainer.steps is None and not obstacle(config):
        return replace(config, stop=GapOptions())
    return replace(config, stop=PatienceOptions(**asdict(config.stop) | {"kind": "patience"}))


def obstacle(config: Config) -> str:
    """Why no duality gap can be proved, as far as it is seen without the data; or nothing."""
    reg, optimizer = config.reg, config.optimizer
    strengths = [getattr(reg, name, 0.0) for name in STRENGTHS]
    if config.model.kind != "linear":
        return f"model={config.model.kind} is not convex; choose model=linear"
    if reg.kind not in CONVEX or not all(isinstance(s, int | float) for s in strengths):
        return f"reg={reg.kind} is not a constant penalty; choose one of {', '.join(CONVEX)}"
    for key in ("rules", "nonneg", "max_norm", "activity"):
        if getattr(reg, key, None):
            return f"reg.{key} is more than one penalty on all weights"
    if not sum(strengths):
        return "the penalty is zero"
    for group in ("dropout", "augment"):
        if getattr(config, group).kind != "none":
            return f"{group}={getattr(config, group).kind} changes the objective in every step"
    if config.trainer.class_weight != "none":
        return "trainer.class_weight weighs its rows"
    if config.trainer.label_smoothing:
        return "trainer.label_smoothing spreads its labels"
    if isinstance(optimizer, Custom) or optimizer.weight_decay:
        return "the optimizer adds a decay of its own"
    return "the data are the user's own" if isinstance(config.data, Custom) else ""
