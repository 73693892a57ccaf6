"""What a finished training is worth: the fields of `result.json`."""

import math
import platform
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kreg import check, weight_names
from kreg.config.root import AUTO
from kreg.diagnostics.layer_table import ranked, ranks_told
from kreg.diagnostics.statistics import paired_se
from kreg.training import backends, class_weights, features, units
from kreg.training.callbacks import TrainingCallbacks
from kreg.training.plan import Plan

if TYPE_CHECKING:
    import keras

    from kreg.callbacks import Diagnostics, EarlyStopping
    from kreg.measuring import CleanEvaluator, Rows
    from kreg.measuring.measurement import Measurement

WORST = math.inf
PREFIXES = {"train": "", "validation": "val_", "fold": "fold_", "test": "test_"}
FAR, WORSE = 4.0, 0.2  # standard errors, and share of the validation loss, above which test differs
LOSS, ERROR = "val_clean_loss", "val_clean_rmse"


def of(plan: Plan, callbacks: TrainingCallbacks) -> dict[str, Any]:
    """The result of a run whose model holds its final weights.

    Args:
        plan: The training.
        callbacks: Its callbacks after `fit`.
    """
    import keras

    from kreg.surgery import sparsity

    zeros = sparsity(plan.model)
    verdict, stopping = callbacks.diagnostics and callbacks.diagnostics.verdict, callbacks.stopping
    return {
        "status": "done",
        "task": plan.data.task,
        "units": units.of(plan.data),
        "targets": list(plan.data.target_names),
        "class_weight": class_weights.by_name(plan.class_weight, plan.data),
        "verdict": verdict.state if verdict else None,
        "headline": verdict.headline if verdict else None,
        "tone": verdict.tone if verdict else None,
        "onset_epoch": verdict.onset if verdict else None,
        **ending(callbacks),
        "best_epoch": stopping.best_epoch + 1 if kept(stopping) else None,
        "restored": stopping.restored,
        "averaged_epochs": [epoch + 1 for epoch in stopping.averaged_epochs],
        "epochs": len(plan.model.history.epoch),
        "metrics": metrics(plan, callbacks.diagnostics),
        **proved(callbacks),
        "params": weight_names.parameters(plan.model),
        "sparsity": zeros.fraction,
        "layers": zeros.as_dict()["layers"],
        "ranks": ranks(plan.model),
        "features": features.of(plan.model, plan.data),
        "stacked": plan.stacked,
        "steps": plan.steps * len(plan.model.history.epoch),
        "warnings": list(plan.data.warnings),
        "backend": keras.config.backend(),
        "versions": versions(),
    }


def ranks(model: "keras.Model") -> dict[str, Any] | None:
    """What a penalty of singular values has left of the layers that have one."""
    from kreg.measuring.layer_numbers import leaves, rank_left

    found = ranked({"name": layer.name, **rank_left(layer)} for layer in leaves(model))
    return {"layers": found, "told": ": ".join(ranks_told(found))} if found else None


def kept(stopping: "EarlyStopping") -> bool:
    """Whether the weights of the best epoch are put back, or at least saved."""
    return stopping.best is not None and (stopping.restored or stopping.dry_run)


def proved(callbacks: TrainingCallbacks) -> dict[str, float]:
    """For a convex problem: what is left to gain at most, and its share of what guessing costs."""
    found = callbacks.gap.measure() if callbacks.gap is not None else None
    return {} if found is None else {"duality_gap": found[0], "duality_gap_share": found[1]}


def ending(callbacks: TrainingCallbacks) -> dict[str, str | None]:
    """Why training ended; a rule that only watched has not ended it."""
    stopping, trial = callbacks.stopping, callbacks.trial
    reason, sentence = stopping.stop_reason, stopping.sentence
    if trial is not None and trial.ended:
        reason, sentence = "pruned", trial.sentence
    elif stopping.dry_run and stopping.would_stop_epoch is not None:
        reason = "completed"
        epoch = stopping.would_stop_epoch + 1
        sentence = f"never: the rule that only watches would have stopped after epoch {epoch}"
    if stopping.snapshots.count > 1:
        sentence = f"{sentence} {stopping.restoration}".strip()
    return {"stop_reason": reason, "stop_sentence": sentence}


def metrics(plan: Plan, watch: "Diagnostics | None" = None) -> dict[str, float]:
    """Clean losses and metrics of the final model on all splits; `gap` and `penalty`.

    Args:
        plan: The training.
        watch: The `kreg.Diagnostics` of the training, or `None`. Its rows stand for the training
            and the validation side, as in the curves: one name, one number.
    """
    from kreg.measuring import weight_evaluator

    splits = measured(plan.model, plan, sides(watch), getattr(watch, "clean", None))
    found = values(splits)
    if told := far_test(splits):
        plan.data.warnings.append(told)
        if watch is not None and watch.verdict is not None:
            watch.verdict.caveats.append(told)
    if "val_clean_loss" in found:
        found["gap"] = found["val_clean_loss"] - found["clean_loss"]
    found["penalty"] = weight_evaluator(plan.model)().penalty + splits["train"].other
    return found


def sides(watch: "Diagnostics | None") -> "dict[str, Rows | None]":
    """The rows that the curves are of: one name, one number."""
    return {name: getattr(watch, name, None) for name in ("train", "validation")}


def clean(
    model: "keras.Model",
    plan: Plan,
    known: "Mapping[str, Rows | None] | None" = None,
    measure: "CleanEvaluator | None" = None,
) -> dict[str, float]:
    """`clean_loss`, `val_clean_accuracy`, `test_clean_rmse`, ... of a compiled model.

    Args:
        model: The model.
        plan: The training with the rows.
        known: Split to the `Rows` to take for it; else all its rows.
        measure: A `kreg.measuring.CleanEvaluator` of the model that is compiled already, or `None`.
    """
    return values(measured(model, plan, known, measure))


def measured(
    model: "keras.Model",
    plan: Plan,
    known: "Mapping[str, Rows | None] | None" = None,
    measure: "CleanEvaluator | None" = None,
) -> "dict[str, Measurement]":
    """`train`, `validation` and `test`, those that have rows; arguments as for `clean`."""
    from kreg.measuring import clean_evaluator, take

    known, measure = known or {}, measure or clean_evaluator(model)
    return {
        split: measure(known.get(split) or take(split, plan.sample(split), len(rows)))
        for split, rows in plan.data.splits.items()
        if len(rows)
    }


def values(splits: "Mapping[str, Measurement]") -> dict[str, float]:
    """Losses and metrics by the names that history and result have for them."""
    return {
        f"{PREFIXES[split]}clean_{name}": float(value)
        for split, found in splits.items()
        for name, value in {"loss": found.loss, **found.metrics}.items()
        if value is not None
    }


def far_test(splits: "Mapping[str, Measurement]") -> str:
    """A sentence where the test loss is far above that of validation, by more than chance."""
    validation, test = splits.get("validation"), splits.get("test")
    if validation is None or test is None or validation.loss is None or test.loss is None:
        return ""
    if validation.examples is None or test.examples is None:
        return ""
    gap = test.loss - validation.loss
    error = math.hypot(paired_se(validation.examples), paired_se(test.examples))
    if not gap > max(FAR * error, WORSE * abs(validation.loss)):
        return ""
    return (
        f"The test loss is {test.loss:.4g}, the validation loss {validation.loss:.4g}: the test "
        "rows are from another distribution, so validation tells little about them."
    )


def versions() -> dict[str, str]:
    """What a later reader must know to repeat the run."""
    import keras
    import tensorflow as tf

    from kreg import __version__

    return {
        "kreg": __version__,
        "keras": keras.__version__,
        **backends.version(keras.config.backend()),
        "tensorflow": tf.__version__,
        "python": platform.python_version(),
    }


def compared(result: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What a sweep compares of a run: `objective` and `objective_name`."""
    return {
        "objective_name": objective_name(result, name),
        "objective": objective(result, name),
    }


def objective_name(result: Mapping[str, Any], name: str) -> str:
    """`auto` by its name: the validation loss; of a regression the error in the target's units.

    Under folds it is that of the held-out fold, whose rows have stopped no training. Several
    targets have no unit in common, so there it is the loss. Runs with other rows, folds or sizes
    say, have other scales: their losses cannot be compared.
    """
    if name != AUTO:
        return name
    side = "fold" if "fold_clean_loss" in result.get("metrics", {}) else "val"
    error = f"{side}_clean_rmse"
    regression = result.get("task") == "regression" and error in result.get("metrics", {})
    return error if regression else f"{side}_clean_loss"


def objective(result: Mapping[str, Any], name: str) -> float:
    """The number that a sweep compares; the worst one where it is missing or not finite.

    Args:
        result: The fields of `result.json`.
        name: The `objective` of the configuration.

    Raises:
        ValueError: If no run has a number of that name.
    """
    name = objective_name(result, name)
    others = {k: result[k] for k in ("sparsity", "params", "seconds") if k in result}
    numbers = {**result.get("metrics", {}), **others}
    if name not in numbers:
        raise check.invalid("objective", f"one of {', '.join(numbers)}", name)
    value = numbers[name]
    if isinstance(value, int | float) and math.isfinite(value):
        return float(value)
    return WORST
