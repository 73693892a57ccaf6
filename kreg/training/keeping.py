"""What a finished training leaves for new rows: its models, and how sure they are."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kreg import files
from kreg.config.root import Config
from kreg.prediction import conformal, operating_point, outputs
from kreg.training import temperature
from kreg.training.callbacks import TrainingCallbacks
from kreg.training.plan import Plan

if TYPE_CHECKING:
    import keras
    import numpy as np

    from kreg.data import Split
    from kreg.runs import RunDirectory

CALIBRATION = "calibration.json"
MOST = 10_000  # rows of a split that calibrate
AT_ONCE = 1024


def keep(
    plan: Plan,
    config: Config,
    callbacks: TrainingCallbacks,
    place: "RunDirectory",
    result: dict[str, Any],
) -> dict[str, Any] | None:
    """Write `best.keras`, `model.keras` and `calibration.json`, all of the best weights.

    Args:
        plan: The training.
        config: The checked configuration.
        callbacks: Of the training.
        place: Its directory.
        result: The fields of `result.json`: gets `calibration`, `operating_point`, and in
            `plain_model` why there is no `model.keras`, `None` where there is one.

    Returns:
        The section `calibrated` of the report, or `None`.
    """
    with callbacks.best_model() as trained:
        model, calibrated = temperature.applied(trained, plan, config, result)
        files.save_model(model, place.file("best.keras"))
        told = save_plain(model, place.file("model.keras"))
        known = calibration(plan, model, config.trainer.operating_point)
    place.write_json(CALIBRATION, known)
    result |= {"operating_point": known["operating_point"], "plain_model": told}
    return calibrated


def save_plain(model: "keras.Model", path: Path) -> str | None:
    """Write the model with nothing of kreg inside; a sentence where there is none."""
    from kreg.surgery import strip

    try:
        plain = strip(model)
    except ValueError as error:
        path.unlink(missing_ok=True)
        return f"not written. {error}"
    files.save_model(plain, path)
    return None


def calibration(plan: Plan, model: "keras.Model", choice: str | float) -> dict[str, Any]:
    """`calibration.json`: see `kreg.runs.schema.Calibration`.

    The scores are those of the test rows, which have neither trained the model nor chosen its
    epoch; the threshold is chosen on the validation rows.
    """
    test, data = plan.data.test, plan.data
    found: dict[str, Any] = {"conformal": None, "operating_point": None}
    if len(test) and data.task != "multilabel":
        found["conformal"] = {"split": "test", **strangeness(plan, model, some(test))}
    if data.task == "binary":
        part = some(data.validation)
        chances = outputs.probabilities(answers(model, part), data.task)[:, 1]
        point = operating_point.choose(chances, part.y, choice)
        chosen = choice if isinstance(choice, str) else f"recall at least {choice:g}"
        found["operating_point"] = {**point, "chosen": chosen, "positive": data.words[1]}
    return found


def strangeness(plan: Plan, model: "keras.Model", part: "Split") -> dict[str, Any]:
    """How far the truth of these rows is from what the model says: sorted, one list an output."""
    task, target = plan.data.task, plan.data.to_target()
    said = outputs.predicted(task, answers(model, part), target)
    truth = outputs.in_own_units(part.y, target) if task == "regression" else part.y
    each = conformal.scores(said, truth, task)
    return {"rows": len(part), "scores": [sorted(column) for column in each.T.tolist()]}


def some(split: "Split") -> "Split":
    """At most `MOST` rows, at even distances."""
    return split.spread(MOST) if len(split) > MOST else split


def answers(model: "keras.Model", part: "Split") -> "np.ndarray":
    """The outputs in inference, step by step: a function that is compiled would cost more."""
    import keras
    import numpy as np

    blocks = (part.x[i : i + AT_ONCE] for i in range(0, len(part), AT_ONCE))
    return np.concatenate(
        [keras.ops.convert_to_numpy(model(block, training=False)) for block in blocks]
    )
