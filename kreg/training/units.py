"""In what units a run's numbers are: losses as trained, every other error in the target's own.

A regression is trained on its target divided by a deviation (`data.scale_target`). The metrics are
compiled with that number, see `kreg.models.metrics`, so whoever reads them - logs, history, result,
page, table - has the target's own units.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kreg.training import tasks
from kreg.training.tasks import ERRORS

if TYPE_CHECKING:
    import keras

    from kreg.data import Data
    from kreg.models.metrics import InTargetUnits
    from kreg.runs import Checkpoint
    from kreg.training.plan import Plan

FACT, OWN = "units", "the target's own"
EXACT = {"exact_match": "share of the rows whose labels are all right"}


def of(data: "Data") -> dict[str, str]:
    """Metric to its unit, as `result.json` and the page say it."""
    if data.task == "multilabel":
        return {"loss": "nats a label", "accuracy": "share of the labels", **EXACT}
    if data.task != "regression":
        return {"loss": "nats", "accuracy": "share of the rows"}
    several = [tasks.of_target(e, name) for name in data.target_names for e in ERRORS]
    names = several or list(ERRORS)
    return {"loss": of_loss(data.target_scale), **dict.fromkeys(names, OWN)}


def of_loss(scale: list[float]) -> str:
    """What a regression's losses are measured in.

    >>> of_loss([77.0934]), of_loss([])
    ('squared, of the target divided by 77.09', 'squared, of the target')
    """
    if not scale:
        return "squared, of the target"
    divisors = " and ".join(f"{divisor:.4g}" for divisor in scale)
    return f"squared, of the target{'s'[: len(scale) - 1]} divided by {divisors}"


def told(units: Mapping[str, str]) -> str:
    """A sentence on the units of a regression; nothing for classes, whose losses are in nats.

    Args:
        units: As `of` returns them.

    >>> told({"loss": "squared, of the target divided by 77.09", "rmse": OWN})
    "Losses are squared, of the target divided by 77.09; other errors have the target's own units."
    >>> told({"loss": "nats", "accuracy": "share of the rows"})
    ''
    """
    if OWN not in units.values():
        return ""
    return f"Losses are {units['loss']}; other errors have {OWN} units."


def rescale(model: "keras.Model", scale: list[float]) -> None:
    """Let the compiled errors of a model undo this scale: the step is not traced again."""
    for metric in errors(model) if scale else []:
        metric.rescale(scale)


def errors(model: "keras.Model") -> "list[InTargetUnits]":
    """The compiled metrics of a model that have a scale."""
    from kreg import private_keras
    from kreg.models.metrics import InTargetUnits

    found = private_keras.given_metrics(model)
    return [metric for metric in found if isinstance(metric, InTargetUnits)]


def kept(plan: "Plan", store: "Checkpoint") -> list[str]:
    """Go on in the units in which an earlier version has begun this run's history.

    Earlier versions wrote the errors of the scaled target. One column has one unit: the history
    goes on as it was, and the sentence that is returned says so; there is none for any other run.

    Args:
        plan: The training.
        store: The run's state, whose facts say in what units it was written.
    """
    scale, facts = plan.data.target_scale, (store.read() or {}).get("facts", {})
    if not store.epoch or not scale or FACT in facts:
        return []
    store.facts.pop(FACT, None)  # an interruption later, it is the same history still
    rescale(plan.model, [1.0] * len(scale))
    return [
        "An earlier version of kreg has begun this run: in history.csv and in the curves "
        f"{' and '.join(ERRORS)} stay those of the target divided by {scale[0]:.4g}. The numbers "
        "at the end are in the target's own units."
    ]
