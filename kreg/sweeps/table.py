"""The tables that end a sweep: the runs, best first, and the effect of each factor."""

import math
from typing import Literal

import pandas as pd
from rich.console import Console

from kreg.pages import formatting, terminal
from kreg.pages.views import Cell, Column, Row, Table
from kreg.runs import summary
from kreg.sweeps import trained
from kreg.sweeps.answer import answer
from kreg.sweeps.effect import Effect, effects
from kreg.sweeps.reading import Sweep
from kreg.sweeps.settings import Estimate, Setting, are_repeated, chosen, name_of, settings, text

COLUMNS = {
    "verdict": "verdict",
    "objective": "objective",
    "gap": "gap",
    "test_clean_accuracy": "test acc.",
    "test_clean_exact_match": "test exact",
    "test_clean_rmse": "test rmse",
    "test_clean_mae": "test mae",
    "sparsity": "zeros",
    "params": "params",
    "small": "compressed",
    "seconds": "s",
}
MEANS = ("gap", "sparsity", "params", "small")  # of what a setting shows
LONGEST = 13  # characters of a run's own name
OF_TARGET, MOST_TARGETS = "test_clean_rmse_", 4
WIDE = 7  # the errors of several targets: a narrow terminal goes without them first
# what a narrow terminal goes without, the largest number first; the verdict always stays
SPARE = {"params": 6, "seconds": 5, "gap": 4, "test_clean_mae": 3, "sparsity": 2} | dict.fromkeys(
    ("test_clean_accuracy", "test_clean_exact_match", "test_clean_rmse", "small"), 1
)
DIGITS = {
    "params": "{:,.0f}",
    "small": "{:,.0f}",
    "seconds": "{:.1f}",
    "sparsity": "{:.1%}",
}


def show(sweep: Sweep, console: Console | None = None, rows: int = 40) -> None:
    """Print the settings, best first, or the runs where each is one; then the effects.

    Args:
        sweep: The runs.
        console: Where to print. Defaults to the terminal.
        rows: At most so many runs; the page has them all.
    """
    console = console or Console()
    head = f"{len(sweep.runs)} runs, {len(sweep.done)} done: {sweep.path}\n"
    console.print(terminal.words(head, "bold"))
    repeated = are_repeated(settings(sweep))
    names: list[Cell | str] = [number(run) for run in ordered(sweep)["run"]]
    whole = of_settings(sweep) if repeated else runs(sweep, names, "#")
    console.print(terminal.table(Table(whole.columns, whole.rows[:rows]), console))
    hidden, what = len(whole.rows) - rows, "settings" if repeated else "runs"
    console.print(f"... and {hidden} more {what} on the page\n" if hidden > 0 else "")
    if repeated:
        unfinished(sweep, console)
    found = effects(sweep)
    if found:
        console.print(terminal.words(f"Effect of each factor on {sweep.objective}\n", "bold"))
        console.print(terminal.table(effects_table(found), console), "")
    for sentence in answer(sweep, found):
        console.print(terminal.words(sentence), highlight=False, soft_wrap=True)


def unfinished(sweep: Sweep, console: Console) -> None:
    """Print the runs that are in no mean."""
    left = sweep.runs.drop(sweep.done.index)
    for _, run in left.iterrows():
        line = f"#{number(run['run'])} {name_of(run, sweep.factors)}: {run['status']}"
        console.print(terminal.words(line))
    console.print("" if left.empty else "\n", end="")


def of_settings(sweep: Sweep) -> Table:
    """One row a setting: its mean over seeds and folds, and how far it is from the chosen one.

    The difference is paired and so is its standard error. Test scores have no column: they score
    the one that is chosen.
    """
    found = settings(sweep)
    best = chosen(sweep, found)
    shown = [n for n in measured(sweep) if n in MEANS]
    titles = ["runs", sweep.objective, "difference", *(COLUMNS[name] for name in shown)]
    columns = [*map(Column, sweep.varied), Column("verdict", "word")]
    spare = [0, 0, 0, *(SPARE.get(name, 0) for name in shown)]
    columns += [Column(t, "number", spare=s) for t, s in zip(titles, spare, strict=True)]
    rows = []
    for setting in found:
        gap = setting.difference(best, sweep.replicates)
        cells = [text(setting.runs.iloc[0][factor]) for factor in sweep.varied]
        mark = trained.MARK if trained.unfinished(setting.runs).any() else ""
        cells += [words(setting), str(setting.objective.count)]
        cells += [f"{estimated(setting.objective)}{mark}"]
        cells += ["" if setting is best else estimated(gap, sign=True)]
        cells += [formatted(name, setting.estimate(name).mean, "done") for name in shown]
        rows.append(Row(cells, "strong" if setting is best else ""))
    return Table(columns, rows)


def words(setting: Setting) -> str:
    """The verdicts of a setting's runs, with numbers where they differ."""
    counts = setting.runs["verdict"].dropna().str.lower().value_counts()
    if len(counts) == 1:
        return str(counts.index[0])
    return ", ".join(f"{count} {word}" for word, count in counts.items())


def estimated(value: Estimate, sign: bool = False) -> str:
    """A mean, or with a sign a difference, and its standard error."""
    error = "" if math.isnan(value.error) else f" +- {formatting.number(value.error, 2)}"
    return f"{formatting.number(value.mean, 2 if sign else 4, sign=sign)}{error}"


def runs(sweep: Sweep, names: list[Cell | str], title: str) -> Table:
    """One row a run: finished ones by objective, then those that failed or wait.

    Args:
        sweep: The runs.
        names: Of the runs, in that order.
        title: Of the column with the names.
    """
    shown = measured(sweep)
    columns = [Column(title), *map(Column, sweep.factors), *(column(sweep, n) for n in shown)]
    found = settings(sweep)
    best = chosen(sweep, found).runs.index if found else sweep.done.index[:0]
    rows = []
    for name, (place, run) in zip(names, ordered(sweep).iterrows(), strict=True):
        cells = [name, *(text(run[factor]) for factor in sweep.factors)]
        cells += [cell(key, run) for key in shown]
        done = run["status"] == "done"
        rows.append(Row(cells, "strong" if place in best else "" if done else "muted"))
    return Table(columns, rows)


def ordered(sweep: Sweep) -> pd.DataFrame:
    """All runs as the table has them."""
    done = sweep.done.index
    return sweep.runs.loc[[*done, *sweep.runs.index.difference(done, sort=False)]]


def column(sweep: Sweep, name: str) -> Column:
    words = name == "verdict"
    spare = WIDE if name.startswith(OF_TARGET) else SPARE.get(name, 0)
    return Column(heading(sweep, name), "word" if words else "number", spare=spare)


def measured(sweep: Sweep) -> list[str]:
    """The columns for which any run has a value; of several targets the errors of the first."""
    several = [n for n in map(str, sweep.runs) if n.startswith(OF_TARGET)][:MOST_TARGETS]
    names = list(COLUMNS)
    names[names.index("sparsity") : names.index("sparsity")] = several
    return [name for name in names if name in sweep.runs and sweep.runs[name].notna().any()]


def side(name: str) -> Literal["left", "right"]:
    return "left" if name == "verdict" else "right"


def heading(sweep: Sweep, name: str) -> str:
    if name == "objective":
        return sweep.objective
    return COLUMNS.get(name) or f"test {name.removeprefix('test_clean_')}"


def number(run: str) -> str:
    """`3_1a2b3c` is job 3; a name of the user's own is shortened.

    >>> number("3_1a2b3c"), number("lr=0.01,seed=1")
    ('3', 'lr=0.01,se...')
    """
    name = run.split("/")[-1]
    head = name.split("_")[0]
    if head.isdigit() or len(name) <= LONGEST:
        return head if head.isdigit() else name
    return f"{name[: LONGEST - 3]}..."


def cell(name: str, run: pd.Series) -> str:
    """A measured value; the objective of an under-trained run has a mark."""
    value = formatted(name, run[name], run["status"])
    cut = name == "objective" and run["verdict"] in trained.UNFINISHED
    return f"{value}{trained.MARK}" if cut and value else value


def formatted(name: str, value: str | float | None, status: str) -> str:
    """A measured value; a run that has not ended well shows its status as the verdict."""
    if name == "verdict" and status != "done":
        return status
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, str):
        return value.lower()
    return DIGITS[name].format(value) if name in DIGITS else str(summary.number(value))


def named(effect: Effect) -> str:
    """A level; with how many of its runs are under-trained."""
    cut = f" ({effect.unfinished} under-trained)" if effect.unfinished else ""
    return f"{effect.level}{cut}"


def effects_table(found: list[Effect]) -> Table:
    """The mean objective of each level, against the mean of its factor's levels."""
    sure = any(not math.isnan(effect.half_width) for effect in found)
    titles = ("runs", "mean", "difference" + (" +- 95 %" if sure else ""))
    columns = [Column("factor"), Column("level"), *(Column(title, "number") for title in titles)]
    rows = []
    for effect in found:
        difference = formatting.number(effect.difference, sign=True)
        if not math.isnan(effect.half_width):
            difference += f" +- {formatting.number(effect.half_width, 2)}"
        cells = [
            effect.factor,
            named(effect),
            str(effect.runs),
            formatting.number(effect.mean),
            difference,
        ]
        rows.append(Row(cells, "strong" if effect.sure else ""))
    return Table(columns, rows)
