"""`experiment=table_ensemble`: several models of a table, each trained as it is best, as one.

Every model is a run of its own below `models/`, with its report; a command that was killed goes on
there. How much each of them counts is chosen on the validation rows: see `kreg.procedures.greedy`.
What is left is one Keras model, the mean of the others, and `kreg predict`, `kreg evaluate` and
`kreg export` take the directory as they take that of a single training.
"""

import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console

from kreg import files, weight_names
from kreg.config.procedures import MEMBERS
from kreg.config.root import Config
from kreg.config.validate import validate
from kreg.foreign import content, json_text
from kreg.launch.compose import compose_job
from kreg.pages import terminal
from kreg.printable import say
from kreg.procedures import ensemble_page, greedy
from kreg.runs.schema import Result
from kreg.training import app, keeping, plan, result, start, tasks, units
from kreg.training.said import Said

if TYPE_CHECKING:
    import keras
    from numpy.typing import NDArray

PAGE, FOLDER = "table_ensemble.html", "models"
SHARED = ("seed", "data", "allow", "resume")  # what all models have from the command
OF_TRAINER = (
    "backend", "device", "precision", "jit_compile", "deterministic", "save_every", "verbose",
    "class_weight", "operating_point",
)  # fmt: skip
SURE = 1e-7  # the least probability of the truth that counts


def run(
    out_dir: str | Path, *, config: Config, models: list[str], steps: int = 50
) -> dict[str, Any]:
    """Train the models, choose their weights, and keep their mean as a run of its own.

    Args:
        out_dir: Where the files go.
        config: The checked configuration: data and seed come from here.
        models: Names of `kreg.config.procedures.MEMBERS`.
        steps: Whole number >= 1 of additions in the choice of the weights.

    Returns:
        Of the mean what `result.json` has of a training, `"weights"`, name of a model -> its share,
        and `"models"`, name -> what is compared of each.
    """
    out_dir, trained = Path(out_dir), {}
    for name in models:
        say(f"{name}: {MEMBERS[name]}", sys.stdout)
        app.run(configured(name, config), out_dir / FOLDER / name)
        trained[name] = read_result(out_dir / FOLDER / name)
    training = prepared(models[0], config)
    weights, mean = chosen(training, out_dir / FOLDER, models, steps)
    found = kept(training, mean, config, out_dir)
    found |= {"weights": weights, "models": trained}
    files.write(out_dir / PAGE, ensemble_page.render(found, str(out_dir)))
    show(found)
    print(f"page: {out_dir / PAGE}")
    return found


def configured(name: str, config: Config) -> Config:
    """The configuration of one model: its own recipe, on the command's data."""
    tree, given = compose_job([*MEMBERS[name].split(), "data=wine"]).to_dict(), config.to_dict()
    tree |= {key: given[key] for key in SHARED}
    tree["trainer"] |= {key: given["trainer"][key] for key in OF_TRAINER}
    return validate(tree | {"task": given["task"]})


def read_result(folder: Path) -> dict[str, Any]:
    """What is compared of a model: its metrics, parameters and seconds."""
    text = content.text(folder / "result.json", json_text.MOST, follow=False)
    known: dict[str, Any] = json_text.parse(text, Result, "result.json")
    return {key: known[key] for key in ("metrics", "params", "seconds")}


def prepared(name: str, config: Config) -> plan.Plan:
    """The rows, as all of the models have had them."""
    start.prepare(config.trainer, config.seed)
    return plan.make(configured(name, config))


def show(found: dict[str, Any]) -> None:
    """The models and their mean, a line each."""
    console = Console()
    console.print(" ".join(ensemble_page.told(found)))
    console.print(terminal.table(ensemble_page.table(found), console))


# --- the weights ----------------------------------------------------------------------------------


def chosen(
    training: plan.Plan, folder: Path, models: list[str], steps: int
) -> "tuple[dict[str, float], keras.Model]":
    """The share of each model in the mean, chosen on validation rows; and the mean."""
    from kreg.models import weighted_mean
    from kreg.surgery import load_model

    networks = {n: load_model(folder / n / "best.keras", compile=False) for n in models}
    said = {name: Said(training, network)("validation") for name, network in networks.items()}
    regression, first = training.data.task == "regression", said[models[0]]
    answers = {name: one.outputs if regression else one.values for name, one in said.items()}
    truth = first.rows.y if regression else first.truth
    loss = loss_of(training.data.task, truth, first.rows.weight)
    counts = greedy.counts({n: np.asarray(a, np.float64) for n, a in answers.items()}, loss, steps)
    weights = {name: count / sum(counts.values()) for name, count in counts.items()}
    used = {name: network for name, network in networks.items() if weights[name]}
    return weights, weighted_mean(used, {name: weights[name] for name in used}, training.data.task)


def loss_of(
    task: str, truth: "NDArray[Any]", weight: "NDArray[Any] | None" = None
) -> Callable[["NDArray[np.float64]"], float]:
    """The clean loss of predictions: log loss of probabilities, squared error of values.

    Args:
        task: Of the training.
        truth: `(rows,)` of class ids, or `(rows, outputs)` of labels or values.
        weight: `(rows,)`, or `None`.

    >>> loss_of("binary", np.array([1, 0]))(np.array([[0.5, 0.5], [0.5, 0.5]])).__round__(4)
    0.6931
    """

    def loss(told: "NDArray[np.float64]") -> float:
        if task == "regression":
            each = ((told - truth) ** 2).mean(axis=1)
        elif task == "multilabel":
            each = -np.log(np.clip(np.where(truth > 0.5, told, 1 - told), SURE, 1)).mean(axis=1)
        else:
            each = -np.log(np.clip(told[np.arange(len(told)), truth.astype(int)], SURE, 1))
        return float(np.average(each, weights=weight))

    return loss


# --- what is kept ---------------------------------------------------------------------------------


def kept(training: plan.Plan, mean: "keras.Model", config: Config, out_dir: Path) -> dict[str, Any]:
    """Write what `kreg.load_run` reads of a run; the fields of its `result.json`."""
    data = training.data
    mean.compile(
        loss=tasks.loss(data.task),
        metrics=tasks.metrics(data.task, False, data.target_scale, data.target_names),
    )
    training = dataclasses.replace(training, model=mean)
    files.save_model(mean, out_dir / "best.keras")
    told = keeping.save_plain(mean, out_dir / "model.keras")
    known = keeping.calibration(training, mean, config.trainer.operating_point)
    files.write_json(out_dir / "calibration.json", known)
    files.write_json(out_dir / "data.json", data.to_dict())
    metrics = result.metrics(training)
    return {
        "task": data.task,
        "units": units.of(data),
        "metrics": metrics,
        "objective": metrics["val_clean_loss"],
        "params": weight_names.parameters(mean),
        "operating_point": known["operating_point"],
        "plain_model": told,
        "warnings": list(data.warnings),
        "versions": result.versions(),
    }
