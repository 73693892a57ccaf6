"""`calibrate=true`: one temperature behind the kept model, fitted to the validation rows."""

from typing import TYPE_CHECKING, Any

from kreg.config.root import Config
from kreg.training import result as results
from kreg.training import tasks
from kreg.training.plan import Plan
from kreg.training.stopping import unrefinable

if TYPE_CHECKING:
    import keras

    from kreg.callbacks import Diagnostics

OF_FILES = (
    "calibrate=true is of the model that a run keeps in a file. Of this one, call kreg.calibrate."
)
SIDES = ("validation", "test")


def applied(
    model: "keras.Model",
    plan: Plan,
    config: Config,
    result: dict[str, Any],
    watch: "Diagnostics | None" = None,
) -> tuple["keras.Model", dict[str, Any] | None]:
    """The model that is kept, calibrated where that was asked for and can be done.

    Args:
        model: The best model that there was.
        plan: The training.
        config: The checked configuration.
        result: The fields of `result.json`: gets `calibration`, or a warning why there is none; and
            `calibrated_metrics`, what `metrics` has of the model as trained.
        watch: As for `kreg.training.result.metrics`.

    Returns:
        The model, and the section `calibrated` of the report: the temperature and both sides
        before and after; or `None`.
    """
    why = unrefinable(plan) if config.calibrate else ""
    found = None
    if config.calibrate and not why:
        model, found, why = calibrated(model, plan)
    result["calibration"] = numbers(found)
    result["calibrated_metrics"] = metrics(model, plan, watch) if found else None
    result["warnings"] += [f"calibrate=true changes nothing. {why}"] if why else []
    return model, found


def metrics(
    model: "keras.Model", plan: Plan, watch: "Diagnostics | None" = None
) -> dict[str, float]:
    """Clean losses and metrics of a calibrated model, on the rows of those of the model before."""
    import keras

    data = plan.data
    twin = keras.Model(model.inputs, model.outputs)  # what is saved stays without a training
    twin.compile(
        loss=tasks.loss(data.task, plan.soft_labels),
        metrics=tasks.metrics(data.task, plan.soft_labels),
    )
    return results.clean(twin, plan, results.sides(watch))


def calibrated(
    model: "keras.Model", plan: Plan
) -> tuple["keras.Model", dict[str, Any] | None, str]:
    """Fit, and measure the same rows before and after; the model has no optimizer.

    Returns:
        The model, the section of the report, and a sentence why there is none.
    """
    from kreg import calibrating

    splits = [name for name in SIDES if len(plan.data.splits.get(name, ()))]
    sides = {name: calibrating.scored(model, *plan.sample(name)) for name in splits}
    if why := calibrating.unsure(*sides["validation"]):
        return model, None, why
    scaling = calibrating.fitted("temperature", *sides["validation"])
    made = calibrating.with_scaling(model, scaling, sides["validation"][0])
    rows = len(plan.sample("validation")[1])
    found: dict[str, Any] = {"temperature": scaling.temperature, "rows": rows}
    for name, side in sides.items():
        pair = (calibrating.facts(s, *side) for s in (calibrating.Scaling.none(), scaling))
        found[name] = {
            when: {"loss": loss, **(reliability or {})}
            for when, (loss, reliability, _) in zip(("before", "after"), pair, strict=True)
        }
    return made, found, ""


def numbers(found: dict[str, Any] | None) -> dict[str, Any] | None:
    """What `result.json` has of it: pairs of before and after, without the bins."""
    if found is None:
        return None
    kept: dict[str, Any] = {"temperature": found["temperature"], "rows": found["rows"]}
    for name in (side for side in SIDES if side in found):
        pair = found[name]["before"], found[name]["after"]
        kept[name] = {
            key: [one[key] for one in pair] for key in ("loss", "ece", "accuracy") if key in pair[0]
        }
    return kept
