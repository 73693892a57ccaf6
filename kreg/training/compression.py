"""`compress=true`: the model without what the penalty has zeroed, refitted and saved beside it."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kreg import files
from kreg.config.custom import Custom
from kreg.config.root import Config
from kreg.factories import optimizer
from kreg.training import result as results
from kreg.training import tasks
from kreg.training.plan import Plan

if TYPE_CHECKING:
    import keras

    from kreg.runs import RunDirectory


def compress(plan: Plan, config: Config, place: "RunDirectory") -> dict[str, Any] | None:
    """Compress, refit without penalties, measure, save `compressed.keras`.

    Args:
        plan: The training, whose trained model is not changed.
        config: The checked configuration.
        place: The run's `RunDirectory`.

    Returns:
        Sizes and clean metrics before and after, or `None` where it is switched off.
    """
    cfg = config.compress
    if not cfg.enabled:
        return None
    from kreg.surgery import compress_and_refit

    smaller, report, _ = compress_and_refit(
        plan.model,
        plan.stream(plan.budget.epochs),
        epochs=cfg.refit_epochs,
        optimizer=fresh_optimizer(plan, config, cfg.refit_epochs),
        data=plan.data.validation.x[:256] if len(plan.data.validation) else None,
        steps_per_epoch=plan.steps,
        shuffle=False,
    )
    # before it has an optimizer to be loaded
    files.save_model(smaller, place.file("compressed.keras"))
    data = plan.data
    told = tasks.metrics(data.task, plan.soft_labels, data.target_scale, data.target_names)
    smaller.compile(loss=plan.model.loss, metrics=told)
    smaller.evaluate(plan.stream(), steps=1, verbose=0)  # one batch builds the metrics
    found: dict[str, Any] = report.as_dict()
    return found | {"metrics": results.clean(smaller, plan)}


def fresh_optimizer(plan: Plan, config: Config, epochs: int) -> "keras.optimizers.Optimizer | None":
    """The configured optimizer for the refit, with a rate that falls to zero at the refit's end.

    Also where the training had a constant rate, which penalties need to finish: the last steps on
    the small network have to be calm.

    `None`, which stands for one like the model's, where it is the user's own.
    """
    if isinstance(config.optimizer, Custom):
        return None
    calm = replace(config.optimizer, schedule="cosine")
    return optimizer.optimizer(calm, plan.steps * max(epochs, 1), steps_per_epoch=plan.steps)


def section(result: dict[str, Any], refit_epochs: int) -> dict[str, Any] | None:
    """What the report shows of it: pairs of the trained model and the smaller one.

    Args:
        result: The fields of `result.json`.
        refit_epochs: How long the smaller model was refitted.
    """
    found = result["compressed"]
    if found is None:
        return None
    pair, metrics = (found["before"], found["after"]), found["metrics"]
    return {
        "parameters": [size["parameters"] for size in pair],
        "operations": [size["flops"] for size in pair],
        "latency_ms": [size["latency_ms"] for size in pair],
        "metrics": {name: [result["metrics"].get(name), metrics[name]] for name in metrics},
        "layers": found["layers"],
        "difference": found["difference"],
        "refit_epochs": refit_epochs,
        "notes": list(found["notes"]),
    }
