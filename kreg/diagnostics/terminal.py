"""The report as a table for the terminal."""

import io

from rich import box
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from kreg.diagnostics.page import stats, title
from kreg.diagnostics.svg import number

SHOWN = 3  # caveats; the page has them all
COLOURS = {"good": "green", "watch": "yellow", "bad": "red", "unknown": "bright_black"}


def show(doc: dict, console: Console | None = None) -> None:
    """Print verdict, advice, layers and replay."""
    console = console or Console()
    console.print(verdict_panel(doc))
    for build in (advice_lines, layer_table, replay_table):
        part = build(doc)
        if part is not None:
            console.print(part)


def plain(document: dict, width: int = 100) -> str:
    """The same as plain text."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    show(document, console)
    return console.file.getvalue()


def verdict_panel(doc: dict) -> Panel:
    v = doc["verdict"]
    colour = COLOURS.get(v["tone"], "white")
    facts = Table.grid(padding=(0, 3))
    for stat in stats(doc):
        facts.add_row(Text(stat["name"], "dim"), Text(str(stat["value"]), "bold"), stat["note"])
    body = [
        Text(title(v), f"bold {colour}"),
        Text(f"{v['meaning']} {v['action']}"),
        Text(""),
        facts,
    ]
    body += [Text(f"! {line}", "yellow") for line in v["caveats"][:SHOWN]]
    if len(v["caveats"]) > SHOWN:
        body.append(Text(f"! and {len(v['caveats']) - SHOWN} more in the page", "yellow"))
    name = Text(f" {doc['name']} ")
    return Panel(Group(*body), title=name, title_align="left", border_style=colour)


def advice_lines(doc: dict) -> Group | None:
    if not doc["advice"]:
        return None
    lines = []
    for i, advice in enumerate(doc["advice"], 1):
        line = Text(f"{i}. {advice['text']}")
        if advice["source"]:
            line.append(f"  [{advice['source']}]", "dim")
        lines.append(line)
    return Group(*lines, Text(""))


def layer_table(doc: dict) -> Table | None:
    if not doc["layers"]:
        return None
    table = Table(title="Layers", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("layer")
    for name in ("parameters", "share"):
        table.add_column(name, justify="right")
    table.add_column("regularized by")
    linear = any(row.get("freedom") is not None for row in doc["layers"])
    freedom = ("degrees of freedom",) if linear else ()
    for name in (*freedom, "‖W‖", "σ₁", "from start", "zeros"):
        table.add_column(name, justify="right")
    for row in doc["layers"]:
        bare = (
            Text("nothing", "red") if row.get("unregularized") else row.get("regularization") or ""
        )
        keys = (*(("freedom",) if linear else ()), "norm", "spectral_norm", "distance")
        numbers = [number(row.get(k), 3) for k in keys]
        zeros = "–" if row.get("zeros") is None else f"{row['zeros']:.1%}"
        share = f"{row.get('share') or 0:.1%}"
        table.add_row(row["name"], f"{row.get('params') or 0:,}", share, bare, *numbers, zeros)
    return table


def replay_table(doc: dict) -> Table | None:
    return rules_table(doc["replay"]) if doc["replay"] else None


def rules_table(rows: list[dict]) -> Table:
    """Where each rule would have stopped."""
    table = Table(title="Stopping rules on this run", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("rule")
    for name in ("stops at", "goes back to", "epochs saved", "regret"):
        table.add_column(name, justify="right")
    for row in rows:
        if row["error"]:
            table.add_row(Text(row["rule"]), Text(row["error"], "yellow"))
            continue
        regret = "–" if row["regret"] is None else f"{row['regret']:.2f} %"
        stop = str(row["stop_epoch"] or "never")
        table.add_row(Text(row["rule"]), stop, str(row["best_epoch"]), str(row["saved"]), regret)
    return table
