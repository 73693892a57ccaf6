"""`experiment=size_path`: validation loss against model size, and where more parameters buy little.

The model, the data and the optimizer of the configuration; the penalty is a group lasso whose
strength is the path. Every point is compressed and refitted without penalty.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from kreg import check, files
from kreg.config.root import Config
from kreg.config.validate import validate
from kreg.surgery import size_path
from kreg.surgery.compression_path import STRENGTHS
from kreg.surgery.size_curve import SizePath
from kreg.training import plan, start, units

KNEE, FIGURE = "knee.keras", "size_path.svg"
MEASURES = ("parameters", "flops", "latency_ms")


def run(
    out_dir: str | Path,
    *,
    config: Config,
    strengths: Sequence[float] | None = None,
    epochs: int = 10,
    refit_epochs: int = 5,
    latency: bool = True,
) -> dict[str, Any]:
    """Follow the path, print its table, write `size_path.json`, `.svg` and the model at the knee.

    Args:
        out_dir: Where the files go.
        config: The checked configuration: data, model and optimizer come from here.
        strengths: Numbers > 0: the strengths of the group lasso. Defaults to `STRENGTHS` of
            `kreg.surgery.compression_path`.
        epochs: Whole number >= 1 of epochs at each strength.
        refit_epochs: Whole number >= 0 of epochs without penalty after each compression.
        latency: Whether to measure the time of predictions.

    Returns:
        `{"points": [...], "knee": index, "dense_parameters": n, "metrics": {...}, "objective": x,
        "units": {...}}`, the objective being the validation loss at the knee.
    """
    training = prepared(config, epochs)
    path = size_path(
        training.model,
        training.stream(),
        validation_data=training.held_out(),
        strengths=STRENGTHS if strengths is None else strengths,
        epochs=epochs,
        refit_epochs=refit_epochs,
        latency=check.flag("latency", latency),
        steps_per_epoch=training.steps,
        shuffle=False,
    )
    knee = path.points[path.knee]
    result: dict[str, Any] = path.as_dict() | {"metrics": knee.metrics, "objective": knee.loss}
    result["units"] = units.of(training.data)
    write(Path(out_dir), path, result, training.facts())
    print("\n".join(filter(None, (str(path), units.told(result["units"])))))
    print(f"the model at the knee, {knee.parameters:,} parameters: {Path(out_dir) / KNEE}")
    print(f"figure: {Path(out_dir) / FIGURE}")
    return result


def prepared(config: Config, epochs: int) -> plan.Plan:
    """Data, model and optimizer, without a penalty or a stopping rule of the configuration.

    The learning rate's schedule has the length of one strength, not of the whole training.
    """
    check.integer("epochs", epochs, low=1)
    start.prepare(config.trainer, config.seed)
    tree = config.to_dict()
    tree["reg"] = tree["stop"] = {"kind": "none"}  # the path has its own strengths and epochs
    tree["trainer"] |= {"epochs": epochs, "steps": None}
    return plan.make(validate(tree))


def write(out_dir: Path, path: SizePath, result: dict[str, Any], facts: dict[str, Any]) -> None:
    """The points as JSON, the curves as a figure, the model at the knee as a Keras file."""
    files.save_model(path.points[path.knee].model, out_dir / KNEE)
    with files.replacing(out_dir / FIGURE) as temporary:
        draw(path, facts).savefig(temporary)
    files.write_json(out_dir / "size_path.json", result)


def draw(path: SizePath, facts: dict[str, Any]) -> Figure:
    """Validation loss against each measure of size that was taken; the knee has a ring."""
    taken = [name for name in MEASURES if getattr(path.points[0], name) is not None]
    figure = Figure(figsize=(4.2 * len(taken), 3.8), layout="constrained")
    panels = figure.subplots(1, len(taken), sharey=True, squeeze=False)[0]
    for axes, against in zip(panels, taken, strict=True):
        path.plot(axes, against)
    figure.suptitle(f"{facts['model']} on {facts['data']}: {path.dense_parameters:,} parameters")
    return figure
