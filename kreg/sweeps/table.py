"""The table on the terminal that ends a sweep."""

import math
from typing import Literal

from rich import box
from rich.console import Console
from rich.table import Table

from kreg.sweeps.answer import answer, text
from kreg.sweeps.effect import Effect, effects
from kreg.sweeps.reading import Sweep

COLUMNS = {
    "verdict": "verdict",
    "objective": "objective",
    "gap": "gap",
    "test_clean_accuracy": "test acc.",
    "test_clean_rmse": "test rmse",
    "sparsity": "zeros",
    "params": "params",
    "seconds": "s",
}
WIDEST = 10_000
SPARE = ("params", "seconds", "gap", "verdict")  # what a narrow terminal goes without, in order
DIGITS = {
    "test_clean_accuracy": "{:.4f}",
    "params": "{:,.0f}",
    "seconds": "{:.1f}",
    "sparsity": "{:.1%}",
}


def show(sweep: Sweep, console: Console | None = None, rows: int = 40) -> None:
    """Print the runs, best first, then the effect of each factor.

    Args:
        sweep: The runs.
        console: Where to print. Defaults to the terminal.
        rows: At most so many runs; the page has them all.
    """
    console = console or Console()
    console.print(f"{len(sweep.runs)} runs, {len(sweep.done)} done: {sweep.path}", style="bold")
    console.print(fitting(sweep, rows, console))
    hidden = len(sweep.runs) - rows
    if hidden > 0:
        console.print(f"... and {hidden} more runs on the page")
    found = effects(sweep)
    if found:
        console.print(f"Effect of each factor on {sweep.objective}", style="bold")
        console.print(effects_table(found))
    for sentence in answer(sweep, found):
        console.print(sentence, highlight=False, soft_wrap=True)


def fitting(sweep: Sweep, rows: int, console: Console) -> Table:
    """The table of the runs with as many columns as the terminal has room for."""
    names = measured(sweep)
    table = runs_table(sweep, names, rows)
    for spare in SPARE:
        if console.measure(table, options=console.options.update(width=WIDEST)).maximum <= (
            console.width
        ):
            break
        names = [name for name in names if name != spare]
        table = runs_table(sweep, names, rows)
    return table


def runs_table(sweep: Sweep, names: list[str], rows: int) -> Table:
    """One row a run: finished ones by objective, then those that failed or wait."""
    done = sweep.done
    rest = sweep.runs.drop(done.index)
    table = Table("#", box=box.SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    for factor in sweep.factors:
        table.add_column(factor, overflow="fold")
    for name in names:
        table.add_column(heading(sweep, name), justify=side(name), no_wrap=True)
    for place, (_, row) in enumerate([*done.iterrows(), *rest.iterrows()][:rows]):
        cells = [number(row["run"]), *(text(row[factor]) for factor in sweep.factors)]
        cells += [formatted(name, row[name], row["status"]) for name in names]
        best = place == 0 and len(done) > 0
        table.add_row(*cells, style="bold" if best else "" if row["status"] == "done" else "dim")
    return table


def measured(sweep: Sweep) -> list[str]:
    """The columns for which any run has a value."""
    return [name for name in COLUMNS if name in sweep.runs and sweep.runs[name].notna().any()]


def side(name: str) -> Literal["left", "right"]:
    return "left" if name == "verdict" else "right"


def heading(sweep: Sweep, name: str) -> str:
    return sweep.objective if name == "objective" else COLUMNS[name]


def number(run: str) -> str:
    """`3_1a2b3c` is job 3."""
    return run.split("/")[-1].split("_")[0]


def formatted(name: str, value: str | float | None, status: str) -> str:
    """A measured value; a run that has not ended well shows its status as the verdict."""
    if name == "verdict" and status != "done":
        return status
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, str):
        return value.lower()
    return DIGITS.get(name, "{:.4f}").format(value)


def effects_table(found: list[Effect]) -> Table:
    """The mean objective of each level, against the mean of its factor's levels."""
    sure = any(not math.isnan(effect.half_width) for effect in found)
    table = Table("factor", "level", "runs", "mean", box=box.SIMPLE, pad_edge=False)
    table.add_column("difference" + (" +- 95 %" if sure else ""), justify="right")
    for effect in found:
        difference = f"{effect.difference:+.4g}"
        if not math.isnan(effect.half_width):
            difference += f" +- {effect.half_width:.2g}"
        row = (effect.factor, effect.level, str(effect.runs), f"{effect.mean:.4g}", difference)
        table.add_row(*row, style="bold" if effect.sure else "")
    return table
