"""`history.csv`, as Keras's CSVLogger and kreg write it, and Lightning's `metrics.csv`."""

from pathlib import Path

from kreg.diagnostics.record import Record
from kreg.diagnostics.sources import lightning
from kreg.diagnostics.sources.build import from_columns, growing, numeric
from kreg.files import AnyPath
from kreg.foreign import csv_text


def read(path: AnyPath) -> Record:
    """The record of a CSV log; a line that is still being written is left out.

    Raises:
        ValueError: If the file is empty or has no column of numbers.
    """
    path = Path(path)
    text = csv_text.log(path)
    lines = text.splitlines()
    if not lines:
        raise ValueError(f"{path} is empty: no epoch has been logged yet.")
    delimiter = max(",;\t", key=lines[0].count)
    header, *rows = csv_text.rows(text, delimiter)
    header = [name.strip() for name in header]
    whole = [row for row in rows if len(row) == len(header)]
    partial = len([row for row in rows if row]) - len(whole)
    if not text.endswith("\n") and whole and len(rows[-1]) == len(header):
        whole, partial = whole[:-1], partial + 1  # its last number may be cut short
    return assemble(path, header, whole, partial)


def assemble(path: Path, header: list[str], rows: list[list[str]], partial: int) -> Record:
    columns = {name: [row[i] for row in rows] for i, name in enumerate(header) if name}
    read = lightning.merged if lightning.is_lightning(header) else by_rows
    numbers, curves, *warnings = read(columns)
    curves = {n: values for n, values in curves.items() if any(v is not None for v in values)}
    if not curves:
        raise ValueError(
            f"{path} has no column of numbers. Its header is: {', '.join(header) or 'empty'}."
        )
    record = from_columns(path.parent.name or path.stem, numbers, curves)
    if path.stem not in ("history", "log", "metrics", "training"):
        record.name = path.stem
    if partial:
        record.warnings.append(f"{partial} incomplete lines left out: still being written?")
    record.warnings += [text for text in warnings if text]
    return record


def by_rows(columns: dict[str, list[str]]) -> tuple[list[int], dict[str, list[float | None]], str]:
    """`(epochs, curves, warning)` of a log with one row an epoch."""
    told = columns.get("epoch")
    length = max(map(len, columns.values()), default=0)
    positions, numbers, warning = growing(range(length) if told is None else told)
    curves = {
        name: [numeric(values[i]) for i in positions]
        for name, values in columns.items()
        if name != "epoch"
    }
    return numbers, curves, warning
