"""Parquet tables: what the footer claims is held against the file and against this machine."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pyarrow
from pyarrow import parquet

from kreg.foreign import memory
from kreg.foreign.content import DamagedError, opened

if TYPE_CHECKING:
    import pandas as pd

CELL = 8  # bytes of a number as pandas keeps it


def names(path: Path) -> list[str]:
    """The columns; none where only loading the file can tell."""
    try:
        with open(opened(path), "rb") as file:
            return list(parquet.read_schema(file).names)
    except (pyarrow.ArrowException, OSError, ValueError):
        return []


def types(path: Path) -> dict[str, str]:
    """Column to its type: `"whole"`, `"float32"`, `"number"`, `"bool"`, `"text"`, `"date"`, ...

    `"none"` is a column without any value; `"short"` are whole numbers of 16 bits at most.

    Raises:
        OSError: If it is missing, or no regular file.
        DamagedError: If it is no Parquet file.
    """
    try:
        with open(opened(path), "rb") as file:
            return {field.name: _kind(field.type) for field in parquet.read_schema(file)}
    except (pyarrow.ArrowException, OverflowError) as error:
        raise DamagedError(f"{type(error).__name__}: {error}") from error


def _kind(found: Any) -> str:
    is_ = pyarrow.types
    if is_.is_dictionary(found):
        return _kind(found.value_type)
    kinds = {
        "none": is_.is_null,
        "bool": is_.is_boolean,
        "short": lambda kind: is_.is_integer(kind) and kind.bit_width <= 16,
        "whole": is_.is_integer,
        "float32": lambda kind: is_.is_float16(kind) or is_.is_float32(kind),
        "number": is_.is_floating,
        "text": lambda kind: is_.is_string(kind) or is_.is_large_string(kind),
        "date": is_.is_temporal,
    }
    return next((name for name, holds in kinds.items() if holds(found)), str(found))


def frame(path: Path) -> "pd.DataFrame":
    """The rows as a pandas frame.

    Raises:
        OSError: If it is missing, or no regular file.
        DamagedError: If it is no Parquet file, or claims more than fits into memory.
    """
    import pandas as pd

    try:
        with open(opened(path), "rb") as file:
            facts = parquet.read_metadata(file)
            memory.refuse(facts.num_rows * facts.num_columns * CELL, "its rows would take")
            groups = (facts.row_group(i).total_byte_size for i in range(facts.num_row_groups))
            memory.refuse(sum(groups), "it unpacks to")
            file.seek(0)
            return pd.read_parquet(file, engine="pyarrow")
    except (pyarrow.ArrowException, OverflowError, MemoryError, UnicodeDecodeError) as error:
        raise DamagedError(f"{type(error).__name__}: {error}") from error


def count(path: Path) -> int:
    """How many rows its footer claims.

    Raises:
        OSError: If it is missing, or no regular file.
        DamagedError: If it is no Parquet file.
    """
    try:
        with open(opened(path), "rb") as file:
            return int(parquet.read_metadata(file).num_rows)
    except (pyarrow.ArrowException, OverflowError) as error:
        raise DamagedError(f"{type(error).__name__}: {error}") from error


def blocks(path: Path, size: int) -> Iterator["pd.DataFrame"]:
    """The rows as frames of at most `size` rows, one row group in memory at a time.

    Raises:
        OSError: If it is missing, or no regular file.
        DamagedError: If it is no Parquet file, or a row group claims more than fits into memory.
    """
    try:
        with open(opened(path), "rb") as file:
            table = parquet.ParquetFile(file)
            facts = table.metadata
            for group in range(facts.num_row_groups):
                memory.refuse(facts.row_group(group).total_byte_size, "a row group unpacks to")
            for group in range(facts.num_row_groups):  # all in one call: what was read stays there
                for batch in table.iter_batches(batch_size=size, row_groups=[group]):
                    yield batch.to_pandas()
    except (pyarrow.ArrowException, OverflowError, MemoryError, UnicodeDecodeError) as error:
        raise DamagedError(f"{type(error).__name__}: {error}") from error


class Writer:
    """Frames to one Parquet file, with the types of the first one.

    Args:
        file: Open for writing bytes.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.writer: Any = None

    def write(self, frame: "pd.DataFrame") -> None:
        """Append the rows of a frame; a column of objects is one of texts.

        Raises:
            ValueError: If a later frame cannot be written with the types of the first one.
        """
        texts = [name for name, kind in frame.dtypes.items() if str(kind) == "object"]
        frame = frame.astype(dict.fromkeys(texts, "string"))
        if self.writer is None:
            schema = pyarrow.Schema.from_pandas(frame, preserve_index=False)
            self.writer = parquet.ParquetWriter(self.file, schema)
        try:
            table = pyarrow.Table.from_pandas(frame, self.writer.schema, preserve_index=False)
            self.writer.write_table(table)
        except (pyarrow.ArrowException, TypeError) as error:
            raise ValueError(f"The rows cannot be written as Parquet: {error}.") from error

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
