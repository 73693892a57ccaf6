"""Tables of a report: plain text for the terminal, HTML for a notebook."""

import html
from collections.abc import Iterable, Sequence


def text_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows under a header, columns aligned: text to the left, numbers to the right.

    >>> print(text_table(("layer", "zeros"), [("dense", 12), ("head", 3)]))
    layer  zeros
    -----  -----
    dense     12
    head       3
    """
    rows = [tuple(row) for row in rows]
    cells = [tuple(map(str, header)), *(tuple(map(str, row)) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    numeric = [is_numeric(column) for column in zip(*rows, strict=True)] or [False] * len(header)
    lines = [aligned(row, widths, numeric) for row in cells]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join([lines[0], rule, *lines[1:]])


def html_table(header: Sequence[str], rows: Iterable[Sequence[object]], *lines: str) -> str:
    """The same for a notebook, with lines of text below it.

    >>> html_table(("layer",), [("<dense>",)], "one layer")
    '<table><tr><th>layer</th></tr><tr><td>&lt;dense&gt;</td></tr></table><p>one layer</p>'
    """
    head = "".join(f"<th>{html.escape(name)}</th>" for name in header)
    cells = ("".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) for row in rows)
    body = "".join(f"<tr>{row}</tr>" for row in cells)
    text = "".join(f"<p>{html.escape(line)}</p>" for line in lines)
    return f"<table><tr>{head}</tr>{body}</table>{text}"


def is_numeric(column: Sequence[object]) -> bool:
    return all(str(value)[:1].isdigit() for value in column)


def aligned(row: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    cells = (
        cell.rjust(width) if number else cell.ljust(width)
        for cell, width, number in zip(row, widths, numeric, strict=True)
    )
    return "  ".join(cells).rstrip()
