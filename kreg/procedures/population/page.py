"""The page of a population: the schedule found, how the members came there, how to use it."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kreg.pages import charts, html
from kreg.pages.views import Code, Column, Figure, Head, Row, Section, Sentence, Table, View
from kreg.procedures.population.generations import Generation, losses_of
from kreg.training import units

Plain = dict[str, Any]
LOSS = "val_clean_loss"
LEAD = (
    "The numbers of the line that is kept, generation by generation. A member is a place of the "
    "stack: where it changes, the line was copied from there."
)
ALL = "Each point is a member at the end of a generation; the line that is kept is in full colour."


def progress(generation: Generation, epochs: int) -> str:
    """One line for the terminal, when a generation has ended."""
    alive = [loss for loss in generation.losses if math.isfinite(loss)]
    count, broken = len(generation.exploits), len(generation.losses) - len(alive)
    told = f"epoch {generation.epoch} of {epochs}: best validation loss {min(alive):.4f}"
    copies = f", {count} {copied(count)}" if count else ""
    return told + copies + (f", {broken} not finite" if broken else "")


def copied(count: int) -> str:
    return "copies" if count != 1 else "copy"


def told(result: Plain) -> list[str]:
    """What it is worth, and in what units."""
    return [line for line in (headline(result), units.told(result["units"])) if line]


def headline(result: Plain) -> str:
    """One sentence: what the line is worth, and what the run with its schedule is."""
    count = result["exploits"]
    return (
        f"{result['members']} members, {count} {copied(count)}. The best line has a "
        f"validation loss of {result['metrics'][LOSS]:.4f}; trained again by the schedule found, "
        f"one run has {result['retrained']['metrics'][LOSS]:.4f}."
    )


def table(done: Sequence[Generation], line: Sequence[int]) -> Table:
    """A row a generation of the line."""
    keys = list(done[0].numbers[0])
    columns = [Column("epochs", "word"), *(Column(named(key), "number") for key in keys)]
    columns += [Column("member", "number"), Column(LOSS, "number")]
    rows, first = [], 1
    for one, place, loss in zip(done, line, losses_of(done, line), strict=True):
        told = [f"{one.numbers[place][key]:.3g}" for key in keys]
        rows.append(Row([f"{first} to {one.epoch}", *told, str(place + 1), f"{loss:.4f}"]))
        first = one.epoch + 1
    return Table(columns, rows)


def named(key: str) -> str:
    """A number as a table calls it.

    >>> named("dropout.rate"), named("optimizer.weight_decay"), named("reg.l1")
    ('dropout', 'weight decay', 'l1')
    """
    group, name = key.split(".")
    return group if name == "rate" else name.replace("_", " ")


def render(
    result: Plain, done: Sequence[Generation], line: Sequence[int], option: str, folder: Path
) -> str:
    """The page as text.

    Args:
        result: What `kreg.procedures.population.experiment.run` returns.
        done: All generations.
        line: Whose place the line that is kept had in each of them.
        option: The option file.
        folder: Of the run.
    """
    kept = (
        f"`{result['best']}` is an ordinary run: `kreg report`, `kreg predict` and `kreg export` "
        f"take it. `{result['command']}` trains the schedule again."
    )
    sections = [
        Section("schedule", "The schedule found", [table(done, line)], LEAD),
        Section("members", "All members", [Figure(drawn(done, line))], ALL, half=True),
        Section("exploits", "Who copied whom", [copies(done)], half=True),
        Section("use", "Use it", [Sentence(kept), Code(option)]),
    ]
    title = f"{result['members']} members, {len(done)} generations"
    return html.page(View(Head("population", title, "good", told(result)), sections))


def drawn(done: Sequence[Generation], line: Sequence[int]) -> Any:
    """Every member's loss at the end of every generation."""
    points = [
        charts.Point(one.epoch, loss, f"member {place + 1}: {loss:.4g}", "", place == mine)
        for one, mine in zip(done, line, strict=True)
        for place, loss in enumerate(one.losses)
    ]
    return charts.scatter(points, "epoch", LOSS)


def copies(done: Sequence[Generation]) -> Table:
    """The exploits, a row a generation that had some."""
    columns = (Column("after epoch", "number"), Column("copies"))
    rows = []
    for one in done:
        pairs = [f"member {place + 1} from {source + 1}" for place, source in one.exploits.items()]
        rows += [Row([str(one.epoch), ", ".join(pairs)])] if pairs else []
    return Table(columns, rows)
