"""Where other stopping rules would have stopped this run."""

from collections.abc import Sequence

from markupsafe import Markup

from kreg.diagnostics.report_document import Document
from kreg.pages import svg
from kreg.pages.formatting import NOTHING, number
from kreg.pages.views import Cell, Column, Row, Section, Table

COLUMNS = (
    Column("rule", "word"),
    Column("", detail=True),
    *(Column(name, "number") for name in ("stops at", "goes back to", "epochs saved", "regret")),
)
LARGE = 1.0  # percent of regret


def section(doc: Document) -> Section | None:
    epochs = doc["curves"]["epochs"]
    if not doc["replay"] or not epochs:
        return None
    lead = (
        "The bar ends where the rule stops, the dot is the epoch it goes back to. Regret is "
        "measured against the best epoch of this run, on the judged validation loss."
    )
    body = [table(doc["replay"], epochs)]
    return Section("replay", "What if: stopping rules on this run", body, lead, brief=True)


def table(rules: Sequence[Document], epochs: Sequence[int]) -> Table:
    """One row a rule.

    Args:
        rules: What `kreg.diagnostics.replay` returns.
        epochs: Of the run.
    """
    return Table(COLUMNS, [row(rule, epochs) for rule in rules])


def row(rule: Document, epochs: Sequence[int]) -> Row:
    name = Cell(rule["rule"], "code")
    if rule["error"]:
        return Row([name, "", Cell(rule["error"], "muted", span=4)])
    regret = rule["regret"]
    bad = regret is not None and regret > LARGE
    return Row([
        name,
        Cell(drawing=strip(rule, epochs[0], epochs[-1])),
        str(rule["stop_epoch"] or "never"),
        number(rule["best_epoch"], 7),
        str(rule["saved"]),
        Cell(NOTHING if regret is None else f"{regret:.2f} %", "bad" if bad else ""),
    ])  # fmt: skip


def strip(rule: Document, first: int, last: int) -> Markup:
    """Where a rule stops (the bar's end) and what it goes back to (the dot)."""
    frame = svg.Frame(220, 16, (first, max(last, first + 1)), (0, 1), 6, 6, 0, 0)
    end = frame.px(rule["stop_epoch"] or last)
    parts = [svg.rect(6, 5, 208, 6, "track", rx=3), svg.rect(6, 5, end - 6, 6, "bar part", rx=3)]
    if rule["best_epoch"] is not None:
        parts.append(svg.dot(frame.px(rule["best_epoch"]), 8, "val point", 4))
    return svg.spark(220, 16, parts)
