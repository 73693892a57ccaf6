"""The page of a path: the answer, the error and the weights against the strength, the columns."""

from collections.abc import Iterator, Sequence
from typing import Any

from kreg.pages.formatting import NOTHING, number
from kreg.pages.views import (
    Column,
    Figure,
    Fold,
    Head,
    Piece,
    Row,
    Section,
    Sentence,
    Stat,
    Table,
    View,
)
from kreg.procedures.lasso_path import figures
from kreg.procedures.lasso_path.outcome import Outcome, Plain

SHOWN = 30  # columns that the table shows before it is folded
WORDS = {"rmse": "rmse", "log_loss": "log loss", "mae": "mae", "accuracy": "accuracy"}
LINES = (
    "For one deviation of each column, so that the lines can be compared; those of the chosen "
    "strength in colour, the largest ones named."
)


def view(outcome: Outcome, found: Plain, name: str, target: str) -> View:
    """What the page says.

    Args:
        outcome: The path.
        found: Its `as_dict()`.
        name: Of the data.
        target: Of the column that is predicted.
    """
    sections = [
        columns(found, target),
        Section(
            "error",
            "Cross-validated error",
            [Figure(figures.errors(found, WORDS[metric(found)]))],
            leads(found),
        ),
        Section(
            "weights", "Weights against the strength", [Figure(figures.weights(outcome))], LINES
        ),
        Section("path", "The path", [Fold("Every strength", [strengths(found)])]),
    ]
    return View(head(found, name, target), sections)


def head(found: Plain, name: str, target: str) -> Head:
    chosen = found["chosen"]
    title = f"{chosen['features']:,} of {found['columns']:,} columns for {target}"
    return Head(
        name=name,
        title=title,
        tone="good" if chosen["features"] and not found["warnings"] else "watch",
        sentences=list(sentences(found)),
        action=f"`model=linear reg=l1 reg.l1={chosen['l1']:.4g}` trains the chosen one.",
        stats=list(stats(found)),
        caveats=found["warnings"],
    )


def sentences(found: Plain) -> Iterator[str]:
    """The two strengths, and which one is shown."""
    least, few = found["strengths"]["min"], found["strengths"]["1se"]
    error = WORDS[metric(found)]
    yield (
        f"Over {found['folds']} folds of {found['rows']['cross_validated']:,} rows the {error} is "
        f"smallest at reg.l1={least['l1']:.4g}: {with_error(least)} with {least['features']:,} "
        f"columns; guessing has {number(found['guessing'])}."
    )
    yield (
        f"At reg.l1={few['l1']:.4g}, the strongest within one standard error, it is "
        f"{with_error(few)} with {few['features']:,} columns."
    )
    other = "1se" if found["choose"] == "min" else "min"
    yield f"Shown is `{found['choose']}`; `arguments.choose={other}` takes the other one."


def metric(found: Plain) -> str:
    return str(found["objective_name"]).removeprefix("cv_")


def with_error(point: Plain) -> str:
    return f"{number(point['cv_error'])} (+- {number(point['standard_error'], 2)})"


def stats(found: Plain) -> Iterator[Stat]:
    """The scores with their standard errors."""
    yield Stat("Chosen strength", f"{found['chosen']['l1']:.4g}", theirs(found["chosen"]))
    for name, value in found["metrics"].items():
        side, _, what = name.partition("_")
        error = found["standard_errors"].get(name)
        told = "cross-validated" if side == "cv" else "test"
        unit = found["units"].get(what, "") if what != "mae" else found["units"].get("rmse", "")
        note = " · ".join(filter(None, (error and f"+- {number(error, 2)}", unit)))
        yield Stat(f"{WORDS[what]}, {told}", number(value), note)
    yield Stat("Test rows", f"{found['rows']['test']:,}", "they have chosen nothing")


def theirs(point: Plain) -> str:
    """The strength in scikit-learn's words."""
    return "".join(f"scikit-learn's {k} {v:.4g}" for k, v in point["scikit_learn"].items())


def columns(found: Plain, target: str) -> Section:
    """The selected columns, the largest weight first."""
    rows = found["selected"]
    if not rows:
        return Section("columns", "No column is selected", [], brief=True)
    body: list[Piece] = [
        Sentence(meaning(found, target), muted=True),
        selected(found, rows[:SHOWN]),
    ]
    if rows[SHOWN:]:
        body.append(Sentence(f"And {len(rows) - SHOWN:,} more; result.json has them all."))
        body.append(Fold("The other columns", [selected(found, rows[SHOWN:])]))
    return Section("columns", "Selected columns", body, brief=True)


def meaning(found: Plain, target: str) -> str:
    """What one unit of a weight is."""
    classes = found["classes"]
    if not classes:
        effect = f"the change of {target}"
    elif len(classes) == 2:
        effect = f"the change of the log odds of `{classes[1]}`"
    else:
        effect = "the change of each class's logit"
    return (
        f"A weight is {effect} for one unit of the column, in the column's own unit. `order` is "
        "that of entering when the strength falls; `folds` in how many folds the column is chosen."
    )


def selected(found: Plain, rows: Sequence[Plain]) -> Table:
    heads = (
        Column("column", "phrase"), Column("weight", "number"),
        Column("for a deviation", "number", spare=2), Column("order", "number", spare=1),
        Column("enters at", "number", spare=3), Column("folds", "number"),
    )  # fmt: skip
    return Table(heads, [
        Row([row["name"], weight(row["weight"]), weight(row["per_deviation"]), str(row["order"]),
             f"{row['entered_at']:.3g}", f"{row['folds']} of {found['folds']}"])
        for row in rows
    ])  # fmt: skip


def weight(value: Any) -> str:
    """A number, or those of the classes that have one.

    >>> weight({"a": 0.5, "b": 0.0})
    'a +0.5'
    """
    if not isinstance(value, dict):
        return number(value, sign=True)
    return ", ".join(f"{k} {number(v, 3, sign=True)}" for k, v in value.items() if v) or NOTHING


def leads(found: Plain) -> str:
    return (
        f"Mean of the {found['folds']} folds with one standard error; the lines are the strengths "
        "that `min` and `1se` choose."
    )


def strengths(found: Plain) -> Table:
    """Error and size at every strength."""
    heads = [Column("reg.l1", "number"), Column(WORDS[metric(found)], "number"),
             Column("standard error", "number"), Column("columns", "number")]  # fmt: skip
    rows = [
        Row([f"{p['l1']:.4g}", number(p["cv_error"]), number(p["standard_error"], 2),
             f"{p['features']:,}"])
        for p in found["path"]
    ]  # fmt: skip
    return Table(heads, rows)
