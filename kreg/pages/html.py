"""A view as HTML: one self-contained file, figures inline, no script, nothing fetched."""

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from itertools import groupby

from markupsafe import Markup, escape

from kreg import __version__
from kreg.pages import views
from kreg.pages.element import Content, join, some, tag

CLASSES = {"number": "n", "word": "w", "phrase": "wide", "text": None}


@functools.cache
def style() -> str:
    """The style sheet of all pages."""
    return (resources.files("kreg.pages") / "style.css").read_text("utf-8")


ROOT = re.compile(r":root([^\s,{]*)(?:, :host(?:\([^{]*\))?)? \{")


def inside(content: str) -> str:
    """A fragment for somebody else's page, a notebook say: its style touches nothing else there.

    Args:
        content: HTML that `fragment`, or a table of its kind, has made.
    """
    scoped = ROOT.sub(lambda m: f":root{m[1]} :scope {{" if m[1] else ":scope {", style())
    return f"<style>@scope (.kreg) {{\n{scoped}}}</style><div class='kreg'>{content}</div>"


def page(view: views.View, theme: str = "", noted: Mapping[str, str] | None = None) -> str:
    """The view as a whole page.

    Args:
        view: What it says.
        theme: `"light"` or `"dark"` to fix it; empty follows the reader's system.
        noted: What a program reads in it, as `<meta>` elements: name to content. Defaults to none.
    """
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="generator", content=f"kreg {__version__}"),
        *(tag("meta", name=name, content=content) for name, content in (noted or {}).items()),
        tag("title", f"{view.head.name}: {view.head.title}"),
        tag("link", rel="icon", href="data:,"),
        tag("style", Markup(style())),
    )
    body = tag("body", tag("main", fragment(view)))
    return f"<!doctype html>\n{tag('html', head, body, lang='en', data_theme=theme or None)}\n"


def fragment(view: views.View) -> Markup:
    """The view as one `<article>`, for pages that hold several."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", view.head.name)
    parts = [top(view.head), hero(view.head), caveats(view.head.caveats), *rows(view.sections)]
    return tag("article", Markup("\n").join(parts), class_="kreg-report", id=f"run-{name}")


def top(head: views.Head) -> Markup:
    name = tag("span", tag("b", head.name))
    return tag("header", name, tag("span", head.stamp), class_="top")


def hero(head: views.Head) -> Markup:
    """The answer and its numbers."""
    badge, title = some("span", head.badge, class_="badge"), tag("h1", head.title)
    *before, last = map(code, head.sentences)
    told = [*before, join(last, " ", some("b", code(head.action)))]
    numbers = some("dl", join(map(stat, head.stats)), class_="stats")
    about = some("p", code(head.about), class_="about")
    parts = [about, badge, title, *(tag("p", sentence) for sentence in told), numbers]
    return tag("div", parts, class_=f"hero {head.tone}", id="verdict")


def stat(found: views.Stat) -> Markup:
    value = tag("a", found.value, href=found.link) if found.link else found.value
    return tag("div", tag("dt", found.name), tag("dd", value), some("small", found.note))


def caveats(found: Sequence[str]) -> Markup:
    """The first ones; the others behind a line."""
    lines = [tag("li", code(line)) for line in found]
    shown, more = (some("ul", join(part)) for part in (lines[: views.SHOWN], lines[views.SHOWN :]))
    folded = details(f"{len(lines) - views.SHOWN} more", more) if more else ""
    return some("div", join(shown, folded), class_="caveats")


def rows(sections: Sequence[views.Section]) -> Iterator[Markup]:
    """The sections, neighbours of half width side by side."""
    for half, group in groupby(sections, key=lambda found: found.half):
        found = [section(one) for one in group]
        yield tag("div", found, class_="two") if half else Markup("\n").join(found)


def section(found: views.Section) -> Markup:
    lead = some("p", code(found.lead), class_="lead")
    return tag("section", tag("h2", found.title), lead, pieces(found.body), id=found.id)


def pieces(found: Sequence[views.Piece]) -> Markup:
    return join(map(piece, found))


def piece(found: views.Piece) -> Markup:
    """One piece, whatever it is."""
    match found:
        case views.Sentence():
            return tag("p", code(found.text), class_="lead" if found.muted else None)
        case views.Subtitle():
            return tag("h3", found.text)
        case views.Items():
            return items(found)
        case views.Facts():
            pairs = [tag("dt", name) + tag("dd", value) for name, value in found.pairs]
            return tag("dl", pairs, class_="facts")
        case views.Code():
            return tag("pre", found.text, class_="keys" if found.short else None)
        case views.Figure():
            width = f"max-width: {found.width}px"
            return tag("div", found.drawing, style=width) if found.width else found.drawing
        case views.Image():
            return tag("img", class_="samples", src=found.source, alt=found.meaning)
        case views.Table():
            return table(found)
        case views.Fold():
            return details(found.summary, pieces(found.body), opened=found.open)
        case views.Beside():
            return tag("div", (tag("div", map(piece, group)) for group in found.groups),
                       class_="two inside")  # fmt: skip


def items(found: views.Items) -> Markup:
    name, class_ = ("ol", "advice") if found.numbered else ("ul", "found")
    return tag(name, map(item, found.entries), class_=class_)


def item(found: views.Item) -> Markup:
    more = join(some("code", found.code, class_="do"), some("small", found.source))
    return tag("li", code(found.text), tag("br") if more else "", more)


def details(summary: str, content: Content, *, opened: bool = False) -> Markup:
    return tag("details", tag("summary", summary), content, open="" if opened else None)


def table(found: views.Table) -> Markup:
    """The table; where it is wider than its section it scrolls alone."""
    kinds = [CLASSES[column.kind] for column in found.columns]
    heads = [
        tag("th", column.title, class_="n" if kind == "n" else None)
        for column, kind in zip(found.columns, kinds)
    ]
    body = Markup("\n").join(row(one, kinds) for one in found.rows)
    shown = tag("table", tag("thead", tag("tr", heads)), tag("tbody", body))
    return tag("div", shown, class_="scroll")


def row(found: views.Row, kinds: Sequence[str | None]) -> Markup:
    cells, at = [], 0
    for one in found:
        wide = one.span > 1
        class_ = one.style or None if wide else kinds[at]
        cells.append(tag("td", cell(one), class_=class_, colspan=one.span if wide else None))
        at += one.span
    return tag("tr", cells, class_=found.style or None)


def cell(found: views.Cell) -> Markup:
    """What stands in a cell."""
    text = tag("a", found.text, href=found.link) if found.link else escape(found.text)
    if found.style and found.span == 1:
        name, class_ = ("code", None) if found.style == "code" else ("span", found.style)
        text = tag(name, text, class_=class_)
    key = tag("span", class_="key", style=f"background: var(--{found.key})") if found.key else ""
    note = tag("br") + tag("small", found.note) if found.note else ""
    return join(key, found.drawing, " " if found.drawing and text else "", text, note)


def code(text: str) -> Markup:
    """Plain text as HTML, with what stands between backticks as code.

    >>> code("`a` < b")
    Markup('<code>a</code> &lt; b')
    """
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))
