"""The view and its walkers: whatever a section is made of, every rendering shows it."""

import io

import pytest
from rich.console import Console
from scripted import full

from kreg.diagnostics import document
from kreg.pages import Report, html, markdown, sections, terminal
from kreg.pages.element import tag
from kreg.pages.svg import figure
from kreg.pages.views import (
    Beside,
    Cell,
    Code,
    Column,
    Facts,
    Figure,
    Fold,
    Head,
    Image,
    Item,
    Items,
    Row,
    Section,
    Sentence,
    Stat,
    Subtitle,
    Table,
    View,
)

COLUMNS = (Column("name", "word"), Column("drawn", detail=True), Column("a", "number"),
           Column("b", "number", spare=1), Column("c", "number", spare=2))  # fmt: skip
TABLE = Table(
    COLUMNS,
    [
        Row(
            [Cell("<one>", "code", note="small"), Cell(drawing=tag("svg")), "1", "2", "3"], "strong"
        ),
        Row([Cell("two", link="two.html"), "", Cell("it *failed*", "muted", span=3)], "muted"),
    ],
)
PIECES = {
    "sentence": Sentence("`val_loss` rises"),
    "subtitle": Subtitle("Part two"),
    "items": Items([Item("Do [it]", "do(it)", "Doe 2020")], numbered=True),
    "list": Items([Item("found it")]),
    "facts": Facts([("rows", "1,000")]),
    "code": Code("a: <b>"),
    "table": TABLE,
    "beside": Beside([[Sentence("left")], [Sentence("right")]]),
}
DRAWN = {
    "figure": Figure(figure(10, 10, "", "A drawing"), width=40),
    "image": Image("data:image/png;base64,AAAA", "A picture"),
    "fold": Fold("More", [Sentence("hidden")]),
}
SAID = {
    "sentence": "rises", "subtitle": "Part two", "items": "do(it)", "list": "found it",
    "facts": "1,000", "code": "a: ", "table": "two", "beside": "right", "figure": "A drawing",
    "image": "A picture", "fold": "hidden",
}  # fmt: skip


def one(*pieces, **more) -> View:
    head = Head("run <1>", "It went well", "good", ["First.", "Second."], "Go on.")
    return View(head, [Section("new", "The new section", pieces, **more)])


@pytest.mark.parametrize("name", PIECES)
def test_every_rendering_shows_every_piece(name):
    view = one(PIECES[name], brief=True)
    for text in (html.page(view), markdown.text(view), terminal.plain(view)):
        assert "The new section" in text
        assert SAID[name] in text


@pytest.mark.parametrize("name", DRAWN)
def test_what_is_drawn_or_folded_is_on_the_page(name):
    view = one(DRAWN[name], brief=True)
    assert SAID[name] in html.page(view)
    assert markdown.text(view).rstrip().endswith("## The new section")


def test_a_section_in_detail_is_on_the_page_alone():
    view = one(Sentence("deep"), lead="How to read it.")
    assert "deep" in html.page(view) and "How to read it." in html.page(view)
    assert "deep" not in markdown.text(view) + terminal.plain(view)


def test_a_new_section_of_the_report_is_a_line_in_the_list(monkeypatch):
    def section(doc):
        return Section("new", "A new section", [Sentence(doc["name"])], brief=True)

    monkeypatch.setattr(sections, "SECTIONS", (*sections.SECTIONS, section))
    report = Report(document(full()))
    for text in (report.html(), report.markdown(), str(report)):
        assert "A new section" in text


def test_nothing_that_is_said_becomes_markup():
    b = "<b>"
    head = Head(b, b, "bad", [b], b, b, b, [Stat(b, b, b)], [b])
    table = Table([Column(b)], [Row([Cell(b, note=b)])])
    items = Items([Item(b, source=b)])
    pieces = [Sentence(b), Subtitle(b), items, Facts([(b, b)]), Code(b), Fold(b, [table])]
    page = html.page(View(head, [Section("a", b, pieces, b)]))
    assert page.count("<b>") == page.count("</b>") == 2  # the name at the top, what to do
    assert page.count("&lt;b&gt;") >= 20


def test_sections_of_half_width_stand_side_by_side():
    halves = [Section(name, name, [Sentence(name)], half=True) for name in "ab"]
    view = View(one().head, [*halves, Section("c", "c", [])])
    text = html.page(view)
    assert text.count('<div class="two">') == 1
    assert text.index('id="b"') < text.index("</div>", text.index('id="b"')) < text.index('id="c"')


def test_a_cell_over_several_columns_is_never_lost():
    assert '<td class="muted" colspan="3">it *failed*</td>' in html.page(one(TABLE))
    assert "| two | it \\*failed\\* |  |  |" in markdown.text(one(TABLE, brief=True))
    without = TABLE.without(COLUMNS[:3])  # the column in which it begins is gone
    assert [[cell.text for cell in row.spread] for row in without.rows] == [
        ["2", "3"], ["it *failed*", ""],
    ]  # fmt: skip


@pytest.mark.parametrize(("width", "shown"), [(80, "abc"), (13, "ab"), (10, "a")])
def test_a_narrow_terminal_goes_without_what_can_be_spared(width, shown):
    console = Console(width=width, file=io.StringIO())
    small = Table(COLUMNS, TABLE.rows[:1])
    assert [c.header.plain for c in terminal.table(small, console).columns] == ["name", *shown]


def test_a_view_is_built_once_for_all_renderings(monkeypatch):
    built = []
    monkeypatch.setattr(sections, "SECTIONS", (lambda doc: built.append(doc),))
    report = Report(document(full()))
    assert report.html() and report.markdown() and str(report)
    assert len(built) == 1
