"""A CSV text of any length, some rows at a time, each of them as wide as the header.

pandas refuses a whole file for one row that is too long, and fills up one that is too short. Here
such a row stays in its place, empty and with a reason. The texts of the blocks are pandas's to
read, so that cells mean what they mean in training.
"""

import csv
import io
from collections.abc import Iterator
from itertools import chain, islice
from typing import NamedTuple, TextIO

from kreg.foreign.content import DamagedError

LONGEST = 2**24  # characters of one line


class Rows(NamedTuple):
    """Some rows of a CSV file.

    Args:
        text: One line a row, without a header. A row that is not usable is a line of empty cells.
        rows: How many there are.
        reasons: Row in this block to what is wrong with it.
        blank: Lines without anything, which are no rows.
    """

    text: str
    rows: int
    reasons: dict[int, str]
    blank: int


def lines(file: TextIO) -> Iterator[str]:
    """The lines of a text; one that never ends is refused.

    Raises:
        DamagedError: Also for bytes that are no UTF-8.
    """
    try:
        while line := file.readline(LONGEST):
            if len(line) == LONGEST:
                raise DamagedError(f"a line has more than {LONGEST:,} characters")
            yield line
    except UnicodeDecodeError as error:
        raise DamagedError(f"it is no text of UTF-8 ({error})") from error


def blocks(rest: Iterator[str], header: list[str], delimiter: str, size: int) -> Iterator[Rows]:
    """The rows below a header.

    Args:
        rest: The lines below it.
        header: The names of the columns.
        delimiter: One sign.
        size: Rows of a block, about: a cell may go over several lines.

    Raises:
        DamagedError: For a quotation that does not end.
    """
    while taken := list(islice(rest, size)):
        if not any('"' in line for line in taken):
            yield _plain(taken, header, delimiter)
        else:
            yield _quoted(_records(taken, rest, delimiter), header, delimiter)


def _plain(taken: list[str], header: list[str], delimiter: str) -> Rows:
    """Lines without a quotation mark: each is a row."""
    width = len(header)
    rows = [line.rstrip("\r\n") for line in taken]
    kept = [row for row in rows if row.strip(" ")]
    reasons = {}
    again = {delimiter.join(header)} if width > 1 else set()
    for place, row in enumerate(kept):
        found = row.count(delimiter) + 1
        if found != width or row in again:
            reasons[place] = _reason(found, width)
            kept[place] = delimiter * (width - 1)
    return Rows("\n".join(kept) + "\n", len(kept), reasons, len(rows) - len(kept))


def _reason(found: int, width: int) -> str:
    if found == width:
        return "the header again"
    return f"{found} cell{'s' * (found != 1)}, and the header has {width}"


def _records(taken: list[str], rest: Iterator[str], delimiter: str) -> Iterator[list[str]]:
    """The records that begin in these lines; the last one may need some more of them."""
    reader = csv.reader(chain(taken, rest), delimiter=delimiter, skipinitialspace=True)
    try:
        while reader.line_num < len(taken):
            yield next(reader)
    except StopIteration:
        return
    except csv.Error as error:
        raise DamagedError(f"it is no CSV text ({error})") from error


def _quoted(records: Iterator[list[str]], header: list[str], delimiter: str) -> Rows:
    """Records with quotation marks, written anew."""
    text, reasons, count, blank = io.StringIO(newline=""), {}, 0, 0
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    for record in records:
        if len(record) <= 1 and not "".join(record).strip():
            blank += 1
            continue
        if len(record) != len(header) or (record == header and len(header) > 1):
            reasons[count] = _reason(len(record), len(header))
            record = [""] * len(header)
        writer.writerow(record)
        count += 1
    return Rows(text.getvalue(), count, reasons, blank)
