"""New rows from CSV, a file or standard input, in bounded memory."""

import io
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from kreg.csv_header import AUTO, SEPARATORS
from kreg.data.sources.csv_parquet import ABSENT
from kreg.foreign import csv_blocks, csv_text
from kreg.foreign.content import DamagedError
from kreg.prediction import sources, tables
from kreg.prediction.findings import Findings
from kreg.prediction.kept import Kept
from kreg.prediction.sources import Block

if TYPE_CHECKING:
    import pandas as pd

BLANK = "{count} blank lines are passed over."
STREAM = "standard input"
NAMES = ""  # of a column that names the rows and has no header


class CsvSource:
    """A CSV text with a header line.

    Args:
        kept: The run.
        given: A path, or an open stream of bytes.
        labelled: Whether the target is wanted, too.
        keep: Columns to repeat.

    Raises:
        ValueError: If the header has not all columns, or there is none.
    """

    def __init__(
        self, kept: Kept, given: Path | IO[bytes], labelled: bool, keep: Sequence[str]
    ) -> None:
        self.kept = kept
        self.name = str(given) if isinstance(given, Path) else STREAM
        self.total = given.stat().st_size if isinstance(given, Path) else 0
        self.bytes = given.open("rb") if isinstance(given, Path) else given
        self.text = io.TextIOWrapper(self.bytes, encoding="utf-8-sig", newline="")
        self.lines = csv_blocks.lines(self.text)
        self.target = kept.target if labelled else []
        try:
            self.header, self.sign = self._header()
            tables.refuse_lacking(kept, self.header, self.name, self.target)
            self.keys = sources.key_columns(kept, self.header, keep)
        except BaseException as error:
            self._close()
            raise self._told(error) from error

    def _close(self) -> None:
        """A file of its own; the stream of somebody else stays open."""
        if self.total or self.name != STREAM:
            self.text.close()
        elif not self.bytes.closed:
            self.text.detach()

    def _told(self, error: BaseException) -> BaseException:
        """Damage with the name of the file; anything else as it is."""
        if not isinstance(error, DamagedError):
            return error
        return ValueError(f"{self.name}: {error}.")

    def _header(self) -> tuple[list[str], str]:
        """The names of the columns, numbered where they are alike, and the sign between them."""
        line = next((line for line in self.lines if line.strip()), None)
        if line is None:
            raise ValueError(f"{self.name} is empty: it has no header line.")
        told = self.kept.reading.get("separator", AUTO)
        signs = SEPARATORS if told == AUTO or len(told) != 1 else (told, *SEPARATORS)
        found = {sign: self._names(line, sign) for sign in signs}
        wanted = set(self.kept.features)
        best = max(signs, key=lambda sign: (len(wanted & set(found[sign])), len(found[sign])))
        self._refuse_twice(found[best])
        names = numbered(found[best])
        return self._with_row_names(names, best), best

    def _names(self, line: str, sign: str) -> list[str]:
        (names,) = csv_text.lines(line.rstrip("\r\n"), sign, spaces=False)
        return names

    def _refuse_twice(self, names: list[str]) -> None:
        counts = Counter(names)
        for name in self.kept.features:
            if counts[name] > 1:
                raise ValueError(f"{self.name}: two columns are called {name!r}.")

    def _with_row_names(self, names: list[str], sign: str) -> list[str]:
        """Where rows have one cell more than the header: their names, or nothing at their ends."""
        first = next((line for line in self.lines if line.strip()), None)
        if first is None:
            return names
        self.lines = chain([first], self.lines)
        cells = self._names(first, sign)
        if len(cells) != len(names) + 1:
            return names
        return [*names, NAMES] if not cells[-1].strip() else [NAMES, *names]

    def blocks(self, size: int, findings: Findings) -> Iterator[Block]:
        """All rows, in their order.

        Raises:
            ValueError: If the text is none that can be read.
        """
        count = 0
        try:
            for found in csv_blocks.blocks(self.lines, self.header, self.sign, size):
                if found.blank:
                    findings.note(BLANK, found.blank)
                if found.rows:
                    yield self._block(found, count)
                count += found.rows
        except DamagedError as error:
            raise ValueError(f"{self.name}: after row {count}, {error}.") from error
        finally:
            self._close()
        if not count:
            raise ValueError(f"{self.name} has a header and no rows.")

    def _block(self, found: csv_blocks.Rows, before: int) -> Block:
        columns = list(dict.fromkeys([*self.kept.features, *self.target]))
        missing = self.kept.reading.get("missing")
        absent: dict[str, Any] = {"na_values": ABSENT}
        if missing is not None:
            absent = {"na_values": missing, "keep_default_na": False}
        rows = self._read(found.text, columns, dtype=self._types(columns), **absent)
        reasons = sources.no_reasons(found.rows)
        for place, reason in found.reasons.items():
            reasons[place] = reason
        keys = sources.row_numbers(before, found.rows)
        if self.keys:
            keys = self._read(found.text, self.keys, dtype=str, na_filter=False)
        truth = rows[self.target] if self.target else None
        done = self.bytes.tell() if self.total else 0
        return Block(rows[self.kept.features], keys, reasons, truth, done)

    def _read(self, text: str, columns: list[str], **options: Any) -> "pd.DataFrame":
        import pandas as pd

        places = [self.header.index(name) for name in columns]
        frame = pd.read_csv(
            io.StringIO(text),
            sep=self.sign,
            header=None,
            names=range(len(self.header)),
            usecols=places,
            index_col=False,
            skip_blank_lines=False,
            skipinitialspace=True,
            low_memory=False,
            **_by_place(options, columns, places),
        )
        return frame[places].set_axis(columns, axis=1)

    def _types(self, columns: list[str]) -> dict[str, type[str]]:
        """Text for all but plain numbers: a block may look otherwise than the whole table."""
        known = self.kept.reading.get("columns", {})
        plain = {c["name"] for c in self.kept.numeric if "notation" not in c}
        plain |= set() if self.kept.numeric or self.kept.categorical else set(self.kept.features)
        plain |= set(self.target)
        numbers = {name for name in plain if known.get(name, "number") in ("integer", "number")}
        return {name: str for name in columns if name not in numbers} if known else {}


def _by_place(options: dict[str, Any], columns: list[str], places: list[int]) -> dict[str, Any]:
    """The same options, with the types by the columns' places."""
    types = options.get("dtype")
    if not isinstance(types, dict):
        return options
    named = dict(zip(columns, places, strict=True))
    return {**options, "dtype": {named[name]: kind for name, kind in types.items()}}


def numbered(names: list[str]) -> list[str]:
    """Columns that are called alike, numbered as pandas does it.

    >>> numbered(["a", "b", "a"])
    ['a', 'b', 'a.1']
    """
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        found.append(f"{name}.{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return found
