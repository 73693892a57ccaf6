"""`evaluation` in the report: what the kept model is worth on rows that chose nothing.

It is made once, after the training: one pass over the test rows, which the calibration of intervals
needs anyway, and the passes over validation rows that `PASSES` bounds, for the importance of
columns.
"""

import math
from typing import Any

import numpy as np

from kreg import weight_names
from kreg.data import own_cells
from kreg.pages import png
from kreg.prediction.answers import listed
from kreg.scoring import evaluation, importance, tasks
from kreg.training import features, units
from kreg.training.plan import Plan
from kreg.training.said import Answered, Said, asked

Plain = dict[str, Any]
OPERATIONS = 4e9  # of the forward passes that permuted columns cost: about a second of one core
PASSES = 100_000  # rows at most, however small the model is
CELLS = 12  # of a row that is shown
SIDE = 96  # pixels of a picture that is shown, at most
MEANING = {
    "loss": ("rise of the loss", "nats"),
    "error": ("fall of the accuracy", "share"),
    "unexplained": ("fall of R2", "share of the variance"),
    "rmse": ("rise of the rmse", units.OWN),
}


def of(said: Said, point: Plain | None) -> Plain:
    """The section, of the test rows; where there are none, of those of validation.

    Args:
        said: The model that is kept, on the rows of its training.
        point: The operating point of two classes, or `None`.
    """
    plan, data = said.plan, said.plan.data
    split = "test" if len(data.test) else "validation"
    part, names = said(split), names_of(plan)
    threshold = point["threshold"] if point else tasks.HALF
    found = evaluation.of(data.task, part.values, part.truth, names, threshold, units.OWN)
    found |= {"split": split, "total": len(data.splits[split]), "target": target_of(plan)}
    found["names"] = names
    found["importance"] = columns = important(said, threshold)
    shown = [one["name"] for one in columns["columns"]] if columns else []
    return found | hardest(plan, part, split, shown)


def names_of(plan: Plan) -> list[str]:
    """Of the classes, the labels or several targets, as the user wrote them, or by number."""
    data = plan.data
    return list(data.words or data.class_names or data.target_names)


def target_of(plan: Plan) -> list[str]:
    """What the user calls the target, where it has a name."""
    return list(plan.data.reading.get("target") or plan.data.target_names)


def hardest(plan: Plan, part: Answered, split: str, order: list[str]) -> Plain:
    """The rows that the model is furthest from, each with its cells or its picture."""
    data = plan.data
    scale = np.asarray(data.target_scale or [1.0] * data.outputs)
    found, losses = evaluation.hardest(data.task, part.values, part.truth, scale)
    places = data.places.get(split)
    rows = []
    for at, loss in zip(found, losses, strict=True):
        number = part.index[at] if places is None else places[part.index[at]]
        told: Plain = {"row": int(number) + 1, "loss": float(loss), **said_of(plan, part, at)}
        rows.append(evaluation.rounded(told | looks(plan, part, int(at), order)))
    return {"hardest": rows, "hardest_of": "data" if places is not None else split}


def said_of(plan: Plan, part: Answered, at: int) -> Plain:
    """Truth and prediction of a row in the user's words, and how likely the truth was called."""
    truth, value, data, names = part.truth[at], part.values[at], plan.data, names_of(plan)
    if data.task == "regression":
        return {"truth": numbers(truth), "told": numbers(value), "chance": None}
    if data.task == "multilabel":
        both = listed(np.stack([truth, value]) >= tasks.HALF, names, ", ")
        return {"truth": both[0] or "none", "told": both[1] or "none", "chance": None}
    told = int(value.argmax())
    return {
        "truth": names[int(truth)],
        "told": names[told],
        "chance": float(value[int(truth)]),
    }


def numbers(values: np.ndarray) -> float | str:
    """One number, or those of several targets as text."""
    if len(values) == 1:
        return float(values[0])
    return ", ".join(f"{value:.4g}" for value in values)


def looks(plan: Plan, part: Answered, at: int, order: list[str]) -> Plain:
    """The cells of a row, those that matter most first, or its picture and its file."""
    data, x = plan.data, part.rows.x
    if data.is_image:
        files = getattr(x, "names", None)
        return {"picture": thumbnail(np.asarray(x[at : at + 1])[0]), "file": files and files[at]}
    row = np.asarray(x[at : at + 1])[0]
    if row.ndim != 1:
        return {}
    cells = own_cells.cells(data.preprocessing, data.feature_names, row)
    first = [*(name for name in order if name in cells), *(n for n in cells if n not in order)]
    return {"cells": {name: cells[name] for name in first[:CELLS]}, "columns": len(cells)}


def thumbnail(picture: np.ndarray) -> str:
    """A picture as text that a page can hold, every n-th pixel of a large one."""
    step = math.ceil(max(picture.shape[:2]) / SIDE)
    small = picture[::step, ::step, : 3 if picture.shape[-1] >= 3 else 1]
    if small.dtype != np.uint8:
        low, high = float(small.min()), float(small.max())
        small = ((small - low) / ((high - low) or 1.0) * 255).round().astype(np.uint8)
    return png.data_uri(small)


def important(said: Said, threshold: float) -> Plain | None:
    """What each column of a table is worth to the model, on validation rows; else `None`."""
    plan, data = said.plan, said.plan.data
    if data.is_image or len(data.input_shape) != 1 or not data.feature_names:
        return None
    width = data.input_shape[0]
    groups = own_cells.groups(data.preprocessing, data.feature_names, width)
    used = used_first(plan, groups)
    passes = min(OPERATIONS / max(operations(plan), 1), PASSES)
    rows, columns = importance.affordable(int(passes), len(data.validation), len(used))
    if not columns or rows < 2:
        return None
    part = said("validation")
    places = evaluation.spread(len(part), rows)
    x, truth = np.asarray(part.rows.x[places]), part.truth[places]
    names, measure = importance.measures(data.task, truth, threshold)
    change, spread = importance.measured(
        lambda block: said.values(asked(said.model, block)),
        x,
        [groups[name] for name in used[:columns]],
        measure,
    )
    order = np.argsort(-change[:, 0], kind="stable")
    return evaluation.rounded({
        "split": "validation",
        "rows": len(x),
        "repeats": importance.REPEATS,
        "total": len(groups),
        "used": len(used),
        "measures": [dict(zip(("name", "unit"), MEANING[name], strict=True)) for name in names],
        "columns": [
            {"name": used[i], "change": change[i].tolist(), "spread": spread[i].tolist()}
            for i in order
        ],
    })  # fmt: skip


def used_first(plan: Plan, groups: dict[str, np.ndarray]) -> list[str]:
    """The columns that an output depends on, those with the largest first weights first."""
    from kreg.surgery import selected_features

    width = plan.data.input_shape[0]
    read = np.zeros(width, bool)
    read[np.asarray(selected_features(plan.model), int)] = True
    kernel = features.first_kernel(plan.model, width)
    sizes = np.ones(width) if kernel is None else np.linalg.norm(kernel, axis=1)
    used = [name for name, places in groups.items() if read[places].any()]
    return sorted(used, key=lambda name: -float(np.linalg.norm(sizes[groups[name]])))


def operations(plan: Plan) -> int:
    """Of a forward pass of one row: as counted, and never less than each parameter once."""
    from kreg.surgery.cost import flops

    least = 2 * weight_names.parameters(plan.model)
    try:
        return max(flops(plan.model), least)
    except ValueError:  # no graph of layers
        return least
