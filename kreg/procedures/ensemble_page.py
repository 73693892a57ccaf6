"""The page of an ensemble: what is in it, what it is worth beside its models, how to use it."""

import shlex
from typing import Any

from kreg.pages import html
from kreg.pages.views import Code, Column, Head, Row, Section, Sentence, Table, View
from kreg.training import units

Plain = dict[str, Any]
LOSS = "val_clean_loss"
MEASURED = {  # in this order, where a task has them
    LOSS: "validation loss",
    "test_clean_loss": "test loss",
    "test_clean_accuracy": "test accuracy",
    "test_clean_exact_match": "test exact match",
    "test_clean_rmse": "test rmse",
}
ALL = "the ensemble"
LEAD = (
    "The weights were chosen on the validation rows: the model that helps the mean most was added, "
    "again and again. The test rows have chosen nothing."
)


def render(found: Plain, folder: str) -> str:
    """The page as text.

    Args:
        found: What `kreg.procedures.table_ensemble.run` returns.
        folder: Its directory, for the commands.
    """
    inside = [name for name, share in found["weights"].items() if share]
    title = " + ".join(f"{found['weights'][name]:.2f} {name}" for name in inside)
    run = shlex.quote(folder)
    commands = [f"kreg predict {run} new.csv", f"kreg evaluate {run} labelled.csv"]
    commands.append(f"kreg export {run} --to onnx --out model.onnx")
    sections = [
        Section("models", "What is in it", [table(found)], LEAD),
        Section("use", "Use it", [Sentence(used(found, folder)), Code("\n".join(commands))]),
    ]
    return html.page(View(Head("table ensemble", title, "good", told(found)), sections))


def told(found: Plain) -> list[str]:
    """What it is worth, and in what units."""
    return [line for line in (headline(found), units.told(found["units"])) if line]


def headline(found: Plain) -> str:
    """One sentence: what the ensemble gains over the model that is best alone."""
    losses = {name: one["metrics"][LOSS] for name, one in found["models"].items()}
    best = min(losses, key=losses.__getitem__)
    mine = found["metrics"][LOSS]
    if found["weights"][best] == 1:
        return f"No mean was better than {best} alone: its validation loss is {mine:.4f}."
    alone = f"that of {best}, the best model alone, {losses[best]:.4f}"
    return f"Its validation loss is {mine:.4f}; {alone}."


def table(found: Plain) -> Table:
    """A row a model, and one of the ensemble."""
    keys = [key for key in MEASURED if key in found["metrics"]]
    columns = [Column("model"), Column("weight", "number"), Column("parameters", "number")]
    columns += [Column(MEASURED[key], "number") for key in keys]
    rows = [
        line(name, f"{found['weights'][name]:.2f}", one, keys)
        for name, one in found["models"].items()
    ]
    return Table([*columns], [*rows, line(ALL, "", found, keys)])


def line(name: str, weight: str, one: Plain, keys: list[str]) -> Row:
    numbers = [f"{one['metrics'][key]:.4f}" for key in keys]
    return Row([name, weight, f"{one['params']:,}", *numbers])


def used(found: Plain, folder: str) -> str:
    """Where the files are, and what is missing."""
    plain = found["plain_model"]
    told = (
        "`model.keras` is the mean of plain Keras"
        if plain is None
        else f"`model.keras` was {plain}"
    )
    return f"{told}; each model has its own report in `{folder}/models`."
