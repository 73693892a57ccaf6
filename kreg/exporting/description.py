"""The JSON beside an exported model: what its inputs and outputs are, in plain words."""

from typing import Any, TypedDict

from kreg import __version__
from kreg.exporting.graph import Layout
from kreg.prediction.answers import own_threshold
from kreg.prediction.kept import Kept


class Input(TypedDict, total=False):
    """One input of the model.

    Args:
        name: By which the runtime asks for it.
        shape: Of one row.
        dtype: Of its values.
        columns: The table's columns that it holds, in order; where each column is an input of its
            own, that one. Of `encoded` rows: what each column means.
        notations: Column -> how its numbers stood in the training table (`"1.234,5"`, the format
            of a date, `"ISO8601"`): the model reads numbers, of dates the days since 1970 UTC.
        times: Of these dates it reads the whole days, and behind all columns, in this order, the
            share of the day that has passed, from 0 to 1: a float32 has no room for both.
        levels: The words that it knows, each written exactly so (a whole number has no leading
            zero, a truth is `True` or `False`); others count as unseen.
        missing: What stands for a cell without a value.
    """

    name: str
    shape: list[int]
    dtype: str
    columns: list[str]
    notations: dict[str, str]
    times: list[str]
    levels: list[str]
    missing: str


class Output(TypedDict):
    """What the model returns.

    Args:
        meaning: `"probabilities"`, or `"target"`, in its own units.
        columns: The classes, labels or targets, in order.
    """

    meaning: str
    columns: list[str]


class Description(TypedDict, total=False):
    """The whole file.

    Args:
        kreg: The version that wrote it.
        format: Of the model beside it.
        task: `"classification"`, `"binary"`, `"multilabel"` or `"regression"`.
        inputs: In the order of the model.
        output: Of the model, `(rows, columns)`.
        threshold: Of a binary task: the probability of the second class from which on the run
            says that class.
        preprocessing: What must be done before the model, where its format reads no strings;
            `null`: nothing. See `FittedColumns` in `kreg/runs/schema.py`.
    """

    kreg: str
    format: str
    task: str
    inputs: list[Input]
    output: Output
    threshold: float
    preprocessing: Any


def of(layout: Layout, to: str) -> Description:
    """The description of an exported model."""
    kept = layout.kept
    meaning = "target" if kept.task == "regression" else "probabilities"
    found: Description = {
        "kreg": __version__,
        "format": to,
        "task": kept.task,
        "inputs": inputs(layout),
        "output": {"meaning": meaning, "columns": kept.words or kept.target or ["prediction"]},
        "preprocessing": kept.data["preprocessing"] if layout.outside else None,
    }
    if kept.task == "binary":
        found["threshold"] = own_threshold(kept)
    return found


def inputs(layout: Layout) -> list[Input]:
    """Each input of the model."""
    found = [
        Input(name=name, shape=list(shape), dtype=dtype)
        for name, (shape, dtype) in layout.inputs().items()
    ]
    kept = layout.kept
    if layout.named:
        known = [*kept.numeric, *kept.categorical]
        for one, column in zip(found, known, strict=True):
            one.update(_column(column))
    elif layout.outside:
        found[0]["columns"] = _encoded(kept)
    elif kept.features:
        found[0].update(_numbers(kept))
        if layout.times:
            found[0]["times"] = [kept.numeric[place]["name"] for place in layout.times]
    return found


def _column(column: dict[str, Any]) -> Input:
    if "levels" in column:
        return Input(columns=[column["name"]], levels=column["levels"], missing="")
    return Input(columns=[column["name"]], missing="NaN", notations=_notations([column]))


def _numbers(kept: Kept) -> Input:
    if not kept.numeric:  # an array: it has no gaps
        return Input(columns=kept.features)
    return Input(columns=kept.features, missing="NaN", notations=_notations(kept.numeric))


def _notations(columns: list[dict[str, Any]]) -> dict[str, str]:
    return {column["name"]: column["notation"] for column in columns if "notation" in column}


def _encoded(kept: Kept) -> list[str]:
    from kreg.data import preprocessing

    return list(preprocessing.from_dict(kept.data["preprocessing"]).names)
