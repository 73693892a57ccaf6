"""`history.csv`, as Keras's CSVLogger and kreg write it."""

from pathlib import Path

from kreg.diagnostics.record import Record
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
    epochs = columns.pop("epoch", None)
    positions, numbers, warning = growing(range(len(rows)) if epochs is None else epochs)
    curves = {
        name: [numeric(values[i]) for i in positions]
        for name, values in columns.items()
        if any(numeric(value) is not None for value in values)
    }
    if not curves:
        raise ValueError(
            f"{path} has no column of numbers. Its header is: {', '.join(header) or 'empty'}."
        )
    record = from_columns(path.parent.name or path.stem, numbers, curves)
    if path.stem not in ("history", "log", "training"):
        record.name = path.stem
    if partial:
        record.warnings.append(f"{partial} incomplete lines left out: still being written?")
    if warning:
        record.warnings.append(warning)
    return record
