"""Groups of `data.group` whose rows something else has put into several splits."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[Any]


class Torn(NamedTuple):
    """Groups in more than one part.

    Args:
        number: How many of them.
        of: Groups in all.
        first: The label of the first one.
        where: The names of the parts that it stands in.
    """

    number: int
    of: int
    first: str
    where: list[str]


def torn(group: Labels, parts: Mapping[str, NDArray[np.integer[Any]]]) -> Torn | None:
    """Which groups stand in several parts; `None` where each stands in one.

    Args:
        group: One label a row, `(rows,)`.
        parts: Rows by the name of their part.

    >>> torn(np.array(["b", "a", "b"]), {"train": np.array([0, 1]), "test": np.array([2])})
    Torn(number=1, of=2, first='b', where=['train', 'test'])
    """
    group = np.asarray(group)
    labels = group if group.dtype.kind in "iu" else group.astype(str)
    found = {name: np.unique(labels[rows]) for name, rows in parts.items()}
    each, counts = np.unique(np.concatenate(list(found.values())), return_counts=True)
    several = each[counts > 1]
    if not len(several):
        return None
    where = [name for name, inside in found.items() if several[0] in inside]
    return Torn(len(several), len(each), str(several[0]), where)
