"""New rows from a Parquet file, one row group in memory at a time."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kreg.prediction import sources, tables
from kreg.prediction.findings import Findings
from kreg.prediction.kept import Kept
from kreg.prediction.sources import Block

if TYPE_CHECKING:
    import pandas as pd


class ParquetSource:
    """A Parquet file; needs the extra `parquet`.

    Args:
        kept: The run.
        file: The file.
        labelled: Whether the target is wanted, too.
        keep: Columns to repeat.

    Raises:
        ValueError: If it is none, lacks a column, or pyarrow is not installed.
    """

    def __init__(self, kept: Kept, file: Path, labelled: bool, keep: Sequence[str]) -> None:
        try:
            from kreg.foreign import parquet_file
        except ModuleNotFoundError as error:
            raise ValueError("Parquet needs pyarrow: pip install 'kreg[parquet]'.") from error
        self.kept, self.file, self.reader = kept, file, parquet_file
        try:
            self.total = parquet_file.count(file)
        except (OSError, ValueError) as error:
            raise ValueError(f"{file} is not a Parquet file: {error}.") from error
        self.target = kept.target if labelled else []
        columns = parquet_file.names(file)
        tables.refuse_lacking(kept, columns, str(file), self.target)
        self.keys = sources.key_columns(kept, columns, keep)

    def blocks(self, size: int, findings: Findings) -> Iterator[Block]:
        """All rows, in their order."""
        done = 0
        try:
            for frame in self.reader.blocks(self.file, size):
                done += len(frame)
                yield self._block(frame, done)
        except (OSError, ValueError) as error:
            raise ValueError(f"{self.file}: after row {done}, {error}.") from error
        if not done:
            raise ValueError(f"{self.file} has no rows.")

    def _block(self, frame: "pd.DataFrame", done: int) -> Block:
        count = len(frame)
        keys = frame[self.keys] if self.keys else sources.row_numbers(done - count, count)
        truth = frame[self.target] if self.target else None
        return Block(frame[self.kept.features], keys, sources.no_reasons(count), truth, done)
