"""New rows from a file that knows its columns: Parquet, TFRecord. Some rows in memory at a time."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from kreg.data.disk.example_shards import ExampleShards
from kreg.data.sources.several import unread
from kreg.foreign import example_file, framed_file
from kreg.prediction import sources, tables
from kreg.prediction.findings import Findings
from kreg.prediction.kept import Kept
from kreg.prediction.sources import Block

if TYPE_CHECKING:
    import pandas as pd


class Reader(Protocol):
    """A file of rows.

    Args:
        total: How many rows it has.
        columns: Their names.
    """

    total: int
    columns: list[str]

    def blocks(self, size: int) -> "Iterator[pd.DataFrame]":
        """The rows, at most `size` at a time.

        Raises:
            OSError: If it cannot be read.
            ValueError: If it is damaged.
        """


class ParquetReader:
    """A Parquet file; needs the extra `parquet`.

    Raises:
        ValueError: If it is none, or pyarrow is not installed.
    """

    def __init__(self, file: Path) -> None:
        try:
            from kreg.foreign import parquet_file
        except ModuleNotFoundError as error:
            raise ValueError("Parquet needs pyarrow: pip install 'kreg[parquet]'.") from error
        self.file, self.reader = file, parquet_file
        try:
            self.total = parquet_file.count(file)
        except (OSError, ValueError) as error:
            raise ValueError(f"{file} is not a Parquet file: {error}.") from error
        self.columns = parquet_file.names(file)

    def blocks(self, size: int) -> "Iterator[pd.DataFrame]":
        return self.reader.blocks(self.file, size)


class ExampleReader:
    """A TFRecord file; features that the training left out are not looked at.

    Raises:
        ValueError: If it is none, or its records do not fit together.
    """

    def __init__(self, file: Path, kept: Kept) -> None:
        self.file = file
        self.shards = ExampleShards([file], unread(kept.config.get("data", {})))
        self.columns, self.total = self.shards.columns, framed_file.count(file)

    def blocks(self, size: int) -> "Iterator[pd.DataFrame]":
        known = self.shards
        return example_file.blocks(self.file, known.features, size, known.without)


class TypedSource:
    """The rows of such a file.

    Args:
        kept: The run.
        file: The file.
        reader: What reads it.
        labelled: Whether the target is wanted, too.
        keep: Columns to repeat.

    Raises:
        ValueError: If it lacks a column.
    """

    def __init__(
        self, kept: Kept, file: Path, reader: Reader, labelled: bool, keep: Sequence[str]
    ) -> None:
        self.kept, self.file, self.reader, self.total = kept, file, reader, reader.total
        self.target = kept.target if labelled else []
        tables.refuse_lacking(kept, reader.columns, str(file), self.target)
        self.keys = sources.key_columns(kept, reader.columns, keep)

    def blocks(self, size: int, findings: Findings) -> Iterator[Block]:
        """All rows, in their order."""
        done = 0
        try:
            for frame in self.reader.blocks(size):
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
