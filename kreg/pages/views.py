"""What a page says, before anybody has decided how it looks.

A `View` is a head and a list of sections; a section is made of the pieces below. Three walkers
render it: `kreg.pages.html`, `kreg.pages.markdown` and `kreg.pages.terminal`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal, TypeAlias

from markupsafe import Markup

Tone: TypeAlias = Literal["good", "watch", "bad", "unknown"]
Kind: TypeAlias = Literal["text", "number", "word", "phrase"]
SHOWN = 3  # caveats that are seen at once


@dataclass(frozen=True)
class Sentence:
    """A paragraph; what stands between backticks is code."""

    text: str
    muted: bool = False


@dataclass(frozen=True)
class Subtitle:
    """A title inside a section."""

    text: str


@dataclass(frozen=True)
class Item:
    """An entry of a list: its text, code that does it, and where it is from."""

    text: str
    code: str = ""
    source: str = ""


@dataclass(frozen=True)
class Items:
    """A list, numbered where the order says something."""

    entries: Sequence[Item]
    numbered: bool = False


@dataclass(frozen=True)
class Facts:
    """Names with one value each."""

    pairs: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Code:
    """Lines as they are; short ones in columns where there is room."""

    text: str
    short: bool = False


@dataclass(frozen=True)
class Figure:
    """A drawing that scales with its container.

    Args:
        drawing: An `<svg>` element that names itself.
        width: Pixels that it does not exceed, or `None`.
    """

    drawing: Markup
    width: int | None = None


@dataclass(frozen=True)
class Image:
    """A bitmap that lies in the page itself: `source` is a `data:` address."""

    source: str
    meaning: str


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Args:
        title: Its head.
        kind: `"number"` (to the right), `"word"` (on one line), `"phrase"` (wants room) or
            `"text"`.
        detail: Only the page has room for it.
        spare: A narrow terminal goes without it, the largest number first; 0 always stays.
    """

    title: str
    kind: Kind = "text"
    detail: bool = False
    spare: int = 0


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Args:
        text: What it says.
        style: How it says so.
        note: Small print below it, on the page.
        drawing: A small `<svg>` before the text, on the page.
        key: The colour that stands for it in the figure: `"train"` or `"val"`.
        link: Where a click leads.
        span: Columns that it takes.
    """

    text: str = ""
    style: Literal["", "code", "bad", "muted"] = ""
    note: str = ""
    drawing: Markup = Markup("")
    key: str = ""
    link: str = ""
    span: int = 1


@dataclass(frozen=True)
class Row:
    """A row of a table; text alone makes a plain cell."""

    cells: Sequence[Cell | str]
    style: Literal["", "strong", "muted"] = ""

    def __iter__(self) -> Iterator[Cell]:
        return (Cell(cell) if isinstance(cell, str) else cell for cell in self.cells)

    @property
    def spread(self) -> list[Cell]:
        """One cell a column: what stands in several of them stands in the first."""
        return [one for cell in self for one in (cell, *[Cell()] * (cell.span - 1))]


@dataclass(frozen=True)
class Table:
    """Columns and rows."""

    columns: Sequence[Column]
    rows: Sequence[Row]

    def without(self, left_out: Sequence[Column]) -> "Table":
        """The table without some columns; a cell over several of them shrinks."""
        rows = []
        for row in self.rows:
            columns = iter(self.columns)
            spans = [sum(c not in left_out for c in islice(columns, cell.span)) for cell in row]
            cells = [replace(cell, span=span) for cell, span in zip(row, spans) if span]
            rows.append(replace(row, cells=cells))
        return Table([column for column in self.columns if column not in left_out], rows)

    @property
    def brief(self) -> "Table":
        """What is shown outside the page."""
        return self.without([column for column in self.columns if column.detail])


@dataclass(frozen=True)
class Fold:
    """Pieces behind a line that opens them."""

    summary: str
    body: Sequence["Piece"]
    open: bool = False


@dataclass(frozen=True)
class Beside:
    """Groups of pieces side by side."""

    groups: Sequence[Sequence["Piece"]]


Piece: TypeAlias = (
    Sentence | Subtitle | Items | Facts | Code | Figure | Image | Table | Fold | Beside
)


@dataclass(frozen=True)
class Section:
    """A part of a page with a title.

    Args:
        id: Its anchor.
        title: In a few words.
        body: Its pieces.
        lead: How to read it, on the page.
        brief: Whether Markdown and the terminal show it too.
        half: Whether it shares a row of the page with its neighbours of half width.
    """

    id: str
    title: str
    body: Sequence[Piece]
    lead: str = ""
    brief: bool = False
    half: bool = False


@dataclass(frozen=True)
class Stat:
    """A number under the headline, and what to know about it."""

    name: str
    value: str
    note: str = ""
    link: str = ""


@dataclass(frozen=True)
class Head:
    """The answer, before everything else.

    Args:
        name: Of the run or the sweep.
        about: What it is about, in a line before the answer.
        title: The answer in a few words.
        tone: How good it is.
        sentences: The answer in full.
        action: What to do, said last.
        badge: One word for it.
        stamp: When and by what it was written.
        stats: The numbers that matter most.
        caveats: What limits the answer.
    """

    name: str
    title: str
    tone: Tone
    sentences: Sequence[str]
    action: str = ""
    badge: str = ""
    stamp: str = ""
    stats: Sequence[Stat] = ()
    caveats: Sequence[str] = ()
    about: str = ""


@dataclass(frozen=True)
class View:
    """A whole page: the answer, and the sections that it rests on."""

    head: Head
    sections: Sequence[Section]
