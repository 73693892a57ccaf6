"""`stop=auto`: a linear model is trained to its proved optimum, every other one with patience."""

from dataclasses import asdict, replace

from kreg.config.custom import Custom
from kreg.config.root import Config
from kreg.training.options import AutoStopOptions, ChosenGapOptions, PatienceOptions

CONVEX = ("l1", "l2", "elasticnet")
STRENGTHS = ("l1", "l2")


def chosen(config: Config) -> Config:
    """The configuration with the rule that `stop=auto` stands for; what is recorded of a run."""
    if not isinstance(config.stop, AutoStopOptions):
        return config
    untouched = config.stop == AutoStopOptions() and config.trainer.epochs == "auto"
    if untouched and config.trainer.steps is None and not obstacle(config):
        return replace(config, stop=ChosenGapOptions())
    return replace(config, stop=PatienceOptions(**asdict(config.stop) | {"kind": "patience"}))


def obstacle(config: Config) -> str:
    """Why no duality gap can be proved, as far as it is seen without the data; or nothing."""
    reg, optimizer = config.reg, config.optimizer
    strengths = [getattr(reg, name, 0.0) for name in STRENGTHS]
    if config.model.kind != "linear":
        return f"model={config.model.kind} is not convex; choose model=linear"
    if reg.kind not in CONVEX or not all(isinstance(s, int | float) for s in strengths):
        return f"reg={reg.kind} is not a constant penalty; choose one of {', '.join(CONVEX)}"
    if not sum(strengths):
        return "the penalty is zero"
    for group in ("dropout", "augment"):
        if getattr(config, group).kind != "none":
            return f"{group}={getattr(config, group).kind} changes the objective in every step"
    if isinstance(optimizer, Custom) or optimizer.weight_decay:
        return "the optimizer adds a decay of its own"
    return "the data are the user's own" if isinstance(config.data, Custom) else ""
