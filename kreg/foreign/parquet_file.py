"""Parquet tables: what the footer claims is held against the file and against this machine."""

from pathlib import Path
from typing import TYPE_CHECKING

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
