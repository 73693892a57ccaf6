"""Plain text tables for the terminal: what `print(report)` shows."""

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


def is_numeric(column: Sequence[object]) -> bool:
    return all(str(value)[:1].isdigit() for value in column)


def aligned(row: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    cells = (
        cell.rjust(width) if number else cell.ljust(width)
        for cell, width, number in zip(row, widths, numeric, strict=True)
    )
    return "  ".join(cells).rstrip()
