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
        "stop_reason": stopping.stop_reason,
        "stop_sentence": stopping.sentence,
        "best_epoch": stopping.best_epoch + 1 if stopping.best is not None else None,
        "epochs": len(plan.model.history.epoch),
        "metrics": metrics(plan),
        "params": int(plan.model.count_params()),
        "sparsity": sparsity(plan.model),
        "layers": layer_sparsity(plan.model),
        "features": features(plan),
        "steps": plan.steps * len(plan.model.history.epoch),
        "warnings": list(plan.data.warnings),
        "versions": versions(),
    }


def metrics(plan) -> dict:
    """Clean losses and metrics of the final model on the three splits; `gap` and `penalty`."""
    from kreg.callbacks.penalties import Weights

    found = clean(plan.model, plan)
    if "val_clean_loss" in found:
        found["gap"] = found["val_clean_loss"] - found["clean_loss"]
    found["penalty"] = Weights(plan.model)().penalty
    return found


def clean(model, plan) -> dict:
    """`clean_loss`, `val_clean_accuracy`, `test_clean_rmse`, ... of a compiled model."""
    from kreg.callbacks import Clean, take

    found, measure = {}, Clean(model)
    for prefix, split in (("", "train"), ("val_", "validation"), ("test_", "test")):
        if len(plan.data.splits[split]):
            measured = measure(take(split, plan.rows(split), len(plan.data.splits[split])))
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
