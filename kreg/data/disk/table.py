"""A table whose rows lie on the disk, as a source of rows like any other."""

from pathlib import Path

import numpy as np

from kreg.data import table
from kreg.data.dataset import Raw
from kreg.data.dates import PARTS
from kreg.data.disk import statistics
from kreg.data.disk.kept import Arrays, Kept, kept
from kreg.data.disk.roles import Dealing, Places
from kreg.data.disk.rows import StoredRows
from kreg.data.disk.shards import Shards
from kreg.data.disk.wish import Wish
from kreg.data.disk.writing import ROLE_NAMES
from kreg.data.own_splits import in_roles
from kreg.foreign import memory
from kreg.foreign.record_file import BLOCK


def from_shards(
    shards: Shards,
    wish: Wish,
    *,
    name: str,
    tests: Shards | None = None,
    limit: int,
    reading: str,
) -> Raw:
    """The rows of files that stay on the disk.

    Args:
        shards: The files.
        wish: What the user has said of their columns.
        name: What the data set is called.
        tests: Files of test rows, or `None`.
        limit: Bytes that may be kept of all such tables.
        reading: As for `kept`.

    Raises:
        ValueError: One sentence: which file, which column, what to do.
    """
    store, arrays = kept(shards, tests, wish, name, limit, reading)
    facts = store.facts
    rows = StoredRows(store, store.form, None, block=BLOCK // 4)
    raw = Raw(
        name=name,
        x=rows,
        y=arrays["y"],
        task=facts["task"],
        class_names=facts["class_names"],
        target_names=facts["target_names"],
        group=arrays.get("group"),
        group_hashed=True,
        time=arrays.get("time"),
        dealing=dealing(store, arrays, wish),
        preprocess=lambda rows: statistics.columns(
            rows, store.form, wish.max_categories, wish.dates == PARTS
        ),
        reading=table.reading(
            facts["kinds"], list(wish.target), wish.label_separator, shards.comma
        ),
        warnings=[f"{name}: {told}" for told in [where(store, arrays), *facts["sentences"]]],
    )
    roles = arrays["role"]
    return raw if not roles.any() else in_roles(raw, np.array(ROLE_NAMES, object)[roles])


def where(store: Kept, arrays: Arrays) -> str:
    """Where the rows are, and what is in memory."""
    size = store.path.stat().st_size
    held = sum(array.nbytes for array in arrays.values())
    return (
        f"{len(store):,} rows stay on the disk ({memory.told(size)} in {store.path}; in memory "
        f"are {memory.told(held)} of targets and the like). Columns are understood from the first "
        "rows of the files, and all rows are held against that."
    )


def dealing(store: Kept, arrays: Arrays, wish: Wish) -> Dealing | None:
    """What decides on the split of each row; `None` where their time does."""
    counts = store.facts["counts"]
    if wish.time is not None:
        return None
    if wish.group is not None:
        return Dealing(arrays["group"])
    if wish.split_by_file:
        each = list(counts.values())
        return Dealing(np.repeat(np.arange(len(each), dtype=np.uint32), each), by_file=True)
    return Dealing(Places([(Path(file).name, count) for file, count in counts.items()]))
