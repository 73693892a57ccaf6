"""SQLite files that others have written: opened for reading, their tables alone, within limits."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from kreg.files import AnyPath
from kreg.foreign.content import MEBI, DamagedError, opened
from kreg.foreign.schema import conform

MAGIC = b"SQLite format 3\0"
LONGEST = MEBI  # bytes of one value
ROWS = 5_000_000  # of one answer
OFTEN, LOOKS = 10_000, 200_000  # SQLite's own steps between two looks, and looks at most
WAIT = 10.0  # seconds for whoever is writing
SAFE = ("trusted_schema=OFF", "cell_size_check=ON", "query_only=ON")

Rows: TypeAlias = Iterator[Any]  # each a mapping of the kind that was asked for


def is_sqlite(path: AnyPath) -> bool:
    """Whether a file begins as SQLite's do."""
    try:
        with open(opened(path), "rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


class Tables:
    """The tables of a file, as `with Tables.of(path) as tables: tables.rows(...)`.

    Nothing of the file is run: views, triggers, virtual tables and functions of its own are not.

    Args:
        connection: To the file.
        path: For sentences.
    """

    def __init__(self, connection: sqlite3.Connection, path: AnyPath) -> None:
        self.connection = connection
        self.path = path

    @classmethod
    @contextlib.contextmanager
    def of(cls, path: AnyPath) -> "Iterator[Tables]":
        """The tables of a file that is open as long as the block lasts.

        Raises:
            OSError: If it is missing, or no regular file.
            DamagedError: If it cannot be read.
        """
        os.close(opened(path))
        address = f"{Path(path).absolute().as_uri()}?mode=ro"
        with sentences(path), contextlib.closing(connect(address)) as connection:
            yield cls(connection, path)

    def columns(self, table: str) -> set[str]:
        """The columns of a plain table; none if there is no such table."""
        found = self.connection.execute(
            "select sql from sqlite_master where type = 'table' and name = ?", (table,)
        ).fetchone()
        if found is None or not str(found[0]).upper().startswith("CREATE TABLE"):
            return set()
        names = self.connection.execute("select name from pragma_table_info(?)", (table,))
        return {str(name) for (name,) in names}

    def rows(self, question: str, kind: Any, values: Sequence[object] = ()) -> Rows:
        """The answer to a question, row by row.

        Args:
            question: A `select`.
            kind: A `TypedDict` of the columns that it asks for, in that order.
            values: For its question marks.

        Raises:
            DamagedError: If a value is none of its column's, or there are too many rows.
        """
        names = list(kind.__annotations__)
        for count, row in enumerate(self.connection.execute(question, values)):
            if count == ROWS:
                raise DamagedError(f"{self.path} has more than {ROWS:,} rows to read")
            found = dict(zip(names, row, strict=True))
            conform(found, kind, f"row {count + 1} of {self.path}")
            yield found


@contextlib.contextmanager
def sentences(path: AnyPath) -> Iterator[None]:
    """What SQLite says of a file becomes a sentence."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:  # the latter for a column's name
        raise DamagedError(f"{path} cannot be read as an SQLite file ({error})") from error


def connect(address: str) -> sqlite3.Connection:
    """A connection that only reads, and that ends by itself."""
    connection = sqlite3.connect(address, uri=True, timeout=WAIT)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
    for setting in SAFE:
        connection.execute(f"pragma {setting}")
    connection.text_factory = lambda data: data.decode(errors="replace")
    looks = iter(range(LOOKS))
    connection.set_progress_handler(lambda: int(next(looks, None) is None), OFTEN)
    return connection
