"""Predictions as CSV, Parquet or JSON lines, a block at a time; a file is whole or not there."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from kreg import check, files

if TYPE_CHECKING:
    import pandas as pd

CSV, PARQUET, JSON_LINES = "csv", "parquet", "jsonl"
SUFFIXES = {
    ".csv": CSV,
    ".parquet": PARQUET,
    ".pq": PARQUET,
    ".jsonl": JSON_LINES,
    ".ndjson": JSON_LINES,
}


def format_of(out: str | None, named: str | None) -> str:
    """The format that a command asks for: by name, by the ending of its file, or CSV.

    Raises:
        ValueError: If the ending says none, or Parquet would go to a terminal.
    """
    if out is None:
        if named == PARQUET:
            raise ValueError("Parquet needs a file: --out NAME.parquet.")
        return named or CSV
    if Path(out).is_dir():
        raise check.invalid("out", "the name of a file", out, "It is a folder.")
    suffix = Path(out).suffix.lower()
    if named is None and suffix not in SUFFIXES:
        raise check.invalid(
            "out", f"a name ending in {', '.join(SUFFIXES)}, or --format beside it", out
        )
    return named or SUFFIXES[suffix]


def refuse_out(out: str | None, inputs: list[str]) -> None:
    """Refuse a place that cannot be written, or that the rows come from.

    Raises:
        ValueError: With the path.
    """
    if out is None:
        return
    path = Path(out)
    if not path.absolute().parent.is_dir():
        raise check.invalid("out", "a file in a folder that exists", out)
    if path.exists() and any(Path(p).exists() and path.samefile(p) for p in inputs):
        raise check.invalid("out", "another file than the rows come from", out)


@contextlib.contextmanager
def writer(out: str | None, kind: str) -> "Iterator[Callable[[pd.DataFrame], None]]":
    """A function that appends frames of the same columns.

    Args:
        out: A file, replaced when all is written; `None`: standard output.
        kind: `"csv"`, `"parquet"` or `"jsonl"`.
    """
    if out is None:
        yield _text(sys.stdout, kind)
        sys.stdout.flush()
        return
    with files.replacing(out) as temporary:
        if kind == PARQUET:
            with open(temporary, "wb") as binary, _parquet(binary) as write:
                yield write
        else:
            with open(temporary, "w", encoding="utf-8", newline="") as text:
                yield _text(text, kind)


def _text(file: IO[str], kind: str) -> "Callable[[pd.DataFrame], None]":
    first = True

    def write(frame: "pd.DataFrame") -> None:
        nonlocal first
        if kind == JSON_LINES:
            lines = frame.to_json(orient="records", lines=True, force_ascii=False, index=False)
            file.write(lines.rstrip("\n") + "\n")
        else:
            frame.to_csv(file, header=first, index=False, lineterminator="\n")
        first = False

    return write


@contextlib.contextmanager
def _parquet(file: IO[bytes]) -> "Iterator[Callable[[pd.DataFrame], None]]":
    from kreg.foreign import parquet_file

    opened = parquet_file.Writer(file)
    yield opened.write
    opened.close()
