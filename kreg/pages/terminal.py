"""A view in the terminal."""

import io
from collections.abc import Iterator, Sequence

import rich.table
from rich import box
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from kreg.pages import views
from kreg.printable import printable

COLOURS = {"good": "green", "watch": "yellow", "bad": "red", "unknown": "bright_black"}
STYLES = {"strong": "bold", "muted": "dim", "bad": "red", "code": "", "": ""}
WIDEST = 10_000


def show(view: views.View, console: Console | None = None) -> None:
    """Print the head and the brief sections."""
    console = console or Console()
    console.print(panel(view.head))
    for section in view.sections:
        if section.brief:
            console.print(words(section.title, "bold"))
            for part in pieces(section.body, console):
                console.print(part)
            console.print()


def plain(view: views.View, width: int = 100) -> str:
    """The same as plain text."""
    file = io.StringIO()
    show(view, Console(file=file, width=width, color_system=None))
    return file.getvalue()


def words(text: object, style: str = "") -> Text:
    """Text as it is: neither rich's markup nor control characters mean anything in it."""
    return Text(printable(text), style)


def panel(head: views.Head) -> Panel:
    """The answer in a frame of its colour."""
    colour = COLOURS.get(head.tone, "white")
    stats = rich.table.Table.grid(padding=(0, 3))
    for stat in head.stats:
        stats.add_row(words(stat.name, "dim"), words(stat.value, "bold"), words(stat.note))
    told = words(" ".join(filter(None, (*head.sentences, head.action))))
    caveats = [words(f"! {line}", "yellow") for line in head.caveats[: views.SHOWN]]
    if len(head.caveats) > views.SHOWN:
        caveats.append(Text(f"! and {len(head.caveats) - views.SHOWN} more in the page", "yellow"))
    about = [words(head.about)] if head.about else []
    body = Group(*about, words(head.title, f"bold {colour}"), told, Text(""), stats, *caveats)
    return Panel(body, title=words(f" {head.name} "), title_align="left", border_style=colour)


def pieces(found: Sequence[views.Piece], console: Console) -> Iterator[RenderableType]:
    """Each piece that a terminal can show and has room for."""
    for piece in found:
        match piece:
            case views.Sentence():
                yield words(piece.text, "dim" if piece.muted else "")
            case views.Subtitle():
                yield words(piece.text, "bold")
            case views.Items():
                for number, entry in enumerate(piece.entries, 1):
                    yield item(entry, f"{number}." if piece.numbered else "-")
            case views.Facts():
                yield from (words(f"{name}: {value}") for name, value in piece.pairs)
            case views.Code():
                yield words(piece.text)
            case views.Table():
                yield table(piece, console)
            case views.Beside():
                for group in piece.groups:
                    yield from pieces(group, console)
            case views.Figure() | views.Image() | views.Fold():
                pass  # the page has them


def item(found: views.Item, mark: str) -> Text:
    text = words(f"{mark} {found.text}")
    if found.source:
        text.append(words(f"  [{found.source}]", "dim"))
    if found.code:
        text.append(words(f"\n   {found.code}", "cyan"))
    return text


def table(found: views.Table, console: Console) -> rich.table.Table:
    """The table with as many columns as the terminal has room for."""
    found = found.brief
    room = console.options.update(width=WIDEST)
    for spare in sorted((c for c in found.columns if c.spare), key=lambda c: -c.spare):
        if console.measure(drawn(found), options=room).maximum <= console.width:
            break
        found = found.without([spare])
    return drawn(found)


def drawn(found: views.Table) -> rich.table.Table:
    shown = rich.table.Table(
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0)
    )
    for column in found.columns:
        number = column.kind == "number"
        shown.add_column(
            words(column.title),
            justify="right" if number else "left",
            no_wrap=number,
            overflow="fold",
        )
    for row in found.rows:
        cells = (words(cell.text, STYLES[cell.style]) for cell in row.spread)
        shown.add_row(*cells, style=STYLES[row.style])
    return shown
