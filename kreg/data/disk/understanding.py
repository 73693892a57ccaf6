"""What the columns of a table on the disk are: as its first rows show, and as the user has said.

The rules are those of a table in memory, on a sample: the first rows of the files. That all rows
are so is checked when they are written.
"""

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kreg.data import table
from kreg.data.cells import is_numeric, stored_as
from kreg.data.disk.form import TableForm
from kreg.data.disk.shards import Shards
from kreg.data.disk.wish import Wish

if TYPE_CHECKING:
    import pandas as pd

SAMPLE, FILES = 20_000, 64  # rows in all, and files that they are taken from at most


class Sample(NamedTuple):
    """What the first rows show.

    Args:
        form: How the features are stored.
        kinds: What the cells of features and targets are in the files.
        sentences: What is to be said.
    """

    form: TableForm
    kinds: dict[str, str]
    sentences: list[str]


def understand(shards: Shards, wish: Wish, name: str) -> Sample:
    """The columns of these files.

    Raises:
        ValueError: If the table has no row, or not the columns that are named.
    """
    import pandas as pd

    heads = first_rows(shards)
    sample = pd.concat(heads, ignore_index=True) if heads else pd.DataFrame(columns=shards.columns)
    table.check_frame(sample, name, wish.target, wish.named, wish.dropped, wish.types)
    columns = heads[0].drop(columns=list(wish.without))
    counters = [c for c in columns if c not in wish.types and table.counts_rows(columns[c])]
    try:
        found = table.features(
            finite(sample.drop(columns=[*wish.without, *counters])), wish.types, len(sample),
            untyped=shards.untyped, comma=shards.comma,
        )  # fmt: skip
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    if not found.frame.shape[1]:
        raise ValueError(f"{name}: no feature column is left beside the target.")
    told = [*found.sentences, *(f"column {c!r} counts the rows; left out." for c in counters)]
    kinds = {c: stored_as(sample[c]) for c in [*found.frame, *wish.target]}
    return Sample(_form(shards, wish, found.frame, found.notations, kinds), kinds, told)


def finite(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Without infinite values: who writes all rows names them, and their file."""
    numbers = frame.select_dtypes("number")
    return frame.assign(**numbers.where(~np.isinf(numbers)))


def first_rows(shards: Shards) -> "list[pd.DataFrame]":
    """The first rows of the files, of those spread over all if there are many."""
    count = min(len(shards.files), FILES)
    files = [shards.files[i * len(shards.files) // count] for i in range(count)]
    blocks = (shards.blocks(file, max(SAMPLE // count, 1)) for file in files)
    return [head for block in blocks for head in islice(block, 1) if len(head)]


def _form(
    shards: Shards,
    wish: Wish,
    frame: "pd.DataFrame",
    notations: dict[str, str],
    kinds: dict[str, str],
) -> TableForm:
    numbers = [str(c) for c in frame if is_numeric(frame[c])]
    words = [str(c) for c in frame if not is_numeric(frame[c])]
    for column in words:  # 1.0 stands for a number with a fraction elsewhere
        if not shards.untyped and column in shards.fractions and kinds[column] == "integer":
            kinds[column] = "number"
    return TableForm(
        names=numbers,
        short=np.array([c in shards.narrow for c in numbers], bool),
        notations={c: notation for c, notation in notations.items() if c in numbers},
        loose={column for column, kind in wish.types.items() if kind == "number"},
        kinds={column: kinds[column] for column in [*numbers, *words]},
        levels={column: {} for column in words},
    )
