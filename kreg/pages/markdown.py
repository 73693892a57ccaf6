"""A view as Markdown: for pull requests, and for TensorBoard's text tab."""

import re
from collections.abc import Iterator, Sequence

from kreg.pages import views
from kreg.printable import printable

MARKUP = str.maketrans({c: f"\\{c}" for c in "\\`*_{}[]#|"} | {"<": "&lt;", ">": "&gt;"})


def text(view: views.View, picture: str | None = None) -> str:
    """The head and the brief sections.

    Args:
        view: What it says.
        picture: Path of the loss figure, relative to the Markdown file, or `None`.
    """
    head = view.head
    told = " ".join(map(prose, head.sentences))
    action = f" **{prose(head.action)}**" if head.action else ""
    parts = [f"# {line(head.title)}", *([prose(head.about)] if head.about else [])]
    parts += [f"**{line(head.name)}**. {told}{action}"]
    numbers = [[stat.name, stat.value, stat.note] for stat in head.stats]
    parts += [grid(["", "", ""], numbers)] if numbers else []
    parts += [f"> {prose(caveat)}" for caveat in head.caveats]
    parts += [f"![Loss by epoch]({picture})"] if picture else []
    for section in view.sections:
        if section.brief:
            parts += [f"## {line(section.title)}", *pieces(section.body)]
    return "\n\n".join(parts) + "\n"


def pieces(found: Sequence[views.Piece]) -> Iterator[str]:
    """Each piece that Markdown can show and has room for."""
    for piece in found:
        match piece:
            case views.Sentence():
                yield prose(piece.text)
            case views.Subtitle():
                yield f"### {line(piece.text)}"
            case views.Items():
                yield "\n".join(item(entry, i, piece) for i, entry in enumerate(piece.entries, 1))
            case views.Facts():
                yield grid(["", ""], piece.pairs)
            case views.Code():
                yield f"```\n{printable(piece.text)}\n```"
            case views.Table():
                yield table(piece)
            case views.Beside():
                for group in piece.groups:
                    yield from pieces(group)
            case views.Figure() | views.Image() | views.Fold():
                pass  # the page has them


def item(found: views.Item, number: int, of: views.Items) -> str:
    source = f" *({line(found.source)})*" if found.source else ""
    code = f"\n   `{found.code}`" if found.code else ""
    return f"{f'{number}.' if of.numbered else '-'} {prose(found.text)}{source}{code}"


def table(found: views.Table) -> str:
    brief = found.brief
    heads = [column.title for column in brief.columns]
    return grid(heads, [[cell.text for cell in row.spread] for row in brief.rows])


def grid(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(map(line, heads)) + " |", "|" + " --- |" * len(heads)]
    return "\n".join([*lines, *("| " + " | ".join(map(line, row)) + " |" for row in rows)])


def line(text: str) -> str:
    """The text on one line, with nothing that Markdown or HTML would take for markup."""
    return " ".join(printable(text).split()).translate(MARKUP)


def prose(text: str) -> str:
    """The same, with what stands between backticks as code.

    >>> print(prose("`val_loss` is *low*"))
    `val_loss` is \\*low\\*
    """
    parts = re.split(r"(`[^`]+`)", " ".join(printable(text).split()))
    return "".join(p if i % 2 else p.translate(MARKUP) for i, p in enumerate(parts))
