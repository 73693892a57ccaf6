"""The table on the terminal that ends a sweep."""

import math

from rich import box
from rich.console import Console
from rich.table import Table

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
NARROW, SPARE = 110, ("params", "seconds")  # what a narrow terminal goes without
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
    console.print(runs_table(sweep, rows, narrow=console.width < NARROW))
    hidden = len(sweep.runs) - rows
    if hidden > 0:
        console.print(f"... and {hidden} more runs on the page")
    found = effects(sweep)
    if found:
        console.print(f"Effect of each factor on {sweep.objective}", style="bold")
        console.print(effects_table(found))
    if found and sweep.seeds < 2:
        console.print("One seed: no uncertainty is known. Add seed=0,1,2 to the sweep.")


def runs_table(sweep: Sweep, rows: int, narrow: bool = False) -> Table:
    """One row a run: finished ones by objective, then those that failed or wait."""
    done = sweep.done
    rest = sweep.runs.drop(done.index)
    names = [name for name in measured(sweep) if not (narrow and name in SPARE)]
    table = Table("run", box=box.SIMPLE, pad_edge=False)
    for factor in sweep.factors:
        table.add_column(factor)
    for name in names:
        side = "left" if name == "verdict" else "right"
        table.add_column(heading(sweep, name), justify=side, no_wrap=True)
    for place, (_, row) in enumerate([*done.iterrows(), *rest.iterrows()][:rows]):
        cells = [number(row["run"]), *(text(row[factor]) for factor in sweep.factors)]
        cells += [formatted(name, row[name], row["status"]) for name in names]
        best = place == 0 and len(done) > 0
        table.add_row(*cells, style="bold" if best else "" if row["status"] == "done" else "dim")
    return table


def measured(sweep: Sweep) -> list[str]:
    """The columns for which any run has a value."""
    return [name for name in COLUMNS if name in sweep.runs and sweep.runs[name].notna().any()]


def heading(sweep: Sweep, name: str) -> str:
    return sweep.objective if name == "objective" else COLUMNS[name]


def number(run: str) -> str:
    """`3_1a2b3c` is job 3."""
    return run.split("/")[-1].split("_")[0]


def text(value) -> str:
    """A factor's value; empty where the run has none of its own."""
    return "" if value is None or value != value else f"{value}"


def formatted(name: str, value, status: str) -> str:
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
