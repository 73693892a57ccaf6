"""A view as HTML: one self-contained file, figures inline, no script, nothing fetched."""

import functools
import re
from collections.abc import Iterator, Sequence
from importlib import resources
from itertools import groupby

from markupsafe import Markup, escape

from kreg import __version__
from kreg.pages.element import Content, join, tag
from kreg.pages.view import (
    SHOWN,
    Beside,
    Cell,
    Code,
    Facts,
    Figure,
    Fold,
    Head,
    Image,
    Item,
    Items,
    Piece,
    Row,
    Section,
    Sentence,
    Stat,
    Subtitle,
    Table,
    View,
)

CLASSES = {"number": "n", "word": "w", "phrase": "wide", "text": None}


@functools.cache
def style() -> str:
    """The style sheet of all pages."""
    return (resources.files("kreg.pages") / "style.css").read_text("utf-8")


def page(view: View, theme: str = "") -> str:
    """The view as a whole page.

    Args:
        view: What it says.
        theme: `"light"` or `"dark"` to fix it; empty follows the reader's system.
    """
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="generator", content=f"kreg {__version__}"),
        tag("title", f"{view.head.name}: {view.head.title}"),
        tag("link", rel="icon", href="data:,"),
        tag("style", Markup(style())),
    )
    body = tag("body", tag("main", fragment(view)))
    return f"<!doctype html>\n{tag('html', head, body, lang='en', data_theme=theme or None)}\n"


def fragment(view: View) -> Markup:
    """The view as one `<article>`, for pages that hold several."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", view.head.name)
    parts = [top(view.head), hero(view.head), caveats(view.head.caveats), *rows(view.sections)]
    return tag("article", Markup("\n").join(parts), class_="kreg-report", id=f"run-{name}")


def top(head: Head) -> Markup:
    name = tag("span", tag("b", head.name))
    return tag("header", name, tag("span", head.stamp), class_="top")


def hero(head: Head) -> Markup:
    """The answer and its numbers."""
    badge = tag("span", head.badge, class_="badge") if head.badge else ""
    *before, last = map(code, head.sentences)
    action = [" ", tag("b", code(head.action))] if head.action else ""
    told = [*(tag("p", sentence) for sentence in before), tag("p", last, action)]
    numbers = tag("dl", map(stat, head.stats), class_="stats") if head.stats else ""
    title = tag("h1", head.title)
    return tag("div", badge, title, told, numbers, class_=f"hero {head.tone}", id="verdict")


def stat(found: Stat) -> Markup:
    value = tag("a", found.value, href=found.link) if found.link else found.value
    note = tag("small", found.note) if found.note else ""
    return tag("div", tag("dt", found.name), tag("dd", value), note)


def caveats(found: Sequence[str]) -> Markup:
    """The first ones; the others behind a line."""
    if not found:
        return Markup("")
    lines = [tag("li", code(line)) for line in found]
    more = details(f"{len(lines) - SHOWN} more", tag("ul", lines[SHOWN:]))
    shown = tag("ul", lines[:SHOWN])
    return tag("div", shown, more if len(lines) > SHOWN else "", class_="caveats")


def rows(sections: Sequence[Section]) -> Iterator[Markup]:
    """The sections, neighbours of half width side by side."""
    for half, group in groupby(sections, key=lambda found: found.half):
        found = [section(one) for one in group]
        yield tag("div", found, class_="two") if half else Markup("\n").join(found)


def section(found: Section) -> Markup:
    lead = tag("p", code(found.lead), class_="lead") if found.lead else ""
    return tag("section", tag("h2", found.title), lead, pieces(found.body), id=found.id)


def pieces(found: Sequence[Piece]) -> Markup:
    return join(map(piece, found))


def piece(found: Piece) -> Markup:
    """One piece, whatever it is."""
    match found:
        case Sentence():
            return tag("p", code(found.text), class_="lead" if found.muted else None)
        case Subtitle():
            return tag("h3", found.text)
        case Items():
            return items(found)
        case Facts():
            pairs = ([tag("dt", name), tag("dd", value)] for name, value in found.pairs)
            return tag("dl", map(join, pairs), class_="facts")
        case Code():
            return tag("pre", found.text, class_="keys" if found.short else None)
        case Figure():
            width = f"max-width: {found.width}px"
            return tag("div", found.drawing, style=width) if found.width else found.drawing
        case Image():
            return tag("img", class_="samples", src=found.source, alt=found.meaning)
        case Table():
            return table(found)
        case Fold():
            return details(found.summary, pieces(found.body), opened=found.open)
        case Beside():
            return tag("div", (tag("div", map(piece, group)) for group in found.groups),
                       class_="two inside")  # fmt: skip


def items(found: Items) -> Markup:
    name, class_ = ("ol", "advice") if found.numbered else ("ul", "found")
    return tag(name, map(item, found.entries), class_=class_)


def item(found: Item) -> Markup:
    do = tag("code", found.code, class_="do") if found.code else ""
    source = tag("small", found.source) if found.source else ""
    return tag("li", code(found.text), tag("br") if do or source else "", do, source)


def details(summary: str, content: Content, *, opened: bool = False) -> Markup:
    return tag("details", tag("summary", summary), content, open="" if opened else None)


def table(found: Table) -> Markup:
    """The table; where it is wider than its section it scrolls alone."""
    kinds = [CLASSES[column.kind] for column in found.columns]
    heads = [
        tag("th", column.title, class_="n" if kind == "n" else None)
        for column, kind in zip(found.columns, kinds)
    ]
    body = Markup("\n").join(row(one, kinds) for one in found.rows)
    shown = tag("table", tag("thead", tag("tr", heads)), tag("tbody", body))
    return tag("div", shown, class_="scroll")


def row(found: Row, kinds: Sequence[str | None]) -> Markup:
    cells, at = [], 0
    for one in found:
        wide = one.span > 1
        class_ = one.style or None if wide else kinds[at]
        cells.append(tag("td", cell(one), class_=class_, colspan=one.span if wide else None))
        at += one.span
    return tag("tr", cells, class_=found.style or None)


def cell(found: Cell) -> Markup:
    """What stands in a cell."""
    text: str = found.text
    if found.link:
        text = tag("a", text, href=found.link)
    if found.style and found.span == 1:
        text = tag("code", text) if found.style == "code" else tag("span", text, class_=found.style)
    key = tag("span", class_="key", style=f"background: var(--{found.key})") if found.key else ""
    note = [tag("br"), tag("small", found.note)] if found.note else ""
    gap = " " if found.drawing and text else ""
    return join(key, found.drawing, gap, text, note)


def code(text: str) -> Markup:
    """Plain text as HTML, with what stands between backticks as code.

    >>> code("`a` < b")
    Markup('<code>a</code> &lt; b')
    """
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))
