"""What a finished training leaves for new rows: its models, and how sure they are."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kreg import files
from kreg.config.root import Config
from kreg.prediction import conformal, operating_point
from kreg.training import evaluation, low_rank, temperature
from kreg.training.callbacks import TrainingCallbacks
from kreg.training.plan import Plan
from kreg.training.said import Answered, Said

if TYPE_CHECKING:
    import keras
    import numpy as np

    from kreg.runs import RunDirectory

CALIBRATION = "calibration.json"
MOST = 10_000  # rows of a split that calibrate


def keep(
    plan: Plan,
    config: Config,
    callbacks: TrainingCallbacks,
    place: "RunDirectory",
    result: dict[str, Any],
) -> dict[str, dict[str, Any] | None]:
    """Write `best.keras`, `model.keras` and `calibration.json`, all of the best weights.

    Low-rank changes are merged into the kernels.

    Args:
        plan: The training.
        config: The checked configuration.
        callbacks: Of the training.
        place: Its directory.
        result: The fields of `result.json`: gets `calibration`, `calibrated_metrics`,
            `operating_point`, `low_rank`, and in `plain_model` why there is no `model.keras`,
            `None` where there is one.

    Returns:
        The sections `calibrated`, `evaluation` and `low_rank` of the report, or `None` for each.
    """
    from kreg.surgery import save_model
    from kreg.surgery.low_rank import merged

    with callbacks.best_model() as trained:
        calibrated_model, calibrated = temperature.applied(
            trained, plan, config, result, callbacks.diagnostics
        )
        model, ranks = merged(calibrated_model), low_rank.chosen(trained)
        save_model(model, place.file("best.keras"))
        told = save_plain(model, place.file("model.keras"))
        said = Said(plan, model)
        known = calibration(plan, model, config.trainer.operating_point, said)
        point = known["operating_point"]
        reported = callbacks.diagnostics is not None
        evaluated = evaluation_of(said, point, result) if reported else None
    place.write_json(CALIBRATION, known)
    result |= {"operating_point": point, "plain_model": told, "low_rank": ranks}
    return {"calibrated": calibrated, "evaluation": evaluated, "low_rank": ranks}


def evaluation_of(
    said: Said, point: dict[str, Any] | None, result: dict[str, Any]
) -> dict[str, Any] | None:
    """The section `evaluation`; one that fails costs that section, and a sentence says so."""
    try:
        return evaluation.of(said, point)
    except Exception as error:  # whatever it is, the training is done
        told = f"The scores row by row are missing: {type(error).__name__}: {error}"
        result["warnings"].append(told)
        logging.getLogger("kreg").debug(told, exc_info=True)
        return None


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


def calibration(
    plan: Plan, model: "keras.Model", choice: str | float, said: Said | None = None
) -> dict[str, Any]:
    """`calibration.json`: see `kreg.runs.schema.Calibration`.

    The scores are those of the test rows, which have neither trained the model nor chosen its
    epoch; the threshold is chosen on the validation rows.
    """
    data, said = plan.data, said or Said(plan, model)
    found: dict[str, Any] = {"conformal": None, "operating_point": None}
    if len(data.test) and data.task != "multilabel":
        found["conformal"] = {"split": "test", **strangeness(said("test"), data.task)}
    if data.task == "binary":
        part, rows = said("validation"), some(said("validation"))
        point = operating_point.choose(part.values[rows, 1], part.truth[rows], choice)
        chosen = choice if isinstance(choice, str) else f"recall at least {choice:g}"
        found["operating_point"] = {**point, "chosen": chosen, "positive": data.words[1]}
    return found


def strangeness(part: Answered, task: str) -> dict[str, Any]:
    """How far the truth of these rows is from what the model says: sorted, one list an output."""
    rows = some(part)
    each = conformal.scores(part.values[rows], part.truth[rows], task)
    return {"rows": len(rows), "scores": [sorted(column) for column in each.T.tolist()]}


def some(part: Answered) -> "np.ndarray":
    """The places of at most `MOST` rows, at even distances."""
    import numpy as np

    count = min(len(part), MOST)
    return np.arange(count) * len(part) // max(count, 1)
