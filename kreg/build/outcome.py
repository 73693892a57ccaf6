"""What a finished training is worth: the fields of `result.json`."""

import math
import platform

WORST = math.inf


def of(plan, crew) -> dict:
    """The result of a run whose model holds its final weights.

    Args:
        plan: The `kreg.build.plan.Plan`.
        crew: The `kreg.build.crew.Crew` after `fit`.
    """
    verdict, stopping = crew.diagnostics and crew.diagnostics.verdict, crew.stopping
    return {
        "status": "done",
        "verdict": verdict.state if verdict else None,
        "headline": verdict.headline if verdict else None,
        "tone": verdict.tone if verdict else None,
        "onset_epoch": verdict.onset if verdict else None,
        **ending(crew),
        "best_epoch": stopping.best_epoch + 1 if stopping.best is not None else None,
        "restored": stopping.restored,
        "epochs": len(plan.model.history.epoch),
        "metrics": metrics(plan, crew.diagnostics),
        "params": int(plan.model.count_params()),
        "sparsity": sparsity(plan.model),
        "layers": layer_sparsity(plan.model),
        "features": features(plan),
        "steps": plan.steps * len(plan.model.history.epoch),
        "warnings": list(plan.data.warnings),
        "versions": versions(),
    }


def ending(crew) -> dict:
    """Why training ended; a rule that only watched has not ended it."""
    stopping, pruner = crew.stopping, crew.pruner
    reason, sentence = stopping.stop_reason, stopping.sentence
    if pruner is not None and pruner.pruned:
        reason, sentence = "pruned", pruner.sentence
    elif stopping.dry_run and stopping.would_stop_epoch is not None:
        reason = "completed"
        epoch = stopping.would_stop_epoch + 1
        sentence = f"never: the rule that only watches would have stopped after epoch {epoch}"
    return {"stop_reason": reason, "stop_sentence": sentence}


def metrics(plan, watch=None) -> dict:
    """Clean losses and metrics of the final model on the three splits; `gap` and `penalty`.

    Args:
        plan: The `kreg.build.plan.Plan`.
        watch: The `kreg.Diagnostics` of the training, or `None`. Its rows stand for the training
            and the validation side, as in the curves: one name, one number.
    """
    from kreg.callbacks import weights_of

    sides = {name: getattr(watch, name, None) for name in ("train", "validation")}
    found = clean(plan.model, plan, sides, getattr(watch, "clean", None))
    if "val_clean_loss" in found:
        found["gap"] = found["val_clean_loss"] - found["clean_loss"]
    found["penalty"] = weights_of(plan.model)().penalty
    return found


def clean(model, plan, known=None, measure=None) -> dict:
    """`clean_loss`, `val_clean_accuracy`, `test_clean_rmse`, ... of a compiled model.

    Args:
        model: The model.
        plan: The `kreg.build.plan.Plan` with the rows.
        known: Split to the `Rows` to take for it; else all its rows.
        measure: A `kreg.callbacks.Clean` of the model that is compiled already, or `None`.
    """
    from kreg.callbacks import clean_of, take

    found, known, measure = {}, known or {}, measure or clean_of(model)
    for prefix, split in (("", "train"), ("val_", "validation"), ("test_", "test")):
        size = len(plan.data.splits[split])
        if size:
            measured = measure(known.get(split) or take(split, plan.rows(split), size))
            values = {"loss": measured.loss, **measured.metrics}
            found |= {f"{prefix}clean_{name}": float(value) for name, value in values.items()}
    return found


def fresh_metrics(plan) -> list:
    """The metrics of the task, for another model than the plan's."""
    from kreg.build import objective as goals

    return goals.metrics(plan.data.task, plan.soft_labels)


def sparsity(model) -> float:
    """Exact zeros over kernel weights, in [0, 1]."""
    from kreg.surgery import sparsity as count

    return count(model).fraction


def layer_sparsity(model) -> list[dict]:
    from kreg.surgery import sparsity as count

    return count(model).as_dict()["layers"]


def features(plan) -> dict | None:
    """For a table whose columns have names: which of them the model still reads."""
    names = plan.data.feature_names
    if plan.data.is_image or not names:
        return None
    from kreg.surgery import selected_features

    selected = selected_features(plan.model, names)
    return {"selected": list(selected), "dropped": [n for n in names if n not in set(selected)]}


def versions() -> dict:
    """What a later reader must know to repeat the run."""
    import keras
    import tensorflow as tf

    from kreg import __version__

    return {
        "kreg": __version__,
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "python": platform.python_version(),
    }


def objective(result: dict, name: str) -> float:
    """The number that a sweep compares; the worst one where it is missing or not finite.

    Raises:
        ValueError: If no run has a number of that name.
    """
    numbers = {**result["metrics"], **{k: result[k] for k in ("sparsity", "params", "seconds")}}
    if name not in numbers:
        from kreg import check

        raise check.invalid("objective", f"one of {', '.join(numbers)}", name)
    value = numbers[name]
    if isinstance(value, int | float) and math.isfinite(value):
        return float(value)
    return WORST
